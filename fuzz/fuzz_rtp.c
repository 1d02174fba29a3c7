/* Media datagrams: classification, quality, latches and the engine of the relay. The input is a list of
 * orders of four octets (what, two arguments, length) with their payload. Whatever happens, nothing is
 * sent where the realm's reach does not allow, nothing but what came in, and nothing to a victim that
 * somebody declares. */
#include "relay_engine.h"
#include "buf.h"
#include <stdlib.h>
#include <string.h>

#define STREAMS 2u
#define ADDRS (sizeof(places) / sizeof(places[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const places[] = {
	"0.0.0.0",           "203.0.113.1:4000",     "203.0.113.1:4001",    "203.0.113.1:7000",
	"10.0.0.2:4000",     "192.0.2.20:5000",      "192.0.2.20:5001",     "192.0.2.21:5000",
	"198.51.100.66:666", "127.0.0.1:4000",       "[2001:db8::1]:4000",  "224.0.0.1:4000",
	"198.51.100.5:20000", "198.51.100.5:20004",  "192.0.2.5:30000",     "192.0.2.5:30004",
};
#define VICTIM 8u

struct world {
	struct engine engine;
	struct engine_stream stream[STREAMS];
	struct engine_leg leg[STREAMS][ENGINE_LEGS];
	struct pn_addr at[sizeof(places) / sizeof(places[0])];
	const uint8_t *data; /* of the packet on its way */
	size_t len;
	bool trusting; /* some rules believe what is declared, or anybody */
};

static int on_send(void *arg, const struct engine_port *from, const struct engine_dest *to, const void *data,
		   size_t len)
{
	static const struct reach any = { .rest = REACH_ANY };
	struct world *w = arg;
	const struct reach *reach = w->engine.reach[from->realm];

	if (!reach_allows(reach ? reach : &any, &to->addr) || to->addr.family != from->local.family)
		abort();
	if (!w->trusting && addr_same_ip(&to->addr, &w->at[VICTIM]))
		abort();
	if (len && (len != w->len || memcmp(data, w->data, len)))
		abort();
	return len % 7 == 6 ? -1 : 0;
}

static int on_hop(void *arg, const struct engine_hop *to, const struct engine_parcel *parcel)
{
	(void)arg, (void)to, (void)parcel;
	return -1;
}

static void on_event(void *arg, const struct engine_event *ev)
{
	struct world *w = arg;

	if (ev->leg >= ENGINE_LEGS || ev->component > 1 || !engine_find(&w->engine, ev->stream))
		abort();
}

static const struct engine_ops ops = { .send = on_send, .hop = on_hop, .event = on_event };

static void begin(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->engine.ops = &ops;
	w->engine.arg = w;
	w->engine.deadlock_ms = 2000;
	w->engine.now_us = 1000000;
	if (engine_init(&w->engine, STREAMS))
		abort();
	for (size_t i = 0; i < ADDRS; i++)
		if (addr_parse_port(str_of(places[i]), 0, &w->at[i]))
			abort();
	w->at[0] = (struct pn_addr){ 0 };
	for (unsigned i = 0; i < STREAMS * 4; i++) {
		struct engine_stream *s = &w->stream[i / 4];
		struct engine_port *p = &s->port[i / 2 % 2][i % 2];

		p->stream = s;
		p->side = i / 2 % 2;
		p->component = i % 2;
		p->realm = p->side;
		p->local = w->at[(p->side ? 14 : 12) + i / 4];
		p->local.port = (uint16_t)(p->local.port + p->component);
	}
	for (unsigned i = 0; i < STREAMS; i++) {
		w->stream[i].id = RELAY_STREAMS_MAX | i;
		engine_add(&w->engine, &w->stream[i]);
	}
}

static void end(struct world *w)
{
	for (unsigned i = 0; i < STREAMS; i++)
		engine_remove(&w->engine, &w->stream[i]);
	engine_clear(&w->engine);
}

/* ---- orders: a and b are the arguments ---- */

