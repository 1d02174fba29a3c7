/* Intrusive hash table with chaining. Keys come from the network, so the hash is keyed with a secret
 * (SipHash-1-3); growing moves a few buckets per insertion, so no insertion is slow. */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_node {
	struct hash_node *next, **link; /* link: what points to it; NULL: in no table */
	uint64_t hash;
};

struct hash {
	struct hash_node **slot, **old; /* old: the half-moved former table, or NULL */
	size_t size, old_size, moved, count;
};

/* A container of node at member */
#define hash_entry(node, type, member) ((type *)(void *)((char *)(node) - offsetof(type, member)))

uint64_t hash_bytes(const void *p, size_t len, uint64_t seed); /* seed chains several parts of a key */
void hash_init(struct hash *h);
void hash_free(struct hash *h); /* the table, not the entries */
int hash_put(struct hash *h, struct hash_node *n, uint64_t hash); /* -ENOMEM; duplicates allowed */
void hash_del(struct hash *h, struct hash_node *n); /* whatever the length of its chain; nothing if it is in none */
/* First node with this hash (after NULL), or the next one after `after`; compare the key yourself. */
struct hash_node *hash_find(const struct hash *h, uint64_t hash, const struct hash_node *after);
/* Walk all; fn may delete the node that it is given, and put none. Stops when fn returns non-zero; returns it. */
int hash_each(struct hash *h, int (*fn)(struct hash_node *n, void *arg), void *arg);

#endif
