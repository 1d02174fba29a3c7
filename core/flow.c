#include "flow.h"

#include "expect.h"
#include "metrics.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS_FIRST 64u

static int grow(struct transport *t)
{
	uint32_t n = t->n_slots ? t->n_slots * 2 : SLOTS_FIRST;
	struct flow_slot *slots = realloc(t->slots, n * sizeof(*slots));
	uint32_t *spare;

	if (!slots)
		return -ENOMEM;
	t->slots = slots;
	spare = realloc(t->spare, n * sizeof(*spare));
	if (!spare)
		return -ENOMEM;
	t->spare = spare;
	for (uint32_t i = n; i > t->n_slots; i--) {
		slots[i - 1] = (struct flow_slot){ NULL, 1 };
		spare[t->n_spare++] = i - 1;
	}
	t->n_slots = n;
	return 0;
}

struct flow *flow_new(struct transport *t, enum flow_kind kind, struct module *m, struct pn_realm *r)
{
	struct flow *f;
	uint32_t index;

	if (!t->n_spare && grow(t))
		return NULL;
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	index = t->spare[--t->n_spare];
	t->slots[index].flow = f;
	f->t = t;
	f->id = (uint64_t)t->slots[index].generation << 32 | index;
	f->kind = kind;
	f->net = t->net;
	f->module = m;
	f->realm = r;
	return f;
}

struct flow *flow_get(struct transport *t, uint64_t id)
{
	uint32_t index = (uint32_t)id;

	if (index >= t->n_slots || t->slots[index].generation != id >> 32)
		return NULL;
	return t->slots[index].flow;
}

static void slot_free(struct transport *t, uint64_t id)
{
	struct flow_slot *s = &t->slots[(uint32_t)id];

	s->flow = NULL;
	if (!++s->generation)
		s->generation = 1;
	t->spare[t->n_spare++] = (uint32_t)id;
}

int flow_enlist(struct flow *f)
{
	struct transport *t = f->t;
	int err = hash_put(&t->listeners, &f->by_local, addr_hash(&f->local, 0));

	if (err)
		return err;
	if (t->pinholes.changed)
		t->pinholes.changed(t->pinholes.arg);
	if (f->alias)
		return 0;
	f->at_listener = t->configured_tail;
	*t->configured_tail = f;
	t->configured_tail = &f->next_listener;
	return 0;
}

/* Its own `next` stays, for who walks. */
static void delist(struct flow *f)
{
	if (f->kind == FLOW_CONNECTION)
		return;
	hash_del(&f->t->listeners, &f->by_local);
	if (f->t->pinholes.changed && !f->t->freed)
		f->t->pinholes.changed(f->t->pinholes.arg);
	if (!f->at_listener)
		return;
	*f->at_listener = f->next_listener;
	if (f->next_listener)
		f->next_listener->at_listener = f->at_listener;
	else
		f->t->configured_tail = f->at_listener;
	f->at_listener = NULL;
}

static void close_handle(struct flow *f)
{
	void *handle = f->handle;

	f->handle = NULL;
	if (!handle || f->accepting) /* whoever accepts closes it */
		return;
	if (f->kind == FLOW_UDP)
		f->net->udp_close(handle);
	else
		f->net->tcp_close(handle);
}

void flow_kill(struct flow *f, int err)
{
	struct transport *t = f->t;

	if (f->closed)
		return;
	f->closed = true;
	f->err = err;
	timer_stop(t->loop, &f->idle);
	close_handle(f);
	delist(f);
	expect_part(f);
	slot_free(t, f->id);
	if (f->kind == FLOW_CONNECTION) {
		t->connections--;
		metric_set(M_TCP_OPEN, t->connections);
		origin_drop(&t->origins, f->realm->index, &f->remote);
	}
	*t->dead_tail = f;
	t->dead_tail = &f->next_dead;
	/* Without memory the next one takes this one along. */
	if (!t->reaping && !t->freed)
		t->reaping = !loop_defer(t->loop, flow_reap, t);
}

static void flow_free(struct flow *f)
{
	buf_free(&f->in);
	buf_free(&f->out);
	free(f);
}

bool flow_is_trunk(const struct flow *f)
{
	return f->t->trunks.owner && f->module == f->t->trunks.owner;
}

const struct transport_events *flow_events(const struct flow *f)
{
	return flow_is_trunk(f) ? f->t->trunks.events : f->t->events;
}

void flow_reap(void *transport)
{
	struct transport *t = transport;

	while (t->dead) {
		struct flow *f = t->dead;

		t->dead = f->next_dead;
		if (!t->dead)
			t->dead_tail = &t->dead;
		if (!f->silent)
			flow_events(f)->flow_closed(f->module, f->id, f->err);
		flow_free(f);
	}
	t->reaping = false;
	if (t->freed)
		free(t);
}

void flow_fill(const struct flow *f, struct pn_flow_info *out)
{
	*out = (struct pn_flow_info){ .size = sizeof(*out), .flow = f->id, .realm = f->realm,
				      .transport = f->transport, .local = f->local, .remote = f->remote };
}

struct pn_msg flow_msg(const struct flow *f, const struct pn_addr *from, const void *data, size_t len)
{
	return (struct pn_msg){ .size = sizeof(struct pn_msg), .flow = f->id, .realm = f->realm,
				.transport = f->transport, .local = f->local, .remote = *from,
				.data = data, .len = len, .now_ms = loop_now(f->t->loop) };
}
