#include "host.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct host host;
static struct loop *loop;
static char seen[64];
static struct pn_timer *own;

static void setup(void)
{
	loop = loop_new_fake(1000);
	host_init(&host, loop);
	seen[0] = 0;
}

static void teardown(void)
{
	host_close(&host);
	loop_free(loop);
}

static void note(void *arg)
{
	strncat(seen, arg, sizeof(seen) - strlen(seen) - 1);
}

static void free_own(void *arg)
{
	(void)arg;
	host_timer_free(own);
}

static void defer_more(void *arg)
{
	note(arg);
	host_defer(&host, note, "+");
}

TestSuite(host, .init = setup, .fini = teardown);

Test(host, timers_fire_once_and_move)
{
	struct pn_timer *a = host_timer_new(&host, note, "a"), *b = host_timer_new(&host, note, "b");

	host_timer_start(a, 100);
	host_timer_start(b, 50);
	host_timer_start(b, 200);
	loop_advance(loop, 150);
	cr_expect(eq(str, seen, "a"));
	loop_advance(loop, 1000);
	cr_expect(eq(str, seen, "ab"));
	host_timer_start(a, 10);
	host_timer_stop(a);
	loop_advance(loop, 1000);
	cr_expect(eq(str, seen, "ab"));
	host_timer_free(b);
	host_timer_free(a);
	host_timer_free(NULL);
}

Test(host, timer_may_free_itself)
{
	own = host_timer_new(&host, free_own, NULL);
	host_timer_start(own, 1);
	loop_advance(loop, 10);
	cr_expect(eq(ptr, host.timers, NULL));
}

Test(host, deferred_calls_run_in_order)
{
	host_defer(&host, note, "a");
	host_defer(&host, defer_more, "b");
	host_defer(&host, note, "c");
	cr_expect(eq(str, seen, ""));
	loop_turn(loop);
	cr_expect(eq(str, seen, "abc+"));
	cr_expect(eq(ptr, host.calls, NULL));
}

Test(host, closing_takes_all_back)
{
	struct pn_peer *p = host_peer_new(&host, NULL, "192.0.2.1", 5060);

	cr_assert(not(eq(ptr, p, NULL)));
	host_timer_start(host_timer_new(&host, note, "t"), 1);
	host_defer(&host, note, "d");
	cr_expect(eq(sz, host_close(&host), 2));
	loop_advance(loop, 100);
	cr_expect(eq(str, seen, ""));
}
