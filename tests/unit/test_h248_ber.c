/* BER: elements of all lengths, messages, and splicing with all the lengths around. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ber_msg.h"
#include "ber_sdp.h"

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = 0;
	unsigned v;

	for (; hex[0] && hex[1]; hex += 2) {
		while (*hex == ' ')
			hex++;
		if (sscanf(hex, "%2x", &v) != 1)
			break;
		out[n++] = (uint8_t)v;
	}
	return n;
}

static const struct {
	const char *hex;
	int err; /* of ber_next, or of ber_check behind it */
	size_t header, len, total;
} element[] = {
	{ "800101", 0, 2, 1, 3 },
	{ "80810101", 0, 3, 1, 4 },
	{ "8084000000 0101", 0, 6, 1, 7 },
	{ "30800000", 0, 2, 0, 4 },
	{ "3080 800101 0000", 0, 2, 3, 7 },
	{ "3080 3080 0000 0000", 0, 2, 4, 8 },
	{ "", -ENOENT, 0, 0, 0 },
	{ "80", -EBADMSG, 0, 0, 0 },
	{ "8002aa", -EBADMSG, 0, 0, 0 },
	{ "8080aa0000", -EBADMSG, 0, 0, 0 },
	{ "3080 800101 00", -EBADMSG, 0, 0, 0 },
	{ "1f0101", -EBADMSG, 0, 0, 0 },
	{ "3003 8002aa", -EBADMSG, 2, 3, 5 },
	{ "8085 0100000000", -EBADMSG, 0, 0, 0 },
	{ "8089 0000000000000000 00", -EBADMSG, 0, 0, 0 },
};

Test(h248_ber, reads_elements)
{
	for (size_t i = 0; i < ROWS(element); i++) {
		uint8_t in[64];
		struct ber_list l = { in, unhex(element[i].hex, in) };
		struct ber e = { 0 };
		int err = ber_next(&l, &e);

		err = err ? err : ber_check(&e);
		cr_expect(eq(int, err, element[i].err), "%s", element[i].hex);
		if (err)
			continue;
		cr_expect(eq(sz, e.header, element[i].header), "%s", element[i].hex);
		cr_expect(eq(sz, e.len, element[i].len), "%s", element[i].hex);
		cr_expect(eq(sz, e.total, element[i].total), "%s", element[i].hex);
	}
}

Test(h248_ber, numbers)
{
	static const uint32_t row[] = { 0,   1,     127,   128,       255,
					256, 65535, 65536, INT32_MAX, UINT32_MAX };
	uint8_t out[16];

	for (size_t i = 0; i < ROWS(row); i++) {
		struct ber_list l = { out, ber_put_u32(out, 0x80, row[i]) };
		struct ber e;
		uint32_t v;

		cr_assert(zero(int, ber_next(&l, &e)));
		cr_assert(zero(int, ber_u32(&e, &v)));
		cr_expect(eq(u32, v, row[i]));
	}
	cr_expect(eq(
		int,
		ber_u32(&(struct ber){ .p = (uint8_t[]){ 0x80, 1, 0xff }, .header = 2, .len = 1 },
			&(uint32_t){ 0 }),
		-EBADMSG));
}

static struct ber first_of(uint8_t *in, const char *hex)
{
	struct ber_list l = { in, unhex(hex, in) };
	struct ber e;

	cr_assert(zero(int, ber_next(&l, &e)), "%s", hex);
	return e;
}

