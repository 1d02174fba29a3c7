/* The gateway's media pinholes: which public address (C) stands for which inside socket, as CMPHs told, and
 * which stream component has it. Two kinds: those of agents (authenticated, with the inner address), and those
 * that plain STUN made (anybody's, so they are of use only to a terminal whose signalling is bound, from the
 * same IP). One pinhole belongs to one stream component.
 *
 * Answers the STUN of shared ports (relay.h), within limits per source prefix and overall. */
#ifndef CORE_MEDIA_PINHOLE_H
#define CORE_MEDIA_PINHOLE_H

#include "loop.h"
#include "media_hole.h"
#include "pinhole.h"
#include "realm.h"
#include "relay.h"

struct media_pinholes;

/* Whose a pinhole is: an agent's, or a terminal's that asked by plain STUN from the IP of its signalling. */
struct media_owner {
	const struct pn_realm *realm;
	uint32_t agent;    /* pinhole.h; 0: none */
	struct pn_addr ip; /* the port does not matter; family 0: plain STUN is of no use to it */
};

struct media_pinhole_events {
	/* A pinhole came or moved: what waits for it, or has it (hole->stream), is where hole->where says from
	 * now on (family 0: nowhere). */
	void (*seen)(void *arg, const struct media_hole *hole);
};

/* What is asked of pinhole.h. */
struct media_pinhole_auth {
	int (*key)(struct pinholes *p, const struct pn_realm *r, struct pn_str network, uint8_t key[PINHOLE_KEY]);
	const char *(*realm)(const struct pinholes *p, const struct pn_realm *r);
	const struct pinhole_agent *(*nonce)(struct pinholes *p, const struct pn_realm *r, struct pn_str network,
					     struct pn_str nonce, const struct pn_addr *from);
	const struct pinhole_agent *(*network)(struct pinholes *p, const struct pn_realm *r, const struct pn_addr *a);
};

struct media_pinhole_conf {
	struct loop *loop;
	struct realms *realms;
	struct relay *relay; /* where answers leave */
	struct pinholes *pinholes;
	const struct media_pinhole_auth *auth;
	const struct media_pinhole_events *events;
	void *arg;
	uint32_t max_streams; /* of the relay */
};

struct media_pinholes *media_pinholes_new(const struct media_pinhole_conf *c); /* NULL: out of memory */
void media_pinholes_free(struct media_pinholes *p); /* NULL-safe */

/* relay_events.on_stun */
void media_pinholes_on_stun(struct media_pinholes *p, const struct relay_place *at, const struct pn_addr *from,
			    const void *data, size_t len);

/* The agent whose signalling comes from this address; 0: none. */
uint32_t media_pinholes_agent(struct media_pinholes *p, const struct pn_realm *r, const struct pn_addr *signalling);
/* The live pinhole of this owner that a declaration means: the pinhole itself, else the one whose inner
 * address it is. Of an agent: its own; else, where an IP is given, plain STUN's if that is what is named, but
 * not by its inner address. NULL: none (yet). Valid until the turn ends. */
const struct media_hole *media_pinholes_find(struct media_pinholes *p, const struct media_owner *who,
					     const struct pn_addr *declared);
const struct media_hole *media_pinholes_by_id(struct media_pinholes *p, uint32_t id); /* NULL */
/* It belongs to this component from now on. -EEXIST: to another one already; -ENOENT. */
int media_pinholes_join(struct media_pinholes *p, uint32_t id, uint32_t stream, unsigned side, unsigned component);
void media_pinholes_leave(struct media_pinholes *p, uint32_t id); /* it stays until it expires */
/* Media of two pinholes of one agent goes from one to the other (peer 0: no more): the agent is told. */
void media_pinholes_pair(struct media_pinholes *p, uint32_t id, uint32_t peer);

int media_pinholes_json(struct media_pinholes *p, struct buf *out); /* one array */

#endif
