#define LOG_SUBSYSTEM LOG_MEDIA
#include "media_wait.h"
#include "lease.h"
#include "log.h"
#include "media_join.h"
#include "metrics.h"
#include "media_stream.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_MS 3000u /* where the configuration says nothing: a wait always ends */

struct media_request {
	struct hash_node node; /* in the table while unanswered */
	uint64_t token;
	struct media_wait *wait;
	uint16_t line;
	bool asked;
	uint32_t again; /* the stream that has a lease already; 0: none */
	struct lease *lease;
};

struct media_wait {
	struct pn_session *s;
	struct declaration d; /* borrowed while asking, then copied */
	struct pn_media *copy;
	struct held *held;
	size_t n, unanswered;
	struct join_want *wants; /* pinholes that are missing */
	int err;
	bool asking;
	struct media_request request[];
};

/* Tokens count up and are never used twice: an answer to a forgotten one finds nothing. */
static struct media_request *request_find(struct sessions *t, uint64_t token)
{
	uint64_t hash = hash_bytes(&token, sizeof(token), 0);
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->requests, hash, n))) {
		struct media_request *r = hash_entry(n, struct media_request, node);

		if (r->token == token)
			return r;
	}
	return NULL;
}

static void request_forget(struct media_request *r)
{
	if (!r->asked)
		return;
	r->asked = false;
	r->wait->unanswered--;
	hash_del(&r->wait->s->t->requests, &r->node);
}

static void wait_free(struct media_wait *w)
{
	if (!w)
		return;
	held_free(w->s->t, w->held);
	free(w->copy);
	free(w);
}

static struct media_wait *wait_detach(struct pn_session *s)
{
	struct media_wait *w = s->wait;

	s->wait = NULL;
	deadline_set(s, DUE_REQUEST, 0);
	join_wants_free(s->t, &w->wants);
	for (size_t i = 0; i < w->n; i++)
		request_forget(&w->request[i]);
	return w;
}

static void leases_back(struct media_wait *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->request[i].lease)
			lease_close(w->request[i].lease);
}

static void leases_use(struct media_wait *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct stream *st = w->s->stream[w->request[i].line];

		if (!w->request[i].lease)
			continue;
		lease_use(w->request[i].lease, st);
		st->rec.fresh = (w->d.flags & PN_DECLARE_OFFER) != 0;
	}
}

static void wait_end(struct pn_session *s)
{
	struct media_wait *w = wait_detach(s);

	if (!w->err) /* a branch may have ended meanwhile, and its part of the streams with it */
		w->err = streams_prepare(s, w->d.n, w->d.side, stream_branch(s, w->d.branch));
	if (w->err)
		leases_back(w);
	else
		leases_use(w);
	media_conclude(s, &w->d, w->err);
	wait_free(w);
}

void media_wait_drop(struct pn_session *s)
{
	struct media_wait *w;

	if (!s->wait)
		return;
	w = wait_detach(s);
	leases_back(w);
	wait_free(w);
}

void media_wait_timeout(struct pn_session *s)
{
	if (!s->wait)
		return;
	if (s->wait->unanswered) {
		metric_add(M_MEDIA_TIMEOUT, 1);
		log_warn("session %s: media refused: nobody gave addresses in time", s->rec.id);
		s->wait->err = -ETIMEDOUT;
	} else {
		metric_add(M_HOLES_MISSING, 1);
		log_warn("session %s: media refused: side %c named no pinhole of its own", s->rec.id,
			 "AB"[s->wait->d.side]);
		s->wait->err = -EADDRNOTAVAIL;
	}
	wait_end(s);
}

static bool is_complete(const struct media_wait *w)
{
	return !w->unanswered && !w->wants;
}

void media_wait_joined(struct pn_session *s)
{
	struct media_wait *w = s->wait;

	join_wants_free(s->t, &w->wants);
	if (!w->asking && is_complete(w))
		wait_end(s);
}

const struct declaration *media_wait_declaration(const struct pn_session *s)
{
	return &s->wait->d;
}

void media_wait_branch_ended(struct pn_session *s, const struct pn_branch *b)
{
	if (!s->wait || s->wait->d.branch != b)
		return;
	s->wait->err = -ESTALE;
	wait_end(s);
}

bool media_wait_same(const struct pn_session *s, const struct pn_msg *m)
{
	const struct pn_msg *w = s->wait ? s->wait->d.msg : NULL;

	return w && w->flow == m->flow && w->len == m->len && addr_eq(&w->remote, &m->remote) &&
	       !memcmp(w->data, m->data, m->len);
}

