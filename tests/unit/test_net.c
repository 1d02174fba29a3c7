/* The kernel's sockets below a transport (net.c, udp.c, tcp.c), over loopback. The loop runs until what is
 * expected has happened; GUARD_MS only keeps a broken test from hanging. */
#include "net.h"
#include "buf.h"
#include "metrics.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GUARD_MS 20000
#define BIG 300000

struct peer { /* what the test itself holds in its hand */
	struct io io;
	int fd;
	struct buf got;
	bool eof, reset;
	size_t want; /* stop the loop when so much came */
};

static struct {
	struct loop *loop;
	struct transport *t;
	struct realms *realms;
	struct timer guard;
	bool hung;
	struct peer peer;
	uint64_t flow;
	struct pn_flow_info open;
	int closed, closed_err;
	size_t messages, want_messages;
	bool echo, close_after, stop_on_close;
} net;

static struct module *const mod = (struct module *)&net;

static struct pn_addr loopback(uint16_t port)
{
	return (struct pn_addr){ .family = 4, .port = port, .ip = { 127, 0, 0, 1 } };
}

/* ---- the module ---- */

static long on_frame(struct module *m, const uint8_t *data, size_t len)
{
	(void)m;
	return len < 2 ? 0 : data[0] << 8 | data[1];
}

static void on_message(struct module *m, const struct pn_msg *msg)
{
	(void)m;
	net.flow = msg->flow;
	if (net.echo)
		cr_expect(zero(int, flow_send(net.t, msg->flow, &msg->remote, msg->data, msg->len)));
	if (net.close_after)
		flow_close(net.t, mod, msg->flow);
	if (++net.messages == net.want_messages)
		loop_stop(net.loop);
}

static void on_flow_open(struct module *m, const struct pn_flow_info *f)
{
	(void)m;
	net.open = *f;
	net.flow = f->flow;
}

static void on_flow_closed(struct module *m, uint64_t flow, int err)
{
	(void)m, (void)flow;
	net.closed++;
	net.closed_err = err;
	if (net.stop_on_close)
		loop_stop(net.loop);
}

static const struct transport_events events = { on_frame, on_message, on_flow_open, on_flow_closed, NULL };

/* ---- the far end ---- */

static void on_peer(struct io *io, unsigned what)
{
	struct peer *p = io->arg;
	char chunk[65536];
	ssize_t n = recv(p->fd, chunk, sizeof(chunk), 0);

	(void)what;
	if (n > 0)
		buf_add(&p->got, chunk, (size_t)n);
	p->eof |= n == 0;
	p->reset |= n < 0 && errno == ECONNRESET;
	if (p->eof || p->reset || (p->want && p->got.len >= p->want)) {
		io_stop(net.loop, io);
		loop_stop(net.loop);
	}
}

static void peer_read(size_t want)
{
	net.peer.want = want;
	net.peer.io.fn = on_peer;
	net.peer.io.arg = &net.peer;
	cr_assert(zero(int, io_start(net.loop, &net.peer.io, net.peer.fd, IO_READ)));
}

static int raw_socket(int type, uint16_t *port)
{
	struct sockaddr_storage ss;
	struct pn_addr a = loopback(0);
	socklen_t len = addr_to_sockaddr(&a, &ss);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	cr_assert(ge(int, fd, 0));
	cr_assert(zero(int, bind(fd, (struct sockaddr *)&ss, len)));
	cr_assert(zero(int, getsockname(fd, (struct sockaddr *)&ss, &len)));
	cr_assert(zero(int, addr_of_sockaddr((struct sockaddr *)&ss, &a)));
	*port = a.port;
	return fd;
}

/* A port that was free a moment ago. */
static uint16_t free_port(int type)
{
	uint16_t port;

	close(raw_socket(type, &port));
	return port;
}

static void raw_connect(int type, uint16_t port)
{
	struct pn_addr a = loopback(port);
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&a, &ss);

	net.peer.fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	cr_assert(zero(int, connect(net.peer.fd, (struct sockaddr *)&ss, len)));
	fcntl(net.peer.fd, F_SETFL, O_NONBLOCK);
}

static void raw_send(const void *p, size_t len)
{
	cr_assert(eq(sz, (size_t)send(net.peer.fd, p, len, MSG_NOSIGNAL), len));
}

/* ---- both ---- */

static void on_guard(struct timer *t)
{
	(void)t;
	net.hung = true;
	loop_stop(net.loop);
}

static void run(void)
{
	timer_start(net.loop, &net.guard, GUARD_MS);
	loop_run(net.loop);
	timer_stop(net.loop, &net.guard);
	cr_assert(not(net.hung), "it never came");
}

