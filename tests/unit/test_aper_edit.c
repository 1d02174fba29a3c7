/* Structs that are edited after decoding, and what a message tells of itself. */
#include "Addresses.h"
#include "Nest.h"
#include "OctFree.h"
#include "aper_kit.h"

#define OF(type, m) ((type##_t *)aper_root(m))

/* flag FALSE; 192.0.2.1:5060, TRUE, [2001:db8::1]:5060; more: 192.0.2.2:5062. */
static const char *const addresses = "80 03 00 c0000201 13c4 7000 13 00 20010db8000000000000000000000001"
				     "13c4 01 07 00 c0000202 13c6";

Test(aper_edit, addresses_are_found)
{
	static const struct {
		size_t at;
		uint8_t family;
		long port;
		const char *component;
	} want[] = { { 3, 4, 5060, "list" }, { 13, 6, 5060, "list" }, { 34, 4, 5062, "more" } };
	struct octets in = octets_of(addresses);
	struct aper_message *m = message_of("Addresses", addresses);
	const struct aper_leaf *leaf;

	cr_assert(eq(sz, aper_leaves(m, &leaf), ROWS(want)));
	for (size_t i = 0; i < ROWS(want); i++) {
		size_t octets = leaf[i].family == 4 ? 4 : 16;

		cr_expect(eq(sz, leaf[i].at, want[i].at), "row %zu", i);
		cr_expect(eq(u8, leaf[i].family, want[i].family), "row %zu", i);
		cr_expect(eq(long, *leaf[i].port, want[i].port), "row %zu", i);
		cr_expect(zero(int, memcmp(leaf[i].ip, in.p + leaf[i].at, octets)), "row %zu", i);
		cr_expect(eq(str, (char *)leaf[i].td->name, "TransportAddress"), "row %zu", i);
		cr_expect(eq(str, (char *)leaf[i].component, (char *)want[i].component), "row %zu", i);
	}
	cr_expect(eq(ptr, (void *)leaf[0].where, OF(Addresses, m)->list.list.array[0]));
	cr_expect(eq(ptr, (void *)leaf[2].where, OF(Addresses, m)->more));
	cr_expect(eq(ptr, (void *)aper_type(m), (void *)type_of("Addresses")));
	aper_free(m);
	free(in.p);
}

static size_t leaves_of(const char *type, const char *hex)
{
	struct aper_message *m = message_of(type, hex);
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(m, &leaf);

	expect_written(m, hex, type);
	aper_free(m);
	return n;
}

Test(aper_edit, other_addresses_are_not)
{
	cr_expect(eq(sz, leaves_of("Elsewhere", "c0000201 13c4"), 0), "not a transport address");
	cr_expect(eq(sz, leaves_of("TransportAddress", "60"), 0), "not an IP address");
	cr_expect(eq(sz, leaves_of("Late", "80e0 09 00c000020113c4 01aa 07 00c000020113c4"), 2), "both");
	cr_expect(eq(sz, leaves_of("Late", "80e0 09 00c000020113c4 02aa 07 00c000020113c4"), 1),
		  "one of them in an addition that does not decode");
}

Test(aper_edit, addresses_are_written_over)
{
	static const uint8_t ip[16] = { 203, 0, 113, 7 };
	struct aper_message *m = message_of("Addresses", addresses);
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(m, &leaf);

	for (size_t i = 0; i < n; i++) {
		memcpy(leaf[i].ip, ip, leaf[i].family == 4 ? 4 : 16);
		*leaf[i].port = 40000 + (long)i;
	}
	expect_written(m, "80 03 00 cb007107 9c40 7000 13 00 cb007107000000000000000000000000 9c41"
			  "01 07 00 cb007107 9c42", "all of them");
	aper_free(m);
}

