/* The table of media pinholes in the gateway: plain data and time, no network. A pinhole lives as long as a stream
 * has it, and HOLE_LIFE_MS after it was last seen or left. */
#ifndef CORE_MEDIA_HOLE_H
#define CORE_MEDIA_HOLE_H

#include "addr.h"
#include "buf.h"
#include "hash.h"
#include "pinhole/credential.h"

#define HOLE_LIFE_MS 120000u
#define HOLE_NAME 64u /* octets of the name of a network or agent, with terminator */

struct hole_agent;

struct media_hole {
	uint32_t id; /* never 0, never used again */
	unsigned realm;
	struct pn_addr where;        /* the pinhole; family 0: it belongs to another inner address meanwhile */
	struct pn_addr inner, final; /* family 0: not told */
	struct hole_agent *agent;    /* NULL: plain STUN made it */
	uint32_t stream;             /* relay stream that has it; 0: none */
	uint8_t side, component;     /* of it */
	uint64_t seen_ms;            /* last STUN, or when its stream left */
	struct credential_order order; /* of an agent's latest CMPH */
	uint32_t peer;               /* media comes out there, of the same agent; 0: elsewhere */
	struct pn_addr peer_inner;   /* its inner address */
	struct hash_node by_where, by_inner, by_id; /* the table's, as all below */
	struct media_hole **list_at, *list_next;    /* those without a stream, oldest first */
};

struct hole_agent { /* stays while it has pinholes, and some time for its floor */
	unsigned realm;
	char network[HOLE_NAME], name[HOLE_NAME];
	uint32_t id;    /* what pinhole.h calls it now */
	uint64_t floor; /* orders up to here are replays, unless the inner address knows better */
	size_t holes;
	uint64_t seen_ms;
	struct hash_node by_name, by_id;
	struct hole_agent *next, **at;
};

struct hole_list {
	struct media_hole *first, **last;
};

struct hole_table {
	struct hash where, inner, id, agents, agent_ids;
	struct hole_agent *all;
	struct hole_list plain, owned; /* without a stream */
	size_t n_plain, n_owned, n_agents;
	size_t max, max_network; /* of each kind; of one network */
	uint32_t last_id;
};

void hole_table_init(struct hole_table *t, size_t max, size_t max_network);
void hole_table_clear(struct hole_table *t);

/* The record of an agent, made when it is new; id is what it is called now. NULL: out of memory. */
struct hole_agent *hole_agent_get(struct hole_table *t, unsigned realm, const char *network, const char *name,
				  uint32_t id);
struct hole_agent *hole_agent_by_id(const struct hole_table *t, uint32_t id); /* NULL */

struct media_hole *hole_at(const struct hole_table *t, unsigned realm, const struct pn_addr *where);
struct media_hole *hole_by_id(const struct hole_table *t, uint32_t id);
/* By inner address: of an agent; or one that plain STUN made from this IP, the one seen last. NULL: none. */
struct media_hole *hole_of_agent(const struct hole_table *t, const struct hole_agent *a, const struct pn_addr *inner);
struct media_hole *hole_plain(const struct hole_table *t, unsigned realm, const struct pn_addr *ip,
			      const struct pn_addr *inner);

/* A new one without a pinhole yet, of an agent or (NULL) of plain STUN. Of the latter the oldest makes room.
 * NULL and errno: ENOMEM, EDQUOT (the network has too many), ENOSPC. */
struct media_hole *hole_add(struct hole_table *t, unsigned realm, struct hole_agent *a, const struct pn_addr *inner,
			    uint64_t now_ms);
/* Its pinhole is there from now on. No other hole may have it. -ENOMEM */
int hole_put(struct hole_table *t, struct media_hole *h, const struct pn_addr *where);
void hole_take(struct hole_table *t, struct media_hole *h); /* it has none */
int hole_set_inner(struct hole_table *t, struct media_hole *h, const struct pn_addr *inner); /* -ENOMEM */
void hole_seen(struct hole_table *t, struct media_hole *h, uint64_t now_ms);
void hole_join(struct hole_table *t, struct media_hole *h, uint32_t stream, unsigned side, unsigned component);
void hole_leave(struct hole_table *t, struct media_hole *h, uint64_t now_ms);
void hole_del(struct hole_table *t, struct media_hole *h);
void hole_expire(struct hole_table *t, uint64_t now_ms);

#endif
