#include "loop.h"
#include <errno.h>
#include <ev.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#define FAKE_WALL_MS 1767225600000u /* 2026-01-01T00:00:00Z */

struct deferred {
	void (*fn)(void *arg);
	void *arg;
};

struct on_signal {
	ev_signal watcher;
	struct on_signal *next;
	void (*fn)(void *arg, int signum);
	void *arg;
};

struct loop {
	struct ev_loop *ev; /* NULL in a fake loop */
	ev_prepare before_wait;
	ev_check after_wait;
	ev_timer alarm;
	ev_async waker;
	uint64_t now_ms, wall_ms, start_ms;
	struct timer **heap; /* earliest first */
	size_t heap_len, heap_cap;
	uint32_t seq; /* timers of equal time fire in the order of starting */
	struct deferred *later;
	size_t later_len, later_cap;
	void (*on_wake)(void *arg);
	void *wake_arg;
	atomic_bool woken; /* fake loop only */
	struct on_signal *signals;
};

/* ---- clock ---- */

static uint64_t clock_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void read_clock(struct loop *l)
{
	l->now_ms = clock_ms(CLOCK_MONOTONIC);
	l->wall_ms = clock_ms(CLOCK_REALTIME);
}

uint64_t loop_now(const struct loop *l)
{
	return l->now_ms;
}

uint64_t loop_wall(const struct loop *l)
{
	return l->ev ? l->wall_ms : FAKE_WALL_MS + (l->now_ms - l->start_ms);
}

/* ---- timers: a binary heap ---- */

static bool earlier(const struct timer *a, const struct timer *b)
{
	if (a->at_ms != b->at_ms)
		return a->at_ms < b->at_ms;
	return (int32_t)(a->seq - b->seq) < 0;
}

static void place(struct loop *l, size_t i, struct timer *t)
{
	l->heap[i] = t;
	t->slot = (uint32_t)i + 1;
}

static void sift(struct loop *l, size_t i, struct timer *t)
{
	while (i && earlier(t, l->heap[(i - 1) / 2])) {
		place(l, i, l->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < l->heap_len && earlier(l->heap[child + 1], l->heap[child]))
			child++;
		if (child >= l->heap_len || !earlier(l->heap[child], t))
			break;
		place(l, i, l->heap[child]);
		i = child;
	}
	place(l, i, t);
}

/* The list with room for one more, or NULL: out of memory, the list is as it was. */
static void *grow(void *list, size_t len, size_t *cap, size_t each)
{
	size_t want = *cap ? *cap * 2 : 64;
	void *p;

	if (len < *cap)
		return list;
	p = realloc(list, want * each);
	if (p)
		*cap = want;
	return p;
}

int timer_start(struct loop *l, struct timer *t, uint64_t after_ms)
{
	if (!t->slot) {
		struct timer **heap = grow(l->heap, l->heap_len, &l->heap_cap, sizeof(*heap));

		if (!heap)
			return -ENOMEM;
		l->heap = heap;
		place(l, l->heap_len++, t);
	}
	t->at_ms = after_ms > UINT64_MAX - l->now_ms ? UINT64_MAX : l->now_ms + after_ms;
	t->seq = l->seq++;
	sift(l, t->slot - 1, t);
	return 0;
}

void timer_stop(struct loop *l, struct timer *t)
{
	struct timer *last;
	size_t i;

	if (!t->slot)
		return;
	i = t->slot - 1;
	t->slot = 0;
	last = l->heap[--l->heap_len];
	if (last != t)
		sift(l, i, last);
}

/* Timers started meanwhile wait for the next turn, or one of 0 ms that restarts itself would keep
 * this one for ever. */
static void fire_due(struct loop *l)
{
	uint32_t end = l->seq;

	while (l->heap_len) {
		struct timer *t = l->heap[0];

		if (t->at_ms > l->now_ms || (int32_t)(t->seq - end) >= 0)
			break;
		timer_stop(l, t);
		t->fn(t);
	}
}

/* ---- deferred calls ---- */

int loop_defer(struct loop *l, void (*fn)(void *arg), void *arg)
{
	struct deferred *list = grow(l->later, l->later_len, &l->later_cap, sizeof(*list));

	if (!list)
		return -ENOMEM;
	l->later = list;
	l->later[l->later_len++] = (struct deferred){ fn, arg };
	return 0;
}

static void run_deferred(struct loop *l)
{
	for (size_t i = 0; i < l->later_len; i++) {
		struct deferred d = l->later[i];

		d.fn(d.arg);
	}
	l->later_len = 0;
}

/* ---- libev ---- */

static void on_after_wait(struct ev_loop *ev, ev_check *w, int events)
{
	(void)w, (void)events;
	read_clock(ev_userdata(ev));
}

