/* H.460.17: RAS in the genericData of Facility messages that are of no call, by a connection that an endpoint behind a
 * NAT opened. The calls to it go the same way. We are its traversal server. */
#ifndef H323_RAS_TUNNEL_H
#define H323_RAS_TUNNEL_H

#include "call_state.h"
#include "q931.h"

/* True: it was such a message, and is dealt with. */
bool ras_tunnel_receive(struct h323 *h, struct call_link *l, const struct pn_msg *m, const struct q931_msg *q);
/* Does this flow carry RAS so? */
bool ras_tunnel_is(struct h323 *h, uint64_t flow);
/* A RAS message as the TPKT that carries it. The length; -ENOBUFS, or what aper_write_value() said. */
long ras_tunnel_wrap(struct pn_str ras, uint8_t *out, size_t cap);

#endif
