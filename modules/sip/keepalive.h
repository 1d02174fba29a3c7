/* Keeping a terminal's pinhole open, and hearing that it is. */
#ifndef SIP_KEEPALIVE_H
#define SIP_KEEPALIVE_H

#include "sip.h"

/* Writes OPTIONS, or two CRLF (RFC 5626 3.5.1) when so configured. The length, or -ENOBUFS. */
long keepalive_write(struct sip *sip, struct pn_binding *b, void *out, size_t cap);
/* True: this response answers a keepalive; it goes no further. */
bool keepalive_answer(struct sip *sip, const struct sip_rx *rx);
/* True: the datagram is no SIP but what terminals send to keep their own NAT open: CRLF, zero
 * octets, STUN. It is only counted. */
bool keepalive_ping(struct sip *sip, const struct pn_msg *m);

#endif
