/* Applying configurations: two linked-in modules on a fake clock and a fake network. A toy answers
 * "new KEY", "end KEY", "bind KEY" and echoes everything else. */
#include "core.h"
#include "fakenet.h"
#include "metrics.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

struct toy {
	const struct pn_services *svc;
	struct pn_host *h;
	const char *hello; /* of the configuration in force; borrowed from it */
};

static struct {
	struct loop *loop;
	struct fakenet *fakenet;
	struct core *core;
	char log[16384], cdrs[8192], gone[64];
	int inits, unloads, freed, fail_init;
} w;

/* ---- the toy ---- */

static const struct pn_counter toy_counters[] = { { "toy_messages", "Messages" } };

static int toy_init(const struct pn_services *svc, struct pn_host *h, void **self)
{
	struct toy *t;

	if (w.fail_init)
		return w.fail_init;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->svc = svc;
	t->h = h;
	*self = t;
	w.inits++;
	return 0;
}

static int toy_prepare(void *self, const struct pn_conf *conf, struct pn_conf_errors *e, void **next)
{
	struct toy *t = self;

	*next = NULL;
	for (const struct pn_conf_attr *a = conf->attrs; a; a = a->next) {
		if (!strcmp(a->name, "hello"))
			*next = (void *)a->value;
		if (!strcmp(a->name, "realm") && !t->svc->realm_find(t->h, a->value)) {
			t->svc->conf_error(e, conf, "realm %s: expected one of this file", a->value);
			return -EINVAL;
		}
	}
	return 0;
}

static void toy_commit(void *self, void *next)
{
	struct toy *t = self;

	t->hello = next;
	t->svc->binding_keepalive(t->h, 10000);
}

static void toy_discard(void *self, void *next)
{
	(void)self, (void)next;
}

static void toy_reply(struct toy *t, const struct pn_msg *m, const char *text)
{
	t->svc->flow_send(t->h, m->flow, &m->remote, text, strlen(text));
}

static void toy_new(struct toy *t, const struct pn_msg *m, struct pn_str key)
{
	struct pn_session_args a = { .size = sizeof(a), .key = key, .ingress = m->realm, .egress = m->realm,
				     .peer_a = m->remote, .data = t };
	int err = t->svc->admit_session(t->h, m->realm, &m->remote, NULL);

	if (!err && !t->svc->session_new(t->h, &a))
		err = -errno;
	toy_reply(t, m, err ? strerrorname_np(-err) : "ok");
}

static void toy_bind(struct toy *t, const struct pn_msg *m, struct pn_str key)
{
	struct pn_binding_args a = { .size = sizeof(a), .realm = m->realm, .identity = key,
				     .pinhole = m->remote, .flow = m->flow, .expires_ms = 1000 };
	struct pn_binding *b;
	int err = t->svc->binding_put(t->h, &a, &b);

	if (!err)
		t->svc->binding_accept(b, 25000, 25000);
	toy_reply(t, m, err ? strerrorname_np(-err) : "ok");
}

static void toy_message(void *self, const struct pn_msg *m)
{
	struct toy *t = self;
	struct pn_str key = { (const char *)m->data + 4, m->len > 4 ? m->len - 4 : 0 };

	t->svc->count(t->h, 0);
	t->svc->count(t->h, 1); /* it has no such counter */
	if (m->len > 4 && !memcmp(m->data, "new ", 4)) {
		toy_new(t, m, key);
	} else if (m->len > 4 && !memcmp(m->data, "end ", 4)) {
		t->svc->session_end(t->svc->session_find(t->h, key), PN_END_NORMAL, 0);
	} else if (m->len > 4 && !memcmp(m->data, "bnd ", 4)) {
		toy_bind(t, m, key);
	} else if (m->len == 3 && !memcmp(m->data, "bad", 3)) {
		t->svc->bad_input(t->h, m, "it is bad");
	} else {
		toy_reply(t, m, t->hello);
	}
}

static long toy_keepalive(void *self, struct pn_binding *b, void *out, size_t cap)
{
	(void)self, (void)b, (void)cap;
	memcpy(out, "alive?", 6);
	return 6;
}

