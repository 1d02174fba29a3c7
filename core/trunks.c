#define LOG_SUBSYSTEM LOG_TRANSPORT

#include "trunks.h"

#include "log.h"
#include "metrics.h"
#include "trunk_dial.h"
#include "trunk_frame.h"
#include "trunk_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define LINKS_MAX 1024u  /* of one gateway; */
#define STRANGERS_MAX 64u /* of them not registered yet */
#define CHANNELS_PART 8u  /* a trunk may have so much of all connections: one agent does not take them all */
#define AGENT_MAX 4u      /* of one agent: an agent that comes again is not missed before its last one is silent */

struct listener {
	SLIST_ENTRY(listener) next;
	const struct pn_realm *realm;
	struct pn_addr local;
	uint64_t flow;
	bool wanted;
};

struct trunks {
	struct trunks_conf conf;
	struct trunk_dial *dial;
	struct hash links; /* by flow */
	size_t strangers, max_channels;
	uint64_t last_number;
	SLIST_HEAD(, listener) listeners;
};

/* ---- links ---- */

static uint64_t flow_hash(uint64_t flow)
{
	return hash_bytes(&flow, sizeof(flow), 0);
}

static struct trunk_link *link_find(const struct trunks *s, uint64_t flow)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&s->links, flow_hash(flow), n))) {
		struct trunk_link *l = hash_entry(n, struct trunk_link, by_flow);

		if (l->flow == flow)
			return l;
	}
	return NULL;
}

/* The trunks of one agent. */
struct same_agent {
	uint32_t agent;
	size_t n;
	struct trunk_link *oldest, *newest;
};

static int count_one(struct hash_node *n, void *arg)
{
	struct trunk_link *l = hash_entry(n, struct trunk_link, by_flow);
	struct same_agent *same = arg;

	if (l->agent != same->agent)
		return 0;
	same->n++;
	if (!same->oldest || l->number < same->oldest->number)
		same->oldest = l;
	if (!same->newest || l->number > same->newest->number)
		same->newest = l;
	return 0;
}

static void drop(struct trunks *s, struct trunk_link *l, int err)
{
	struct same_agent same = { .agent = l->agent };

	hash_del(&s->links, &l->by_flow);
	trunk_link_end(l, err);
	free(l);
	if (!same.agent) {
		s->strangers--;
		return;
	}
	hash_each(&s->links, count_one, &same);
	if (same.newest)
		trunk_link_lead(same.newest);
	else
		pinhole_set_trunk(s->conf.pinholes, same.agent, NULL, NULL);
}

static void on_over(struct trunk_link *l)
{
	drop(l->arg, l, -ECONNRESET);
}

static int admit(struct trunks *s, const struct pn_flow_info *f)
{
	struct trunk_link *l;
	int err;

	if (s->links.count >= LINKS_MAX || s->strangers >= STRANGERS_MAX)
		return -ENOSPC;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->loop = s->conf.loop;
	l->transport = s->conf.transport;
	l->pinholes = s->conf.pinholes;
	l->max_channels = s->max_channels;
	l->over = on_over;
	l->arg = s;
	l->number = ++s->last_number;
	err = trunk_link_begin(l, f);
	if (!err && hash_put(&s->links, &l->by_flow, flow_hash(f->flow))) {
		trunk_link_end(l, 0);
		err = -ENOMEM;
	}
	if (err)
		free(l);
	else
		s->strangers++;
	return err;
}

/* One more agent's trunk stands. */
static void registered(struct trunks *s, const struct trunk_link *l)
{
	struct same_agent same = { .agent = l->agent };
	uint64_t flow;

	s->strangers--;
	hash_each(&s->links, count_one, &same);
	if (same.n <= AGENT_MAX)
		return;
	flow = same.oldest->flow;
	drop(s, same.oldest, -ECONNRESET);
	transport_trunk_close(s->conf.transport, flow);
}

/* ---- what the transport tells; the module pointer is the struct trunks ---- */

static struct trunks *trunks_of(struct module *m)
{
	return (struct trunks *)m;
}

static long on_frame(struct module *m, const uint8_t *data, size_t len)
{
	(void)m;
	return trunk_frame_length(data, len);
}

static void on_message(struct module *m, const struct pn_msg *msg)
{
	struct trunks *s = trunks_of(m);
	struct trunk_link *l = link_find(s, msg->flow);
	bool stranger = l && !l->agent;

	if (msg->flow == trunk_dial_flow(s->dial))
		trunk_dial_message(s->dial, msg);
	if (!l)
		return;
	trunk_link_message(l, msg);
	l = link_find(s, msg->flow);
	if (stranger && l && l->agent)
		registered(s, l);
}

static void on_flow_open(struct module *m, const struct pn_flow_info *f)
{
	struct trunks *s = trunks_of(m);
	int err;

	if (f->flow == trunk_dial_flow(s->dial)) {
		trunk_dial_opened(s->dial, f);
		return;
	}
	err = admit(s, f);
	if (!err)
		return;
	metric_add(M_TRUNK_REFUSED, 1);
	log_info("trunk %s: refused: %s", addr_text(&f->remote), strerror(-err));
	transport_trunk_close(s->conf.transport, f->flow);
}

static void on_flow_closed(struct module *m, uint64_t flow, int err)
{
	struct trunks *s = trunks_of(m);
	struct trunk_link *l = link_find(s, flow);

	if (flow == trunk_dial_flow(s->dial))
		trunk_dial_closed(s->dial, err);
	if (!l)
		return;
	if (l->agent)
		log_info("trunk %s: ended: %s", addr_text(&l->remote), err ? strerror(-err) : "closed by the agent");
	drop(s, l, err);
}

