#include "addr.h"
#include "buf.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

/* "none" or an address with or without a port. */
static struct pn_addr addr(const char *text)
{
	struct pn_addr a = { 0 };

	if (strcmp(text, "none"))
		cr_assert(zero(int, addr_parse_port(str_of(text), 0, &a)), "%s", text);
	return a;
}

Test(addr, parses_literals)
{
	static const struct {
		const char *text, *want; /* NULL: -EINVAL */
	} row[] = {
		{ "192.0.2.1", "192.0.2.1" },   { "[2001:db8::1]", "2001:db8::1" },
		{ "2001:DB8:0::1", "2001:db8::1" }, { "::", "::" },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
		{ "", NULL },                   { "[]", NULL },
		{ "[192.0.2.1]", NULL },        { "192.0.2", NULL },
		{ "192.0.2.256", NULL },        { "192.0.2.01", NULL },
		{ "192.0.2.1 ", NULL },         { " 192.0.2.1", NULL },
		{ "192.0.2.1:5060", NULL },     { "[::1", NULL },
		{ "::1]", NULL },               { "fe80::1%eth0", NULL },
		{ "0x7f.1", NULL },             { "example.net", NULL },
		{ "1111:2222:3333:4444:5555:6666:123.123.123.123.123", NULL },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_addr a;

		memset(&a, 0xee, sizeof(a));
		cr_expect(eq(int, addr_parse(str_of(row[i].text), &a), row[i].want ? 0 : -EINVAL), "row %zu", i);
		if (row[i].want)
			cr_expect(eq(str, (char *)addr_text(&a), (char *)row[i].want), "row %zu", i);
		else
			cr_expect(eq(u8, a.family, 0xee), "row %zu: written on failure", i);
	}
	struct pn_addr a;

	cr_expect(eq(int, addr_parse((struct pn_str){ "192.0.2.1\0x", 11 }, &a), -EINVAL));
	cr_expect(eq(int, addr_parse((struct pn_str){ "192.0.2.1garbage", 9 }, &a), 0));
}

Test(addr, parses_ports)
{
	static const struct {
		const char *text;
		uint16_t def;
		const char *want;
	} row[] = {
		{ "192.0.2.1:5060", 1, "192.0.2.1:5060" },
		{ "192.0.2.1", 5061, "192.0.2.1:5061" },
		{ "192.0.2.1", 0, "192.0.2.1" },
		{ "[2001:db8::1]:65535", 1, "[2001:db8::1]:65535" },
		{ "[2001:db8::1]", 5060, "[2001:db8::1]:5060" },
		{ "2001:db8::1", 5060, "[2001:db8::1]:5060" },
		{ "192.0.2.1:", 1, NULL },
		{ "192.0.2.1:0", 1, NULL },
		{ "192.0.2.1:65536", 1, NULL },
		{ "192.0.2.1:99999999999999999999", 1, NULL },
		{ "192.0.2.1:-1", 1, NULL },
		{ "192.0.2.1:50 60", 1, NULL },
		{ "192.0.2.1:5060x", 1, NULL },
		{ "[2001:db8::1]x5060", 1, NULL },
		{ "[2001:db8::1]:", 1, NULL },
		{ ":5060", 1, NULL },
		{ "", 1, NULL },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_addr a;
		int err = addr_parse_port(str_of(row[i].text), row[i].def, &a);

		cr_expect(eq(int, err, row[i].want ? 0 : -EINVAL), "row %zu", i);
		if (!err && row[i].want)
			cr_expect(eq(str, (char *)addr_text(&a), (char *)row[i].want), "row %zu", i);
	}
}

