#include "aper_type.h"
#include "aper_number.h"
#include <BIT_STRING.h>
#include <BOOLEAN.h>
#include <INTEGER.h>
#include <NULL.h>
#include <NativeInteger.h>
#include <OCTET_STRING.h>
#include <PrintableString.h>
#include <asn_SEQUENCE_OF.h>
#include <constr_CHOICE.h>
#include <constr_SEQUENCE.h>
#include <constr_SET_OF.h>

/* The C type that asn1c chose is told by the function that frees it. */
enum shape {
	SHAPE_BOOLEAN,
	SHAPE_LONG,
	SHAPE_PRIMITIVE,
	SHAPE_STRING,
	SHAPE_SEQUENCE,
	SHAPE_LIST,
	SHAPE_CHOICE,
	SHAPES,
};

static enum shape shape_of(const asn_TYPE_descriptor_t *td)
{
	static asn_struct_free_f *const frees[SHAPES] = {
		BOOLEAN_free,  NativeInteger_free, ASN__PRIMITIVE_TYPE_free, OCTET_STRING_free,
		SEQUENCE_free, SET_OF_free,	   CHOICE_free,
	};
	unsigned i = 0;

	while (i < SHAPES && frees[i] != td->free_struct)
		i++;
	return i;
}

/* By UNIVERSAL tag (X.680 table 1). A REAL in a double, a SET and the rest are not for us. */
static const struct {
	unsigned char kind, shape;
} universal[31] = {
	[1] = { APER_BOOLEAN, SHAPE_BOOLEAN },
	[2] = { APER_INTEGER, SHAPE_LONG },
	[3] = { APER_BITS, SHAPE_STRING },
	[4] = { APER_OCTETS, SHAPE_STRING },
	[5] = { APER_NULL, SHAPE_BOOLEAN },
	[6] = { APER_TEXT, SHAPE_PRIMITIVE },
	[7] = { APER_TEXT, SHAPE_STRING },
	[10] = { APER_ENUMERATED, SHAPE_LONG },
	[12] = { APER_TEXT, SHAPE_STRING },
	[13] = { APER_TEXT, SHAPE_PRIMITIVE },
	[16] = { APER_SEQUENCE, SHAPE_SEQUENCE },
	[17] = { APER_LIST, SHAPE_LIST },
	[18] = { APER_CHARACTERS, SHAPE_STRING },
	[19] = { APER_CHARACTERS, SHAPE_STRING },
	[20] = { APER_TEXT, SHAPE_STRING },
	[21] = { APER_TEXT, SHAPE_STRING },
	[22] = { APER_CHARACTERS, SHAPE_STRING },
	[23] = { APER_TEXT, SHAPE_STRING }, /* a VisibleString (30.4), which is the same without limits */
	[24] = { APER_TEXT, SHAPE_STRING },
	[25] = { APER_TEXT, SHAPE_STRING },
	[26] = { APER_CHARACTERS, SHAPE_STRING },
	[27] = { APER_TEXT, SHAPE_STRING },
	[28] = { APER_CHARACTERS, SHAPE_STRING },
	[30] = { APER_CHARACTERS, SHAPE_STRING },
};

/* The type's own tag comes after those that were put before it, and before that of an OCTET STRING with which
 * libasn1c ends the tags of its strings; 0 if there is none. */
static unsigned universal_tag(const asn_TYPE_descriptor_t *td)
{
	for (int i = 0; i < td->all_tags_count; i++) {
		unsigned tag = BER_TAG_VALUE(td->all_tags[i]);

		if (BER_TAG_CLASS(td->all_tags[i]) == ASN_TAG_CLASS_UNIVERSAL)
			return tag < sizeof(universal) / sizeof(*universal) ? tag : 0;
	}
	return 0;
}

enum aper_kind aper_kind(const asn_TYPE_descriptor_t *td)
{
	enum shape shape = shape_of(td);
	unsigned tag = universal_tag(td);

	if (shape == SHAPE_CHOICE)
		return APER_CHOICE;
	if (!tag)
		return shape == SHAPE_STRING && !td->all_tags_count ? APER_TEXT : APER_UNKNOWN;
	if (shape == SHAPE_LIST && (tag == 16 || tag == 17))
		return APER_LIST;
	if (shape == SHAPE_PRIMITIVE && tag == 2)
		return APER_NUMBER;
	return universal[tag].shape == shape ? universal[tag].kind : APER_UNKNOWN;
}

