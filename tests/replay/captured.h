/* An H.323 message as octets, with the places in them where transport addresses stand: in the message itself, and in
 * the messages inside it. Read by the codec's own way of nesting, not by the module's. */
#ifndef REPLAY_CAPTURED_H
#define REPLAY_CAPTURED_H

#include "addr.h"

#define CAPTURED_MAX 65536u
#define SPANS_MAX 256u

enum captured_kind { CAPTURED_RAS, CAPTURED_SIGNALLING, CAPTURED_CONTROL };

struct span {
	size_t at; /* 4 or 16 octets of address, two of port */
	uint8_t family;
	bool media; /* it stands in an H.245 message or a fast start proposal */
	bool rtp;   /* and is a mediaChannel: real stacks have odd ports for RTP too */
	bool h245;  /* it is the h245Address */
};

struct captured {
	enum captured_kind kind;
	unsigned type; /* alternative of RasMessage; Q.931 message type */
	uint8_t data[CAPTURED_MAX];
	size_t len;
	struct span span[SPANS_MAX];
	size_t n;
};

/* 0; -EBADMSG: it does not decode; -E2BIG; -ENOTSUP: an address does not lie together. */
int captured_read(struct captured *m, enum captured_kind kind, const uint8_t *data, size_t len);
struct pn_addr captured_get(const struct captured *m, size_t span);
void captured_set(struct captured *m, size_t span, const struct pn_addr *a);
/* The message without what Postern may take out, add, or change: addresses are zero, h245Address, the features and
 * parameters of H.460.18 and H.460.19, and the lifetime of a registration are gone. Its length, or -errno. */
long captured_bare(const struct captured *m, uint8_t *out, size_t cap);
/* RAS: requestSeqNum of a ServiceControlIndication or its response; -1: another message. */
long captured_service_seq(const struct captured *m);
int captured_set_service_seq(struct captured *m, long seq);
/* RAS: endpointIdentifier of a request or RegistrationConfirm, in octets; 0: none. Setting it does nothing to a message
 * that has none. */
size_t captured_endpoint(const struct captured *m, uint8_t *out, size_t cap);
int captured_set_endpoint(struct captured *m, const uint8_t *id, size_t len);
/* H.245: the indication of H.460.18, which is for the server alone. */
bool captured_is_traversal(const struct captured *m);

#endif
