#define LOG_SUBSYSTEM LOG_MAIN

#include "engine.h"

#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEEPALIVE_MAX 8192u

/* ---- bindings ---- */

static int on_keepalive(void *arg, struct pn_binding *b, const struct pn_addr *where)
{
	struct core *c = arg;
	uint8_t text[KEEPALIVE_MAX];
	const struct pn_binding_info *i = binding_info(b);
	uint64_t flow = i->flow;
	long n;

	/* An agent keeps its pinhole open itself, and its terminals alive behind it. */
	if (!i->probing && pinhole_network(c->pinholes, i->realm, where))
		return -EALREADY;
	n = module_keepalive(binding_owner(b), b, text, sizeof(text));
	if (n < 0 || (size_t)n > sizeof(text))
		return n < 0 ? (int)n : -EMSGSIZE;
	return flow_send(c->transport, flow, where, text, (size_t)n);
}

static void on_binding_gone(void *arg, struct pn_binding *b)
{
	struct core *c = arg;

	if (c->sessions)
		sessions_on_binding_gone(c->sessions, b);
	module_binding_gone(binding_owner(b), b);
	uplinks_changed(c->uplinks);
}

static void on_binding_changed(void *arg, struct pn_binding *b)
{
	struct core *c = arg;

	(void)b;
	uplinks_changed(c->uplinks);
}

const struct binding_events engine_binding_events = { .keepalive = on_keepalive, .gone = on_binding_gone,
						      .changed = on_binding_changed };

/* ---- relay and sessions ---- */

static int on_latch(void *arg, uint32_t stream, unsigned side, unsigned branch, unsigned component,
		    const struct pn_addr *where, int moved)
{
	struct core *c = arg;

	return sessions_on_latch(c->sessions, stream, side, branch, component, where, moved);
}

static void on_final(void *arg, uint32_t stream)
{
	struct core *c = arg;

	if (c->sessions)
		sessions_on_final(c->sessions, stream);
	port_provider_final(c->ports, stream);
}

static void on_stun(void *arg, const struct relay_place *at, const struct pn_addr *from, const void *data,
		    size_t len)
{
	struct core *c = arg;

	if (c->cmph)
		cmph_on_stun(c->cmph, at, from, data, len);
	else if (c->holes)
		media_pinholes_on_stun(c->holes, at, from, data, len);
}

static const struct relay_events relay_events = {
	.on_latch = on_latch, .on_final = on_final, .on_stun = on_stun,
};

/* ---- media pinholes ---- */

static void on_hole(void *arg, const struct media_hole *h)
{
	struct core *c = arg;

	if (c->sessions)
		sessions_on_hole(c->sessions, h);
}

static const struct media_pinhole_auth hole_auth = {
	.key = pinhole_key, .realm = pinhole_realm, .nonce = pinhole_cmph_nonce, .network = pinhole_network,
};

static const struct media_pinhole_events hole_events = { .seen = on_hole };

static int start_holes(struct core *c, const struct conf *conf)
{
	const struct media_pinhole_conf mc = {
		.loop = c->loop, .realms = c->realms, .relay = c->relay, .pinholes = c->pinholes,
		.auth = &hole_auth, .events = &hole_events, .arg = c, .max_streams = conf->limits.streams,
	};

	c->holes = media_pinholes_new(&mc);
	return c->holes ? 0 : -ENOMEM;
}

static const struct session_events session_events = {
	.rewrite = module_rewrite,
	.latch = module_latch,
	.message = module_message,
	.timeout = module_timeout,
	.free_data = module_session_free,
	.module_name = module_name,
};

static int start_relay(struct core *c, const struct conf *conf)
{
	struct relay_conf rc = {
		.loop = c->loop,
		.threads = c->env.relay_net ? 0 : conf->media.threads,
		.net = c->env.relay_net,
		.net_arg = c->env.relay_net_arg,
		.events = &relay_events,
		.arg = c,
		.max_streams = conf->limits.streams,
		.deadlock_ms = conf->media.deadlock_ms,
	};

	c->relay = relay_new(&rc);
	return c->relay ? 0 : -errno;
}

/* What a test hands in, else the role's. */
static void choose_provider(const struct core *c, struct sessions_conf *sc)
{
	if (c->env.provider) {
		sc->provider = c->env.provider;
		sc->provider_arg = c->env.provider_arg;
	} else if (c->cmph) {
		sc->provider = &cmph_ops;
		sc->provider_arg = c->cmph;
	} else {
		sc->provider = &port_provider_ops;
		sc->provider_arg = c->ports;
	}
}

static int start_sessions(struct core *c)
{
	struct sessions_conf sc = {
		.loop = c->loop,
		.realms = c->realms,
		.relay = c->relay,
		.holes = c->holes,
		.cdr = c->cdr,
		.events = &session_events,
	};

	choose_provider(c, &sc);
	c->sessions = sessions_new(&sc);
	if (!c->sessions)
		return -ENOMEM;
	sessions_drain(c->sessions, c->draining);
	return 0;
}

static int start_providers(struct core *c, const struct conf *conf)
{
	struct cmph_conf cc = { .loop = c->loop, .relay = c->relay, .sessions = &c->sessions,
				.uplinks = c->uplinks };

	c->ports = port_provider_new(c->relay, &c->sessions, c->loop);
	if (!c->ports)
		return -ENOMEM;
	if (conf->role != ROLE_AGENT)
		return start_holes(c, conf);
	cc.ports = c->ports;
	c->cmph = cmph_new(&cc);
	return c->cmph ? 0 : -ENOMEM;
}

