#include "conf.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf_read.h"

/* What reading needs at hand. */
struct reader {
	struct conf_read r;
	struct h323 *h;
	struct h323_conf *conf;
};

static bool is(const struct pn_conf *at, const char *name, const char *value)
{
	const char *text = conf_attr(at, name);

	return text && !strcmp(text, value);
}

static struct pn_peer *read_peer(struct reader *r, const struct pn_conf *at, const char *name, uint16_t port)
{
	const char *text = conf_attr(at, name);
	struct pn_peer *peer = r->r.svc->peer_new(r->r.host, text, port);

	if (!peer)
		CONF_WRONG(&r->r, at, "%s %s=\"%s\": expected host or host:port", at->name, name, text);
	return peer;
}

static void read_route(struct reader *r, const struct pn_conf *at)
{
	struct h323_route *route = &r->conf->route[r->conf->n_routes++];

	route->from = conf_realm(&r->r, at, "from");
	route->to = conf_realm(&r->r, at, "to");
	conf_once(&r->r, at, "from");
	if (conf_attr(at, "next-hop"))
		route->next_hop = read_peer(r, at, "next-hop", H323_SIGNAL_PORT);
	softswitches_read(&r->r, at, "gatekeeper", H323_RAS_PORT, &route->gatekeepers);
	if (route->gatekeepers.n && route->from && !h323_is_access(r->h, route->from))
		CONF_WRONG(&r->r, at, "route from=\"%s\": expected a realm with side=\"access\", for its "
			   "terminals register with a gatekeeper", conf_attr(at, "from"));
	if (!route->gatekeepers.n && !route->next_hop)
		CONF_WRONG(&r->r, at, "route: expected a <gatekeeper> in it, or next-hop");
}

static void read_prefix(struct reader *r, const struct pn_conf *at, struct h323_gatekeeper *gk)
{
	const char *digits = conf_attr(at, "digits");
	struct h323_prefix *p = &gk->prefix[gk->n_prefixes];

	if (gk->n_prefixes == H323_PREFIXES_MAX) {
		CONF_WRONG(&r->r, at, "prefix: expected at most %u in a gatekeeper", H323_PREFIXES_MAX);
		return;
	}
	if (!*digits || strlen(digits) >= H323_DIGITS_LEN ||
	    strspn(digits, "0123456789#*,") != strlen(digits)) {
		CONF_WRONG(&r->r, at, "prefix digits=\"%s\": expected digits, # or *", digits);
		return;
	}
	memcpy(p->digits, digits, strlen(digits) + 1);
	p->realm = conf_realm(&r->r, at, "realm");
	p->next_hop = read_peer(r, at, "next-hop", H323_SIGNAL_PORT);
	gk->n_prefixes++;
}

static void read_gatekeeper(struct reader *r, const struct pn_conf *at)
{
	struct h323_gatekeeper *gk = &r->conf->gatekeeper[r->conf->n_gatekeepers++];
	const char *zone = conf_attr(at, "zone");
	uint32_t bandwidth = 0;

	if (zone && (!*zone || strlen(zone) > 128))
		CONF_WRONG(&r->r, at, "gatekeeper zone=\"%s\": expected at most 128 characters", zone);
	gk->zone = strdup(zone ? zone : "postern");
	if (!gk->zone)
		r->r.failed = true;
	gk->realm = conf_realm(&r->r, at, "realm");
	for (const struct h323_gatekeeper *o = r->conf->gatekeeper; gk->realm && o < gk; o++)
		if (o->realm == gk->realm)
			CONF_WRONG(&r->r, at, "gatekeeper realm=\"%s\": expected one gatekeeper in each realm",
				   conf_attr(at, "realm"));
	conf_number(&r->r, at, "bandwidth", &bandwidth);
	gk->bandwidth = bandwidth;
	gk->open = is(at, "unregistered", "yes");
	gk->direct = is(at, "model", "direct");
	for (const struct pn_conf *c = at->children; c; c = c->next)
		if (!strcmp(c->name, "prefix"))
			read_prefix(r, c, gk);
}

static void read_keepalive(struct reader *r, const struct pn_conf *at)
{
	conf_keepalive(&r->r, at, &r->conf->keepalive_ms, &r->conf->lost_after);
}

static void read_timers(struct reader *r, const struct pn_conf *at)
{
	struct h323_conf *c = r->conf;

	conf_duration(&r->r, at, "lifetime", &c->lifetime_ms);
	conf_duration(&r->r, at, "request", &c->request_ms);
	conf_duration(&r->r, at, "admission", &c->admission_ms);
	conf_duration(&r->r, at, "setup", &c->setup_ms);
	conf_duration(&r->r, at, "dead", &c->dead_ms);
	conf_duration(&r->r, at, "session", &c->session_ms);
	if (c->lifetime_ms < 10000 || c->request_ms < 1000 || c->admission_ms < 1000 || c->setup_ms < 1000)
		CONF_WRONG(&r->r, at, "timers: expected a lifetime of at least 10s, and request, admission "
			   "and setup of at least 1s");
}

