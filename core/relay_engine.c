#include "relay_engine.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_LEG ENGINE_LEGS
#define PROBE_MS 1000u
#define PUBLISH_EVERY 64u

struct packet { /* on its way through a stream */
	const uint8_t *data;
	size_t len;
	struct packet_facts facts;
	unsigned leg, component; /* where it came in */
	unsigned hops;
};

static const struct reach reach_default = { .rest = REACH_ANY };

static uint64_t now_ms(const struct engine *e)
{
	return e->now_us / 1000;
}

static unsigned side_of(unsigned leg)
{
	return leg ? 1 : 0;
}

static const struct reach *reach_of(const struct engine *e, unsigned realm)
{
	return e->reach[realm] ? e->reach[realm] : &reach_default;
}

static struct engine_path *path_of(const struct engine_stream *s, unsigned leg, unsigned component)
{
	struct engine_leg *l = s->leg[leg];

	return l && l->live && l->path[component].set ? &l->path[component] : NULL;
}

int engine_init(struct engine *e, uint32_t max_streams)
{
	if (!max_streams || max_streams > RELAY_STREAMS_MAX)
		return -EINVAL;
	e->slot = calloc(max_streams, sizeof(struct engine_stream *));
	e->max_streams = max_streams;
	return e->slot ? 0 : -ENOMEM;
}

void engine_clear(struct engine *e)
{
	for (unsigned i = 0; i < RELAY_REALMS; i++)
		reach_free(e->reach[i]);
	free(e->slot);
	e->slot = NULL;
	e->max_streams = 0;
}

void engine_add(struct engine *e, struct engine_stream *s)
{
	e->slot[ENGINE_SLOT(s->id)] = s;
	s->current = 1;
	s->next = e->streams;
	s->link = &e->streams;
	if (s->next)
		s->next->link = &s->next;
	e->streams = s;
}

struct engine_stream *engine_find(const struct engine *e, uint32_t id)
{
	uint32_t slot = ENGINE_SLOT(id);

	if (slot >= e->max_streams || !e->slot[slot] || e->slot[slot]->id != id)
		return NULL;
	return e->slot[slot];
}

static uint32_t units_us(const struct rtp_quality *q, uint32_t units)
{
	return q->clock_hz ? (uint32_t)((uint64_t)units * 1000000u / q->clock_hz) : 0;
}

static void publish(struct engine_leg *l)
{
	const struct rtp_quality *q = &l->quality;

	atomic_store_explicit(&l->lost, rtp_quality_lost(q), memory_order_relaxed);
	atomic_store_explicit(&l->jitter_us, units_us(q, q->jitter >> 4), memory_order_relaxed);
	atomic_store_explicit(&l->reports, q->reports, memory_order_relaxed);
	atomic_store_explicit(&l->reported_lost, q->reported_lost, memory_order_relaxed);
	atomic_store_explicit(&l->reported_jitter_us, units_us(q, q->reported_jitter),
			      memory_order_relaxed);
}

void engine_remove(struct engine *e, struct engine_stream *s)
{
	for (unsigned i = 0; i < ENGINE_LEGS; i++)
		if (s->leg[i])
			publish(s->leg[i]);
	e->slot[ENGINE_SLOT(s->id)] = NULL;
	*s->link = s->next;
	if (s->next)
		s->next->link = s->link;
}

/* ---- where to send ---- */

static void tell(const struct engine *e, const struct engine_stream *s, struct engine_event ev)
{
	ev.stream = s->id;
	e->ops->event(e->arg, &ev);
}

static bool may_send(const struct engine *e, const struct engine_port *from, const struct pn_addr *to)
{
	return from->local.family == to->family && reach_allows(reach_of(e, from->realm), to);
}

static struct engine_dest dest_of(const struct pn_addr *to)
{
	struct engine_dest d = { .addr = *to };
	struct sockaddr_storage ss;

	if (!to->family)
		return d;
	d.len = addr_to_sockaddr(to, &ss);
	if (to->family == 4)
		memcpy(&d.in4, &ss, sizeof(d.in4));
	else
		memcpy(&d.in6, &ss, sizeof(d.in6));
	return d;
}

