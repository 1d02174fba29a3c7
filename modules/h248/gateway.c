#include "gateway.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgc.h"
#include "pass.h"

#define PENDING_MS 30000u
#define LISTEN (1u << PN_UDP | 1u << PN_TCP)
#define SILENT_KEEPALIVES 2 /* unheard for so many of them: another one may claim its name */

/* Who it says it is, and from where. */
struct claim {
	struct h248 *h;
	const struct pn_msg *pn;
	const struct mid *mid;
	struct pn_str identity, source; /* in lower case; its IP as text */
	char identity_text[MID_TEXT_MAX], source_text[H248_ADDR_LEN];
};

static const struct pn_binding_info *info_of(const struct h248_gateway *gw)
{
	return gw->h->svc->binding_info(gw->binding);
}

struct pn_addr gateway_pinhole(const struct h248_gateway *gw)
{
	return info_of(gw)->pinhole;
}

struct pn_addr gateway_alias(const struct h248_gateway *gw)
{
	return info_of(gw)->alias_addr;
}

const struct h248_route *gateway_route(const struct h248_gateway *gw)
{
	const struct h248_route *r = h248_route_from(gw->h, gw->access);

	return r && r->to == gw->core ? r : NULL;
}

struct h248_gateway *gateway_of_binding(struct h248 *h, const struct pn_binding *b)
{
	return b ? h->svc->table_get(h->gateway_by_binding, &b, sizeof(b)) : NULL;
}

struct h248_gateway *gateway_of_alias(struct h248 *h, const struct pn_msg *pn)
{
	struct h248_gateway *gw =
		h->svc->table_get(h->gateway_by_flow, &pn->flow, sizeof(pn->flow));
	char text[H248_ADDR_LEN];
	int n = h->svc->addr_print(&pn->local, text, sizeof(text));

	if (gw || n <= 0)
		return gw;
	return gateway_of_binding(
		h, h->svc->binding_find(h->host, pn->realm, PN_BY_ALIAS, text, (size_t)n, NULL));
}

/* ---- who sent this ---- */

static int claim_of(struct claim *c, struct h248 *h, const struct pn_msg *pn, const struct msg *m)
{
	struct pn_addr ip = pn->remote;
	int n;

	c->h = h;
	c->pn = pn;
	c->mid = &m->item[0].mid;
	n = mid_print(c->mid, c->identity_text);
	if (n < 0)
		return n;
	c->identity = (struct pn_str){ c->identity_text, (size_t)n };
	for (int i = 0; i < n; i++)
		c->identity_text[i] = (char)tolower((unsigned char)c->identity_text[i]);
	ip.port = 0;
	n = h->svc->addr_print(&ip, c->source_text, sizeof(c->source_text));
	c->source = (struct pn_str){ c->source_text, n > 0 ? (size_t)n : 0 };
	return 0;
}

/* The binding that this source speaks for; *other: the one of its name at another address. */
static struct pn_binding *find_own(const struct claim *c, struct pn_binding **other)
{
	struct pn_binding *b = NULL, *best = NULL;

	*other = NULL;
	while ((b = c->h->svc->binding_find(c->h->host, c->pn->realm, PN_BY_IDENTITY, c->identity.p,
					    c->identity.len, b))) {
		const struct pn_binding_info *info = c->h->svc->binding_info(b);

		if (addr_same(&info->pinhole, &c->pn->remote))
			return b;
		if (addr_same_ip(&info->pinhole, &c->pn->remote))
			best = b;
		else if (!info->instance.len)
			*other = b;
	}
	return best;
}

/* It may write its identifier in another way than when it registered. */
static struct pn_binding *find_alone(const struct claim *c)
{
	const struct pn_addr *from = &c->pn->remote;
	struct pn_binding *b = c->h->svc->binding_find(c->h->host, c->pn->realm, PN_BY_PINHOLE,
						       from, sizeof(*from), NULL);

	if (b && c->h->svc->binding_find(c->h->host, c->pn->realm, PN_BY_PINHOLE, from,
					 sizeof(*from), b))
		return NULL;
	return b;
}

