/* Connections that are awaited (flow_expect of the ABI): a listener at one of the realm's tcp-ports for one
 * connection, whose id exists before it does. Inside of the transport only. */
#ifndef CORE_EXPECT_H
#define CORE_EXPECT_H

#include "flow.h"

/* Somebody came to the listener: the connection that was awaited, or NULL for a stranger, who uses nothing up. */
void *expect_accept(struct flow *listener, const struct net_ops *net, void *conn, const struct pn_addr *local,
		    const struct pn_addr *remote);
/* f is gone: so is what belongs to it. */
void expect_part(struct flow *f);

#endif
