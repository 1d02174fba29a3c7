#include "aper_codec.h"
#include <asn_SEQUENCE_OF.h>
#include <errno.h>

/* Clause 20. */

/* A count is believed one element after the other: those that are not there end the message, and those that
 * take no bits fill its memory. */
static int decode_elements(struct aper_decoder *d, const asn_TYPE_member_t *member, void *list, size_t n)
{
	struct aper_slot slot = aper_slot(member);
	size_t storage = aper_storage(slot.td);
	void *element;
	int err = 0;

	while (!err && n--) {
		err = aper_new(d->m, storage, &element);
		if (!err)
			err = aper_append(d->m, list, element);
		if (!err)
			err = aper_decode_value(d, &slot, element);
	}
	return err;
}

int aper_decode_list(struct aper_decoder *d, const struct aper_slot *slot, void *at)
{
	struct aper_size size = aper_size(slot->limits);
	uint64_t n = 0;
	size_t count, octets;
	bool more = false;
	int err = 0;

	if (size.extensible && aper_take(&d->in, 1, &n))
		return -EBADMSG;
	if (size.bounded && !n) {
		if (aper_take_whole(&d->in, size.ub - size.lb, &n, &octets))
			return -EBADMSG;
		return decode_elements(d, slot->td->elements, at, size.lb + (size_t)n);
	}
	do {
		if (aper_take_count(&d->in, &count, &more))
			return -EBADMSG;
		err = decode_elements(d, slot->td->elements, at, count);
	} while (!err && more);
	return err;
}

static int encode_elements(struct aper_encoder *e, const asn_TYPE_member_t *member, void *const *array,
			   size_t n)
{
	struct aper_slot slot = aper_slot(member);
	int err = 0;

	for (; !err && n--; array++)
		err = *array ? aper_encode_value(e, &slot, *array) : -EINVAL;
	return err;
}

static int encode_pieces(struct aper_encoder *e, const asn_TYPE_member_t *member, void *const *array, size_t n)
{
	size_t piece;
	bool more;
	int err;

	for (;;) {
		err = aper_put_count(&e->out, n, &piece, &more);
		if (!err)
			err = encode_elements(e, member, array, piece);
		if (err || !more)
			return err;
		array += piece;
		n -= piece;
	}
}

int aper_encode_list(struct aper_encoder *e, const struct aper_slot *slot, const void *at)
{
	const asn_anonymous_sequence_ *list = at;
	struct aper_size size = aper_size(slot->limits);
	size_t n = (size_t)list->count;
	bool obeys = !size.bounded || (n >= size.lb && n <= size.ub);
	int err = 0;

	if (list->count < 0 || (n && !list->array) || (!obeys && !size.extensible))
		return -EINVAL;
	if (size.extensible)
		err = aper_put(&e->out, 1, !obeys);
	if (err || !size.bounded || !obeys)
		return err ? err : encode_pieces(e, slot->td->elements, list->array, n);
	err = aper_put_whole(&e->out, size.ub - size.lb, n - size.lb, 0);
	return err ? err : encode_elements(e, slot->td->elements, list->array, n);
}
