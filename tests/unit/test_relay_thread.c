/* Media threads with kernel sockets on loopback. Nothing here waits for time to pass: receiving blocks,
 * and the loop runs until a condition holds. Ten seconds end what hangs. */
#include "real_relay.h"

Test(relay_thread, relays_both_ways)
{
	static const struct {
		const char *a, *b;
	} row[] = { { "127.0.0.1", "127.0.0.1" }, { "[::1]", "[::1]" }, { "127.0.0.1", "[::1]" } };
	struct real r;

	start(&r, 2);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct call c;

		open_call(&r, &c, row[i].a, row[i].b);
		expect_through(&c.a, &c.local[0], &c.b, &c.local[1]);
		expect_through(&c.b, &c.local[1], &c.a, &c.local[0]);
		end_call(&c);
	}
	stop(&r);
}

static bool all_final(struct real *r)
{
	return !relay_streams(r->relay);
}

Test(relay_thread, keeps_many_streams_apart)
{
	enum { CALLS = 30, ROUNDS = 20 };
	struct call c[CALLS];
	struct real r;

	start(&r, 3);
	for (int i = 0; i < CALLS; i++)
		open_call(&r, &c[i], "127.0.0.1", "127.0.0.1");
	for (int n = 0; n < ROUNDS; n++) {
		for (int i = 0; i < CALLS; i++) {
			expect_through(&c[i].a, &c[i].local[0], &c[i].b, &c[i].local[1]);
			expect_through(&c[i].b, &c[i].local[1], &c[i].a, &c[i].local[0]);
		}
	}
	for (int i = 0; i < CALLS; i++) {
		relay_close(r.relay, c[i].id);
		end_call(&c[i]);
	}
	run_until(&r, all_final);
	cr_expect(eq(uint, r.finals, CALLS));
	cr_expect(eq(i64, metric_get(M_RELAY_RX), CALLS * ROUNDS * 2));
	cr_expect(eq(i64, metric_get(M_RELAY_TX), CALLS * ROUNDS * 2));
	stop(&r);
}

Test(relay_thread, relays_large_datagrams_whole)
{
	static uint8_t out[65507], in[65536];
	struct real r;
	struct call c;
	struct pn_addr from;

	memcpy(out, rtp(1, 1), RTP_LEN);
	memset(out + RTP_LEN, 0x5a, sizeof(out) - RTP_LEN);
	start(&r, 1);
	open_call(&r, &c, "127.0.0.1", "127.0.0.1");
	peer_send(&c.a, &c.local[0], out, sizeof(out));
	cr_expect(eq(sz, peer_receive(&c.b, in, sizeof(in), &from), sizeof(out)));
	cr_expect(zero(int, memcmp(in, out, sizeof(out))));
	end_call(&c);
	stop(&r);
}

Test(relay_thread, relays_bursts_in_order)
{
	enum { BURST = 100 };
	struct real r;
	struct call c;

	start(&r, 1);
	open_call(&r, &c, "127.0.0.1", "127.0.0.1");
	for (uint16_t i = 1; i <= BURST; i++)
		peer_send(&c.a, &c.local[0], rtp(1, i), RTP_LEN);
	for (uint16_t i = 1; i <= BURST; i++) {
		struct pn_addr from;
		uint8_t buf[64];

		cr_assert(eq(sz, peer_receive(&c.b, buf, sizeof(buf), &from), RTP_LEN));
		cr_assert(zero(int, memcmp(buf, rtp(1, i), RTP_LEN)), "packet %d", i);
	}
	end_call(&c);
	stop(&r);
}

static bool one_latched(struct real *r)
{
	return r->latched;
}

Test(relay_thread, learns_and_tells)
{
	struct real r;
	struct call c = { .a = peer_new("127.0.0.1"), .b = peer_new("127.0.0.1") };
	struct peer stranger = peer_new("127.0.0.2");
	struct relay_counters n;

	start(&r, 1);
	open_stream(&r, &c, "127.0.0.1", "127.0.0.1");
	declare(&r, c.id, 0, &c.a.addr, LATCH_PEER);
	declare(&r, c.id, 1, &c.b.addr, LATCH_OFF);
	r.stream = c.id;
	run_until(&r, b_aimed);
	peer_send(&stranger, &c.local[0], rtp(6, 1), RTP_LEN);
	expect_through(&c.a, &c.local[0], &c.b, &c.local[1]); /* what came first was dropped */
	expect_through(&c.b, &c.local[1], &c.a, &c.local[0]);
	run_until(&r, one_latched);
	cr_expect(zero(int, relay_counters(r.relay, c.id, &n)));
	cr_expect(eq(u64, n.side[0].foreign, 1));
	cr_expect(eq(u64, n.side[0].packets, 1));
	cr_expect(n.side[0].latched);
	close(stranger.fd);
	end_call(&c);
	stop(&r);
}

