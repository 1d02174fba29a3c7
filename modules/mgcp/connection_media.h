/* What is said of a connection's media, and the messages that wait for media addresses: one at a
 * time makes media, what comes for the same connection meanwhile queues behind it. */
#ifndef MGCP_CONNECTION_MEDIA_H
#define MGCP_CONNECTION_MEDIA_H

#include "connection.h"

/* Is media of it being made, so that this message must wait behind? Then it waits; -ENOBUFS: too
 * many. */
int connection_queue(struct mgcp_connection *c, const struct mgcp_rx *rx,
		     struct mgcp_transaction *t);
/* Takes what the message says of media (description, mode). 1: the message goes on through
 * connection_rewrite; 0: it says nothing; -EBADMSG: a description that cannot be read;
 * -EADDRNOTAVAIL: of a family that cannot be reached; -ENOMEM. */
int connection_declare(struct mgcp_connection *c, const struct mgcp_rx *rx,
		       struct mgcp_transaction *t);
/* The core's answer to it. */
void connection_rewrite(struct mgcp *g, const struct pn_media_reply *r);
/* A command that was accepted: what it said holds. One that was refused: it no longer does. */
void connection_keep(struct mgcp_connection *c, const struct mgcp_transaction *t);
void connection_restore(struct mgcp_connection *c, const struct mgcp_transaction *t);
/* Takes out the message whose media is being made; part and transaction (NULL: given up) become the
 * caller's. False: there is none. */
bool connection_give_up(struct mgcp_connection *c, struct mgcp_part **part,
			struct mgcp_transaction **t);
/* The messages behind go on, as far as none of them makes media. */
void connection_run_queue(struct mgcp *g, uint64_t id);
/* It is over: all messages behind go on, or are dropped. */
void connection_flush_queue(struct mgcp_connection *c, struct mgcp *g);
void connection_drop_queue(struct mgcp_connection *c);
/* Did this side say anything that is open? */
bool connection_said(struct mgcp_connection *c, enum pn_side side);
/* What an audit may show: of the local description to the call agent, of the remote one. Returns
 * the count. */
size_t connection_shown(struct mgcp_connection *c, bool local, struct pn_media *list, size_t cap);
/* Is this the remote description that the gateway was given? */
bool connection_is_remote(struct mgcp_connection *c, struct pn_str sdp);

#endif
