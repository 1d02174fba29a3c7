#include "aper_codec.h"
#include <asn_SEQUENCE_OF.h>
#include <errno.h>
#include <string.h>

/* Clause 20. */

/* Elements may take no bits at all, so a length is held against the size of the message too. */
static int make_room(struct aper_decoder *d, asn_anonymous_sequence_ *list, size_t more)
{
	size_t n = (size_t)list->count + more;
	void *array;
	int err;

	if (n > d->m->len * 8)
		return -E2BIG;
	err = aper_new(d->m, n * sizeof(*list->array), &array);
	if (err)
		return err;
	if (list->count)
		memcpy(array, list->array, (size_t)list->count * sizeof(*list->array));
	list->array = array;
	list->size = (int)n;
	return 0;
}

static int decode_elements(struct aper_decoder *d, const asn_TYPE_member_t *member, asn_anonymous_sequence_ *list,
			   size_t n)
{
	struct aper_slot slot = aper_slot(member);
	int err = make_room(d, list, n);

	while (!err && n--) {
		err = aper_new(d->m, aper_storage(slot.td), &list->array[list->count]);
		if (!err)
			err = aper_decode_value(d, &slot, list->array[list->count++]);
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

static int encode_elements(struct aper_encoder *e, const asn_TYPE_member_t *member, void *const *array, size_t n)
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

	do {
		err = aper_put_count(&e->out, n, &piece, &more);
		if (err)
			return err;
		err = encode_elements(e, member, array, piece);
		array += piece;
		n -= piece;
	} while (!err && more);
	return err;
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
