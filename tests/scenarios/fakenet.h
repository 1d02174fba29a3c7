/* The network of a scenario: hosts with addresses, queues of what reached them. It stands in for udp.c
 * and tcp.c (struct net_ops) and for the relay's sockets (struct relay_net). */
#ifndef SCENARIOS_FAKENET_H
#define SCENARIOS_FAKENET_H

#include "relay.h"
#include "transport.h"

struct fakenet;

struct packet { /* what Postern sent */
	struct packet *next;
	unsigned realm;
	struct pn_addr from, to;
	size_t len;
	uint8_t data[];
};

struct fakenet *fakenet_new(struct loop *l);
void fakenet_free(struct fakenet *n);
extern const struct net_ops fakenet_ops;
extern const struct relay_net fakenet_media_ops;

/* The first datagram to this address in the realm, taken off the queue; NULL. Free with free(). */
struct packet *fakenet_take(struct fakenet *n, unsigned realm, const struct pn_addr *to);
struct packet *fakenet_take_media(struct fakenet *n, unsigned realm, const struct pn_addr *to);
/* What nobody took (for the end of a scenario, and for `nothing`); to NULL: to anybody. */
const struct packet *fakenet_left(struct fakenet *n, const struct pn_addr *to);
const struct packet *fakenet_left_media(struct fakenet *n);
void fakenet_flush(struct fakenet *n, const struct pn_addr *to);
void fakenet_flush_media(struct fakenet *n);
/* A datagram arrives; `to` port 0: Postern's first listener at that IP. -ENOENT: nobody listens. */
int fakenet_deliver(struct fakenet *n, unsigned realm, const struct pn_addr *from, const struct pn_addr *to,
		    const void *data, size_t len);

/* TCP: a host's connection to Postern, or Postern's to it, known by the host's address. `to` as above. */
int fakenet_listen(struct fakenet *n, unsigned realm, const struct pn_addr *host); /* accepts Postern's connect */
int fakenet_connect(struct fakenet *n, unsigned realm, const struct pn_addr *host, const struct pn_addr *to);
int fakenet_stream(struct fakenet *n, unsigned realm, const struct pn_addr *host, const void *data, size_t len);
struct buf *fakenet_received(struct fakenet *n, unsigned realm, const struct pn_addr *host);
/* Postern's end of it; NULL: there is none. */
const struct pn_addr *fakenet_local(struct fakenet *n, unsigned realm, const struct pn_addr *host);
int fakenet_hangup(struct fakenet *n, unsigned realm, const struct pn_addr *host);
bool fakenet_connected(struct fakenet *n, unsigned realm, const struct pn_addr *host);

#endif
