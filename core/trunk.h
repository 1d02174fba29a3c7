/* A trunk: many connections as channels of one (docs/trunk-protocol.md). Agent and gateway have the same one;
 * who dialled gives its own channels odd numbers. To the transport it is a network (trunk_net): a connection
 * opened there is a channel, a channel that the far end opens arrives at the listener with its target address.
 *
 * A channel buffers nothing: what its far end has no window for, or the trunk's connection no room, stays in
 * the transport's write queue. */
#ifndef CORE_TRUNK_H
#define CORE_TRUNK_H

#include "loop.h"
#include "transport.h"

struct trunk;

#define TRUNK_WINDOW 65536u        /* octets that a channel's far end may send ahead */
#define TRUNK_WINDOW_MAX 16777216u /* that we believe it when it tells us ours */

struct trunk_conf {
	struct loop *loop;
	struct transport *transport;
	size_t max_channels;
	uint64_t ping_ms; /* silence after which the far end is asked; three of them and it is dead */
	/* It must go down: -EPROTO the far end broke the rules, -ETIMEDOUT it is silent. */
	void (*broken)(void *arg, int err);
	void *arg;
};

/* What it runs on. */
struct trunk_line {
	struct pn_realm *realm;
	uint64_t flow;         /* its connection, of the transport's trunk owner */
	struct pn_addr remote; /* as whom channels from there are seen */
	bool dialled;
};

struct trunk *trunk_new(const struct trunk_conf *c); /* down; NULL: out of memory */
void trunk_free(struct trunk *t);                    /* NULL-safe; takes it down first */
int trunk_up(struct trunk *t, const struct trunk_line *l); /* -ENOMEM */
/* Its connection is gone or will be: all channels are closed with err. Not from within net_on_*. */
void trunk_down(struct trunk *t, int err);
void trunk_break(struct trunk *t, int err); /* it must go down, as broken() is told */
bool trunk_is_up(const struct trunk *t);
const struct trunk_line *trunk_line(const struct trunk *t);
size_t trunk_channels(const struct trunk *t);

/* From its connection: a frame as trunk_frame_length() cuts it, and that all was written. */
void trunk_input(struct trunk *t, const uint8_t *data, size_t len);
void trunk_heard(struct trunk *t); /* something else came */
void trunk_drained(struct trunk *t);

/* The net's argument is the struct trunk; connecting while it is down is ENETDOWN. */
extern const struct net_ops trunk_net;

#endif
