#include "register.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alias.h"
#include "conf.h"
#include "record.h"

static const struct pn_str nothing;

/* ---- bindings ---- */

struct pn_binding *reg_next(struct sip_server *s, struct pn_binding *after)
{
	return s->sip->svc->binding_find(s->sip->host, s->realm, PN_BY_IDENTITY, s->reg->aor.p,
					 s->reg->aor.len, after);
}

static struct pn_addr claimed_addr(struct sip *sip, struct pn_str uri)
{
	struct pn_addr a = { 0 };
	struct sip_uri u;

	if (!uri_parse(uri, &u) && u.sip)
		sip_host_addr(sip, u.host, u.port, &a);
	return a;
}

/* A terminal without instance id that was restarted comes with another port and Call-ID, from the
 * same host behind the same NAT: it takes its old binding over, and its alias stays. From then on it
 * is known by the Contact that was accepted last. */
static struct pn_binding *find_restarted(struct sip_server *s)
{
	const struct pn_services *svc = s->sip->svc;
	struct sip_reg_contact *c = &s->reg->contact[0];
	struct pn_addr claimed = claimed_addr(s->sip, c->uri);
	struct pn_binding *b = NULL;

	if (s->reg->n != 1 || !str_eq(c->instance, c->uri) || !claimed.family)
		return NULL;
	while ((b = reg_next(s, b))) {
		const struct pn_binding_info *info = svc->binding_info(b);
		struct sip_record r = record_of(s->sip, b);

		if (info->instance.len && info->instance.p[0] != '"' &&
		    addr_same_ip(&info->pinhole, &s->remote) &&
		    addr_same_ip(&info->claimed, &claimed) &&
		    (!str_eq(r.call_id, s->req->call_id) || str_eq(r.contact, c->uri)))
			return str_set(&c->instance, info->instance) ? NULL : b;
	}
	return NULL;
}

struct pn_binding *reg_binding(struct sip_server *s, size_t i)
{
	struct pn_binding *b = NULL;

	while ((b = reg_next(s, b)))
		if (str_eq(s->sip->svc->binding_info(b)->instance, s->reg->contact[i].instance))
			return b;
	return find_restarted(s);
}

/* How many REGISTERs wait with this binding for their answers, s not counted. */
static uint32_t others_waiting(struct sip_server *s, size_t i)
{
	struct pn_binding *b = reg_binding(s, i);
	uint32_t waiting;

	if (!b || s->sip->svc->binding_info(b)->state != PN_PENDING)
		return 0;
	waiting = record_of(s->sip, b).waiting;
	return waiting - (waiting && s->reg->contact[i].put);
}

/* An active binding keeps what was accepted until this is (binding_put). */
static int put_binding(struct sip_server *s, size_t i, const struct sip_record *record)
{
	const struct pn_services *svc = s->sip->svc;
	struct sip_reg_contact *c = &s->reg->contact[i];
	struct sip_record counted = *record;
	uint8_t packed[SIP_RECORD_MAX];
	long len;
	struct pn_binding_args args = {
		.size = sizeof(args),
		.realm = s->realm,
		.identity = s->reg->aor,
		.claimed = claimed_addr(s->sip, c->uri),
		.pinhole = s->remote,
		.flow = s->flow,
		.alias_realm = s->reg->alias_realm,
		.expires_ms = SIP_ENDS_MS(s->sip->conf) + 1000,
		.data = packed,
	};
	struct pn_binding *b;
	int err;

	counted.waiting = others_waiting(s, i) + 1;
	args.instance = c->instance;
	len = record_pack(&counted, packed);
	args.data_len = len < 0 ? 0 : (size_t)len;
	err = len < 0 ? -EINVAL : svc->binding_put(s->sip->host, &args, &b);
	if (err == -ENOSPC)
		return 503;
	if (err)
		return err == -EINVAL ? 400 : 500;
	c->put = true;
	return str_set(&c->alias, svc->binding_info(b)->alias) ? 500 : 0;
}

static struct sip_record record_for(struct sip_server *s, size_t i)
{
	struct sip_record r = { .cseq = s->req->cseq,
				.contact = s->reg->contact[i].uri,
				.call_id = s->req->call_id };

	s->sip->svc->random(&r.nonce, sizeof(r.nonce));
	return r;
}

int reg_put(struct sip_server *s, struct pn_realm *alias_realm)
{
	struct sip_reg *r = s->reg;
	int status = 0;

	r->alias_realm = alias_realm;
	for (size_t i = 0; i < r->n && !status; i++) {
		struct pn_binding *b = r->contact[i].asked ? NULL : reg_binding(s, i);
		struct sip_record record = record_for(s, i);
		struct sip_uri u;

		if (uri_parse(r->contact[i].uri, &u) || !u.sip)
			continue;
		if (r->contact[i].asked)
			status = put_binding(s, i, &record);
		else if (b)
			str_set(&r->contact[i].alias, s->sip->svc->binding_info(b)->alias);
	}
	return status;
}

