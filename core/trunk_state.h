/* Inside of a trunk: for trunk.c (what comes from the far end) and trunk_net.c (what the transport wants). */
#ifndef CORE_TRUNK_STATE_H
#define CORE_TRUNK_STATE_H

#include "hash.h"
#include "trunk.h"
#include "trunk_frame.h"
#include <sys/queue.h>

enum handle_kind { HANDLE_CHANNEL, HANDLE_LISTENER };

enum channel_state {
	CHANNEL_OPENING,   /* we asked */
	CHANNEL_ACCEPTING, /* they asked, and the transport is about to say yes or no */
	CHANNEL_STANDING,
};

struct channel {
	enum handle_kind kind; /* first: what the transport holds is one or the other */
	enum channel_state state;
	struct trunk *trunk;
	void *owner; /* the transport's */
	struct hash_node by_id;
	uint32_t id;
	struct pn_addr local;
	uint32_t credit; /* octets that we may send */
	uint32_t eaten;  /* that they sent and were not given anew; the transport takes all at once */
	bool ended;      /* they send no more */
	bool wants;      /* to be told when it can write */
	bool is_ready;
	TAILQ_ENTRY(channel) ready;
};

struct trunk {
	struct trunk_conf conf;
	struct trunk_line line;
	bool up;
	struct hash channels;
	uint32_t last_id;
	TAILQ_HEAD(, channel) ready; /* have credit, and wait for room in the trunk's own queue */
	struct timer ping;
	uint64_t heard_ms;
};

struct channel *channel_new(struct trunk *t, uint32_t id); /* NULL: ENOSPC, ENOMEM */
struct channel *channel_find(const struct trunk *t, uint32_t id);
void channel_free(struct channel *c);
/* It wants to write and may: as soon as there is room. */
void channel_make_ready(struct channel *c);
/* To the far end; what becomes of it when the queue is full is heard as the end of the trunk. */
void trunk_send(struct trunk *t, const struct trunk_frame *f);
bool trunk_has_room(const struct trunk *t); /* for DATA; the rest always has */

#endif
