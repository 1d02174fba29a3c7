/* Media threads with kernel sockets on loopback. Nothing here waits for time to pass: receiving blocks,
 * and the loop runs until a condition holds. Ten seconds end what hangs. */
#include "addr.h"
#include "buf.h"
#include "loop.h"
#include "metrics.h"
#include "relay.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HANG_S 10
#define RTP_LEN 16u

struct real {
	struct loop *loop;
	struct relay *relay;
	bool (*until)(struct real *r);
	struct timer poll;
	unsigned polls;
	uint32_t stream; /* what `until` looks at */
	unsigned latched, finals;
	struct relay_counters last; /* as on_final saw them */
	int veto;
	uint16_t next_port;
};

struct peer {
	int fd;
	struct pn_addr addr;
};

static struct pn_addr addr(const char *text)
{
	struct pn_addr a = { 0 };

	cr_assert(zero(int, addr_parse_port(str_of(text), 0, &a)), "%s", text);
	return a;
}

static int on_latch(void *arg, uint32_t stream, unsigned side, unsigned branch, unsigned component,
		    const struct pn_addr *where, int moved)
{
	struct real *r = arg;

	(void)stream, (void)side, (void)branch, (void)component, (void)where, (void)moved;
	r->latched++;
	return r->veto;
}

static void on_final(void *arg, uint32_t stream)
{
	struct real *r = arg;

	cr_expect(zero(int, relay_counters(r->relay, stream, &r->last)));
	r->finals++;
}

static void on_poll(struct timer *t)
{
	struct real *r = t->arg;

	cr_assert(lt(uint, r->polls++, HANG_S * 1000), "it hangs");
	if (r->until(r))
		loop_stop(r->loop);
	else
		timer_start(r->loop, t, 1);
}

static void run_until(struct real *r, bool (*until)(struct real *r))
{
	r->until = until;
	r->polls = 0;
	timer_start(r->loop, &r->poll, 0);
	loop_run(r->loop);
}

static void name_loopback(struct real *r, int dscp, const char *device)
{
	struct relay_realm what = { .dscp = dscp, .device = device };

	cr_assert(zero(int, prefixes_parse("127.0.0.0/8 ::1", &what.reach.named)));
	cr_assert(zero(int, relay_realm(r->relay, 0, &what)));
	prefixes_free(&what.reach.named);
}

static void start(struct real *r, unsigned threads)
{
	static const struct relay_events events = { .on_latch = on_latch, .on_final = on_final };
	struct relay_conf c = { .threads = threads, .events = &events, .arg = r, .max_streams = 64 };

	memset(r, 0, sizeof(*r));
	metrics_reset();
	r->loop = c.loop = loop_new();
	r->poll.fn = on_poll;
	r->poll.arg = r;
	r->next_port = (uint16_t)(20000 + getpid() % 1000 * 40);
	r->relay = relay_new(&c);
	cr_assert(ne(ptr, r->relay, NULL));
	name_loopback(r, -1, NULL);
}

static void stop(struct real *r)
{
	relay_free(r->relay);
	loop_free(r->loop);
}

static struct peer peer_new(const char *ip)
{
	struct peer p = { .addr = addr(ip) };
	struct timeval hang = { .tv_sec = HANG_S };
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&p.addr, &ss);

	p.fd = socket(p.addr.family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
	cr_assert(zero(int, bind(p.fd, (struct sockaddr *)&ss, len)));
	len = sizeof(ss);
	getsockname(p.fd, (struct sockaddr *)&ss, &len);
	addr_of_sockaddr((struct sockaddr *)&ss, &p.addr);
	setsockopt(p.fd, SOL_SOCKET, SO_RCVTIMEO, &hang, sizeof(hang));
	return p;
}

