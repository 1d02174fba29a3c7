/* Call agents: those configured, and those that one of them may hand a gateway to. */
#ifndef MGCP_AGENT_H
#define MGCP_AGENT_H

#include "conf.h"

/* The index-th configured address, over all agents and their addresses; -ENOENT past the last. */
int agent_at(const struct mgcp *g, const struct mgcp_route *r, size_t index, struct pn_addr *out);
/* The configured address after this one, the first after the last or an unknown one. -ENOENT: there
 * is no other. */
int agent_next(const struct mgcp *g, const struct mgcp_route *r, const struct pn_addr *after,
	       struct pn_addr *out);
/* Is it the IP of a configured agent, or in a prefix that may be followed? */
bool agent_known(const struct mgcp *g, const struct mgcp_route *r, const struct pn_addr *a);
/* *a answered: the port at which its IP is configured, if it is and this port is not. */
void agent_port(const struct mgcp *g, const struct mgcp_route *r, struct pn_addr *a);
/* The address that a notified entity means. -EACCES: a name that is not configured (names from the
 * network are never resolved), or an address that may not be followed, or our own. */
int agent_of_entity(const struct mgcp *g, const struct mgcp_route *r,
		    const struct mgcp_name *entity, struct pn_addr *out);

#endif
