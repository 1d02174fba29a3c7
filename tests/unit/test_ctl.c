/* The control socket: what each request answers, and how clients are treated. */
#include "ctl.h"
#include "ctl_show.h"
#include "fakenet.h"
#include "metrics.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define GIVE_UP_MS 20000u

static struct {
	struct loop *loop;
	struct fakenet *fakenet;
	struct core *core;
	struct cdr *cdr;
	struct ctl *ctl;
	struct buf reply;
	char dir[32], path[64], config[64];
	int timeouts, applied;
} w;

/* ---- a module that does nothing ---- */

static int toy_init(const struct pn_services *svc, struct pn_host *h, void **self)
{
	(void)svc, (void)h;
	*self = &w;
	return 0;
}

static int toy_prepare(void *self, const struct pn_conf *conf, struct pn_conf_errors *e, void **next)
{
	(void)self, (void)conf, (void)e;
	*next = NULL;
	return 0;
}

static void toy_settle(void *self, void *next)
{
	(void)self, (void)next;
}

static void toy_message(void *self, const struct pn_msg *m)
{
	(void)self, (void)m;
}

static void toy_timeout(void *self, struct pn_session *s, enum pn_timeout what)
{
	(void)self;
	w.timeouts += what == PN_TIMEOUT_ADMIN;
	session_end(s, PN_END_ADMIN, 0);
}

static void toy_unload(void *self)
{
	(void)self;
}

static const struct pn_module toy = {
	.size = sizeof(toy), .major = PN_ABI_MAJOR, .minor = PN_ABI_MINOR, .name = "toy", .init = toy_init,
	.prepare = toy_prepare, .commit = toy_settle, .discard = toy_settle, .on_message = toy_message,
	.on_timeout = toy_timeout, .unload = toy_unload,
};
static const struct pn_module *const linked[] = { &toy, NULL };

/* ---- the world ---- */

static void on_log(void *arg, enum pn_level level, const char *line)
{
	(void)arg, (void)level, (void)line;
}

static void on_record(void *arg, const char *line)
{
	(void)arg, (void)line;
}

static const char config[] =
	"<postern xmlns=\"urn:postern:config:1\">\n"
	"<realm name=\"in\" side=\"access\" address=\"198.51.100.5\" media=\"20000-20099\"/>\n"
	"<realm name=\"out\" side=\"core\" address=\"192.0.2.5\" address6=\"2001:db8::5\" media=\"30000-30099\"/>\n"
	"<module name=\"toy\"><listen realm=\"in\" port=\"5060\"/></module>\n"
	"</postern>\n";

static void write_config(const char *text)
{
	FILE *f = fopen(w.config, "w");

	cr_assert(ne(ptr, f, NULL));
	fputs(text, f);
	fclose(f);
}

static void begin(struct loop *l)
{
	struct core_env env = { .loop = l, .net = &fakenet_ops, .relay_net = &fakenet_media_ops,
				.linked = linked, .offline = true };
	struct pn_conf_errors e = { .n = 0 };

	memset(&w, 0, sizeof(w));
	metrics_reset();
	log_capture(on_log, NULL);
	snprintf(w.dir, sizeof(w.dir), "/tmp/postern-ctl-XXXXXX");
	cr_assert(ne(ptr, mkdtemp(w.dir), NULL));
	snprintf(w.path, sizeof(w.path), "%s/ctl.sock", w.dir);
	snprintf(w.config, sizeof(w.config), "%s/p.xml", w.dir);
	write_config(config);
	w.loop = l;
	env.net_arg = env.relay_net_arg = w.fakenet = fakenet_new(l);
	env.cdr = w.cdr = cdr_capture(on_record, NULL);
	w.core = core_new(&env);
	cr_assert(ne(ptr, w.core, NULL));
	cr_assert(zero(int, core_apply(w.core, conf_load(w.config, &e), &e)));
	buf_init(&w.reply, CTL_REPLY);
}

static void setup(void)
{
	begin(loop_new_fake(1000000));
}

static void setup_socket(void)
{
	begin(loop_new());
	w.ctl = ctl_new(w.core, w.path);
	cr_assert(ne(ptr, w.ctl, NULL), "%s", strerror(errno));
}

