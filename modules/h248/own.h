/* Messages of Postern's own: refusals, keepalives, and what tells both ends that a termination is
 * over. */
#ifndef H248_OWN_H
#define H248_OWN_H

#include "gateway.h"

/* Who gets it, in what form. */
struct own_form {
	struct h248_hop to;
	struct mid mid; /* who speaks */
	enum msg_coding coding;
	unsigned version;
};

/* The reply of a transaction that is refused. H.248.8. */
void own_reply(struct h248 *h, const struct own_form *f, uint32_t id, int error);
/* A message of an error descriptor alone: what came could not be read. */
void own_error(struct h248 *h, const struct own_form *f, int error);
/* Takes a termination off the gateway; tells the controller that it is lost. */
void own_subtract(struct h248_gateway *gw, uint32_t context, struct pn_str term);
void own_forced(struct h248_gateway *gw, uint32_t context, struct pn_str term);
/* An audit of ROOT. Its length, or -errno. */
long own_keepalive(struct h248_gateway *gw, void *out, size_t cap);

#endif