static void toy_binding_gone(void *self, struct pn_binding *b)
{
	struct toy *t = self;

	snprintf(w.gone, sizeof(w.gone), "%.*s", (int)t->svc->binding_info(b)->identity.len,
		 t->svc->binding_info(b)->identity.p);
}

static void toy_session_free(void *self, struct pn_session *s, void *data)
{
	(void)s;
	cr_expect(eq(ptr, self, data));
	w.freed++;
}

static long toy_show(void *self, char *out, size_t cap)
{
	return snprintf(out, cap, "{\"hello\":\"%s\"}", ((struct toy *)self)->hello);
}

static void toy_unload(void *self)
{
	w.unloads++;
	free(self);
}

#define TOY \
	.size = sizeof(struct pn_module), .major = PN_ABI_MAJOR, .minor = PN_ABI_MINOR, .init = toy_init, \
	.prepare = toy_prepare, .commit = toy_commit, .discard = toy_discard, .on_message = toy_message, \
	.keepalive = toy_keepalive, .on_binding_gone = toy_binding_gone, .session_free = toy_session_free, \
	.show = toy_show, .unload = toy_unload

static const struct pn_module toy = { TOY, .name = "toy", .counters = toy_counters, .n_counters = 1 };
static const struct pn_module twin = { TOY, .name = "twin" };
static const struct pn_module *const linked[] = { &toy, &twin, NULL };

/* ---- the world ---- */

static void on_log(void *arg, enum pn_level level, const char *line)
{
	size_t at = strlen(w.log);

	(void)arg, (void)level;
	snprintf(w.log + at, sizeof(w.log) - at, "%s\n", line);
}

static void on_cdr(void *arg, const char *line)
{
	(void)arg;
	strncat(w.cdrs, line, sizeof(w.cdrs) - strlen(w.cdrs) - 1);
}

static struct cdr *cdr;

static void setup(void)
{
	struct core_env env = { .net = &fakenet_ops, .relay_net = &fakenet_media_ops, .linked = linked };

	memset(&w, 0, sizeof(w));
	metrics_reset();
	log_capture(on_log, NULL);
	env.loop = w.loop = loop_new_fake(1000000);
	env.net_arg = env.relay_net_arg = w.fakenet = fakenet_new(w.loop);
	env.cdr = cdr = cdr_capture(on_cdr, NULL);
	w.core = core_new(&env);
	cr_assert(not(eq(ptr, w.core, NULL)));
}

static void teardown(void)
{
	core_free(w.core);
	cr_expect(eq(int, w.unloads, w.inits));
	fakenet_free(w.fakenet);
	cdr_close(cdr);
	loop_free(w.loop);
	log_capture(NULL, NULL);
	metrics_reset();
}

TestSuite(core, .init = setup, .fini = teardown);

#define HEAD "<postern xmlns=\"urn:postern:config:1\">\n"
#define REALMS \
	"<realm name=\"in\" side=\"access\" address=\"198.51.100.5\" media=\"20000-20099\"/>\n" \
	"<realm name=\"out\" side=\"core\" address=\"192.0.2.5\" media=\"30000-30099\"/>\n"
#define LISTEN(port) "<listen realm=\"in\" transport=\"udp\" port=\"" port "\"/>"
#define TOY_AT(port, hello) "<module name=\"toy\" hello=\"" hello "\">" LISTEN(port) "</module>\n"
#define TWIN_AT(port) "<module name=\"twin\" hello=\"twin\">" LISTEN(port) "</module>\n"
#define TAIL "</postern>\n"

