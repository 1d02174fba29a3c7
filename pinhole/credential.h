/* Long-term credentials (RFC 8489 s.9.2): keys, nonces, and the judgement of a request. Pure. */
#ifndef PINHOLE_CREDENTIAL_H
#define PINHOLE_CREDENTIAL_H

#include "pinhole/message.h"

/* SHA-256(user ":" realm ":" password), s.9.2.2, all as given: UTF-8, not prepared. -EINVAL: longer than 1500
 * octets in all; -ENOMEM. */
int credential_key(struct pn_str user, struct pn_str realm, struct pn_str password, uint8_t key[STUN_KEY]);

/* A nonce says when and for whom it was made, and proves that we made it, so that nobody has to remember it:
 * the nonce cookie and the bit for PASSWORD-ALGORITHMS, the time, a tag, and an HMAC-SHA256 over these and what
 * it is bound to, under a secret that lives as long as the process. */
#define NONCE_SECRET 32u
#define NONCE_LEN 61u /* 13 of the cookie, 8 time, 8 tag, 32 HMAC, in hexadecimal digits but for the cookie */

/* bind: for whom, at most 256 octets; e.g. those of a source address with port. tag comes back from
 * nonce_check(). Not terminated. -EINVAL, -ENOMEM. */
int nonce_make(const uint8_t secret[NONCE_SECRET], struct pn_str bind, uint32_t tag, uint64_t now_s,
	       char out[NONCE_LEN]);
/* 0; -ESTALE: not one of ours (any more), made for somebody else, or older than life_s: the answer is 438. */
int nonce_check(const uint8_t secret[NONCE_SECRET], struct pn_str nonce, struct pn_str bind, uint64_t now_s,
		uint64_t life_s, uint32_t *tag);
/* The tag that a nonce bears, before it is known what the nonce is bound to: proves nothing. -ESTALE: no form
 * of ours. */
int nonce_tag(struct pn_str nonce, uint32_t *tag);

/* What to answer to a request by its credentials, in the order of s.9.2.4: 0 (it is authentic), 400, 401, 438.
 * nonce_ok: its nonce was made for whoever sent it and is fresh. key NULL: nobody has this USERNAME. */
int credential_judge(const struct message *m, bool nonce_ok, const uint8_t *key);

/* ORDER against replays: strictly rising, but a retransmission is the very message again. */
struct credential_order {
	uint64_t last;
	uint8_t tid[STUN_TID];
};

enum credential_turn {
	ORDER_NEW,   /* later than all before: act, and *o follows */
	ORDER_AGAIN, /* the last one again, its answer was lost: answer it, change nothing */
	ORDER_OLD,   /* a replay, or overtaken: no answer */
};

enum credential_turn credential_turn(struct credential_order *o, const struct message *m);

#endif
