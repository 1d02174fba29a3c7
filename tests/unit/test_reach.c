#include "reach.h"
#include "buf.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

static struct pn_addr addr(const char *text)
{
	struct pn_addr a = { 0 };

	if (strcmp(text, "none"))
		cr_assert(zero(int, addr_parse_port(str_of(text), 0, &a)), "%s", text);
	return a;
}

/* latch.md 8 and architecture rule 6 */
Test(reach, allows)
{
	static const struct {
		enum reach_rest rest;
		const char *named, *own; /* own: with a port never, without one unless it is named */
		uint16_t own_last;
		const char *to;
		bool want;
	} row[] = {
		{ REACH_ANY, "", "none", 0, "192.0.2.1:4000", true },
		{ REACH_ANY, "", "none", 0, "10.0.0.1:4000", true },
		{ REACH_ANY, "", "none", 0, "192.0.2.1", false },
		{ REACH_ANY, "", "none", 0, "none", false },
		{ REACH_ANY, "", "none", 0, "127.0.0.1:4000", false },
		{ REACH_ANY, "", "none", 0, "169.254.1.1:4000", false },
		{ REACH_ANY, "", "none", 0, "224.0.0.1:4000", false },
		{ REACH_ANY, "", "none", 0, "255.255.255.255:4000", false },
		{ REACH_ANY, "", "none", 0, "0.0.0.0:4000", false },
		{ REACH_ANY, "", "none", 0, "[::1]:4000", false },
		{ REACH_ANY, "", "none", 0, "[::]:4000", false },
		{ REACH_ANY, "", "none", 0, "[fe80::1]:4000", false },
		{ REACH_ANY, "", "none", 0, "[ff02::1]:4000", false },
		{ REACH_ANY, "", "none", 0, "[::ffff:192.0.2.1]:4000", false },
		{ REACH_ANY, "", "none", 0, "[2001:db8::1]:4000", true },
		{ REACH_ANY, "127.0.0.0/8", "none", 0, "127.0.0.1:4000", true },
		{ REACH_ANY, "224.0.0.0/4", "none", 0, "224.0.0.1:4000", true },
		{ REACH_ANY, "::/0", "none", 0, "[::ffff:192.0.2.1]:4000", false },
		{ REACH_GLOBAL, "", "none", 0, "192.0.2.1:4000", true },
		{ REACH_GLOBAL, "", "none", 0, "10.0.0.1:4000", false },
		{ REACH_GLOBAL, "10.0.0.0/8", "none", 0, "10.0.0.1:4000", true },
		{ REACH_GLOBAL, "", "none", 0, "[fd00::1]:4000", false },
		{ REACH_NAMED, "192.0.2.0/24", "none", 0, "192.0.2.1:4000", true },
		{ REACH_NAMED, "192.0.2.0/24", "none", 0, "198.51.100.1:4000", false },
		{ REACH_ANY, "", "192.0.2.5", 0, "192.0.2.5:4000", false },
		{ REACH_ANY, "", "192.0.2.5", 0, "192.0.2.6:4000", true },
		{ REACH_ANY, "192.0.2.5", "192.0.2.5", 0, "192.0.2.5:4000", true },
		{ REACH_ANY, "192.0.2.5", "192.0.2.5:4000", 4999, "192.0.2.5:4000", false },
		{ REACH_ANY, "192.0.2.5", "192.0.2.5:4000", 4999, "192.0.2.5:4999", false },
		{ REACH_ANY, "192.0.2.5", "192.0.2.5:4000", 4999, "192.0.2.5:5000", true },
		{ REACH_ANY, "192.0.2.5", "192.0.2.5:5060", 0, "192.0.2.5:5060", false },
		{ REACH_ANY, "192.0.2.5", "192.0.2.5:5060", 0, "192.0.2.5:5061", true },
		{ REACH_ANY, "", "192.0.2.5:5060", 0, "192.0.2.5:5061", false },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct reach_own own = { addr(row[i].own), row[i].own_last };
		struct reach r = { .own = &own, .n_own = own.addr.family ? 1 : 0, .rest = row[i].rest }, *copy;
		struct pn_addr to = addr(row[i].to);

		cr_assert(zero(int, prefixes_parse(row[i].named, &r.named)), "row %zu", i);
		copy = reach_copy(&r);
		prefixes_free(&r.named);
		cr_expect(eq(int, reach_allows(copy, &to), row[i].want), "row %zu: %s", i, row[i].to);
		reach_free(copy);
	}
	reach_free(NULL);
}

Test(reach, knows_its_own)
{
	static const struct {
		const char *named, *src;
		bool want;
	} row[] = {
		{ "", "192.0.2.5:4500", true },           { "", "192.0.2.5:6000", true },
		{ "192.0.2.5", "192.0.2.5:4500", true },  { "192.0.2.5", "192.0.2.5:6000", false },
		{ "", "192.0.2.6:4500", false },          { "", "[2001:db8::5]:4500", false },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct reach_own own[] = { { addr("192.0.2.5"), 0 }, { addr("192.0.2.5:4000"), 4999 } };
		struct reach r = { .own = own, .n_own = 2 };
		struct pn_addr src = addr(row[i].src);

		cr_assert(zero(int, prefixes_parse(row[i].named, &r.named)), "row %zu", i);
		cr_expect(eq(int, reach_owns(&r, &src), row[i].want), "row %zu: %s", i, row[i].src);
		prefixes_free(&r.named);
	}
}
