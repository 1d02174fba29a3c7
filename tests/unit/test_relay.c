/* The relay in line, over a fake network: what arrives, what leaves, what the control side hears. */
#include "fake_relay.h"
#include <stdlib.h>

Test(relay, opens_four_ports_or_none)
{
	static const struct {
		const char *taken;
		unsigned busy;
	} row[] = {
		{ "198.51.100.5:20000", 0 }, { "198.51.100.5:20001", 0 },
		{ "192.0.2.5:30000", 1 },    { "192.0.2.5:30001", 1 },
	};
	struct relay_end end[2] = { { .rtp = addr("198.51.100.5:20000") }, { .realm = 1, .rtp = addr("192.0.2.5:30000") } };
	struct fake f;
	uint32_t s = 77;

	fake_start(&f, 4);
	for (size_t i = 0; i < ROWS(row); i++) {
		unsigned busy = 9;

		f.taken = addr(row[i].taken);
		cr_expect(eq(int, relay_open(f.relay, end, &s, &busy), -EADDRINUSE), "row %zu", i);
		cr_expect(eq(uint, busy, row[i].busy), "row %zu", i);
		cr_expect(eq(u32, s, 77), "row %zu: written on failure", i);
		cr_expect(zero(sz, f.n_bound), "row %zu", i);
		cr_expect(zero(sz, relay_streams(f.relay)), "row %zu", i);
	}
	f.taken = addr("none");
	cr_expect(zero(int, relay_open(f.relay, end, &s, NULL)));
	cr_expect(eq(sz, f.n_bound, 4));
	end[0].realm = RELAY_REALMS;
	cr_expect(eq(int, relay_open(f.relay, end, &s, NULL), -EINVAL));
	fake_stop(&f);
}

Test(relay, is_full_and_has_room_again)
{
	struct relay_end end[2] = { { .rtp = addr("198.51.100.5:20008") }, { .realm = 1, .rtp = addr("192.0.2.5:30008") } };
	struct fake f;
	uint32_t first, second, third;

	fake_start(&f, 2);
	first = fake_open(&f, "198.51.100.5:20000", "192.0.2.5:30000");
	second = fake_open(&f, "198.51.100.5:20002", "192.0.2.5:30002");
	cr_expect(eq(int, relay_open(f.relay, end, &third, NULL), -ENOSPC));
	relay_close(f.relay, first);
	cr_expect(eq(sz, relay_streams(f.relay), 2), "closing ones included");
	loop_turn(f.loop);
	cr_expect(eq(sz, relay_streams(f.relay), 1));
	third = fake_open(&f, "198.51.100.5:20000", "192.0.2.5:30000");
	cr_expect(third != first && third != second);
	cr_expect(eq(int, fake_set(&f, first, "A", "none", "none"), -ENOENT));
	relay_close(f.relay, first);
	loop_turn(f.loop);
	cr_expect(eq(sz, relay_streams(f.relay), 2), "a stale id closes nothing");
	fake_stop(&f);
}

