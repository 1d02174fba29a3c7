/* A transport over a network of this file, with two modules that write down what they hear. Frames are
 * an octet of length (itself included); 0xff is malformed. */
#ifndef UNIT_TRANSPORT_FAKE_H
#define UNIT_TRANSPORT_FAKE_H

#include "buf.h"
#include "metrics.h"
#include "transport.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define SOCKS 64

struct sock {
	char kind; /* u: UDP, l: listener, c: connection, 0: free */
	void *owner;
	struct pn_addr local, remote;
	struct buf sent;
	size_t room; /* octets that a write takes; SIZE_MAX: all */
	int want_write, tuned, write_err;
	bool closed;
};

static struct {
	struct loop *loop;
	struct transport *t;
	struct realms *realms;
	struct conf_realm conf_realm[2];
	struct sock sock[SOCKS];
	int bind_err;      /* the next bind or listen on bad_port fails with it */
	uint16_t bad_port;
	struct pn_addr sent_to;
	char heard[8192];
	uint64_t flow;       /* of the last flow_open or message */
	struct pn_addr local; /* of the last flow_open */
	void (*on_message)(void);
	void (*on_open)(void);
	uint8_t frame_says; /* not 0: frame answers "more" whatever comes */
} net;

static struct module *const mod_a = (struct module *)&net.sock[0];
static struct module *const mod_b = (struct module *)&net.sock[1];

__attribute__((unused)) static struct pn_addr addr(const char *text)
{
	struct pn_addr a = { 0 };

	if (text && text[0])
		cr_assert(zero(int, addr_parse_port(str_of(text), 0, &a)), "%s", text); /* no ":0" */
	return a;
}

static struct sock *sock_new(char kind, const struct pn_addr *local, void *owner)
{
	for (size_t i = 0; i < SOCKS; i++) {
		struct sock *s = &net.sock[i];

		if (s->kind)
			continue;
		*s = (struct sock){ .kind = kind, .owner = owner, .local = *local, .room = SIZE_MAX };
		buf_init(&s->sent, 1 << 22);
		return s;
	}
	cr_assert(false, "too many sockets");
	return NULL;
}

static void *fake_bind(char kind, const struct pn_addr *local, void *owner)
{
	if (net.bind_err && local->port == net.bad_port) {
		errno = net.bind_err;
		return NULL;
	}
	return sock_new(kind, local, owner);
}

static void *fake_udp_bind(void *n, const struct pn_realm *r, const struct pn_addr *local, void *owner)
{
	(void)n, (void)r;
	return fake_bind('u', local, owner);
}

static void *fake_listen(void *n, const struct pn_realm *r, const struct pn_addr *local, void *owner)
{
	(void)n, (void)r;
	return fake_bind('l', local, owner);
}

static void *fake_connect(void *n, const struct pn_realm *r, const struct pn_addr *to, void *owner)
{
	struct sock *s;

	(void)n;
	if (net.bind_err && to->port == net.bad_port) {
		errno = net.bind_err;
		return NULL;
	}
	s = sock_new('c', realm_addr(r, to->family), owner);
	s->remote = *to;
	return s;
}

static int fake_udp_send(void *sock, const struct pn_addr *to, const void *data, size_t len)
{
	struct sock *s = sock;

	net.sent_to = *to;
	return s->write_err ? s->write_err : buf_add(&s->sent, data, len);
}

static long fake_write(void *conn, const void *data, size_t len)
{
	struct sock *s = conn;
	size_t n = len < s->room ? len : s->room;

	cr_assert(not(s->closed));
	if (s->write_err)
		return s->write_err;
	if (s->room != SIZE_MAX)
		s->room -= n;
	buf_add(&s->sent, data, n);
	return (long)n;
}

static void fake_want_write(void *conn, int on)
{
	struct sock *s = conn;

	cr_assert(not(s->closed));
	s->want_write = on;
}

static void fake_close(void *sock)
{
	struct sock *s = sock;

	cr_assert(not(s->closed), "closed twice");
	s->closed = true;
	s->owner = NULL;
}

static void fake_tune(void *sock, const struct pn_realm *r)
{
	(void)r;
	((struct sock *)sock)->tuned++;
}

static const struct net_ops fake_ops = {
	.udp_bind = fake_udp_bind, .udp_send = fake_udp_send, .udp_close = fake_close,
	.tcp_listen = fake_listen, .tcp_connect = fake_connect, .tcp_write = fake_write,
	.tcp_want_write = fake_want_write, .tcp_close = fake_close, .tune = fake_tune,
};

__attribute__((format(printf, 1, 2))) static void hear(const char *fmt, ...)
{
	size_t at = strlen(net.heard);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(net.heard + at, sizeof(net.heard) - at, fmt, ap);
	va_end(ap);
}

