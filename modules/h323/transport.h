/* H.225.0 TransportAddress and the addresses that aper_leaves() finds, as struct pn_addr. */
#ifndef H323_TRANSPORT_H
#define H323_TRANSPORT_H

#include <TransportAddress.h>

#include "pdu.h"

/* family 0: NULL, or neither IPv4 nor IPv6. */
struct pn_addr transport_get(const struct TransportAddress *t);
/* Makes it this address, in place where the family stays. -EOPNOTSUPP: another family, in a message that
 * can only be patched; -ENOMEM. */
int transport_set(struct pdu *p, struct TransportAddress *t, const struct pn_addr *a);
/* A new one in the memory of the message; NULL: out of memory. */
struct TransportAddress *transport_new(struct pdu *p, const struct pn_addr *a);
/* The same for a message that was never decoded; ip (16 octets) must live as long as t. */
void transport_write(struct TransportAddress *t, uint8_t ip[16], const struct pn_addr *a);

struct pn_addr leaf_get(const struct aper_leaf *leaf);
/* -EOPNOTSUPP: another family. */
int leaf_set(const struct aper_leaf *leaf, const struct pn_addr *a);

#endif
