/* Configurations that are good, and what they come to. */
#include "conf_texts.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <unistd.h>

static struct conf *good(const char *text)
{
	struct pn_conf_errors e;
	struct conf *c = parse(text, &e);

	cr_assert(ne(ptr, c, NULL), "%s", errors_text(&e));
	cr_expect(zero(sz, e.n));
	return c;
}

/* The one that architecture.md shows. */
static const char ten_lines[] =
	"<postern xmlns=\"urn:postern:config:1\" role=\"gateway\">\n"
	"  <realm name=\"access\" side=\"access\" address=\"198.51.100.5\" media=\"20000-29999\"/>\n"
	"  <realm name=\"core\"   side=\"core\"   address=\"192.0.2.5\"    media=\"30000-39999\" "
	"aliases=\"10000-19999\" dscp=\"ef\"/>\n"
	"  <module name=\"sip\">\n"
	"    <listen realm=\"access\" transport=\"udp\" port=\"5060\"/>\n"
	"    <listen realm=\"core\"   transport=\"udp\" port=\"5060\"/>\n"
	"    <route from=\"access\" to=\"core\" next-hop=\"192.0.2.20:5060\"/>\n"
	"    <keepalive every=\"20s\"/>\n"
	"  </module>\n"
	"</postern>\n";

Test(conf, ten_lines_run)
{
	struct conf *c = good(ten_lines);
	const struct conf_realm *r = c->realms;
	const struct conf_module *m = c->modules;

	cr_assert(eq(sz, c->n_realms, 2));
	cr_assert(eq(sz, c->n_modules, 1));
	cr_expect(eq(str, r[0].name, "access"));
	cr_expect(eq(int, r[0].side, PN_ACCESS));
	cr_expect(eq(str, (char *)addr_text(&r[0].addr4), "198.51.100.5"));
	cr_expect(zero(u8, r[0].addr6.family));
	cr_expect(eq(u16, r[1].media_first, 30000));
	cr_expect(eq(u16, r[1].media_last, 39999));
	cr_expect(eq(u16, r[1].alias_first, 10000));
	cr_expect(eq(u16, r[1].alias_last, 19999));
	cr_expect(eq(int, r[1].dscp, 46));
	cr_expect(eq(int, r[1].line, 3));
	cr_expect(eq(str, m->name, "sip"));
	cr_expect(eq(ptr, m->file, NULL));
	cr_assert(eq(sz, m->n_listens, 2));
	cr_expect(eq(u32, m->listens[1].realm, 1));
	cr_expect(eq(int, m->listens[1].transport, PN_UDP));
	cr_expect(eq(u16, m->listens[1].port, 5060));
	cr_expect(eq(int, m->listens[1].line, 6));
	conf_free(c);
}

Test(conf, module_sees_its_element_alone)
{
	struct conf *c = good(ten_lines);
	const struct pn_conf *t = c->modules[0].tree, *route = t->children;

	cr_expect(eq(str, (char *)t->name, "module"));
	cr_expect(eq(ptr, (void *)t->attrs, NULL), "name and file are the core's");
	cr_assert(ne(ptr, (void *)route, NULL));
	cr_expect(eq(str, (char *)route->name, "route"), "listen is the core's");
	cr_expect(eq(str, (char *)route->file, "x.xml"));
	cr_expect(eq(int, route->line, 7));
	cr_expect(eq(str, (char *)route->attrs->name, "from"));
	cr_expect(eq(str, (char *)route->attrs->value, "access"));
	cr_expect(eq(str, (char *)route->attrs->next->next->value, "192.0.2.20:5060"));
	cr_expect(eq(ptr, (void *)route->attrs->next->next->next, NULL));
	cr_expect(eq(str, (char *)route->next->name, "keepalive"));
	cr_expect(eq(ptr, (void *)route->next->next, NULL));
	conf_free(c);
}