struct h248_gateway *gateway_of_sender(struct h248 *h, const struct pn_msg *pn, const struct msg *m)
{
	struct pn_binding *b, *other;
	struct claim c;

	if (claim_of(&c, h, pn, m))
		return NULL;
	b = find_own(&c, &other);
	return gateway_of_binding(h, b ? b : find_alone(&c));
}

/* ---- making one ---- */

static struct pn_binding_args args_of(const struct claim *c, const struct h248_route *r,
				      struct pn_str instance)
{
	struct pn_addr claimed = c->mid->addr;

	claimed.port = c->mid->port;
	return (struct pn_binding_args){
		.size = sizeof(struct pn_binding_args),
		.realm = c->pn->realm,
		.identity = c->identity,
		.instance = instance,
		.claimed = claimed,
		.pinhole = c->pn->remote,
		.flow = c->pn->flow,
		.alias_realm = r->to,
		.expires_ms = PENDING_MS,
		.alias_kind = PN_ALIAS_PORT,
		.alias_listen = LISTEN,
	};
}

static int set_mid(struct pn_str *text, struct mid *mid, const struct mid *from)
{
	char print[MID_TEXT_MAX];
	int n = mid_print(from, print), err;

	if (n < 0)
		return n;
	err = str_set(text, (struct pn_str){ print, (size_t)n });
	return err ? err : mid_parse(*text, false, mid);
}

static struct text name_key(const struct h248_gateway *gw)
{
	struct text t = { 0 };

	text_fmt(&t, "%s ", gw->h->svc->realm_info(gw->core)->name);
	text_add(&t, info_of(gw)->identity);
	return t;
}

/* An address becomes the alias; a name stays when no other gateway there has it. */
static void choose_shown(struct h248_gateway *gw)
{
	struct pn_addr alias = gateway_alias(gw);
	struct text key;

	gw->shown = mid_of_addr(&alias);
	if (gw->own.form == MID_IP)
		return;
	key = name_key(gw);
	gw->named =
		!key.failed && !gw->h->svc->table_put(gw->h->gateway_by_name, key.p, key.len, gw);
	text_free(&key);
	if (gw->named)
		gw->shown = gw->own;
}

static int gateway_new(const struct claim *c, const struct h248_route *r, struct pn_binding *b,
		       struct h248_gateway **out)
{
	struct h248 *h = c->h;
	struct h248_gateway *gw = calloc(1, sizeof(*gw));
	int err;

	if (!gw)
		return -ENOMEM;
	gw->h = h;
	gw->binding = b;
	gw->access = c->pn->realm;
	gw->core = r->to;
	LIST_INIT(&gw->calls);
	LIST_INIT(&gw->transactions);
	h->svc->random(&gw->next_id, sizeof(gw->next_id));
	err = set_mid(&gw->own_text, &gw->own, c->mid);
	if (!err)
		err = h->svc->table_put(h->gateway_by_binding, &b, sizeof(b), gw);
	if (err) {
		str_drop(&gw->own_text);
		free(gw);
		return err;
	}
	choose_shown(gw);
	LIST_INSERT_HEAD(&h->gateways, gw, all);
	*out = gw;
	return 0;
}

static bool is_silent(const struct h248_gateway *gw)
{
	uint64_t limit = SILENT_KEEPALIVES * gw->h->conf->keepalive_ms;

	return !limit || gw->h->svc->now_ms(gw->h->host) > gw->heard_ms + limit;
}

/* Equal private addresses behind different NATs are different gateways. A name belongs to who has
 * it, until that one is silent: then it moved, which the core proves (rule 11). */
static struct pn_str instance_of(const struct claim *c, const struct pn_binding *own,
				 struct pn_binding *other)
{
	const struct h248_gateway *gw = gateway_of_binding(c->h, other);
	struct pn_str none = { NULL, 0 };

	if (c->mid->form == MID_IP)
		return c->source;
	if (gw && is_silent(gw))
		return none;
	if (own)
		return c->h->svc->binding_info(own)->instance;
	return gw ? c->source : none;
}

