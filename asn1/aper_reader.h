/* A cursor over the bits of an aligned-PER encoding, with the numbers of X.691 (08/2015) clause 11. All
 * functions return 0 and move on, or -EBADMSG when the encoding ends early or says something impossible;
 * then the cursor may stand anywhere. */
#ifndef POSTERN_APER_READER_H
#define POSTERN_APER_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aper_reader {
	const uint8_t *p; /* the octet at which alignment begins to count */
	size_t at, end;   /* in bits */
};

/* 0..64 bits, the first of them most significant. */
int aper_take(struct aper_reader *r, unsigned bits, uint64_t *out);

/* Octets that begin at the next octet boundary; *out borrows them. */
int aper_take_octets(struct aper_reader *r, size_t n, const uint8_t **out);

int aper_take_pad(struct aper_reader *r);

/* 11.5, constrained whole number within 0..span (the value minus its lower bound). Sets *octets to how many
 * octets the sender took where he had the choice (11.5.7.4), else to 0. */
int aper_take_whole(struct aper_reader *r, uint64_t span, uint64_t *out, size_t *octets);

/* 11.6, normally small non-negative whole number. */
int aper_take_small(struct aper_reader *r, uint64_t *out);

/* 11.9.3.4, normally small length: at least 1. */
int aper_take_small_count(struct aper_reader *r, size_t *out);

/* 11.9.3.5 to 11.9.3.8, a length that may come in pieces of 16K: with *more set, another length follows
 * after that many items. */
int aper_take_count(struct aper_reader *r, size_t *out, bool *more);

#endif
