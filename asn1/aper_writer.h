/* The other end of aper_reader.h: bits are appended to a buffer of fixed size. All functions return 0, or
 * -ENOBUFS when the buffer is full. */
#ifndef POSTERN_APER_WRITER_H
#define POSTERN_APER_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aper_writer {
	uint8_t *p;
	size_t at, end; /* in bits; end is a multiple of 8 */
};

/* The last 0..64 bits of v. */
int aper_put(struct aper_writer *w, unsigned bits, uint64_t v);

/* At the next octet boundary. */
int aper_put_octets(struct aper_writer *w, const uint8_t *p, size_t n);

void aper_put_pad(struct aper_writer *w); /* the bits up to there are zero */

/* 11.5, the value minus its lower bound; v <= span. Of an indefinite length (11.5.7.4) at least so many
 * octets are written: 0 leaves it at as few as possible. */
int aper_put_whole(struct aper_writer *w, uint64_t span, uint64_t v, size_t octets);

int aper_put_small(struct aper_writer *w, uint64_t v);      /* 11.6 */
int aper_put_small_count(struct aper_writer *w, size_t n); /* 11.9.3.4; 0 < n < 16K */

/* 11.9.3.5 to 11.9.3.8: how many of n items come next is left in *piece; after them, as long as *more was
 * set, the rest has a length of its own. */
int aper_put_count(struct aper_writer *w, size_t n, size_t *piece, bool *more);

/* An open type (11.2) is what is written between the two calls; *from is the octet at which it begins. */
int aper_open(struct aper_writer *w, size_t *from);
int aper_close(struct aper_writer *w, size_t from);

#endif