struct aper_slot aper_slot(const asn_TYPE_member_t *member)
{
	const struct asn_per_constraints_s *own = member->per_constraints;

	return (struct aper_slot){ member->type, own ? own : member->type->per_constraints };
}

size_t aper_storage(const asn_TYPE_descriptor_t *td)
{
	static const size_t sizes[APER_KINDS] = {
		[APER_BOOLEAN] = sizeof(BOOLEAN_t),	[APER_NULL] = sizeof(NULL_t),
		[APER_INTEGER] = sizeof(long),		[APER_NUMBER] = sizeof(INTEGER_t),
		[APER_ENUMERATED] = sizeof(long),	[APER_OCTETS] = sizeof(OCTET_STRING_t),
		[APER_BITS] = sizeof(BIT_STRING_t),	[APER_CHARACTERS] = sizeof(OCTET_STRING_t),
		[APER_TEXT] = sizeof(OCTET_STRING_t),
	};

	switch (aper_kind(td)) {
	case APER_SEQUENCE:
		return (size_t)((asn_SEQUENCE_specifics_t *)td->specifics)->struct_size;
	case APER_LIST:
		return (size_t)((asn_SET_OF_specifics_t *)td->specifics)->struct_size;
	case APER_CHOICE:
		return (size_t)((asn_CHOICE_specifics_t *)td->specifics)->struct_size;
	default:
		return sizes[aper_kind(td)];
	}
}

struct aper_size aper_size(const struct asn_per_constraints_s *limits)
{
	struct aper_size s = { 0 };

	if (!limits)
		return s;
	s.extensible = limits->size.flags & APC_EXTENSIBLE;
	s.bounded = limits->size.flags & APC_CONSTRAINED && limits->size.upper_bound < APER_64K;
	if (!s.bounded)
		return s;
	s.lb = (size_t)limits->size.lower_bound;
	s.ub = (size_t)limits->size.upper_bound;
	return s;
}

/* Of a character in the C type. */
static unsigned character_octets(const asn_TYPE_descriptor_t *td)
{
	unsigned tag = universal_tag(td);

	return tag == 30 ? 2 : tag == 28 ? 4 : 1;
}

struct aper_alphabet aper_alphabet(const struct aper_slot *slot)
{
	const struct asn_per_constraints_s *limits = slot->limits;
	unsigned octets = character_octets(slot->td), width;
	struct aper_alphabet whole = { .bits = octets * 8, .octets = octets }, a = whole;

	/* What libasn1c says of a PrintableString without limits was meant for a NumericString. */
	if (!limits || !(limits->value.flags & APC_CONSTRAINED) ||
	    limits == asn_DEF_PrintableString.per_constraints)
		return whole;
	width = (unsigned)(limits->value.range_bits < 0 ? 32 : limits->value.range_bits);
	for (a.bits = 1; a.bits < width; a.bits *= 2)
		;
	if (a.bits >= whole.bits)
		return whole;
	if (limits->value.upper_bound >> a.bits == 0) /* 30.5.4 a: characters as they are */
		return a;
	a.first = (unsigned)limits->value.lower_bound;
	a.map = limits->code2value ? limits : NULL;
	return a;
}

int64_t aper_character(const struct aper_alphabet *a, uint64_t code)
{
	return a->map ? a->map->code2value((unsigned)code) : (int64_t)(code + a->first);
}

int64_t aper_code(const struct aper_alphabet *a, uint64_t character)
{
	int64_t code = a->map ? a->map->value2code((unsigned)character) : (int64_t)(character - a->first);

	return code >> a->bits ? -1 : code; /* negative ones are not 0 either */
}

struct aper_extent aper_extent(const asn_TYPE_descriptor_t *td)
{
	unsigned all = (unsigned)td->elements_count;
	int root; /* below 0: no extension marker */

	if (td->free_struct == CHOICE_free) {
		root = ((asn_CHOICE_specifics_t *)td->specifics)->ext_start;
	} else {
		asn_SEQUENCE_specifics_t *specifics = td->specifics;

		root = specifics->ext_before < 0 ? -1 : specifics->ext_after + 1;
	}
	if (root < 0)
		return (struct aper_extent){ all, 0, false };
	return (struct aper_extent){ (unsigned)root, all - (unsigned)root, true };
}
