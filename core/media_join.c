#define LOG_SUBSYSTEM LOG_MEDIA
#include "media_join.h"
#include "lease.h"
#include "log.h"
#include "media_pinhole.h"
#include "media_rules.h"
#include "media_stream.h"
#include <errno.h>
#include <stdlib.h>

#define NOT_RELAYED (PN_MEDIA_CLOSED | PN_MEDIA_FOREIGN)

/* ---- who has its media there ---- */

/* Plain STUN is of use to a terminal that the softswitch accepted, where its signalling comes from. That may be
 * an agent which knows nothing of media. */
static struct media_owner owner_of(const struct pn_session *s, enum pn_side side)
{
	struct media_pinholes *holes = s->t->conf.holes;
	struct media_owner who = { .realm = s->realm[side] };
	const struct pn_binding_info *b;

	who.agent = media_pinholes_agent(holes, who.realm, &s->rec.peer[side]);
	if (!s->binding[side] || (who.agent && who.realm->stun_media == STUN_MEDIA_NEVER))
		return who;
	b = binding_info(s->binding[side]);
	if (b->state == PN_ACTIVE &&
	    (!who.agent || media_pinholes_agent(holes, who.realm, &b->pinhole) == who.agent))
		who.ip = b->pinhole;
	return who;
}

static const struct media_hole *hole_of(const struct pn_session *s, enum pn_side side, const struct pn_addr *named)
{
	struct media_owner who = owner_of(s, side);

	return media_pinholes_find(s->t->conf.holes, &who, named);
}

/* H.245 may name RTCP alone at first. */
static bool names_own_hole(const struct pn_session *s, enum pn_side side, const struct pn_media *said)
{
	return said && (hole_of(s, side, &said->rtp) || hole_of(s, side, &said->rtcp));
}

bool join_is_shared(const struct pn_session *s, enum pn_side side, const struct pn_media *said)
{
	const struct pn_realm *realm = s->realm[side];

	if (!s->t->conf.holes || !realm->pinhole)
		return false;
	if (media_pinholes_agent(s->t->conf.holes, realm, &s->rec.peer[side]))
		return true;
	if (realm->stun_media == STUN_MEDIA_NEVER)
		return false;
	return realm->stun_media == STUN_MEDIA_ALWAYS || names_own_hole(s, side, said);
}

/* ---- declarations that wait ---- */

static bool names_media(const struct pn_media *m)
{
	return !(m->flags & (NOT_RELAYED | PN_MEDIA_HOLD)) && m->rtp.family && m->rtp.port;
}

static bool already_joined(const struct pn_session *s, const struct stream *st, const struct declaration *d,
			   const struct pn_addr *named)
{
	const struct end_record *e = stream_end(st, d->side, stream_branch(s, d->branch));

	return e && e->hole[RELAY_RTP] && addr_eq(&e->named[RELAY_RTP], named);
}

static bool is_missing(const struct pn_session *s, const struct declaration *d, size_t line)
{
	const struct stream *st = s->stream[line];
	const struct pn_media *m = &d->list[line];
	const struct media_hole *h;

	if (!names_media(m))
		return false;
	if (st->lease ? !st->lease->grant.shared[d->side] : !join_is_shared(s, d->side, m))
		return false;
	if (already_joined(s, st, d, &m->rtp))
		return false;
	h = hole_of(s, d->side, &m->rtp);
	return !h || (h->stream && (!st->lease || h->stream != st->lease->grant.stream));
}

size_t join_missing(const struct pn_session *s, const struct declaration *d, uint16_t *line)
{
	size_t n = 0;

	for (size_t i = 0; s->t->conf.holes && i < d->n && i < s->n_streams; i++)
		if (is_missing(s, d, i))
			line[n++] = (uint16_t)i;
	return n;
}

static struct join_want *want_new(struct sessions *t, const struct pn_addr *addr, struct join_want **list)
{
	struct join_want *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->addr = *addr;
	if (hash_put(&t->wants, &w->node, addr_hash(addr, 0))) {
		free(w);
		return NULL;
	}
	w->next = *list;
	*list = w;
	return w;
}

static void want_free(struct sessions *t, struct join_want **at)
{
	struct join_want *w = *at;

	*at = w->next;
	hash_del(&t->wants, &w->node);
	free(w);
}

void join_wants_free(struct sessions *t, struct join_want **list)
{
	while (*list)
		want_free(t, list);
}

int join_wait(struct pn_session *s, const struct declaration *d, struct join_want **list)
{
	uint16_t line[MEDIA_LINES_MAX];
	size_t n = join_missing(s, d, line);

	for (size_t i = 0; i < n; i++) {
		struct join_want *w = want_new(s->t, &d->list[line[i]].rtp, list);

		if (!w) {
			join_wants_free(s->t, list);
			return -ENOMEM;
		}
		w->s = s;
	}
	return 0;
}

/* ---- components ---- */

static struct join_want **want_of(struct lease *l, unsigned side, unsigned branch, unsigned component)
{
	struct join_want **at = &l->wants;

	while (*at && ((*at)->side != side || (*at)->branch != branch || (*at)->component != component))
		at = &(*at)->next;
	return at;
}