static uint16_t listen_on(enum pn_transport kind)
{
	struct conf_listen l = { .transport = kind, .port = free_port(kind == PN_UDP ? SOCK_DGRAM : SOCK_STREAM) };
	const struct conf_listen *bad;

	cr_assert(zero(int, transport_listen(net.t, mod, net.realms, &l, 1, &bad)));
	return l.port;
}

static void setup(void)
{
	struct transport_conf c = { .net = &net_kernel, .events = &events };
	struct prefix any = { .addr = { .family = 4, .ip = { 127 } }, .bits = 8 };
	struct conf_realm realm = { .name = "lo", .side = PN_CORE, .addr4 = loopback(0), .dscp = 46,
				    .reach = { &any, 1 }, .reach_set = true };
	struct conf conf = { .realms = &realm, .n_realms = 1 };
	struct conf_limits limits = { .tcp_connections = 100, .tcp_write_queue = 2 * BIG,
				      .tcp_idle_ms = 60000 };

	memset(&net, 0, sizeof(net));
	metrics_reset();
	net.peer.fd = -1;
	buf_init(&net.peer.got, 4 * BIG);
	c.loop = c.net_arg = net.loop = loop_new();
	net.guard.fn = on_guard;
	net.realms = realms_new();
	cr_assert(zero(int, realms_apply(net.realms, &conf)));
	net.t = transport_new(&c);
	transport_limits(net.t, &limits);
}

static void teardown(void)
{
	io_stop(net.loop, &net.peer.io);
	transport_free(net.t);
	if (net.peer.fd >= 0)
		close(net.peer.fd);
	loop_free(net.loop);
	realms_free(net.realms);
	buf_free(&net.peer.got);
}

TestSuite(net, .init = setup, .fini = teardown);

Test(net, datagrams)
{
	uint16_t port = listen_on(PN_UDP);
	char big[60000];

	net.echo = true;
	raw_connect(SOCK_DGRAM, port);
	for (int i = 0; i < 100; i++)
		raw_send("0123456789", 10);
	raw_send("", 0);
	peer_read(1000);
	run();
	cr_expect(eq(sz, net.messages, 100));
	cr_expect(eq(i64, metric_get(M_UDP_TX), 100));

	memset(big, 'x', sizeof(big));
	raw_send(big, sizeof(big));
	peer_read(1000 + sizeof(big));
	run();
	cr_expect(eq(sz, net.messages, 101));
}

Test(net, a_datagram_to_nobody_harms_nobody)
{
	struct pn_addr nobody = loopback(free_port(SOCK_DGRAM));
	uint16_t port = listen_on(PN_UDP);
	uint64_t flow = flow_listener(net.t, mod, realms_at(net.realms, 0), PN_UDP, 4);

	cr_expect(zero(int, flow_send(net.t, flow, &nobody, "x", 1)));
	net.want_messages = 1;
	raw_connect(SOCK_DGRAM, port);
	raw_send("y", 1);
	run();
	cr_expect(eq(sz, net.messages, 1));
}

Test(net, an_address_in_use_is_an_error)
{
	uint16_t port;
	int fd = raw_socket(SOCK_DGRAM, &port);
	struct conf_listen l = { .transport = PN_UDP, .port = port };
	const struct conf_listen *bad;

	cr_expect(eq(int, transport_listen(net.t, mod, net.realms, &l, 1, &bad), -EADDRINUSE));
	close(fd);
	cr_expect(zero(int, transport_listen(net.t, mod, net.realms, &l, 1, &bad)));
}

Test(net, marking_is_set)
{
	const struct pn_realm *r = realms_at(net.realms, 0);
	struct pn_addr local = loopback(0);
	int fd = net_socket(r, SOCK_DGRAM, &local), tos = 0;
	socklen_t len = sizeof(tos);

	cr_assert(ge(int, fd, 0));
	cr_assert(zero(int, getsockopt(fd, IPPROTO_IP, IP_TOS, &tos, &len)));
	cr_expect(eq(int, tos, 46 << 2));
	close(fd);
}

Test(net, ipv6_sockets_are_ipv6_only)
{
	const struct pn_realm *r = realms_at(net.realms, 0);
	struct pn_addr any6 = { .family = 6 }, any4 = { .family = 4 };

	any6.port = any4.port = free_port(SOCK_DGRAM);
	int fd6 = net_socket(r, SOCK_DGRAM, &any6), fd4 = net_socket(r, SOCK_DGRAM, &any4);

	if (fd6 == -EAFNOSUPPORT)
		cr_skip_test("no IPv6 here");
	cr_expect(ge(int, fd6, 0));
	cr_expect(ge(int, fd4, 0));
	close(fd6);
	close(fd4);
}