Test(relay, relays_both_ways_from_the_advertised_pair)
{
	static const struct {
		const char *flow, *want;
	} row[] = {
		{ "rtp " SOFT ":5000 1 192.0.2.5:30000", "" }, /* A is not known yet */
		{ "rtp " TERM ":7000 0 198.51.100.5:20000", "1 192.0.2.5:30000>" SOFT ":5000" },
		{ "rtp " SOFT ":5000 1 192.0.2.5:30000", "0 198.51.100.5:20000>" TERM ":7000" },
		{ "rtcp " SOFT ":5001 1 192.0.2.5:30001", "" }, /* RTCP has a latch of its own */
		{ "rtcp " TERM ":7001 0 198.51.100.5:20001", "1 192.0.2.5:30001>" SOFT ":5001" },
		{ "rtcp " SOFT ":5001 1 192.0.2.5:30001", "0 198.51.100.5:20001>" TERM ":7001" },
		{ "rtp 198.51.100.66:4000 0 198.51.100.5:20000", "" },
		{ "rtp " TERM ":7000 1 192.0.2.5:30000", "" }, /* A's source on B's port */
		{ "rtp " TERM ":7000 1 198.51.100.5:20000", "" }, /* no such port in that realm */
		{ "rtp " TERM ":7000 0 198.51.100.5:20002", "" }, /* no such port */
	};
	struct fake f;
	struct relay_counters c;
	uint32_t s;

	fake_start(&f, 4);
	s = fake_call(&f);
	for (size_t i = 0; i < ROWS(row); i++)
		expect_packet(&f, row[i].flow, row[i].want);
	expect_events(&f, "A0 learned " TERM ":7000, A0 rtcp learned " TERM ":7001");
	cr_assert(zero(int, relay_counters(f.relay, s, &c)));
	cr_expect(eq(u64, c.side[0].packets, 1));
	cr_expect(eq(u64, c.side[0].bytes, 14));
	cr_expect(eq(u64, c.side[0].rtcp_packets, 1));
	cr_expect(eq(u64, c.side[0].rtcp_bytes, 8));
	cr_expect(eq(u64, c.side[0].sent_packets, 2));
	cr_expect(eq(u64, c.side[0].sent_bytes, 22));
	cr_expect(eq(u64, c.side[0].foreign, 1));
	cr_expect(eq(u64, c.side[0].last_ms, 1000000));
	cr_expect(eq(u64, c.side[1].packets, 2));
	cr_expect(eq(u64, c.side[1].no_destination, 2));
	cr_expect(eq(u64, c.side[1].foreign, 1));
	cr_expect(c.side[0].latched && c.side[1].latched);
	cr_expect(eq(str, (char *)addr_text(&c.side[0].remote), TERM ":7000"));
	cr_expect(eq(str, (char *)addr_text(&c.side[0].remote_rtcp), TERM ":7001"));
	cr_expect(eq(str, (char *)addr_text(&c.side[1].remote), SOFT ":5000"));
	cr_expect(eq(i64, metric_get(M_RELAY_RX), 8));
	cr_expect(eq(i64, metric_get(M_RELAY_TX), 4));
	cr_expect(eq(i64, metric_get(M_RELAY_FOREIGN), 2));
	cr_expect(eq(i64, metric_get(M_RELAY_NODEST), 2));
	cr_expect(eq(i64, metric_get(M_RELAY_LATCHED), 2));
	cr_expect(eq(int, relay_counters(f.relay, s + 1, &c), -ENOENT));
	fake_stop(&f);
}

Test(relay, joins_ipv4_and_ipv6)
{
	struct fake f;
	uint32_t s;

	fake_start(&f, 4);
	s = fake_open(&f, "[2001:db8::5]:20000", "192.0.2.5:30000");
	fake_set(&f, s, "A", "[2001:db8::9]:4000", "[2001:db8::9]");
	fake_set(&f, s, "B", SOFT ":5000", "none");
	expect_packet(&f, "rtp [2001:db8::9]:4000 0 [2001:db8::5]:20000", "1 192.0.2.5:30000>" SOFT ":5000");
	expect_packet(&f, "rtp " SOFT ":5000 1 192.0.2.5:30000", "0 [2001:db8::5]:20000>[2001:db8::9]:4000");
	fake_set(&f, s, "B", "[2001:db8::20]:5000", "none");
	expect_packet(&f, "rtp [2001:db8::9]:4000 0 [2001:db8::5]:20000", "");
	cr_expect(eq(i64, metric_get(M_MEDIA_REFUSED_DEST), 1), "a family that this side does not speak");
	fake_stop(&f);
}

Test(relay, relays_large_datagrams_whole)
{
	static uint8_t big[65507];
	struct fake f;
	uint32_t s;

	fake_start(&f, 4);
	s = fake_call(&f);
	fake_set(&f, s, "Au", "10.0.0.2:4000", TERM);
	fake_data(&f, TERM ":7000", "0 198.51.100.5:20000", big, sizeof(big));
	cr_assert(eq(sz, f.n_sent, 1));
	cr_expect(eq(sz, f.sent[0].len, sizeof(big)));
	fake_stop(&f);
}

