/* The agent's trunk: dialled, registered, refreshed; and dialled again with growing pauses when it is lost. */
#ifndef CORE_TRUNK_DIAL_H
#define CORE_TRUNK_DIAL_H

#include "buf.h"
#include "trunk.h"
#include "uplink.h"

struct trunk_dial;

struct trunk_dial *trunk_dial_new(struct loop *loop, struct transport *transport); /* NULL: out of memory */
void trunk_dial_free(struct trunk_dial *d); /* NULL-safe */
/* To whom and as whom from now on; NULL: hangs up and stays down. */
void trunk_dial_to(struct trunk_dial *d, const struct uplinks *u);
struct trunk *trunk_dial_trunk(struct trunk_dial *d); /* lives as long as d */
uint64_t trunk_dial_flow(const struct trunk_dial *d); /* its connection, 0: none */
int trunk_dial_json(const struct trunk_dial *d, struct buf *out); /* one object; nothing when there is no gateway */

/* Of its connection. */
void trunk_dial_opened(struct trunk_dial *d, const struct pn_flow_info *f);
void trunk_dial_message(struct trunk_dial *d, const struct pn_msg *m);
void trunk_dial_closed(struct trunk_dial *d, int err);

#endif