Test(addr, prints_within_its_room)
{
	static const struct {
		const char *text;
		size_t cap;
		int want;
	} row[] = {
		{ "192.0.2.1:5060", 56, 14 },      { "192.0.2.1:5060", 15, 14 },
		{ "192.0.2.1:5060", 14, -ENOBUFS }, { "none", 56, -EINVAL },
		{ "[2001:db8::1]:9", 56, 15 },     { "2001:db8::1", 12, 11 },
		{ "192.0.2.1", 0, -ENOBUFS },
		{ "[1111:2222:3333:4444:5555:6666:7777:8888]:65535", ADDR_TEXT, 47 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_addr a = addr(row[i].text);
		char out[64];

		cr_expect(eq(int, addr_print(&a, out, row[i].cap), row[i].want), "row %zu", i);
	}
	cr_expect(eq(str, (char *)addr_text(NULL), "none"));
}

Test(addr, compares)
{
	static const struct {
		const char *a, *b;
		int eq, same_ip, net24_64, net0;
	} row[] = {
		{ "192.0.2.1:1", "192.0.2.1:1", 1, 1, 1, 1 },
		{ "192.0.2.1:1", "192.0.2.1:2", 0, 1, 1, 1 },
		{ "192.0.2.1:1", "192.0.2.9:1", 0, 0, 1, 1 },
		{ "192.0.2.1:1", "192.0.3.1:1", 0, 0, 0, 1 },
		{ "192.0.2.1:1", "[c000:201::]:1", 0, 0, 0, 0 },
		{ "2001:db8::1", "2001:db8::1", 1, 1, 1, 1 },
		{ "2001:db8::1", "2001:db8::2", 0, 0, 1, 1 },
		{ "2001:db8::1", "2001:db8:0:1::1", 0, 0, 0, 1 },
		{ "none", "none", 1, 1, 0, 0 },
		{ "none", "0.0.0.0", 0, 0, 0, 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_addr a = addr(row[i].a), b = addr(row[i].b);

		if (a.family == 4)
			memset(a.ip + 4, 0x55, 12); /* the rest must not matter */
		cr_expect(eq(int, addr_eq(&a, &b), row[i].eq), "row %zu", i);
		cr_expect(eq(int, addr_same_ip(&a, &b), row[i].same_ip), "row %zu", i);
		cr_expect(eq(int, addr_same_net(&a, &b, 24, 64), row[i].net24_64), "row %zu", i);
		cr_expect(eq(int, addr_same_net(&a, &b, 0, 0), row[i].net0), "row %zu", i);
		cr_expect(eq(int, addr_hash(&a, 3) == addr_hash(&b, 3), row[i].eq), "row %zu", i);
	}
}

Test(addr, turns_into_sockaddr_and_back)
{
	static const struct {
		const char *text;
		int family;
		const char *back;
	} row[] = {
		{ "192.0.2.1:5060", AF_INET, "192.0.2.1:5060" },
		{ "[2001:db8::1]:5060", AF_INET6, "[2001:db8::1]:5060" },
		{ "[::ffff:192.0.2.1]:5060", AF_INET6, "192.0.2.1:5060" },
		{ "192.0.2.1", AF_INET, "192.0.2.1" },
	};
	struct pn_addr none = { 0 };
	struct sockaddr_storage ss;

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_addr a = addr(row[i].text), b;
		socklen_t len = addr_to_sockaddr(&a, &ss);
		socklen_t want = row[i].family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

		cr_expect(eq(int, ss.ss_family, row[i].family), "row %zu", i);
		cr_expect(eq(int, (int)len, (int)want), "row %zu", i);
		cr_expect(zero(int, addr_of_sockaddr((struct sockaddr *)&ss, &b)), "row %zu", i);
		cr_expect(eq(str, (char *)addr_text(&b), (char *)row[i].back), "row %zu", i);
	}
	cr_expect(zero(int, (int)addr_to_sockaddr(&none, &ss)));
	ss.ss_family = AF_UNIX;
	cr_expect(eq(int, addr_of_sockaddr((struct sockaddr *)&ss, &none), -EAFNOSUPPORT));
}

Test(addr, knows_kinds)
{
	static const struct {
		const char *text;
		int special, global;
	} row[] = {
		{ "0.0.0.0", 1, 0 },         { "0.255.1.2", 1, 0 },       { "1.0.0.0", 0, 1 },
		{ "9.255.255.255", 0, 1 },   { "10.0.0.1", 0, 0 },        { "11.0.0.0", 0, 1 },
		{ "100.63.255.255", 0, 1 },  { "100.64.0.0", 0, 0 },      { "100.127.255.255", 0, 0 },
		{ "100.128.0.0", 0, 1 },     { "126.255.255.255", 0, 1 }, { "127.0.0.1", 1, 0 },
		{ "127.255.255.255", 1, 0 }, { "128.0.0.0", 0, 1 },       { "169.253.255.255", 0, 1 },
		{ "169.254.1.1", 1, 0 },     { "172.15.255.255", 0, 1 },  { "172.16.0.0", 0, 0 },
		{ "172.31.255.255", 0, 0 },  { "172.32.0.0", 0, 1 },      { "192.0.0.8", 0, 0 },
		{ "192.0.2.1", 0, 1 },       { "192.168.1.1", 0, 0 },     { "192.169.0.0", 0, 1 },
		{ "198.17.255.255", 0, 1 },  { "198.18.0.0", 0, 0 },      { "198.19.255.255", 0, 0 },
		{ "198.51.100.5", 0, 1 },    { "203.0.113.1", 0, 1 },     { "223.255.255.255", 0, 1 },
		{ "224.0.0.1", 1, 0 },       { "239.255.255.255", 1, 0 }, { "240.0.0.1", 0, 0 },
		{ "255.255.255.255", 1, 0 }, { "255.255.255.254", 0, 0 }, { "::", 1, 0 },
		{ "::1", 1, 0 },             { "::2", 0, 0 },             { "::ffff:192.0.2.1", 1, 0 },
		{ "64:ff9b::c000:201", 0, 1 }, { "64:ff9b:1::1", 0, 0 },  { "2001::1", 0, 0 },
		{ "2001:1ff::1", 0, 0 },     { "2001:200::1", 0, 1 },     { "2001:db8::1", 0, 1 },
		{ "2002:c000:201::1", 0, 0 }, { "2a00:1450::1", 0, 1 },   { "3fff::1", 0, 1 },
		{ "4000::1", 0, 0 },         { "fc00::1", 0, 0 },         { "fdff::1", 0, 0 },
		{ "fe7f::1", 0, 0 },         { "fe80::1", 1, 0 },         { "febf::1", 1, 0 },
		{ "fec0::1", 0, 0 },         { "ff02::1", 1, 0 },
	};
	struct pn_addr none = { 0 };

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_addr a = addr(row[i].text);

		cr_expect(eq(int, addr_is_special(&a), row[i].special), "%s", row[i].text);
		cr_expect(eq(int, addr_is_global(&a), row[i].global), "%s", row[i].text);
	}
	cr_expect(not(addr_is_global(&none)));
}

