#define LOG_SUBSYSTEM LOG_TRANSPORT

#include "transport.h"

#include "log.h"
#include "metrics.h"
#include "connection.h"
#include "pinhole/stun.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Until a configuration says otherwise */
#define CONNECTIONS_DEFAULT 1024u
#define QUEUE_DEFAULT 262144u
#define IDLE_DEFAULT_MS 600000u

struct transport *transport_new(const struct transport_conf *c)
{
	struct transport *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->loop = c->loop;
	t->dead_tail = &t->dead;
	t->configured_tail = &t->configured;
	hash_init(&t->listeners);
	t->net = c->net;
	t->net_arg = c->net_arg;
	t->events = c->events;
	t->max_connections = CONNECTIONS_DEFAULT;
	t->queue_max = QUEUE_DEFAULT;
	t->idle_ms = IDLE_DEFAULT_MS;
	origins_init(&t->origins);
	return t;
}

/* Also those that died in this turn and were not told yet. */
static void kill_silently(struct transport *t, const struct module *m)
{
	for (struct flow *f = t->dead; f; f = f->next_dead)
		f->silent |= !m || f->module == m;
	for (uint32_t i = 0; i < t->n_slots; i++) {
		struct flow *f = t->slots[i].flow;

		if (!f || (m && f->module != m))
			continue;
		f->silent = true;
		flow_kill(f, 0);
	}
}

void transport_free(struct transport *t)
{
	bool reaping;

	if (!t)
		return;
	reaping = t->reaping;
	t->freed = true;
	kill_silently(t, NULL);
	origins_free(&t->origins);
	hash_free(&t->listeners);
	free(t->slots);
	free(t->spare);
	if (!reaping)
		flow_reap(t);
}

void transport_limits(struct transport *t, const struct conf_limits *l)
{
	t->max_connections = l->tcp_connections;
	t->queue_max = l->tcp_write_queue;
	t->idle_ms = l->tcp_idle_ms;
}

/* ---- listeners ---- */

static bool is_listener(const struct flow *f)
{
	return f && f->kind != FLOW_CONNECTION;
}

static struct flow *find_listener(struct transport *t, const struct module *m, const struct pn_realm *r,
				  enum pn_transport kind, const struct pn_addr *local)
{
	for (struct flow *f = t->configured; f; f = f->next_listener)
		if (f->module == m && f->realm == r && f->transport == kind && addr_eq(&f->local, local))
			return f;
	return NULL;
}

static int bind_listener(struct flow *f)
{
	struct transport *t = f->t;
	int err = flow_enlist(f);

	if (err)
		return err;
	errno = ENOMEM;
	if (f->kind == FLOW_UDP) {
		f->handle = t->net->udp_bind(t->net_arg, f->realm, &f->local, f);
	} else {
		struct below b = connection_below(t, f->realm);

		f->net = b.net;
		f->handle = b.net->tcp_listen(b.arg, f->realm, &f->local, f);
	}
	return f->handle ? 0 : -errno;
}

static int open_listener(struct transport *t, const struct flow *want, struct flow **out)
{
	struct flow *f = flow_new(t, want->transport == PN_UDP ? FLOW_UDP : FLOW_LISTENER, want->module,
				  want->realm);
	int err;

	if (!f)
		return -ENOMEM;
	f->transport = want->transport;
	f->local = want->local;
	f->alias = want->alias;
	f->silent = true;
	err = bind_listener(f);
	if (err)
		flow_kill(f, err);
	else
		*out = f;
	return err;
}

static int stage_one(struct transport *t, struct module *m, struct pn_realm *r,
		     const struct conf_listen *want)
{
	bool any = false;

	if (want->transport != PN_UDP && want->transport != PN_TCP)
		return -EPROTONOSUPPORT;
	for (int family = 4; family <= 6; family += 2) {
		const struct pn_addr *own = r ? realm_addr(r, family) : NULL;
		struct flow next = { .module = m, .realm = r, .transport = want->transport }, *f;
		int err = 0;

		if (!own || (want->group.family && want->group.family != family))
			continue;
		any = true;
		next.local = want->group.family ? want->group : *own;
		next.local.port = want->port;
		f = find_listener(t, m, r, want->transport, &next.local);
		if (!f) {
			err = open_listener(t, &next, &f);
			if (err)
				return err;
			f->fresh = true;
		}
		f->wanted = true;
	}
	return any ? 0 : -EADDRNOTAVAIL;
}

