#include "hash.h"
#include "random.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

struct item {
	struct hash_node node;
	unsigned id;
	int seen;
};

Test(hash, bytes_depend_on_all)
{
	static const struct {
		const char *a, *b;
		size_t len_a, len_b;
		uint64_t seed_a, seed_b;
		int same;
	} row[] = {
		{ "abc", "abc", 3, 3, 0, 0, 1 },           { "abc", "abd", 3, 3, 0, 0, 0 },
		{ "abc", "abc", 3, 2, 0, 0, 0 },           { "abc", "abc", 3, 3, 0, 1, 0 },
		{ "", "", 0, 0, 0, 0, 1 },                 { "\0", "\0\0", 1, 2, 0, 0, 0 },
		{ "0123456789", "0123456780", 10, 10, 5, 5, 0 },
		{ "0123456789abcdef", "1123456789abcdef", 16, 16, 5, 5, 0 },
		{ "0123456789abcdef", "0123456789abcdef", 16, 16, 5, 5, 1 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		uint64_t a = hash_bytes(row[i].a, row[i].len_a, row[i].seed_a);
		uint64_t b = hash_bytes(row[i].b, row[i].len_b, row[i].seed_b);

		cr_expect(eq(int, a == b, row[i].same), "row %zu", i);
	}
}

static struct item *find(struct hash *h, unsigned id, uint64_t hash)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(h, hash, n)))
		if (hash_entry(n, struct item, node)->id == id)
			return hash_entry(n, struct item, node);
	return NULL;
}

static uint64_t hash_id(unsigned id, unsigned kinds)
{
	id %= kinds;
	return hash_bytes(&id, sizeof(id), 0);
}

static int count_seen(struct hash_node *n, void *arg)
{
	hash_entry(n, struct item, node)->seen++;
	++*(int *)arg;
	return 0;
}

/* Grows one by one, so that every state of the half-moved table is searched. */
static void check_table(unsigned n, unsigned kinds, size_t at)
{
	struct item *item = calloc(n, sizeof(*item));
	struct hash h;

	hash_init(&h);
	for (unsigned i = 0; i < n; i++) {
		item[i].id = i;
		cr_assert(eq(int, hash_put(&h, &item[i].node, hash_id(i, kinds)), 0));
		for (unsigned k = 0; k <= i; k += 1 + i / 16)
			cr_assert(eq(ptr, find(&h, k, hash_id(k, kinds)), &item[k]), "row %zu: %u of %u", at,
				  k, i);
		cr_assert(eq(ptr, find(&h, i + 1, hash_id(i + 1, kinds)), NULL), "row %zu", at);
		if (i % 5 == 4) {
			int count = 0;

			hash_del(&h, &item[i - 2].node);
			cr_assert(eq(ptr, find(&h, i - 2, hash_id(i - 2, kinds)), NULL), "row %zu", at);
			hash_put(&h, &item[i - 2].node, hash_id(i - 2, kinds));
			hash_each(&h, count_seen, &count);
			cr_assert(eq(int, count, (int)i + 1), "row %zu", at);
		}
	}
	cr_expect(eq(sz, h.count, n), "row %zu", at);
	hash_free(&h);
	free(item);
}

Test(hash, finds_while_growing)
{
	static const struct {
		unsigned n, kinds; /* kinds: how many different hashes */
	} row[] = { { 16, 1000 }, { 17, 1000 }, { 1000, 1000000 }, { 300, 7 }, { 100, 1 } };

	for (size_t i = 0; i < ROWS(row); i++)
		check_table(row[i].n, row[i].kinds, i);
}

Test(hash, search_goes_on_after_growth)
{
	struct item same[3] = { { .id = 0 }, { .id = 1 }, { .id = 2 } }, *other = calloc(40, sizeof(*other));
	struct hash_node *first, *second;
	struct hash h;

	hash_init(&h);
	for (int i = 0; i < 3; i++)
		hash_put(&h, &same[i].node, 42);
	first = hash_find(&h, 42, NULL);
	second = hash_find(&h, 42, first);
	for (unsigned i = 0; i < 40; i++)
		hash_put(&h, &other[i].node, i % 2 ? 42 + 16 * i : i);
	cr_expect(eq(ptr, hash_find(&h, 42, first), second));
	cr_expect(ne(ptr, hash_find(&h, 42, second), NULL));
	cr_expect(eq(ptr, hash_find(&h, 42, hash_find(&h, 42, second)), NULL));
	hash_free(&h);
	free(other);
}

static int delete_odd(struct hash_node *n, void *arg)
{
	if (hash_entry(n, struct item, node)->id % 2)
		hash_del(arg, n);
	return 0;
}

static int stop_at_7(struct hash_node *n, void *arg)
{
	(void)arg;
	return hash_entry(n, struct item, node)->id == 7 ? 77 : 0;
}

/* One chain, in which nodes leave and come back in any order while the table grows. */
Test(hash, deletes_anywhere_in_a_chain)
{
	static struct item item[300];
	struct hash h;
	unsigned in = 0;

	hash_init(&h);
	for (unsigned step = 0; step < 5000; step++) {
		struct item *it = &item[(step * 7919u) % ROWS(item)];

		it->id = (unsigned)(it - item);
		if (it->node.link) {
			hash_del(&h, &it->node);
			hash_del(&h, &it->node); /* again: nothing */
			in--;
		} else {
			cr_assert(zero(int, hash_put(&h, &it->node, step % 3 ? 5 : hash_id(it->id, 300))));
			in++;
		}
		cr_assert(eq(sz, h.count, in));
		cr_assert(eq(ptr, find(&h, it->id, it->node.hash), it->node.link ? it : NULL));
	}
	for (size_t i = 0; i < ROWS(item); i++)
		if (item[i].node.link)
			cr_assert(eq(ptr, find(&h, item[i].id, item[i].node.hash), &item[i]));
	hash_free(&h);
	hash_del(&h, &item[0].node); /* the table is gone */
	cr_expect(zero(sz, h.count));
}

Test(hash, walks_and_deletes)
{
	struct item item[100] = { 0 };
	struct hash h;

	hash_init(&h);
	cr_expect(eq(int, hash_each(&h, stop_at_7, NULL), 0));
	cr_expect(eq(ptr, hash_find(&h, 1, NULL), NULL));
	hash_del(&h, &item[0].node);
	for (unsigned i = 0; i < 100; i++) {
		item[i].id = i;
		hash_put(&h, &item[i].node, hash_id(i, 1000));
	}
	cr_expect(eq(int, hash_each(&h, stop_at_7, NULL), 77));
	cr_expect(eq(int, hash_each(&h, delete_odd, &h), 0));
	cr_expect(eq(sz, h.count, 50));
	for (unsigned i = 0; i < 100; i++)
		cr_expect(eq(int, find(&h, i, hash_id(i, 1000)) != NULL, i % 2 == 0), "item %u", i);
	hash_del(&h, &item[1].node);
	cr_expect(eq(sz, h.count, 50));
	hash_free(&h);
	hash_free(NULL);
}
