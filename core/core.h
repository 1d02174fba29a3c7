/* The whole of a running Postern: one struct that owns loop, realms, transport, modules, bindings,
 * sessions and relay, and applies configurations. posternd and the scenario player differ only in the
 * clock and the two networks that they hand in. */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include "binding.h"
#include "cdr.h"
#include "cmph.h"
#include "conf.h"
#include "log.h"
#include "loop.h"
#include "media.h"
#include "media_pinhole.h"
#include "module.h"
#include "pinhole.h"
#include "relay.h"
#include "resolve.h"
#include "session.h"
#include "transport.h"
#include "trunks.h"
#include "uplink.h"

struct core_env {
	struct loop *loop;
	const struct net_ops *net; /* signalling; NULL: kernel sockets */
	void *net_arg;
	const struct relay_net *relay_net; /* NULL: media threads with kernel sockets */
	void *relay_net_arg;
	const struct media_provider *provider; /* NULL: by role, the port pool in the gateway */
	void *provider_arg;
	struct cdr *cdr;                    /* NULL: from the configuration */
	const struct pn_module *const *linked; /* modules linked in, NULL-terminated; or NULL */
	bool offline; /* names of peers are not resolved */
};

#define CORE_MODULES 64u /* configured or finishing; ended ones of the past do not count */

struct core {
	struct loop *loop;
	struct core_env env;
	struct conf *conf; /* what is in force */
	struct realms *realms;
	struct transport *transport;
	struct aliases *aliases;
	struct bindings *bindings;
	struct pinholes *pinholes; /* those of agents: role gateway */
	struct uplinks *uplinks;   /* registrations of ours: role agent */
	struct trunks *trunks;     /* TCP of agents, or to our gateway */
	struct sessions *sessions;
	struct relay *relay;
	struct media_pinholes *holes; /* media of agents, and of terminals that ask by STUN: role gateway */
	struct pn_addr shared[REALMS_MAX][2]; /* shared ports that are open, by realm and family; family 0: none */
	struct port_provider *ports;
	struct cmph *cmph; /* NULL: role gateway */
	struct cdr *cdr;
	struct module *modules[CORE_MODULES]; /* as configured, then those that finish their sessions */
	size_t n_modules;
	bool draining;
	uint64_t started_wall_ms;

	struct resolver *resolver; /* NULL until the first name */
	struct module **former;    /* no longer served: first those still to be stopped, see core.c */
	size_t n_former, n_stopped;
	struct conf **old_conf; /* modules that finish still read them */
	size_t n_old_conf;
	struct timer tick;
	bool leaving; /* a deferred call that stops modules is on its way */
	unsigned stop_tries;
};

/* Nothing runs until core_apply. NULL on failure. */
struct core *core_new(const struct core_env *env);
void core_free(struct core *c);
/* Apply a configuration, the first or a new one: all or nothing. Takes conf over on success; -EINVAL with
 * errors otherwise. Running sessions go on: a module that is no longer named serves its own to their end
 * (see module_retire), a realm likewise. What only a restart can change (threads, table of streams) is
 * logged and left. */
int core_apply(struct core *c, struct conf *conf, struct pn_conf_errors *e);
/* Load, check all (modules' own elements too), change nothing: posternd -t. */
int core_check(const char *path, struct pn_conf_errors *e);
int core_reload(struct core *c, const char *path, struct pn_conf_errors *e);
struct module *core_module(struct core *c, const char *name); /* NULL: none */
void core_drain(struct core *c, bool on);
struct resolver *core_resolver(struct core *c); /* NULL: offline, or none could be made */

/* A configuration that is no longer in force: freed when no module can read it any more. */
void core_keep_conf(struct core *c, struct conf *old);
/* The module leaves: sockets, sessions and bindings at once, its code at the end of the turn. */
void core_drop(struct core *c, struct module *m);
/* What a reload left out and no session uses any more leaves: modules, and the sockets of realms. */
void core_drop_idle(struct core *c);

#endif
