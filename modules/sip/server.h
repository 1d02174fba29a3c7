/* A server transaction: what one side asked of us (RFC 3261 17.2, RFC 6026). It absorbs
 * retransmissions, and owns the client transactions that its request was passed on by. */
#ifndef SIP_SERVER_H
#define SIP_SERVER_H

#include "reply.h"
#include "sip.h"

enum server_state {
	SERVER_PROCEEDING = 1, /* also Trying */
	SERVER_COMPLETED,
	SERVER_CONFIRMED,
	SERVER_ACCEPTED,
	SERVER_DEAD
};

struct sip_reg;

struct sip_server {
	LIST_ENTRY(sip_server) all, of_held;
	struct sip *sip;
	struct pn_str key;
	struct sip_msg *req; /* its own copy */
	struct pn_realm *realm;
	uint64_t flow;
	struct pn_addr remote;   /* where it came from */
	struct pn_addr reply_to; /* where responses go */
	enum server_state state;
	int status;           /* of the last response; 0: none */
	bool cancelled;       /* by CANCEL */
	struct pn_str reason; /* the Reason lines of that */
	bool launching;       /* client transactions are still being made */
	char tag[SIP_TOKEN_LEN + 1];
	char *last; /* the last response, for retransmission */
	size_t last_len;
	struct pn_timer *retry, *end;
	uint64_t retry_ms;
	struct sip_clients clients;
	uint64_t dialog; /* id of the dialog that the request belongs to; 0: none */
	int side;        /* the sender's side of it */
	struct sip_reg *reg;
	struct sip_call *held_by; /* its request waits behind the media of that call */
};

/* NULL: at the cap, or no memory. The key is the one of server_find. */
struct sip_server *server_new(struct sip *sip, const struct sip_rx *rx);
/* The transaction of this request, or the one with method `as` that an ACK or CANCEL means.
 * RFC 3261 17.2.3 and, without a magic cookie, its rule for RFC 2543 peers. */
struct sip_server *server_find(struct sip *sip, const struct sip_rx *rx, struct pn_str as);
/* A request matched: a retransmission, or the ACK of a failure. */
void server_again(struct sip_server *s, const struct sip_rx *rx);
/* Sends a response and moves the state. The bytes are copied. */
void server_send(struct sip_server *s, const void *data, size_t len, int status);
/* Sends one of ours; reason NULL: the usual one. */
void server_reply(struct sip_server *s, int status, const char *reason);
void server_reply_extra(struct sip_server *s, int status, const char *reason, struct pn_str extra);
/* Ends it without a word. */
void server_end(struct sip_server *s);
void server_free(struct sip_server *s);

#endif
