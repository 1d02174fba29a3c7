/* <network> in the gateway, <gateway> in the agent: who registers where, and with which secret. */
#ifndef CORE_CONF_NETWORK_H
#define CORE_CONF_NETWORK_H

#include "conf_read.h"

void conf_read_network(struct conf_reader *r, const xmlNode *n, struct conf_network *out);
/* And the realm that comes with it, which is the last of the configuration. */
void conf_read_gateway(struct conf_reader *r, const xmlNode *n, struct conf_gateway *out,
		       struct conf_realm *realm);
/* What modules listen on in other realms gives each of them a listener towards the gateway too, unless it
 * has one there. */
void conf_add_listens(struct conf_reader *r);
void conf_network_free(struct conf_network *n);
void conf_gateway_free(struct conf_gateway *g); /* NULL-safe */

#endif