/* Told once per address: the signalling may repeat it for hours. */
static void refuse(const struct engine *e, const struct engine_stream *s, unsigned leg, unsigned component,
		   const struct pn_addr *to)
{
	struct engine_path *p = &s->leg[leg]->path[component];

	if (addr_eq(&p->refused, to))
		return;
	p->refused = *to;
	tell(e, s, (struct engine_event){ .kind = ENGINE_REFUSED, .leg = (uint8_t)leg,
					  .component = (uint8_t)component, .where = *to });
}

static void aim(const struct engine *e, const struct engine_stream *s, unsigned leg, unsigned component)
{
	struct engine_path *p = path_of(s, leg, component);
	struct pn_addr to;

	if (!p)
		return;
	to = latch_destination(&p->latch, &p->rules);
	if (p->hop.stream) {
		to = p->rules.held ? (struct pn_addr){ 0 } : p->rules.declared;
	} else if (to.family && !may_send(e, &s->port[side_of(leg)][component], &to)) {
		refuse(e, s, leg, component, &to);
		to = (struct pn_addr){ 0 };
	}
	if (addr_eq(&to, &p->to.addr))
		return;
	p->to = dest_of(&to);
	tell(e, s, (struct engine_event){ .kind = ENGINE_AIMED, .leg = (uint8_t)leg,
					  .component = (uint8_t)component, .where = to });
}

/* RTCP may come from, and go to, the IP that RTP has proven. */
static void teach_rtcp(struct engine_leg *l)
{
	const struct latch *rtp = &l->path[RELAY_RTP].latch;
	struct engine_path *p = &l->path[RELAY_RTCP];

	if (!p->set || (p->rules.pinhole.family && !p->taught_pinhole))
		return;
	p->rules.pinhole = rtp->where;
	p->rules.pinhole.port = 0;
	p->taught_pinhole = rtp->where.family;
}

static void aim_leg(const struct engine *e, const struct engine_stream *s, unsigned leg)
{
	for (unsigned c = 0; c < 2; c++) {
		struct engine_path *p = path_of(s, leg, c);

		if (p)
			atomic_store_explicit(&p->latched, p->latch.state == LATCH_LOCKED,
					      memory_order_relaxed);
	}
	teach_rtcp(s->leg[leg]);
	aim(e, s, leg, RELAY_RTP);
	aim(e, s, leg, RELAY_RTCP);
}

/* ---- commands ---- */

static void begin_leg(struct engine_leg *l)
{
	l->quality = (struct rtp_quality){ 0 };
	for (unsigned c = 0; c < 2; c++) {
		struct engine_path *p = &l->path[c];

		p->latch = (struct latch){ 0 };
		p->hop = (struct engine_hop){ 0 };
		p->to = (struct engine_dest){ 0 };
		p->refused = (struct pn_addr){ 0 };
		p->set = p->taught_pinhole = false;
	}
	l->live = true;
}

/* Rules are laid for an end before it has said anything: it waits for nothing yet. */
static bool is_declared(const struct engine_stream *s, unsigned leg)
{
	const struct engine_path *p = path_of(s, leg, RELAY_RTP);

	return p && p->rules.declared.family;
}

static void wait_for_media(const struct engine *e, struct engine_stream *s, bool anew)
{
	bool both = is_declared(s, 0) && is_declared(s, s->current);

	s->heard = s->heard && !anew;
	if (both && (anew || !s->probe_at_ms))
		s->probe_at_ms = now_ms(e) + e->deadlock_ms;
}

void engine_set(struct engine *e, struct engine_stream *s, const struct engine_set *set)
{
	struct engine_leg *l = set->at;
	struct engine_path *p = &l->path[set->component];
	bool first;

	if (set->fresh)
		begin_leg(l);
	first = !p->rules.declared.family;
	s->leg[set->leg] = l;
	l->mux = set->mux;
	p->rules = set->rules;
	p->hop = set->hop;
	p->taught_pinhole = false;
	if (p->set && first && set->reopen == RELAY_REOPEN)
		latch_first(&p->latch, &p->rules, now_ms(e));
	else if (!p->set || set->reopen == RELAY_REOPEN)
		latch_open(&p->latch, &p->rules);
	else if (set->reopen == RELAY_ROLLBACK)
		latch_rollback(&p->latch, &p->rules);
	p->set = true;
	if (set->leg && !s->chosen)
		s->current = set->leg;
	wait_for_media(e, s, set->reopen == RELAY_REOPEN);
	aim_leg(e, s, set->leg);
}

