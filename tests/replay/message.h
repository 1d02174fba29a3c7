/* An H.323 message as octets, with the places in them where transport addresses stand: in the message itself, and in
 * the messages inside it. Read by the codec's own way of nesting, not by the module's. */
#ifndef REPLAY_MESSAGE_H
#define REPLAY_MESSAGE_H

#include "addr.h"

#define MESSAGE_MAX 65536u
#define SPANS_MAX 256u

enum message_kind { MESSAGE_RAS, MESSAGE_SIGNALLING, MESSAGE_CONTROL };

struct span {
	size_t at; /* 4 or 16 octets of address, two of port */
	uint8_t family;
	bool media; /* it stands in an H.245 message or a fast start proposal */
	bool rtp;   /* and is a mediaChannel: real stacks have odd ports for RTP too */
	bool h245;  /* it is the h245Address */
};

struct message {
	enum message_kind kind;
	unsigned type; /* alternative of RasMessage; Q.931 message type */
	uint8_t data[MESSAGE_MAX];
	size_t len;
	struct span span[SPANS_MAX];
	size_t n;
};

/* 0; -EBADMSG: it does not decode; -E2BIG; -ENOTSUP: an address does not lie together. */
int message_read(struct message *m, enum message_kind kind, const uint8_t *data, size_t len);
struct pn_addr message_get(const struct message *m, size_t span);
void message_set(struct message *m, size_t span, const struct pn_addr *a);
/* The message without what Postern may take out, add, or change: addresses are zero, h245Address, the features and
 * parameters of H.460.18 and H.460.19, and the lifetime of a registration are gone. Its length, or -errno. */
long message_bare(const struct message *m, uint8_t *out, size_t cap);
/* RAS: requestSeqNum of a ServiceControlIndication or its response; -1: another message. */
long message_service_seq(const struct message *m);
int message_set_service_seq(struct message *m, long seq);
/* RAS: endpointIdentifier of a request or RegistrationConfirm, in octets; 0: none. Setting it does nothing to a message
 * that has none. */
size_t message_endpoint(const struct message *m, uint8_t *out, size_t cap);
int message_set_endpoint(struct message *m, const uint8_t *id, size_t len);
/* H.245: the indication of H.460.18, which is for the server alone. */
bool message_is_traversal(const struct message *m);

#endif
