/* Several calls of one endpoint at once: each is a line, which is a struct terminal with media and H.245 of its own.
 * They share the first one's signalling connection (H.323 7.3: multipleCalls), and it alone speaks RAS. */
#ifndef LAB_H323_LINES_H
#define LAB_H323_LINES_H

#include "h323_terminal.h"

/* One more line for each further name in o.call, behind t. 0 or -errno. */
int lines_begin(struct terminal *t);
/* The line that has this call, or the first. */
struct terminal *lines_of(struct terminal *first, uint16_t reference);
/* Any of its lines is in a call. */
bool lines_calling(const struct terminal *t);
/* All but the first have ended. */
bool lines_done(const struct terminal *first);

#endif
