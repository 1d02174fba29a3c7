/* Transactions (RFC 3435 3.5): a command, what was sent on for it, and its answer. Ids are the
 * sender's own, so they are told apart by who sent, through which flow, and for which domain: a call
 * agent may count for each gateway. On the far side a command keeps its id unless another one that
 * leaves the same way has it; gateways behind one domain name look like one sender to a call agent.
 * A retransmission is answered, or sent on, from memory. */
#ifndef MGCP_TRANSACTION_H
#define MGCP_TRANSACTION_H

#include "mgcp.h"

enum mgcp_state {
	MGCP_WAITING, /* for media: nothing has left yet */
	MGCP_SENT,
	MGCP_PROVISIONAL,
	MGCP_ANSWERED,
};

enum mgcp_ours { /* commands of Postern's own */
		 MGCP_PASSES,
		 MGCP_OURS_KEEPALIVE,
		 MGCP_OURS_CHALLENGE, /* is the gateway still at its old pinhole? */
		 MGCP_OURS_DELETE,
};

/* Which connections a DLCX means. Owned. */
struct mgcp_scope {
	struct pn_str endpoint, call, connection;
};

struct mgcp_transaction {
	TAILQ_ENTRY(mgcp_transaction) in_history, in_own;
	LIST_ENTRY(mgcp_transaction) of_gateway;
	struct mgcp_gateway *gateway;
	enum mgcp_verb verb;
	enum mgcp_state state;
	enum mgcp_ours ours;
	bool from_gateway;
	bool replaced; /* its sender used the id again for something else */
	bool acked;    /* its answer is to be acknowledged by 000 */
	bool begins;   /* its connection, which is nothing without it */
	uint32_t id_in, id_out;
	uint64_t flow_in, flow_out;
	struct pn_addr peer_in, peer_out; /* who asked; who is asked */
	struct pn_addr asked;             /* who was asked first */
	uint64_t domain, print;           /* of the command, to tell a retransmission */
	struct pn_str request, answer;    /* as they left; owned */
	size_t octets;                    /* of the command, as it came */
	unsigned sends;
	uint64_t touched_ms, due_ms; /* due: ours, the next sending */
	/* What the answer means: */
	struct mgcp_scope scope;
	struct pn_str entity;   /* N: of the command; owned */
	uint64_t connection;    /* its id, 0: none */
	struct mgcp_wait *wait; /* its message waits there; NULL: none does */
	enum { MGCP_RM_NONE, MGCP_RM_RESTART, MGCP_RM_FORCED, MGCP_RM_OTHER } restart;
	bool audits_local, audits_remote;
	bool asks_entity; /* N: was there, maybe empty */
};

/* Who the command goes to. */
struct mgcp_hop {
	uint64_t flow;
	struct pn_addr to;
};

/* The command that came from where this message does, with this id: for the same domain if it is a
 * command, and the one whose answer is to be acknowledged if it is 000. NULL: none. */
struct mgcp_transaction *transaction_arrived(struct mgcp *g, const struct mgcp_rx *rx, uint32_t id);
/* from_gateway: the command went towards a call agent, which may answer from another address. */
struct mgcp_transaction *transaction_departed(struct mgcp *g, uint64_t flow,
					      const struct pn_addr *from, bool from_gateway,
					      uint32_t id);
/* NULL: the table is full, or no memory. */
struct mgcp_transaction *transaction_new(struct mgcp *g, const struct mgcp_rx *rx,
					 struct mgcp_gateway *gw, bool from_gateway,
					 const struct mgcp_hop *hop);
/* One of ours towards the gateway, or towards its call agent. The id is chosen here. */
struct mgcp_transaction *transaction_ours(struct mgcp *g, struct mgcp_gateway *gw,
					  enum mgcp_ours what, bool from_gateway,
					  const struct mgcp_hop *hop);
/* Sends it now, and again until it is answered (at most 7 times in 20 s); then mgcp_ours_failed. */
void transaction_send_ours(struct mgcp *g, struct mgcp_transaction *t, struct pn_str text);
void transaction_touch(struct mgcp *g, struct mgcp_transaction *t);
/* Its answer may be acknowledged by 000, which has no endpoint: it finds this one from now on. Some
 * call agents send 000 unasked. */
void transaction_expect_ack(struct mgcp *g, struct mgcp_transaction *t);
/* It goes there from now on. -EEXIST: its id is taken there. */
int transaction_redirect(struct mgcp *g, struct mgcp_transaction *t, const struct mgcp_hop *hop);
/* The same command again? K: lines do not count. */
bool transaction_same(const struct mgcp_transaction *t, const struct mgcp_msg *m);
/* Its sender used the id anew: only answers find it from now on. */
void transaction_replace(struct mgcp *g, struct mgcp_transaction *t);
void transaction_end(struct mgcp *g, struct mgcp_transaction *t);
void transaction_sweep(void *mgcp);  /* timer: what is old enough is forgotten */
void transaction_resend(void *mgcp); /* timer: what is ours and due */

#endif
