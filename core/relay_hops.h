/* Who is who inside: the local ports of all live streams, and the declared addresses that may be one
 * of them (architecture rule 8). Realms with the same device share their addresses. */
#ifndef CORE_RELAY_HOPS_H
#define CORE_RELAY_HOPS_H

#include "hash.h"
#include "relay_engine.h"

struct hop_port { /* embedded in its stream, 4 of them */
	struct hash_node node;
	struct pn_addr addr; /* family 0: not in the table */
	unsigned realm;
	struct engine_hop hop; /* what leads there */
};

struct hop_want { /* embedded in its leg, 2 of them */
	struct hash_node node;
	struct pn_addr addr; /* declared; family 0: not in the table */
	unsigned realm;
	uint32_t stream;
	uint8_t leg, component;
	struct engine_hop hop; /* where it leads now; stream 0: nowhere */
};

struct hop_table {
	struct hash ports, wants;
	const char *device[RELAY_REALMS]; /* borrowed */
};

void hop_table_init(struct hop_table *t);
void hop_table_free(struct hop_table *t);

/* -ENOMEM. The caller has filled in all but node. */
int hop_port_add(struct hop_table *t, struct hop_port *p);
void hop_port_del(struct hop_table *t, struct hop_port *p);
int hop_want_add(struct hop_table *t, struct hop_want *w);
void hop_want_del(struct hop_table *t, struct hop_want *w);

/* The live port of that address: of this realm, else of one with the same device. NULL */
const struct hop_port *hop_find(const struct hop_table *t, unsigned realm, const struct pn_addr *addr);
/* Look up again what w wants; true: w->hop changed. */
bool hop_resolve(const struct hop_table *t, struct hop_want *w);
/* The next who wants this address, after NULL or after `after`. */
struct hop_want *hop_wanted(const struct hop_table *t, const struct pn_addr *addr, struct hop_want *after);

#endif
