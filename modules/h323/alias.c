#include "alias.h"

#include <AliasAddress.h>
#include <ctype.h>
#include <errno.h>

/* One character of UTF-8; NULL: no room. */
static char *put_utf8(char *at, const char *end, unsigned c)
{
	if (end - at < 3)
		return NULL;
	if (c < 0x80) {
		*at++ = (char)c;
	} else if (c < 0x800) {
		*at++ = (char)(0xc0 | c >> 6);
		*at++ = (char)(0x80 | (c & 0x3f));
	} else {
		*at++ = (char)(0xe0 | c >> 12);
		*at++ = (char)(0x80 | (c >> 6 & 0x3f));
		*at++ = (char)(0x80 | (c & 0x3f));
	}
	return at;
}

long alias_utf8(struct pn_str ucs2, char *out, size_t cap)
{
	const uint8_t *p = (const uint8_t *)ucs2.p;
	char *at = out;

	for (size_t i = 0; i + 1 < ucs2.len; i += 2) {
		at = put_utf8(at, out + cap, (unsigned)p[i] << 8 | p[i + 1]);
		if (!at)
			return -ENOBUFS;
	}
	return at - out;
}

/* The octets of the character that begins with c; 0: none does. */
static size_t width(uint8_t c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc0 && c < 0xe0)
		return 2;
	return c >= 0xe0 && c < 0xf0 ? 3 : 0;
}

long alias_ucs2(struct pn_str utf8, uint8_t *out, size_t cap)
{
	static const uint8_t mask[] = { 0, 0x7f, 0x1f, 0x0f };
	size_t n = 0;

	for (size_t i = 0; i < utf8.len;) {
		const uint8_t *p = (const uint8_t *)utf8.p + i;
		size_t w = width(*p);
		unsigned c;

		if (!w || w > utf8.len - i || cap - n < 2)
			return -ENOBUFS;
		c = *p & mask[w];
		for (size_t j = 1; j < w; j++)
			c = c << 6 | (p[j] & 0x3f);
		out[n++] = (uint8_t)(c >> 8);
		out[n++] = (uint8_t)c;
		i += w;
	}
	return (long)n;
}

static struct pn_str octets(const OCTET_STRING_t *s)
{
	return (struct pn_str){ (const char *)s->buf, s->buf ? (size_t)s->size : 0 };
}

/* Numbers of the parties that a call can be routed by; empty: none. */
static struct pn_str number(const PartyNumber_t *n)
{
	if (n->present == PartyNumber_PR_e164Number)
		return octets(&n->choice.e164Number.publicNumberDigits);
	if (n->present == PartyNumber_PR_privateNumber)
		return octets(&n->choice.privateNumber.privateNumberDigits);
	return (struct pn_str){ NULL, 0 };
}

static struct pn_str text_of(const struct AliasAddress *a)
{
	switch (a->present) {
	case AliasAddress_PR_dialedDigits:
		return octets(&a->choice.dialedDigits);
	case AliasAddress_PR_url_ID:
		return octets(&a->choice.url_ID);
	case AliasAddress_PR_email_ID:
		return octets(&a->choice.email_ID);
	case AliasAddress_PR_partyNumber:
		return number(&a->choice.partyNumber);
	default:
		return (struct pn_str){ NULL, 0 };
	}
}

long alias_text(const struct AliasAddress *a, char *out, size_t cap)
{
	struct pn_str s = text_of(a);
	long n = (long)s.len;

	if (a->present == AliasAddress_PR_h323_ID) {
		n = alias_utf8((struct pn_str){ (const char *)a->choice.h323_ID.buf,
						(size_t)a->choice.h323_ID.size },
			       out, cap);
	} else if (s.len > cap) {
		return -ENOBUFS;
	} else {
		for (size_t i = 0; i < s.len; i++)
			out[i] = s.p[i];
	}
	for (long i = 0; i < n; i++)
		out[i] = (char)tolower((unsigned char)out[i]);
	return n ? n : -EINVAL;
}
