#include "control.h"

#include <errno.h>

#include "link.h"
#include "own.h"

/* A connection of the call's H.245 towards one side. */
static struct call_link *take(struct call *c, enum pn_side side, uint64_t flow, bool expected)
{
	struct call_link *l = link_new(c->h, flow, c->leg[side].realm);

	if (!l) {
		c->h->svc->flow_close(c->h->host, flow);
		return NULL;
	}
	l->control = c;
	l->side = side;
	l->expected = expected;
	c->control[side] = l;
	return l;
}

/* Listens for one side. */
static int expect(struct call *c, enum pn_side side)
{
	const struct call_leg *leg = &c->leg[side];
	struct pn_addr local;
	uint64_t flow;
	int err = c->h->svc->flow_expect(c->h->host, leg->realm, leg->peer.family, &leg->peer,
					 c->h->conf->setup_ms, &flow, &local);

	if (err)
		return err;
	if (!take(c, side, flow, true))
		return -ENOMEM;
	c->control_shown[side] = local;
	return 0;
}

int control_show(struct call *c, enum pn_side side, const struct pn_addr *at, struct pn_addr *out)
{
	enum pn_side to = call_other(side);
	int err = 0;

	if (!c->leg[side].reachable && !c->leg[side].traverses)
		return -ENETUNREACH;
	c->control_said[side] = *at;
	if (!c->control_shown[to].family || !c->control[to])
		err = c->control[to] ? -EALREADY : expect(c, to);
	if (err)
		return err;
	*out = c->control_shown[to];
	return 0;
}

static void dial(struct call *c, enum pn_side side)
{
	const struct call_leg *leg = &c->leg[side];
	uint64_t flow;

	if (!c->h->svc->flow_open_via(c->h->host, leg->realm, &leg->peer, PN_TCP, &c->control_said[side], &flow))
		take(c, side, flow, false);
}

/* One side is there: now the other. Both may have been told to come; then ours goes to meet the second. */
static void pair_up(struct call *c, enum pn_side side)
{
	struct call_leg *leg = &c->leg[side];
	struct call_link *l = c->control[side];

	if (l && (l->open || !l->expected || leg->traverses))
		return;
	if (leg->reachable && c->control_said[side].family) {
		link_close(l);
		dial(c, side);
	} else if (leg->traverses && !expect(c, side)) {
		own_start_h245(leg, &c->control_shown[side]);
	}
}

void control_opened(struct call_link *l)
{
	struct call *c = l->control;

	c->h->svc->count(c->h->host, H323_CNT_H245_CONNECTIONS);
	pair_up(c, call_other(l->side));
	if (!c->control[call_other(l->side)])
		link_close(l);
}

void control_closed(struct call_link *l, int err)
{
	struct call *c = l->control;
	struct call_link *other = c->control[call_other(l->side)];

	(void)err;
	c->control_shown[l->side] = (struct pn_addr){ 0 };
	if (l->expected && !l->open)
		return; /* nobody came: the other way round may still be tried */
	link_close(other);
}

void control_end(struct call *c)
{
	link_close(c->control[PN_SIDE_A]);
	link_close(c->control[PN_SIDE_B]);
}
