#include "conf.h"

#include "common/conf_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What reading needs at hand. */
struct reader {
	struct conf_read r;
	struct sip *sip;
	struct sip_conf *conf;
};

static void read_hops(struct reader *r, const struct pn_conf *at, struct sip_route *route)
{
	const char *p = conf_attr(at, "next-hop"), *end;

	for (p += strspn(p, " \t\r\n"); *p; p = end + strspn(end, " \t\r\n")) {
		struct pn_str one = { p, strcspn(p, " \t\r\n") };

		end = p + one.len;
		if (route->n_peers == SIP_HOPS_MAX) {
			CONF_WRONG(&r->r, at, "route next-hop: expected at most %u addresses",
				   SIP_HOPS_MAX);
			return;
		}
		route->hop[route->n_peers] = strndup(one.p, one.len);
		route->peer[route->n_peers] =
			r->r.svc->peer_new(r->sip->host, route->hop[route->n_peers], SIP_PORT);
		if (!route->peer[route->n_peers])
			CONF_WRONG(&r->r, at, "route next-hop=\"%.*s\": expected host or host:port",
				   (int)one.len, one.p);
		route->n_peers++;
	}
	if (!route->n_peers)
		CONF_WRONG(&r->r, at, "route next-hop: expected host or host:port");
}

static void read_route(struct reader *r, const struct pn_conf *at)
{
	struct sip_route *route = &r->conf->route[r->conf->n_routes++];
	const char *match = conf_attr(at, "match"), *methods = conf_attr(at, "methods");
	char why[128] = "";

	route->from = conf_realm(&r->r, at, "from");
	route->to = conf_realm(&r->r, at, "to");
	read_hops(r, at, route);
	if (methods)
		route->methods = strdup(methods);
	if (!match)
		return;
	route->pattern = r->r.svc->pattern_new(match, why, sizeof(why));
	if (!route->pattern)
		CONF_WRONG(&r->r, at, "route match=\"%s\": expected a Perl-compatible pattern: %s",
			   match, why);
}

static void read_registrar(struct reader *r, const struct pn_conf *at)
{
	struct sip_registrar *reg = &r->conf->registrar[r->conf->n_registrars++];

	reg->realm = conf_realm(&r->r, at, "realm");
	reg->domain = strdup(conf_attr(at, "domain"));
	if (reg->realm && !sip_is_access(r->sip, reg->realm))
		CONF_WRONG(&r->r, at,
			   "registrar realm=\"%s\": expected a realm with side=\"access\"",
			   conf_attr(at, "realm"));
}

static void read_keepalive(struct reader *r, const struct pn_conf *at)
{
	const char *method = conf_attr(at, "method");

	conf_duration(&r->r, at, "every", &r->conf->keepalive_ms);
	r->conf->keepalive_crlf = method && !strcmp(method, "crlf");
	if (method && !strcmp(method, "none"))
		r->conf->keepalive_ms = 0;
}

static void read_expires(struct reader *r, const struct pn_conf *at)
{
	conf_duration(&r->r, at, "terminal", &r->conf->terminal_ms);
	conf_duration(&r->r, at, "upstream", &r->conf->upstream_ms);
	if (r->conf->terminal_ms < 1000)
		CONF_WRONG(&r->r, at, "expires terminal: expected at least 1s");
}

static void read_timers(struct reader *r, const struct pn_conf *at)
{
	conf_duration(&r->r, at, "t1", &r->conf->t1_ms);
	conf_duration(&r->r, at, "t2", &r->conf->t2_ms);
	conf_duration(&r->r, at, "t4", &r->conf->t4_ms);
	conf_duration(&r->r, at, "timer-c", &r->conf->timer_c_ms);
	conf_duration(&r->r, at, "session", &r->conf->session_ms);
	if (r->conf->t1_ms < 10 || r->conf->t2_ms < r->conf->t1_ms)
		CONF_WRONG(&r->r, at, "timers: expected t1 of at least 10ms and t2 not below t1");
}

static void read_limits(struct reader *r, const struct pn_conf *at)
{
	conf_number(&r->r, at, "transactions", &r->conf->max_transactions);
	conf_number(&r->r, at, "dialogs", &r->conf->max_dialogs);
}

static const struct {
	const char *name;
	void (*read)(struct reader *r, const struct pn_conf *at);
} elements[] = {
	{ "route", read_route },         { "registrar", read_registrar },
	{ "keepalive", read_keepalive }, { "expires", read_expires },
	{ "timers", read_timers },       { "limits", read_limits },
};

static void read_element(struct reader *r, const struct pn_conf *at)
{
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
		if (!strcmp(at->name, elements[i].name))
			elements[i].read(r, at);
}

struct sip_conf *conf_new(struct sip *sip, const struct pn_conf *at, struct pn_conf_errors *e)
{
	struct sip_conf *c = calloc(1, sizeof(*c));
	struct reader r = { .r = { .svc = sip->svc, .host = sip->host, .errors = e },
			    .sip = sip,
			    .conf = c };

	if (!c)
		return NULL;
	*c = (struct sip_conf){
		.keepalive_ms = 20000,
		.terminal_ms = 60000,
		.upstream_ms = 3600000,
		.t1_ms = 500,
		.t2_ms = 4000,
		.t4_ms = 5000,
		.timer_c_ms = 185000,
		.session_ms = 43200000,
		.max_transactions = 50000,
		.max_dialogs = 50000,
		.svc = sip->svc,
	};
	c->route = calloc(conf_count(at, "route") + 1, sizeof(*c->route));
	c->registrar = calloc(conf_count(at, "registrar") + 1, sizeof(*c->registrar));
	if (!c->route || !c->registrar)
		goto fail;
	for (const struct pn_conf *child = at->children; child; child = child->next)
		read_element(&r, child);
	if (!c->n_routes && !c->n_registrars)
		CONF_WRONG(&r.r, at, "module sip: expected a <route> or a <registrar>");
	if (r.r.failed)
		goto fail;
	return c;
fail:
	conf_free(c);
	return NULL;
}

static void route_drop(const struct pn_services *svc, struct sip_route *route)
{
	for (size_t i = 0; i < route->n_peers; i++) {
		if (route->peer[i])
			svc->peer_free(route->peer[i]);
		free(route->hop[i]);
	}
	if (route->pattern)
		svc->pattern_free(route->pattern);
	free(route->methods);
}

void conf_free(struct sip_conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; c->route && i < c->n_routes; i++)
		route_drop(c->svc, &c->route[i]);
	for (size_t i = 0; c->registrar && i < c->n_registrars; i++)
		free(c->registrar[i].domain);
	free(c->route);
	free(c->registrar);
	free(c);
}
