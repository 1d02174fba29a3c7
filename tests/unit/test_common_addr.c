#include "common/addr.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "module_fake.h"

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

static struct pn_addr addr(const char *text, uint16_t port)
{
	struct pn_addr a = { 0 };

	if (*text)
		cr_assert(zero(int, fake_services()->addr_parse(str_of(text), &a)), "%s", text);
	a.port = port;
	return a;
}

Test(common_addr, compares)
{
	static const struct {
		const char *a, *b;
		uint16_t port_a, port_b;
		bool same_ip, same;
	} row[] = {
		{ "192.0.2.1", "192.0.2.1", 1, 1, true, true },
		{ "192.0.2.1", "192.0.2.1", 1, 2, true, false },
		{ "192.0.2.1", "192.0.2.2", 1, 1, false, false },
		{ "2001:db8::1", "2001:db8::1", 0, 0, true, true },
		{ "2001:db8::1", "2001:db8::1:0:1", 0, 0, false, false },
		{ "192.0.2.1", "::ffff:192.0.2.1", 1, 1, false, false },
		{ "192.0.2.1", "c000:201::", 1, 1, false, false }, /* the same first octets */
		{ "", "0.0.0.0", 0, 0, false, false },
		{ "", "", 0, 0, true, true },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_addr a = addr(row[i].a, row[i].port_a), b = addr(row[i].b, row[i].port_b);

		cr_expect(eq(int, addr_same_ip(&a, &b), row[i].same_ip), "row %zu", i);
		cr_expect(eq(int, addr_same(&a, &b), row[i].same), "row %zu", i);
	}
}

/* Octets behind an IPv4 address mean nothing. */
Test(common_addr, compares_four_octets)
{
	struct pn_addr a = addr("192.0.2.1", 0), b = a;

	b.ip[15] = 1;
	cr_expect(addr_same_ip(&a, &b));
}

Test(common_addr, knows_prefixes)
{
	static const struct {
		const char *prefix;
		int err;
		unsigned bits;
		const char *in, *out; /* NULL: not looked at */
	} row[] = {
		{ "192.0.2.0/24", 0, 24, "192.0.2.255", "192.0.3.0" },
		{ "192.0.2.99/24", 0, 24, "192.0.2.1", "192.0.1.99" }, /* host bits do not count */
		{ "192.0.2.64/26", 0, 26, "192.0.2.127", "192.0.2.128" },
		{ "192.0.2.1", 0, 32, "192.0.2.1", "192.0.2.0" },
		{ "192.0.2.1/31", 0, 31, "192.0.2.0", "192.0.2.2" },
		{ "0.0.0.0/0", 0, 0, "203.0.113.9", "::" },
		{ "::/0", 0, 0, "2001:db8::1", "192.0.2.1" },
		{ "2001:db8::/33", 0, 33, "2001:db8:7fff::1", "2001:db8:8000::" },
		{ "2001:db8::1", 0, 128, "2001:db8::1", "2001:db8::2" },
		{ "192.0.2.0/33", -EINVAL, 0, NULL, NULL },
		{ "2001:db8::/129", -EINVAL, 0, NULL, NULL },
		{ "192.0.2.0/", -EINVAL, 0, NULL, NULL },
		{ "192.0.2.0/x", -EINVAL, 0, NULL, NULL },
		{ "192.0.2.0/-1", -EINVAL, 0, NULL, NULL },
		{ "/24", -EINVAL, 0, NULL, NULL },
		{ "", -EINVAL, 0, NULL, NULL },
		{ "host.example/24", -EINVAL, 0, NULL, NULL },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct addr_prefix p = { .bits = 77 };
		int err = addr_prefix_parse(fake_services(), str_of(row[i].prefix), &p);
		struct pn_addr in, out;

		cr_expect(eq(int, err, row[i].err), "row %zu", i);
		cr_expect(eq(uint, p.bits, err ? 77 : row[i].bits), "row %zu", i);
		if (!row[i].in)
			continue;
		in = addr(row[i].in, 5060);
		out = addr(row[i].out, 0);
		cr_expect(addr_prefix_has(&p, &in), "row %zu", i);
		cr_expect(not(addr_prefix_has(&p, &out)), "row %zu", i);
	}
}
