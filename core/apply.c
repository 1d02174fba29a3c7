/* core_apply() and its kin (core.h): a configuration is checked in steps that can all be taken back, and
 * only then made to count. No turn of the loop passes in between, so nobody sees a half of it. */
#define LOG_SUBSYSTEM LOG_CONF

#include "abi.h"
#include "conf_route.h"
#include "engine.h"
#include "log.h"
#include "metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct apply {
	struct core *c;
	struct conf *conf;
	struct pn_conf_errors *e;
	struct module *module[CORE_MODULES]; /* of conf->modules[i]; NULL: refused */
	bool fresh[CORE_MODULES];            /* loaded by this very step */
	size_t n;
	struct cdr *cdr;
	bool realms, first;
};

/* ---- steps ---- */

static int refuse(struct apply *a, int line, const char *what, int err)
{
	conf_error(a->e, a->conf->path, line, "%s: %s", what, strerror(-err));
	return -EINVAL;
}

static int check_whole(struct apply *a)
{
	const struct conf *now = a->c->conf;

	if (now && now->role != a->conf->role) {
		conf_error(a->e, a->conf->path, a->conf->line,
			   "role of <postern>: expected the one that runs until a restart");
		return -EINVAL;
	}
	if (a->conf->n_modules <= CORE_MODULES)
		return 0;
	conf_error(a->e, a->conf->path, a->conf->modules[CORE_MODULES].line,
		   "module: too many: expected at most %u", CORE_MODULES);
	return -EINVAL;
}

static int apply_realms(struct apply *a)
{
	int err = realms_apply(a->c->realms, a->conf);

	if (err == -ENOSPC) {
		conf_error(a->e, a->conf->path, 1,
			   "realm: too many in the life of this process: expected at most %u; restart it",
			   REALMS_MAX);
		return -EINVAL;
	}
	if (err)
		return refuse(a, 1, "realms", err);
	a->realms = true;
	return 0;
}

static const struct pn_module *find_linked(const struct core *c, const char *name)
{
	const struct pn_module *const *at = c->env.linked;

	while (at && *at && strcmp((*at)->name, name))
		at++;
	return at ? *at : NULL;
}

/* The same name from another file would need two of them at a time. */
static int check_same_file(struct apply *a, const struct conf_module *cm, const struct module *m)
{
	char file[4096];

	if (find_linked(a->c, cm->name) || abi_file(cm->name, cm->file, file, sizeof(file)) ||
	    !strcmp(file, module_file(m)))
		return 0;
	conf_error(a->e, a->conf->path, cm->line,
		   "module \"%s\": runs from %s, not from %s: expected the same file until a restart", cm->name,
		   module_file(m), file);
	return -EINVAL;
}

static struct module *load(struct apply *a, const struct conf_module *cm, bool *fresh)
{
	struct module *m = core_module(a->c, cm->name);
	const struct pn_module *linked = find_linked(a->c, cm->name);
	char why[ABI_REASON];

	if (m)
		return check_same_file(a, cm, m) ? NULL : m;
	m = linked ? module_of_table(a->c, linked, why, sizeof(why))
		   : module_load(a->c, cm->name, cm->file, why, sizeof(why));
	if (!m)
		conf_error(a->e, a->conf->path, cm->line, "module \"%s\": %s", cm->name, why);
	*fresh = m != NULL;
	return m;
}

/* All are tried, so that all errors are told. */
static int load_modules(struct apply *a)
{
	int err = 0;

	for (a->n = 0; a->n < a->conf->n_modules; a->n++) {
		a->module[a->n] = load(a, &a->conf->modules[a->n], &a->fresh[a->n]);
		if (!a->module[a->n])
			err = -EINVAL;
	}
	return err;
}

