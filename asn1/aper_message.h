/* The inside of a message: its memory, and what is kept beside its structs. */
#ifndef POSTERN_APER_MESSAGE_H
#define POSTERN_APER_MESSAGE_H

#include "aper.h"

#include <stdbool.h>

enum aper_part_kind {
	APER_PART_BITMAP,      /* of additions, when it was not as we would write it */
	APER_PART_ADDITION,    /* the contents of an open type that was not decoded */
	APER_PART_TAIL,        /* what followed the value in an open type */
	APER_PART_ALTERNATIVE, /* of a CHOICE, likewise not decoded */
	APER_PART_NUMBER,      /* the octets of an integer, when there were too many */
	APER_PART_ITEM,        /* of an ENUMERATED, unknown */
};

/* What a struct of generated type cannot hold; found again by the address and type of that struct (the first
 * member of a struct has its address too) and by kind and index. */
struct aper_part {
	const void *at;
	const struct asn_TYPE_descriptor_s *td;
	enum aper_part_kind kind;
	unsigned index;   /* of the addition that an ADDITION or TAIL belongs to; else 0 */
	unsigned detail;  /* ALTERNATIVE, ITEM: its number after the extension marker. BITMAP: 1 if no bit was
			     set. TAIL: so many bits of its first octet belong to the value */
	const uint8_t *p; /* lives as long as the message */
	size_t n;         /* octets at p. BITMAP: its bits; at p a bit for each ADDITION that was kept, from the
			     least significant on */
};

struct aper_message {
	const struct asn_TYPE_descriptor_s *td;
	void *root;
	const uint8_t *data; /* a copy of the input */
	size_t len, consumed;
	uint8_t *free; /* of the youngest chunk */
	size_t left, used;
	struct aper_part *parts;
	size_t n_parts, cap_parts;
	struct aper_leaf *leaves;
	size_t n_leaves, cap_leaves;
};

struct aper_message *aper_message_new(const struct asn_TYPE_descriptor_s *td, const uint8_t *data, size_t len);

/* Zeroed; -E2BIG beyond the message's cap, -ENOMEM. */
int aper_new(struct aper_message *m, size_t n, void **out);

/* An element to a SEQUENCE OF; errors of aper_new(). */
int aper_append(struct aper_message *m, void *list, void *element);

int aper_keep(struct aper_message *m, const struct aper_part *part);
int aper_note_leaf(struct aper_message *m, const struct aper_leaf *leaf);

/* When all is decoded, before the first search. */
void aper_sort_parts(struct aper_message *m);

/* NULL if there is none; m may be NULL. */
const struct aper_part *aper_find(const struct aper_message *m, const struct aper_part *key);

#endif
