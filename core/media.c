#define LOG_SUBSYSTEM LOG_MEDIA
#include "media.h"
#include "lease.h"
#include "log.h"
#include "media_join.h"
#include "media_wait.h"
#include "metrics.h"
#include "media_stream.h"
#include "media_rules.h"
#include <errno.h>
#include <string.h>

#define NOT_RELAYED (PN_MEDIA_CLOSED | PN_MEDIA_FOREIGN)

int media_family(const struct pn_realm *r, int family)
{
	if (family && realm_addr(r, family))
		return family;
	if (realm_addr(r, 4))
		return 4;
	return realm_addr(r, 6) ? 6 : 0;
}

static enum pn_side other_side(enum pn_side side)
{
	return side == PN_SIDE_A ? PN_SIDE_B : PN_SIDE_A;
}

/* ---- what a declaration needs ---- */

static bool refused_by_offer(const struct stream *st, const struct declaration *d, unsigned branch)
{
	const struct pn_media *offer = stream_said(st, other_side(d->side), branch);

	return (d->flags & PN_DECLARE_ANSWER) && offer && (offer->flags & NOT_RELAYED);
}

/* Ports of one family cannot send to the other. */
static bool wrong_family(const struct stream *st, const struct declaration *d, const struct pn_media *m)
{
	int ours = st->lease->grant.local[d->side].family;

	return !(d->flags & PN_DECLARE_ANSWER) && !(m->flags & PN_MEDIA_HOLD) && m->rtp.family &&
	       m->rtp.family != ours;
}

/* Does the other side still have to get an address to send to? */
static bool must_ask(const struct stream *st, const struct declaration *d, unsigned branch)
{
	if (st->lease)
		return !st->lease->grant.advertise[other_side(d->side)].family;
	return !refused_by_offer(st, d, branch);
}

/* The lines that need addresses, or -errno. */
static int lines_to_ask(struct pn_session *s, const struct declaration *d, unsigned branch, uint16_t *ask)
{
	size_t have = 0, fresh = 0;
	int n = 0;

	for (size_t i = 0; i < s->n_streams; i++) {
		const struct stream *st = s->stream[i];
		const struct pn_media *m = i < d->n ? &d->list[i] : NULL;

		have += st->lease != NULL;
		if (!m || (m->flags & NOT_RELAYED))
			continue;
		if (st->lease && wrong_family(st, d, m))
			return -EADDRNOTAVAIL;
		if (!must_ask(st, d, branch))
			continue;
		fresh += !st->lease;
		ask[n++] = (uint16_t)i;
	}
	if (!fresh || have + fresh <= MEDIA_STREAMS_MAX)
		return n;
	metric_add(M_STREAMS_REFUSED, 1);
	return -ENOSPC;
}

static int check(const struct pn_session *s, const struct declaration *d)
{
	const struct pn_branch *b = d->branch;

	if (s->wait)
		return -EBUSY;
	if (d->n > MEDIA_LINES_MAX)
		return -E2BIG;
	return b && (b->ended || (s->chosen && b != s->chosen)) ? -ESTALE : 0;
}

void media_declare(struct pn_session *s, struct pn_branch *b, enum pn_side side, unsigned flags,
		   const struct pn_media *list, size_t n, const struct pn_msg *m, void *arg)
{
	const struct declaration d = { b, side, flags, list, n, m, arg };
	unsigned branch = stream_branch(s, b);
	uint16_t ask[MEDIA_LINES_MAX], missing[MEDIA_LINES_MAX];
	int err, n_ask = 0;
	bool waits;

	if (s->ended)
		return;
	err = check(s, &d);
	if (!err)
		err = streams_prepare(s, n, side, branch);
	if (!err)
		n_ask = lines_to_ask(s, &d, branch, ask);
	waits = !err && n_ask >= 0 && (n_ask || join_missing(s, &d, missing));
	if (!waits)
		media_conclude(s, &d, err ? err : n_ask);
	else
		media_wait_start(s, &d, ask, (size_t)n_ask);
}

