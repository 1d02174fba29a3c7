#include "alias_pool.h"
#include "buf.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

static struct alias_pool *pool(const char *text, int family)
{
	struct prefixes list;
	struct alias_pool *p;

	cr_assert(zero(int, prefixes_parse(text, &list)), "%s", text);
	p = alias_pool_of_addresses(&list, family, 2427);
	prefixes_free(&list);
	return p;
}

static char *text_at(const struct alias_pool *p, uint32_t index)
{
	struct pn_addr a = alias_pool_at(p, index);

	return (char *)addr_text(&a);
}

Test(alias_pool, addresses_of_prefixes)
{
	static const struct {
		const char *list;
		int family;
		uint32_t total;
		const char *first, *last;
	} row[] = {
		{ "192.0.2.64/26", 4, 62, "192.0.2.65:2427", "192.0.2.126:2427" },
		{ "192.0.2.64/30", 4, 2, "192.0.2.65:2427", "192.0.2.66:2427" },
		{ "192.0.2.64/31", 4, 2, "192.0.2.64:2427", "192.0.2.65:2427" },
		{ "192.0.2.64", 4, 1, "192.0.2.64:2427", "192.0.2.64:2427" },
		{ "10.0.0.0/16", 4, 65534, "10.0.0.1:2427", "10.0.255.254:2427" },
		{ "10.0.0.0/8", 4, 65535, "10.0.0.1:2427", "10.0.255.255:2427" },
		{ "2001:db8::40/126", 6, 3, "[2001:db8::41]:2427", "[2001:db8::43]:2427" },
		{ "2001:db8::40/127", 6, 2, "[2001:db8::40]:2427", "[2001:db8::41]:2427" },
		{ "2001:db8::40", 6, 1, "[2001:db8::40]:2427", "[2001:db8::40]:2427" },
		{ "2001:db8::/64", 6, 65535, "[2001:db8::1]:2427", "[2001:db8::ffff]:2427" },
		{ "2001:db8::40/127, 192.0.2.64/31 192.0.2.80", 4, 3, "192.0.2.64:2427", "192.0.2.80:2427" },
		{ "192.0.2.64/30 192.0.2.65", 4, 2, "192.0.2.65:2427", "192.0.2.66:2427" },
		{ "192.0.2.65 192.0.2.80 192.0.2.64/30", 4, 3, "192.0.2.80:2427", "192.0.2.66:2427" },
		{ "192.0.2.80 192.0.2.80", 4, 1, "192.0.2.80:2427", "192.0.2.80:2427" },
		{ "10.0.0.0/8 10.0.7.0/24", 4, 65535, "10.0.0.1:2427", "10.0.255.255:2427" },
		{ "10.0.0.0/8 10.1.7.0/24", 4, 65789, "10.0.0.1:2427", "10.1.7.254:2427" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct alias_pool *p = pool(row[i].list, row[i].family);

		cr_assert(ne(ptr, p, NULL), "row %zu", i);
		cr_expect(eq(u32, alias_pool_total(p), row[i].total), "row %zu", i);
		cr_expect(eq(str, text_at(p, 0), (char *)row[i].first), "row %zu", i);
		cr_expect(eq(str, text_at(p, row[i].total - 1), (char *)row[i].last), "row %zu", i);
		for (uint32_t k = 0; k < row[i].total; k++) {
			struct pn_addr a = alias_pool_at(p, k);

			cr_assert(eq(u32, alias_pool_index(p, &a), k), "row %zu", i);
		}
		alias_pool_free(p);
	}
}

Test(alias_pool, none)
{
	errno = 0;
	cr_expect(eq(ptr, pool("192.0.2.64/26", 6), NULL));
	cr_expect(eq(int, errno, ENOENT));
	cr_expect(eq(ptr, pool("", 4), NULL));
}

Test(alias_pool, caps)
{
	char text[40 * 1200];
	struct alias_pool *p;
	size_t at = 0;

	for (unsigned i = 0; i < 20; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "10.%u.0.0/16 ", i);
	p = pool(text, 4);
	cr_expect(eq(u32, alias_pool_total(p), 1u << 20));
	cr_expect(eq(u32, alias_pool_next(p, (1u << 20) - 1, 1u << 20), (1u << 20) - 1));
	alias_pool_free(p);
	at = 0;
	for (unsigned i = 0; i < 1200; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "10.0.%u.%u ", i / 250, i % 250);
	p = pool(text, 4);
	cr_expect(eq(u32, alias_pool_total(p), 1024));
	alias_pool_free(p);
}

Test(alias_pool, ports)
{
	struct pn_addr at = { 0 }, a;
	struct alias_pool *p;

	addr_parse(str_of("2001:db8::5"), &at);
	p = alias_pool_of_ports(&at, 10000, 10002);
	cr_expect(eq(u32, alias_pool_total(p), 3));
	cr_expect(eq(str, text_at(p, 2), "[2001:db8::5]:10002"));
	a = alias_pool_at(p, 1);
	cr_expect(eq(u32, alias_pool_index(p, &a), 1));
	a.port = 9999;
	cr_expect(eq(u32, alias_pool_index(p, &a), ALIAS_NONE));
	a.port = 10003;
	cr_expect(eq(u32, alias_pool_index(p, &a), ALIAS_NONE));
	a.port = 10001;
	a.ip[15]++;
	cr_expect(eq(u32, alias_pool_index(p, &a), ALIAS_NONE));
	alias_pool_free(p);
	p = alias_pool_of_ports(&at, 1024, 65535);
	cr_expect(eq(u32, alias_pool_total(p), 64512));
	cr_expect(eq(str, text_at(p, 64511), "[2001:db8::5]:65535"));
	alias_pool_free(p);
}

Test(alias_pool, not_of_it)
{
	static const char *const row[] = { "192.0.2.64:2427", "192.0.2.79:2427", "192.0.2.80:2427", "192.0.2.65:2428",
					   "[2001:db8::40]:2427", "10.0.0.65:2427" };
	struct alias_pool *p = pool("192.0.2.64/28", 4);

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_addr a = { 0 };

		addr_parse_port(str_of(row[i]), 0, &a);
		cr_expect(eq(u32, alias_pool_index(p, &a), ALIAS_NONE), "row %zu", i);
	}
	alias_pool_free(p);
}

/* Against a walk over a plain list. */
Test(alias_pool, next)
{
	struct pn_addr at = { .family = 4 };
	struct alias_pool *p = alias_pool_of_ports(&at, 2000, 2199);
	bool busy[200] = { false };

	srand(3);
	for (unsigned round = 0; round < 20000; round++) {
		uint32_t i = (uint32_t)rand() % 200, from = (uint32_t)rand() % 200;
		uint32_t end = from + 1 + (uint32_t)rand() % (200 - from), want = from;

		busy[i] = rand() % 16 != 0;
		alias_pool_mark(p, i, busy[i]);
		while (want < end && busy[want])
			want++;
		cr_assert(eq(u32, alias_pool_next(p, from, end), want < end ? want : ALIAS_NONE));
	}
	alias_pool_free(p);
}
