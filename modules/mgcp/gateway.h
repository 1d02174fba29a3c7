/* Gateways: what is known of each one beyond its binding. The binding is made by any of its
 * commands, and is active when a call agent accepted one. */
#ifndef MGCP_GATEWAY_H
#define MGCP_GATEWAY_H

#include "conf.h"

struct mgcp_endpoint;
TAILQ_HEAD(mgcp_endpoints, mgcp_endpoint);
LIST_HEAD(mgcp_connections, mgcp_connection);
LIST_HEAD(mgcp_pending, mgcp_transaction);

/* Somebody at another address says that it is this gateway (rule 11): its old pinhole is asked. */
struct mgcp_challenge {
	struct pn_addr from; /* family 0: nobody */
	enum { MGCP_ASKING, MGCP_SILENT, MGCP_ALIVE } state;
	uint64_t until_ms;
};

struct mgcp_gateway {
	LIST_ENTRY(mgcp_gateway) all;
	struct mgcp *g;
	struct pn_binding *binding;
	struct pn_realm *access, *core;
	uint64_t flow;        /* ours towards the gateway */
	struct pn_str domain; /* as it writes its own, with a port if it does; owned */
	struct pn_str alias;  /* what stands for it towards call agents; owned */
	struct pn_addr
		agent; /* of endpoints that have none; family 0: the first that is configured */
	struct mgcp_endpoints endpoints;
	size_t n_endpoints;
	struct mgcp_connections connections;
	struct pn_addr media_from; /* its IP, as the connections know it */
	struct mgcp_pending transactions;
	struct mgcp_challenge challenge;
	struct pn_str audited; /* the endpoint that is asked for keepalive; owned */
	unsigned unanswered;   /* keepalives in a row */
	uint64_t refreshed_ms; /* when its lifetime was begun anew */
	uint64_t unproven_ms; /* its port moved, and so long nobody accepted what came from there */
	bool lost;
};

/* Who sent this command, from an access realm. 0: *out, pending or active. -EAGAIN: it must say it
 * again later (its claim is being checked); -EACCES: it is not who it says; -ENOENT: no route from
 * here; -ENOSPC: no alias or no binding to be had; -ENOMEM. */
int gateway_of_sender(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_gateway **out);
/* Whom a call agent's command means: by the alias address it came to, or by the endpoint's domain.
 */
struct mgcp_gateway *gateway_of_alias(struct mgcp *g, const struct mgcp_rx *rx);
struct mgcp_gateway *gateway_of_binding(struct mgcp *g, const struct pn_binding *b);
/* Its source sent something that proves it is there. */
void gateway_heard(struct mgcp_gateway *gw, const struct pn_addr *from);
/* A call agent accepted, or refused, a command of it. RFC 3435 2.4. */
void gateway_accepted(struct mgcp_gateway *gw, const struct mgcp_transaction *t);
void gateway_refused(struct mgcp_gateway *gw, const struct mgcp_transaction *t);
/* The old pinhole answered the challenge, or did not. */
void gateway_challenged(struct mgcp_gateway *gw, bool answered);
void gateway_free(struct mgcp_gateway *gw); /* the binding is gone: ends all that it has */
struct pn_addr gateway_pinhole(const struct mgcp_gateway *gw);
/* The flow that its commands leave by towards call agents of this family: at its own alias, or the
 * listener. 0: none of this family. */
uint64_t gateway_core_flow(const struct mgcp_gateway *gw, uint8_t family);
const struct mgcp_route *gateway_route(const struct mgcp_gateway *gw); /* NULL: not any more */

#endif