static void on_drained(struct module *m, uint64_t flow)
{
	struct trunks *s = trunks_of(m);
	struct trunk_link *l = link_find(s, flow);

	if (flow == trunk_dial_flow(s->dial))
		trunk_drained(trunk_dial_trunk(s->dial));
	else if (l)
		trunk_drained(l->trunk);
}

static const struct transport_events events = { on_frame, on_message, on_flow_open, on_flow_closed, on_drained };

/* ---- listeners ---- */

static int want_listener(struct trunks *s, struct pn_realm *r, const struct pn_addr *own)
{
	struct pn_addr local = *own;
	struct listener *l;
	int err;

	local.port = r->pinhole;
	SLIST_FOREACH(l, &s->listeners, next)
		if (l->realm == r && addr_eq(&l->local, &local) && transport_listens(s->conf.transport, r, &local)) {
			l->wanted = true;
			return 0;
		}
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->realm = r;
	l->local = local;
	l->wanted = true;
	err = transport_alias_open(s->conf.transport, (struct module *)s, r, PN_TCP, &local, &l->flow);
	if (err) {
		free(l);
		return err;
	}
	SLIST_INSERT_HEAD(&s->listeners, l, next);
	return 0;
}

static int want_realm(struct trunks *s, struct pn_realm *r)
{
	int err = 0;

	for (int family = 4; family <= 6 && !err; family += 2)
		if (r->pinhole && realm_addr(r, family))
			err = want_listener(s, r, realm_addr(r, family));
	return err;
}

static void close_unwanted(struct trunks *s)
{
	struct listener *l, *next;

	for (l = SLIST_FIRST(&s->listeners); l; l = next) {
		next = SLIST_NEXT(l, next);
		if (l->wanted)
			continue;
		SLIST_REMOVE(&s->listeners, l, listener, next);
		transport_alias_close(s->conf.transport, l->flow);
		free(l);
	}
}

/* ---- life ---- */

/* Does a module of the agent listen for connections there? Else none needs a trunk. */
static bool is_needed(const struct conf *c)
{
	for (size_t i = 0; c->gateway && i < c->n_modules; i++)
		for (size_t k = 0; k < c->modules[i].n_listens; k++)
			if (c->modules[i].listens[k].realm == c->gateway->realm &&
			    c->modules[i].listens[k].transport == PN_TCP)
				return true;
	return false;
}

int trunks_apply(struct trunks *s, const struct conf *c, struct realms *realms, const struct pn_realm **bad)
{
	struct listener *l;
	int result = 0;

	s->max_channels = c->limits.tcp_connections / CHANNELS_PART + 1;
	SLIST_FOREACH(l, &s->listeners, next)
		l->wanted = false;
	for (size_t i = 0; i < c->n_networks; i++) {
		struct pn_realm *r = realms_configured(realms, c->networks[i].realm);
		int err = want_realm(s, r);

		if (err) {
			result = err;
			*bad = r;
		}
	}
	close_unwanted(s);
	trunk_dial_to(s->dial, is_needed(c) ? s->conf.uplinks : NULL);
	return result;
}

static void *via(void *arg, const struct pn_realm *r, const struct pn_addr *a, struct pn_addr *to,
		 struct pn_addr *remote)
{
	struct trunks *s = arg;
	struct trunk *t = s->conf.pinholes ? pinhole_trunk(s->conf.pinholes, r, a, to) : NULL;

	if (!t || !trunk_is_up(t))
		return NULL;
	*remote = trunk_line(t)->remote;
	return t;
}

struct trunks *trunks_new(const struct trunks_conf *c)
{
	struct trunks *s = calloc(1, sizeof(*s));
	struct transport_trunks tt = { .net = &trunk_net, .via = via, .events = &events };

	if (!s)
		return NULL;
	s->conf = *c;
	hash_init(&s->links);
	SLIST_INIT(&s->listeners);
	s->dial = trunk_dial_new(c->loop, c->transport);
	if (!s->dial) {
		free(s);
		return NULL;
	}
	tt.uplink = trunk_dial_trunk(s->dial);
	tt.arg = s;
	tt.owner = (struct module *)s;
	transport_set_trunks(c->transport, &tt);
	return s;
}

static int drop_one(struct hash_node *n, void *arg)
{
	drop(arg, hash_entry(n, struct trunk_link, by_flow), -ENETDOWN);
	return 0;
}

void trunks_free(struct trunks *s)
{
	struct listener *l;

	if (!s)
		return;
	SLIST_FOREACH(l, &s->listeners, next)
		l->wanted = false;
	close_unwanted(s);
	hash_each(&s->links, drop_one, s);
	hash_free(&s->links);
	trunk_dial_free(s->dial);
	transport_unlisten(s->conf.transport, (struct module *)s);
	transport_set_trunks(s->conf.transport, &(struct transport_trunks){ 0 });
	free(s);
}

bool trunks_up(const struct trunks *s)
{
	return trunk_is_up(trunk_dial_trunk(s->dial));
}

static int write_link(struct hash_node *n, void *arg)
{
	trunk_link_json(hash_entry(n, struct trunk_link, by_flow), arg);
	return 0;
}

int trunks_json(struct trunks *s, struct buf *out)
{
	json_open(out, NULL, '[');
	trunk_dial_json(s->dial, out);
	hash_each(&s->links, write_link, out);
	return json_close(out, ']');
}