Test(net, a_stream_in_pieces_then_half_closed)
{
	net.echo = true;
	raw_connect(SOCK_STREAM, listen_on(PN_TCP));
	raw_send("\0\5abc\0", 6);
	net.want_messages = 1;
	run();
	net.want_messages = 0;
	raw_send("\4de\0\3f\0", 7);
	shutdown(net.peer.fd, SHUT_WR);
	peer_read(0);
	run();
	cr_expect(net.peer.eof);
	cr_expect(eq(sz, net.messages, 3));
	cr_expect(eq(sz, net.peer.got.len, 12));
	cr_expect(zero(int, memcmp(net.peer.got.p, "\0\5abc\0\4de\0\3f", 12)));
	cr_expect(eq(int, net.closed, 1));
	cr_expect(eq(int, net.closed_err, 0));
}

Test(net, closed_by_the_module)
{
	net.echo = net.close_after = true;
	raw_connect(SOCK_STREAM, listen_on(PN_TCP));
	raw_send("\0\5abc\0\4de", 9);
	peer_read(0);
	run();
	cr_expect(net.peer.eof || net.peer.reset); /* the second message was never read */
	cr_expect(eq(sz, net.messages, 1));
	cr_expect(eq(int, net.closed, 0));
}

Test(net, reset_by_the_far_end)
{
	struct linger hard = { 1, 0 };

	raw_connect(SOCK_STREAM, listen_on(PN_TCP));
	raw_send("\0\3a", 3);
	net.want_messages = 1;
	run();
	setsockopt(net.peer.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(net.peer.fd);
	net.peer.fd = -1;
	net.stop_on_close = true;
	run();
	cr_expect(eq(int, net.closed_err, -ECONNRESET));
}

Test(net, a_long_queue_is_written_in_the_end)
{
	char *big = calloc(1, BIG);

	raw_connect(SOCK_STREAM, listen_on(PN_TCP));
	raw_send("\0\3a", 3);
	net.want_messages = 1;
	run();
	for (int i = 0; i < 2; i++) /* more than a socket buffer, less than the queue */
		cr_expect(zero(int, flow_send(net.t, net.flow, NULL, big, BIG)));
	flow_close(net.t, mod, net.flow);
	peer_read(0);
	run();
	cr_expect(net.peer.eof);
	cr_expect(eq(sz, net.peer.got.len, 2 * BIG));
	free(big);
}

static void on_incoming(struct io *io, unsigned what)
{
	(void)what;
	net.peer.fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	cr_assert(ge(int, net.peer.fd, 0));
	peer_read(5);
}

Test(net, connects)
{
	struct io listener = { .fn = on_incoming };
	uint16_t port;
	int fd = raw_socket(SOCK_STREAM, &port);
	struct pn_addr to = loopback(port);
	uint64_t flow = 0;

	cr_assert(zero(int, listen(fd, 1)));
	cr_assert(zero(int, io_start(net.loop, &listener, fd, IO_READ)));
	cr_assert(zero(int, flow_open(net.t, mod, realms_at(net.realms, 0), PN_TCP, &to, &flow)));
	cr_expect(zero(int, flow_send(net.t, flow, NULL, "\0\5abc", 5)));
	run();
	cr_expect(eq(u64, net.open.flow, flow));
	cr_expect(eq(int, net.open.local.family, 4));
	cr_expect(ne(u16, net.open.local.port, 0));
	cr_expect(eq(u16, net.open.remote.port, port));
	raw_send("\0\3x", 3);
	net.want_messages = 1;
	run();
	net.stop_on_close = true;
	close(net.peer.fd);
	net.peer.fd = -1;
	run();
	cr_expect(eq(int, net.closed, 1));
	io_stop(net.loop, &listener);
	close(fd);
}

Test(net, refused)
{
	struct pn_addr to = loopback(free_port(SOCK_STREAM));
	uint64_t flow;

	net.stop_on_close = true;
	cr_assert(zero(int, flow_open(net.t, mod, realms_at(net.realms, 0), PN_TCP, &to, &flow)));
	run();
	cr_expect(eq(int, net.closed_err, -ECONNREFUSED));
	cr_expect(eq(u64, net.open.flow, 0));
	cr_expect(eq(i64, metric_get(M_TCP_OPEN), 0));
}
