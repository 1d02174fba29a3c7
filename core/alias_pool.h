/* The addresses (all with one port) or the ports (all at one address) that may stand for terminals,
 * numbered from 0, and which of them are busy. */
#ifndef CORE_ALIAS_POOL_H
#define CORE_ALIAS_POOL_H

#include "addr.h"

#define ALIAS_PREFIX_BITS 16u       /* of a bigger prefix the first 65,536 addresses are used */
#define ALIAS_RANGES_MAX 1024u      /* further prefixes are left out */
#define ALIAS_POOL_MAX (1u << 20)   /* addresses in all */
#define ALIAS_NONE UINT32_MAX

struct alias_pool;

/* Addresses of this family in `list`, with `port`. What routers and hosts take for something else is left
 * out: network and broadcast address of an IPv4 prefix shorter than /31 (RFC 3021), the first address of an
 * IPv6 one shorter than /127 (RFC 4291 2.6.1, RFC 6164). An address of two prefixes counts once.
 * NULL and errno: ENOENT none, ENOMEM. */
struct alias_pool *alias_pool_of_addresses(const struct prefixes *list, int family, uint16_t port);
/* Ports first..last at `at`. NULL: out of memory. */
struct alias_pool *alias_pool_of_ports(const struct pn_addr *at, uint16_t first, uint16_t last);
void alias_pool_free(struct alias_pool *p);

uint32_t alias_pool_total(const struct alias_pool *p);
struct pn_addr alias_pool_at(const struct alias_pool *p, uint32_t index);
uint32_t alias_pool_index(const struct alias_pool *p, const struct pn_addr *a); /* ALIAS_NONE: not of it */
void alias_pool_mark(struct alias_pool *p, uint32_t index, bool busy);
/* The first in from..end-1 that is not busy; ALIAS_NONE. O(pool/64). */
uint32_t alias_pool_next(const struct alias_pool *p, uint32_t from, uint32_t end);

#endif
