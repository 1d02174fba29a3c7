/* A media provider for tests: passes on to the port pool at once, late, or never. */
#ifndef SCENARIOS_PROVIDER_H
#define SCENARIOS_PROVIDER_H

#include "loop.h"
#include "media.h"

#define PROVIDER_WAITING_MAX 64u

struct test_provider {
	struct loop *loop;
	const struct media_provider *inner;
	void *inner_arg;
	enum { PROVIDER_POOL, PROVIDER_LATE, PROVIDER_NEVER } mode;
	uint64_t delay_ms;
	struct late_request {
		struct timer timer;
		struct test_provider *owner;
		uint64_t token;
		struct media_ask ask;
		struct pn_media declared;
		bool used;
	} waiting[PROVIDER_WAITING_MAX];
};

extern const struct media_provider test_provider_ops;
void test_provider_stop(struct test_provider *p); /* forget what waits */

#endif
