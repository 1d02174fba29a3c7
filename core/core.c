#define LOG_SUBSYSTEM LOG_MAIN

#include "core.h"

#include "admit.h"
#include "engine.h"
#include "log.h"
#include "net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS 1000u
#define STOP_TRIES 8u /* turns of deferred calls that a leaving module may still start */

static const struct transport_events transport_events = {
	.frame = module_frame,
	.message = module_message,
	.flow_open = module_flow_open,
	.flow_closed = module_flow_closed,
};

/* ---- pinholes of signalling: the agent's own, or those of agents ---- */

static bool on_stun(void *arg, struct module *m, const struct pn_msg *msg)
{
	struct core *c = arg;

	return msg->realm->uplink ? uplinks_on_stun(c->uplinks, m, msg) : pinholes_on_stun(c->pinholes, m, msg);
}

static void on_heard(void *arg, const struct pn_realm *r, const struct pn_addr *from)
{
	const struct core *c = arg;

	if (!r->uplink)
		pinholes_heard(c->pinholes, r, from);
}

static void on_redirect(void *arg, uint64_t flow, const struct module *m, const struct pn_realm *r,
			struct pn_addr *to)
{
	struct core *c = arg;

	if (r->uplink)
		uplinks_redirect(c->uplinks, flow, m, r, to);
	else
		pinholes_redirect(c->pinholes, flow, m, r, to);
}

static bool on_hold(void *arg, uint64_t flow, struct module *m, const struct pn_realm *r, const struct pn_addr *local,
		    const struct pn_addr *to, const void *data, size_t len)
{
	struct core *c = arg;

	return r->uplink && uplinks_hold(c->uplinks, flow, m, local, to, data, len);
}

static void on_sockets_changed(void *arg)
{
	struct core *c = arg;

	uplinks_changed(c->uplinks);
}

static void on_pinhole_moved(void *arg, struct module *m, const struct pn_realm *r, const struct pn_addr *from,
			     const struct pn_addr *to)
{
	struct core *c = arg;

	bindings_move(c->bindings, m, r, from, to);
}

static void on_pinhole_collided(void *arg, void *trunk)
{
	(void)arg;
	trunk_break(trunk, -EADDRINUSE);
}

static int make_pinholes(struct core *c)
{
	struct pinholes_conf pc = { .loop = c->loop, .transport = c->transport, .module_name = module_name,
				    .moved = on_pinhole_moved, .collided = on_pinhole_collided, .arg = c };
	struct uplinks_conf uc = { .loop = c->loop, .transport = c->transport, .bindings = c->bindings,
				   .module_name = module_name };
	struct trunks_conf tc = { .loop = c->loop, .transport = c->transport };
	const struct transport_pinholes hooks = { .stun = on_stun, .heard = on_heard, .redirect = on_redirect,
						  .hold = on_hold, .changed = on_sockets_changed, .arg = c };

	c->pinholes = pinholes_new(&pc);
	c->uplinks = uplinks_new(&uc);
	if (!c->pinholes || !c->uplinks)
		return -ENOMEM;
	transport_set_pinholes(c->transport, &hooks);
	tc.pinholes = c->pinholes;
	tc.uplinks = c->uplinks;
	c->trunks = trunks_new(&tc);
	if (!c->trunks)
		return -ENOMEM;
	return 0;
}

/* ---- modules that leave ---- */

/* A module may read its configuration until it is stopped. */
static void free_old_confs(struct core *c)
{
	for (size_t i = 0; i < c->n_modules; i++)
		if (module_retired(c->modules[i]))
			return;
	if (c->n_stopped < c->n_former)
		return;
	while (c->n_old_conf)
		conf_free(c->old_conf[--c->n_old_conf]);
}

void core_keep_conf(struct core *c, struct conf *old)
{
	struct conf **list = realloc(c->old_conf, (c->n_old_conf + 1) * sizeof(*list));

	if (!list) {
		log_error("core: an old configuration is lost: out of memory");
		return;
	}
	c->old_conf = list;
	list[c->n_old_conf++] = old;
	free_old_confs(c);
}

/* A module's deferred calls run before its code goes. */
static bool any_busy(const struct core *c)
{
	for (size_t i = c->n_stopped; i < c->n_former; i++)
		if (module_busy(c->former[i]))
			return true;
	return false;
}

static void stop_leaving(void *arg)
{
	struct core *c = arg;

	if (any_busy(c) && c->stop_tries++ < STOP_TRIES && !loop_defer(c->loop, stop_leaving, c))
		return;
	c->leaving = false;
	c->stop_tries = 0;
	for (; c->n_stopped < c->n_former; c->n_stopped++)
		module_stop(c->former[c->n_stopped]);
	free_old_confs(c);
}

