#define LOG_SUBSYSTEM LOG_BINDING
#include "binding_state.h"
#include "addr.h"
#include "buf.h"
#include "log.h"
#include "metrics.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FOREVER_MS (1ull << 48) /* so that sums of times do not overflow */

/* ---- the table ---- */

struct bindings *bindings_new(struct loop *l, const struct binding_events *ev, void *arg)
{
	struct bindings *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->loop = l;
	t->ev = *ev;
	t->arg = arg;
	t->max = 100000;
	t->probe_ms = 4000;
	t->credit_from_ms = loop_now(l);
	hash_init(&t->identity);
	hash_init(&t->pinhole);
	hash_init(&t->alias);
	wheel_init(&t->life, loop_now(l) / BINDING_TICK_MS);
	wheel_init(&t->keep, loop_now(l) / BINDING_TICK_MS);
	return t;
}

static void binding_free(struct pn_binding *b)
{
	if (!b)
		return;
	free(b->staged);
	free(b->moving);
	free(b->text);
	free(b);
}

static void free_list(struct pn_binding *b)
{
	while (b) {
		struct pn_binding *next = b->next;

		binding_free(b);
		b = next;
	}
}

void bindings_free(struct bindings *t)
{
	if (!t)
		return;
	timer_stop(t->loop, &t->timer);
	metric_add(M_BINDINGS, -(int64_t)t->count);
	free_list(t->all);
	free_list(t->dead);
	while (t->owners) {
		struct binding_owner *next = t->owners->next;

		free(t->owners);
		t->owners = next;
	}
	hash_free(&t->identity);
	hash_free(&t->pinhole);
	hash_free(&t->alias);
	free(t);
}

void bindings_aliases(struct bindings *t, struct aliases *a)
{
	t->aliases = a;
}

void bindings_limits(struct bindings *t, uint32_t max, uint32_t probe_ms, uint32_t keepalives_per_s)
{
	t->max = max;
	t->probe_ms = probe_ms;
	t->budget = keepalives_per_s;
}

size_t bindings_count(const struct bindings *t)
{
	return t->count;
}

struct binding_owner *binding_owner_find(const struct bindings *t, const struct module *m)
{
	struct binding_owner *o = t->owners;

	while (o && o->module != m)
		o = o->next;
	return o;
}

struct binding_owner *binding_owner_get(struct bindings *t, struct module *m)
{
	struct binding_owner *o = binding_owner_find(t, m);

	if (o)
		return o;
	o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	o->table = t;
	o->module = m;
	o->next = t->owners;
	t->owners = o;
	return o;
}

/* ---- time ---- */

static uint64_t after(uint64_t now, uint64_t ms)
{
	return now + (ms < FOREVER_MS ? ms : FOREVER_MS);
}

static uint64_t expiry_of(const struct pn_binding *b)
{
	return b->expires_at_ms + (b->state == PN_ACTIVE ? BINDING_GRACE_MS : 0);
}

void binding_life_start(struct pn_binding *b)
{
	uint64_t due = expiry_of(b), move = binding_move_due(b);

	wheel_put(&b->owner->table->life, &b->life, binding_tick(move < due ? move : due));
}

static void on_life(struct pn_binding *b, uint64_t now)
{
	struct pn_str id = binding_identity(b);

	if (expiry_of(b) <= now) {
		log_debug("binding %.*s: expired", (int)id.len, id.p);
		metric_add(M_BINDINGS_EXPIRED, 1);
		binding_remove(b);
		return;
	}
	binding_life_start(b);
	binding_move_tick(b, now);
}

/* What was removed is freed here, when no caller can hold it any more. */
static void on_tick(struct timer *timer)
{
	struct bindings *t = timer->arg;
	uint64_t now = loop_now(t->loop);
	struct wheel_node *n;

	free_list(t->dead);
	t->dead = NULL;
	for (unsigned i = 0; i < BINDING_LIVES_PER_TICK; i++) {
		n = wheel_next(&t->life, now / BINDING_TICK_MS);
		if (!n)
			break;
		on_life(hash_entry(n, struct pn_binding, life), now);
	}
	binding_keep_pump(t);
	if (t->count || t->dead)
		timer_start(t->loop, &t->timer, BINDING_TICK_MS);
}

