/* The gateway's end of one agent's trunk: a connection that came to the pinhole port. It has to register first. */
#ifndef CORE_TRUNK_LINK_H
#define CORE_TRUNK_LINK_H

#include "buf.h"
#include "hash.h"
#include "pinhole.h"
#include "trunk.h"

struct trunk_link {
	struct loop *loop;
	struct transport *transport;
	struct pinholes *pinholes;
	size_t max_channels;
	void (*over)(struct trunk_link *l); /* it closed its connection, and is to be freed */
	void *arg;

	struct hash_node by_flow;
	uint64_t flow;
	struct pn_realm *realm;
	struct pn_addr local, remote;
	struct trunk *trunk;
	uint32_t agent; /* 0: not registered yet */
	unsigned requests; /* so far, until it is */
	uint64_t until_ms; /* the end of its registration */
	uint64_t number;   /* later ones have higher numbers */
	struct timer watch;
};

/* f: the connection. The members down to arg are the caller's. -ENOMEM; then it is as it was. */
int trunk_link_begin(struct trunk_link *l, const struct pn_flow_info *f);
void trunk_link_end(struct trunk_link *l, int err); /* its connection is gone; frees nothing but the trunk */
void trunk_link_message(struct trunk_link *l, const struct pn_msg *m); /* may call over() */
/* The agent's channels come here from now on: again, when another link of it had them. */
void trunk_link_lead(struct trunk_link *l);
int trunk_link_json(const struct trunk_link *l, struct buf *out); /* one object; nothing before it registered */

#endif
