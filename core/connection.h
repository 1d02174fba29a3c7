/* Connections of the transport: framing, write queues, idle limits. Inside of the transport only; the
 * net_on_* functions for connections (transport.h) are here too. */
#ifndef CORE_CONNECTION_H
#define CORE_CONNECTION_H

#include "flow.h"

int connection_open(struct transport *t, struct module *m, struct pn_realm *r, const struct pn_addr *to,
		    uint64_t *flow);
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
