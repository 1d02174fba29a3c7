/* How the other side of a call is reached. */
#ifndef H323_WAY_H
#define H323_WAY_H

#include "terminal.h"

enum h323_reach {
	H323_BY_ADDRESS = 1, /* connect to `to` in `realm` */
	H323_BY_TRAVERSAL,   /* ask `callee` to connect to us: traversal.h */
	H323_BY_LINK,        /* by the connection that `callee` keeps open: ras_tunnel.h */
};

struct h323_way {
	enum h323_reach reach;
	struct pn_realm *realm; /* the egress */
	struct pn_addr to;
	struct h323_terminal *caller, *callee; /* NULL: not one that is registered here */
};

/* Does its agent's trunk lead to it? Then it is reached by address, whatever lies between. */
bool way_by_trunk(const struct h323_terminal *t);
/* To a terminal of ours. -ENETUNREACH: it is behind a NAT and cannot traverse it. */
int way_to_terminal(struct h323_terminal *callee, struct h323_way *out);
/* To a next hop. -EHOSTUNREACH: its name is not resolved. */
int way_to_peer(struct h323 *h, struct pn_realm *realm, const struct pn_peer *peer, struct h323_way *out);

#endif
