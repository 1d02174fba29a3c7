/* Terminals: what is known of each registered endpoint beyond its binding. */
#ifndef H323_TERMINAL_H
#define H323_TERMINAL_H

#include "conf.h"

#define H323_ALIASES_MAX 32u
#define TERMINAL_KEY_MAX 1200u
#define H323_ENDPOINT_MAX 256u /* octets of an endpointIdentifier: 128 characters in UCS-2 */

LIST_HEAD(h323_pending, h323_transaction);

struct h323_terminal {
	LIST_ENTRY(h323_terminal) all;
	LIST_ENTRY(h323_terminal) of_place;
	struct h323_place *place; /* place.h; NULL: nowhere */
	struct h323 *h;
	struct pn_binding *binding;
	struct pn_realm *access; /* where it is */
	struct pn_realm *core;   /* where its gatekeeper is; NULL: it registered with the embedded one */
	uint64_t flow;           /* ours towards its RAS socket */
	struct pn_addr ras;      /* its rasAddress, as it says */
	struct pn_addr signal;   /* its callSignalAddress, as it says */
	struct pn_addr gatekeeper;        /* the RAS address of the gatekeeper in core; family 0 */
	struct pn_addr gatekeeper_signal; /* where that takes its calls; family 0: it did not say */
	bool traversal;          /* it can H.460.18, and we agreed to */
	bool media_traversal;    /* the same of H.460.19 */
	bool registered;         /* RCF */
	bool withheld;           /* it registered from elsewhere, and what it said was not believed yet */
	struct pn_str alias[H323_ALIASES_MAX]; /* UTF-8, owned: alias.h */
	size_t n_aliases;
	struct pn_str zone;     /* of the embedded gatekeeper that knows these aliases; owned */
	struct pn_str endpoint; /* endpointIdentifier in UCS-2, owned */
	struct h323_pending transactions;
	unsigned unanswered; /* keepalives in a row */
	uint16_t asked;      /* requestSeqNum of the last keepalive; 0: none */
	bool lost;           /* too many went unanswered */
};

struct pn_addr terminal_pinhole(const struct h323_terminal *t);
/* Its rasAddress and callSignalAddress for the gatekeeper; family 0 without an external one. */
struct pn_addr terminal_alias(const struct h323_terminal *t);
/* Is the network between us free of NATs: is it what it says it is? Then TCP reaches t->signal. */
bool terminal_plain(const struct h323_terminal *t);
/* What a CDR may call it: its first alias, else its address. */
struct pn_str terminal_name(const struct h323_terminal *t, char out[H323_ADDR_LEN]);

struct h323_terminal *terminal_of_binding(const struct h323 *h, const struct pn_binding *b);
/* Whom an alias of ours (a listener's local address) stands for. NULL. */
struct h323_terminal *terminal_of_alias(struct h323 *h, struct pn_realm *core, const struct pn_addr *alias);
/* Who of the realm's terminals sends RAS from there; endpoint (may be empty) tells those of one pinhole
 * apart, and finds one whose NAT gave it another port. NULL. */
struct h323_terminal *terminal_of_sender(struct h323 *h, const struct pn_msg *m, struct pn_str endpoint);
/* One of the embedded gatekeeper's zone with this alias. NULL. */
struct h323_terminal *terminal_of_name(struct h323 *h, const struct h323_gatekeeper *gk, struct pn_str alias);
/* Keys of terminal_by_endpoint and terminal_by_name; the length. */
size_t terminal_endpoint_key(const struct pn_realm *r, struct pn_str endpoint,
			     uint8_t out[TERMINAL_KEY_MAX]);
size_t terminal_name_key(const char *zone, struct pn_str alias, uint8_t out[TERMINAL_KEY_MAX]);

#endif
