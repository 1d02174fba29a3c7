/* The softswitches of a route: those configured, and the prefixes to which one of them may hand a
 * terminal over. Names that come from the network are compared, never resolved. */
#ifndef COMMON_SOFTSWITCH_H
#define COMMON_SOFTSWITCH_H

#include "addr.h"
#include "conf_read.h"

#define SOFTSWITCHES_MAX 8u
#define SOFTSWITCH_FOLLOW_MAX 16u

struct softswitches {
	const struct pn_services *svc;
	struct {
		struct pn_peer *peer;
		char *host; /* as configured, without the port */
	} one[SOFTSWITCHES_MAX];
	size_t n;
	struct addr_prefix follow[SOFTSWITCH_FOLLOW_MAX];
	size_t n_follow;
};

/* Reads the children of a <route>: <NAME address="host[:port]"/> and <follow prefix=""/>; errors
 * are told. */
void softswitches_read(struct conf_read *r, const struct pn_conf *route, const char *name,
		       uint16_t default_port, struct softswitches *out);
void softswitches_free(struct softswitches *s);
/* The index-th configured address, over all of them and their addresses; -ENOENT past the last. */
int softswitch_at(const struct softswitches *s, size_t index, struct pn_addr *out);
/* The configured address after this one, the first after the last, an unknown one, or none (family
 * 0); it may be the same one again. -ENOENT: none is known. */
int softswitch_next(const struct softswitches *s, const struct pn_addr *after, struct pn_addr *out);
/* Is it the IP of a configured one, or in a prefix that may be followed? */
bool softswitch_known(const struct softswitches *s, const struct pn_addr *a);
/* The first address of the one that is configured by this name, at this port unless it is 0.
 * -EACCES: none. */
int softswitch_named(const struct softswitches *s, struct pn_str host, uint16_t port,
		     struct pn_addr *out);

#endif