/* ---- what is shown to the other side ---- */

static void advertise(const struct stream *st, enum pn_side to, const struct pn_media *declared,
		      struct pn_media *out)
{
	const unsigned keep = PN_MEDIA_RTP | PN_MEDIA_RTCP_MUX | PN_MEDIA_HOLD | PN_MEDIA_RTCP_ATTR;

	*out = *declared;
	out->size = sizeof(*out);
	if (declared->flags & PN_MEDIA_FOREIGN)
		return;
	out->rtp = out->rtcp = (struct pn_addr){ 0 };
	if (!st->lease || (declared->flags & PN_MEDIA_CLOSED)) {
		out->flags = (declared->flags & PN_MEDIA_RTP) | PN_MEDIA_CLOSED;
		return;
	}
	out->flags = declared->flags & keep;
	out->rtp = st->lease->grant.advertise[to];
	if (!(out->flags & PN_MEDIA_RTP))
		return;
	if (st->lease->grant.shared[to])
		out->flags |= PN_MEDIA_RTCP_ATTR;
	out->rtcp = st->lease->grant.advertise_rtcp[to];
}

static const struct pn_media nothing = { .size = sizeof(nothing), .flags = PN_MEDIA_CLOSED };

static int lines_within(const struct pn_session *s, size_t cap)
{
	return (int)(s->n_lines < cap ? s->n_lines : cap);
}

int media_advertised(struct pn_session *s, enum pn_side side, struct pn_media *list, size_t cap)
{
	int n = lines_within(s, cap);

	for (int i = 0; i < n; i++) {
		const struct pn_media *m = stream_said(s->stream[i], other_side(side), s->current);

		advertise(s->stream[i], side, m ? m : &nothing, &list[i]);
		if (!m)
			list[i].kind = s->stream[i]->rec.kind;
	}
	return n;
}

int media_declared(struct pn_session *s, struct pn_branch *b, enum pn_side side, struct pn_media *list,
		   size_t cap)
{
	int n = lines_within(s, cap);

	for (int i = 0; i < n; i++) {
		const struct pn_media *m = stream_said(s->stream[i], side, stream_branch(s, b));

		list[i] = m ? *m : nothing;
		if (!m)
			list[i].kind = s->stream[i]->rec.kind;
	}
	return n;
}

/* ---- the conclusion ---- */

static void lay(struct pn_session *s, const struct declaration *d, unsigned branch)
{
	for (size_t i = 0; i < s->n_lines; i++) {
		struct stream *st = s->stream[i];

		stream_lay(st, PN_SIDE_A, 0);
		stream_lay(st, PN_SIDE_B, d->side == PN_SIDE_B ? branch : s->current);
	}
}

static void take_effect(struct pn_session *s, const struct declaration *d)
{
	unsigned branch = stream_branch(s, d->branch);
	bool held = streams_quiet(s);

	streams_store(s, d->side, branch, d->flags, d->list, d->n);
	streams_settle(s);
	lay(s, d, branch);
	if (held && !streams_quiet(s))
		s->active_ms = loop_now(s->t->conf.loop);
}

void media_conclude(struct pn_session *s, const struct declaration *d, int err)
{
	struct pn_media adv[MEDIA_LINES_MAX];
	struct pn_media_reply r = {
		.size = sizeof(r), .err = err, .session = s, .branch = d->branch, .side = d->side,
		.msg = d->msg, .arg = d->arg,
	};

	if (err) {
		log_info("session %s: media refused: %s", s->rec.id, strerror(-err));
	} else {
		take_effect(s, d);
		for (size_t i = 0; i < d->n; i++)
			advertise(s->stream[i], other_side(d->side), &d->list[i], &adv[i]);
		r.advertise = adv;
		r.n = d->n;
	}
	s->t->conf.events->rewrite(s->owner, &r);
	if (s->queue.head)
		session_turn(s);
}

void media_cancel(struct pn_session *s)
{
	if (s->ended)
		return;
	media_wait_drop(s);
	if (s->queue.head)
		session_turn(s);
}
