/* Endpoints of a gateway: who is to be notified (RFC 3435 2.1.4). */
#ifndef MGCP_ENDPOINT_H
#define MGCP_ENDPOINT_H

#include "gateway.h"

struct mgcp_endpoint {
	TAILQ_ENTRY(mgcp_endpoint) of_gateway;
	struct pn_str local;        /* owned */
	struct pn_str entity;       /* N: as the call agent wrote it; owned, empty: none */
	struct pn_addr entity_addr; /* family 0: not to be followed */
	struct pn_addr source;      /* of the last command that was no audit; family 0: none */
};

/* NULL: none is known by this name. */
struct mgcp_endpoint *endpoint_find(struct mgcp_gateway *gw, struct pn_str local);
/* A call agent's command for local (maybe with wildcards) came from here. */
void endpoint_source(struct mgcp_gateway *gw, struct pn_str local, const struct pn_addr *from);
/* It named this entity (empty: none), and the gateway agreed. */
void endpoint_entity(struct mgcp_gateway *gw, struct pn_str local, struct pn_str entity);
/* Where a command of this endpoint goes. -EHOSTUNREACH: no call agent's address is known. */
int endpoint_agent(struct mgcp_gateway *gw, struct pn_str local, struct pn_addr *out);
/* This call agent answered instead of the one that was asked: it is asked from now on. */
void endpoint_moved(struct mgcp_gateway *gw, struct pn_str local, const struct pn_addr *agent);
/* What the call agent called the entity that this endpoint notifies; empty: it named none. */
struct pn_str endpoint_entity_text(struct mgcp_gateway *gw, struct pn_str local);
void endpoints_free(struct mgcp_gateway *gw);

#endif
