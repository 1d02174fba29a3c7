/* An agent's transport and a gateway's, back to back over one fake wire, each with a module that writes down what it
 * hears. Messages are an octet of length (itself included), as in transport_fake.h; 'L' and two octets of length begin
 * long ones. */
#ifndef UNIT_TRUNK_KIT_H
#define UNIT_TRUNK_KIT_H

#include "buf.h"
#include "metrics.h"
#include "transport.h"
#include "trunk.h"
#include "trunk_frame.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define AGENT_IP "10.1.0.3"
#define GATEWAY_IP "198.51.100.5"
#define NAT "198.51.100.11:40000"
#define NAT_TOO "198.51.100.99:5000" /* by it that NAT shows others of its inside */
#define GATEWAY "198.51.100.5:3478"

struct plug { /* one end of the wire */
	void *owner;
	struct buf sent; /* not delivered yet */
	size_t room;
	bool wants, closed;
};

struct end {
	struct transport *t;
	struct realms *realms;
	struct pn_realm *realm;
	struct trunk *trunk;
	struct plug plug;
	void *listener; /* owner of the listener at the trunk's port */
	char heard[4096];
	size_t octets;  /* of messages heard */
	uint64_t flow;  /* of the last flow_open or message */
	struct pn_flow_info opened;
	int broken;
};

static struct {
	struct loop *loop;
	struct end agent, gateway;
	size_t piece;  /* octets delivered at a time */
	size_t max_channels;
	void (*on_message)(struct end *e);
} kit;

__attribute__((unused)) static struct pn_addr addr(const char *text)
{
	struct pn_addr a = { 0 };

	cr_assert(zero(int, addr_parse_port(str_of(text), 0, &a)), "%s", text);
	return a;
}

static struct end *end_of(struct module *m)
{
	return (struct end *)m;
}

__attribute__((format(printf, 2, 3))) static void hear(struct end *e, const char *fmt, ...)
{
	size_t at = strlen(e->heard);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->heard + at, sizeof(e->heard) - at, fmt, ap);
	va_end(ap);
}

/* ---- the wire ---- */

static void *wire_bind(void *n, const struct pn_realm *r, const struct pn_addr *local, void *owner)
{
	(void)r, (void)local;
	((struct end *)n)->listener = owner;
	return n;
}

static int wire_udp_send(void *sock, const struct pn_addr *to, const void *data, size_t len)
{
	(void)sock, (void)to, (void)data, (void)len;
	return -ENETUNREACH;
}

static void *wire_connect(void *n, const struct pn_realm *r, const struct pn_addr *to, void *owner)
{
	struct end *e = n;

	(void)r, (void)to;
	e->plug.owner = owner;
	e->plug.closed = false;
	return &e->plug;
}

static long wire_write(void *conn, const void *data, size_t len)
{
	struct plug *p = conn;
	size_t n = len < p->room ? len : p->room;

	cr_assert(not(p->closed));
	if (p->room != SIZE_MAX)
		p->room -= n;
	cr_assert(zero(int, buf_add(&p->sent, data, n)));
	return (long)n;
}

static void wire_want_write(void *conn, int on)
{
	((struct plug *)conn)->wants = on;
}

static void wire_close(void *sock_or_conn)
{
	for (int i = 0; i < 2; i++) {
		struct end *e = i ? &kit.agent : &kit.gateway;

		if (sock_or_conn == &e->plug)
			e->plug.closed = true;
	}
}

static const struct net_ops wire_ops = {
	.udp_bind = wire_bind, .udp_send = wire_udp_send, .udp_close = wire_close,
	.tcp_listen = wire_bind, .tcp_connect = wire_connect, .tcp_write = wire_write,
	.tcp_want_write = wire_want_write, .tcp_close = wire_close,
};

/* What one has sent reaches the other; false: nothing was there. */
static bool carry(struct plug *from, struct plug *to)
{
	size_t n = from->sent.len;
	uint8_t *copy;

	if (!n || to->closed)
		return false;
	n = kit.piece && n > kit.piece ? kit.piece : n;
	copy = malloc(n); /* of just this size: the sanitizer sees a read past it */
	memcpy(copy, from->sent.p, n);
	buf_drop(&from->sent, n);
	net_on_data(to->owner, copy, n);
	free(copy);
	return true;
}