static int check_listens(struct apply *a, const struct conf_module *cm, const struct module *m)
{
	for (size_t i = 0; i < cm->n_listens; i++) {
		if (cm->listens[i].transport == PN_UDP || module_table(m)->frame)
			continue;
		conf_error(a->e, a->conf->path, cm->listens[i].line,
			   "<listen>: module \"%s\" has no framing for streams: expected transport=\"udp\"",
			   cm->name);
		return -EINVAL;
	}
	return 0;
}

static int prepare_modules(struct apply *a)
{
	int result = 0;

	for (size_t i = 0; i < a->n; i++) {
		const struct conf_module *cm = &a->conf->modules[i];
		size_t before = a->e->n;
		int err;

		if (!a->module[i])
			continue;
		err = check_listens(a, cm, a->module[i]);
		if (!err)
			err = conf_add_routes(a->conf, &a->conf->modules[i],
					      module_table(a->module[i])->default_route, a->e);
		if (!err)
			err = module_prepare(a->module[i], cm, a->e);
		if (!err)
			continue;
		if (a->e->n == before)
			refuse(a, cm->line, cm->name, err);
		result = -EINVAL;
	}
	return result;
}

static const char *transport_name(enum pn_transport t)
{
	return t == PN_UDP ? "udp" : t == PN_TCP ? "tcp" : "tls";
}

static int stage_listeners(struct apply *a)
{
	int result = 0;

	for (size_t i = 0; i < a->n; i++) {
		const struct conf_module *cm = &a->conf->modules[i];
		const struct conf_listen *bad = NULL;
		int err = transport_stage(a->c->transport, a->module[i], a->c->realms, cm->listens,
					  cm->n_listens, &bad);

		if (!err)
			continue;
		result = -EINVAL;
		conf_error(a->e, a->conf->path, bad->line,
			   "<listen> on %s port %u of realm \"%s\": %s: expected a socket that can be opened",
			   transport_name(bad->transport), bad->port, a->conf->realms[bad->realm].name,
			   strerror(-err));
	}
	return result;
}

static int open_cdr(struct apply *a)
{
	char what[512];
	int err;

	a->cdr = engine_cdr(a->c, a->conf, &err);
	if (!err)
		return 0;
	snprintf(what, sizeof(what), "cdr %s", a->conf->cdr);
	return refuse(a, 1, what, err);
}

static int start_engine(struct apply *a)
{
	int err = a->c->sessions ? 0 : engine_start(a->c, a->conf);

	a->first = !err && !a->c->conf;
	return err ? refuse(a, 1, "media relay", err) : 0;
}

/* ---- back ---- */

static void undo_module(struct apply *a, struct module *m, bool fresh)
{
	transport_settle(a->c->transport, m, false);
	module_discard(m);
	if (!fresh)
		return;
	transport_unlisten(a->c->transport, m);
	bindings_drop_owner(a->c->bindings, m);
	module_unload(m);
}

static void undo(struct apply *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->module[i])
			undo_module(a, a->module[i], a->fresh[i]);
	if (a->cdr && a->cdr != a->c->env.cdr)
		cdr_close(a->cdr);
	if (a->first)
		engine_stop(a->c);
	if (a->realms)
		realms_undo(a->c->realms);
}

/* ---- forward ---- */

static bool is_wanted(const struct apply *a, const struct module *m)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->module[i] == m)
			return true;
	return false;
}

/* The configured modules, then those that the new configuration left out. */
static void list_modules(struct apply *a)
{
	struct core *c = a->c;
	struct module *gone[CORE_MODULES];
	size_t n = 0;

	for (size_t i = 0; i < c->n_modules; i++)
		if (!is_wanted(a, c->modules[i]))
			gone[n++] = c->modules[i];
	memcpy(c->modules, a->module, a->n * sizeof(a->module[0]));
	c->n_modules = a->n;
	for (size_t i = 0; i < n && c->n_modules < CORE_MODULES; i++)
		c->modules[c->n_modules++] = gone[i];
	for (size_t i = 0; i < n; i++) {
		module_retire(gone[i], true);
		if (CORE_MODULES - a->n <= i)
			core_drop(c, gone[i]);
		else if (module_sessions(gone[i]))
			log_info("module %s: serves its %zu sessions to their end", module_name(gone[i]),
				 module_sessions(gone[i]));
	}
}