/* The errors as one text, or "". */
static const char *apply(const char *xml)
{
	static char text[4096];
	struct pn_conf_errors e = { .n = 0 };
	struct conf *c = conf_parse(xml, strlen(xml), "test.xml", &e);

	text[0] = 0;
	if (c && core_apply(w.core, c, &e))
		conf_free(c);
	for (size_t i = 0; i < e.n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s\n", e.line[i]);
	conf_errors_free(&e);
	return text;
}

static void apply_good(const char *xml, int line)
{
	cr_assert(eq(str, (char *)apply(xml), ""), "line %d", line);
	loop_turn(w.loop);
}

/* What the module on this port of realm `in` answers; "" for nothing, "nobody" if no one listens. */
static const char *ask(uint16_t port, const char *text)
{
	static char got[256];
	struct pn_addr from = { 4, 0, 5060, { 203, 0, 113, 7 } }, to = { 4, 0, port, { 198, 51, 100, 5 } };
	struct packet *p;

	if (fakenet_deliver(w.fakenet, 0, &from, &to, text, strlen(text)))
		return "nobody";
	loop_turn(w.loop);
	p = fakenet_take(w.fakenet, 0, &from);
	snprintf(got, sizeof(got), "%.*s", p ? (int)p->len : 0, p ? (const char *)p->data : "");
	free(p);
	return got;
}

static void expect(uint16_t port, const char *text, const char *want, int line)
{
	cr_expect(eq(str, (char *)ask(port, text), (char *)want), "line %d", line);
}

static int logged(const char *text)
{
	return strstr(w.log, text) != NULL;
}

/* ---- tests ---- */

Test(core, applies)
{
	apply_good(HEAD REALMS TOY_AT("5060", "hi") TWIN_AT("5070") TAIL, __LINE__);
	expect(5060, "x", "hi", __LINE__);
	expect(5070, "x", "twin", __LINE__);
	expect(5080, "x", "nobody", __LINE__);
	cr_expect(eq(i64, metric_by_name("toy_messages"), 1));
	cr_expect(eq(i64, metric_get(M_CONF_RELOADS), 1));
	cr_expect(eq(str, (char *)module_name(core_module(w.core, "toy")), "toy"));
	cr_expect(eq(ptr, core_module(w.core, "sip"), NULL));
}

Test(core, applies_again)
{
	apply_good(HEAD REALMS TOY_AT("5060", "hi") TAIL, __LINE__);
	apply_good(HEAD REALMS TOY_AT("5061", "ho") TAIL, __LINE__);
	expect(5060, "x", "nobody", __LINE__);
	expect(5061, "x", "ho", __LINE__);
	cr_expect(eq(int, w.inits, 1)); /* the same module went on */
}

static const struct {
	const char *xml, *want;
} refused[] = {
	{ HEAD REALMS "<module name=\"toy\" hello=\"new\" realm=\"nowhere\">" LISTEN("5061") "</module>" TAIL,
	  "test.xml:4: realm nowhere: expected one of this file\n" },
	{ HEAD REALMS TOY_AT("5061", "new") "<module name=\"none\" file=\"/nowhere/none.so\"/>" TAIL,
	  "test.xml:5: module \"none\": /nowhere/none.so: cannot be loaded: /nowhere/none.so: cannot open shared "
	  "object file: No such file or directory (its ABI unknown, ours 1.0)\n" },
	{ HEAD REALMS "<module name=\"toy\"><listen realm=\"in\" transport=\"tcp\" port=\"5061\"/></module>" TAIL,
	  "test.xml:4: <listen>: module \"toy\" has no framing for streams: expected transport=\"udp\"\n" },
	/* the port goes from one module to the other: it is still in use */
	{ HEAD REALMS TOY_AT("5061", "new") TWIN_AT("5060") TAIL,
	  "test.xml:5: <listen> on udp port 5060 of realm \"in\": Address already in use: expected a socket "
	  "that can be opened\n" },
	/* both modules tell what they miss */
	{ HEAD REALMS "<module name=\"toy\" realm=\"no1\"/>\n<module name=\"twin\" realm=\"no2\"/>" TAIL,
	  "test.xml:4: realm no1: expected one of this file\n"
	  "test.xml:5: realm no2: expected one of this file\n" },
};

Test(core, a_bad_one_changes_nothing)
{
	for (size_t i = 0; i < ROWS(refused); i++) {
		teardown();
		setup();
		apply_good(HEAD REALMS TOY_AT("5060", "old") TAIL, __LINE__);
		const struct conf *before = w.core->conf;

		cr_expect(eq(str, (char *)apply(refused[i].xml), (char *)refused[i].want), "row %zu", i);
		loop_turn(w.loop);
		cr_expect(eq(ptr, w.core->conf, (void *)before), "row %zu", i);
		cr_expect(eq(str, (char *)ask(5060, "x"), "old"), "row %zu", i);
		cr_expect(eq(str, (char *)ask(5061, "x"), "nobody"), "row %zu", i);
		cr_expect(eq(int, w.inits, w.unloads + 1), "row %zu", i);
		cr_expect(eq(sz, w.core->n_modules, 1), "row %zu", i);
		cr_expect(eq(i64, metric_get(M_CONF_REFUSED), 1), "row %zu", i);
	}
}

Test(core, a_bad_first_one_leaves_nothing)
{
	for (size_t i = 0; i < ROWS(refused); i++) {
		if (i == 3)
			continue; /* nothing is in use yet */
		teardown();
		setup();
		cr_expect(eq(str, (char *)apply(refused[i].xml), (char *)refused[i].want), "row %zu", i);
		loop_turn(w.loop);
		cr_expect(eq(ptr, w.core->conf, NULL), "row %zu", i);
		cr_expect(eq(ptr, w.core->sessions, NULL), "row %zu", i);
		cr_expect(eq(str, (char *)ask(5061, "x"), "nobody"), "row %zu", i);
		cr_expect(eq(u32, realms_count(w.core->realms), 0), "row %zu", i);
		apply_good(HEAD REALMS TOY_AT("5060", "hi") TAIL, __LINE__);
		expect(5060, "x", "hi", __LINE__);
	}
}

Test(core, a_failing_init_refuses_the_whole)
{
	w.fail_init = -ENOMEM;
	cr_expect(eq(str, (char *)apply(HEAD REALMS TOY_AT("5060", "hi") TAIL),
		     "test.xml:4: module \"toy\": linked in: init failed: Cannot allocate memory (its ABI 1.0, "
		     "ours 1.0)\n"));
	cr_expect(eq(i64, metric_by_name("toy_messages"), -ENOENT));
}

Test(core, a_record_file_that_cannot_be_opened)
{
	w.core->env.cdr = NULL;
	cr_expect(eq(str, (char *)apply(HEAD "<cdr file=\"/nowhere/cdr\"/>\n" REALMS TOY_AT("5060", "x") TAIL),
		     "test.xml:1: cdr /nowhere/cdr: No such file or directory\n"));
	w.core->env.cdr = cdr;
}

Test(core, a_module_that_goes_serves_its_sessions)
{
	apply_good(HEAD REALMS TOY_AT("5060", "hi") TWIN_AT("5070") TAIL, __LINE__);
	expect(5060, "new one", "ok", __LINE__);
	apply_good(HEAD REALMS TWIN_AT("5070") TAIL, __LINE__);
	expect(5060, "x", "hi", __LINE__); /* its configuration can still be read */
	expect(5060, "new two", "ENOSPC", __LINE__);
	expect(5060, "bnd two", "ENOSPC", __LINE__);
	cr_expect(eq(sz, w.core->n_modules, 2));
	loop_advance(w.loop, 5000);
	expect(5060, "x", "hi", __LINE__);

	expect(5060, "end one", "", __LINE__);
	loop_advance(w.loop, 5000);
	expect(5060, "x", "nobody", __LINE__);
	cr_expect(eq(int, w.freed, 1));
	cr_expect(eq(int, w.unloads, 1));
	cr_expect(eq(sz, w.core->n_modules, 1));
	cr_expect(eq(ptr, core_module(w.core, "toy"), NULL));
	expect(5070, "x", "twin", __LINE__);
}

Test(core, a_module_that_comes_back_goes_on)
{
	apply_good(HEAD REALMS TOY_AT("5060", "hi") TWIN_AT("5070") TAIL, __LINE__);
	expect(5060, "new one", "ok", __LINE__);
	apply_good(HEAD REALMS TWIN_AT("5070") TAIL, __LINE__);
	apply_good(HEAD REALMS TOY_AT("5060", "again") TAIL, __LINE__);
	expect(5060, "x", "again", __LINE__);
	expect(5060, "new two", "ok", __LINE__);
	expect(5060, "new one", "EEXIST", __LINE__);
	cr_expect(eq(int, w.inits, 2));
	expect(5070, "x", "nobody", __LINE__); /* the idle one left at once */
	cr_expect(eq(int, w.unloads, 1));
}

#define OUT_ONLY \
	HEAD "<realm name=\"out\" side=\"core\" address=\"192.0.2.5\" media=\"30000-30099\"/>" \
	     "<module name=\"toy\" hello=\"hi\"/>" TAIL

Test(core, a_realm_that_goes_serves_its_sessions)
{
	apply_good(HEAD REALMS TOY_AT("5060", "hi") TAIL, __LINE__);
	expect(5060, "new one", "ok", __LINE__);
	struct pn_realm *r = realms_find(w.core->realms, "in");

	apply_good(OUT_ONLY, __LINE__);
	cr_expect(r->gone);
	loop_advance(w.loop, 5000);
	expect(5060, "x", "hi", __LINE__);
	expect(5060, "new two", "ENOSPC", __LINE__);
	expect(5060, "bnd two", "ENOSPC", __LINE__);

	apply_good(HEAD REALMS TOY_AT("5060", "hi") TAIL, __LINE__);
	cr_expect(eq(ptr, realms_find(w.core->realms, "in"), r));
	expect(5060, "new two", "ok", __LINE__);

	apply_good(OUT_ONLY, __LINE__);
	expect(5060, "end one", "", __LINE__);
	expect(5060, "end two", "", __LINE__);
	loop_advance(w.loop, 5000);
	expect(5060, "x", "nobody", __LINE__);
}

Test(core, an_idle_realm_goes_at_once)
{
	apply_good(HEAD REALMS TOY_AT("5060", "hi") TAIL, __LINE__);
	apply_good(OUT_ONLY, __LINE__);
	expect(5060, "x", "nobody", __LINE__);
}

Test(core, keepalives_reach_the_pinhole)
{
	struct pn_addr pinhole = { 4, 0, 5060, { 203, 0, 113, 7 } };
	size_t n = 0;
	struct packet *p;

	apply_good(HEAD REALMS TOY_AT("5060", "hi") TAIL, __LINE__);
	expect(5060, "bnd alice", "ok", __LINE__);
	loop_advance(w.loop, 24999);
	while ((p = fakenet_take(w.fakenet, 0, &pinhole))) {
		cr_expect(eq(sz, p->len, 6));
		free(p);
		n++;
	}
	cr_expect(ge(sz, n, 2));
	cr_expect(eq(str, w.gone, ""));
	loop_advance(w.loop, 120000);
	cr_expect(eq(str, w.gone, "alice"));
	fakenet_flush(w.fakenet, NULL);
}

Test(core, drain_refuses_new_sessions)
{
	apply_good(HEAD REALMS TOY_AT("5060", "hi") TAIL, __LINE__);
	core_drain(w.core, true);
	expect(5060, "new one", "ENOSPC", __LINE__);
	core_drain(w.core, false);
	expect(5060, "new one", "ok", __LINE__);
}

Test(core, bad_input_is_told_once)
{
	apply_good(HEAD REALMS TOY_AT("5060", "hi") TAIL, __LINE__);
	for (int i = 0; i < 3; i++)
		expect(5060, "bad", "", __LINE__);
	cr_expect(eq(i64, metric_get(M_BAD_INPUT), 3));
	cr_expect(logged("toy 203.0.113.7:5060: bad input in realm in: it is bad"));
	w.log[0] = 0;
	loop_advance(w.loop, 30000);
	expect(5060, "bad", "", __LINE__);
	cr_expect(not(logged("bad input")));
	loop_advance(w.loop, 60000);
	expect(5060, "bad", "", __LINE__);
	cr_expect(logged("it is bad (3 more since the last)"));
}

Test(core, shows_its_modules)
{
	struct buf b;

	buf_init(&b, 4096);
	apply_good(HEAD REALMS TOY_AT("5060", "hi") TAIL, __LINE__);
	expect(5060, "new one", "ok", __LINE__);
	cr_expect(zero(int, module_json(core_module(w.core, "toy"), &b)));
	cr_expect(eq(str, (char *)buf_text(&b),
		     "{\"name\":\"toy\",\"file\":\"linked in\",\"abi\":\"1.0\",\"state\":\"running\","
		     "\"sessions\":1,\"detail\":{\"hello\":\"hi\"}}"));
	buf_free(&b);
}

Test(core, ends_with_sessions_and_bindings)
{
	apply_good(HEAD REALMS TOY_AT("5060", "hi") TAIL, __LINE__);
	expect(5060, "new one", "ok", __LINE__);
	expect(5060, "bnd alice", "ok", __LINE__);
	core_free(w.core);
	w.core = NULL;
	cr_expect(eq(int, w.freed, 1));
	cr_expect(not(eq(ptr, strstr(w.cdrs, "\"module\":\"toy\""), NULL)));
}

Test(core, services_check_what_they_get)
{
	struct pn_session_args s = { .size = 1 };
	struct pn_binding_args b = { .size = 1 };
	struct pn_binding *out;
	struct pn_host *h;

	apply_good(HEAD REALMS TOY_AT("5060", "hi") TAIL, __LINE__);
	h = (struct pn_host *)core_module(w.core, "toy");
	cr_expect(eq(ptr, api_services.session_new(h, &s), NULL));
	cr_expect(eq(int, errno, EINVAL));
	cr_expect(eq(int, api_services.binding_put(h, &b, &out), -EINVAL));
	cr_expect(eq(ptr, api_services.realm_find(h, NULL), NULL));
	cr_expect(eq(int, api_services.flow_send(h, 12345, &s.peer_a, "x", 1), -ENOTCONN));
}

Test(core, a_module_that_was_built_earlier_says_less)
{
	struct pn_session_args s = { .size = offsetof(struct pn_session_args, unhurried), .key = str_of("old") };
	struct pn_host *h;

	apply_good(HEAD REALMS TOY_AT("5060", "hi") TAIL, __LINE__);
	expect(5060, "new one", "ok", __LINE__);
	h = (struct pn_host *)core_module(w.core, "toy");
	s.ingress = s.egress = realms_find(w.core->realms, "in");
	s.data = api_services.session_data(api_services.session_find(h, str_of("one")));
	cr_expect(ne(ptr, api_services.session_new(h, &s), NULL));
}

/* A service that is missing in the table would be a call of NULL in a module. */
Test(core, the_table_of_services_is_full)
{
	const struct pn_services *s = &api_services;
	void *const *slot = (void *const *)(const void *)&s->realm_find;

	cr_expect(eq(u32, s->size, sizeof(*s)));
	for (size_t i = 0; (const char *)&slot[i] < (const char *)s + s->size; i++)
		cr_expect(not(eq(ptr, slot[i], NULL)), "slot %zu", i);
}

Test(core, check_changes_nothing)
{
	char path[] = "/tmp/test_core.XXXXXX";
	const char bad[] = HEAD REALMS "<module name=\"none\" file=\"/nowhere/none.so\"/>" TAIL;
	struct pn_conf_errors e = { .n = 0 };
	int fd = mkstemp(path);

	cr_assert(eq(sz, (size_t)write(fd, bad, strlen(bad)), strlen(bad)));
	close(fd);
	apply_good(HEAD REALMS TOY_AT("5060", "hi") TAIL, __LINE__);
	cr_expect(eq(int, core_check(path, &e), -EINVAL));
	cr_expect(eq(sz, e.n, 1));
	conf_errors_free(&e);
	expect(5060, "x", "hi", __LINE__); /* its core is not ours */
	cr_expect(eq(int, core_reload(w.core, path, &e), -EINVAL));
	conf_errors_free(&e);
	unlink(path);
	cr_expect(eq(int, core_check(path, &e), -EINVAL));
	conf_errors_free(&e);
}
