#include "dialog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alias.h"
#include "call.h"
#include "client.h"
#include "conf.h"

#define ROUTES_MAX 32u

static const struct pn_str nothing;

static void key_str(struct text *t, struct pn_str s)
{
	text_add(t, (struct pn_str){ "", 1 });
	text_add(t, s);
}

/* The key of requests that a side sends: by what its Request-URI names ('r'), or without ('n'). */
static struct text request_key(struct sip *sip, struct pn_realm *realm, const struct pn_str *user,
			       const struct pn_str part[3])
{
	struct text t = { 0 };

	text_put(&t, user ? "r" : "n");
	text_put(&t, sip_realm_name(sip, realm));
	if (user)
		key_str(&t, *user);
	for (int i = 0; i < 3; i++)
		key_str(&t, part[i]);
	return t;
}

static struct text token_key(struct sip *sip, struct pn_realm *realm, struct pn_str token)
{
	struct text t = { 0 };

	text_put(&t, "t");
	text_put(&t, sip_realm_name(sip, realm));
	key_str(&t, token);
	return t;
}

static struct text id_key(uint64_t id)
{
	struct text t = { 0 };

	text_add(&t, (struct pn_str){ (const char *)&id, sizeof(id) });
	return t;
}

/* Takes over the text. A key that another dialog has (two sessions of one call within one realm)
 * stays with it. */
static void put_key(struct sip_leg *leg, int slot, struct text t)
{
	struct sip *sip = leg->dialog->sip;

	if (!t.failed && !sip->svc->table_put(sip->leg_by_key, t.p, t.len, leg))
		str_set(&leg->key[slot], text_str(&t));
	text_free(&t);
}

static void put_keys(struct sip_dialog *d)
{
	for (int i = d->proto ? 1 : 0; i < 2; i++) {
		struct sip_leg *leg = &d->leg[i], *other = &d->leg[1 - i];
		struct pn_str part[3] = { d->call_id, leg->tag, other->tag };

		put_key(leg, 0, request_key(d->sip, leg->realm, &other->user, part));
		if (!d->proto)
			put_key(leg, 1, request_key(d->sip, leg->realm, NULL, part));
	}
	for (int i = 0; i < 2; i++)
		if (d->leg[i].token && (i == 1) != d->proto)
			put_key(&d->leg[i], 2,
				token_key(d->sip, d->leg[1 - i].realm, d->leg[i].user));
}

static void drop_keys(struct sip_leg *leg)
{
	struct sip *sip = leg->dialog->sip;

	for (int i = 0; i < 3; i++) {
		if (leg->key[i].p)
			sip->svc->table_del(sip->leg_by_key, leg->key[i].p, leg->key[i].len);
		str_drop(&leg->key[i]);
	}
}

/* The first dialog that is confirmed takes the caller's token over from the one that it came from,
 * which ends with its transaction. */
static void take_token(struct sip_dialog *d)
{
	struct sip *sip = d->sip;
	struct text t = token_key(sip, d->leg[1].realm, d->leg[0].user);
	struct sip_leg *old = t.failed ? NULL : sip->svc->table_get(sip->leg_by_key, t.p, t.len);

	if (old && old != &d->leg[0]) {
		sip->svc->table_del(sip->leg_by_key, t.p, t.len);
		str_drop(&old->key[2]);
	}
	if (!old || old != &d->leg[0])
		put_key(&d->leg[0], 2, t);
	else
		text_free(&t);
}

static void on_timer(void *arg)
{
	struct sip_dialog *d = arg;
	uint64_t now = d->sip->svc->now_ms(d->sip->host);

	if (d->call)
		return;
	if (now < d->until_ms)
		d->sip->svc->timer_start(d->timer, d->until_ms - now);
	else
		dialog_end(d);
}

void dialog_keep(struct sip_dialog *d, uint64_t ms)
{
	uint64_t until = d->sip->svc->now_ms(d->sip->host) + ms;

	if (until > d->until_ms)
		d->until_ms = until;
	if (!d->call)
		on_timer(d);
}

static struct sip_dialog *dialog_make(struct sip *sip)
{
	struct sip_dialog *d = NULL;
	struct text key;

