/* A gateway and agents behind NATs, whole cores on one fake clock and one network of this file. Each has a toy module
 * whose messages are an octet of length (itself included), and which writes down what it hears. A NAT keeps the port
 * of whoever it hides. */
#ifndef UNIT_TRUNKS_KIT_H
#define UNIT_TRUNKS_KIT_H

#include "core.h"
#include "fakenet.h"
#include "metrics.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SITES 3u
#define SOCKS 256u
#define DATAGRAMS 64u

struct site {
	struct core *core;
	struct fakenet *media;
	struct pn_addr nat; /* its address outside; family 0: it is the gateway */
	uint8_t inside;     /* 10.1.0.x */
	const struct pn_services *svc;
	struct pn_host *h;
	char heard[4096];
	uint64_t flow; /* of the last thing heard */
	struct pn_flow_info opened;
};

struct sock {
	char kind; /* u, l, c; 0: free */
	struct site *at;
	void *owner;
	struct pn_addr local, remote;
	struct sock *far;
	struct buf sent;
	bool fresh, closed, broken;
};

struct datagram {
	struct site *to_site;
	struct pn_addr from, to;
	size_t len;
	uint8_t data[1500];
};

static struct {
	struct loop *loop;
	struct site site[SITES];
	struct sock sock[SOCKS];
	struct datagram queue[DATAGRAMS];
	size_t n_queue;
	struct site *making;
	char log[16384];
	unsigned dials;
	bool no_tcp; /* connections are refused */
	char secret[32];
} w;

static struct site *const gateway = &w.site[0];
__attribute__((unused)) static struct site *const ag1 = &w.site[1];
__attribute__((unused)) static struct site *const ag2 = &w.site[2];

static struct pn_addr addr(const char *text)
{
	struct pn_addr a = { 0 };

	cr_assert(zero(int, addr_parse_port(str_of(text), 0, &a)), "%s", text);
	return a;
}

/* ---- the network ---- */

static struct sock *sock_new(struct site *at, char kind, const struct pn_addr *local, void *owner)
{
	for (size_t i = 0; i < SOCKS; i++) {
		struct sock *s = &w.sock[i];

		if (s->kind)
			continue;
		*s = (struct sock){ .kind = kind, .at = at, .owner = owner, .local = *local };
		buf_init(&s->sent, 1 << 22);
		return s;
	}
	cr_assert(false, "too many sockets");
	return NULL;
}

static struct sock *sock_at(const struct site *at, char kind, const struct pn_addr *local)
{
	for (size_t i = 0; i < SOCKS; i++)
		if (w.sock[i].kind == kind && w.sock[i].at == at && addr_eq(&w.sock[i].local, local))
			return &w.sock[i];
	return NULL;
}

static void *wire_udp_bind(void *n, const struct pn_realm *r, const struct pn_addr *local, void *owner)
{
	(void)r;
	return sock_new(n, 'u', local, owner);
}

static void *wire_listen(void *n, const struct pn_realm *r, const struct pn_addr *local, void *owner)
{
	(void)r;
	return sock_new(n, 'l', local, owner);
}

static struct pn_addr outside(const struct site *s, const struct pn_addr *local)
{
	struct pn_addr a = s->nat.family ? s->nat : *local;

	a.port = local->port;
	return a;
}

/* Who has this address outside; *to becomes the one inside. */
static struct site *site_of(struct pn_addr *to)
{
	for (size_t i = 1; i < SITES; i++) {
		struct site *s = &w.site[i];

		if (!s->core || !addr_same_ip(&s->nat, to))
			continue;
		memcpy(to->ip, (const uint8_t[]){ 10, 1, 0, s->inside }, 4);
		return s;
	}
	return gateway->core ? gateway : NULL;
}

static int wire_udp_send(void *sock, const struct pn_addr *to, const void *data, size_t len)
{
	struct sock *s = sock;
	struct datagram *d = &w.queue[w.n_queue];

	cr_assert(w.n_queue < DATAGRAMS && len <= sizeof(d->data));
	d->from = outside(s->at, &s->local);
	d->to = *to;
	d->to_site = site_of(&d->to);
	d->len = len;
	memcpy(d->data, data, len);
	w.n_queue += d->to_site != NULL;
	return 0;
}

static void *wire_connect(void *n, const struct pn_realm *r, const struct pn_addr *to, void *owner)
{
	struct sock *s = sock_new(n, 'c', realm_addr(r, to->family), owner);

	s->local.port = (uint16_t)(30000 + w.dials++);
	s->remote = *to;
	s->fresh = true;
	return s;
}

static long wire_write(void *conn, const void *data, size_t len)
{
	struct sock *s = conn;

	cr_assert(not(s->closed));
	cr_assert(zero(int, buf_add(&s->sent, data, len)));
	return (long)len;
}

static void wire_want_write(void *conn, int on)
{
	(void)conn, (void)on;
}

static void sock_free(struct sock *s)
{
	buf_free(&s->sent);
	s->kind = 0;
}

