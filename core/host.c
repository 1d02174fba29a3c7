#include "host.h"

#include <errno.h>
#include <stdlib.h>

struct pn_timer {
	struct timer timer;
	struct host *host;
	struct pn_timer *next, **at;
	void (*fn)(void *arg);
	void *arg;
};

struct held_call {
	struct held_call *next, **at;
	void (*fn)(void *arg); /* NULL once the host is closed */
	void *arg;
};

void host_init(struct host *h, struct loop *l)
{
	*h = (struct host){ .loop = l };
}

size_t host_close(struct host *h)
{
	size_t left = 0;

	for (; h->timers; left++)
		host_timer_free(h->timers);
	for (; h->peers; left++)
		peer_free(h->peers);
	while (h->calls) {
		struct held_call *c = h->calls;

		h->calls = c->next;
		c->fn = NULL;
		c->at = NULL;
	}
	return left;
}

static void on_timer(struct timer *t)
{
	struct pn_timer *timer = t->arg;

	timer->fn(timer->arg);
}

struct pn_timer *host_timer_new(struct host *h, void (*fn)(void *arg), void *arg)
{
	struct pn_timer *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->host = h;
	t->fn = fn;
	t->arg = arg;
	t->timer.fn = on_timer;
	t->timer.arg = t;
	t->next = h->timers;
	t->at = &h->timers;
	if (t->next)
		t->next->at = &t->next;
	h->timers = t;
	return t;
}

int host_timer_start(struct pn_timer *t, uint64_t after_ms)
{
	return timer_start(t->host->loop, &t->timer, after_ms);
}

void host_timer_stop(struct pn_timer *t)
{
	timer_stop(t->host->loop, &t->timer);
}

void host_timer_free(struct pn_timer *t)
{
	if (!t)
		return;
	host_timer_stop(t);
	*t->at = t->next;
	if (t->next)
		t->next->at = t->at;
	free(t);
}

static void run_call(void *arg)
{
	struct held_call call = *(struct held_call *)arg;

	if (call.at) {
		*call.at = call.next;
		if (call.next)
			call.next->at = call.at;
	}
	free(arg);
	if (call.fn)
		call.fn(call.arg);
}

int host_defer(struct host *h, void (*fn)(void *arg), void *arg)
{
	struct held_call *c = malloc(sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	err = loop_defer(h->loop, run_call, c);
	if (err) {
		free(c);
		return err;
	}
	*c = (struct held_call){ .next = h->calls, .at = &h->calls, .fn = fn, .arg = arg };
	if (c->next)
		c->next->at = &c->next;
	h->calls = c;
	return 0;
}

struct pn_peer *host_peer_new(struct host *h, struct resolver *r, const char *text, uint16_t default_port)
{
	return peer_new(h->loop, r, &h->peers, text, default_port);
}
