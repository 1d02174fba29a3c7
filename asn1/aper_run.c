#include "aper_codec.h"
#include <errno.h>
#include <string.h>

/* Copy bits to the front of octets; those that are left of the last octet are 0. */
static int take_bits(struct aper_reader *r, size_t bits, uint8_t *to)
{
	uint64_t v;

	for (; bits >= 8; bits -= 8) {
		if (aper_take(r, 8, &v))
			return -EBADMSG;
		*to++ = (uint8_t)v;
	}
	if (!bits)
		return 0;
	if (aper_take(r, (unsigned)bits, &v))
		return -EBADMSG;
	*to = (uint8_t)(v << (8 - bits));
	return 0;
}

static int take_piece(struct aper_decoder *d, struct aper_run *run)
{
	size_t bits = run->n * run->bits;
	void *copy;
	int err;

	if (run->align && aper_take_pad(&d->in))
		return -EBADMSG;
	if (bits > d->in.end - d->in.at)
		return -EBADMSG;
	if (!(d->in.at & 7) && !(bits & 7)) {
		run->p = d->in.p + d->in.at / 8;
		d->in.at += bits;
		return 0;
	}
	err = aper_new(d->m, (bits + 7) / 8, &copy);
	if (err)
		return err;
	run->p = copy;
	return take_bits(&d->in, bits, copy);
}

/* Items of all pieces; r is a copy that runs ahead. */
static int count_pieces(struct aper_reader r, unsigned bits, size_t *total)
{
	size_t n;
	bool more;

	*total = 0;
	do {
		if (aper_take_count(&r, &n, &more) || n * bits > r.end - r.at)
			return -EBADMSG;
		r.at += n * bits;
		*total += n;
	} while (more);
	return 0;
}

/* 11.9.3.8: each piece but the last is whole octets, so they join without shifts. */
static int join_pieces(struct aper_decoder *d, struct aper_run *run)
{
	void *copy;
	uint8_t *to;
	size_t n;
	bool more;
	int err = aper_new(d->m, (run->n * run->bits + 7) / 8, &copy);

	if (err)
		return err;
	run->p = to = copy;
	do {
		if (aper_take_count(&d->in, &n, &more) || take_bits(&d->in, n * run->bits, to))
			return -EBADMSG;
		to += n * run->bits / 8;
	} while (more);
	return 0;
}

static int take_unbounded(struct aper_decoder *d, struct aper_run *run)
{
	struct aper_reader begin = d->in;
	bool more;

	if (aper_take_count(&d->in, &run->n, &more))
		return -EBADMSG;
	if (!more)
		return take_piece(d, run);
	d->in = begin;
	return count_pieces(begin, run->bits, &run->n) ? -EBADMSG : join_pieces(d, run);
}

int aper_take_run(struct aper_decoder *d, struct aper_size size, struct aper_run *run)
{
	uint64_t n = 0;
	size_t octets;

	if (size.extensible && aper_take(&d->in, 1, &n))
		return -EBADMSG;
	if (!size.bounded || n)
		return take_unbounded(d, run);
	if (aper_take_whole(&d->in, size.ub - size.lb, &n, &octets))
		return -EBADMSG;
	run->n = size.lb + (size_t)n;
	return take_piece(d, run);
}

static int put_bits(struct aper_writer *w, const uint8_t *p, size_t bits)
{
	int err = 0;

	if (!(w->at & 7)) {
		err = aper_put_octets(w, p, bits / 8);
		p += bits / 8;
		bits &= 7;
	}
	for (; !err && bits >= 8; bits -= 8)
		err = aper_put(w, 8, *p++);
	return err || !bits ? err : aper_put(w, (unsigned)bits, *p >> (8 - bits));
}

static int put_characters(struct aper_writer *w, const struct aper_run *run, size_t from, size_t n)
{
	const uint8_t *p = run->p + from * run->alphabet->octets;
	int err = 0;

	while (!err && n--) {
		uint64_t character = 0;
		int64_t code;

		for (unsigned i = 0; i < run->alphabet->octets; i++)
			character = character << 8 | *p++;
		code = aper_code(run->alphabet, character);
		err = code < 0 ? -EINVAL : aper_put(w, run->bits, (uint64_t)code);
	}
	return err;
}

static int put_piece(struct aper_writer *w, const struct aper_run *run, size_t from, size_t n)
{
	if (run->align)
		aper_put_pad(w);
	if (!n)
		return 0;
	if (run->alphabet)
		return put_characters(w, run, from, n);
	return put_bits(w, run->p + from * run->bits / 8, n * run->bits);
}

static int put_unbounded(struct aper_writer *w, const struct aper_run *run)
{
	size_t from = 0, n;
	bool more;
	int err;

	do {
		err = aper_put_count(w, run->n - from, &n, &more);
		if (!err)
			err = put_piece(w, run, from, n);
		from += n;
	} while (!err && more);
	return err;
}

int aper_put_run(struct aper_encoder *e, struct aper_size size, const struct aper_run *run)
{
	bool obeys = !size.bounded || (run->n >= size.lb && run->n <= size.ub);
	int err = 0;

	if (!obeys && !size.extensible)
		return -EINVAL;
	if (size.extensible)
		err = aper_put(&e->out, 1, !obeys);
	if (err || !size.bounded || !obeys)
		return err ? err : put_unbounded(&e->out, run);
	err = aper_put_whole(&e->out, size.ub - size.lb, run->n - size.lb, 0);
	return err ? err : put_piece(&e->out, run, 0, run->n);
}