static int start_ticking(struct bindings *t)
{
	uint64_t tick = loop_now(t->loop) / BINDING_TICK_MS;

	if (t->timer.slot)
		return 0;
	wheel_skip(&t->life, tick);
	wheel_skip(&t->keep, tick);
	t->timer.fn = on_tick;
	t->timer.arg = t;
	return timer_start(t->loop, &t->timer, BINDING_TICK_MS);
}

/* ---- one binding ---- */

static int args_check(const struct pn_binding_args *a)
{
	if (a->data_len > BINDING_DATA_MAX || a->identity.len > BINDING_NAME_MAX ||
	    a->instance.len > BINDING_NAME_MAX)
		return -EINVAL;
	return binding_alias_check(a);
}

int binding_set_text(struct pn_binding *b, const void *data, size_t len)
{
	struct pn_str names = binding_identity(b);
	size_t names_len = (size_t)b->identity_len + b->instance_len + b->alias_len;
	uint8_t *text = malloc(len + names_len);

	if (!text)
		return -ENOMEM;
	if (len)
		memcpy(text, data, len);
	memcpy(text + len, names.p, names_len);
	free(b->text);
	b->text = text;
	b->data_len = (uint16_t)len;
	return 0;
}

static uint8_t *add(uint8_t *to, const void *p, size_t len)
{
	if (len)
		memcpy(to, p, len);
	return to + len;
}

static int text_new(struct pn_binding *b, const struct pn_binding_args *a, struct pn_str alias)
{
	uint8_t *p = malloc(a->data_len + a->identity.len + a->instance.len + alias.len);

	if (!p)
		return -ENOMEM;
	b->text = p;
	b->data_len = (uint16_t)a->data_len;
	b->identity_len = (uint16_t)a->identity.len;
	b->instance_len = (uint16_t)a->instance.len;
	b->alias_len = (uint16_t)alias.len;
	p = add(p, a->data, a->data_len);
	p = add(p, a->identity.p, a->identity.len);
	p = add(p, a->instance.p, a->instance.len);
	add(p, alias.p, alias.len);
	return 0;
}

static void link_in(struct bindings *t, struct pn_binding *b)
{
	b->next = t->all;
	if (t->all)
		t->all->prev = b;
	t->all = b;
	t->count++;
	metric_add(M_BINDINGS, 1);
}

static void link_out(struct bindings *t, struct pn_binding *b)
{
	for (struct binding_walk *w = t->walk; w; w = w->outer)
		if (w->next == b)
			w->next = b->next;
	if (b->prev)
		b->prev->next = b->next;
	else
		t->all = b->next;
	if (b->next)
		b->next->prev = b->prev;
	t->count--;
	metric_add(M_BINDINGS, -1);
}

/* Whoever floods one identity with pending devices must not keep its true devices out: the pending one
 * that would expire first makes room. */
static int make_room(struct bindings *t, struct binding_owner *o, const struct pn_binding_args *a)
{
	struct pn_binding *b = binding_by_identity(t, o, a->realm, a->identity), *oldest = NULL;
	unsigned n = 0;

	if (t->count >= t->max)
		return -ENOSPC;
	for (; b; b = binding_next_identity(b), n++)
		if (b->state == PN_PENDING &&
		    (!oldest || b->expires_at_ms < oldest->expires_at_ms))
			oldest = b;
	if (n < BINDING_DEVICES_MAX)
		return 0;
	if (!oldest)
		return -ENOSPC;
	metric_add(M_BINDINGS_REFUSED, 1);
	binding_remove(oldest);
	return 0;
}

static int binding_new(struct bindings *t, struct binding_owner *o, const struct pn_binding_args *a,
		       struct pn_binding **out)
{
	struct binding_alias alias;
	struct pn_binding *b;
	int err = a->alias_kind == PN_ALIAS_NAME ? binding_alias_free(o, a->alias_realm, a->alias_name) : 0;

