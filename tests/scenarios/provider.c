#include "provider.h"

#include <errno.h>

static void late(struct timer *t)
{
	struct late_request *r = t->arg;
	r->used = false;
	r->owner->inner->request(r->owner->inner_arg, r->token, &r->ask);
}

static int request(void *arg, uint64_t token, const struct media_ask *ask)
{
	struct test_provider *p = arg;
	if (p->mode == PROVIDER_POOL)
		return p->inner->request(p->inner_arg, token, ask);
	if (p->mode == PROVIDER_NEVER)
		return 0;
	for (size_t i = 0; i < PROVIDER_WAITING_MAX; i++) {
		struct late_request *r = &p->waiting[i];
		if (r->used)
			continue;
		*r = (struct late_request){ .owner = p, .token = token, .ask = *ask, .declared = *ask->declared,
					    .used = true };
		r->ask.declared = &r->declared;
		r->timer.fn = late;
		r->timer.arg = r;
		return timer_start(p->loop, &r->timer, p->delay_ms);
	}
	return -ENOSPC;
}

static void release(void *arg, uint32_t stream)
{
	struct test_provider *p = arg;
	p->inner->release(p->inner_arg, stream);
}

const struct media_provider test_provider_ops = { request, release };

void test_provider_stop(struct test_provider *p)
{
	for (size_t i = 0; i < PROVIDER_WAITING_MAX; i++)
		if (p->waiting[i].used)
			timer_stop(p->loop, &p->waiting[i].timer);
}
