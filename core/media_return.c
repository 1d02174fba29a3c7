#include "media_return.h"
#include "lease.h"
#include "media_pinhole.h"
#include "media_stream.h"

#define HOPS_MAX 4u /* as in the relay */

static const struct end_record *end_of(const struct stream *st, unsigned side)
{
	return stream_end(st, (enum pn_side)side, side == PN_SIDE_B ? st->s->current : 0);
}

/* What leaves by this side enters another stream of ours there. NULL: it leaves us. */
static const struct stream *next_of(const struct stream *st, unsigned side, unsigned *entry)
{
	const struct end_record *e = end_of(st, side);
	struct sessions *t = st->s->t;
	const struct lease *l;
	uint32_t stream;

	if (!e || !e->rtp.family || !relay_own_port(t->conf.relay, st->s->realm[side]->index, &e->rtp, &stream, entry))
		return NULL;
	l = lease_find(t, stream);
	return l && !l->closing ? l->stream : NULL;
}

struct end { /* of a call; st NULL: none */
	const struct stream *st;
	unsigned side;
};

/* The end at a shared port that is reached by leaving through `side`. */
static struct end far_end(const struct stream *st, unsigned side)
{
	for (unsigned hops = 0; st && st->lease && hops <= HOPS_MAX; hops++) {
		unsigned entry = 0;

		if (st->lease->grant.shared[side])
			return (struct end){ st, side };
		st = next_of(st, side, &entry);
		side = !entry;
	}
	return (struct end){ NULL, 0 };
}

/* Does what `from` sends reach `to`? */
static bool reaches(struct end from, struct end to)
{
	struct end far = far_end(from.st, !from.side);

	return far.st == to.st && far.side == to.side;
}

static void pair(struct end from, struct end to)
{
	const struct end_record *a = from.st ? end_of(from.st, from.side) : NULL;
	const struct end_record *b = to.st ? end_of(to.st, to.side) : NULL;

	for (unsigned c = 0; a && c < 2; c++)
		if (a->hole[c])
			media_pinholes_pair(from.st->s->t->conf.holes, a->hole[c], b ? b->hole[c] : 0);
}

void media_return_look(struct stream *st)
{
	const struct end none = { NULL, 0 };
	struct end a, b;
	bool both;

	if (!st->s->t->conf.holes || !st->lease)
		return;
	a = far_end(st, PN_SIDE_A);
	b = far_end(st, PN_SIDE_B);
	both = a.st && b.st && reaches(a, b) && reaches(b, a);
	pair(a, both ? b : none);
	pair(b, both ? a : none);
}

void media_return_break(struct stream *st)
{
	const struct end none = { NULL, 0 };

	if (!st->s->t->conf.holes || !st->lease)
		return;
	pair(far_end(st, PN_SIDE_A), none);
	pair(far_end(st, PN_SIDE_B), none);
}
