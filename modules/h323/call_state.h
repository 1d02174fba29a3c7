/* One call that passes through: its two legs, what is known of its media, and what waits. H.225.0 8.1.
 * call.c makes and ends it; link.c has the connections. */
#ifndef H323_CALL_STATE_H
#define H323_CALL_STATE_H

#include "route.h"
#include "traversal.h"

#define CALL_STREAMS_MAX 16u
#define CALL_QUEUE_MAX 64u
#define CALL_REJECTS_MAX 16u

struct call;
struct call_leg;

LIST_HEAD(call_legs, call_leg);
LIST_HEAD(calls, call);

/* A TCP connection: for call signalling of one or more calls, or for H.245 of one. */
struct call_link {
	struct h323 *h;
	uint64_t flow;
	struct pn_realm *realm;
	struct pn_addr local, remote;
	bool open;
	bool maintained;       /* it stays when its last call is over, as long as the far end will */
	struct call_legs legs; /* of call signalling */
	struct call *control;  /* whose H.245; NULL: it is call signalling */
	enum pn_side side;     /* of that */
	bool ras;              /* it carries RAS as well: ras_tunnel.h */
	struct h323_forward *forward; /* a Setup by it goes there; owned; NULL */
};

struct call_leg {
	LIST_ENTRY(call_leg) of_link;
	struct call *call;
	enum pn_side side;
	struct call_link *link; /* NULL: not yet, or gone */
	struct pn_realm *realm;
	struct pn_addr peer;    /* its signalling address as the network shows it */
	struct pn_addr claimed; /* as it says it is */
	struct h323_terminal *terminal;
	bool traverses; /* it opens all connections itself, when asked (H.460.18) */
	bool media_traverses; /* it does H.460.19, or may for all that we know */
};

/* A medium in both directions (H.245 sessionID). */
struct call_stream {
	uint8_t session; /* 0: the master has not given it a number */
	unsigned channels;
};

/* An H.245 logical channel. */
struct call_channel {
	enum pn_side opener;
	uint16_t number;
	uint8_t stream;
};

/* The H.245 connection towards one side. Until it stands it may be awaited and dialled at once: the first wins. */
struct call_control {
	struct call_link *up, *awaited, *dialled;
	struct pn_addr said;  /* its h245Address; family 0: none, or nobody is there */
	struct pn_addr shown; /* where it is awaited, or came to; family 0 */
	bool offered;         /* it was told of that since it said its own */
};

TAILQ_HEAD(call_items, call_item);

/* A channel that a side opens in vain (reject.h). */
struct call_reject {
	long number;
	int err;
};

struct call_item {
	TAILQ_ENTRY(call_item) in_queue;
	enum pn_side side;
	bool control; /* H.245 of its own connection; else Q.931 */
	size_t len;
	uint8_t text[];
};

struct call {
	LIST_ENTRY(call) all;
	struct h323 *h;
	struct pn_session *session;
	uint8_t id[H323_GUID];
	bool has_id;
	uint16_t reference;
	struct call_leg leg[2];
	struct pn_addr to; /* destCallSignalAddress for side B */
	struct h323_traversal *traversal;
	struct pn_timer *dead;
	bool ready;    /* side B is there */
	bool begun;    /* it has heard of the call */
	bool waiting;  /* for addresses of media */
	bool running;  /* the queue */
	bool answered;
	bool over;
	struct call_items queue;
	struct call_items held; /* of H.245, until its connection to the other side stands */
	size_t queued, n_held;

	struct call_stream stream[CALL_STREAMS_MAX];
	size_t n_streams;
	struct pn_media said[2][CALL_STREAMS_MAX]; /* by each side */
	struct call_channel *channel;
	size_t n_channels;

	struct call_reject reject[CALL_REJECTS_MAX]; /* of the message in hand */
	size_t n_rejects;

	struct call_control control[2];
	unsigned forwards; /* forward.h */
};

struct h323_calls {
	struct pn_table *link_by_flow, *leg_by_reference;
	struct calls all;
	size_t n;
	uint64_t next;
};

static inline enum pn_side call_other(enum pn_side side)
{
	return side == PN_SIDE_A ? PN_SIDE_B : PN_SIDE_A;
}

/* What a Setup says. */
struct call_args {
	struct call_link *link;
	uint16_t reference;
	const struct h323_wish *wish;
	const struct h323_way *way;
	struct pn_addr claimed; /* sourceCallSignalAddress */
	struct pn_str from, to; /* whom the CDR shall name */
};

/* A call that a Setup begins, not yet with side B. 0; -ENOSPC, -ENOMEM, -EEXIST, or what admit_session(),
 * flow_open() or traversal_begin() said. */
int call_new(struct h323 *h, const struct call_args *a, struct call **out);
/* What came from one side; it goes its way in order. */
void call_give(struct call *c, enum pn_side side, bool control, struct pn_str text);
/* Side B has its connection: what waits may go. */
void call_ready(struct call *c);
/* The H.245 connection towards the other side stands: what `side` said goes on. */
void call_release(struct call *c, enum pn_side side);
/* There is no such connection any more: what waits for it is void. */
void call_forget_held(struct call *c);
/* The end, now; nothing is sent. The call is freed at the end of the turn. */
void call_end(struct call *c, enum pn_cause cause);
/* Tells both sides first, own.h says in what words. */
void call_refuse(struct call *c, int err, enum pn_cause cause);
/* What stands at h->out + TPKT_HEADER, to a connection that may be NULL; -ENOTCONN, or what flow_send said. */
int call_send(struct h323 *h, struct call_link *l, long len);
#endif
