#include "h323.h"

#include <errno.h>

bool h323_is_access(const struct h323 *h, const struct pn_realm *r)
{
	return h->svc->realm_info(r)->side == PN_ACCESS;
}

struct pn_addr h323_local(const struct h323 *h, uint64_t flow)
{
	struct pn_flow_info info = { .size = sizeof(info) };

	if (!flow || h->svc->flow_info(h->host, flow, &info))
		return (struct pn_addr){ 0 };
	return info.local;
}

struct pn_addr h323_listener(const struct h323 *h, struct pn_realm *r, enum pn_transport t, int family)
{
	return h323_local(h, h->svc->flow_listener(h->host, r, t, family));
}

const char *h323_print(const struct h323 *h, const struct pn_addr *a, char out[H323_ADDR_LEN])
{
	int n = h->svc->addr_print(a, out, H323_ADDR_LEN);

	out[n > 0 && (size_t)n < H323_ADDR_LEN ? n : 0] = '\0';
	return out;
}

void h323_unsent(const struct h323 *h, int err)
{
	bool leaks = err == -EOPNOTSUPP || err == -EADDRNOTAVAIL;

	h->svc->count(h->host, leaks ? H323_CNT_LEAKS : H323_CNT_UNDECODABLE);
}
