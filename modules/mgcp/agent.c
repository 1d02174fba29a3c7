#include "agent.h"

#include <errno.h>

void agent_port(const struct mgcp_route *r, struct pn_addr *a)
{
	struct pn_addr c, found = *a;

	for (size_t i = 0; !softswitch_at(&r->agents, i, &c); i++) {
		if (addr_same(&c, a))
			return;
		if (addr_same_ip(&c, a) && found.port == a->port)
			found = c;
	}
	*a = found;
}

int agent_of_entity(const struct mgcp *g, const struct mgcp_route *r,
		    const struct mgcp_name *entity, struct pn_addr *out)
{
	struct pn_addr a;

	if (!g->svc->addr_parse(entity->host, &a)) {
		a.port = entity->port ? entity->port : MGCP_AGENT_PORT;
		if (!softswitch_known(&r->agents, &a) || g->svc->addr_own(g->host, r->to, &a))
			return -EACCES;
		*out = a;
		return 0;
	}
	return softswitch_named(&r->agents, entity->host, entity->port, out);
}
