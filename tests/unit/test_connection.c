#include "transport_fake.h"

#define LISTENER "198.51.100.5:1720"
#define FAR "203.0.113.7:33000"

static struct conf_limits limits = { .tcp_connections = 8, .tcp_write_queue = 10, .tcp_idle_ms = 60000 };

static void start(void)
{
	setup();
	transport_limits(net.t, &limits);
	cr_assert(zero(int, listen_one(mod_a, 0, PN_TCP, 1720)));
}

static void data(struct sock *s, const char *octets, size_t len)
{
	uint8_t *copy = malloc(len); /* of just this size: the sanitizer sees a read past it */

	memcpy(copy, octets, len);
	net_on_data(s->owner, copy, len);
	free(copy);
}

TestSuite(connection, .init = start, .fini = teardown);

Test(connection, messages_in_any_pieces)
{
	static const char octets[] = "\4abc\2d\1\5efgh\3ij";
	const size_t len = sizeof(octets) - 1;

	for (size_t piece = 1; piece <= len; piece++) {
		struct sock *s = incoming(LISTENER, FAR);

		for (size_t at = 0; at < len; at += piece)
			data(s, octets + at, at + piece > len ? len - at : piece);
		net_on_closed(s->owner, -ECONNRESET);
		s->closed = true;
		loop_turn(net.loop);
		cr_expect(eq(str, net.heard, "a+ a<abc> a<d> a<> a<efgh> a<ij> a-ECONNRESET "), "piece %zu", piece);
		net.heard[0] = 0;
	}
}

Test(connection, what_cannot_be_framed_ends_it)
{
	static const struct {
		const char *octets;
		size_t len;
		const char *want;
	} row[] = {
		{ "\xff", 1, "a+ a-EBADMSG " },
		{ "\2x\xff", 3, "a+ a<x> a-EBADMSG " },
		{ "\xfe", 1, "a+ a-EMSGSIZE " }, /* says it is longer than 64 kB */
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct sock *s = incoming(LISTENER, FAR);

		data(s, row[i].octets, row[i].len);
		cr_expect(s->closed, "row %zu", i);
		expect_heard(row[i].want, __LINE__);
		cr_expect(eq(i64, metric_get(M_BAD_INPUT), (int64_t)i + 1));
	}
}

Test(connection, no_message_is_longer_than_64_kb)
{
	struct sock *s = incoming(LISTENER, FAR);
	char octets[1000] = "";

	net.frame_says = 1;
	for (int i = 0; i < 65; i++)
		data(s, octets, sizeof(octets));
	cr_expect(not(s->closed));
	data(s, octets, 536);
	cr_expect(not(s->closed));
	data(s, octets, 1);
	cr_expect(s->closed);
	expect_heard("a+ a-EMSGSIZE ", __LINE__);
}

Test(connection, silence_ends_it)
{
	struct sock *s = incoming(LISTENER, FAR);
	uint64_t flow = net.flow;

	loop_advance(net.loop, 59999);
	data(s, "\5", 1); /* half a message is a sign of life too */
	loop_advance(net.loop, 59999);
	cr_expect(zero(int, flow_send(net.t, flow, NULL, "x", 1)));
	loop_advance(net.loop, 59999);
	cr_expect(not(s->closed));
	loop_advance(net.loop, 1);
	cr_expect(s->closed);
	expect_heard("a+ a-ETIMEDOUT ", __LINE__);
}

Test(connection, limits_per_source_and_in_total)
{
	struct sock *s[10];
	char from[32];

	net.conf_realm[0].limits.tcp_per_source = 2;
	apply_realms();
	s[0] = incoming(LISTENER, FAR);
	s[1] = incoming(LISTENER, FAR);
	cr_expect(eq(ptr, incoming(LISTENER, "203.0.113.7:9"), NULL));
	for (int i = 2; i < 8; i++) {
		snprintf(from, sizeof(from), "203.0.113.%d:5", 10 + i);
		s[i] = incoming(LISTENER, from);
		cr_expect(not(eq(ptr, s[i], NULL)));
	}
	cr_expect(eq(ptr, incoming(LISTENER, "203.0.113.99:5"), NULL));
	cr_expect(eq(i64, metric_get(M_TCP_REFUSED), 2));
	cr_expect(eq(i64, metric_get(M_TCP_OPEN), 8));

	net_on_closed(s[0]->owner, 0);
	s[0]->closed = true;
	cr_expect(eq(i64, metric_get(M_TCP_OPEN), 7));
	cr_expect(not(eq(ptr, incoming(LISTENER, "203.0.113.7:10"), NULL)));
}

Test(connection, one_ipv6_net_is_one_source)
{
	net.conf_realm[0].limits.tcp_per_source = 1;
	apply_realms();
	cr_expect(not(eq(ptr, incoming("[2001:db8::5]:1720", "[2001:db8:1:2::7]:5"), NULL)));
	cr_expect(eq(ptr, incoming("[2001:db8::5]:1720", "[2001:db8:1:2::8]:5"), NULL));
	cr_expect(not(eq(ptr, incoming("[2001:db8::5]:1720", "[2001:db8:1:3::7]:5"), NULL)));
}

