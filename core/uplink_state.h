/* The inside of the agent's registrations, for uplink*.c. */
#ifndef CORE_UPLINK_STATE_H
#define CORE_UPLINK_STATE_H

#include "hash.h"
#include "uplink.h"

struct uplink_subscribers { /* borrowed from the bindings */
	struct message_subscriber *list;
	size_t n, cap;
};

/* One socket towards the gateway. */
struct uplink {
	struct uplinks *u;
	struct uplink *next;
	struct hash_node by_flow;
	uint64_t flow;
	struct module *module;
	struct pn_addr local, to;
	struct pinhole_client *client;
	struct timer timer;
	bool wanted; /* while sockets are looked through */
	bool up, told_down;
	bool met; /* it was registered, or there is no waiting for it any more */
	struct uplink_held *held;
	struct timer hold;
	struct uplink_subscribers subscribers;
	uint64_t told; /* digest of the subscribers that the client has */
	uint64_t used_ms;   /* the module sent something: the NAT's mapping was fresh then */
	uint64_t idle_ms;   /* how long the pinhole is left alone now */
	uint64_t broken_ms; /* the shortest time after which it did not survive; 0: none is known */
};

struct uplink_port { /* of the gateway, where a module speaks to it */
	char *module;
	uint16_t port;
};

struct uplinks {
	struct uplinks_conf c;
	struct uplink_who who; /* network NULL: none */
	char *network, *agent, *secret;
	struct pinhole_login *login;
	struct pinhole_login **retired; /* media may still use them */
	size_t n_retired;
	uint64_t idle_min_ms, idle_max_ms;
	struct uplink_port *ports; /* of conf, by module */
	size_t n_ports;
	struct uplink *all;
	struct hash by_flow;
	struct timer look;
	bool sending; /* our own request: no use by the module */
	void (*on_open)(void *arg);
	void *on_open_arg;
};

/* uplink_subscriber.c: tell each client what is behind its socket now. */
void uplink_subscribers(struct uplinks *u);
/* Makes the uplink of a socket that is new, at once; NULL: it needs none. */
struct uplink *uplink_meet(struct uplinks *u, struct module *m, uint64_t flow, const struct pn_addr *local);

/* uplink_hold.c */
void uplink_hold_end(struct uplink *l);  /* what waited is sent */
void uplink_hold_drop(struct uplink *l); /* the socket is gone */
struct uplink *uplink_of_flow(const struct uplinks *u, uint64_t flow);

/* uplink_who.c */
void uplink_who_forget(struct uplinks *u); /* and all logins */

/* uplink_idle.c: the interval of registrations. */
void uplink_idle_start(struct uplink *l);
/* An answer came after the pinhole was left alone: did it survive? */
void uplink_idle_kept(struct uplink *l, unsigned sent);
void uplink_idle_lost(struct uplink *l);

#endif
