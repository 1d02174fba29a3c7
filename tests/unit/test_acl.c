#include "acl.h"
#include "buf.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

static struct pn_addr addr(const char *text)
{
	struct pn_addr a;

	cr_assert(zero(int, addr_parse(str_of(text), &a)), "%s", text);
	return a;
}

static struct acl *acl(const char *allow_text, const char *deny_text, unsigned rate, unsigned burst)
{
	struct prefixes allow, deny;

	cr_assert(zero(int, prefixes_parse(allow_text, &allow)), "%s", allow_text);
	cr_assert(zero(int, prefixes_parse(deny_text, &deny)), "%s", deny_text);
	struct acl *a = acl_new(&allow, &deny, rate, burst);

	prefixes_free(&allow);
	prefixes_free(&deny);
	return a;
}

Test(acl, longest_prefix_decides)
{
	static const struct {
		const char *allow, *deny, *src;
		int want;
	} row[] = {
		{ "", "", "192.0.2.1", 0 },
		{ "", "", "2001:db8::1", 0 },
		{ "", "192.0.2.0/24", "192.0.2.1", -EACCES },
		{ "", "192.0.2.0/24", "192.0.3.1", 0 },
		{ "192.0.2.0/24", "", "192.0.2.1", 0 },
		{ "192.0.2.0/24", "", "192.0.3.1", -EACCES },
		{ "192.0.2.0/24", "", "2001:db8::1", -EACCES },
		{ "10.0.0.0/8", "10.6.0.0/16", "10.6.0.1", -EACCES },
		{ "10.0.0.0/8", "10.6.0.0/16", "10.7.0.1", 0 },
		{ "10.6.0.0/16", "10.0.0.0/8", "10.6.0.1", 0 },
		{ "10.6.0.0/16", "10.0.0.0/8", "10.7.0.1", -EACCES },
		{ "10.6.0.0/16", "0.0.0.0/0", "192.0.2.1", -EACCES },
		{ "10.6.0.0/16", "10.6.0.0/16", "10.6.0.1", -EACCES },
		{ "10.6.0.7 2001:db8::/32", "10.6.0.0/16", "10.6.0.7", 0 },
		{ "10.6.0.7 2001:db8::/32", "10.6.0.0/16", "2001:db8::5", 0 },
		{ "10.6.0.7 2001:db8::/32", "10.6.0.0/16", "2001:db9::5", -EACCES },
		{ "", "0.0.0.0/0", "192.0.2.1", -EACCES },
		{ "", "0.0.0.0/0", "2001:db8::1", 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct acl *a = acl(row[i].allow, row[i].deny, 0, 0);
		struct pn_addr src = addr(row[i].src);

		for (int k = 0; k < 100; k++) /* no rate */
			cr_expect(eq(int, acl_check(a, &src, 0), row[i].want), "row %zu", i);
		acl_free(a);
	}
	acl_free(NULL);
}

Test(acl, limits_what_passes)
{
	static const struct {
		const char *src;
		uint64_t now_ms;
		int want;
	} row[] = { /* 2 a second */
		{ "192.0.2.1", 0, 0 },       { "192.0.2.1", 0, 0 },   { "192.0.2.1", 0, -EDQUOT },
		{ "10.0.0.1", 0, -EACCES },  { "192.0.2.2", 0, 0 },   { "192.0.2.1", 499, -EDQUOT },
		{ "192.0.2.1", 500, 0 },     { "192.0.2.1", 500, -EDQUOT },
	};
	struct acl *a = acl("", "10.0.0.0/8", 2, 0);

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_addr src = addr(row[i].src);

		cr_expect(eq(int, acl_check(a, &src, row[i].now_ms), row[i].want), "row %zu", i);
	}
	acl_free(a);
}

Test(acl, burst)
{
	static const struct {
		unsigned rate, burst, want; /* packets that pass at once */
	} row[] = { { 2, 0, 2 }, { 2, 5, 5 }, { 5, 1, 1 } };

	for (size_t i = 0; i < ROWS(row); i++) {
		struct acl *a = acl("", "", row[i].rate, row[i].burst);
		struct pn_addr src = addr("192.0.2.1");
		unsigned passed = 0;

		for (int k = 0; k < 10; k++)
			passed += acl_check(a, &src, 0) == 0;
		cr_expect(eq(uint, passed, row[i].want), "row %zu", i);
		acl_free(a);
	}
}