	if (!err)
		err = make_room(t, o, a);
	if (!err)
		err = binding_alias_make(o, a, &alias);
	if (err) {
		metric_add(M_BINDINGS_REFUSED, 1);
		return err;
	}
	b = calloc(1, sizeof(*b));
	if (!b || text_new(b, a, alias.text) || start_ticking(t))
		goto fail;
	b->owner = o;
	b->alias = alias.alias;
	b->named = a->alias_kind == PN_ALIAS_NAME;
	b->realm = a->realm;
	b->alias_realm = a->alias_realm;
	b->flow = a->flow;
	b->claimed = a->claimed;
	b->pinhole = a->pinhole;
	b->state = PN_PENDING;
	b->expires_at_ms = after(loop_now(t->loop), a->expires_ms);
	if (binding_index_add(t, b))
		goto fail;
	link_in(t, b);
	binding_life_start(b);
	*out = b;
	return 0;
fail:
	if (alias.alias)
		alias_forget(alias.alias);
	binding_free(b);
	return -ENOMEM;
}

/* Nobody accepted it yet, so the newest knowledge is as good as the former. */
static int replace(struct bindings *t, struct pn_binding *b, const struct pn_binding_args *a)
{
	if (binding_set_text(b, a->data, a->data_len))
		return -ENOMEM;
	b->claimed = a->claimed;
	b->flow = a->flow;
	binding_index_pinhole(t, b, &a->pinhole);
	binding_index_alias(t, b, a->alias_realm);
	b->expires_at_ms = after(loop_now(t->loop), a->expires_ms);
	binding_life_start(b);
	return 0;
}

int binding_put(struct bindings *t, struct module *owner, const struct pn_binding_args *a,
		struct pn_binding **out)
{
	struct binding_owner *o;
	struct pn_binding *b;
	int err = args_check(a);

	if (err)
		return err;
	o = binding_owner_get(t, owner);
	if (!o)
		return -ENOMEM;
	if (o->closed)
		return -ESHUTDOWN;
	b = binding_by_identity(t, o, a->realm, a->identity);
	while (b && !str_eq(binding_instance(b), a->instance))
		b = binding_next_identity(b);
	if (!b)
		return binding_new(t, o, a, out);
	err = binding_alias_follows(b, a->alias_realm);
	if (err)
		return err;
	err = b->state == PN_PENDING ? replace(t, b, a) : binding_stage(b, a);
	if (!err)
		*out = b;
	return err;
}

void binding_accept(struct pn_binding *b, uint64_t terminal_ms, uint64_t upstream_ms)
{
	bool fresh = b->state == PN_PENDING;
	uint64_t now;

	if (b->removed)
		return;
	now = loop_now(b->owner->table->loop);
	b->state = PN_ACTIVE;
	b->expires_at_ms = after(now, terminal_ms);
	b->upstream_at_ms = after(now, upstream_ms);
	binding_life_start(b);
	binding_keep_start(b, fresh ? BINDING_FIRST : BINDING_AGAIN);
	binding_commit(b);
	if (b->owner->table->ev.changed)
		b->owner->table->ev.changed(b->owner->table->arg, b);
}

void binding_refuse(struct pn_binding *b)
{
	if (b->removed)
		return;
	if (b->state == PN_PENDING) {
		binding_remove(b);
		return;
	}
	binding_take_back(b);
	binding_life_start(b);
}

void binding_outdated(struct pn_binding *b)
{
	b->upstream_at_ms = loop_now(b->owner->table->loop);
}

void binding_remove(struct pn_binding *b)
{
	struct bindings *t;

	if (b->removed)
		return;
	t = b->owner->table;
	b->removed = true;
	binding_index_del(t, b);
	wheel_del(&t->life, &b->life);
	wheel_del(&t->keep, &b->keep);
	link_out(t, b);
	if (t->ev.gone)
		t->ev.gone(t->arg, b);
	binding_alias_back(b);
	b->prev = NULL;
	b->next = t->dead;
	t->dead = b;
}

/* ---- questions ---- */