Test(conf, defaults)
{
	struct conf *c = good(OPEN REALMS CLOSE);
	const struct conf_realm *a = &c->realms[0], *core = &c->realms[1];

	cr_expect(eq(int, c->role, ROLE_GATEWAY));
	cr_expect(eq(str, c->log_to, "stderr"));
	cr_expect(eq(str, c->log_level, "info"));
	cr_expect(eq(str, c->control, POSTERN_RUNDIR "/ctl.sock"));
	cr_expect(eq(ptr, c->cdr, NULL));
	cr_expect(eq(u32, c->limits.sessions, 10000));
	cr_expect(eq(u32, c->limits.streams, 20000));
	cr_expect(eq(u32, c->limits.bindings, 100000));
	cr_expect(eq(u32, c->limits.tcp_connections, 10000));
	cr_expect(eq(u32, c->limits.tcp_write_queue, 262144));
	cr_expect(eq(u32, c->limits.tcp_idle_ms, 7200000));
	cr_expect(ge(u32, c->media.threads, 1));
	cr_expect(eq(u32, c->media.quarantine_ms, 10000));
	cr_expect(eq(u32, c->media.request_ms, 3000));
	cr_expect(eq(u32, c->media.idle_ms, 300000));
	cr_expect(eq(u32, c->media.answer_ms, 180000));
	cr_expect(eq(u32, c->media.session_ms, 86400000));
	cr_expect(eq(u32, c->media.latch_window_ms, 3000));
	cr_expect(eq(u32, c->media.latch_silence_ms, 2000));
	cr_expect(eq(u32, c->media.deadlock_ms, 2000));
	cr_expect(eq(u32, c->binding_probe_ms, 4000));
	cr_expect(eq(u32, c->keepalive_budget, 10000));
	cr_expect(eq(u16, a->media_first, 20000));
	cr_expect(eq(u16, a->media_last, 29999));
	cr_expect(zero(u16, a->tcp_first));
	cr_expect(zero(u16, a->alias_first));
	cr_expect(eq(int, a->latch, LATCH_PEER));
	cr_expect(eq(int, core->latch, LATCH_OFF));
	cr_expect(eq(u8, a->latch_packets, 1));
	cr_expect(eq(u8, a->peer_bits4, 32));
	cr_expect(eq(u8, a->peer_bits6, 128));
	cr_expect(eq(int, a->dscp, -1));
	cr_expect(eq(ptr, a->device, NULL));
	cr_expect(not(a->third_party));
	cr_expect(not(a->reach_set));
	cr_expect(zero(u32, a->limits.sessions));
	cr_expect(zero(u32, a->limits.source_rate));
	conf_free(c);
}

Test(conf, every_attribute)
{
	struct conf *c = good(OPEN
		"<log to='journal' level=' debug '/><control socket='/tmp/x.sock'/><cdr file='/tmp/cdr'/>"
		"<limits sessions='1' streams='2' bindings='3' tcp-connections='4' tcp-write-queue='5000' tcp-idle='0'/>"
		"<media threads='2' quarantine='0' request-timeout='1s' idle='0' answer='1m' longest='0'"
		" latch-window='0' latch-silence='1s' latch-deadlock='0'/>"
		"<bindings probe='1s' keepalive-budget='7'/>"
		"<realm name='a' side='access' address='198.51.100.5' address6='2001:db8::5' media='1024-1025'"
		" tcp-ports='40000-40999' aliases='50000-50001' alias-addresses='192.0.2.64/26'"
		" reach='0.0.0.0/0 ::/0' allow='10.0.0.0/8,192.0.2.1' deny='10.9.0.0/16' latch='declared'"
		" latch-packets='3' latch-mask='24' latch-mask6='64' third-party-media='yes' dscp='af41'"
		" device='vrf-a' fwmark='4294967295' sessions='10' terminal-sessions='11' source-rate='12'"
		" tcp-per-source='14'/>"
		"<realm name='b' side='core' address='198.51.100.5' device='vrf-b' latch='any' source-rate='5'"
		" source-burst='6'/>"
		"<module name='m' file='/opt/m.so'><listen realm='b' transport='tcp' port='2427'/></module>" CLOSE);
	const struct conf_realm *a = &c->realms[0];

	cr_expect(eq(str, c->log_to, "journal"));
	cr_expect(eq(str, c->log_level, "debug"));
	cr_expect(eq(str, c->control, "/tmp/x.sock"));
	cr_expect(eq(str, c->cdr, "/tmp/cdr"));
	cr_expect(eq(u32, c->limits.bindings, 3));
	cr_expect(eq(u32, c->limits.tcp_write_queue, 5000));
	cr_expect(zero(u32, c->limits.tcp_idle_ms));
	cr_expect(zero(u32, c->media.idle_ms));
	cr_expect(eq(u32, c->media.threads, 2));
	cr_expect(eq(u32, c->media.answer_ms, 60000));
	cr_expect(zero(u32, c->media.deadlock_ms));
	cr_expect(zero(u32, c->media.latch_window_ms));
	cr_expect(eq(u32, c->binding_probe_ms, 1000));
	cr_expect(eq(u32, c->keepalive_budget, 7));
	cr_expect(eq(str, (char *)addr_text(&a->addr6), "2001:db8::5"));
	cr_expect(eq(u16, a->media_first, 1024));
	cr_expect(eq(u16, a->tcp_last, 40999));
	cr_expect(eq(u16, a->alias_last, 50001));
	cr_expect(eq(sz, a->alias_addresses.n, 1));
	cr_expect(eq(u8, a->alias_addresses.list[0].bits, 26));
	cr_expect(a->reach_set);
	cr_expect(eq(sz, a->reach.n, 2));
	cr_expect(eq(sz, a->allow.n, 2));
	cr_expect(eq(sz, a->deny.n, 1));
	cr_expect(eq(int, a->latch, LATCH_DECLARED));
	cr_expect(eq(u8, a->latch_packets, 3));
	cr_expect(eq(u8, a->peer_bits4, 24));
	cr_expect(eq(u8, a->peer_bits6, 64));
	cr_expect(a->third_party);
	cr_expect(eq(int, a->dscp, 34));
	cr_expect(eq(str, a->device, "vrf-a"));
	cr_expect(eq(u32, a->fwmark, UINT32_MAX));
	cr_expect(eq(u32, a->limits.sessions, 10));
	cr_expect(eq(u32, a->limits.terminal_sessions, 11));
	cr_expect(eq(u32, a->limits.source_burst, 24), "twice the rate");
	cr_expect(eq(u32, c->realms[1].limits.source_burst, 6));
	cr_expect(eq(u32, a->limits.tcp_per_source, 14));
	cr_expect(eq(int, c->realms[1].latch, LATCH_ANY));
	cr_expect(eq(str, c->modules[0].file, "/opt/m.so"));
	cr_expect(eq(int, c->modules[0].listens[0].transport, PN_TCP));
	conf_free(c);
}

