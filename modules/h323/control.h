/* The H.245 connection of a call, where there is one: each side is told an address of ours and connects to it,
 * or we connect to its own; what comes by one goes out by the other. H.323 8.2. */
#ifndef H323_CONTROL_H
#define H323_CONTROL_H

#include "call_state.h"

/* A side says where its H.245 is: what the other side is told instead. 0; -EALREADY: that one is connected, and
 * not by an address that it was told; or what flow_expect() said. */
int control_show(struct call *c, enum pn_side side, const struct pn_addr *at, struct pn_addr *out);
/* A side wants to begin H.245 at an address. True: nobody could get there, but the other side is there or said where
 * it is; so this one was told to come to us, and the other need not know. */
bool control_start(struct call *c, enum pn_side side, const struct pn_addr *at);
/* Is it time that a message to this side, which cannot be reached, says where it may come? Then it must be sent. */
bool control_offer(struct call *c, enum pn_side side, struct pn_addr *out);
/* Connect was sent: a caller that did not come yet hears by a Facility where to. */
void control_answered(struct call *c);
void control_opened(struct call_link *l);
/* l is gone, and about to be freed. */
void control_closed(struct call_link *l);
/* The call knows it no more. */
void control_forget(const struct call_link *l);
/* Ends both connections when what is queued is written. */
void control_end(struct call *c);

#endif
