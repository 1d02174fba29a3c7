/* TPKT (RFC 1006 6): what cuts a TCP stream into messages (H.248.1 Annex D.2). */
#ifndef H248_FRAME_H
#define H248_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* Length of the first PDU with its header; 0 while it cannot be told; -EBADMSG. */
long frame_length(const uint8_t *data, size_t len);
/* The header for a PDU of len octets: 0 or -EMSGSIZE. */
int frame_write(uint8_t out[4], size_t len);

#endif
