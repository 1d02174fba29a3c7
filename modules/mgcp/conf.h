/* The module's configuration: docs/mgcp.md lists every element. */
#ifndef MGCP_CONF_H
#define MGCP_CONF_H

#include "common/softswitch.h"
#include "mgcp.h"

/* Where the gateways of an access realm find their call agents. */
struct mgcp_route {
	struct pn_realm *from, *to;
	struct softswitches agents;
};

struct mgcp_conf {
	struct mgcp_route *route;
	size_t n_routes;
	char *alias_domain;    /* with %t where the token goes */
	uint64_t keepalive_ms; /* 0: none */
	uint32_t lost_after;   /* keepalives without an answer until a gateway is forgotten */
	uint64_t lifetime_ms;  /* of a gateway that is not asked, since its last message */
	uint64_t history_ms;   /* how long a transaction is remembered (T-HIST, RFC 3435 3.5.1) */
	uint32_t max_transactions, max_connections, max_endpoints;
	const struct pn_services *svc;
};

extern const char mgcp_schema[]; /* RELAX NG */

/* NULL when something is wrong, which was told through conf_error; or no memory. */
struct mgcp_conf *mgcp_conf_new(struct mgcp *g, const struct pn_conf *at, struct pn_conf_errors *e);
void mgcp_conf_free(struct mgcp_conf *c);
/* NULL: gateways of this realm have no call agent. */
const struct mgcp_route *mgcp_route_from(const struct mgcp *g, const struct pn_realm *access);

#endif
