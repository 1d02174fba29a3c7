/* Streams joined inside (architecture rule 8), in line over a fake network. */
#include "fake_relay.h"
#include "random.h"

/* P-SELF: the softswitch sends the call back out through us. Stream 1: A in realm 0, B in realm 1;
 * stream 2: A in realm 1, B in realm 0. 1.B and 2.A are each other's declared address. */
static void open_pair(struct fake *f, uint32_t s[2])
{
	s[0] = fake_call(f);
	fake_set(f, s[0], "B", "192.0.2.5:30010", "none");
	fake_set(f, s[0], "Br", "192.0.2.5:30011", "none");
	s[1] = fake_open_in(f, 1, "192.0.2.5:30010", 0, "198.51.100.5:20010");
	fake_set(f, s[1], "A", "192.0.2.5:30000", "none");
	fake_set(f, s[1], "Ar", "192.0.2.5:30001", "none");
	fake_set(f, s[1], "B", "10.0.0.3:4000", "203.0.113.3");
	fake_set(f, s[1], "Br", "10.0.0.3:4001", "203.0.113.3");
}

Test(relay_hops, hops_inside)
{
	struct fake f;
	struct relay_counters c;
	uint32_t s[2];

	fake_start(&f, 4);
	fake_realm(&f, 1, "", "192.0.2.5", NULL);
	open_pair(&f, s);
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", ""); /* the far end is not known yet */
	expect_packet(&f, "rtp 203.0.113.3:7000 0 198.51.100.5:20010", "0 198.51.100.5:20000>" TERM ":7000");
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "0 198.51.100.5:20010>203.0.113.3:7000");
	expect_packet(&f, "rtcp 203.0.113.3:7001 0 198.51.100.5:20011", "");
	expect_packet(&f, "rtcp " TERM ":7001 0 198.51.100.5:20001", "0 198.51.100.5:20011>203.0.113.3:7001");
	relay_counters(f.relay, s[0], &c);
	cr_expect(eq(u64, c.side[1].packets, 1));
	cr_expect(eq(u64, c.side[1].sent_packets, 3));
	cr_expect(eq(str, (char *)addr_text(&c.side[1].remote), "192.0.2.5:30010"));
	cr_expect(eq(i64, metric_get(M_RELAY_HOPS), 5));
	expect_packet(&f, "rtp 192.0.2.5:30010 1 192.0.2.5:30000", ""); /* forged from outside */
	cr_expect(eq(i64, metric_get(M_RELAY_FOREIGN), 1));
	fake_stop(&f);
}

Test(relay_hops, hops_no_longer_when_the_port_closes)
{
	struct fake f;
	uint32_t s[2];

	fake_start(&f, 4);
	fake_realm(&f, 1, "", "192.0.2.5", NULL);
	open_pair(&f, s);
	cr_expect(eq(i64, metric_get(M_MEDIA_REFUSED_DEST), 2), "declared before it was open");
	expect_packet(&f, "rtp 203.0.113.3:7000 0 198.51.100.5:20010", "");
	relay_close(f.relay, s[1]);
	loop_turn(f.loop);
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "");
	cr_expect(eq(i64, metric_get(M_MEDIA_REFUSED_DEST), 2), "the end of a call is no refusal");
	expect_packet(&f, "rtp 192.0.2.5:30010 1 192.0.2.5:30000", ""); /* still forged */
	s[1] = fake_open_in(&f, 1, "192.0.2.5:30010", 0, "198.51.100.5:20010");
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "");
	fake_set(&f, s[1], "A", "192.0.2.5:30000", "none");
	fake_set(&f, s[1], "B", "203.0.113.3:4000", "203.0.113.3");
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "0 198.51.100.5:20010>203.0.113.3:4000");
	fake_stop(&f);
}

Test(relay_hops, hops_only_by_mutual_declaration)
{
	struct fake f;
	uint32_t s[2];

	fake_start(&f, 4);
	open_pair(&f, s);
	fake_set(&f, s[1], "A", SOFT ":5000", "none");
	fake_set(&f, s[1], "B", "203.0.113.3:4000", "203.0.113.3");
	expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", "");
	cr_expect(eq(i64, metric_get(M_RELAY_FOREIGN), 1));
	fake_stop(&f);
}

