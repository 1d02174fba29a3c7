/* From declarations to the relay's rules: latch mode, reach, internal hops. */
#ifndef CORE_MEDIA_RULES_H
#define CORE_MEDIA_RULES_H

#include "session_state.h"

void stream_lay(struct stream *st, enum pn_side side, unsigned branch); /* lay the rules of one end down */
void stream_lay_all(struct stream *st); /* of all ends; the branch that spoke last is the current one */
bool stream_held(const struct stream *st);

#endif
