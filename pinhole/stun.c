#include "pinhole/stun.h"
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define INTEGRITY_ATTR (4u + STUN_KEY)
#define FINGERPRINT_ATTR 8u

int stun_frame(const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t whole;

	if (len && p[0] > 3)
		return -EBADMSG;
	if (len < 8)
		return 0;
	whole = STUN_HEADER + ((size_t)p[2] << 8 | p[3]);
	if (whole > STUN_MAX || !stun_is(data, whole))
		return -EBADMSG;
	return (int)whole;
}

bool stun_next(struct cur *at, struct stun_attr *out)
{
	struct cur c = *at, padding;
	uint16_t type, len;

	if (take_u16(&c, &type) || take_u16(&c, &len) || take(&c, len, &out->value))
		return false;
	if (len % 4 && take(&c, 4u - len % 4, &padding))
		return false;
	out->type = type;
	*at = c;
	return true;
}

bool stun_find(const struct stun *s, uint16_t type, struct cur *out)
{
	struct cur at = s->attrs;
	struct stun_attr a;

	while (stun_next(&at, &a)) {
		if (a.type != type)
			continue;
		*out = a.value;
		return true;
	}
	return false;
}

/* Walk all attributes once: they are whole, few, and FINGERPRINT has nothing behind it. */
static int check_attrs(struct stun *s)
{
	struct cur at = { s->data + STUN_HEADER, s->data + s->len };
	struct stun_attr a;

	s->attrs = at;
	for (unsigned n = 0; at.p < at.end; n++) {
		if (n == STUN_ATTRS || s->fingerprint || !stun_next(&at, &a))
			return -EBADMSG;
		if (a.type == STUN_FINGERPRINT) {
			if (a.value.end - a.value.p != 4)
				return -EBADMSG;
			s->fingerprint = a.value.p;
		} else if (a.type == STUN_INTEGRITY_SHA256 && !s->integrity) {
			if (a.value.end - a.value.p != STUN_KEY)
				return -EBADMSG;
			s->integrity = a.value.p;
			s->attrs.end = a.value.p - 4;
		}
	}
	return 0;
}

static uint32_t read_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int stun_parse(const void *data, size_t len, struct stun *out)
{
	const uint8_t *p = data;
	struct stun s = { .data = data, .len = len };
	unsigned type;

	if (len > STUN_MAX || !stun_is(data, len))
		return -EBADMSG;
	type = (unsigned)p[0] << 8 | p[1];
	s.cls = (enum stun_class)((type >> 7 & 2) | (type >> 4 & 1));
	s.method = (uint16_t)((type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80));
	memcpy(s.tid, p + 8, STUN_TID);
	if (check_attrs(&s))
		return -EBADMSG;
	if (s.fingerprint && read_u32(s.fingerprint) != stun_fingerprint(p, (size_t)(s.fingerprint - 4 - p)))
		return -EBADMSG;
	*out = s;
	return 0;
}

/* ---- values ---- */

static int read_addr(struct cur value, const uint8_t *mask, struct pn_addr *out)
{
	struct pn_addr a = { 0 };
	uint8_t zero, family;
	struct cur ip;

	if (take_u8(&value, &zero) || take_u8(&value, &family) || take_u16(&value, &a.port))
		return -EBADMSG;
	if (family != 1 && family != 2)
		return -EBADMSG;
	a.family = family == 1 ? 4 : 6;
	if (take(&value, a.family == 4 ? 4 : 16, &ip) || value.p != value.end)
		return -EBADMSG;
	memcpy(a.ip, ip.p, (size_t)(ip.end - ip.p));
	if (mask) {
		a.port ^= (uint16_t)(mask[0] << 8 | mask[1]);
		for (size_t i = 0; i < (a.family == 4 ? 4 : 16); i++)
			a.ip[i] ^= mask[i];
	}
	*out = a;
	return 0;
}

int stun_addr(struct cur value, struct pn_addr *out)
{
	return read_addr(value, NULL, out);
}

int stun_xor_addr(const struct stun *s, struct cur value, struct pn_addr *out)
{
	return read_addr(value, s->data + 4, out); /* cookie and transaction id stand side by side */
}

int stun_error(struct cur value, int *code, struct pn_str *reason)
{
	struct cur c;

	if (take(&value, 4, &c) || (c.p[2] & 7) < 3 || (c.p[2] & 7) > 6 || c.p[3] > 99)
		return -EBADMSG;
	*code = (c.p[2] & 7) * 100 + c.p[3];
	*reason = (struct pn_str){ (const char *)value.p, (size_t)(value.end - value.p) };
	return 0;
}

/* ---- sums ---- */

static void header_with_length(const uint8_t *data, size_t len, uint8_t out[STUN_HEADER])
{
	memcpy(out, data, STUN_HEADER);
	out[2] = (uint8_t)(len >> 8);
	out[3] = (uint8_t)len;
}

int stun_integrity(const uint8_t *data, size_t at, const uint8_t key[STUN_KEY], uint8_t out[STUN_KEY])
{
	uint8_t text[STUN_MAX];

	memcpy(text, data, at);
	header_with_length(data, at - STUN_HEADER + INTEGRITY_ATTR, text);
	return HMAC(EVP_sha256(), key, STUN_KEY, text, at, out, NULL) ? 0 : -ENOMEM;
}

bool stun_is_authentic(const struct stun *s, const uint8_t key[STUN_KEY])
{
	uint8_t want[STUN_KEY];

	if (!s->integrity || stun_integrity(s->data, (size_t)(s->integrity - 4 - s->data), key, want))
		return false;
	return !CRYPTO_memcmp(want, s->integrity, STUN_KEY);
}

/* ISO 3309, four bits at a time */
static uint32_t crc32_add(uint32_t crc, const uint8_t *p, size_t len)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}

uint32_t stun_fingerprint(const uint8_t *data, size_t at)
{
	uint8_t header[STUN_HEADER];
	uint32_t crc;

	header_with_length(data, at - STUN_HEADER + FINGERPRINT_ATTR, header);
	crc = crc32_add(0xffffffff, header, STUN_HEADER);
	crc = crc32_add(crc, data + STUN_HEADER, at - STUN_HEADER);
	return ~crc ^ 0x5354554e;
}
