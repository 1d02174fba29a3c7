#define LOG_SUBSYSTEM LOG_MODULE

#include "core.h"

#include "edits.h"
#include "log.h"
#include "metrics.h"
#include "pattern.h"
#include "random.h"
#include "sdp.h"
#include "table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_OCTETS 1024

static struct module *module_of(struct pn_host *h)
{
	return (struct module *)h;
}

static struct core *core_of(struct pn_host *h)
{
	return module_core(module_of(h));
}

/* ---- configuration ---- */

static struct pn_realm *api_realm_find(struct pn_host *h, const char *name)
{
	return name ? realms_find(core_of(h)->realms, name) : NULL;
}

static const struct pn_realm_info *api_realm_info(const struct pn_realm *r)
{
	return &r->info;
}

__attribute__((format(printf, 3, 4)))
static void api_conf_error(struct pn_conf_errors *e, const struct pn_conf *at, const char *fmt, ...)
{
	char text[LINE_MAX_OCTETS];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	conf_error(e, at->file, at->line, "%s", text);
}

static struct pn_peer *api_peer_new(struct pn_host *h, const char *text, uint16_t default_port)
{
	struct resolver *r = core_resolver(core_of(h));

	return host_peer_new(module_host(module_of(h)), r, text, default_port);
}

/* ---- flows ---- */

static uint64_t api_flow_listener(struct pn_host *h, struct pn_realm *r, enum pn_transport t, int family)
{
	return flow_listener(core_of(h)->transport, module_of(h), r, t, family);
}

static int api_flow_open(struct pn_host *h, struct pn_realm *r, enum pn_transport t,
			 const struct pn_addr *to, uint64_t *flow)
{
	return flow_open(core_of(h)->transport, module_of(h), r, t, to, flow);
}

static int api_flow_open_via(struct pn_host *h, struct pn_realm *r, const struct pn_addr *via,
			     enum pn_transport t, const struct pn_addr *to, uint64_t *flow)
{
	return flow_open_via(core_of(h)->transport, module_of(h), r, via, t, to, flow);
}

static int api_flow_trunk(struct pn_host *h, struct pn_realm *r, const struct pn_addr *via, const struct pn_addr *to)
{
	return flow_trunk(core_of(h)->transport, r, via, to);
}

static int api_flow_send(struct pn_host *h, uint64_t flow, const struct pn_addr *to, const void *data,
			 size_t len)
{
	struct transport *t = core_of(h)->transport;

	return flow_owner(t, flow) == module_of(h) ? flow_send(t, flow, to, data, len) : -ENOTCONN;
}

static int api_flow_expect(struct pn_host *h, struct pn_realm *r, int family, const struct pn_addr *from,
			   uint64_t within_ms, uint64_t *flow, struct pn_addr *local)
{
	return flow_expect(core_of(h)->transport, module_of(h), r, family, from, within_ms, flow, local);
}

static void api_flow_close(struct pn_host *h, uint64_t flow)
{
	flow_close(core_of(h)->transport, module_of(h), flow);
}

static int api_flow_info(struct pn_host *h, uint64_t flow, struct pn_flow_info *out)
{
	return flow_info(core_of(h)->transport, module_of(h), flow, out);
}

static int api_addr_own(struct pn_host *h, struct pn_realm *r, const struct pn_addr *a)
{
	return transport_own(core_of(h)->transport, r, a);
}

/* ---- sessions and bindings ---- */

/* A realm or module that a reload took away finishes what it has and starts nothing. */
static bool closed_for_new(struct pn_host *h, const struct pn_realm *r)
{
	return module_retired(module_of(h)) || (r && r->gone);
}

static int api_admit_session(struct pn_host *h, struct pn_realm *r, const struct pn_addr *src,
			     const struct pn_binding *b)
{
	if (!closed_for_new(h, r))
		return admit_session(core_of(h)->sessions, r, src, b);
	metric_add(M_SESSIONS_REFUSED, 1);
	return -ENOSPC;
}

/* A module that was built when less could be said says less; the rest is zero. */
static struct pn_session *api_session_new(struct pn_host *h, const struct pn_session_args *said)
{
	struct pn_session_args a = { 0 };
	struct pn_session *s;

	if (said->size < offsetof(struct pn_session_args, unhurried)) {
		errno = EINVAL;
		return NULL;
	}
	memcpy(&a, said, said->size < sizeof(a) ? said->size : sizeof(a));
	if (closed_for_new(h, a.ingress) || closed_for_new(h, a.egress)) {
		metric_add(M_SESSIONS_REFUSED, 1);
		errno = ENOSPC;
		return NULL;
	}
	s = session_new(core_of(h)->sessions, module_of(h), &a);
	if (s)
		module_session_add(module_of(h));
	return s;
}

static struct pn_session *api_session_find(struct pn_host *h, struct pn_str key)
{
	return session_find(core_of(h)->sessions, module_of(h), key);
}

/* A module that was built before aliases had kinds says less; the rest is zero. */
static int api_binding_put(struct pn_host *h, const struct pn_binding_args *said, struct pn_binding **out)
{
	struct pn_binding_args a = { 0 };

	if (said->size < offsetof(struct pn_binding_args, alias_kind))
		return -EINVAL;
	memcpy(&a, said, said->size < sizeof(a) ? said->size : sizeof(a));
	if (closed_for_new(h, a.realm) || closed_for_new(h, a.alias_realm))
		return -ENOSPC;
	return binding_put(core_of(h)->bindings, module_of(h), &a, out);
}

