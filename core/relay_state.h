/* Inside of the relay's control side. */
#ifndef CORE_RELAY_STATE_H
#define CORE_RELAY_STATE_H

#include "relay_command.h"
#include "relay_hops.h"
#include "relay_shared.h"
#include "relay_thread.h"

struct relay_leg {
	struct engine_leg hot; /* the engine's, but for the atomics */
	struct hop_want want[2];
	struct relay_key *key[2]; /* at a shared port; NULL: none */
	struct pn_addr remote[2]; /* where the engine sends, as it told */
	bool live, mux;
};

struct relay_stream {
	struct engine_stream hot; /* the engine's from COMMAND_ADD to ENGINE_FINAL, but for the atomics */
	struct hop_port port[2][2];
	struct relay_shared *shared[2]; /* of each side; NULL: ports of its own */
	struct relay_leg *leg[ENGINE_LEGS];
	struct relay_command *close; /* made at the start: closing must not fail */
	struct relay_stream *next_final;
	uint16_t thread;
	uint8_t current;
	bool chosen, closing;
};

struct relay_marks { /* of a realm */
	char *device;
	int dscp;
	uint32_t fwmark;
	struct reach *reach; /* what the engines have too; NULL: REACH_ANY */
	bool set, refusal_told;
};

struct relay {
	struct relay_conf conf;
	struct engine engine; /* in line */
	struct media_thread **thread;
	size_t *load; /* streams per thread */
	struct relay_stream **slot;
	uint16_t *generation;
	uint32_t *freed; /* ring of slots to be used again, oldest first */
	uint32_t freed_head, n_freed, n_used;
	size_t n_streams;
	struct relay_marks marks[RELAY_REALMS];
	struct relay_shared *shared;
	struct hop_table hops;
	struct relay_stream *finals, **finals_end; /* in line: to be told at the end of the turn */
	bool deferred, dead;
	struct timer second;
	struct log_limit *refusals; /* logged once per address and interval */
	uint64_t summed[14]; /* engine totals that the metrics have, summed over the threads */
};

struct relay_stream *relay_find(const struct relay *r, uint32_t id); /* open; NULL */
/* Give a command to whoever owns the stream (thread); what it owns is gone either way. -ENOMEM */
int relay_do(struct relay *r, unsigned thread, const struct relay_command *c);
int relay_bind(struct relay *r, struct engine_port *p);
void relay_unbind(struct relay *r, struct engine_port *p); /* in line, or closes it; never a shared one */
bool relay_reaches(const struct relay *r, unsigned realm, const struct pn_addr *to);
void relay_release(struct relay *r, struct relay_stream *s); /* the slot, sockets and memory */

/* relay_rules.c */
void relay_ports_opened(struct relay *r, const struct relay_stream *s);
void relay_ports_closed(struct relay *r, struct relay_stream *s);

/* relay_report.c */
void relay_on_event(void *relay, const struct engine_event *ev);
void relay_on_stun(void *relay, const struct relay_place *at, const struct engine_parcel *parcel);
void relay_sum(struct relay *r); /* what happened since the last time, into the metrics */

#endif
