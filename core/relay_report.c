#define LOG_SUBSYSTEM LOG_RELAY
#include "relay.h"
#include "log.h"
#include "metrics.h"
#include "relay_state.h"
#include <errno.h>

static struct relay_stream *any_stream(const struct relay *r, uint32_t id)
{
	struct relay_stream *s = r->slot[ENGINE_SLOT(id)];

	return s && s->hot.id == id ? s : NULL;
}

static void on_latched(struct relay *r, struct relay_stream *s, const struct engine_event *ev)
{
	unsigned side = ev->leg ? 1 : 0, branch = ev->leg ? ev->leg - 1u : 0;
	struct relay_command c = { .kind = COMMAND_VETO, .stream = &s->hot, .veto = *ev };
	unsigned thread = s->thread;

	log_debug("relay %08x: side %c %s at %s", s->hot.id, "AB"[side], ev->flag ? "moved" : "learned",
		  addr_text(&ev->where));
	if (s->closing || !r->conf.events->on_latch)
		return;
	if (!r->conf.events->on_latch(r->conf.arg, ev->stream, side, branch, ev->component, &ev->where,
				      ev->flag))
		return;
	if (relay_find(r, ev->stream))
		relay_do(r, thread, &c);
}

static void on_aimed(struct relay *r, struct relay_stream *s, const struct engine_event *ev)
{
	(void)r;
	if (s->leg[ev->leg])
		s->leg[ev->leg]->remote[ev->component] = ev->where;
}

static void on_refused(struct relay *r, struct relay_stream *s, const struct engine_event *ev)
{
	unsigned swallowed;

	metric_add(M_MEDIA_REFUSED_DEST, 1);
	if (!log_limit_pass(r->refusals, addr_hash(&ev->where, 0), loop_now(r->conf.loop), &swallowed))
		return;
	log_warn("relay %08x: side %c: nothing is sent to %s: special, own or outside reach (%u more)",
		 s->hot.id, "AB"[ev->leg ? 1 : 0], addr_text(&ev->where), swallowed);
}

static void on_final(struct relay *r, struct relay_stream *s, const struct engine_event *ev)
{
	relay_sum(r);
	if (r->conf.events->on_final)
		r->conf.events->on_final(r->conf.arg, ev->stream);
	relay_release(r, s);
}

void relay_on_event(void *relay, const struct engine_event *ev)
{
	static void (*const on[])(struct relay *, struct relay_stream *, const struct engine_event *) = {
		[ENGINE_LATCHED] = on_latched, [ENGINE_AIMED] = on_aimed, [ENGINE_REFUSED] = on_refused,
		[ENGINE_FINAL] = on_final,
	};
	struct relay_stream *s = any_stream(relay, ev->stream);

	if (s)
		on[ev->kind](relay, s, ev);
}

void relay_on_stun(void *relay, const struct relay_place *at, const struct engine_parcel *parcel)
{
	struct relay *r = relay;

	metric_add(M_RELAY_STUN, 1);
	if (r->conf.events->on_stun)
		r->conf.events->on_stun(r->conf.arg, at, parcel->from, parcel->data, parcel->len);
}

/* ---- counters ---- */

#define READ(cell) atomic_load_explicit(&(cell), memory_order_relaxed)

static void read_cells(const struct engine_cells *c, struct relay_counts *out)
{
	out->packets = READ(c->packets);
	out->bytes = READ(c->bytes);
	out->rtcp_packets = READ(c->rtcp_packets);
	out->rtcp_bytes = READ(c->rtcp_bytes);
	out->sent_packets = READ(c->sent_packets);
	out->sent_bytes = READ(c->sent_bytes);
	out->foreign = READ(c->foreign);
	out->implausible = READ(c->implausible);
	out->no_destination = READ(c->no_destination);
	out->last_ms = READ(c->last_ms);
}

static void read_leg(const struct relay_leg *l, struct relay_counts *out)
{
	out->jitter_ms = READ(l->hot.jitter_us) / 1000.0;
	out->reports = READ(l->hot.reports);
	out->reported_lost = READ(l->hot.reported_lost);
	out->reported_jitter_ms = READ(l->hot.reported_jitter_us) / 1000.0;
	out->latched = READ(l->hot.path[RELAY_RTP].latched);
	out->remote = l->remote[RELAY_RTP];
	out->remote_rtcp = l->remote[l->mux ? RELAY_RTP : RELAY_RTCP];
}

int relay_counters(struct relay *r, uint32_t stream, struct relay_counters *out)
{
	const struct relay_stream *s = any_stream(r, stream);

	if (!s)
		return -ENOENT;
	*out = (struct relay_counters){ 0 };
	for (unsigned side = 0; side < 2; side++)
		read_cells(&s->hot.cells[side], &out->side[side]);
	if (s->leg[0])
		read_leg(s->leg[0], &out->side[0]);
	if (s->leg[s->current])
		read_leg(s->leg[s->current], &out->side[1]);
	for (unsigned i = 0; i < ENGINE_LEGS; i++)
		if (s->leg[i])
			out->side[i ? 1 : 0].lost += READ(s->leg[i]->hot.lost);
	return 0;
}

static uint64_t total(const struct relay *r, size_t offset)
{
	uint64_t sum = 0;

	if (!r->conf.threads)
		return READ(*(const _Atomic uint64_t *)(const void *)((const char *)&r->engine.totals + offset));
	for (unsigned i = 0; i < r->conf.threads; i++)
		sum += READ(*(const _Atomic uint64_t *)(const void *)
				    ((const char *)media_thread_totals(r->thread[i]) + offset));
	return sum;
}

void relay_sum(struct relay *r)
{
	static const struct {
		enum metric metric;
		size_t offset;
	} map[] = {
		{ M_RELAY_RX, offsetof(struct engine_totals, rx) },
		{ M_RELAY_TX, offsetof(struct engine_totals, tx) },
		{ M_RELAY_FOREIGN, offsetof(struct engine_totals, foreign) },
		{ M_RELAY_NODEST, offsetof(struct engine_totals, no_destination) },
		{ M_RELAY_IMPLAUSIBLE, offsetof(struct engine_totals, implausible) },
		{ M_RELAY_HOPS, offsetof(struct engine_totals, hops) },
		{ M_RELAY_HOP_LIMIT, offsetof(struct engine_totals, hop_limit) },
		{ M_RELAY_HOP_FULL, offsetof(struct engine_totals, hop_full) },
		{ M_RELAY_TX_FAIL, offsetof(struct engine_totals, send_failed) },
		{ M_RELAY_LATCHED, offsetof(struct engine_totals, latched) },
		{ M_RELAY_RELATCHED, offsetof(struct engine_totals, relatched) },
		{ M_RELAY_DEADLOCK, offsetof(struct engine_totals, deadlock) },
		{ M_RELAY_UNJOINED, offsetof(struct engine_totals, unjoined) },
		{ M_RELAY_STUN_LOST, offsetof(struct engine_totals, stun_lost) },
	};

	_Static_assert(sizeof(map) / sizeof(map[0]) == sizeof(r->summed) / sizeof(r->summed[0]), "one each");
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		uint64_t now = total(r, map[i].offset);

		if (now != r->summed[i])
			metric_add(map[i].metric, (int64_t)(now - r->summed[i]));
		r->summed[i] = now;
	}
}
