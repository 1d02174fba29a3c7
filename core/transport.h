/* Flows: signalling sockets and connections, handed to modules as ids. UDP listeners, TCP with
 * per-module framing, idle limits, caps per source and capped write queues. Sockets themselves lie
 * behind struct net: udp.c and tcp.c are the real one, the scenario player brings its own. */
#ifndef CORE_TRANSPORT_H
#define CORE_TRANSPORT_H

#include "realm.h"
#include "loop.h"

struct transport;

/* What the network below must do. Handles are the net's own; arrivals come through net_on_*, never from
 * within one of these calls. After a close the owner hears nothing more. */
struct net_ops {
	/* A datagram socket or a listener; NULL and errno. */
	void *(*udp_bind)(void *net, const struct pn_realm *realm, const struct pn_addr *local, void *owner);
	int (*udp_send)(void *sock, const struct pn_addr *to, const void *data, size_t len);
	void (*udp_close)(void *sock);
	void *(*tcp_listen)(void *net, const struct pn_realm *realm, const struct pn_addr *local, void *owner);
	void *(*tcp_connect)(void *net, const struct pn_realm *realm, const struct pn_addr *to, void *owner);
	/* Octets taken now (the transport queues the rest until writable), or -errno. */
	long (*tcp_write)(void *conn, const void *data, size_t len);
	void (*tcp_want_write)(void *conn, int on);
	void (*tcp_close)(void *sock_or_conn);
	/* A reload changed the realm's marking (dscp, fwmark, device) of a socket or listener; may be NULL. */
	void (*tune)(void *sock, const struct pn_realm *realm);
};

/* What the network tells. owner is what was given to bind, listen or connect. */
void net_on_datagram(void *owner, const struct pn_addr *from, const void *data, size_t len);
/* A connection was accepted on a listener: the owner of the new connection, or NULL to refuse it. */
void *net_on_accept(void *owner, void *conn, const struct pn_addr *local, const struct pn_addr *remote);
void net_on_connected(void *owner, const struct pn_addr *local, int err); /* err: as net_on_closed */
void net_on_data(void *owner, const void *data, size_t len);
void net_on_writable(void *owner);
/* The far end sends no more, but may still read: what is queued is written, then the flow ends. */
void net_on_eof(void *owner);
void net_on_closed(void *owner, int err); /* the net frees the connection afterwards */

struct module;

struct transport_events { /* towards the module loader */
	long (*frame)(struct module *m, const uint8_t *data, size_t len);
	void (*message)(struct module *m, const struct pn_msg *msg);
	void (*flow_open)(struct module *m, const struct pn_flow_info *f);
	void (*flow_closed)(struct module *m, uint64_t flow, int err); /* at the end of the turn */
	void (*drained)(struct module *m, uint64_t flow); /* what was queued is written; NULL: nobody asks */
};

/* Pinholes of signalling: set once, by whoever keeps their table (pinhole.h, uplink.h). */
struct transport_pinholes {
	/* A datagram that looks like one of the pinhole protocol (stun_is) on a socket of the module:
	 * true when it was, and the module does not see it. */
	bool (*stun)(void *arg, struct module *m, const struct pn_msg *msg);
	/* One for the module came from there. NULL: nobody asks. */
	void (*heard)(void *arg, const struct pn_realm *r, const struct pn_addr *from);
	/* A datagram is about to leave to *to: may change it to where that pinhole is now. NULL: never. */
	void (*redirect)(void *arg, uint64_t flow, const struct module *m, const struct pn_realm *r,
			 struct pn_addr *to);
	/* A datagram is about to leave; true: whoever says so sends it later instead. NULL: never. */
	bool (*hold)(void *arg, uint64_t flow, struct module *m, const struct pn_realm *r, const struct pn_addr *local,
		     const struct pn_addr *to, const void *data, size_t len);
	/* A listener was opened or is closing: configured or an alias's. NULL: nobody asks. */
	void (*changed)(void *arg);
	void *arg;
};

/* Trunks (trunk.h): connections that carry others as channels. Set once, before anything is opened. */
struct transport_trunks {
	const struct net_ops *net; /* what channels are to us; only its tcp_* are used */
	void *uplink;              /* its argument for all TCP of a realm that is an uplink; NULL: kernel sockets */
	/* The trunk towards what signals from `via`: the net's argument for a connection to there, and *remote, as
	 * whose it counts. May change *to, the target inside, to what stands in for it. NULL: none. */
	void *(*via)(void *arg, const struct pn_realm *r, const struct pn_addr *via, struct pn_addr *to,
		     struct pn_addr *remote);
	void *arg;
	struct module *owner; /* flows of this owner are the trunks themselves; */
	const struct transport_events *events; /* these hear of them */
};

