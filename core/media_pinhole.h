/* The gateway's media pinholes: which public address (C) stands for which inside socket, as CMPHs told, and
 * which stream component has it. Two kinds: those of agents (authenticated, with the inner address), and those
 * that plain STUN made (anybody's, so they are of use only to a terminal whose signalling is bound, from the
 * same IP). One pinhole belongs to one stream component.
 *
 * Answers the STUN of shared ports (relay.h), within limits per source prefix and overall. */
#ifndef CORE_MEDIA_PINHOLE_H
#define CORE_MEDIA_PINHOLE_H

#include "buf.h"
#include "loop.h"
#include "realm.h"
#include "relay.h"

struct media_pinholes;
struct pinholes;

/* Whose a pinhole is: an agent's, or a terminal's that asked by plain STUN from this IP. */
struct media_owner {
	const struct pn_realm *realm;
	uint32_t agent;    /* pinhole.h; 0: none */
	struct pn_addr ip; /* agent 0: where its signalling comes from; the port does not matter */
};

struct media_hole { /* what is known of one; plain data */
	uint32_t id;              /* never 0, never used again */
	struct pn_addr where;     /* the pinhole, C */
	struct pn_addr inner, final; /* family 0: not told */
	uint32_t agent;           /* 0: plain STUN */
	uint32_t stream;          /* relay stream that has it; 0: none yet */
	uint8_t side, component;
};

struct media_pinhole_events {
	/* A pinhole that stood was seen for the first time, or is now elsewhere: whoever waits for it, or has it
	 * (hole->stream), takes `hole->where` from now on. */
	void (*seen)(void *arg, const struct media_hole *hole);
};

struct media_pinhole_conf {
	struct loop *loop;
	struct realms *realms;
	struct relay *relay;       /* where answers leave */
	struct pinholes *pinholes; /* of signalling: keys, nonces, whose they are */
	const struct media_pinhole_events *events;
	void *arg;
};

struct media_pinholes *media_pinholes_new(const struct media_pinhole_conf *c); /* NULL: out of memory */
void media_pinholes_free(struct media_pinholes *p); /* NULL-safe */

/* relay_events.on_stun */
void media_pinholes_on_stun(struct media_pinholes *p, const struct relay_place *at, const struct pn_addr *from,
			    const void *data, size_t len);

/* The live pinhole of this owner that a declaration means: the pinhole itself, else the one whose inner
 * address it is. NULL: none (yet). Valid until the turn ends. */
const struct media_hole *media_hole_find(struct media_pinholes *p, const struct media_owner *who,
					 const struct pn_addr *declared);
/* It belongs to this component from now on. -EEXIST: to another one already; -ENOENT. */
int media_hole_join(struct media_pinholes *p, uint32_t id, uint32_t stream, unsigned side, unsigned component);
void media_holes_leave(struct media_pinholes *p, uint32_t stream); /* the stream is over: its pinholes stay until they expire */

int media_pinholes_json(struct media_pinholes *p, struct buf *out); /* one array */

#endif
