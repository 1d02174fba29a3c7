/* Who may send to a realm: a list of prefixes and a rate per source. Pure; one per realm. */
#ifndef CORE_ACL_H
#define CORE_ACL_H

#include "addr.h"

struct acl;

/* The longest prefix that has the source decides, of two equal ones deny. What neither list names
 * passes if `allow` is empty. rate: packets per second and source (an IPv4 address, an IPv6 /64), 0 for
 * no limit; burst 0: as many as pass in one second. NULL: out of memory. */
struct acl *acl_new(const struct prefixes *allow, const struct prefixes *deny, unsigned rate,
		    unsigned burst);
void acl_free(struct acl *a);
/* One packet or connection from src: 0, -EACCES (the list), -EDQUOT (too fast). */
int acl_check(struct acl *a, const struct pn_addr *src, uint64_t now_ms);

#endif
