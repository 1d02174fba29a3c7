#define LOG_SUBSYSTEM LOG_BINDING
#include "alias.h"
#include "alias_pool.h"
#include "hash.h"
#include "log.h"
#include "metrics.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TELL_MS 60000u /* between two log lines about one place */

struct alias_list {
	struct alias *first, *last;
};

/* One realm's aliases of a kind and family, ADDRESS with one port. */
struct place {
	struct place *next;
	struct aliases *all;
	struct pn_realm *realm;
	enum pn_alias_kind kind;
	int family;
	uint16_t port;
	struct alias_pool *pool;
	struct alias_list taken, resting; /* resting: the oldest first */
	size_t n_taken;
	uint64_t quiet_until_ms;
};

struct alias {
	struct hash_node by_owner; /* while it rests, and has an owner */
	struct place *place;
	struct alias *prev, *next;
	struct pn_addr addr;
	uint64_t udp, tcp;
	uint64_t owner;    /* whose it is or was; 0 when a socket could not be opened */
	uint64_t until_ms; /* it rests till then */
};

struct aliases {
	struct aliases_conf conf;
	struct place *places;
	struct hash resting;
	uint64_t quiet_until_ms;
};

/* ---- lists ---- */

static void list_add(struct alias_list *l, struct alias *a)
{
	a->next = NULL;
	a->prev = l->last;
	if (l->last)
		l->last->next = a;
	else
		l->first = a;
	l->last = a;
}

static void list_del(struct alias_list *l, struct alias *a)
{
	if (a->prev)
		a->prev->next = a->next;
	else
		l->first = a->next;
	if (a->next)
		a->next->prev = a->prev;
	else
		l->last = a->prev;
}

static void list_free(struct alias_list *l)
{
	while (l->first) {
		struct alias *a = l->first;

		list_del(l, a);
		free(a);
	}
}

/* ---- the table ---- */

struct aliases *aliases_new(const struct aliases_conf *c)
{
	struct aliases *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->conf = *c;
	hash_init(&t->resting);
	return t;
}

void aliases_free(struct aliases *t)
{
	if (!t)
		return;
	while (t->places) {
		struct place *p = t->places;

		t->places = p->next;
		metric_add(M_ALIASES, -(int64_t)p->n_taken);
		list_free(&p->taken);
		list_free(&p->resting);
		alias_pool_free(p->pool);
		free(p);
	}
	hash_free(&t->resting);
	free(t);
}

size_t aliases_in(const struct aliases *t, const struct pn_realm *r)
{
	size_t n = 0;

	for (const struct place *p = t->places; p; p = p->next)
		if (p->realm == r)
			n += p->n_taken;
	return n;
}

/* ---- places ---- */

/* NULL and errno: ENOENT where the realm has none. It must have an address of the family itself: reach and
 * routing go by it. */
static struct alias_pool *pool_of(const struct pn_realm *r, enum pn_alias_kind kind, int family, uint16_t port)
{
	const struct pn_addr *own = realm_addr(r, family);

	errno = ENOENT;
	if (!own || (kind == PN_ALIAS_PORT && !r->alias_first))
		return NULL;
	if (kind == PN_ALIAS_PORT)
		return alias_pool_of_ports(own, r->alias_first, r->alias_last);
	return alias_pool_of_addresses(&r->alias_addresses, family, port);
}

static void mark_all(struct alias_pool *pool, const struct alias_list *l)
{
	for (const struct alias *a = l->first; a; a = a->next) {
		uint32_t index = alias_pool_index(pool, &a->addr);

		if (index != ALIAS_NONE)
			alias_pool_mark(pool, index, true);
	}
}

/* It leaves the resting ones, and is free where it still belongs to the pool. */
static void wake(struct alias *a)
{
	struct place *p = a->place;
	uint32_t index = p->pool ? alias_pool_index(p->pool, &a->addr) : ALIAS_NONE;

	if (index != ALIAS_NONE)
		alias_pool_mark(p->pool, index, false);
	list_del(&p->resting, a);
	hash_del(&p->all->resting, &a->by_owner);
	free(a);
}

