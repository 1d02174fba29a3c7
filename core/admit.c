#define LOG_SUBSYSTEM LOG_SESSION
#include "admit.h"
#include "metrics.h"
#include "session_state.h"
#include <errno.h>
#include <stdlib.h>

/* Who has no binding is told by realm and IP. */
struct terminal {
	struct hash_node node;
	unsigned realm;
	struct pn_addr ip;
	uint32_t sessions;
};

static uint64_t terminal_hash(unsigned realm, const struct pn_addr *ip)
{
	struct pn_addr key = *ip;

	key.port = 0;
	return addr_hash(&key, realm);
}

static struct terminal *terminal_find(const struct sessions *t, unsigned realm, const struct pn_addr *ip)
{
	uint64_t hash = terminal_hash(realm, ip);
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->terminals, hash, n))) {
		struct terminal *src = hash_entry(n, struct terminal, node);

		if (src->realm == realm && addr_same_ip(&src->ip, ip))
			return src;
	}
	return NULL;
}

static struct terminal *terminal_make(struct sessions *t, unsigned realm, const struct pn_addr *ip)
{
	struct terminal *src = terminal_find(t, realm, ip);

	if (src)
		return src;
	src = calloc(1, sizeof(*src));
	if (!src)
		return NULL;
	src->realm = realm;
	src->ip = *ip;
	if (hash_put(&t->terminals, &src->node, terminal_hash(realm, ip))) {
		free(src);
		return NULL;
	}
	return src;
}

static void terminal_drop(struct sessions *t, struct terminal *src)
{
	if (--src->sessions)
		return;
	hash_del(&t->terminals, &src->node);
	free(src);
}

uint32_t admit_count(const struct sessions *t, const struct pn_realm *r)
{
	return r->index < t->n_in_realm ? t->in_realm[r->index] : 0;
}

int admit_room(const struct sessions *t, const struct pn_realm *r)
{
	uint32_t now = admit_count(t, r);

	if (t->drain || t->count >= t->limits.sessions)
		return -ENOSPC;
	return r->limits.sessions && now >= r->limits.sessions ? -ENOSPC : 0;
}

static int terminal_room(const struct sessions *t, const struct pn_realm *r,
			 const struct pn_addr *src, const struct pn_binding *b)
{
	const struct terminal *known;
	uint32_t now;

	if (!r->limits.terminal_sessions)
		return 0;
	if (b) {
		now = (uint32_t)binding_sessions(b);
	} else {
		known = src && src->family ? terminal_find(t, r->index, src) : NULL;
		now = known ? known->sessions : 0;
	}
	return now >= r->limits.terminal_sessions ? -EDQUOT : 0;
}

int admit_session(struct sessions *t, const struct pn_realm *r, const struct pn_addr *src,
		  const struct pn_binding *b)
{
	int err = r->gone ? -EACCES : admit_room(t, r);

	if (!err)
		err = terminal_room(t, r, src, b);
	if (err)
		metric_add(M_SESSIONS_REFUSED, 1);
	return err;
}

static int realms_grow(struct sessions *t, unsigned index)
{
	uint32_t *list;

	if (index < t->n_in_realm)
		return 0;
	list = realloc(t->in_realm, (index + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (unsigned i = t->n_in_realm; i <= index; i++)
		list[i] = 0;
	t->in_realm = list;
	t->n_in_realm = index + 1;
	return 0;
}

static uint64_t binding_hash(const struct pn_binding *b)
{
	return hash_bytes(&b, sizeof(b), 0);
}

static int terminal_enter(struct pn_session *s, enum pn_side side)
{
	struct pn_binding *b = s->binding[side];
	struct terminal *src;

	if (b) {
		if (hash_put(&s->t->by_binding[side], &s->by_binding[side], binding_hash(b)))
			return -ENOMEM;
		binding_session_add(b, 1);
		return 0;
	}
	if (!s->rec.peer[side].family)
		return 0;
	src = terminal_make(s->t, s->realm[side]->index, &s->rec.peer[side]);
	if (!src)
		return -ENOMEM;
	src->sessions++;
	s->terminal[side] = src;
	return 0;
}

static void terminal_leave(struct pn_session *s, enum pn_side side)
{
	if (s->binding[side]) {
		hash_del(&s->t->by_binding[side], &s->by_binding[side]);
		binding_session_add(s->binding[side], -1);
	}
	if (s->terminal[side])
		terminal_drop(s->t, s->terminal[side]);
	s->binding[side] = NULL;
	s->terminal[side] = NULL;
}

static void realms_count_add(struct pn_session *s, int delta)
{
	s->t->in_realm[s->realm[0]->index] += (uint32_t)delta;
	if (s->realm[1] != s->realm[0])
		s->t->in_realm[s->realm[1]->index] += (uint32_t)delta;
}

int admit_enter(struct pn_session *s)
{
	int err = realms_grow(s->t, s->realm[0]->index);

	if (!err)
		err = realms_grow(s->t, s->realm[1]->index);
	if (!err)
		err = terminal_enter(s, PN_SIDE_A);
	if (err)
		return err;
	err = terminal_enter(s, PN_SIDE_B);
	if (err) {
		terminal_leave(s, PN_SIDE_A);
		return err;
	}
	realms_count_add(s, 1);
	return 0;
}

void admit_leave(struct pn_session *s)
{
	terminal_leave(s, PN_SIDE_A);
	terminal_leave(s, PN_SIDE_B);
	realms_count_add(s, -1);
}

static struct pn_session *bound_find(struct sessions *t, enum pn_side side, const struct pn_binding *b)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->by_binding[side], binding_hash(b), n))) {
		struct pn_session *s = side ? hash_entry(n, struct pn_session, by_binding[1]) :
					      hash_entry(n, struct pn_session, by_binding[0]);

		if (s->binding[side] == b)
			return s;
	}
	return NULL;
}

void admit_binding_gone(struct sessions *t, const struct pn_binding *b)
{
	struct pn_session *s;

	for (enum pn_side side = PN_SIDE_A; side <= PN_SIDE_B; side++) {
		while ((s = bound_find(t, side, b))) {
			hash_del(&t->by_binding[side], &s->by_binding[side]);
			s->binding[side] = NULL;
		}
	}
}
