/* Media that returns to the agent it came from: two pinholes of one agent that are the two ends of a call, over this
 * stream alone or over several (the softswitch sent the call back: internal hops). The agent is told, so that it may
 * keep that media inside. */
#ifndef CORE_MEDIA_RETURN_H
#define CORE_MEDIA_RETURN_H

#include "session_state.h"

void media_return_look(struct stream *st);  /* something about it changed */
void media_return_break(struct stream *st); /* it ends: nothing returns over it */

#endif
