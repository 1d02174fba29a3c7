#include "module_fake_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "buf.h"

struct pn_peer {
	struct pn_addr addr;
};

struct pn_host {
	int unused;
};

struct fake fake;
struct fake_world fake_world = { .access_port = 5060, .core_port = 5060 };
const struct pn_module *fake_module;
void *fake_self;

static struct pn_host host;
static struct pn_realm realms[2];
static uint32_t seed;

/* ---- addresses and flows: a listener is 1 + realm * 2 + (family == 6) ---- */

struct pn_addr fake_address(const char *text, uint16_t port)
{
	struct pn_addr a = { 0 };

	if (!addr_parse(str_of(text), &a))
		a.port = port;
	return a;
}

static int f_addr_own(struct pn_host *h, struct pn_realm *r, const struct pn_addr *a)
{
	(void)h;
	return addr_eq(a, &r->info.addr4) || addr_eq(a, &r->info.addr6);
}

static struct pn_realm *f_realm_find(struct pn_host *h, const char *name)
{
	(void)h;
	for (size_t i = 0; i < 2; i++)
		if (!strcmp(realms[i].info.name, name))
			return &realms[i];
	return NULL;
}

static const struct pn_realm_info *f_realm_info(const struct pn_realm *r)
{
	return &r->info;
}

struct pn_realm *fake_realm(const char *name)
{
	return f_realm_find(NULL, name);
}

static uint64_t f_flow_listener(struct pn_host *h, struct pn_realm *r, enum pn_transport t,
				int family)
{
	(void)h;
	return t == PN_UDP ? 1 + (uint64_t)(r - realms) * 2 + (family == 6) : 0;
}

static int f_flow_open(struct pn_host *h, struct pn_realm *r, enum pn_transport t,
		       const struct pn_addr *to, uint64_t *flow)
{
	struct pn_addr local;

	if (t == PN_TCP)
		return fake_tcp_begin(r, to, flow, &local);
	*flow = f_flow_listener(h, r, t, to->family);
	return *flow ? 0 : -EINVAL;
}

static int f_flow_open_via(struct pn_host *h, struct pn_realm *r, const struct pn_addr *via, enum pn_transport t,
			   const struct pn_addr *to, uint64_t *flow)
{
	(void)via;
	return f_flow_open(h, r, t, to, flow);
}

static int f_flow_trunk(struct pn_host *h, struct pn_realm *r, const struct pn_addr *via, const struct pn_addr *to)
{
	(void)h, (void)r, (void)via, (void)to;
	return 0;
}

static int f_flow_info(struct pn_host *h, uint64_t flow, struct pn_flow_info *out)
{
	struct pn_realm *r = &realms[(flow - 1) / 2 % 2];
	size_t alias = (size_t)(flow - FAKE_ALIAS_FLOW);

	(void)h;
	if (!fake_tcp_info(flow, out))
		return 0;
	out->flow = flow;
	out->transport = PN_UDP;
	out->remote = (struct pn_addr){ 0 };
	if (alias < FAKE_BINDINGS && fake_binding_used(alias)) {
		out->realm = fake_binding_info(alias)->alias_realm;
		out->local = fake_binding_info(alias)->alias_addr;
		return 0;
	}
	if (flow < 1 || flow > 4)
		return -ENOENT;
	out->realm = r;
	out->local = flow % 2 ? r->info.addr4 : r->info.addr6;
	return 0;
}

static int f_flow_send(struct pn_host *h, uint64_t flow, const struct pn_addr *to, const void *data,
		       size_t len)
{
	struct fake_sent *s = &fake.sent[fake.n_sent % FAKE_SENT];
	struct pn_flow_info info;

	if (fake.send_err)
		return fake.send_err;
	if (f_flow_info(h, flow, &info))
		return -ENOTCONN;
	free(s->data);
	*s = (struct fake_sent){ flow, to ? *to : info.remote, malloc(len + 1), len };
	if (len)
		memcpy(s->data, data, len);
	s->data[len] = '\0';
	fake.n_sent++;
	return 0;
}

