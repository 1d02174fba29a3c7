/* BER elements (X.690) by position: tag, length, contents. Definite and indefinite lengths, minimal
 * or not. */
#ifndef H248_BER_H
#define H248_BER_H

#include <stdbool.h>

#include "postern/module.h"

#define BER_SEQUENCE 0x30
#define BER_DEPTH_MAX 32u
#define BER_TAG(n) (0x80u | (n)) /* context-specific, primitive or constructed */
#define BER_INTEGER_MAX 5u       /* octets of an INTEGER (0..4294967295) */
#define BER_HEADER_MAX 6u        /* one octet of tag, five of length */

struct ber {
	const uint8_t *p; /* the tag */
	size_t header;    /* octets before the contents */
	size_t len;       /* of the contents */
	size_t total;     /* header, contents, and the end mark of an indefinite one */
	bool constructed, indefinite;
	unsigned tag; /* BER_TAG(n) for context-specific ones below 31, else the octet */
};

struct ber_list {
	const uint8_t *p;
	size_t len;
};

/* The first element of the list; the list moves behind it. 0, -ENOENT at its end, -EBADMSG. */
int ber_next(struct ber_list *l, struct ber *out);
struct ber_list ber_inside(const struct ber *e); /* the elements within a constructed one */
/* The first element with this tag: 0, -ENOENT, -EBADMSG. Extensions that are not known are passed
 * over. */
int ber_find(struct ber_list l, unsigned tag, struct ber *out);
/* An INTEGER or ENUMERATED that is not negative and fits: 0 or -EBADMSG. */
int ber_u32(const struct ber *e, uint32_t *out);
/* Are all elements within whole, to BER_DEPTH_MAX? 0 or -EBADMSG. */
int ber_check(const struct ber *e);

/* Writing: octets written; out has room (BER_HEADER_MAX, BER_HEADER_MAX + BER_INTEGER_MAX). */
size_t ber_put_header(uint8_t *out, uint8_t tag, size_t len);
size_t ber_put_u32(uint8_t *out, uint8_t tag, uint32_t v);

#endif
