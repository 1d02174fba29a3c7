/* Binary coding (H.248.1 Annex A): reading into and writing from the neutral message. */
#ifndef H248_BER_MSG_H
#define H248_BER_MSG_H

#include "ber.h"
#include "msg.h"

/* m->data holds the message. Errors as msg_parse(). */
int ber_msg_read(struct msg *m);
long ber_msg_write(const struct msg *m, void *out, size_t cap);

/* MId, and ServiceChangeAddress (whose tags begin with that of a port alone), as one element
 * without what it is wrapped in. */
int ber_mid_read(const struct ber *e, bool sc_address, struct mid *out, char hex[MID_MTP_MAX + 1]);
/* Its length; -ENOBUFS, -EINVAL. */
long ber_mid_write(const struct mid *mid, bool sc_address, uint8_t *out, size_t cap);

#endif
