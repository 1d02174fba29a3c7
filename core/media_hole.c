#include "media_hole.h"
#include "pinhole.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AGENTS_MAX 8192u
#define AGENTS_NETWORK (AGENTS_MAX / 2) /* of one network: the others' do not suffer */
#define FLOOR_LIFE_MS (PINHOLE_CMPH_NONCE_S * 1000 + 60000) /* longer than a nonce may live */

void hole_table_init(struct hole_table *t, size_t max, size_t max_network)
{
	*t = (struct hole_table){ .max = max, .max_network = max_network };
	hash_init(&t->where);
	hash_init(&t->inner);
	hash_init(&t->id);
	hash_init(&t->agents);
	hash_init(&t->agent_ids);
	t->plain.last = &t->plain.first;
	t->owned.last = &t->owned.first;
}

/* ---- without a stream ---- */

static struct hole_list *list_of(struct hole_table *t, const struct media_hole *h)
{
	return h->agent ? &t->owned : &t->plain;
}

static void list_add(struct hole_table *t, struct media_hole *h)
{
	struct hole_list *l = list_of(t, h);

	h->list_next = NULL;
	h->list_at = l->last;
	*l->last = h;
	l->last = &h->list_next;
}

static void list_del(struct hole_table *t, struct media_hole *h)
{
	struct hole_list *l = list_of(t, h);

	if (!h->list_at)
		return;
	*h->list_at = h->list_next;
	if (h->list_next)
		h->list_next->list_at = h->list_at;
	else
		l->last = h->list_at;
	h->list_at = NULL;
}

/* ---- agents ---- */

static uint64_t id_hash(uint32_t id)
{
	return hash_bytes(&id, sizeof(id), 0);
}

static uint64_t name_hash(unsigned realm, const char *network, const char *name)
{
	return hash_bytes(name, strlen(name), hash_bytes(network, strlen(network), realm));
}

static struct hole_agent *agent_find(const struct hole_table *t, unsigned realm, const char *network,
				     const char *name)
{
	uint64_t hash = name_hash(realm, network, name);
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->agents, hash, n))) {
		struct hole_agent *a = hash_entry(n, struct hole_agent, by_name);

		if (a->realm == realm && !strcmp(a->network, network) && !strcmp(a->name, name))
			return a;
	}
	return NULL;
}

struct hole_agent *hole_agent_by_id(const struct hole_table *t, uint32_t id)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->agent_ids, id_hash(id), n))) {
		struct hole_agent *a = hash_entry(n, struct hole_agent, by_id);

		if (a->id == id)
			return a;
	}
	return NULL;
}

static void agent_del(struct hole_table *t, struct hole_agent *a)
{
	hash_del(&t->agents, &a->by_name);
	if (a->id)
		hash_del(&t->agent_ids, &a->by_id);
	*a->at = a->next;
	if (a->next)
		a->next->at = a->at;
	t->n_agents--;
	free(a);
}

static bool may_add_agent(const struct hole_table *t, const char *network)
{
	size_t n = 0;

	for (const struct hole_agent *a = t->all; a; a = a->next)
		n += !strcmp(a->network, network);
	return t->n_agents < AGENTS_MAX && n < AGENTS_NETWORK;
}

static struct hole_agent *agent_new(struct hole_table *t, unsigned realm, const char *network, const char *name)
{
	struct hole_agent *a = may_add_agent(t, network) ? calloc(1, sizeof(*a)) : NULL;

	if (!a)
		return NULL;
	a->realm = realm;
	memcpy(a->network, network, strlen(network) + 1);
	memcpy(a->name, name, strlen(name) + 1);
	if (hash_put(&t->agents, &a->by_name, name_hash(realm, network, name))) {
		free(a);
		return NULL;
	}
	a->next = t->all;
	a->at = &t->all;
	if (a->next)
		a->next->at = &a->next;
	t->all = a;
	t->n_agents++;
	return a;
}

struct hole_agent *hole_agent_get(struct hole_table *t, unsigned realm, const char *network, const char *name,
				  uint32_t id)
{
	struct hole_agent *a;

	if (strlen(network) >= HOLE_NAME || strlen(name) >= HOLE_NAME)
		return NULL;
	a = agent_find(t, realm, network, name);
	if (!a)
		a = agent_new(t, realm, network, name);
	if (!a || a->id == id)
		return a;
	if (a->id)
		hash_del(&t->agent_ids, &a->by_id);
	a->id = id;
	if (id && hash_put(&t->agent_ids, &a->by_id, id_hash(id)))
		a->id = 0;
	return a->id == id ? a : NULL;
}

static size_t network_holes(const struct hole_table *t, const struct hole_agent *of)
{
	size_t n = 0;

	for (const struct hole_agent *a = t->all; a; a = a->next)
		if (!strcmp(a->network, of->network))
			n += a->holes;
	return n;
}

/* ---- look-ups ---- */

static uint64_t where_hash(unsigned realm, const struct pn_addr *a)
{
	return addr_hash(a, realm + 1u);
}

struct media_hole *hole_at(const struct hole_table *t, unsigned realm, const struct pn_addr *where)
{
	uint64_t hash = where_hash(realm, where);
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->where, hash, n))) {
		struct media_hole *h = hash_entry(n, struct media_hole, by_where);

		if (h->realm == realm && addr_eq(&h->where, where))
			return h;
	}
	return NULL;
}

struct media_hole *hole_by_id(const struct hole_table *t, uint32_t id)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->id, id_hash(id), n))) {
		struct media_hole *h = hash_entry(n, struct media_hole, by_id);

		if (h->id == id)
			return h;
	}
	return NULL;
}