int gateway_register(struct h248 *h, const struct pn_msg *pn, const struct msg *m,
		     struct h248_gateway **out)
{
	const struct h248_route *r = h248_route_from(h, pn->realm);
	struct pn_binding *own, *other, *b;
	struct pn_binding_args a;
	struct h248_gateway *gw;
	struct claim c;
	int err = claim_of(&c, h, pn, m);

	if (err || !r)
		return err ? err : -ENOENT;
	own = find_own(&c, &other);
	a = args_of(&c, r, instance_of(&c, own, other));
	err = h->svc->binding_put(h->host, &a, &b);
	if (err)
		return err;
	gw = gateway_of_binding(h, b);
	err = gw ? 0 : gateway_new(&c, r, b, &gw);
	if (err) {
		h->svc->binding_remove(b);
		return err;
	}
	*out = gw;
	return 0;
}

/* ---- its life ---- */

/* Puts and accepts what is known to be true of it, so that nothing else is accepted with it. */
static void confirm(struct h248_gateway *gw, const struct h248_hop *from)
{
	const struct pn_binding_info *info = info_of(gw);
	const struct pn_services *svc = gw->h->svc;
	uint64_t life = gw->h->conf->lifetime_ms;
	struct pn_binding *b;
	char identity[MID_TEXT_MAX], instance[H248_ADDR_LEN];
	struct pn_binding_args a = {
		.size = sizeof(a),
		.realm = info->realm,
		.identity = { identity, info->identity.len },
		.instance = { instance, info->instance.len },
		.claimed = info->claimed,
		.pinhole = from->to,
		.flow = from->flow,
		.alias_realm = info->alias_realm,
		.expires_ms = PENDING_MS,
		.alias_kind = PN_ALIAS_PORT,
		.alias_listen = LISTEN,
	};

	if (info->identity.len > sizeof(identity) || info->instance.len > sizeof(instance))
		return;
	memcpy(identity, info->identity.p, info->identity.len);
	if (info->instance.len)
		memcpy(instance, info->instance.p, info->instance.len);
	if (svc->binding_put(gw->h->host, &a, &b) || b != gw->binding)
		return;
	svc->binding_accept(b, life, life);
	gw->refreshed_ms = svc->now_ms(gw->h->host);
}

void gateway_heard(struct h248_gateway *gw, const struct pn_msg *pn)
{
	const struct pn_binding_info *info = info_of(gw);
	struct h248_hop from = { pn->flow, pn->remote };
	bool moved = info->flow != pn->flow || !addr_same(&info->pinhole, &pn->remote);

	if (!addr_same_ip(&info->pinhole, &pn->remote))
		return;
	gw->heard_ms = pn->now_ms;
	gw->unanswered = 0;
	if (info->state != PN_ACTIVE)
		return;
	gw->h->svc->binding_alive(gw->binding);
	if (moved || pn->now_ms > gw->refreshed_ms + gw->h->conf->lifetime_ms / 4)
		confirm(gw, &from);
}

void gateway_accepted(struct h248_gateway *gw, const struct h248_hop *from)
{
	gw->asked_ms = 0;
	confirm(gw, from);
}

void gateway_refused(struct h248_gateway *gw)
{
	gw->asked_ms = 0;
	gw->h->svc->binding_refuse(gw->binding);
}

/* ---- where it is, and where its controller is ---- */

static enum pn_transport transport_of(const struct h248 *h, uint64_t flow)
{
	struct pn_flow_info info = { .size = sizeof(info) };

	return h->svc->flow_info(h->host, flow, &info) ? 0 : info.transport;
}

int gateway_down(const struct h248_gateway *gw, struct h248_hop *out)
{
	const struct pn_binding_info *info = info_of(gw);
	bool direct = addr_same_ip(&gw->reach, &info->pinhole);

	if (!transport_of(gw->h, info->flow))
		return -ENOTCONN;
	*out = (struct h248_hop){ info->flow, direct ? gw->reach : info->pinhole };
	return 0;
}

