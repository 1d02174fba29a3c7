/* STUN messages as octets (RFC 8489): reading. Pure; what is read are spans of the message.
 *
 * A message is a header of 20 octets (type, length, magic cookie, transaction id) and attributes, each a type,
 * a length and a value that is padded to 4 octets. What it means is message.h's business; writing is stun_out.h's. */
#ifndef PINHOLE_STUN_H
#define PINHOLE_STUN_H

#include "buf.h"
#include <string.h>

#define STUN_HEADER 20u
#define STUN_TID 12u
#define STUN_COOKIE 0x2112a442u
#define STUN_MAX 1500u  /* octets of a message that we read */
#define STUN_ATTRS 128u /* attributes of a message that we read */
#define STUN_KEY 32u    /* octets of a long-term key, and of MESSAGE-INTEGRITY-SHA256 */

enum stun_class { STUN_REQUEST = 0, STUN_INDICATION = 1, STUN_SUCCESS = 2, STUN_ERROR = 3 }; /* s.5 */

enum stun_attr_type { /* s.14, s.18.3; from 0x8000 on one that is not known may be ignored */
	STUN_MAPPED_ADDRESS = 0x0001,
	STUN_USERNAME = 0x0006,
	STUN_MESSAGE_INTEGRITY = 0x0008,
	STUN_ERROR_CODE = 0x0009,
	STUN_UNKNOWN_ATTRIBUTES = 0x000a,
	STUN_LIFETIME = 0x000d, /* RFC 8656 s.18.2 */
	STUN_REALM = 0x0014,
	STUN_NONCE = 0x0015,
	STUN_INTEGRITY_SHA256 = 0x001c,
	STUN_PASSWORD_ALGORITHM = 0x001d,
	STUN_USERHASH = 0x001e,
	STUN_XOR_MAPPED_ADDRESS = 0x0020,
	STUN_PASSWORD_ALGORITHMS = 0x8002,
	STUN_SOFTWARE = 0x8022,
	STUN_FINGERPRINT = 0x8028,
};

struct stun {
	const uint8_t *data;
	size_t len;
	enum stun_class cls;
	uint16_t method; /* 12 bits */
	uint8_t tid[STUN_TID];
	struct cur attrs;         /* those that count: none behind MESSAGE-INTEGRITY-SHA256 but FINGERPRINT */
	const uint8_t *integrity; /* the value of MESSAGE-INTEGRITY-SHA256, NULL: none */
	const uint8_t *fingerprint; /* the value, NULL: none */
};

struct stun_attr {
	uint16_t type;
	struct cur value;
};

/* Could this datagram be STUN? Two zero bits, the cookie, and a length that is the datagram's. This is what
 * tells it from SIP, RAS and RTP on a socket that carries both (s.6.3, RFC 7983). Quick enough for every packet. */
static inline bool stun_is(const void *data, size_t len)
{
	const uint8_t *p = data;
	static const uint8_t cookie[4] = { 0x21, 0x12, 0xa4, 0x42 };

	return len >= STUN_HEADER && p[0] < 4 && !memcmp(p + 4, cookie, 4) && !(len & 3) &&
	       ((size_t)p[2] << 8 | p[3]) == len - STUN_HEADER;
}

/* The length of the message that begins here (TCP): 0 when more octets are needed to know. -EBADMSG: it is no
 * STUN, or longer than STUN_MAX. */
int stun_frame(const void *data, size_t len);
/* All attributes are whole, FINGERPRINT is the last one and right where there is one. -EBADMSG. */
int stun_parse(const void *data, size_t len, struct stun *out);
/* Walk: *at begins as s->attrs. False at the end. */
bool stun_next(struct cur *at, struct stun_attr *out);
/* The first attribute of this type: of several only that one counts (s.14). */
bool stun_find(const struct stun *s, uint16_t type, struct cur *out);

/* Values. -EBADMSG when their form is wrong. */
int stun_addr(struct cur value, struct pn_addr *out);                           /* MAPPED-ADDRESS, s.14.1 */
int stun_xor_addr(const struct stun *s, struct cur value, struct pn_addr *out); /* XOR-MAPPED-ADDRESS, s.14.2 */
int stun_error(struct cur value, int *code, struct pn_str *reason);             /* 300 to 699, s.14.8 */

/* Does MESSAGE-INTEGRITY-SHA256 (all 32 octets of it) belong to this key? In constant time. */
bool stun_is_authentic(const struct stun *s, const uint8_t key[STUN_KEY]);

/* HMAC-SHA256 of the message up to at (at most STUN_MAX), as if it ended with an attribute of 32 octets there
 * (s.14.6). -ENOMEM. */
int stun_integrity(const uint8_t *data, size_t at, const uint8_t key[STUN_KEY], uint8_t out[STUN_KEY]);
/* CRC-32 of the message up to at, as if it ended with FINGERPRINT there, XOR 0x5354554e (s.14.7). */
uint32_t stun_fingerprint(const uint8_t *data, size_t at);

#endif
