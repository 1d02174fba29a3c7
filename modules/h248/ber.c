#include "ber.h"

#include <errno.h>
#include <string.h>

/* An indefinite length: the contents end with two zero octets between elements. */
static int find_end(const uint8_t *p, size_t cap, size_t *len, unsigned depth);

static int read_length(const uint8_t *p, size_t cap, struct ber *e)
{
	size_t n, v = 0;

	if (cap < 2)
		return -EBADMSG;
	if (p[1] < 0x80) {
		e->header = 2;
		e->len = p[1];
		return 0;
	}
	n = p[1] & 0x7f;
	if (!n) {
		e->indefinite = true;
		e->header = 2;
		return e->constructed ? 0 : -EBADMSG;
	}
	if (n > 8 || cap < 2 + n)
		return -EBADMSG;
	for (size_t i = 0; i < n; i++) {
		if (v >> 24)
			return -EBADMSG;
		v = v << 8 | p[2 + i];
	}
	e->header = 2 + n;
	e->len = v;
	return 0;
}

static int read_element(const uint8_t *p, size_t cap, struct ber *out, unsigned depth)
{
	struct ber e = { .p = p };
	int err;

	/* tags of several octets are used by nothing here, nor by what may extend it */
	if (cap < 2 || (p[0] & 0x1f) == 0x1f || depth > BER_DEPTH_MAX)
		return -EBADMSG;
	e.constructed = p[0] & 0x20;
	e.tag = (p[0] & 0xc0) == 0x80 ? BER_TAG(p[0] & 0x1f) : p[0];
	err = read_length(p, cap, &e);
	if (!err && e.indefinite)
		err = find_end(p + e.header, cap - e.header, &e.len, depth + 1);
	if (err)
		return err;
	if (e.len > cap - e.header)
		return -EBADMSG;
	e.total = e.header + e.len + (e.indefinite ? 2 : 0);
	*out = e;
	return 0;
}

static int find_end(const uint8_t *p, size_t cap, size_t *len, unsigned depth)
{
	size_t at = 0;
	struct ber e;
	int err;

	for (;;) {
		if (cap - at < 2)
			return -EBADMSG;
		if (!p[at] && !p[at + 1]) {
			*len = at;
			return 0;
		}
		err = read_element(p + at, cap - at, &e, depth);
		if (err)
			return err;
		at += e.total;
	}
}

int ber_next(struct ber_list *l, struct ber *out)
{
	int err;

	if (!l->len)
		return -ENOENT;
	err = read_element(l->p, l->len, out, 0);
	if (err)
		return err;
	l->p += out->total;
	l->len -= out->total;
	return 0;
}

struct ber_list ber_inside(const struct ber *e)
{
	if (!e->constructed)
		return (struct ber_list){ NULL, 0 };
	return (struct ber_list){ e->p + e->header, e->len };
}

int ber_find(struct ber_list l, unsigned tag, struct ber *out)
{
	struct ber e;
	int err;

	while (!(err = ber_next(&l, &e))) {
		if (e.tag != tag)
			continue;
		*out = e;
		return 0;
	}
	return err;
}

int ber_u32(const struct ber *e, uint32_t *out)
{
	const uint8_t *p = e->p + e->header;
	uint64_t v = 0;

	if (e->constructed || !e->len || p[0] & 0x80)
		return -EBADMSG;
	for (size_t i = 0; i < e->len; i++) {
		v = v << 8 | p[i];
		if (v > UINT32_MAX)
			return -EBADMSG;
	}
	*out = (uint32_t)v;
	return 0;
}

int ber_check(const struct ber *e)
{
	struct ber_list open[BER_DEPTH_MAX] = { ber_inside(e) };
	unsigned depth = 1;
	struct ber inner;
	int err;

	while (depth) {
		err = ber_next(&open[depth - 1], &inner);
		if (err == -ENOENT) {
			depth--;
			continue;
		}
		if (err || (inner.constructed && depth == BER_DEPTH_MAX))
			return -EBADMSG;
		if (inner.constructed)
			open[depth++] = ber_inside(&inner);
	}
	return 0;
}

size_t ber_put_header(uint8_t *out, uint8_t tag, size_t len)
{
	size_t n = 0;

	out[0] = tag;
	if (len < 0x80) {
		out[1] = (uint8_t)len;
		return 2;
	}
	while (len >> (8 * n))
		n++;
	out[1] = (uint8_t)(0x80 | n);
	for (size_t i = 0; i < n; i++)
		out[2 + i] = (uint8_t)(len >> (8 * (n - 1 - i)));
	return 2 + n;
}

size_t ber_put_u32(uint8_t *out, uint8_t tag, uint32_t v)
{
	size_t n = 1;

	while (n < BER_INTEGER_MAX && (uint64_t)v >> (8 * n - 1))
		n++;
	out[0] = tag;
	out[1] = (uint8_t)n;
	for (size_t i = 0; i < n; i++)
		out[2 + i] = (uint8_t)((uint64_t)v >> (8 * (n - 1 - i)));
	return 2 + n;
}