static void retune(struct place *p)
{
	struct alias_pool *pool = pool_of(p->realm, p->kind, p->family, p->port);

	if (!pool && errno != ENOENT) {
		log_error("aliases of realm %s: stay as they were: %s", p->realm->info.name, strerror(errno));
		return;
	}
	alias_pool_free(p->pool);
	p->pool = pool;
	p->quiet_until_ms = 0;
	for (struct alias *a = p->resting.first, *next; a; a = next) {
		next = a->next;
		if (!pool || alias_pool_index(pool, &a->addr) == ALIAS_NONE)
			wake(a);
	}
	if (!pool)
		return;
	mark_all(pool, &p->taken);
	mark_all(pool, &p->resting);
}

void aliases_retune(struct aliases *t)
{
	for (struct place *p = t->places; p; p = p->next)
		retune(p);
}

static struct place *place_find(struct aliases *t, const struct place *want, size_t *n)
{
	struct place *p = t->places;

	for (*n = 0; p; p = p->next, ++*n)
		if (p->realm == want->realm && p->kind == want->kind && p->family == want->family &&
		    p->port == want->port)
			break;
	return p;
}

/* The place, made when it is new; -EADDRNOTAVAIL where the realm has nothing of the kind. */
static int place_get(struct aliases *t, const struct place *want, struct place **out)
{
	size_t n;
	struct place *p = place_find(t, want, &n);
	struct alias_pool *pool;

	if (p) {
		*out = p;
		return p->pool ? 0 : -EADDRNOTAVAIL;
	}
	if (n >= ALIAS_POOLS_MAX)
		return -ENOSPC;
	pool = pool_of(want->realm, want->kind, want->family, want->port);
	if (!pool)
		return errno == ENOENT ? -EADDRNOTAVAIL : -ENOMEM;
	p = malloc(sizeof(*p));
	if (!p) {
		alias_pool_free(pool);
		return -ENOMEM;
	}
	*p = *want;
	p->all = t;
	p->pool = pool;
	p->next = t->places;
	t->places = p;
	*out = p;
	return 0;
}

static int place_of(struct aliases *t, const struct pn_binding_args *a, struct place **out)
{
	struct place want = { .realm = a->alias_realm, .kind = a->alias_kind, .family = a->alias_family };
	int err;

	if (a->alias_listen & ~(1u << PN_UDP | 1u << PN_TCP))
		return -EPROTONOSUPPORT;
	if (want.kind == PN_ALIAS_ADDRESS) {
		if (!a->alias_port)
			return -EINVAL;
		want.port = a->alias_port;
	}
	if (want.family)
		return place_get(t, &want, out);
	want.family = 4;
	err = place_get(t, &want, out);
	if (err != -EADDRNOTAVAIL)
		return err;
	want.family = 6;
	return place_get(t, &want, out);
}

/* ---- whose it is ---- */