static int connect_up(struct h248_gateway *gw, const struct pn_addr *to, uint64_t *out)
{
	struct pn_flow_info info = { .size = sizeof(info) };
	struct h248 *h = gw->h;
	uint64_t flow;
	int err;

	if (gw->core_flow && !h->svc->flow_info(h->host, gw->core_flow, &info) &&
	    addr_same(&info.remote, to)) {
		*out = gw->core_flow;
		return 0;
	}
	err = h->svc->flow_open(h->host, gw->core, PN_TCP, to, &flow);
	if (err)
		return err;
	err = h->svc->table_put(h->gateway_by_flow, &flow, sizeof(flow), gw);
	if (err) {
		h->svc->flow_close(h->host, flow);
		return err;
	}
	if (gw->core_flow) {
		h->svc->table_del(h->gateway_by_flow, &gw->core_flow, sizeof(gw->core_flow));
		h->svc->flow_close(h->host, gw->core_flow);
	}
	gw->core_flow = *out = flow;
	return 0;
}

int gateway_up(struct h248_gateway *gw, const struct pn_addr *to, struct h248_hop *out)
{
	const struct pn_binding_info *info = info_of(gw);
	const struct h248_route *r = gateway_route(gw);
	enum pn_transport t = r && r->transport ? r->transport : transport_of(gw->h, info->flow);

	out->to = *to;
	out->flow = info->alias_udp;
	if (t == PN_TCP)
		return connect_up(gw, to, &out->flow);
	return out->flow ? 0 : -ENOTCONN;
}

void gateway_flow_closed(struct h248 *h, uint64_t flow)
{
	struct h248_gateway *gw = h->svc->table_del(h->gateway_by_flow, &flow, sizeof(flow));

	if (gw && gw->core_flow == flow)
		gw->core_flow = 0;
}

const struct mid *gateway_face(struct h248_gateway *gw, const struct mid *mgc,
			       const struct pn_addr *local)
{
	uint16_t usual = gw->coding == MSG_BINARY ? H248_BINARY_PORT : H248_TEXT_PORT;
	struct mid face = *mgc;

	if (mgc->form == MID_IP)
		face = mid_of_addr(local);
	if (mgc->form == MID_IP && !mgc->port && local->port == usual)
		face.port = 0;
	if (!mid_same(mgc, &gw->mgc_mid) && set_mid(&gw->mgc_text, &gw->mgc_mid, mgc))
		gw->mgc_mid.form = MID_NONE;
	if (!mid_same(&face, &gw->face) && set_mid(&gw->face_text, &gw->face, &face))
		gw->face = mid_of_addr(local);
	return &gw->face;
}

void gateway_listens(struct h248_gateway *gw, const struct mid *mid)
{
	struct pn_addr pinhole = gateway_pinhole(gw), claimed = gw->own.addr;

	claimed = mid->form == MID_IP ? mid->addr : claimed;
	gw->reach = (struct pn_addr){ 0 };
	if ((mid->form != MID_IP && mid->form != MID_PORT) || !addr_same_ip(&claimed, &pinhole))
		return;
	claimed.port = mid->port ? mid->port : pinhole.port;
	gw->reach = claimed;
}

void gateway_free(struct h248_gateway *gw)
{
	struct h248 *h = gw->h;
	struct text key;

	pass_forget_gateway(h, gw);
	while (LIST_FIRST(&gw->calls))
		call_end(LIST_FIRST(&gw->calls), PN_END_FAILED, 0);
	while (LIST_FIRST(&gw->transactions))
		transaction_end(h, LIST_FIRST(&gw->transactions));
	if (gw->named) {
		key = name_key(gw);
		h->svc->table_del(h->gateway_by_name, key.p, key.len);
		text_free(&key);
	}
	if (gw->core_flow) {
		h->svc->table_del(h->gateway_by_flow, &gw->core_flow, sizeof(gw->core_flow));
		h->svc->flow_close(h->host, gw->core_flow);
	}
	h->svc->table_del(h->gateway_by_binding, &gw->binding, sizeof(gw->binding));
	LIST_REMOVE(gw, all);
	str_drop(&gw->own_text);
	str_drop(&gw->mgc_text);
	str_drop(&gw->face_text);
	free(gw);
}
