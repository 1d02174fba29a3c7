/* Transactions (H.248.1 8): a request, what was sent on for it, and its reply. Ids are the sender's
 * own, so they are told apart by gateway, way and controller. On the far side a request keeps its
 * id unless another one that leaves the same way has it. A retransmission is answered from memory.
 */
#ifndef H248_TRANSACTION_H
#define H248_TRANSACTION_H

#include "gateway.h"

enum h248_state {
	H248_WAITING, /* for media: nothing has left yet */
	H248_SENT,
	H248_REPLIED,
};

enum h248_ours { /* requests of Postern's own */
		 H248_PASSES,
		 H248_OURS_KEEPALIVE,
		 H248_OURS_SUBTRACT,
		 H248_OURS_FORCED, /* tells the controller that a termination is lost */
};

/* An Add of the request: its reply names the termination of this call. */
struct h248_add {
	uint32_t action, nth; /* the nth Add of that action */
	uint64_t call;        /* its id; 0: it has none */
};

/* What a side said before this request, to be put back when it is refused. */
struct h248_undo {
	uint64_t call;
	struct pn_media before[H248_LINES_MAX];
	size_t n;
};

/* A RELATCH of the request, for when it is accepted. */
struct h248_relatch {
	uint64_t call;
	uint32_t streams; /* as bits */
};

struct h248_tx {
	TAILQ_ENTRY(h248_tx) in_history, in_own;
	LIST_ENTRY(h248_tx) of_gateway;
	struct h248_gateway *gw;
	enum h248_way way;
	enum h248_state state;
	enum h248_ours ours;
	uint32_t id_in, id_out;
	uint64_t flow_in;
	struct pn_addr peer_in, sent_to; /* who asked; whom */
	uint64_t print;                  /* of the request, to tell a retransmission */
	struct pn_str reply;         /* as it left, when it left alone; ours: the request; owned */
	uint64_t touched_ms, due_ms; /* due: ours, the next sending */
	uint64_t asked_ms;           /* when its request came last */
	unsigned sends;
	/* What the reply means: */
	bool registers; /* a ServiceChange on ROOT by the gateway */
	enum msg_method method;
	struct pn_str ends;     /* "CONTEXT TERMINATION\n" each, when it is accepted; owned */
	struct pn_addr handoff; /* a controller's order to go there */
	struct h248_add *adds;  /* owned */
	size_t n_adds;
	struct h248_undo *undo; /* owned */
	size_t n_undo;
	struct h248_relatch *relatch; /* owned */
	size_t n_relatch;
};

/* By the asker's id, and by the id on the far side. NULL: none. `from` counts when the way is down.
 */
struct h248_tx *transaction_arrived(struct h248_gateway *gw, enum h248_way way,
				    const struct pn_addr *from, uint32_t id);
struct h248_tx *transaction_departed(struct h248_gateway *gw, enum h248_way way, uint32_t id);
/* NULL: the table is full, or no memory. */
struct h248_tx *transaction_new(struct h248_gateway *gw, enum h248_way way,
				const struct h248_hop *from, uint32_t id);
/* One of ours; its id is chosen here. */
struct h248_tx *transaction_ours(struct h248_gateway *gw, enum h248_way way, enum h248_ours what);
/* Sends it now, and again until it is answered (at most 7 times in 30 s). Takes `own` over. */
void transaction_send_ours(struct h248_tx *t, const struct h248_hop *hop, struct pn_str own);
/* Its sender began anew: only replies find it from now on, and its id is not used again on the far
 * side while it is remembered. */
void transaction_replace(struct h248_tx *t);
/* The same for all that the gateway asked before this one. */
void transaction_replace_older(const struct h248_tx *t);
void transaction_touch(struct h248_tx *t);
void transaction_end(struct h248 *h, struct h248_tx *t);
void transaction_sweep(void *h248);  /* timer: what is old enough is forgotten */
void transaction_resend(void *h248); /* timer: what is ours and due */

#endif
