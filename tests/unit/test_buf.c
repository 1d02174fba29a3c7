#include "buf.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define S(text) { text, sizeof(text) - 1 }

Test(buf, keeps_its_cap)
{
	static const struct {
		size_t max, first, second; /* octets added */
		int want;                  /* of the second */
		size_t len;
	} row[] = {
		{ 10, 4, 6, 0, 10 },      { 10, 4, 7, -ENOBUFS, 4 },        { 0, 0, 0, 0, 0 },
		{ 0, 0, 1, -ENOBUFS, 0 }, { 64, 64, 0, 0, 64 },             { 1000, 63, 937, 0, 1000 },
		{ 1000, 64, 1, 0, 65 },   { 10, 4, SIZE_MAX, -ENOBUFS, 4 }, { SIZE_MAX, 100, 200, 0, 300 },
	};
	static const char zeros[1000];

	for (size_t i = 0; i < ROWS(row); i++) {
		struct buf b;

		buf_init(&b, row[i].max);
		cr_expect(eq(int, buf_add(&b, zeros, row[i].first), 0), "row %zu", i);
		cr_expect(eq(int, buf_add(&b, zeros, row[i].second), row[i].want), "row %zu", i);
		cr_expect(eq(sz, b.len, row[i].len), "row %zu", i);
		cr_expect(le(sz, b.cap - 1, row[i].max), "row %zu", i);
		buf_free(&b);
	}
	buf_free(NULL);
}

Test(buf, formats_whole_or_not)
{
	static const struct {
		size_t max;
		const char *text;
		int want;
		const char *then;
	} row[] = {
		{ 100, "abc", 0, "-abc." }, { 6, "abc", 0, "-abc." }, { 4, "abc", -ENOBUFS, "-" },
		{ 1, "", -ENOBUFS, "-" },   { 2, "", 0, "-." },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct buf b;

		buf_init(&b, row[i].max);
		cr_expect(eq(str, (char *)buf_text(&b), ""), "row %zu", i);
		buf_add(&b, "-", 1);
		cr_expect(eq(int, buf_addf(&b, "%s.", row[i].text), row[i].want), "row %zu", i);
		cr_expect(eq(str, (char *)buf_text(&b), (char *)row[i].then), "row %zu", i);
		buf_free(&b);
	}
}

Test(buf, drops_from_the_front)
{
	static const struct {
		size_t n;
		const char *left;
	} row[] = { { 0, "abcdef" }, { 2, "cdef" }, { 6, "" }, { 99, "" } };

	for (size_t i = 0; i < ROWS(row); i++) {
		struct buf b;

		buf_init(&b, 10);
		buf_add(&b, "abcdef", 6);
		buf_drop(&b, row[i].n);
		cr_expect(eq(str, (char *)buf_text(&b), (char *)row[i].left), "row %zu", i);
		buf_free(&b);
	}
}

