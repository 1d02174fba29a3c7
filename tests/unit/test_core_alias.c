/* Aliases that are addresses through the whole core: a module that gives one to each terminal, on a fake
 * clock and the network of the scenario player. It answers "put NAME" with the alias, "old NAME" as a
 * module of an older header, anything else with the address that it came to. */
#include "core.h"
#include "ctl.h"
#include "fakenet.h"
#include "metrics.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct toy {
	const struct pn_services *svc;
	struct pn_host *h;
};

static struct {
	struct loop *loop;
	struct fakenet *fakenet;
	struct core *core;
	struct cdr *cdr;
} w;

static const struct pn_addr terminal = { 4, 0, 5060, { 203, 0, 113, 7 } };
static const struct pn_addr softswitch = { 4, 0, 2727, { 192, 0, 2, 20 } };

/* ---- the toy ---- */

static int toy_init(const struct pn_services *svc, struct pn_host *h, void **self)
{
	struct toy *t = calloc(1, sizeof(*t));

	t->svc = svc;
	t->h = h;
	*self = t;
	return 0;
}

static int toy_prepare(void *self, const struct pn_conf *conf, struct pn_conf_errors *e, void **next)
{
	(void)self, (void)conf, (void)e;
	*next = NULL;
	return 0;
}

static void toy_conf(void *self, void *next)
{
	(void)self, (void)next;
}

static long toy_frame(void *self, const uint8_t *data, size_t len)
{
	(void)self, (void)data;
	return (long)len;
}

static int toy_put(struct toy *t, const struct pn_msg *m, struct pn_str name, size_t size, struct pn_binding **b)
{
	struct pn_binding_args a = { .size = (uint32_t)size, .realm = m->realm, .identity = name,
				     .pinhole = m->remote, .flow = m->flow, .expires_ms = 30000,
				     .alias_realm = t->svc->realm_find(t->h, "out"),
				     .alias_kind = PN_ALIAS_ADDRESS, .alias_port = 2427,
				     .alias_listen = 1u << PN_UDP | 1u << PN_TCP };

	return t->svc->binding_put(t->h, &a, b);
}

static void toy_message(void *self, const struct pn_msg *m)
{
	bool old = m->len > 4 && !memcmp(m->data, "old ", 4);
	struct toy *t = self;
	struct pn_binding *b;
	char text[128];

	if (!old && (m->len <= 4 || memcmp(m->data, "put ", 4))) {
		t->svc->addr_print(&m->local, text, sizeof(text));
	} else {
		struct pn_str name = { (const char *)m->data + 4, m->len - 4 };
		size_t size = old ? offsetof(struct pn_binding_args, alias_kind) : sizeof(struct pn_binding_args);
		int err = toy_put(t, m, name, size, &b);
		const struct pn_binding_info *i = err ? NULL : t->svc->binding_info(b);

		snprintf(text, sizeof(text), "%.*s", err ? 64 : (int)i->alias.len,
			 err ? strerrorname_np(-err) : i->alias.p);
	}
	t->svc->flow_send(t->h, m->flow, &m->remote, text, strlen(text));
}

static void toy_gone(void *self, struct pn_binding *b)
{
	struct toy *t = self;

	t->svc->flow_send(t->h, t->svc->binding_info(b)->alias_udp, &softswitch, "bye", 3);
}

static void toy_unload(void *self)
{
	free(self);
}

static const struct pn_module toy = {
	.size = sizeof(struct pn_module), .major = PN_ABI_MAJOR, .minor = PN_ABI_MINOR, .name = "toy",
	.init = toy_init, .prepare = toy_prepare, .commit = toy_conf, .discard = toy_conf, .frame = toy_frame,
	.on_message = toy_message, .on_binding_gone = toy_gone, .unload = toy_unload,
};
static const struct pn_module *const linked[] = { &toy, NULL };

/* ---- the world ---- */