static uint64_t fnv(uint64_t h, const void *text, size_t len)
{
	const uint8_t *p = text;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* Where the search begins. Without a secret, because it must be the same after a restart: who chooses its
 * names well can only make its own neighbours search longer, which costs them nothing (a bitmap). */
static uint32_t begin(const char *module, const struct pn_binding_args *a, uint32_t total)
{
	uint64_t h = fnv(UINT64_C(0xcbf29ce484222325), module, strlen(module) + 1);

	h = fnv(h, a->identity.p, a->identity.len);
	h = fnv(h, "", 1);
	h = fnv(h, a->instance.p, a->instance.len);
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	h ^= h >> 32;
	return (uint32_t)(h % total);
}

/* The module by its name: it may have been unloaded and loaded meanwhile. */
static uint64_t owner_key(const struct place *p, const char *module, const struct pn_binding_args *a)
{
	const void *where[2] = { p, a->realm };
	uint64_t h = hash_bytes(where, sizeof(where), 0);

	h = hash_bytes(module, strlen(module), h);
	h = hash_bytes(a->identity.p, a->identity.len, h);
	h = hash_bytes(a->instance.p, a->instance.len, h);
	return h ? h : 1;
}

/* ---- resting ones ---- */

static void lay_down(struct alias *a, uint64_t owner)
{
	struct place *p = a->place;

	a->owner = owner;
	a->until_ms = loop_now(p->all->conf.loop) + ALIAS_REST_MS;
	list_add(&p->resting, a);
	/* without memory its own terminal does not find it again */
	if (owner)
		hash_put(&p->all->resting, &a->by_owner, owner);
}

static void rise(struct alias *a)
{
	list_del(&a->place->resting, a);
	hash_del(&a->place->all->resting, &a->by_owner);
}

static void end_rests(struct place *p)
{
	uint64_t now_ms = loop_now(p->all->conf.loop);

	while (p->resting.first && p->resting.first->until_ms <= now_ms)
		wake(p->resting.first);
}

static struct alias *resting_of(const struct place *p, uint64_t owner)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&p->all->resting, owner, n))) {
		struct alias *a = hash_entry(n, struct alias, by_owner);

		if (a->place == p)
			return a;
	}
	return NULL;
}

/* ---- sockets ---- */

static void close_all(struct alias *a)
{
	struct transport *t = a->place->all->conf.transport;

	if (a->udp)
		transport_alias_close(t, a->udp);
	if (a->tcp)
		transport_alias_close(t, a->tcp);
	a->udp = a->tcp = 0;
}

static int open_all(struct alias *a, struct module *owner, unsigned listen)
{
	struct transport *t = a->place->all->conf.transport;
	struct pn_realm *r = a->place->realm;
	int err = 0;

	if (listen & 1u << PN_UDP)
		err = transport_alias_open(t, owner, r, PN_UDP, &a->addr, &a->udp);
	if (!err && listen & 1u << PN_TCP)
		err = transport_alias_open(t, owner, r, PN_TCP, &a->addr, &a->tcp);
	if (err)
		close_all(a);
	return err;
}

/* Another one may do better. */
static bool is_local(int err)
{
	return err == -EADDRINUSE || err == -EADDRNOTAVAIL;
}

/* ---- taking ---- */

static bool is_ours(const struct place *p, const struct pn_addr *a)
{
	if (p->kind == PN_ALIAS_ADDRESS && realm_owns(p->realm, a))
		return true;
	return transport_listens(p->all->conf.transport, p->realm, a);
}

/* ALIAS_NONE: nothing is free. */
static uint32_t find_free(const struct place *p, uint32_t from)
{
	uint32_t total = alias_pool_total(p->pool), end = total, at = from;

	for (;;) {
		struct pn_addr a;

		at = at < end ? alias_pool_next(p->pool, at, end) : ALIAS_NONE;
		if (at == ALIAS_NONE && end == total && from) {
			end = from;
			at = from = 0;
			continue;
		}
		if (at == ALIAS_NONE)
			return at;
		a = alias_pool_at(p->pool, at);
		if (!is_ours(p, &a))
			return at;
		at++;
	}
}

/* One to try, among those that rest; NULL and errno: ENOSPC, ENOMEM. */
static struct alias *candidate(struct place *p, uint32_t from)
{
	uint32_t index = find_free(p, from);
	struct alias *a;

	if (index == ALIAS_NONE) {
		errno = ENOSPC;
		return p->resting.first;
	}
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->place = p;
	a->addr = alias_pool_at(p->pool, index);
	alias_pool_mark(p->pool, index, true);
	lay_down(a, 0);
	return a;
}

/* A socket that cannot be opened now is not tried again by the next one that comes. */
static int try(struct alias *a, struct module *owner, unsigned listen)
{
	int err = open_all(a, owner, listen);

	if (!err)
		return 0;
	if (!is_local(err)) {
		if (!a->owner)
			wake(a);
		return err;
	}
	rise(a);
	lay_down(a, 0);
	return err;
}

