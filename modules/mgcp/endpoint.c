#include "endpoint.h"

#include <errno.h>
#include <stdlib.h>

#include "agent.h"

struct mgcp_endpoint *endpoint_find(struct mgcp_gateway *gw, struct pn_str local)
{
	struct mgcp_endpoint *e;

	TAILQ_FOREACH(e, &gw->endpoints, of_gateway)
	if (str_ieq(e->local, local))
		return e;
	return NULL;
}

/* The one by this name; the one longest unknown makes room at the cap. */
static struct mgcp_endpoint *endpoint_get(struct mgcp_gateway *gw, struct pn_str local)
{
	struct mgcp_endpoint *e = endpoint_find(gw, local);

	if (e)
		return e;
	if (gw->n_endpoints >= gw->g->conf->max_endpoints) {
		e = TAILQ_FIRST(&gw->endpoints);
		TAILQ_REMOVE(&gw->endpoints, e, of_gateway);
		str_drop(&e->local);
		str_drop(&e->entity);
		gw->n_endpoints--;
		free(e);
	}
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->local = str_dup(local);
	if (!e->local.p) {
		free(e);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&gw->endpoints, e, of_gateway);
	gw->n_endpoints++;
	return e;
}

void endpoint_source(struct mgcp_gateway *gw, struct pn_str local, const struct pn_addr *from)
{
	struct mgcp_endpoint *e;

	if (!mgcp_wildcard(local)) {
		e = endpoint_get(gw, local);
		if (e)
			e->source = *from;
		return;
	}
	TAILQ_FOREACH(e, &gw->endpoints, of_gateway)
	if (mgcp_covers(local, e->local))
		e->source = *from;
	gw->agent = *from;
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

void endpoint_entity(struct mgcp_gateway *gw, struct pn_str local, struct pn_str entity)
{
	struct pn_addr a = entity_addr(gw, entity);
	struct mgcp_endpoint *e;

	if (!mgcp_wildcard(local)) {
		e = endpoint_get(gw, local);
		if (e && !str_set(&e->entity, entity))
			e->entity_addr = a;
		return;
	}
	TAILQ_FOREACH(e, &gw->endpoints, of_gateway)
	if (mgcp_covers(local, e->local) && !str_set(&e->entity, entity))
		e->entity_addr = a;
	if (!str_set(&gw->entity, entity))
		gw->entity_addr = a;
}

int endpoint_agent(struct mgcp_gateway *gw, struct pn_str local, struct pn_addr *out)
{
	const struct mgcp_endpoint *e = endpoint_find(gw, local);
	const struct mgcp_route *r = gateway_route(gw);

	if (e && e->entity_addr.family)
		*out = e->entity_addr;
	else if (gw->entity_addr.family)
		*out = gw->entity_addr;
	else if (e && e->source.family)
		*out = e->source;
	else if (gw->agent.family)
		*out = gw->agent;
	else if (!r || agent_at(gw->g, r, 0, out))
		return -EHOSTUNREACH;
	return 0;
}

void endpoint_moved(struct mgcp_gateway *gw, struct pn_str local, const struct pn_addr *agent)
{
	struct mgcp_endpoint *e = endpoint_find(gw, local);

	if (e && e->entity_addr.family)
		e->entity_addr = *agent;
	if (e)
		e->source = *agent;
	if (gw->entity_addr.family)
		gw->entity_addr = *agent;
	gw->agent = *agent;
}

struct pn_str endpoint_entity_text(struct mgcp_gateway *gw, struct pn_str local)
{
	const struct mgcp_endpoint *e = endpoint_find(gw, local);

	return e && e->entity.len ? e->entity : gw->entity;
}

void endpoints_free(struct mgcp_gateway *gw)
{
	struct mgcp_endpoint *e;

	while ((e = TAILQ_FIRST(&gw->endpoints))) {
		TAILQ_REMOVE(&gw->endpoints, e, of_gateway);
		str_drop(&e->local);
		str_drop(&e->entity);
		free(e);
	}
	gw->n_endpoints = 0;
}
