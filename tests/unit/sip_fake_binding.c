#include "sip_fake_parts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BINDINGS_MAX 64u

struct pn_binding {
	bool used;
	struct pn_binding_info info;
	char identity[1024], instance[1024], alias[17];
	uint8_t data[4096];
	uint64_t expires_at, put_until;
};

static struct pn_binding bindings[BINDINGS_MAX];
static unsigned made;

static bool named(const struct pn_binding *b, const struct pn_binding_args *a)
{
	return b->used && b->info.realm == a->realm && b->info.identity.len == a->identity.len &&
	       !memcmp(b->identity, a->identity.p, a->identity.len) &&
	       b->info.instance.len == a->instance.len &&
	       !memcmp(b->instance, a->instance.p, a->instance.len);
}

static void fill_binding(struct pn_binding *b, const struct pn_binding_args *a)
{
	memcpy(b->identity, a->identity.p, a->identity.len);
	memcpy(b->instance, a->instance.p, a->instance.len);
	if (a->data_len)
		memcpy(b->data, a->data, a->data_len);
	b->info.realm = a->realm;
	b->info.alias_realm = a->alias_realm;
	b->info.identity = (struct pn_str){ b->identity, a->identity.len };
	b->info.instance = (struct pn_str){ b->instance, a->instance.len };
	b->info.alias = (struct pn_str){ b->alias, strlen(b->alias) };
	b->info.claimed = a->claimed;
	b->info.pinhole = a->pinhole;
	b->info.flow = a->flow;
	b->info.data = b->data;
	b->info.data_len = a->data_len;
}

static int f_binding_put(struct pn_host *h, const struct pn_binding_args *a,
			 struct pn_binding **out)
{
	struct pn_binding *b = NULL;

	(void)h;
	if (a->identity.len > sizeof(b->identity) || a->instance.len > sizeof(b->instance))
		return -EINVAL;
	for (size_t i = 0; i < BINDINGS_MAX && !b; i++)
		if (named(&bindings[i], a))
			b = &bindings[i];
	for (size_t i = 0; i < BINDINGS_MAX && !b; i++)
		if (!bindings[i].used)
			b = &bindings[i];
	if (!b)
		return -ENOSPC;
	if (!b->used) {
		*b = (struct pn_binding){
			.used = true, .info = { .size = sizeof(b->info), .state = PN_PENDING }
		};
		snprintf(b->alias, sizeof(b->alias), "alias%011u", ++made);
	}
	fill_binding(b, a);
	*out = b;
	return 0;
}

static void f_binding_accept(struct pn_binding *b, uint64_t terminal_ms, uint64_t upstream_ms)
{
	b->info.state = PN_ACTIVE;
	b->info.expires_at_ms = fake.now_ms + terminal_ms;
	b->info.upstream_at_ms = fake.now_ms + upstream_ms;
}

static void f_binding_remove(struct pn_binding *b)
{
	fake_module->on_binding_gone(fake_self, b);
	b->used = false;
}

static void f_binding_refuse(struct pn_binding *b)
{
	if (b->info.state == PN_PENDING)
		f_binding_remove(b);
}

static bool keyed(const struct pn_binding *b, struct pn_realm *r, enum pn_binding_key by,
		  struct pn_str key)
{
	if (!b->used)
		return false;
	if (by == PN_BY_PINHOLE)
		return b->info.realm == r &&
		       !memcmp(&b->info.pinhole, key.p, sizeof(b->info.pinhole));
	if (by == PN_BY_ALIAS)
		return b->info.alias_realm == r && b->info.alias.len == key.len &&
		       !memcmp(b->alias, key.p, key.len);
	return b->info.realm == r && b->info.identity.len == key.len &&
	       !memcmp(b->identity, key.p, key.len);
}

static struct pn_binding *f_binding_find(struct pn_host *h, struct pn_realm *r,
					 enum pn_binding_key by, const void *key, size_t len,
					 struct pn_binding *after)
{
	(void)h;
	for (size_t i = after ? (size_t)(after - bindings) + 1 : 0; i < BINDINGS_MAX; i++)
		if (keyed(&bindings[i], r, by, (struct pn_str){ key, len }))
			return &bindings[i];
	return NULL;
}

static const struct pn_binding_info *f_binding_info(const struct pn_binding *b)
{
	return &b->info;
}

static int f_binding_set_data(struct pn_binding *b, const void *data, size_t len)
{
	memcpy(b->data, data, len);
	b->info.data_len = len;
	return 0;
}

static void f_binding_alive(struct pn_binding *b)
{
	(void)b;
}

static void f_binding_keepalive(struct pn_host *h, uint64_t ms)
{
	(void)h;
	(void)ms;
}

size_t fake_bindings(void)
{
	size_t n = 0;

	for (size_t i = 0; i < BINDINGS_MAX; i++)
		n += bindings[i].used;
	return n;
}

struct pn_binding *fake_binding(size_t i)
{
	return &bindings[i];
}

const struct pn_binding_info *fake_binding_info(size_t i)
{
	return &bindings[i].info;
}

void fake_bindings_reset(void)
{
	memset(bindings, 0, sizeof(bindings));
	made = 0;
}

void fake_binding_services(struct pn_services *s)
{
	s->binding_put = f_binding_put;
	s->binding_accept = f_binding_accept;
	s->binding_refuse = f_binding_refuse;
	s->binding_remove = f_binding_remove;
	s->binding_find = f_binding_find;
	s->binding_info = f_binding_info;
	s->binding_set_data = f_binding_set_data;
	s->binding_alive = f_binding_alive;
	s->binding_keepalive = f_binding_keepalive;
}
