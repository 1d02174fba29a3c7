/* Host names to addresses on the loop (c-ares): DNS and /etc/hosts. Only names of the configuration are
 * ever resolved, none that the network sent. */
#ifndef CORE_RESOLVE_H
#define CORE_RESOLVE_H

#include "loop.h"
#include "postern/module.h"

#define RESOLVE_NAME_MAX 253u

struct resolver;
struct lookup; /* one that runs */

struct resolver *resolver_new(struct loop *l); /* NULL and errno */
void resolver_free(struct resolver *r);        /* lookups that run end without a call */
int resolver_servers(struct resolver *r, const char *csv); /* "192.0.2.1:53,..." instead of the system's */

/* fn is called once, perhaps before this returns (then the result is NULL): err 0 and at least one
 * address, port 0, with the shortest lifetime (0: unknown); or -ENOENT, -ETIMEDOUT, -EIO, -ENOMEM. */
struct lookup *resolver_lookup(struct resolver *r, const char *name,
			       void (*fn)(void *arg, int err, const struct pn_addr *list, size_t n,
					  uint32_t ttl_s),
			       void *arg);
void lookup_cancel(struct lookup *l); /* NULL-safe; fn is not called any more */

#endif
