#define LOG_SUBSYSTEM LOG_RELAY
#include "relay_thread.h"
#include "log.h"
#include "relay_ring.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define READY_MAX 256
#define BURST 16           /* packets of one socket before the next one's turn */
#define LEFTOVER_MAX 64    /* packets of one socket that still count when its stream ends */
#define PARCELS_MAX 256u   /* of one turn */
#define RING_OCTETS (1u << 20)
#define EVENTS_PER_STREAM 16u
#define STUN_OCTETS (1u << 18) /* of messages that the control thread has not taken yet */
#define BURST_SHARED 64    /* a shared port has the packets of many streams */
#define SECOND_US 1000000u

struct media_thread {
	struct media_thread_conf conf;
	struct engine engine;
	pthread_t id;
	bool started;
	int epoll, wake;
	uint32_t turn;
	struct relay_command *ending; /* streams to be let go when the batch is done */

	pthread_mutex_t down; /* guards what comes from others: */
	struct relay_command *first, **last;
	atomic_bool ordered; /* there are some; read without the lock */
	struct relay_ring parcels;
	bool woken, quit;

	pthread_mutex_t up; /* guards what goes to the control thread: */
	struct engine_event *event; /* ring */
	size_t head, n, cap, lost;
	size_t reserved; /* streams: as many places are kept for ENGINE_FINAL */
	struct relay_ring stun; /* kept in the place of a parcel: hops is the realm */

	uint8_t buf[ENGINE_DATAGRAM];
};

static uint64_t clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

/* ---- up ---- */

