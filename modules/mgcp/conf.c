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

static void read_agent(struct reader *r, const struct pn_conf *at, struct mgcp_route *route)
{
	const char *text = conf_attr(at, "address");
	struct mgcp_agent *agent = &route->agent[route->n_agents];
	struct mgcp_name name;

	if (route->n_agents == MGCP_AGENTS_MAX) {
		CONF_WRONG(&r->r, at, "call-agent: expected at most %u in a route",
			   MGCP_AGENTS_MAX);
		return;
	}
	if (!mgcp_name_parse(str_of(text), &name))
		agent->host = strndup(name.host.p, name.host.len);
	agent->peer = r->r.svc->peer_new(r->r.host, text, MGCP_AGENT_PORT);
	if (!agent->peer || !agent->host)
		CONF_WRONG(&r->r, at, "call-agent address=\"%s\": expected host or host:port",
			   text);
	route->n_agents++;
}

static void read_follow(struct reader *r, const struct pn_conf *at, struct mgcp_route *route)
{
	const char *text = conf_attr(at, "prefix");

	if (route->n_follow == MGCP_FOLLOW_MAX)
		CONF_WRONG(&r->r, at, "follow: expected at most %u in a route", MGCP_FOLLOW_MAX);
	else if (addr_prefix_parse(r->r.svc, str_of(text), &route->follow[route->n_follow++]))
		CONF_WRONG(&r->r, at,
			   "follow prefix=\"%s\": expected a prefix such as 192.0.2.0/24", text);
}

static void read_route(struct reader *r, const struct pn_conf *at)
{
	struct mgcp_route *route = &r->conf->route[r->conf->n_routes++];

	route->from = conf_realm(&r->r, at, "from");
	route->to = conf_realm(&r->r, at, "to");
	if (route->from && !mgcp_is_access(r->g, route->from))
		CONF_WRONG(&r->r, at, "route from=\"%s\": expected a realm with side=\"access\"",
			   conf_attr(at, "from"));
	if (route->to && mgcp_is_access(r->g, route->to))
		CONF_WRONG(&r->r, at, "route to=\"%s\": expected a realm with side=\"core\"",
			   conf_attr(at, "to"));
	for (const struct mgcp_route *o = r->conf->route; route->from && o < route; o++)
		if (o->from == route->from)
			CONF_WRONG(&r->r, at,
				   "route from=\"%s\": expected one route from each realm",
				   conf_attr(at, "from"));
	for (const struct pn_conf *c = at->children; c; c = c->next) {
		if (!strcmp(c->name, "call-agent"))
			read_agent(r, c, route);
		else if (!strcmp(c->name, "follow"))
			read_follow(r, c, route);
	}
}

static void read_keepalive(struct reader *r, const struct pn_conf *at)
{
	const char *method = conf_attr(at, "method");

	conf_duration(&r->r, at, "every", &r->conf->keepalive_ms);
	conf_number(&r->r, at, "lost-after", &r->conf->lost_after);
	if (method && !strcmp(method, "none"))
		r->conf->keepalive_ms = 0;
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
	struct reader r = { .r = { .svc = g->svc, .host = g->host, .errors = e },
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
		for (size_t j = 0; j < c->route[i].n_agents; j++) {
			if (c->route[i].agent[j].peer)
				c->svc->peer_free(c->route[i].agent[j].peer);
			free(c->route[i].agent[j].host);
		}
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