static void order_packet(struct world *w, uint8_t a, uint8_t b)
{
	struct engine_stream *s = &w->stream[a & 1];
	const struct pn_addr *from = &w->at[1 + b % (ADDRS - 1)];

	engine_input(&w->engine, &s->port[a >> 1 & 1][a >> 2 & 1], from, w->data, w->len);
}

static void order_rules(struct world *w, uint8_t a, uint8_t b)
{
	struct engine_set set = {
		.leg = (a >> 1) % ENGINE_LEGS, .component = a >> 7, .mux = w->len > 0 && w->data[0] & 1,
		.reopen = b >> 4 & 3, .rules = { .declared = w->at[b % ADDRS], .window_ms = 3000, .silence_ms = 2000,
						 .peer_bits4 = 24, .peer_bits6 = 64, .keepalive_pt = { 13, 255 } },
	};

	set.at = &w->leg[a & 1][set.leg];
	set.fresh = !set.at->live;
	set.rules.mode = w->len > 1 ? (enum latch_mode)(w->data[1] & 3) : LATCH_PEER;
	set.rules.peer = w->at[set.leg ? 5 : 1];
	set.rules.rtp = !(b >> 6 & 1);
	set.rules.held = b >> 7;
	set.rules.direct = w->len > 2 && w->data[2] & 1;
	set.rules.packets = w->len > 2 ? w->data[2] >> 1 & 3 : 1;
	w->trusting |= set.rules.mode != LATCH_PEER;
	engine_set(&w->engine, &w->stream[a & 1], &set);
}

static void order_time(struct world *w, uint8_t a, uint8_t b)
{
	w->engine.now_us += (uint64_t)a * 20000;
	if (b & 1)
		engine_tick(&w->engine);
}

static void order_branch(struct world *w, uint8_t a, uint8_t b)
{
	unsigned leg = 1 + b % RELAY_BRANCHES;

	if (a & 2)
		engine_choose(&w->engine, &w->stream[a & 1], leg);
	else
		engine_end_leg(&w->engine, &w->stream[a & 1], leg);
}

static void order_veto(struct world *w, uint8_t a, uint8_t b)
{
	struct engine_event ev = { .leg = (a >> 1) % ENGINE_LEGS, .component = a >> 7, .where = w->at[b % ADDRS] };

	engine_veto(&w->engine, &w->stream[a & 1], &ev);
}

static void order_hop(struct world *w, uint8_t a, uint8_t b)
{
	struct engine_hop hop = { .stream = b & 1 ? RELAY_STREAMS_MAX | (b >> 1 & 1) : 0, .thread = b >> 5 & 1,
				  .side = b >> 2 & 1, .component = b >> 3 & 1 };

	engine_set_hop(&w->engine, &w->stream[a & 1], (a >> 1) % ENGINE_LEGS, a >> 7, &hop);
}

static void order_reach(struct world *w, uint8_t a, uint8_t b)
{
	struct reach_own own = { w->at[1 + b % (ADDRS - 1)], 0 };
	struct reach r = { .own = &own, .n_own = 1, .rest = (enum reach_rest)(a % 3) };

	reach_free(engine_reach(&w->engine, a >> 7, reach_copy(&r)));
}

static void read_alone(const uint8_t *data, size_t size)
{
	struct rtp_quality q = { 0 };
	struct packet_facts f;

	rtp_classify(data, size, &f);
	rtp_quality_packet(&q, data, size, 1);
	rtp_quality_packet(&q, data, size, 20001);
	rtp_quality_report(&q, data, size);
	rtp_quality_lost(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const orders[])(struct world *, uint8_t, uint8_t) = {
		order_packet, order_rules, order_time, order_branch, order_veto, order_hop, order_reach, order_packet,
	};
	static struct world w;
	struct cur in = { data, data + size }, head, payload;

	read_alone(data, size);
	begin(&w);
	while (!take(&in, 4, &head) && !take(&in, head.p[3], &payload)) {
		w.data = payload.p;
		w.len = (size_t)(payload.end - payload.p);
		orders[head.p[0] % 8](&w, head.p[1], head.p[2]);
	}
	end(&w);
	return 0;
}