static long on_frame(struct module *m, const uint8_t *data, size_t len)
{
	(void)m, (void)len;
	if (net.frame_says)
		return 0;
	return data[0] == 0xff ? -EBADMSG : data[0] == 0xfe ? 70000 : data[0];
}

static char name_of(const struct module *m)
{
	return m == mod_a ? 'a' : 'b';
}

static void on_message(struct module *m, const struct pn_msg *msg)
{
	size_t skip = msg->transport == PN_TCP;

	cr_assert(eq(sz, msg->size, sizeof(*msg)));
	net.flow = msg->flow;
	hear("%c<%.*s> ", name_of(m), (int)(msg->len - skip), (const char *)msg->data + skip);
	if (net.on_message)
		net.on_message();
}

static void on_flow_open(struct module *m, const struct pn_flow_info *f)
{
	net.flow = f->flow;
	net.local = f->local;
	hear("%c+ ", name_of(m));
	if (net.on_open)
		net.on_open();
}

static void on_flow_closed(struct module *m, uint64_t flow, int err)
{
	cr_expect(ne(u64, flow, 0));
	hear("%c-%s ", name_of(m), err ? strerrorname_np(-err) : "0");
}

static const struct transport_events fake_events = { on_frame, on_message, on_flow_open, on_flow_closed, NULL };

/* Realm 0: access 198.51.100.5 and 2001:db8::5; realm 1: core 192.0.2.5. */
static void apply_realms(void)
{
	struct conf c = { .realms = net.conf_realm, .n_realms = 2 };

	cr_assert(zero(int, realms_apply(net.realms, &c)));
}

__attribute__((unused)) static void setup(void)
{
	static const struct conf_realm access = { .name = "access", .side = PN_ACCESS, .dscp = -1 };
	static const struct conf_realm core = { .name = "core", .side = PN_CORE, .dscp = -1 };
	struct transport_conf c = { .net = &fake_ops, .events = &fake_events };

	memset(&net, 0, sizeof(net));
	metrics_reset();
	net.conf_realm[0] = access;
	net.conf_realm[0].addr4 = addr("198.51.100.5");
	net.conf_realm[0].addr6 = addr("2001:db8::5");
	net.conf_realm[1] = core;
	net.conf_realm[1].addr4 = addr("192.0.2.5");
	net.realms = realms_new();
	apply_realms();
	c.loop = net.loop = loop_new_fake(1000);
	net.t = transport_new(&c);
}

__attribute__((unused)) static void teardown(void)
{
	transport_free(net.t);
	loop_free(net.loop);
	realms_free(net.realms);
	for (size_t i = 0; i < SOCKS; i++) {
		cr_expect(net.sock[i].kind == 0 || net.sock[i].closed, "socket %zu is open", i);
		buf_free(&net.sock[i].sent);
	}
}

static struct sock *sock_at(char kind, const char *local)
{
	struct pn_addr a = addr(local);

	for (size_t i = 0; i < SOCKS; i++)
		if (net.sock[i].kind == kind && !net.sock[i].closed && addr_eq(&net.sock[i].local, &a))
			return &net.sock[i];
	return NULL;
}

__attribute__((unused)) static int listen_one(struct module *m, unsigned realm, enum pn_transport kind,
					      uint16_t port)
{
	struct conf_listen l = { .realm = realm, .transport = kind, .port = port };
	const struct conf_listen *bad;

	return transport_listen(net.t, m, net.realms, &l, 1, &bad);
}

__attribute__((unused)) static void datagram(const char *to, const char *from, const char *text)
{
	struct pn_addr a = addr(from);
	struct sock *s = sock_at('u', to);

	cr_assert(not(eq(ptr, s, NULL)), "%s", to);
	net_on_datagram(s->owner, &a, text, strlen(text));
}

/* A connection from outside; NULL: refused. */
__attribute__((unused)) static struct sock *incoming(const char *to, const char *from)
{
	struct pn_addr local = addr(to), remote = addr(from);
	struct sock *l = sock_at('l', to), *s;

	cr_assert(not(eq(ptr, l, NULL)), "%s", to);
	s = sock_new('c', &local, NULL);
	s->remote = remote;
	s->owner = net_on_accept(l->owner, s, &local, &remote);
	if (s->owner)
		return s;
	cr_expect(not(s->closed));
	s->closed = true;
	return NULL;
}

__attribute__((unused)) static void expect_heard(const char *want, int line)
{
	loop_turn(net.loop);
	cr_expect(eq(str, net.heard, (char *)want), "line %d", line);
	net.heard[0] = 0;
}

#endif