Test(prefix, parses_and_has)
{
	static const struct {
		const char *text;
		int err;
		const char *base;
		int bits;
		const char *in, *out;
	} row[] = {
		{ "10.0.0.0/8", 0, "10.0.0.0", 8, "10.255.255.255", "11.0.0.0" },
		{ "10.1.2.3/8", 0, "10.0.0.0", 8, "10.0.0.1", "9.255.255.255" },
		{ "192.0.2.1", 0, "192.0.2.1", 32, "192.0.2.1", "192.0.2.2" },
		{ "0.0.0.0/0", 0, "0.0.0.0", 0, "255.1.2.3", "2001:db8::1" },
		{ "::/0", 0, "::", 0, "2001:db8::1", "192.0.2.1" },
		{ "192.0.2.77/30", 0, "192.0.2.76", 30, "192.0.2.79", "192.0.2.80" },
		{ "2001:db8::1/33", 0, "2001:db8::", 33, "2001:db8:7fff::1", "2001:db8:8000::1" },
		{ "2001:db8::1", 0, "2001:db8::1", 128, "2001:db8::1", "2001:db8::" },
		{ .text = "10.0.0.0/33", .err = -EINVAL }, { .text = "2001:db8::/129", .err = -EINVAL },
		{ .text = "10.0.0.0/", .err = -EINVAL },   { .text = "10.0.0.0/-1", .err = -EINVAL },
		{ .text = "10.0.0/8", .err = -EINVAL },    { .text = "/8", .err = -EINVAL },
		{ .text = "", .err = -EINVAL },            { .text = "10.0.0.0/8x", .err = -EINVAL },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct prefix p = { 0 };

		cr_expect(eq(int, prefix_parse(str_of(row[i].text), &p), row[i].err), "row %zu", i);
		if (row[i].err)
			continue;
		struct pn_addr in = addr(row[i].in), out = addr(row[i].out);

		cr_expect(eq(str, (char *)addr_text(&p.addr), (char *)row[i].base), "row %zu", i);
		cr_expect(eq(int, p.bits, row[i].bits), "row %zu", i);
		cr_expect(prefix_has(&p, &in), "row %zu", i);
		cr_expect(not(prefix_has(&p, &out)), "row %zu", i);
	}
}

Test(prefix, lists)
{
	static const struct {
		const char *text;
		int err;
		size_t n;
		const char *probe;
		int has;
	} row[] = {
		{ "", 0, 0, "192.0.2.1", 0 },
		{ " \n ,", 0, 0, "192.0.2.1", 0 },
		{ "10.0.0.0/8 192.0.2.0/24", 0, 2, "192.0.2.1", 1 },
		{ "10.0.0.0/8,192.0.2.0/24,", 0, 2, "192.0.3.1", 0 },
		{ "\t10.0.0.0/8,\n2001:db8::/32", 0, 2, "2001:db8::9", 1 },
		{ "10.0.0.0/8 nonsense", -EINVAL, 0, "10.0.0.1", 0 },
		{ "10.0.0.0/8;192.0.2.0/24", -EINVAL, 0, "10.0.0.1", 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct prefixes p = { 0 };
		struct pn_addr probe = addr(row[i].probe);

		cr_expect(eq(int, prefixes_parse(row[i].text, &p), row[i].err), "row %zu", i);
		cr_expect(eq(sz, p.n, row[i].n), "row %zu", i);
		cr_expect(eq(int, prefixes_have(&p, &probe), row[i].has), "row %zu", i);
		prefixes_free(&p);
	}
	prefixes_free(NULL);
}
