/* H.460.19, as traversal server: a terminal behind a NAT that does it learns from us where to send keepalives, so that
 * media reaches it before it sends any; and that we are its server. The other side hears nothing of it: media between
 * the two is ours, whatever server there may be behind it. */
#ifndef H323_TRAVERSE_MEDIA_H
#define H323_TRAVERSE_MEDIA_H

#include <OpenLogicalChannel.h>
#include <OpenLogicalChannelAck.h>

#include "call_state.h"
#include "uuie.h"

/* A side says in call signalling that it can: that is what counts, where RAS said nothing of it (H.460.19 6). Before
 * the message is edited. */
void traverse_media_note(struct call *c, enum pn_side side, const struct uuie *u);
/* Edit what goes to the other side; nothing where the message can only be patched. 0 or -ENOMEM.
 * ours: the media address of ours that the other side is shown; family 0: none. */
int traverse_media_open(const struct call *c, enum pn_side side, struct pdu *p, OpenLogicalChannel_t *o,
			const struct pn_addr *ours);
int traverse_media_ack(const struct pdu *p, OpenLogicalChannelAck_t *a);
int traverse_media_features(const struct call *c, enum pn_side side, struct uuie *u);

#endif
