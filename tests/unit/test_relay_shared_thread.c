/* Shared ports served by media threads, on loopback. */
#include "real_relay.h"

static const uint8_t stun_packet[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

static struct pn_addr open_shared(struct real *r, unsigned realm)
{
	struct pn_addr port = addr("127.0.0.1");
	int err = -EADDRINUSE;

	while (err == -EADDRINUSE) {
		port.port = r->next_port;
		r->next_port = (uint16_t)(r->next_port + 2);
		err = relay_shared_open(r->relay, realm, &port);
	}
	cr_assert(zero(int, err));
	return port;
}

static void name_realm(struct real *r, unsigned realm)
{
	struct relay_realm what = { .dscp = -1 };

	cr_assert(zero(int, prefixes_parse("127.0.0.0/8", &what.reach.named)));
	cr_assert(zero(int, relay_realm(r->relay, realm, &what)));
	prefixes_free(&what.reach.named);
}

/* Side A at the shared port, side B at one of its own, or at `b` too. */
static void open_shared_call(struct real *r, struct call *c, const struct pn_addr *a, const struct pn_addr *b)
{
	struct relay_end end[2] = { { .rtp = *a, .shared = true }, { .realm = b != NULL, .shared = b != NULL } };
	int err = -EADDRINUSE;

	c->a = peer_new("127.0.0.1");
	c->b = peer_new("127.0.0.1");
	while (err == -EADDRINUSE) {
		end[1].rtp = b ? *b : addr("127.0.0.1");
		if (!b) {
			end[1].rtp.port = r->next_port;
			r->next_port = (uint16_t)(r->next_port + 2);
		}
		err = relay_open(r->relay, end, &c->id, NULL);
	}
	cr_assert(zero(int, err));
	c->local[0] = end[0].rtp;
	c->local[1] = end[1].rtp;
	declare(r, c->id, 0, &c->a.addr, LATCH_EXACT);
	declare(r, c->id, 1, &c->b.addr, b ? LATCH_EXACT : LATCH_OFF);
	r->stream = c->id;
	run_until(r, aimed);
}

static bool all_final(struct real *r)
{
	return !relay_streams(r->relay);
}

Test(relay_shared_thread, carries_many_streams)
{
	enum { CALLS = 30, ROUNDS = 20 };
	struct call c[CALLS];
	struct real r;
	struct pn_addr port;

	start(&r, 3);
	port = open_shared(&r, 0);
	for (int i = 0; i < CALLS; i++)
		open_shared_call(&r, &c[i], &port, NULL);
	for (int n = 0; n < ROUNDS; n++) {
		for (int i = 0; i < CALLS; i++) {
			expect_through(&c[i].a, &port, &c[i].b, &c[i].local[1]);
			expect_through(&c[i].b, &c[i].local[1], &c[i].a, &port);
		}
	}
	for (int i = 0; i < CALLS; i++) {
		relay_close(r.relay, c[i].id);
		end_call(&c[i]);
	}
	run_until(&r, all_final);
	cr_expect(eq(i64, metric_get(M_RELAY_TX), CALLS * ROUNDS * 2));
	cr_expect(zero(i64, metric_get(M_RELAY_UNJOINED)));
	stop(&r);
}

/* The second port has another thread: what comes there is handed over. */
Test(relay_shared_thread, joins_ports_of_two_threads)
{
	struct real r;
	struct call c;
	struct pn_addr one, two;

	start(&r, 2);
	name_realm(&r, 1);
	one = open_shared(&r, 0);
	two = open_shared(&r, 1);
	open_shared_call(&r, &c, &one, &two);
	for (int i = 0; i < 20; i++) {
		expect_through(&c.a, &one, &c.b, &two);
		expect_through(&c.b, &two, &c.a, &one);
	}
	relay_close(r.relay, c.id);
	run_until(&r, all_final);
	end_call(&c);
	stop(&r);
}

static bool answered(struct real *r)
{
	return r->stuns > 0;
}

Test(relay_shared_thread, answers_stun)
{
	struct real r;
	struct call c;
	struct pn_addr port, from;
	struct peer stranger;
	uint8_t buf[64];

	start(&r, 2);
	port = open_shared(&r, 0);
	open_shared_call(&r, &c, &port, NULL);
	stranger = peer_new("127.0.0.1");
	peer_send(&stranger, &port, stun_packet, sizeof(stun_packet));
	run_until(&r, answered);
	cr_expect(zero(u32, r.stun_at.stream));
	cr_expect(eq(sz, peer_receive(&stranger, buf, sizeof(buf), &from), sizeof(stun_packet)));
	cr_expect(addr_eq(&from, &port));
	r.stuns = 0;
	peer_send(&c.a, &port, stun_packet, sizeof(stun_packet));
	run_until(&r, answered);
	cr_expect(eq(u32, r.stun_at.stream, c.id));
	cr_expect(eq(sz, peer_receive(&c.a, buf, sizeof(buf), &from), sizeof(stun_packet)));
	close(stranger.fd);
	end_call(&c);
	stop(&r);
}

/* The loop does not look: what does not fit is dropped and counted, and media goes on. */
Test(relay_shared_thread, a_flood_of_stun_stops_no_media)
{
	enum { FLOOD = 20000, OUTPUT = 100 };
	struct real r;
	struct call c;
	struct pn_addr port;
	struct peer flood;

	start(&r, 1);
	port = open_shared(&r, 0);
	open_shared_call(&r, &c, &port, NULL);
	flood = peer_new("127.0.0.1");
	for (int i = 0; i < FLOOD; i++) {
		peer_send(&flood, &port, stun_packet, sizeof(stun_packet));
		if (i % (FLOOD / OUTPUT) == 0)
			expect_through(&c.a, &port, &c.b, &c.local[1]);
	}
	relay_tick(r.relay);
	cr_expect(gt(i64, metric_get(M_RELAY_STUN_LOST), 0));
	close(flood.fd);
	end_call(&c);
	stop(&r);
}

/* For the sanitizers: calls and the port itself come and go while packets fly. */
Test(relay_shared_thread, survives_churn)
{
	enum { CALLS = 8, ROUNDS = 60 };
	struct call c[CALLS];
	struct real r;
	struct pn_addr port;

	start(&r, 2);
	port = open_shared(&r, 0);
	for (int i = 0; i < CALLS; i++)
		open_shared_call(&r, &c[i], &port, NULL);
	for (int n = 0; n < ROUNDS; n++) {
		struct call *now = &c[n % CALLS];

		for (int i = 0; i < CALLS; i++) {
			peer_send(&c[i].a, &c[i].local[0], rtp(1, (uint16_t)n), RTP_LEN);
			peer_send(&c[i].b, &c[i].local[1], rtp(2, (uint16_t)n), RTP_LEN);
			peer_send(&c[i].a, &c[i].local[0], stun_packet, sizeof(stun_packet));
		}
		declare(&r, c[(n + 1) % CALLS].id, 0, &(struct pn_addr){ 0 }, LATCH_EXACT);
		declare(&r, c[(n + 1) % CALLS].id, 0, &c[(n + 1) % CALLS].a.addr, LATCH_EXACT);
		relay_close(r.relay, now->id);
		end_call(now);
		if (n % 10 == 9) {
			relay_shared_close(r.relay, 0, &port);
			port = open_shared(&r, 0);
		}
		open_shared_call(&r, now, &port, NULL);
	}
	for (int i = 0; i < CALLS; i++)
		end_call(&c[i]);
	stop(&r);
}
