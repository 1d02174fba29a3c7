#define LOG_SUBSYSTEM LOG_TRANSPORT

#include "transport.h"

#include "log.h"
#include "metrics.h"
#include "connection.h"

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
	for (uint32_t i = 0; i < t->n_slots; i++) {
		struct flow *f = t->slots[i].flow;

		if (is_listener(f) && f->module == m && f->realm == r && f->transport == kind &&
		    addr_eq(&f->local, local))
			return f;
	}
	return NULL;
}

static int open_listener(struct transport *t, struct module *m, struct pn_realm *r, enum pn_transport kind,
			 const struct pn_addr *local)
{
	bool udp = kind == PN_UDP;
	struct flow *f = flow_new(t, udp ? FLOW_UDP : FLOW_LISTENER, m, r);
	int err;

	if (!f)
		return -ENOMEM;
	f->transport = kind;
	f->local = *local;
	f->silent = true;
	f->wanted = f->fresh = true;
	errno = ENOMEM;
	f->handle = udp ? t->net->udp_bind(t->net_arg, r, local, f)
			: t->net->tcp_listen(t->net_arg, r, local, f);
	if (f->handle)
		return 0;
	err = -errno;
	flow_kill(f, err);
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
		struct pn_addr local;
		struct flow *f;
		int err;

		if (!own)
			continue;
		any = true;
		local = *own;
		local.port = want->port;
		f = find_listener(t, m, r, want->transport, &local);
		if (f)
			f->wanted = true;
		err = f ? 0 : open_listener(t, m, r, want->transport, &local);
		if (err)
			return err;
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

void transport_settle(struct transport *t, struct module *m, bool keep)
{
	for (uint32_t i = 0; i < t->n_slots; i++) {
		struct flow *f = t->slots[i].flow;
		bool stays;

		if (!is_listener(f) || f->module != m)
			continue;
		stays = keep ? f->wanted || f->realm->gone : !f->fresh;
		f->wanted = f->fresh = false;
		if (!stays)
			flow_kill(f, 0);
		else if (keep && t->net->tune)
			t->net->tune(f->handle, f->realm);
	}
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
	for (uint32_t i = 0; i < t->n_slots; i++) {
		struct flow *f = t->slots[i].flow;
		int stop = is_listener(f) ? fn(arg, f->realm, &f->local) : 0;

		if (stop)
			return stop;
	}
	return 0;
}

static int is_at(void *arg, const struct pn_realm *r, const struct pn_addr *local)
{
	const struct flow *want = arg;

	return r == want->realm && addr_eq(local, &want->local);
}

bool transport_own(struct transport *t, const struct pn_realm *r, const struct pn_addr *a)
{
	struct flow want = { .realm = (struct pn_realm *)r, .local = *a };

	return transport_each_listener(t, is_at, &want);
}

/* ---- flows ---- */

uint64_t flow_listener(struct transport *t, const struct module *m, const struct pn_realm *r,
		       enum pn_transport kind, int family)
{
	for (uint32_t i = 0; i < t->n_slots; i++) {
		struct flow *f = t->slots[i].flow;

		if (is_listener(f) && f->module == m && f->realm == r && f->transport == kind &&
		    f->local.family == family)
			return f->id;
	}
	return 0;
}

static int check_reach(const struct pn_realm *r, const struct pn_addr *to)
{
	if (to && to->port && realm_reaches(r, to))
		return 0;
	metric_add(M_SEND_REACH, 1);
	return -EPERM;
}

int flow_open(struct transport *t, struct module *m, struct pn_realm *r, enum pn_transport kind,
	      const struct pn_addr *to, uint64_t *flow)
{
	int err = check_reach(r, to);
	uint64_t id;

	if (err)
		return err;
	if (kind == PN_TCP)
		return connection_open(t, m, r, to, flow);
	if (kind != PN_UDP)
		return -EPROTONOSUPPORT;
	id = flow_listener(t, m, r, PN_UDP, to->family);
	if (!id)
		return -ENOTCONN;
	*flow = id;
	return 0;
}

static int send_datagram(struct flow *f, const struct pn_addr *to, const void *data, size_t len)
{
	int err = check_reach(f->realm, to);

	if (err)
		return err;
	if (to->family != f->local.family)
		return -EAFNOSUPPORT;
	err = f->t->net->udp_send(f->handle, to, data, len);
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
	if (len && from->port) /* an empty one kept a NAT open and carries nothing */
		f->t->events->message(f->module, &m);
}
