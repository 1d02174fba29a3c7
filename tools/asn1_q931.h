/* A Q.931 message of call signalling, or TPKTs of such (RFC 1006 s.6): its information elements, and the
 * H323-UserInformation in User-user as a tree. */
#ifndef POSTERN_TOOLS_ASN1_Q931_H
#define POSTERN_TOOLS_ASN1_Q931_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* 0, or -EBADMSG after what could be read was printed. */
int asn1_q931_print(FILE *f, const uint8_t *data, size_t len);

#endif