int engine_start(struct core *c, const struct conf *conf)
{
	int err = start_relay(c, conf);

	if (err)
		return err;
	err = start_providers(c, conf);
	if (!err)
		err = start_sessions(c);
	if (err)
		engine_stop(c);
	return err;
}

void engine_stop(struct core *c)
{
	sessions_free(c->sessions);
	c->sessions = NULL;
	relay_free(c->relay);
	c->relay = NULL;
	memset(c->shared, 0, sizeof(c->shared));
	media_pinholes_free(c->holes);
	c->holes = NULL;
	cmph_free(c->cmph);
	c->cmph = NULL;
	port_provider_free(c->ports);
	c->ports = NULL;
	engine_cdr_use(c, NULL);
}

struct cdr *engine_cdr(const struct core *c, const struct conf *conf, int *err)
{
	struct cdr *cdr;

	*err = 0;
	if (c->env.cdr || !conf->cdr)
		return c->env.cdr;
	cdr = cdr_open(conf->cdr);
	if (!cdr)
		*err = -errno;
	return cdr;
}

void engine_cdr_use(struct core *c, struct cdr *cdr)
{
	if (c->cdr == cdr)
		return;
	if (c->sessions)
		sessions_cdr(c->sessions, cdr);
	if (c->cdr != c->env.cdr)
		cdr_close(c->cdr);
	c->cdr = cdr;
}

/* ---- what the relay knows of realms ---- */

struct own_list {
	struct reach_own *list;
	size_t n, cap;
	const struct pn_realm *realm; /* whose view it is */
	int err;
};

static int own_add(struct own_list *l, struct pn_addr a, uint16_t port, uint16_t last)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 32;
		struct reach_own *list = realloc(l->list, cap * sizeof(*list));

		if (!list)
			return -ENOMEM;
		l->list = list;
		l->cap = cap;
	}
	a.port = port;
	l->list[l->n++] = (struct reach_own){ .addr = a, .last_port = last };
	return 0;
}

static int own_listener(void *arg, const struct pn_realm *r, const struct pn_addr *local)
{
	struct own_list *l = arg;

	return realm_same_routing(r, l->realm) ? own_add(l, *local, local->port, 0) : 0;
}

static int own_realm(struct own_list *l, const struct pn_realm *r)
{
	for (int family = 4; family <= 6; family += 2) {
		const struct pn_addr *a = realm_addr(r, family);
		int err = a ? own_add(l, *a, 0, 0) : 0;

		if (!err && a && r->media_first)
			err = own_add(l, *a, r->media_first, r->media_last);
		if (!err && a && r->alias_first)
			err = own_add(l, *a, r->alias_first, r->alias_last);
		if (!err && a && r->pinhole)
			err = own_add(l, *a, r->pinhole, (uint16_t)(r->pinhole + 1));
		if (err)
			return err;
	}
	return 0;
}

static int own_of(struct core *c, struct own_list *l)
{
	for (unsigned i = 0; i < realms_count(c->realms); i++) {
		const struct pn_realm *r = realms_at(c->realms, i);
		int err = realm_same_routing(r, l->realm) ? own_realm(l, r) : 0;

		if (err)
			return err;
	}
	return transport_each_listener(c->transport, own_listener, l);
}

static int tell_realm(struct core *c, const struct pn_realm *r)
{
	struct own_list own = { .realm = r };
	struct relay_realm what = { .device = r->device, .dscp = r->dscp, .fwmark = r->fwmark };
	int err = own_of(c, &own);

	if (!err) {
		what.reach = (struct reach){ .own = own.list, .n_own = own.n, .named = r->reach,
					     .rest = realm_rest(r) };
		err = relay_realm(c->relay, r->index, &what);
	}
	free(own.list);
	return err;
}

/* The shared port of one address as it is configured now; what calls have stays until they are over. */
static void tune_shared(struct core *c, const struct pn_realm *r, int family)
{
	const struct pn_addr *a = r->gone ? NULL : realm_addr(r, family);
	struct pn_addr *open = &c->shared[r->index][family == 6], want = { 0 };
	int err;

	if (a && r->pinhole && c->holes) {
		want = *a;
		want.port = r->pinhole;
	}
	if (addr_eq(&want, open))
		return;
	if (open->family)
		relay_shared_close(c->relay, r->index, open);
	*open = (struct pn_addr){ 0 };
	err = want.family ? relay_shared_open(c->relay, r->index, &want) : 0;
	if (err)
		log_error("realm %s: no media pinholes: %s: %s", r->info.name, addr_text(&want), strerror(-err));
	else
		*open = want;
}

void engine_tune(struct core *c, const struct conf *conf)
{
	transport_limits(c->transport, &conf->limits);
	bindings_limits(c->bindings, conf->limits.bindings, conf->binding_probe_ms, conf->keepalive_budget);
	sessions_limits(c->sessions, conf);
	aliases_retune(c->aliases);
	if (c->cmph)
		cmph_apply(c->cmph, conf);
	for (unsigned i = 0; i < realms_count(c->realms); i++) {
		const struct pn_realm *r = realms_at(c->realms, i);
		int err = tell_realm(c, r);

		if (err)
			log_error("realm %s: media goes on as before: %s", r->info.name, strerror(-err));
		tune_shared(c, r, 4);
		tune_shared(c, r, 6);
	}
}
