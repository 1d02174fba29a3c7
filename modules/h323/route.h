/* Where a call goes. */
#ifndef H323_ROUTE_H
#define H323_ROUTE_H

#include "admission.h"
#include "way.h"

struct h323_forward;

/* What a Setup says. */
struct h323_wish {
	const struct pn_msg *msg;
	const uint8_t *call;           /* H323_GUID octets; NULL: it has neither identifier */
	struct pn_str destination[H323_ALIASES_MAX]; /* destinationAddress as alias.h writes it, then the
							called party number */
	size_t n_destinations;
	struct pn_addr source_signal;  /* sourceCallSignalAddress; family 0: it has none */
	const struct h323_forward *forward; /* it came by an address that leads there; NULL */
};

/* 0, else what to refuse with:
 *   -EACCES        caller not registered, and must be (callerNotRegistered)
 *   -ENOENT        nobody here has that alias (calledPartyNotRegistered)
 *   -EHOSTUNREACH  no route, or the next hop's name is not resolved (unreachableDestination)
 *   -ENETUNREACH   the called terminal is behind a NAT and cannot traverse it (unreachableDestination) */
int route_call(struct h323 *h, const struct h323_wish *w, struct h323_way *out);

#endif
