#define LOG_SUBSYSTEM LOG_BINDING

#include "pinhole_state.h"

#include "log.h"
#include "metrics.h"
#include "random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RATE_PER_S 500u /* requests of one source: an agent with a socket for each of its terminals */
#define RATE_BURST 5000u
#define COMPLAIN_MS 60000u

static void set_name(char out[PINHOLE_NAME_MAX], struct pn_str name)
{
	size_t len = name.len < PINHOLE_NAME_MAX ? name.len : PINHOLE_NAME_MAX - 1;

	memcpy(out, name.p, len);
	out[len] = 0;
}

/* ---- places ---- */

static uint64_t place_hash(const struct pn_realm *r, const struct pn_addr *a)
{
	return addr_hash(a, r->index);
}

const struct place *pinhole_place(const struct pinholes *p, const struct pn_realm *r, const struct pn_addr *a)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&p->places, place_hash(r, a), n))) {
		const struct place *at = hash_entry(n, struct place, node);

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

int pinhole_put_place(struct place *at, struct agent *a, struct hole *h, const struct pn_addr *addr)
{
	struct pinholes *p = a->network->table;
	struct place *other = (struct place *)pinhole_place(p, a->network->realm, addr);
	int err;

	/* The NAT gave the address away: whoever had it is not there any more. */
	if (other)
		pinhole_drop_place(other);
	pinhole_drop_place(at);
	*at = (struct place){ .agent = a, .hole = h, .at = *addr };
	err = hash_put(&p->places, &at->node, place_hash(a->network->realm, addr));
	if (err)
		at->agent = NULL;
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

/* One that is dead makes room. */
static void make_room(struct network *n)
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
	set_name(h->protocol, protocol);
	h->order.last = a->order;
	h->life = (struct timer){ .fn = on_life, .arg = h };
	push_hole(h);
	a->network->n_holes++;
	if (a->network->n_holes > a->network->max_holes)
		make_room(a->network);
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

/* ---- agents ---- */

struct agent *pinhole_find_agent(const struct network *n, struct pn_str name)
{
	for (struct agent *a = n->agents; a; a = a->next)
		if (str_eq(str_of(a->name), name))
			return a;
	return NULL;
}

struct agent *pinhole_make_agent(struct network *n, struct pn_str name)
{
	struct pinholes *p = n->table;
	struct agent *a;

	if (n->n_agents >= n->max_holes)
		make_room(n);
	errno = n->n_agents < n->max_holes ? ENOMEM : ENOSPC;
	a = errno == ENOMEM ? calloc(1, sizeof(*a)) : NULL;
	if (!a)
		return NULL;
	if (!++p->last_agent)
		p->last_agent = 1;
	if (hash_put(&p->agents, &a->by_id, p->last_agent)) {
		free(a);
		return NULL;
	}
	set_name(a->name, name);
	a->network = n;
	a->pub = (struct pinhole_agent){ .id = p->last_agent, .network = n->name, .agent = a->name,
					 .realm = n->realm };
	a->next = n->agents;
	n->agents = a;
	n->n_agents++;
	return a;
}

/* Who was told of an agent may read it until the turn ends. */
static void free_late(struct pinholes *p, void *what)
{
	if (loop_defer(p->c.loop, free, what))
		log_error("pinhole: a record is lost: out of memory");
}

void pinhole_agent_check(struct agent *a)
{
	struct agent **at = &a->network->agents;
	struct pinholes *p = a->network->table;

	if (a->holes || a->trunk)
		return;
	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	a->network->n_agents--;
	hash_del(&p->agents, &a->by_id);
	free_late(p, a);
}

struct agent *pinhole_agent_of(const struct pinholes *p, uint32_t id)
{
	struct hash_node *n = hash_find(&p->agents, id, NULL);

	return n ? hash_entry(n, struct agent, by_id) : NULL;
}

const struct pinhole_agent *pinhole_agent(struct pinholes *p, uint32_t id)
{
	const struct agent *a = pinhole_agent_of(p, id);

	return a ? &a->pub : NULL;
}

const struct pinhole_agent *pinhole_network(struct pinholes *p, const struct pn_realm *r,
					    const struct pn_addr *a)
{
	const struct place *at = pinhole_place(p, r, a);

	return at && !(at->hole && at->hole->dead) ? &at->agent->pub : NULL;
}

/* ---- networks ---- */

struct network *pinhole_find_network(const struct pinholes *p, const struct pn_realm *r, struct pn_str name)
{
	for (struct network *n = p->networks; n; n = n->next)
		if (n->realm == r && str_eq(str_of(n->name), name))
			return n;
	return NULL;
}

static void drop_network(struct network *n)
{
	struct agent *next;

	for (struct agent *a = n->agents; a; a = next) {
		next = a->next;
		a->trunk = NULL;
		pinhole_drop_place(&a->trunk_at);
		if (!a->holes)
			pinhole_agent_check(a);
		else
			for (struct hole *h = a->holes, *after; h; h = after) {
				after = h->next;
				pinhole_forget(h);
			}
	}
	explicit_bzero(n->key, sizeof(n->key));
	free_late(n->table, n);
}

static int apply_network(struct pinholes *p, const struct conf_network *c, struct pn_realm *r)
{
	struct network *n = pinhole_find_network(p, r, str_of(c->name));
	const struct pn_str secret = { (const char *)c->secret.octets, c->secret.len };
	uint8_t key[STUN_KEY];
	int err = credential_key(str_of(c->name), str_of(MESSAGE_REALM), secret, key);

	if (err)
		return err;
	if (!n) {
		n = calloc(1, sizeof(*n));
		if (!n)
			return -ENOMEM;
		n->table = p;
		n->realm = r;
		set_name(n->name, str_of(c->name));
		n->next = p->networks;
		p->networks = n;
	}
	memcpy(n->key, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	n->lifetime_s = c->lifetime_ms / 1000;
	n->max_holes = c->pinholes;
	n->max_subscribers = c->subscribers;
	n->wanted = true;
	return 0;
}

int pinholes_apply(struct pinholes *p, const struct conf *c, struct realms *realms)
{
	struct network **at = &p->networks;
	int err = 0;

	if (c->n_networks && !p->networks)
		random_bytes(p->secret, sizeof(p->secret));
	for (struct network *n = p->networks; n; n = n->next)
		n->wanted = false;
	for (size_t i = 0; i < c->n_networks && !err; i++)
		err = apply_network(p, &c->networks[i], realms_configured(realms, c->networks[i].realm));
	while (!err && *at) {
		struct network *n = *at;

		if (n->wanted) {
			at = &n->next;
			continue;
		}
		*at = n->next;
		drop_network(n);
	}
	return err;
}

/* ---- life ---- */

struct pinholes *pinholes_new(const struct pinholes_conf *c)
{
	struct pinholes *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->c = *c;
	hash_init(&p->places);
	hash_init(&p->inners);
	hash_init(&p->subscribers);
	hash_init(&p->agents);
	p->rate = rate_new(RATE_PER_S, RATE_BURST);
	p->complaints = log_limit_new(COMPLAIN_MS, 1);
	if (p->rate && p->complaints)
		return p;
	pinholes_free(p);
	return NULL;
}

void pinholes_free(struct pinholes *p)
{
	if (!p)
		return;
	while (p->networks) {
		struct network *n = p->networks;

		p->networks = n->next;
		drop_network(n);
	}
	hash_free(&p->places);
	hash_free(&p->inners);
	hash_free(&p->subscribers);
	hash_free(&p->agents);
	rate_free(p->rate);
	log_limit_free(p->complaints);
	explicit_bzero(p->secret, sizeof(p->secret));
	free(p);
}

/* ---- what is sent to pinholes ---- */

void pinholes_redirect(void *arg, uint64_t flow, const struct module *m, const struct pn_realm *r,
		       struct pn_addr *to)
{
	struct pinholes *p = arg;
	const struct place *at = p->networks && !p->answering ? pinhole_place(p, r, to) : NULL;
	const struct hole *h = at ? at->hole : NULL;

	(void)flow;
	if (!h || h->module != m)
		return;
	if (h->dead) {
		h = subscribers_elsewhere(h);
		if (!h)
			return;
		metric_add(M_PINHOLES_FAILOVER, 1);
	}
	if (h->now.agent)
		*to = h->now.at;
}
