/* A second socket for an RTP port, connected to where the side is: the kernel keeps the route of what it
 * sends and finds it faster for what it gets, which saves about an eighth of the work per packet. The first socket
 * still gets every other source's packets, so nothing depends on the twin: it may be stale, or missing
 * because descriptors are short. Control side only. */
#ifndef CORE_RELAY_TWIN_H
#define CORE_RELAY_TWIN_H

#include "relay_state.h"

/* The side's destination may have changed. */
void relay_twin_update(struct relay *r, struct relay_stream *s, unsigned side);
void relay_twin_forget(struct relay *r, const struct relay_stream *s); /* the stream is over */
/* A stream was opened and fd is the highest of its descriptors (-EMFILE: it could not be): if they get
 * short, other streams' twins make room. */
void relay_twin_make_room(struct relay *r, int fd);

#endif
