/* How many connections each origin (an IPv4 address, an IPv6 /64) has in each realm. */
#ifndef CORE_ORIGIN_H
#define CORE_ORIGIN_H

#include "hash.h"
#include "postern/module.h"

struct origins {
	struct hash hash;
};

void origins_init(struct origins *s);
void origins_free(struct origins *s);
/* One more; -EDQUOT: it has `max` already (0: no limit); -ENOMEM. */
int origin_add(struct origins *s, unsigned realm, const struct pn_addr *from, uint32_t max);
void origin_drop(struct origins *s, unsigned realm, const struct pn_addr *from);

#endif
