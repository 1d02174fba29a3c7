#include "asn1_print.h"

#include "aper_codec.h"
#include "asn1_codec.h"
#include "asn1_text.h"
#include "types.h"
#include <BIT_STRING.h>
#include <BOOLEAN.h>
#include <INTEGER.h>
#include <OCTET_STRING.h>
#include <asn_SET_OF.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

struct printer {
	FILE *f;
	const struct aper_message *m; /* NULL: BER, which keeps nothing beside its structs */
	unsigned depth;
};

static void print_value(struct printer *p, const asn_TYPE_descriptor_t *td, const void *at,
			const char *component);

void asn1_print_indent(FILE *f, unsigned depth)
{
	fprintf(f, "%*s", (int)depth * 2, "");
}

static void begin(struct printer *p)
{
	asn1_print_indent(p->f, p->depth);
}

static void end_with(struct printer *p, const char *what, const uint8_t *octets, size_t n)
{
	fputs(what, p->f);
	asn1_text_hex(p->f, octets, n);
	fputc('\n', p->f);
}

/* ---- what is written on one line ---- */

static void print_enumerated(struct printer *p, const asn_TYPE_descriptor_t *td, const void *at)
{
	const asn_INTEGER_specifics_t *specifics = td->specifics;
	struct aper_part key = { .at = at, .td = td, .kind = APER_PART_ITEM };
	const struct aper_part *part = aper_find(p->m, &key);
	long value = *(const long *)at;

	for (int i = 0; specifics && i < specifics->map_count; i++)
		if (specifics->value2enum[i].nat_value == value) {
			fprintf(p->f, "%s\n", specifics->value2enum[i].enum_name);
			return;
		}
	if (part)
		fprintf(p->f, "unknown item %u\n", part->detail);
	else
		fprintf(p->f, "unknown item of value %ld\n", value);
}

static void print_number(FILE *f, const INTEGER_t *n)
{
	long value;

	if (n->size <= (int)sizeof(value) && !asn_INTEGER2long(n, &value)) {
		fprintf(f, "%ld", value);
		return;
	}
	fputs("0x", f);
	asn1_text_hex(f, n->buf, (size_t)n->size);
}

static bool is_oid(const asn_TYPE_descriptor_t *td)
{
	for (int i = 0; i < td->all_tags_count; i++)
		if (td->all_tags[i] == (ASN_TAG_CLASS_UNIVERSAL | 6 << 2))
			return true;
	return false;
}

static void print_bits(FILE *f, const BIT_STRING_t *s)
{
	asn1_text_bits(f, s->buf, s->size ? (size_t)s->size * 8 - (size_t)s->bits_unused : 0);
}

static void print_simple(struct printer *p, const asn_TYPE_descriptor_t *td, const void *at)
{
	const OCTET_STRING_t *s = at;
	struct aper_slot slot = { td, NULL };

	switch (aper_kind(td)) {
	case APER_BOOLEAN:
		fputs(*(const BOOLEAN_t *)at ? "TRUE" : "FALSE", p->f);
		break;
	case APER_INTEGER:
		fprintf(p->f, "%ld", *(const long *)at);
		break;
	case APER_NUMBER:
		print_number(p->f, at);
		break;
	case APER_BITS:
		print_bits(p->f, at);
		break;
	case APER_CHARACTERS:
		asn1_text_string(p->f, s->buf, (size_t)s->size, aper_alphabet(&slot).octets);
		break;
	case APER_TEXT:
		if (is_oid(td))
			asn1_text_oid(p->f, s->buf, (size_t)s->size);
		else
			asn1_text_string(p->f, s->buf, (size_t)s->size, 1);
		break;
	default:
		asn1_text_octets(p->f, s->buf, (size_t)s->size);
	}
	fputc('\n', p->f);
}

/* What the octet strings of a component are, where they are messages: H.225.0 and H.248 annex A. NULL. */
static const asn_TYPE_descriptor_t *held_by(const char *component)
{
	static const struct {
		const char *component, *type;
	} held[] = {
		{ "fastStart", "OpenLogicalChannel" },
		{ "h245Control", "MultimediaSystemControlMessage" },
		{ "parallelH245Control", "MultimediaSystemControlMessage" },
		{ "h248Message", "MegacoMessage" },
	};

	for (size_t i = 0; i < sizeof(held) / sizeof(*held); i++)
		if (!strcmp(component, held[i].component))
			return types_find(held[i].type);
	return NULL;
}

/* An octet string, or the message within it. */
static void print_octets(struct printer *p, const OCTET_STRING_t *s, const char *component)
{
	const asn_TYPE_descriptor_t *held = component ? held_by(component) : NULL;
	struct asn1_value v;

	if (!held || asn1_decode(held, s->buf, (size_t)s->size, &v)) {
		asn1_text_octets(p->f, s->buf, (size_t)s->size);
		fputs(held ? " (does not decode)\n" : "\n", p->f);
		return;
	}
	asn1_print(p->f, &v, p->depth, held->name);
	if (v.consumed < (size_t)s->size) {
		begin(p);
		end_with(p, "  left over: ", s->buf + v.consumed, (size_t)s->size - v.consumed);
	}
	asn1_end(&v);
}

/* ---- SEQUENCE ---- */

static bool is_ip(const asn_TYPE_member_t *member, const void *base)
{
	struct aper_slot slot = aper_slot(member);
	struct aper_size size = aper_size(slot.limits);
	const OCTET_STRING_t *s = aper_member(member, base);

	return s && aper_kind(slot.td) == APER_OCTETS && aper_size_fixed(&size) && (size_t)s->size == size.ub &&
	       (size.ub == 4 || size.ub == 16);
}

