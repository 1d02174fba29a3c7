/* Subscribers behind a signalling pinhole. An identity is common when it could be called from anywhere (an
 * address-of-record): then one network alone may have it. One that bears its terminal's own inside address,
 * such as an MGCP domain [10.1.0.5], means another terminal in each network. */
#define LOG_SUBSYSTEM LOG_BINDING

#include "pinhole_state.h"

#include "log.h"
#include "metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIST_FIRST 16u
#define SAME_MAX 16u /* of one identity behind one socket: each new one looks at all */

static uint64_t identity_hash(const struct hole *h, struct pn_str identity)
{
	return hash_bytes(identity.p, identity.len, hash_bytes(h->protocol, strlen(h->protocol), 0));
}

static struct pn_str identity_of(const struct subscriber *s)
{
	return (struct pn_str){ s->identity, s->len };
}

/* The next one with this protocol and identity, in whatever network. */
static struct subscriber *next_same(const struct hole *h, struct pn_str identity, const struct subscriber *after)
{
	const struct pinholes *p = h->agent->network->table;
	struct hash_node *n = after ? (struct hash_node *)&after->node : NULL;

	while ((n = hash_find(&p->subscribers, identity_hash(h, identity), n))) {
		struct subscriber *s = hash_entry(n, struct subscriber, node);

		if (str_eq(identity_of(s), identity) && !strcmp(s->hole->protocol, h->protocol))
			return s;
	}
	return NULL;
}

/* ---- lists ---- */

static void list_free(struct subscribers *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->list[i]);
	free(l->list);
	*l = (struct subscribers){ NULL, 0, 0 };
}

/* While a list comes the network pays for it, or for the one before, not for both. */
static void charge(struct hole *h)
{
	struct network *n = h->agent->network;
	size_t now = h->gathering.n > h->subscribers.n ? h->gathering.n : h->subscribers.n;

	n->n_subscribers += now - h->charged;
	h->charged = now;
}

void subscribers_give_up(struct hole *h)
{
	list_free(&h->gathering);
	h->gathers = 0;
	charge(h);
}

static bool names_itself(const struct message_subscriber *s)
{
	struct pn_addr ip = s->terminal;
	char text[ADDR_TEXT];

	ip.port = 0;
	return addr_print(&ip, text, sizeof(text)) > 0 &&
	       memmem(s->identity.p, s->identity.len, text, strlen(text));
}

static int list_add(struct subscribers *l, struct hole *h, const struct message_subscriber *what)
{
	struct subscriber *s;

	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : LIST_FIRST;
		struct subscriber **list = realloc(l->list, cap * sizeof(struct subscriber *));

		if (!list)
			return -ENOMEM;
		l->list = list;
		l->cap = cap;
	}
	s = malloc(sizeof(*s) + what->identity.len);
	if (!s)
		return -ENOMEM;
	*s = (struct subscriber){ .hole = h, .terminal = what->terminal, .common = !names_itself(what),
				  .len = what->identity.len };
	memcpy(s->identity, what->identity.p, s->len);
	l->list[l->n++] = s;
	return 0;
}

/* ---- whose they are ---- */

/* The other network that has this identity, with a pinhole that lives. */
static const struct network *claimed_by(const struct hole *h, const struct subscriber *s)
{
	for (const struct subscriber *o = NULL; (o = next_same(h, identity_of(s), o));)
		if (o->common && !o->hole->dead && o->hole->agent->network != h->agent->network)
			return o->hole->agent->network;
	return NULL;
}

static bool refuse_claimed(const struct hole *h, const struct subscriber *s)
{
	struct pinholes *p = h->agent->network->table;
	const struct network *owner = s->common ? claimed_by(h, s) : NULL;
	unsigned swallowed;

	if (!owner)
		return false;
	metric_add(M_PINHOLE_CLAIMED, 1);
	if (log_limit_pass(p->complaints, identity_hash(h, identity_of(s)), loop_now(p->c.loop), &swallowed))
		log_warn("pinhole %s/%s: subscriber %.*s refused: network %s has it", h->agent->network->name,
			 h->agent->name, (int)s->len, s->identity, owner->name);
	return true;
}

void subscribers_clear(struct hole *h)
{
	struct pinholes *p = h->agent->network->table;

	for (size_t i = 0; i < h->subscribers.n; i++)
		hash_del(&p->subscribers, &h->subscribers.list[i]->node);
	list_free(&h->subscribers);
	h->list = 0;
	subscribers_give_up(h);
}

static bool is_too_often(const struct hole *h, const struct subscriber *s)
{
	unsigned n = 0;

	for (const struct subscriber *o = NULL; (o = next_same(h, identity_of(s), o));)
		n += o->hole == h;
	return n >= SAME_MAX;
}

static int settle_one(struct hole *h, struct subscriber *s)
{
	if (is_too_often(h, s) || refuse_claimed(h, s))
		return -EEXIST;
	return hash_put(&h->agent->network->table->subscribers, &s->node, identity_hash(h, identity_of(s)));
}

/* The list that has come is the one that counts. */
static void settle(struct hole *h)
{
	struct subscribers l = h->gathering;
	uint32_t id = h->gathers;
	size_t kept = 0;

	h->gathering = (struct subscribers){ NULL, 0, 0 };
	subscribers_clear(h);
	for (size_t i = 0; i < l.n; i++) {
		struct subscriber *s = l.list[i];

		if (settle_one(h, s))
			free(s);
		else
			l.list[kept++] = s;
	}
	l.n = kept;
	h->subscribers = l;
	h->list = id;
	charge(h);
}

int subscribers_take(struct hole *h, const struct message *m)
{
	const struct network *n = h->agent->network;
	struct cur at = m->stun.attrs;
	struct message_subscriber s;

	if (!m->part.list || !m->part.count || m->part.list == h->list)
		return 0;
	if (m->part.count > PINHOLE_PARTS)
		return -EDQUOT;
	if (m->part.list != h->gathers) {
		subscribers_give_up(h);
		h->gathers = m->part.list;
		h->parts = 0;
	}
	if (m->part.index != h->parts)
		return 0;
	while (message_subscriber(m, &at, &s)) {
		bool room = h->gathering.n < h->charged || n->n_subscribers < n->max_subscribers;
		int err = room ? list_add(&h->gathering, h, &s) : -EDQUOT;

		if (err) {
			subscribers_give_up(h);
			return err;
		}
		charge(h);
	}
	if (++h->parts == m->part.count)
		settle(h);
	return 0;
}

/* ---- failover ---- */

static bool serves(const struct hole *other, const struct hole *h)
{
	return !other->dead && other->now.agent && other->module == h->module && other->agent != h->agent &&
	       other->agent->network == h->agent->network;
}

struct hole *subscribers_elsewhere(const struct hole *h)
{
	struct hole *best = NULL;

	for (size_t i = 0; i < h->subscribers.n && !best; i++)
		for (struct subscriber *s = NULL;
		     (s = next_same(h, identity_of(h->subscribers.list[i]), s));)
			if (serves(s->hole, h) && (!best || s->hole->seen_ms > best->seen_ms))
				best = s->hole;
	return best;
}
