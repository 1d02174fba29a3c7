/* Addresses (struct pn_addr), prefixes, and what kind of place an address is. */
#ifndef CORE_ADDR_H
#define CORE_ADDR_H

#include "postern/module.h"
#include <stdbool.h>
#include <sys/socket.h>

#define ADDR_TEXT 56 /* room for addr_print with port and terminator */

struct prefix {
	struct pn_addr addr; /* host bits zero */
	uint8_t bits;
};

struct prefixes {
	struct prefix *list;
	size_t n;
};

int addr_parse(struct pn_str text, struct pn_addr *out);      /* IP literal, [] allowed; -EINVAL */
int addr_parse_port(struct pn_str text, uint16_t def, struct pn_addr *out); /* IP[:port] */
int addr_print(const struct pn_addr *a, char *out, size_t cap); /* with port unless 0; its length */
const char *addr_text(const struct pn_addr *a); /* one of 8 static buffers: for logs only */
bool addr_eq(const struct pn_addr *a, const struct pn_addr *b);      /* address and port */
bool addr_same_ip(const struct pn_addr *a, const struct pn_addr *b);
bool addr_same_net(const struct pn_addr *a, const struct pn_addr *b, unsigned bits4, unsigned bits6);
uint64_t addr_hash(const struct pn_addr *a, uint64_t seed);
socklen_t addr_to_sockaddr(const struct pn_addr *a, struct sockaddr_storage *out);
int addr_of_sockaddr(const struct sockaddr *sa, struct pn_addr *out); /* v4-mapped becomes IPv4 */

/* Loopback, link-local, multicast, broadcast, unspecified, v4-mapped: never a destination
 * (latch.md 8). */
bool addr_is_special(const struct pn_addr *a);
bool addr_is_group(const struct pn_addr *a); /* IPv4 multicast */
/* Outside of the private and special blocks of RFC 6890. The documentation blocks of RFC 5737 and
 * RFC 3849 count as global: labs and examples live there. */
bool addr_is_global(const struct pn_addr *a);

int prefix_parse(struct pn_str text, struct prefix *out); /* "10.0.0.0/8", "192.0.2.1"; -EINVAL */
bool prefix_has(const struct prefix *p, const struct pn_addr *a);
int prefixes_parse(const char *text, struct prefixes *out); /* separated by blanks or commas */
bool prefixes_have(const struct prefixes *p, const struct pn_addr *a);
void prefixes_free(struct prefixes *p);

#endif
