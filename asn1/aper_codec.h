/* The parts of the engine to each other. A decoder reads a value of a slot's type into zeroed storage, an
 * encoder writes it. All return 0 or an error of aper.h; where a function ends with an error, what it
 * wrote and kept is in no defined state. */
#ifndef POSTERN_APER_CODEC_H
#define POSTERN_APER_CODEC_H

#include "aper_message.h"
#include "aper_reader.h"
#include "aper_type.h"
#include "aper_writer.h"

struct aper_decoder {
	struct aper_reader in;
	struct aper_message *m;
	unsigned depth;
	const char *component; /* of the innermost SEQUENCE; NULL: none */
};

struct aper_encoder {
	struct aper_writer out;
	const struct aper_message *m; /* NULL: nothing lies beside the structs */
	unsigned depth;
};

typedef int aper_decode_fn(struct aper_decoder *d, const struct aper_slot *slot, void *at);
typedef int aper_encode_fn(struct aper_encoder *e, const struct aper_slot *slot, const void *at);

/* Of any kind, within the cap of depth. */
aper_decode_fn aper_decode_value;
aper_encode_fn aper_encode_value;

/* Of one kind each. */
aper_decode_fn aper_decode_integer, aper_decode_number, aper_decode_enumerated, aper_decode_octets,
	aper_decode_bits, aper_decode_characters, aper_decode_text, aper_decode_sequence, aper_decode_list,
	aper_decode_choice;
aper_encode_fn aper_encode_integer, aper_encode_number, aper_encode_enumerated, aper_encode_octets,
	aper_encode_bits, aper_encode_characters, aper_encode_text, aper_encode_sequence, aper_encode_list,
	aper_encode_choice;

/* A member's value; NULL if it is absent. */
const void *aper_member(const asn_TYPE_member_t *member, const void *base);

/* Which alternative a CHOICE holds: elements[n - 1] of its descriptor; 0: none that we know. */
unsigned aper_present(const asn_TYPE_descriptor_t *td, const void *at);

/* A member, into or from the struct at base; room for it is made where the struct holds a pointer. */
int aper_decode_member(struct aper_decoder *d, const asn_TYPE_member_t *member, void *base);
int aper_encode_member(struct aper_encoder *e, const asn_TYPE_member_t *member, const void *base);

/* An open type (11.2) that holds a member, NULL if we do not know it. If it is unknown or does not decode,
 * its contents are kept as *part, which comes with all but p and n, and 1 is returned. */
int aper_decode_open(struct aper_decoder *d, const asn_TYPE_member_t *member, void *base,
		     struct aper_part *part);

/* The member if it is present, else the part that was kept instead (only its key is looked at); -EINVAL if
 * there is neither. */
int aper_encode_open(struct aper_encoder *e, const asn_TYPE_member_t *member, const void *base,
		     const struct aper_part *key);

/* Contents of n items of so many bits, which lie without gaps at p. */
struct aper_run {
	const uint8_t *p;
	size_t n;
	unsigned bits;
	bool align; /* the contents begin at an octet, whatever their length is */
	const struct aper_alphabet *alphabet; /* encode only: the items are characters of the C type */
};

/* Takes and puts the contents with the length before them. Of a run to take, p and n are the result. */
int aper_take_run(struct aper_decoder *d, struct aper_size size, struct aper_run *run);
int aper_put_run(struct aper_encoder *e, struct aper_size size, const struct aper_run *run);

/* If the alternative of the CHOICE at `at` is a transport address, it is noted. */
int aper_leaf_seen(struct aper_decoder *d, const asn_TYPE_descriptor_t *choice,
		   const asn_TYPE_member_t *member, void *at);

#endif
