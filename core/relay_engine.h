/* Packet handling of the relay, pure of threads and sockets: classify, judge, count, choose the
 * destination, hand over inside. One engine per media thread (or one in line) owns the hot state of
 * its streams; nobody else touches it but for the atomics. Packets and events leave through ops. */
#ifndef CORE_RELAY_ENGINE_H
#define CORE_RELAY_ENGINE_H

#include "relay.h"
#include "rtp.h"
#include <netinet/in.h>
#include <stdatomic.h>

#define ENGINE_LEGS (1u + RELAY_BRANCHES) /* of a stream: 0 is side A, 1.. the branches of side B */
#define ENGINE_HOPS 4u
#define ENGINE_DATAGRAM 65536u

struct engine_stream;
struct engine_shared;

/* Where a path leads inside; stream 0: nowhere */
struct engine_hop {
	uint32_t stream;
	uint16_t thread;
	uint8_t side, component;
};

struct engine_dest {
	struct pn_addr addr; /* family 0: nowhere */
	union {
		struct sockaddr sa;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	}; /* the same */
	socklen_t len;
};

/* One component (RTP, RTCP) of one leg. Packets of a stream come rarely, as a processor sees it: what
 * each needs lies together, ahead of what is rare. */
struct engine_path {
	struct engine_dest to;  /* where to send now; the declared address with a hop */
	struct engine_hop hop;
	bool set;
	_Atomic bool latched;
	bool taught_pinhole;    /* rules.pinhole comes from the RTP component */
	struct latch_rules rules;
	struct latch latch;
	struct pn_addr refused; /* told already */
};

struct engine_leg {
	bool live, mux;
	_Atomic uint32_t lost, jitter_us, reports, reported_jitter_us; /* of quality, for the control side */
	_Atomic int32_t reported_lost;
	struct rtp_quality quality; /* of what comes from it */
	struct engine_path path[2];
};

/* A local port. Of a side at a shared port both are that one's. */
struct engine_port {
	struct engine_stream *stream; /* NULL: a shared port itself (relay_key.h) */
	struct pn_addr local;
	uint16_t realm;
	uint8_t side, component;
	int fd;        /* in line: -1 */
	uint32_t turn; /* of its thread, when it was ready last */
	struct engine_shared *shared; /* NULL: its own */
};

struct engine_cells { /* struct relay_counts, written by the engine, read by the control side */
	_Atomic uint64_t packets, bytes, last_ms, sent_packets, sent_bytes;
	_Atomic uint64_t rtcp_packets, rtcp_bytes, foreign, implausible, no_destination;
};

struct engine_stream {
	uint32_t id;
	uint8_t current; /* leg that A's packets go to */
	bool chosen;
	bool heard;      /* something was accepted since both sides are known: nobody waits */
	uint64_t probe_at_ms; /* 0: both sides have not declared yet */
	struct engine_port port[2][2]; /* [side][component] */
	struct engine_leg *leg[ENGINE_LEGS];
	struct engine_cells cells[2];
	struct pn_addr tap[2]; /* of each side (relay_end.tap) */
	struct engine_stream *next, **link; /* the engine's list */
	void *owner;
};

enum parcel_kind { PARCEL_HOP, PARCEL_SHARED, PARCEL_ABOVE }; /* on a hop; from a shared port, the one above */
struct engine_parcel { /* a packet that is handed over */
	const struct pn_addr *from; /* HOP: the local port that sends it; else its source */
	const uint8_t *data;
	size_t len;
	unsigned hops; /* this one included */
	enum parcel_kind kind;
};

struct engine_totals {
	_Atomic uint64_t rx, tx, foreign, no_destination, implausible, hops, hop_limit, hop_full;
	_Atomic uint64_t send_failed, latched, relatched, deadlock, unjoined, stun_lost;
};

/* One writer: no locked instruction is needed. */
static inline void engine_bump(_Atomic uint64_t *cell, uint64_t n)
{
	atomic_store_explicit(cell, atomic_load_explicit(cell, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

enum engine_event_kind {
	ENGINE_LATCHED, /* where was learned; flag: it moved */
	ENGINE_AIMED,   /* what is sent goes to where now; family 0: nowhere */
	ENGINE_REFUSED, /* nothing is sent to where: outside reach */
	ENGINE_FINAL,   /* the stream left the engine */
};

struct engine_event {
	uint32_t stream;
	uint8_t kind, leg, component, flag;
	struct pn_addr where;
};

struct engine_ops {
	/* 0, or -errno: counted */
	int (*send)(void *arg, const struct engine_port *from, const struct engine_dest *to,
		    const void *data, size_t len);
	/* To a stream of another engine: engine_parcel_in() there. -ENOBUFS: counted */
	int (*hop)(void *arg, const struct engine_hop *to, const struct engine_parcel *parcel);
	/* May call the engine; what it was told about may be gone afterwards. */
	void (*event)(void *arg, const struct engine_event *ev);
	/* A STUN message that is not relayed; from is its source. It may call the engine. */
	void (*stun)(void *arg, const struct relay_place *at, const struct engine_parcel *parcel);
};

struct engine {
	const struct engine_ops *ops;
	void *arg;
	uint16_t thread;         /* this engine's number */
	uint32_t max_streams, deadlock_ms;
	uint64_t now_us;         /* the caller sets it before anything that has no other time */
	struct engine_stream **slot; /* by low bits of the id */
	struct engine_stream *streams;
	struct reach *reach[RELAY_REALMS]; /* NULL: REACH_ANY */
	struct engine_totals totals;
};

/* ids: low bits are a slot below max_streams */
#define ENGINE_SLOT(id) ((id) & (RELAY_STREAMS_MAX - 1u))

int engine_init(struct engine *e, uint32_t max_streams); /* the rest of *e is the caller's; -ENOMEM */
void engine_clear(struct engine *e);                     /* the streams are not freed */

void engine_add(struct engine *e, struct engine_stream *s);
void engine_remove(struct engine *e, struct engine_stream *s); /* no event */

struct engine_set { /* relay_set() for one path */
	uint8_t leg, component;
	bool mux, fresh; /* fresh: the leg begins anew */
	int reopen;
	struct engine_leg *at; /* memory of the leg, valid until the stream is gone */
	struct latch_rules rules;
	struct engine_hop hop;
};
void engine_set(struct engine *e, struct engine_stream *s, const struct engine_set *set);
void engine_set_hop(struct engine *e, struct engine_stream *s, unsigned leg, unsigned component,
		    const struct engine_hop *hop);
void engine_choose(struct engine *e, struct engine_stream *s, unsigned leg);
void engine_end_leg(struct engine *e, struct engine_stream *s, unsigned leg);
void engine_veto(struct engine *e, struct engine_stream *s, const struct engine_event *ev);
struct reach *engine_reach(struct engine *e, unsigned realm, struct reach *reach); /* gives the old one */

/* A packet arrived at a local port. */
void engine_input(struct engine *e, const struct engine_port *at, const struct pn_addr *from,
		  const uint8_t *data, size_t len);
void engine_hop_in(struct engine *e, const struct engine_hop *to, const struct engine_parcel *parcel);
void engine_tick(struct engine *e); /* once a second: deadlock probes (latch.md 9) */
struct engine_stream *engine_find(const struct engine *e, uint32_t id); /* NULL */

#endif
