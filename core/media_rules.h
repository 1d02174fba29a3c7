/* From declarations to the rules of the relay: latch mode, addresses, hold, mux; reach and hops are its own. */
#ifndef CORE_MEDIA_RULES_H
#define CORE_MEDIA_RULES_H

#include "session_state.h"

void stream_lay(struct stream *st, enum pn_side side, unsigned branch); /* lay the rules of one end down */
bool stream_held(const struct stream *st);
bool stream_quiet(const struct stream *st); /* held, or one direction only: may be silent for long */

#endif
