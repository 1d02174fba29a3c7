/* The media relay, seen by the control side: commands go down, latches, final reports and counters
 * come up. How packets move (media threads with sockets now, the kernel later) stays behind it.
 *
 * A relay stream has two sides with a local pair each (RTP, RTCP). Side B may have several branches
 * (forks), each with its own rules and latch; side A is shared by them. What A sends goes to the
 * current branch (the last that was set) until one is chosen; what any branch sends goes to A.
 * A destination that is a local port of a live relay stream is an internal hop: the packet is handed
 * over inside, at most 4 times, without leaving. Only relay.c decides about hops: it keeps the one
 * table of live ports, and looks destinations up whenever rules change or a port opens or closes.
 *
 * A realm may have a shared port for each of its addresses, for peers behind firewalls that let one port
 * out. A side there has no pair of its own: its packets are told from all others by where they come from,
 * which must be known first (relay_set), and what goes to it leaves from the shared port. The port above
 * is for RTCP of peers that keep to the old rule: such a packet belongs to the one stream whose RTP comes
 * from the same IP with the same SSRC, and is dropped when there are several. One media thread serves a
 * shared port, and the streams with a side there. A shared port is never an internal hop. */
#ifndef CORE_RELAY_H
#define CORE_RELAY_H

#include "latch.h"
#include "loop.h"
#include "reach.h"

#define RELAY_BRANCHES 8u /* per stream */
#define RELAY_REALMS 256u
#define RELAY_STREAMS_MAX (1u << 20)
#define RELAY_STUN_MAX 1280u /* octets of a STUN message */
enum relay_component { RELAY_RTP = 0, RELAY_RTCP = 1 };

struct relay;

/* Where packets enter and leave. With threads > 0 the relay owns kernel sockets and this is NULL; the
 * scenario player hands its own network in and calls relay_input(). */
struct relay_net {
	int (*bind)(void *net, unsigned realm, const struct pn_addr *local); /* -EADDRINUSE */
	void (*unbind)(void *net, unsigned realm, const struct pn_addr *local);
	void (*send)(void *net, unsigned realm, const struct pn_addr *local, const struct pn_addr *to,
		     const void *data, size_t len);
};

struct relay_place { /* a local port */
	unsigned realm;
	uint32_t stream;         /* 0: a shared port itself, from nobody that is known there */
	uint8_t side, component; /* of the stream; stream 0: RELAY_RTCP is the port above the shared one */
};

struct relay_events { /* all on the loop's thread; any may be NULL */
	/* Learned (moved: it was another before). Non-zero vetoes: the source is dropped again. */
	int (*on_latch)(void *arg, uint32_t stream, unsigned side, unsigned branch, unsigned component,
			const struct pn_addr *where, int moved);
	/* After relay_close: the worker let go, the ports are unbound, the counters are final. */
	void (*on_final)(void *arg, uint32_t stream);
	/* A STUN message (cookie and length are right, the rest is unknown) at a shared port, or at a
	 * stream's from its `tap`. It is not relayed. At most RELAY_STUN_MAX octets; too many of them are
	 * dropped and counted. The stream may be closing. */
	void (*on_stun)(void *arg, const struct relay_place *at, const struct pn_addr *from, const void *data,
			size_t len);
};

struct relay_conf {
	struct loop *loop; /* with threads the relay takes its loop_on_wake() */
	unsigned threads; /* 0: in line, with net */
	const struct relay_net *net;
	void *net_arg;
	const struct relay_events *events;
	void *arg;
	uint32_t max_streams;
	uint32_t deadlock_ms; /* latch.md 9: 2000; 0 never */
};

struct relay_realm { /* what all ends in a realm have in common; copied */
	struct reach reach;
	const char *device; /* SO_BINDTODEVICE, or NULL. Realms with the same device share their addresses */
	int dscp;           /* -1: leave */
	uint32_t fwmark;    /* 0: none */
};

struct relay_end { /* one side of a new stream */
	unsigned realm;     /* index; equal addresses in two realms differ by it */
	struct pn_addr rtp; /* local, even port; RTCP is the port above. Shared: that of relay_shared_open */
	bool shared;        /* both components are at the realm's shared port */
	struct pn_addr tap; /* STUN that comes from here is told (on_stun); family 0: none is */
};

