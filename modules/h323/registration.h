/* Registrations: what an endpoint claims (GRQ, RRQ), and the binding that comes of it. The identity is its
 * first alias, the instance its own IP address; so it gets the same address of ours again whatever ports it
 * picks when it starts again. */
#ifndef H323_REGISTRATION_H
#define H323_REGISTRATION_H

#include "ras.h"
#include "terminal.h"

struct registration_claim {
	struct pn_addr ras, signal; /* signal: family 0 in GRQ */
	struct pn_str alias[H323_ALIASES_MAX]; /* owned */
	size_t n_aliases;
	bool lightweight; /* RRQ with keepAlive: all else is as it was */
	bool traversal, media_traversal;
	bool tunnel; /* H.460.17, and it comes so */
	uint32_t ttl_s; /* asked; 0: none */
	uint64_t flow;  /* how it came, and from where */
	struct pn_addr from;
};

/* Of a GRQ or RRQ. NULL: no memory, or it names no address. */
struct registration_claim *registration_claim_new(struct h323 *h, const struct ras_rx *rx);
void registration_claim_free(struct registration_claim *c); /* NULL-safe */

/* The terminal that makes this claim: pending when it is new. core: where its alias is shown; NULL: it
 * registers here. 0; -ENOSPC: too many, or no alias is left; -EADDRNOTAVAIL: core has none; -ENOENT: a
 * lightweight claim of somebody unknown; -ENOMEM. */
int registration_put(struct h323 *h, const struct ras_rx *rx, const struct registration_claim *c,
		     struct pn_realm *core, struct h323_terminal **out);
/* The gatekeeper (or we) accepted that: the terminal is what it claimed. 0, -ENOSPC, -ENOMEM. */
int registration_accept(struct h323_terminal *t, const struct registration_claim *c, uint64_t terminal_ms,
			uint64_t upstream_ms);
void registration_refuse(struct h323_terminal *t);
/* Its endpointIdentifier, UCS-2. */
void registration_name(struct h323_terminal *t, struct pn_str endpoint);
/* It sends from another port of the same IP. */
void registration_moved(struct h323_terminal *t, const struct pn_msg *m);
/* Who else of the zone has one of these aliases and may keep it; NULL: nobody. */
struct h323_terminal *registration_rival(const struct h323_terminal *t, const struct h323_gatekeeper *gk,
					 const struct registration_claim *c);
void registration_gone(struct h323_terminal *t); /* the binding is: frees it */

#endif
