#define LOG_SUBSYSTEM LOG_MEDIA
#include "media_rules.h"
#include "correlation.h"
#include "lease.h"
#include "log.h"
#include "media_join.h"
#include "media_return.h"
#include "media_stream.h"
#include <errno.h>
#include <string.h>

static const struct pn_addr nowhere;

#define WINDOW_MS 3000u  /* latch.md 3 and 6, where the configuration says nothing */
#define SILENCE_MS 2000u

static bool in_effect(const struct end_record *e, unsigned flag)
{
	return e && e->now_set && (e->now.flags & flag);
}

static const struct end_record *current_b(const struct stream *st)
{
	return st->end[1 + st->s->current];
}

bool stream_held(const struct stream *st)
{
	return in_effect(st->end[0], PN_MEDIA_HOLD) || in_effect(current_b(st), PN_MEDIA_HOLD);
}

bool stream_quiet(const struct stream *st)
{
	return stream_held(st) || in_effect(st->end[0], PN_MEDIA_ONEWAY) ||
	       in_effect(current_b(st), PN_MEDIA_ONEWAY);
}

/* RTCP shares the port when both ends said so (RFC 5761 s.5.1.1). */
static bool muxed(const struct stream *st, enum pn_side side, const struct end_record *e)
{
	const struct end_record *other = side == PN_SIDE_A ? current_b(st) : st->end[0];

	return in_effect(e, PN_MEDIA_RTCP_MUX) && in_effect(other, PN_MEDIA_RTCP_MUX);
}

static struct pn_addr rtcp_address(const struct pn_media *m)
{
	struct pn_addr a = m->rtp;

	if (m->rtcp.family)
		return m->rtcp;
	if (!(m->flags & PN_MEDIA_RTP) || !a.family || !a.port || a.port == UINT16_MAX)
		return (struct pn_addr){ 0 };
	a.port++;
	return a;
}

/* The addresses that the rules name: of what is declared, but a hold keeps the former ones. */
static bool addresses_change(struct end_record *e)
{
	struct pn_addr rtp = { 0 }, rtcp = { 0 };
	uint8_t rtp_rules = e->now_set && (e->now.flags & PN_MEDIA_RTP);
	bool same;

	if (in_effect(e, PN_MEDIA_HOLD))
		return false;
	if (e->now_set && !(e->now.flags & PN_MEDIA_CLOSED) && e->now.rtp.port) {
		rtp = e->now.rtp;
		rtcp = rtcp_address(&e->now);
	}
	same = addr_eq(&rtp, &e->rtp) && addr_eq(&rtcp, &e->rtcp) && rtp_rules == e->rtp_rules;
	e->rtp = rtp;
	e->rtcp = rtcp;
	e->rtp_rules = rtp_rules;
	return !same;
}

/* Declared is one of our own media ports: the call came back, its two passages are one call. */
static void correlate(struct stream *st, enum pn_side side, const struct pn_addr *a)
{
	struct sessions *t = st->s->t;
	struct lease *other;
	uint32_t stream;

	if (!a->family || relay_own_port(t->conf.relay, st->s->realm[side]->index, a, &stream, NULL) != 1)
		return;
	other = lease_find(t, stream);
	if (other && other->s && other->s != st->s)
		correlation_merge(st->s, other->s);
}

/* Reach is the relay's business; the other family is nobody's. */
static struct pn_addr usable(const struct stream *st, enum pn_side side, const struct pn_addr *a)
{
	if (!a->family || a->family != st->lease->grant.local[side].family)
		return (struct pn_addr){ 0 };
	return *a;
}

/* Where a proven address is the only one: of the gateway, or a pinhole. */
static bool is_exact(const struct stream *st, enum pn_side side)
{
	return st->s->realm[side]->uplink || st->lease->grant.shared[side];
}

static void base_rules(const struct stream *st, enum pn_side side, const struct end_record *e,
		       struct latch_rules *out)
{
	const struct pn_realm *realm = st->s->realm[side];
	const struct conf_media *media = &st->s->t->media;

	*out = (struct latch_rules){
		.mode = is_exact(st, side) ? LATCH_EXACT : realm->latch,
		.peer = e->peer.family ? e->peer : st->s->rec.peer[side],
		.peer_bits4 = realm->peer_bits4,
		.peer_bits6 = realm->peer_bits6,
		.direct = st->s->rec.direct[side],
		.third_party = realm->third_party,
		.rtp = e->rtp_rules,
		.held = in_effect(e, PN_MEDIA_HOLD),
		.packets = realm->latch_packets && !is_exact(st, side) ? realm->latch_packets : 1,
		.window_ms = media->latch_window_ms ? media->latch_window_ms : WINDOW_MS,
		.silence_ms = media->latch_silence_ms ? media->latch_silence_ms : SILENCE_MS,
	};
}

static void lay_component(struct stream *st, struct relay_rules *r, const struct pn_addr *declared)
{
	const struct pn_addr *divert = &st->lease->divert[r->side][r->component];
	struct pn_addr hole;
	int err;

	if (divert->family) {
		declared = divert;
	} else if (st->lease->grant.shared[r->side]) {
		hole = join_component(st, (enum pn_side)r->side, r->branch, r->component, declared);
		declared = &hole;
	}
	r->latch.declared = usable(st, (enum pn_side)r->side, declared);
	err = relay_set(st->s->t->conf.relay, st->lease->grant.stream, r);
	if (err)
		log_warn("session %s: stream %u: no rules: %s", st->s->rec.id, st->rec.index,
			 strerror(-err));
}

void stream_lay(struct stream *st, enum pn_side side, unsigned branch)
{
	struct end_record *e = stream_end(st, side, branch);
	struct relay_rules r = { .side = side, .branch = branch };

	if (!e || !st->lease)
		return;
	r.reopen = addresses_change(e) || !e->laid ? RELAY_REOPEN : RELAY_KEEP;
	r.mux = muxed(st, side, e);
	e->laid = 1;
	base_rules(st, side, e, &r.latch);
	r.component = RELAY_RTP;
	lay_component(st, &r, &e->rtp);
	r.component = RELAY_RTCP;
	lay_component(st, &r, r.mux && st->lease->grant.shared[side] ? &nowhere : &e->rtcp);
	if (r.reopen == RELAY_REOPEN && !st->lease->grant.shared[side])
		correlate(st, side, &e->rtp);
	media_return_look(st);
}

int media_divert(struct sessions *t, uint32_t stream, enum pn_side side, unsigned component,
		 const struct pn_addr *to)
{
	struct lease *l = lease_find(t, stream);
	struct stream *st = l && !l->closing ? l->stream : NULL;
	unsigned branch = st && side == PN_SIDE_B ? st->s->current : 0;
	struct end_record *e = st ? stream_end(st, side, branch) : NULL;

	if (!e)
		return -ENOENT;
	if (addr_eq(&l->divert[side][component], to))
		return 0;
	l->divert[side][component] = *to;
	e->laid = 0;
	stream_lay(st, side, branch);
	return 0;
}
