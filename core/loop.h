/* The event loop: libev below, a clock that tests may replace, timers, deferred calls.
 * One loop, one thread. Timers live in a heap of our own, so that a fake clock can run hours in
 * milliseconds and a timer costs no libev watcher. */
#ifndef CORE_LOOP_H
#define CORE_LOOP_H

#include <stddef.h>
#include <stdint.h>

struct loop;

/* One-shot timer, embedded in its owner; zero-initialised is stopped. */
struct timer {
	uint64_t at_ms;
	void (*fn)(struct timer *t);
	void *arg;
	uint32_t slot; /* place in the heap + 1; 0 when stopped */
	uint32_t seq;  /* equal times fire in the order of starting */
};

/* Readiness of a descriptor, embedded in its owner. */
struct io {
	void (*fn)(struct io *io, unsigned events);
	void *arg;
	void *watcher;
	int fd;
};

#define IO_READ 1u
#define IO_WRITE 2u

struct loop *loop_new(void);                    /* real clock; NULL on failure */
struct loop *loop_new_fake(uint64_t start_ms);  /* time moves by loop_advance() alone; no descriptors */
void loop_free(struct loop *l);

uint64_t loop_now(const struct loop *l);  /* monotonic ms, constant within a turn */
uint64_t loop_wall(const struct loop *l); /* ms since 1970 UTC; a fake loop starts at 2026-01-01 */

int timer_start(struct loop *l, struct timer *t, uint64_t after_ms); /* also moves; -ENOMEM */
void timer_stop(struct loop *l, struct timer *t);

int io_start(struct loop *l, struct io *io, int fd, unsigned events); /* also changes events */
void io_stop(struct loop *l, struct io *io);

/* Run fn(arg) at the end of this turn, in order of deferring. What it defers runs in the same turn. */
int loop_defer(struct loop *l, void (*fn)(void *arg), void *arg);

/* Any thread: wake the loop and run fn(arg) on it. Set once, before threads start. */
void loop_on_wake(struct loop *l, void (*fn)(void *arg), void *arg);
void loop_wake(struct loop *l);

/* fn(arg, signum) on the loop. */
int loop_on_signal(struct loop *l, int signum, void (*fn)(void *arg, int signum), void *arg);

void loop_run(struct loop *l);                  /* until loop_stop */
void loop_stop(struct loop *l);
void loop_turn(struct loop *l);                 /* fake: a wake, then what was deferred */
void loop_advance(struct loop *l, uint64_t ms); /* fake: fire the timers due until then, in order */

#endif
