/* Datagram sockets of the kernel, as struct net_ops wants them (transport.h). */
#ifndef CORE_UDP_H
#define CORE_UDP_H

#include "net.h"

void *udp_bind(void *loop, const struct pn_realm *realm, const struct pn_addr *local, void *owner);
int udp_send(void *sock, const struct pn_addr *to, const void *data, size_t len);
void udp_close(void *sock);

#endif