Test(relay_hops, hops_within_one_routing)
{
	static const struct {
		const char *device[3]; /* of realms 0, 1, 2 */
		const char *want;
	} row[] = {
		{ { NULL, NULL, NULL }, "0 198.51.100.5:20010>203.0.113.3:4000" },
		{ { NULL, "eth1", "eth1" }, "0 198.51.100.5:20010>203.0.113.3:4000" },
		{ { NULL, "eth1", "eth2" }, "1 192.0.2.5:30000>192.0.2.6:30010" }, /* somebody else over there */
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct fake f;
		uint32_t s, t;

		fake_start(&f, 4);
		for (unsigned k = 0; k < 3; k++)
			fake_realm(&f, k, "", "none", row[i].device[k]);
		s = fake_call(&f);
		t = fake_open_in(&f, 2, "192.0.2.6:30010", 0, "198.51.100.5:20010");
		fake_set(&f, s, "B", "192.0.2.6:30010", "none");
		fake_set(&f, t, "A", "192.0.2.5:30000", "none");
		fake_set(&f, t, "B", "203.0.113.3:4000", "203.0.113.3");
		expect_packet(&f, "rtp " TERM ":7000 0 198.51.100.5:20000", row[i].want);
		fake_stop(&f);
	}
}

Test(relay_hops, prefers_the_port_of_its_own_realm)
{
	struct fake f;
	uint32_t stream = 0, first, second;
	struct pn_addr a = addr("192.0.2.5:30000");
	unsigned side = 9;

	fake_start(&f, 4);
	fake_realm(&f, 1, "", "none", "eth1");
	fake_realm(&f, 2, "", "none", "eth2");
	first = fake_open_in(&f, 0, "198.51.100.5:20000", 1, "192.0.2.5:30000");
	second = fake_open_in(&f, 2, "192.0.2.5:30000", 0, "198.51.100.5:20010");
	cr_expect(eq(int, relay_own_port(f.relay, 1, &a, &stream, &side), 1));
	cr_expect(eq(u32, stream, first));
	cr_expect(eq(uint, side, 1));
	cr_expect(eq(int, relay_own_port(f.relay, 2, &a, &stream, &side), 1));
	cr_expect(eq(u32, stream, second));
	cr_expect(eq(uint, side, 0));
	cr_expect(eq(int, relay_own_port(f.relay, 0, &a, &stream, &side), 0));
	cr_expect(eq(int, relay_own_port(f.relay, RELAY_REALMS, &a, &stream, &side), 0));
	relay_close(f.relay, first);
	cr_expect(eq(int, relay_own_port(f.relay, 1, &a, &stream, &side), 0), "closing");
	fake_stop(&f);
}

/* A chain of passages: in by the first, out by the last. */
Test(relay_hops, hops_four_times)
{
	static const struct {
		unsigned streams;
		bool out;
	} row[] = { { 2, true }, { 5, true }, { 6, false } };

	for (size_t i = 0; i < ROWS(row); i++) {
		struct fake f;

		fake_start(&f, 8);
		for (unsigned k = 0; k < row[i].streams; k++) {
			char a[32], b[32], before[32], after[32];
			bool first = !k, last = k == row[i].streams - 1;
			uint32_t s;

			snprintf(a, sizeof(a), "192.0.2.5:%u", 30000 + 10 * k);
			snprintf(b, sizeof(b), "192.0.2.5:%u", 30002 + 10 * k);
			snprintf(before, sizeof(before), "192.0.2.5:%u", 30002 + 10 * (k - 1));
			snprintf(after, sizeof(after), "192.0.2.5:%u", 30000 + 10 * (k + 1));
			s = fake_open_in(&f, 1, a, 1, b);
			fake_set(&f, s, "A", first ? SOFT ":5000" : before, "none");
			fake_set(&f, s, "B", last ? "192.0.2.21:5000" : after, "none");
		}
		fake_data(&f, SOFT ":5000", "1 192.0.2.5:30000", rtp_packet, sizeof(rtp_packet));
		cr_expect(eq(sz, f.n_sent, row[i].out), "row %zu", i);
		cr_expect(eq(i64, metric_get(M_RELAY_HOP_LIMIT), !row[i].out), "row %zu", i);
		fake_stop(&f);
	}
}

