#include "addr.h"
#include "binding_state.h"
#include "buf.h"
#include <string.h>

enum { SEED_IDENTITY = 1, SEED_PINHOLE, SEED_ALIAS };

static uint64_t hash_place(const struct binding_owner *o, const struct pn_realm *r, uint64_t seed)
{
	const void *place[2] = { o, r };

	return hash_bytes(place, sizeof(place), seed);
}

static uint64_t hash_name(const struct binding_owner *o, const struct pn_realm *r, struct pn_str s,
			  uint64_t seed)
{
	return hash_bytes(s.p, s.len, hash_place(o, r, seed));
}

static uint64_t hash_pinhole(const struct binding_owner *o, const struct pn_realm *r,
			     const struct pn_addr *a)
{
	return addr_hash(a, hash_place(o, r, SEED_PINHOLE));
}

/* ---- groups ---- */

static int group_add(struct hash *h, struct binding_group *first, struct binding_group *g,
		     uint64_t hash)
{
	g->prev = g->next = NULL;
	if (!first)
		return hash_put(h, &g->node, hash);
	g->node.hash = hash;
	g->prev = first;
	g->next = first->next;
	if (first->next)
		first->next->prev = g;
	first->next = g;
	return 0;
}

static void group_del(struct hash *h, struct binding_group *g)
{
	if (g->next)
		g->next->prev = g->prev;
	if (g->prev) {
		g->prev->next = g->next;
	} else {
		hash_del(h, &g->node);
		/* cannot fail: the table has its buckets */
		if (g->next)
			hash_put(h, &g->next->node, g->node.hash);
	}
	g->prev = g->next = NULL;
}

static struct pn_binding *of_identity(struct hash_node *n)
{
	return n ? hash_entry(n, struct pn_binding, by_identity.node) : NULL;
}

static struct pn_binding *of_pinhole(struct hash_node *n)
{
	return n ? hash_entry(n, struct pn_binding, by_pinhole.node) : NULL;
}

struct pn_binding *binding_next_identity(const struct pn_binding *b)
{
	return b->by_identity.next ? of_identity(&b->by_identity.next->node) : NULL;
}

struct pn_binding *binding_next_pinhole(const struct pn_binding *b)
{
	return b->by_pinhole.next ? of_pinhole(&b->by_pinhole.next->node) : NULL;
}

/* ---- look-ups ---- */

struct pn_binding *binding_by_identity(const struct bindings *t, const struct binding_owner *o,
				       const struct pn_realm *r, struct pn_str identity)
{
	uint64_t hash = hash_name(o, r, identity, SEED_IDENTITY);
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->identity, hash, n))) {
		struct pn_binding *b = of_identity(n);

		if (b->owner == o && b->realm == r && str_eq(binding_identity(b), identity))
			return b;
	}
	return NULL;
}

struct pn_binding *binding_by_pinhole(const struct bindings *t, const struct binding_owner *o,
				      const struct pn_realm *r, const struct pn_addr *pinhole)
{
	uint64_t hash = hash_pinhole(o, r, pinhole);
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->pinhole, hash, n))) {
		struct pn_binding *b = of_pinhole(n);

		if (b->owner == o && b->realm == r && addr_eq(&b->pinhole, pinhole))
			return b;
	}
	return NULL;
}

struct pn_binding *binding_by_alias(const struct bindings *t, const struct binding_owner *o,
				    const struct pn_realm *r, struct pn_str alias)
{
	uint64_t hash = hash_name(o, r, alias, SEED_ALIAS);
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->alias, hash, n))) {
		struct pn_binding *b = hash_entry(n, struct pn_binding, by_alias);

		if (b->owner == o && b->alias_realm == r && str_eq(binding_alias(b), alias))
			return b;
	}
	return NULL;
}

struct pn_binding *binding_next_alias(const struct pn_binding *b)
{
	const struct hash_node *n = &b->by_alias;
	struct hash_node *next;

	while ((next = hash_find(&b->owner->table->alias, n->hash, n))) {
		struct pn_binding *other = hash_entry(next, struct pn_binding, by_alias);

		if (other->owner == b->owner && other->alias_realm == b->alias_realm &&
		    str_eq(binding_alias(other), binding_alias(b)))
			return other;
		n = next;
	}
	return NULL;
}

/* ---- changes ---- */

static int add_pinhole(struct bindings *t, struct pn_binding *b)
{
	struct pn_binding *first = binding_by_pinhole(t, b->owner, b->realm, &b->pinhole);

	return group_add(&t->pinhole, first ? &first->by_pinhole : NULL, &b->by_pinhole,
			 hash_pinhole(b->owner, b->realm, &b->pinhole));
}

static int add_alias(struct bindings *t, struct pn_binding *b)
{
	if (!b->alias_realm)
		return 0;
	return hash_put(&t->alias, &b->by_alias,
			hash_name(b->owner, b->alias_realm, binding_alias(b), SEED_ALIAS));
}

int binding_index_add(struct bindings *t, struct pn_binding *b)
{
	struct pn_str id = binding_identity(b);
	struct pn_binding *first = binding_by_identity(t, b->owner, b->realm, id);
	int err = group_add(&t->identity, first ? &first->by_identity : NULL, &b->by_identity,
			    hash_name(b->owner, b->realm, id, SEED_IDENTITY));

	if (err)
		return err;
	err = add_pinhole(t, b);
	if (err)
		goto no_pinhole;
	err = add_alias(t, b);
	if (!err)
		return 0;
	group_del(&t->pinhole, &b->by_pinhole);
no_pinhole:
	group_del(&t->identity, &b->by_identity);
	return err;
}

void binding_index_del(struct bindings *t, struct pn_binding *b)
{
	group_del(&t->identity, &b->by_identity);
	group_del(&t->pinhole, &b->by_pinhole);
	if (b->alias_realm)
		hash_del(&t->alias, &b->by_alias);
}

void binding_index_pinhole(struct bindings *t, struct pn_binding *b, const struct pn_addr *pinhole)
{
	if (addr_eq(&b->pinhole, pinhole))
		return;
	group_del(&t->pinhole, &b->by_pinhole);
	b->pinhole = *pinhole;
	add_pinhole(t, b);
}

void binding_index_alias(struct bindings *t, struct pn_binding *b, struct pn_realm *alias_realm)
{
	if (b->alias_realm == alias_realm)
		return;
	if (b->alias_realm)
		hash_del(&t->alias, &b->by_alias);
	b->alias_realm = NULL;
	/* of two that waited for accept with one name the first has it */
	if (b->named && binding_alias_free(b->owner, alias_realm, binding_alias_text(b)))
		return;
	b->alias_realm = alias_realm;
	/* the first alias of all may find no memory: then this binding has none */
	if (add_alias(t, b))
		b->alias_realm = NULL;
}
