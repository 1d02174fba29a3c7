/* The second, connected socket of a port: it helps, and nothing depends on it. */
#include "real_relay.h"
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define MANY 1024 /* descriptors */

/* Whether one of our sockets at r->twin[0] is connected to r->twin[1]. */
static bool connected(struct real *r)
{
	char want[32], line[256];
	struct sockaddr_storage ss[2];
	const struct sockaddr_in *in = (const struct sockaddr_in *)ss;
	FILE *f = fopen("/proc/self/net/udp", "re");
	bool found = false;

	cr_assert(ne(ptr, f, NULL));
	addr_to_sockaddr(&r->twin[0], &ss[0]);
	addr_to_sockaddr(&r->twin[1], &ss[1]);
	snprintf(want, sizeof(want), "%08X:%04X ", in->sin_addr.s_addr, r->twin[0].port);
	in = (const struct sockaddr_in *)&ss[1];
	snprintf(want + 14, sizeof(want) - 14, "%08X:%04X ", in->sin_addr.s_addr, r->twin[1].port);
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, want);
	fclose(f);
	return found;
}

static bool unconnected(struct real *r)
{
	return !connected(r);
}

static void run_until_twin(struct real *r, const struct pn_addr *local, const struct pn_addr *to,
			   bool (*until)(struct real *r))
{
	r->twin[0] = *local;
	r->twin[1] = *to;
	run_until(r, until);
}

/* A stream whose both RTP ports have their second, connected socket. */
static void open_call_with_twins(struct real *r, struct call *c)
{
	open_call(r, c, "127.0.0.1", "127.0.0.1");
	run_until_twin(r, &c->local[0], &c->a.addr, connected);
	run_until_twin(r, &c->local[1], &c->b.addr, connected);
}

static void expect_both_ways(const struct call *c)
{
	expect_through(&c->a, &c->local[0], &c->b, &c->local[1]);
	expect_through(&c->b, &c->local[1], &c->a, &c->local[0]);
}

Test(relay_twin, hears_strangers_beside_a_twin)
{
	struct peer stranger = peer_new("127.0.0.2");
	struct real r;
	struct call c;

	start(&r, 1);
	open_call_with_twins(&r, &c);
	peer_send(&stranger, &c.local[0], rtp(6, 1), RTP_LEN);
	for (int i = 0; i < 10; i++)
		expect_both_ways(&c);
	relay_close(r.relay, c.id);
	run_until(&r, all_final);
	cr_expect(eq(u64, r.last.side[0].foreign, 1));
	cr_expect(eq(u64, r.last.side[0].packets, 10));
	cr_expect(eq(u64, r.last.side[1].sent_packets, 10));
	close(stranger.fd);
	end_call(&c);
	stop(&r);
}

Test(relay_twin, follows_a_side_that_is_declared_elsewhere)
{
	struct peer second = peer_new("127.0.0.2");
	struct real r;
	struct call c;

	start(&r, 1);
	open_call_with_twins(&r, &c);
	declare(&r, c.id, 1, &second.addr, LATCH_OFF);
	run_until_twin(&r, &c.local[1], &second.addr, connected);
	cr_expect(unconnected(&(struct real){ .twin = { c.local[1], c.b.addr } }), "one twin at a time");
	for (int i = 0; i < 10; i++) {
		expect_through(&c.a, &c.local[0], &second, &c.local[1]);
		expect_through(&second, &c.local[1], &c.a, &c.local[0]);
	}
	close(second.fd);
	end_call(&c);
	stop(&r);
}

/* A better source than the one that the twin is connected to comes through the first socket. */
Test(relay_twin, follows_a_side_that_is_learned_elsewhere)
{
	struct peer other = peer_new("127.0.0.1");
	struct real r;
	struct call c = { .a = peer_new("127.0.0.1"), .b = peer_new("127.0.0.1") };

	start(&r, 1);
	open_stream(&r, &c, "127.0.0.1", "127.0.0.1");
	declare(&r, c.id, 0, &c.a.addr, LATCH_PEER);
	declare(&r, c.id, 1, &c.b.addr, LATCH_OFF);
	r.stream = c.id;
	run_until(&r, b_aimed);
	expect_through(&other, &c.local[0], &c.b, &c.local[1]);
	run_until_twin(&r, &c.local[0], &other.addr, connected);
	expect_through(&c.b, &c.local[1], &other, &c.local[0]);
	expect_through(&c.a, &c.local[0], &c.b, &c.local[1]);
	expect_through(&c.b, &c.local[1], &c.a, &c.local[0]);
	run_until_twin(&r, &c.local[0], &c.a.addr, connected);
	expect_both_ways(&c);
	close(other.fd);
	end_call(&c);
	stop(&r);
}

