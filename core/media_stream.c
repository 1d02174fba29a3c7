#include "media_stream.h"
#include "lease.h"
#include "media_join.h"
#include "media_pinhole.h"
#include "media_return.h"
#include "media_rules.h"
#include <errno.h>
#include <stdlib.h>

/* Index of an end: side A, then the branches of side B. */
static unsigned end_index(enum pn_side side, unsigned branch)
{
	return side == PN_SIDE_A ? 0 : 1 + branch;
}

struct end_record *stream_end(const struct stream *st, enum pn_side side, unsigned branch)
{
	return st->end[end_index(side, branch)];
}

static const struct pn_media *said(const struct end_record *e)
{
	if (!e)
		return NULL;
	if (e->next_set)
		return &e->next;
	return e->now_set ? &e->now : NULL;
}

const struct pn_media *stream_said(const struct stream *st, enum pn_side side, unsigned branch)
{
	return said(stream_end(st, side, branch));
}

unsigned stream_branch(const struct pn_session *s, const struct pn_branch *b)
{
	if (b)
		return b->index;
	return s->chosen ? s->chosen->index : 0;
}

static int stream_make(struct pn_session *s)
{
	struct stream **list = realloc(s->stream, (s->n_streams + 1) * sizeof(*list));
	struct stream *st;

	if (!list)
		return -ENOMEM;
	s->stream = list;
	st = calloc(1, sizeof(*st));
	if (!st)
		return -ENOMEM;
	st->s = s;
	st->rec.version = STREAM_RECORD_VERSION;
	st->rec.index = s->n_streams;
	list[s->n_streams++] = st;
	return 0;
}

static int end_make(struct stream *st, enum pn_side side, unsigned branch)
{
	struct end_record **e = &st->end[end_index(side, branch)];

	if (!*e)
		*e = calloc(1, sizeof(**e));
	return *e ? 0 : -ENOMEM;
}

int streams_prepare(struct pn_session *s, size_t n, enum pn_side side, unsigned branch)
{
	unsigned b = side == PN_SIDE_B ? branch : s->current;
	int err = 0;

	while (!err && s->n_streams < n)
		err = stream_make(s);
	for (size_t i = 0; !err && i < s->n_streams; i++) {
		err = end_make(s->stream[i], PN_SIDE_A, 0);
		if (!err)
			err = end_make(s->stream[i], PN_SIDE_B, b);
	}
	return err;
}

void streams_free(struct pn_session *s)
{
	for (size_t i = 0; i < s->n_streams; i++) {
		for (size_t e = 0; e <= RELAY_BRANCHES; e++)
			free(s->stream[i]->end[e]);
		free(s->stream[i]);
	}
	free(s->stream);
	s->stream = NULL;
	s->n_streams = s->n_lines = 0;
}

/* What is not relayed stays known: it is advertised as it was declared. */
static void end_clear(struct end_record *e)
{
	if (!e)
		return;
	e->laid = 0;
	if (!e->now_set || !(e->now.flags & PN_MEDIA_FOREIGN))
		*e = (struct end_record){ 0 };
}

/* The ends must declare anew; a line that comes back is like a first one. */
static void stream_close(struct stream *st)
{
	struct lease *l = st->lease;

	media_return_break(st);
	join_leave(st);
	st->lease = NULL;
	st->rec.fresh = 0;
	for (size_t e = 0; e <= RELAY_BRANCHES; e++)
		end_clear(st->end[e]);
	if (l)
		lease_close(l);
}

/* ---- offers and answers ---- */

static void end_store(struct stream *st, struct end_record *e, unsigned flags, const struct pn_media *said)
{
	struct pn_media m = *said;

	m.flags &= ~PN_MEDIA_RELATCH;
	if (said->flags & PN_MEDIA_RELATCH)
		e->laid = 0;
	if ((flags & PN_DECLARE_OFFER) && e->now_set && !e->fresh) {
		e->next = m;
		e->next_set = 1;
		return;
	}
	e->fresh = (flags & PN_DECLARE_OFFER) != 0;
	e->now = m;
	e->now_set = 1;
	e->next_set = 0;
	st->rec.kind = m.kind;
}

static void end_settle_offer(struct stream *st, struct end_record *e)
{
	if (!e)
		return;
	if (e->next_set) {
		e->now = e->next;
		st->rec.kind = e->now.kind;
	}
	e->next_set = e->fresh = 0;
}

/* The answer makes what the other side offered final. */
static void offer_answered(struct pn_session *s, enum pn_side answered_by, unsigned branch)
{
	enum pn_side offerer = answered_by == PN_SIDE_A ? PN_SIDE_B : PN_SIDE_A;

	s->offer_pending = false;
	for (size_t i = 0; i < s->n_streams; i++) {
		s->stream[i]->rec.fresh = 0;
		end_settle_offer(s->stream[i], stream_end(s->stream[i], offerer, branch));
	}
}

static void end_restore(struct stream *st, unsigned index)
{
	struct end_record *e = st->end[index];
	bool laid = e && e->fresh;

	if (!e)
		return;
	if (e->fresh)
		e->now_set = 0;
	e->next_set = e->fresh = 0;
	if (laid && st->lease)
		stream_lay(st, index ? PN_SIDE_B : PN_SIDE_A, index ? index - 1 : 0);
}

static void stream_restore(struct stream *st)
{
	if (st->rec.fresh) {
		stream_close(st);
		return;
	}
	for (unsigned e = 0; e <= RELAY_BRANCHES; e++)
		end_restore(st, e);
}

