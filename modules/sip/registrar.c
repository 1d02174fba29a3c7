#include "registrar.h"

#include <string.h>

#include "alias.h"
#include "record.h"

/* The address-of-record in our domain; a terminal may give our address for the domain. */
static int own_aor(struct sip_server *s, const struct sip_registrar *reg)
{
	struct sip_name_addr to;
	struct sip_uri u;
	char aor[256];

	if (name_addr_parse(s->req->to, &to) || uri_parse(to.uri, &u) || !u.sip)
		return 400;
	if (!u.user.len ||
	    (!str_iis(u.host, reg->domain) && !sip_uri_own(s->sip, s->realm, &u)))
		return 404;
	if (!aor_of(to.uri, reg->domain, aor))
		return 400;
	return str_set(&s->reg->aor, str_of(aor)) ? 500 : 0;
}

/* RFC 3261 10.3 step 7: an older request of the same Call-ID changes nothing. */
static bool out_of_order(struct sip_server *s)
{
	for (size_t i = 0; i < s->reg->n; i++) {
		struct sip_record r = record_of(s->sip, reg_binding(s, i));

		if (str_eq(r.call_id, s->req->call_id) && s->req->cseq <= r.cseq)
			return true;
	}
	return false;
}

static void settle(struct sip_server *s, size_t i)
{
	struct sip_reg_contact *c = &s->reg->contact[i];
	struct pn_binding *b = reg_binding(s, i);
	uint64_t ms = (uint64_t)reg_grant(s, i, -1) * 1000;

	c->put = false;
	if (!b)
		return;
	if (!c->asked)
		s->sip->svc->binding_remove(b);
	else if (!reg_keep(s, i, c->params, NULL))
		s->sip->svc->binding_accept(b, ms, ms);
}

/* The Contact of this REGISTER that a binding is for; NULL: it is of another. */
static const struct sip_reg_contact *contact_for(const struct sip_reg *r, struct pn_str alias)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->contact[i].alias.len && str_eq(r->contact[i].alias, alias))
			return &r->contact[i];
	return NULL;
}

/* A terminal sees its own Contact, also while its pinhole is still to move, and the aliases of other
 * devices. */
static void list_binding(struct text *t, struct sip_server *s, struct pn_binding *b)
{
	const struct pn_binding_info *info = s->sip->svc->binding_info(b);
	const struct sip_reg_contact *own_contact = contact_for(s->reg, info->alias);
	struct sip_record r = record_of(s->sip, b);
	uint64_t now = s->sip->svc->now_ms(s->sip->host);
	uint64_t left = info->expires_at_ms > now ? (info->expires_at_ms - now + 999) / 1000 : 0;
	char own[SIP_ADDR_LEN];

	text_put(t, "Contact: ");
	if (own_contact) {
		reg_answer(t, own_contact, own_contact->params);
	} else if (addr_same(&info->pinhole, &s->remote) && r.answer.len) {
		text_add(t, r.answer);
	} else if (addr_same(&info->pinhole, &s->remote)) {
		text_put(t, "<");
		text_add(t, r.contact);
		text_put(t, ">");
	} else {
		text_put(t, "<sip:");
		text_add(t, info->alias);
		text_fmt(t, "@%s>", sip_own(s->sip, s->flow, own));
	}
	text_fmt(t, ";expires=%llu\r\n", (unsigned long long)left);
}

static void answer_list(struct sip_server *s)
{
	struct pn_binding *b = NULL;
	struct text t = { 0 };

	while ((b = reg_next(s, b)))
		if (s->sip->svc->binding_info(b)->state == PN_ACTIVE)
			list_binding(&t, s, b);
	if (t.failed)
		server_reply(s, 500, NULL);
	else
		server_reply_extra(s, 200, NULL, text_str(&t));
	text_free(&t);
}

void registrar_answer(struct sip_server *s, const struct sip_registrar *reg)
{
	struct sip *sip = s->sip;
	int status = own_aor(s, reg);

	if (!status && out_of_order(s)) {
		server_reply(s, 500, "CSeq out of order");
		return;
	}
	if (!status)
		status = reg_put(s, s->realm);
	if (status) {
		reg_refuse(s);
		server_reply(s, status, NULL);
		return;
	}
	for (size_t i = 0; i < s->reg->n; i++)
		settle(s, i);
	if (s->reg->star)
		reg_remove_all(s);
	if (s->reg->n && !sip->svc->table_get(sip->users, s->reg->aor.p, s->reg->aor.len))
		sip->svc->table_put(sip->users, s->reg->aor.p, s->reg->aor.len, sip);
	answer_list(s);
}
