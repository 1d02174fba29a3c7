/* One flow of the transport: a datagram socket, a listener or a connection; and the slots that make ids
 * of them (generation << 32 | index), so that an id is never used twice. Inside of the transport only. */
#ifndef CORE_FLOW_H
#define CORE_FLOW_H

#include "buf.h"
#include "hash.h"
#include "origin.h"
#include "transport.h"

#define PDU_MAX 65536u

enum flow_kind { FLOW_UDP, FLOW_LISTENER, FLOW_CONNECTION };

struct flow {
	struct transport *t;
	struct flow *next_dead;
	uint64_t id;
	enum flow_kind kind;
	enum pn_transport transport;
	struct module *module;
	struct pn_realm *realm;
	struct pn_addr local, remote;
	const struct net_ops *net;
	void *handle; /* the net's; NULL when it is gone */
	bool closed;
	bool silent; /* the module is not told when it closes */
	int err;     /* why it closed */

	struct hash_node by_local; /* listeners */
	bool alias; /* of a listener: a binding's, no part of the configuration */
	struct flow *next_listener, **at_listener; /* configured ones */
	bool wanted, fresh; /* those, while a configuration is applied */

	bool connecting, accepting; /* connections from here on */
	struct flow *awaits;        /* the listener that it will come through; of that listener, the connection */
	bool ending;                /* nothing more is read; closes when `out` is empty */
	struct buf in, out;
	struct timer idle;
	uint64_t active_ms;
};

struct flow_slot {
	struct flow *flow;
	uint32_t generation;
};

struct transport {
	struct loop *loop;
	const struct net_ops *net;
	void *net_arg;
	const struct transport_events *events;
	struct transport_pinholes pinholes;
	struct transport_trunks trunks;
	struct flow_slot *slots;
	uint32_t n_slots;
	uint32_t *spare; /* indexes of free slots */
	uint32_t n_spare;
	struct hash listeners; /* all, by local address */
	struct flow *configured, **configured_tail; /* listeners, in the order of opening */
	uint32_t connections, max_connections;
	uint32_t queue_max, idle_ms;
	struct origins origins;
	struct flow *dead, **dead_tail; /* in the order of dying */
	bool reaping; /* a deferred call is on its way */
	bool freed;
};

/* NULL and errno ENOMEM. It gets its id; the caller fills in the rest. */
struct flow *flow_new(struct transport *t, enum flow_kind kind, struct module *m, struct pn_realm *r);
struct flow *flow_get(struct transport *t, uint64_t id); /* NULL: closed or never there */
/* Closes the socket, frees the id at once and the memory when the turn ends; then the module is told,
 * unless the flow is silent. */
void flow_kill(struct flow *f, int err);
/* A listener that has its local address; flow_kill takes it out. -ENOMEM. */
int flow_enlist(struct flow *f);
/* Who hears of it: its module, or the trunks. */
const struct transport_events *flow_events(const struct flow *f);
bool flow_is_trunk(const struct flow *f); /* a trunk's own connection or listener */
void flow_reap(void *transport); /* frees what is dead */
void flow_fill(const struct flow *f, struct pn_flow_info *out);
struct pn_msg flow_msg(const struct flow *f, const struct pn_addr *from, const void *data, size_t len);

#endif
