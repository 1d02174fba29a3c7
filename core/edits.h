/* A list of span replacements on a message, applied once (rule 4: only these bytes change). */
#ifndef CORE_EDITS_H
#define CORE_EDITS_H

#include "postern/module.h"

#define EDITS_MAX 512u          /* per message */
#define EDITS_TEXT_MAX (1u << 20) /* octets put in, of all edits together */

struct pn_edits *edits_new(void);
void edits_free(struct pn_edits *e);
/* Replace [at, at+len) by text, which is copied; len 0 inserts before `at`. -ENOBUFS past EDITS_MAX or
 * EDITS_TEXT_MAX, -EINVAL when at+len overflows, -ENOMEM. */
int edits_add(struct pn_edits *e, size_t at, size_t len, const void *text, size_t text_len);
/* Growth of what begins in [from, to); an insertion at `to` counts too, since what is appended to a
 * body is part of it. */
long edits_delta(const struct pn_edits *e, size_t from, size_t to);
/* Length of the result; -ENOBUFS if it does not fit, -EINVAL when spans overlap or leave the input.
 * Edits at one position are applied in the order of adding, at most one of them a replacement. */
long edits_apply(const struct pn_edits *e, const void *in, size_t len, void *out, size_t cap);

#endif
