/* Cutting messages out of a stream. */
#ifndef SIP_FRAME_H
#define SIP_FRAME_H

#include "sip.h"

/* Length of the first message in data with the blank lines before it; 0: more octets are needed;
 * -EMSGSIZE, -EBADMSG. RFC 3261 18.3: Content-Length frames a stream. */
long frame_length(const uint8_t *data, size_t len);

#endif
