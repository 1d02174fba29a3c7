/* Call signalling messages of our own: refusals, the end of a call, the wish for an H.245 connection. */
#ifndef H323_OWN_H
#define H323_OWN_H

#include "call_state.h"

/* Whom it is for. */
struct own_to {
	struct call_link *link;
	uint16_t reference;
	bool answering; /* we are not the side that began the call */
};

/* ReleaseComplete. guid: NULL or H323_GUID octets. err says why, as route_call() and the core do. H.225.0
 * 7.2.2.8, table 5. */
void own_release(const struct own_to *to, const uint8_t *guid, int err);
/* ReleaseComplete to one side of a call; nothing when its connection is gone. */
void own_release_leg(struct call_leg *leg, int err);
/* Facility startH245 with this h245Address (H.460.18 7.4). */
void own_start_h245(struct call_leg *leg, const struct pn_addr *at);

#endif
