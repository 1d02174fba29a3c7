#define LOG_SUBSYSTEM LOG_TRANSPORT

#include "expect.h"

#include "connection.h"
#include "log.h"
#include "metrics.h"
#include "random.h"

#include <errno.h>

#define TRIES 16u /* ports that another program has */

/* Opens a listener at a port that is ours to take; the search begins anywhere, so that nobody guesses it. */
static int listen_somewhere(struct transport *t, struct module *m, struct pn_realm *r, struct pn_addr *local,
			    struct flow **out)
{
	uint32_t total = r->tcp_first ? (uint32_t)(r->tcp_last - r->tcp_first) + 1 : 0;
	uint32_t at = total ? random_below(total) : 0, tries = 0;

	for (uint32_t i = 0; i < total && tries < TRIES; i++, at = (at + 1) % total) {
		uint64_t id;
		int err;

		local->port = (uint16_t)(r->tcp_first + at);
		if (transport_listens(t, r, local))
			continue;
		tries++;
		err = transport_alias_open(t, m, r, PN_TCP, local, &id);
		if (!err) {
			*out = flow_get(t, id);
			return 0;
		}
		if (err != -EADDRINUSE)
			return err;
	}
	return -ENOSPC;
}

int flow_expect(struct transport *t, struct module *m, struct pn_realm *r, int family,
		const struct pn_addr *from, uint64_t within_ms, uint64_t *flow, struct pn_addr *local)
{
	const struct pn_addr *own = realm_addr(r, family);
	struct pn_addr at;
	struct flow *l, *f;
	int err;

	if (!own)
		return -EADDRNOTAVAIL;
	at = *own;
	err = connection_reserve(t, r, from, 0);
	if (err)
		return err;
	f = connection_new(t, m, r, from);
	if (!f)
		return -ENOMEM;
	f->silent = true; /* until it is the module's */
	f->connecting = true;
	err = listen_somewhere(t, m, r, &at, &l);
	if (!err) {
		f->awaits = l;
		l->awaits = f;
		f->local = at;
		err = timer_start(t->loop, &f->idle, within_ms);
	}
	if (err) {
		if (err == -ENOSPC)
			log_info("realm %s: no tcp-port left for a connection", r->info.name);
		flow_kill(f, err);
		return err;
	}
	f->silent = false;
	*flow = f->id;
	*local = at;
	return 0;
}

void expect_part(struct flow *f)
{
	struct flow *other = f->awaits;

	if (!other)
		return;
	f->awaits = NULL;
	other->awaits = NULL;
	flow_kill(other, f->err);
}

/* A channel must be one of the trunk that leads to who is awaited: a NAT may show it and him by two addresses. */
static bool is_awaited(const struct flow *f, const struct net_ops *net, const struct pn_addr *remote)
{
	const struct transport_trunks *trunks = &f->t->trunks;
	struct pn_addr to = f->remote, leads;

	if (!f->remote.family)
		return true;
	if (net == trunks->net && trunks->via && trunks->via(trunks->arg, f->realm, &f->remote, &to, &leads))
		return addr_eq(&leads, remote);
	return addr_same_ip(&f->remote, remote);
}

/* The place in the caps was taken for who was expected; it is who came that counts from now on. */
static int admit(struct flow *f, const struct net_ops *net, const struct pn_addr *remote)
{
	struct transport *t = f->t;
	int err = realm_owns(f->realm, remote) ? 0 : acl_check(f->realm->acl, remote, loop_now(t->loop));

	if (!err && !is_awaited(f, net, remote))
		err = -EACCES;
	if (!err)
		err = origin_add(&t->origins, f->realm->index, remote, 0);
	return err;
}

void *expect_accept(struct flow *listener, const struct net_ops *net, void *conn, const struct pn_addr *local,
		    const struct pn_addr *remote)
{
	struct flow *f = listener->awaits;

	if (admit(f, net, remote)) {
		metric_add(M_TCP_REFUSED, 1);
		return NULL;
	}
	origin_drop(&f->t->origins, f->realm->index, &f->remote);
	f->awaits = NULL;
	listener->awaits = NULL;
	flow_kill(listener, 0);
	f->net = net;
	f->handle = conn;
	f->local = *local;
	f->remote = *remote;
	f->accepting = true;
	connection_opened(f);
	f->accepting = false;
	return f->closed ? NULL : f;
}