void media_rollback(struct pn_session *s)
{
	if (s->ended)
		return;
	media_cancel(s);
	if (!s->offer_pending)
		return;
	s->offer_pending = false;
	s->n_lines = s->offer_lines;
	for (size_t i = 0; i < s->n_streams; i++)
		stream_restore(s->stream[i]);
}

/* ---- the end of a stream ---- */

static bool closed(const struct end_record *e)
{
	return e && e->now_set && !e->fresh && (e->now.flags & (PN_MEDIA_CLOSED | PN_MEDIA_FOREIGN));
}

/* One fork's refusal closes nothing as long as another may accept. */
static bool forks_may_accept(const struct pn_session *s)
{
	return s->branches && !s->chosen && !s->answer_ms;
}

static bool all_closed_b(const struct stream *st)
{
	bool any = false;

	if (st->s->chosen)
		return closed(stream_end(st, PN_SIDE_B, st->s->chosen->index));
	if (forks_may_accept(st->s))
		return false;
	for (size_t e = 1; e <= RELAY_BRANCHES; e++) {
		if (!st->end[e] || !st->end[e]->now_set)
			continue;
		if (!closed(st->end[e]))
			return false;
		any = true;
	}
	return any;
}

void streams_settle(struct pn_session *s)
{
	for (size_t i = 0; i < s->n_streams; i++) {
		struct stream *st = s->stream[i];

		if (st->lease && (closed(st->end[0]) || all_closed_b(st)))
			stream_close(st);
	}
}

/* A line that a shorter offer or answer leaves out is refused by it. */
static const struct pn_media *left_out(const struct stream *st, struct pn_media *m)
{
	*m = (struct pn_media){ .size = sizeof(*m), .kind = st->rec.kind, .flags = PN_MEDIA_CLOSED };
	return m;
}

/* Said once more of a stream that has ended, it must not keep the other side from beginning anew. */
static bool is_closed_already(const struct stream *st, unsigned flags, const struct pn_media *said)
{
	return !flags && !st->lease && (said->flags & PN_MEDIA_CLOSED);
}

static void offer_begin(struct pn_session *s)
{
	if (s->offer_pending)
		return;
	s->offer_pending = true;
	s->offer_lines = s->n_lines;
}

void streams_store(struct pn_session *s, enum pn_side side, unsigned branch, unsigned flags,
		   const struct pn_media *list, size_t n)
{
	size_t lines = n > s->n_lines ? n : s->n_lines;
	struct pn_media gone;

	if (flags & PN_DECLARE_OFFER)
		offer_begin(s);
	if (!(flags & (PN_DECLARE_OFFER | PN_DECLARE_ANSWER)))
		lines = n;
	for (size_t i = 0; i < lines; i++) {
		struct stream *st = s->stream[i];
		struct end_record *e = stream_end(st, side, branch);
		const struct pn_media *said = i < n ? &list[i] : left_out(st, &gone);

		e->peer = s->rec.peer[side];
		if (is_closed_already(st, flags, said))
			end_clear(e);
		else
			end_store(st, e, flags, said);
	}
	if (lines > s->n_lines)
		s->n_lines = (uint32_t)lines;
	if (flags & PN_DECLARE_ANSWER)
		offer_answered(s, side, branch);
	if (side == PN_SIDE_B)
		s->current = (uint8_t)branch;
}

void streams_branch_ended(struct pn_session *s, unsigned branch)
{
	for (size_t i = 0; i < s->n_streams; i++) {
		struct stream *st = s->stream[i];

		join_leave_end(st, PN_SIDE_B, branch);
		free(st->end[1 + branch]);
		st->end[1 + branch] = NULL;
		if (st->lease)
			relay_branch_end(s->t->conf.relay, st->lease->grant.stream, branch);
	}
}

/* ---- activity ---- */

bool streams_quiet(const struct pn_session *s)
{
	for (size_t i = 0; i < s->n_streams; i++)
		if (s->stream[i]->lease && !stream_quiet(s->stream[i]))
			return false;
	return true;
}

static uint64_t last_of(const struct relay_counters *c)
{
	return c->side[0].last_ms > c->side[1].last_ms ? c->side[0].last_ms : c->side[1].last_ms;
}

/* Media that an agent keeps inside is not seen here: that it keeps the pinhole is sign of life enough. */
static uint64_t last_inside(const struct stream *st)
{
	struct media_pinholes *holes = st->s->t->conf.holes;
	uint64_t last = 0;

	for (size_t e = 0; e <= RELAY_BRANCHES; e++) {
		uint32_t id = st->end[e] ? st->end[e]->hole[RELAY_RTP] : 0;
		const struct media_hole *h = id ? media_pinholes_by_id(holes, id) : NULL;

		if (h && h->peer && h->seen_ms > last)
			last = h->seen_ms;
	}
	return last;
}

uint64_t streams_last_packet(struct pn_session *s)
{
	struct relay_counters c;
	uint64_t last = 0;

	for (size_t i = 0; i < s->n_streams; i++) {
		const struct stream *st = s->stream[i];

		if (last_of(&st->rec.past) > last)
			last = last_of(&st->rec.past);
		if (last_inside(st) > last)
			last = last_inside(st);
		if (!st->lease || relay_counters(s->t->conf.relay, st->lease->grant.stream, &c))
			continue;
		if (last_of(&c) > last)
			last = last_of(&c);
	}
	return last;
}
