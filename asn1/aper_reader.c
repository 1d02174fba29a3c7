#include "aper_reader.h"
#include "aper_number.h"
#include <errno.h>

int aper_take(struct aper_reader *r, unsigned bits, uint64_t *out)
{
	uint64_t v = 0;

	if (bits > r->end - r->at)
		return -EBADMSG;
	while (bits) {
		unsigned here = 8 - (unsigned)(r->at & 7), n = bits < here ? bits : here;

		v = v << n | (r->p[r->at >> 3] >> (here - n) & ((1u << n) - 1));
		r->at += n;
		bits -= n;
	}
	*out = v;
	return 0;
}

int aper_take_pad(struct aper_reader *r)
{
	size_t at = (r->at + 7) & ~(size_t)7;

	if (at > r->end)
		return -EBADMSG;
	r->at = at;
	return 0;
}

int aper_take_octets(struct aper_reader *r, size_t n, const uint8_t **out)
{
	if (aper_take_pad(r) || n > (r->end - r->at) >> 3)
		return -EBADMSG;
	*out = r->p + (r->at >> 3);
	r->at += n << 3;
	return 0;
}

/* 11.3: a non-negative binary integer of that many whole octets. */
static int take_number(struct aper_reader *r, size_t octets, uint64_t *out)
{
	if (aper_take_pad(r) || octets > sizeof(*out))
		return -EBADMSG;
	return aper_take(r, (unsigned)octets * 8, out);
}

static int take_indefinite(struct aper_reader *r, uint64_t span, uint64_t *out, size_t *octets)
{
	unsigned most = aper_octets(span) - 1;
	uint64_t n;

	if (aper_take(r, aper_width(most), &n) || n > most)
		return -EBADMSG;
	*octets = (size_t)n + 1;
	return take_number(r, *octets, out);
}

int aper_take_whole(struct aper_reader *r, uint64_t span, uint64_t *out, size_t *octets)
{
	int err;

	*octets = 0;
	if (span < 255)
		err = aper_take(r, aper_width(span), out);
	else if (span < APER_64K)
		err = take_number(r, span > 255 ? 2 : 1, out);
	else
		err = take_indefinite(r, span, out, octets);
	return err || *out > span ? -EBADMSG : 0;
}

int aper_take_small(struct aper_reader *r, uint64_t *out)
{
	uint64_t large;
	size_t n;
	bool more;

	if (aper_take(r, 1, &large))
		return -EBADMSG;
	if (!large)
		return aper_take(r, 6, out);
	if (aper_take_count(r, &n, &more) || more)
		return -EBADMSG;
	return take_number(r, n, out);
}

int aper_take_small_count(struct aper_reader *r, size_t *out)
{
	uint64_t large, n;
	bool more;

	if (aper_take(r, 1, &large))
		return -EBADMSG;
	if (large)
		return aper_take_count(r, out, &more) || more || !*out ? -EBADMSG : 0;
	if (aper_take(r, 6, &n))
		return -EBADMSG;
	*out = (size_t)n + 1;
	return 0;
}

int aper_take_count(struct aper_reader *r, size_t *out, bool *more)
{
	uint64_t n, low;

	*more = false;
	if (aper_take_pad(r) || aper_take(r, 8, &n))
		return -EBADMSG;
	if (n < 0x80) {
		*out = (size_t)n;
		return 0;
	}
	if (n < 0xc0) {
		if (aper_take(r, 8, &low))
			return -EBADMSG;
		*out = (size_t)((n & 0x3f) << 8 | low);
		return 0;
	}
	*more = true;
	*out = (size_t)(n & 0x3f) << 14;
	return n < 0xc1 || n > 0xc4 ? -EBADMSG : 0;
}
