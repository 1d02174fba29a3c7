/* libpostern-pinhole: pinholes for a program behind a NAT or firewall whose gateway is Postern.
 *
 * The library has no sockets and no clock: the program owns the UDP socket whose pinhole it wants (that of its RTP,
 * RTCP or signalling), sends what pn_pinhole_output() writes from it, hands in the datagrams that came from the
 * gateway, and waits no longer than pn_pinhole_next() says. Nothing here blocks. One object belongs to one thread
 * at a time. Times are milliseconds of a clock that never goes back.
 *
 *	struct pn_pinhole_conf conf = { .size = sizeof(conf), .kind = PN_PINHOLE_MEDIA, .gateway = gw };
 *	struct pn_pinhole *p = pn_pinhole_new(&conf, now);
 *	for (;;) {
 *		while ((len = pn_pinhole_output(p, now, buf, sizeof(buf))) > 0)
 *			sendto(fd, buf, len, 0, gw, gwlen);
 *		... wait for fd or until pn_pinhole_next(p) ...
 *		if (pn_pinhole_input(p, now, from, data, len) == PN_PINHOLE_NOT_OURS)
 *			... media, signalling ...
 *	}
 *
 * docs/pinhole-protocol.md describes the messages, libpostern-pinhole(3) each function. */
#ifndef POSTERN_PINHOLE_H
#define POSTERN_PINHOLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

#define PN_PINHOLE_BUFFER 1200 /* room that pn_pinhole_output() needs */
#define PN_PINHOLE_PORT 3478   /* the gateway's port for media, unless it is configured otherwise */

struct pn_login;
struct pn_pinhole;

/* Who asks, for pinholes that are authenticated: a network that the gateway knows, its secret, and a name for
 * this device that no other in the network has. All strings are copied. */
struct pn_login_conf {
	uint32_t size; /* sizeof(struct pn_login_conf) */
	const char *network, *agent;
	const void *secret;
	size_t secret_len;
	uint64_t wall_us, now_ms; /* the time of day in microseconds since 1970, and now */
};

struct pn_login *pn_login_new(const struct pn_login_conf *conf); /* NULL and errno: EINVAL, ENOMEM */
void pn_login_free(struct pn_login *l);				 /* after its pinholes */

enum pn_pinhole_kind {
	PN_PINHOLE_MEDIA = 1,   /* for media: authenticated when there is a login, else plain STUN */
	PN_PINHOLE_REGISTER = 2 /* for signalling: registers the socket and its subscribers; needs a login */
};

struct pn_pinhole_conf {
	uint32_t size; /* sizeof(struct pn_pinhole_conf) */
	enum pn_pinhole_kind kind;
	struct pn_login *login; /* NULL: plain STUN */
	const struct sockaddr *gateway;
	const struct sockaddr *inner; /* the socket's own address; may be NULL without a login */
	const struct sockaddr *final; /* the terminal's address, if it is another one and may be shown; else NULL */
	const char *protocol;         /* REGISTER: "sip", "mgcp", "h248", "h323" */
	uint32_t lifetime_s;          /* REGISTER: asked for; 0: as the gateway likes */
	uint32_t keep_ms;             /* refresh so long after each answer; 0: never */
};

struct pn_pinhole *pn_pinhole_new(const struct pn_pinhole_conf *conf, uint64_t now_ms); /* as pn_login_new */
void pn_pinhole_free(struct pn_pinhole *p);

/* The length of what is to be sent to the gateway now, 0 for nothing; -ETIMEDOUT, once, when the gateway did not
 * answer for about 40 s: it is tried again after a pause. Call again until it returns 0 or less. */
int pn_pinhole_output(struct pn_pinhole *p, uint64_t now_ms, void *buf, size_t cap);
/* When to call pn_pinhole_output() again at the latest; UINT64_MAX: no hurry. */
uint64_t pn_pinhole_next(const struct pn_pinhole *p);

enum pn_pinhole_event {
	PN_PINHOLE_NOT_OURS = 0, /* the datagram is none of the pinhole's: yours */
	PN_PINHOLE_NOTHING,
	PN_PINHOLE_OPEN,    /* the pinhole stands: pn_pinhole_mapped() */
	PN_PINHOLE_KEPT,    /* refreshed, all as it was */
	PN_PINHOLE_MOVED,   /* the NAT gave it another address: pn_pinhole_mapped() */
	PN_PINHOLE_REFUSED, /* by the gateway: pn_pinhole_error(); tried again after a pause */
	PN_PINHOLE_JOINED,  /* what is sent from here comes out at another socket of this agent: pn_pinhole_peer() */
	PN_PINHOLE_UNJOINED
};

enum pn_pinhole_event pn_pinhole_input(struct pn_pinhole *p, uint64_t now_ms, const struct sockaddr *from,
				       const void *data, size_t len);

/* The length of the address; 0: there is none (yet, any more). */
socklen_t pn_pinhole_mapped(const struct pn_pinhole *p, struct sockaddr_storage *out);
socklen_t pn_pinhole_peer(const struct pn_pinhole *p, struct sockaddr_storage *out);
/* Of the last request: 0, a STUN error code (400, 401, 420, 438, 486, 500), or -ETIMEDOUT. */
int pn_pinhole_error(const struct pn_pinhole *p);

struct pn_subscriber {
	const char *identity;            /* how the softswitch calls it; at most 255 octets */
	const struct sockaddr *terminal; /* its address inside */
};

/* REGISTER: all subscribers that are reached through this socket; copied. 0, -EINVAL, -E2BIG, -ENOMEM. */
int pn_pinhole_subscribers(struct pn_pinhole *p, const struct pn_subscriber *list, size_t n, uint64_t now_ms);
/* REGISTER: one message that gives the registration back; its length. Then only free. */
int pn_pinhole_end(struct pn_pinhole *p, uint64_t now_ms, void *buf, size_t cap);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