	if (sip->n_dialogs < sip->conf->max_dialogs)
		d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->sip = sip;
	d->id = ++sip->next_id;
	d->offer_by = -1;
	d->leg[0].dialog = d->leg[1].dialog = d;
	LIST_INSERT_HEAD(&sip->dialogs, d, all);
	sip->n_dialogs++;
	d->timer = sip->svc->timer_new(sip->host, on_timer, d);
	key = id_key(d->id);
	if (!d->timer || key.failed || sip->svc->table_put(sip->dialog_by_id, key.p, key.len, d)) {
		dialog_end(d);
		d = NULL;
	}
	text_free(&key);
	return d;
}

/* What stands for a side: the alias of its binding where that is valid, else a token. */
static int name_leg(struct sip_leg *leg, struct pn_realm *shown)
{
	char token[SIP_TOKEN_LEN + 1];

	if (leg->alias.len && leg->alias_realm == shown)
		return str_set(&leg->user, leg->alias);
	leg->token = true;
	sip_token(leg->dialog->sip, token);
	return str_set(&leg->user, str_of(token));
}

static int fill_sender(struct sip_dialog *d, const struct sip_dialog_args *args)
{
	struct sip *sip = d->sip;
	struct sip_leg *leg = &d->leg[0];
	struct pn_binding *b = alias_of_sender(sip, args->realm, &args->remote, args->req);
	const struct pn_binding_info *info = b ? sip->svc->binding_info(b) : NULL;

	leg->realm = args->realm;
	leg->flow = args->flow;
	leg->addr = args->remote;
	if (info) {
		leg->alias_realm = info->alias_realm;
		if (str_set(&leg->alias, info->alias))
			return -ENOMEM;
	}
	if (str_set(&leg->tag, args->req->from_tag) || str_set(&leg->party, args->req->from))
		return -ENOMEM;
	return name_leg(leg, args->target->realm);
}

bool dialog_made_by(enum sip_method kind)
{
	return kind == SIP_INVITE || kind == SIP_SUBSCRIBE || kind == SIP_REFER;
}

struct sip_dialog *dialog_new(struct sip *sip, const struct sip_dialog_args *args)
{
	struct sip_dialog *d = dialog_make(sip);
	struct sip_leg *far = d ? &d->leg[1] : NULL;

	if (!d)
		return NULL;
	d->proto = true;
	d->kind = args->req->kind;
	far->realm = args->target->realm;
	far->flow = args->target->flow;
	far->addr = args->target->hop[args->target->at];
	far->alias_realm = args->target->alias_realm;
	if (str_set(&d->call_id, args->req->call_id) || fill_sender(d, args) ||
	    str_set(&far->alias, args->target->alias) || str_set(&far->party, args->req->to)) {
		dialog_end(d);
		return NULL;
	}
	dialog_learn(d, 0, args->req, true);
	put_keys(d);
	dialog_keep(d, SIP_ENDS_MS(sip->conf));
	return d;
}

static int copy_leg(struct sip_leg *to, const struct sip_leg *from)
{
	to->realm = from->realm;
	to->flow = from->flow;
	to->addr = from->addr;
	to->alias_realm = from->alias_realm;
	to->token = from->token;
	to->cseq = from->cseq;
	if (str_set(&to->target, from->target) || str_set(&to->routes, from->routes) ||
	    str_set(&to->tag, from->tag) || str_set(&to->party, from->party) ||
	    str_set(&to->user, from->user) || str_set(&to->alias, from->alias))
		return -ENOMEM;
	return 0;
}

static struct sip_leg *find_leg(struct sip *sip, struct text key)
{
	struct sip_leg *leg =
		key.failed ? NULL : sip->svc->table_get(sip->leg_by_key, key.p, key.len);

	text_free(&key);
	return leg;
}

/* A branch that exists already: the request that its far end would send finds it. */
static struct sip_dialog *find_branch(struct sip_dialog *proto, struct pn_str tag)
{
	struct pn_str part[3] = { proto->call_id, tag, proto->leg[0].tag };
	struct sip_leg *leg = find_leg(proto->sip, request_key(proto->sip, proto->leg[1].realm,
							       &proto->leg[0].user, part));

	return leg ? leg->dialog : NULL;
}

struct sip_dialog *dialog_fork(struct sip_dialog *proto, struct pn_str tag, struct pn_str party)
{
	struct sip_dialog *d = find_branch(proto, tag);