Test(relay, drops_what_is_not_plausible)
{
	struct fake f;
	struct relay_counters c;
	uint32_t s;

	fake_start(&f, 4);
	s = fake_call(&f);
	fake_data(&f, TERM ":7000", "0 198.51.100.5:20000", "hello", 5);
	cr_expect(zero(sz, f.n_sent));
	relay_counters(f.relay, s, &c);
	cr_expect(eq(u64, c.side[0].implausible, 1));
	cr_expect(eq(i64, metric_get(M_RELAY_IMPLAUSIBLE), 1));
	expect_events(&f, "");
	fake_stop(&f);
}

Test(relay, needs_rules_before_it_believes_anybody)
{
	struct fake f;
	uint32_t s;

	fake_start(&f, 4);
	s = fake_open(&f, "198.51.100.5:20000", "192.0.2.5:30000");
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "");
	expect_packet(&f, "rtp " SOFT ":5000 1 192.0.2.5:30000", "");
	cr_expect(eq(i64, metric_get(M_RELAY_FOREIGN), 2));
	cr_expect(eq(int, fake_set(&f, s, "B8", "none", "none"), -ENOSPC));
	cr_expect(eq(int, fake_set(&f, s, "A1", "none", "none"), -ENOSPC));
	fake_stop(&f);
}

Test(relay, sends_nothing_to_a_held_side)
{
	struct fake f;
	struct relay_counters c;
	uint32_t s;

	fake_start(&f, 4);
	s = fake_call(&f);
	fake_set(&f, s, "Bh", SOFT ":5000", "none");
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "");
	expect_packet(&f, "rtp " SOFT ":5000 1 192.0.2.5:30000", "0 198.51.100.5:20000>" TERM ":7000");
	relay_counters(f.relay, s, &c);
	cr_expect(zero(u64, c.side[0].no_destination), "held is not unknown");
	fake_set(&f, s, "B", SOFT ":5000", "none");
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "1 192.0.2.5:30000>" SOFT ":5000");
	fake_stop(&f);
}

/* RFC 5761: each side has RTCP on its own port or with RTP. */
Test(relay, moves_rtcp_between_ports)
{
	static const struct {
		const char *a, *b; /* "m" for mux */
		const char *flow, *want;
	} row[] = {
		{ "", "", "rtcp " TERM ":7001 0 198.51.100.5:20001", "1 192.0.2.5:30001>" SOFT ":5001" },
		{ "m", "", "rtcp " TERM ":7000 0 198.51.100.5:20000", "1 192.0.2.5:30001>" SOFT ":5001" },
		{ "m", "", "rtp " TERM ":7000 0 198.51.100.5:20000", "1 192.0.2.5:30000>" SOFT ":5000" },
		{ "", "m", "rtcp " TERM ":7001 0 198.51.100.5:20001", "1 192.0.2.5:30000>" SOFT ":5000" },
		{ "m", "m", "rtcp " TERM ":7000 0 198.51.100.5:20000", "1 192.0.2.5:30000>" SOFT ":5000" },
		{ "", "", "rtcp " TERM ":7000 0 198.51.100.5:20000", "1 192.0.2.5:30000>" SOFT ":5000" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct fake f;
		char side[8];
		uint32_t s;
		struct relay_counters c;

		fake_start(&f, 4);
		s = fake_call(&f);
		snprintf(side, sizeof(side), "A%s", row[i].a);
		fake_set(&f, s, side, "10.0.0.2:4000", TERM);
		snprintf(side, sizeof(side), "B%s", row[i].b);
		fake_set(&f, s, side, SOFT ":5000", "none");
		expect_packet(&f, row[i].flow, row[i].want);
		relay_counters(f.relay, s, &c);
		cr_expect(eq(u64, c.side[0].rtcp_packets, strstr(row[i].flow, "rtcp") && (row[i].a[0] || strstr(row[i].flow, "20001"))),
			  "row %zu", i);
		fake_stop(&f);
	}
}

Test(relay, learns_rtcp_from_where_rtp_came)
{
	struct fake f;
	uint32_t s;

	fake_start(&f, 4);
	s = fake_call(&f);
	fake_set(&f, s, "Aro", TERM ":4001", "203.0.113.9"); /* signalling from elsewhere, RTP from TERM */
	expect_packet(&f, "rtcp " TERM ":7001 0 198.51.100.5:20001", "");
	expect_packet(&f, "rtcp " SOFT ":5001 1 192.0.2.5:30001", "");
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "1 192.0.2.5:30000>" SOFT ":5000");
	expect_packet(&f, "rtcp " SOFT ":5001 1 192.0.2.5:30001", "0 198.51.100.5:20001>" TERM ":4001");
	expect_packet(&f, "rtcp " TERM ":7001 0 198.51.100.5:20001", "1 192.0.2.5:30001>" SOFT ":5001");
	expect_packet(&f, "rtcp " SOFT ":5001 1 192.0.2.5:30001", "0 198.51.100.5:20001>" TERM ":7001");
	fake_stop(&f);
}

