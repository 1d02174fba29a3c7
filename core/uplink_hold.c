/* The first words of a socket wait for its registration: what the gateway answers by them may concern media, and
 * it has to know then whose they are. Only a new socket beside one that is registered waits, since the answer is
 * near then; without any the gateway may be away for long, and what the protocol repeats finds its way. */
#define LOG_SUBSYSTEM LOG_BINDING

#include "uplink_state.h"

#include "log.h"

#include <stdlib.h>
#include <string.h>

#define HOLD_MS 2000u
#define HOLD_MAX 8u /* datagrams of one socket; more are lost, as any may be */

struct uplink_held {
	struct uplink_held *next;
	size_t len;
	uint8_t data[];
};

static bool any_up(const struct uplinks *u, const struct module *m)
{
	for (const struct uplink *l = u->all; l; l = l->next)
		if (l->up && l->module == m)
			return true;
	return false;
}

static void release(struct uplink *l, bool send)
{
	struct uplink_held *h;

	l->met = true;
	timer_stop(l->u->c.loop, &l->hold);
	while ((h = l->held)) {
		l->held = h->next;
		if (send && flow_send(l->u->c.transport, l->flow, &l->to, h->data, h->len))
			log_debug("uplink %s: a message that waited was not sent", addr_text(&l->local));
		free(h);
	}
}

void uplink_hold_end(struct uplink *l)
{
	release(l, true);
}

void uplink_hold_drop(struct uplink *l)
{
	release(l, false);
}

static void on_late(struct timer *t)
{
	release(t->arg, true);
}

static bool keep(struct uplink *l, const void *data, size_t len)
{
	struct uplink_held **at = &l->held, *h;
	size_t n = 0;

	for (; *at; at = &(*at)->next)
		n++;
	if (n == HOLD_MAX)
		return true;
	l->hold.fn = on_late;
	l->hold.arg = l;
	if (!l->hold.slot && timer_start(l->u->c.loop, &l->hold, HOLD_MS))
		return false;
	h = malloc(sizeof(*h) + len);
	if (!h)
		return false;
	h->next = NULL;
	h->len = len;
	memcpy(h->data, data, len);
	*at = h;
	return true;
}

bool uplinks_hold(void *arg, uint64_t flow, struct module *m, const struct pn_addr *local, const struct pn_addr *to,
		  const void *data, size_t len)
{
	struct uplinks *u = arg;
	struct uplink *l;

	if (u->sending || !u->login)
		return false;
	l = uplink_of_flow(u, flow);
	if (!l && any_up(u, m))
		l = uplink_meet(u, m, flow, local);
	return l && !l->met && addr_eq(to, &l->to) && any_up(u, m) && keep(l, data, len);
}