static void write_on(struct plug *p)
{
	if (p->wants && p->room && !p->closed)
		net_on_writable(p->owner);
}

/* Until both ends are silent. */
__attribute__((unused)) static void run(void)
{
	bool more = true;

	while (more) {
		more = carry(&kit.agent.plug, &kit.gateway.plug);
		more |= carry(&kit.gateway.plug, &kit.agent.plug);
		write_on(&kit.agent.plug);
		write_on(&kit.gateway.plug);
		loop_turn(kit.loop);
	}
}

/* ---- modules ---- */

static size_t message_len(const uint8_t *d, size_t len)
{
	if (d[0] != 'L')
		return d[0];
	return len < 3 ? 0 : 3 + ((size_t)d[1] << 8 | d[2]);
}

static long on_frame(struct module *m, const uint8_t *data, size_t len)
{
	(void)m;
	return (long)message_len(data, len);
}

static void on_message(struct module *m, const struct pn_msg *msg)
{
	struct end *e = end_of(m);

	e->flow = msg->flow;
	e->octets += msg->len;
	if (msg->data[0] == 'L')
		hear(e, "L%zu ", msg->len - 3);
	else
		hear(e, "<%.*s> ", (int)msg->len - 1, (const char *)msg->data + 1);
	if (kit.on_message)
		kit.on_message(e);
}

static void on_flow_open(struct module *m, const struct pn_flow_info *f)
{
	end_of(m)->flow = f->flow;
	end_of(m)->opened = *f;
	hear(end_of(m), "+ ");
}

static void on_flow_closed(struct module *m, uint64_t flow, int err)
{
	cr_expect(ne(u64, flow, 0));
	hear(end_of(m), "-%s ", err ? strerrorname_np(-err) : "0");
}

static const struct transport_events module_events = { on_frame, on_message, on_flow_open, on_flow_closed, NULL };

__attribute__((unused)) static struct module *module_of(struct end *e)
{
	return (struct module *)e;
}

/* ---- the trunks' owner: the module pointer is that of the end's plug ---- */

static struct end *owner_end(struct module *m)
{
	return m == (struct module *)&kit.agent.plug ? &kit.agent : &kit.gateway;
}

static long trunk_frame_event(struct module *m, const uint8_t *data, size_t len)
{
	(void)m;
	return trunk_frame_length(data, len);
}

static void trunk_message(struct module *m, const struct pn_msg *msg)
{
	trunk_input(owner_end(m)->trunk, msg->data, msg->len);
}

static void trunk_opened(struct module *m, const struct pn_flow_info *f)
{
	struct end *e = owner_end(m);
	struct trunk_line line = { .realm = e->realm, .flow = f->flow, .remote = f->remote,
				   .dialled = e == &kit.agent };

	cr_assert(zero(int, trunk_up(e->trunk, &line)));
}

static void trunk_closed(struct module *m, uint64_t flow, int err)
{
	(void)flow;
	trunk_down(owner_end(m)->trunk, err ? err : -ECONNRESET);
}

static void trunk_room(struct module *m, uint64_t flow)
{
	(void)flow;
	trunk_drained(owner_end(m)->trunk);
}

static const struct transport_events trunk_events = { trunk_frame_event, trunk_message, trunk_opened, trunk_closed,
						      trunk_room };

static void on_broken(void *arg, int err)
{
	struct end *e = arg;

	e->broken = err;
	transport_trunk_close(e->t, trunk_line(e->trunk)->flow);
	trunk_down(e->trunk, err);
}

static void *find_trunk(void *arg, const struct pn_realm *r, const struct pn_addr *via, struct pn_addr *to,
			struct pn_addr *remote)
{
	struct end *e = arg;
	struct pn_addr nat = addr(NAT), too = addr(NAT_TOO);

