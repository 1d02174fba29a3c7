/* Logical channels that Postern refuses: there is no port for them, or they are too many. */
#ifndef H323_REJECT_H
#define H323_REJECT_H

#include "call_state.h"

/* Answers each OpenLogicalChannel in what a side sent by OpenLogicalChannelReject (H.245 C.4), in place of passing
 * it on, for this reason. False: there is none, or other things are in it that must not be lost. */
bool reject_channels(struct call *c, enum pn_side side, bool control, struct pn_str text, int err);

#endif