	if (d)
		return d;
	d = dialog_make(proto->sip);
	if (!d)
		return NULL;
	d->kind = proto->kind;
	if (str_set(&d->call_id, proto->call_id) || copy_leg(&d->leg[0], &proto->leg[0]) ||
	    copy_leg(&d->leg[1], &proto->leg[1]) || str_set(&d->leg[1].tag, tag) ||
	    str_set(&d->leg[1].party, party) || name_leg(&d->leg[1], d->leg[0].realm)) {
		dialog_end(d);
		return NULL;
	}
	put_keys(d);
	dialog_keep(d, SIP_ENDS_MS(proto->sip->conf));
	return d;
}

struct sip_dialog *dialog_find(struct sip *sip, const struct sip_rx *rx, int *side)
{
	const struct sip_msg *m = rx->msg;
	struct pn_str part[3] = { m->call_id, m->from_tag, m->to_tag };
	struct sip_dialog *d;
	struct sip_leg *leg;

	if (!m->to_tag.len)
		return NULL;
	leg = find_leg(sip, request_key(sip, rx->pn->realm, &m->target.user, part));
	if (!leg)
		leg = find_leg(sip, request_key(sip, rx->pn->realm, NULL, part));
	if (leg) {
		*side = (int)(leg - leg->dialog->leg);
		return leg->dialog;
	}
	if (m->kind != SIP_NOTIFY)
		return NULL;
	part[1] = nothing;
	leg = find_leg(sip, request_key(sip, rx->pn->realm, &m->target.user, part));
	if (!leg || (leg->dialog->kind != SIP_SUBSCRIBE && leg->dialog->kind != SIP_REFER))
		return NULL;
	d = dialog_fork(leg->dialog, m->from_tag, m->from);
	if (d)
		dialog_learn(d, 1, m, true);
	*side = 1;
	return d;
}

struct sip_dialog *dialog_by_id(struct sip *sip, uint64_t id)
{
	struct text key = id_key(id);
	struct sip_dialog *d = NULL;

	if (id && !key.failed)
		d = sip->svc->table_get(sip->dialog_by_id, key.p, key.len);
	text_free(&key);
	return d;
}

struct sip_leg *dialog_leg(struct sip *sip, struct pn_realm *realm, struct pn_str token)
{
	return token.len ? find_leg(sip, token_key(sip, realm, token)) : NULL;
}

/* Record-Route values; a response lists the proxies beginning at the far end: RFC 3261 12.1.2. */
static void learn_routes(struct sip_leg *leg, const struct sip_msg *m)
{
	struct pn_str value[ROUTES_MAX], rest;
	struct text t = { 0 };
	size_t n = 0;

	for (const struct sip_field *f = msg_field(m, SIP_RECORD_ROUTE); f; f = msg_next(m, f))
		for (rest = f->value; n < ROUTES_MAX && next_value(&rest, &value[n]) == 1;)
			n++;
	for (size_t i = 0; i < n; i++) {
		text_put(&t, i ? ", " : "");
		text_add(&t, value[m->request ? i : n - 1 - i]);
	}
	if (!t.failed)
		str_set(&leg->routes, text_str(&t));
	text_free(&t);
}

static bool refreshes_target(enum sip_method kind)
{
	return kind == SIP_INVITE || kind == SIP_UPDATE || kind == SIP_SUBSCRIBE ||
	       kind == SIP_NOTIFY || kind == SIP_REFER;
}

void dialog_learn(struct sip_dialog *d, int side, const struct sip_msg *m, bool routes)
{
	struct sip_leg *leg = &d->leg[side];
	struct pn_str contact = msg_value(m, SIP_CONTACT), value;
	struct sip_name_addr n;

	if (m->request && m->cseq > leg->cseq)
		leg->cseq = m->cseq;
	if (routes)
		learn_routes(leg, m);
	if (!routes && !refreshes_target(m->kind))
		return;
	if (next_value(&contact, &value) == 1 && !name_addr_parse(value, &n) && !str_is(n.uri, "*"))
		str_set(&leg->target, n.uri);
	else if (!leg->target.len &&
		 !name_addr_parse(leg->party, &n)) /* RFC 2543 peers may give none */
		str_set(&leg->target, n.uri);
	if (!m->request && m->status >= 200 && side == 1 && !d->confirmed) {
		d->confirmed = true;
		if (d->leg[0].token)
			take_token(d);
	}
}

/* A core side is reached where its route set or Contact says, when that is an address and not ours;
 * a terminal where its messages come from. */
static void find_hop(const struct sip_leg *leg, const struct sip_name_addr *first,
		     struct sip_target *out)
{
	struct sip *sip = leg->dialog->sip;
	struct pn_binding *b = NULL;
	const struct pn_binding_info *info;
	struct sip_uri u;
	struct pn_addr a;
	uint64_t flow;

