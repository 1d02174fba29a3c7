#include "realm.h"

#include "buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	struct pn_realm realm; /* first: a realm is its slot */
	struct pn_realm before;
	bool changed; /* before is what undo restores */
	bool fresh;   /* did not exist before */
};

struct realms {
	struct slot *slot[REALMS_MAX];
	unsigned n;
	unsigned configured[REALMS_MAX], configured_before[REALMS_MAX];
	unsigned n_configured, n_configured_before;
	uint32_t quarantine_ms;
	bool open; /* applied, neither kept nor undone */
};

struct realms *realms_new(void)
{
	return calloc(1, sizeof(struct realms));
}

/* Free what `r` owns and `other` does not share. */
static void dispose(struct pn_realm *r, const struct pn_realm *other)
{
	if (r->reach.list != other->reach.list)
		prefixes_free(&r->reach);
	if (r->siblings.list != other->siblings.list)
		prefixes_free(&r->siblings);
	if (r->alias_addresses.list != other->alias_addresses.list)
		prefixes_free(&r->alias_addresses);
	if (r->device != other->device)
		free(r->device);
	if (r->acl != other->acl)
		acl_free(r->acl);
	if (r->ports4 != other->ports4)
		port_pool_free(r->ports4);
	if (r->ports6 != other->ports6)
		port_pool_free(r->ports6);
}

static void slot_free(struct slot *s)
{
	static const struct pn_realm nothing;

	if (!s)
		return;
	dispose(&s->realm, &nothing);
	free((char *)s->realm.info.name);
	free(s);
}

void realms_free(struct realms *r)
{
	if (!r)
		return;
	realms_keep(r);
	for (unsigned i = 0; i < r->n; i++)
		slot_free(r->slot[i]);
	free(r);
}

static struct slot *find(struct realms *r, const char *name)
{
	for (unsigned i = 0; i < r->n; i++)
		if (!strcmp(r->slot[i]->realm.info.name, name))
			return r->slot[i];
	return NULL;
}

static struct slot *add(struct realms *r, const char *name)
{
	struct slot *s;

	if (r->n == REALMS_MAX)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->realm.info.name = strdup(name);
	if (!s->realm.info.name) {
		free(s);
		return NULL;
	}
	s->fresh = true;
	s->realm.all = r;
	s->realm.index = r->n;
	s->realm.gone = true;
	r->slot[r->n++] = s;
	return s;
}

static int copy_prefixes(const struct prefixes *from, struct prefixes *to)
{
	*to = (struct prefixes){ 0 };
	if (!from->n)
		return 0;
	to->list = calloc(from->n, sizeof(*to->list));
	if (!to->list)
		return -ENOMEM;
	memcpy(to->list, from->list, from->n * sizeof(*to->list));
	to->n = from->n;
	return 0;
}

static void copy_plain(struct pn_realm *r, const struct conf_realm *c)
{
	r->info.size = sizeof(r->info);
	r->info.side = c->side;
	r->info.addr4 = c->addr4;
	r->info.addr6 = c->addr6;
	r->info.alias_addresses = c->alias_addresses.n > 0;
	r->info.alias_ports = c->alias_first != 0;
	r->gone = false;
	r->media_first = c->media_first;
	r->media_last = c->media_last;
	r->tcp_first = c->tcp_first;
	r->tcp_last = c->tcp_last;
	r->alias_first = c->alias_first;
	r->alias_last = c->alias_last;
	r->info.alias_ports = c->alias_first != 0;
	r->info.alias_addresses = c->alias_addresses.n != 0;
	r->reach_set = c->reach_set;
	r->latch = c->latch;
	r->latch_packets = c->latch_packets;
	r->peer_bits4 = c->peer_bits4;
	r->peer_bits6 = c->peer_bits6;
	r->third_party = c->third_party;
	r->dscp = c->dscp;
	r->fwmark = c->fwmark;
	r->limits = c->limits;
	r->pinhole = c->pinhole;
	r->stun = c->stun;
	r->stun_media = c->stun_media;
	r->uplink = c->uplink;
}

/* A pool lives on when its address goes: its ports must come back. */
static int make_pool(struct port_pool **pool, const struct pn_addr *addr, const struct pn_realm *r,
		     uint32_t quarantine_ms)
{
	if (*pool || !addr->family || !r->media_first)
		return 0;
	*pool = port_pool_new(r->media_first, r->media_last, quarantine_ms);
	return *pool ? 0 : -ENOMEM;
}

static int configure(struct slot *s, const struct conf_realm *c, uint32_t quarantine_ms)
{
	struct pn_realm next = s->realm;
	int err;

	copy_plain(&next, c);
	next.device = NULL;
	next.acl = NULL;
	err = copy_prefixes(&c->reach, &next.reach);
	if (err)
		goto fail;
	err = copy_prefixes(&c->alias_addresses, &next.alias_addresses);
	if (!err)
		err = copy_prefixes(&c->siblings, &next.siblings);
	if (err)
		goto fail;
	err = -ENOMEM;
	if (c->device && !(next.device = strdup(c->device)))
		goto fail;
	next.acl = acl_new(&c->allow, &c->deny, c->limits.source_rate, c->limits.source_burst);
	if (!next.acl)
		goto fail;
	err = make_pool(&next.ports4, &next.info.addr4, &next, quarantine_ms);
	if (!err)
		err = make_pool(&next.ports6, &next.info.addr6, &next, quarantine_ms);
	if (err)
		goto fail;
	s->before = s->realm;
	s->realm = next;
	s->changed = true;
	return 0;
fail:
	dispose(&next, &s->realm);
	return err;
}

static bool is_configured(const struct realms *r, unsigned index)
{
	for (unsigned i = 0; i < r->n_configured; i++)
		if (r->configured[i] == index)
			return true;
	return false;
}

