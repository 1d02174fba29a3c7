#include "mgc.h"

#include <errno.h>

int mgc_of_mid(const struct h248 *h, const struct h248_route *r, const struct mid *mid,
	       const struct pn_addr *from, struct pn_addr *out)
{
	struct pn_addr a = mid->form == MID_PORT ? *from : mid->addr;

	if (mid->form == MID_DOMAIN)
		return softswitch_named(&r->mgcs, mid->name, mid->port, out);
	if (mid->form != MID_IP && mid->form != MID_PORT)
		return -EACCES;
	a.port = mid->port ? mid->port : from->port;
	if (!softswitch_known(&r->mgcs, &a) || h->svc->addr_own(h->host, r->to, &a))
		return -EACCES;
	*out = a;
	return 0;
}
