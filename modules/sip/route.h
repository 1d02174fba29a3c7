/* Where a request outside of any dialog goes. */
#ifndef SIP_ROUTE_H
#define SIP_ROUTE_H

#include "client.h"
#include "conf.h"
#include "server.h"

/* Fills in the targets, which are the caller's to drop: their count, or a negative SIP status. In
 * this order: a token or alias of ours, an address-of-record of a <registrar>, the first <route>
 * that fits. */
int route_find(struct sip_server *s, struct sip_target *out, size_t cap);
/* The first <route> for this request, or NULL. */
const struct sip_route *route_match(struct sip_server *s);
/* The <registrar> whose domain, or our own address, this URI names; NULL. */
const struct sip_registrar *route_registrar(struct sip *sip, struct pn_realm *realm,
					    const struct sip_uri *u);
/* Is it for Postern itself: our address or a domain of ours without a user? */
bool route_is_local(struct sip_server *s);
/* Is it the very request that left here already? RFC 3261 16.3 step 4. */
bool route_loops(struct sip_server *s);

#endif
