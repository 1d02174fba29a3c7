#define LOG_SUBSYSTEM LOG_SESSION
#include "admit.h"
#include "lease.h"
#include "log.h"
#include "metrics.h"
#include "session.h"
#include "session_state.h"
#include <errno.h>
#include <stdlib.h>

static const struct conf_limits default_limits = { .sessions = 10000, .streams = 20000 };
static const struct conf_media default_media = {
	.request_ms = 3000, .idle_ms = 300000, .answer_ms = 180000, .session_ms = 86400000,
};

/* ---- the end of the loop's turn ---- */

static void turn_one(struct pn_session *s)
{
	if (!s->ended) {
		held_deliver(s);
		return;
	}
	session_free_data(s);
	held_hand_back(s);
	/* what was handed back may have put it on the list again */
	if (s->finished && !s->in_turn)
		session_destroy(s);
}

/* What is put on the list meanwhile waits for another call: other deferred calls may still use it. */
static void on_turn(void *arg)
{
	struct session_turn *turn = arg;
	struct sessions *t = turn->t;
	struct pn_session *list;

	free(turn);
	if (!t)
		return;
	t->deferred = NULL;
	list = t->turn;
	t->turn = NULL;
	while (list) {
		struct pn_session *s = list;

		list = s->turn_next;
		s->in_turn = false;
		turn_one(s);
	}
}

static void turn_defer(struct sessions *t)
{
	if (t->deferred)
		return;
	t->deferred = malloc(sizeof(*t->deferred));
	if (!t->deferred)
		return;
	t->deferred->t = t;
	if (!loop_defer(t->conf.loop, on_turn, t->deferred))
		return;
	free(t->deferred);
	t->deferred = NULL;
}

void session_turn(struct pn_session *s)
{
	struct sessions *t = s->t;

	if (!s->in_turn) {
		s->in_turn = true;
		s->turn_next = t->turn;
		t->turn = s;
	}
	turn_defer(t);
}

/* ---- the table ---- */

struct sessions *sessions_new(const struct sessions_conf *c)
{
	struct sessions *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->conf = *c;
	t->limits = default_limits;
	t->media = default_media;
	hash_init(&t->by_key);
	hash_init(&t->by_id);
	hash_init(&t->by_binding[0]);
	hash_init(&t->by_binding[1]);
	hash_init(&t->leases);
	hash_init(&t->requests);
	hash_init(&t->wants);
	hash_init(&t->terminals);
	hash_init(&t->correlations);
	return t;
}

void sessions_limits(struct sessions *t, const struct conf *c)
{
	t->limits = c->limits;
	t->media = c->media;
}

void sessions_drain(struct sessions *t, bool on)
{
	t->drain = on;
}

void sessions_cdr(struct sessions *t, struct cdr *cdr)
{
	t->conf.cdr = cdr;
}

size_t sessions_count(const struct sessions *t)
{
	return t->count;
}

static void end_all(struct sessions *t, const struct module *owner)
{
	for (struct pn_session *s = t->all; s; s = s->next)
		if (!owner || s->owner == owner)
			session_end(s, PN_END_ADMIN, 0);
}

void sessions_drop_owner(struct sessions *t, const struct module *owner)
{
	end_all(t, owner);
	for (struct pn_session *s = t->all; s; s = s->next) {
		if (s->owner != owner)
			continue;
		held_drop(s);
		session_free_data(s);
	}
}

void sessions_free(struct sessions *t)
{
	if (!t)
		return;
	end_all(t, NULL);
	while (t->all) {
		struct pn_session *s = t->all;

		session_finish(s);
		held_drop(s);
		session_free_data(s);
		session_destroy(s);
	}
	if (t->deferred)
		t->deferred->t = NULL;
	leases_free(t);
	hash_free(&t->by_key);
	hash_free(&t->by_id);
	hash_free(&t->by_binding[0]);
	hash_free(&t->by_binding[1]);
	hash_free(&t->requests);
	hash_free(&t->wants);
	hash_free(&t->terminals);
	hash_free(&t->correlations);
	free(t->in_realm);
	free(t);
}

int sessions_on_latch(struct sessions *t, uint32_t stream, unsigned side, unsigned branch,
		      unsigned component, const struct pn_addr *where, int moved)
{
	struct lease *l = lease_find(t, stream);
	struct pn_session *s = l ? l->s : NULL;

	if (!s || s->ended || !l->stream)
		return 0;
	log_debug("session %s: stream %u side %c branch %u %s: %s %s", s->rec.id, l->stream->rec.index,
		  side ? 'B' : 'A', branch, component ? "rtcp" : "rtp", moved ? "moved to" : "learned",
		  addr_text(where));
	if (component != RELAY_RTP)
		return 0;
	return t->conf.events->latch(s->owner, s, (enum pn_side)side, l->stream->rec.index, where);
}

void sessions_on_binding_gone(struct sessions *t, const struct pn_binding *b)
{
	admit_binding_gone(t, b);
}

int sessions_check_ports(struct sessions *t)
{
	size_t taken = 0, quarantined = 0, want = t->lease_ports;
	uint64_t now = loop_now(t->conf.loop);

	for (unsigned i = 0; i < realms_count(t->conf.realms); i++) {
		struct pn_realm *r = realms_at(t->conf.realms, i);

		for (int family = 4; family <= 6; family += 2) {
			struct port_pool *p = realm_ports(r, family);

			taken += p ? port_taken(p) : 0;
			quarantined += p ? port_quarantined(p, now) : 0;
		}
	}
	metric_set(M_PORTS_TAKEN, (int64_t)taken);
	metric_set(M_PORTS_QUARANTINED, (int64_t)quarantined);
	metric_set(M_STREAMS, (int64_t)t->leases.count);
	if (taken == want)
		return 0;
	metric_add(M_PORT_INVARIANT, 1);
	log_error("sessions: %zu media ports taken, but the streams have %zu", taken, want);
	return -EIO;
}
