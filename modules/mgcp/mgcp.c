#include "mgcp.h"

#include <stdio.h>

bool mgcp_is_access(const struct mgcp *g, const struct pn_realm *r)
{
	return g->svc->realm_info(r)->side == PN_ACCESS;
}

struct pn_addr mgcp_own(const struct mgcp *g, uint64_t flow)
{
	struct pn_flow_info info = { .size = sizeof(info) };

	if (!flow || g->svc->flow_info(g->host, flow, &info))
		return (struct pn_addr){ 0 };
	return info.local;
}

struct pn_str mgcp_domain_of(const struct mgcp *g, struct pn_addr a, char out[MGCP_ADDR_LEN])
{
	char ip[MGCP_ADDR_LEN];
	uint16_t port = a.port;
	int n;

	a.port = 0;
	n = g->svc->addr_print(&a, ip, sizeof(ip));
	if (n <= 0)
		return (struct pn_str){ out, 0 };
	n = snprintf(out, MGCP_ADDR_LEN, "[%.*s]", n, ip);
	if (port)
		n += snprintf(out + n, MGCP_ADDR_LEN - (size_t)n, ":%u", port);
	return (struct pn_str){ out, (size_t)n };
}