static bool is_port(const asn_TYPE_member_t *member)
{
	return aper_kind(member->type) == APER_INTEGER && member->per_constraints &&
	       member->per_constraints->value.upper_bound == UINT16_MAX;
}

/* All standards write an address as an octet string of its length with the port next to it. The place of the
 * octet string, or -1. */
static int find_address(const asn_TYPE_descriptor_t *td, const void *at)
{
	for (int i = 0; i + 1 < td->elements_count; i++)
		if (is_ip(&td->elements[i], at) && is_port(&td->elements[i + 1]))
			return i;
	return -1;
}

static void print_address(FILE *f, const asn_TYPE_member_t *member, const void *base)
{
	const OCTET_STRING_t *ip = aper_member(member, base);
	const long *port = aper_member(member + 1, base);

	asn1_text_address(f, ip->buf, (size_t)ip->size, port ? *port : -1);
}

static void print_tail(struct printer *p, struct aper_part key)
{
	const struct aper_part *tail;

	key.kind = APER_PART_TAIL;
	tail = aper_find(p->m, &key);
	if (!tail)
		return;
	begin(p);
	end_with(p, "unknown tail: ", tail->p, tail->n);
}

/* Known or not; a known one that did not decode was kept in octets. */
static void print_addition(struct printer *p, const asn_TYPE_member_t *member, struct aper_part key)
{
	const void *value = member ? aper_member(member, key.at) : NULL;
	const struct aper_part *part = aper_find(p->m, &key);

	if (value) {
		begin(p);
		fprintf(p->f, "%s:", member->name);
		print_value(p, member->type, value, member->name);
		print_tail(p, key);
	} else if (part) {
		begin(p);
		fprintf(p->f, member ? "%s (addition %u, does not decode): " : "%sunknown addition %u: ",
			member ? member->name : "", key.index);
		end_with(p, "", part->p, part->n);
	}
}

static void print_additions(struct printer *p, const asn_TYPE_descriptor_t *td, const void *at)
{
	struct aper_extent extent = aper_extent(td);
	struct aper_part key = { .at = at, .td = td, .kind = APER_PART_BITMAP };
	const struct aper_part *bitmap = aper_find(p->m, &key);
	size_t n = bitmap && bitmap->n > extent.additions ? bitmap->n : extent.additions;

	key.kind = APER_PART_ADDITION;
	for (; key.index < n; key.index++)
		print_addition(p, key.index < extent.additions ? &td->elements[extent.root + key.index] : NULL,
			       key);
}

static void print_sequence(struct printer *p, const asn_TYPE_descriptor_t *td, const void *at)
{
	int address = find_address(td, at), root = (int)aper_extent(td).root;

	if (address >= 0) {
		fputc(' ', p->f);
		print_address(p->f, &td->elements[address], at);
	}
	fputc('\n', p->f);
	p->depth++;
	for (int i = 0; i < root; i++) {
		const asn_TYPE_member_t *member = &td->elements[i];
		const void *value = aper_member(member, at);

		if (!value || (address >= 0 && (i == address || i == address + 1)))
			continue;
		begin(p);
		fprintf(p->f, "%s:", member->name);
		print_value(p, member->type, value, member->name);
	}
	print_additions(p, td, at);
	p->depth--;
}

/* ---- lists and choices ---- */

static void print_list(struct printer *p, const asn_TYPE_descriptor_t *td, const void *at, const char *component)
{
	const asn_anonymous_set_ *list = at;

	fprintf(p->f, "%d\n", list->count);
	p->depth++;
	for (int i = 0; i < list->count; i++) {
		begin(p);
		fprintf(p->f, "[%d]:", i);
		print_value(p, td->elements[0].type, list->array[i], component);
	}
	p->depth--;
}

static void print_choice(struct printer *p, const asn_TYPE_descriptor_t *td, const void *at)
{
	struct aper_part key = { .at = at, .td = td, .kind = APER_PART_ALTERNATIVE };
	const struct aper_part *part = aper_find(p->m, &key);
	unsigned n = aper_present(td, at);
	const asn_TYPE_member_t *member;

	if (n && n <= (unsigned)td->elements_count) {
		member = &td->elements[n - 1];
		fputs(member->name, p->f);
		print_value(p, member->type, aper_member(member, at), member->name);
		p->depth++;
		print_tail(p, key);
		p->depth--;
	} else if (part) {
		fprintf(p->f, "unknown alternative %u: ", part->detail);
		end_with(p, "", part->p, part->n);
	} else {
		fputs("unknown alternative\n", p->f);
	}
}

static void print_value(struct printer *p, const asn_TYPE_descriptor_t *td, const void *at, const char *component)
{
	enum aper_kind kind = aper_kind(td);

	if (kind != APER_SEQUENCE && kind != APER_NULL)
		fputc(' ', p->f);
	switch (kind) {
	case APER_SEQUENCE:
		print_sequence(p, td, at);
		break;
	case APER_LIST:
		print_list(p, td, at, component);
		break;
	case APER_CHOICE:
		print_choice(p, td, at);
		break;
	case APER_ENUMERATED:
		print_enumerated(p, td, at);
		break;
	case APER_NULL:
		fputc('\n', p->f);
		break;
	case APER_OCTETS:
		print_octets(p, at, component);
		break;
	default:
		print_simple(p, td, at);
	}
}

void asn1_print(FILE *f, const struct asn1_value *v, unsigned depth, const char *title)
{
	struct printer p = { .f = f, .m = v->m, .depth = depth };

	fprintf(f, "%s:", title);
	print_value(&p, v->td, v->root, NULL);
}
