/* The JSON that `posternctl show` prints. */
#ifndef CORE_CTL_SHOW_H
#define CORE_CTL_SHOW_H

#include "core.h"

/* what: sessions streams bindings modules realms counters. Adds "WHAT":[...] (counters: {...}) to the open
 * object; a list of bindings that does not fit ends early and "more" counts the rest. -EINVAL: no such
 * thing; -ENOBUFS. */
int ctl_show(struct core *core, const char *what, struct buf *out);
const char *ctl_show_names(void); /* "sessions, streams, ..." */

#endif
