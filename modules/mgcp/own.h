/* Messages of Postern's own: refusals, AUEP to see whether a gateway is there, DLCX for what is
 * dead. */
#ifndef MGCP_OWN_H
#define MGCP_OWN_H

#include "connection.h"

/* The response with a return code of RFC 3435 2.4. */
struct pn_str own_response(struct mgcp *g, int code, uint32_t id, char out[128]);
/* Answers a command that has no transaction: to its source, whatever it says elsewhere. */
void own_refuse(struct mgcp *g, const struct mgcp_rx *rx, int code);
/* Writes the AUEP that keeps the pinhole open; its length, or -errno. */
long own_keepalive(struct mgcp *g, struct pn_binding *b, void *out, size_t cap);
/* Asks the gateway's old pinhole whether it is still there. */
int own_challenge(struct mgcp_gateway *gw);
/* DLCX for one connection, to the gateway and (as the gateway) to its call agent with this reason
 * code (RFC 3435 2.5). */
void own_delete(struct mgcp_connection *c, int reason);
/* An answer to one of ours. It is over. */
void own_answered(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t);
void own_failed(struct mgcp *g,
		struct mgcp_transaction *t); /* nobody answered; the caller ends it */

#endif