void engine_set_hop(struct engine *e, struct engine_stream *s, unsigned leg, unsigned component,
		    const struct engine_hop *hop)
{
	struct engine_path *p = path_of(s, leg, component);

	if (!p)
		return;
	if (!hop->stream) /* its end is no news: an own address that is no live port any more */
		p->refused = p->rules.declared;
	p->hop = *hop;
	aim(e, s, leg, component);
}

void engine_choose(struct engine *e, struct engine_stream *s, unsigned leg)
{
	s->chosen = true;
	s->current = (uint8_t)leg;
	for (unsigned i = 1; i < ENGINE_LEGS; i++)
		if (i != leg && s->leg[i])
			s->leg[i]->live = false;
	wait_for_media(e, s, false);
}

void engine_end_leg(struct engine *e, struct engine_stream *s, unsigned leg)
{
	if (!s->leg[leg])
		return;
	s->leg[leg]->live = false;
	for (unsigned i = 1; i < ENGINE_LEGS && s->current == leg; i++)
		if (path_of(s, i, RELAY_RTP))
			s->current = (uint8_t)i;
	wait_for_media(e, s, false);
}

void engine_veto(struct engine *e, struct engine_stream *s, const struct engine_event *ev)
{
	struct engine_path *p = path_of(s, ev->leg, ev->component);

	if (!p)
		return;
	latch_veto(&p->latch, &p->rules, &ev->where);
	aim_leg(e, s, ev->leg);
}

struct reach *engine_reach(struct engine *e, unsigned realm, struct reach *reach)
{
	struct reach *old = e->reach[realm];

	e->reach[realm] = reach;
	for (struct engine_stream *s = e->streams; s; s = s->next)
		for (unsigned i = 0; i < ENGINE_LEGS; i++)
			if (s->leg[i] && s->port[side_of(i)][0].realm == realm)
				aim_leg(e, s, i);
	return old;
}

/* ---- packets ---- */

static bool is_rtcp(const struct engine_leg *in, const struct packet *pk)
{
	return pk->component == RELAY_RTCP || (in->mux && pk->facts.class == PACKET_RTCP);
}

static void hop_out(struct engine *e, const struct engine_hop *to, const struct pn_addr *from,
		    const struct packet *pk)
{
	struct engine_parcel parcel = { .from = from, .data = pk->data, .len = pk->len, .hops = pk->hops + 1 };

	if (pk->hops >= ENGINE_HOPS) {
		engine_bump(&e->totals.hop_limit, 1);
		return;
	}
	engine_bump(&e->totals.hops, 1);
	if (to->thread == e->thread)
		engine_hop_in(e, to, &parcel);
	else if (e->ops->hop(e->arg, to, &parcel))
		engine_bump(&e->totals.hop_full, 1);
}

static void send_out(struct engine *e, const struct engine_port *from, const struct engine_dest *to,
		     const struct packet *pk)
{
	struct engine_cells *cells = &from->stream->cells[from->side];

	if (e->ops->send(e->arg, from, to, pk->data, pk->len)) {
		engine_bump(&e->totals.send_failed, 1);
		return;
	}
	engine_bump(&e->totals.tx, 1);
	engine_bump(&cells->sent_packets, 1);
	engine_bump(&cells->sent_bytes, pk->len);
}

static void forward(struct engine *e, struct engine_stream *s, const struct packet *pk)
{
	unsigned leg = pk->leg ? 0 : s->current;
	const struct engine_leg *out = s->leg[leg];
	unsigned c = is_rtcp(s->leg[pk->leg], pk) && out && !out->mux ? RELAY_RTCP : RELAY_RTP;
	const struct engine_path *p = path_of(s, leg, c);
	const struct engine_port *from = &s->port[side_of(leg)][c];

	if (!p || !p->to.addr.family) {
		if (p && p->rules.held)
			return;
		engine_bump(&e->totals.no_destination, 1);
		engine_bump(&s->cells[side_of(pk->leg)].no_destination, 1);
	} else if (p->hop.stream) {
		engine_bump(&s->cells[from->side].sent_packets, 1);
		engine_bump(&s->cells[from->side].sent_bytes, pk->len);
		hop_out(e, &p->hop, &from->local, pk);
	} else {
		send_out(e, from, &p->to, pk);
	}
}

