#include "table.h"

#include "hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct hash_node node;
	void *value;
	size_t len;
	uint8_t key[];
};

struct pn_table {
	struct hash hash;
	size_t max;
};

struct pn_table *table_new(size_t max)
{
	struct pn_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	hash_init(&t->hash);
	t->max = max;
	return t;
}

struct freeing {
	struct hash *hash;
	void (*fn)(void *value);
};

static int free_entry(struct hash_node *n, void *arg)
{
	struct freeing *f = arg;
	struct entry *e = hash_entry(n, struct entry, node);

	hash_del(f->hash, n);
	if (f->fn)
		f->fn(e->value);
	free(e);
	return 0;
}

void table_free(struct pn_table *t, void (*free_value)(void *value))
{
	if (!t)
		return;
	hash_each(&t->hash, free_entry, &(struct freeing){ &t->hash, free_value });
	hash_free(&t->hash);
	free(t);
}

static struct entry *find(const struct pn_table *t, const void *key, size_t len, uint64_t hash)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->hash, hash, n))) {
		struct entry *e = hash_entry(n, struct entry, node);

		if (e->len == len && (!len || !memcmp(e->key, key, len)))
			return e;
	}
	return NULL;
}

int table_put(struct pn_table *t, const void *key, size_t len, void *value)
{
	uint64_t hash = hash_bytes(key, len, 0);
	struct entry *e;
	int err;

	if (!value)
		return -EINVAL;
	if (find(t, key, len, hash))
		return -EEXIST;
	if (t->hash.count >= t->max)
		return -ENOSPC;
	e = malloc(sizeof(*e) + len);
	if (!e)
		return -ENOMEM;
	e->value = value;
	e->len = len;
	if (len)
		memcpy(e->key, key, len);
	err = hash_put(&t->hash, &e->node, hash);
	if (err)
		free(e);
	return err;
}

void *table_get(const struct pn_table *t, const void *key, size_t len)
{
	struct entry *e = find(t, key, len, hash_bytes(key, len, 0));

	return e ? e->value : NULL;
}

void *table_del(struct pn_table *t, const void *key, size_t len)
{
	struct entry *e = find(t, key, len, hash_bytes(key, len, 0));
	void *value;

	if (!e)
		return NULL;
	value = e->value;
	hash_del(&t->hash, &e->node);
	free(e);
	return value;
}

size_t table_count(const struct pn_table *t)
{
	return t->hash.count;
}