static void on_line(void *arg, const char *line)
{
	(void)arg, (void)line;
}

static void on_log(void *arg, enum pn_level level, const char *line)
{
	(void)arg, (void)level, (void)line;
}

#define HEAD \
	"<postern xmlns=\"urn:postern:config:1\">\n" \
	"<realm name=\"in\" side=\"access\" address=\"198.51.100.5\" media=\"20000-20099\"/>\n"
#define OUT(pool) "<realm name=\"out\" side=\"core\" address=\"192.0.2.5\" media=\"30000-30099\" " pool "/>\n"
#define POOL "alias-addresses=\"192.0.2.64/31\""
#define TOY "<module name=\"toy\"><listen realm=\"in\" transport=\"udp\" port=\"5060\"/></module>\n"
#define TAIL "</postern>\n"

static void apply(const char *xml)
{
	struct pn_conf_errors e = { .n = 0 };
	struct conf *c = conf_parse(xml, strlen(xml), "test.xml", &e);

	cr_assert(ne(ptr, c, NULL), "%s", e.n ? e.line[0] : "");
	cr_assert(zero(int, core_apply(w.core, c, &e)), "%s", e.n ? e.line[0] : "");
	conf_errors_free(&e);
	loop_turn(w.loop);
}

static void setup(void)
{
	struct core_env env = { .net = &fakenet_ops, .relay_net = &fakenet_media_ops, .linked = linked };

	metrics_reset();
	log_capture(on_log, NULL);
	env.loop = w.loop = loop_new_fake(1000000);
	env.net_arg = env.relay_net_arg = w.fakenet = fakenet_new(w.loop);
	env.cdr = w.cdr = cdr_capture(on_line, NULL);
	w.core = core_new(&env);
	apply(HEAD OUT(POOL) TOY TAIL);
}

static void teardown(void)
{
	core_free(w.core);
	fakenet_free(w.fakenet);
	cdr_close(w.cdr);
	loop_free(w.loop);
	log_capture(NULL, NULL);
	metrics_reset();
}

TestSuite(core_alias, .init = setup, .fini = teardown);

static struct pn_addr addr(const char *text)
{
	struct pn_addr a = { 0 };

	cr_assert(zero(int, addr_parse_port(str_of(text), 0, &a)));
	return a;
}

/* What was sent to a host, and from where: "TEXT from ADDRESS"; "" for nothing. */
static char *sent(unsigned realm, const struct pn_addr *to)
{
	static char text[256];
	struct packet *p;

	loop_turn(w.loop);
	p = fakenet_take(w.fakenet, realm, to);
	text[0] = 0;
	if (p)
		snprintf(text, sizeof(text), "%.*s from %s", (int)p->len, (const char *)p->data, addr_text(&p->from));
	free(p);
	return text;
}

static char *ask(unsigned realm, const struct pn_addr *from, const char *to, const char *text)
{
	struct pn_addr local = addr(to);

	if (fakenet_deliver(w.fakenet, realm, from, &local, text, strlen(text)))
		return (char *)"nobody";
	return sent(realm, from);
}

static char *put(const char *text)
{
	static char alias[64];

	snprintf(alias, sizeof(alias), "%s", ask(0, &terminal, "198.51.100.5:5060", text));
	alias[strcspn(alias, " ")] = 0;
	return alias;
}

/* Is there somebody at the one alias that "put a" gets? */
static int listens(void)
{
	return !strcmp(ask(1, &softswitch, "192.0.2.64:2427", "x"), "192.0.2.64:2427 from 192.0.2.64:2427");
}

/* ---- tests ---- */

