/* The embedded gatekeeper: registration, admission, alias and prefix routing, bandwidth (H.323 6.4). */
#ifndef H323_GATEKEEPER_H
#define H323_GATEKEEPER_H

#include "ras.h"
#include "route.h"

/* A RAS message from an endpoint of its realm. */
void gatekeeper_receive(struct h323 *h, const struct h323_gatekeeper *gk, struct ras_rx *rx);
/* Where a call to the first known of these aliases goes; out->caller is left alone. -ENOENT: nobody has any
 * of them; -EHOSTUNREACH, -ENETUNREACH as route_call(). */
int gatekeeper_route(struct h323 *h, const struct h323_gatekeeper *gk, const struct pn_str *alias, size_t n,
		     struct h323_way *out);

#endif
