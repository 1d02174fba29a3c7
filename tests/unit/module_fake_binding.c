#include "module_fake_parts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "buf.h"

struct pn_binding {
	bool used;
	struct pn_binding_info info;
	char identity[1024], instance[1024], alias[1025];
	uint8_t data[4096];
	struct pn_addr claims; /* the pinhole of the latest put */
	uint64_t claims_flow;
};

static struct pn_binding bindings[FAKE_BINDINGS];
static unsigned made;

static bool named(const struct pn_binding *b, const struct pn_binding_args *a)
{
	return b->used && b->info.realm == a->realm && str_eq(b->info.identity, a->identity) &&
	       str_eq(b->info.instance, a->instance);
}

static void move(struct pn_binding *b)
{
	b->info.pinhole = b->claims;
	b->info.flow = b->claims_flow;
}

/* What is put may be what info shows. */
static void keep(void *own, const void *value, size_t len)
{
	if (len)
		memmove(own, value, len);
}

static void fill_binding(struct pn_binding *b, const struct pn_binding_args *a)
{
	keep(b->identity, a->identity.p, a->identity.len);
	keep(b->instance, a->instance.p, a->instance.len);
	keep(b->data, a->data, a->data_len);
	b->info.realm = a->realm;
	b->info.alias_realm = a->alias_realm;
	b->info.identity = (struct pn_str){ b->identity, a->identity.len };
	b->info.instance = (struct pn_str){ b->instance, a->instance.len };
	b->info.alias = (struct pn_str){ b->alias, strlen(b->alias) };
	b->info.claimed = a->claimed;
	b->claims = a->pinhole;
	b->claims_flow = a->flow;
	if (b->info.state == PN_PENDING || addr_same_ip(&b->info.pinhole, &a->pinhole))
		move(b); /* another IP: when it is accepted */
	b->info.data = b->data;
	b->info.data_len = a->data_len;
}

static bool name_taken(const struct pn_binding_args *a)
{
	for (size_t i = 0; i < FAKE_BINDINGS; i++)
		if (bindings[i].used && bindings[i].info.alias_realm == a->alias_realm &&
		    str_eq(bindings[i].info.alias, a->alias_name))
			return true;
	return false;
}

static int give_alias(struct pn_binding *b, const struct pn_binding_args *a)
{
	size_t i = (size_t)(b - bindings);

	switch (a->alias_kind) {
	case PN_ALIAS_NAME:
		if (!a->alias_name.len || a->alias_name.len >= sizeof(b->alias))
			return -EINVAL;
		if (name_taken(a))
			return -EEXIST;
		memcpy(b->alias, a->alias_name.p, a->alias_name.len);
		return 0;
	case PN_ALIAS_ADDRESS:
		if ((int)i >= fake_world.alias_addresses)
			return -ENOSPC;
		snprintf(b->alias, sizeof(b->alias), "192.0.2.%zu", 64 + i);
		b->info.alias_addr = fake_address(b->alias, a->alias_port);
		b->info.alias_udp = FAKE_ALIAS_FLOW + i;
		return 0;
	case PN_ALIAS_PORT:
		snprintf(b->alias, sizeof(b->alias), "192.0.2.5:%zu", 10000 + i);
		b->info.alias_addr = fake_address("192.0.2.5", (uint16_t)(10000 + i));
		b->info.alias_udp = FAKE_ALIAS_FLOW + i;
		return 0;
	default:
		snprintf(b->alias, sizeof(b->alias), "alias%011u", ++made);
		return 0;
	}
}

static int f_binding_put(struct pn_host *h, const struct pn_binding_args *a,
			 struct pn_binding **out)
{
	struct pn_binding *b = NULL;
	int err;

	(void)h;
	if (a->identity.len > sizeof(b->identity) || a->instance.len > sizeof(b->instance) ||
	    a->data_len > sizeof(b->data))
		return -EINVAL;
	for (size_t i = 0; i < FAKE_BINDINGS && !b; i++)
		if (named(&bindings[i], a))
			b = &bindings[i];
	for (size_t i = 0; i < FAKE_BINDINGS && !b; i++)
		if (!bindings[i].used)
			b = &bindings[i];
	if (!b)
		return -ENOSPC;
	if (!b->used) {
		*b = (struct pn_binding){ .info = { .size = sizeof(b->info),
						    .state = PN_PENDING } };
		err = give_alias(b, a);
		if (err)
			return err;
		b->used = true;
	}
	fill_binding(b, a);
	*out = b;
	return 0;
}

static void f_binding_accept(struct pn_binding *b, uint64_t terminal_ms, uint64_t upstream_ms)
{
	b->info.state = PN_ACTIVE;
	move(b);
	b->info.expires_at_ms = fake.now_ms + terminal_ms;
	b->info.upstream_at_ms = fake.now_ms + upstream_ms;
}

static void f_binding_remove(struct pn_binding *b)
{
	fake_module->on_binding_gone(fake_self, b);
	b->used = false;
}

void fake_binding_gone(size_t i)
{
	f_binding_remove(&bindings[i]);
	fake_sweep(0);
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
		return b->info.alias_realm == r && str_eq(b->info.alias, key);
	return b->info.realm == r && str_eq(b->info.identity, key);
}

static struct pn_binding *f_binding_find(struct pn_host *h, struct pn_realm *r,
					 enum pn_binding_key by, const void *key, size_t len,
					 struct pn_binding *after)
{
	(void)h;
	for (size_t i = after ? (size_t)(after - bindings) + 1 : 0; i < FAKE_BINDINGS; i++)
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
	keep(b->data, data, len);
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

	for (size_t i = 0; i < FAKE_BINDINGS; i++)
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

long fake_keepalive(size_t i, void *out, size_t cap)
{
	long len = fake_module->keepalive(fake_self, &bindings[i], out, cap);

	fake_deferred();
	return len;
}

int fake_binding_used(size_t i)
{
	return bindings[i].used;
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
