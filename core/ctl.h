/* The control socket: a Unix stream socket, one request line, one JSON reply line. Grammar in ctl_run.c's
 * table of commands: show WHAT, end SESSION, drain [off], reload, log [SUBSYSTEM] LEVEL, version. A
 * reply is {"ok":true,...} or {"ok":false,"error":"...","errors":[...]}.
 * At most CTL_CLIENTS at a time (one more is told so and closed), CTL_LINE octets in a request and
 * CTL_REPLY in a reply; who says nothing for CTL_IDLE_MS is closed. */
#ifndef CORE_CTL_H
#define CORE_CTL_H

#include "core.h"

#define CTL_CLIENTS 16u
#define CTL_LINE 512u
#define CTL_REPLY (64u << 20)
#define CTL_IDLE_MS 60000u

struct ctl;

/* NULL and errno: EADDRINUSE another daemon answers there, EEXIST no socket lies there. Mode 0660; what a
 * dead daemon left is replaced, a missing directory is made. */
struct ctl *ctl_new(struct core *core, const char *path);
void ctl_free(struct ctl *c); /* removes the socket; NULL-safe */
int ctl_move(struct ctl *c, const char *path); /* to another path, if it is another; -errno: it stays */
/* fn is called when a command of a client applied another configuration. */
void ctl_on_applied(struct ctl *c, void (*fn)(void *arg), void *arg);
/* Run one request. The reply has no newline. 0, or -errno when it was refused (the reply says why). Also
 * for tests and scenarios. */
int ctl_run(struct core *core, const char *line, struct buf *reply);

#endif
