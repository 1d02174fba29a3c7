#include "addr.h"
#include "binding_state.h"
#include "buf.h"
#include "random.h"
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

int binding_alias_check(const struct pn_binding_args *a)
{
	if (a->alias_kind > PN_ALIAS_PORT)
		return -EINVAL;
	if (a->alias_kind != PN_ALIAS_TOKEN && !a->alias_realm)
		return -EINVAL;
	if (a->alias_kind == PN_ALIAS_NAME && (!a->alias_name.len || a->alias_name.len > BINDING_NAME_MAX))
		return -EINVAL;
	return 0;
}

void bindings_token_secret(struct bindings *t, struct pn_str secret,
			   const char *(*module_name)(const struct module *m))
{
	t->derives = secret.len && HMAC(EVP_sha256(), "alias", 5, (const uint8_t *)secret.p, secret.len,
					t->token_key, NULL);
	t->module_name = module_name;
}

/* 32 octets that these names alone decide. Lengths stand before what may hold anything. */
static bool derive(const struct binding_owner *o, const struct pn_binding_args *a, uint8_t out[32])
{
	const char *module = o->table->module_name(o->module);
	uint8_t text[2 * BINDING_NAME_MAX + 256];
	size_t at = (size_t)snprintf((char *)text, 256, "%s %s %zu ", module, a->realm->info.name,
				     a->identity.len);

	if (at >= 256)
		return false;
	memcpy(text + at, a->identity.p, a->identity.len);
	at += a->identity.len;
	if (a->instance.len)
		memcpy(text + at, a->instance.p, a->instance.len);
	return HMAC(EVP_sha256(), o->table->token_key, 32, text, at + a->instance.len, out, NULL);
}

/* 8 bits of it make a letter. The first four letters are a little likelier, which costs 3 of 103 bits at most. */
static struct pn_str token(const struct binding_owner *o, const struct pn_binding_args *a, char *out)
{
	static const char letter[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	uint8_t known[32];
	bool derived = o->table->derives && derive(o, a, known);

	for (unsigned i = 0; i < BINDING_TOKEN_LEN; i++)
		out[i] = letter[derived ? known[i] % 36u : random_below(sizeof(letter) - 1)];
	return (struct pn_str){ out, BINDING_TOKEN_LEN };
}

static int address(struct bindings *t, struct module *owner, const struct pn_binding_args *a,
		   struct binding_alias *out)
{
	struct pn_addr at;
	int err = t->aliases ? alias_take(t->aliases, owner, a, &out->alias) : -ENOSYS;

	if (err)
		return err;
	at = *alias_addr(out->alias);
	if (a->alias_kind == PN_ALIAS_ADDRESS)
		at.port = 0;
	out->text = (struct pn_str){ out->room, (size_t)addr_print(&at, out->room, sizeof(out->room)) };
	return 0;
}

int binding_alias_make(struct binding_owner *o, const struct pn_binding_args *a, struct binding_alias *out)
{
	*out = (struct binding_alias){ .alias = NULL };
	if (a->alias_kind == PN_ALIAS_TOKEN)
		out->text = token(o, a, out->room);
	else if (a->alias_kind == PN_ALIAS_NAME)
		out->text = a->alias_name;
	else
		return address(o->table, o->module, a, out);
	return 0;
}

int binding_alias_free(const struct binding_owner *o, const struct pn_realm *r, struct pn_str name)
{
	return r && binding_by_alias(o->table, o, r, name) ? -EEXIST : 0;
}

int binding_alias_follows(const struct pn_binding *b, const struct pn_realm *r)
{
	if (r == b->alias_realm)
		return 0;
	if (b->alias)
		return -EINVAL;
	return b->named ? binding_alias_free(b->owner, r, binding_alias_text(b)) : 0;
}

void binding_alias_back(struct pn_binding *b)
{
	if (b->alias)
		alias_give(b->alias);
	b->alias = NULL;
}
