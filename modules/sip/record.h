/* What the module keeps with a binding: plain bytes, so that the core can store them. */
#ifndef SIP_RECORD_H
#define SIP_RECORD_H

#include "sip.h"

#define SIP_RECORD_MAX 4096u

struct sip_record {
	uint32_t cseq;
	uint32_t waiting;      /* REGISTERs whose answers a pending binding waits for */
	uint64_t nonce;        /* marks the keepalives of this binding */
	struct pn_str contact; /* the terminal's Contact URI */
	struct pn_str value;   /* its Contact value in the accepted REGISTER */
	struct pn_str call_id;
	struct pn_str answer; /* the Contact value of the 200 it got; empty: no refresh is answered
				 here */
	struct pn_str extra;  /* other header lines of that 200 which a refresh repeats */
};

/* Length, or -E2BIG past SIP_RECORD_MAX. */
long record_pack(const struct sip_record *r, uint8_t out[SIP_RECORD_MAX]);
/* Borrows from data. 0 or -EBADMSG. */
int record_unpack(const void *data, size_t len, struct sip_record *out);
/* That of a binding; all zero when it has none. */
struct sip_record record_of(struct sip *sip, const struct pn_binding *b);

#endif