struct media_hole *hole_of_agent(const struct hole_table *t, const struct hole_agent *a, const struct pn_addr *inner)
{
	uint64_t hash = where_hash(a->realm, inner);
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->inner, hash, n))) {
		struct media_hole *h = hash_entry(n, struct media_hole, by_inner);

		if (h->agent == a && addr_eq(&h->inner, inner))
			return h;
	}
	return NULL;
}

struct media_hole *hole_plain(const struct hole_table *t, unsigned realm, const struct pn_addr *ip,
			      const struct pn_addr *inner)
{
	uint64_t hash = where_hash(realm, inner);
	struct media_hole *best = NULL;
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->inner, hash, n))) {
		struct media_hole *h = hash_entry(n, struct media_hole, by_inner);

		if (h->agent || h->realm != realm || !addr_eq(&h->inner, inner) || !addr_same_ip(&h->where, ip))
			continue;
		if (!best || h->seen_ms > best->seen_ms)
			best = h;
	}
	return best;
}

/* ---- one pinhole ---- */

static int may_add(struct hole_table *t, const struct hole_agent *a)
{
	if (!a && t->n_plain >= t->max && t->plain.first)
		hole_del(t, t->plain.first);
	if ((a ? t->n_owned : t->n_plain) >= t->max)
		return -ENOSPC;
	return a && network_holes(t, a) >= t->max_network ? -EDQUOT : 0;
}

static uint32_t next_id(struct hole_table *t)
{
	do
		t->last_id++;
	while (!t->last_id || hole_by_id(t, t->last_id));
	return t->last_id;
}

struct media_hole *hole_add(struct hole_table *t, unsigned realm, struct hole_agent *a, const struct pn_addr *inner,
			    uint64_t now_ms)
{
	int err = may_add(t, a);
	struct media_hole *h = err ? NULL : calloc(1, sizeof(*h));

	errno = err ? -err : ENOMEM;
	if (!h)
		return NULL;
	h->id = next_id(t);
	h->realm = realm;
	h->agent = a;
	if (hash_put(&t->id, &h->by_id, id_hash(h->id))) {
		free(h);
		return NULL;
	}
	if (a)
		a->holes++;
	*(a ? &t->n_owned : &t->n_plain) += 1;
	h->seen_ms = now_ms;
	list_add(t, h);
	if (!hole_set_inner(t, h, inner))
		return h;
	hole_del(t, h);
	errno = ENOMEM;
	return NULL;
}

int hole_put(struct hole_table *t, struct media_hole *h, const struct pn_addr *where)
{
	int err;

	hole_take(t, h);
	err = hash_put(&t->where, &h->by_where, where_hash(h->realm, where));
	if (!err)
		h->where = *where;
	return err;
}

void hole_take(struct hole_table *t, struct media_hole *h)
{
	if (h->where.family)
		hash_del(&t->where, &h->by_where);
	h->where = (struct pn_addr){ 0 };
}

int hole_set_inner(struct hole_table *t, struct media_hole *h, const struct pn_addr *inner)
{
	if (addr_eq(&h->inner, inner))
		return 0;
	if (h->inner.family)
		hash_del(&t->inner, &h->by_inner);
	h->inner = (struct pn_addr){ 0 };
	if (!inner->family)
		return 0;
	if (hash_put(&t->inner, &h->by_inner, where_hash(h->realm, inner)))
		return -ENOMEM;
	h->inner = *inner;
	return 0;
}

void hole_seen(struct hole_table *t, struct media_hole *h, uint64_t now_ms)
{
	h->seen_ms = now_ms;
	if (!h->list_at)
		return;
	list_del(t, h);
	list_add(t, h);
}

void hole_join(struct hole_table *t, struct media_hole *h, uint32_t stream, unsigned side, unsigned component)
{
	list_del(t, h);
	h->stream = stream;
	h->side = (uint8_t)side;
	h->component = (uint8_t)component;
}

void hole_leave(struct hole_table *t, struct media_hole *h, uint64_t now_ms)
{
	if (!h->stream)
		return;
	h->stream = 0;
	h->seen_ms = now_ms;
	list_add(t, h);
}

static void agent_keeps_order(struct media_hole *h, uint64_t now_ms)
{
	struct hole_agent *a = h->agent;

	a->holes--;
	a->seen_ms = now_ms;
	if (h->order.last > a->floor)
		a->floor = h->order.last;
}

void hole_del(struct hole_table *t, struct media_hole *h)
{
	hole_take(t, h);
	list_del(t, h);
	if (h->inner.family)
		hash_del(&t->inner, &h->by_inner);
	hash_del(&t->id, &h->by_id);
	*(h->agent ? &t->n_owned : &t->n_plain) -= 1;
	if (h->agent)
		agent_keeps_order(h, h->seen_ms);
	free(h);
}

static void expire_list(struct hole_table *t, struct hole_list *l, uint64_t now_ms)
{
	while (l->first && now_ms - l->first->seen_ms >= HOLE_LIFE_MS)
		hole_del(t, l->first);
}

void hole_expire(struct hole_table *t, uint64_t now_ms)
{
	struct hole_agent *a, *next;

	expire_list(t, &t->plain, now_ms);
	expire_list(t, &t->owned, now_ms);
	for (a = t->all; a; a = next) {
		next = a->next;
		if (!a->holes && now_ms - a->seen_ms >= FLOOR_LIFE_MS)
			agent_del(t, a);
	}
}

static int free_one(struct hash_node *n, void *arg)
{
	hole_del(arg, hash_entry(n, struct media_hole, by_id));
	return 0;
}

void hole_table_clear(struct hole_table *t)
{
	hash_each(&t->id, free_one, t);
	while (t->all)
		agent_del(t, t->all);
	hash_free(&t->where);
	hash_free(&t->inner);
	hash_free(&t->id);
	hash_free(&t->agents);
	hash_free(&t->agent_ids);
}
