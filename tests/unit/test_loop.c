#include "loop.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define HOUR 3600000u

static char said[256];

static void say(const char *word)
{
	strncat(said, word, sizeof(said) - strlen(said) - 1);
}

static void say_timer(struct timer *t)
{
	say(t->arg);
}

static void say_deferred(void *arg)
{
	say(arg);
}

Test(loop, fires_in_order)
{
	static const struct {
		uint64_t after[4]; /* timers a, b, c, d; 0: not started */
		uint64_t advance;
		const char *want;
	} row[] = {
		{ { 30, 10, 20, 40 }, 100, "bcad" }, { { 10, 10, 10, 10 }, 10, "abcd" },
		{ { 10, 11, 12, 13 }, 11, "ab" },    { { 5 * HOUR, HOUR, 0, 0 }, 6 * HOUR, "ba" },
		{ { 2, 0, 0, 1 }, 0, "" },           { { UINT64_MAX, 1, 0, 0 }, 1, "b" },
	};
	static char *const name[] = { "a", "b", "c", "d" };

	for (size_t i = 0; i < ROWS(row); i++) {
		struct loop *l = loop_new_fake(1000);
		struct timer t[4] = { 0 };

		said[0] = 0;
		for (int k = 0; k < 4; k++) {
			t[k] = (struct timer){ .fn = say_timer, .arg = name[k] };
			if (row[i].after[k])
				cr_expect(eq(int, timer_start(l, &t[k], row[i].after[k]), 0));
		}
		loop_advance(l, row[i].advance);
		cr_expect(eq(str, said, (char *)row[i].want), "row %zu", i);
		cr_expect(eq(u64, loop_now(l), 1000 + row[i].advance), "row %zu", i);
		loop_free(l);
	}
}

Test(loop, heap_survives_many)
{
	enum { N = 2000 };
	struct loop *l = loop_new_fake(0);
	struct timer *t = calloc(N, sizeof(*t));

	srandom(7);
	for (int i = 0; i < N; i++) {
		t[i].fn = say_timer;
		t[i].arg = "";
		timer_start(l, &t[i], (uint64_t)random() % 1000);
	}
	for (int i = 0; i < N; i += 3)
		timer_stop(l, &t[i]);
	for (int i = 1; i < N; i += 3)
		timer_start(l, &t[i], 1000 + (uint64_t)random() % 1000);
	for (uint64_t ms = 0; ms <= 2000; ms += 50) {
		loop_advance(l, ms - loop_now(l));
		for (int i = 0; i < N; i++)
			cr_expect(i % 3 == 0 ? !t[i].slot : (t[i].slot != 0) == (t[i].at_ms > ms),
				  "timer %d at %d", i, (int)ms);
	}
	loop_free(l);
	free(t);
}

static void restart_at_once(struct timer *t)
{
	static int left = 3;

	say("r");
	if (left--)
		timer_start(t->arg, t, 0);
}

Test(loop, restarting_timer_waits_a_turn)
{
	struct loop *l = loop_new_fake(0);
	struct timer t = { .fn = restart_at_once, .arg = l };

	timer_start(l, &t, 5);
	loop_advance(l, 5);
	cr_expect(eq(str, said, "rrrr"));
	cr_expect(eq(u64, loop_now(l), 5));
	loop_free(l);
}

static struct loop *defer_loop;

static void defer_more(void *arg)
{
	say(arg);
	loop_defer(defer_loop, say_deferred, "c");
}

static void free_own_timer(struct timer *t)
{
	say("t");
	loop_defer(t->arg, free, t);
	loop_defer(t->arg, say_deferred, "f");
}

Test(loop, defers_to_the_end_of_the_turn)
{
	struct loop *l = defer_loop = loop_new_fake(0);
	struct timer *own = calloc(1, sizeof(*own));

	loop_defer(l, defer_more, "a");
	loop_defer(l, say_deferred, "b");
	cr_expect(eq(str, said, ""));
	loop_turn(l);
	cr_expect(eq(str, said, "abc"));
	loop_turn(l);
	cr_expect(eq(str, said, "abc"));

	*own = (struct timer){ .fn = free_own_timer, .arg = l };
	timer_start(l, own, 1);
	loop_advance(l, 1);
	cr_expect(eq(str, said, "abctf"));

	loop_defer(l, say_deferred, "z");
	loop_free(l);
	cr_expect(eq(str, said, "abctfz"));
}

Test(loop, fake_clock)
{
	struct loop *l = loop_new_fake(500);
	struct io io = { 0 };

	cr_expect(eq(u64, loop_wall(l), 1767225600000u));
	loop_advance(l, 24 * HOUR);
	cr_expect(eq(u64, loop_wall(l), 1767225600000u + 24 * HOUR));
	cr_expect(eq(int, io_start(l, &io, 0, IO_READ), -ENOTSUP));
	cr_expect(eq(int, loop_on_signal(l, SIGUSR1, NULL, NULL), -ENOTSUP));
	loop_on_wake(l, say_deferred, "w");
	loop_wake(l);
	loop_turn(l);
	loop_turn(l);
	cr_expect(eq(str, said, "w"));
	loop_free(l);
}

static struct {
	struct loop *loop;
	struct io io;
	struct timer timer;
	pthread_t thread;
	int pair[2];
	uint64_t started_ms, fired_ms;
} real;

static void on_real_timer(struct timer *t)
{
	(void)t;
	real.fired_ms = loop_now(real.loop);
	loop_defer(real.loop, say_deferred, "d");
	loop_stop(real.loop);
}

static void on_real_signal(void *arg, int signum)
{
	(void)arg;
	say(signum == SIGUSR1 ? "s" : "?");
	timer_start(real.loop, &real.timer, 20);
	real.started_ms = loop_now(real.loop);
}

static void on_real_wake(void *arg)
{
	say(arg);
	kill(getpid(), SIGUSR1);
}

static void *wake_from_thread(void *arg)
{
	loop_wake(arg);
	return NULL;
}

static void on_real_io(struct io *io, unsigned events)
{
	char c;

	if (events & IO_WRITE) {
		say("W");
		io_start(real.loop, io, io->fd, IO_READ);
		cr_assert(eq(int, (int)write(real.pair[1], "x", 1), 1));
	} else if (events & IO_READ) {
		cr_expect(eq(int, (int)read(io->fd, &c, 1), 1));
		say("R");
		io_stop(real.loop, io);
		pthread_create(&real.thread, NULL, wake_from_thread, real.loop);
	}
}

Test(loop, real_descriptors_threads_signals_timers)
{
	real.loop = loop_new();
	cr_assert(ne(ptr, real.loop, NULL));
	cr_assert(eq(int, socketpair(AF_UNIX, SOCK_STREAM, 0, real.pair), 0));
	real.io.fn = on_real_io;
	real.timer.fn = on_real_timer;
	loop_on_wake(real.loop, on_real_wake, "k");
	cr_expect(eq(int, loop_on_signal(real.loop, SIGUSR1, on_real_signal, NULL), 0));
	cr_expect(eq(int, io_start(real.loop, &real.io, real.pair[0], IO_WRITE), 0));
	loop_run(real.loop);
	cr_expect(eq(str, said, "WRksd"));
	cr_expect(ge(u64, real.fired_ms, real.started_ms + 20));
	cr_expect(gt(u64, loop_wall(real.loop), 1700000000000u));
	pthread_join(real.thread, NULL);
	loop_free(real.loop);
	close(real.pair[0]);
	close(real.pair[1]);
}
