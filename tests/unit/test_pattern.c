#include "buf.h"
#include "pattern.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

Test(pattern, matches)
{
	static const struct {
		const char *pattern, *subject;
		int want;
	} row[] = {
		{ "^sip:.*@example\\.net$", "sip:bob@example.net", 1 },
		{ "^sip:.*@example\\.net$", "sip:bob@example.org", 0 },
		{ "", "", 1 },
		{ "^$", "x", 0 },
		{ "^[^@]+$", "\xff\xfe", 1 },       /* octets, not UTF-8 */
		{ "^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", -E2BIG },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		char why[200] = "";
		struct pattern *p = pattern_new(row[i].pattern, why, sizeof(why));

		cr_assert(not(eq(ptr, p, NULL)), "row %zu: %s", i, why);
		cr_expect(eq(int, pattern_match(p, str_of(row[i].subject)), row[i].want), "row %zu", i);
		pattern_free(p);
	}
}

Test(pattern, says_what_is_wrong)
{
	static char huge[PATTERN_LENGTH_MAX + 2];
	static const struct {
		const char *pattern, *want;
	} row[] = {
		{ "a(b", "missing closing parenthesis at offset 3" },
		{ "(*UTF)a", "using UTF is disabled" },
		{ huge, "longer than the limit" },
	};

	memset(huge, 'a', sizeof(huge) - 1);
	for (size_t i = 0; i < ROWS(row); i++) {
		char why[200] = "";

		cr_expect(eq(ptr, pattern_new(row[i].pattern, why, sizeof(why)), NULL), "row %zu", i);
		cr_expect(not(eq(ptr, strstr(why, row[i].want), NULL)), "row %zu: %s", i, why);
	}
}