static bool forgotten(struct real *r)
{
	struct relay_counters c;

	return r->latched && !relay_counters(r->relay, r->stream, &c) && !c.side[0].latched;
}

Test(relay_thread, hears_a_veto)
{
	struct real r;
	struct call c = { .a = peer_new("127.0.0.1"), .b = peer_new("127.0.0.1") };
	struct peer second = peer_new("127.0.0.1");

	start(&r, 1);
	open_stream(&r, &c, "127.0.0.1", "127.0.0.1");
	declare(&r, c.id, 0, &c.a.addr, LATCH_PEER);
	declare(&r, c.id, 1, &c.b.addr, LATCH_OFF);
	r.stream = c.id;
	run_until(&r, b_aimed);
	r.veto = 1;
	expect_through(&c.a, &c.local[0], &c.b, &c.local[1]);
	run_until(&r, forgotten);
	r.veto = 0;
	peer_send(&c.a, &c.local[0], rtp(6, 1), RTP_LEN);
	expect_through(&second, &c.local[0], &c.b, &c.local[1]);
	close(second.fd);
	end_call(&c);
	stop(&r);
}

/* Two streams, each in a thread of its own, that are each other's far end. */
Test(relay_thread, hops_between_threads)
{
	struct real r;
	struct call one = { .a = peer_new("127.0.0.1") }, two = { .b = peer_new("127.0.0.1") };

	start(&r, 2);
	open_stream(&r, &one, "127.0.0.1", "127.0.0.1");
	open_stream(&r, &two, "127.0.0.1", "127.0.0.1");
	declare(&r, one.id, 0, &one.a.addr, LATCH_OFF);
	declare(&r, one.id, 1, &two.local[0], LATCH_OFF);
	declare(&r, two.id, 0, &one.local[1], LATCH_OFF);
	declare(&r, two.id, 1, &two.b.addr, LATCH_OFF);
	r.stream = one.id;
	run_until(&r, aimed);
	r.stream = two.id;
	run_until(&r, aimed);
	for (int i = 0; i < 100; i++) {
		expect_through(&one.a, &one.local[0], &two.b, &two.local[1]);
		expect_through(&two.b, &two.local[1], &one.a, &one.local[0]);
	}
	relay_tick(r.relay);
	cr_expect(eq(i64, metric_get(M_RELAY_HOPS), 200));
	close(one.a.fd);
	close(two.b.fd);
	stop(&r);
}

Test(relay_thread, marks_both_ways)
{
	struct real r;
	struct call c;
	const struct peer *end[2];

	start(&r, 1);
	name_loopback(&r, 46, NULL);
	open_call(&r, &c, "127.0.0.1", "127.0.0.1");
	end[0] = &c.a;
	end[1] = &c.b;
	for (int i = 0; i < 2; i++) {
		char data[64], control[CMSG_SPACE(sizeof(int))];
		struct iovec iov = { data, sizeof(data) };
		struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				    .msg_controllen = sizeof(control) };
		int on = 1;

		setsockopt(end[i]->fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on));
		peer_send(end[!i], &c.local[!i], rtp(1, 1), RTP_LEN);
		cr_assert(recvmsg(end[i]->fd, &m, 0) > 0);
		cr_assert(ne(ptr, CMSG_FIRSTHDR(&m), NULL));
		cr_expect(eq(u8, *CMSG_DATA(CMSG_FIRSTHDR(&m)), 46 << 2), "end %d", i);
	}
	end_call(&c);
	stop(&r);
}

Test(relay_thread, binds_to_a_device)
{
	struct real r;
	struct call c;
	struct relay_end end[2] = { { .rtp = addr("127.0.0.1:19998") }, { .rtp = addr("127.0.0.1:19996") } };

	start(&r, 1);
	name_loopback(&r, -1, "lo");
	open_call(&r, &c, "127.0.0.1", "127.0.0.1");
	expect_through(&c.a, &c.local[0], &c.b, &c.local[1]);
	name_loopback(&r, -1, "none");
	cr_expect(eq(int, relay_open(r.relay, end, &c.id, NULL), -ENODEV));
	end_call(&c);
	stop(&r);
}

