#include "common/text.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

Test(common_text, compares)
{
	static const struct {
		const char *a, *b;
		bool same, same_letters;
	} row[] = {
		{ "", "", true, true },	  { "a", "a", true, true },   { "a", "A", false, true },
		{ "a", "ab", false, false }, { "ab", "a", false, false }, { "a", "", false, false },
		{ "a{", "A[", false, false },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_str a = str_of(row[i].a), b = str_of(row[i].b);

		cr_expect(eq(int, str_eq(a, b), row[i].same), "row %zu", i);
		cr_expect(eq(int, str_is(a, row[i].b), row[i].same), "row %zu", i);
		cr_expect(eq(int, str_ieq(a, b), row[i].same_letters), "row %zu", i);
		cr_expect(eq(int, str_iis(a, row[i].b), row[i].same_letters), "row %zu", i);
	}
	cr_expect(eq(sz, str_of(NULL).len, 0));
	cr_expect(str_eq((struct pn_str){ NULL, 0 }, str_of("")));
	cr_expect(str_eq((struct pn_str){ "a\0b", 3 }, (struct pn_str){ "a\0b", 3 }));
	cr_expect(not(str_eq((struct pn_str){ "a\0b", 3 }, (struct pn_str){ "a\0c", 3 })));
}

Test(common_text, trims)
{
	static const struct {
		const char *text, *want;
	} row[] = {
		{ "", "" },	 { " \t\r\n", "" },      { "a", "a" },
		{ "\r\n a b\t", "a b" }, { "a\v", "a\v" },
	};

	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(str_is(str_trim(str_of(row[i].text)), row[i].want), "row %zu", i);
}

Test(common_text, reads_numbers)
{
	static const struct {
		const char *text;
		int err;
		uint32_t want;
	} row[] = {
		{ "0", 0, 0 },
		{ "4294967295", 0, 4294967295u },
		{ "0000000000000000000000000000007", 0, 7 },
		{ "4294967296", -ERANGE, 0 },
		{ "18446744073709551617", -ERANGE, 0 },
		{ "99999999999999999999999999999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "0x1", -EINVAL, 0 },
		{ "99999999999999999999x", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		uint32_t v = 12345;

		cr_expect(eq(int, str_u32(str_of(row[i].text), &v), row[i].err), "row %zu", i);
		cr_expect(eq(u32, v, row[i].err ? 12345 : row[i].want), "row %zu", i);
	}
}

Test(common_text, owns_copies)
{
	struct pn_str own = str_dup(str_of("one")), none = str_dup(str_of(""));
	char *was = (char *)own.p;

	cr_expect(str_is(own, "one"));
	cr_expect(zero(int, own.p[3]));
	cr_expect(eq(ptr, (void *)none.p, NULL));
	cr_expect(zero(int, str_set(&own, (struct pn_str){ own.p + 1, 2 }))); /* of itself */
	cr_expect(str_is(own, "ne"));
	cr_expect(ne(ptr, (void *)own.p, was));
	cr_expect(zero(int, str_set(&own, str_of(""))));
	cr_expect(eq(ptr, (void *)own.p, NULL));
	cr_expect(zero(sz, own.len));
	str_drop(&own);
	str_drop(&none);
}

Test(common_text, grows_to_its_cap)
{
	struct text t = { 0 };
	static char much[TEXT_MAX];

	text_put(&t, "");
	cr_expect(zero(sz, t.len));
	text_put(&t, "a");
	text_add(&t, str_of("bc"));
	text_fmt(&t, "%u-%s", 7u, "d");
	cr_expect(str_is(text_str(&t), "abc7-d"));
	memset(much, 'x', sizeof(much));
	text_add(&t, (struct pn_str){ much, TEXT_MAX - t.len });
	cr_expect(eq(sz, t.len, TEXT_MAX));
	cr_expect(not(t.failed));
	text_put(&t, "y");
	cr_expect(t.failed);
	cr_expect(eq(sz, t.len, TEXT_MAX));
	text_free(&t);
	cr_expect(eq(ptr, t.p, NULL));
	cr_expect(not(t.failed));
}

/* What did not fit once is not joined by what would: half a message is worse than none. */
Test(common_text, remembers_what_failed)
{
	static char line[600];
	struct text t = { 0 };

	memset(line, 'x', sizeof(line) - 1);
	text_fmt(&t, "%s", line);
	cr_expect(t.failed);
	text_put(&t, "a");
	cr_expect(zero(sz, t.len));
	text_free(&t);
}