static void read_limits(struct reader *r, const struct pn_conf *at)
{
	conf_number(&r->r, at, "transactions", &r->conf->max_transactions);
	conf_number(&r->r, at, "terminals", &r->conf->max_terminals);
	conf_number(&r->r, at, "calls", &r->conf->max_calls);
	conf_number(&r->r, at, "channels", &r->conf->max_channels);
}

static const struct {
	const char *name;
	void (*read)(struct reader *r, const struct pn_conf *at);
} elements[] = {
	{ "route", read_route },
	{ "gatekeeper", read_gatekeeper },
	{ "keepalive", read_keepalive },
	{ "timers", read_timers },
	{ "limits", read_limits },
};

/* Who registers somewhere must know with whom. */
static void check(struct reader *r, const struct pn_conf *at)
{
	const struct h323_conf *c = r->conf;

	if (!c->n_routes && !c->n_gatekeepers)
		CONF_WRONG(&r->r, at, "module h323: expected a <route> or a <gatekeeper>");
	for (size_t i = 0; i < c->n_gatekeepers; i++)
		for (size_t j = 0; j < c->n_routes; j++)
			if (c->gatekeeper[i].realm && c->gatekeeper[i].realm == c->route[j].from &&
			    c->route[j].gatekeepers.n)
				CONF_WRONG(&r->r, at, "gatekeeper realm=\"%s\": its terminals register with "
					   "another gatekeeper by a <route>",
					   r->h->svc->realm_info(c->gatekeeper[i].realm)->name);
}

static struct h323_conf *defaults(struct h323 *h, const struct pn_conf *at)
{
	struct h323_conf *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	*c = (struct h323_conf){
		.traversal = !is(at, "traversal", "no"),
		.forward = is(at, "undecodable", "forward"),
		.keepalive_ms = 20000,
		.lost_after = 5,
		.lifetime_ms = 60000,
		.request_ms = 10000,
		.admission_ms = 60000,
		.setup_ms = 180000,
		.dead_ms = 10000,
		.session_ms = 43200000,
		.max_transactions = 100000,
		.max_terminals = 100000,
		.max_calls = 50000,
		.max_channels = 64,
		.svc = h->svc,
	};
	c->route = calloc(conf_count(at, "route") + 1, sizeof(*c->route));
	c->gatekeeper = calloc(conf_count(at, "gatekeeper") + 1, sizeof(*c->gatekeeper));
	if (c->route && c->gatekeeper)
		return c;
	h323_conf_free(c);
	return NULL;
}

struct h323_conf *h323_conf_new(struct h323 *h, const struct pn_conf *at, struct pn_conf_errors *e)
{
	struct reader r = { .r = { .svc = h->svc, .host = h->host, .errors = e, .module = at },
			    .h = h,
			    .conf = defaults(h, at) };

	if (!r.conf)
		return NULL;
	for (const struct pn_conf *child = at->children; child; child = child->next)
		for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
			if (!strcmp(child->name, elements[i].name))
				elements[i].read(&r, child);
	check(&r, at);
	if (!r.r.failed)
		return r.conf;
	h323_conf_free(r.conf);
	return NULL;
}

static void peer_drop(const struct h323_conf *c, struct pn_peer *p)
{
	if (p)
		c->svc->peer_free(p);
}

void h323_conf_free(struct h323_conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_routes; i++) {
		softswitches_free(&c->route[i].gatekeepers);
		peer_drop(c, c->route[i].next_hop);
	}
	for (size_t i = 0; i < c->n_gatekeepers; i++) {
		for (size_t j = 0; j < c->gatekeeper[i].n_prefixes; j++)
			peer_drop(c, c->gatekeeper[i].prefix[j].next_hop);
		free(c->gatekeeper[i].zone);
	}
	free(c->route);
	free(c->gatekeeper);
	free(c);
}

const struct h323_route *h323_route_from(const struct h323 *h, const struct pn_realm *from)
{
	for (size_t i = 0; i < h->conf->n_routes; i++)
		if (h->conf->route[i].from == from)
			return &h->conf->route[i];
	return NULL;
}

const struct h323_gatekeeper *h323_gatekeeper_of(const struct h323 *h, const struct pn_realm *realm)
{
	for (size_t i = 0; i < h->conf->n_gatekeepers; i++)
		if (h->conf->gatekeeper[i].realm == realm)
			return &h->conf->gatekeeper[i];
	return NULL;
}
