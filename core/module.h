/* Loaded modules: dlopen, the checks of the ABI, and the operations as calls that accept what a module
 * left out. Named module_* here; the ABI itself is postern/module.h. */
#ifndef CORE_MODULE_H
#define CORE_MODULE_H

#include "buf.h"
#include "conf.h"
#include "host.h"
#include "postern/module.h"

struct module; /* is struct pn_host for the module itself */
struct core;

/* NULL, and `why` says so: file, its ABI and ours, what is missing. path NULL: moduledir/name.so, where
 * moduledir is $POSTERN_MODULEDIR or the installed one. A refused module leaves nothing behind. */
struct module *module_load(struct core *core, const char *name, const char *path, char *why, size_t cap);
/* The same checks for a table that is linked in (tests). */
struct module *module_of_table(struct core *core, const struct pn_module *table, char *why, size_t cap);
/* Calls `unload`, takes back what it held and closes its file. The struct stays, because reports about
 * former sessions may still name it: its operations do nothing from now on. */
void module_stop(struct module *m);
void module_unload(struct module *m); /* stops it first; NULL-safe */
const char *module_name(const struct module *m);
const char *module_file(const struct module *m);
const struct pn_module *module_table(const struct module *m);
struct core *module_core(const struct module *m);
struct host *module_host(struct module *m);
int module_busy(const struct module *m); /* it deferred calls that were not run yet */
void module_count(struct module *m, unsigned counter); /* index in its own table */
void module_bad_input(struct module *m, const struct pn_msg *msg, const char *why);
/* A module that the configuration no longer names serves its sessions to their end and starts none. */
void module_retire(struct module *m, bool on);
bool module_retired(const struct module *m);
size_t module_sessions(const struct module *m);
void module_session_add(struct module *m); /* module_session_free takes it back */

/* Schema, then the module's own check. -EINVAL with errors. */
int module_prepare(struct module *m, const struct conf_module *c, struct pn_conf_errors *e);
void module_commit(struct module *m);  /* what was prepared */
void module_discard(struct module *m);
int module_json(struct module *m, struct buf *out); /* a row of `show modules` */

/* Operations; safe where the module has none. */
long module_frame(struct module *m, const uint8_t *data, size_t len);
void module_message(struct module *m, const struct pn_msg *msg);
void module_flow_open(struct module *m, const struct pn_flow_info *f);
void module_flow_closed(struct module *m, uint64_t flow, int err);
void module_rewrite(struct module *m, const struct pn_media_reply *r);
int module_latch(struct module *m, struct pn_session *s, enum pn_side side, size_t stream,
		 const struct pn_addr *where);
long module_keepalive(struct module *m, struct pn_binding *b, void *out, size_t cap);
void module_binding_gone(struct module *m, struct pn_binding *b);
void module_timeout(struct module *m, struct pn_session *s, enum pn_timeout what);
void module_session_free(struct module *m, struct pn_session *s, void *data);

/* The services table (api.c), the same for all modules. */
extern const struct pn_services api_services;

#endif
