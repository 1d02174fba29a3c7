/* What our modules do not know, or know otherwise, leaves as it came; and what becomes of it when the struct
 * beside it is edited. */
#include "Addresses.h"
#include "EnumExt.h"
#include "Int32.h"
#include "IntFree.h"
#include "New.h"
#include "Old.h"
#include "PickNew.h"
#include "PickOld.h"
#include "aper_kit.h"

Test(aper_unknown, passes_as_it_came)
{
	static const struct {
		const char *what, *type, *hex;
	} row[] = {
		{ "item of an ENUMERATED", "EnumExt", "85" },
		{ "item beyond 63 (11.6.2)", "EnumExt", "c00146" },
		{ "item of two octets", "EnumExt", "c0020146" },
		{ "addition, none known", "Old", "c1400118" },
		{ "two additions, none known", "Old", "81600100 0302abcd" },
		{ "bitmap shorter than ours", "New", "c0400118" },
		{ "bitmap longer than ours", "New", "c2440118 02ffff" },
		{ "bitmap longer than ours, of known additions", "New", "c2400118" },
		{ "bitmap of zeros", "New", "c100" },
		{ "bitmap of zeros, longer", "Old", "c200" },
		{ "bitmap of 64 (11.9.3.4)", "Old", "dfc0 0000000000000000 0118" },
		{ "bitmap of 65", "Old", "e041 800000000000000080 0118 0155" },
		{ "addition that does not decode", "New", "8160 0100 0205ab" },
		{ "addition of no octets", "New", "8160 0100 00" },
		{ "more than a value in an addition", "New", "c140 021899" },
		{ "more bits than a value in an addition", "New", "8150 0101 0141" },
		{ "more bits and octets", "New", "8150 0101 034155aa" },
		{ "NULL that is something", "Sole", "80800155" },
		{ "NULL of no octets", "Sole", "808000" },
		{ "NULL of two octets", "Sole", "8080020000" },
		{ "alternative", "PickOld", "810201ab" },
		{ "alternative, the first that is not known", "PickNew", "82020102" },
		{ "alternative beyond 63", "PickNew", "c00141020102" },
		{ "alternative that does not decode", "PickNew", "8000" },
		{ "more than a value in an alternative", "PickNew", "80024055" },
		{ "addition in an addition", "New", "8150 0101 05c14002abcd" },
		{ "additions of two elements", "ListNew", "02 81c8 0101 0255aa c140 0101" },
		{ "INTEGER of too many octets", "Int32", "c000000005" },
		{ "INTEGER of too many octets, no limits", "IntFree", "0400000005" },
		{ "INTEGER below 0 of too many octets", "IntFree", "03fffffe" },
		{ "INTEGER above 64 bits", "IntFree", "09010203040506070809" },
		{ "INTEGER below 64 bits", "IntFree", "09ff0000000000000000" },
		{ "INTEGER of 64 bits", "IntFree", "087fffffffffffffff" },
		{ "INTEGER above a bound, too many octets", "IntSemi", "020000" },
		{ "INTEGER above a bound and 63 bits", "IntSemi", "08ffffffffffffffff" },
		{ "INTEGER_t of too many octets", "IntWide", "c000000005" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct aper_message *m = message_of(row[i].type, row[i].hex);

		expect_written(m, row[i].hex, row[i].what);
		aper_free(m);
	}
}

/* The struct of a message, for the length of a test. */
#define OF(type, m) ((type##_t *)aper_root(m))

Test(aper_unknown, leaves_the_struct_in_order)
{
	struct aper_message *m = message_of("New", "8160 0100 0205ab");

	cr_expect(eq(long, *OF(New, m)->b, 0));
	cr_expect(eq(ptr, OF(New, m)->c, NULL), "does not decode");
	aper_free(m);

	m = message_of("EnumExt", "85");
	cr_expect(eq(long, *OF(EnumExt, m), APER_UNKNOWN_ITEM));
	aper_free(m);

	m = message_of("PickOld", "810201ab");
	cr_expect(eq(int, (int)OF(PickOld, m)->present, PickOld_PR_NOTHING));
	aper_free(m);

	m = message_of("IntFree", "09010203040506070809");
	cr_expect(eq(long, *OF(IntFree, m), LONG_MAX), "the nearest");
	aper_free(m);

	m = message_of("IntFree", "09ff0000000000000000");
	cr_expect(eq(long, *OF(IntFree, m), LONG_MIN), "the nearest");
	aper_free(m);

	m = message_of("IntFree", "03fffffe");
	cr_expect(eq(long, *OF(IntFree, m), -2));
	aper_free(m);

	m = message_of("New", "c140 021899");
	cr_expect(eq(long, *OF(New, m)->b, 0x18), "and more behind it");
	aper_free(m);
}

Test(aper_unknown, yields_to_edits)
{
	struct aper_message *m = message_of("New", "8160 0100 0205ab");
	uint8_t out[16];

	OF(New, m)->c = aper_alloc(m, sizeof(OctFree_t));
	cr_assert(zero(int, aper_string_set(m, OF(New, m)->c, "\x77", 1)));
	expect_written(m, "8160 0100 020177", "a new value instead of one that did not decode");
	aper_free(m);

	m = message_of("EnumExt", "85");
	*OF(EnumExt, m) = EnumExt_green;
	expect_written(m, "40", "a known item instead of an unknown one");
	aper_free(m);

	m = message_of("EnumExt", "85");
	*OF(EnumExt, m) = 77;
	cr_expect(eq(long, aper_write(m, out, sizeof(out)), -EINVAL), "no item instead of an unknown one");
	aper_free(m);

	m = message_of("PickOld", "810201ab");
	OF(PickOld, m)->present = 77;
	cr_expect(eq(long, aper_write(m, out, sizeof(out)), -EINVAL), "no alternative instead of an unknown one");
	OF(PickOld, m)->present = PickOld_PR_b;
	OF(PickOld, m)->choice.b = 9;
	expect_written(m, "4009", "a known alternative instead of an unknown one");
	aper_free(m);

	m = message_of("Int32", "c000000005");
	*OF(Int32, m) = 6;
	expect_written(m, "0006", "a number of its own length");
	aper_free(m);

	m = message_of("IntFree", "0400000005");
	*OF(IntFree, m) = 6;
	expect_written(m, "0106", "a number of its own length, no limits");
	aper_free(m);
}

Test(aper_unknown, stays_when_its_neighbours_change)
{
	struct aper_message *m = message_of("New", "c0400118");

	OF(New, m)->a = 0;
	expect_written(m, "80400118", "a bitmap that is shorter than ours");
	OF(New, m)->d = aper_alloc(m, sizeof(Old_t));
	expect_written(m, "8150 0118 0100", "a bitmap that has become too short");
	OF(New, m)->b = NULL;
	OF(New, m)->d = NULL;
	expect_written(m, "00", "no addition any more");
	aper_free(m);

	m = message_of("New", "c244 0118 02ffff");
	OF(New, m)->b = NULL;
	expect_written(m, "c204 02ffff", "an unknown addition alone");
	aper_free(m);

	m = message_of("New", "c140 021899");
	*OF(New, m)->b = 0x19;
	expect_written(m, "c140 021999", "what follows a value in its open type");
	aper_free(m);

	m = message_of("Old", "c200");
	OF(Old, m)->a = 0;
	expect_written(m, "8200", "a bitmap of zeros");
	aper_free(m);
}

/* The bits that follow a value in its last octet have no place when the value ends elsewhere. */
Test(aper_unknown, tail_goes_with_its_octet)
{
	struct aper_message *m = message_of("New", "8150 0101 0141");
	Old_t *d = OF(New, m)->d;
	TransportAddress_t *more;

	d->a = 0;
	expect_written(m, "8150 0101 0101", "same end");
	aper_free(m);

	m = message_of("Addresses", "80 00 01 01 61");
	more = OF(Addresses, m)->more;
	more->choice.other = 0;
	expect_written(m, "80 00 01 01 41", "same end of another value");
	more->present = TransportAddress_PR_ipAddress;
	cr_assert(zero(int, aper_string_set(m, &more->choice.ipAddress.ip, "\300\0\2\1", 4)));
	more->choice.ipAddress.port = 5060;
	expect_written(m, "80 00 01 07 00 c0000201 13c4", "another end");
	aper_free(m);

	m = message_of("PickNew", "81 03 01ab 55");
	cr_assert(zero(int, aper_string_set(m, &OF(PickNew, m)->choice.d, "xy", 2)));
	expect_written(m, "81 04 02 7879 55", "whole octets");
	aper_free(m);
}

Test(aper_unknown, is_not_in_a_struct_of_ones_own)
{
	uint8_t out[16];
	long item = APER_UNKNOWN_ITEM;
	PickOld_t nothing = { .present = PickOld_PR_NOTHING };

	cr_expect(eq(long, aper_write_value(type_of("EnumExt"), &item, out, sizeof(out)), -EINVAL));
	cr_expect(eq(long, aper_write_value(type_of("PickOld"), &nothing, out, sizeof(out)), -EINVAL));
}
