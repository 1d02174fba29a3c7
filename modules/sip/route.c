#include "route.h"

#include <errno.h>
#include <string.h>

#include "alias.h"
#include "dialog.h"
#include "record.h"

static bool method_listed(const char *list, struct pn_str method)
{
	const char *p = list;

	while (p && *p) {
		size_t n = strcspn(p, " ,\t");

		if (n == method.len && !memcmp(p, method.p, n))
			return true;
		p += n + strspn(p + n, " ,\t");
	}
	return !list;
}

const struct sip_route *route_match(struct sip_server *s)
{
	const struct sip_conf *conf = s->sip->conf;

	for (size_t i = 0; i < conf->n_routes; i++) {
		const struct sip_route *r = &conf->route[i];

		if (r->from != s->realm || !method_listed(r->methods, s->req->method))
			continue;
		if (!r->pattern || s->sip->svc->pattern_match(r->pattern, s->req->uri) == 1)
			return r;
	}
	return NULL;
}

static bool names_registrar(struct sip *sip, struct pn_realm *realm, const struct sip_uri *u,
			    const struct sip_registrar *r)
{
	return u->sip && (str_iis(u->host, r->domain) || sip_uri_own(sip, realm, u));
}

const struct sip_registrar *route_registrar(struct sip *sip, struct pn_realm *realm,
					    const struct sip_uri *u)
{
	const struct sip_conf *conf = sip->conf;
	const struct sip_registrar *other = NULL;

	for (size_t i = 0; i < conf->n_registrars; i++) {
		if (!names_registrar(sip, realm, u, &conf->registrar[i]))
			continue;
		if (conf->registrar[i].realm == realm)
			return &conf->registrar[i];
		if (!other)
			other = &conf->registrar[i];
	}
	return other;
}

bool route_is_local(struct sip_server *s)
{
	const struct sip_uri *u = &s->req->target;

	if (!u->sip || u->user.len)
		return false;
	return sip_uri_own(s->sip, s->realm, u) || route_registrar(s->sip, s->realm, u);
}

static int to_binding(struct sip *sip, struct pn_binding *b, struct sip_target *out)
{
	const struct pn_binding_info *info = sip->svc->binding_info(b);
	struct sip_target t = { .realm = info->realm, .flow = info->flow, .n_hops = 1 };
	char own[SIP_ADDR_LEN];

	if (!*sip_own(sip, info->flow, own)) /* a reload took its listener away */
		return -480;
	t.hop[0] = info->pinhole;
	t.alias_realm = info->alias_realm;
	if (str_set(&t.uri, record_of(sip, b).contact) || str_set(&t.alias, info->alias)) {
		target_drop(&t);
		return -500;
	}
	*out = t;
	return 1;
}

/* A Request-URI at our own address is for the next hop: RFC 3261 leaves host:port to us. */
static int own_uri(struct sip_server *s, const char *hop, struct pn_str *out)
{
	const struct sip_msg *m = s->req;
	const char *end = m->target.hostport.p + m->target.hostport.len;
	struct text t = { 0 };
	int err;

	text_add(&t, (struct pn_str){ m->uri.p, (size_t)(m->target.hostport.p - m->uri.p) });
	text_put(&t, hop);
	text_add(&t, (struct pn_str){ end, (size_t)(m->uri.p + m->uri.len - end) });
	err = t.failed ? -ENOMEM : str_set(out, text_str(&t));
	text_free(&t);
	return err;
}

static void collect_hops(struct sip *sip, const struct sip_route *r, struct sip_target *t)
{
	for (size_t i = 0; i < r->n_peers; i++)
		for (size_t k = 0; t->n_hops < SIP_HOPS_MAX; k++) {
			struct pn_addr a;

			if (sip->svc->peer_addr(r->peer[i], k, &a))
				break;
			if (sip->svc->flow_listener(sip->host, r->to, PN_UDP, a.family))
				t->hop[t->n_hops++] = a;
		}
}

static int to_route(struct sip_server *s, const struct sip_route *r, struct sip_target *out)
{
	struct sip *sip = s->sip;
	struct sip_target t = { .realm = r->to, .keep_routes = true };

	collect_hops(sip, r, &t);
	if (!t.n_hops)
		return -503;
	t.flow = sip->svc->flow_listener(sip->host, r->to, PN_UDP, t.hop[0].family);
	if (sip_uri_own(sip, s->realm, &s->req->target) && own_uri(s, r->hop[0], &t.uri))
		return -500;
	*out = t;
	return 1;
}

static int to_user(struct sip_server *s, const struct sip_registrar *reg, struct sip_target *out,
		   size_t cap)
{
	struct sip *sip = s->sip;
	const struct sip_conf *conf = sip->conf;
	char aor[256];
	size_t n = 0;

	if (!aor_of(s->req->uri, reg->domain, aor))
		return -404;
	for (size_t i = 0; i < conf->n_registrars; i++) {
		struct pn_binding *b = NULL;

		if (strcmp(conf->registrar[i].domain, reg->domain))
			continue;
		while (n < cap && (b = sip->svc->binding_find(sip->host, conf->registrar[i].realm,
							      PN_BY_IDENTITY, aor, strlen(aor), b)))
			if (sip->svc->binding_info(b)->state == PN_ACTIVE &&
			    to_binding(sip, b, &out[n]) == 1)
				n++;
	}
	if (n)
		return (int)n;
	return sip->svc->table_get(sip->users, aor, strlen(aor)) ? -480 : -404;
}

/* A user part of ours at our own address. 0: it is none. */
static int to_known(struct sip_server *s, struct sip_target *out)
{
	struct sip *sip = s->sip;
	const struct sip_uri *u = &s->req->target;
	struct sip_leg *leg;
	struct pn_binding *b;
	int err;

	if (!u->user.len || !sip_uri_own(sip, s->realm, u))
		return 0;
	leg = dialog_leg(sip, s->realm, u->user);
	if (leg)
		return dialog_target(leg->dialog, (int)(leg - leg->dialog->leg), out) ? -500 : 1;
	err = alias_find(sip, s->realm, u->user, &b);
	if (!err)
		return to_binding(sip, b, out);
	return err == -ESTALE ? -480 : 0;
}

int route_find(struct sip_server *s, struct sip_target *out, size_t cap)
{
	const struct sip_registrar *reg;
	const struct sip_route *route;
	int n = to_known(s, out);

	if (n)
		return n;
	reg = s->req->kind == SIP_REGISTER ? NULL
					   : route_registrar(s->sip, s->realm, &s->req->target);
	if (reg)
		n = to_user(s, reg, out, cap);
	if (n > 0 || n == -480)
		return n;
	route = route_match(s);
	return route ? to_route(s, route, out) : -404;
}

bool route_loops(struct sip_server *s)
{
	struct sip *sip = s->sip;

	for (const struct sip_field *f = msg_field(s->req, SIP_VIA); f; f = msg_next(s->req, f)) {
		struct pn_str rest = f->value, value;
		struct sip_via via;

		while (next_value(&rest, &value) == 1) {
			struct sip_client *c = NULL;
			struct text key = { 0 };

			if (via_parse(value, &via) || !via.branch.len)
				continue;
			text_add(&key, via.branch);
			text_put(&key, " ");
			text_add(&key, s->req->method);
			if (!key.failed)
				c = sip->svc->table_get(sip->client_by_branch, key.p, key.len);
			text_free(&key);
			if (c && c->server && c->server->realm == s->realm &&
			    str_eq(c->server->req->uri, s->req->uri))
				return true;
		}
	}
	return false;
}
