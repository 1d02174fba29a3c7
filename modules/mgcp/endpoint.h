/* Endpoints of a gateway: who is to be notified (RFC 3435 2.1.4). Names with wildcards are kept as
 * they are: they stand for the endpoints that were not named otherwise since. */
#ifndef MGCP_ENDPOINT_H
#define MGCP_ENDPOINT_H

#include "gateway.h"

struct mgcp_endpoint {
	TAILQ_ENTRY(mgcp_endpoint) of_gateway; /* the one named last is the last */
	struct pn_str local;                   /* owned */
	struct pn_str entity;       /* N: as the call agent wrote it; owned, empty: none */
	struct pn_addr entity_addr; /* family 0: not to be followed */
	struct pn_addr
		source;  /* of the last command that succeeded and was no audit; family 0: none */
	bool redirected; /* its RSIP was: the restart that follows is the same one */
};

/* A call agent's command for local came from here, and the gateway executed it. */
void endpoint_source(struct mgcp_gateway *gw, struct pn_str local, const struct pn_addr *from);
/* It named this entity (empty: none). redirected: as an error response to RSIP. */
void endpoint_entity(struct mgcp_gateway *gw, struct pn_str local, struct pn_str entity,
		     bool redirected);
/* It restarts, so that the entity is what is configured; unless it does so where it was sent. */
void endpoint_restarts(struct mgcp_gateway *gw, struct pn_str local);
/* A call agent accepted that. */
void endpoint_restarted(struct mgcp_gateway *gw, struct pn_str local);
/* Where a command of this endpoint goes. -EHOSTUNREACH: no call agent's address is known. */
int endpoint_agent(struct mgcp_gateway *gw, struct pn_str local, struct pn_addr *out);
/* The call agent at `by` answered instead of the one that was asked: it is asked from now on. */
void endpoints_moved(struct mgcp_gateway *gw, const struct pn_addr *asked,
		     const struct pn_addr *by);
/* What the call agent called the entity that this endpoint notifies; empty: it named none. */
struct pn_str endpoint_entity_text(struct mgcp_gateway *gw, struct pn_str local);
void endpoints_free(struct mgcp_gateway *gw);

#endif
