/* Pinholes and the places where they are: how they come, move, die and are forgotten. */
#define LOG_SUBSYSTEM LOG_BINDING

#include "pinhole_state.h"

#include "log.h"
#include "metrics.h"

#include <errno.h>
#include <stdlib.h>

/* ---- places ---- */

static uint64_t place_hash(const struct pn_realm *r, const struct pn_addr *a)
{
	return addr_hash(a, r->index);
}

struct place *pinhole_place(const struct pinholes *p, const struct pn_realm *r, const struct pn_addr *a)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&p->places, place_hash(r, a), n))) {
		struct place *at = hash_entry(n, struct place, node);

		if (at->agent->network->realm == r && addr_eq(&at->at, a))
			return at;
	}
	return NULL;
}

void pinhole_drop_place(struct place *at)
{
	if (!at->agent)
		return;
	hash_del(&at->agent->network->table->places, &at->node);
	at->agent = NULL;
}

static bool is_live(const struct place *at)
{
	return !at->hole || (!at->hole->dead && at == &at->hole->now);
}

int pinhole_put_place(struct place *at, struct agent *a, struct hole *h, const struct pn_addr *addr)
{
	struct pinholes *p = a->network->table;
	struct place *other = pinhole_place(p, a->network->realm, addr);
	/* UDP of the one and TCP of the other, whose signalling would be taken for the wrong one's. A trunk can come
	 * from another port, a pinhole cannot. */
	bool collides = other && other->agent != a && !other->hole != !h;
	void *trunk = collides && h ? other->agent->trunk : NULL;
	int err;

	if (collides && !h && is_live(other))
		return -EADDRINUSE;
	/* The NAT gave the address away: whoever had it is not there any more. */
	if (other)
		pinhole_drop_place(other);
	pinhole_drop_place(at);
	*at = (struct place){ .agent = a, .hole = h, .at = *addr };
	err = hash_put(&p->places, &at->node, place_hash(a->network->realm, addr));
	if (err)
		at->agent = NULL;
	if (trunk && p->c.collided)
		p->c.collided(p->c.arg, trunk);
	return err;
}

/* ---- holes ---- */

static uint64_t inner_hash(const struct agent *a, struct pn_str protocol, const struct pn_addr *inner)
{
	return hash_bytes(protocol.p, protocol.len, addr_hash(inner, a->pub.id));
}

struct hole *pinhole_find_hole(const struct agent *a, struct pn_str protocol, const struct pn_addr *inner)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&a->network->table->inners, inner_hash(a, protocol, inner), n))) {
		struct hole *h = hash_entry(n, struct hole, by_inner);

		if (h->agent == a && addr_eq(&h->inner, inner) && str_eq(str_of(h->protocol), protocol))
			return h;
	}
	return NULL;
}

static void unlink_hole(struct hole *h)
{
	struct hole **at = &h->agent->holes;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
}

static void push_hole(struct hole *h)
{
	h->next = h->agent->holes;
	h->agent->holes = h;
}

static void count_holes(const struct pinholes *p)
{
	metric_set(M_PINHOLES, (int64_t)p->inners.count);
}

void pinhole_forget(struct hole *h)
{
	struct agent *a = h->agent;
	struct pinholes *p = a->network->table;

	timer_stop(p->c.loop, &h->life);
	subscribers_clear(h);
	pinhole_drop_place(&h->now);
	for (size_t i = 0; i < PINHOLE_FORMERS; i++)
		pinhole_drop_place(&h->former[i]);
	hash_del(&p->inners, &h->by_inner);
	unlink_hole(h);
	a->network->n_holes--;
	if (a->order < h->order.last)
		a->order = h->order.last;
	free(h);
	count_holes(p);
	pinhole_agent_check(a);
}

void pinhole_die(struct hole *h)
{
	struct pinholes *p = h->agent->network->table;

	log_info("pinhole %s/%s: %s at %s is gone", h->agent->network->name, h->agent->name, h->protocol,
		 addr_text(&h->now.at));
	metric_add(M_PINHOLES_EXPIRED, 1);
	h->dead = true;
	subscribers_give_up(h);
	if (timer_start(p->c.loop, &h->life, PINHOLE_REMEMBER_MS))
		pinhole_forget(h);
}

static void on_life(struct timer *t)
{
	struct hole *h = t->arg;

	if (h->dead)
		pinhole_forget(h);
	else
		pinhole_die(h);
}

void pinhole_make_room(struct network *n)
{
	for (struct agent *a = n->agents; a; a = a->next)
		for (struct hole *h = a->holes; h; h = h->next)
			if (h->dead) {
				pinhole_forget(h);
				return;
			}
}

struct hole *pinhole_make_hole(struct agent *a, struct pn_str protocol, const struct pn_addr *inner)
{
	struct pinholes *p = a->network->table;
	struct hole *h = calloc(1, sizeof(*h));

	if (!h || hash_put(&p->inners, &h->by_inner, inner_hash(a, protocol, inner))) {
		free(h);
		pinhole_agent_check(a);
		errno = ENOMEM;
		return NULL;
	}
	h->agent = a;
	h->inner = *inner;
	pinhole_set_name(h->protocol, protocol);
	h->order.last = a->order;
	h->life = (struct timer){ .fn = on_life, .arg = h };
	push_hole(h);
	a->network->n_holes++;
	if (a->network->n_holes > a->network->max_holes)
		pinhole_make_room(a->network);
	if (a->network->n_holes > a->network->max_holes) {
		pinhole_forget(h);
		errno = ENOSPC;
		return NULL;
	}
	count_holes(p);
	return h;
}

/* Where it is now becomes the latest of its former places. */
static void retire_place(struct hole *h)
{
	struct pn_addr at = h->now.at;
	struct agent *a = h->agent;

	pinhole_drop_place(&h->now);
	for (size_t i = PINHOLE_FORMERS - 1; i > 0; i--) {
		struct pn_addr former = h->former[i - 1].at;

		if (h->former[i - 1].agent)
			pinhole_put_place(&h->former[i], a, h, &former);
		else
			pinhole_drop_place(&h->former[i]);
	}
	pinhole_put_place(&h->former[0], a, h, &at);
}

int pinhole_seen(struct hole *h, const struct pn_addr *at, uint32_t lifetime_s)
{
	struct pinholes *p = h->agent->network->table;
	bool moved = h->now.agent && !addr_eq(&h->now.at, at);
	struct pn_addr from = h->now.at;
	int err = 0;

	if (moved) {
		log_info("pinhole %s/%s: %s moved from %s to %s", h->agent->network->name, h->agent->name,
			 h->protocol, addr_text(&h->now.at), addr_text(at));
		metric_add(M_PINHOLES_MOVED, 1);
		retire_place(h);
		h->moved_ms = loop_now(p->c.loop);
	}
	if (!h->now.agent)
		err = pinhole_put_place(&h->now, h->agent, h, at);
	if (!err)
		err = timer_start(p->c.loop, &h->life, (uint64_t)lifetime_s * 1000);
	if (err)
		return err;
	h->dead = false;
	h->lifetime_s = lifetime_s;
	h->seen_ms = loop_now(p->c.loop);
	unlink_hole(h);
	push_hole(h);
	if (moved && p->c.moved)
		p->c.moved(p->c.arg, h->module, h->agent->network->realm, &from, at);
	return 0;
}