static const struct {
	const char *name, *old, *text, *want;
} sdp[] = {
	{ "same",
	  "a120 a01e 301c 300b 8004 0000b001 a103 0401 30 300d 8004 0000b00c a105 0403 616263",
	  "v=0\r\na=abc\r\n",
	  "a120 a01e 301c 300b 8004 0000b001 a103 0401 30 300d 8004 0000b00c a105 0403 616263" },
	{ "changed",
	  "a120 a01e 301c 300b 8004 0000b001 a103 0401 30 300d 8004 0000b00c a105 0403 616263",
	  "v=0\r\na=abcd\r\n",
	  "a121 a01f 301d 300b 8004 0000b001 a103 0401 30 300e 8004 0000b00c a106 0404 61626364" },
	{ "gone",
	  "a120 a01e 301c 300b 8004 0000b001 a103 0401 30 300d 8004 0000b00c a105 0403 616263",
	  "v=0\r\n", "a111 a00f 300d 300b 8004 0000b001 a103 0401 30" },
	{ "come", "a111 a00f 300d 300b 8004 0000b001 a103 0401 30", "v=0\r\na=abc\r\n",
	  "a120 a01e 301c 300b 8004 0000b001 a103 0401 30 300d 8004 0000b00c a105 0403 616263" },
	{ "without v=", "a113 a011 300f 300d 8004 0000b00c a105 0403 616263", "v=0\r\na=ab\r\n",
	  "a112 a010 300e 300c 8004 0000b00c a104 0402 6162" },
	{ "others stay",
	  "a120 a01e 301c 300b 8004 00010001 a103 0401 ff 300d 8004 0000b00c a105 0403 616263",
	  "v=0\r\na=ab\r\n",
	  "a11f a01d 301b 300c 8004 0000b00c a104 0402 6162 300b 8004 00010001 a103 0401 ff" },
	{ "two groups",
	  "a122 a020 300f 300d 8004 0000b00c a105 0403 616263 300d 300b 8004 0000b001 a103 0401 30",
	  "v=0\r\na=x\r\nv=0\r\n",
	  "a120 a01e 300d 300b 8004 0000b00c a103 0401 78 300d 300b 8004 0000b001 a103 0401 30" },
};

Test(h248_ber, descriptions)
{
	for (size_t i = 0; i < ROWS(sdp); i++) {
		uint8_t in[256], want[256], out[256];
		struct ber e = first_of(in, sdp[i].old);
		size_t n = unhex(sdp[i].want, want);
		long len = ber_sdp_write(&e, str_of(sdp[i].text), out, sizeof(out));

		cr_assert(eq(int, (int)len, (int)n), "%s", sdp[i].name);
		cr_expect(zero(int, memcmp(out, want, n)), "%s", sdp[i].name);
		for (size_t cap = 0; cap < n; cap++)
			cr_expect(
				lt(int, (int)ber_sdp_write(&e, str_of(sdp[i].text), out, cap), 0));
	}
}

Test(h248_ber, a_line_end_in_a_value_is_refused)
{
	uint8_t in[64];
	struct ber e = first_of(in, "a111 a00f 300d 300b 8004 0000b00c a103 0401 0a");
	char out[64];

	cr_expect(eq(int, (int)ber_sdp_text(&e, out, sizeof(out)), -EBADMSG));
}

/* ServiceChange on ROOT with an address, from the gateway [10.1.0.2]:2944, version 1. */
static const char change[] =
	"3044 a142 800101 a10c a00a 8004 0a010002 8102 0b80 a22f a12d a02b 800101 a126 3024 800100"
	"a31f 301d a01b a719 a00e 300c a000 8108 ffffffffffffffff a107 800103 a402 0400";

Test(h248_ber, splices_identifiers)
{
	struct mid mid = { .form = MID_DOMAIN, .name = str_of("much.longer.example") };
	uint8_t in[256], out[512];
	struct msg *m = NULL, *again = NULL;
	size_t n = unhex(change, in);
	long len;

	cr_assert(zero(int, msg_parse(in, n, &m)), "%s", m->why);
	cr_expect(eq(u32, m->n_commands, 1));
	cr_expect(m->command[0].root && m->command[0].method == MSG_SC_RESTART);
	len = msg_write(m, out, sizeof(out));
	cr_expect(eq(int, (int)len, (int)n));
	cr_expect(zero(int, memcmp(out, in, n)));
	msg_put_mid(&m->item[0], &mid);
	msg_put_id(&m->item[1], UINT32_MAX);
	len = msg_write(m, out, sizeof(out));
	cr_assert(gt(int, (int)len, (int)n));
	cr_assert(zero(int, msg_parse(out, (size_t)len, &again)), "%s", again->why);
	cr_expect(mid_same(&again->item[0].mid, &mid));
	cr_expect(eq(u32, again->tx[0].id, UINT32_MAX));
	cr_expect(again->command[0].root);
	msg_free(again);
	m->tx[0].drop = true;
	len = msg_write(m, out, sizeof(out));
	cr_assert(zero(int, msg_parse(out, (size_t)len, &again)));
	cr_expect(zero(u32, again->n_tx));
	msg_free(again);
	msg_free(m);
}