static void wire_close(void *sock_or_conn)
{
	struct sock *s = sock_or_conn;

	cr_assert(not(s->closed), "closed twice");
	s->closed = true;
	if (s->kind != 'c' || !s->far)
		sock_free(s);
}

static const struct net_ops wire_ops = {
	.udp_bind = wire_udp_bind, .udp_send = wire_udp_send, .udp_close = wire_close,
	.tcp_listen = wire_listen, .tcp_connect = wire_connect, .tcp_write = wire_write,
	.tcp_want_write = wire_want_write, .tcp_close = wire_close,
};

/* The gateway answers, or nobody does. */
static void arrive(struct sock *s)
{
	struct sock *l = w.no_tcp ? NULL : sock_at(gateway, 'l', &s->remote), *far;
	struct pn_addr from = outside(s->at, &s->local);

	s->fresh = false;
	far = l ? sock_new(gateway, 'c', &s->remote, NULL) : NULL;
	if (far) {
		far->far = s;
		s->far = far;
		far->remote = from;
		far->owner = net_on_accept(l->owner, far, &s->remote, &from);
		far->closed |= !far->owner;
	}
	if (far && !s->closed) {
		net_on_connected(s->owner, &s->local, 0);
		return;
	}
	if (!s->closed)
		net_on_connected(s->owner, NULL, -ECONNREFUSED);
	sock_free(s);
}

static void lose(struct sock *s, int err)
{
	if (!s->closed)
		net_on_closed(s->owner, err);
	s->closed = true;
}

/* What one end has sent reaches the other; then its end does. */
static bool carry(struct sock *s)
{
	struct sock *far = s->far;
	struct buf data = s->sent;

	if (data.len) {
		buf_init(&s->sent, 1 << 22);
		if (!far->closed)
			net_on_data(far->owner, data.p, data.len);
		buf_free(&data);
		return true;
	}
	if (!s->closed && !s->broken)
		return false;
	if (s->broken)
		lose(s, -ECONNRESET);
	if (!far->closed && !far->sent.len) {
		if (s->broken)
			lose(far, -ECONNRESET);
		else
			net_on_eof(far->owner);
	}
	if (!far->closed)
		return false;
	sock_free(far);
	sock_free(s);
	return true;
}

static bool deliver(void)
{
	struct datagram d = w.queue[0];
	struct sock *s;

	if (!w.n_queue)
		return false;
	memmove(w.queue, w.queue + 1, --w.n_queue * sizeof(d));
	s = sock_at(d.to_site, 'u', &d.to);
	if (s)
		net_on_datagram(s->owner, &d.from, d.data, d.len);
	return true;
}

/* Until nothing is on its way. */
static void run(void)
{
	bool more = true;

	while (more) {
		loop_turn(w.loop);
		more = deliver();
		for (size_t i = 0; i < SOCKS; i++) {
			struct sock *s = &w.sock[i];

			if (s->kind == 'c' && s->fresh) {
				arrive(s);
				more = true;
			} else if (s->kind == 'c' && s->far) {
				more |= carry(s);
			}
		}
	}
}

__attribute__((unused)) static void advance(uint64_t ms)
{
	for (uint64_t at = 0; at < ms; at += 500) {
		loop_advance(w.loop, 500);
		run();
	}
}

/* The connection of a site to the gateway's pinhole port. */
__attribute__((unused)) static struct sock *trunk_of(const struct site *at)
{
	for (size_t i = 0; i < SOCKS; i++)
		if (w.sock[i].kind == 'c' && w.sock[i].at == at && w.sock[i].remote.port == 3478)
			return &w.sock[i];
	return NULL;
}

/* ---- the toy ---- */

__attribute__((format(printf, 2, 3))) static void hear(struct site *s, const char *fmt, ...)
{
	size_t at = strlen(s->heard);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->heard + at, sizeof(s->heard) - at, fmt, ap);
	va_end(ap);
}

static int toy_init(const struct pn_services *svc, struct pn_host *h, void **self)
{
	w.making->svc = svc;
	w.making->h = h;
	*self = w.making;
	return 0;
}

static int toy_prepare(void *self, const struct pn_conf *conf, struct pn_conf_errors *e, void **next)
{
	(void)self, (void)conf, (void)e;
	*next = NULL;
	return 0;
}

static void toy_commit(void *self, void *next)
{
	(void)self, (void)next;
}

static long toy_frame(void *self, const uint8_t *data, size_t len)
{
	(void)self, (void)len;
	return data[0] ? data[0] : -EBADMSG;
}

static void toy_message(void *self, const struct pn_msg *m)
{
	struct site *s = self;

	s->flow = m->flow;
	hear(s, "<%.*s> ", (int)m->len - 1, (const char *)m->data + 1);
}

static void toy_flow_open(void *self, const struct pn_flow_info *f)
{
	struct site *s = self;

	s->flow = f->flow;
	s->opened = *f;
	hear(s, "+ ");
}

static void toy_flow_closed(void *self, uint64_t flow, int err)
{
	(void)flow;
	hear(self, "-%s ", err ? strerrorname_np(-err) : "0");
}

