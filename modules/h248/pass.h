/* A message on its way through: its transactions are looked up, its media declared, and when all
 * addresses are known it leaves once, whole. */
#ifndef H248_PASS_H
#define H248_PASS_H

#include "call.h"
#include "transaction.h"

/* A transaction of the message. */
struct pass_tx {
	struct h248_tx *t; /* NULL: none, or over */
	bool again; /* a retransmission, or a reply that was had before: nothing happens anew */
	int refuse; /* error code of H.248.8; 0: it goes on */
};

/* A call that the message speaks of, and what one side declares with it. */
struct pass_part {
	uint64_t call;
	enum pn_side side;
	struct pn_media list[H248_LINES_MAX];
	uint32_t tx; /* index */
};

struct h248_pass {
	LIST_ENTRY(h248_pass) in_waiting;
	struct h248 *h;
	struct h248_gateway *gw;
	enum h248_way way;
	struct msg *m;        /* owned */
	struct h248_hop from; /* who sent it */
	struct pn_addr local; /* ours that the gateway talks to */
	struct pass_tx *tx;   /* of each transaction */
	uint64_t *call_of;    /* of each command: the call it means, 0: none */
	struct pass_part *part;
	size_t n_parts;
	uint32_t ranged;  /* ids that it acknowledged in ranges */
	unsigned pending; /* declarations */
	bool begun;       /* all of them were made */
	bool remove;      /* the gateway's binding ends with it */
	bool refused;     /* its registration was refused */
};

/* Takes m over. */
void pass_message(struct h248_gateway *gw, enum h248_way way, const struct pn_msg *pn,
		  struct msg *m);
/* The core's answer to a declaration. */
void pass_declared(const struct pn_media_reply *r);
/* The call ended while its media was being made. */
void pass_abandoned(struct h248_pass *p, struct h248_call *call);
/* These are over, for whatever still waits. */
void pass_forget_tx(struct h248 *h, const struct h248_tx *t);
void pass_forget_gateway(struct h248 *h, const struct h248_gateway *gw);

/* pass_media.c: which calls the message means; -EAGAIN: it must wait behind media of this one. */
int pass_find_calls(struct h248_pass *p, struct h248_call **busy);
void pass_gather(struct h248_pass *p);    /* what it declares */
void pass_put_media(struct h248_pass *p); /* what it shows instead */
void pass_settle(struct h248_pass *p);    /* what its replies mean for calls */

/* service.c: addresses in the header and in ServiceChange; what a ServiceChange means. */
void service_put(struct h248_pass *p);
void service_settle(struct h248_pass *p);
/* The controller that the request is for. -ENOENT */
int service_target(struct h248_pass *p, struct pn_addr *out);

/* Is the command of a request or a reply that goes on, and not again? */
bool pass_is_new(const struct h248_pass *p, const struct msg_command *c, enum msg_tx_kind kind);
struct pass_tx *pass_tx_of(const struct h248_pass *p, const struct msg_command *c);

#endif
