/* The inside of the table of signalling pinholes, for pinhole*.c. */
#ifndef CORE_PINHOLE_STATE_H
#define CORE_PINHOLE_STATE_H

#include "hash.h"
#include "pinhole.h"
#include "pinhole/credential.h"
#include "rate.h"

#define PINHOLE_FORMERS 4u          /* addresses that a pinhole had before */
#define PINHOLE_REMEMBER_MS 600000u /* how long a dead one is remembered, for failover */
#define PINHOLE_PARTS 1024u         /* messages of one list of subscribers */

/* An address of a realm from which an agent speaks. */
struct place {
	struct hash_node node;
	struct agent *agent; /* NULL: not in use */
	struct hole *hole;   /* NULL: a trunk */
	struct pn_addr at;
};

struct subscriber {
	struct hash_node node; /* by protocol and identity */
	struct hole *hole;
	struct pn_addr terminal;
	bool common; /* its identity is one in all networks (pinhole_subscriber.c) */
	size_t len;
	char identity[];
};

struct subscribers {
	struct subscriber **list;
	size_t n, cap;
};

struct hole {
	struct hash_node by_inner;
	struct agent *agent;
	struct hole *next;
	struct module *module; /* whose socket it reaches */
	uint64_t flow;
	char protocol[PINHOLE_NAME_MAX];
	struct pn_addr inner, local;
	struct place now, former[PINHOLE_FORMERS]; /* former: the latest first */
	struct credential_order order;
	struct subscribers subscribers, gathering;
	size_t charged;         /* what the network is charged for: the longer one of the two */
	uint32_t list, gathers; /* ids of the list it has, and of the one that is coming */
	uint16_t parts;         /* of that one so far */
	uint32_t lifetime_s;
	uint64_t seen_ms, moved_ms;
	bool dead;
	struct timer life;
};

struct agent {
	struct pinhole_agent pub;
	struct network *network;
	struct agent *next;
	struct hash_node by_id;
	struct hole *holes; /* the latest refreshed first */
	uint64_t order;     /* of the latest request of a pinhole that was forgotten */
	void *trunk;
	struct place trunk_at;
	char name[PINHOLE_NAME_MAX];
};

struct network {
	struct pinholes *table;
	struct network *next;
	struct pn_realm *realm;
	char name[PINHOLE_NAME_MAX];
	uint8_t key[STUN_KEY];
	uint32_t lifetime_s, max_holes, max_subscribers;
	struct agent *agents;
	size_t n_agents, n_holes, n_subscribers;
	bool wanted; /* while a configuration is applied */
};

struct pinholes {
	struct pinholes_conf c;
	uint8_t secret[NONCE_SECRET]; /* of nonces; made anew with each start, for the first network */
	struct network *networks;
	struct hash places, inners, subscribers, agents;
	struct rate *rate;
	struct log_limit *complaints;
	uint32_t last_agent;
	bool answering; /* what is sent now goes where it is told */
};

/* pinhole.c */
void pinhole_set_name(char out[PINHOLE_NAME_MAX], struct pn_str name); /* cut, terminated */
struct network *pinhole_find_network(const struct pinholes *p, const struct pn_realm *r, struct pn_str name);
struct agent *pinhole_agent_of(const struct pinholes *p, uint32_t id); /* NULL: gone */
struct agent *pinhole_find_agent(const struct network *n, struct pn_str name);
/* NULL and errno: ENOSPC, as many as the network may have pinholes; ENOMEM. */
struct agent *pinhole_make_agent(struct network *n, struct pn_str name);
void pinhole_agent_check(struct agent *a); /* frees it when nothing is left of it */

/* pinhole_hole.c */
struct hole *pinhole_find_hole(const struct agent *a, struct pn_str protocol, const struct pn_addr *inner);
/* NULL and errno: ENOSPC at the network's cap, ENOMEM; an agent that has nothing is gone then. */
struct hole *pinhole_make_hole(struct agent *a, struct pn_str protocol, const struct pn_addr *inner);
void pinhole_make_room(struct network *n); /* one that is dead is forgotten */
/* Its request came from here: it lives, and this is where it is. -ENOMEM */
int pinhole_seen(struct hole *h, const struct pn_addr *at, uint32_t lifetime_s);
void pinhole_die(struct hole *h);
void pinhole_forget(struct hole *h); /* and its agent, when that has nothing else */
struct place *pinhole_place(const struct pinholes *p, const struct pn_realm *r, const struct pn_addr *a);
int pinhole_put_place(struct place *at, struct agent *a, struct hole *h, const struct pn_addr *addr);
void pinhole_drop_place(struct place *at);

/* pinhole_subscriber.c */
/* The message's part of a list. 0; -EDQUOT: more than the network may have; -ENOMEM. */
int subscribers_take(struct hole *h, const struct message *m);
void subscribers_clear(struct hole *h);
void subscribers_give_up(struct hole *h); /* the list that is coming will not come any more */
/* A pinhole of another agent of the network that has a subscriber of this one; the latest refreshed. NULL: none. */
struct hole *subscribers_elsewhere(const struct hole *h);

/* pinhole_register.c: what pinhole_trunk.c needs as well */
struct judged {
	int code; /* 0: do what it says; else the error to answer with */
	struct network *network;
	bool known_source; /* its credentials are good */
};
struct judged pinhole_judge(struct pinholes *p, struct pn_realm *r, const struct pn_addr *from,
			    const struct message *m, int parsed);
/* The length of the answer in out. */
int pinhole_answer_error(struct pinholes *p, const struct pn_addr *from, const struct message *m,
			 const struct judged *j, void *out, size_t cap);
int pinhole_answer(struct agent *a, const struct message *m, struct message *values, void *out, size_t cap);

#endif
