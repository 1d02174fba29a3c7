/* A TCP connection that carries TPKT (RFC 1006 6), and the socket that waits for one. Sockets of a test may
 * block: nobody else waits for this program. */
#ifndef LAB_H323_LINK_H
#define LAB_H323_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

struct link {
	int listener; /* -1: none */
	int fd;       /* -1: not connected */
	size_t cut;   /* so many octets are given to TCP at a time; 0: all */
	uint8_t data[1 << 17];
	size_t len;
};

typedef void link_fn(void *arg, const uint8_t *payload, size_t len);

void link_init(struct link *l);
/* Wait at an address, whose port may be 0 and is then filled in. 0 or -errno. */
int link_listen(struct link *l, struct sockaddr_in *at);
int link_accept(struct link *l, struct sockaddr_in *peer);
int link_connect(struct link *l, struct in_addr from, const struct sockaddr_in *to);
int link_send(struct link *l, const uint8_t *payload, size_t len);
/* Give each whole TPKT that came to fn. -ECONNRESET: the peer closed, -EPROTO: no TPKT. */
int link_receive(struct link *l, link_fn *fn, void *arg);
void link_close(struct link *l); /* the connection; the listener stays */
void link_stop(struct link *l);  /* both */

#endif
