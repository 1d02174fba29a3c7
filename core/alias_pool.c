#include "alias_pool.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct range {
	struct prefix net;
	struct pn_addr first;
	uint32_t at, count; /* index of the first */
};

struct alias_pool {
	bool ports; /* count up in the port, not in the address */
	struct range *range;
	size_t n;
	uint32_t total;
	uint64_t *busy;
};

/* ---- addresses as numbers ---- */

static size_t tail_of(const struct pn_addr *a)
{
	return a->family == 4 ? 0 : 12;
}

static uint32_t number_of(const struct pn_addr *a)
{
	const uint8_t *p = a->ip + tail_of(a);

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void add_number(struct pn_addr *a, uint32_t n)
{
	uint8_t *p = a->ip + tail_of(a);

	n += number_of(a);
	p[0] = (uint8_t)(n >> 24);
	p[1] = (uint8_t)(n >> 16);
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
}

/* ---- ranges ---- */

/* The part of a prefix that is used is a prefix again. */
static struct range range_of(const struct prefix *p)
{
	unsigned bits = p->addr.family == 4 ? 32 : 128, host = bits - p->bits;
	bool cut = host > ALIAS_PREFIX_BITS;
	struct range r = { .net = *p, .first = p->addr };

	if (cut)
		host = ALIAS_PREFIX_BITS;
	r.net.bits = (uint8_t)(bits - host);
	r.count = UINT32_C(1) << host;
	if (host < 2 && !cut)
		return r;
	add_number(&r.first, 1);
	r.count--;
	if (p->addr.family == 4 && !cut)
		r.count--;
	return r;
}

static bool holds(const struct range *outer, const struct range *inner)
{
	return outer->net.bits <= inner->net.bits && prefix_has(&outer->net, &inner->net.addr);
}

/* Prefixes that meet lie one within the other. */
static void add_range(struct alias_pool *p, const struct range *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++)
		if (holds(&p->range[i], r))
			return;
	for (size_t i = 0; i < p->n; i++)
		if (!holds(r, &p->range[i]))
			p->range[kept++] = p->range[i];
	p->n = kept;
	if (p->n < ALIAS_RANGES_MAX)
		p->range[p->n++] = *r;
}

/* Indexes and the bitmap. */
static int number(struct alias_pool *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct range *r = &p->range[i];

		if (r->count > ALIAS_POOL_MAX - p->total)
			r->count = ALIAS_POOL_MAX - p->total;
		r->at = p->total;
		p->total += r->count;
	}
	p->busy = calloc((p->total + 63) / 64 + 1, sizeof(*p->busy));
	return p->busy ? 0 : -ENOMEM;
}

static struct alias_pool *pool_new(size_t ranges)
{
	struct alias_pool *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->range = calloc(ranges, sizeof(*p->range));
	if (p->range)
		return p;
	free(p);
	return NULL;
}

struct alias_pool *alias_pool_of_addresses(const struct prefixes *list, int family, uint16_t port)
{
	struct alias_pool *p = pool_new(ALIAS_RANGES_MAX);

	if (!p)
		return NULL;
	for (size_t i = 0; i < list->n; i++) {
		struct range r;

		if (list->list[i].addr.family != family)
			continue;
		r = range_of(&list->list[i]);
		r.first.port = port;
		add_range(p, &r);
	}
	if (p->n && !number(p))
		return p;
	errno = p->n ? ENOMEM : ENOENT;
	alias_pool_free(p);
	return NULL;
}

struct alias_pool *alias_pool_of_ports(const struct pn_addr *at, uint16_t first, uint16_t last)
{
	struct alias_pool *p = pool_new(1);

	if (!p)
		return NULL;
	p->ports = true;
	p->n = 1;
	p->range[0].first = *at;
	p->range[0].first.port = first;
	p->range[0].count = (uint32_t)last - first + 1;
	if (!number(p))
		return p;
	alias_pool_free(p);
	return NULL;
}

void alias_pool_free(struct alias_pool *p)
{
	if (!p)
		return;
	free(p->range);
	free(p->busy);
	free(p);
}

/* ---- indexes ---- */

uint32_t alias_pool_total(const struct alias_pool *p)
{
	return p->total;
}

struct pn_addr alias_pool_at(const struct alias_pool *p, uint32_t index)
{
	const struct range *r = p->range;
	struct pn_addr a;

	while (index - r->at >= r->count)
		r++;
	a = r->first;
	if (p->ports)
		a.port = (uint16_t)(a.port + index - r->at);
	else
		add_number(&a, index - r->at);
	return a;
}

static uint32_t offset_in(const struct alias_pool *p, const struct range *r, const struct pn_addr *a)
{
	if (p->ports)
		return addr_same_ip(&r->first, a) ? (uint32_t)a->port - r->first.port : ALIAS_NONE;
	if (r->first.port != a->port || !prefix_has(&r->net, a))
		return ALIAS_NONE;
	return number_of(a) - number_of(&r->first);
}

uint32_t alias_pool_index(const struct alias_pool *p, const struct pn_addr *a)
{
	for (size_t i = 0; i < p->n; i++) {
		uint32_t offset = offset_in(p, &p->range[i], a);

		if (offset < p->range[i].count)
			return p->range[i].at + offset;
	}
	return ALIAS_NONE;
}

/* ---- busy ones ---- */

void alias_pool_mark(struct alias_pool *p, uint32_t index, bool busy)
{
	uint64_t bit = UINT64_C(1) << (index % 64);

	if (busy)
		p->busy[index / 64] |= bit;
	else
		p->busy[index / 64] &= ~bit;
}

uint32_t alias_pool_next(const struct alias_pool *p, uint32_t from, uint32_t end)
{
	uint32_t word = from / 64;
	uint64_t open = ~p->busy[word] & (~UINT64_C(0) << (from % 64));

	while (!open && (word + 1) * 64 < end)
		open = ~p->busy[++word];
	if (!open)
		return ALIAS_NONE;
	from = word * 64 + (uint32_t)__builtin_ctzll(open);
	return from < end ? from : ALIAS_NONE;
}
