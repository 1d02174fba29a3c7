/* Session descriptions in BER (H.248.1 Annex C.11): each line is a property B001 to B00F of a
 * group, its value without the "x=". They are shown as text, and put back from text that was
 * edited. */
#ifndef H248_BER_SDP_H
#define H248_BER_SDP_H

#include "ber.h"
#include "common/text.h"

/* A LocalRemoteDescriptor as text; each group is a block that begins with v=. Returns the length;
 * -ENOBUFS; -EBADMSG. */
long ber_sdp_text(const struct ber *descriptor, char *out, size_t cap);
/* The element that says what `text` says, as far as it can with the very octets of `descriptor`:
 * lines that are the same, and properties that are no lines, are copied. Its length or -ENOBUFS,
 * -EBADMSG. */
long ber_sdp_write(const struct ber *descriptor, struct pn_str text, uint8_t *out, size_t cap);

#endif