/* Who fails must not take the binding from another REGISTER whose answer is still to come. */
static void refuse_contact(struct sip_server *s, size_t i)
{
	struct pn_binding *b = s->reg->contact[i].put ? reg_binding(s, i) : NULL;
	uint32_t others = b ? others_waiting(s, i) : 0;
	uint8_t packed[SIP_RECORD_MAX];
	struct sip_record r;
	long len;

	s->reg->contact[i].put = false;
	if (!others) {
		if (b)
			s->sip->svc->binding_refuse(b);
		return;
	}
	r = record_of(s->sip, b);
	r.waiting = others;
	len = record_pack(&r, packed);
	if (len > 0)
		s->sip->svc->binding_set_data(b, packed, (size_t)len);
}

void reg_refuse(struct sip_server *s)
{
	for (size_t i = 0; s->reg && i < s->reg->n; i++)
		refuse_contact(s, i);
}

/* ---- towards the registrar ---- */

static int64_t upstream_seconds(struct sip_server *s, int64_t asked)
{
	int64_t least = (int64_t)(s->sip->conf->upstream_ms / 1000);

	return asked > 0 && asked < least ? least : asked;
}

static void put_number(struct rewrite *rw, struct pn_str span, int64_t value)
{
	struct text t = { 0 };

	text_fmt(&t, "%lld", (long long)value);
	rewrite_span(rw, span, text_str(&t));
	text_free(&t);
}

static void alias_contact(struct rewrite *rw, const struct sip_reg_contact *c)
{
	char token[SIP_TOKEN_LEN + 1];
	struct text t = { 0 };
	struct sip_uri u;

	if (uri_parse(c->uri, &u) || !u.sip)
		return;
	sip_token(rw->sip, token);
	text_add(&t, u.scheme);
	text_put(&t, ":");
	text_add(&t, c->alias.len ? c->alias : str_of(token));
	text_fmt(&t, "@%s", rw->own);
	rewrite_span(rw, c->uri, text_str(&t));
	text_free(&t);
}

/* The span of a request's copy in the server lies in rw->m too: they are the same message. */
void reg_rewrite_request(struct rewrite *rw, struct sip_server *s)
{
	struct sip_reg *r = s->reg;
	const struct sip_field *f = msg_field(s->req, SIP_EXPIRES);
	int64_t common = f ? reg_seconds(f->value) : -1;

	if (f && common > 0 && upstream_seconds(s, common) != common)
		put_number(rw, f->value, upstream_seconds(s, common));
	for (size_t i = 0; i < r->n; i++) {
		const struct sip_reg_contact *c = &r->contact[i];
		struct pn_str value;

		alias_contact(rw, c);
		if (!param_find(c->params, "expires", &value) &&
		    upstream_seconds(s, c->asked) != c->asked)
			put_number(rw, value, upstream_seconds(s, c->asked));
	}
}

/* ---- the registrar's answer
 * ---------------------------------------------------------------------- */

int64_t reg_grant(struct sip_server *s, size_t i, int64_t offered)
{
	int64_t grant = (int64_t)(s->sip->conf->terminal_ms / 1000),
		asked = s->reg->contact[i].asked;

	if (asked >= 0 && asked < grant)
		grant = asked;
	return offered >= 0 && offered < grant ? offered : grant;
}

/* Which of the REGISTER's Contacts a URI of the answer stands for, or -1. */
static int contact_of(const struct sip_reg *r, struct pn_str uri)
{
	struct sip_uri u;

	if (uri_parse(uri, &u) || !u.user.len)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (r->contact[i].alias.len && str_eq(r->contact[i].alias, u.user))
			return (int)i;
	return -1;
}

void reg_answer(struct text *t, const struct sip_reg_contact *c, struct pn_str params)
{
	struct pn_str rest = params, name, value;

	text_put(t, "<");
	text_add(t, c->uri);
	text_put(t, ">");
	while (next_param(&rest, &name, &value) == 1) {
		if (str_iis(name, "expires"))
			continue;
		text_put(t, ";");
		text_add(t, name);
		text_put(t, value.len ? "=" : "");
		text_add(t, value);
	}
}

static int64_t seconds_left(struct sip *sip, const struct pn_binding_info *info)
{
	uint64_t now = sip->svc->now_ms(sip->host);

	return info->expires_at_ms > now ? (int64_t)((info->expires_at_ms - now + 999) / 1000) : 0;
}

/* The lifetime of a Contact in the answer becomes `grant`, where that is less; where none is told, it
 * is added. Returns whether it stands in Expires alone. */