static void teardown(void)
{
	ctl_free(w.ctl);
	core_free(w.core);
	fakenet_free(w.fakenet);
	cdr_close(w.cdr);
	loop_free(w.loop);
	buf_free(&w.reply);
	unlink(w.config);
	cr_expect(zero(int, rmdir(w.dir)), "something was left in %s", w.dir);
	metrics_reset();
}

TestSuite(ctl, .init = setup, .fini = teardown);
TestSuite(ctl_socket, .init = setup_socket, .fini = teardown, .timeout = 60);

static const char *run(const char *line)
{
	buf_drop(&w.reply, w.reply.len);
	ctl_run(w.core, line, &w.reply);
	return buf_text(&w.reply);
}

static struct pn_session *call(const char *key)
{
	struct pn_session_args a = { .size = sizeof(a), .key = str_of(key),
				     .ingress = realms_find(w.core->realms, "in"),
				     .egress = realms_find(w.core->realms, "out") };
	struct pn_session *s = session_new(w.core->sessions, core_module(w.core, "toy"), &a);

	cr_assert(ne(ptr, s, NULL));
	return s;
}

static void bind_terminal(const char *identity)
{
	struct pn_binding_args a = { .size = sizeof(a), .realm = realms_find(w.core->realms, "in"),
				     .identity = str_of(identity), .instance = str_of("i"),
				     .pinhole = { 4, 0, 40000, { 203, 0, 113, 7 } },
				     .claimed = { 4, 0, 5060, { 10, 0, 0, 2 } }, .expires_ms = 30000 };
	struct pn_binding *b;

	cr_assert(zero(int, binding_put(w.core->bindings, core_module(w.core, "toy"), &a, &b)));
}

/* ---- requests ---- */

#define NO(text) "{\"ok\":false,\"error\":\"" text "\"}"
#define UNKNOWN NO("unknown command: expected show, end, drain, reload, log or version")
#define WHAT NO("show what: expected sessions, streams, bindings, pinholes, modules, realms or counters")
#define LOG NO("log: expected [SUBSYSTEM] error, warn, info or debug; subsystems: main conf module transport " \
	       "session binding media relay ctl cdr")

Test(ctl, answers)
{
	static const struct {
		const char *line, *want;
	} row[] = {
		{ "", UNKNOWN },
		{ "  \t ", UNKNOWN },
		{ "shutdown", UNKNOWN },
		{ "SHOW sessions", UNKNOWN },
		{ "show", WHAT },
		{ "show potholes", WHAT },
		{ "show sessions all", NO("too many words") },
		{ "a b c d e", NO("too many words") },
		{ "version now", NO("too many words") },
		{ "show sessions", "{\"ok\":true,\"sessions\":[]}" },
		{ " show\t streams ", "{\"ok\":true,\"streams\":[]}" },
		{ "show bindings", "{\"ok\":true,\"bindings\":[],\"more\":0}" },
		{ "show realms",
		  "{\"ok\":true,\"realms\":["
		  "{\"name\":\"in\",\"side\":\"access\",\"address\":\"198.51.100.5\",\"address6\":null,"
		  "\"media\":\"20000-20099\",\"ports\":100,\"ports_taken\":0,\"ports_quarantined\":0,"
		  "\"latch\":\"peer\",\"device\":null,\"removed\":false},"
		  "{\"name\":\"out\",\"side\":\"core\",\"address\":\"192.0.2.5\",\"address6\":\"2001:db8::5\","
		  "\"media\":\"30000-30099\",\"ports\":200,\"ports_taken\":0,\"ports_quarantined\":0,"
		  "\"latch\":\"off\",\"device\":null,\"removed\":false}]}" },
		{ "end", NO("end which session: expected an id that \\\"show sessions\\\" lists") },
		{ "end 0123", NO("no such session: expected an id that \\\"show sessions\\\" lists") },
		{ "drain now", NO("drain: expected nothing or \\\"off\\\"") },
		{ "drain", "{\"ok\":true,\"draining\":true,\"sessions\":0}" },
		{ "drain off", "{\"ok\":true,\"draining\":false,\"sessions\":0}" },
		{ "log", LOG },
		{ "log loud", LOG },
		{ "log nothing debug", LOG },
		{ "log ctl loud", LOG },
		{ "log debug", "{\"ok\":true,\"subsystem\":\"all\",\"level\":\"debug\"}" },
		{ "log ctl info", "{\"ok\":true,\"subsystem\":\"ctl\",\"level\":\"info\"}" },
	};

	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(eq(str, (char *)run(row[i].line), (char *)row[i].want), "row %zu", i);
	log_level_set(NULL, "info");
}

