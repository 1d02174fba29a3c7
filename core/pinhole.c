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
#define STRAY_MS 5000u /* what was under way when a pinhole moved has arrived by then */

void pinhole_set_name(char out[PINHOLE_NAME_MAX], struct pn_str name)
{
	size_t len = name.len < PINHOLE_NAME_MAX ? name.len : PINHOLE_NAME_MAX - 1;

	memcpy(out, name.p, len);
	out[len] = 0;
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
		pinhole_make_room(n);
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
	pinhole_set_name(a->name, name);
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
		pinhole_set_name(n->name, str_of(c->name));
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

/* A pinhole that moved speaks from where it was no more: the NAT gave that address to a neighbour, who is not to
 * lose what is meant for him. */
void pinholes_heard(struct pinholes *p, const struct pn_realm *r, const struct pn_addr *from)
{
	struct place *at = p->networks ? pinhole_place(p, r, from) : NULL;
	const struct hole *h = at ? at->hole : NULL;

	if (h && at != &h->now && loop_now(p->c.loop) - h->moved_ms >= STRAY_MS)
		pinhole_drop_place(at);
}

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
