#include "aper_codec.h"
#include <INTEGER.h>
#include <errno.h>

/* Items in the order of their values (14.1): first those of the root, then those after the marker, which
 * asn1c puts behind them as long as their values are greater. */
static int place_of(const asn_INTEGER_specifics_t *specifics, long value)
{
	for (int i = 0; i < specifics->map_count; i++)
		if (specifics->value2enum[i].nat_value == value)
			return i;
	return -1;
}

static int take_addition(struct aper_decoder *d, const struct aper_slot *slot, void *at)
{
	const asn_INTEGER_specifics_t *specifics = slot->td->specifics;
	uint64_t root = (uint64_t)slot->limits->value.upper_bound + 1, n;
	struct aper_part part = { .at = at, .td = slot->td, .kind = APER_PART_ITEM };

	if (aper_take_small(&d->in, &n) || n > INT_MAX)
		return -EBADMSG;
	if (root + n < (uint64_t)specifics->map_count) {
		*(long *)at = specifics->value2enum[root + n].nat_value;
		return 0;
	}
	*(long *)at = APER_UNKNOWN_ITEM;
	part.detail = (unsigned)n;
	return aper_keep(d->m, &part);
}

int aper_decode_enumerated(struct aper_decoder *d, const struct aper_slot *slot, void *at)
{
	const asn_INTEGER_specifics_t *specifics = slot->td->specifics;
	uint64_t beyond = 0, n;
	size_t octets;

	if (!slot->limits || !specifics)
		return -EINVAL;
	if (slot->limits->value.flags & APC_EXTENSIBLE && aper_take(&d->in, 1, &beyond))
		return -EBADMSG;
	if (beyond)
		return take_addition(d, slot, at);
	if (aper_take_whole(&d->in, (uint64_t)slot->limits->value.upper_bound, &n, &octets))
		return -EBADMSG;
	*(long *)at = specifics->value2enum[n].nat_value;
	return 0;
}

static int put_addition(struct aper_encoder *e, unsigned n)
{
	int err = aper_put(&e->out, 1, 1);

	return err ? err : aper_put_small(&e->out, n);
}

int aper_encode_enumerated(struct aper_encoder *e, const struct aper_slot *slot, const void *at)
{
	struct aper_part key = { .at = at, .td = slot->td, .kind = APER_PART_ITEM };
	const struct aper_part *part;
	int place, root, err = 0;

	if (!slot->limits || !slot->td->specifics)
		return -EINVAL;
	place = place_of(slot->td->specifics, *(const long *)at);
	root = (int)slot->limits->value.upper_bound + 1;
	if (place < 0) {
		part = *(const long *)at == APER_UNKNOWN_ITEM ? aper_find(e->m, &key) : NULL;
		return part ? put_addition(e, part->detail) : -EINVAL;
	}
	if (place >= root)
		return put_addition(e, (unsigned)(place - root));
	if (slot->limits->value.flags & APC_EXTENSIBLE)
		err = aper_put(&e->out, 1, 0);
	return err ? err : aper_put_whole(&e->out, (uint64_t)root - 1, (uint64_t)place, 0);
}
