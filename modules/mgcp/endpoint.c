#include "endpoint.h"

#include <errno.h>
#include <stdlib.h>

#include "agent.h"

static struct mgcp_endpoint *find(struct mgcp_gateway *gw, struct pn_str local)
{
	struct mgcp_endpoint *e;

	TAILQ_FOREACH(e, &gw->endpoints, of_gateway)
	if (str_ieq(e->local, local))
		return e;
	return NULL;
}

/* What holds for local: its own, or what was said last of a wildcard that covers it. NULL: nothing.
 */
static struct mgcp_endpoint *known(struct mgcp_gateway *gw, struct pn_str local)
{
	struct mgcp_endpoint *e = find(gw, local);

	if (e)
		return e;
	TAILQ_FOREACH_REVERSE(e, &gw->endpoints, mgcp_endpoints, of_gateway)
	if (mgcp_wildcard(e->local) && mgcp_covers(e->local, local))
		return e;
	return NULL;
}

static void drop(struct mgcp_gateway *gw, struct mgcp_endpoint *e)
{
	TAILQ_REMOVE(&gw->endpoints, e, of_gateway);
	gw->n_endpoints--;
	str_drop(&e->local);
	str_drop(&e->entity);
	free(e);
}

static struct mgcp_endpoint *endpoint_new(struct mgcp_gateway *gw, struct pn_str local)
{
	const struct mgcp_endpoint *like = known(gw, local);
	struct mgcp_endpoint *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	if (like)
		*e = (struct mgcp_endpoint){ .entity_addr = like->entity_addr,
					     .source = like->source,
					     .redirected = like->redirected };
	if (str_set(&e->local, local) || (like && str_set(&e->entity, like->entity))) {
		str_drop(&e->local);
		free(e);
		return NULL;
	}
	if (gw->n_endpoints >= gw->g->conf->max_endpoints)
		drop(gw, TAILQ_FIRST(&gw->endpoints));
	gw->n_endpoints++;
	return e;
}

/* The one by this name, as the last: the one named longest ago makes room at the cap. */
static struct mgcp_endpoint *get(struct mgcp_gateway *gw, struct pn_str local)
{
	struct mgcp_endpoint *e = find(gw, local);

	if (e)
		TAILQ_REMOVE(&gw->endpoints, e, of_gateway);
	else
		e = endpoint_new(gw, local);
	if (e)
		TAILQ_INSERT_TAIL(&gw->endpoints, e, of_gateway);
	return e;
}

void endpoint_source(struct mgcp_gateway *gw, struct pn_str local, const struct pn_addr *from)
{
	struct mgcp_endpoint *e = get(gw, local);

	if (e)
		e->source = *from;
	if (!mgcp_wildcard(local))
		return;
	TAILQ_FOREACH(e, &gw->endpoints, of_gateway)
	if (mgcp_covers(local, e->local))
		e->source = *from;
}

static struct pn_addr entity_addr(struct mgcp_gateway *gw, struct pn_str entity)
{
	const struct mgcp_route *r = gateway_route(gw);
	struct pn_addr a = { 0 };
	struct mgcp *g = gw->g;
	struct mgcp_name n;

	if (!entity.len || !r || mgcp_name_parse(entity, &n))
		return a;
	if (agent_of_entity(g, r, &n, &a)) {
		g->svc->count(g->host, MGCP_CNT_REDIRECTS_REFUSED);
		g->svc->log(g->host, PN_LOG_WARN,
			    "notified entity %.*s not followed: not a configured call agent nor in "
			    "<follow>",
			    (int)entity.len, entity.p);
	} else {
		g->svc->count(g->host, MGCP_CNT_REDIRECTS);
	}
	return a;
}

static void name_entity(struct mgcp_endpoint *e, struct pn_str entity, struct pn_addr addr,
			bool redirected)
{
	if (str_set(&e->entity, entity))
		return;
	e->entity_addr = addr;
	e->redirected = redirected;
}

void endpoint_entity(struct mgcp_gateway *gw, struct pn_str local, struct pn_str entity,
		     bool redirected)
{
	struct pn_addr a = entity_addr(gw, entity);
	struct mgcp_endpoint *e = get(gw, local);

	if (e)
		name_entity(e, entity, a, redirected);
	TAILQ_FOREACH(e, &gw->endpoints, of_gateway)
	if (mgcp_covers(local, e->local))
		name_entity(e, entity, a, redirected);
}

void endpoint_restarts(struct mgcp_gateway *gw, struct pn_str local)
{
	struct mgcp_endpoint *e, *next;

	for (e = TAILQ_FIRST(&gw->endpoints); e; e = next) {
		next = TAILQ_NEXT(e, of_gateway);
		if (!e->redirected && mgcp_covers(local, e->local))
			drop(gw, e);
	}
	/* what a wildcard says must not hold for it either */
	e = known(gw, local);
	if (!e || e->redirected)
		return;
	e = get(gw, local);
	if (!e)
		return;
	name_entity(e, (struct pn_str){ NULL, 0 }, (struct pn_addr){ 0 }, false);
	e->source = (struct pn_addr){ 0 };
}

void endpoint_restarted(struct mgcp_gateway *gw, struct pn_str local)
{
	struct mgcp_endpoint *e;

	TAILQ_FOREACH(e, &gw->endpoints, of_gateway)
	if (mgcp_covers(local, e->local))
		e->redirected = false;
}

int endpoint_agent(struct mgcp_gateway *gw, struct pn_str local, struct pn_addr *out)
{
	const struct mgcp_endpoint *e = known(gw, local);
	const struct mgcp_route *r = gateway_route(gw);
	const struct pn_addr none = { 0 };
	const struct pn_addr *may[] = { e ? &e->entity_addr : &none, e ? &e->source : &none,
					&gw->agent };

	/* without a route the last messages of what it leaves behind go where the others went */
	for (size_t i = 0; i < sizeof(may) / sizeof(may[0]); i++)
		if (may[i]->family && (!r || softswitch_known(&r->agents, may[i]))) {
			*out = *may[i];
			return 0;
		}
	return r && !softswitch_at(&r->agents, 0, out) ? 0 : -EHOSTUNREACH;
}

static void move(struct pn_addr *a, const struct pn_addr *from, const struct pn_addr *to)
{
	if (addr_same(a, from))
		*a = *to;
}

void endpoints_moved(struct mgcp_gateway *gw, const struct pn_addr *asked, const struct pn_addr *by)
{
	const struct mgcp_route *r = gateway_route(gw);
	struct pn_addr to = *by, first;
	struct mgcp_endpoint *e;

	if (r)
		agent_port(r, &to);
	TAILQ_FOREACH(e, &gw->endpoints, of_gateway)
	{
		move(&e->entity_addr, asked, &to);
		move(&e->source, asked, &to);
	}
	if (!gw->agent.family && r && !softswitch_at(&r->agents, 0, &first))
		gw->agent = first;
	move(&gw->agent, asked, &to);
}

struct pn_str endpoint_entity_text(struct mgcp_gateway *gw, struct pn_str local)
{
	const struct mgcp_endpoint *e = known(gw, local);

	return e ? e->entity : (struct pn_str){ NULL, 0 };
}

void endpoints_free(struct mgcp_gateway *gw)
{
	struct mgcp_endpoint *e;

	while ((e = TAILQ_FIRST(&gw->endpoints)))
		drop(gw, e);
}
