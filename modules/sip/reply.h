/* Responses that Postern writes itself, and the Vias that every response carries back. */
#ifndef SIP_REPLY_H
#define SIP_REPLY_H

#include "sip.h"

/* The Via fields of the request, as lines, with received and rport filled in where the topmost asks
 * for them or differs from src. RFC 3261 18.2.1, RFC 3581 4. */
void reply_vias(struct text *t, struct sip *sip, const struct sip_msg *req,
		const struct pn_addr *src);
/* Where its responses go: on an access realm to where it came from; else by maddr, or by received
 * and rport or the port of sent-by. RFC 3261 18.2.2. */
struct pn_addr reply_address(struct sip *sip, const struct sip_msg *req, struct pn_realm *realm,
			     const struct pn_addr *src);
/* A whole response without body. `reason` NULL: the usual one. `extra` holds whole header lines. */
struct reply {
	int status;
	const char *reason;
	const char *tag; /* for a To that has none; NULL leaves it so (100) */
	struct pn_str extra;
};
void reply_write(struct text *t, struct sip *sip, const struct sip_msg *req,
		 const struct pn_addr *src, const struct reply *r);
/* Answers without a transaction, so that nothing is kept for whom nothing is known. Never an ACK.
 */
void reply_stateless(struct sip *sip, const struct sip_rx *rx, int status, const char *reason);

#endif
