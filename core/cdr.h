/* Call detail records: one JSON line per ended session, written at once. The same file name is opened
 * again on reload (logrotate). */
#ifndef CORE_CDR_H
#define CORE_CDR_H

#include "buf.h"

struct cdr;

struct cdr *cdr_open(const char *path); /* NULL and errno */
struct cdr *cdr_capture(void (*fn)(void *arg, const char *line), void *arg); /* tests, scenarios */
int cdr_reopen(struct cdr *c, const char *path); /* -errno: the old one stays */
void cdr_close(struct cdr *c);
int cdr_write(struct cdr *c, struct buf *line); /* one write(2), with the newline; -errno, counted */

#endif
