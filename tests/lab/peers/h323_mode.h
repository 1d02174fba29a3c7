/* Which logical channels are open: opening, closing, opening again, and the change from sound to fax by request
 * mode. ITU-T H.245 B.3, B.5, B.9; H.323 annex D. */
#ifndef LAB_H323_MODE_H
#define LAB_H323_MODE_H

#include "CloseLogicalChannel.h"
#include "OpenLogicalChannel.h"
#include "OpenLogicalChannelAck.h"
#include "RequestMode.h"
#include "h323_terminal.h"

/* Open channels of ours for all that is wanted, unless they are. */
void mode_open(struct terminal *t);
void mode_on_open(struct terminal *t, const OpenLogicalChannel_t *o);
void mode_on_ack(struct terminal *t, const OpenLogicalChannelAck_t *a);
void mode_on_close(struct terminal *t, const CloseLogicalChannel_t *c);
void mode_on_close_ack(struct terminal *t, long number);
/* Close a channel of ours, please. */
void mode_on_request_close(struct terminal *t, long number);
void mode_on_request(struct terminal *t, const RequestMode_t *r);
void mode_on_request_ack(struct terminal *t);

/* Acts. All channels are closed, ours and theirs, then opened. */
void mode_reopen(struct terminal *t);
void mode_ask_fax(struct terminal *t);
/* What is wanted is open in both directions. */
bool mode_settled(const struct terminal *t);

#endif
