#include "link.h"

#include <errno.h>
#include <stdlib.h>

#include "control.h"
#include "forward.h"

/* Tables take octets: these have no padding that is not zero. */
struct key {
	uint64_t flow;
	uint64_t reference;
};

static struct key key_of(const struct call_link *l, uint16_t reference, bool answering)
{
	return (struct key){ l->flow, (uint64_t)answering << 16 | reference };
}

struct call_link *link_find(struct h323 *h, uint64_t flow)
{
	return h->svc->table_get(h->calls->link_by_flow, &flow, sizeof(flow));
}

struct call_link *link_new(struct h323 *h, uint64_t flow, struct pn_realm *realm)
{
	struct call_link *l = calloc(1, sizeof(*l));

	if (!l || h->svc->table_put(h->calls->link_by_flow, &flow, sizeof(flow), l)) {
		free(l);
		return NULL;
	}
	l->h = h;
	l->flow = flow;
	l->realm = realm;
	LIST_INIT(&l->legs);
	return l;
}

/* Messages from side A carry no flag, for it began the call; those from side B do. */
static bool flagged(const struct call_leg *leg)
{
	return leg->side == PN_SIDE_B;
}

struct call_leg *link_leg(const struct call_link *l, uint16_t reference, bool answering)
{
	struct key k = key_of(l, reference, answering);

	return l->h->svc->table_get(l->h->calls->leg_by_reference, &k, sizeof(k));
}

int link_attach(struct call_link *l, struct call_leg *leg)
{
	struct key k = key_of(l, leg->call->reference, flagged(leg));
	int err = l->h->svc->table_put(l->h->calls->leg_by_reference, &k, sizeof(k), leg);

	if (err)
		return err;
	leg->link = l;
	LIST_INSERT_HEAD(&l->legs, leg, of_link);
	return 0;
}

void link_unhook(struct call_leg *leg)
{
	struct call_link *l = leg->link;
	struct key k = key_of(l, leg->call->reference, flagged(leg));

	l->h->svc->table_del(l->h->calls->leg_by_reference, &k, sizeof(k));
	LIST_REMOVE(leg, of_link);
	leg->link = NULL;
}

void link_free(struct call_link *l)
{
	if (!l)
		return;
	while (LIST_FIRST(&l->legs))
		link_unhook(LIST_FIRST(&l->legs));
	if (l->control)
		control_forget(l);
	forward_free(l->forward);
	l->h->svc->table_del(l->h->calls->link_by_flow, &l->flow, sizeof(l->flow));
	free(l);
}

void link_close(struct call_link *l)
{
	if (!l)
		return;
	l->h->svc->flow_close(l->h->host, l->flow);
	link_free(l);
}

void link_detach(struct call_leg *leg)
{
	struct call_link *l = leg->link;

	if (!l)
		return;
	link_unhook(leg);
	if (LIST_EMPTY(&l->legs) && !l->maintained && !l->ras)
		link_close(l);
}