int transport_stage(struct transport *t, struct module *m, struct realms *r, const struct conf_listen *want,
		    size_t n, const struct conf_listen **bad)
{
	for (size_t i = 0; i < n; i++) {
		int err = stage_one(t, m, realms_configured(r, want[i].realm), &want[i]);

		if (err) {
			*bad = &want[i];
			return err;
		}
	}
	return 0;
}

/* Those of the configuration and those of aliases. */
static void tune(struct transport *t, const struct module *m)
{
	for (uint32_t i = 0; i < t->n_slots; i++) {
		const struct flow *f = t->slots[i].flow;

		if (is_listener(f) && f->module == m && f->net->tune)
			f->net->tune(f->handle, f->realm);
	}
}

void transport_settle(struct transport *t, struct module *m, bool keep)
{
	struct flow *next;

	for (struct flow *f = t->configured; f; f = next) {
		bool stays;

		next = f->next_listener;
		if (f->module != m)
			continue;
		stays = keep ? f->wanted || f->realm->gone : !f->fresh;
		f->wanted = f->fresh = false;
		if (!stays)
			flow_kill(f, 0);
	}
	if (keep)
		tune(t, m);
}

int transport_listen(struct transport *t, struct module *m, struct realms *r,
		     const struct conf_listen *want, size_t n, const struct conf_listen **bad)
{
	int err = transport_stage(t, m, r, want, n, bad);

	transport_settle(t, m, !err);
	return err;
}

void transport_unlisten(struct transport *t, struct module *m)
{
	kill_silently(t, m);
}

void transport_close_realm(struct transport *t, const struct pn_realm *r)
{
	for (uint32_t i = 0; i < t->n_slots; i++) {
		struct flow *f = t->slots[i].flow;

		if (f && f->realm == r)
			flow_kill(f, 0);
	}
}

int transport_each_listener(struct transport *t,
			    int (*fn)(void *arg, const struct pn_realm *r, const struct pn_addr *local),
			    void *arg)
{
	for (struct flow *f = t->configured; f; f = f->next_listener) {
		int stop = fn(arg, f->realm, &f->local);

		if (stop)
			return stop;
	}
	return 0;
}

/* The next listener at this address (after NULL the first), in whatever realm. */
static const struct flow *listener_at(const struct transport *t, const struct pn_addr *a,
				      const struct flow *after)
{
	const struct hash_node *n = after ? &after->by_local : NULL;
	struct hash_node *found;

	while ((found = hash_find(&t->listeners, addr_hash(a, 0), n))) {
		const struct flow *f = hash_entry(found, struct flow, by_local);

		if (addr_eq(&f->local, a))
			return f;
		n = found;
	}
	return NULL;
}

void transport_set_pinholes(struct transport *t, const struct transport_pinholes *p)
{
	t->pinholes = *p;
}

int transport_each_socket(struct transport *t, const struct pn_realm *r,
			  int (*fn)(void *arg, struct module *m, uint64_t flow, const struct pn_addr *local),
			  void *arg)
{
	for (uint32_t i = 0; i < t->n_slots; i++) {
		struct flow *f = t->slots[i].flow;
		int stop = f && f->kind == FLOW_UDP && f->realm == r ? fn(arg, f->module, f->id, &f->local) : 0;

		if (stop)
			return stop;
	}
	return 0;
}

/* What is at another agent of our network comes to us when that one is dead. */
static struct pn_addr at_home(const struct pn_realm *r, const struct pn_addr *a)
{
	const struct pn_addr *own = r->siblings.n && prefixes_have(&r->siblings, a) ? realm_addr(r, a->family) : NULL;
	struct pn_addr home = own ? *own : *a;

	home.port = a->port;
	return home;
}

