#include "route.h"

#include <errno.h>

#include "forward.h"
#include "gatekeeper.h"
#include "place.h"

/* One registered here that has the IP of the connection, best the one that the Setup names: for those that need no
 * admission. */
static struct h323_terminal *caller_at(struct h323 *h, const struct h323_wish *w)
{
	const struct pn_msg *m = w->msg;
	struct h323_terminal *t = place_owner(h, m->realm, &m->remote, &w->source_signal);

	return t ? t : place_anyone(h, m->realm, &m->remote);
}

/* The gatekeeper may have named one of our own aliases: that call need not leave. */
static void shorten(struct h323 *h, struct h323_way *way)
{
	struct h323_terminal *callee = terminal_of_alias(h, way->realm, &way->to);
	struct h323_way direct;

	if (callee && !way_to_terminal(callee, &direct))
		*way = direct;
}

static int by_gatekeeper(struct h323 *h, const struct h323_wish *w, const struct h323_gatekeeper *gk,
			 struct h323_way *out)
{
	if (!out->caller && !gk->open)
		return -EACCES;
	return gatekeeper_route(h, gk, w->destination, w->n_destinations, out);
}

static int by_route(struct h323 *h, const struct h323_route *r, struct h323_way *out)
{
	struct h323_terminal *caller = out->caller;

	if (r->gatekeepers.n && caller && caller->gatekeeper_signal.family) {
		*out = (struct h323_way){ .reach = H323_BY_ADDRESS,
					  .realm = r->to,
					  .to = caller->gatekeeper_signal };
		return 0;
	}
	if (r->next_hop)
		return way_to_peer(h, r->to, r->next_hop, out);
	return r->gatekeepers.n && !caller ? -EACCES : -EHOSTUNREACH;
}

/* Whoever it asked its gatekeeper for before. */
static const struct h323_admission *located(struct h323 *h, const struct h323_wish *w,
					    const struct h323_terminal *caller)
{
	const struct h323_admission *a = NULL;
	uint8_t call[H323_GUID];

	for (size_t i = 0; caller && !a && i < w->n_destinations; i++) {
		admission_located(caller, w->destination[i], call);
		a = admission_find(h, w->msg->realm, call, ADMISSION_LOCATES);
	}
	return a;
}

/* The called terminal will ask its gatekeeper about a caller that it knows by our address. */
static void note_caller(const struct h323_wish *w, const struct h323_way *way)
{
	struct h323_terminal *callee = way->callee;
	struct h323_admission *a;

	if (!callee || !callee->core || !w->call)
		return;
	a = admission_get(callee, w->call, ADMISSION_ANSWERS);
	if (a && w->msg->realm == callee->core)
		a->seen = w->msg->remote;
	else if (a && way->caller && way->caller->core == callee->core)
		a->seen = terminal_alias(way->caller);
}

int route_call(struct h323 *h, const struct h323_wish *w, struct h323_way *out)
{
	struct pn_realm *from = w->msg->realm;
	struct h323_terminal *callee = terminal_of_alias(h, from, &w->msg->local);
	const struct h323_gatekeeper *gk = h323_gatekeeper_of(h, from);
	const struct h323_route *r = h323_route_from(h, from);
	const struct h323_admission *a = w->call ? admission_find(h, from, w->call, ADMISSION_CALLS) : NULL;
	struct h323_terminal *caller = a ? a->terminal : callee ? NULL : caller_at(h, w);
	struct h323_way way = { .caller = caller };
	int err;

	if (!a)
		a = located(h, w, caller);
	if (callee) {
		err = way_to_terminal(callee, &way);
	} else if (w->forward) {
		err = forward_way(w->forward, &way);
	} else if (a && a->way.reach) {
		way = a->way;
		err = 0;
		shorten(h, &way);
	} else if (gk) {
		err = by_gatekeeper(h, w, gk, &way);
	} else {
		err = r ? by_route(h, r, &way) : -EHOSTUNREACH;
	}
	if (err)
		return err;
	way.caller = caller;
	note_caller(w, &way);
	*out = way;
	return 0;
}
