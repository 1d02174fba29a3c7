/* The module's configuration: docs/h248.md lists every element. */
#ifndef H248_CONF_H
#define H248_CONF_H

#include "common/softswitch.h"
#include "h248.h"

/* Where the gateways of an access realm find their controllers. */
struct h248_route {
	struct pn_realm *from, *to;
	struct softswitches mgcs;
	enum pn_transport transport; /* towards the controllers; 0: as the gateway's */
};

struct h248_conf {
	struct h248_route *route;
	size_t n_routes;
	uint64_t keepalive_ms;   /* 0: none */
	uint32_t lost_after;     /* keepalives without an answer until a gateway is forgotten */
	uint64_t lifetime_ms;    /* of a gateway since its last message */
	uint64_t transaction_ms; /* how long one is remembered (LONG-TIMER, H.248.1 D.1.1) */
	uint64_t
		failover_ms; /* how long a ServiceChange waits before another controller is asked */
	uint32_t max_tx, max_calls;
	const struct pn_services *svc;
};

extern const char h248_schema[]; /* RELAX NG */

/* NULL when something is wrong, which was told through conf_error; or no memory. */
struct h248_conf *h248_conf_new(struct h248 *h, const struct pn_conf *at, struct pn_conf_errors *e);
void h248_conf_free(struct h248_conf *c);
/* NULL: gateways of this realm have no controller. */
const struct h248_route *h248_route_from(const struct h248 *h, const struct pn_realm *access);

#endif
