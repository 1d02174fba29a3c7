/* Aligned PER (X.691 (08/2015), BASIC-PER) for the types of types.h, lossless: what a peer sends that our
 * modules do not know is kept and written back.
 *
 * aper_read() makes a message: the C struct that asn1c generated, and beside it the extension additions,
 * CHOICE alternatives and enumeration items that are newer than our modules, additions that we know but
 * cannot decode, and numbers that the peer wrote longer than need be. The struct may be edited; aper_write()
 * writes it and all that is beside it.
 *
 * Everything of a message lives as long as the message, in memory that is not libasn1c's: never give a
 * part of it to asn_set_add(), OCTET_STRING_fromBuf() or a free function, use aper_alloc(), aper_list_add()
 * and aper_string_set(). What is kept beside a struct belongs to its address: a copy of the struct goes
 * without. Octet strings of the decoded message borrow the message's copy of its input where they can, so
 * they are not terminated; their octets may be written over.
 *
 * Not here, because no H.323 type needs it: REAL, SET, extension addition groups in double brackets, a
 * second extension marker, DEFAULT (an absent component stays absent). */
#ifndef POSTERN_APER_H
#define POSTERN_APER_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

struct asn_TYPE_descriptor_s;
struct aper_message;

/* Caps of one message; beyond them it is -E2BIG. */
#define APER_INPUT_MAX 65536u      /* octets; no datagram or TPKT holds more */
#define APER_DEPTH_MAX 64          /* values within values; real messages reach 20 */
#define APER_MEMORY_MAX (4u << 20) /* octets */
#define APER_ADDITIONS_MAX 256u    /* in the bitmap of one SEQUENCE */

/* What an ENUMERATED holds whose item we do not know. To be written back it needs the message that it came
 * with. */
#define APER_UNKNOWN_ITEM LONG_MIN

/* Decode one value. Trailing octets are not an error, see aper_consumed(). Puts a message into *out, which
 * the caller ends with aper_free(). -EBADMSG: not an encoding of the type; -E2BIG: beyond a cap; -ENOMEM;
 * -EINVAL: a type that is not for this codec. */
int aper_read(const struct asn_TYPE_descriptor_s *td, const uint8_t *data, size_t len,
	      struct aper_message **out);
void aper_free(struct aper_message *m); /* NULL-safe */

void *aper_root(struct aper_message *m); /* the struct of the type that was decoded */
const struct asn_TYPE_descriptor_s *aper_type(const struct aper_message *m);
size_t aper_consumed(const struct aper_message *m); /* octets of the input */

/* Where in the input an octet string's contents lie, in octets; -1 if they were put together from pieces or
 * bits, or are not of this message. */
long aper_offset(const struct aper_message *m, const void *contents);

/* An IPv4 or IPv6 transport address: an alternative of H.225.0 TransportAddress or of H.245 UnicastAddress
 * or MulticastAddress, wherever in the message; of a source route the first address, not its hops. */
struct aper_leaf {
	size_t at;       /* in the input: 4 or 16 octets of address, 2 of port; APER_NOWHERE if they do not
			    lie together there */
	uint8_t family;  /* 4 or 6 */
	uint8_t *ip;     /* 4 or 16 octets, in the struct */
	long *port;      /* in the struct */
	const struct asn_TYPE_descriptor_s *td; /* of the CHOICE */
	const void *where;                      /* the struct of the CHOICE */
	const char *component; /* of the innermost SEQUENCE around it: "h245Address", or of its list; "": none */
};
#define APER_NOWHERE SIZE_MAX

/* All of them in the order of the encoding, as they came: edits do not change the list, and `ip` and
 * `port` are those of the decoded structs even if others have taken their places. */
size_t aper_leaves(const struct aper_message *m, const struct aper_leaf **list);

/* Zeroed memory for edits; NULL beyond the cap or out of memory. */
void *aper_alloc(struct aper_message *m, size_t n);

/* Append an element to a SEQUENCE OF (its `list` member); -ENOMEM. */
int aper_list_add(struct aper_message *m, void *list, void *element);

/* Replace the contents of an OCTET STRING or of a string of octet characters by a copy; -ENOMEM. */
int aper_string_set(struct aper_message *m, void *string, const void *p, size_t n);

/* Encode what aper_root() holds now. Octets written (at least 1), -ENOBUFS, -EINVAL: a value outside of its
 * constraints, a missing component, a CHOICE of nothing. */
long aper_write(const struct aper_message *m, uint8_t *out, size_t cap);

/* Encode a struct that was never decoded. */
long aper_write_value(const struct asn_TYPE_descriptor_s *td, const void *value, uint8_t *out, size_t cap);

#endif