Test(ctl, tells_modules_and_counters)
{
	cr_expect(ne(ptr, strstr(run("show modules"), "{\"name\":\"toy\","), NULL), "%s", run("show modules"));
	metric_add(M_BAD_INPUT, 3);
	cr_expect(ne(ptr, strstr(run("show counters"), "\"bad_input\":3"), NULL));
	cr_expect(ne(ptr, strstr(run("version"), "\"abi\":\"1.0\""), NULL));
	cr_expect(ne(ptr, strstr(run("version"), "\"started\":\"2026-"), NULL));
}

Test(ctl, refuses_long_requests)
{
	char line[CTL_LINE + 2];

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = 0;
	cr_expect(eq(str, (char *)run(line), NO("request too long")));
	line[CTL_LINE] = 0;
	cr_expect(eq(str, (char *)run(line), UNKNOWN));
}

Test(ctl, ends_a_session)
{
	struct pn_session *s = call("k");
	char line[64], want[96];

	snprintf(want, sizeof(want), "\"session\":\"%s\"", session_id(s));
	cr_expect(ne(ptr, strstr(run("show sessions"), want), NULL), "%s", run("show sessions"));
	cr_expect(ne(ptr, strstr(run("version"), "\"sessions\":1}"), NULL));
	snprintf(line, sizeof(line), "end %s", session_id(s));
	snprintf(want, sizeof(want), "{\"ok\":true,\"ended\":\"%s\"}", session_id(s));
	cr_expect(eq(str, (char *)run(line), want));
	loop_turn(w.loop);
	cr_expect(eq(int, w.timeouts, 1));
	cr_expect(eq(str, (char *)run("show sessions"), "{\"ok\":true,\"sessions\":[]}"));
}

Test(ctl, drains)
{
	struct pn_session_args a = { .size = sizeof(a), .key = str_of("late"),
				     .ingress = realms_find(w.core->realms, "in") };

	call("early");
	cr_expect(eq(str, (char *)run("drain"), "{\"ok\":true,\"draining\":true,\"sessions\":1}"));
	cr_expect(eq(ptr, session_new(w.core->sessions, core_module(w.core, "toy"), &a), NULL));
	run("drain off");
	cr_expect(ne(ptr, session_new(w.core->sessions, core_module(w.core, "toy"), &a), NULL));
}

Test(ctl, shows_a_binding)
{
	bind_terminal("alice\"\n");
	loop_advance(w.loop, 1000);
	cr_expect(eq(str, (char *)run("show bindings"),
		     "{\"ok\":true,\"bindings\":[{\"identity\":\"alice\\\"\\n\",\"instance\":\"i\","
		     "\"module\":\"toy\",\"realm\":\"in\",\"state\":\"pending\",\"claimed\":\"10.0.0.2:5060\","
		     "\"pinhole\":\"203.0.113.7:40000\",\"alias\":\"\",\"alias_realm\":null,\"alias_address\":null,"
		     "\"expires_ms\":29000,\"upstream_ms\":null,\"sessions\":0}],\"more\":0}"));
}

/* What does not fit is counted, and what is shown is whole. */
Test(ctl, cuts_a_long_list)
{
	struct buf out;
	char identity[32];
	unsigned more = 0, shown = 0;
	const char *end;

	for (int i = 0; i < 300; i++) {
		snprintf(identity, sizeof(identity), "terminal-%d", i);
		bind_terminal(identity);
	}
	buf_init(&out, 65536 + 20000);
	cr_expect(zero(int, ctl_show(w.core, "bindings", &out)));
	end = strstr(buf_text(&out), "}],\"more\":");
	cr_assert(ne(ptr, (void *)end, NULL));
	cr_expect(eq(int, sscanf(end, "}],\"more\":%u", &more), 1));
	for (const char *p = buf_text(&out); (p = strstr(p, "\"identity\"")); p++)
		shown++;
	cr_expect(gt(u32, shown, 50));
	cr_expect(eq(u32, shown + more, 300));
	buf_free(&out);
}

