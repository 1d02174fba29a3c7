#include "full_value.h"

#include "aper_type.h"
#include <BIT_STRING.h>
#include <INTEGER.h>
#include <OCTET_STRING.h>
#include <asn_SEQUENCE_OF.h>
#include <constr_CHOICE.h>
#include <stdbool.h>
#include <string.h>

#define ROOM (4u << 20)
#define DEPTH 14u
#define FAR 99u

static struct {
	uint8_t room[ROOM];
	size_t used;
	unsigned alternative; /* 0: it was taken */
	bool missing;
	uint8_t ip[4];
	long port;
} full;

static void *take(size_t n)
{
	void *p = full.room + full.used;

	full.used += (n + 15) & ~(size_t)15;
	if (full.used > ROOM)
		return NULL;
	return memset(p, 0, n);
}

static void fill(const struct aper_slot *slot, void *at, unsigned depth);

/* How many values down the next transport address is; FAR: nowhere. */
static unsigned distance(const asn_TYPE_descriptor_t *td, unsigned depth)
{
	enum aper_kind kind = aper_kind(td);
	unsigned best = FAR;

	if (!strcmp(td->name, "TransportAddress"))
		return 0;
	if (depth == DEPTH || (kind != APER_SEQUENCE && kind != APER_CHOICE && kind != APER_LIST))
		return FAR;
	for (int i = 0; i < td->elements_count; i++) {
		unsigned d = distance(td->elements[i].type, depth + 1);

		if (d < FAR && d + 1 < best)
			best = d + 1;
	}
	return best;
}

static void fill_member(const asn_TYPE_member_t *m, void *base, unsigned depth)
{
	struct aper_slot slot = aper_slot(m);
	void *at = (char *)base + m->memb_offset;

	if (m->flags & ATF_POINTER)
		at = *(void **)at = take(aper_storage(slot.td));
	if (at)
		fill(&slot, at, depth + 1);
}

static void fill_sequence(const asn_TYPE_descriptor_t *td, void *at, unsigned depth)
{
	struct aper_extent extent = aper_extent(td);

	for (unsigned i = 0; i < (unsigned)td->elements_count; i++) {
		const asn_TYPE_member_t *m = &td->elements[i];
		bool optional = m->optional || i >= extent.root;

		if (!optional || (depth < DEPTH && distance(m->type, depth) < FAR))
			fill_member(m, at, depth);
	}
}

static void fill_list(const struct aper_slot *slot, asn_anonymous_set_ *list, unsigned depth)
{
	struct aper_size size = aper_size(slot->limits);
	struct aper_slot element = aper_slot(slot->td->elements);
	size_t n = size.lb;

	if (!n && depth < DEPTH && distance(element.td, depth) < FAR)
		n = 1;
	list->array = take((n + 1) * sizeof(*list->array));
	for (size_t i = 0; i < n; i++) {
		void *one = take(aper_storage(element.td));

		list->array[i] = one;
		fill(&element, one, depth + 1);
	}
	list->count = list->size = (int)n;
}

/* The one that leads to an address soonest; else one with the least inside. */
static unsigned nearest(const asn_TYPE_descriptor_t *td, unsigned depth)
{
	unsigned best = 0, least = FAR;

	for (unsigned i = 0; i < (unsigned)td->elements_count; i++) {
		unsigned d = distance(td->elements[i].type, depth);

		if (d < least) {
			least = d;
			best = i;
		}
	}
	for (unsigned i = 0; least == FAR && i < (unsigned)td->elements_count; i++)
		if (aper_kind(td->elements[i].type) == APER_NULL)
			return i;
	return best;
}

static void fill_choice(const asn_TYPE_descriptor_t *td, void *at, unsigned depth)
{
	const asn_CHOICE_specifics_t *specifics = td->specifics;
	unsigned i, present;

	if (full.alternative) {
		i = full.alternative - 1;
		full.alternative = 0;
		full.missing = i >= (unsigned)td->elements_count;
	} else {
		i = strcmp(td->name, "TransportAddress") ? nearest(td, depth) : 0;
	}
	if (full.missing)
		return;
	present = i + 1;
	memcpy((char *)at + specifics->pres_offset, &present, sizeof(present));
	fill_member(&td->elements[i], at, depth);
}

static void fill_octets(const struct aper_slot *slot, void *at, size_t octets)
{
	OCTET_STRING_t *s = at;

	s->size = (int)octets;
	s->buf = take(octets + 1);
	if (octets == 4 && s->buf)
		memcpy(s->buf, full.ip, 4);
	if (aper_kind(slot->td) != APER_CHARACTERS)
		return;
	for (size_t i = 0; i < octets; i++) {
		struct aper_alphabet a = aper_alphabet(slot);

		s->buf[i] = a.octets == 1 ? (uint8_t)aper_character(&a, 0) : 0;
	}
}

/* An object identifier may be no shorter than this one of H.225.0. */
static void fill_text(void *at)
{
	static const uint8_t oid[] = { 0x00, 0x08, 0x91, 0x4a, 0x00, 0x06 };
	OCTET_STRING_t *s = at;

	s->buf = take(sizeof(oid));
	s->size = sizeof(oid);
	if (s->buf)
		memcpy(s->buf, oid, sizeof(oid));
}

static void fill_integer(const struct aper_slot *slot, long *at)
{
	bool limited = slot->limits && slot->limits->value.flags & APC_CONSTRAINED;

	*at = limited ? slot->limits->value.lower_bound : 1;
	if (limited && slot->limits->value.upper_bound == UINT16_MAX)
		*at = full.port++;
}

static void fill(const struct aper_slot *slot, void *at, unsigned depth)
{
	struct aper_size size = aper_size(slot->limits);
	const asn_TYPE_descriptor_t *td = slot->td;

	switch (aper_kind(td)) {
	case APER_SEQUENCE: fill_sequence(td, at, depth); break;
	case APER_CHOICE: fill_choice(td, at, depth); break;
	case APER_LIST: fill_list(slot, at, depth); break;
	case APER_INTEGER: fill_integer(slot, at); break;
	case APER_ENUMERATED:
		*(long *)at = ((const asn_INTEGER_specifics_t *)td->specifics)->value2enum[0].nat_value;
		break;
	case APER_NUMBER:
	case APER_OCTETS: fill_octets(slot, at, size.lb ? size.lb : 1); break;
	case APER_BITS:
		fill_octets(slot, at, (size.lb + 7) / 8);
		((BIT_STRING_t *)at)->bits_unused = (int)(((BIT_STRING_t *)at)->size * 8 - (int)size.lb);
		break;
	case APER_CHARACTERS: fill_octets(slot, at, size.lb * aper_alphabet(slot).octets); break;
	case APER_TEXT: fill_text(at); break;
	default: break;
	}
}

void *full_value(const asn_TYPE_descriptor_t *td, unsigned alternative, const uint8_t ip[4])
{
	struct aper_slot slot = { .td = td };
	void *root;

	full.used = 0;
	full.alternative = alternative;
	full.missing = false;
	full.port = 40000;
	memcpy(full.ip, ip, 4);
	root = take(aper_storage(td));
	fill(&slot, root, 0);
	return full.missing ? NULL : root;
}
