#include "buf.h"
#include "addr.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_free(struct buf *b)
{
	if (!b)
		return;
	free(b->p);
	b->p = NULL;
	b->len = b->cap = 0;
}

/* Room for len more octets and a terminator. */
static int reserve(struct buf *b, size_t len)
{
	size_t cap = b->cap ? b->cap : 64;
	uint8_t *p;

	if (len > b->max - b->len)
		return -ENOBUFS;
	if (b->len + len < b->cap)
		return 0;
	while (cap <= b->len + len)
		cap *= 2;
	if (cap - 1 > b->max)
		cap = b->max + 1;
	p = realloc(b->p, cap);
	if (!p)
		return -ENOMEM;
	b->p = p;
	b->cap = cap;
	return 0;
}

int buf_add(struct buf *b, const void *p, size_t len)
{
	int err = reserve(b, len);

	if (err || !len)
		return err;
	memcpy(b->p + b->len, p, len);
	b->len += len;
	return 0;
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int len, err;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	err = len < 0 ? -EINVAL : reserve(b, (size_t)len);
	if (!err) {
		vsnprintf((char *)b->p + b->len, (size_t)len + 1, fmt, again);
		b->len += (size_t)len;
	}
	va_end(again);
	return err;
}

void buf_drop(struct buf *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	b->len -= n;
	if (n && b->len)
		memmove(b->p, b->p + n, b->len);
}

const char *buf_text(struct buf *b)
{
	if (reserve(b, 0))
		return "";
	b->p[b->len] = 0;
	return (const char *)b->p;
}

/* ---- JSON ---- */

static int add_text(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

/* Length of the UTF-8 sequence at p (RFC 3629), 0 where there is none that is valid. */
static size_t utf8_len(const uint8_t *p, size_t left)
{
	static const struct {
		uint8_t first, last, low, high; /* leading octets; limits of the second octet */
		uint8_t len;
	} row[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	if (p[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		if (p[0] < row[i].first || p[0] > row[i].last)
			continue;
		if (left < row[i].len || p[1] < row[i].low || p[1] > row[i].high)
			return 0;
		for (size_t k = 2; k < row[i].len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return row[i].len;
	}
	return 0;
}

/* How many octets at p stand for themselves within a string; 0: the first must be escaped. The
 * control characters U+0080 to U+009F could move a terminal's cursor, so they count as such. */
static size_t plain_run(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *at = p;

	while (at < end) {
		size_t n = utf8_len(at, (size_t)(end - at));

		if (!n || *at < 0x20 || *at == 0x7f || *at == '"' || *at == '\\' ||
		    (*at == 0xc2 && at[1] < 0xa0))
			break;
		at += n;
	}
	return (size_t)(at - p);
}

/* Escapes one character; an octet that is no UTF-8 is shown as if it were Latin-1. */
static int add_escape(struct buf *b, const uint8_t **p, const uint8_t *end)
{
	static const char name[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
	unsigned c = *(*p)++;
	const char *at = c ? memchr(name, (int)c, sizeof(name) - 1) : NULL;

	if (at)
		return buf_addf(b, "\\%c", letter[at - name]);
	if (c == 0xc2 && *p < end && (**p & 0xe0) == 0x80)
		c = *(*p)++;
	return buf_addf(b, "\\u%04x", c);
}

static int add_string(struct buf *b, struct pn_str v)
{
	const uint8_t *p = (const uint8_t *)v.p, *end = p + v.len;
	int err = add_text(b, "\"");

	while (!err && p < end) {
		size_t n = plain_run(p, end);

		err = n ? buf_add(b, p, n) : add_escape(b, &p, end);
		p += n;
	}
	return err ? err : add_text(b, "\"");
}

static bool wants_comma(const struct buf *b)
{
	return b->len && !strchr("{[:,\n", b->p[b->len - 1]);
}

/* Every value goes through here: all of it or nothing is added. */
static int add_value(struct buf *b, const char *key, struct pn_str v, bool quote)
{
	size_t before = b->len;
	int err = wants_comma(b) ? add_text(b, ",") : 0;

	if (!err && key) {
		err = add_string(b, str_of(key));
		err = err ? err : add_text(b, ":");
	}
	if (!err)
		err = quote ? add_string(b, v) : buf_add(b, v.p, v.len);
	if (err)
		b->len = before;
	return err;
}

int json_raw(struct buf *b, const char *key, const char *v)
{
	return add_value(b, key, str_of(v), false);
}

int json_open(struct buf *b, const char *key, char bracket)
{
	return add_value(b, key, (struct pn_str){ &bracket, 1 }, false);
}

int json_close(struct buf *b, char bracket)
{
	return buf_add(b, &bracket, 1);
}

int json_str(struct buf *b, const char *key, struct pn_str v)
{
	return add_value(b, key, v, true);
}

int json_text(struct buf *b, const char *key, const char *v)
{
	return v ? json_str(b, key, str_of(v)) : json_raw(b, key, "null");
}

int json_num(struct buf *b, const char *key, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, v);
	return json_raw(b, key, text);
}

int json_bool(struct buf *b, const char *key, bool v)
{
	return json_raw(b, key, v ? "true" : "false");
}

int json_addr(struct buf *b, const char *key, const struct pn_addr *a)
{
	char text[ADDR_TEXT];

	return json_text(b, key, a && addr_print(a, text, sizeof(text)) > 0 ? text : NULL);
}

int json_time(struct buf *b, const char *key, uint64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	char date[32], text[40];
	struct tm tm;

	if (!wall_ms || !gmtime_r(&seconds, &tm))
		return json_raw(b, key, "null");
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03uZ", date, (unsigned)(wall_ms % 1000));
	return json_text(b, key, text);
}

/* ---- cursor and strings ---- */

int take(struct cur *c, size_t len, struct cur *out)
{
	if (len > (size_t)(c->end - c->p))
		return -EBADMSG;
	*out = (struct cur){ c->p, c->p + len };
	c->p += len;
	return 0;
}

static int take_number(struct cur *c, size_t len, uint32_t *out)
{
	struct cur in;
	uint32_t v = 0;

	if (take(c, len, &in))
		return -EBADMSG;
	while (in.p < in.end)
		v = v << 8 | *in.p++;
	*out = v;
	return 0;
}

int take_u8(struct cur *c, uint8_t *out)
{
	uint32_t v;

	if (take_number(c, 1, &v))
		return -EBADMSG;
	*out = (uint8_t)v;
	return 0;
}

int take_u16(struct cur *c, uint16_t *out)
{
	uint32_t v;

	if (take_number(c, 2, &v))
		return -EBADMSG;
	*out = (uint16_t)v;
	return 0;
}

int take_u32(struct cur *c, uint32_t *out)
{
	return take_number(c, 4, out);
}

bool str_eq(struct pn_str a, struct pn_str b)
{
	return a.len == b.len && (!a.len || !memcmp(a.p, b.p, a.len));
}

char *str_dup(struct pn_str s)
{
	char *p = malloc(s.len + 1);

	if (!p)
		return NULL;
	if (s.len)
		memcpy(p, s.p, s.len);
	p[s.len] = 0;
	return p;
}