/* Counts a refusal; false: this was logged a while ago. */
static bool may_tell(const struct aliases *t, uint64_t *quiet_until_ms)
{
	uint64_t now_ms = loop_now(t->conf.loop);

	metric_add(M_ALIASES_REFUSED, 1);
	if (now_ms < *quiet_until_ms)
		return false;
	*quiet_until_ms = now_ms + TELL_MS;
	return true;
}

static void tell_none(struct aliases *t, const struct pn_binding_args *a)
{
	if (may_tell(t, &t->quiet_until_ms))
		log_error("realm %s: no alias: expected %s and an address of the same family",
			  a->alias_realm->info.name,
			  a->alias_kind == PN_ALIAS_PORT ? "aliases" : "alias-addresses");
}

static void tell(struct place *p, int err)
{
	const char *name = p->realm->info.name;
	struct pn_addr first = alias_pool_at(p->pool, 0);

	if (!may_tell(p->all, &p->quiet_until_ms))
		return;
	if (err == -EADDRNOTAVAIL)
		log_error("realm %s: no alias at %s and on: they are not addresses of this host: expected `ip addr "
			  "add ADDRESS dev DEVICE` for each or `ip route add local PREFIX dev lo`", name,
			  addr_text(&first));
	else if (err == -ENOSPC)
		log_error("realm %s: no alias left: %zu of %u at %s and on are in use: expected more %s", name,
			  p->n_taken, alias_pool_total(p->pool), addr_text(&first),
			  p->kind == PN_ALIAS_PORT ? "aliases" : "alias-addresses");
	else
		log_error("realm %s: no alias at %s and on: %s", name, addr_text(&first), strerror(-err));
}

static int place_take(struct place *p, struct module *owner, const struct pn_binding_args *args, struct alias **out)
{
	const char *module = p->all->conf.module_name(owner);
	uint32_t from = begin(module, args, alias_pool_total(p->pool));
	uint64_t key = owner_key(p, module, args);
	struct alias *a;
	int err = 0;

	end_rests(p);
	a = resting_of(p, key);
	for (unsigned tries = 0; tries < ALIAS_TRIES; tries++, a = NULL) {
		if (!a)
			a = candidate(p, from);
		if (!a)
			return err ? err : -errno;
		err = try(a, owner, args->alias_listen);
		if (!is_local(err))
			break;
	}
	if (err)
		return err;
	rise(a);
	a->owner = key;
	list_add(&p->taken, a);
	p->n_taken++;
	metric_add(M_ALIASES, 1);
	*out = a;
	return 0;
}

int alias_take(struct aliases *t, struct module *owner, const struct pn_binding_args *a, struct alias **out)
{
	struct place *p;
	int err = place_of(t, a, &p);

	if (err) {
		if (err == -EADDRNOTAVAIL)
			tell_none(t, a);
		return err;
	}
	err = place_take(p, owner, a, out);
	if (err)
		tell(p, err);
	return err == -EADDRINUSE ? -ENOSPC : err;
}

/* ---- giving back ---- */

static void leave(struct alias *a)
{
	close_all(a);
	list_del(&a->place->taken, a);
	a->place->n_taken--;
	metric_add(M_ALIASES, -1);
	lay_down(a, a->owner);
}

void alias_give(struct alias *a)
{
	const struct alias_pool *pool = a->place->pool;

	leave(a);
	if (!pool || alias_pool_index(pool, &a->addr) == ALIAS_NONE)
		wake(a);
}

void alias_forget(struct alias *a)
{
	leave(a);
	wake(a);
}

const struct pn_addr *alias_addr(const struct alias *a)
{
	return &a->addr;
}

uint64_t alias_flow(const struct alias *a, enum pn_transport kind)
{
	return kind == PN_UDP ? a->udp : kind == PN_TCP ? a->tcp : 0;
}
