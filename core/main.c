/* posternd: what happens from start to end. */
#include "core.h"
#include "ctl.h"
#include "options.h"
#include "process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_SUBSYSTEM LOG_MAIN
#include "log.h"

#define DRAIN_MS 10000u /* how long SIGTERM waits for running sessions */
#define DRAIN_LOOK_MS 100u

struct daemon {
	struct options o;
	char *config; /* absolute when in the background */
	struct loop *loop;
	struct core *core;
	struct ctl *ctl;
	struct timer stopping;
	uint64_t stop_at_ms; /* 0: not stopping */
	bool unheard;        /* nobody reads stderr */
};

static void print_errors(struct pn_conf_errors *e)
{
	for (size_t i = 0; i < e->n; i++)
		fprintf(stderr, "%s\n", e->line[i]);
	if (e->more)
		fprintf(stderr, "and %zu more\n", e->more);
	conf_errors_free(e);
}

static int check(const struct options *o)
{
	struct pn_conf_errors e = { .n = 0 };
	int err;

	log_level_set(NULL, o->verbose ? "debug" : "warn");
	err = core_check(o->config, &e);
	print_errors(&e);
	if (!err)
		printf("%s: good\n", o->config);
	return err ? EXIT_USAGE : 0;
}

/* ---- settings that lie outside of the core ---- */

static void set_log(const struct daemon *d, const struct conf *c)
{
	const char *to = d->unheard && !strcmp(c->log_to, "stderr") ? "journal" : c->log_to;
	int err = log_open(to);

	if (err)
		log_warn("log %s: not opened: %s", to, strerror(-err));
	log_level_set(NULL, d->o.verbose ? "debug" : c->log_level);
}

static void on_applied(void *arg)
{
	struct daemon *d = arg;
	int err;

	set_log(d, d->core->conf);
	err = ctl_move(d->ctl, d->core->conf->control);
	if (err)
		log_error("ctl %s: not opened, the old one stays: %s", d->core->conf->control,
			  strerror(-err));
}

/* ---- signals ---- */

static void on_reload(void *arg, int signum)
{
	struct pn_conf_errors e = { .n = 0 };
	struct daemon *d = arg;
	int err;

	(void)signum;
	process_notify("RELOADING=1");
	err = core_reload(d->core, d->config, &e);
	for (size_t i = 0; i < e.n; i++)
		log_error("reload: %s", e.line[i]);
	if (err)
		log_error("reload: refused, the configuration in force stays");
	else
		on_applied(d);
	conf_errors_free(&e);
	process_notify("READY=1");
}

static void on_stopping(struct timer *t)
{
	struct daemon *d = t->arg;

	if (sessions_count(d->core->sessions) && loop_now(d->loop) < d->stop_at_ms &&
	    !timer_start(d->loop, t, DRAIN_LOOK_MS))
		return;
	loop_stop(d->loop);
}

/* The first time: no new sessions, an end when the running ones have theirs or time is up. The second: an
 * end at once. */
static void on_stop(void *arg, int signum)
{
	struct daemon *d = arg;

	if (d->stop_at_ms) {
		loop_stop(d->loop);
		return;
	}
	log_info("main: stops: %s, %zu sessions", strsignal(signum), sessions_count(d->core->sessions));
	process_notify("STOPPING=1");
	core_drain(d->core, true);
	d->stop_at_ms = loop_now(d->loop) + DRAIN_MS;
	on_stopping(&d->stopping);
}

static int catch_signals(struct daemon *d)
{
	d->stopping = (struct timer){ .fn = on_stopping, .arg = d };
	return loop_on_signal(d->loop, SIGHUP, on_reload, d) || loop_on_signal(d->loop, SIGTERM, on_stop, d) ||
			       loop_on_signal(d->loop, SIGINT, on_stop, d) ?
		       -ENOMEM :
		       0;
}

/* ---- from start to end ---- */

/* What cannot be put in force may be good in itself: an address is missing, a port is taken. */
static bool is_good(const char *path)
{
	struct pn_conf_errors e = { .n = 0 };
	int err = core_check(path, &e);

	conf_errors_free(&e);
	return !err;
}

/* Takes conf over. 0 or the exit status. */
static int bring_up(struct daemon *d, struct conf *conf)
{
	struct pn_conf_errors e = { .n = 0 };
	struct core_env env = { 0 };
	int err;

	d->loop = loop_new();
	env.loop = d->loop;
	d->core = d->loop ? core_new(&env) : NULL;
	if (!d->core || catch_signals(d)) {
		fprintf(stderr, "posternd: not started: out of memory\n");
		conf_free(conf);
		return EXIT_RUNTIME;
	}
	err = core_apply(d->core, conf, &e);
	print_errors(&e);
	if (err) {
		conf_free(conf);
		core_free(d->core);
		d->core = NULL;
		return is_good(d->config) ? EXIT_RUNTIME : EXIT_USAGE;
	}
	d->ctl = ctl_new(d->core, conf->control);
	if (!d->ctl) {
		fprintf(stderr, "posternd: control socket %s: %s\n", conf->control, strerror(errno));
		return EXIT_RUNTIME;
	}
	ctl_on_applied(d->ctl, on_applied, d);
	return 0;
}

static void take_down(struct daemon *d)
{
	ctl_free(d->ctl);
	core_free(d->core);
	loop_free(d->loop);
	free(d->config);
}

/* The working directory of a daemon is /, the path must outlive that. */
static char *absolute(const char *path)
{
	char *here, *full = NULL;

	if (*path == '/')
		return strdup(path);
	here = getcwd(NULL, 0);
	if (here && asprintf(&full, "%s/%s", here, path) < 0)
		full = NULL;
	free(here);
	return full;
}

static int run(struct daemon *d, struct conf *conf)
{
	int status = bring_up(d, conf);

	if (status) {
		process_started(status);
		return status;
	}
	d->unheard = process_started(0);
	set_log(d, d->core->conf);
	log_info("main: runs: %s", d->config);
	process_notify("READY=1");
	loop_run(d->loop);
	log_info("main: ends: %zu sessions cut", sessions_count(d->core->sessions));
	return 0;
}

static int serve(const struct options *o)
{
	struct daemon d = { .o = *o };
	struct pn_conf_errors e = { .n = 0 };
	struct conf *conf;
	int status;

	d.config = o->foreground ? strdup(o->config) : absolute(o->config);
	conf = d.config ? conf_load(d.config, &e) : NULL;
	print_errors(&e);
	if (!conf) {
		free(d.config);
		return EXIT_USAGE;
	}
	process_prepare();
	if (!o->foreground && process_detach()) {
		perror("posternd: not started");
		process_started(EXIT_RUNTIME);
		status = EXIT_RUNTIME;
		conf_free(conf);
	} else {
		set_log(&d, conf);
		status = run(&d, conf);
	}
	take_down(&d);
	return status;
}

int main(int argc, char **argv)
{
	struct options o;
	int status = options_read(&o, argc, argv);

	if (status >= 0)
		return status;
	return o.check ? check(&o) : serve(&o);
}