static int remember_former(struct core *c, struct module *m)
{
	struct module **list = realloc(c->former, (c->n_former + 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	c->former = list;
	list[c->n_former++] = m;
	return 0;
}

void core_drop(struct core *c, struct module *m)
{
	log_info("module %s: leaves", module_name(m));
	module_retire(m, true);
	transport_unlisten(c->transport, m);
	if (c->sessions)
		sessions_drop_owner(c->sessions, m);
	bindings_drop_owner(c->bindings, m);
	for (size_t i = 0; i < c->n_modules; i++) {
		if (c->modules[i] != m)
			continue;
		memmove(&c->modules[i], &c->modules[i + 1], (c->n_modules - i - 1) * sizeof(m));
		c->n_modules--;
		break;
	}
	/* Without memory it stays, silent, until the process ends. */
	if (remember_former(c, m)) {
		log_error("module %s: not unloaded: out of memory", module_name(m));
		return;
	}
	if (!c->leaving)
		c->leaving = !loop_defer(c->loop, stop_leaving, c);
}

void core_drop_idle(struct core *c)
{
	for (size_t i = c->n_modules; i-- > 0;)
		if (module_retired(c->modules[i]) && !module_sessions(c->modules[i]))
			core_drop(c, c->modules[i]);
	for (unsigned i = 0; i < realms_count(c->realms); i++) {
		struct pn_realm *r = realms_at(c->realms, i);

		if (!r->gone || (c->sessions && admit_count(c->sessions, r)))
			continue;
		bindings_close_realm(c->bindings, r);
		transport_close_realm(c->transport, r);
	}
}

static void on_tick(struct timer *t)
{
	struct core *c = t->arg;

	core_drop_idle(c);
	if (c->sessions)
		sessions_check_ports(c->sessions);
	timer_start(c->loop, t, TICK_MS);
}

/* ---- life ---- */

struct core *core_new(const struct core_env *env)
{
	struct core *c = calloc(1, sizeof(*c));
	struct transport_conf tc = { .loop = env->loop, .events = &transport_events };
	struct aliases_conf ac = { .loop = env->loop, .module_name = module_name };

	if (!c)
		return NULL;
	c->env = *env;
	c->loop = env->loop;
	c->started_wall_ms = loop_wall(c->loop);
	c->tick.fn = on_tick;
	c->tick.arg = c;
	tc.net = env->net ? env->net : &net_kernel;
	tc.net_arg = env->net ? env->net_arg : env->loop;
	c->realms = realms_new();
	c->transport = transport_new(&tc);
	ac.transport = c->transport;
	c->aliases = aliases_new(&ac);
	c->bindings = bindings_new(c->loop, &engine_binding_events, c);
	if (!c->realms || !c->transport || !c->aliases || !c->bindings || make_pinholes(c) ||
	    timer_start(c->loop, &c->tick, TICK_MS)) {
		core_free(c);
		return NULL;
	}
	bindings_aliases(c->bindings, c->aliases);
	return c;
}

static void free_modules(struct core *c)
{
	if (!c->transport || !c->bindings)
		return;
	while (c->n_modules)
		core_drop(c, c->modules[c->n_modules - 1]);
	loop_turn(c->loop);
	engine_stop(c); /* what it still reports may name a module */
	while (c->n_former)
		module_unload(c->former[--c->n_former]);
	free(c->former);
}

void core_free(struct core *c)
{
	if (!c)
		return;
	timer_stop(c->loop, &c->tick);
	if (c->uplinks)
		uplinks_end(c->uplinks);
	free_modules(c);
	bindings_free(c->bindings);
	aliases_free(c->aliases);
	if (c->transport)
		transport_set_pinholes(c->transport, &(struct transport_pinholes){ .arg = NULL });
	trunks_free(c->trunks);
	pinholes_free(c->pinholes);
	uplinks_free(c->uplinks);
	transport_free(c->transport);
	loop_turn(c->loop);
	resolver_free(c->resolver);
	realms_free(c->realms);
	c->n_stopped = c->n_former = 0;
	free_old_confs(c);
	free(c->old_conf);
	conf_free(c->conf);
	free(c);
}

struct module *core_module(struct core *c, const char *name)
{
	for (size_t i = 0; i < c->n_modules; i++)
		if (!strcmp(module_name(c->modules[i]), name))
			return c->modules[i];
	return NULL;
}

void core_drain(struct core *c, bool on)
{
	c->draining = on;
	log_info("core: drain %s", on ? "on: no new sessions" : "off");
	if (c->sessions)
		sessions_drain(c->sessions, on);
}

struct resolver *core_resolver(struct core *c)
{
	if (!c->resolver && !c->env.offline) {
		c->resolver = resolver_new(c->loop);
		if (!c->resolver)
			log_error("core: no resolver: names stay unresolved");
	}
	return c->resolver;
}
