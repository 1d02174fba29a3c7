/* H.460.17 as a client: RAS goes in Facility messages of no call, by a connection to the gatekeeper that stays, and
 * calls go by it, too. */
#ifndef LAB_H323_TUNNEL_H
#define LAB_H323_TUNNEL_H

#include "H323-UU-PDU.h"
#include "h323_terminal.h"

/* Connect to the gatekeeper's call signalling port, if o.ras_tunnel says so. 0 or -errno. */
int tunnel_begin(struct terminal *t);
void tunnel_send(struct terminal *t, const uint8_t *ras, size_t len);
/* True: it was RAS, and is dealt with. */
bool tunnel_receive(struct terminal *t, const H323_UU_PDU_t *pdu);

#endif
