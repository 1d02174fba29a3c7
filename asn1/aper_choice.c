#include "aper_codec.h"
#include <constr_CHOICE.h>
#include <errno.h>
#include <string.h>

/* Clause 23. Alternatives before the marker are counted in the order of their tags (23.5), which
 * canonical_order translates to members where that is another order. */

static const asn_CHOICE_specifics_t *specifics_of(const asn_TYPE_descriptor_t *td)
{
	return td->specifics;
}

/* asn1c's enumeration of alternatives begins with 1, 0 is none; its size depends on the compiler. */
static void set_present(const asn_TYPE_descriptor_t *td, void *at, unsigned present)
{
	memcpy((char *)at + specifics_of(td)->pres_offset, &present, sizeof(present));
}

unsigned aper_present(const asn_TYPE_descriptor_t *td, const void *at)
{
	unsigned present;

	memcpy(&present, (const char *)at + specifics_of(td)->pres_offset, sizeof(present));
	return present;
}

static unsigned member_of(const asn_TYPE_descriptor_t *td, unsigned place)
{
	const int *order = specifics_of(td)->canonical_order;

	return order ? (unsigned)order[place] : place;
}

static unsigned place_of(const asn_TYPE_descriptor_t *td, unsigned member)
{
	unsigned place = 0;

	while (member_of(td, place) != member)
		place++;
	return place;
}

static int decode_addition(struct aper_decoder *d, const asn_TYPE_descriptor_t *td,
			   const struct aper_extent *extent, void *at)
{
	struct aper_part part = { .at = at, .td = td, .kind = APER_PART_ALTERNATIVE };
	const asn_TYPE_member_t *member = NULL;
	uint64_t n;
	int got;

	if (aper_take_small(&d->in, &n) || n > INT_MAX)
		return -EBADMSG;
	part.detail = (unsigned)n;
	if (n < extent->additions)
		member = &td->elements[extent->root + n];
	got = aper_decode_open(d, member, at, &part);
	if (got)
		return got < 0 ? got : 0;
	set_present(td, at, extent->root + (unsigned)n + 1);
	return aper_leaf_seen(d, td, member, at);
}

int aper_decode_choice(struct aper_decoder *d, const struct aper_slot *slot, void *at)
{
	struct aper_extent extent = aper_extent(slot->td);
	uint64_t extended = 0, place;
	unsigned i;
	size_t octets;
	int err;

	if (extent.extensible && aper_take(&d->in, 1, &extended))
		return -EBADMSG;
	if (extended)
		return decode_addition(d, slot->td, &extent, at);
	if (!extent.root || aper_take_whole(&d->in, extent.root - 1, &place, &octets))
		return -EBADMSG;
	i = member_of(slot->td, (unsigned)place);
	set_present(slot->td, at, i + 1);
	err = aper_decode_member(d, &slot->td->elements[i], at);
	return err ? err : aper_leaf_seen(d, slot->td, &slot->td->elements[i], at);
}

static int encode_addition(struct aper_encoder *e, const struct aper_part *part,
			   const asn_TYPE_member_t *member)
{
	int err = aper_put(&e->out, 1, 1);

	if (!err)
		err = aper_put_small(&e->out, part->detail);
	return err ? err : aper_encode_open(e, member, part->at, part);
}

int aper_encode_choice(struct aper_encoder *e, const struct aper_slot *slot, const void *at)
{
	const asn_TYPE_descriptor_t *td = slot->td;
	struct aper_part key = { .at = at, .td = td, .kind = APER_PART_ALTERNATIVE };
	struct aper_extent extent = aper_extent(td);
	unsigned i = aper_present(td, at) - 1;
	const struct aper_part *part;
	int err = 0;

	if (i >= (unsigned)td->elements_count) {
		part = i + 1 ? NULL : aper_find(e->m, &key);
		return part ? encode_addition(e, part, NULL) : -EINVAL;
	}
	if (i >= extent.root) {
		key.detail = i - extent.root;
		return encode_addition(e, &key, &td->elements[i]);
	}
	if (extent.extensible)
		err = aper_put(&e->out, 1, 0);
	if (!err)
		err = aper_put_whole(&e->out, extent.root - 1, place_of(td, i), 0);
	return err ? err : aper_encode_member(e, &td->elements[i], at);
}
