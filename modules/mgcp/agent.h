/* Call agents that answer, or that the signalling names. */
#ifndef MGCP_AGENT_H
#define MGCP_AGENT_H

#include "conf.h"

/* *a answered: the port at which its IP is configured, if it is and this port is not. */
void agent_port(const struct mgcp_route *r, struct pn_addr *a);
/* The address that a notified entity means. -EACCES: a name that is not configured (names from the
 * network are never resolved), or an address that may not be followed, or our own. */
int agent_of_entity(const struct mgcp *g, const struct mgcp_route *r,
		    const struct mgcp_name *entity, struct pn_addr *out);

#endif