Test(relay, serves_branches)
{
	struct fake f;
	uint32_t s;

	fake_start(&f, 4);
	s = fake_call(&f); /* branch 0 */
	fake_set(&f, s, "B1", "192.0.2.21:5000", "none");
	fake_set(&f, s, "B2", "192.0.2.22:5000", "none");
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "1 192.0.2.5:30000>192.0.2.22:5000");
	expect_packet(&f, "rtp " SOFT ":5000 1 192.0.2.5:30000", "0 198.51.100.5:20000>" TERM ":7000");
	expect_packet(&f, "rtp 192.0.2.21:5000 1 192.0.2.5:30000", "0 198.51.100.5:20000>" TERM ":7000");
	expect_packet(&f, "rtp 192.0.2.23:5000 1 192.0.2.5:30000", "");
	cr_expect(zero(int, relay_branch_end(f.relay, s, 2)));
	expect_packet(&f, "rtp 192.0.2.22:5000 1 192.0.2.5:30000", "");
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "1 192.0.2.5:30000>" SOFT ":5000");
	cr_expect(zero(int, relay_choose(f.relay, s, 1)));
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "1 192.0.2.5:30000>192.0.2.21:5000");
	expect_packet(&f, "rtp " SOFT ":5000 1 192.0.2.5:30000", "");
	fake_set(&f, s, "B3", "192.0.2.24:5000", "none");
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "1 192.0.2.5:30000>192.0.2.21:5000");
	cr_expect(eq(int, relay_choose(f.relay, s, RELAY_BRANCHES), -ENOENT));
	cr_expect(eq(int, relay_branch_end(f.relay, s, RELAY_BRANCHES), -ENOENT));
	fake_stop(&f);
}

Test(relay, begins_a_branch_anew)
{
	struct fake f;
	uint32_t s;

	fake_start(&f, 4);
	s = fake_call(&f);
	fake_set(&f, s, "B1", "10.0.0.3:4000", "203.0.113.3");
	expect_packet(&f, "rtp 203.0.113.3:7000 1 192.0.2.5:30000", "");
	expect_events(&f, "B1 learned 203.0.113.3:7000");
	relay_branch_end(f.relay, s, 1);
	fake_set(&f, s, "B1", "10.0.0.3:4000", "203.0.113.3");
	expect_packet(&f, "rtp 203.0.113.3:7002 1 192.0.2.5:30000", "");
	expect_events(&f, "B1 learned 203.0.113.3:7002");
	fake_stop(&f);
}

Test(relay, tells_and_hears_a_veto)
{
	struct fake f;

	fake_start(&f, 4);
	fake_call(&f);
	f.veto = 1;
	fake_packet(&f, "rtp", TERM ":7000", "0 198.51.100.5:20000");
	expect_events(&f, "A0 learned " TERM ":7000");
	f.veto = 0;
	expect_packet(&f, "rtp " SOFT ":5000 1 192.0.2.5:30000", "");
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "");
	expect_packet(&f, "rtp " TERM ":7002 0 198.51.100.5:20000", "1 192.0.2.5:30000>" SOFT ":5000");
	expect_events(&f, "A0 learned " TERM ":7002");
	fake_stop(&f);
}

