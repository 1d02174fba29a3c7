#include "buf.h"
#include "rate.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

static struct pn_addr addr(const char *text)
{
	struct pn_addr a;

	cr_assert(zero(int, addr_parse_port(str_of(text), 0, &a)), "%s", text);
	return a;
}

Test(rate, fills_and_empties)
{
	static const struct {
		uint64_t at_ms;
		unsigned tries, want; /* packets sent, packets that passed */
	} row[] = { /* 10 a second, burst 5 */
		{ 1000, 8, 5 }, { 1000, 1, 0 },  { 1099, 1, 0 },   { 1100, 2, 1 },
		{ 1350, 9, 2 }, { 1400, 1, 1 },  { 999999, 9, 5 }, { 5, 1, 0 }, /* time never turns back */
		{ UINT64_MAX, 9, 5 },
	};
	struct rate *r = rate_new(10, 5);
	struct pn_addr src = addr("192.0.2.1");

	for (size_t i = 0; i < ROWS(row); i++) {
		unsigned passed = 0;

		for (unsigned k = 0; k < row[i].tries; k++)
			passed += rate_take(r, &src, row[i].at_ms);
		cr_expect(eq(uint, passed, row[i].want), "row %zu", i);
	}
	rate_free(r);
}

Test(rate, tells_sources_apart)
{
	static const struct {
		const char *first, *second;
		int same;
	} row[] = {
		{ "192.0.2.1", "192.0.2.1", 1 },
		{ "192.0.2.1:1", "192.0.2.1:2", 1 },
		{ "192.0.2.1", "192.0.2.2", 0 },
		{ "2001:db8::1", "2001:db8::ffff:1", 1 },
		{ "2001:db8::1", "2001:db8:0:1::1", 0 },
		{ "192.0.2.1", "c000:201::", 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct rate *r = rate_new(1, 1);
		struct pn_addr a = addr(row[i].first), b = addr(row[i].second);

		cr_expect(rate_take(r, &a, 7), "row %zu", i);
		cr_expect(eq(int, !rate_take(r, &b, 7), row[i].same), "row %zu", i);
		rate_free(r);
	}
}

Test(rate, burst_is_at_least_one)
{
	struct rate *r = rate_new(5, 0);
	struct pn_addr src = addr("192.0.2.1");

	cr_expect(rate_take(r, &src, 0));
	cr_expect(not(rate_take(r, &src, 0)));
	rate_free(r);
	rate_free(NULL);
}

static unsigned flood(struct rate *r, unsigned n, uint64_t now_ms)
{
	struct pn_addr src = addr("10.0.0.0");
	unsigned passed = 0;

	for (unsigned i = 0; i < n; i++) {
		src.ip[1] = (uint8_t)(i >> 16);
		src.ip[2] = (uint8_t)(i >> 8);
		src.ip[3] = (uint8_t)i;
		passed += rate_take(r, &src, now_ms);
	}
	return passed;
}

Test(rate, forged_sources_do_not_displace_known_ones)
{
	struct rate *r = rate_new(10, 100);
	struct pn_addr known = addr("192.0.2.1"), newcomer = addr("192.0.2.2");
	unsigned passed = 0;

	for (int i = 0; i < 60; i++)
		rate_take(r, &known, 1000);
	cr_expect(le(uint, flood(r, 200000, 1000), RATE_SOURCES + 8 * 100));
	cr_expect(not(rate_take(r, &newcomer, 1000)), "all places are taken and the shared bucket is empty");
	for (int i = 0; i < 60; i++)
		passed += rate_take(r, &known, 1000);
	cr_expect(eq(uint, passed, 40), "its own bucket went on as it was");

	/* One packet is refilled in 100 ms, so all those sources may be forgotten again. */
	cr_expect(rate_take(r, &newcomer, 1100));
	cr_expect(gt(uint, flood(r, RATE_SOURCES / 2, 1100), RATE_SOURCES / 2 - 100));
	rate_free(r);
}
