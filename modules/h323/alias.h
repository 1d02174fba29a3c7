/* H.225.0 AliasAddress as text, to compare and to route by. */
#ifndef H323_ALIAS_H
#define H323_ALIAS_H

#include "h323.h"

struct AliasAddress;

#define H323_ALIAS_LEN 1024u

/* UTF-8, without its kind, so that a number is the same whether it is dialedDigits or a party number; folded
 * to lower case. Returns the length; -EINVAL: a kind that is no text; -ENOBUFS. */
long alias_text(const struct AliasAddress *a, char *out, size_t cap);
/* BMPString contents (UCS-2, big-endian) to UTF-8 and back; the length, or -ENOBUFS. */
long alias_utf8(struct pn_str ucs2, char *out, size_t cap);
long alias_ucs2(struct pn_str utf8, uint8_t *out, size_t cap);

#endif
