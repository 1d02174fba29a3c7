#include "aper_codec.h"
#include <constr_SEQUENCE.h>
#include <errno.h>
#include <string.h>

/* Clause 19. The bitmaps are read by a cursor that runs behind. */

static int decode_root(struct aper_decoder *d, const asn_TYPE_descriptor_t *td, unsigned n, void *at)
{
	struct aper_reader bitmap = d->in;
	const char *outer = d->component;
	uint64_t present;
	int err = 0;

	for (unsigned i = 0; i < n; i++)
		if (td->elements[i].optional && aper_take(&d->in, 1, &present))
			return -EBADMSG;
	for (unsigned i = 0; !err && i < n; i++) {
		present = 1;
		if (td->elements[i].optional)
			aper_take(&bitmap, 1, &present);
		d->component = td->elements[i].name;
		if (present)
			err = aper_decode_member(d, &td->elements[i], at);
	}
	d->component = outer;
	return err;
}

static int keep_bitmap(struct aper_decoder *d, struct aper_part *bitmap, const uint8_t *kept)
{
	size_t octets = (bitmap->n + 7) / 8;
	void *copy;
	int err = aper_new(d->m, octets, &copy);

	if (err)
		return err;
	bitmap->p = memcpy(copy, kept, octets);
	return aper_keep(d->m, bitmap);
}

/* 19.7 to 19.9. The bitmap is kept when it is not as long as ours, has no bit set, or says of an addition
 * that it is there which is not in the struct. */
static int decode_additions(struct aper_decoder *d, const asn_TYPE_descriptor_t *td,
			    const struct aper_extent *extent, void *at)
{
	struct aper_part bitmap = { .at = at, .td = td, .kind = APER_PART_BITMAP, .detail = 1 };
	uint8_t kept[APER_ADDITIONS_MAX / 8] = { 0 };
	const char *outer = d->component;
	struct aper_reader bits;
	bool odd = false;
	uint64_t present;

	if (aper_take_small_count(&d->in, &bitmap.n))
		return -EBADMSG;
	if (bitmap.n > APER_ADDITIONS_MAX)
		return -E2BIG;
	bits = d->in;
	for (size_t i = 0; i < bitmap.n; i++)
		if (aper_take(&d->in, 1, &present))
			return -EBADMSG;
	for (unsigned i = 0; i < bitmap.n; i++) {
		struct aper_part part = { .at = at, .td = td, .kind = APER_PART_ADDITION, .index = i };
		const asn_TYPE_member_t *member = NULL;
		int got;

		if (aper_take(&bits, 1, &present) || !present)
			continue;
		if (i < extent->additions)
			member = &td->elements[extent->root + i];
		d->component = member ? member->name : "";
		got = aper_decode_open(d, member, at, &part);
		d->component = outer;
		if (got < 0)
			return got;
		kept[i / 8] |= (uint8_t)(got << (i & 7));
		odd |= got;
		bitmap.detail = 0;
	}
	return odd || bitmap.detail || bitmap.n != extent->additions ? keep_bitmap(d, &bitmap, kept) : 0;
}

int aper_decode_sequence(struct aper_decoder *d, const struct aper_slot *slot, void *at)
{
	struct aper_extent extent = aper_extent(slot->td);
	uint64_t extended = 0;
	int err;

	if (extent.extensible && aper_take(&d->in, 1, &extended))
		return -EBADMSG;
	err = decode_root(d, slot->td, extent.root, at);
	return err || !extended ? err : decode_additions(d, slot->td, &extent, at);
}

/* What an encoder must know of the additions before it writes the first bit. */
struct additions {
	const asn_TYPE_descriptor_t *td;
	const void *at;
	struct aper_extent extent;
	const struct aper_part *bitmap; /* as it came; NULL: as we would write it */
	size_t width;                   /* of the bitmap that we write; 0: none */
};

static const asn_TYPE_member_t *known(const struct additions *a, unsigned i)
{
	return i < a->extent.additions ? &a->td->elements[a->extent.root + i] : NULL;
}

static bool is_present(const struct additions *a, unsigned i)
{
	if (known(a, i) && aper_member(known(a, i), a->at))
		return true;
	return a->bitmap && i < a->bitmap->n && a->bitmap->p[i / 8] >> (i & 7) & 1;
}

static void survey(const struct aper_encoder *e, struct additions *a)
{
	struct aper_part key = { .at = a->at, .td = a->td, .kind = APER_PART_BITMAP };
	size_t end = 0, all = a->extent.additions;

	a->bitmap = aper_find(e->m, &key);
	if (a->bitmap && a->bitmap->n > all)
		all = a->bitmap->n;
	for (unsigned i = 0; i < all; i++)
		if (is_present(a, i))
			end = i + 1;
	if (end)
		a->width = a->bitmap && a->bitmap->n >= end ? a->bitmap->n : all;
	else
		a->width = a->bitmap && a->bitmap->detail ? a->bitmap->n : 0;
}

static int encode_root(struct aper_encoder *e, const asn_TYPE_descriptor_t *td, unsigned n, const void *at)
{
	int err = 0;

	for (unsigned i = 0; !err && i < n; i++)
		if (td->elements[i].optional)
			err = aper_put(&e->out, 1, aper_member(&td->elements[i], at) != NULL);
	for (unsigned i = 0; !err && i < n; i++)
		if (!td->elements[i].optional || aper_member(&td->elements[i], at))
			err = aper_encode_member(e, &td->elements[i], at);
	return err;
}

static int encode_additions(struct aper_encoder *e, const struct additions *a)
{
	struct aper_part key = { .at = a->at, .td = a->td, .kind = APER_PART_ADDITION };
	int err = aper_put_small_count(&e->out, a->width);

	for (unsigned i = 0; !err && i < a->width; i++)
		err = aper_put(&e->out, 1, is_present(a, i));
	for (; !err && key.index < a->width; key.index++)
		if (is_present(a, key.index))
			err = aper_encode_open(e, known(a, key.index), a->at, &key);
	return err;
}

int aper_encode_sequence(struct aper_encoder *e, const struct aper_slot *slot, const void *at)
{
	struct additions a = { .td = slot->td, .at = at, .extent = aper_extent(slot->td) };
	int err = 0;

	if (a.extent.extensible) {
		survey(e, &a);
		err = aper_put(&e->out, 1, a.width > 0);
	}
	if (!err)
		err = encode_root(e, a.td, a.extent.root, at);
	return err || !a.width ? err : encode_additions(e, &a);
}
