/* What one module holds of the core and must not outlive it: timers, deferred calls, peers. Closing the
 * host takes all of them back, so that nothing calls into code that is no longer there. */
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include "loop.h"
#include "peer.h"

struct held_call;

struct host {
	struct loop *loop;
	struct pn_timer *timers;
	struct held_call *calls; /* deferred, not run yet */
	struct pn_peer *peers;
};

void host_init(struct host *h, struct loop *l);
size_t host_close(struct host *h); /* how many timers and peers the module had left behind */

struct pn_timer *host_timer_new(struct host *h, void (*fn)(void *arg), void *arg); /* NULL and errno */
int host_timer_start(struct pn_timer *t, uint64_t after_ms);
void host_timer_stop(struct pn_timer *t);
void host_timer_free(struct pn_timer *t); /* NULL-safe; may be called by its own fn */

int host_defer(struct host *h, void (*fn)(void *arg), void *arg);
struct pn_peer *host_peer_new(struct host *h, struct resolver *r, const char *text, uint16_t default_port);

#endif
