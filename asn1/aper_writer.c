#include "aper_writer.h"
#include "aper_number.h"
#include <errno.h>
#include <string.h>

int aper_put(struct aper_writer *w, unsigned bits, uint64_t v)
{
	if (bits > w->end - w->at)
		return -ENOBUFS;
	while (bits) {
		unsigned used = (unsigned)(w->at & 7), room = 8 - used, n = bits < room ? bits : room;
		uint8_t *p = w->p + (w->at >> 3);
		unsigned part = (unsigned)(v >> (bits - n)) & ((1u << n) - 1);

		*p = (uint8_t)((used ? *p : 0) | part << (room - n));
		w->at += n;
		bits -= n;
	}
	return 0;
}

void aper_put_pad(struct aper_writer *w)
{
	w->at = (w->at + 7) & ~(size_t)7;
}

int aper_put_octets(struct aper_writer *w, const uint8_t *p, size_t n)
{
	aper_put_pad(w);
	if (n > (w->end - w->at) >> 3)
		return -ENOBUFS;
	if (n)
		memcpy(w->p + (w->at >> 3), p, n);
	w->at += n << 3;
	return 0;
}

static int put_number(struct aper_writer *w, size_t octets, uint64_t v)
{
	aper_put_pad(w);
	return aper_put(w, (unsigned)octets * 8, v);
}

int aper_put_whole(struct aper_writer *w, uint64_t span, uint64_t v, size_t octets)
{
	unsigned least = aper_octets(v), most = aper_octets(span);
	int err;

	if (span < 255)
		return aper_put(w, aper_width(span), v);
	if (span < APER_64K)
		return put_number(w, most, v);
	if (octets < least)
		octets = least;
	err = aper_put(w, aper_width(most - 1), octets - 1);
	return err ? err : put_number(w, octets, v);
}

int aper_put_small(struct aper_writer *w, uint64_t v)
{
	unsigned octets = aper_octets(v);
	int err;

	if (v < 64)
		return aper_put(w, 7, v);
	err = aper_put(w, 1, 1);
	if (!err)
		err = put_number(w, 1, octets);
	return err ? err : put_number(w, octets, v);
}

int aper_put_small_count(struct aper_writer *w, size_t n)
{
	size_t piece;
	bool more;
	int err;

	if (n <= 64)
		return aper_put(w, 7, n - 1);
	err = aper_put(w, 1, 1);
	return err ? err : aper_put_count(w, n, &piece, &more);
}

int aper_put_count(struct aper_writer *w, size_t n, size_t *piece, bool *more)
{
	size_t units = n / APER_16K;

	aper_put_pad(w);
	*more = units > 0;
	if (units > 4)
		units = 4;
	*piece = *more ? units * APER_16K : n;
	if (*more)
		return aper_put(w, 8, 0xc0 | units);
	return n < 0x80 ? aper_put(w, 8, n) : aper_put(w, 16, 0x8000 | n);
}

int aper_open(struct aper_writer *w, size_t *from)
{
	int err;

	aper_put_pad(w);
	err = aper_put(w, 8, 0); /* most are shorter than 128 octets */
	if (!err)
		*from = w->at >> 3;
	return err;
}

/* What aper_put_count() takes for n octets, all pieces together. */
static size_t length_octets(size_t n)
{
	size_t rest = n % APER_64K;

	return n / APER_64K + (rest >= APER_16K) + (rest % APER_16K < 0x80 ? 1 : 2);
}

int aper_close(struct aper_writer *w, size_t from)
{
	size_t n, piece, head;
	const uint8_t *content;
	bool more;

	aper_put_pad(w);
	n = (w->at >> 3) - from;
	head = length_octets(n);
	w->at = (from - 1) << 3;
	if (head + n > (w->end - w->at) >> 3)
		return -ENOBUFS;
	memmove(w->p + from - 1 + head, w->p + from, n);
	content = w->p + from - 1 + head;
	do {
		aper_put_count(w, n, &piece, &more);
		memmove(w->p + (w->at >> 3), content, piece);
		w->at += piece << 3;
		content += piece;
		n -= piece;
	} while (more);
	return 0;
}