int media_thread_reserve(struct media_thread *t, size_t n)
{
	size_t cap = (n + 1) * EVENTS_PER_STREAM;
	struct engine_event *bigger;

	if (cap <= t->cap) {
		pthread_mutex_lock(&t->up);
		t->reserved = n;
		pthread_mutex_unlock(&t->up);
		return 0;
	}
	cap *= 2;
	bigger = calloc(cap, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	pthread_mutex_lock(&t->up);
	for (size_t i = 0; i < t->n; i++)
		bigger[i] = t->event[(t->head + i) % t->cap];
	free(t->event);
	t->event = bigger;
	t->cap = cap;
	t->head = 0;
	t->reserved = n;
	pthread_mutex_unlock(&t->up);
	return 0;
}

static void on_event(void *arg, const struct engine_event *ev)
{
	struct media_thread *t = arg;
	size_t kept;
	bool first;

	pthread_mutex_lock(&t->up);
	kept = ev->kind == ENGINE_FINAL ? 0 : t->reserved;
	first = !t->n;
	if (t->n + kept < t->cap)
		t->event[(t->head + t->n++) % t->cap] = *ev;
	else
		t->lost++;
	pthread_mutex_unlock(&t->up);
	if (first)
		t->conf.wake(t->conf.arg);
}

static bool next_event(struct media_thread *t, struct engine_event *out)
{
	bool some;

	pthread_mutex_lock(&t->up);
	some = t->n;
	if (some) {
		*out = t->event[t->head];
		t->head = (t->head + 1) % t->cap;
		t->n--;
	}
	pthread_mutex_unlock(&t->up);
	return some;
}

size_t media_thread_events(struct media_thread *t, void (*fn)(void *arg, const struct engine_event *ev),
			   void *arg)
{
	struct engine_event ev;
	size_t lost;

	while (next_event(t, &ev))
		fn(arg, &ev);
	pthread_mutex_lock(&t->up);
	lost = t->lost;
	t->lost = 0;
	pthread_mutex_unlock(&t->up);
	return lost;
}

static void on_stun(void *arg, const struct relay_place *at, const struct engine_parcel *parcel)
{
	struct media_thread *t = arg;
	struct engine_hop to = { .stream = at->stream, .side = at->side, .component = at->component };
	struct engine_parcel kept = *parcel;
	bool first;
	int err;

	kept.hops = at->realm;
	if (parcel->len > RELAY_STUN_MAX) {
		engine_bump(&t->engine.totals.stun_lost, 1);
		return;
	}
	pthread_mutex_lock(&t->up);
	first = !t->stun.used;
	err = relay_ring_put(&t->stun, &to, &kept);
	pthread_mutex_unlock(&t->up);
	if (err)
		engine_bump(&t->engine.totals.stun_lost, 1);
	if (first)
		t->conf.wake(t->conf.arg);
}

static bool next_stun(struct media_thread *t, struct relay_ring_item *item, uint8_t *buf)
{
	bool some;

	pthread_mutex_lock(&t->up);
	some = relay_ring_take(&t->stun, item, buf);
	pthread_mutex_unlock(&t->up);
	return some;
}

bool media_thread_stun(struct media_thread *t, unsigned most,
		       void (*fn)(void *arg, const struct relay_place *at, const struct engine_parcel *parcel),
		       void *arg)
{
	uint8_t data[RELAY_STUN_MAX];
	struct relay_ring_item item;

	while (most--) {
		struct relay_place at;
		struct engine_parcel parcel = { .from = &item.from, .data = data };

		if (!next_stun(t, &item, data))
			return false;
		at = (struct relay_place){ item.hops, item.to.stream, item.to.side, item.to.component };
		parcel.len = item.len;
		fn(arg, &at, &parcel);
	}
	t->conf.wake(t->conf.arg);
	return true;
}

const struct engine_totals *media_thread_totals(const struct media_thread *t)
{
	return &t->engine.totals;
}

/* ---- down ---- */

/* With the lock held; true: the thread has to be woken, once it is released. */
static bool must_wake(struct media_thread *t)
{
	bool must = !t->woken;

	t->woken = true;
	return must;
}

static void rouse(struct media_thread *t)
{
	uint64_t one = 1;

	if (write(t->wake, &one, sizeof(one)) < 0)
		return; /* the counter is full: it wakes anyway */
}

void media_thread_post(struct media_thread *t, struct relay_command *c)
{
	bool must;

	c->next = NULL;
	pthread_mutex_lock(&t->down);
	*t->last = c;
	t->last = &c->next;
	atomic_store_explicit(&t->ordered, true, memory_order_release);
	must = must_wake(t);
	pthread_mutex_unlock(&t->down);
	if (must)
		rouse(t);
}

static int on_hop(void *arg, const struct engine_hop *to, const struct engine_parcel *parcel)
{
	struct media_thread *self = arg, *t = self->conf.peers[to->thread];
	bool must;
	int err;

	pthread_mutex_lock(&t->down);
	err = relay_ring_put(&t->parcels, to, parcel);
	must = !err && must_wake(t);
	pthread_mutex_unlock(&t->down);
	if (must)
		rouse(t);
	return err;
}

static void watch_port(struct media_thread *t, struct engine_port *p)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = p };

	if (epoll_ctl(t->epoll, EPOLL_CTL_ADD, p->fd, &ev))
		log_error("relay thread %u: port %u hears nothing: %s", t->conf.number, p->local.port,
			  strerror(errno));
}

static void watch(struct media_thread *t, struct engine_stream *s)
{
	for (unsigned i = 0; i < 4; i++)
		if (!s->port[i / 2][i % 2].shared)
			watch_port(t, &s->port[i / 2][i % 2]);
}

static void let_go(struct media_thread *t, struct engine_stream *s)
{
	struct engine_event final = { .stream = s->id, .kind = ENGINE_FINAL };

	for (unsigned i = 0; i < 4; i++) {
		struct engine_port *p = &s->port[i / 2][i % 2];

		if (!p->shared)
			close(p->fd);
		p->fd = -1;
	}
	on_event(t, &final);
}

static void obey(struct media_thread *t, struct relay_command *c)
{
	relay_command_run(&t->engine, c);
	if (c->kind == COMMAND_ADD)
		watch(t, c->stream);
	else if (c->kind == COMMAND_CLOSE)
		let_go(t, c->stream);
	else if (c->kind == COMMAND_SHARED_OPEN)
		for (unsigned i = 0; i < 2; i++)
			watch_port(t, &c->shared.at->port[i]);
}

