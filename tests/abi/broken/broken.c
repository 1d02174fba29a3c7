/* Modules that must be refused. Each -D is one way to be broken; without any it is a good one. */
#include <errno.h>
#include <postern/module.h>

#ifndef MAJOR
#define MAJOR PN_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR PN_ABI_MINOR
#endif
#ifndef SIZE
#define SIZE sizeof(struct pn_module)
#endif
#ifndef NAME
#define NAME "broken"
#endif
#ifndef SYMBOL
#define SYMBOL postern_module
#endif
#ifndef INIT_SAYS
#define INIT_SAYS 0
#endif

static int broken_init(const struct pn_services *svc, struct pn_host *h, void **self)
{
	(void)svc, (void)h, (void)self;
#ifdef UNRESOLVED
	extern int nobody_has_this(void);
	return nobody_has_this();
#endif
	return INIT_SAYS;
}

static int broken_prepare(void *self, const struct pn_conf *conf, struct pn_conf_errors *e, void **next)
{
	(void)self, (void)conf, (void)e, (void)next;
	return 0;
}

static void broken_commit(void *self, void *next)
{
	(void)self, (void)next;
}

static void broken_message(void *self, const struct pn_msg *m)
{
	(void)self, (void)m;
}

static void broken_unload(void *self)
{
	(void)self;
}

#ifndef INIT
#define INIT broken_init
#endif
#ifndef PREPARE
#define PREPARE broken_prepare
#endif
#ifndef COMMIT
#define COMMIT broken_commit
#endif
#ifndef DISCARD
#define DISCARD broken_commit
#endif
#ifndef ON_MESSAGE
#define ON_MESSAGE broken_message
#endif
#ifndef UNLOAD
#define UNLOAD broken_unload
#endif

__attribute__((visibility("default"))) const struct pn_module SYMBOL = {
	.size = SIZE,
	.major = MAJOR,
	.minor = MINOR,
	.name = NAME,
	.init = INIT,
	.prepare = PREPARE,
	.commit = COMMIT,
	.discard = DISCARD,
	.on_message = ON_MESSAGE,
	.unload = UNLOAD,
};