static void toy_unload(void *self)
{
	(void)self;
}

static const struct pn_module toy = {
	.size = sizeof(struct pn_module), .major = PN_ABI_MAJOR, .minor = PN_ABI_MINOR, .name = "toy",
	.init = toy_init, .prepare = toy_prepare, .commit = toy_commit, .discard = toy_commit, .frame = toy_frame,
	.on_message = toy_message, .on_flow_open = toy_flow_open, .on_flow_closed = toy_flow_closed,
	.unload = toy_unload,
	.default_route = "<route from=\"{from}\" to=\"{to}\" next-hop=\"{gateway}:7000\"/>",
};
static const struct pn_module *const linked[] = { &toy, NULL };

/* ---- sites ---- */

#define XMLNS "<postern xmlns=\"urn:postern:config:1\""
#define ACCESS \
	"<realm name=\"access\" side=\"access\" address=\"198.51.100.5\" media=\"20000-20099\" pinhole=\"3478\"/>"
#define NETWORK(name) "<network name=\"" name "\" realm=\"access\" secret-file=\"%s\"/>"
#define TOY(realm) \
	"<module name=\"toy\"><listen realm=\"" realm "\" transport=\"udp\" port=\"7000\"/>" \
	"<listen realm=\"" realm "\" transport=\"tcp\" port=\"7000\"/></module></postern>"
#define GATEWAY_CONF XMLNS ">" ACCESS NETWORK("acme") TOY("access")
#define AGENT_CONF(network, agent) AGENT_CONF_AT("10.1.0.3", network, agent)
#define AGENT_CONF_AT(address, network, agent) \
	XMLNS " role=\"agent\"><realm name=\"lan\" side=\"access\" address=\"" address "\" media=\"40000-40099\"/>" \
	"<gateway address=\"198.51.100.5\" network=\"" network "\" secret-file=\"%s\" agent=\"" agent "\"/>" \
	TOY("lan")

__attribute__((format(printf, 2, 3))) static void configure(struct site *s, const char *fmt, ...)
{
	struct pn_conf_errors e = { .n = 0 };
	char xml[4096];
	struct conf *c;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(xml, sizeof(xml), fmt, ap);
	va_end(ap);
	w.making = s;
	c = conf_parse(xml, strlen(xml), "test.xml", &e);
	cr_assert(ne(ptr, c, NULL), "%s", e.n ? e.line[0] : "");
	cr_assert(zero(int, core_apply(s->core, c, &e)), "%s", e.n ? e.line[0] : "");
	conf_errors_free(&e);
	run();
}

static void site_start(struct site *s, const char *nat)
{
	struct core_env env = { .loop = w.loop, .net = &wire_ops, .net_arg = s, .relay_net = &fakenet_media_ops,
				.linked = linked, .offline = true };

	if (nat)
		s->nat = addr(nat);
	s->inside = 3;
	env.relay_net_arg = s->media = fakenet_new(w.loop);
	s->core = core_new(&env);
	cr_assert(ne(ptr, s->core, NULL));
}

static void site_stop(struct site *s)
{
	core_free(s->core);
	s->core = NULL;
	fakenet_free(s->media);
	s->media = NULL;
}

static void on_log(void *arg, enum pn_level level, const char *line)
{
	size_t at = strlen(w.log);

	(void)arg, (void)level;
	snprintf(w.log + at, sizeof(w.log) - at, "%s\n", line);
}

static void write_secret(char path[32], const char *text)
{
	int fd;

	snprintf(path, 32, "/tmp/postern-secret-XXXXXX");
	fd = mkstemp(path);
	cr_assert(ge(int, fd, 0));
	cr_assert(eq(long, (long)write(fd, text, strlen(text)), (long)strlen(text)));
	close(fd);
}

__attribute__((unused)) static void setup(void)
{
	memset(&w, 0, sizeof(w));
	metrics_reset();
	log_capture(on_log, NULL);
	w.loop = loop_new_fake(1000000);
	write_secret(w.secret, "a secret of all of us\n");
	site_start(gateway, NULL);
	site_start(ag1, "198.51.100.11");
	configure(gateway, GATEWAY_CONF, w.secret);
}

__attribute__((unused)) static void teardown(void)
{
	for (size_t i = SITES; i-- > 0;)
		if (w.site[i].core)
			site_stop(&w.site[i]);
	for (size_t i = 0; i < SOCKS; i++)
		if (w.sock[i].kind)
			sock_free(&w.sock[i]);
	unlink(w.secret);
	loop_free(w.loop);
	log_capture(NULL, NULL);
	metrics_reset();
}

__attribute__((unused)) static void expect_heard(struct site *s, const char *want, int line)
{
	run();
	cr_expect(eq(str, s->heard, (char *)want), "line %d", line);
	s->heard[0] = 0;
}

__attribute__((unused)) static unsigned logged(const char *text)
{
	unsigned n = 0;

	for (const char *p = w.log; (p = strstr(p, text)); p++)
		n++;
	return n;
}

#endif