Test(aper_edit, lists_and_strings_grow)
{
	struct aper_message *m = message_of("Addresses", "00 01 00 c0000201 13c4");
	TransportAddress_t *a;

	for (unsigned i = 0; i < 20; i++) {
		a = aper_alloc(m, sizeof(*a));
		a->present = TransportAddress_PR_other;
		cr_assert(zero(int, aper_list_add(m, &OF(Addresses, m)->list, a)));
	}
	a = OF(Addresses, m)->list.list.array[0];
	cr_assert(zero(int, aper_string_set(m, &a->choice.ipAddress.ip, "\1\2\3\4", 4)));
	expect_written(m, "00 15 00 01020304 13c4 4924924924924920", "twenty more elements, each 010");
	cr_expect(ne(ptr, aper_alloc(m, 0), NULL));
	cr_expect(eq(ptr, aper_alloc(m, APER_MEMORY_MAX), NULL), "beyond the cap");
	cr_expect(eq(ptr, aper_alloc(m, SIZE_MAX), NULL), "far beyond the cap");
	cr_expect(eq(int, aper_string_set(m, &a->choice.ipAddress.ip, "", APER_MEMORY_MAX + 1u), -ENOMEM));
	expect_written(m, "00 15 00 01020304 13c4 4924924924924920", "and nothing has changed");
	aper_free(m);
}

Test(aper_edit, strings_lie_in_the_input)
{
	struct aper_message *m = message_of("OctFree", "03 aabbcc");
	const OctFree_t *s = aper_root(m);

	cr_expect(eq(long, aper_offset(m, s->buf), 1));
	cr_expect(eq(long, aper_offset(m, s), -1), "a struct does not");
	cr_expect(eq(long, aper_offset(m, NULL), -1));
	aper_free(m);
}

Test(aper_edit, trailing_octets_are_left)
{
	struct octets in = octets_of("03 aabbcc dd ee");
	struct aper_message *m = NULL;

	cr_assert(zero(int, aper_read(type_of("OctFree"), in.p, in.n, &m)));
	cr_expect(eq(sz, aper_consumed(m), 4));
	expect_written(m, "03 aabbcc", "without them");
	aper_free(m);
	free(in.p);
}

/* Contents in pieces of 16K (11.9.3.8), and leaves in them, which then lie nowhere. */
static size_t put_fragmented(uint8_t *p, uint8_t *content, size_t n)
{
	uint8_t *from = p;

	cr_assert(n >= 16384 && n < 32768);
	*p++ = 0xc1;
	memcpy(p, content, 16384);
	p += 16384;
	*p++ = (uint8_t)(0x80 | (n - 16384) >> 8);
	*p++ = (uint8_t)(n - 16384);
	memcpy(p, content + 16384, n - 16384);
	return (size_t)(p + n - 16384 - from);
}

Test(aper_edit, open_types_in_pieces)
{
	static uint8_t content[20000], in[KIT_MAX], out[KIT_MAX];
	static const uint8_t ip6[] = { 0x00, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x13, 0xc4 };
	struct aper_message *m = NULL;
	const struct aper_leaf *leaf;
	size_t n = 3;

	/* flag FALSE, no elements, a bitmap of one; in it an address and something that follows */
	memcpy(in, "\x80\x00\x01", n);
	memset(content, 0x5a, sizeof(content));
	memcpy(content, "\x80\x13", 2);
	memcpy(content + 2, ip6, sizeof(ip6));
	n += put_fragmented(in + n, content, sizeof(content));
	cr_assert(zero(int, aper_read(type_of("Addresses"), in, n, &m)));
	cr_assert(eq(sz, aper_leaves(m, &leaf), 1));
	cr_expect(eq(sz, leaf->at, APER_NOWHERE));
	cr_expect(eq(u8, leaf->family, 6));
	cr_expect(eq(long, *leaf->port, 5060));
	cr_expect(eq(long, aper_write(m, out, sizeof(out)), (long)n));
	cr_expect(zero(int, memcmp(in, out, n)));
	aper_free(m);
}