Test(relay, may_be_closed_by_who_hears_of_a_latch)
{
	struct fake f;

	fake_start(&f, 4);
	fake_call(&f);
	f.close_on_latch = 1;
	f.veto = 1;
	fake_packet(&f, "rtp", TERM ":7000", "0 198.51.100.5:20000");
	loop_turn(f.loop);
	expect_events(&f, "A0 learned " TERM ":7000, final");
	cr_expect(zero(sz, relay_streams(f.relay)));
	fake_stop(&f);
}

Test(relay, tells_moves)
{
	struct fake f;
	uint32_t s;

	fake_start(&f, 4);
	s = fake_call(&f);
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "1 192.0.2.5:30000>" SOFT ":5000");
	fake_set(&f, s, "Ao", "10.0.0.2:4002", TERM);
	expect_packet(&f, "rtp " TERM ":7002 0 198.51.100.5:20000", "1 192.0.2.5:30000>" SOFT ":5000");
	expect_events(&f, "A0 learned " TERM ":7000, A0 moved " TERM ":7002");
	cr_expect(eq(i64, metric_get(M_RELAY_RELATCHED), 1));
	fake_set(&f, s, "Ab", "10.0.0.2:4000", TERM);
	expect_packet(&f, "rtp " SOFT ":5000 1 192.0.2.5:30000", "0 198.51.100.5:20000>" TERM ":7000");
	fake_stop(&f);
}

Test(relay, never_sends_outside_reach)
{
	struct fake f;
	uint32_t s;

	fake_start(&f, 4);
	s = fake_call(&f);
	fake_set(&f, s, "B", "127.0.0.1:5000", "none");
	cr_expect(eq(i64, metric_get(M_MEDIA_REFUSED_DEST), 1));
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "");
	fake_set(&f, s, "B", "127.0.0.1:5000", "none");
	cr_expect(eq(i64, metric_get(M_MEDIA_REFUSED_DEST), 1), "told once");
	fake_realm(&f, 1, "127.0.0.0/8", "none", NULL);
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "1 192.0.2.5:30000>127.0.0.1:5000");
	fake_realm(&f, 1, "", "none", NULL);
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "");
	cr_expect(eq(int, relay_realm(f.relay, RELAY_REALMS, &(struct relay_realm){ 0 }), -EINVAL));
	fake_stop(&f);
}

Test(relay, sends_nothing_to_a_learned_source_outside_reach)
{
	struct fake f;
	struct relay_realm what = { .dscp = -1, .reach = { .rest = REACH_NAMED } };

	fake_start(&f, 4);
	fake_call(&f);
	cr_assert(zero(int, relay_realm(f.relay, 0, &what)));
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "1 192.0.2.5:30000>" SOFT ":5000");
	expect_packet(&f, "rtp " SOFT ":5000 1 192.0.2.5:30000", "");
	cr_expect(eq(i64, metric_get(M_MEDIA_REFUSED_DEST), 1));
	fake_stop(&f);
}

Test(relay, closes_with_a_final_report)
{
	struct fake f;
	uint32_t s;

	fake_start(&f, 4);
	s = fake_call(&f);
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "1 192.0.2.5:30000>" SOFT ":5000");
	f.events[0] = 0;
	relay_close(f.relay, s);
	relay_close(f.relay, s);
	expect_events(&f, "");
	cr_expect(eq(int, fake_set(&f, s, "A", "none", "none"), -ENOENT));
	cr_expect(eq(int, relay_choose(f.relay, s, 0), -ENOENT));
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "");
	loop_turn(f.loop);
	expect_events(&f, "final");
	cr_expect(zero(sz, f.bound_at_final), "unbound before it is told");
	cr_expect(eq(u64, f.last.side[0].packets, 1), "counters are final then");
	cr_expect(zero(sz, relay_streams(f.relay)));
	fake_stop(&f);
}

Test(relay, is_freed_while_streams_close)
{
	struct fake f;

	fake_start(&f, 4);
	fake_call(&f);
	relay_close(f.relay, fake_open(&f, "198.51.100.5:20010", "192.0.2.5:30010"));
	fake_stop(&f);
	expect_events(&f, "");
	relay_free(NULL);
}