/* Without memory it is found when the end is laid down again. */
static void want(struct stream *st, unsigned side, unsigned branch, unsigned component, const struct pn_addr *addr)
{
	struct join_want **at = want_of(st->lease, side, branch, component), *w;

	if (*at)
		want_free(st->s->t, at);
	if (!addr->family || !addr->port)
		return;
	w = want_new(st->s->t, addr, &st->lease->wants);
	if (!w)
		return;
	w->lease = st->lease;
	w->side = (uint8_t)side;
	w->branch = (uint8_t)branch;
	w->component = (uint8_t)component;
}

static bool used_elsewhere(const struct stream *st, const struct end_record *e, uint32_t id)
{
	for (size_t i = 0; i <= RELAY_BRANCHES; i++)
		for (unsigned c = 0; st->end[i] && st->end[i] != e && c < 2; c++)
			if (st->end[i]->hole[c] == id)
				return true;
	return false;
}

static void leave(const struct stream *st, struct end_record *e, unsigned component)
{
	uint32_t id = e->hole[component];

	e->hole[component] = 0;
	if (id && !used_elsewhere(st, e, id))
		media_pinholes_leave(st->s->t->conf.holes, id);
}

static const struct media_hole *take_hole(struct stream *st, enum pn_side side, struct end_record *e,
					  unsigned component, const struct pn_addr *declared)
{
	struct media_pinholes *holes = st->s->t->conf.holes;
	const struct media_hole *h = hole_of(st->s, side, declared);

	if (h && h->id == e->hole[component])
		return h;
	leave(st, e, component);
	if (!h || media_pinholes_join(holes, h->id, st->lease->grant.stream, side, component))
		return NULL;
	e->hole[component] = h->id;
	return h;
}

struct pn_addr join_component(struct stream *st, enum pn_side side, unsigned branch, unsigned component,
			      const struct pn_addr *declared)
{
	static const struct pn_addr nowhere;
	struct end_record *e = stream_end(st, side, branch);
	const struct media_hole *h = NULL;

	if (e->hole[component] && addr_eq(&e->named[component], declared))
		h = media_pinholes_by_id(st->s->t->conf.holes, e->hole[component]);
	else
		h = take_hole(st, side, e, component, declared);
	e->named[component] = *declared;
	want(st, side, branch, component, h ? &nowhere : declared);
	return h ? h->where : nowhere;
}

void join_leave_end(struct stream *st, enum pn_side side, unsigned branch)
{
	struct end_record *e = stream_end(st, side, branch);

	for (unsigned c = 0; e && c < 2; c++)
		leave(st, e, c);
}

void join_leave(struct stream *st)
{
	join_leave_end(st, PN_SIDE_A, 0);
	for (unsigned b = 0; b < RELAY_BRANCHES; b++)
		join_leave_end(st, PN_SIDE_B, b);
}

/* ---- a pinhole came, or moved ---- */

static void lay_again(struct lease *l, enum pn_side side, unsigned branch)
{
	struct end_record *e = l->stream && !l->closing ? stream_end(l->stream, side, branch) : NULL;

	if (!e)
		return;
	e->laid = 0;
	stream_lay(l->stream, side, branch);
}

static void moved(struct sessions *t, const struct media_hole *h)
{
	struct lease *l = lease_find(t, h->stream);
	unsigned branches = h->side == PN_SIDE_B ? RELAY_BRANCHES : 1;

	for (unsigned b = 0; l && l->stream && b < branches; b++) {
		const struct end_record *e = stream_end(l->stream, (enum pn_side)h->side, b);

		if (e && e->hole[h->component] == h->id)
			lay_again(l, (enum pn_side)h->side, b);
	}
}

static struct join_want *want_find(const struct sessions *t, const struct pn_addr *addr, const struct join_want *after)
{
	uint64_t hash = addr_hash(addr, 0);
	struct hash_node *n = hash_find(&t->wants, hash, after ? &after->node : NULL);

	for (; n; n = hash_find(&t->wants, hash, n)) {
		struct join_want *w = hash_entry(n, struct join_want, node);

		if (addr_eq(&w->addr, addr))
			return w;
	}
	return NULL;
}

static bool meant(const struct join_want *w, const struct media_hole *h)
{
	uint16_t line[MEDIA_LINES_MAX];

	if (w->s)
		return !join_missing(w->s, media_wait_declaration(w->s), line);
	return w->lease->stream && !w->lease->closing &&
	       hole_of(w->lease->stream->s, (enum pn_side)w->side, &w->addr) == h;
}

/* Whoever is served is on the list no more. */
static void serve(struct sessions *t, const struct media_hole *h, const struct pn_addr *addr)
{
	struct join_want *w = addr->family ? want_find(t, addr, NULL) : NULL;

	while (w && !h->stream) {
		if (!meant(w, h)) {
			w = want_find(t, addr, w);
			continue;
		}
		if (w->s)
			media_wait_joined(w->s);
		else
			lay_again(w->lease, (enum pn_side)w->side, w->branch);
		w = NULL;
	}
}

void sessions_on_hole(struct sessions *t, const struct media_hole *h)
{
	if (h->stream) {
		moved(t, h);
		return;
	}
	serve(t, h, &h->where);
	serve(t, h, &h->inner);
}
