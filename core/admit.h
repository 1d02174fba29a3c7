/* How many sessions a realm and a terminal have. A terminal is a binding, or the address that the
 * signalling comes from where there is none. admit_session() itself is in session.h. */
#ifndef CORE_ADMIT_H
#define CORE_ADMIT_H

#include "realm.h"

struct sessions;

/* 0, or -ENOSPC: drain, the table, or a realm is full. Not counted. */
int admit_room(const struct sessions *t, const struct pn_realm *r);
uint32_t admit_count(const struct sessions *t, const struct pn_realm *r); /* sessions in the realm now */
int admit_enter(struct pn_session *s); /* count it; -ENOMEM: nothing was counted */
void admit_leave(struct pn_session *s);
void admit_binding_gone(struct sessions *t, const struct pn_binding *b);

#endif
