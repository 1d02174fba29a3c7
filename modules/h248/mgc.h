/* Media gateway controllers: those configured, and those that one of them may hand a gateway to. */
#ifndef H248_MGC_H
#define H248_MGC_H

#include "conf.h"

/* The configured address after this one, the first after the last, an unknown one, or none (family
 * 0). -ENOENT: none is known. */
int mgc_next(const struct h248 *h, const struct h248_route *r, const struct pn_addr *after,
	     struct pn_addr *out);
/* Is it the IP of a configured controller, or in a prefix that may be followed? */
bool mgc_known(const struct h248 *h, const struct h248_route *r, const struct pn_addr *a);
/* The address that a ServiceChangeMgcId or ServiceChangeAddress from the core means; `from` is who
 * said it, for a port alone. -EACCES: a name that is not configured (names from the network are
 * never resolved), or an address that may not be followed, or our own. */
int mgc_of_mid(const struct h248 *h, const struct h248_route *r, const struct mid *mid,
	       const struct pn_addr *from, struct pn_addr *out);

#endif
