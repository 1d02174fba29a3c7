#include "addr.h"

#include <errno.h>
#include <string.h>

bool addr_same_ip(const struct pn_addr *a, const struct pn_addr *b)
{
	return a->family == b->family && !memcmp(a->ip, b->ip, a->family == 4 ? 4 : 16);
}

bool addr_same(const struct pn_addr *a, const struct pn_addr *b)
{
	return addr_same_ip(a, b) && a->port == b->port;
}

int addr_prefix_parse(const struct pn_services *svc, struct pn_str text, struct addr_prefix *out)
{
	const char *slash = memchr(text.p, '/', text.len);
	struct pn_str ip = { text.p, slash ? (size_t)(slash - text.p) : text.len };
	struct addr_prefix p = { 0 };
	uint32_t bits;

	if (!ip.len || svc->addr_parse(ip, &p.addr))
		return -EINVAL;
	p.bits = p.addr.family == 4 ? 32 : 128;
	if (slash) {
		if (str_u32((struct pn_str){ slash + 1, text.len - ip.len - 1 }, &bits) ||
		    bits > p.bits)
			return -EINVAL;
		p.bits = bits;
	}
	*out = p;
	return 0;
}

bool addr_prefix_has(const struct addr_prefix *p, const struct pn_addr *a)
{
	unsigned octets = p->bits / 8, rest = p->bits % 8;

	if (p->addr.family != a->family || memcmp(p->addr.ip, a->ip, octets))
		return false;
	return !rest || !((p->addr.ip[octets] ^ a->ip[octets]) >> (8 - rest));
}