static void peer_send(const struct peer *p, const struct pn_addr *to, const void *data, size_t len)
{
	struct sockaddr_storage ss;
	socklen_t ss_len = addr_to_sockaddr(to, &ss);

	cr_assert(eq(sz, (size_t)sendto(p->fd, data, len, 0, (struct sockaddr *)&ss, ss_len), len));
}

static size_t peer_receive(const struct peer *p, void *buf, size_t cap, struct pn_addr *from)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	ssize_t n = recvfrom(p->fd, buf, cap, 0, (struct sockaddr *)&ss, &len);

	cr_assert(n >= 0, "nothing came");
	addr_of_sockaddr((struct sockaddr *)&ss, from);
	return (size_t)n;
}

static const uint8_t *rtp(uint32_t ssrc, uint16_t seq)
{
	static uint8_t p[RTP_LEN] = { 0x80, 8 };

	p[2] = (uint8_t)(seq >> 8);
	p[3] = (uint8_t)seq;
	memcpy(p + 8, &ssrc, sizeof(ssrc));
	return p;
}

/* An RTP packet goes in at `at` and comes out at `to`, from exactly `from`. */
static void expect_through(const struct peer *sender, const struct pn_addr *at, const struct peer *to,
			   const struct pn_addr *from)
{
	static uint16_t seq;
	uint8_t buf[64];
	struct pn_addr got;

	peer_send(sender, at, rtp(sender->addr.port, ++seq), RTP_LEN);
	cr_expect(eq(sz, peer_receive(to, buf, sizeof(buf), &got), RTP_LEN));
	cr_expect(zero(int, memcmp(buf, rtp(sender->addr.port, seq), RTP_LEN)));
	cr_expect(addr_eq(&got, from), "from %s", addr_text(&got));
}

struct call {
	uint32_t id;
	struct peer a, b;
	struct pn_addr local[2];
};

static bool aimed(struct real *r)
{
	struct relay_counters c;

	return !relay_counters(r->relay, r->stream, &c) && c.side[0].remote.family && c.side[1].remote.family;
}

static bool b_aimed(struct real *r)
{
	struct relay_counters c;

	return !relay_counters(r->relay, r->stream, &c) && c.side[1].remote.family;
}

static void declare(struct real *r, uint32_t id, unsigned side, const struct pn_addr *declared, enum latch_mode mode)
{
	struct relay_rules rules = { .side = side, .latch = { .mode = mode, .declared = *declared, .rtp = true, .packets = 1,
		.peer_bits4 = 32, .peer_bits6 = 128, .window_ms = 3000, .silence_ms = 2000 } };

	if (mode == LATCH_PEER)
		rules.latch.peer = *declared;
	cr_assert(zero(int, relay_set(r->relay, id, &rules)));
}

/* Ports that other programs have are passed over. */
static void open_stream(struct real *r, struct call *c, const char *ip_a, const char *ip_b)
{
	int err = -EADDRINUSE;

	c->local[0] = addr(ip_a);
	c->local[1] = addr(ip_b);
	while (err == -EADDRINUSE) {
		struct relay_end end[2];

		c->local[0].port = r->next_port;
		c->local[1].port = (uint16_t)(r->next_port + 2);
		r->next_port = (uint16_t)(r->next_port + 4);
		end[0] = (struct relay_end){ .rtp = c->local[0] };
		end[1] = (struct relay_end){ .rtp = c->local[1] };
		err = relay_open(r->relay, end, &c->id, NULL);
	}
	cr_assert(zero(int, err));
}

static void open_call(struct real *r, struct call *c, const char *ip_a, const char *ip_b)
{
	c->a = peer_new(ip_a);
	c->b = peer_new(ip_b);
	open_stream(r, c, ip_a, ip_b);
	declare(r, c->id, 0, &c->a.addr, LATCH_OFF);
	declare(r, c->id, 1, &c->b.addr, LATCH_OFF);
	r->stream = c->id;
	run_until(r, aimed);
}

static void end_call(struct call *c)
{
	close(c->a.fd);
	close(c->b.fd);
}

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
