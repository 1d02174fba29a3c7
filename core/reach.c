#include "reach.h"
#include <stdlib.h>
#include <string.h>

static bool is_own_port(const struct reach_own *own, const struct pn_addr *to)
{
	uint16_t last = own->last_port ? own->last_port : own->addr.port;

	return own->addr.port && to->port >= own->addr.port && to->port <= last &&
	       addr_same_ip(&own->addr, to);
}

static bool v4_mapped(const struct pn_addr *a)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return a->family == 6 && !memcmp(a->ip, prefix, sizeof(prefix));
}

bool reach_owns(const struct reach *r, const struct pn_addr *a)
{
	for (size_t i = 0; i < r->n_own; i++)
		if (is_own_port(&r->own[i], a))
			return true;
	for (size_t i = 0; i < r->n_own; i++)
		if (addr_same_ip(&r->own[i].addr, a))
			return !prefixes_have(&r->named, a);
	return false;
}

bool reach_allows(const struct reach *r, const struct pn_addr *to)
{
	if (!to->family || !to->port || v4_mapped(to) || reach_owns(r, to))
		return false;
	if (prefixes_have(&r->named, to))
		return true;
	if (r->rest == REACH_NAMED || addr_is_special(to))
		return false;
	return r->rest == REACH_ANY || addr_is_global(to);
}

static void *copy_of(const void *p, size_t len)
{
	void *copy = malloc(len ? len : 1);

	if (copy && len)
		memcpy(copy, p, len);
	return copy;
}

struct reach *reach_copy(const struct reach *r)
{
	struct reach *c = malloc(sizeof(*c));

	if (!c)
		return NULL;
	*c = *r;
	c->own = copy_of(r->own, r->n_own * sizeof(*r->own));
	c->named.list = copy_of(r->named.list, r->named.n * sizeof(*r->named.list));
	if (c->own && c->named.list)
		return c;
	reach_free(c);
	return NULL;
}

void reach_free(struct reach *r)
{
	if (!r)
		return;
	free((void *)r->own);
	free(r->named.list);
	free(r);
}
