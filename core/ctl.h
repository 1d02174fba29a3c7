/* The control socket: a Unix stream socket, one request line, one JSON reply line. Grammar in ctl.c's
 * table of commands: show WHAT, end SESSION, drain [off], reload, log [SUBSYSTEM] LEVEL, version. A
 * reply is {"ok":true,...} or {"ok":false,"error":"..."}. */
#ifndef CORE_CTL_H
#define CORE_CTL_H

#include "core.h"

struct ctl;

struct ctl *ctl_new(struct core *core, const char *path); /* NULL and errno; mode 0660 */
void ctl_free(struct ctl *c);
int ctl_run(struct core *core, const char *line, struct buf *reply); /* also for tests and scenarios */

#endif