static void mark_gone(struct realms *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		struct slot *s = r->slot[i];

		if (is_configured(r, i) || s->realm.gone)
			continue;
		s->before = s->realm;
		s->realm.gone = true;
		s->changed = true;
	}
}

int realms_apply(struct realms *r, const struct conf *c)
{
	realms_keep(r);
	if (c->n_realms > REALMS_MAX)
		return -ENOSPC;
	memcpy(r->configured_before, r->configured, sizeof(r->configured));
	r->n_configured_before = r->n_configured;
	r->n_configured = 0;
	r->open = true;
	for (size_t i = 0; i < c->n_realms; i++) {
		struct slot *s = find(r, c->realms[i].name);
		int err = 0;

		if (!s)
			s = add(r, c->realms[i].name);
		if (!s)
			err = r->n == REALMS_MAX ? -ENOSPC : -ENOMEM;
		else
			err = configure(s, &c->realms[i], c->media.quarantine_ms);
		if (err) {
			realms_undo(r);
			return err;
		}
		r->configured[r->n_configured++] = s->realm.index;
	}
	r->quarantine_ms = c->media.quarantine_ms;
	mark_gone(r);
	return 0;
}

/* Without memory the old range stays in force, which is safe. */
static void resize_pools(const struct realms *r, struct pn_realm *realm)
{
	if (realm->gone || !realm->media_first)
		return;
	if (realm->ports4)
		port_pool_resize(realm->ports4, realm->media_first, realm->media_last, r->quarantine_ms);
	if (realm->ports6)
		port_pool_resize(realm->ports6, realm->media_first, realm->media_last, r->quarantine_ms);
}

void realms_keep(struct realms *r)
{
	if (!r->open)
		return;
	for (unsigned i = 0; i < r->n; i++) {
		struct slot *s = r->slot[i];

		if (s->changed)
			dispose(&s->before, &s->realm);
		resize_pools(r, &s->realm);
		s->changed = s->fresh = false;
	}
	r->open = false;
}

void realms_undo(struct realms *r)
{
	if (!r->open)
		return;
	while (r->n && r->slot[r->n - 1]->fresh)
		slot_free(r->slot[--r->n]);
	for (unsigned i = 0; i < r->n; i++) {
		struct slot *s = r->slot[i];

		if (!s->changed)
			continue;
		dispose(&s->realm, &s->before);
		s->realm = s->before;
		s->changed = false;
	}
	memcpy(r->configured, r->configured_before, sizeof(r->configured));
	r->n_configured = r->n_configured_before;
	r->open = false;
}

struct pn_realm *realms_find(struct realms *r, const char *name)
{
	struct slot *s = find(r, name);

	return s && !s->realm.gone ? &s->realm : NULL;
}

struct pn_realm *realms_at(struct realms *r, unsigned index)
{
	return index < r->n ? &r->slot[index]->realm : NULL;
}

struct pn_realm *realms_configured(struct realms *r, unsigned index)
{
	return index < r->n_configured ? realms_at(r, r->configured[index]) : NULL;
}

unsigned realms_count(const struct realms *r)
{
	return r->n;
}

bool realm_same_routing(const struct pn_realm *a, const struct pn_realm *b)
{
	if (!a->device || !b->device)
		return a->device == b->device;
	return !strcmp(a->device, b->device);
}

/* Behind another device (VRF) the same number is another host. */
bool realm_owns(const struct pn_realm *realm, const struct pn_addr *a)
{
	for (unsigned i = 0; realm->all && i < realm->all->n; i++) {
		const struct pn_realm *other = &realm->all->slot[i]->realm;
		const struct pn_addr *own = realm_addr(other, a->family);

		if (own && !other->gone && addr_same_ip(own, a) && realm_same_routing(realm, other))
			return true;
	}
	return false;
}

/* A prefix this short speaks of the world, not of our own or special addresses in it. */
#define NAMES_BITS 8u

static bool reach_has(const struct pn_realm *realm, const struct pn_addr *to, unsigned min_bits)
{
	for (size_t i = 0; i < realm->reach.n; i++)
		if (realm->reach.list[i].bits >= min_bits && prefix_has(&realm->reach.list[i], to))
			return true;
	return false;
}

bool realm_names(const struct pn_realm *realm, const struct pn_addr *to)
{
	return realm->reach_set && reach_has(realm, to, NAMES_BITS);
}

enum reach_rest realm_rest(const struct pn_realm *realm)
{
	const struct pn_addr *a4 = realm_addr(realm, 4), *a6 = realm_addr(realm, 6);

	if (realm->reach_set)
		return REACH_NAMED;
	if (realm->info.side == PN_CORE || (a4 && !addr_is_global(a4)) || (a6 && !addr_is_global(a6)))
		return REACH_ANY;
	return REACH_GLOBAL;
}

bool realm_reaches(const struct pn_realm *realm, const struct pn_addr *to)
{
	const struct pn_addr *own = realm_addr(realm, to->family);
	bool delicate = addr_is_special(to) || realm_owns(realm, to);

	if (!own)
		return false;
	if (realm->reach_set)
		return reach_has(realm, to, delicate ? NAMES_BITS : 0);
	if (delicate)
		return false;
	return realm_rest(realm) == REACH_ANY || addr_is_global(to);
}

const struct pn_addr *realm_addr(const struct pn_realm *realm, int family)
{
	if (family == 4 && realm->info.addr4.family)
		return &realm->info.addr4;
	if (family == 6 && realm->info.addr6.family)
		return &realm->info.addr6;
	return NULL;
}

struct port_pool *realm_ports(struct pn_realm *realm, int family)
{
	return family == 4 ? realm->ports4 : family == 6 ? realm->ports6 : NULL;
}
