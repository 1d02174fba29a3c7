/* What asn1c's type descriptors say to aligned PER. Clauses are those of X.691 (08/2015).
 *
 * Descriptors must be warm (types.h): a derived type that nobody has used yet is APER_UNKNOWN, as is
 * everything that PER cannot carry for us (REAL, SET). */
#ifndef POSTERN_APER_TYPE_H
#define POSTERN_APER_TYPE_H

#include <asn_application.h>
#include <stdbool.h>
#include <stddef.h>

enum aper_kind {
	APER_UNKNOWN,
	APER_BOOLEAN,
	APER_NULL,
	APER_INTEGER, /* in a long */
	APER_NUMBER,  /* in an INTEGER_t */
	APER_ENUMERATED,
	APER_OCTETS,
	APER_BITS,
	APER_CHARACTERS, /* strings of known multiplier (30.1) */
	APER_TEXT,       /* other strings, object identifiers, open types: octets after their count */
	APER_SEQUENCE,
	APER_LIST,
	APER_CHOICE,
	APER_KINDS,
};

enum aper_kind aper_kind(const asn_TYPE_descriptor_t *td);

/* A type with the constraints that its use as a member puts on it. */
struct aper_slot {
	const asn_TYPE_descriptor_t *td;
	const struct asn_per_constraints_s *limits; /* NULL: none */
};

struct aper_slot aper_slot(const asn_TYPE_member_t *member);

/* Octets of the C type. */
size_t aper_storage(const asn_TYPE_descriptor_t *td);

/* A count of octets, bits, characters or elements. */
struct aper_size {
	size_t lb, ub;   /* ub only where bounded */
	bool bounded;    /* the length is a constrained whole number (11.9.4.1) */
	bool extensible; /* a bit tells whether the value obeys */
};

struct aper_size aper_size(const struct asn_per_constraints_s *limits);
static inline bool aper_size_fixed(const struct aper_size *s)
{
	return s->bounded && s->lb == s->ub;
}

/* How characters become bits (30.5): the character itself, or its place in the permitted alphabet. */
struct aper_alphabet {
	unsigned bits;   /* of a character on the wire: a power of two (30.5.2) */
	unsigned octets; /* of a character in the C type */
	unsigned first;  /* the character of code 0, where the alphabet has no holes */
	const struct asn_per_constraints_s *map; /* where it has; else NULL */
};

struct aper_alphabet aper_alphabet(const struct aper_slot *slot);

/* The character of a code and the code of a character; -1 if there is none. */
int64_t aper_character(const struct aper_alphabet *a, uint64_t code);
int64_t aper_code(const struct aper_alphabet *a, uint64_t character);

/* Members before the extension marker, and additions after it. */
struct aper_extent {
	unsigned root, additions;
	bool extensible;
};

struct aper_extent aper_extent(const asn_TYPE_descriptor_t *td); /* of a SEQUENCE or CHOICE */

#endif