	(void)r, (void)to;
	if ((!addr_same_ip(via, &nat) && !addr_same_ip(via, &too)) || !trunk_is_up(e->trunk))
		return NULL;
	*remote = trunk_line(e->trunk)->remote;
	return e->trunk;
}

/* ---- life ---- */

static void end_new(struct end *e, struct conf_realm *realm)
{
	struct conf c = { .realms = realm, .n_realms = 1 };
	struct transport_conf tc = { .loop = kit.loop, .net = &wire_ops, .net_arg = e, .events = &module_events };
	struct trunk_conf trunk = { .loop = kit.loop, .max_channels = kit.max_channels, .ping_ms = 15000,
				    .broken = on_broken, .arg = e };
	struct transport_trunks tt = { .net = &trunk_net, .via = find_trunk, .arg = e,
				       .owner = (struct module *)&e->plug, .events = &trunk_events };

	e->realms = realms_new();
	cr_assert(zero(int, realms_apply(e->realms, &c)));
	e->realm = realms_at(e->realms, 0);
	e->t = trunk.transport = transport_new(&tc);
	e->trunk = trunk_new(&trunk);
	tt.uplink = e->trunk;
	transport_set_trunks(e->t, &tt);
	e->plug.room = SIZE_MAX;
	e->plug.closed = true;
	buf_init(&e->plug.sent, 1 << 24);
}

/* The agent dials; the trunk stands when this returns. */
static void dial(void)
{
	struct pn_addr to = addr(GATEWAY), from = addr(NAT), local = addr(AGENT_IP);
	uint64_t flow;

	cr_assert(zero(int, transport_trunk_open(kit.agent.t, kit.agent.realm, &to, &flow)));
	kit.gateway.plug.closed = false;
	kit.gateway.plug.owner = net_on_accept(kit.gateway.listener, &kit.gateway.plug, &to, &from);
	cr_assert(ne(ptr, kit.gateway.plug.owner, NULL));
	local.port = 33333;
	net_on_connected(kit.agent.plug.owner, &local, 0);
}

__attribute__((unused)) static void setup(void)
{
	struct conf_realm wan = { .name = "wan", .side = PN_CORE, .dscp = -1, .uplink = true,
				  .addr4 = addr(AGENT_IP), .tcp_first = 5000, .tcp_last = 5003 };
	struct conf_realm access = { .name = "access", .side = PN_ACCESS, .dscp = -1, .addr4 = addr(GATEWAY_IP),
				     .tcp_first = 6000, .tcp_last = 6003 };
	struct pn_addr at = addr(GATEWAY);
	uint64_t flow;

	memset(&kit, 0, sizeof(kit));
	metrics_reset();
	kit.max_channels = 8;
	kit.loop = loop_new_fake(1000);
	end_new(&kit.agent, &wan);
	end_new(&kit.gateway, &access);
	cr_assert(zero(int, transport_alias_open(kit.gateway.t, (struct module *)&kit.gateway.plug,
						 kit.gateway.realm, PN_TCP, &at, &flow)));
	dial();
}

static void end_free(struct end *e)
{
	trunk_free(e->trunk);
	transport_free(e->t);
	realms_free(e->realms);
	buf_free(&e->plug.sent);
}

__attribute__((unused)) static void teardown(void)
{
	end_free(&kit.agent);
	end_free(&kit.gateway);
	loop_free(kit.loop);
	cr_expect(eq(i64, metric_get(M_TRUNK_CHANNELS), 0));
}

__attribute__((unused)) static void listen_tcp(struct end *e, uint16_t port)
{
	struct conf_listen l = { .realm = 0, .transport = PN_TCP, .port = port };
	const struct conf_listen *bad;
	void *before = e->listener;

	cr_assert(zero(int, transport_listen(e->t, module_of(e), e->realms, &l, 1, &bad)));
	e->listener = before;
}

__attribute__((unused)) static void expect_heard(struct end *e, const char *want, int line)
{
	run();
	cr_expect(eq(str, e->heard, (char *)want), "line %d", line);
	e->heard[0] = 0;
}

#endif
