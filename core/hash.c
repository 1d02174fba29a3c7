#include "hash.h"
#include "random.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 16u
#define MOVE_STEP 4u /* buckets of the former table per insertion; 1 would suffice */

static pthread_once_t keyed = PTHREAD_ONCE_INIT;
static uint64_t key[2];

static void make_key(void)
{
	random_bytes(key, sizeof(key));
}

static uint64_t rotl(uint64_t x, int b)
{
	return x << b | x >> (64 - b);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	sip_round(v);
	v[0] ^= m;
}

uint64_t hash_bytes(const void *p, size_t len, uint64_t seed)
{
	const uint8_t *in = p;
	uint64_t m, last = (uint64_t)len << 56;

	pthread_once(&keyed, make_key);
	uint64_t k0 = key[0] ^ seed, k1 = key[1] ^ rotl(seed, 32);
	uint64_t v[4] = { k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du,
			  k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u };

	for (; len >= 8; in += 8, len -= 8) {
		memcpy(&m, in, 8);
		sip_word(v, m);
	}
	m = 0;
	if (len)
		memcpy(&m, in, len);
	sip_word(v, last | m);
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void hash_init(struct hash *h)
{
	*h = (struct hash){ 0 };
}

void hash_free(struct hash *h)
{
	if (!h)
		return;
	free(h->slot);
	free(h->old);
	*h = (struct hash){ 0 };
}

/* The chain that holds every node with this hash. While the table grows, a bucket of the former
 * table is either whole there or whole in the new one: hash_put moves it before it adds to it. */
static struct hash_node **chain_of(const struct hash *h, uint64_t hash)
{
	if (h->old && h->old[hash & (h->old_size - 1)])
		return &h->old[hash & (h->old_size - 1)];
	return h->slot ? &h->slot[hash & (h->size - 1)] : NULL;
}

/* Keeps the order, so that a search with `after` neither repeats nor misses a node. */
static void move_bucket(struct hash *h, size_t at)
{
	struct hash_node *n = h->old[at];
	struct hash_node **low = &h->slot[at], **high = &h->slot[at + h->old_size];

	h->old[at] = NULL;
	while (n) {
		struct hash_node ***tail = n->hash & h->old_size ? &high : &low;

		**tail = n;
		n->link = *tail;
		*tail = &n->next;
		n = n->next;
	}
	*low = *high = NULL;
}

static void move_some(struct hash *h, uint64_t hash)
{
	if (!h->old)
		return;
	if (h->old[hash & (h->old_size - 1)])
		move_bucket(h, hash & (h->old_size - 1));
	for (unsigned i = 0; i < MOVE_STEP && h->moved < h->old_size; i++, h->moved++)
		if (h->old[h->moved])
			move_bucket(h, h->moved);
	if (h->moved == h->old_size) {
		free(h->old);
		h->old = NULL;
	}
}

static int grow(struct hash *h)
{
	size_t size = h->slot ? h->size * 2 : FIRST_SIZE;
	struct hash_node **slot;

	if (h->old || (h->slot && h->count < h->size))
		return 0;
	slot = calloc(size, sizeof(*slot));
	if (!slot)
		return h->slot ? 0 : -ENOMEM; /* longer chains still work */
	h->old = h->slot;
	h->old_size = h->size;
	h->moved = 0;
	h->slot = slot;
	h->size = size;
	return 0;
}

int hash_put(struct hash *h, struct hash_node *n, uint64_t hash)
{
	struct hash_node **at;
	int err = grow(h);

	if (err)
		return err;
	move_some(h, hash);
	at = &h->slot[hash & (h->size - 1)];
	n->hash = hash;
	n->next = *at;
	n->link = at;
	if (n->next)
		n->next->link = &n->next;
	*at = n;
	h->count++;
	return 0;
}

void hash_del(struct hash *h, struct hash_node *n)
{
	if (!h->slot || !n->link)
		return;
	*n->link = n->next;
	if (n->next)
		n->next->link = n->link;
	n->next = NULL;
	n->link = NULL;
	h->count--;
}

struct hash_node *hash_find(const struct hash *h, uint64_t hash, const struct hash_node *after)
{
	struct hash_node **at = chain_of(h, hash);
	struct hash_node *n = after ? after->next : at ? *at : NULL;

	while (n && n->hash != hash)
		n = n->next;
	return n;
}

static int each_in(struct hash_node **slot, size_t size, int (*fn)(struct hash_node *, void *),
		   void *arg)
{
	for (size_t i = 0; slot && i < size; i++) {
		struct hash_node *next;

		for (struct hash_node *n = slot[i]; n; n = next) {
			next = n->next;
			int stop = fn(n, arg);

			if (stop)
				return stop;
		}
	}
	return 0;
}

int hash_each(struct hash *h, int (*fn)(struct hash_node *n, void *arg), void *arg)
{
	int stop = each_in(h->old, h->old_size, fn, arg);

	return stop ? stop : each_in(h->slot, h->size, fn, arg);
}