static struct pn_binding *api_binding_find(struct pn_host *h, struct pn_realm *r, enum pn_binding_key by,
					   const void *key, size_t len, struct pn_binding *after)
{
	return binding_find(core_of(h)->bindings, module_of(h), r, by, key, len, after);
}

static void api_binding_keepalive(struct pn_host *h, uint64_t every_ms)
{
	binding_keepalive(core_of(h)->bindings, module_of(h), every_ms);
}

/* ---- timers, tables, edits, patterns ---- */

static struct pn_timer *api_timer_new(struct pn_host *h, void (*fn)(void *arg), void *arg)
{
	return host_timer_new(module_host(module_of(h)), fn, arg);
}

static void api_timer_start(struct pn_timer *t, uint64_t after_ms)
{
	int err = host_timer_start(t, after_ms);

	if (err)
		log_error("module timer: not started: %s", strerror(-err));
}

static uint64_t api_now_ms(struct pn_host *h)
{
	return loop_now(core_of(h)->loop);
}

static void api_defer(struct pn_host *h, void (*fn)(void *arg), void *arg)
{
	int err = host_defer(module_host(module_of(h)), fn, arg);

	if (err)
		log_error("module %s: deferred call lost: %s", module_name(module_of(h)), strerror(-err));
}

static struct pn_table *api_table_new(struct pn_host *h, size_t max)
{
	(void)h;
	return table_new(max);
}

static struct pn_edits *api_edits_new(struct pn_host *h)
{
	(void)h;
	return edits_new();
}

static void *api_pattern_new(const char *pattern, char *why, size_t why_cap)
{
	return pattern_new(pattern, why, why_cap);
}

static int api_pattern_match(const void *pattern, struct pn_str subject)
{
	return pattern_match(pattern, subject);
}

static void api_pattern_free(void *pattern)
{
	pattern_free(pattern);
}

/* ---- log and counters ---- */

__attribute__((format(printf, 3, 4)))
static void api_log(struct pn_host *h, enum pn_level level, const char *fmt, ...)
{
	char text[LINE_MAX_OCTETS];
	const char *name = module_name(module_of(h));
	va_list ap;

	if (!log_wants(LOG_MODULE, level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_write(LOG_MODULE, level, "%s %s", name, text);
}

static void api_bad_input(struct pn_host *h, const struct pn_msg *m, const char *why)
{
	module_bad_input(module_of(h), m, why);
}

static void api_count(struct pn_host *h, unsigned counter)
{
	module_count(module_of(h), counter);
}

const struct pn_services api_services = {
	.size = sizeof(struct pn_services),
	.major = PN_ABI_MAJOR,
	.minor = PN_ABI_MINOR,

	.realm_find = api_realm_find,
	.realm_info = api_realm_info,
	.conf_error = api_conf_error,
	.conf_duration = conf_duration,
	.peer_new = api_peer_new,
	.peer_free = peer_free,
	.peer_addr = peer_addr,

	.flow_listener = api_flow_listener,
	.flow_open = api_flow_open,
	.flow_send = api_flow_send,
	.flow_close = api_flow_close,
	.flow_info = api_flow_info,
	.flow_expect = api_flow_expect,

	.admit_session = api_admit_session,
	.session_new = api_session_new,
	.session_find = api_session_find,
	.session_data = session_data,
	.session_id = session_id,
	.session_attr = session_attr,
	.session_deadline = session_deadline,
	.session_peer = session_peer,
	.session_answered = session_answered,
	.session_end = session_end,
	.branch_get = branch_get,
	.branch_choose = branch_choose,
	.branch_end = branch_end,

	.media_declare = media_declare,
	.media_pending = media_pending,
	.media_hold = media_hold,
	.media_cancel = media_cancel,
	.media_rollback = media_rollback,
	.media_advertised = media_advertised,
	.media_declared = media_declared,

	.binding_put = api_binding_put,
	.binding_accept = binding_accept,
	.binding_refuse = binding_refuse,
	.binding_remove = binding_remove,
	.binding_find = api_binding_find,
	.binding_info = binding_info,
	.binding_set_data = binding_set_data,
	.binding_alive = binding_alive,
	.binding_keepalive = api_binding_keepalive,

	.sdp_scan = sdp_scan,
	.sdp_write = sdp_write,
	.sdp_check = sdp_check,

	.edits_new = api_edits_new,
	.edit = edits_add,
	.edits_delta = edits_delta,
	.edits_apply = edits_apply,
	.edits_free = edits_free,

	.timer_new = api_timer_new,
	.timer_start = api_timer_start,
	.timer_stop = host_timer_stop,
	.timer_free = host_timer_free,
	.now_ms = api_now_ms,

	.table_new = api_table_new,
	.table_put = table_put,
	.table_get = table_get,
	.table_del = table_del,
	.table_count = table_count,
	.table_free = table_free,

	.log = api_log,
	.bad_input = api_bad_input,
	.count = api_count,
	.random = random_bytes,
	.defer = api_defer,
	.addr_parse = addr_parse,
	.addr_print = addr_print,
	.addr_own = api_addr_own,
	.pattern_new = api_pattern_new,
	.pattern_match = api_pattern_match,
	.pattern_free = api_pattern_free,

	.flow_open_via = api_flow_open_via,
	.flow_trunk = api_flow_trunk,
};
