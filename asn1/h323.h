/* H.323 messages with the messages inside them: H.225.0 carries H.245 in octet strings, fastStart an
 * OpenLogicalChannel each, h245Control and parallelH245Control a MultimediaSystemControlMessage each (H.323
 * (12/2009) 8.1.7, 8.2.1). All may be edited; h323_write() puts what is inside back where it was.
 *
 * A message is exact if it encodes to the octets that came. One that is not must not be encoded: it is
 * written as it came but for the addresses that h323_set() changed. The same holds for each message inside. */
#ifndef POSTERN_H323_H
#define POSTERN_H323_H

#include "aper.h"

#include <stdbool.h>

#define H323_PARTS_MAX 128u /* messages inside one; real ones reach 40 */

struct h323_message;

/* A message inside. */
struct h323_part {
	const char *component; /* its name in H.225.0 */
	unsigned index;	       /* in the list of that name */
	void *string;	       /* the OCTET STRING of the outer message, for h323_write() alone to replace */
	struct aper_message *m; /* NULL: it does not decode, and passes as it is */
	bool exact;
};

/* An IPv4 or IPv6 transport address of the outer message or of one inside. */
struct h323_address {
	const struct aper_leaf *leaf; /* its `at` counts in the message that has it */
	size_t at;                    /* in the input of h323_read(); APER_NOWHERE as in aper.h */
	const struct h323_part *part; /* that has it; NULL: the outer message */
};

/* The type that octet strings of a component of that name hold, NULL if none that we know. */
const struct asn_TYPE_descriptor_s *h323_held(const char *component);

/* Decode one value (H323-UserInformation, or any other; these have nothing inside) into *out, which the
 * caller ends with h323_free(). Errors of aper_read(), of the outer message alone; -E2BIG also for too many
 * inside. */
int h323_read(const struct asn_TYPE_descriptor_s *td, const uint8_t *data, size_t len,
	      struct h323_message **out);
void h323_free(struct h323_message *h); /* NULL-safe */

struct aper_message *h323_outer(struct h323_message *h);
bool h323_exact(const struct h323_message *h); /* the outer message; of those inside only the length counts */

/* In the order of the components in the struct, and of the addresses in the encoding: first all of the outer
 * message, then those of each part. */
size_t h323_parts(const struct h323_message *h, const struct h323_part **list);
size_t h323_addresses(const struct h323_message *h, const struct h323_address **list);

/* Write an address over: 4 or 16 octets as its leaf's family says, the port in host order. -ENOTSUP: its
 * message is not exact and the address does not lie together in it; nothing is changed then. */
int h323_set(struct h323_message *h, const struct h323_address *a, const uint8_t *ip, uint16_t port);

/* Octets written (at least 1), or an error of aper_write(), with `out` in no defined state. */
long h323_write(struct h323_message *h, uint8_t *out, size_t cap);

#endif