/* Reports speak of what the other side sends. */
static void count_reports(const struct engine_stream *s, const struct packet *pk)
{
	unsigned from = pk->leg ? 0 : 1, to = pk->leg ? 1 : ENGINE_LEGS;

	for (unsigned i = from; i < to; i++) {
		if (!s->leg[i] || !s->leg[i]->live)
			continue;
		rtp_quality_report(&s->leg[i]->quality, pk->data, pk->len);
		publish(s->leg[i]);
	}
}

static void count_rtp(const struct engine *e, struct engine_leg *l, const struct packet *pk)
{
	if (pk->facts.class != PACKET_RTP)
		return;
	rtp_quality_packet(&l->quality, pk->data, pk->len, e->now_us);
	if (l->quality.received % PUBLISH_EVERY == 0)
		publish(l);
}

static void accept_packet(const struct engine *e, struct engine_stream *s, const struct packet *pk)
{
	struct engine_cells *cells = &s->cells[side_of(pk->leg)];
	struct engine_leg *l = s->leg[pk->leg];
	bool rtcp = is_rtcp(l, pk);

	s->heard = true;
	atomic_store_explicit(&cells->last_ms, now_ms(e), memory_order_relaxed);
	engine_bump(rtcp ? &cells->rtcp_packets : &cells->packets, 1);
	engine_bump(rtcp ? &cells->rtcp_bytes : &cells->bytes, pk->len);
	if (!l->path[pk->component].rules.rtp)
		return;
	if (rtcp)
		count_reports(s, pk);
	else
		count_rtp(e, l, pk);
}

static void drop_foreign(struct engine *e, struct engine_stream *s, unsigned side)
{
	engine_bump(&e->totals.foreign, 1);
	engine_bump(&s->cells[side].foreign, 1);
}

static bool knows(const struct engine_path *p, const struct pn_addr *src)
{
	return p && p->latch.where.family && addr_eq(&p->latch.where, src);
}

/* Which branch a packet belongs to: who has latched on its source, else who ranks it best. */
static unsigned leg_of(const struct engine_stream *s, const struct engine_port *at,
		       const struct pn_addr *src)
{
	enum latch_rank best = RANK_NONE;
	unsigned leg = NO_LEG;

	if (at->side == 0)
		return path_of(s, 0, at->component) ? 0 : NO_LEG;
	if (knows(path_of(s, s->current, at->component), src))
		return s->current;
	for (unsigned i = 1; i < ENGINE_LEGS; i++) {
		const struct engine_path *p = path_of(s, i, at->component);
		enum latch_rank rank = p ? latch_rank(&p->latch, &p->rules, src) : RANK_NONE;

		if (knows(p, src))
			return i;
		if (rank > best || (rank == best && rank != RANK_NONE && i == s->current)) {
			best = rank;
			leg = i;
		}
	}
	return leg;
}

/* From outside nothing comes from an own port: what claims to is forged, a hop has no need to. */
static bool forged(const struct engine *e, const struct engine_port *at, const struct engine_path *p,
		   const struct pn_addr *src)
{
	if (p->hop.stream)
		return true;
	return !knows(p, src) && reach_owns(reach_of(e, at->realm), src);
}

static enum latch_act judge(struct engine *e, const struct engine_port *at, struct packet *pk)
{
	struct engine_path *p;

	pk->leg = leg_of(at->stream, at, &pk->facts.src);
	if (pk->leg == NO_LEG)
		return LATCH_DROP_FOREIGN;
	p = path_of(at->stream, pk->leg, at->component);
	if (forged(e, at, p, &pk->facts.src))
		return LATCH_DROP_FOREIGN;
	return latch_judge(&p->latch, &p->rules, &pk->facts, now_ms(e));
}

static void drop(struct engine *e, const struct engine_port *at, enum latch_act act)
{
	if (act == LATCH_DROP_FOREIGN) {
		drop_foreign(e, at->stream, at->side);
		return;
	}
	engine_bump(&e->totals.implausible, 1);
	engine_bump(&at->stream->cells[at->side].implausible, 1);
}