	out->flow = leg->flow;
	out->hop[0] = leg->addr;
	if (leg->alias.len)
		b = sip->svc->binding_find(sip->host, leg->alias_realm, PN_BY_ALIAS, leg->alias.p,
					   leg->alias.len, NULL);
	if (b) {
		info = sip->svc->binding_info(b);
		out->flow = info->flow;
		out->hop[0] = info->pinhole;
	}
	if (b || sip_is_access(sip, leg->realm) || uri_parse(first->uri, &u))
		return;
	if (!sip_host_addr(sip, u.host, u.port, &a) ||
	    sip->svc->addr_own(sip->host, leg->realm, &a))
		return;
	flow = sip->svc->flow_listener(sip->host, leg->realm, PN_UDP, a.family);
	if (!flow)
		return;
	out->flow = a.family == leg->addr.family ? leg->flow : flow;
	out->hop[0] = a;
}

int dialog_target(const struct sip_dialog *d, int side, struct sip_target *out)
{
	const struct sip_leg *leg = &d->leg[side];
	struct pn_str rest = leg->routes, value, none;
	struct sip_name_addr first = { .uri = leg->target };
	struct sip_target t = { .realm = leg->realm, .n_hops = 1 };
	struct text routes = { 0 };
	bool strict = false;

	if (next_value(&rest, &value) == 1 && !name_addr_parse(value, &first)) {
		struct sip_uri u;

		strict = !uri_parse(first.uri, &u) && param_find(u.params, "lr", &none);
	}
	find_hop(leg, &first, &t);
	if (strict) {
		text_add(&routes, str_trim(rest));
		text_put(&routes, routes.len ? ", <" : "<");
		text_add(&routes, leg->target);
		text_put(&routes, ">");
	} else {
		text_add(&routes, leg->routes);
	}
	if (routes.failed || str_set(&t.uri, strict ? first.uri : leg->target) ||
	    str_set(&t.routes, text_str(&routes)) || str_set(&t.alias, leg->alias)) {
		text_free(&routes);
		target_drop(&t);
		return -ENOMEM;
	}
	t.alias_realm = leg->alias_realm;
	text_free(&routes);
	*out = t;
	return 0;
}

void dialog_keep_subscription(struct sip_dialog *d, const struct sip_msg *m)
{
	struct pn_str state = msg_value(m, SIP_SUBSCRIPTION_STATE),
		      value = msg_value(m, SIP_EXPIRES);
	const char *semi = state.len ? memchr(state.p, ';', state.len) : NULL;
	uint32_t seconds = 3600;

	if (m->kind != SIP_SUBSCRIBE && m->kind != SIP_REFER && m->kind != SIP_NOTIFY)
		return;
	if (semi)
		param_find((struct pn_str){ semi, (size_t)(state.p + state.len - semi) }, "expires",
			   &value);
	if (value.len)
		str_u32(value, &seconds);
	if (seconds > 86400)
		seconds = 86400;
	dialog_keep(d, (uint64_t)seconds * 1000 + SIP_ENDS_MS(d->sip->conf));
}

void dialog_end(struct sip_dialog *d)
{
	struct sip *sip = d->sip;
	struct text key = id_key(d->id);

	if (d->ended) {
		text_free(&key);
		return;
	}
	d->ended = true;
	call_forget(d);
	drop_keys(&d->leg[0]);
	drop_keys(&d->leg[1]);
	sip->svc->table_del(sip->dialog_by_id, key.p, key.len);
	text_free(&key);
	if (d->timer)
		sip->svc->timer_stop(d->timer);
	LIST_REMOVE(d, all);
	LIST_INSERT_HEAD(&sip->dead_dialogs, d, all);
	sip->n_dialogs--;
	sip_reap_later(sip);
}

static void leg_drop(struct sip_leg *leg)
{
	str_drop(&leg->target);
	str_drop(&leg->routes);
	str_drop(&leg->tag);
	str_drop(&leg->party);
	str_drop(&leg->user);
	str_drop(&leg->alias);
}

void dialog_free(struct sip_dialog *d)
{
	LIST_REMOVE(d, all);
	if (d->timer)
		d->sip->svc->timer_free(d->timer);
	leg_drop(&d->leg[0]);
	leg_drop(&d->leg[1]);
	str_drop(&d->call_id);
	free(d->ack);
	free(d);
}
