#define LOG_SUBSYSTEM LOG_BINDING
#include "binding_state.h"
#include "log.h"
#include "metrics.h"
#include "random.h"
#include <errno.h>
#include <string.h>

/* Those that came at once shall not be kept alive at once: the first interval is shortened by up to a
 * half, later ones by up to an eighth, never lengthened: NATs forget. */
static uint64_t interval(uint64_t every_ms, enum binding_pace pace)
{
	static const unsigned part[] = { [BINDING_FIRST] = 2, [BINDING_AGAIN] = 8, [BINDING_ANY] = 1 };

	return every_ms - random_below((uint32_t)(every_ms / part[pace]));
}

void binding_keep_start(struct pn_binding *b, enum binding_pace pace)
{
	struct bindings *t = b->owner->table;
	uint64_t now = loop_now(t->loop);

	if (b->removed || b->state != PN_ACTIVE || !b->owner->every_ms)
		wheel_del(&t->keep, &b->keep);
	else
		wheel_put(&t->keep, &b->keep,
			  binding_tick(now + interval(b->owner->every_ms, pace)));
}

/* 0 or -errno: unsent. */
int binding_keep_send(struct pn_binding *b)
{
	struct bindings *t = b->owner->table;
	struct pn_addr where = b->pinhole;
	int err;

	if (b->unanswered)
		metric_add(M_KEEPALIVE_LOST, 1);
	/* before the call, which may bring the answer */
	b->unanswered = true;
	err = t->ev.keepalive ? t->ev.keepalive(t->arg, b, &where) : -ENOSYS;
	if (err < 0) {
		b->unanswered = false;
		return err;
	}
	metric_add(M_KEEPALIVE_TX, 1);
	return 0;
}

/* The budget gathers for one second at most, so that a pause is not followed by a burst. */
static void earn(struct bindings *t)
{
	uint64_t now = loop_now(t->loop), most = (uint64_t)t->budget * 1000;
	uint64_t passed = now - t->credit_from_ms;

	t->credit_from_ms = now;
	if (passed > 1000)
		passed = 1000;
	t->credit += passed * t->budget;
	if (t->credit > most)
		t->credit = most;
}

/* In the order of their deadlines: over budget the wheel lags, and who waited longest is next. */
void binding_keep_pump(struct bindings *t)
{
	uint64_t tick = loop_now(t->loop) / BINDING_TICK_MS;

	earn(t);
	while (!t->budget || t->credit >= 1000) {
		struct wheel_node *n = wheel_next(&t->keep, tick);
		struct pn_binding *b;

		if (!n)
			break;
		if (t->budget)
			t->credit -= 1000;
		b = hash_entry(n, struct pn_binding, keep);
		binding_keep_start(b, BINDING_AGAIN);
		binding_keep_send(b);
	}
}

void binding_alive(struct pn_binding *b)
{
	if (b->removed)
		return;
	b->unanswered = false;
	binding_move_refuse(b);
}

void binding_keepalive(struct bindings *t, struct module *owner, uint64_t every_ms)
{
	struct binding_owner *o = binding_owner_get(t, owner);

	if (!o) {
		log_error("keepalive: not set: %s", strerror(ENOMEM));
		return;
	}
	if (every_ms > UINT32_MAX)
		every_ms = UINT32_MAX;
	if (o->every_ms == every_ms)
		return;
	o->every_ms = every_ms;
	for (struct pn_binding *b = t->all; b; b = b->next)
		if (b->owner == o)
			binding_keep_start(b, BINDING_ANY);
}
