#include "conf.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf_read.h"

/* What reading needs at hand. */
struct reader {
	struct conf_read r;
	struct mgcp *g;
	struct mgcp_conf *conf;
};

static void read_route(struct reader *r, const struct pn_conf *at)
{
	struct mgcp_route *route = &r->conf->route[r->conf->n_routes++];

	route->from = conf_realm_on(&r->r, at, "from", PN_ACCESS);
	route->to = conf_realm_on(&r->r, at, "to", PN_CORE);
	conf_once(&r->r, at, "from");
	softswitches_read(&r->r, at, "call-agent", MGCP_AGENT_PORT, &route->agents);
}

static void read_keepalive(struct reader *r, const struct pn_conf *at)
{
	conf_keepalive(&r->r, at, &r->conf->keepalive_ms, &r->conf->lost_after);
}

static void read_timers(struct reader *r, const struct pn_conf *at)
{
	conf_duration(&r->r, at, "history", &r->conf->history_ms);
	conf_duration(&r->r, at, "lifetime", &r->conf->lifetime_ms);
	if (r->conf->history_ms < 1000 || r->conf->lifetime_ms < 1000)
		CONF_WRONG(&r->r, at, "timers: expected history and lifetime of at least 1s");
}

static void read_limits(struct reader *r, const struct pn_conf *at)
{
	conf_number(&r->r, at, "transactions", &r->conf->max_transactions);
	conf_number(&r->r, at, "connections", &r->conf->max_connections);
	conf_number(&r->r, at, "endpoints", &r->conf->max_endpoints);
}

static const struct {
	const char *name;
	void (*read)(struct reader *r, const struct pn_conf *at);
} elements[] = {
	{ "route", read_route },
	{ "keepalive", read_keepalive },
	{ "timers", read_timers },
	{ "limits", read_limits },
};

static void read_alias_domain(struct reader *r, const struct pn_conf *at)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	const char *text = conf_attr(at, "alias-domain"), *token = text ? strstr(text, "%t") : NULL;

	if (text && (!token || strspn(text, letters) != (size_t)(token - text) ||
		     strspn(token + 2, letters) != strlen(token + 2) || strlen(text) > 200))
		CONF_WRONG(&r->r, at,
			   "module alias-domain=\"%s\": expected a domain name with %%t in it, "
			   "such as gw-%%t.example",
			   text);
	r->conf->alias_domain = strdup(text ? text : "gw-%t.postern.invalid");
}

struct mgcp_conf *mgcp_conf_new(struct mgcp *g, const struct pn_conf *at, struct pn_conf_errors *e)
{
	struct mgcp_conf *c = calloc(1, sizeof(*c));
	struct reader r = { .r = { .svc = g->svc, .host = g->host, .errors = e, .module = at },
			    .g = g,
			    .conf = c };

	if (!c)
		return NULL;
	*c = (struct mgcp_conf){
		.keepalive_ms = 20000,
		.lost_after = 5,
		.lifetime_ms = 600000,
		.history_ms = 40000,
		.max_transactions = 100000,
		.max_connections = 100000,
		.max_endpoints = 1024,
		.svc = g->svc,
	};
	c->route = calloc(conf_count(at, "route") + 1, sizeof(*c->route));
	read_alias_domain(&r, at);
	if (!c->route || !c->alias_domain)
		goto fail;
	for (const struct pn_conf *child = at->children; child; child = child->next)
		for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
			if (!strcmp(child->name, elements[i].name))
				elements[i].read(&r, child);
	if (!c->n_routes)
		CONF_WRONG(&r.r, at, "module mgcp: expected a <route>");
	if (!r.r.failed)
		return c;
fail:
	mgcp_conf_free(c);
	return NULL;
}

void mgcp_conf_free(struct mgcp_conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; c->route && i < c->n_routes; i++)
		softswitches_free(&c->route[i].agents);
	free(c->route);
	free(c->alias_domain);
	free(c);
}

const struct mgcp_route *mgcp_route_from(const struct mgcp *g, const struct pn_realm *access)
{
	for (size_t i = 0; i < g->conf->n_routes; i++)
		if (g->conf->route[i].from == access)
			return &g->conf->route[i];
	return NULL;
}
