/* RAS requests that pass between a terminal and its gatekeeper, until they are answered. Each terminal has a
 * port of its own towards the gatekeeper, so numbers (requestSeqNum) normally pass as they are; another one
 * is taken when ours would meet it. */
#ifndef H323_TRANSACTION_H
#define H323_TRANSACTION_H

#include "admission.h"
#include "ras.h"
#include "registration.h"

struct h323_transaction {
	TAILQ_ENTRY(h323_transaction) in_order;
	LIST_ENTRY(h323_transaction) of_terminal;
	struct h323_terminal *terminal;
	RasMessage_PR type;      /* of the request */
	bool to_terminal;        /* the gatekeeper asks */
	long seq_in, seq_out;
	uint64_t flow_in;        /* where the request came by */
	struct pn_addr peer_in;  /* and from: there the answer goes */
	struct pn_addr peer_out; /* whom it was sent to */
	uint64_t touched_ms, allowed_ms;
	unsigned sends;
	bool answered;
	struct registration_claim *claim; /* of GRQ and RRQ; owned */
	uint8_t call[H323_GUID];          /* of ARQ and LRQ */
	bool has_call;
	enum admission_kind kind;
};

/* This very request, received before. NULL. */
struct h323_transaction *transaction_again(struct h323_terminal *t, const struct ras_rx *rx, bool to_terminal);
/* A new one. NULL: too many, no memory, or its number is taken and cannot be changed. */
struct h323_transaction *transaction_new(struct h323_terminal *t, const struct ras_rx *rx, bool to_terminal);
/* What this message answers. NULL: nothing that is known. */
struct h323_transaction *transaction_of_answer(struct h323_terminal *t, const struct ras_rx *rx,
					       bool to_terminal);
/* It is sent (again), or more time was asked for: it may take so long from now. */
void transaction_touch(struct h323_transaction *x, uint64_t allowed_ms);
/* A number for a request of our own to the terminal that nothing else has now. */
uint16_t transaction_own_seq(struct h323_terminal *t);
void transaction_end(struct h323_transaction *x);
void transaction_sweep(void *h323); /* timer */

#endif
