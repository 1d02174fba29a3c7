/* Shared ports on the control side: which are open, and whose each source is. Inside of the relay. */
#ifndef CORE_RELAY_SHARED_H
#define CORE_RELAY_SHARED_H

#include "relay_command.h"

struct relay_stream;

struct relay_shared {
	struct relay_shared *next;
	unsigned realm, thread;
	struct pn_addr local;
	struct engine_shared *hot; /* its thread's; the ports in it do not change */
	struct hash keys;
	size_t users; /* sides of streams */
	bool closing;
	struct relay_command *close; /* made at the start: closing must not fail */
};

/* One source at a shared port, of one component of one side: of its branches too, if they share it. */
struct relay_key {
	struct hash_node node;
	struct relay_shared *at;
	struct pn_addr source;
	struct engine_hop to;
	unsigned users;
	struct engine_key *hot;
	struct relay_command *drop;
};

/* NULL: no such, or it is closing. */
struct relay_shared *relay_shared_find(const struct relay *r, unsigned realm, const struct pn_addr *local);
/* Sides of a new stream that are to be at a shared port are, and it lives on that one's thread: side A's, when
 * both are. -EADDRNOTAVAIL */
int relay_shared_take(struct relay *r, struct relay_stream *s, const struct relay_end end[2]);
void relay_shared_leave(struct relay *r, struct relay_shared *h); /* a side of a stream, for each that took it */
/* In line: false: it is no shared port. */
bool relay_shared_input(struct relay *r, unsigned realm, const struct pn_addr *local,
			const struct pn_addr *from, const void *data, size_t len);
void relay_shared_clear(struct relay *r); /* when the threads have stopped and all streams are gone */

/* What comes from `source` (family 0: nobody) is this component's of the leg. -EEXIST -ENOMEM: as before. */
int relay_key_set(struct relay *r, struct relay_stream *s, unsigned leg, unsigned component,
		  const struct pn_addr *source);
void relay_keys_drop(struct relay *r, struct relay_stream *s, unsigned leg);

#endif
