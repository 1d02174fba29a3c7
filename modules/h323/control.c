#include "control.h"

#include <errno.h>

#include "link.h"
#include "own.h"

/* A connection to be, of the call's H.245 towards one side. */
static struct call_link *take(struct call *c, enum pn_side side, uint64_t flow)
{
	struct call_link *l = link_new(c->h, flow, c->leg[side].realm);

	if (!l) {
		c->h->svc->flow_close(c->h->host, flow);
		return NULL;
	}
	l->control = c;
	l->side = side;
	return l;
}

/* Listens for one side. */
static int await(struct call *c, enum pn_side side)
{
	struct call_control *ctl = &c->control[side];
	const struct call_leg *leg = &c->leg[side];
	/* A gatekeeper in the core that routes call signalling alone has the far end come by itself. */
	const struct pn_addr anybody = { 0 }, *from = h323_is_access(c->h, leg->realm) ? &leg->peer : &anybody;
	struct pn_addr local;
	uint64_t flow;
	int err;

	if (ctl->shown.family)
		return 0;
	if (ctl->up)
		return -EALREADY;
	err = c->h->svc->flow_expect(c->h->host, leg->realm, leg->peer.family, from,
				     c->h->conf->setup_ms, &flow, &local);
	if (err)
		return err;
	ctl->awaited = take(c, side, flow);
	if (!ctl->awaited)
		return -ENOMEM;
	ctl->shown = local;
	return 0;
}

/* What an access side says is believed where it is its own address; then there is no NAT in between. Where a
 * trunk leads there it is an address inside. */
static bool may_dial(const struct call *c, enum pn_side side)
{
	const struct pn_addr *said = &c->control[side].said;
	const struct call_leg *leg = &c->leg[side];

	return said->family && !leg->traverses &&
	       (!h323_is_access(c->h, leg->realm) || addr_same_ip(said, &leg->peer) ||
		c->h->svc->flow_trunk(c->h->host, leg->realm, &leg->peer, said));
}

static void dial(struct call *c, enum pn_side side)
{
	struct call_control *ctl = &c->control[side];
	const struct call_leg *leg = &c->leg[side];
	uint64_t flow;

	if (!c->h->svc->flow_open_via(c->h->host, leg->realm, &leg->peer, PN_TCP, &ctl->said, &flow))
		ctl->dialled = take(c, side, flow);
}

/* The other side is there: now this one. A caller hears where to come by an answer to its Setup, if one is due. */
static void bring(struct call *c, enum pn_side side)
{
	struct call_control *ctl = &c->control[side];
	struct call_leg *leg = &c->leg[side];

	if (ctl->up || ctl->dialled)
		return;
	if (may_dial(c, side))
		dial(c, side);
	if (ctl->dialled || ctl->offered || await(c, side))
		return;
	if (side == PN_SIDE_A && !c->answered && !leg->traverses)
		return;
	own_start_h245(leg, &ctl->shown);
	ctl->offered = true;
}

int control_show(struct call *c, enum pn_side side, const struct pn_addr *at, struct pn_addr *out)
{
	struct call_control *mine = &c->control[side], *theirs = &c->control[call_other(side)];
	int err = await(c, call_other(side));

	if (err)
		return err;
	mine->said = *at;
	mine->offered = false;
	theirs->offered = true;
	*out = theirs->shown;
	if (theirs->up)
		bring(c, side);
	return 0;
}

bool control_start(struct call *c, enum pn_side side, const struct pn_addr *at)
{
	struct call_control *mine = &c->control[side], *theirs = &c->control[call_other(side)];
	struct pn_addr before = mine->said;

	if (mine->up || (!theirs->up && !theirs->said.family))
		return false;
	mine->said = *at;
	if (may_dial(c, side)) {
		mine->said = before;
		return false;
	}
	mine->offered = false;
	bring(c, side);
	return mine->offered;
}

bool control_offer(struct call *c, enum pn_side side, struct pn_addr *out)
{
	struct call_control *ctl = &c->control[side];

	if (!c->control[call_other(side)].up || !ctl->awaited || ctl->dialled || ctl->offered)
		return false;
	ctl->offered = true;
	*out = ctl->shown;
	return true;
}

/* Some that listen do not go by an address in an answer, but by that of a Facility. */
void control_answered(struct call *c)
{
	if (!c->control[PN_SIDE_B].up)
		return;
	c->control[PN_SIDE_A].offered = false;
	bring(c, PN_SIDE_A);
}

/* Without either there is nobody to talk to. */
static void end_alone(struct call *c, enum pn_side side)
{
	const struct call_control *other = &c->control[call_other(side)];

	if (!other->up && !other->awaited && !other->dialled)
		link_close(c->control[side].up);
}

void control_opened(struct call_link *l)
{
	struct call *c = l->control;
	enum pn_side side = l->side;
	struct call_control *ctl = &c->control[side];

	if (ctl->up) {
		link_close(l);
		return;
	}
	c->h->svc->count(c->h->host, H323_CNT_H245_CONNECTIONS);
	if (ctl->awaited != l)
		ctl->shown = (struct pn_addr){ 0 };
	control_forget(l);
	ctl->up = l;
	link_close(ctl->awaited);
	link_close(ctl->dialled);
	call_release(c, call_other(side));
	if (c->over)
		return;
	bring(c, call_other(side));
	end_alone(c, side);
}

void control_closed(struct call_link *l)
{
	struct call *c = l->control;
	struct call_control *ctl = &c->control[l->side];
	bool stood = ctl->up == l, dialled = ctl->dialled == l;

	control_forget(l);
	if (stood) {
		control_end(c);
		return;
	}
	if (dialled)
		ctl->said = (struct pn_addr){ 0 };
	else
		ctl->shown = (struct pn_addr){ 0 };
	if (!c->control[call_other(l->side)].up)
		return;
	bring(c, l->side);
	end_alone(c, call_other(l->side));
}

void control_forget(const struct call_link *l)
{
	struct call_control *ctl = &l->control->control[l->side];
	struct call_link **candidate[] = { &ctl->up, &ctl->awaited, &ctl->dialled };

	for (size_t i = 0; i < sizeof(candidate) / sizeof(candidate[0]); i++)
		if (*candidate[i] == l)
			*candidate[i] = NULL;
}

void control_end(struct call *c)
{
	for (int side = 0; side < 2; side++) {
		struct call_control *ctl = &c->control[side];

		link_close(ctl->up);
		link_close(ctl->awaited);
		link_close(ctl->dialled);
		*ctl = (struct call_control){ 0 };
	}
	call_forget_held(c);
}