static struct relay_command *take_commands(struct media_thread *t, bool *quit)
{
	struct relay_command *c;

	pthread_mutex_lock(&t->down);
	t->woken = false;
	c = t->first;
	t->first = NULL;
	t->last = &t->first;
	atomic_store_explicit(&t->ordered, false, memory_order_relaxed);
	*quit = t->quit;
	pthread_mutex_unlock(&t->down);
	return c;
}

static bool take_parcel(struct media_thread *t, struct relay_ring_item *item)
{
	bool some;

	pthread_mutex_lock(&t->down);
	some = relay_ring_take(&t->parcels, item, t->buf);
	pthread_mutex_unlock(&t->down);
	return some;
}

/* Its own sockets want their turn too: what is left wakes it again. */
static void take_parcels(struct media_thread *t)
{
	struct relay_ring_item item;

	for (unsigned i = 0; i < PARCELS_MAX; i++) {
		struct engine_parcel parcel = { .from = &item.from, .data = t->buf };

		if (!take_parcel(t, &item))
			return;
		parcel.len = item.len;
		parcel.hops = item.hops;
		parcel.kind = item.kind;
		engine_parcel_in(&t->engine, &item.to, &parcel);
	}
	rouse(t);
}

/* False: the thread has to end. Sockets end later: the batch of packets may still name them. */
static bool take_orders(struct media_thread *t)
{
	struct relay_command *c, *next;
	bool quit;

	for (c = take_commands(t, &quit); c; c = next) {
		next = c->next;
		if (c->kind == COMMAND_CLOSE || c->kind == COMMAND_SHARED_CLOSE) {
			c->next = t->ending;
			t->ending = c;
			continue;
		}
		obey(t, c);
		relay_command_free(c);
	}
	return !quit;
}

static bool on_woken(struct media_thread *t)
{
	uint64_t count;
	bool go_on;

	if (read(t->wake, &count, sizeof(count)) < 0)
		count = 0;
	go_on = take_orders(t);
	take_parcels(t);
	return go_on;
}

/* ---- packets ---- */

static int on_send(void *arg, const struct engine_port *from, const struct engine_dest *to, const void *data,
		   size_t len)
{
	(void)arg;
	return sendto(from->fd, data, len, 0, &to->sa, to->len) < 0 ? -errno : 0;
}

static bool receive(struct media_thread *t, const struct engine_port *p)
{
	struct sockaddr_storage ss;
	socklen_t ss_len = sizeof(ss);
	struct pn_addr from;
	ssize_t n = recvfrom(p->fd, t->buf, sizeof(t->buf), 0, (struct sockaddr *)&ss, &ss_len);

	if (n < 0)
		return false;
	/* What was ordered before the far end could send this counts for it: an answer that was passed on
	 * may be followed by media faster than the thread wakes. */
	if (atomic_load_explicit(&t->ordered, memory_order_acquire))
		take_orders(t);
	if (addr_of_sockaddr((struct sockaddr *)&ss, &from))
		return true;
	if (p->stream)
		engine_input(&t->engine, p, &from, t->buf, (size_t)n);
	else
		engine_shared_input(&t->engine, p->shared, p->component, &from, t->buf, (size_t)n);
	return true;
}

/* Of most sockets one packet comes at a time, and asking for a second costs as much as being told of it:
 * only who was ready in the last turn too is drained. */
static void drain(struct media_thread *t, struct engine_port *p)
{
	unsigned most = p->turn + 1 == t->turn ? BURST : 1;

	if (!p->stream)
		most = BURST_SHARED;
	p->turn = t->turn;
	while (most-- && receive(t, p))
		;
}

/* What had come before the stream was closed still counts; a shared port is not its alone. */
static void take_leftovers(struct media_thread *t, const struct engine_stream *s)
{
	for (unsigned i = 0; i < 4; i++) {
		const struct engine_port *p = &s->port[i / 2][i % 2];

		for (unsigned n = 0; !p->shared && n < LEFTOVER_MAX && receive(t, p); n++)
			;
	}
}

