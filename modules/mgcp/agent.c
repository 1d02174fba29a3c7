#include "agent.h"

#include <errno.h>

int agent_at(const struct mgcp *g, const struct mgcp_route *r, size_t index, struct pn_addr *out)
{
	for (size_t i = 0; i < r->n_agents; i++) {
		size_t at = 0;

		while (!g->svc->peer_addr(r->agent[i].peer, at, out)) {
			if (!index--)
				return 0;
			at++;
		}
	}
	return -ENOENT;
}

int agent_next(const struct mgcp *g, const struct mgcp_route *r, const struct pn_addr *after,
	       struct pn_addr *out)
{
	struct pn_addr a, found;
	size_t i, at = (size_t)-1;

	for (i = 0; !agent_at(g, r, i, &a); i++)
		if (addr_same(&a, after)) {
			at = i;
			break;
		}
	if (agent_at(g, r, at + 1, &found) && agent_at(g, r, 0, &found))
		return -ENOENT;
	if (addr_same(&found, after))
		return -ENOENT;
	*out = found;
	return 0;
}

static bool configured(const struct mgcp *g, const struct mgcp_route *r, const struct pn_addr *ip)
{
	struct pn_addr a;

	for (size_t i = 0; !agent_at(g, r, i, &a); i++)
		if (addr_same_ip(&a, ip))
			return true;
	return false;
}

bool agent_known(const struct mgcp *g, const struct mgcp_route *r, const struct pn_addr *a)
{
	for (size_t i = 0; i < r->n_follow; i++)
		if (addr_prefix_has(&r->follow[i], a))
			return true;
	return configured(g, r, a);
}

void agent_port(const struct mgcp *g, const struct mgcp_route *r, struct pn_addr *a)
{
	struct pn_addr c, found = *a;

	for (size_t i = 0; !agent_at(g, r, i, &c); i++) {
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
		if (!agent_known(g, r, &a) || g->svc->addr_own(g->host, r->to, &a))
			return -EACCES;
		*out = a;
		return 0;
	}
	for (size_t i = 0; i < r->n_agents; i++)
		if (str_ieq(entity->host, str_of(r->agent[i].host)) &&
		    !g->svc->peer_addr(r->agent[i].peer, 0, &a)) {
			if (entity->port)
				a.port = entity->port;
			*out = a;
			return 0;
		}
	return -EACCES;
}
