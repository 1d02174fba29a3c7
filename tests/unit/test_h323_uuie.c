#include "uuie.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "outside.h"
#include "transport.h"
#include "types.h"

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

/* Does it with each real message. */
static void each_real(void (*check)(const char *type, uint8_t *text, size_t len))
{
	static char line[70000], path[512];
	static uint8_t text[35000];
	unsigned seen = 0;
	FILE *f;

	outside_path("h323/real/messages.txt", path, sizeof(path));
	f = fopen(path, "r");
	cr_assert(ne(ptr, f, NULL));
	while (fgets(line, sizeof(line), f)) {
		char *save, *type = strtok_r(line, " \n", &save), *hex = strtok_r(NULL, " \n", &save);

		if (!type || !hex || *type == '#')
			continue;
		check(type, text, unhex(hex, text));
		seen++;
	}
	fclose(f);
	cr_expect(gt(uint, seen, 0));
}

static uint8_t written[35000];

static void expect_written(const char *type, long n, const uint8_t *want, size_t len)
{
	cr_expect(eq(long, n, (long)len), "%s", type);
	cr_expect(eq(int, memcmp(written, want, len), 0), "%s", type);
}

static void expect_kept(const char *type, uint8_t *text, size_t len)
{
	struct uuie u = { 0 };

	if (strcmp(type, "H323-UserInformation"))
		return;
	cr_assert(eq(int, uuie_read((struct pn_str){ (const char *)text, len }, &u), 0));
	expect_written(type, uuie_write(&u, written, sizeof(written)), text, len);
	uuie_free(&u);
}

/* Read and written they are what they were, and so are the messages within. */
Test(h323_uuie, keeps_real_messages)
{
	each_real(expect_kept);
}

/* Every address of what was read, to another one, there and in the octets that came. */
static void change_all(const struct pdu *p, uint8_t *text)
{
	static const struct pn_addr to = { .family = 4, .ip = { 203, 0, 113, 77 }, .port = 40000 };
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(p->m, &leaf);

	for (; n--; leaf++) {
		cr_expect(eq(int, memcmp(text + leaf->at, leaf->ip, 4), 0));
		cr_expect(eq(int, leaf_set(leaf, &to), leaf->family == 4 ? 0 : -EOPNOTSUPP));
		if (leaf->family != 4)
			continue;
		memcpy(text + leaf->at, to.ip, 4);
		text[leaf->at + 4] = 40000 >> 8;
		text[leaf->at + 5] = 40000 & 0xff;
	}
}

static void expect_changed(const char *type, uint8_t *text, size_t len)
{
	static uint8_t came[35000];

	for (size_t behind = 0; behind < 2; behind++) {
		struct pdu p = { 0 };

		text[len] = 0xff;
		memcpy(came, text, len + behind);
		cr_assert(eq(int, pdu_read(types_find(type), (struct pn_str){ (const char *)came, len + behind }, &p), 0));
		cr_expect(not(p.lossless && behind), "%s", type);
		change_all(&p, text);
		expect_written(type, pdu_write(&p, written, sizeof(written)), text, len + behind);
		pdu_free(&p);
		memcpy(text, came, len);
	}
}

/* Encoded, or patched because an octet is behind it: addresses change and nothing else. */
Test(h323_uuie, changes_addresses_alone)
{
	each_real(expect_changed);
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
	cr_assert(eq(sz, uuie_count(&u.strings[UUIE_CONTROL]), 2));
	cr_expect(eq(int, uuie_set_string(&u, u.strings[UUIE_CONTROL].at[0], (struct pn_str){ "longer", 6 }), 0));
	cr_expect(eq(int, uuie_set_string(&u, u.strings[UUIE_CONTROL].at[1], (struct pn_str){ "xyz", 3 }), 0));
	n = uuie_write(&u, out, sizeof(out));
	cr_assert(gt(long, n, 0));
	cr_assert(eq(int, uuie_read((struct pn_str){ (const char *)out, (size_t)n }, &again), 0));
	cr_expect(eq(int, memcmp(again.strings[UUIE_CONTROL].at[0]->buf, "longer", 6), 0));
	cr_expect(eq(int, memcmp(again.strings[UUIE_CONTROL].at[1]->buf, "xyz", 3), 0));
	cr_expect(eq(int, uuie_drop_string(&again, &again.strings[UUIE_CONTROL], 0), 0));
	cr_assert(eq(sz, uuie_count(&again.strings[UUIE_CONTROL]), 1));
	cr_expect(eq(int, memcmp(again.strings[UUIE_CONTROL].at[0]->buf, "xyz", 3), 0));
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
	cr_expect(eq(int, uuie_drop_string(&u, &u.strings[UUIE_CONTROL], 0), -EOPNOTSUPP));
	cr_expect(eq(int, uuie_set_string(&u, u.strings[UUIE_CONTROL].at[0], (struct pn_str){ "xyz", 3 }), 0));
	cr_assert(eq(long, uuie_write(&u, out, sizeof(out)), n));
	cr_expect(eq(int, out[n - 1], 0xff));
	cr_expect(ne(ptr, memmem(out, (size_t)n, "xyz", 3), NULL));
	cr_expect(eq(ptr, memmem(out, (size_t)n, "abc", 3), NULL));
	uuie_free(&u);
}
