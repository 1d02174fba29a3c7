/* Media gateway controllers that the signalling names. */
#ifndef H248_MGC_H
#define H248_MGC_H

#include "conf.h"

/* The address that a ServiceChangeMgcId or ServiceChangeAddress from the core means; `from` is who
 * said it, for a port alone. -EACCES: a name that is not configured (names from the network are
 * never resolved), or an address that may not be followed, or our own. */
int mgc_of_mid(const struct h248 *h, const struct h248_route *r, const struct mid *mid,
	       const struct pn_addr *from, struct pn_addr *out);

#endif
