#include "pinhole/login.h"
#include "pinhole/credential.h"
#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>

static bool is_name(struct pn_str s)
{
	if (!s.len || s.len > MESSAGE_NAME)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e)
			return false;
	return true;
}

struct pinhole_login *pinhole_login_new(const struct pinhole_login_conf *c)
{
	struct pinhole_login *l;

	if (!is_name(c->network) || !is_name(c->agent) || !c->secret.len || c->secret.len > LOGIN_SECRET) {
		errno = EINVAL;
		return NULL;
	}
	l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	memcpy(l->network, c->network.p, l->network_len = c->network.len);
	memcpy(l->agent, c->agent.p, l->agent_len = c->agent.len);
	memcpy(l->secret, c->secret.p, l->secret_len = c->secret.len);
	l->wall_us = c->wall_us;
	l->since_ms = c->now_ms;
	return l;
}

void pinhole_login_free(struct pinhole_login *l)
{
	if (!l)
		return;
	OPENSSL_cleanse(l, sizeof(*l));
	free(l);
}

struct pn_str login_network(const struct pinhole_login *l)
{
	return (struct pn_str){ l->network, l->network_len };
}

struct pn_str login_agent(const struct pinhole_login *l)
{
	return (struct pn_str){ l->agent, l->agent_len };
}

struct pn_str pinhole_login_realm(const struct pinhole_login *l)
{
	return (struct pn_str){ l->realm, l->realm_len };
}

struct pn_str pinhole_login_nonce(const struct pinhole_login *l)
{
	return (struct pn_str){ l->nonce, l->nonce_len };
}

int login_set_realm(struct pinhole_login *l, struct pn_str realm)
{
	struct pn_str secret = { l->secret, l->secret_len };

	if (!is_name(realm))
		return -EPROTO;
	if (str_eq(realm, pinhole_login_realm(l)))
		return 0;
	if (credential_key(login_network(l), realm, secret, l->key))
		return -EPROTO;
	memcpy(l->realm, realm.p, l->realm_len = realm.len);
	return 0;
}

int login_set_nonce(struct pinhole_login *l, struct pn_str nonce)
{
	if (!nonce.len || nonce.len > MESSAGE_NONCE)
		return -EPROTO;
	memcpy(l->nonce, nonce.p, l->nonce_len = nonce.len);
	return 0;
}

uint64_t login_order(struct pinhole_login *l, uint64_t now_ms)
{
	uint64_t order = l->wall_us + (now_ms - l->since_ms) * 1000;

	l->order = order > l->order ? order : l->order + 1;
	return l->order;
}
