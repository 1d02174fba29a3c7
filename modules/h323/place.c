#include "place.h"

#include <stdlib.h>
#include <string.h>

/* Tables take octets: these have no padding that is not zero. */
struct key {
	uintptr_t realm;
	uint64_t family;
	uint8_t ip[16];
};

struct h323_place {
	struct key key;
	struct h323_terminals terminals; /* never empty */
};

static struct key key_of(const struct pn_realm *r, const struct pn_addr *seen)
{
	struct key k = { .realm = (uintptr_t)r, .family = seen->family };

	memcpy(k.ip, seen->ip, seen->family == 4 ? 4 : 16);
	return k;
}

static struct h323_place *find(struct h323 *h, const struct key *k)
{
	return h->svc->table_get(h->place_by_ip, k, sizeof(*k));
}

static struct h323_place *place_new(struct h323 *h, const struct key *k)
{
	struct h323_place *p = calloc(1, sizeof(*p));

	if (!p || h->svc->table_put(h->place_by_ip, k, sizeof(*k), p)) {
		free(p);
		return NULL;
	}
	p->key = *k;
	LIST_INIT(&p->terminals);
	return p;
}

void place_leave(struct h323_terminal *t)
{
	struct h323_place *p = t->place;

	if (!p)
		return;
	LIST_REMOVE(t, of_place);
	t->place = NULL;
	if (!LIST_EMPTY(&p->terminals))
		return;
	t->h->svc->table_del(t->h->place_by_ip, &p->key, sizeof(p->key));
	free(p);
}

void place_set(struct h323_terminal *t)
{
	struct pn_addr pinhole = terminal_pinhole(t);
	struct key k = key_of(t->access, &pinhole);
	struct h323_place *p;

	if (t->place && !memcmp(&t->place->key, &k, sizeof(k)))
		return;
	place_leave(t);
	p = find(t->h, &k);
	if (!p)
		p = place_new(t->h, &k);
	if (!p)
		return;
	LIST_INSERT_HEAD(&p->terminals, t, of_place);
	t->place = p;
}

struct h323_terminal *place_owner(struct h323 *h, const struct pn_realm *r, const struct pn_addr *seen,
				  const struct pn_addr *own)
{
	struct key k = key_of(r, seen);
	struct h323_place *p = find(h, &k);
	struct h323_terminal *t;

	if (p)
		LIST_FOREACH(t, &p->terminals, of_place)
			if (t->registered && (addr_same(&t->signal, own) || addr_same(&t->ras, own)))
				return t;
	return NULL;
}

struct h323_terminal *place_known(struct h323 *h, const struct pn_realm *r, const struct pn_addr *seen,
				  const struct pn_addr *said)
{
	struct h323_terminal *t = place_owner(h, r, seen, said);

	return t ? t : place_owner(h, r, said, said);
}

struct h323_terminal *place_anyone(struct h323 *h, const struct pn_realm *r, const struct pn_addr *seen)
{
	struct key k = key_of(r, seen);
	struct h323_place *p = find(h, &k);
	struct h323_terminal *t;

	if (p)
		LIST_FOREACH(t, &p->terminals, of_place)
			if (t->registered)
				return t;
	return NULL;
}