/* latch.md 9 */
Test(relay, breaks_deadlocks)
{
	struct fake f;

	fake_start(&f, 4);
	fake_call(&f);
	loop_advance(f.loop, 1000);
	cr_expect(zero(sz, f.n_sent));
	loop_advance(f.loop, 1000);
	cr_assert(eq(sz, f.n_sent, 2));
	cr_expect(eq(str, f.sent[0].text, "0 198.51.100.5:20000>" TERM ":4000"));
	cr_expect(eq(str, f.sent[1].text, "1 192.0.2.5:30000>" SOFT ":5000"));
	cr_expect(zero(sz, f.sent[0].len));
	loop_advance(f.loop, 1000);
	cr_expect(eq(sz, f.n_sent, 4));
	cr_expect(eq(i64, metric_get(M_RELAY_DEADLOCK), 4));
	expect_packet(&f, "rtp " SOFT ":5000 1 192.0.2.5:30000", "");
	loop_advance(f.loop, 60000);
	cr_expect(zero(sz, f.n_sent), "one end talks: nobody waits");
	fake_stop(&f);
}

Test(relay, probes_only_where_it_may)
{
	struct fake f;
	uint32_t s;

	fake_start(&f, 4);
	s = fake_open(&f, "198.51.100.5:20000", "192.0.2.5:30000");
	fake_set(&f, s, "A", "10.0.0.2:4000", TERM);
	loop_advance(f.loop, 60000);
	cr_expect(zero(sz, f.n_sent), "side B is not known");
	fake_set(&f, s, "B", "none", "none");
	loop_advance(f.loop, 60000);
	cr_expect(zero(sz, f.n_sent), "side B has declared nothing");
	fake_set(&f, s, "B", "127.0.0.1:5000", "none");
	loop_advance(f.loop, 2000);
	cr_expect(eq(sz, f.n_sent, 1), "B is out of reach");
	fake_set(&f, s, "Ah", "10.0.0.2:4000", TERM);
	f.n_sent = 0;
	loop_advance(f.loop, 2000);
	cr_expect(zero(sz, f.n_sent), "A is held");
	fake_stop(&f);
}

Test(relay, measures_quality)
{
	static const uint8_t report[] = { 0x81, 201, 0, 7, 0, 0, 0, 9, 0, 0, 0, 7, 0, 0, 0, 3, 0, 0, 0, 9,
					  0, 0, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct fake f;
	struct relay_counters c;
	uint8_t p[sizeof(rtp_packet)];
	uint32_t s;

	fake_start(&f, 4);
	s = fake_call(&f);
	memcpy(p, rtp_packet, sizeof(p));
	for (unsigned i = 0; i < 200; i++) {
		p[3] = (uint8_t)i;
		p[6] = (uint8_t)(i * 160 >> 8);
		p[7] = (uint8_t)(i * 160);
		if (i % 10 != 5)
			fake_data(&f, TERM ":7000", "0 198.51.100.5:20000", p, sizeof(p));
		loop_advance(f.loop, i % 2 ? 24 : 16);
	}
	fake_data(&f, SOFT ":5001", "1 192.0.2.5:30001", report, sizeof(report));
	relay_close(f.relay, s);
	loop_turn(f.loop);
	c = f.last;
	cr_expect(eq(u32, c.side[0].lost, 20));
	cr_expect(c.side[0].jitter_ms > 3 && c.side[0].jitter_ms < 4.5, "%f", c.side[0].jitter_ms);
	cr_expect(eq(u32, c.side[0].reports, 1));
	cr_expect(eq(i32, c.side[0].reported_lost, 3));
	cr_expect(c.side[0].reported_jitter_ms > 9.9 && c.side[0].reported_jitter_ms < 10.1);
	cr_expect(zero(u32, c.side[1].lost));
	fake_stop(&f);
}

Test(relay, refuses_nonsense)
{
	struct relay_conf c = { .max_streams = 0 };

	errno = 0;
	cr_expect(eq(ptr, relay_new(&c), NULL));
	cr_expect(eq(int, errno, EINVAL));
	c.max_streams = RELAY_STREAMS_MAX + 1;
	cr_expect(eq(ptr, relay_new(&c), NULL));
}
