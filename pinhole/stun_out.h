/* STUN messages as octets (RFC 8489): writing, into a buffer of the caller. What does not fit is noticed
 * once, at the end. */
#ifndef PINHOLE_STUN_OUT_H
#define PINHOLE_STUN_OUT_H

#include "pinhole/stun.h"

struct stun_out {
	uint8_t *p;
	size_t len, cap;
	int err;
};

void stun_begin(struct stun_out *o, void *buf, size_t cap, enum stun_class cls, uint16_t method,
		const uint8_t tid[STUN_TID]);
void stun_put(struct stun_out *o, uint16_t type, const void *value, size_t len);
void stun_put_text(struct stun_out *o, uint16_t type, struct pn_str text);
void stun_put_u32(struct stun_out *o, uint16_t type, uint32_t value);
void stun_put_u64(struct stun_out *o, uint16_t type, uint64_t value);
/* An address in the form of XOR-MAPPED-ADDRESS, with more octets behind it (NULL: none); family 0 puts nothing. */
void stun_put_addr(struct stun_out *o, uint16_t type, const struct pn_addr *a, struct pn_str more);
void stun_put_error(struct stun_out *o, int code, const char *reason);
void stun_put_integrity(struct stun_out *o, const uint8_t key[STUN_KEY]); /* MESSAGE-INTEGRITY-SHA256 */
void stun_put_fingerprint(struct stun_out *o);
/* The length of the message; -ENOBUFS, -ENOMEM. */
int stun_end(struct stun_out *o);

#endif
