/* The kernel socket of a local media port. */
#ifndef CORE_RELAY_SOCKET_H
#define CORE_RELAY_SOCKET_H

#include "addr.h"

struct socket_marking {
	const char *device; /* SO_BINDTODEVICE, or NULL */
	int dscp;           /* -1: leave */
	uint32_t fwmark;    /* 0: none */
};

/* Bound, not blocking; -EADDRINUSE, -EMFILE ... -errno. The firewall mark needs CAP_NET_ADMIN and is
 * best effort: *unmarked tells that it was refused. */
int relay_socket(const struct pn_addr *local, const struct socket_marking *m, bool *unmarked);

#endif
