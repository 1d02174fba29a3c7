#include "pinhole/credential.h"
#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>

/* Nonce cookie, and the security feature "password algorithms": bit 0 counted from the right as in RFC 8489
 * errata 6290 and its example B.1 (s.9.2.1). */
#define COOKIE "obMatJos2AAAB"
#define COOKIE_LEN 13u
#define DIGITS 8u
#define HEAD (COOKIE_LEN + 2 * DIGITS)
#define MAC_DIGITS (NONCE_LEN - HEAD)
#define BIND_MAX 256u

static const char digits[] = "0123456789abcdef";

int credential_key(struct pn_str user, struct pn_str realm, struct pn_str password, uint8_t key[STUN_KEY])
{
	const struct pn_str part[] = { user, { ":", 1 }, realm, { ":", 1 }, password };
	uint8_t text[STUN_MAX];
	size_t len = 0;

	for (size_t i = 0; i < sizeof(part) / sizeof(*part); i++) {
		if (part[i].len > sizeof(text) - len)
			return -EINVAL;
		if (part[i].len)
			memcpy(text + len, part[i].p, part[i].len);
		len += part[i].len;
	}
	if (!SHA256(text, len, key))
		return -ENOMEM;
	OPENSSL_cleanse(text, len);
	return 0;
}

/* ---- nonces ---- */

static int nonce_mac(const uint8_t secret[NONCE_SECRET], const char *head, struct pn_str bind,
		     char out[MAC_DIGITS + 1])
{
	uint8_t text[HEAD + BIND_MAX], mac[32];

	if (bind.len > BIND_MAX)
		return -EINVAL;
	memcpy(text, head, HEAD);
	if (bind.len)
		memcpy(text + HEAD, bind.p, bind.len);
	if (!HMAC(EVP_sha256(), secret, NONCE_SECRET, text, HEAD + bind.len, mac, NULL))
		return -ENOMEM;
	for (size_t i = 0; i < MAC_DIGITS / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", mac[i]);
	return 0;
}

int nonce_make(const uint8_t secret[NONCE_SECRET], struct pn_str bind, uint32_t tag, uint64_t now_s,
	       char out[NONCE_LEN])
{
	char text[NONCE_LEN + 1];
	int err;

	snprintf(text, sizeof(text), COOKIE "%08" PRIx32 "%08" PRIx32, (uint32_t)now_s, tag);
	err = nonce_mac(secret, text, bind, text + HEAD);
	if (!err)
		memcpy(out, text, NONCE_LEN);
	return err;
}

/* The number in 8 hexadecimal digits; -ESTALE. */
static int read_digits(const char *p, uint32_t *out)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < DIGITS; i++) {
		const char *digit = memchr(digits, p[i], 16);

		if (!digit)
			return -ESTALE;
		v = v << 4 | (uint32_t)(digit - digits);
	}
	*out = v;
	return 0;
}

int nonce_tag(struct pn_str nonce, uint32_t *tag)
{
	if (nonce.len != NONCE_LEN || memcmp(nonce.p, COOKIE, COOKIE_LEN))
		return -ESTALE;
	return read_digits(nonce.p + COOKIE_LEN + DIGITS, tag);
}

int nonce_check(const uint8_t secret[NONCE_SECRET], struct pn_str nonce, struct pn_str bind, uint64_t now_s,
		uint64_t life_s, uint32_t *tag)
{
	char want[MAC_DIGITS + 1];
	uint32_t made, t;

	if (nonce_tag(nonce, &t) || read_digits(nonce.p + COOKIE_LEN, &made))
		return -ESTALE;
	if (nonce_mac(secret, nonce.p, bind, want) || CRYPTO_memcmp(want, nonce.p + HEAD, MAC_DIGITS))
		return -ESTALE;
	if ((uint32_t)now_s - made > life_s)
		return -ESTALE;
	*tag = t;
	return 0;
}

/* ---- judgement ---- */

int credential_judge(const struct message *m, bool nonce_ok, const uint8_t *key)
{
	if (!m->stun.integrity)
		return 401;
	if (!m->username.len || !m->realm.len || !m->nonce.len || !m->offers_sha256 || !m->chooses_sha256)
		return 400;
	if (!nonce_ok)
		return 438;
	return key && stun_is_authentic(&m->stun, key) ? 0 : 401;
}

enum credential_turn credential_turn(struct credential_order *o, const struct message *m)
{
	if (m->order == o->last && !memcmp(m->stun.tid, o->tid, STUN_TID))
		return ORDER_AGAIN;
	if (m->order <= o->last)
		return ORDER_OLD;
	o->last = m->order;
	memcpy(o->tid, m->stun.tid, STUN_TID);
	return ORDER_NEW;
}
