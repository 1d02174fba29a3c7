#include "transport.h"

#include <errno.h>
#include <string.h>

static struct pn_addr addr_of(const OCTET_STRING_t *ip, long port)
{
	struct pn_addr a = { .family = ip->size == 4 ? 4 : 6, .port = (uint16_t)port };

	if (!ip->buf || (ip->size != 4 && ip->size != 16))
		return (struct pn_addr){ 0 };
	memcpy(a.ip, ip->buf, (size_t)ip->size);
	return a;
}

struct pn_addr transport_get(const struct TransportAddress *t)
{
	if (t && t->present == TransportAddress_PR_ipAddress)
		return addr_of(&t->choice.ipAddress.ip, t->choice.ipAddress.port);
	if (t && t->present == TransportAddress_PR_ip6Address)
		return addr_of(&t->choice.ip6Address.ip, t->choice.ip6Address.port);
	if (t && t->present == TransportAddress_PR_ipSourceRoute)
		return addr_of(&t->choice.ipSourceRoute.ip, t->choice.ipSourceRoute.port);
	return (struct pn_addr){ 0 };
}

void transport_write(struct TransportAddress *t, uint8_t ip[16], const struct pn_addr *a)
{
	*t = (struct TransportAddress){ 0 };
	memcpy(ip, a->ip, 16);
	if (a->family == 4) {
		t->present = TransportAddress_PR_ipAddress;
		t->choice.ipAddress.ip = (OCTET_STRING_t){ .buf = ip, .size = 4 };
		t->choice.ipAddress.port = a->port;
	} else {
		t->present = TransportAddress_PR_ip6Address;
		t->choice.ip6Address.ip = (OCTET_STRING_t){ .buf = ip, .size = 16 };
		t->choice.ip6Address.port = a->port;
	}
}

int transport_set(struct pdu *p, struct TransportAddress *t, const struct pn_addr *a)
{
	uint8_t *ip;

	if (t->present == TransportAddress_PR_ipAddress && a->family == 4) {
		memcpy(t->choice.ipAddress.ip.buf, a->ip, 4);
		t->choice.ipAddress.port = a->port;
		return 0;
	}
	if (t->present == TransportAddress_PR_ip6Address && a->family == 6) {
		memcpy(t->choice.ip6Address.ip.buf, a->ip, 16);
		t->choice.ip6Address.port = a->port;
		return 0;
	}
	if (!p->lossless)
		return -EOPNOTSUPP;
	ip = aper_alloc(p->m, 16);
	if (!ip)
		return -ENOMEM;
	transport_write(t, ip, a);
	return 0;
}

struct TransportAddress *transport_new(struct pdu *p, const struct pn_addr *a)
{
	struct TransportAddress *t = aper_alloc(p->m, sizeof(*t));
	uint8_t *ip = aper_alloc(p->m, 16);

	if (!t || !ip)
		return NULL;
	transport_write(t, ip, a);
	return t;
}

struct pn_addr leaf_get(const struct aper_leaf *leaf)
{
	struct pn_addr a = { .family = leaf->family, .port = (uint16_t)*leaf->port };

	memcpy(a.ip, leaf->ip, leaf->family == 4 ? 4 : 16);
	return a;
}

int leaf_set(const struct aper_leaf *leaf, const struct pn_addr *a)
{
	if (a->family != leaf->family)
		return -EOPNOTSUPP;
	memcpy(leaf->ip, a->ip, leaf->family == 4 ? 4 : 16);
	*leaf->port = a->port;
	return 0;
}