/* Taking leftovers may bring new orders, to end others too. */
static void end_streams(struct media_thread *t)
{
	struct relay_command *c;

	while ((c = t->ending)) {
		t->ending = c->next;
		if (c->kind == COMMAND_CLOSE)
			take_leftovers(t, c->stream);
		obey(t, c);
		relay_command_free(c);
	}
}

static int wait_ms(const struct media_thread *t, uint64_t tick_us)
{
	return tick_us > t->engine.now_us ? (int)((tick_us - t->engine.now_us + 999) / 1000) : 0;
}

static bool turn(struct media_thread *t, uint64_t tick_us)
{
	struct epoll_event ready[READY_MAX];
	int n = epoll_wait(t->epoll, ready, READY_MAX, wait_ms(t, tick_us));
	bool woken = false, go_on = true;

	t->engine.now_us = clock_us();
	t->turn++;
	for (int i = 0; i < n; i++) {
		if (ready[i].data.ptr)
			drain(t, ready[i].data.ptr);
		else
			woken = true;
	}
	if (woken)
		go_on = on_woken(t);
	end_streams(t);
	return go_on;
}

static void *run(void *arg)
{
	struct media_thread *t = arg;
	uint64_t tick_us;

	t->engine.now_us = clock_us();
	tick_us = t->engine.now_us + SECOND_US;
	while (turn(t, tick_us)) {
		if (t->engine.now_us < tick_us)
			continue;
		engine_tick(&t->engine);
		tick_us = t->engine.now_us + SECOND_US;
	}
	return NULL;
}

/* ---- life ---- */

static const struct engine_ops ops = { .send = on_send, .hop = on_hop, .event = on_event, .stun = on_stun };

static int prepare(struct media_thread *t)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int err = engine_init(&t->engine, t->conf.max_streams);

	if (!err)
		err = relay_ring_init(&t->parcels, RING_OCTETS);
	if (!err)
		err = media_thread_reserve(t, 0);
	if (!err)
		err = relay_ring_init(&t->stun, STUN_OCTETS);
	if (err)
		return err;
	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	t->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->epoll < 0 || t->wake < 0 || epoll_ctl(t->epoll, EPOLL_CTL_ADD, t->wake, &ev))
		return -errno;
	return 0;
}

struct media_thread *media_thread_new(const struct media_thread_conf *c)
{
	struct media_thread *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return NULL;
	t->conf = *c;
	t->epoll = t->wake = -1;
	t->last = &t->first;
	pthread_mutex_init(&t->down, NULL);
	pthread_mutex_init(&t->up, NULL);
	t->engine.ops = &ops;
	t->engine.arg = t;
	t->engine.thread = c->number;
	t->engine.deadlock_ms = c->deadlock_ms;
	err = prepare(t);
	if (!err)
		return t;
	media_thread_free(t);
	errno = -err;
	return NULL;
}

int media_thread_start(struct media_thread *t)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&t->id, NULL, run, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	t->started = !err;
	return -err;
}

void media_thread_stop(struct media_thread *t)
{
	if (!t || !t->started)
		return;
	pthread_mutex_lock(&t->down);
	t->quit = true;
	t->woken = true;
	pthread_mutex_unlock(&t->down);
	rouse(t);
	pthread_join(t->id, NULL);
	t->started = false;
}

void media_thread_free(struct media_thread *t)
{
	if (!t)
		return;
	while (t->first) {
		struct relay_command *c = t->first;

		t->first = c->next;
		relay_command_free(c);
	}
	if (t->epoll >= 0)
		close(t->epoll);
	if (t->wake >= 0)
		close(t->wake);
	relay_ring_clear(&t->parcels);
	relay_ring_clear(&t->stun);
	engine_clear(&t->engine);
	pthread_mutex_destroy(&t->down);
	pthread_mutex_destroy(&t->up);
	free(t->event);
	free(t);
}
