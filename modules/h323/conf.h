/* The module's configuration: docs/h323.md lists every element. */
#ifndef H323_CONF_H
#define H323_CONF_H

#include "common/softswitch.h"

#include "h323.h"

#define H323_PREFIXES_MAX 64u   /* of a gatekeeper */
#define H323_DIGITS_LEN 64u

/* From one realm to another: to gatekeepers, to which its terminals register, or to a next hop for calls
 * of endpoints that register with nobody. */
struct h323_route {
	struct pn_realm *from, *to;
	struct softswitches gatekeepers; /* tried in order */
	struct pn_peer *next_hop; /* NULL: none */
};

/* Called numbers that begin so go to a next hop. */
struct h323_prefix {
	char digits[H323_DIGITS_LEN];
	struct pn_realm *realm;
	struct pn_peer *next_hop;
};

/* The embedded gatekeeper of one realm. Gatekeepers with the same zone share their endpoints. */
struct h323_gatekeeper {
	struct pn_realm *realm;
	char *zone;         /* UTF-8; its gatekeeperIdentifier */
	uint32_t bandwidth; /* of one call, in units of 100 bit/s; 0: as asked */
	bool open;          /* endpoints that are not registered may call */
	bool direct;        /* tells a caller the called endpoint's own address */
	struct h323_prefix prefix[H323_PREFIXES_MAX];
	size_t n_prefixes;
};

struct h323_conf {
	struct h323_route *route;
	size_t n_routes;
	struct h323_gatekeeper *gatekeeper;
	size_t n_gatekeepers;
	bool traversal;        /* offers H.460.18 and H.460.19 */
	bool forward;          /* what does not decode goes on as it is; else it is dropped */
	uint64_t keepalive_ms; /* 0: none */
	uint32_t lost_after;   /* keepalives without an answer until a terminal is forgotten */
	uint64_t lifetime_ms;  /* the longest timeToLive granted to a terminal */
	uint64_t request_ms;   /* how long a RAS request may take */
	uint64_t admission_ms; /* how long an admission waits for its call */
	uint64_t setup_ms;     /* a call without progress before Connect */
	uint64_t dead_ms;      /* a call lives so long without its signalling connection */
	uint64_t session_ms;   /* an answered call without any signalling; 0: for ever */
	uint32_t max_transactions, max_terminals, max_calls, max_channels;
	const struct pn_services *svc;
};

extern const char h323_schema[]; /* RELAX NG */

/* NULL when something is wrong, which was told through conf_error; or no memory. */
struct h323_conf *h323_conf_new(struct h323 *h, const struct pn_conf *at, struct pn_conf_errors *e);
void h323_conf_free(struct h323_conf *c);
/* NULL: nothing leads from there. */
const struct h323_route *h323_route_from(const struct h323 *h, const struct pn_realm *from);
const struct h323_gatekeeper *h323_gatekeeper_of(const struct h323 *h, const struct pn_realm *realm);

#endif