static struct pn_binding *find_first(struct bindings *t, const struct binding_owner *o,
				     const struct pn_realm *r, enum pn_binding_key by,
				     struct pn_str key)
{
	struct pn_addr pinhole;

	switch (by) {
	case PN_BY_IDENTITY:
		return binding_by_identity(t, o, r, key);
	case PN_BY_ALIAS:
		return binding_by_alias(t, o, r, key);
	case PN_BY_PINHOLE:
		if (key.len != sizeof(pinhole))
			return NULL;
		memcpy(&pinhole, key.p, sizeof(pinhole));
		return binding_by_pinhole(t, o, r, &pinhole);
	}
	return NULL;
}

struct pn_binding *binding_find(struct bindings *t, const struct module *owner,
				const struct pn_realm *r, enum pn_binding_key by, const void *key,
				size_t len, struct pn_binding *after_this)
{
	const struct binding_owner *o = binding_owner_find(t, owner);

	if (!o)
		return NULL;
	if (!after_this)
		return find_first(t, o, r, by, (struct pn_str){ key, len });
	if (by == PN_BY_IDENTITY)
		return binding_next_identity(after_this);
	if (by == PN_BY_ALIAS)
		return binding_next_alias(after_this);
	return by == PN_BY_PINHOLE ? binding_next_pinhole(after_this) : NULL;
}

const struct pn_binding_info *binding_info(const struct pn_binding *b)
{
	static struct pn_binding_info info;

	info = (struct pn_binding_info){ .size = sizeof(info),
					 .state = (enum pn_binding_state)b->state,
					 .realm = b->realm,
					 .alias_realm = b->alias_realm,
					 .identity = binding_identity(b),
					 .instance = binding_instance(b),
					 .alias = binding_alias(b),
					 .claimed = b->claimed,
					 .pinhole = b->pinhole,
					 .flow = b->flow,
					 .expires_at_ms = b->expires_at_ms,
					 .upstream_at_ms = b->upstream_at_ms,
					 .data = b->text,
					 .data_len = b->data_len,
					 .probing = b->moving != NULL };
	if (!b->alias)
		return &info;
	info.alias_addr = *alias_addr(b->alias);
	info.alias_udp = alias_flow(b->alias, PN_UDP);
	info.alias_tcp = alias_flow(b->alias, PN_TCP);
	return &info;
}

int binding_set_data(struct pn_binding *b, const void *data, size_t len)
{
	return len > BINDING_DATA_MAX ? -EINVAL : binding_set_text(b, data, len);
}

struct module *binding_owner(const struct pn_binding *b)
{
	return b->owner->module;
}

int binding_sessions(const struct pn_binding *b)
{
	return (int)b->sessions;
}

void binding_session_add(struct pn_binding *b, int delta)
{
	int64_t n = (int64_t)b->sessions + delta;

	b->sessions = n > 0 ? (uint32_t)n : 0;
}

int bindings_each(struct bindings *t, int (*fn)(struct pn_binding *b, void *arg), void *arg)
{
	struct binding_walk w = { t->all, t->walk };
	int stop = 0;

	t->walk = &w;
	while (!stop && w.next) {
		struct pn_binding *b = w.next;

		w.next = b->next;
		stop = fn(b, arg);
	}
	t->walk = w.outer;
	return stop;
}

static int drop_if_owned(struct pn_binding *b, void *arg)
{
	if (b->owner == arg)
		binding_remove(b);
	return 0;
}

static int drop_if_there(struct pn_binding *b, void *arg)
{
	if (b->alias && b->alias_realm == arg)
		binding_remove(b);
	return 0;
}

void bindings_close_realm(struct bindings *t, struct pn_realm *r)
{
	if (t->aliases && aliases_in(t->aliases, r))
		bindings_each(t, drop_if_there, r);
}

void bindings_drop_owner(struct bindings *t, const struct module *owner)
{
	struct binding_owner *o = binding_owner_find(t, owner), **at = &t->owners;

	if (!o)
		return;
	o->closed = true;
	bindings_each(t, drop_if_owned, o);
	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	free(o);
}