static void f_flow_close(struct pn_host *h, uint64_t flow)
{
	(void)h;
	fake_tcp_close(flow);
}

/* ---- configuration ---- */

__attribute__((format(printf, 3, 4))) static void f_conf_error(struct pn_conf_errors *e,
							       const struct pn_conf *at,
							       const char *fmt, ...)
{
	va_list ap;

	(void)e;
	(void)at;
	if (fake.error)
		return;
	va_start(ap, fmt);
	if (vasprintf(&fake.error, fmt, ap) < 0)
		fake.error = NULL;
	va_end(ap);
}

static int64_t f_conf_duration(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || n < 0)
		return -EINVAL;
	if (!strcmp(end, "ms"))
		return n;
	if (!strcmp(end, "s"))
		return n * 1000;
	return !strcmp(end, "h") ? n * 3600000 : -EINVAL;
}

/* Two names are known, as if they had been resolved already. */
static struct pn_peer *f_peer_new(struct pn_host *h, const char *text, uint16_t port)
{
	struct pn_peer *p = calloc(1, sizeof(*p));

	(void)h;
	if (!addr_parse_port(str_of(text), port, &p->addr))
		return p;
	p->addr = fake_address(!strcmp(text, "one.example") ? "192.0.2.20" : "192.0.2.21", port);
	if (!strcmp(text, "one.example") || !strcmp(text, "two.example"))
		return p;
	free(p);
	return NULL;
}

static void f_peer_free(struct pn_peer *p)
{
	free(p);
}

static int f_peer_addr(const struct pn_peer *p, size_t i, struct pn_addr *out)
{
	if (i)
		return -ENOENT;
	*out = p->addr;
	return 0;
}

static void *f_pattern_new(const char *pattern, char *why, size_t cap)
{
	if (!strcmp(pattern, "("))
		snprintf(why, cap, "missing parenthesis");
	return strcmp(pattern, "(") ? strdup(pattern) : NULL;
}

static int f_pattern_match(const void *pattern, struct pn_str s)
{
	return memmem(s.p, s.len, pattern, strlen(pattern)) != NULL;
}

/* ---- the rest ---- */

__attribute__((format(printf, 3, 4))) static void f_log(struct pn_host *h, enum pn_level level,
							const char *fmt, ...)
{
	(void)h;
	(void)level;
	(void)fmt;
}

static void f_bad_input(struct pn_host *h, const struct pn_msg *m, const char *why)
{
	(void)h;
	(void)m;
	(void)why;
}

static void f_count(struct pn_host *h, unsigned counter)
{
	(void)h;
	fake.counts[counter]++;
}

/* The same words in every run, so that a failure can be repeated. */
static void f_random(void *out, size_t len)
{
	uint8_t *p = out;

	while (len--) {
		seed = seed * 1103515245u + 12345u;
		*p++ = (uint8_t)(seed >> 16);
	}
}

static struct {
	void (*fn)(void *arg);
	void *arg;
} deferred[16];
static size_t n_deferred;

static void f_defer(struct pn_host *h, void (*fn)(void *arg), void *arg)
{
	(void)h;
	if (n_deferred == sizeof(deferred) / sizeof(deferred[0]))
		abort();
	deferred[n_deferred].fn = fn;
	deferred[n_deferred++].arg = arg;
}

void fake_deferred(void)
{
	for (size_t i = 0; i < n_deferred; i++)
		deferred[i].fn(deferred[i].arg);
	n_deferred = 0;
}