struct relay_counts { /* of what one side sent to us, and what we sent to it */
	uint64_t packets, bytes, rtcp_packets, rtcp_bytes; /* received from it and accepted; UDP payload */
	uint64_t sent_packets, sent_bytes;
	uint64_t foreign, implausible, no_destination;
	uint32_t lost;        /* by sequence numbers */
	double jitter_ms;
	uint64_t last_ms;     /* last accepted packet; 0 never */
	struct pn_addr remote, remote_rtcp; /* where we send now; family 0: nowhere */
	int latched;          /* RTP component learned */
	uint32_t reports;     /* RTCP report blocks about it; the latest said: */
	int32_t reported_lost;
	double reported_jitter_ms;
};

struct relay_counters {
	struct relay_counts side[2]; /* B: the current or chosen branch's addresses, sums of all branches */
};

/* NULL: errno. */
struct relay *relay_new(const struct relay_conf *c);
void relay_free(struct relay *r); /* stops the threads; open streams are closed without events */

/* Binds the four ports. 0 and the stream's id (never 0, not reused while anything refers to it).
 * -EADDRINUSE: a port is taken, `busy` (may be NULL) tells the side; -EMFILE; -ENOSPC at max_streams. */
int relay_open(struct relay *r, const struct relay_end end[2], uint32_t *stream, unsigned *busy);
/* Binds a realm's shared port and the one above it; the realm's marking must be known. Several may be open
 * at a time. 0 also when it is open already; what relay_open says of ports, -ENOMEM. */
int relay_shared_open(struct relay *r, unsigned realm, const struct pn_addr *local);
/* No new stream can have it; it closes with the last one that has. */
void relay_shared_close(struct relay *r, unsigned realm, const struct pn_addr *local);
/* Where a stream's component is: the shared port, where it has that one. -ENOENT */
int relay_local(struct relay *r, const struct relay_place *of, struct pn_addr *out);
/* From a shared port (of the family of `to`), or a stream's. -ENOENT, -EPERM: outside the realm's reach,
 * or what the network says. */
int relay_stun_send(struct relay *r, const struct relay_place *from, const struct pn_addr *to,
		    const void *data, size_t len);
/* A realm's reach and marking, before its first relay_open; again after a reload (marking then counts
 * for new streams, reach for all). Unset: REACH_ANY, no marking. -EINVAL -ENOMEM */
int relay_realm(struct relay *r, unsigned realm, const struct relay_realm *what);
/* Rules for a side's component; makes the branch if it is new (side A has branch 0 only). RTP and RTCP
 * are set one by one. A destination that the realm's reach does not allow is never sent to: counted and
 * logged once. An internal hop needs no reach: the declared address is enough.
 * RTCP besides its own rules may be learned from the IP that RTP was learned from, and its declared
 * address is a destination when it lies there; else it goes where its own latch says.
 * At a shared port packets with the declared address as their source, and no others, are this component's:
 * mode must be LATCH_EXACT. Family 0 is nobody. -EEXIST: it is another component's; nothing changed.
 * -ENOENT -EINVAL, -ENOSPC: too many branches, -ENOMEM */
enum relay_reopen {
	RELAY_KEEP,     /* the declaration did not change */
	RELAY_REOPEN,   /* it changed: open the learning window anew */
	RELAY_ROLLBACK, /* the last RELAY_REOPEN was rejected: these are the rules before it */
};
struct relay_rules {
	unsigned side, branch, component;
	struct latch_rules latch;
	int reopen; /* enum relay_reopen */
	int mux;    /* RTCP arrives and leaves with RTP; counts for the branch */
};
int relay_set(struct relay *r, uint32_t stream, const struct relay_rules *rules);
int relay_choose(struct relay *r, uint32_t stream, unsigned branch); /* the others end */
int relay_branch_end(struct relay *r, uint32_t stream, unsigned branch);
void relay_close(struct relay *r, uint32_t stream); /* on_final follows, never before this returns */
int relay_counters(struct relay *r, uint32_t stream, struct relay_counters *out); /* -ENOENT */
/* 1 if it is a local port of a live stream, of this realm or one with the same device, and tells which
 * (stream and side may be NULL); else 0. */
int relay_own_port(struct relay *r, unsigned realm, const struct pn_addr *a, uint32_t *stream,
		   unsigned *side);
size_t relay_streams(const struct relay *r); /* live, closing ones included */
/* In line only: a packet arrived at a local port. */
void relay_input(struct relay *r, unsigned realm, const struct pn_addr *local,
		 const struct pn_addr *from, const void *data, size_t len);
void relay_tick(struct relay *r); /* every second, by the relay's own timer: sums up metrics; in line: probes */

#endif