bool transport_own(struct transport *t, const struct pn_realm *r, const struct pn_addr *a)
{
	struct pn_addr home = at_home(r, a);

	for (const struct flow *f = NULL; (f = listener_at(t, &home, f));)
		if (f->realm == r)
			return true;
	return false;
}

/* ---- listeners of aliases ---- */

bool transport_listens(const struct transport *t, const struct pn_realm *r, const struct pn_addr *a)
{
	for (const struct flow *f = NULL; (f = listener_at(t, a, f));)
		if (realm_same_routing(f->realm, r))
			return true;
	return false;
}

int transport_alias_open(struct transport *t, struct module *m, struct pn_realm *r, enum pn_transport kind,
			 const struct pn_addr *local, uint64_t *flow)
{
	const struct flow want = { .module = m, .realm = r, .transport = kind, .local = *local, .alias = true };
	struct flow *f;
	int err;

	if (kind != PN_UDP && kind != PN_TCP)
		return -EPROTONOSUPPORT;
	err = open_listener(t, &want, &f);
	if (!err)
		*flow = f->id;
	return err;
}

void transport_alias_close(struct transport *t, uint64_t flow)
{
	struct flow *f = flow_get(t, flow);

	if (f && f->alias)
		flow_kill(f, 0);
}

/* ---- flows ---- */

uint64_t flow_listener(struct transport *t, const struct module *m, const struct pn_realm *r,
		       enum pn_transport kind, int family)
{
	for (const struct flow *f = t->configured; f; f = f->next_listener)
		if (f->module == m && f->realm == r && f->transport == kind && f->local.family == family &&
		    !addr_is_group(&f->local))
			return f->id;
	return 0;
}

/* realm_reaches() knows the realms' own addresses, not those of aliases. */
static bool is_alias(const struct transport *t, const struct pn_realm *r, const struct pn_addr *to)
{
	for (const struct flow *f = NULL; (f = listener_at(t, to, f));)
		if (f->alias && realm_same_routing(f->realm, r))
			return !realm_names(r, to);
	return false;
}

static int check_reach(const struct transport *t, const struct pn_realm *r, const struct pn_addr *to)
{
	if (to && to->port && realm_reaches(r, to) && !is_alias(t, r, to))
		return 0;
	metric_add(M_SEND_REACH, 1);
	return -EPERM;
}

/* A call that comes back to us: what one session is told to connect to is what another one of ours waits at. */
static bool is_awaited(const struct transport *t, const struct pn_realm *r, const struct pn_addr *to)
{
	for (const struct flow *f = NULL; to && (f = listener_at(t, to, f));)
		if (f->awaits && f->realm == r)
			return true;
	return false;
}

int flow_open(struct transport *t, struct module *m, struct pn_realm *r, enum pn_transport kind,
	      const struct pn_addr *to, uint64_t *flow)
{
	int err = kind == PN_TCP && is_awaited(t, r, to) ? 0 : check_reach(t, r, to);
	uint64_t id;

	if (err)
		return err;
	if (kind == PN_TCP) {
		struct below b = connection_below(t, r);

		return connection_open(t, m, r, &b, to, flow);
	}
	if (kind != PN_UDP)
		return -EPROTONOSUPPORT;
	id = flow_listener(t, m, r, PN_UDP, to->family);
	if (!id)
		return -ENOTCONN;
	*flow = id;
	return 0;
}

/* The agent that `to` lies behind admits what it listens for and nothing else, so our reach is no matter. */
int flow_open_via(struct transport *t, struct module *m, struct pn_realm *r, const struct pn_addr *via,
		  enum pn_transport kind, const struct pn_addr *to, uint64_t *flow)
{
	struct below b = { .net = t->trunks.net };
	struct pn_addr inside = *to;

	if (kind == PN_TCP && via && t->trunks.via)
		b.arg = t->trunks.via(t->trunks.arg, r, via, &inside, &b.remote);
	if (!b.arg)
		return flow_open(t, m, r, kind, to, flow);
	return to->port ? connection_open(t, m, r, &b, &inside, flow) : -EPERM;
}

bool flow_trunk(struct transport *t, const struct pn_realm *r, const struct pn_addr *via, const struct pn_addr *to)
{
	struct pn_addr inside = *to, remote;

	return t->trunks.via && t->trunks.via(t->trunks.arg, r, via, &inside, &remote);
}