static void apply_pinholes(struct apply *a)
{
	struct core *c = a->c;
	const struct pn_realm *bad = NULL;
	const struct uplink_who *who;
	int err = pinholes_apply(c->pinholes, a->conf, c->realms);

	if (!err)
		err = uplinks_apply(c->uplinks, a->conf, c->realms);
	who = uplink_who(c->uplinks);
	bindings_token_secret(c->bindings, who ? who->secret : (struct pn_str){ NULL, 0 }, module_name);
	if (err)
		log_error("core: networks and the gateway are not as configured: %s", strerror(-err));
	err = trunks_apply(c->trunks, a->conf, c->realms, &bad);
	if (err)
		log_error("core: no trunks in realm %s: TCP port %u: %s", bad->info.name, bad->pinhole, strerror(-err));
}

static void commit(struct apply *a)
{
	struct core *c = a->c;
	struct conf *old = c->conf;

	for (size_t i = 0; i < a->n; i++)
		transport_settle(c->transport, a->module[i], true);
	realms_keep(c->realms);
	engine_cdr_use(c, a->cdr);
	engine_tune(c, a->conf);
	for (size_t i = 0; i < a->n; i++) {
		module_retire(a->module[i], false);
		module_commit(a->module[i]);
	}
	apply_pinholes(a);
	c->conf = a->conf;
	list_modules(a);
	core_drop_idle(c);
	if (old && (old->media.threads != a->conf->media.threads ||
		    old->limits.streams != a->conf->limits.streams))
		log_warn("core: media threads and the limit of streams change with a restart only");
	if (old)
		core_keep_conf(c, old);
	metric_add(M_CONF_RELOADS, 1);
	log_info("core: configuration applied: %s: %zu realms, %zu modules", a->conf->path,
		 a->conf->n_realms, a->conf->n_modules);
}

static int check(struct apply *a)
{
	int err = check_whole(a), loaded;

	if (!err)
		err = apply_realms(a);
	if (err)
		return err;
	loaded = load_modules(a);
	err = prepare_modules(a);
	return loaded ? loaded : err;
}

int core_apply(struct core *c, struct conf *conf, struct pn_conf_errors *e)
{
	struct apply a = { .c = c, .conf = conf, .e = e };
	int err = check(&a);

	if (!err)
		err = open_cdr(&a);
	if (!err)
		err = start_engine(&a);
	if (!err)
		err = stage_listeners(&a);
	if (!err) {
		commit(&a);
		return 0;
	}
	undo(&a);
	metric_add(M_CONF_REFUSED, 1);
	return err;
}

int core_reload(struct core *c, const char *path, struct pn_conf_errors *e)
{
	struct conf *conf = conf_load(path, e);
	int err;

	if (!conf) {
		metric_add(M_CONF_REFUSED, 1);
		return -EINVAL;
	}
	err = core_apply(c, conf, e);
	if (err)
		conf_free(conf);
	return err;
}

static int check_offline(struct conf *conf, struct pn_conf_errors *e)
{
	struct core_env env = { .loop = loop_new_fake(0), .offline = true };
	struct core *c = env.loop ? core_new(&env) : NULL;
	struct apply a = { .c = c, .conf = conf, .e = e };
	int err = -ENOMEM;

	if (c) {
		err = check(&a);
		undo(&a);
	} else {
		conf_error(e, conf->path, 1, "out of memory");
	}
	core_free(c);
	loop_free(env.loop);
	return err;
}

int core_check(const char *path, struct pn_conf_errors *e)
{
	struct conf *conf = conf_load(path, e);
	int err;

	if (!conf)
		return -EINVAL;
	err = check_offline(conf, e);
	conf_free(conf);
	return err;
}