Test(ctl, a_bad_configuration_is_refused_whole)
{
	const struct conf *before = w.core->conf;
	char want[512];

	write_config("<postern xmlns=\"urn:postern:config:1\">\n<thing/></postern>");
	snprintf(want, sizeof(want),
		 "{\"ok\":false,\"error\":\"configuration refused, the one in force stays\",\"errors\":["
		 "\"%s:1: <postern> without <realm>: expected <realm>\",\"%s:2: unknown", w.config, w.config);
	cr_expect(zero(int, strncmp(run("reload"), want, strlen(want))), "%s", run("reload"));
	cr_expect(eq(ptr, w.core->conf, (void *)before));
	write_config(config);
	snprintf(want, sizeof(want), "{\"ok\":true,\"applied\":\"%s\"}", w.config);
	cr_expect(eq(str, (char *)run("reload"), want));
	cr_expect(ne(ptr, w.core->conf, (void *)before));
}

/* ---- the socket ---- */

static int connect_to(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	if (!connect(fd, (struct sockaddr *)&un, sizeof(un)))
		return fd;
	close(fd);
	return -1;
}

static void on_readable(struct io *io, unsigned events)
{
	(void)io, (void)events;
	loop_stop(w.loop);
}

static void on_late(struct timer *t)
{
	(void)t;
	loop_stop(w.loop);
}

/* What comes until a newline or the end of the connection; "end" for the end alone. */
static const char *hear(int fd)
{
	static char text[4096];
	struct timer late = { .fn = on_late };
	struct io io = { .fn = on_readable };
	size_t len = 0;

	timer_start(w.loop, &late, GIVE_UP_MS);
	io_start(w.loop, &io, fd, IO_READ);
	for (;;) {
		ssize_t n;

		loop_run(w.loop);
		n = recv(fd, text + len, 1, 0);
		if (n <= 0) {
			snprintf(text + len, sizeof(text) - len, len ? "" : n ? "silence" : "end");
			break;
		}
		if (text[len] == '\n' || ++len + 1 == sizeof(text)) {
			text[len] = 0;
			break;
		}
	}
	io_stop(w.loop, &io);
	timer_stop(w.loop, &late);
	return text;
}

static void say(int fd, const char *text)
{
	cr_assert(eq(sz, (size_t)send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text)));
}

#define EMPTY "{\"ok\":true,\"sessions\":[]}"

Test(ctl_socket, serves_lines_in_order)
{
	int fd = connect_to(w.path);
	struct stat st;

	cr_assert(zero(int, stat(w.path, &st)));
	cr_expect(eq(u32, st.st_mode & 0777, 0660));
	say(fd, "show ses");
	say(fd, "sions\nshow streams\r\nnothing\n");
	cr_expect(eq(str, (char *)hear(fd), EMPTY));
	cr_expect(eq(str, (char *)hear(fd), "{\"ok\":true,\"streams\":[]}"));
	cr_expect(eq(str, (char *)hear(fd), UNKNOWN));
	say(fd, "show sessions\n");
	cr_expect(eq(str, (char *)hear(fd), EMPTY));
	shutdown(fd, SHUT_WR);
	cr_expect(eq(str, (char *)hear(fd), "end"));
	close(fd);
}

Test(ctl_socket, a_line_without_end)
{
	char text[CTL_LINE + 1];
	int fd = connect_to(w.path);

	memset(text, 'x', CTL_LINE);
	text[CTL_LINE] = 0;
	say(fd, text);
	cr_expect(eq(str, (char *)hear(fd), NO("request too long")));
	cr_expect(eq(str, (char *)hear(fd), "end"));
	close(fd);
}

Test(ctl_socket, has_room_for_so_many)
{
	int fd[CTL_CLIENTS], more;

	for (unsigned i = 0; i < CTL_CLIENTS; i++) {
		fd[i] = connect_to(w.path);
		say(fd[i], "show sessions\n");
		cr_expect(eq(str, (char *)hear(fd[i]), EMPTY), "client %u", i);
	}
	more = connect_to(w.path);
	cr_expect(eq(str, (char *)hear(more), NO("too many clients")));
	close(more);
	close(fd[0]);
	say(fd[1], "show sessions\n");
	cr_expect(eq(str, (char *)hear(fd[1]), EMPTY));
	more = connect_to(w.path);
	say(more, "show sessions\n");
	cr_expect(eq(str, (char *)hear(more), EMPTY), "a place became free");
	close(more);
	for (unsigned i = 1; i < CTL_CLIENTS; i++)
		close(fd[i]);
}

