/* Connections of the transport: framing, write queues, idle limits. Inside of the transport only; the
 * net_on_* functions for connections (transport.h) are here too. */
#ifndef CORE_CONNECTION_H
#define CORE_CONNECTION_H

#include "flow.h"

/* The network that carries a connection. */
struct below {
	const struct net_ops *net;
	void *arg;
	struct pn_addr remote; /* as whose the connection counts; family 0: of whom it is opened to */
};

/* The network below or, in an uplink, the trunk. */
struct below connection_below(const struct transport *t, const struct pn_realm *r);
int connection_open(struct transport *t, struct module *m, struct pn_realm *r, const struct below *b,
		    const struct pn_addr *to, uint64_t *flow);
/* net_on_accept() of a connection of `net`. */
void *connection_accept(struct flow *listener, const struct net_ops *net, void *conn, const struct pn_addr *local,
			const struct pn_addr *remote);
/* A place for one more: 0, -ENOSPC, -EDQUOT (per_origin connections of this IP are there; 0: no limit).
 * connection_new takes it over, also when it fails. */
int connection_reserve(struct transport *t, const struct pn_realm *r, const struct pn_addr *remote,
		       uint32_t per_origin);
struct flow *connection_new(struct transport *t, struct module *m, struct pn_realm *r,
			    const struct pn_addr *remote);
void connection_opened(struct flow *f);
int connection_send(struct flow *f, const void *data, size_t len);
void connection_close(struct flow *f); /* after the queue is written */

#endif
