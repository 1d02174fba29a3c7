/* The edits that a message gets on its way. Everything that is not edited here leaves as it came
 * (architecture.md rule 4); docs/mgcp.md lists the spans. */
#ifndef MGCP_REWRITE_H
#define MGCP_REWRITE_H

#include "gateway.h"
#include "transaction.h"

/* Media for the description with this index: what to show instead. */
struct mgcp_shown {
	const struct pn_media *adv;
	size_t n;
};

struct mgcp_way {
	struct mgcp_gateway *gw;
	struct mgcp_transaction *t; /* its ids and entity count */
	bool to_core;
	struct mgcp_shown shown[MGCP_SDP_MAX];
};

/* Writes the message for the other side to g->out: its length, or -errno; -EPERM if an address
 * would leak, -EBADMSG if a description cannot be read. */
long rewrite_message(struct mgcp *g, const struct mgcp_rx *rx, const struct mgcp_way *way);

#endif
