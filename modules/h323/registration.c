#include "registration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alias.h"
#include "call.h"
#include "feature.h"
#include "place.h"
#include "ras_tunnel.h"
#include "transaction.h"
#include "transport.h"
#include "traversal.h"

#define PENDING_MS 30000u

/* ---- what it claims ---- */

static void claim_alias(struct registration_claim *c, const struct AliasAddress *a)
{
	char text[H323_ALIAS_LEN];
	long n = alias_text(a, text, sizeof(text));
	struct pn_str s = { text, (size_t)n };

	if (n <= 0 || c->n_aliases == H323_ALIASES_MAX)
		return;
	c->alias[c->n_aliases] = str_dup(s);
	c->n_aliases += c->alias[c->n_aliases].p != NULL;
}

/* Several addresses may be listed; the one that the message came from is best, then one of its family. */
static struct pn_addr best(struct TransportAddress **list, int n, const struct pn_addr *from)
{
	struct pn_addr found = { 0 };

	for (int i = 0; i < n; i++) {
		struct pn_addr a = transport_get(list[i]);

		if (addr_same_ip(&a, from))
			return a;
		if (!found.family || (found.family != from->family && a.family == from->family))
			found = a;
	}
	return found;
}

static void of_discovery(struct registration_claim *c, const GatekeeperRequest_t *q)
{
	c->ras = transport_get(&q->rasAddress);
	for (int i = 0; q->endpointAlias && i < q->endpointAlias->list.count; i++)
		claim_alias(c, q->endpointAlias->list.array[i]);
	c->tunnel = feature_has(q->featureSet, FEATURE_RAS_TUNNEL);
	c->traversal = feature_has(q->featureSet, FEATURE_SIGNALLING_TRAVERSAL);
	c->media_traversal = feature_has(q->featureSet, FEATURE_MEDIA_TRAVERSAL);
}

static void of_registration(struct registration_claim *c, const RegistrationRequest_t *q,
			    const struct pn_addr *from)
{
	c->ras = best(q->rasAddress.list.array, q->rasAddress.list.count, from);
	c->signal = best(q->callSignalAddress.list.array, q->callSignalAddress.list.count, from);
	for (int i = 0; q->terminalAlias && i < q->terminalAlias->list.count; i++)
		claim_alias(c, q->terminalAlias->list.array[i]);
	c->lightweight = q->keepAlive && *q->keepAlive;
	c->ttl_s = q->timeToLive ? (uint32_t)*q->timeToLive : 0;
	c->tunnel = feature_has(q->featureSet, FEATURE_RAS_TUNNEL);
	c->traversal = feature_has(q->featureSet, FEATURE_SIGNALLING_TRAVERSAL);
	c->media_traversal = feature_has(q->featureSet, FEATURE_MEDIA_TRAVERSAL);
}

struct registration_claim *registration_claim_new(struct h323 *h, const struct ras_rx *rx)
{
	struct registration_claim *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	if (rx->type == RasMessage_PR_gatekeeperRequest)
		of_discovery(c, &rx->msg->choice.gatekeeperRequest);
	else
		of_registration(c, &rx->msg->choice.registrationRequest, &rx->pn->remote);
	c->flow = rx->pn->flow;
	c->from = rx->pn->remote;
	c->tunnel = c->tunnel && ras_tunnel_is(h, c->flow);
	if (!h->conf->traversal)
		c->traversal = c->media_traversal = false;
	if (c->ras.family || c->lightweight)
		return c;
	registration_claim_free(c);
	return NULL;
}

void registration_claim_free(struct registration_claim *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_aliases; i++)
		str_drop(&c->alias[i]);
	free(c);
}

/* ---- the binding ---- */

static struct pn_binding_args args_of(const struct pn_msg *m, const struct pn_addr *claimed, struct pn_realm *core)
{
	return (struct pn_binding_args){
		.size = sizeof(struct pn_binding_args),
		.realm = m->realm,
		.claimed = *claimed,
		.pinhole = m->remote,
		.flow = m->flow,
		.alias_realm = core,
		.expires_ms = PENDING_MS,
		.alias_kind = core ? PN_ALIAS_PORT : PN_ALIAS_TOKEN,
		.alias_listen = 1u << PN_UDP | 1u << PN_TCP,
	};
}

static struct h323_terminal *terminal_new(struct h323 *h, struct pn_binding *b, const struct pn_msg *m,
					  struct pn_realm *core)
{
	struct h323_terminal *t = calloc(1, sizeof(*t));

	if (!t || h->svc->table_put(h->terminal_by_binding, &b, sizeof(b), t)) {
		free(t);
		return NULL;
	}
	t->h = h;
	t->binding = b;
	t->access = m->realm;
	t->core = core;
	t->flow = m->flow;
	LIST_INIT(&t->transactions);
	LIST_INSERT_HEAD(&h->terminals, t, all);
	h->n_terminals++;
	place_set(t);
	return t;
}

