/* H.245 messages: from a connection of their own, tunnelled, or as fastStart's OpenLogicalChannel. */
#ifndef H323_H245_H
#define H323_H245_H

#include "call_state.h"

/* What it says of media. 1: it must be declared to the core; 0: nothing new; -EBADMSG: it does not decode;
 * -ENOSPC, -ENOMEM. text: one message or several. */
int h245_scan(struct call *c, enum pn_side side, struct pn_str text);
int h245_scan_proposal(struct call *c, enum pn_side side, struct pn_str text);
/* Writes it as the other side must see it. The length; 0: it is not to see it; -EBADMSG, -ENOBUFS, or what
 * pdu_write() said. */
long h245_pass(struct call *c, enum pn_side side, struct pn_str text, uint8_t *out, size_t cap);
long h245_pass_proposal(struct call *c, enum pn_side side, struct pn_str text, uint8_t *out, size_t cap);

#endif
