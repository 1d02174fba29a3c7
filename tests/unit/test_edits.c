#include "edits.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

struct one {
	size_t at, len;
	const char *text; /* NULL ends the list */
};

static void add_all(struct pn_edits *e, const struct one *list, size_t n)
{
	for (size_t i = 0; i < n && list[i].text; i++)
		cr_assert(zero(int, edits_add(e, list[i].at, list[i].len, list[i].text,
					      strlen(list[i].text))));
}

Test(edits, apply)
{
	static const struct {
		const char *in;
		struct one edit[4];
		const char *out; /* NULL: -EINVAL */
	} row[] = {
		{ "abc", { { 0, 0, NULL } }, "abc" },
		{ "", { { 0, 0, NULL } }, "" },
		{ "", { { 0, 0, "x" } }, "x" },
		{ "abc", { { 0, 0, "x" } }, "xabc" },
		{ "abc", { { 3, 0, "x" } }, "abcx" },
		{ "abc", { { 1, 1, "xyz" } }, "axyzc" },
		{ "abc", { { 0, 3, "" } }, "" },
		{ "abc", { { 2, 1, "C" }, { 0, 1, "A" } }, "AbC" },
		{ "abc", { { 0, 1, "A" }, { 1, 1, "B" }, { 2, 1, "C" } }, "ABC" },
		{ "abc", { { 1, 0, "x" }, { 1, 0, "y" }, { 1, 0, "z" } }, "axyzbc" },
		{ "abc", { { 1, 0, "x" }, { 1, 1, "B" }, { 1, 0, "z" } }, "axBzc" },
		{ "abc", { { 1, 1, "B" }, { 1, 0, "z" } }, "aBzc" },
		{ "abc", { { 0, 1, "A" }, { 1, 0, "x" }, { 1, 1, "B" } }, "AxBc" },
		{ "abc", { { 1, 1, "B" }, { 1, 1, "z" } }, NULL },
		{ "abc", { { 0, 2, "x" }, { 1, 1, "y" } }, NULL },
		{ "abc", { { 0, 2, "x" }, { 1, 0, "y" } }, NULL },
		{ "abc", { { 0, 3, "x" }, { 1, 0, "y" }, { 1, 0, "z" } }, NULL },
		{ "abc", { { 2, 2, "x" } }, NULL },
		{ "abc", { { 4, 0, "x" } }, NULL },
		{ "abc", { { SIZE_MAX, 0, "x" } }, NULL },
		{ "abc", { { 1, SIZE_MAX - 1, "x" } }, NULL },
	};
	char out[64];

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_edits *e = edits_new();
		long want = row[i].out ? (long)strlen(row[i].out) : -EINVAL, got;

		add_all(e, row[i].edit, ROWS(row[i].edit));
		got = edits_apply(e, row[i].in, strlen(row[i].in), out, sizeof(out));
		cr_expect(eq(long, got, want), "row %zu", i);
		if (got >= 0 && got == want)
			cr_expect(zero(int, memcmp(out, row[i].out, (size_t)got)), "row %zu", i);
		edits_free(e);
	}
}

Test(edits, no_room)
{
	static const struct {
		size_t cap;
		long want;
	} row[] = { { 6, 6 }, { 5, -ENOBUFS }, { 3, -ENOBUFS }, { 1, -ENOBUFS }, { 0, -ENOBUFS } };
	struct pn_edits *e = edits_new();

	edits_add(e, 1, 1, "1234", 4);
	for (size_t i = 0; i < ROWS(row); i++) {
		char *out = malloc(row[i].cap + 1);

		cr_assert(ne(ptr, out, NULL));
		out[row[i].cap] = '#';
		cr_expect(eq(long, edits_apply(e, "abc", 3, out, row[i].cap), row[i].want),
			  "row %zu", i);
		cr_expect(eq(int, out[row[i].cap], '#'), "row %zu", i);
		free(out);
	}
	edits_free(e);
}

Test(edits, delta)
{
	static const struct {
		size_t from, to;
		long want;
	} row[] = {
		{ 0, 100, 3 },
		{ 0, 10, 2 }, /* an insertion at `to` counts, a replacement does not */
		{ 0, 5, 3 },  { 0, 4, 0 },  { 5, 8, 1 },   { 5, 7, 3 },
		{ 6, 9, -2 }, { 6, 7, 0 },  { 10, 20, 2 }, { 11, 20, 0 },
	};
	struct pn_edits *e = edits_new();

	edits_add(e, 5, 0, "xyz", 3);
	edits_add(e, 7, 2, "", 0);
	edits_add(e, 10, 0, "a", 1);
	edits_add(e, 10, 1, "bc", 2);
	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(eq(long, edits_delta(e, row[i].from, row[i].to), row[i].want),
			  "row %zu", i);
	edits_free(e);
}

Test(edits, capped)
{
	struct pn_edits *e = edits_new();
	char *big = calloc(1, EDITS_TEXT_MAX);

	for (unsigned i = 0; i < EDITS_MAX; i++)
		cr_assert(zero(int, edits_add(e, i, 1, "", 0)));
	cr_expect(eq(int, edits_add(e, 0, 0, "", 0), -ENOBUFS));
	edits_free(e);
	e = edits_new();
	cr_expect(zero(int, edits_add(e, 0, 0, big, EDITS_TEXT_MAX)));
	cr_expect(eq(int, edits_add(e, 0, 0, "x", 1), -ENOBUFS));
	cr_expect(eq(int, edits_add(e, SIZE_MAX, 1, "", 0), -EINVAL));
	edits_free(e);
	free(big);
}

Test(edits, text_is_copied)
{
	struct pn_edits *e = edits_new();
	char text[] = "ab", out[8];

	edits_add(e, 0, 0, text, 2);
	text[0] = 'x';
	cr_expect(eq(long, edits_apply(e, "", 0, out, sizeof(out)), 2));
	cr_expect(zero(int, memcmp(out, "ab", 2)));
	edits_free(e);
	edits_free(NULL);
}