Test(core_alias, hears_and_speaks)
{
	struct pn_addr alias = addr("192.0.2.64:2427");
	struct buf *got;

	cr_assert(eq(str, put("put a"), "192.0.2.64"));
	cr_expect(eq(str, ask(1, &softswitch, "192.0.2.64:2427", "x"), "192.0.2.64:2427 from 192.0.2.64:2427"));
	cr_expect(eq(str, ask(1, &softswitch, "192.0.2.65:2427", "x"), "nobody"));
	cr_assert(zero(int, fakenet_connect(w.fakenet, 1, &softswitch, &alias)));
	cr_assert(zero(int, fakenet_stream(w.fakenet, 1, &softswitch, "x", 1)));
	got = fakenet_received(w.fakenet, 1, &softswitch);
	cr_expect(eq(str, (char *)buf_text(got), "192.0.2.64:2427"));
	cr_expect(addr_eq(fakenet_local(w.fakenet, 1, &softswitch), &alias));
	cr_expect(zero(int, fakenet_hangup(w.fakenet, 1, &softswitch)));
	cr_expect(eq(str, put("put b"), "192.0.2.65"));
	cr_expect(eq(str, put("put c"), "ENOSPC"));
	cr_expect(eq(sz, strlen(put("old c")), 20));
}

Test(core_alias, last_words)
{
	cr_assert(eq(str, put("put a"), "192.0.2.64"));
	loop_advance(w.loop, 31000);
	cr_expect(eq(str, sent(1, &softswitch), "bye from 192.0.2.64:2427"));
	cr_expect(not(listens()));
}

Test(core_alias, shown)
{
	struct buf out;

	put("put a");
	buf_init(&out, 1 << 20);
	ctl_run(w.core, "show bindings", &out);
	cr_expect(ne(ptr, strstr(buf_text(&out), "\"alias\":\"192.0.2.64\",\"alias_realm\":\"out\","
						 "\"alias_address\":\"192.0.2.64:2427\""), NULL));
	buf_free(&out);
}

Test(core_alias, reload)
{
	struct pn_realm *out = realms_find(w.core->realms, "out");

	cr_assert(eq(str, put("put a"), "192.0.2.64"));
	apply(HEAD OUT(POOL) TOY TAIL);
	cr_expect(eq(int, listens(), 1));
	apply(HEAD OUT("") TOY TAIL);
	cr_expect(eq(int, listens(), 1), "until its binding is gone");
	cr_expect(zero(int, out->info.alias_addresses));
	cr_expect(eq(str, put("put b"), "EADDRNOTAVAIL"));
	apply(HEAD OUT("alias-addresses=\"192.0.2.64 192.0.2.70\" aliases=\"10000-10009\"") TOY TAIL);
	cr_expect(eq(int, out->info.alias_addresses && out->info.alias_ports, 1));
	cr_expect(eq(str, put("put b"), "192.0.2.70"));
	cr_expect(eq(str, put("put c"), "ENOSPC"));
	loop_advance(w.loop, 40000);
	cr_expect(not(listens()));
	cr_expect(zero(sz, aliases_in(w.core->aliases, out)));
	fakenet_flush(w.fakenet, NULL);
}

Test(core_alias, realm_goes)
{
	cr_assert(eq(str, put("put a"), "192.0.2.64"));
	apply(HEAD TOY TAIL);
	cr_expect(eq(str, sent(1, &softswitch), "bye from 192.0.2.64:2427"));
	cr_expect(not(listens()));
	cr_expect(zero(sz, bindings_count(w.core->bindings)));
	apply(HEAD OUT(POOL) TOY TAIL);
	cr_expect(eq(str, put("put a"), "192.0.2.64"));
	cr_expect(eq(int, listens(), 1));
}

Test(core_alias, module_goes)
{
	cr_assert(eq(str, put("put a"), "192.0.2.64"));
	apply(HEAD OUT(POOL) TAIL);
	cr_expect(not(listens()));
	cr_expect(zero(i64, metric_get(M_ALIASES)));
	apply(HEAD OUT(POOL) TOY TAIL);
	cr_expect(eq(str, put("put a"), "192.0.2.64"));
}
