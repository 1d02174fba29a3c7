#include "aper_codec.h"
#include "aper_number.h"
#include <INTEGER.h>
#include <errno.h>

_Static_assert(sizeof(long) == sizeof(int64_t), "INTEGER (0..4294967295) is a long in the types of asn1c");

/* A number as it came. */
struct number {
	int64_t value; /* the nearest that fits */
	const uint8_t *p;
	size_t octets; /* at p; 0 where its length was no choice of the sender */
};

/* Of the limits of a slot, what applies to an integer. */
enum range { RANGE_NONE, RANGE_SEMI, RANGE_FULL };

static enum range range_of(const struct aper_slot *slot)
{
	if (!slot->limits)
		return RANGE_NONE;
	if (slot->limits->value.flags & APC_CONSTRAINED)
		return RANGE_FULL;
	return slot->limits->value.flags & APC_SEMI_CONSTRAINED ? RANGE_SEMI : RANGE_NONE;
}

static int64_t add(int64_t lb, uint64_t v)
{
	return v > (uint64_t)INT64_MAX - (uint64_t)lb ? INT64_MAX : (int64_t)((uint64_t)lb + v);
}

/* Two's complement, or above a lower bound. */
static int64_t value_of(const uint8_t *p, size_t n, const int64_t *lb)
{
	bool below = !lb && n && p[0] & 0x80;
	uint64_t v = below ? UINT64_MAX : 0;

	for (; n > sizeof(v); n--)
		if (*p++ != (uint8_t)v)
			return below ? INT64_MIN : INT64_MAX;
	while (n--)
		v = v << 8 | *p++;
	if (lb)
		return add(*lb, v);
	if (v >> 63 != below)
		return below ? INT64_MIN : INT64_MAX;
	return (int64_t)v;
}

/* How many octets would do. */
static unsigned least(enum range range, int64_t lb, int64_t value)
{
	return range == RANGE_NONE ? aper_signed_octets(value) : aper_octets((uint64_t)value - (uint64_t)lb);
}

static int take_bounded(struct aper_decoder *d, const struct asn_per_constraint_s *limits, struct number *out)
{
	uint64_t v;

	if (aper_take_whole(&d->in, (uint64_t)limits->upper_bound - (uint64_t)limits->lower_bound, &v,
			    &out->octets))
		return -EBADMSG;
	out->value = add(limits->lower_bound, v);
	out->p = d->in.p + d->in.at / 8 - out->octets;
	return 0;
}

/* Clause 13. *range becomes that of the encoding, which an extension bit may widen. */
static int take_number(struct aper_decoder *d, const struct aper_slot *slot, enum range *range,
		       struct number *out)
{
	struct aper_run run = { .bits = 8 };
	uint64_t beyond = 0;
	int err;

	if (*range == RANGE_FULL && slot->limits->value.flags & APC_EXTENSIBLE &&
	    aper_take(&d->in, 1, &beyond))
		return -EBADMSG;
	if (*range == RANGE_FULL && !beyond)
		return take_bounded(d, &slot->limits->value, out);
	if (beyond)
		*range = RANGE_NONE;
	err = aper_take_run(d, (struct aper_size){ 0 }, &run);
	if (err || !run.n)
		return err ? err : -EBADMSG;
	out->p = run.p;
	out->octets = run.n;
	out->value = value_of(run.p, run.n, *range == RANGE_SEMI ? &slot->limits->value.lower_bound : NULL);
	return 0;
}

/* The value, and beside the struct the octets if we would write others. */
static int decode_value(struct aper_decoder *d, const struct aper_slot *slot, const void *at,
			struct number *out)
{
	enum range range = range_of(slot);
	struct aper_part part = { .at = at, .td = slot->td, .kind = APER_PART_NUMBER };
	int err = take_number(d, slot, &range, out);