static bool put_expires(struct rewrite *rw, const struct sip_name_addr *n, int64_t grant)
{
	bool common = msg_field(rw->m, SIP_EXPIRES);
	struct pn_str value;
	struct text t = { 0 };

	if (!param_find(n->params, "expires", &value)) {
		if (reg_seconds(value) != grant)
			put_number(rw, value, grant);
		return false;
	}
	if (common)
		return true;
	text_fmt(&t, ";expires=%lld", (long long)grant);
	rewrite_span(rw, (struct pn_str){ n->params.p + n->params.len, 0 }, text_str(&t));
	text_free(&t);
	return false;
}

/* Our own Contact in the answer: the terminal's URI back, and its shorter lifetime. Returns what must
 * stand in Expires, -1: nothing. */
static int64_t restore_contact(struct rewrite *rw, struct sip_server *s,
			       const struct sip_name_addr *n, size_t i)
{
	const struct sip_reg_contact *c = &s->reg->contact[i];
	struct text t = { 0 };
	int64_t grant = reg_grant(s, i, reg_expires(n->params, rw->m));
	bool wrap = !n->brackets && c->uri.len &&
		    (memchr(c->uri.p, ';', c->uri.len) || memchr(c->uri.p, '?', c->uri.len));

	text_put(&t, wrap ? "<" : "");
	text_add(&t, c->uri);
	text_put(&t, wrap ? ">" : "");
	rewrite_span(rw, n->uri, text_str(&t));
	text_free(&t);
	return put_expires(rw, n, grant) ? grant : -1;
}

/* Another device stays an alias, but at our address on this side; so does what is at the softswitch. */
static void hide_host(struct rewrite *rw, const struct sip_uri *u)
{
	struct pn_addr a;

	if (!u->sip)
		return;
	if (sip_uri_own(rw->sip, rw->from, u) ||
	    (sip_host_addr(rw->sip, u->host, u->port, &a) && addr_same_ip(&a, &rw->from_peer)))
		rewrite_span(rw, u->hostport, str_of(rw->own));
}

/* A Contact that the request did not name: a query lists those of the terminal too. Returns what must
 * stand in Expires, -1: nothing. */
static int64_t restore_other(struct rewrite *rw, struct sip_server *s,
			     const struct sip_name_addr *n)
{
	const struct pn_binding_info *info;
	struct pn_binding *b;
	struct sip_uri u;
	int64_t offered, left;

	if (uri_parse(n->uri, &u))
		return -1;
	info = alias_find(rw->sip, rw->from, u.user, &b) ? NULL : rw->sip->svc->binding_info(b);
	if (!info || info->realm != s->realm || !addr_same(&info->pinhole, &s->remote) ||
	    !n->brackets) {
		hide_host(rw, &u);
		return -1;
	}
	offered = reg_expires(n->params, rw->m);
	left = seconds_left(rw->sip, info);
	if (offered >= 0 && offered < left)
		left = offered;
	rewrite_span(rw, n->uri, record_of(rw->sip, b).contact);
	return put_expires(rw, n, left) ? left : -1;
}

void reg_rewrite_response(struct rewrite *rw, struct sip_server *s)
{
	const struct sip_field *expires = msg_field(rw->m, SIP_EXPIRES);
	int64_t common = -1;

	if (rw->m->status < 200 || rw->m->status >= 300)
		return;
	for (const struct sip_field *f = msg_field(rw->m, SIP_CONTACT); f; f = msg_next(rw->m, f)) {
		struct pn_str rest = f->value, value;
		struct sip_name_addr n;

		while (next_value(&rest, &value) == 1) {
			int i = name_addr_parse(value, &n) ? -1 : contact_of(s->reg, n.uri);
			int64_t seconds = -1;

			if (i >= 0)
				seconds = restore_contact(rw, s, &n, (size_t)i);
			else if (n.uri.len)
				seconds = restore_other(rw, s, &n);
			if (seconds >= 0)
				common = seconds;
		}
	}
	if (common >= 0 && expires && common != reg_seconds(expires->value))
		put_number(rw, expires->value, common);
}

/* Header fields of the 200 that the terminal must find again in the answer to a refresh. */
static void add_extra(struct text *t, const struct sip_msg *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->field[i].id == SIP_OTHER || m->field[i].id == SIP_REQUIRE)
			text_add(t, m->field[i].line);
}

int reg_keep(struct sip_server *s, size_t i, struct pn_str params, const struct sip_msg *m)
{
	struct sip_reg_contact *c = &s->reg->contact[i];
	struct sip_record r = record_for(s, i), bare = r;
	struct text answer = { 0 }, extra = { 0 };
	uint8_t packed[SIP_RECORD_MAX];
	int status;

	reg_answer(&answer, c, params);
	if (m)
		add_extra(&extra, m);
	r.value = c->value;
	r.answer = s->reg->n == 1 ? text_str(&answer) : nothing;
	r.extra = text_str(&extra);
	if (answer.failed || extra.failed || record_pack(&r, packed) < 0)
		status = put_binding(s, i, &bare);
	else
		status = put_binding(s, i, &r);
	text_free(&answer);
	text_free(&extra);
	return status;
}

