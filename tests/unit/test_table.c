#include "table.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int freed;

static void on_free(void *value)
{
	freed++;
	free(value);
}

Test(table, keys_are_octets)
{
	struct pn_table *t = table_new(10);
	int a, b, c;

	cr_expect(zero(int, table_put(t, "a\0x", 3, &a)));
	cr_expect(zero(int, table_put(t, "a\0y", 3, &b)));
	cr_expect(zero(int, table_put(t, NULL, 0, &c)));
	cr_expect(eq(ptr, table_get(t, "a\0x", 3), &a));
	cr_expect(eq(ptr, table_get(t, "a\0y", 3), &b));
	cr_expect(eq(ptr, table_get(t, "", 0), &c));
	cr_expect(eq(ptr, table_get(t, "a", 1), NULL));
	cr_expect(eq(sz, table_count(t), 3));
	table_free(t, NULL);
}

Test(table, keys_are_copied)
{
	struct pn_table *t = table_new(10);
	char key[] = "one";
	int a;

	cr_expect(zero(int, table_put(t, key, 3, &a)));
	key[0] = 'x';
	cr_expect(eq(ptr, table_get(t, "one", 3), &a));
	cr_expect(eq(ptr, table_get(t, key, 3), NULL));
	table_free(t, NULL);
}

Test(table, refuses_what_it_cannot_hold)
{
	struct pn_table *t = table_new(2);
	int a, b;

	cr_expect(eq(int, table_put(t, "a", 1, NULL), -EINVAL));
	cr_expect(zero(int, table_put(t, "a", 1, &a)));
	cr_expect(eq(int, table_put(t, "a", 1, &b), -EEXIST));
	cr_expect(eq(ptr, table_get(t, "a", 1), &a));
	cr_expect(zero(int, table_put(t, "b", 1, &b)));
	cr_expect(eq(int, table_put(t, "c", 1, &b), -ENOSPC));
	cr_expect(eq(ptr, table_del(t, "b", 1), &b));
	cr_expect(eq(ptr, table_del(t, "b", 1), NULL));
	cr_expect(zero(int, table_put(t, "c", 1, &b)));
	table_free(t, NULL);
}

Test(table, frees_what_is_left)
{
	struct pn_table *t = table_new(1000);

	for (uint32_t i = 0; i < 1000; i++)
		cr_assert(zero(int, table_put(t, &i, sizeof(i), malloc(1))));
	for (uint32_t i = 0; i < 1000; i += 2)
		free(table_del(t, &i, sizeof(i)));
	freed = 0;
	table_free(t, on_free);
	cr_expect(eq(int, freed, 500));
	table_free(NULL, on_free);
}
