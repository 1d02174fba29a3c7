/* A configured far end, "host[:port]". An address is itself; a name is resolved at once and again when
 * its lifetime ends. Old addresses stay until new ones arrive, in the old order if the set is the same. */
#ifndef CORE_PEER_H
#define CORE_PEER_H

#include "loop.h"
#include "resolve.h"

#define PEER_ADDRS 16u

struct pn_peer;

/* Is it "IP[:port]", "[IPv6]:port" or "name[:port]"? On success the parts; a name is copied to `host`
 * (cap octets), which is empty for an address. -EINVAL. */
int peer_parse(const char *text, uint16_t default_port, struct pn_addr *addr, char *host, size_t cap);
/* Joins `list` until it is freed. NULL and errno: EINVAL, ENOMEM. r NULL: names stay unresolved. */
struct pn_peer *peer_new(struct loop *l, struct resolver *r, struct pn_peer **list, const char *text,
			 uint16_t default_port);
void peer_free(struct pn_peer *p);
int peer_addr(const struct pn_peer *p, size_t index, struct pn_addr *out); /* -ENOENT past the last */

#endif