#define FLOCK 40 /* packets */
#define FEW 3

/* What is sent while the twin is connected to somewhere else. */
static struct {
	_Atomic bool on;
	struct call *call;
	uint16_t sent;
} meanwhile;

static void send_few(void)
{
	for (int i = 0; i < FEW; i++) {
		uint8_t p[RTP_LEN] = { 0x80, 8, (uint8_t)((meanwhile.sent + 1) >> 8), (uint8_t)(meanwhile.sent + 1) };

		peer_send(&meanwhile.call->a, &meanwhile.call->local[0], p, sizeof(p));
		meanwhile.sent++;
	}
}

/* In place of libc's: the relay's media thread comes by. */
int connect(int fd, const struct sockaddr *to, socklen_t len)
{
	int result;

	if (!meanwhile.on)
		return (int)syscall(SYS_connect, fd, to, len);
	send_few();
	result = (int)syscall(SYS_connect, fd, to, len);
	send_few();
	return result;
}

/* Each change hands the source from one socket to the other. */
Test(relay_twin, keeps_order_while_it_comes_and_goes)
{
	enum { ROUNDS = 6, CONNECTS = 2 };
	struct pn_addr elsewhere = addr("127.0.0.1:9"), from;
	uint16_t received = 0;
	uint8_t buf[RTP_LEN];
	struct real r;
	struct call c;

	start(&r, 1);
	open_call_with_twins(&r, &c);
	meanwhile.call = &c;
	meanwhile.on = true;
	for (int n = 0; n < ROUNDS; n++) {
		const struct pn_addr *to = n % 2 ? &c.a.addr : &elsewhere;

		declare(&r, c.id, 0, to, LATCH_OFF);
		run_until_twin(&r, &c.local[0], to, connected);
		for (int i = 0; i < CONNECTS * 2 * FEW; i++) {
			cr_assert(eq(sz, peer_receive(&c.b, buf, sizeof(buf), &from), RTP_LEN));
			cr_assert(eq(int, buf[2] << 8 | buf[3], ++received), "round %d", n);
		}
	}
	stop(&r);
	end_call(&c);
}

Test(relay_twin, counts_what_came_before_the_end)
{
	enum { ROUNDS = 50 };
	struct real r;

	start(&r, 1);
	for (int n = 0; n < ROUNDS; n++) {
		struct peer second = peer_new("127.0.0.1");
		struct call c;

		open_call_with_twins(&r, &c);
		for (uint16_t i = 0; i < FLOCK; i++) {
			peer_send(&c.a, &c.local[0], rtp(1, i), RTP_LEN);
			peer_send(&second, &c.local[0], rtp(2, i), RTP_LEN);
		}
		relay_close(r.relay, c.id);
		run_until(&r, all_final);
		cr_assert(eq(u64, r.last.side[0].packets, 2 * FLOCK), "round %d", n);
		close(second.fd);
		end_call(&c);
	}
	stop(&r);
}

static bool all_came(struct real *r)
{
	struct relay_counters c;

	return !relay_counters(r->relay, r->stream, &c) && c.side[0].packets == r->want;
}

/* The far end's host answers that nobody listens; a connected socket is told so instead of sending. */
Test(relay_twin, sends_on_after_a_refusal)
{
	struct relay_counters n;
	struct real r;
	struct call c;

	start(&r, 1);
	open_call_with_twins(&r, &c);
	close(c.b.fd);
	for (uint16_t i = 0; i < 10; i++)
		peer_send(&c.a, &c.local[0], rtp(c.a.addr.port, (uint16_t)(100 + i)), RTP_LEN);
	r.want = 10;
	run_until(&r, all_came);
	cr_expect(zero(int, relay_counters(r.relay, c.id, &n)));
	cr_expect(eq(u64, n.side[1].sent_packets, 10));
	c.b.fd = bind_at(&c.b.addr, 0);
	cr_assert(c.b.fd >= 0);
	expect_through(&c.a, &c.local[0], &c.b, &c.local[1]);
	cr_expect(eq(u64, metric_get(M_RELAY_TX_FAIL), 0));
	end_call(&c);
	stop(&r);
}

