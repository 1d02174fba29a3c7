#include "relay_hops.h"
#include <string.h>

void hop_table_init(struct hop_table *t)
{
	memset(t, 0, sizeof(*t));
	hash_init(&t->ports);
	hash_init(&t->wants);
}

void hop_table_free(struct hop_table *t)
{
	hash_free(&t->ports);
	hash_free(&t->wants);
}

int hop_port_add(struct hop_table *t, struct hop_port *p)
{
	int err = hash_put(&t->ports, &p->node, addr_hash(&p->addr, 0));

	if (err)
		p->addr.family = 0;
	return err;
}

void hop_port_del(struct hop_table *t, struct hop_port *p)
{
	if (p->addr.family)
		hash_del(&t->ports, &p->node);
	p->addr.family = 0;
}

int hop_want_add(struct hop_table *t, struct hop_want *w)
{
	int err = w->addr.family ? hash_put(&t->wants, &w->node, addr_hash(&w->addr, 0)) : 0;

	if (err)
		w->addr.family = 0;
	return err;
}

void hop_want_del(struct hop_table *t, struct hop_want *w)
{
	if (w->addr.family)
		hash_del(&t->wants, &w->node);
	w->addr.family = 0;
}

static bool same_device(const struct hop_table *t, unsigned a, unsigned b)
{
	const char *x = t->device[a] ? t->device[a] : "", *y = t->device[b] ? t->device[b] : "";

	return !strcmp(x, y);
}

const struct hop_port *hop_find(const struct hop_table *t, unsigned realm, const struct pn_addr *addr)
{
	const struct hop_port *found = NULL;
	uint64_t hash = addr_hash(addr, 0);
	struct hash_node *n = hash_find(&t->ports, hash, NULL);

	for (; n; n = hash_find(&t->ports, hash, n)) {
		const struct hop_port *p = hash_entry(n, struct hop_port, node);

		if (!addr_eq(&p->addr, addr))
			continue;
		if (p->realm == realm)
			return p;
		if (same_device(t, p->realm, realm))
			found = p;
	}
	return found;
}

bool hop_resolve(const struct hop_table *t, struct hop_want *w)
{
	const struct hop_port *p = w->addr.family ? hop_find(t, w->realm, &w->addr) : NULL;
	struct engine_hop old = w->hop;

	w->hop = p ? p->hop : (struct engine_hop){ 0 };
	return w->hop.stream != old.stream || w->hop.side != old.side || w->hop.component != old.component;
}

struct hop_want *hop_wanted(const struct hop_table *t, const struct pn_addr *addr, struct hop_want *after)
{
	uint64_t hash = addr_hash(addr, 0);
	struct hash_node *n = hash_find(&t->wants, hash, after ? &after->node : NULL);

	for (; n; n = hash_find(&t->wants, hash, n)) {
		struct hop_want *w = hash_entry(n, struct hop_want, node);

		if (addr_eq(&w->addr, addr))
			return w;
	}
	return NULL;
}
