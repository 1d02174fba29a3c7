/* A session as its charging record. */
#ifndef CORE_SESSION_CDR_H
#define CORE_SESSION_CDR_H

#include "buf.h"

#define SESSION_CDR_MAX 65536u

/* One JSON object, no newline; docs/cdr.md names the fields. -ENOBUFS, -ENOMEM */
int session_cdr(const struct pn_session *s, struct buf *out);
const char *media_kind_name(enum pn_media_kind kind);

#endif
