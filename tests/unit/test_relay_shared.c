/* Shared ports on a fake network: realm 0 has one at 198.51.100.5:3478, realm 1 none. */
#include "fake_relay.h"

#define PORT "198.51.100.5:3478"
#define ABOVE "198.51.100.5:3479"
#define NAT "203.0.113.1"
#define NAT2 "203.0.113.2"

static const uint8_t stun_packet[] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

static void start(struct fake *f)
{
	struct pn_addr port = addr(PORT);

	fake_start(f, 8);
	cr_assert(zero(int, relay_shared_open(f->relay, 0, &port)));
	cr_assert(zero(int, relay_shared_open(f->relay, 0, &port)), "again");
	cr_assert(eq(sz, f->n_bound, 2));
}

static void stop(struct fake *f)
{
	fake_stop(f);
}

static uint32_t open_between(struct fake *f, struct relay_end a, struct relay_end b)
{
	struct relay_end end[2] = { a, b };
	uint32_t stream = 0;

	cr_assert(zero(int, relay_open(f->relay, end, &stream, NULL)));
	return stream;
}

static struct relay_end shared_end(void)
{
	return (struct relay_end){ .rtp = addr(PORT), .shared = true };
}

static struct relay_end own_end(const char *local)
{
	return (struct relay_end){ .realm = 1, .rtp = addr(local) };
}

/* Side A at the shared port from NAT:port and the port above, side B at the softswitch. */
static uint32_t call(struct fake *f, unsigned port, const char *local)
{
	uint32_t s = open_between(f, shared_end(), own_end(local));
	char rtp[64], rtcp[64];

	snprintf(rtp, sizeof(rtp), NAT ":%u", port);
	snprintf(rtcp, sizeof(rtcp), NAT ":%u", port + 1000);
	cr_assert(zero(int, fake_set(f, s, "Aeo", rtp, "none")));
	cr_assert(zero(int, fake_set(f, s, "Areo", rtcp, "none")));
	cr_assert(zero(int, fake_set(f, s, "Bo", SOFT ":5000", "none")));
	cr_assert(zero(int, fake_set(f, s, "Bro", SOFT ":5001", "none")));
	return s;
}

Test(relay_shared, tells_streams_by_their_sources)
{
	struct fake f;

	start(&f);
	call(&f, 4000, "192.0.2.5:30000");
	call(&f, 4002, "192.0.2.5:30002");
	expect_packet(&f, "rtp " NAT ":4000 0 " PORT, "1 192.0.2.5:30000>" SOFT ":5000");
	expect_packet(&f, "rtp " NAT ":4002 0 " PORT, "1 192.0.2.5:30002>" SOFT ":5000");
	expect_packet(&f, "rtcp " NAT ":5000 0 " PORT, "1 192.0.2.5:30001>" SOFT ":5001");
	expect_packet(&f, "rtp " SOFT ":5000 1 192.0.2.5:30002", "0 " PORT ">" NAT ":4002");
	expect_packet(&f, "rtcp " SOFT ":5001 1 192.0.2.5:30003", "0 " PORT ">" NAT ":5002");
	expect_packet(&f, "rtp " SOFT ":5000 1 192.0.2.5:30000", "0 " PORT ">" NAT ":4000");
	stop(&f);
}

Test(relay_shared, drops_what_is_nobodys)
{
	struct fake f;

	start(&f);
	call(&f, 4000, "192.0.2.5:30000");
	expect_packet(&f, "rtp " NAT ":4001 0 " PORT, "");
	expect_packet(&f, "rtp " NAT2 ":4000 0 " PORT, "");
	expect_packet(&f, "rtp " NAT ":4000 0 " ABOVE, "");
	cr_expect(eq(i64, metric_get(M_RELAY_UNJOINED), 3));
	stop(&f);
}

Test(relay_shared, a_source_belongs_to_one_component)
{
	struct fake f;
	uint32_t s, other;

	start(&f);
	s = call(&f, 4000, "192.0.2.5:30000");
	other = open_between(&f, shared_end(), own_end("192.0.2.5:30002"));
	cr_expect(eq(int, fake_set(&f, other, "Aeo", NAT ":4000", "none"), -EEXIST));
	cr_expect(eq(int, fake_set(&f, s, "Areo", NAT ":4000", "none"), -EEXIST));
	cr_expect(eq(int, fake_set(&f, s, "Ao", NAT ":4000", NAT), -EINVAL), "it must be exact");
	expect_packet(&f, "rtp " NAT ":4000 0 " PORT, "1 192.0.2.5:30000>" SOFT ":5000");
	relay_close(f.relay, s);
	cr_expect(zero(int, fake_set(&f, other, "Aeo", NAT ":4000", "none")), "it is free again");
	stop(&f);
}

