/* Terminals by where they are seen: the IP address of their NAT, or their own. */
#ifndef H323_PLACE_H
#define H323_PLACE_H

#include "terminal.h"

/* Its place is where its messages come from now; cheap when that is as it was. Without memory it is found nowhere. */
void place_set(struct h323_terminal *t);
void place_leave(struct h323_terminal *t);
/* A registered one that is seen at this IP address, and has `own` as its rasAddress or callSignalAddress. NULL. */
struct h323_terminal *place_owner(struct h323 *h, const struct pn_realm *r, const struct pn_addr *seen,
				  const struct pn_addr *own);
/* The same of what somebody who is seen there says, be it of its own network or of ours. */
struct h323_terminal *place_known(struct h323 *h, const struct pn_realm *r, const struct pn_addr *seen,
				  const struct pn_addr *said);
/* Anyone registered there. NULL. */
struct h323_terminal *place_anyone(struct h323 *h, const struct pn_realm *r, const struct pn_addr *seen);

#endif
