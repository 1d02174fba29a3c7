/* The inside end of the pinhole protocol for one socket, without any I/O: it says what to send and when, and is
 * given what came. posternd's agent, libpostern-pinhole and postern-pinhole are made of it.
 *
 * It asks the gateway for the socket's pinhole (and for a signalling socket: registers its subscribers), sends
 * requests again until they are answered (RFC 8489 s.6.2.1), answers 401 and 438 with credentials, refreshes what
 * stands, and after a failure begins anew with growing pauses. The transaction under way is the only thing that
 * it waits for: there is one at a time. */
#ifndef PINHOLE_CLIENT_H
#define PINHOLE_CLIENT_H

#include "pinhole/message.h"

/* ---- who we are: one for all sockets of an agent ---- */

struct pinhole_login;

struct pinhole_login_conf {
	struct pn_str network, agent, secret; /* copied; 1 to MESSAGE_NAME octets, the secret 1 to 256 */
	uint64_t wall_us, now_ms; /* both clocks at one moment: ORDER goes on from there */
};

struct pinhole_login *pinhole_login_new(const struct pinhole_login_conf *c); /* NULL and errno: EINVAL, ENOMEM */
void pinhole_login_free(struct pinhole_login *l); /* after all its clients */
/* REALM and the nonce for CMPHs as the last answer brought them; empty: none yet. Clients of the login share
 * them: the Registration Response brings the nonce that CMPHs use. */
struct pn_str pinhole_login_realm(const struct pinhole_login *l);
struct pn_str pinhole_login_nonce(const struct pinhole_login *l);

/* ---- one socket ---- */

struct pinhole_client;

enum pinhole_kind {
	PINHOLE_PLAIN,    /* media, plain STUN */
	PINHOLE_MEDIA,    /* media, authenticated */
	PINHOLE_REGISTER, /* signalling: Registration */
};

struct pinhole_client_conf {
	enum pinhole_kind kind;
	struct pinhole_login *login; /* not for PLAIN */
	struct pn_addr gateway;      /* where to: answers come from there alone */
	struct pn_addr inner;        /* the socket's own address; PLAIN: family 0 leaves it out */
	struct pn_addr final;        /* MEDIA: the terminal's, family 0 withholds it */
	struct pn_str protocol;      /* REGISTER; copied */
	uint32_t lifetime_s;         /* REGISTER: asked for; 0 leaves it to the gateway */
	uint64_t keep_ms;            /* how long after an answer to refresh, 0: never; at most half of a lifetime granted */
	bool reliable;               /* the request goes through TCP: it is never sent twice */
};

struct pinhole_client *pinhole_client_new(const struct pinhole_client_conf *c, uint64_t now_ms); /* as above */
void pinhole_client_free(struct pinhole_client *c);

/* What is to be sent to the gateway now: its length; 0: nothing; -ETIMEDOUT (once): there was no answer, it will
 * be tried again after a pause. Call until 0. cap of at least MESSAGE_MAX. */
int pinhole_client_output(struct pinhole_client *c, uint64_t now_ms, void *buf, size_t cap);
/* When output wants to be called next; UINT64_MAX: not before something happens. */
uint64_t pinhole_client_next(const struct pinhole_client *c);

enum pinhole_event {
	PINHOLE_NOT_OURS, /* not an answer to us, nor an indication for us: somebody else's */
	PINHOLE_NOTHING,  /* ours, and nothing to be told */
	PINHOLE_OPEN,     /* the pinhole stands, for the first time or again after a failure */
	PINHOLE_KEPT,     /* refreshed, all as it was */
	PINHOLE_MOVED,    /* it has another address than before; confirmed by a request of its own at once */
	PINHOLE_REFUSED,  /* error response: see pinhole_client_info.error; tried again after a pause */
	PINHOLE_JOINED,   /* info.peer: media sent from here comes out at that own address; or at another than before */
	PINHOLE_UNJOINED, /* it does no more */
};

/* At most one thing happens at a time, OPEN, MOVED and REFUSED before JOINED (look at info.peer then). */
enum pinhole_event pinhole_client_input(struct pinhole_client *c, uint64_t now_ms, const struct pn_addr *from,
					const void *data, size_t len);

struct pinhole_client_info {
	bool open;             /* a pinhole stands, as far as we know */
	struct pn_addr mapped; /* family 0: none yet */
	struct pn_addr peer;   /* JOINED; family 0: not */
	uint32_t lifetime_s;   /* granted; 0: not told */
	int error;             /* of the last answer; 0; -ETIMEDOUT: none came */
	unsigned sent;         /* how often the request under way was sent; 0: none is under way */
	uint64_t answered_ms;  /* when the last success came */
	unsigned forgotten;    /* how often the gateway had lost what it was told, as after a restart */
};

void pinhole_client_info(const struct pinhole_client *c, struct pinhole_client_info *out);

void pinhole_client_keep(struct pinhole_client *c, uint64_t keep_ms); /* from the last answer on */
void pinhole_client_refresh(struct pinhole_client *c, uint64_t now_ms); /* at once, or as soon as the one under way ends */
void pinhole_client_final(struct pinhole_client *c, const struct pn_addr *final); /* with the next refresh */
/* REGISTER: all subscribers, copied; sent at once. -E2BIG: more than PINHOLE_SUBSCRIBERS; -EINVAL; -ENOMEM: as
 * they were. */
#define PINHOLE_SUBSCRIBERS 65536u
int pinhole_client_subscribers(struct pinhole_client *c, const struct message_subscriber *list, size_t n,
			       uint64_t now_ms);
/* REGISTER: gives the registration back (lifetime 0). One message, no answer is awaited; then only free. */
int pinhole_client_end(struct pinhole_client *c, uint64_t now_ms, void *buf, size_t cap);

#endif
