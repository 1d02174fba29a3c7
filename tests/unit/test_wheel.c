#include "wheel.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

struct item {
	struct wheel_node node;
	uint64_t due;
};

static struct wheel w;

static struct item *next(uint64_t now)
{
	return (struct item *)wheel_next(&w, now);
}

Test(wheel, comes_out_in_order)
{
	static const uint64_t due[] = { 7, 3, 3, 5000, 100000, 1, 4097, 0 };
	static const unsigned order[] = { 5, 7, 1, 2, 0, 6, 3, 4 };
	struct item item[8] = { 0 };

	wheel_init(&w, 0);
	for (unsigned i = 0; i < 8; i++)
		wheel_put(&w, &item[i].node, due[i]);
	for (unsigned i = 0; i < 8; i++)
		cr_expect(eq(ptr, next(200000), &item[order[i]]), "place %u", i);
	cr_expect(eq(ptr, next(200000), NULL));
	cr_expect(zero(sz, w.count));
}

Test(wheel, never_early)
{
	struct item a = { 0 };

	wheel_init(&w, 1000);
	wheel_put(&w, &a.node, 1000 + 3 * WHEEL_SLOTS);
	for (uint64_t now = 1000; now < 1000 + 3 * WHEEL_SLOTS; now += 100)
		cr_assert(eq(ptr, next(now), NULL));
	cr_expect(eq(ptr, next(1000 + 3 * WHEEL_SLOTS), &a));
}

Test(wheel, past_is_next_tick)
{
	struct item a = { 0 };

	wheel_init(&w, 50);
	wheel_put(&w, &a.node, 3);
	cr_expect(eq(ptr, next(50), NULL));
	cr_expect(eq(ptr, next(51), &a));
}

Test(wheel, moves_and_leaves)
{
	struct item a = { 0 }, b = { 0 };

	wheel_init(&w, 0);
	wheel_put(&w, &a.node, 5);
	wheel_put(&w, &b.node, 5);
	wheel_put(&w, &a.node, 9);
	cr_expect(eq(ptr, next(8), &b));
	cr_expect(eq(ptr, next(8), NULL));
	wheel_del(&w, &a.node);
	wheel_del(&w, &a.node);
	cr_expect(eq(ptr, next(100), NULL));
	cr_expect(zero(sz, w.count));
}

/* What is due but not fetched yet may still leave. */
Test(wheel, leaves_while_ready)
{
	struct item a = { 0 }, b = { 0 }, c = { 0 };

	wheel_init(&w, 0);
	wheel_put(&w, &a.node, 5);
	wheel_put(&w, &b.node, 5);
	wheel_put(&w, &c.node, 5);
	cr_expect(eq(ptr, next(5), &a));
	wheel_del(&w, &b.node);
	cr_expect(eq(ptr, next(5), &c));
	cr_expect(eq(ptr, next(5), NULL));
}

Test(wheel, skips_empty_time)
{
	struct item a = { 0 };

	wheel_init(&w, 0);
	wheel_skip(&w, 1000000);
	cr_expect(eq(u64, w.cursor, 1000000));
	wheel_put(&w, &a.node, 1000005);
	wheel_skip(&w, 2000000);
	cr_expect(eq(u64, w.cursor, 1000000));
	cr_expect(eq(ptr, next(1000004), NULL));
	cr_expect(eq(ptr, next(1000005), &a));
}

Test(wheel, random_against_list)
{
	enum { N = 500 };
	struct item *item = calloc(N, sizeof(*item));
	uint64_t now = 0, last = 0;
	struct item *got;
	size_t in = 0;

	srand(7);
	wheel_init(&w, 0);
	for (unsigned round = 0; round < 20000; round++) {
		struct item *i = &item[rand() % N];

		in -= i->node.next != NULL;
		if (rand() % 4) {
			i->due = now + 1 + (uint64_t)(rand() % 10000);
			wheel_put(&w, &i->node, i->due);
			in++;
		} else {
			wheel_del(&w, &i->node);
		}
		cr_assert(eq(sz, w.count, in));
		now += (uint64_t)(rand() % 8);
		for (last = 0; (got = next(now)); last = got->due, in--)
			cr_assert(got->due <= now && got->due >= last);
		for (unsigned k = 0; k < N; k += 50)
			cr_assert(item[k].node.next == NULL || item[k].due > now);
	}
	free(item);
}
