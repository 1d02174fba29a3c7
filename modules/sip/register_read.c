/* What a REGISTER asks for (register.h). */
#include "register.h"

#include <errno.h>
#include <stdlib.h>

#include "alias.h"

#define CONTACT_SECONDS_MAX 0x7fffffff

int64_t reg_seconds(struct pn_str s)
{
	uint32_t v;
	int err = str_u32(s, &v);

	if (err == -ERANGE || (!err && v > CONTACT_SECONDS_MAX))
		return CONTACT_SECONDS_MAX;
	return err ? -1 : (int64_t)v;
}

int64_t reg_expires(struct pn_str params, const struct sip_msg *m)
{
	struct pn_str value;

	if (!param_find(params, "expires", &value))
		return reg_seconds(value);
	return reg_seconds(msg_value(m, SIP_EXPIRES));
}

/* +sip.instance and reg-id (RFC 5626), else the Contact URI. */
static int read_instance(struct sip_reg_contact *c)
{
	struct pn_str instance, id;
	struct text t = { 0 };
	int err;

	if (param_find(c->params, "+sip.instance", &instance) || !instance.len)
		return str_set(&c->instance, c->uri);
	text_add(&t, instance);
	if (!param_find(c->params, "reg-id", &id)) {
		text_put(&t, ";");
		text_add(&t, id);
	}
	err = t.failed ? -ENOMEM : str_set(&c->instance, text_str(&t));
	text_free(&t);
	return err;
}

static int read_contact(struct sip_server *s, struct pn_str value)
{
	struct sip_reg *r = s->reg;
	struct sip_reg_contact *c;
	struct sip_name_addr n;

	if (str_is(value, "*")) {
		r->star = true;
		return 0;
	}
	if (r->n == SIP_CONTACTS_MAX || name_addr_parse(value, &n))
		return 400;
	c = &r->contact[r->n++];
	c->value = value;
	c->uri = n.uri;
	c->params = n.params;
	c->brackets = n.brackets;
	c->asked = reg_expires(n.params, s->req);
	return read_instance(c) ? 500 : 0;
}

int reg_read(struct sip_server *s)
{
	struct sip_name_addr to;
	char aor[256];
	int status = 0;

	s->reg = calloc(1, sizeof(*s->reg));
	if (!s->reg)
		return 500;
	if (name_addr_parse(s->req->to, &to))
		return 400;
	if (str_set(&s->reg->aor, aor_of(to.uri, NULL, aor) ? str_of(aor) : to.uri))
		return 500;
	for (const struct sip_field *f = msg_field(s->req, SIP_CONTACT); f;
	     f = msg_next(s->req, f)) {
		struct pn_str rest = f->value, value;

		while (!status && next_value(&rest, &value) == 1)
			status = read_contact(s, value);
	}
	if (!status && s->reg->star && (s->reg->n || reg_seconds(msg_value(s->req, SIP_EXPIRES))))
		return 400;
	return status;
}

void reg_free(struct sip_reg *r)
{
	if (!r)
		return;
	str_drop(&r->aor);
	for (size_t i = 0; i < r->n; i++) {
		str_drop(&r->contact[i].instance);
		str_drop(&r->contact[i].alias);
	}
	free(r);
}
