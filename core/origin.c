#include "origin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct origin_key {
	uint8_t ip[16];
	uint32_t realm, family;
};

struct origin {
	struct hash_node node;
	struct origin_key key;
	uint32_t count;
};

void origins_init(struct origins *s)
{
	hash_init(&s->hash);
}

static int free_one(struct hash_node *n, void *arg)
{
	hash_del(arg, n);
	free(hash_entry(n, struct origin, node));
	return 0;
}

void origins_free(struct origins *s)
{
	hash_each(&s->hash, free_one, &s->hash);
	hash_free(&s->hash);
}

static struct origin_key key_of(unsigned realm, const struct pn_addr *a)
{
	struct origin_key k = { .realm = realm, .family = a->family };

	memcpy(k.ip, a->ip, a->family == 4 ? 4 : 8);
	return k;
}

static struct origin *find(struct origins *s, const struct origin_key *k, uint64_t hash)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&s->hash, hash, n))) {
		struct origin *origin = hash_entry(n, struct origin, node);

		if (!memcmp(&origin->key, k, sizeof(*k)))
			return origin;
	}
	return NULL;
}

int origin_add(struct origins *s, unsigned realm, const struct pn_addr *from, uint32_t max)
{
	struct origin_key k = key_of(realm, from);
	uint64_t hash = hash_bytes(&k, sizeof(k), 0);
	struct origin *origin = find(s, &k, hash);

	if (origin && max && origin->count >= max)
		return -EDQUOT;
	if (!origin) {
		origin = calloc(1, sizeof(*origin));
		if (!origin)
			return -ENOMEM;
		origin->key = k;
		if (hash_put(&s->hash, &origin->node, hash)) {
			free(origin);
			return -ENOMEM;
		}
	}
	origin->count++;
	return 0;
}

void origin_drop(struct origins *s, unsigned realm, const struct pn_addr *from)
{
	struct origin_key k = key_of(realm, from);
	struct origin *origin = find(s, &k, hash_bytes(&k, sizeof(k), 0));

	if (!origin || --origin->count)
		return;
	hash_del(&s->hash, &origin->node);
	free(origin);
}
