#include "way.h"

#include <errno.h>

#include "ras_tunnel.h"

bool way_by_trunk(const struct h323_terminal *t)
{
	struct pn_addr pinhole = terminal_pinhole(t);

	return t->h->svc->flow_trunk(t->h->host, t->access, &pinhole, &t->signal);
}

int way_to_terminal(struct h323_terminal *callee, struct h323_way *out)
{
	struct h323_way way = { .reach = H323_BY_ADDRESS,
				.realm = callee->access,
				.to = callee->signal,
				.callee = callee };

	if (ras_tunnel_is(callee->h, callee->flow))
		way.reach = H323_BY_LINK;
	else if (callee->traversal && !way_by_trunk(callee))
		way.reach = H323_BY_TRAVERSAL;
	else if (!terminal_plain(callee) && !way_by_trunk(callee))
		return -ENETUNREACH;
	*out = way;
	return 0;
}

int way_to_peer(struct h323 *h, struct pn_realm *realm, const struct pn_peer *peer, struct h323_way *out)
{
	struct pn_addr to;

	if (h->svc->peer_addr(peer, 0, &to))
		return -EHOSTUNREACH;
	*out = (struct h323_way){ .reach = H323_BY_ADDRESS, .realm = realm, .to = to };
	return 0;
}