void transport_set_trunks(struct transport *t, const struct transport_trunks *c)
{
	t->trunks = *c;
}

int transport_trunk_open(struct transport *t, struct pn_realm *r, const struct pn_addr *to, uint64_t *flow)
{
	struct below b = { .net = t->net, .arg = t->net_arg };
	int err = check_reach(t, r, to);

	return err ? err : connection_open(t, t->trunks.owner, r, &b, to, flow);
}

void transport_trunk_close(struct transport *t, uint64_t flow)
{
	flow_close(t, t->trunks.owner, flow);
}

void *transport_accept(struct transport *t, const struct pn_realm *r, void *channel, const struct pn_addr *local,
		       const struct pn_addr *remote)
{
	for (const struct flow *f = NULL; (f = listener_at(t, local, f));)
		if (f->kind == FLOW_LISTENER && f->realm == r && !flow_is_trunk(f))
			return connection_accept(flow_get(t, f->id), t->trunks.net, channel, local, remote);
	return NULL;
}

static int send_datagram(struct flow *f, const struct pn_addr *to, const void *data, size_t len)
{
	int err = check_reach(f->t, f->realm, to);
	struct pn_addr now_at;

	if (err)
		return err;
	if (to->family != f->local.family)
		return -EAFNOSUPPORT;
	if (f->t->pinholes.hold &&
	    f->t->pinholes.hold(f->t->pinholes.arg, f->id, f->module, f->realm, &f->local, to, data, len))
		return 0;
	now_at = *to;
	if (f->t->pinholes.redirect)
		f->t->pinholes.redirect(f->t->pinholes.arg, f->id, f->module, f->realm, &now_at);
	err = f->t->net->udp_send(f->handle, &now_at, data, len);
	metric_add(err ? M_UDP_TX_FAIL : M_UDP_TX, 1);
	return err;
}

int flow_send(struct transport *t, uint64_t flow, const struct pn_addr *to, const void *data, size_t len)
{
	struct flow *f = flow_get(t, flow);

	if (!f || f->kind == FLOW_LISTENER)
		return -ENOTCONN;
	if (f->kind == FLOW_UDP)
		return send_datagram(f, to, data, len);
	return connection_send(f, data, len);
}

size_t flow_queued(struct transport *t, uint64_t flow)
{
	const struct flow *f = flow_get(t, flow);

	return f && f->kind == FLOW_CONNECTION && !f->connecting ? f->out.len : SIZE_MAX;
}

const struct module *flow_owner(struct transport *t, uint64_t flow)
{
	const struct flow *f = flow_get(t, flow);

	return f ? f->module : NULL;
}

int flow_close(struct transport *t, const struct module *m, uint64_t flow)
{
	struct flow *f = flow_get(t, flow);

	if (!f || f->module != m)
		return -ENOENT;
	if (is_listener(f)) /* listeners are configuration */
		return -EPERM;
	connection_close(f);
	return 0;
}

int flow_info(struct transport *t, const struct module *m, uint64_t flow, struct pn_flow_info *out)
{
	struct flow *f = flow_get(t, flow);

	if (!f || f->module != m)
		return -ENOENT;
	flow_fill(f, out);
	return 0;
}

void net_on_datagram(void *owner, const struct pn_addr *from, const void *data, size_t len)
{
	struct flow *f = owner;
	struct pn_msg m = flow_msg(f, from, data, len);
	int err = acl_check(f->realm->acl, from, m.now_ms);

	metric_add(M_UDP_RX, 1);
	if (err) {
		metric_add(err == -EACCES ? M_ACL_DENIED : M_RATE_DENIED, 1);
		return;
	}
	if (!len || !from->port) /* an empty one kept a NAT open and carries nothing */
		return;
	if (f->t->pinholes.stun && stun_is(data, len) &&
	    f->t->pinholes.stun(f->t->pinholes.arg, f->module, &m))
		return;
	if (f->t->pinholes.heard)
		f->t->pinholes.heard(f->t->pinholes.arg, f->realm, from);
	f->t->events->message(f->module, &m);
}