/* A reply that the socket does not take at once. */
Test(ctl_socket, sends_long_replies)
{
	int fd = connect_to(w.path), size = 4096;
	char identity[32];
	size_t len = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (int i = 0; i < 3000; i++) {
		snprintf(identity, sizeof(identity), "terminal-%d", i);
		bind_terminal(identity);
	}
	say(fd, "show bindings\nshow sessions\n");
	for (const char *part = hear(fd); strcmp(part, "silence"); part = hear(fd)) {
		len += strlen(part);
		if (strlen(part) < 4095)
			break;
	}
	cr_expect(gt(sz, len, 3000 * 200));
	cr_expect(eq(str, (char *)hear(fd), EMPTY));
	close(fd);
}

Test(ctl_socket, takes_a_free_path_only)
{
	char file[64], deep[64];
	struct ctl *second;
	int fd;

	cr_expect(eq(ptr, ctl_new(w.core, w.path), NULL));
	cr_expect(eq(int, errno, EADDRINUSE));
	snprintf(file, sizeof(file), "%s/file", w.dir);
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	cr_expect(eq(ptr, ctl_new(w.core, file), NULL));
	cr_expect(eq(int, errno, EEXIST));
	close(fd);
	unlink(file);
	snprintf(deep, sizeof(deep), "%s/sub/ctl.sock", w.dir);
	second = ctl_new(w.core, deep);
	cr_expect(ne(ptr, second, NULL), "makes the directory");
	ctl_free(second);
	snprintf(deep, sizeof(deep), "%s/sub", w.dir);
	cr_expect(zero(int, rmdir(deep)), "the socket is gone");
	cr_expect(eq(ptr, ctl_new(w.core, "/proc/none/ctl.sock"), NULL));
}

Test(ctl_socket, replaces_what_a_dead_daemon_left)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct ctl *second;

	snprintf(un.sun_path, sizeof(un.sun_path), "%s/old.sock", w.dir);
	cr_assert(zero(int, bind(fd, (struct sockaddr *)&un, sizeof(un))));
	close(fd);
	second = ctl_new(w.core, un.sun_path);
	cr_assert(ne(ptr, second, NULL), "%s", strerror(errno));
	fd = connect_to(un.sun_path);
	say(fd, "show sessions\n");
	cr_expect(eq(str, (char *)hear(fd), EMPTY));
	close(fd);
	ctl_free(second);
}

static void on_applied(void *arg)
{
	w.applied++;
	ctl_move(arg, w.core->conf->control);
}

Test(ctl_socket, follows_the_configuration)
{
	int fd = connect_to(w.path);
	char text[1024], moved[64];

	ctl_on_applied(w.ctl, on_applied, w.ctl);
	say(fd, "drain\nshow sessions\n");
	hear(fd);
	cr_expect(eq(str, (char *)hear(fd), EMPTY));
	cr_expect(zero(int, w.applied));
	snprintf(moved, sizeof(moved), "%s/moved.sock", w.dir);
	snprintf(text, sizeof(text),
		 "<postern xmlns=\"urn:postern:config:1\"><control socket=\"moved.sock\"/>%s",
		 strstr(config, "<realm"));
	write_config(text);
	say(fd, "reload\n");
	cr_expect(ne(ptr, strstr(hear(fd), "\"applied\""), NULL), "the asking client keeps its connection");
	cr_expect(eq(int, w.applied, 1));
	cr_expect(lt(int, connect_to(w.path), 0));
	close(fd);
	fd = connect_to(moved);
	cr_assert(ge(int, fd, 0));
	say(fd, "show sessions\n");
	cr_expect(eq(str, (char *)hear(fd), EMPTY));
	close(fd);
	cr_expect(eq(int, ctl_move(w.ctl, "/proc/none/ctl.sock"), -ENOENT));
	fd = connect_to(moved);
	cr_expect(ge(int, fd, 0), "the old one stays");
	close(fd);
}
