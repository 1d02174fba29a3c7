/* Token buckets per source, in a table of fixed size. Pure. */
#ifndef CORE_RATE_H
#define CORE_RATE_H

#include "addr.h"

#define RATE_SOURCES 8192u /* 200 kB a table */

struct rate;

/* per_second tokens for each source, at most burst (at least 1) at once. NULL: out of memory. */
struct rate *rate_new(unsigned per_second, unsigned burst);
void rate_free(struct rate *r);
/* Take one token of src's: an IPv4 address or an IPv6 /64. A source whose bucket is full again is
 * forgotten when its place is needed. Sources that find no place share one bucket, eight times as
 * large: a flood of forged ones shuts out newcomers at worst, never a source that is known. */
bool rate_take(struct rate *r, const struct pn_addr *src, uint64_t now_ms);

#endif
