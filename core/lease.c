#include "lease.h"
#include "media_join.h"
#include "media_return.h"
#include <stdlib.h>

static uint64_t lease_hash(uint32_t stream)
{
	return hash_bytes(&stream, sizeof(stream), 0);
}

struct lease *lease_find(struct sessions *t, uint32_t stream)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->leases, lease_hash(stream), n))) {
		struct lease *l = hash_entry(n, struct lease, by_stream);

		if (l->grant.stream == stream)
			return l;
	}
	return NULL;
}

static size_t ports_of(const struct lease *l)
{
	return 2u * (!l->grant.shared[0] + !l->grant.shared[1]);
}

static struct lease *lease_make(struct sessions *t, const struct media_grant *g)
{
	struct lease *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->t = t;
	l->grant = *g;
	if (hash_put(&t->leases, &l->by_stream, lease_hash(g->stream))) {
		free(l);
		return NULL;
	}
	t->lease_ports += ports_of(l);
	return l;
}

struct lease *lease_new(struct sessions *t, struct pn_session *s, const struct media_grant *g)
{
	struct lease *l = lease_make(t, g);

	if (!l) {
		t->conf.provider->release(t->conf.provider_arg, g->stream);
		return NULL;
	}
	l->s = s;
	l->next = s->leases;
	s->leases = l;
	return l;
}

void lease_late(struct sessions *t, const struct media_grant *g)
{
	struct lease *l = lease_make(t, g);

	if (l)
		l->closing = true;
}

void lease_use(struct lease *l, struct stream *st)
{
	l->stream = st;
	st->lease = l;
	st->rec.used = 1;
}

void lease_close(struct lease *l)
{
	struct sessions *t = l->t;

	if (l->closing)
		return;
	if (l->stream) {
		media_return_break(l->stream);
		join_leave(l->stream);
	}
	l->closing = true;
	join_wants_free(t, &l->wants);
	t->conf.provider->release(t->conf.provider_arg, l->grant.stream);
}

static void side_add(struct relay_counts *to, const struct relay_counts *c)
{
	to->packets += c->packets;
	to->bytes += c->bytes;
	to->rtcp_packets += c->rtcp_packets;
	to->rtcp_bytes += c->rtcp_bytes;
	to->sent_packets += c->sent_packets;
	to->sent_bytes += c->sent_bytes;
	to->foreign += c->foreign;
	to->implausible += c->implausible;
	to->no_destination += c->no_destination;
	to->lost += c->lost;
	to->reports += c->reports;
	to->reported_lost += c->reported_lost;
	if (c->packets)
		to->jitter_ms = c->jitter_ms;
	if (c->reports)
		to->reported_jitter_ms = c->reported_jitter_ms;
	if (c->last_ms > to->last_ms)
		to->last_ms = c->last_ms;
}

static void lease_report(struct lease *l)
{
	struct relay_counters c;
	struct stream *st = l->stream;

	if (!st || relay_counters(l->t->conf.relay, l->grant.stream, &c))
		return;
	side_add(&st->rec.past.side[0], &c.side[0]);
	side_add(&st->rec.past.side[1], &c.side[1]);
}

static void lease_unlink(struct lease *l)
{
	struct lease **at;

	for (at = &l->s->leases; *at != l; at = &(*at)->next)
		;
	*at = l->next;
}

static void lease_forget(struct lease *l)
{
	lease_unlink(l);
	if (l->stream && l->stream->lease == l)
		l->stream->lease = NULL;
	l->s = NULL;
	l->stream = NULL;
}

void leases_orphan(struct pn_session *s)
{
	while (s->leases) {
		lease_report(s->leases);
		lease_forget(s->leases);
	}
}

static void lease_free(struct lease *l)
{
	l->t->lease_ports -= ports_of(l);
	join_wants_free(l->t, &l->wants);
	free(l);
}

void sessions_on_final(struct sessions *t, uint32_t stream)
{
	struct lease *l = lease_find(t, stream);
	struct pn_session *s = l ? l->s : NULL;

	if (!l)
		return;
	if (s) {
		lease_report(l);
		lease_forget(l);
	}
	hash_del(&t->leases, &l->by_stream);
	lease_free(l);
	if (s && s->ended && s->due.at_ms[DUE_FINAL] && !s->leases)
		session_finish(s);
}

static int free_one(struct hash_node *n, void *arg)
{
	struct sessions *t = arg;
	struct lease *l = hash_entry(n, struct lease, by_stream);

	hash_del(&t->leases, n);
	lease_free(l);
	return 0;
}

void leases_free(struct sessions *t)
{
	hash_each(&t->leases, free_one, t);
	hash_free(&t->leases);
}