Test(json, escapes)
{
	static const struct {
		struct pn_str in;
		const char *want;
	} row[] = {
		{ S(""), "\"\"" },
		{ S("plain"), "\"plain\"" },
		{ S("a\"b\\c"), "\"a\\\"b\\\\c\"" },
		{ S("\r\n\t\b\f"), "\"\\r\\n\\t\\b\\f\"" },
		{ S("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\\u007f\"" },
		{ S("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ S("\xc2\x9b"), "\"\\u009b\"" },          /* CSI, a control character */
		{ S("\xc2\xa0"), "\"\xc2\xa0\"" },
		{ S("\xff\xfe"), "\"\\u00ff\\u00fe\"" },
		{ S("\xc0\xaf"), "\"\\u00c0\\u00af\"" },   /* overlong */
		{ S("\xe0\x9f\xbf"), "\"\\u00e0\\u009f\\u00bf\"" },
		{ S("\xed\xa0\x80"), "\"\\u00ed\\u00a0\\u0080\"" }, /* surrogate */
		{ S("\xf4\x90\x80\x80"), "\"\\u00f4\\u0090\\u0080\\u0080\"" },
		{ S("\xe2\x82"), "\"\\u00e2\\u0082\"" },   /* cut off */
		{ S("\xc2"), "\"\\u00c2\"" },
		{ S("\xf0\x9f\x98x"), "\"\\u00f0\\u009f\\u0098x\"" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct buf b;

		buf_init(&b, 200);
		cr_expect(eq(int, json_str(&b, NULL, row[i].in), 0), "row %zu", i);
		cr_expect(eq(str, (char *)buf_text(&b), (char *)row[i].want), "row %zu", i);
		buf_free(&b);
	}
}

static int write_all(struct buf *b)
{
	struct pn_addr v4 = { .family = 4, .port = 5060, .ip = { 192, 0, 2, 1 } };
	struct pn_addr v6 = { .family = 6, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 1 } }, none = { 0 };
	int err = 0;

	err = err ? err : json_open(b, NULL, '{');
	err = err ? err : json_text(b, "t", "x");
	err = err ? err : json_text(b, "n", NULL);
	err = err ? err : json_num(b, "i", INT64_MIN);
	err = err ? err : json_bool(b, "y", true);
	err = err ? err : json_bool(b, "z", false);
	err = err ? err : json_open(b, "l", '[');
	err = err ? err : json_addr(b, NULL, &v4);
	err = err ? err : json_addr(b, NULL, &v6);
	err = err ? err : json_addr(b, NULL, &none);
	err = err ? err : json_addr(b, NULL, NULL);
	err = err ? err : json_open(b, NULL, '{');
	err = err ? err : json_close(b, '}');
	err = err ? err : json_close(b, ']');
	err = err ? err : json_time(b, "w", 1767225600007u);
	err = err ? err : json_time(b, "0", 0);
	err = err ? err : json_raw(b, "r", "1.5");
	return err ? err : json_close(b, '}');
}

static const char whole[] = "{\"t\":\"x\",\"n\":null,\"i\":-9223372036854775808,\"y\":true,\"z\":false,"
			    "\"l\":[\"192.0.2.1:5060\",\"2001:db8::1\",null,null,{}],"
			    "\"w\":\"2026-01-01T00:00:00.007Z\",\"0\":null,\"r\":1.5}";

Test(json, commas_where_needed)
{
	struct buf b;

	buf_init(&b, 1000);
	cr_expect(eq(int, write_all(&b), 0));
	cr_expect(eq(str, (char *)buf_text(&b), (char *)whole));
	buf_add(&b, "\n", 1);
	json_open(&b, NULL, '{');
	cr_expect(eq(str, (char *)buf_text(&b) + b.len - 3, "}\n{"));
	buf_free(&b);
}

Test(json, adds_values_whole_or_not)
{
	for (size_t max = 0; max < sizeof(whole) - 1; max++) {
		struct buf b;
		const char *at;

		buf_init(&b, max);
		cr_expect(eq(int, write_all(&b), -ENOBUFS), "max %zu", max);
		at = whole + b.len;
		cr_expect(zero(int, memcmp(whole, buf_text(&b), b.len)), "max %zu", max);
		cr_expect(b.len == 0 || strchr(",[]{}", at[0]) || strchr("[{", at[-1]), "max %zu: cut at %s",
			  max, at);
		buf_free(&b);
	}
}

Test(cur, takes_or_leaves)
{
	static const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7 };
	static const struct {
		size_t len;
		int want[4]; /* u8, u16, u32, take 1 */
		size_t left;
	} row[] = {
		{ 7, { 0, 0, 0, -EBADMSG }, 0 },
		{ 0, { -EBADMSG, -EBADMSG, -EBADMSG, -EBADMSG }, 0 },
		{ 2, { 0, -EBADMSG, -EBADMSG, 0 }, 0 },
		{ 6, { 0, 0, -EBADMSG, 0 }, 2 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct cur c = { data, data + row[i].len }, part = { 0 };
		uint8_t u8 = 0;
		uint16_t u16 = 0;
		uint32_t u32 = 0;

		cr_expect(eq(int, take_u8(&c, &u8), row[i].want[0]), "row %zu", i);
		cr_expect(eq(int, take_u16(&c, &u16), row[i].want[1]), "row %zu", i);
		cr_expect(eq(int, take_u32(&c, &u32), row[i].want[2]), "row %zu", i);
		cr_expect(eq(int, take(&c, 1, &part), row[i].want[3]), "row %zu", i);
		cr_expect(eq(sz, (size_t)(c.end - c.p), row[i].left), "row %zu", i);
		cr_expect(eq(u8, u8, row[i].want[0] ? 0 : 1), "row %zu", i);
		cr_expect(eq(u16, u16, row[i].want[1] ? 0 : 0x0203), "row %zu", i);
		cr_expect(eq(u32, u32, row[i].want[2] ? 0 : 0x04050607), "row %zu", i);
	}
}

Test(str, compares_and_copies)
{
	static const struct {
		struct pn_str a, b;
		int want;
	} row[] = {
		{ S("abc"), S("abc"), 1 }, { S("abc"), S("abd"), 0 },   { S("abc"), S("ab"), 0 },
		{ S(""), { NULL, 0 }, 1 }, { S("a\0b"), S("a\0c"), 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		char *copy = str_dup(row[i].a);

		cr_expect(eq(int, str_eq(row[i].a, row[i].b), row[i].want), "row %zu", i);
		cr_expect(str_eq((struct pn_str){ copy, row[i].a.len }, row[i].a), "row %zu", i);
		cr_expect(eq(chr, copy[row[i].a.len], 0), "row %zu", i);
		free(copy);
	}
	cr_expect(zero(sz, str_of(NULL).len));
}
