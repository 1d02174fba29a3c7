/* The whole of a running Postern: one struct that owns loop, realms, transport, modules, bindings,
 * sessions and relay, and applies configurations. posternd and the scenario player differ only in the
 * clock and the two networks that they hand in. */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include "binding.h"
#include "cdr.h"
#include "conf.h"
#include "log.h"
#include "loop.h"
#include "media.h"
#include "module.h"
#include "relay.h"
#include "session.h"
#include "transport.h"

struct core_env {
	struct loop *loop;
	const struct net_ops *net; /* signalling */
	void *net_arg;
	const struct relay_net *relay_net; /* NULL: media threads with kernel sockets */
	void *relay_net_arg;
	const struct media_provider *provider; /* NULL: by role, the port pool in the gateway */
	void *provider_arg;
	struct cdr *cdr;                    /* NULL: from the configuration */
	const struct pn_module *const *linked; /* modules linked in, NULL-terminated; or NULL */
};

struct core {
	struct loop *loop;
	struct core_env env;
	struct conf *conf; /* what is in force */
	struct realms *realms;
	struct transport *transport;
	struct bindings *bindings;
	struct sessions *sessions;
	struct relay *relay;
	struct port_provider *ports;
	struct cdr *cdr;
	struct module **modules;
	size_t n_modules;
	bool draining;
	uint64_t started_wall_ms;
};

/* Nothing runs until core_apply. NULL on failure. */
struct core *core_new(const struct core_env *env);
void core_free(struct core *c);
/* Apply a configuration, the first or a new one: all or nothing. Takes conf over on success. */
int core_apply(struct core *c, struct conf *conf, struct pn_conf_errors *e);
/* Load, check all (modules' own elements too), change nothing: posternd -t. */
int core_check(const char *path, struct pn_conf_errors *e);
int core_reload(struct core *c, const char *path, struct pn_conf_errors *e);
struct module *core_module(struct core *c, const char *name);
void core_drain(struct core *c, bool on);

#endif