Test(relay_thread, lets_ports_go_before_it_says_so)
{
	struct real r;
	struct call c;
	uint32_t again;
	unsigned busy = 9;

	start(&r, 1);
	open_call(&r, &c, "127.0.0.1", "127.0.0.1");
	struct relay_end end[2] = { { .rtp = c.local[0] }, { .rtp = c.local[1] } };

	end[0].rtp.port = r.next_port;
	cr_expect(eq(int, relay_open(r.relay, end, &again, &busy), -EADDRINUSE));
	cr_expect(eq(uint, busy, 1));
	relay_close(r.relay, c.id);
	run_until(&r, all_final);
	end[0].rtp = c.local[0];
	cr_expect(zero(int, relay_open(r.relay, end, &again, &busy)));
	end_call(&c);
	stop(&r);
}

Test(relay_thread, counts_what_came_before_the_end)
{
	enum { ROUNDS = 50, FLOCK = 40 };
	struct real r;

	start(&r, 1);
	for (int n = 0; n < ROUNDS; n++) {
		struct call c;

		open_call(&r, &c, "127.0.0.1", "127.0.0.1");
		for (uint16_t i = 0; i < FLOCK; i++)
			peer_send(&c.a, &c.local[0], rtp(1, i), RTP_LEN);
		relay_close(r.relay, c.id);
		run_until(&r, all_final);
		cr_assert(eq(u64, r.last.side[0].packets, FLOCK), "round %d", n);
		end_call(&c);
	}
	stop(&r);
}

static bool probed(struct real *r)
{
	(void)r;
	return metric_get(M_RELAY_DEADLOCK) >= 2;
}

Test(relay_thread, breaks_deadlocks)
{
	static const struct relay_events events = { .on_latch = on_latch, .on_final = on_final };
	struct real r;
	struct call c;
	struct pn_addr from;
	char buf[8];

	start(&r, 1);
	relay_free(r.relay);
	r.relay = relay_new(&(struct relay_conf){ .loop = r.loop, .threads = 1, .events = &events, .arg = &r,
						  .max_streams = 4, .deadlock_ms = 1 });
	name_loopback(&r, -1, NULL);
	open_call(&r, &c, "127.0.0.1", "127.0.0.1");
	cr_expect(zero(sz, peer_receive(&c.a, buf, sizeof(buf), &from)));
	cr_expect(addr_eq(&from, &c.local[0]));
	cr_expect(zero(sz, peer_receive(&c.b, buf, sizeof(buf), &from)));
	run_until(&r, probed);
	end_call(&c);
	stop(&r);
}

/* For the sanitizers: everything comes and goes while packets fly, and the end finds it all alive. */
Test(relay_thread, survives_churn)
{
	enum { CALLS = 16, ROUNDS = 40 };
	struct call c[CALLS];
	struct real r;

	start(&r, 2);
	for (int i = 0; i < CALLS; i++) {
		c[i].a = peer_new("127.0.0.1");
		c[i].b = peer_new("127.0.0.1");
		open_stream(&r, &c[i], "127.0.0.1", "127.0.0.1");
	}
	for (int n = 0; n < ROUNDS; n++) {
		for (int i = 0; i < CALLS; i++) {
			struct relay_counters counters;

			declare(&r, c[i].id, 0, &c[i].a.addr, n % 2 ? LATCH_PEER : LATCH_OFF);
			declare(&r, c[i].id, 1, i ? &c[i - 1].local[0] : &c[i].b.addr, LATCH_OFF);
			peer_send(&c[i].a, &c[i].local[0], rtp(1, (uint16_t)n), RTP_LEN);
			cr_expect(zero(int, relay_counters(r.relay, c[i].id, &counters)));
			relay_choose(r.relay, c[i].id, 0);
		}
		name_loopback(&r, -1, NULL);
		relay_close(r.relay, c[n % CALLS].id);
		open_stream(&r, &c[n % CALLS], "127.0.0.1", "127.0.0.1");
	}
	for (int i = 0; i < CALLS; i++)
		end_call(&c[i]);
	stop(&r);
}

Test(relay_thread, needs_no_closing_before_it_is_freed)
{
	struct real r;
	struct call c;

	start(&r, 2);
	open_call(&r, &c, "127.0.0.1", "127.0.0.1");
	relay_close(r.relay, c.id);
	peer_send(&c.a, &c.local[0], rtp(1, 1), RTP_LEN);
	stop(&r);
	end_call(&c);
}
