/* A media thread: its own epoll, an engine, a queue of commands down, a queue of events up. */
#ifndef CORE_RELAY_THREAD_H
#define CORE_RELAY_THREAD_H

#include "relay_command.h"

struct media_thread;

struct media_thread_conf {
	uint16_t number;                    /* among peers */
	uint32_t max_streams, deadlock_ms;
	struct media_thread *const *peers;  /* all of them, complete before the first is started */
	void (*wake)(void *arg);            /* any thread: there are events */
	void *arg;
};

struct media_thread *media_thread_new(const struct media_thread_conf *c); /* NULL: errno */
int media_thread_start(struct media_thread *t); /* -errno */
void media_thread_stop(struct media_thread *t); /* joins it; what it owned is the caller's again */
void media_thread_free(struct media_thread *t); /* stopped; NULL-safe */

/* c comes from malloc and is the thread's now; in order. Any thread. */
void media_thread_post(struct media_thread *t, struct relay_command *c);
/* Room for the events of n streams, so that none is lost. Control thread; -ENOMEM */
int media_thread_reserve(struct media_thread *t, size_t n);
/* Events so far, oldest first, handed to fn. How many were lost since the last time: none, unless the
 * control thread slept while streams flapped; never an ENGINE_FINAL. Control thread */
size_t media_thread_events(struct media_thread *t, void (*fn)(void *arg, const struct engine_event *ev),
			   void *arg);
/* STUN messages so far, at most `most`, handed to fn: place, from, data. True: more are left, the control
 * thread is woken for them. Control thread */
bool media_thread_stun(struct media_thread *t, unsigned most,
		       void (*fn)(void *arg, const struct relay_place *at, const struct engine_parcel *parcel),
		       void *arg);
const struct engine_totals *media_thread_totals(const struct media_thread *t);

#endif
