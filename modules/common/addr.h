/* Comparing addresses, and prefixes of them as a configuration names them. */
#ifndef COMMON_ADDR_H
#define COMMON_ADDR_H

#include "text.h"

struct addr_prefix {
	struct pn_addr addr;
	unsigned bits;
};

bool addr_same_ip(const struct pn_addr *a, const struct pn_addr *b);
bool addr_same(const struct pn_addr *a, const struct pn_addr *b);
/* "192.0.2.0/24", "2001:db8::/32"; without "/" the address alone. -EINVAL. */
int addr_prefix_parse(const struct pn_services *svc, struct pn_str text, struct addr_prefix *out);
bool addr_prefix_has(const struct addr_prefix *p, const struct pn_addr *a);

#endif
