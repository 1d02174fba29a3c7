/* Connections: a session of the core each. Side A is the network of the call agent, which starts
 * all of them, side B the gateway. */
#ifndef MGCP_CONNECTION_H
#define MGCP_CONNECTION_H

#include "gateway.h"
#include "transaction.h"

struct mgcp_before;
struct mgcp_wait;
TAILQ_HEAD(mgcp_waits, mgcp_wait);

struct mgcp_connection {
	LIST_ENTRY(mgcp_connection) of_gateway;
	struct mgcp_gateway *gw;
	struct pn_session *session; /* NULL: over */
	uint64_t id;                /* never used again */
	struct pn_str endpoint;     /* local name; a wildcard until the gateway chose; owned */
	struct pn_str call;         /* C:, owned */
	struct pn_str connection;   /* I:, empty while provisional; owned */
	bool named;                 /* found by endpoint and connection id */
	bool quiet; /* its mode is not sendrecv: silence does not mean that it died */
	bool answered;
	struct mgcp_wait *declaring; /* the message whose media is being made */
	struct mgcp_waits waits;     /* messages behind it */
	struct mgcp_before *before;  /* the MDCX that is under way; owned, NULL: none */
};

/* A message that waits: its place in the datagram and its transaction. */
struct mgcp_wait {
	TAILQ_ENTRY(mgcp_wait) in_queue;
	struct mgcp_part *part;
	struct mgcp_transaction *t; /* NULL: given up, a final response has come meanwhile */
	bool provisional;           /* a response that another one will follow */
	struct pn_msg msg;          /* data is owned while it is queued */
};

/* The CRCX or MDCX of a call agent: finds or makes the connection. 0: *out, maybe NULL for an MDCX
 * that needs none. -EDQUOT, -EACCES, -ENOSPC (limits), -ENOMEM. */
int connection_for(struct mgcp_gateway *gw, const struct mgcp_rx *rx, struct mgcp_transaction *t,
		   struct mgcp_connection **out);
struct mgcp_connection *connection_of(struct mgcp *g,
				      const struct mgcp_transaction *t); /* NULL: over */
/* The gateway's response names it: I:, Z:. */
void connection_learn(struct mgcp_connection *c, const struct mgcp_msg *m);
/* The gateway's final response to a CRCX or MDCX has left. */
void connection_answered(struct mgcp_connection *c, const struct mgcp_transaction *t);
/* The CRCX or MDCX was refused with this code: what it changed is taken back, and what began with it
 * ends. */
void connection_failed(struct mgcp_connection *c, const struct mgcp_transaction *t,
		       enum pn_cause cause, int code);
/* A DLCX is on its way: what waits for media of these connections is given up (407). */
void connection_cancel(struct mgcp_gateway *gw, const struct mgcp_scope *scope);
/* They are deleted. */
void connection_delete(struct mgcp_gateway *gw, const struct mgcp_scope *scope);
void connection_end(struct mgcp_connection *c, enum pn_cause cause, int status);
/* The core tells that it is dead, or an operator ends it: both ends are told by a DLCX. */
void connection_timeout(struct mgcp_connection *c, enum pn_timeout what);
void connection_free(struct mgcp_connection *c); /* from session_free */
/* The connection that an audit names; NULL: none of ours. */
struct mgcp_connection *connection_named(struct mgcp_gateway *gw, struct pn_str endpoint,
					 struct pn_str connection);

#endif
