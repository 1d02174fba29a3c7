#define LOG_SUBSYSTEM LOG_MODULE

#include "module.h"

#include "abi.h"
#include "core.h"
#include "log.h"
#include "metrics.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAD_INPUT_INTERVAL_MS 60000u /* one line per source in this time */

struct module {
	struct core *core;
	struct host host;
	struct pn_module ops; /* zero past the size of the module's own table */
	void *dl;             /* NULL: linked in */
	char *name, *file;
	void *self, *next;
	bool running, retired, prepared;
	int counters; /* index of the first */
	size_t sessions;
	struct log_limit *bad;
};

/* ---- loading ---- */

static struct module *module_new(struct core *core, const char *file)
{
	struct module *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->core = core;
	host_init(&m->host, core->loop);
	m->file = strdup(file);
	m->bad = log_limit_new(BAD_INPUT_INTERVAL_MS, 1);
	if (m->file && m->bad)
		return m;
	module_unload(m);
	return NULL;
}

static int start(struct module *m, char *why, size_t cap)
{
	int err = m->ops.init(&api_services, (struct pn_host *)m, &m->self);

	if (err) {
		abi_refuse(why, cap, m->file, &m->ops, "init failed: %s", strerror(-err));
		return err;
	}
	m->running = true;
	if (!m->ops.n_counters)
		return 0;
	m->counters = metric_module_add(m->name, m->ops.counters, m->ops.n_counters);
	if (m->counters >= 0)
		return 0;
	abi_refuse(why, cap, m->file, &m->ops, "%u counters: %s", m->ops.n_counters,
		   strerror(-m->counters));
	return m->counters;
}

/* Takes m over. */
static struct module *adopt(struct module *m, const struct pn_module *table, const char *name, char *why,
			    size_t cap)
{
	if (abi_check(table, m->file, name, why, cap))
		goto fail;
	abi_copy(table, &m->ops);
	m->name = strdup(m->ops.name);
	if (!m->name) {
		abi_refuse(why, cap, m->file, &m->ops, "out of memory");
		goto fail;
	}
	if (start(m, why, cap))
		goto fail;
	log_info("module %s: loaded: %s, ABI %u.%u", m->name, m->file, m->ops.major, m->ops.minor);
	return m;
fail:
	module_unload(m);
	return NULL;
}

struct module *module_load(struct core *core, const char *name, const char *path, char *why, size_t cap)
{
	char file[4096];
	const struct pn_module *table;
	struct module *m;

	if (abi_file(name, path, file, sizeof(file))) {
		abi_refuse(why, cap, name, NULL, "is no name of a module");
		return NULL;
	}
	m = module_new(core, file);
	if (!m) {
		abi_refuse(why, cap, file, NULL, "out of memory");
		return NULL;
	}
	m->dl = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!m->dl) {
		const char *reason = dlerror();

		abi_refuse(why, cap, file, NULL, "cannot be loaded: %s", reason ? reason : "unknown");
		goto fail;
	}
	table = dlsym(m->dl, "postern_module");
	if (!table) {
		abi_refuse(why, cap, file, NULL, "has no symbol postern_module: is no module of Postern");
		goto fail;
	}
	return adopt(m, table, name, why, cap);
fail:
	module_unload(m);
	return NULL;
}

struct module *module_of_table(struct core *core, const struct pn_module *table, char *why, size_t cap)
{
	struct module *m = module_new(core, "linked in");

	if (m)
		return adopt(m, table, NULL, why, cap);
	abi_refuse(why, cap, "linked in", NULL, "out of memory");
	return NULL;
}

void module_stop(struct module *m)
{
	size_t left;

	if (m->running)
		m->ops.unload(m->self);
	m->running = false;
	m->self = NULL;
	memset(&m->ops, 0, sizeof(m->ops));
	left = host_close(&m->host);
	if (left && m->name)
		log_warn("module %s: left %zu timers and peers behind", m->name, left);
	if (m->dl)
		dlclose(m->dl);
	m->dl = NULL;
}

void module_unload(struct module *m)
{
	if (!m)
		return;
	module_stop(m);
	log_limit_free(m->bad);
	free(m->name);
	free(m->file);
	free(m);
}

/* ---- facts ---- */

const char *module_name(const struct module *m)
{
	return m->name;
}

const char *module_file(const struct module *m)
{
	return m->file;
}

const struct pn_module *module_table(const struct module *m)
{
	return &m->ops;
}

struct core *module_core(const struct module *m)
{
	return m->core;
}

struct host *module_host(struct module *m)
{
	return &m->host;
}