Test(relay_shared, follows_a_pinhole_that_moved)
{
	struct fake f;
	uint32_t s;

	start(&f);
	s = call(&f, 4000, "192.0.2.5:30000");
	expect_packet(&f, "rtp " NAT ":4000 0 " PORT, "1 192.0.2.5:30000>" SOFT ":5000");
	cr_assert(zero(int, fake_set(&f, s, "Aeo", NAT2 ":6000", "none")));
	expect_packet(&f, "rtp " SOFT ":5000 1 192.0.2.5:30000", "0 " PORT ">" NAT2 ":6000");
	expect_packet(&f, "rtp " NAT ":4000 0 " PORT, "");
	expect_packet(&f, "rtp " NAT2 ":6000 0 " PORT, "1 192.0.2.5:30000>" SOFT ":5000");
	cr_assert(zero(int, fake_set(&f, s, "Aeo", "none", "none")));
	expect_packet(&f, "rtp " NAT2 ":6000 0 " PORT, "");
	expect_packet(&f, "rtp " SOFT ":5000 1 192.0.2.5:30000", "");
	stop(&f);
}

Test(relay_shared, both_sides_may_be_at_it)
{
	struct fake f;
	uint32_t s;

	start(&f);
	s = open_between(&f, shared_end(), shared_end());
	cr_assert(zero(int, fake_set(&f, s, "Aeo", NAT ":4000", "none")));
	cr_assert(zero(int, fake_set(&f, s, "Beo", NAT2 ":5000", "none")));
	expect_packet(&f, "rtp " NAT ":4000 0 " PORT, "0 " PORT ">" NAT2 ":5000");
	expect_packet(&f, "rtp " NAT2 ":5000 0 " PORT, "0 " PORT ">" NAT ":4000");
	stop(&f);
}

Test(relay_shared, forks_may_share_a_pinhole)
{
	struct fake f;
	uint32_t s;

	start(&f);
	s = open_between(&f, own_end("192.0.2.5:30000"), shared_end());
	cr_assert(zero(int, fake_set(&f, s, "Ao", SOFT ":5000", "none")));
	cr_assert(zero(int, fake_set(&f, s, "B0eo", NAT ":4000", "none")));
	cr_assert(zero(int, fake_set(&f, s, "B1eo", NAT ":4000", "none")));
	cr_assert(zero(int, fake_set(&f, s, "B2eo", NAT2 ":4000", "none")));
	expect_packet(&f, "rtp " NAT ":4000 0 " PORT, "1 192.0.2.5:30000>" SOFT ":5000");
	expect_packet(&f, "rtp " NAT2 ":4000 0 " PORT, "1 192.0.2.5:30000>" SOFT ":5000");
	cr_assert(zero(int, relay_branch_end(f.relay, s, 0)));
	expect_packet(&f, "rtp " NAT ":4000 0 " PORT, "1 192.0.2.5:30000>" SOFT ":5000");
	cr_assert(zero(int, relay_choose(f.relay, s, 2)));
	expect_packet(&f, "rtp " NAT ":4000 0 " PORT, "");
	expect_packet(&f, "rtp " NAT2 ":4000 0 " PORT, "1 192.0.2.5:30000>" SOFT ":5000");
	stop(&f);
}

/* Old peers send RTCP to the port above, from a socket that has no pinhole of its own. */
Test(relay_shared, joins_rtcp_at_the_port_above_by_ssrc)
{
	struct fake f;
	uint32_t s;

	start(&f);
	s = call(&f, 4000, "192.0.2.5:30000");
	cr_assert(zero(int, fake_set(&f, s, "Areo", "none", "none")));
	expect_packet(&f, "rtcp " NAT ":7001 0 " ABOVE, "");
	expect_packet(&f, "rtp " NAT ":4000 0 " PORT, "1 192.0.2.5:30000>" SOFT ":5000");
	expect_packet(&f, "rtcp " NAT2 ":7001 0 " ABOVE, "");
	expect_packet(&f, "rtcp " NAT ":7001 0 " ABOVE, "1 192.0.2.5:30001>" SOFT ":5001");
	expect_packet(&f, "rtcp " SOFT ":5001 1 192.0.2.5:30001", "0 " ABOVE ">" NAT ":7001");
	expect_packet(&f, "rtp " SOFT ":5000 1 192.0.2.5:30000", "0 " PORT ">" NAT ":4000");
	relay_close(f.relay, s);
	expect_packet(&f, "rtcp " NAT ":7001 0 " ABOVE, "");
	stop(&f);
}

