/* TCP connections, and which call each message of theirs belongs to. */
#ifndef H323_LINK_H
#define H323_LINK_H

#include "call_state.h"

struct call_link *link_find(struct h323 *h, uint64_t flow);
/* Of a flow that exists. NULL: no memory. */
struct call_link *link_new(struct h323 *h, uint64_t flow, struct pn_realm *realm);
/* NULL-safe. Its legs, or its H.245 call, lose it; the connection is closed when what is queued is written. */
void link_close(struct call_link *l);
/* The same for a connection that is gone. */
void link_free(struct call_link *l);

/* The leg of a message from the far end of l. NULL. answering: the flag of its call reference. */
struct call_leg *link_leg(const struct call_link *l, uint16_t reference, bool answering);
/* -EEXIST: that reference is in use there. */
int link_attach(struct call_link *l, struct call_leg *leg);
void link_unhook(struct call_leg *leg); /* the connection stays */
/* Closes the connection when this was its last leg. Nothing when it has none. */
void link_detach(struct call_leg *leg);

#endif
