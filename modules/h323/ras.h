/* RAS messages (H.225.0 7.9): which there are, and where each goes. */
#ifndef H323_RAS_H
#define H323_RAS_H

#include <RasMessage.h>

#include "pdu.h"
#include "terminal.h"

enum ras_kind { RAS_OTHER, RAS_REQUEST, RAS_CONFIRM, RAS_REJECT, RAS_PROGRESS };

/* What arrived. */
struct ras_rx {
	const struct pn_msg *pn;
	struct pdu pdu;
	RasMessage_t *msg;
	RasMessage_PR type;
	enum ras_kind kind;
	RasMessage_PR request; /* of an answer: what it answers; 0: anything */
	long seq;
	struct pn_str endpoint; /* UCS-2; borrowed; empty: it has none */
};

void ras_receive(struct h323 *h, const struct pn_msg *m); /* a datagram */
void ras_set_seq(RasMessage_t *m, long seq);
/* Encode and send by a flow. 0, or what encoding or flow_send said. */
int ras_send(struct h323 *h, const RasMessage_t *m, uint64_t flow, const struct pn_addr *to);
/* What was read, as it was edited. */
int ras_send_edited(struct h323 *h, const struct ras_rx *rx, uint64_t flow, const struct pn_addr *to);
/* An answer to the sender. */
int ras_reply(struct h323 *h, const struct ras_rx *rx, const RasMessage_t *m);
/* Our own refusal of a request, in its own words. Does nothing about other messages. */
void ras_refuse(struct h323 *h, const struct ras_rx *rx, int err);
/* 16 octets of a call's identifier, else of its conference; NULL: neither. */
const uint8_t *ras_call(const RasMessage_t *m);

#endif
