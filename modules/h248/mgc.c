#include "mgc.h"

#include <errno.h>
#include <string.h>

/* The index-th address over all controllers. */
static int at(const struct h248 *h, const struct h248_route *r, size_t index, struct pn_addr *out)
{
	for (size_t i = 0; i < r->n_mgcs; i++)
		for (size_t j = 0; !h->svc->peer_addr(r->mgc[i].peer, j, out); j++)
			if (!index--)
				return 0;
	return -ENOENT;
}

int mgc_next(const struct h248 *h, const struct h248_route *r, const struct pn_addr *after,
	     struct pn_addr *out)
{
	struct pn_addr a;
	size_t i = 0;

	for (; !at(h, r, i, &a); i++)
		if (addr_same(&a, after))
			break;
	if (!at(h, r, i + 1, out))
		return 0;
	return at(h, r, 0, out);
}

bool mgc_known(const struct h248 *h, const struct h248_route *r, const struct pn_addr *a)
{
	struct pn_addr known;

	for (size_t i = 0; !at(h, r, i, &known); i++)
		if (addr_same_ip(&known, a))
			return true;
	for (size_t i = 0; i < r->n_follow; i++)
		if (addr_prefix_has(&r->follow[i], a))
			return true;
	return false;
}

static int of_name(const struct h248 *h, const struct h248_route *r, const struct mid *mid,
		   struct pn_addr *out)
{
	for (size_t i = 0; i < r->n_mgcs; i++) {
		if (!str_ieq(str_of(r->mgc[i].host), mid->name) ||
		    h->svc->peer_addr(r->mgc[i].peer, 0, out))
			continue;
		if (mid->port)
			out->port = mid->port;
		return 0;
	}
	return -EACCES;
}

int mgc_of_mid(const struct h248 *h, const struct h248_route *r, const struct mid *mid,
	       const struct pn_addr *from, struct pn_addr *out)
{
	struct pn_addr a = mid->form == MID_PORT ? *from : mid->addr;

	if (mid->form == MID_DOMAIN)
		return of_name(h, r, mid, out);
	if (mid->form != MID_IP && mid->form != MID_PORT)
		return -EACCES;
	a.port = mid->port ? mid->port : from->port;
	if (!mgc_known(h, r, &a) || h->svc->addr_own(h->host, r->to, &a))
		return -EACCES;
	*out = a;
	return 0;
}
