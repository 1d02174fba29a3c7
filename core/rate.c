#include "rate.h"
#include "hash.h"
#include <stdlib.h>
#include <string.h>

#define WAYS 8u
#define SHARED 8u /* how much larger the bucket of the homeless is */

struct bucket {
	uint64_t source;     /* hash of it; 0: free */
	uint64_t at_ms;      /* when milli was true */
	uint64_t milli;      /* thousandths of tokens */
};

struct rate {
	unsigned per_second, burst;
	struct bucket shared;
	struct bucket set[RATE_SOURCES / WAYS][WAYS];
};

struct rate *rate_new(unsigned per_second, unsigned burst)
{
	struct rate *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->per_second = per_second;
	r->burst = burst ? burst : 1;
	r->shared.milli = (uint64_t)r->burst * SHARED * 1000;
	return r;
}

void rate_free(struct rate *r)
{
	free(r);
}

static uint64_t source_of(const struct pn_addr *src)
{
	struct pn_addr key = { .family = src->family };
	uint64_t hash;

	memcpy(key.ip, src->ip, src->family == 4 ? 4 : 8);
	hash = addr_hash(&key, 0);
	return hash ? hash : 1;
}

/* Tokens in thousandths at now_ms: one per millisecond for each token per second. */
static uint64_t level(const struct bucket *b, uint64_t per_second, uint64_t burst, uint64_t now_ms)
{
	uint64_t full = burst * 1000, gone = now_ms > b->at_ms ? now_ms - b->at_ms : 0;

	if (!per_second || b->milli >= full)
		return b->milli < full ? b->milli : full;
	return gone > (full - b->milli) / per_second ? full : b->milli + gone * per_second;
}

static bool take_one(struct bucket *b, uint64_t per_second, uint64_t burst, uint64_t now_ms)
{
	b->milli = level(b, per_second, burst, now_ms);
	b->at_ms = now_ms;
	if (b->milli < 1000)
		return false;
	b->milli -= 1000;
	return true;
}

/* The source's own bucket, or a free one, or one that is full and so has nothing to remember. */
static struct bucket *bucket_of(struct rate *r, uint64_t source, uint64_t now_ms)
{
	struct bucket *set = r->set[source % (RATE_SOURCES / WAYS)], *spare = NULL;
	uint64_t full = (uint64_t)r->burst * 1000;

	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].source == source)
			return &set[i];
		if (!spare && (!set[i].source || level(&set[i], r->per_second, r->burst, now_ms) == full))
			spare = &set[i];
	}
	if (spare)
		*spare = (struct bucket){ source, now_ms, full };
	return spare;
}

bool rate_take(struct rate *r, const struct pn_addr *src, uint64_t now_ms)
{
	struct bucket *b = bucket_of(r, source_of(src), now_ms);

	if (b)
		return take_one(b, r->per_second, r->burst, now_ms);
	return take_one(&r->shared, (uint64_t)r->per_second * SHARED, (uint64_t)r->burst * SHARED, now_ms);
}