struct transport_conf {
	struct loop *loop;
	const struct net_ops *net;
	void *net_arg;
	const struct transport_events *events;
};

struct transport *transport_new(const struct transport_conf *c);
void transport_free(struct transport *t);
void transport_limits(struct transport *t, const struct conf_limits *l);
/* Make the listeners of a module those of `want`, in two steps: stage opens what is new, settle closes
 * what is left over (keep) or what was opened (!keep, also after stage failed). Those of a realm that is
 * gone stay for its running sessions until transport_close_realm. -errno when one cannot
 * be opened (which: *bad). -EPROTONOSUPPORT: no such transport. -EADDRNOTAVAIL: the realm has no address. */
int transport_stage(struct transport *t, struct module *m, struct realms *r, const struct conf_listen *want,
		    size_t n, const struct conf_listen **bad);
void transport_settle(struct transport *t, struct module *m, bool keep);
/* Both at once: on failure nothing changed. */
int transport_listen(struct transport *t, struct module *m, struct realms *r,
		     const struct conf_listen *want, size_t n, const struct conf_listen **bad);
void transport_unlisten(struct transport *t, struct module *m); /* closes the module's connections too */
/* The realm is gone and idle: its listeners close, and its connections, which their modules hear. */
void transport_close_realm(struct transport *t, const struct pn_realm *r);
/* Walk the configured listeners: fn non-zero stops and is returned. */
int transport_each_listener(struct transport *t,
			    int (*fn)(void *arg, const struct pn_realm *r, const struct pn_addr *local),
			    void *arg);

void transport_set_pinholes(struct transport *t, const struct transport_pinholes *p);
/* Walk the datagram sockets of a realm, aliases' too: fn non-zero stops and is returned. */
int transport_each_socket(struct transport *t, const struct pn_realm *r,
			  int (*fn)(void *arg, struct module *m, uint64_t flow, const struct pn_addr *local),
			  void *arg);

void transport_set_trunks(struct transport *t, const struct transport_trunks *c);
/* A connection of the trunks' owner, to be one: by the network below, also in an uplink. -errno */
int transport_trunk_open(struct transport *t, struct pn_realm *r, const struct pn_addr *to, uint64_t *flow);
void transport_trunk_close(struct transport *t, uint64_t flow); /* when what is queued is written */
/* A channel arrived: as a connection to the listener at this address of this realm. As net_on_accept. */
void *transport_accept(struct transport *t, const struct pn_realm *r, void *channel, const struct pn_addr *local,
		       const struct pn_addr *remote);
/* Octets that wait to be written; SIZE_MAX: the connection is gone, or not there yet. */
size_t flow_queued(struct transport *t, uint64_t flow);

/* A listener at an address of its own (alias.h): a reload leaves it alone, but for the realm's marking.
 * -errno of the bind, -EPROTONOSUPPORT. */
int transport_alias_open(struct transport *t, struct module *m, struct pn_realm *r, enum pn_transport kind,
			 const struct pn_addr *local, uint64_t *flow);
void transport_alias_close(struct transport *t, uint64_t flow); /* also of one that is gone */
/* Is there a listener at this address and port, in this realm or one with the same routing? */
bool transport_listens(const struct transport *t, const struct pn_realm *r, const struct pn_addr *a);

/* As in the ABI. A module hears flow_closed of the flows that it did not close itself. */
uint64_t flow_listener(struct transport *t, const struct module *m, const struct pn_realm *r,
		       enum pn_transport kind, int family);
int flow_open(struct transport *t, struct module *m, struct pn_realm *r, enum pn_transport kind,
	      const struct pn_addr *to, uint64_t *flow);
int flow_open_via(struct transport *t, struct module *m, struct pn_realm *r, const struct pn_addr *via,
		  enum pn_transport kind, const struct pn_addr *to, uint64_t *flow);
bool flow_trunk(struct transport *t, const struct pn_realm *r, const struct pn_addr *via, const struct pn_addr *to);
int flow_expect(struct transport *t, struct module *m, struct pn_realm *r, int family,
		const struct pn_addr *from, uint64_t within_ms, uint64_t *flow, struct pn_addr *local);
int flow_send(struct transport *t, uint64_t flow, const struct pn_addr *to, const void *data, size_t len);
const struct module *flow_owner(struct transport *t, uint64_t flow); /* NULL: no such flow */
int flow_close(struct transport *t, const struct module *m, uint64_t flow);
int flow_info(struct transport *t, const struct module *m, uint64_t flow, struct pn_flow_info *out);
bool transport_own(struct transport *t, const struct pn_realm *r, const struct pn_addr *a);

#endif