/* The turn ends here: libev is about to wait. */
static void on_before_wait(struct ev_loop *ev, ev_prepare *w, int events)
{
	struct loop *l = ev_userdata(ev);
	uint64_t wait;

	(void)w, (void)events;
	run_deferred(l);
	ev_timer_stop(ev, &l->alarm);
	if (!l->heap_len)
		return;
	wait = l->heap[0]->at_ms > l->now_ms ? l->heap[0]->at_ms - l->now_ms : 0;
	ev_timer_set(&l->alarm, (double)wait / 1000, 0.);
	ev_timer_start(ev, &l->alarm);
}

static void on_alarm(struct ev_loop *ev, ev_timer *w, int events)
{
	(void)w, (void)events;
	fire_due(ev_userdata(ev));
}

static void on_async(struct ev_loop *ev, ev_async *w, int events)
{
	struct loop *l = ev_userdata(ev);

	(void)w, (void)events;
	if (l->on_wake)
		l->on_wake(l->wake_arg);
}

static void on_ready(struct ev_loop *ev, ev_io *w, int events)
{
	struct io *io = w->data;

	(void)ev;
	io->fn(io, (events & EV_READ ? IO_READ : 0) | (events & EV_WRITE ? IO_WRITE : 0));
}

static void on_signal(struct ev_loop *ev, ev_signal *w, int events)
{
	struct on_signal *s = w->data;

	(void)ev, (void)events;
	s->fn(s->arg, w->signum);
}

int io_start(struct loop *l, struct io *io, int fd, unsigned events)
{
	int want = (events & IO_READ ? EV_READ : 0) | (events & IO_WRITE ? EV_WRITE : 0);
	ev_io *w = io->watcher;

	if (!l->ev)
		return -ENOTSUP;
	if (!w) {
		w = calloc(1, sizeof(*w));
		if (!w)
			return -ENOMEM;
		ev_init(w, on_ready);
		w->data = io;
		io->watcher = w;
	}
	ev_io_stop(l->ev, w);
	ev_io_set(w, fd, want);
	ev_io_start(l->ev, w);
	io->fd = fd;
	return 0;
}

void io_stop(struct loop *l, struct io *io)
{
	ev_io *w = io->watcher;

	if (!w)
		return;
	ev_io_stop(l->ev, w);
	free(w);
	io->watcher = NULL;
}

void loop_on_wake(struct loop *l, void (*fn)(void *arg), void *arg)
{
	l->on_wake = fn;
	l->wake_arg = arg;
}

void loop_wake(struct loop *l)
{
	if (l->ev)
		ev_async_send(l->ev, &l->waker);
	else
		atomic_store(&l->woken, true);
}

int loop_on_signal(struct loop *l, int signum, void (*fn)(void *arg, int signum), void *arg)
{
	struct on_signal *s;

	if (!l->ev)
		return -ENOTSUP;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	ev_signal_init(&s->watcher, on_signal, signum);
	s->watcher.data = s;
	s->fn = fn;
	s->arg = arg;
	s->next = l->signals;
	l->signals = s;
	ev_signal_start(l->ev, &s->watcher);
	return 0;
}

/* ---- life ---- */

struct loop *loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->ev = ev_loop_new(EVFLAG_AUTO);
	if (!l->ev) {
		free(l);
		return NULL;
	}
	ev_set_userdata(l->ev, l);
	read_clock(l);
	ev_prepare_init(&l->before_wait, on_before_wait);
	ev_prepare_start(l->ev, &l->before_wait);
	ev_check_init(&l->after_wait, on_after_wait);
	ev_set_priority(&l->after_wait, EV_MAXPRI);
	ev_check_start(l->ev, &l->after_wait);
	ev_async_init(&l->waker, on_async);
	ev_async_start(l->ev, &l->waker);
	ev_timer_init(&l->alarm, on_alarm, 0., 0.);
	return l;
}

struct loop *loop_new_fake(uint64_t start_ms)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l)
		l->now_ms = l->start_ms = start_ms;
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	run_deferred(l);
	while (l->signals) {
		struct on_signal *s = l->signals;

		l->signals = s->next;
		ev_signal_stop(l->ev, &s->watcher);
		free(s);
	}
	if (l->ev)
		ev_loop_destroy(l->ev);
	free(l->heap);
	free(l->later);
	free(l);
}

void loop_run(struct loop *l)
{
	ev_now_update(l->ev);
	read_clock(l);
	ev_run(l->ev, 0);
	run_deferred(l);
}

void loop_stop(struct loop *l)
{
	ev_break(l->ev, EVBREAK_ALL);
}

void loop_turn(struct loop *l)
{
	if (atomic_exchange(&l->woken, false) && l->on_wake)
		l->on_wake(l->wake_arg);
	run_deferred(l);
}

void loop_advance(struct loop *l, uint64_t ms)
{
	uint64_t until = l->now_ms + ms;

	loop_turn(l);
	while (l->heap_len && l->heap[0]->at_ms <= until) {
		if (l->heap[0]->at_ms > l->now_ms)
			l->now_ms = l->heap[0]->at_ms;
		fire_due(l);
		loop_turn(l);
	}
	l->now_ms = until;
}
