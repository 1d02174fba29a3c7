#include "conf.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf_read.h"

/* What reading needs at hand. */
struct reader {
	struct conf_read r;
	struct h248 *h;
	struct h248_conf *conf;
};

static void read_route(struct reader *r, const struct pn_conf *at)
{
	struct h248_route *route = &r->conf->route[r->conf->n_routes++];
	const char *transport = conf_attr(at, "transport");

	route->from = conf_realm_on(&r->r, at, "from", PN_ACCESS);
	route->to = conf_realm_on(&r->r, at, "to", PN_CORE);
	conf_once(&r->r, at, "from");
	if (transport)
		route->transport = strcmp(transport, "tcp") ? PN_UDP : PN_TCP;
	softswitches_read(&r->r, at, "mgc", H248_TEXT_PORT, &route->mgcs);
}

static void read_keepalive(struct reader *r, const struct pn_conf *at)
{
	conf_keepalive(&r->r, at, &r->conf->keepalive_ms, &r->conf->lost_after);
}

static void read_timers(struct reader *r, const struct pn_conf *at)
{
	conf_duration(&r->r, at, "transaction", &r->conf->transaction_ms);
	conf_duration(&r->r, at, "lifetime", &r->conf->lifetime_ms);
	conf_duration(&r->r, at, "failover", &r->conf->failover_ms);
	if (r->conf->transaction_ms < 1000 || r->conf->lifetime_ms < 1000)
		CONF_WRONG(&r->r, at, "timers: expected transaction and lifetime of at least 1s");
}

static void read_limits(struct reader *r, const struct pn_conf *at)
{
	conf_number(&r->r, at, "transactions", &r->conf->max_tx);
	conf_number(&r->r, at, "terminations", &r->conf->max_calls);
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

struct h248_conf *h248_conf_new(struct h248 *h, const struct pn_conf *at, struct pn_conf_errors *e)
{
	struct h248_conf *c = calloc(1, sizeof(*c));
	struct reader r = { .r = { .svc = h->svc, .host = h->host, .errors = e, .module = at },
			    .h = h,
			    .conf = c };

	if (!c)
		return NULL;
	*c = (struct h248_conf){
		.keepalive_ms = 20000,
		.lost_after = 5,
		.lifetime_ms = 600000,
		.transaction_ms = 30000,
		.failover_ms = 5000,
		.max_tx = 100000,
		.max_calls = 100000,
		.svc = h->svc,
	};
	c->route = calloc(conf_count(at, "route") + 1, sizeof(*c->route));
	if (!c->route)
		goto fail;
	for (const struct pn_conf *child = at->children; child; child = child->next)
		for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
			if (!strcmp(child->name, elements[i].name))
				elements[i].read(&r, child);
	if (!c->n_routes)
		CONF_WRONG(&r.r, at, "module h248: expected a <route>");
	if (!r.r.failed)
		return c;
fail:
	h248_conf_free(c);
	return NULL;
}

void h248_conf_free(struct h248_conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; c->route && i < c->n_routes; i++)
		softswitches_free(&c->route[i].mgcs);
	free(c->route);
	free(c);
}

const struct h248_route *h248_route_from(const struct h248 *h, const struct pn_realm *access)
{
	for (size_t i = 0; h->conf && i < h->conf->n_routes; i++)
		if (h->conf->route[i].from == access)
			return &h->conf->route[i];
	return NULL;
}
