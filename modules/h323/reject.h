/* Logical channels that Postern refuses: there is no port for them, or they are too many, or over TCP. Such a channel
 * does not go on; what else the message holds does, and then OpenLogicalChannelReject (H.245 C.4) goes back. */
#ifndef H323_REJECT_H
#define H323_REJECT_H

#include "call_state.h"

/* The message in hand opens this channel in vain. -ENOBUFS: so many cannot be. */
int reject_note(struct call *c, enum pn_side side, long number, int why);
/* The same for all channels that it opens. False: there is none, or too many. */
bool reject_note_all(struct call *c, enum pn_side side, bool control, struct pn_str text, int why);
bool reject_noted(const struct call *c, long number);
/* Answers the side that opened them. control: by its H.245 connection, else tunnelled. */
void reject_send(struct call *c, enum pn_side side, bool control);

#endif