Test(relay_shared, does_not_guess_whose_rtcp_it_is)
{
	struct fake f;
	uint32_t s, other;

	start(&f);
	s = call(&f, 4000, "192.0.2.5:30000");
	other = call(&f, 4002, "192.0.2.5:30002");
	cr_assert(zero(int, fake_set(&f, s, "Areo", "none", "none")));
	cr_assert(zero(int, fake_set(&f, other, "Areo", "none", "none")));
	expect_packet(&f, "rtp " NAT ":4000 0 " PORT, "1 192.0.2.5:30000>" SOFT ":5000");
	expect_packet(&f, "rtp " NAT ":4002 0 " PORT, "1 192.0.2.5:30002>" SOFT ":5000");
	expect_packet(&f, "rtcp " NAT ":7001 0 " ABOVE, "");
	relay_close(f.relay, other);
	expect_packet(&f, "rtcp " NAT ":7001 0 " ABOVE, "1 192.0.2.5:30001>" SOFT ":5001");
	stop(&f);
}

Test(relay_shared, searches_for_rtcp_are_few)
{
	struct fake f;
	char flow[80];

	start(&f);
	call(&f, 4000, "192.0.2.5:30000");
	for (unsigned i = 0; i < 600; i++) {
		snprintf(flow, sizeof(flow), "rtcp " NAT2 ":%u 0 " ABOVE, 2000 + i);
		expect_packet(&f, flow, "");
	}
	expect_packet(&f, "rtp " NAT ":4000 0 " PORT, "1 192.0.2.5:30000>" SOFT ":5000");
	expect_packet(&f, "rtcp " NAT ":7001 0 " ABOVE, "");
	loop_advance(f.loop, 1000);
	expect_packet(&f, "rtcp " NAT ":7001 0 " ABOVE, "1 192.0.2.5:30001>" SOFT ":5001");
	stop(&f);
}

Test(relay_shared, stun_is_told_and_not_relayed)
{
	struct fake f;

	start(&f);
	call(&f, 4000, "192.0.2.5:30000");
	fake_data(&f, NAT ":9", "0 " PORT, stun_packet, sizeof(stun_packet));
	expect_events(&f, "stun 0 port 20 from " NAT ":9");
	fake_data(&f, NAT ":4000", "0 " PORT, stun_packet, sizeof(stun_packet));
	expect_events(&f, "stun 0 A 20 from " NAT ":4000");
	fake_data(&f, NAT ":5000", "0 " PORT, stun_packet, sizeof(stun_packet));
	expect_events(&f, "stun 0 A rtcp 20 from " NAT ":5000");
	fake_data(&f, NAT ":9", "0 " ABOVE, stun_packet, sizeof(stun_packet));
	expect_events(&f, "stun 0 port rtcp 20 from " NAT ":9");
	fake_data(&f, NAT ":9", "0 " PORT, stun_packet, 16);
	expect_events(&f, "");
	cr_expect(zero(sz, f.n_sent));
	stop(&f);
}

Test(relay_shared, stun_of_the_tapped_address_is_told)
{
	struct fake f;
	struct relay_end wan = { .rtp = addr("198.51.100.7:20000"), .tap = addr(PORT) };
	uint32_t s;

	fake_start(&f, 8);
	s = open_between(&f, wan, own_end("192.0.2.5:30000"));
	cr_assert(zero(int, fake_set(&f, s, "Aeo", PORT, "none")));
	cr_assert(zero(int, fake_set(&f, s, "Bo", SOFT ":5000", "none")));
	fake_data(&f, PORT, "0 198.51.100.7:20001", stun_packet, sizeof(stun_packet));
	expect_events(&f, "stun 0 A rtcp 20 from " PORT);
	cr_expect(zero(sz, f.n_sent));
	fake_data(&f, NAT ":1", "0 198.51.100.7:20000", stun_packet, sizeof(stun_packet));
	expect_events(&f, "");
	expect_packet(&f, "rtp " PORT " 0 198.51.100.7:20000", "1 192.0.2.5:30000>" SOFT ":5000");
	stop(&f);
}

