/* The registration table: what is known of each terminal. Keys begin with the realm; look-ups by
 * (realm, identity, instance), (alias realm, alias) and (realm, pinhole) are O(1). Holds expiry,
 * keepalive with jitter and a budget, and rule 11 (a pinhole moves only with proof). 1,000,000 bindings
 * fit in 600 MB. */
#ifndef CORE_BINDING_H
#define CORE_BINDING_H

#include "alias.h"
#include "loop.h"
#include "realm.h"

struct bindings;
struct module;

struct binding_events {
	/* Write and send the refresh message through the binding's flow to `where` (the pinhole, or the
	 * old one while it is being probed). -errno counts as unsent. */
	int (*keepalive)(void *arg, struct pn_binding *b, const struct pn_addr *where);
	/* Expired or removed: found no more; valid until the end of the loop's turn. */
	void (*gone)(void *arg, struct pn_binding *b);
	/* It is active, or may have moved; after gone() it is not told any more. */
	void (*changed)(void *arg, struct pn_binding *b);
};

struct bindings *bindings_new(struct loop *l, const struct binding_events *ev, void *arg);
void bindings_free(struct bindings *t);
/* Where aliases with an address come from; without it such a put is -ENOSYS. */
void bindings_aliases(struct bindings *t, struct aliases *a);
/* From now on tokens (PN_ALIAS_TOKEN) are made of the terminal's names under this secret, so that all agents
 * of a network have the same for it; empty: at random. */
void bindings_token_secret(struct bindings *t, struct pn_str secret,
			   const char *(*module_name)(const struct module *m));
/* At most max bindings; keepalives_per_s 0: no budget. */
void bindings_limits(struct bindings *t, uint32_t max, uint32_t probe_ms, uint32_t keepalives_per_s);

/* As in the ABI. -ENOSPC at the cap or past 64 active devices of one identity (the oldest pending one
 * makes room), -EINVAL (data past 4096, identity, instance or name past 1024 octets; a kind of alias without
 * what it needs; another alias_realm for an alias with an address), -EEXIST (the name is another's), what
 * alias_take() says, -ENOMEM, -ESHUTDOWN (the module unloads).
 *
 * A put on a pending binding replaces what it says. On an active one it waits for accept, and is taken
 * back by refuse or after expires_ms; of its effects only another port on the same IP (with the flow)
 * is in force at once. There is one such put per binding, the latest; since anybody may send a
 * registration, a module that accepts later than it put must put again right before. */
int binding_put(struct bindings *t, struct module *owner, const struct pn_binding_args *a,
		struct pn_binding **out);
/* Lifetimes begin, and the latest put is in force: at once from the same IP, else after probe_ms without
 * binding_alive; till then keepalives go to the old pinhole, and it is what binding_info says. A terminal
 * may be 30 s late before it expires. */
void binding_accept(struct pn_binding *b, uint64_t terminal_ms, uint64_t upstream_ms);
void binding_refuse(struct pn_binding *b);
void binding_remove(struct pn_binding *b);
void binding_outdated(struct pn_binding *b); /* the softswitch's lifetime is over already */
struct pn_binding *binding_find(struct bindings *t, const struct module *owner, const struct pn_realm *r,
				enum pn_binding_key by, const void *key, size_t len,
				struct pn_binding *after);
const struct pn_binding_info *binding_info(const struct pn_binding *b); /* static, until the next call */
int binding_set_data(struct pn_binding *b, const void *data, size_t len);
void binding_alive(struct pn_binding *b);
void binding_keepalive(struct bindings *t, struct module *owner, uint64_t every_ms);
struct module *binding_owner(const struct pn_binding *b);
void bindings_drop_owner(struct bindings *t, const struct module *owner); /* module unloads: gone for each */
/* The realm is gone and idle: so are the bindings whose alias is an address in it. */
void bindings_close_realm(struct bindings *t, struct pn_realm *r);
size_t bindings_count(const struct bindings *t);
/* It is proven that what this module knew at `from` is at `to` now (an agent's pinhole that moved). */
void bindings_move(struct bindings *t, const struct module *owner, const struct pn_realm *r,
		   const struct pn_addr *from, const struct pn_addr *to);
/* Sessions that a terminal has now (admission). */
int binding_sessions(const struct pn_binding *b);
void binding_session_add(struct pn_binding *b, int delta);
/* Walk for `show`: fn non-zero stops and is returned; fn may remove any binding. */
int bindings_each(struct bindings *t, int (*fn)(struct pn_binding *b, void *arg), void *arg);

#endif
