#include "pinhole/stun_out.h"
#include <errno.h>

static void write_u16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void write_u32(uint8_t *p, uint32_t v)
{
	write_u16(p, v >> 16);
	write_u16(p + 2, v & 0xffff);
}

/* Room for an attribute, its header and padding written; its value, NULL when it does not fit. */
static uint8_t *attr(struct stun_out *o, uint16_t type, size_t len)
{
	size_t padded = (len + 3) & ~(size_t)3;
	uint8_t *p = o->p + o->len;

	if (o->err || len > STUN_MAX || o->cap - o->len < 4 + padded) {
		o->err = -ENOBUFS;
		return NULL;
	}
	write_u16(p, type);
	write_u16(p + 2, len);
	memset(p + 4 + len, 0, padded - len);
	o->len += 4 + padded;
	return p + 4;
}

void stun_begin(struct stun_out *o, void *buf, size_t cap, enum stun_class cls, uint16_t method,
		const uint8_t tid[STUN_TID])
{
	unsigned type = (method & 0xfu) | (method & 0x70u) << 1 | (method & 0xf80u) << 2 | ((unsigned)cls & 1) << 4 |
			((unsigned)cls & 2) << 7;

	*o = (struct stun_out){ .p = buf, .cap = cap < STUN_MAX ? cap : STUN_MAX };
	if (o->cap < STUN_HEADER) {
		o->err = -ENOBUFS;
		return;
	}
	write_u16(o->p, type);
	write_u16(o->p + 2, 0);
	write_u32(o->p + 4, STUN_COOKIE);
	memcpy(o->p + 8, tid, STUN_TID);
	o->len = STUN_HEADER;
}

void stun_put(struct stun_out *o, uint16_t type, const void *value, size_t len)
{
	uint8_t *p = attr(o, type, len);

	if (p && len)
		memcpy(p, value, len);
}

void stun_put_text(struct stun_out *o, uint16_t type, struct pn_str text)
{
	stun_put(o, type, text.p, text.len);
}

void stun_put_u32(struct stun_out *o, uint16_t type, uint32_t value)
{
	uint8_t *p = attr(o, type, 4);

	if (p)
		write_u32(p, value);
}

void stun_put_u64(struct stun_out *o, uint16_t type, uint64_t value)
{
	uint8_t *p = attr(o, type, 8);

	if (!p)
		return;
	write_u32(p, (uint32_t)(value >> 32));
	write_u32(p + 4, (uint32_t)value);
}

void stun_put_addr(struct stun_out *o, uint16_t type, const struct pn_addr *a, struct pn_str more)
{
	size_t ip = a->family == 4 ? 4 : 16;
	const uint8_t *mask = o->p + 4;
	uint8_t *p = a->family ? attr(o, type, 4 + ip + more.len) : NULL;

	if (!p)
		return;
	p[0] = 0;
	p[1] = a->family == 4 ? 1 : 2;
	write_u16(p + 2, a->port ^ (STUN_COOKIE >> 16));
	for (size_t i = 0; i < ip; i++)
		p[4 + i] = a->ip[i] ^ mask[i];
	if (more.len)
		memcpy(p + 4 + ip, more.p, more.len);
}

void stun_put_error(struct stun_out *o, int code, const char *reason)
{
	size_t len = strlen(reason);
	uint8_t *p = attr(o, STUN_ERROR_CODE, 4 + len);

	if (!p)
		return;
	write_u16(p, 0);
	p[2] = (uint8_t)(code / 100);
	p[3] = (uint8_t)(code % 100);
	memcpy(p + 4, reason, len);
}

void stun_put_integrity(struct stun_out *o, const uint8_t key[STUN_KEY])
{
	size_t at = o->len;
	uint8_t *p = attr(o, STUN_INTEGRITY_SHA256, STUN_KEY);

	if (p)
		o->err = stun_integrity(o->p, at, key, p);
}

void stun_put_fingerprint(struct stun_out *o)
{
	size_t at = o->len;
	uint8_t *p = attr(o, STUN_FINGERPRINT, 4);

	if (p)
		write_u32(p, stun_fingerprint(o->p, at));
}

int stun_end(struct stun_out *o)
{
	if (o->err)
		return o->err;
	write_u16(o->p + 2, o->len - STUN_HEADER);
	return (int)o->len;
}