	if (err || !out->octets)
		return err;
	if (out->octets == least(range, range ? slot->limits->value.lower_bound : 0, out->value) &&
	    out->value != INT64_MAX && out->value != INT64_MIN)
		return 0;
	part.p = out->p;
	part.n = out->octets;
	return aper_keep(d->m, &part);
}

static int put_octets(struct aper_encoder *e, uint64_t v, unsigned octets)
{
	uint8_t p[sizeof(v)];

	for (unsigned i = octets; i--; v >>= 8)
		p[i] = (uint8_t)v;
	return aper_put_run(e, (struct aper_size){ 0 }, &(struct aper_run){ .p = p, .n = octets, .bits = 8 });
}

/* What was kept of the number, if the number is still the same. */
static const struct aper_part *kept(struct aper_encoder *e, const struct aper_slot *slot, const void *at,
				    const int64_t *lb, int64_t value)
{
	struct aper_part key = { .at = at, .td = slot->td, .kind = APER_PART_NUMBER };
	const struct aper_part *part = aper_find(e->m, &key);

	return part && value_of(part->p, part->n, lb) == value ? part : NULL;
}

static int put_free(struct aper_encoder *e, const struct aper_slot *slot, const void *at, const int64_t *lb,
		    int64_t value)
{
	const struct aper_part *part = kept(e, slot, at, lb, value);

	if (part)
		return aper_put_run(e, (struct aper_size){ 0 },
				    &(struct aper_run){ .p = part->p, .n = part->n, .bits = 8 });
	if (!lb)
		return put_octets(e, (uint64_t)value, aper_signed_octets(value));
	if (value < *lb)
		return -EINVAL;
	return put_octets(e, (uint64_t)value - (uint64_t)*lb, least(RANGE_SEMI, *lb, value));
}

static int encode_value(struct aper_encoder *e, const struct aper_slot *slot, const void *at, int64_t value)
{
	enum range range = range_of(slot);
	const struct asn_per_constraint_s *limits = slot->limits ? &slot->limits->value : NULL;
	const struct aper_part *part;
	bool beyond;
	int err = 0;

	if (range != RANGE_FULL)
		return put_free(e, slot, at, range ? &limits->lower_bound : NULL, value);
	beyond = value < limits->lower_bound || value > limits->upper_bound;
	if (limits->flags & APC_EXTENSIBLE)
		err = aper_put(&e->out, 1, beyond);
	else if (beyond)
		return -EINVAL;
	if (err || beyond)
		return err ? err : put_free(e, slot, at, NULL, value);
	part = kept(e, slot, at, &limits->lower_bound, value);
	return aper_put_whole(&e->out, (uint64_t)limits->upper_bound - (uint64_t)limits->lower_bound,
			      (uint64_t)value - (uint64_t)limits->lower_bound, part ? part->n : 0);
}

int aper_decode_integer(struct aper_decoder *d, const struct aper_slot *slot, void *at)
{
	struct number number;
	int err = decode_value(d, slot, at, &number);

	if (!err)
		*(long *)at = number.value;
	return err;
}

int aper_encode_integer(struct aper_encoder *e, const struct aper_slot *slot, const void *at)
{
	return encode_value(e, slot, at, *(const long *)at);
}

int aper_decode_number(struct aper_decoder *d, const struct aper_slot *slot, void *at)
{
	INTEGER_t *to = at;
	struct number number;
	unsigned octets;
	void *p;
	int err = decode_value(d, slot, at, &number);

	if (err)
		return err;
	octets = aper_signed_octets(number.value);
	err = aper_new(d->m, octets, &p);
	if (err)
		return err;
	to->buf = p;
	to->size = (int)octets;
	for (unsigned i = octets; i--; number.value >>= 8)
		to->buf[i] = (uint8_t)number.value;
	return 0;
}

int aper_encode_number(struct aper_encoder *e, const struct aper_slot *slot, const void *at)
{
	const INTEGER_t *from = at;

	if (from->size < 1 || !from->buf)
		return -EINVAL;
	return encode_value(e, slot, at, value_of(from->buf, (size_t)from->size, NULL));
}