int module_busy(const struct module *m)
{
	return m->host.calls != NULL;
}

void module_retire(struct module *m, bool on)
{
	m->retired = on;
}

bool module_retired(const struct module *m)
{
	return m->retired;
}

size_t module_sessions(const struct module *m)
{
	return m->sessions;
}

void module_session_add(struct module *m)
{
	m->sessions++;
}

void module_count(struct module *m, unsigned counter)
{
	if (m->running && counter < m->ops.n_counters)
		metric_module_count((unsigned)m->counters + counter);
}

void module_bad_input(struct module *m, const struct pn_msg *msg, const char *why)
{
	uint64_t source = addr_hash(&msg->remote, msg->realm ? msg->realm->index : 0);
	unsigned swallowed = 0;

	metric_add(M_BAD_INPUT, 1);
	if (!log_limit_pass(m->bad, source, loop_now(m->core->loop), &swallowed))
		return;
	log_warn("%s %s: bad input in realm %s: %s (%u more since the last)", m->name,
		 addr_text(&msg->remote), msg->realm ? msg->realm->info.name : "-", why, swallowed);
}

int module_json(struct module *m, struct buf *out)
{
	char text[65536];
	long n = m->running && m->ops.show ? m->ops.show(m->self, text, sizeof(text) - 1) : 0;
	size_t before = out->len;
	char abi[16];
	int err;

	snprintf(abi, sizeof(abi), "%u.%u", m->ops.major, m->ops.minor);
	err = json_open(out, NULL, '{') || json_text(out, "name", m->name) ||
	      json_text(out, "file", m->file) || json_text(out, "abi", abi) ||
	      json_text(out, "state", m->retired ? "retiring" : "running") ||
	      json_num(out, "sessions", (int64_t)m->sessions);
	if (!err && n > 0 && (size_t)n < sizeof(text)) {
		text[n] = 0;
		err = json_raw(out, "detail", text);
	}
	if (!err && !json_close(out, '}'))
		return 0;
	out->len = before;
	return -ENOBUFS;
}

/* ---- configuration ---- */

int module_prepare(struct module *m, const struct conf_module *c, struct pn_conf_errors *e)
{
	int err = m->ops.schema ? conf_check_module(c, m->ops.schema, e) : 0;

	if (err)
		return err;
	err = m->ops.prepare(m->self, c->tree, e, &m->next);
	m->prepared = !err;
	return err;
}

void module_commit(struct module *m)
{
	if (m->prepared)
		m->ops.commit(m->self, m->next);
	m->prepared = false;
}

void module_discard(struct module *m)
{
	if (m->prepared)
		m->ops.discard(m->self, m->next);
	m->prepared = false;
}

/* ---- operations ---- */

long module_frame(struct module *m, const uint8_t *data, size_t len)
{
	return m->running && m->ops.frame ? m->ops.frame(m->self, data, len) : -ENOTSUP;
}

void module_message(struct module *m, const struct pn_msg *msg)
{
	if (m->running)
		m->ops.on_message(m->self, msg);
}

void module_flow_open(struct module *m, const struct pn_flow_info *f)
{
	if (m->running && m->ops.on_flow_open)
		m->ops.on_flow_open(m->self, f);
}

void module_flow_closed(struct module *m, uint64_t flow, int err)
{
	if (m->running && m->ops.on_flow_closed)
		m->ops.on_flow_closed(m->self, flow, err);
}

void module_rewrite(struct module *m, const struct pn_media_reply *r)
{
	if (m->running && m->ops.rewrite)
		m->ops.rewrite(m->self, r);
}

int module_latch(struct module *m, struct pn_session *s, enum pn_side side, size_t stream,
		 const struct pn_addr *where)
{
	return m->running && m->ops.latch ? m->ops.latch(m->self, s, side, stream, where) : 0;
}

long module_keepalive(struct module *m, struct pn_binding *b, void *out, size_t cap)
{
	return m->running && m->ops.keepalive ? m->ops.keepalive(m->self, b, out, cap) : -ENOTSUP;
}

void module_binding_gone(struct module *m, struct pn_binding *b)
{
	if (m->running && m->ops.on_binding_gone)
		m->ops.on_binding_gone(m->self, b);
}

void module_timeout(struct module *m, struct pn_session *s, enum pn_timeout what)
{
	if (m->running && m->ops.on_timeout)
		m->ops.on_timeout(m->self, s, what);
}

void module_session_free(struct module *m, struct pn_session *s, void *data)
{
	m->sessions--;
	if (m->running && m->ops.session_free)
		m->ops.session_free(m->self, s, data);
}
