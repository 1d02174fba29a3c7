#include "uuie.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "outside.h"

static unsigned counts[H323_COUNTERS];

static void count(struct pn_host *h, unsigned counter)
{
	(void)h;
	counts[counter]++;
}

static const struct pn_services services = { .count = count };

static size_t unhex(const char *text, uint8_t *out)
{
	size_t n = 0;
	unsigned v;

	for (; sscanf(text, "%2x", &v) == 1; text += 2)
		out[n++] = (uint8_t)v;
	return n;
}

/* Real messages: read and written they are what they were, and so are the messages within. */
Test(h323_uuie, keeps_real_messages)
{
	static char line[70000], path[512];
	static uint8_t text[35000], out[35000];
	unsigned seen = 0;
	FILE *f;

	outside_path("h323/real/messages.txt", path, sizeof(path));
	f = fopen(path, "r");
	cr_assert(ne(ptr, f, NULL));
	while (fgets(line, sizeof(line), f)) {
		struct uuie u = { 0 };
		size_t len;

		if (strncmp(line, "H323-UserInformation ", 21))
			continue;
		len = unhex(line + 21, text);
		cr_assert(eq(int, uuie_read((struct pn_str){ (const char *)text, len }, &u), 0));
		cr_expect(eq(long, uuie_write(&u, out, sizeof(out)), (long)len));
		cr_expect(eq(int, memcmp(out, text, len), 0));
		uuie_free(&u);
		seen++;
	}
	fclose(f);
	cr_expect(gt(uint, seen, 0));
}

static const char setup_cut[] = "20b806000891";

Test(h323_uuie, refuses_what_does_not_decode)
{
	struct uuie u = { 0 };
	uint8_t text[64];
	size_t len = unhex(setup_cut, text);

	cr_expect(eq(int, uuie_read((struct pn_str){ (const char *)text, len }, &u), -EBADMSG));
	uuie_free(&u);
}

Test(h323_uuie, counts_by_what_reading_said)
{
	static struct h323 h = { .svc = &services };
	const struct pdu patched = { .lossless = false }, sound = { .lossless = true };

	cr_expect(eq(int, pdu_counted(&h, NULL, -EBADMSG), -EBADMSG));
	cr_expect(eq(int, pdu_counted(&h, &patched, 0), 0));
	cr_expect(eq(int, pdu_counted(&h, &sound, 0), 0));
	cr_expect(eq(uint, counts[H323_CNT_MALFORMED], 1));
	cr_expect(eq(uint, counts[H323_CNT_PATCHED], 1));
}

/* "empty" with two tunnelled messages of 2 and 3 octets. */
Test(h323_uuie, replaces_strings)
{
	uint8_t text[64], out[64];
	struct uuie u = { 0 }, again = { 0 };
	OCTET_STRING_t a = { .buf = text, .size = 2 }, b = { .buf = text + 2, .size = 3 }, *list[] = { &a, &b };
	struct H323_UU_PDU__h245Control control = { 0 };
	H323_UserInformation_t info = { 0 };
	BOOLEAN_t tunnelling = 1;
	uint8_t wire[64];
	long n;

	memcpy(text, "abcde", 5);
	control.list.array = list;
	control.list.count = control.list.size = 2;
	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_empty;
	info.h323_uu_pdu.h245Tunneling = &tunnelling;
	info.h323_uu_pdu.h245Control = &control;
	n = aper_write_value(&asn_DEF_H323_UserInformation, &info, wire, sizeof(wire));
	cr_assert(gt(long, n, 0));
	cr_assert(eq(int, uuie_read((struct pn_str){ (const char *)wire, (size_t)n }, &u), 0));
	cr_assert(eq(sz, u.strings[UUIE_CONTROL].n, 2));
	cr_expect(eq(int, uuie_set_string(&u, u.strings[UUIE_CONTROL].at[0], (struct pn_str){ "longer", 6 }), 0));
	cr_expect(eq(int, uuie_set_string(&u, u.strings[UUIE_CONTROL].at[1], (struct pn_str){ "xyz", 3 }), 0));
	n = uuie_write(&u, out, sizeof(out));
	cr_assert(gt(long, n, 0));
	cr_assert(eq(int, uuie_read((struct pn_str){ (const char *)out, (size_t)n }, &again), 0));
	cr_expect(eq(int, memcmp(again.strings[UUIE_CONTROL].at[0]->buf, "longer", 6), 0));
	cr_expect(eq(int, memcmp(again.strings[UUIE_CONTROL].at[1]->buf, "xyz", 3), 0));
	uuie_free(&u);
	uuie_free(&again);
}

/* An octet behind the end makes a message that we would not write so: equal lengths are laid over, others are not. */
Test(h323_uuie, patches_strings_in_place)
{
	OCTET_STRING_t a = { .buf = (uint8_t *)"abc", .size = 3 }, *list[] = { &a };
	struct H323_UU_PDU__h245Control control = { 0 };
	H323_UserInformation_t info = { 0 };
	struct uuie u = { 0 };
	BOOLEAN_t tunnelling = 1;
	uint8_t wire[64], out[64];
	long n;

	control.list.array = list;
	control.list.count = control.list.size = 1;
	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_empty;
	info.h323_uu_pdu.h245Tunneling = &tunnelling;
	info.h323_uu_pdu.h245Control = &control;
	n = aper_write_value(&asn_DEF_H323_UserInformation, &info, wire, sizeof(wire) - 1);
	cr_assert(gt(long, n, 0));
	wire[n++] = 0xff;
	cr_assert(eq(int, uuie_read((struct pn_str){ (const char *)wire, (size_t)n }, &u), 0));
	cr_expect(not(u.pdu.lossless));
	cr_expect(eq(int, uuie_set_string(&u, u.strings[UUIE_CONTROL].at[0], (struct pn_str){ "longer", 6 }),
		     -EOPNOTSUPP));
	cr_expect(eq(int, uuie_set_string(&u, u.strings[UUIE_CONTROL].at[0], (struct pn_str){ "xyz", 3 }), 0));
	cr_assert(eq(long, uuie_write(&u, out, sizeof(out)), n));
	cr_expect(eq(int, out[n - 1], 0xff));
	cr_expect(ne(ptr, memmem(out, (size_t)n, "xyz", 3), NULL));
	cr_expect(eq(ptr, memmem(out, (size_t)n, "abc", 3), NULL));
	uuie_free(&u);
}
