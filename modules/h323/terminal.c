#include "terminal.h"

#include <stdio.h>
#include <string.h>

struct pn_addr terminal_pinhole(const struct h323_terminal *t)
{
	return t->h->svc->binding_info(t->binding)->pinhole;
}

struct pn_addr terminal_alias(const struct h323_terminal *t)
{
	return t->h->svc->binding_info(t->binding)->alias_addr;
}

bool terminal_plain(const struct h323_terminal *t)
{
	struct pn_addr pinhole = terminal_pinhole(t);

	return addr_same_ip(&pinhole, &t->ras) && addr_same_ip(&pinhole, &t->signal);
}

struct pn_str terminal_name(const struct h323_terminal *t, char out[H323_ADDR_LEN])
{
	if (t->n_aliases)
		return t->alias[0];
	return str_of(h323_print(t->h, &t->ras, out));
}

struct h323_terminal *terminal_of_binding(const struct h323 *h, const struct pn_binding *b)
{
	return b ? h->svc->table_get(h->terminal_by_binding, &b, sizeof(b)) : NULL;
}

struct h323_terminal *terminal_of_alias(struct h323 *h, struct pn_realm *core, const struct pn_addr *alias)
{
	char text[H323_ADDR_LEN];
	size_t n = strlen(h323_print(h, alias, text));

	return terminal_of_binding(
		h, h->svc->binding_find(h->host, core, PN_BY_ALIAS, text, n, NULL));
}

/* Keys begin with the realm or the zone, of which there are few, so that equal names do not meet. */
size_t terminal_endpoint_key(const struct pn_realm *r, struct pn_str endpoint,
			     uint8_t out[TERMINAL_KEY_MAX])
{
	uintptr_t realm = (uintptr_t)r;
	size_t n = endpoint.len <= H323_ENDPOINT_MAX ? endpoint.len : H323_ENDPOINT_MAX;

	memcpy(out, &realm, sizeof(realm));
	memcpy(out + sizeof(realm), endpoint.p, n);
	return sizeof(realm) + n;
}

size_t terminal_name_key(const char *zone, struct pn_str alias, uint8_t out[TERMINAL_KEY_MAX])
{
	size_t z = strlen(zone) + 1, n = alias.len;

	if (n > TERMINAL_KEY_MAX - z)
		n = TERMINAL_KEY_MAX - z;
	memcpy(out, zone, z);
	memcpy(out + z, alias.p, n);
	return z + n;
}

static struct h323_terminal *of_endpoint(struct h323 *h, const struct pn_msg *m, struct pn_str endpoint)
{
	uint8_t key[TERMINAL_KEY_MAX];
	size_t n = terminal_endpoint_key(m->realm, endpoint, key);
	struct h323_terminal *t = h->svc->table_get(h->terminal_by_endpoint, key, n);
	struct pn_addr pinhole;

	if (!t)
		return NULL;
	pinhole = terminal_pinhole(t);
	return addr_same_ip(&pinhole, &m->remote) ? t : NULL;
}

struct h323_terminal *terminal_of_sender(struct h323 *h, const struct pn_msg *m, struct pn_str endpoint)
{
	struct h323_terminal *t, *any = NULL;
	struct pn_binding *b = NULL;

	while ((b = h->svc->binding_find(h->host, m->realm, PN_BY_PINHOLE, &m->remote,
					 sizeof(m->remote), b))) {
		t = terminal_of_binding(h, b);
		if (t && endpoint.len && str_eq(t->endpoint, endpoint))
			return t;
		if (t && !any)
			any = t;
	}
	t = endpoint.len ? of_endpoint(h, m, endpoint) : NULL;
	return t ? t : any;
}

struct h323_terminal *terminal_of_name(struct h323 *h, const struct h323_gatekeeper *gk, struct pn_str alias)
{
	uint8_t key[TERMINAL_KEY_MAX];

	return h->svc->table_get(h->terminal_by_name, key, terminal_name_key(gk->zone, alias, key));
}