Test(connection, lists_and_rates_come_first)
{
	struct prefix bad = { addr("203.0.113.8"), 32 };
	struct sock *s;

	net.conf_realm[0].deny = (struct prefixes){ &bad, 1 };
	net.conf_realm[0].limits.source_rate = 1;
	net.conf_realm[0].limits.source_burst = 3;
	apply_realms();
	cr_expect(eq(ptr, incoming(LISTENER, "203.0.113.8:5"), NULL));
	cr_expect(eq(i64, metric_get(M_ACL_DENIED), 1));
	s = incoming(LISTENER, FAR);
	data(s, "\2a\2b\2c", 6);
	cr_expect(s->closed);
	expect_heard("a+ a<a> a<b> a-EDQUOT ", __LINE__);
	cr_expect(eq(i64, metric_get(M_RATE_DENIED), 1));
}

Test(connection, writes_wait_for_room)
{
	struct sock *s = incoming(LISTENER, FAR);
	uint64_t flow = net.flow;

	s->room = 3;
	cr_expect(zero(int, flow_send(net.t, flow, NULL, "abcde", 5)));
	cr_expect(eq(int, s->want_write, 1));
	cr_expect(zero(int, flow_send(net.t, flow, NULL, "fg", 2)));
	cr_expect(eq(sz, s->sent.len, 3));
	s->room = 3;
	net_on_writable(s->owner);
	cr_expect(eq(int, s->want_write, 1));
	s->room = SIZE_MAX;
	net_on_writable(s->owner);
	cr_expect(eq(int, s->want_write, 0));
	cr_expect(eq(str, (char *)buf_text(&s->sent), "abcdefg"));
}

Test(connection, a_full_queue_ends_it)
{
	struct sock *s = incoming(LISTENER, FAR);
	uint64_t flow = net.flow;

	s->room = 0;
	cr_expect(zero(int, flow_send(net.t, flow, NULL, "0123456789", 10)));
	cr_expect(eq(int, flow_send(net.t, flow, NULL, "x", 1), -ENOBUFS));
	cr_expect(s->closed);
	cr_expect(eq(str, net.heard, "a+ ")); /* not within the call */
	expect_heard("a+ a-ENOBUFS ", __LINE__);
	cr_expect(eq(int, flow_send(net.t, flow, NULL, "x", 1), -ENOTCONN));
	cr_expect(eq(i64, metric_get(M_TCP_OVERFLOW), 1));
}

Test(connection, a_failed_write_ends_it)
{
	struct sock *s = incoming(LISTENER, FAR);

	s->write_err = -EPIPE;
	cr_expect(eq(int, flow_send(net.t, net.flow, NULL, "x", 1), -ENOTCONN));
	expect_heard("a+ a-EPIPE ", __LINE__);
}

static void close_it(void)
{
	flow_close(net.t, mod_a, net.flow);
}

Test(connection, closed_while_messages_are_left)
{
	struct sock *s = incoming(LISTENER, FAR);

	net.on_message = close_it;
	data(s, "\2a\2b\2c", 6);
	cr_expect(s->closed);
	expect_heard("a+ a<a> ", __LINE__); /* who closes is not told */
}

Test(connection, closed_while_a_piece_is_kept)
{
	struct sock *s = incoming(LISTENER, FAR);

	net.on_message = close_it;
	data(s, "\3a", 2);
	data(s, "b\2c", 3);
	cr_expect(s->closed);
	expect_heard("a+ a<ab> ", __LINE__);
}

Test(connection, closed_while_it_is_accepted)
{
	net.on_open = close_it;
	cr_expect(eq(ptr, incoming(LISTENER, FAR), NULL));
	expect_heard("a+ ", __LINE__);
	cr_expect(eq(i64, metric_get(M_TCP_OPEN), 0));
}

static void greet(void)
{
	flow_send(net.t, net.flow, NULL, "hello", 5);
}

static void greet_and_close(void)
{
	greet();
	close_it();
}

Test(connection, what_was_sent_leaves_before_the_close)
{
	struct sock *s = incoming(LISTENER, FAR);

	s->room = 2;
	greet_and_close();
	cr_expect(not(s->closed));
	cr_expect(eq(int, flow_send(net.t, net.flow, NULL, "x", 1), -ENOTCONN));
	data(s, "\2a", 2); /* too late */
	s->room = SIZE_MAX;
	net_on_writable(s->owner);
	cr_expect(s->closed);
	cr_expect(eq(str, (char *)buf_text(&s->sent), "hello"));
	expect_heard("a+ ", __LINE__);
}

Test(connection, who_does_not_read_the_rest_is_cut_off)
{
	struct sock *s = incoming(LISTENER, FAR);

	s->room = 2;
	greet_and_close();
	loop_advance(net.loop, 9999);
	cr_expect(not(s->closed));
	loop_advance(net.loop, 1);
	cr_expect(s->closed);
}

