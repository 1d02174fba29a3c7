/* TPKT (RFC 1006 6): what cuts a TCP connection into Q.931 and H.245 messages. */
#ifndef H323_TPKT_H
#define H323_TPKT_H

#include "common/text.h"

#define TPKT_HEADER 4u
#define TPKT_MAX 65535u

/* The length of the first TPKT in data, 0: not known yet, -EPROTO: not one. */
long tpkt_frame(const uint8_t *data, size_t len);
/* What a whole TPKT holds; p NULL when it is not whole. */
struct pn_str tpkt_payload(const uint8_t *data, size_t len);
/* Writes the header before len octets of payload; -EMSGSIZE. */
int tpkt_header(uint8_t out[TPKT_HEADER], size_t len);

#endif
