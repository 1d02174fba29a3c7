/* Addresses and ports that stand for terminals towards the softswitch (PN_ALIAS_ADDRESS, PN_ALIAS_PORT),
 * and the listeners there. Each belongs to one realm; two modules have the same address at different ports.
 *
 * The search for a free one begins at a place that the terminal's names alone decide, so that it gets the
 * same again after a restart. A released one rests for ALIAS_REST_MS: its own terminal has it back at once,
 * another one only when nothing else is left. A reload that changes a realm's address or pool leaves those
 * in use where they are. */
#ifndef CORE_ALIAS_H
#define CORE_ALIAS_H

#include "loop.h"
#include "transport.h"

#define ALIAS_REST_MS 60000u
#define ALIAS_TRIES 8u    /* sockets that may fail before an alias is refused */
#define ALIAS_POOLS_MAX 256u /* a realm's ports and each port of its alias-addresses, by family */

struct alias;
struct aliases;

struct aliases_conf {
	struct loop *loop;
	struct transport *transport;
	const char *(*module_name)(const struct module *m);
};

struct aliases *aliases_new(const struct aliases_conf *c); /* NULL: out of memory */
void aliases_free(struct aliases *t); /* all of them, after the bindings; their listeners are the transport's */
/* Realms changed: the free ones are those of the new configuration from now on. */
void aliases_retune(struct aliases *t);
size_t aliases_in(const struct aliases *t, const struct pn_realm *r); /* in use */

/* What a says of its alias (a->alias_kind ADDRESS or PORT, never without a realm), with its listeners open.
 * -EINVAL (no port), -EPROTONOSUPPORT (alias_listen), -EADDRNOTAVAIL (the realm has none of the kind and
 * family, or they are not this host's: both logged), -ENOSPC (none is left), -errno of a socket. */
int alias_take(struct aliases *t, struct module *owner, const struct pn_binding_args *a, struct alias **out);
void alias_give(struct alias *a);   /* closes its listeners; it rests */
void alias_forget(struct alias *a); /* as if it had never been taken: nobody was told of it */

const struct pn_addr *alias_addr(const struct alias *a);
uint64_t alias_flow(const struct alias *a, enum pn_transport kind); /* 0: does not listen there */

#endif
