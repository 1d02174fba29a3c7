#include "alias.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "record.h"

#define GONE_MAX 65536u

static char lower(char c)
{
	return (char)tolower((unsigned char)c);
}

bool aor_of(struct pn_str uri, const char *domain, char out[256])
{
	struct sip_uri u;
	size_t at;
	int n;

	if (uri_parse(uri, &u) || !u.sip)
		return false;
	n = snprintf(out, 256, "sip:%.*s%s%.*s", (int)u.user.len, u.user.p ? u.user.p : "",
		     u.user.len ? "@" : "", domain ? (int)strlen(domain) : (int)u.hostport.len,
		     domain ? domain : u.hostport.p);
	if (n < 0 || n >= 256)
		return false;
	for (at = u.user.len + 4; out[at]; at++)
		out[at] = lower(out[at]);
	return true;
}

/* How well a binding fits the sender: 2 by Contact, 1 by From, 0 by place alone. */
static int fitness(struct sip *sip, const struct pn_binding *b, struct pn_str contact,
		   struct pn_str aor)
{
	const struct pn_binding_info *info = sip->svc->binding_info(b);
	struct sip_record r = record_of(sip, b);

	if (contact.len && str_eq(r.contact, contact))
		return 2;
	return aor.len && str_eq(info->identity, aor) ? 1 : 0;
}

struct pn_binding *alias_of_sender(struct sip *sip, struct pn_realm *realm,
				   const struct pn_addr *src, const struct sip_msg *m)
{
	struct pn_str value = msg_value(m, SIP_CONTACT), contact = { NULL, 0 }, aor = { NULL, 0 };
	struct pn_binding *b = NULL, *best = NULL;
	struct sip_name_addr n;
	char text[256];
	int top = -1, found = 0;

	if (value.len && !name_addr_parse(value, &n))
		contact = n.uri;
	if (!name_addr_parse(m->request ? m->from : m->to, &n) && aor_of(n.uri, NULL, text))
		aor = str_of(text);
	while ((b = sip->svc->binding_find(sip->host, realm, PN_BY_PINHOLE, src, sizeof(*src),
					   b))) {
		int fit;

		if (sip->svc->binding_info(b)->state != PN_ACTIVE)
			continue;
		found++;
		fit = fitness(sip, b, contact, aor);
		if (fit > top) {
			top = fit;
			best = b;
		}
	}
	return top > 0 || found == 1 ? best : NULL;
}

static struct text gone_key(struct sip *sip, struct pn_realm *realm, struct pn_str alias)
{
	struct text t = { 0 };

	text_put(&t, sip_realm_name(sip, realm));
	text_put(&t, " ");
	text_add(&t, alias);
	return t;
}

int alias_find(struct sip *sip, struct pn_realm *realm, struct pn_str user, struct pn_binding **out)
{
	struct pn_binding *b;
	struct text key;
	bool was;

	if (!user.len)
		return -ENOENT;
	b = sip->svc->binding_find(sip->host, realm, PN_BY_ALIAS, user.p, user.len, NULL);
	if (b) {
		*out = b;
		return sip->svc->binding_info(b)->state == PN_ACTIVE ? 0 : -ESTALE;
	}
	key = gone_key(sip, realm, user);
	was = sip->svc->table_get(sip->gone[0], key.p, key.len) ||
	      sip->svc->table_get(sip->gone[1], key.p, key.len);
	text_free(&key);
	return was ? -ESTALE : -ENOENT;
}

void alias_gone(struct sip *sip, const struct pn_binding *b)
{
	const struct pn_binding_info *info = sip->svc->binding_info(b);
	struct text key;

	if (!info->alias.len || !info->alias_realm || info->state != PN_ACTIVE)
		return;
	if (sip->svc->table_count(sip->gone[0]) >= GONE_MAX / 2) {
		sip->svc->table_free(sip->gone[1], NULL);
		sip->gone[1] = sip->gone[0];
		sip->gone[0] = sip->svc->table_new(sip->host, GONE_MAX);
	}
	key = gone_key(sip, info->alias_realm, info->alias);
	if (!key.failed)
		sip->svc->table_put(sip->gone[0], key.p, key.len, sip);
	text_free(&key);
}
