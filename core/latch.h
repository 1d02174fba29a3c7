/* Learning where media comes from (latch.md). Pure: state and packet facts in, verdict and next
 * state out; no clock, no sockets, no allocation. One latch per (side, component, branch). */
#ifndef CORE_LATCH_H
#define CORE_LATCH_H

#include "addr.h"
#include <stdbool.h>

/* EXACT: the declared address and port are proven and nothing else is accepted, but RTCP from the IP that
 * RTP comes from. */
enum latch_mode { LATCH_PEER, LATCH_DECLARED, LATCH_ANY, LATCH_OFF, LATCH_EXACT };
enum latch_state { LATCH_IDLE, LATCH_OPEN, LATCH_LOCKED }; /* nothing declared; learning; learned */
enum latch_rank { RANK_NONE, RANK_ANY, RANK_PEER, RANK_PINHOLE, RANK_DECLARED_IP, RANK_DECLARED }; /* higher is better */

/* What the control side lays down; changes only by command. */
struct latch_rules {
	enum latch_mode mode;
	bool direct;               /* not behind a NAT (latch.md 10): the declared address stays the destination */
	bool third_party;          /* third-party-media="yes" */
	bool rtp;                  /* RTP plausibility is checked */
	bool held;                 /* send nothing there */
	uint8_t keepalive_pt[4];   /* negotiated payload types that never displace what RTP taught; 0, 255: unused */
	uint8_t packets;           /* needed to learn, 1..3 */
	uint8_t peer_bits4, peer_bits6; /* mask for "same peer": 32 and 128 by default */
	uint32_t window_ms;        /* how long a better-ranked source may replace, 3000 */
	uint32_t silence_ms;       /* after it a continuing source may take over, 2000 */
	struct pn_addr declared;   /* family 0: unknown */
	struct pn_addr peer;       /* IP the signalling comes from; port ignored; family 0: none */
	struct pn_addr pinhole;    /* a live pinhole of its, as good as the peer; port 0: the whole IP; family 0: none */
};

/* What one packet is (rtp.h makes it). EMPTY: a keepalive (RFC 6263 s.4.1) of at
 * most 3 octets. */
enum packet_class { PACKET_RTP, PACKET_RTCP, PACKET_STUN, PACKET_DTLS, PACKET_EMPTY, PACKET_OTHER };
struct packet_facts {
	struct pn_addr src;
	enum packet_class class;
	uint8_t pt;     /* RTP payload type or RTCP packet type */
	uint16_t seq;   /* RTP */
	uint32_t ssrc;  /* RTP and RTCP sender */
	bool rtcp_component; /* arrived where RTCP is expected */
	bool forged;    /* SRTP keys are known and it does not authenticate */
};

struct latch { /* what each packet looks at comes first */
	enum latch_state state;
	enum latch_rank rank;
	struct pn_addr where;   /* source accepted now; family 0: none. OPEN: for the time being */
	uint32_t ssrc;
	uint64_t last_ms;       /* last packet accepted from where */
	uint64_t opened_ms;     /* LOCKED: time of the packet that taught first in this window */
	uint16_t seq;
	bool taught;            /* where was learned from media, not from STUN, DTLS or a keepalive */
	uint8_t bans;           /* vetoes so far */
	struct pn_addr former;  /* before where: a veto goes back to it */
	struct pn_addr before;  /* when the window was opened anew: a rollback goes back to it */
	struct pn_addr banned[4]; /* vetoed, until the window opens anew */
	struct {
		struct pn_addr src;
		uint64_t at_ms;
		uint32_t ssrc;
		uint16_t seq;
		uint8_t count;
		enum latch_rank rank;
	} candidate;            /* on its way to rules.packets */
};

enum latch_act {
	LATCH_DROP_FOREIGN,     /* not from the learned or allowed source */
	LATCH_DROP_IMPLAUSIBLE, /* cannot be what this stream carries */
	LATCH_DROP_WAIT,        /* counted towards rules.packets, not learned yet */
	LATCH_PASS,             /* from the accepted source (or passes without teaching) */
	LATCH_LEARN,            /* passes, and where/rank are new: tell the control side */
	LATCH_MOVE,             /* passes, where was another before: tell the control side */
};

/* Opens the window anew (new declaration). What was learned stays accepted until a source comes that
 * ranks no worse; it does not close the window by itself, unless it is what is declared now. */
void latch_open(struct latch *l, const struct latch_rules *r);
/* The first declaration of a side that spoke before it: what was learned stays locked, and a better-ranked
 * source may replace it for window_ms from now. */
void latch_first(struct latch *l, const struct latch_rules *r, uint64_t now_ms);
/* The declaration that opened the window was rejected; r is what was before. */
void latch_rollback(struct latch *l, const struct latch_rules *r);
/* Not this source: back to the one before, and never again in this window. */
void latch_veto(struct latch *l, const struct latch_rules *r, const struct pn_addr *src);
/* How likely src is (latch.md 1, 3); RANK_NONE: not allowed. */
enum latch_rank latch_rank(const struct latch *l, const struct latch_rules *r, const struct pn_addr *src);
/* Decide and move to the next state. With LATCH_OFF nothing is learned: the declared IP is accepted
 * from any port, and its declared address stays the destination. */
enum latch_act latch_judge(struct latch *l, const struct latch_rules *r, const struct packet_facts *f,
			   uint64_t now_ms);
/* Where to send for this side now; family 0: nowhere yet (latch.md 2, 10). */
struct pn_addr latch_destination(const struct latch *l, const struct latch_rules *r);
/* The best allowed address for a deadlock probe (latch.md 9); family 0: none. Where there is no
 * destination it is the declared port at the peer's own IP: a NAT that keeps ports lets it in. */
struct pn_addr latch_probe(const struct latch *l, const struct latch_rules *r);

#endif
