/* Where a realm may send media (architecture rule 6, latch.md 8): what its configuration names, the
 * rest by its kind, never an own or a special address unless it is named. */
#ifndef CORE_REACH_H
#define CORE_REACH_H

#include "addr.h"

/* Own addresses as they are met from this realm: also those of other realms with the same device.
 * With a port (or a range of ports) they are never a destination, but as an internal hop; without one
 * (port 0) they are when `named` has them: the softswitch may live on this host. */
struct reach_own {
	struct pn_addr addr;
	uint16_t last_port; /* 0: addr.port alone */
};

enum reach_rest { REACH_ANY, REACH_GLOBAL, REACH_NAMED }; /* besides what is named */

struct reach {
	const struct reach_own *own;
	size_t n_own;
	struct prefixes named;
	enum reach_rest rest;
};

/* Is it one of our own ports (or an own address that is not named)? As a source it is forged. */
bool reach_owns(const struct reach *r, const struct pn_addr *a);
bool reach_allows(const struct reach *r, const struct pn_addr *to);
struct reach *reach_copy(const struct reach *r); /* NULL: out of memory */
void reach_free(struct reach *r);                /* what reach_copy made */

#endif