/* One without a name is told by its address behind its NAT. */
static struct pn_str identity_of(struct h323 *h, const struct ras_rx *rx, const struct registration_claim *c,
				 char out[2 * H323_ADDR_LEN])
{
	char ras[H323_ADDR_LEN], from[H323_ADDR_LEN];
	struct pn_addr ip = rx->pn->remote;
	size_t n, m;

	if (c->n_aliases)
		return c->alias[0];
	ip.port = 0;
	n = strlen(h323_print(h, &c->ras, ras));
	m = strlen(h323_print(h, &ip, from));
	memcpy(out, ras, n);
	out[n] = '@';
	memcpy(out + n + 1, from, m);
	return (struct pn_str){ out, n + 1 + m };
}

static void set_claims(struct h323_terminal *t, const struct registration_claim *c)
{
	t->ras = c->ras;
	if (c->signal.family)
		t->signal = c->signal;
	t->traversal = c->traversal;
	t->media_traversal = c->media_traversal;
}

/* The same one, registered before. It goes when its alias is not where it is to be any more. */
static struct pn_binding *former(struct h323 *h, const struct pn_binding_args *a)
{
	const struct pn_binding_info *info;
	struct pn_binding *b = NULL;

	do {
		b = h->svc->binding_find(h->host, a->realm, PN_BY_IDENTITY, a->identity.p, a->identity.len, b);
		info = b ? h->svc->binding_info(b) : NULL;
	} while (b && !str_eq(info->instance, a->instance));
	if (!b || info->alias_realm == a->alias_realm)
		return b;
	h->svc->binding_remove(b);
	return NULL;
}

int registration_put(struct h323 *h, const struct ras_rx *rx, const struct registration_claim *c,
		     struct pn_realm *core, struct h323_terminal **out)
{
	struct pn_binding_args a = args_of(rx->pn, &c->ras, core);
	char identity[2 * H323_ADDR_LEN], instance[H323_ADDR_LEN];
	struct pn_addr ip = c->ras;
	struct h323_terminal *t;
	struct pn_binding *b;
	int err;

	if (c->lightweight) {
		t = terminal_of_sender(h, rx->pn, rx->endpoint);
		if (!t || t->core != core || t->withheld)
			return -ENOENT;
		*out = t;
		return 0;
	}
	ip.port = 0;
	a.identity = identity_of(h, rx, c, identity);
	a.instance = str_of(h323_print(h, &ip, instance));
	if (!former(h, &a) && h->n_terminals >= h->conf->max_terminals) {
		h->svc->count(h->host, H323_CNT_FULL);
		return -ENOSPC;
	}
	err = h->svc->binding_put(h->host, &a, &b);
	if (err)
		return err;
	t = terminal_of_binding(h, b);
	if (!t) {
		t = terminal_new(h, b, rx->pn, core);
		if (!t) {
			h->svc->binding_remove(b);
			return -ENOMEM;
		}
		set_claims(t, c);
	}
	*out = t;
	return 0;
}

/* A put like the one that is in force, but for where it came from. */
static int put_again(struct h323_terminal *t, uint64_t flow, const struct pn_addr *claimed,
		     const struct pn_addr *from)
{
	const struct pn_binding_info *info = t->h->svc->binding_info(t->binding);
	struct pn_binding_args a = {
		.size = sizeof(a),
		.realm = info->realm,
		.identity = info->identity,
		.instance = info->instance,
		.claimed = *claimed,
		.pinhole = *from,
		.flow = flow,
		.alias_realm = info->alias_realm,
		.expires_ms = PENDING_MS,
	};
	struct pn_binding *b;

	return t->h->svc->binding_put(t->h->host, &a, &b);
}

void registration_moved(struct h323_terminal *t, const struct pn_msg *m)
{
	struct pn_addr pinhole = terminal_pinhole(t);

	if (addr_same_ip(&pinhole, &m->remote) && !addr_same(&pinhole, &m->remote) &&
	    !put_again(t, m->flow, &t->ras, &m->remote))
		t->flow = m->flow;
	place_set(t);
}

/* ---- names ---- */

static void forget_names(struct h323_terminal *t)
{
	uint8_t key[TERMINAL_KEY_MAX];
	size_t n;

	for (size_t i = 0; i < t->n_aliases; i++) {
		n = terminal_name_key(t->zone.p ? t->zone.p : "", t->alias[i], key);
		if (t->zone.p && t->h->svc->table_get(t->h->terminal_by_name, key, n) == t)
			t->h->svc->table_del(t->h->terminal_by_name, key, n);
		str_drop(&t->alias[i]);
	}
	t->n_aliases = 0;
	str_drop(&t->zone);
}