/* The value in the answer that stands for the i-th Contact. */
static bool find_answer(const struct sip_msg *m, const struct sip_reg *r, size_t i,
			struct sip_name_addr *out)
{
	for (const struct sip_field *f = msg_field(m, SIP_CONTACT); f; f = msg_next(m, f)) {
		struct pn_str rest = f->value, value;

		while (next_value(&rest, &value) == 1)
			if (!name_addr_parse(value, out) && contact_of(r, out->uri) == (int)i)
				return true;
	}
	return false;
}

static void accept_contact(struct sip_server *s, size_t i, const struct sip_msg *m)
{
	const struct pn_services *svc = s->sip->svc;
	struct sip_reg_contact *c = &s->reg->contact[i];
	struct pn_binding *b = reg_binding(s, i);
	struct sip_name_addr n;
	int64_t offered;

	if (!b)
		return;
	if (!c->asked) {
		svc->binding_remove(b);
		return;
	}
	if (!find_answer(m, s->reg, i, &n)) {
		refuse_contact(s, i);
		return;
	}
	offered = reg_expires(n.params, m);
	if (offered < 0)
		offered = c->asked > 0 ? upstream_seconds(s, c->asked) : 3600;
	if (reg_keep(s, i, n.params, m))
		return;
	b = reg_binding(s, i);
	if (b)
		svc->binding_accept(b, (uint64_t)reg_grant(s, i, offered) * 1000,
				    (uint64_t)offered * 1000);
}

void reg_remove_all(struct sip_server *s)
{
	struct pn_binding *list[64], *b = NULL;
	size_t n = 0;

	while (n < 64 && (b = reg_next(s, b)))
		list[n++] = b;
	while (n)
		s->sip->svc->binding_remove(list[--n]);
}

void reg_accept(struct sip_server *s, const struct sip_msg *m)
{
	for (size_t i = 0; i < s->reg->n; i++) {
		accept_contact(s, i, m);
		s->reg->contact[i].put = false;
	}
	if (s->reg->star)
		reg_remove_all(s);
}

/* ---- refreshes
 * ------------------------------------------------------------------------------------ */

static bool may_refresh(struct sip_server *s, struct pn_binding *b, int64_t grant)
{
	const struct pn_binding_info *info = s->sip->svc->binding_info(b);
	const struct sip_reg_contact *c = &s->reg->contact[0];
	struct sip_record r = record_of(s->sip, b);
	uint64_t now = s->sip->svc->now_ms(s->sip->host);

	return info->state == PN_ACTIVE && info->flow == s->flow &&
	       addr_same(&info->pinhole, &s->remote) && r.answer.len && str_eq(r.value, c->value) &&
	       str_eq(r.call_id, s->req->call_id) && s->req->cseq > r.cseq && grant > 0 &&
	       info->upstream_at_ms > now + 2 * (uint64_t)grant * 1000;
}

static bool renew(struct sip_server *s, struct pn_binding *b, int64_t grant)
{
	const struct pn_services *svc = s->sip->svc;
	const struct pn_binding_info *info = svc->binding_info(b);
	struct sip_record r = record_of(s->sip, b);
	uint64_t left = info->upstream_at_ms - svc->now_ms(s->sip->host);

	s->reg->alias_realm = info->alias_realm;
	r.cseq = s->req->cseq;
	if (put_binding(s, 0, &r))
		return false;
	svc->binding_accept(b, (uint64_t)grant * 1000, left);
	return true;
}

bool reg_refresh(struct sip_server *s)
{
	struct pn_binding *b = s->reg->n == 1 && !s->reg->star ? reg_binding(s, 0) : NULL;
	struct sip_record r;
	struct text extra = { 0 };
	int64_t grant;

	if (!b || s->reg->contact[0].asked == 0)
		return false;
	grant = reg_grant(s, 0, -1);
	if (!may_refresh(s, b, grant) || !renew(s, b, grant))
		return false;
	r = record_of(s->sip, b);
	text_put(&extra, "Contact: ");
	text_add(&extra, r.answer);
	text_fmt(&extra, ";expires=%lld\r\n", (long long)grant);
	text_add(&extra, r.extra);
	if (!extra.failed)
		server_reply_extra(s, 200, NULL, text_str(&extra));
	text_free(&extra);
	s->sip->svc->count(s->sip->host, SIP_CNT_REFRESHES);
	return true;
}
