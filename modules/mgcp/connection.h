/* Connections: a session of the core each. Side A is the network of the call agent, which starts
 * all of them, side B the gateway. */
#ifndef MGCP_CONNECTION_H
#define MGCP_CONNECTION_H

#include "gateway.h"
#include "transaction.h"

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
	bool quiet; /* its mode is not sendrecv: silence does not mean that it died */
	bool answered;
	struct mgcp_wait *declaring; /* the message whose media is being made */
	struct mgcp_waits waits;     /* messages behind it */
	struct pn_media
		before[MGCP_MEDIA_MAX]; /* what side A said before the MDCX that is under way */
	size_t n_before;
	uint32_t before_id; /* of that MDCX; 0: none */
};

/* A message that waits: its place in the datagram and its transaction. */
struct mgcp_wait {
	TAILQ_ENTRY(mgcp_wait) in_queue;
	struct mgcp_part *part;
	struct mgcp_transaction *t;
	struct pn_msg msg; /* data is owned while it is queued */
};

/* The CRCX or MDCX of a call agent: finds or makes the connection. 0: *out, maybe NULL for an MDCX
 * that needs none. -EDQUOT, -EACCES, -ENOSPC (limits), -ENOMEM. */
int connection_for(struct mgcp_gateway *gw, const struct mgcp_rx *rx, struct mgcp_transaction *t,
		   struct mgcp_connection **out);
struct mgcp_connection *connection_of(struct mgcp *g,
				      const struct mgcp_transaction *t); /* NULL: over */
/* Is media of it being made, so that this message must wait behind? Then it waits; -ENOBUFS: too
 * many. */
int connection_queue(struct mgcp_connection *c, const struct mgcp_rx *rx,
		     struct mgcp_transaction *t);
/* Takes what the message says of media (description, mode). 1: the message goes on through
 * connection_rewrite; 0: it says nothing; -EBADMSG: a description that cannot be read; -ENOMEM. */
int connection_declare(struct mgcp_connection *c, const struct mgcp_rx *rx,
		       struct mgcp_transaction *t);
/* The core's answer to it. */
void connection_rewrite(struct mgcp *g, const struct pn_media_reply *r);
/* The gateway answered a CRCX or MDCX. */
void connection_answered(struct mgcp_connection *c, const struct mgcp_rx *rx,
			 struct mgcp_transaction *t);
/* A DLCX is on its way: what waits for media of these connections is given up (407). */
void connection_cancel(struct mgcp_gateway *gw, const struct mgcp_scope *scope);
/* They are deleted. */
void connection_delete(struct mgcp_gateway *gw, const struct mgcp_scope *scope);
void connection_end(struct mgcp_connection *c, enum pn_cause cause, int status);
/* The core tells that it is dead, or an operator ends it: both ends are told by a DLCX. */
void connection_timeout(struct mgcp_connection *c, enum pn_timeout what);
void connection_free(struct mgcp_connection *c); /* from session_free */
/* What an audit may show: of the local description to the call agent, of the remote one. Returns
 * the count. */
size_t connection_shown(struct mgcp_connection *c, bool local, struct pn_media *list, size_t cap);
/* The connection that an audit names; NULL: none of ours. */
struct mgcp_connection *connection_named(struct mgcp_gateway *gw, struct pn_str endpoint,
					 struct pn_str connection);

#endif
