/* What arrived in one datagram leaves in one datagram, in the same order (RFC 3435 3.5.5): each
 * message has a part, and the datagram leaves when no part waits for media any more. Parts for
 * different destinations leave apart. */
#ifndef MGCP_BUNDLE_H
#define MGCP_BUNDLE_H

#include "mgcp.h"

struct mgcp_bundle;

struct mgcp_part {
	struct mgcp_bundle *bundle;
	bool waiting;
	bool sent; /* it has left, or has been joined to one that did */
	uint64_t flow;
	struct pn_addr to;
	char *text; /* NULL: nothing leaves */
	size_t len;
};

/* n parts, all of them silent; NULL: no memory. bundle_done must follow. */
struct mgcp_bundle *bundle_new(struct mgcp *g, size_t n);
struct mgcp_part *bundle_part(struct mgcp_bundle *b, size_t i);
/* Among the messages are responses, which go there. */
void bundle_answers(struct mgcp_bundle *b, const struct pn_addr *to);
/* Where the responses beside it go; NULL: there are none. */
const struct pn_addr *part_beside(const struct mgcp_part *p);
/* All messages were handled: sends what is ready unless a part waits. The bundle is gone then, or
 * goes when the last part is done. */
void bundle_done(struct mgcp_bundle *b);
/* This part says text (copied). It is also done, if it waited. */
void part_send(struct mgcp_part *p, uint64_t flow, const struct pn_addr *to, struct pn_str text);
/* It waits until part_send or part_drop. */
void part_wait(struct mgcp_part *p);
void part_drop(struct mgcp_part *p);

#endif
