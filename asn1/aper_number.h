/* How much room numbers take (X.691 (08/2015) clauses 11.3 to 11.5). */
#ifndef POSTERN_APER_NUMBER_H
#define POSTERN_APER_NUMBER_H

#include <stdint.h>

#define APER_64K 65536u /* where X.691 stops to constrain lengths (11.9.3.3) */
#define APER_16K 16384u /* the unit of a length in pieces (11.9.3.8) */

/* Bits that the numbers 0..max take. */
static inline unsigned aper_width(uint64_t max)
{
	return max ? 64u - (unsigned)__builtin_clzll(max) : 0;
}

/* Octets of v as a non-negative binary integer (11.3.6): at least one. */
static inline unsigned aper_octets(uint64_t v)
{
	return v ? (aper_width(v) + 7) / 8 : 1;
}

/* Octets of v in two's complement (11.4.6). */
static inline unsigned aper_signed_octets(int64_t v)
{
	return aper_width((uint64_t)(v < 0 ? ~v : v)) / 8 + 1;
}

#endif
