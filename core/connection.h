/* Connections of the transport: framing, write queues, idle limits. Inside of the transport only; the
 * net_on_* functions for connections (transport.h) are here too. */
#ifndef CORE_CONNECTION_H
#define CORE_CONNECTION_H

#include "flow.h"

int connection_open(struct transport *t, struct module *m, struct pn_realm *r, const struct pn_addr *to,
		    uint64_t *flow);
int connection_send(struct flow *f, const void *data, size_t len);
void connection_close(struct flow *f); /* after the queue is written */

#endif
