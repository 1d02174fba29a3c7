/* The kernel's network below the transport: udp.c and tcp.c as one struct net_ops, and what both need of
 * sockets. */
#ifndef CORE_NET_H
#define CORE_NET_H

#include "transport.h"

extern const struct net_ops net_kernel; /* its net argument is the struct loop */

/* How a socket of udp.c or tcp.c begins. */
struct tuned {
	int fd; /* -1: closed */
	int family;
};

/* A non-blocking socket of the realm (device, mark, DSCP; IPv6 only where it is IPv6), bound to `local`
 * (port 0: any). The descriptor, or -errno. */
int net_socket(const struct pn_realm *realm, int type, const struct pn_addr *local);
int net_mark(int fd, const struct pn_realm *realm, int family); /* -errno */

#endif