/* Anything in any order: no packet leaves for where none may go, and nothing is left over. */
enum { CALLS = 6, ORDERS = 100000 };

struct chaos {
	struct fake f;
	uint32_t id[CALLS];
};

static const char *somewhere(void)
{
	static const char *const list[] = {
		"none", TERM ":4000", TERM ":7000", SOFT ":5000", "10.0.0.2:4000", "127.0.0.1:4000", "192.0.2.5:30000",
		"192.0.2.5:30010", "192.0.2.5:30020", "198.51.100.5:20000", "198.51.100.5:20010", "[2001:db8::1]:4000",
	};

	return list[random_below(ROWS(list))];
}

static void open_some(struct chaos *w, unsigned k)
{
	char a[40], b[40];

	if (w->id[k])
		return;
	snprintf(a, sizeof(a), "198.51.100.5:%u", 20000 + 10 * k);
	snprintf(b, sizeof(b), "192.0.2.5:%u", 30000 + 10 * k);
	w->id[k] = fake_open(&w->f, a, b);
}

static void close_one(struct chaos *w, unsigned k)
{
	relay_close(w->f.relay, w->id[k]);
	w->id[k] = 0;
	loop_turn(w->f.loop);
	w->f.events[0] = 0;
}

static void close_some(struct chaos *w, unsigned k)
{
	if (!random_below(50))
		close_one(w, k);
}

static void set_some(struct chaos *w, unsigned k)
{
	static const char *const sides[] = { "A", "Ar", "Ao", "Ab", "Ah", "Am", "B", "Br", "B1", "B1r", "B2o", "Bh", "Bm" };

	fake_set(&w->f, w->id[k], sides[random_below(ROWS(sides))], somewhere(), random_below(2) ? TERM : "none");
}

static bool forbidden(const char *sent)
{
	return strstr(sent, ">127.") || strstr(sent, sent[0] == '1' ? ">192.0.2.5:" : ">198.51.100.5:");
}

static void send_some(struct chaos *w, unsigned k)
{
	char to[48];
	unsigned side = random_below(2);

	snprintf(to, sizeof(to), "%u %s:%u", side, side ? "192.0.2.5" : "198.51.100.5",
		 (side ? 30000 : 20000) + 10 * k + random_below(2));
	w->f.veto = !random_below(8);
	fake_data(&w->f, somewhere(), to, rtp_packet, sizeof(rtp_packet));
	w->f.events[0] = 0;
	for (size_t i = 0; i < w->f.n_sent; i++)
		cr_assert(not(forbidden(w->f.sent[i].text)), "%s", w->f.sent[i].text);
}

static void branch_some(struct chaos *w, unsigned k)
{
	if (random_below(4))
		relay_branch_end(w->f.relay, w->id[k], random_below(3));
	else
		relay_choose(w->f.relay, w->id[k], random_below(3));
}

static void wait_some(struct chaos *w, unsigned k)
{
	w->f.n_sent = 0;
	loop_advance(w->f.loop, 100 * k);
	cr_expect(eq(sz, w->f.n_bound, 4 * relay_streams(w->f.relay)));
}

Test(relay_hops, survives_anything)
{
	static void (*const order[])(struct chaos *, unsigned) = {
		open_some, close_some, set_some, set_some, set_some, send_some, send_some, send_some, branch_some, wait_some,
	};
	static struct chaos w;

	fake_start(&w.f, CALLS);
	fake_realm(&w.f, 0, "", "198.51.100.5", "eth0");
	fake_realm(&w.f, 1, "", "192.0.2.5", "eth1");
	random_fake(5);
	for (int i = 0; i < ORDERS; i++)
		order[random_below(ROWS(order))](&w, random_below(CALLS));
	for (unsigned k = 0; k < CALLS; k++)
		close_one(&w, k);
	cr_expect(zero(sz, relay_streams(w.f.relay)));
	cr_expect(gt(i64, metric_get(M_RELAY_TX), 100));
	cr_expect(gt(i64, metric_get(M_RELAY_HOPS), 100));
	fake_stop(&w.f);
}