Test(relay_twin, lets_nobody_else_have_the_port)
{
	static const int option[] = { 0, SO_REUSEADDR, SO_REUSEPORT };
	struct real r;
	struct call c;
	uint32_t again;

	start(&r, 1);
	open_call_with_twins(&r, &c);
	struct relay_end end[2] = { { 0, c.local[0] }, { 0, c.local[1] } };

	for (size_t i = 0; i < sizeof(option) / sizeof(option[0]); i++)
		for (int side = 0; side < 2; side++)
			cr_expect(eq(int, bind_at(&c.local[side], option[i]), -EADDRINUSE), "option %d", option[i]);
	cr_expect(eq(int, relay_open(r.relay, end, &again, NULL), -EADDRINUSE));
	r.free_at = c.local[0];
	relay_close(r.relay, c.id);
	run_until(&r, all_final);
	cr_expect(zero(int, relay_open(r.relay, end, &again, NULL)));
	end_call(&c);
	stop(&r);
}

static bool has_none(struct real *r)
{
	return relay_streams(r->relay) && unconnected(r);
}

/* A destination that becomes one of our own ports is reached inside. */
Test(relay_twin, goes_when_there_is_a_hop)
{
	struct real r;
	struct call one, two = { .b = peer_new("127.0.0.1") };

	start(&r, 1);
	open_call_with_twins(&r, &one);
	open_stream(&r, &two, "127.0.0.1", "127.0.0.1");
	declare(&r, one.id, 1, &two.local[0], LATCH_OFF);
	declare(&r, two.id, 0, &one.local[1], LATCH_OFF);
	declare(&r, two.id, 1, &two.b.addr, LATCH_OFF);
	run_until_twin(&r, &one.local[1], &one.b.addr, has_none);
	run_until_twin(&r, &two.local[1], &two.b.addr, connected);
	for (int i = 0; i < 10; i++) {
		expect_through(&one.a, &one.local[0], &two.b, &two.local[1]);
		expect_through(&two.b, &two.local[1], &one.a, &one.local[0]);
	}
	r.twin[0] = one.local[1];
	r.twin[1] = two.local[0];
	cr_expect(unconnected(&r), "no twin to an own port");
	close(two.b.fd);
	end_call(&one);
	stop(&r);
}

Test(relay_twin, goes_when_its_far_end_becomes_our_own)
{
	struct real r;
	struct call one, two;

	start(&r, 1);
	open_call_with_twins(&r, &one);
	open_stream(&r, &two, "127.0.0.1", "127.0.0.1");
	relay_close(r.relay, two.id);
	declare(&r, one.id, 1, &two.local[0], LATCH_OFF);
	run_until_twin(&r, &one.local[1], &two.local[0], connected);
	cr_expect(zero(int, relay_open(r.relay, (struct relay_end[]){ { 0, two.local[0] }, { 0, two.local[1] } },
				       &two.id, NULL)));
	run_until_twin(&r, &one.local[1], &two.local[0], unconnected);
	end_call(&one);
	stop(&r);
}

static void limit_descriptors(rlim_t n)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = n;
	cr_assert(zero(int, setrlimit(RLIMIT_NOFILE, &limit)));
}

static rlim_t next_descriptor(void)
{
	int fd = dup(0);

	close(fd);
	return (rlim_t)fd;
}

Test(relay_twin, is_not_needed_when_descriptors_are_short)
{
	struct real r;
	struct call c;

	start(&r, 1);
	limit_descriptors((next_descriptor() + 6) / 3 * 4); /* what is free below the last quarter, the call takes */
	open_call(&r, &c, "127.0.0.1", "127.0.0.1");
	expect_both_ways(&c);
	limit_descriptors(next_descriptor()); /* none */
	declare(&r, c.id, 1, &c.a.addr, LATCH_OFF);
	declare(&r, c.id, 1, &c.b.addr, LATCH_OFF);
	expect_both_ways(&c);
	limit_descriptors(MANY);
	r.twin[0] = c.local[1];
	r.twin[1] = c.b.addr;
	cr_expect(unconnected(&r));
	end_call(&c);
	stop(&r);
}

Test(relay_twin, makes_room_for_streams)
{
	struct real r;
	struct call c[3];

	start(&r, 1);
	for (int i = 0; i < 2; i++)
		open_call_with_twins(&r, &c[i]);
	limit_descriptors(next_descriptor() / 3 * 4); /* three quarters are in use */
	open_call(&r, &c[2], "127.0.0.1", "127.0.0.1");
	limit_descriptors(MANY);
	for (int i = 0; i < 2; i++) {
		run_until_twin(&r, &c[i].local[0], &c[i].a.addr, unconnected);
		run_until_twin(&r, &c[i].local[1], &c[i].b.addr, unconnected);
	}
	for (int i = 0; i < 3; i++) {
		expect_both_ways(&c[i]);
		end_call(&c[i]);
	}
	stop(&r);
}
