/* A registration table on a fake clock, and what it told its one listener. For test_binding*.c. */
#ifndef TESTS_BINDING_KIT_H
#define TESTS_BINDING_KIT_H

#include "addr.h"
#include "binding.h"
#include "buf.h"
#include "log.h"
#include "metrics.h"
#include "random.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define HOUR 3600000u
#define PROBE 4000u
#define OLD "198.51.100.7:1"
#define PORT "198.51.100.7:2" /* another port on the same IP */
#define NEW "203.0.113.9:1"

/* One module's world: what the table told it. */
static struct {
	struct loop *loop;
	struct bindings *t;
	unsigned sent, gone;
	struct pn_addr where[64];   /* of the last keepalives */
	struct pn_binding *to[64];
	struct pn_binding *remove_next; /* by the next gone or keepalive */
	int send_err;
	bool answers; /* each keepalive at once */
	int put_err;  /* of a put that gone makes; 1: it makes none */
} w;

/* Nobody looks inside of these. */
static struct {
	struct pn_realm access, other, core;
	char module[2];
} known;
#define ACCESS (&known.access)
#define OTHER (&known.other)
#define CORE (&known.core)
#define MOD_A ((struct module *)&known.module[0])
#define MOD_B ((struct module *)&known.module[1])

static inline void remove_next(void)
{
	struct pn_binding *b = w.remove_next;

	w.remove_next = NULL;
	if (b)
		binding_remove(b);
}

static inline struct pn_addr addr(const char *text)
{
	struct pn_addr a = { 0 };

	addr_parse_port(str_of(text), 5060, &a);
	return a;
}

static inline struct pn_binding_args args(const char *identity, const char *instance, const char *pinhole)
{
	return (struct pn_binding_args){ .size = sizeof(struct pn_binding_args),
					 .realm = ACCESS,
					 .identity = str_of(identity),
					 .instance = str_of(instance),
					 .claimed = addr("10.0.0.5:5060"),
					 .pinhole = addr(pinhole),
					 .flow = 7,
					 .alias_realm = CORE,
					 .expires_ms = 32000,
					 .data = pinhole,
					 .data_len = strlen(pinhole) };
}

static inline int on_keepalive(void *arg, struct pn_binding *b, const struct pn_addr *where)
{
	cr_assert(eq(ptr, arg, &w));
	w.where[w.sent % 64] = *where;
	w.to[w.sent++ % 64] = b;
	remove_next();
	if (w.answers)
		binding_alive(b);
	return w.send_err;
}

static inline void on_gone(void *arg, struct pn_binding *b)
{
	cr_assert(eq(ptr, arg, &w));
	w.gone++;
	if (w.put_err != 1) {
		struct pn_binding_args a = args("again", "", OLD);

		w.put_err = binding_put(w.t, binding_owner(b), &a, &b);
	}
	remove_next();
}

static inline void on_log(void *arg, enum pn_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

static inline void setup(void)
{
	static const struct binding_events ev = { .keepalive = on_keepalive, .gone = on_gone };

	memset(&w, 0, sizeof(w));
	w.put_err = 1;
	log_capture(on_log, NULL);
	metrics_reset();
	random_fake(1);
	w.loop = loop_new_fake(1000);
	w.t = bindings_new(w.loop, &ev, &w);
	bindings_limits(w.t, 1000, PROBE, 0);
}

static inline void teardown(void)
{
	bindings_free(w.t);
	loop_free(w.loop);
}

static inline struct pn_binding *put(const char *identity, const char *instance, const char *pinhole)
{
	struct pn_binding_args a = args(identity, instance, pinhole);
	struct pn_binding *b = NULL;

	return binding_put(w.t, MOD_A, &a, &b) ? NULL : b;
}

static inline struct pn_binding *active(const char *identity, const char *pinhole, uint64_t ms)
{
	struct pn_binding *b = put(identity, "", pinhole);

	binding_accept(b, ms, ms);
	return b;
}

static inline struct pn_binding *find(enum pn_binding_key by, struct pn_realm *r, struct pn_str key,
			       struct pn_binding *after)
{
	return binding_find(w.t, MOD_A, r, by, key.p, key.len, after);
}

static inline struct pn_binding *at(const char *pinhole)
{
	struct pn_addr a = addr(pinhole);

	return binding_find(w.t, MOD_A, ACCESS, PN_BY_PINHOLE, &a, sizeof(a), NULL);
}

/* Pinhole, and the data, which says with which put it came. */
static inline void expect_is(const struct pn_binding *b, const char *pinhole, const char *data,
			     const char *what)
{
	const struct pn_binding_info *i = binding_info(b);
	struct pn_addr a = addr(pinhole);

	cr_expect(addr_eq(&i->pinhole, &a), "%s: pinhole %s, not %s", what,
		  addr_text(&i->pinhole), pinhole);
	cr_expect(str_eq((struct pn_str){ i->data, i->data_len }, str_of(data)),
		  "%s: data %.*s, not %s", what, (int)i->data_len, (const char *)i->data, data);
	cr_expect(eq(ptr, at(pinhole), (void *)b), "%s", what);
}

#endif