static void expect_stun_to(struct fake *f, struct relay_place from, const char *to, int err, const char *want)
{
	struct pn_addr a = addr(to);

	f->n_sent = 0;
	cr_expect(eq(int, relay_stun_send(f->relay, &from, &a, stun_packet, sizeof(stun_packet)), err), "%s", to);
	cr_expect(eq(str, f->n_sent ? f->sent[0].text : (char *)"", (char *)want));
}

Test(relay_shared, stun_leaves_from_where_it_is_told)
{
	struct fake f;
	uint32_t s;

	start(&f);
	s = call(&f, 4000, "192.0.2.5:30000");
	expect_stun_to(&f, (struct relay_place){ 0 }, NAT ":9", 0, "0 " PORT ">" NAT ":9");
	expect_stun_to(&f, (struct relay_place){ .component = 1 }, NAT ":9", 0, "0 " ABOVE ">" NAT ":9");
	expect_stun_to(&f, (struct relay_place){ .stream = s, .component = 1 }, NAT ":9", 0, "0 " PORT ">" NAT ":9");
	expect_stun_to(&f, (struct relay_place){ .stream = s, .side = 1, .component = 1 }, NAT ":9", 0,
		       "1 192.0.2.5:30001>" NAT ":9");
	expect_stun_to(&f, (struct relay_place){ .realm = 1 }, NAT ":9", -ENOENT, "");
	expect_stun_to(&f, (struct relay_place){ .stream = s + 1 }, NAT ":9", -ENOENT, "");
	expect_stun_to(&f, (struct relay_place){ 0 }, "[2001:db8::1]:9", -ENOENT, "");
	expect_stun_to(&f, (struct relay_place){ 0 }, "127.0.0.1:9", -EPERM, "");
	fake_realm(&f, 0, "", PORT, NULL);
	expect_stun_to(&f, (struct relay_place){ 0 }, PORT, -EPERM, "");
	stop(&f);
}

Test(relay_shared, closes_with_its_last_stream)
{
	struct fake f;
	struct relay_end end[2] = { shared_end(), own_end("192.0.2.5:30002") };
	struct pn_addr port = addr(PORT);
	uint32_t s, none;

	start(&f);
	s = call(&f, 4000, "192.0.2.5:30000");
	relay_shared_close(f.relay, 0, &port);
	cr_expect(eq(int, relay_open(f.relay, end, &none, NULL), -EADDRNOTAVAIL));
	expect_packet(&f, "rtp " NAT ":4000 0 " PORT, "1 192.0.2.5:30000>" SOFT ":5000");
	relay_close(f.relay, s);
	loop_turn(f.loop);
	cr_expect(zero(sz, f.n_bound));
	cr_expect(zero(int, relay_shared_open(f.relay, 0, &port)));
	relay_shared_close(f.relay, 0, &port);
	cr_expect(zero(sz, f.n_bound));
	stop(&f);
}

Test(relay_shared, is_no_internal_hop)
{
	struct fake f;
	uint32_t s;

	start(&f);
	fake_realm(&f, 1, "", PORT, NULL);
	s = call(&f, 4000, "192.0.2.5:30000");
	cr_assert(zero(int, fake_set(&f, s, "Bo", PORT, "none")));
	expect_packet(&f, "rtp " NAT ":4000 0 " PORT, "");
	cr_expect(zero(int, relay_own_port(f.relay, 0, &(struct pn_addr){ .family = 4, .port = 3478, .ip = { 198, 51, 100, 5 } },
					   NULL, NULL)));
	stop(&f);
}

Test(relay_shared, a_taken_port_is_an_error)
{
	struct fake f;
	struct pn_addr port = addr(PORT);

	fake_start(&f, 8);
	f.taken = addr(ABOVE);
	cr_expect(eq(int, relay_shared_open(f.relay, 0, &port), -EADDRINUSE));
	cr_expect(zero(sz, f.n_bound));
	stop(&f);
}
