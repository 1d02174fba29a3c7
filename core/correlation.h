/* Sessions that are passages of one call share one correlation id: those that name the same text, and
 * those whose media meet inside (the call came back through Postern). */
#ifndef CORE_CORRELATION_H
#define CORE_CORRELATION_H

#include "postern/module.h"

#define CORRELATION_NAMES_MAX 32u /* texts of one call; further ones are forgotten */

int correlation_join(struct pn_session *s, struct pn_str text); /* text may be empty; -ENOMEM */
/* They are one call: the older session's id stands for both, and for all that were joined to them. */
void correlation_merge(struct pn_session *a, struct pn_session *b);
void correlation_leave(struct pn_session *s);

#endif