static void learned(struct engine *e, struct engine_stream *s, const struct packet *pk, bool moved)
{
	engine_bump(moved ? &e->totals.relatched : &e->totals.latched, 1);
	tell(e, s, (struct engine_event){ .kind = ENGINE_LATCHED, .leg = (uint8_t)pk->leg,
					  .component = (uint8_t)pk->component, .flag = moved,
					  .where = pk->facts.src });
}

static void tell_tapped(const struct engine *e, const struct engine_port *at, const struct packet *pk)
{
	struct relay_place place = { at->realm, at->stream->id, at->side, at->component };
	struct engine_parcel parcel = { .from = &pk->facts.src, .data = pk->data, .len = pk->len };

	e->ops->stun(e->arg, &place, &parcel);
}

void engine_input(struct engine *e, const struct engine_port *at, const struct pn_addr *from,
		  const uint8_t *data, size_t len)
{
	struct engine_stream *s = at->stream;
	struct packet pk = { .data = data, .len = len, .component = at->component };
	struct engine_path *p;
	enum latch_act act;

	engine_bump(&e->totals.rx, 1);
	rtp_classify(data, len, &pk.facts);
	pk.facts.src = *from;
	pk.facts.rtcp_component = at->component == RELAY_RTCP;
	if (pk.facts.class == PACKET_STUN && s->tap[at->side].family && addr_eq(&s->tap[at->side], from)) {
		tell_tapped(e, at, &pk);
		return;
	}
	act = judge(e, at, &pk);
	if (act < LATCH_PASS) {
		drop(e, at, act);
		return;
	}
	p = path_of(s, pk.leg, pk.component);
	if (!atomic_load_explicit(&p->latched, memory_order_relaxed) || act != LATCH_PASS)
		aim_leg(e, s, pk.leg);
	accept_packet(e, s, &pk);
	forward(e, s, &pk);
	if (act != LATCH_PASS) /* last: who hears it may end the stream */
		learned(e, s, &pk, act == LATCH_MOVE);
}

/* No latch: the sender is the very port that this side was declared to be. */
static unsigned hop_leg(const struct engine_stream *s, const struct engine_hop *to, const struct pn_addr *from)
{
	unsigned first = to->side ? 1 : 0, end = to->side ? ENGINE_LEGS : 1;

	for (unsigned leg = first; leg < end; leg++) {
		const struct engine_path *p = path_of(s, leg, to->component);

		if (p && p->rules.declared.family && addr_eq(&p->rules.declared, from))
			return leg;
	}
	return NO_LEG;
}

void engine_hop_in(struct engine *e, const struct engine_hop *to, const struct engine_parcel *parcel)
{
	struct engine_stream *s = engine_find(e, to->stream);
	struct packet pk = { .data = parcel->data, .len = parcel->len, .component = to->component,
			     .hops = parcel->hops };

	if (!s) {
		engine_bump(&e->totals.no_destination, 1);
		return;
	}
	pk.leg = hop_leg(s, to, parcel->from);
	if (pk.leg == NO_LEG) {
		drop_foreign(e, s, to->side);
		return;
	}
	rtp_classify(pk.data, pk.len, &pk.facts);
	accept_packet(e, s, &pk);
	forward(e, s, &pk);
}

/* ---- deadlock probes ---- */

static void probe(struct engine *e, struct engine_stream *s, unsigned leg)
{
	const struct engine_path *p = path_of(s, leg, RELAY_RTP);
	const struct engine_port *from = &s->port[side_of(leg)][RELAY_RTP];
	struct engine_dest to;
	struct pn_addr addr;

	if (!p || p->hop.stream)
		return;
	addr = latch_probe(&p->latch, &p->rules);
	if (!addr.family || !may_send(e, from, &addr))
		return;
	to = dest_of(&addr);
	if (!e->ops->send(e->arg, from, &to, "", 0))
		engine_bump(&e->totals.deadlock, 1);
}

void engine_tick(struct engine *e)
{
	if (!e->deadlock_ms)
		return;
	for (struct engine_stream *s = e->streams; s; s = s->next) {
		if (s->heard || !s->probe_at_ms || now_ms(e) < s->probe_at_ms)
			continue;
		s->probe_at_ms = now_ms(e) + PROBE_MS;
		probe(e, s, 0);
		probe(e, s, s->current);
	}
}
