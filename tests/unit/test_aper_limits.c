/* What must not be decoded or encoded, and where the caps are. */
#include "Nest.h"
#include "OctFree.h"
#include "PickNew.h"
#include "aper_kit.h"
#include <REAL.h>
#include <talloc.h>

static int refusal(const char *type, const uint8_t *p, size_t n)
{
	struct aper_message *m = NULL;
	int err = aper_read(type_of(type), p, n, &m);

	cr_expect(eq(int, err != 0, m == NULL), "%s", type);
	aper_free(m);
	return err;
}

Test(aper_limits, refuses_what_is_no_encoding)
{
	static const struct {
		const char *what, *type, *hex;
	} row[] = {
		{ "nothing", "Pick", "" },
		{ "nothing, of a type that takes no bits (11.1.3)", "IntOne", "" },
		{ "nothing but a length", "OctFree", "02" },
		{ "a length without its second octet", "OctFree", "80" },
		{ "a piece of nothing (11.9.3.8)", "OctFree", "c000" },
		{ "a piece and then the end", "BitsFree", "c1" },
		{ "an integer of no octets", "IntFree", "00" },
		{ "above the range in bits", "Int255", "ff" },
		{ "above the range in octets", "IntTwo", "0101" },
		{ "more octets than the range has", "Int64K1", "c0 00000000" },
		{ "above the range in octets that count", "Int64K1", "80 010001" },
		{ "octets that count, cut off", "Int64K1", "80 0100" },
		{ "an item that is none", "Enum", "c0" },
		{ "an addition's number of nine octets", "EnumExt", "c009 000000000000000001" },
		{ "an alternative that is none", "Pick", "c0" },
		{ "an alternative's number cut off", "PickOld", "c0" },
		{ "characters that are not in the alphabet", "Digits", "00 f0" },
		{ "characters cut off", "Digits", "40 45" },
		{ "a string longer than it may be", "BitsVar", "a8 ffffff" },
		{ "padding past the end", "IntAfter", "c0" },
		{ "components cut off", "Opt", "" },
		{ "additions without a bitmap", "New", "c0" },
		{ "a bitmap cut off", "Old", "dfe0" },
		{ "an addition cut off", "New", "c140 0218" },
		{ "an addition in pieces, cut off", "New", "c140 c1" },
		{ "a bitmap of no bits", "Old", "e000" },
		{ "elements cut off", "List3", "0102" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct octets in = octets_of(row[i].hex);

		cr_expect(eq(int, refusal(row[i].type, in.p, in.n), -EBADMSG), "%s", row[i].what);
		free(in.p);
	}
}

Test(aper_limits, refuses_pieces_of_more_than_64k)
{
	static uint8_t in[5 * 2048 + 2] = { 0xc5 };

	cr_expect(eq(int, refusal("BitsFree", in, sizeof(in)), -EBADMSG));
	in[0] = 0xc4;
	cr_expect(zero(int, refusal("BitsFree", in, sizeof(in))));
}

/* Values within values, the innermost 1. */
static size_t nested(uint8_t *p, unsigned depth)
{
	size_t n = 0;

	while (--depth) {
		p[n++] = 0x80;
		p[n++] = 2;
	}
	p[n++] = 0;
	p[n++] = 1;
	return n;
}

Test(aper_limits, caps_depth)
{
	uint8_t in[4 * APER_DEPTH_MAX], out[sizeof(in)];
	struct aper_message *m = NULL;
	size_t n = nested(in, APER_DEPTH_MAX - 1); /* the integer in the last is one more */
	Nest_t *last;

	cr_assert(zero(int, aper_read(type_of("Nest"), in, n, &m)));
	cr_expect(eq(long, aper_write(m, out, sizeof(out)), (long)n));
	for (last = aper_root(m); last->in;)
		last = last->in;
	last->in = aper_alloc(m, sizeof(*last));
	cr_expect(eq(long, aper_write(m, out, sizeof(out)), -EINVAL));
	last->in = aper_root(m);
	cr_expect(eq(long, aper_write(m, out, sizeof(out)), -EINVAL), "a ring");
	aper_free(m);
	cr_expect(eq(int, refusal("Nest", in, nested(in, APER_DEPTH_MAX)), -E2BIG));
}

Test(aper_limits, caps_the_rest)
{
	static uint8_t in[APER_INPUT_MAX + 1];

	cr_expect(eq(int, refusal("OctFree", in, sizeof(in)), -E2BIG), "input");
	cr_expect(zero(int, refusal("OctFree", in, sizeof(in) - 1)));

	memcpy(in, "\xe0\x81\x01", 3); /* 257 additions */
	cr_expect(eq(int, refusal("Old", in, 100), -E2BIG), "additions");
	memcpy(in, "\xe0\x81\x00", 3);
	cr_expect(zero(int, refusal("Old", in, 100)));

	memset(in, 0xc4, 100); /* 64K elements of no bits, many times */
	cr_expect(eq(int, refusal("ListNull", in, 100), -E2BIG), "elements");

	for (size_t i = 0; i + 1 < APER_INPUT_MAX; i += 8193)
		in[i] = 0xc4; /* 64K elements of one bit */
	cr_expect(eq(int, refusal("List", in, APER_INPUT_MAX), -E2BIG), "memory");
}

/* At every length a message is refused, or something shorter than it is understood. */
Test(aper_limits, survives_cuts)
{
	static const struct {
		const char *type, *hex;
	} row[] = {
		{ "Strings", "9e34 456784 1000 80" },
		{ "ListNew", "02 81c8 0101 0255aa c140 0101" },
		{ "Addresses", "80 03 00 c0000201 13c4 7000 13 00 20010db8000000000000000000000001"
			       "13c4 01 07 00 c0000202 13c6" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct octets in = octets_of(row[i].hex);

		for (size_t n = 0; n < in.n; n++) {
			struct aper_message *m = NULL;
			int err = aper_read(type_of(row[i].type), in.p, n, &m);

			cr_expect(err == -EBADMSG || aper_consumed(m) <= n, "%s, %zu octets", row[i].type, n);
			aper_free(m);
		}
		free(in.p);
	}
}

Test(aper_limits, survives_a_full_buffer)
{
	static const char *const hex = "80 03 00 c0000201 13c4 7000 13 00 20010db8000000000000000000000001"
				       "13c4 01 07 00 c0000202 13c6";
	struct aper_message *m = message_of("Addresses", hex);
	long n = (long)aper_consumed(m);

	for (long cap = 0; cap < n; cap++) {
		uint8_t *out = malloc((size_t)cap + !cap);

		cr_expect(eq(long, aper_write(m, out, (size_t)cap), -ENOBUFS), "%ld octets", cap);
		free(out);
	}
	aper_free(m);
}

Test(aper_limits, refuses_values_outside_of_constraints)
{
	static const struct {
		const char *what, *type, *der;
	} row[] = {
		{ "integer", "IntBits", "020107" },
		{ "integer above its only value", "IntOne", "020108" },
		{ "integer below its bound", "IntSemi", "0201fa" },
		{ "INTEGER_t", "IntWide", "020100" },
		{ "enumeration", "EnumOrder", "0a0102" },
		{ "number of bits", "Bits3", "030204f0" },
		{ "number of octets", "Oct2", "0401aa" },
		{ "too many octets", "OctVar", "0403aabbcc" },
		{ "number of characters", "Five", "160431323334" },
		{ "character", "Digits", "160161" },
		{ "character of an alphabet without holes", "Lower", "160130" },
		{ "character beyond its bits", "Lower", "16017a" },
		{ "half a character", "Bmp", "1e0100" },
		{ "number of elements", "List3", "3006 020101 020102" },
	};

	talloc_asn1_ctx = talloc_new(NULL);
	for (size_t i = 0; i < ROWS(row); i++) {
		asn_TYPE_descriptor_t *td = (asn_TYPE_descriptor_t *)type_of(row[i].type);
		struct octets der = octets_of(row[i].der);
		void *value = NULL;
		uint8_t out[64];

		cr_assert(eq(int, ber_decode(NULL, td, &value, der.p, der.n).code, RC_OK), "%s", row[i].what);
		cr_expect(eq(long, aper_write_value(td, value, out, sizeof(out)), -EINVAL), "%s", row[i].what);
		free(der.p);
	}
	talloc_free(talloc_asn1_ctx);
	talloc_asn1_ctx = NULL;
}

Test(aper_limits, refuses_structs_that_are_incomplete)
{
	static const char *const types[] = { "PickNew", "Pick", "After", "Oct2", "IntWide" };
	static const uint64_t zeros[64];
	uint8_t out[64];
	int element = 1;
	void *elements[1] = { &element };
	struct {
		void **array;
		int count, size;
		void (*free)(void *);
		asn_struct_ctx_t context;
	} list = { elements, 1, 1, NULL, { 0 } };
	PickNew_t pick = { .present = 99 };
	OctFree_t negative = { .size = -1 }, absent = { .size = 1 };

	for (size_t i = 0; i < ROWS(types); i++)
		cr_expect(eq(long, aper_write_value(type_of(types[i]), zeros, out, sizeof(out)), -EINVAL), "%s",
			  types[i]);
	cr_expect(eq(long, aper_write_value(type_of("Addresses"), zeros, out, sizeof(out)), 2), "no elements");
	cr_expect(eq(long, aper_write_value(type_of("PickNew"), &pick, out, sizeof(out)), -EINVAL));
	cr_expect(eq(long, aper_write_value(type_of("List"), &list, out, sizeof(out)), 2));
	list.count = -1;
	cr_expect(eq(long, aper_write_value(type_of("List"), &list, out, sizeof(out)), -EINVAL));
	list.count = 1;
	elements[0] = NULL;
	cr_expect(eq(long, aper_write_value(type_of("List"), &list, out, sizeof(out)), -EINVAL));
	list.array = NULL;
	cr_expect(eq(long, aper_write_value(type_of("List"), &list, out, sizeof(out)), -EINVAL));
	cr_expect(eq(long, aper_write_value(type_of("OctFree"), &negative, out, sizeof(out)), -EINVAL));
	cr_expect(eq(long, aper_write_value(type_of("OctFree"), &absent, out, sizeof(out)), -EINVAL));
}

Test(aper_limits, refuses_types_that_it_does_not_know)
{
	struct aper_message *m = NULL;
	uint8_t in[1] = { 0 };

	cr_expect(eq(int, aper_read(&asn_DEF_REAL, in, sizeof(in), &m), -EINVAL));
	cr_expect(eq(long, aper_write_value(&asn_DEF_REAL, in, in, sizeof(in)), -EINVAL));
	cr_expect(eq(ptr, m, NULL));
}
