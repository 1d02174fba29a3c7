/* Leases of media ports: what a provider granted, until the relay's final report. */
#ifndef CORE_LEASE_H
#define CORE_LEASE_H

#include "session_state.h"

/* Takes the grant over. NULL when out of memory; the grant is released then. */
struct lease *lease_new(struct sessions *t, struct pn_session *s, const struct media_grant *g);
/* A grant that nobody waits for: it counts as taken until the provider's release is reported final. */
void lease_late(struct sessions *t, const struct media_grant *g);
void lease_use(struct lease *l, struct stream *st);
/* Give it back. It is freed with its final report, perhaps before this returns. */
void lease_close(struct lease *l);
struct lease *lease_find(struct sessions *t, uint32_t stream);
/* The session is done with: count what was reported so far and let its leases go on alone. */
void leases_orphan(struct pn_session *s);
void leases_free(struct sessions *t);

#endif