static int ask_of(const struct media_wait *w, struct media_request *r, struct media_ask *ask)
{
	const struct pn_session *s = w->s;
	const struct lease *l = s->stream[r->line]->lease;
	const struct pn_media *said = &w->d.list[r->line];

	*ask = (struct media_ask){
		.to = w->d.side == PN_SIDE_A ? PN_SIDE_B : PN_SIDE_A, .declared = said,
		.stream = l ? l->grant.stream : 0,
	};
	for (int side = 0; side < 2; side++) {
		ask->realm[side] = s->realm[side];
		ask->peer[side] = s->rec.peer[side];
		ask->shared[side] = l ? l->grant.shared[side]
				      : join_is_shared(s, (enum pn_side)side, side == (int)w->d.side ? said : NULL);
		ask->family[side] = l ? l->grant.local[side].family
				      : media_family(s->realm[side], said->rtp.family);
		if (!ask->family[side])
			return -EADDRNOTAVAIL;
	}
	r->again = ask->stream;
	return 0;
}

static int request_ask(struct media_wait *w, struct media_request *r)
{
	struct pn_session *s = w->s;
	struct sessions *t = s->t;
	struct media_ask ask;
	int err = ask_of(w, r, &ask);

	if (err)
		return err;
	r->token = ++t->last_token;
	err = hash_put(&t->requests, &r->node, hash_bytes(&r->token, sizeof(r->token), 0));
	if (err)
		return err;
	r->asked = true;
	w->unanswered++;
	err = t->conf.provider->request(t->conf.provider_arg, r->token, &ask);
	if (err)
		request_forget(r);
	return err;
}

/* The caller's list and message are gone when media_declare() returns. */
static int wait_keep(struct media_wait *w)
{
	struct sessions *t = w->s->t;

	w->copy = calloc(w->d.n, sizeof(*w->copy));
	if (!w->copy)
		return -ENOMEM;
	memcpy(w->copy, w->d.list, w->d.n * sizeof(*w->copy));
	w->d.list = w->copy;
	if (!w->d.msg)
		return 0;
	w->held = held_new(t, w->d.msg, (struct pn_str){ NULL, 0 });
	if (!w->held)
		return -errno;
	w->d.msg = &w->held->msg;
	return 0;
}

static bool table_full(const struct sessions *t, size_t n)
{
	return t->leases.count + t->requests.count + n > t->limits.streams;
}

void media_wait_start(struct pn_session *s, const struct declaration *d, const uint16_t *ask, size_t n)
{
	uint32_t ms = s->t->media.request_ms;
	struct media_wait *w;

	if (table_full(s->t, n)) {
		metric_add(M_STREAMS_REFUSED, 1);
		media_conclude(s, d, -ENOSPC);
		return;
	}
	w = calloc(1, sizeof(*w) + n * sizeof(*w->request));
	if (!w) {
		media_conclude(s, d, -ENOMEM);
		return;
	}
	*w = (struct media_wait){ .s = s, .d = *d, .n = n, .asking = true };
	s->wait = w;
	for (size_t i = 0; i < n; i++) {
		w->request[i].wait = w;
		w->request[i].line = ask[i];
	}
	for (size_t i = 0; i < n && !w->err; i++) {
		int err = request_ask(w, &w->request[i]);

		if (err)
			w->err = err;
	}
	w->asking = false;
	if (!w->err)
		w->err = join_wait(s, &w->d, &w->wants);
	if (!w->err && !is_complete(w))
		w->err = wait_keep(w);
	if (w->err || is_complete(w))
		wait_end(s);
	else
		deadline_set(s, DUE_REQUEST, ms ? ms : REQUEST_MS);
}

/* Nobody waits, but the ports are taken until the relay's final report: they must be in our count. */
static int done_late(struct sessions *t, int err, const struct media_grant *g)
{
	metric_add(M_MEDIA_LATE, 1);
	if (!err && g && g->stream && !lease_find(t, g->stream))
		lease_late(t, g);
	return -ESTALE;
}

static int granted(struct media_request *r, const struct media_grant *g)
{
	struct lease *l = r->again ? r->wait->s->stream[r->line]->lease : r->lease;

	if (r->again && (!l || l->grant.stream != r->again))
		return -ESTALE;
	if (l) {
		l->grant = *g;
		return 0;
	}
	r->lease = lease_new(r->wait->s->t, r->wait->s, g);
	return r->lease ? 0 : -ENOMEM;
}

/* The stream is there, its address is not. */
static bool in_part(const struct media_request *r, const struct media_grant *g)
{
	return !g->advertise[r->wait->d.side == PN_SIDE_A ? PN_SIDE_B : PN_SIDE_A].family;
}

int media_done(struct sessions *t, uint64_t token, int err, const struct media_grant *g)
{
	struct media_request *r = request_find(t, token);
	struct media_wait *w;

	if (!r)
		return done_late(t, err, g);
	w = r->wait;
	if (!err) {
		err = granted(r, g);
		if (!err && in_part(r, g))
			return 0;
	}
	request_forget(r);
	if (err && !w->err)
		w->err = err;
	if (!w->asking && (w->err || is_complete(w)))
		wait_end(w->s);
	return 0;
}
