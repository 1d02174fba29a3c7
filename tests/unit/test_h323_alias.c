#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <AliasAddress.h>
#include <errno.h>
#include <string.h>

#include "alias.h"

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define BYTES(s) { .buf = (uint8_t *)(s), .size = sizeof(s) - 1 }

static const struct {
	const char *ucs2;
	size_t len;
	const char *utf8;
} texts[] = {
	{ "", 0, "" },
	{ "\0a\0B", 4, "aB" },
	{ "\0\xe9", 2, "\xc3\xa9" },
	{ "\x20\xac\x07\xff", 4, "\xe2\x82\xac\xdf\xbf" },
	{ "\xff\xff", 2, "\xef\xbf\xbf" },
};

Test(h323_alias, utf8_and_back)
{
	for (size_t i = 0; i < ROWS(texts); i++) {
		char out[16];
		uint8_t back[16];
		long n = alias_utf8((struct pn_str){ texts[i].ucs2, texts[i].len }, out, sizeof(out));

		cr_expect(eq(long, n, (long)strlen(texts[i].utf8)), "row %zu", i);
		cr_expect(zero(int, memcmp(out, texts[i].utf8, (size_t)n)), "row %zu", i);
		n = alias_ucs2((struct pn_str){ out, (size_t)n }, back, sizeof(back));
		cr_expect(eq(long, n, (long)texts[i].len), "row %zu", i);
		cr_expect(zero(int, memcmp(back, texts[i].ucs2, texts[i].len)), "row %zu", i);
	}
}

Test(h323_alias, odd_octet_is_left_out)
{
	char out[8];

	cr_expect(eq(long, alias_utf8((struct pn_str){ "\0a\0", 3 }, out, sizeof(out)), 1));
}

Test(h323_alias, no_room)
{
	struct pn_str ucs2 = { "\0a\0b\0c", 6 }, utf8 = { "abc", 3 };
	uint8_t octets[5];
	char text[4];

	cr_expect(eq(long, alias_utf8(ucs2, text, sizeof(text)), -ENOBUFS));
	cr_expect(eq(long, alias_ucs2(utf8, octets, sizeof(octets)), -ENOBUFS));
}

Test(h323_alias, broken_utf8)
{
	static const char *const broken[] = { "\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98\x80" };
	uint8_t out[16];

	for (size_t i = 0; i < ROWS(broken); i++)
		cr_expect(lt(long, alias_ucs2(str_of(broken[i]), out, sizeof(out)), 0), "row %zu", i);
}

static struct AliasAddress party(void)
{
	struct AliasAddress a = { .present = AliasAddress_PR_partyNumber };

	a.choice.partyNumber.present = PartyNumber_PR_e164Number;
	a.choice.partyNumber.choice.e164Number.publicNumberDigits = (IA5String_t)BYTES("0123");
	return a;
}

/* What a call may be routed by, whatever its kind; and what it may not. */
Test(h323_alias, kinds)
{
	const struct {
		struct AliasAddress a;
		const char *text;
	} row[] = {
		{ { .present = AliasAddress_PR_dialedDigits, .choice.dialedDigits = BYTES("0123") }, "0123" },
		{ { .present = AliasAddress_PR_h323_ID, .choice.h323_ID = BYTES("\0A\0b") }, "ab" },
		{ { .present = AliasAddress_PR_url_ID, .choice.url_ID = BYTES("h323:Bob@X") }, "h323:bob@x" },
		{ { .present = AliasAddress_PR_email_ID, .choice.email_ID = BYTES("Bob@X") }, "bob@x" },
		{ party(), "0123" },
		{ { .present = AliasAddress_PR_transportID }, NULL },
		{ { .present = AliasAddress_PR_mobileUIM }, NULL },
		{ { .present = AliasAddress_PR_dialedDigits }, NULL },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		char out[32];
		long n = alias_text(&row[i].a, out, sizeof(out));

		cr_expect(eq(long, n, row[i].text ? (long)strlen(row[i].text) : -EINVAL), "row %zu", i);
		if (n > 0)
			cr_expect(zero(int, memcmp(out, row[i].text, (size_t)n)), "row %zu", i);
	}
}

Test(h323_alias, too_long)
{
	const struct AliasAddress a = { .present = AliasAddress_PR_email_ID, .choice.email_ID = BYTES("bob@x") };
	char out[4];

	cr_expect(eq(long, alias_text(&a, out, sizeof(out)), -ENOBUFS));
}