static struct pn_services services = {
	.size = sizeof(services),
	.major = PN_ABI_MAJOR,
	.minor = PN_ABI_MINOR,
	.realm_find = f_realm_find,
	.realm_info = f_realm_info,
	.conf_error = f_conf_error,
	.conf_duration = f_conf_duration,
	.peer_new = f_peer_new,
	.peer_free = f_peer_free,
	.peer_addr = f_peer_addr,
	.flow_listener = f_flow_listener,
	.flow_open = f_flow_open,
	.flow_send = f_flow_send,
	.flow_close = f_flow_close,
	.flow_info = f_flow_info,
	.flow_expect = fake_tcp_expect,
	.log = f_log,
	.bad_input = f_bad_input,
	.count = f_count,
	.random = f_random,
	.defer = f_defer,
	.addr_parse = addr_parse,
	.addr_print = addr_print,
	.addr_own = f_addr_own,
	.pattern_new = f_pattern_new,
	.pattern_match = f_pattern_match,
	.pattern_free = free,
	.flow_open_via = f_flow_open_via,
	.flow_trunk = f_flow_trunk,
};

const struct pn_services *fake_services(void)
{
	return &services;
}

void *fake_start(const struct pn_module *m, const struct pn_conf *conf)
{
	uint16_t access = fake_world.access_port, core = fake_world.core_port;
	void *next;

	fake = (struct fake){ .now_ms = 1000000 };
	seed = 1;
	fake_tcp_reset();
	fake_module = m;
	realms[0].info = (struct pn_realm_info){ sizeof(realms[0].info), "access", PN_ACCESS,
						 fake_address("198.51.100.5", access),
						 fake_address("2001:db8::5", access), 0, 0 };
	realms[1].info = (struct pn_realm_info){ sizeof(realms[1].info), "core", PN_CORE,
						 fake_address("192.0.2.5", core),
						 fake_address("2001:db8:1::5", core),
						 fake_world.alias_addresses, 0 };
	fake_session_services(&services);
	fake_binding_services(&services);
	fake_text_services(&services);
	fake_time_services(&services);
	if (m->init(&services, &host, &fake_self))
		return NULL;
	if (!m->prepare(fake_self, conf, NULL, &next)) {
		m->commit(fake_self, next);
		return fake_self;
	}
	fake_stop();
	return NULL;
}

void fake_stop(void)
{
	fake_sweep(1);
	fake_module->unload(fake_self);
	for (size_t i = 0; i < FAKE_SENT; i++)
		free(fake.sent[i].data);
	fake_edits_reset();
	fake_bindings_reset();
	memset(fake.sent, 0, sizeof(fake.sent));
	fake_self = NULL;
}

static void receive(uint64_t flow, struct pn_addr remote, const void *data, size_t len)
{
	struct pn_flow_info info;
	struct pn_msg m = { .size = sizeof(m),
			    .flow = flow,
			    .transport = PN_UDP,
			    .remote = remote,
			    .len = len,
			    .now_ms = fake.now_ms };
	uint8_t *copy = malloc(len ? len : 1); /* exact, so that a read past the end is seen */

	if (f_flow_info(NULL, flow, &info))
		abort();
	m.realm = info.realm;
	m.local = info.local;
	if (len)
		memcpy(copy, data, len);
	m.data = copy;
	fake_module->on_message(fake_self, &m);
	fake_deferred();
	fake_sweep(0);
	free(copy);
}

void fake_receive(const char *realm, const char *ip, uint16_t port, const void *data, size_t len)
{
	struct pn_addr remote = fake_address(ip, port);

	receive(f_flow_listener(NULL, f_realm_find(NULL, realm), PN_UDP, remote.family), remote,
		data, len);
}

void fake_receive_alias(size_t binding, const char *ip, uint16_t port, const void *data,
			size_t len)
{
	receive(FAKE_ALIAS_FLOW + binding, fake_address(ip, port), data, len);
}

const struct fake_sent *fake_take(void)
{
	if (fake.n_sent - fake.taken > FAKE_SENT)
		fake.taken = fake.n_sent - FAKE_SENT;
	return fake.taken < fake.n_sent ? &fake.sent[fake.taken++ % FAKE_SENT] : NULL;
}
