/* Listeners and connections of the kernel, as struct net_ops wants them (transport.h). */
#ifndef CORE_TCP_H
#define CORE_TCP_H

#include "net.h"

void *tcp_listen(void *loop, const struct pn_realm *realm, const struct pn_addr *local, void *owner);
void *tcp_connect(void *loop, const struct pn_realm *realm, const struct pn_addr *to, void *owner);
long tcp_write(void *conn, const void *data, size_t len);
void tcp_want_write(void *conn, int on);
void tcp_close(void *sock_or_conn);

#endif