static int set_names(struct h323_terminal *t, const struct registration_claim *c)
{
	const struct h323_gatekeeper *gk = t->core ? NULL : h323_gatekeeper_of(t->h, t->access);
	uint8_t key[TERMINAL_KEY_MAX];

	if (gk && str_set(&t->zone, str_of(gk->zone)))
		return -ENOMEM;
	for (size_t i = 0; i < c->n_aliases; i++) {
		t->alias[i] = str_dup(c->alias[i]);
		if (!t->alias[i].p)
			return -ENOMEM;
		t->n_aliases++;
		if (gk) {
			size_t n = terminal_name_key(gk->zone, c->alias[i], key);

			t->h->svc->table_del(t->h->terminal_by_name, key, n);
			if (t->h->svc->table_put(t->h->terminal_by_name, key, n, t))
				return -ENOMEM;
		}
	}
	return 0;
}

void registration_name(struct h323_terminal *t, struct pn_str endpoint)
{
	uint8_t key[TERMINAL_KEY_MAX];
	struct h323 *h = t->h;
	size_t n;

	if (str_eq(t->endpoint, endpoint))
		return;
	if (t->endpoint.len) {
		n = terminal_endpoint_key(t->access, t->endpoint, key);
		if (h->svc->table_get(h->terminal_by_endpoint, key, n) == t)
			h->svc->table_del(h->terminal_by_endpoint, key, n);
	}
	if (str_set(&t->endpoint, endpoint) || !endpoint.len)
		return;
	n = terminal_endpoint_key(t->access, endpoint, key);
	h->svc->table_del(h->terminal_by_endpoint, key, n);
	h->svc->table_put(h->terminal_by_endpoint, key, n, t);
}

struct h323_terminal *registration_rival(const struct h323_terminal *t, const struct h323_gatekeeper *gk,
					 const struct registration_claim *c)
{
	for (size_t i = 0; i < c->n_aliases; i++) {
		struct h323_terminal *other = terminal_of_name(t->h, gk, c->alias[i]);
		struct pn_addr pinhole;

		if (!other || other == t)
			continue;
		pinhole = terminal_pinhole(other);
		/* behind the same NAT it may well be the same one, with another address */
		if (!addr_same_ip(&pinhole, &c->from))
			return other;
	}
	return NULL;
}

/* ---- the outcome ---- */

/* One RAS socket is one endpoint: what it was registered as before is over. */
static void remove_former(struct h323_terminal *t, const struct pn_addr *from)
{
	struct h323 *h = t->h;
	struct pn_binding *former[4], *b = NULL;
	size_t n = 0;

	while (n < 4 && (b = h->svc->binding_find(h->host, t->access, PN_BY_PINHOLE, from, sizeof(*from), b))) {
		const struct h323_terminal *o = terminal_of_binding(h, b);

		if (o && o != t && o->core == t->core && addr_same(&o->ras, &t->ras) &&
		    addr_same(&o->signal, &t->signal))
			former[n++] = b;
	}
	while (n)
		h->svc->binding_remove(former[--n]);
}

int registration_accept(struct h323_terminal *t, const struct registration_claim *c, uint64_t terminal_ms,
			uint64_t upstream_ms)
{
	char text[H323_ADDR_LEN];
	struct h323 *h = t->h;
	bool first = !t->registered, here;
	struct pn_addr pinhole;
	int err = put_again(t, c->flow, c->lightweight ? &t->ras : &c->ras, &c->from);
	struct pn_str name;

	if (err)
		return err;
	h->svc->binding_accept(t->binding, terminal_ms, upstream_ms);
	place_set(t);
	pinhole = terminal_pinhole(t);
	here = addr_same_ip(&pinhole, &c->from);
	t->registered = true;
	t->withheld = t->withheld || !here;
	if (here) {
		t->flow = c->flow;
		t->unanswered = 0;
	}
	if (here && !c->lightweight) {
		t->withheld = false;
		set_claims(t, c);
		forget_names(t);
		err = set_names(t, c);
		remove_former(t, &c->from);
	}
	if (!first)
		return err;
	name = terminal_name(t, text);
	h->svc->count(h->host, H323_CNT_REGISTRATIONS);
	h->svc->log(h->host, PN_LOG_INFO, "terminal %.*s registered", (int)name.len, name.p);
	return err;
}

void registration_refuse(struct h323_terminal *t)
{
	t->h->svc->binding_refuse(t->binding);
}

void registration_gone(struct h323_terminal *t)
{
	struct h323 *h = t->h;

	while (LIST_FIRST(&t->transactions))
		transaction_end(LIST_FIRST(&t->transactions));
	traversals_of_terminal_end(t);
	admissions_of_terminal_end(t);
	calls_terminal_gone(h, t);
	forget_names(t);
	registration_name(t, (struct pn_str){ NULL, 0 });
	place_leave(t);
	LIST_REMOVE(t, all);
	h->n_terminals--;
	h->svc->table_del(h->terminal_by_binding, &t->binding, sizeof(t->binding));
	free(t);
}