/* A relative name counts from where the configuration lies. */
Test(conf, finds_files_beside_it)
{
	static const char text[] = OPEN REALMS "<control socket='s'/><cdr file='a/b'/>"
				   "<module name='m' file='m.so'/>" CLOSE;
	struct pn_conf_errors e = { .n = 0 };
	struct conf *c = conf_parse(text, strlen(text), "/etc/postern/p.xml", &e);

	cr_assert(ne(ptr, c, NULL));
	cr_expect(eq(str, c->control, "/etc/postern/s"));
	cr_expect(eq(str, c->cdr, "/etc/postern/a/b"));
	cr_expect(eq(str, c->modules[0].file, "/etc/postern/m.so"));
	conf_free(c);
	c = good(text);
	cr_expect(eq(str, c->modules[0].file, "./m.so"));
	conf_free(c);
}

Test(conf, lines_beyond_65535_are_exact)
{
	size_t n = 70000;
	char *text = malloc(n + 400);
	struct pn_conf_errors e = { .n = 0 };

	cr_assert(ne(ptr, text, NULL));
	memset(text, '\n', n);
	snprintf(text + n, 400, "%s", OPEN REALMS "<module name='m'>\n<listen realm='x' port='1'/></module>" CLOSE);
	memcpy(text, "<!---->", 7);
	cr_expect(eq(ptr, conf_parse(text, strlen(text), "x.xml", &e), NULL));
	cr_expect(eq(str, (char *)errors_text(&e),
		     "69998: realm=\"x\" of <listen>: expected the name of a realm: a, c\n"));
	conf_errors_free(&e);
	free(text);
}

Test(conf, reads_files)
{
	char path[] = "/tmp/postern-conf-XXXXXX";
	int fd = mkstemp(path);
	struct pn_conf_errors e = { .n = 0 };
	struct conf *c;

	cr_assert(ge(int, fd, 0));
	cr_assert(eq(sz, (size_t)write(fd, ten_lines, strlen(ten_lines)), strlen(ten_lines)));
	c = conf_load(path, &e);
	cr_assert(ne(ptr, c, NULL));
	cr_expect(eq(str, c->path, path));
	conf_free(c);
	cr_assert(zero(int, ftruncate(fd, CONF_BYTES_MAX + 1)));
	cr_expect(eq(ptr, conf_load(path, &e), NULL));
	close(fd);
	unlink(path);
	cr_expect(eq(ptr, conf_load(path, &e), NULL));
	cr_expect(eq(ptr, conf_load("/tmp", &e), NULL));
	cr_assert(eq(sz, e.n, 3));
	cr_expect(ne(ptr, strstr(e.line[0], ":0: larger than 1048576 octets: expected a configuration"), NULL));
	cr_expect(ne(ptr, strstr(e.line[1], ":0: cannot be read: No such file or directory: expected"), NULL));
	cr_expect(eq(str, e.line[2], "/tmp:0: cannot be read: Is a directory: expected a configuration"));
	conf_errors_free(&e);
}
