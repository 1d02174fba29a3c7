/* Calls that a side sends elsewhere by alternativeAddress (Facility callForwarded and its like): whom it sends is
 * shown an address of ours, at one of the realm's tcp-ports, for one connection within the time that an admission
 * has. A Setup that comes by it goes where the side said. */
#ifndef H323_FORWARD_H
#define H323_FORWARD_H

#include "call_state.h"

struct h323_forward;

/* `side` says `to`; *ours is what the other is shown. -EHOSTUNREACH: it has no business there; -ENOSPC: too many in one
 * call; or what flow_expect() said. */
int forward_new(struct call *c, enum pn_side side, const struct pn_addr *to, struct pn_addr *ours);
void forward_free(struct h323_forward *f); /* NULL-safe */
/* The one that was shown as this address in this realm. NULL. */
struct h323_forward *forward_find(struct h323 *h, const struct pn_realm *r, const struct pn_addr *ours);
/* Where it leads now. 0, or what way_to_terminal() said. */
int forward_way(const struct h323_forward *f, struct h323_way *out);
/* As the other realm knows it. */
struct pn_addr forward_to(const struct h323_forward *f);

#endif
