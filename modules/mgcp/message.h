/* Commands and responses as they pass: what they mean, and who gets them. */
#ifndef MGCP_MESSAGE_H
#define MGCP_MESSAGE_H

#include "connection_media.h"
#include "rewrite.h"

void command_receive(struct mgcp *g, const struct mgcp_rx *rx);
/* The command of t goes on, after it waited. */
void command_resume(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t);
/* It leaves, with this media in its description. */
void command_forward(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t,
		     struct mgcp_shown shown);
/* Postern answers t itself. */
void command_refuse(struct mgcp *g, struct mgcp_part *part, struct mgcp_transaction *t, int code);
/* Nobody answered t in time. */
void command_unanswered(struct mgcp *g, struct mgcp_transaction *t);
void response_receive(struct mgcp *g, const struct mgcp_rx *rx);
void response_resume(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t);
void response_forward(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t,
		      struct mgcp_shown shown);

#endif