Test(connection, half_closed)
{
	struct sock *s = incoming(LISTENER, FAR);

	net_on_eof(s->owner);
	cr_expect(s->closed);
	expect_heard("a+ a-0 ", __LINE__);

	s = incoming(LISTENER, FAR);
	s->room = 2;
	greet();
	net_on_eof(s->owner);
	cr_expect(not(s->closed));
	s->room = SIZE_MAX;
	net_on_writable(s->owner);
	cr_expect(s->closed);
	cr_expect(eq(str, (char *)buf_text(&s->sent), "hello"));
	expect_heard("a+ a-0 ", __LINE__);
}

/* ---- outgoing ---- */

static struct sock *outgoing(uint64_t *flow)
{
	struct pn_addr to = addr("203.0.113.9:1720");

	cr_assert(zero(int, flow_open(net.t, mod_a, realms_at(net.realms, 0), PN_TCP, &to, flow)));
	for (size_t i = 0; i < SOCKS; i++)
		if (net.sock[i].kind == 'c' && !net.sock[i].closed && addr_eq(&net.sock[i].remote, &to))
			return &net.sock[i];
	return NULL;
}

Test(connection, opens_before_the_first_write)
{
	struct pn_addr local = addr("198.51.100.5:40000");
	uint64_t flow;
	struct sock *s = outgoing(&flow);

	cr_expect(zero(int, flow_send(net.t, flow, NULL, "abc", 3)));
	expect_heard("", __LINE__);
	cr_expect(eq(sz, s->sent.len, 0));
	net.on_open = greet;
	net_on_connected(s->owner, &local, 0);
	cr_expect(eq(u64, net.flow, flow));
	cr_expect(eq(str, (char *)addr_text(&net.local), "198.51.100.5:40000"));
	cr_expect(eq(str, (char *)buf_text(&s->sent), "abchello"));
	data(s, "\2x", 2);
	expect_heard("a+ a<x> ", __LINE__);
	cr_expect(zero(int, flow_close(net.t, mod_a, flow)));
	expect_heard("", __LINE__);
}

Test(connection, nobody_there)
{
	struct pn_addr none = { 0 }, to = addr("203.0.113.9:1720");
	uint64_t flow;
	struct sock *s = outgoing(&flow);

	net_on_connected(s->owner, &none, -ECONNREFUSED);
	s->closed = true;
	expect_heard("a-ECONNREFUSED ", __LINE__);

	s = outgoing(&flow);
	loop_advance(net.loop, 10000);
	cr_expect(s->closed);
	expect_heard("a-ETIMEDOUT ", __LINE__);

	net.bind_err = ENETUNREACH;
	net.bad_port = 1720;
	cr_expect(eq(int, flow_open(net.t, mod_a, realms_at(net.realms, 0), PN_TCP, &to, &flow),
		     -ENETUNREACH));
	expect_heard("", __LINE__);
	cr_expect(eq(i64, metric_get(M_TCP_OPEN), 0));
}

Test(connection, outgoing_ones_count_too)
{
	struct pn_addr to = addr("203.0.113.9:1720"), special = addr("127.0.0.1:1720");
	struct pn_realm *r = realms_at(net.realms, 0);
	uint64_t flow;

	cr_expect(eq(int, flow_open(net.t, mod_a, r, PN_TCP, &special, &flow), -EPERM));
	for (int i = 0; i < 8; i++)
		cr_expect(zero(int, flow_open(net.t, mod_a, r, PN_TCP, &to, &flow)));
	cr_expect(eq(int, flow_open(net.t, mod_a, r, PN_TCP, &to, &flow), -ENOSPC));
}

/* ---- owners ---- */

Test(connection, belongs_to_its_module)
{
	struct pn_flow_info info;
	struct sock *s = incoming(LISTENER, FAR);

	cr_expect(eq(int, flow_close(net.t, mod_b, net.flow), -ENOENT));
	cr_expect(eq(int, flow_info(net.t, mod_b, net.flow, &info), -ENOENT));
	cr_assert(zero(int, flow_info(net.t, mod_a, net.flow, &info)));
	cr_expect(eq(str, (char *)addr_text(&info.remote), FAR));
	cr_expect(not(s->closed));
}

Test(connection, a_module_that_leaves_hears_nothing_more)
{
	struct sock *s = incoming(LISTENER, FAR), *dying = incoming(LISTENER, "203.0.113.8:5");

	net_on_closed(dying->owner, -ECONNRESET); /* told at the end of the turn: too late */
	dying->closed = true;
	transport_unlisten(net.t, mod_a);
	cr_expect(s->closed);
	cr_expect(eq(ptr, sock_at('l', LISTENER), NULL));
	expect_heard("a+ a+ ", __LINE__);
}

Test(connection, a_closed_listener_leaves_its_connections)
{
	struct sock *s = incoming(LISTENER, FAR);

	cr_assert(zero(int, listen_one(mod_a, 0, PN_UDP, 5060)));
	cr_expect(eq(ptr, sock_at('l', LISTENER), NULL));
	data(s, "\2a", 2);
	expect_heard("a+ a<a> ", __LINE__);
}
