/* The parts of the core that carry calls (relay, ports, sessions, CDR) and the wires between them, the
 * bindings and the modules. */
#ifndef CORE_ENGINE_H
#define CORE_ENGINE_H

#include "core.h"

extern const struct binding_events engine_binding_events; /* arg: struct core */

/* The first configuration starts it. -errno: nothing is left of it. cdr: see engine_cdr. */
int engine_start(struct core *c, const struct conf *conf);
void engine_stop(struct core *c); /* ends all sessions; NULL-safe parts */
/* A new configuration for what runs already: limits, reach and marking of realms. */
void engine_tune(struct core *c, const struct conf *conf);
/* The record file of conf, opened (again); NULL and err 0 where there is none. */
struct cdr *engine_cdr(const struct core *c, const struct conf *conf, int *err);
void engine_cdr_use(struct core *c, struct cdr *cdr); /* closes the one before */

#endif
