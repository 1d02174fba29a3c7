#define LOG_SUBSYSTEM LOG_RELAY
#include "relay.h"
#include "log.h"
#include "relay_socket.h"
#include "relay_state.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND_MS 1000u
#define REFUSAL_MS 60000u
#define STUN_PER_WAKE 64u /* the rest of the loop wants its turn */
#define GENERATIONS (UINT32_MAX / RELAY_STREAMS_MAX) /* 1..4095: an id is never 0 */

/* ---- in line ---- */

static int inline_send(void *arg, const struct engine_port *from, const struct engine_dest *to,
		       const void *data, size_t len)
{
	struct relay *r = arg;

	r->conf.net->send(r->conf.net_arg, from->realm, &from->local, &to->addr, data, len);
	return 0;
}

static int inline_hop(void *arg, const struct engine_hop *to, const struct engine_parcel *parcel)
{
	(void)arg, (void)to, (void)parcel;
	return -ENOTSUP; /* there is no other thread */
}

static const struct engine_ops inline_ops = {
	.send = inline_send, .hop = inline_hop, .event = relay_on_event, .stun = relay_on_stun,
};

static void set_clock(struct relay *r)
{
	r->engine.now_us = loop_now(r->conf.loop) * 1000;
}

/* ---- the table ---- */

static struct relay_stream *find(const struct relay *r, uint32_t id)
{
	uint32_t slot = ENGINE_SLOT(id);
	struct relay_stream *s = slot < r->conf.max_streams ? r->slot[slot] : NULL;

	return s && s->hot.id == id ? s : NULL;
}

struct relay_stream *relay_find(const struct relay *r, uint32_t id)
{
	struct relay_stream *s = find(r, id);

	return s && !s->closing ? s : NULL;
}

/* The slot that has rested longest, so that a stale id stays stale for long. */
static int take_slot(struct relay *r, uint32_t *id)
{
	uint32_t slot;

	if (r->n_used < r->conf.max_streams) {
		slot = r->n_used++;
	} else if (r->n_freed) {
		slot = r->freed[r->freed_head];
		r->freed_head = (r->freed_head + 1) % r->conf.max_streams;
		r->n_freed--;
	} else {
		return -ENOSPC;
	}
	r->generation[slot] = (uint16_t)(r->generation[slot] % GENERATIONS + 1);
	*id = r->generation[slot] * RELAY_STREAMS_MAX | slot;
	return 0;
}

static void give_slot(struct relay *r, uint32_t slot)
{
	r->slot[slot] = NULL;
	r->freed[(r->freed_head + r->n_freed) % r->conf.max_streams] = slot;
	r->n_freed++;
}

/* ---- ports ---- */

int relay_bind(struct relay *r, struct engine_port *p)
{
	struct relay_marks *m = &r->marks[p->realm];
	struct socket_marking marking = { m->device, m->set ? m->dscp : -1, m->fwmark };
	bool unmarked = false;

	if (!r->conf.threads)
		return r->conf.net->bind(r->conf.net_arg, p->realm, &p->local);
	p->fd = relay_socket(&p->local, &marking, &unmarked);
	if (unmarked && !m->refusal_told) {
		log_warn("relay %s: firewall mark not set: CAP_NET_ADMIN is needed", addr_text(&p->local));
		m->refusal_told = true;
	}
	return p->fd < 0 ? p->fd : 0;
}

void relay_unbind(struct relay *r, struct engine_port *p)
{
	if (!p->local.family)
		return;
	if (!r->conf.threads)
		r->conf.net->unbind(r->conf.net_arg, p->realm, &p->local);
	else if (p->fd >= 0)
		close(p->fd);
	p->local.family = 0;
	p->fd = -1;
}

static void unbind_port(struct relay *r, struct engine_port *p)
{
	if (p->stream && p->shared)
		p->local.family = 0;
	else
		relay_unbind(r, p);
}

static int open_port(struct relay *r, struct relay_stream *s, struct engine_port *p)
{
	struct hop_port *h = &s->port[p->side][p->component];
	int err = relay_bind(r, p);

	if (err) {
		p->local.family = 0;
		return err;
	}
	h->addr = p->local;
	h->realm = p->realm;
	h->hop = (struct engine_hop){ s->hot.id, s->thread, p->side, p->component };
	return hop_port_add(&r->hops, h);
}

static int open_ports(struct relay *r, struct relay_stream *s, const struct relay_end end[2], unsigned *busy)
{
	for (unsigned i = 0; i < 4; i++) {
		unsigned side = i / 2, component = i % 2;
		struct engine_port *p = &s->hot.port[side][component];
		int err;

		if (end[side].shared)
			continue;
		p->local = end[side].rtp;
		p->local.port = (uint16_t)(p->local.port + component);
		p->realm = (uint16_t)end[side].realm;
		err = open_port(r, s, p);
		if (err && busy)
			*busy = side;
		if (err)
			return err;
	}
	return 0;
}

/* ---- streams ---- */

int relay_do(struct relay *r, unsigned thread, const struct relay_command *c)
{
	struct relay_command copy = *c, *queued;

	if (!r->conf.threads) {
		set_clock(r);
		relay_command_run(&r->engine, &copy);
		relay_command_clear(&copy);
		return 0;
	}
	queued = malloc(sizeof(*queued));
	if (!queued) {
		log_error("relay: command not given: out of memory");
		relay_command_clear(&copy);
		return -ENOMEM;
	}
	*queued = copy;
	media_thread_post(r->thread[thread], queued);
	return 0;
}

static void free_stream(struct relay *r, struct relay_stream *s)
{
	for (unsigned i = 0; i < 4; i++) {
		hop_port_del(&r->hops, &s->port[i / 2][i % 2]);
		unbind_port(r, &s->hot.port[i / 2][i % 2]);
	}
	for (unsigned i = 0; i < ENGINE_LEGS; i++) {
		struct relay_leg *l = s->leg[i];

		if (!l)
			continue;
		hop_want_del(&r->hops, &l->want[RELAY_RTP]);
		hop_want_del(&r->hops, &l->want[RELAY_RTCP]);
		relay_keys_drop(r, s, i);
		free(l);
	}
	for (unsigned side = 0; side < 2; side++)
		if (s->shared[side])
			relay_shared_leave(r, s->shared[side]);
	free(s->close);
	free(s);
}

void relay_release(struct relay *r, struct relay_stream *s)
{
	give_slot(r, ENGINE_SLOT(s->hot.id));
	r->load[s->thread]--;
	r->n_streams--;
	free_stream(r, s);
	if (!r->n_streams)
		timer_stop(r->conf.loop, &r->second);
}

static uint16_t idlest(const struct relay *r)
{
	uint16_t best = 0;

	for (uint16_t i = 1; i < r->conf.threads; i++)
		if (r->load[i] < r->load[best])
			best = i;
	return best;
}

static struct relay_stream *new_stream(struct relay *r)
{
	struct relay_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->close = calloc(1, sizeof(*s->close));
	if (!s->close) {
		free(s);
		return NULL;
	}
	s->thread = idlest(r);
	s->current = 1;
	for (unsigned i = 0; i < 4; i++) {
		struct engine_port *p = &s->hot.port[i / 2][i % 2];

		p->stream = &s->hot;
		p->side = (uint8_t)(i / 2);
		p->component = (uint8_t)(i % 2);
		p->fd = -1;
	}
	return s;
}

static int start_stream(struct relay *r, struct relay_stream *s)
{
	struct relay_command add = { .kind = COMMAND_ADD, .stream = &s->hot };
	int err = 0;

	if (!r->second.slot)
		err = timer_start(r->conf.loop, &r->second, SECOND_MS);
	if (!err && r->conf.threads)
		err = media_thread_reserve(r->thread[s->thread], r->load[s->thread] + 1);
	return err ? err : relay_do(r, s->thread, &add);
}

int relay_open(struct relay *r, const struct relay_end end[2], uint32_t *stream, unsigned *busy)
{
	struct relay_stream *s;
	int err;

	if (end[0].realm >= RELAY_REALMS || end[1].realm >= RELAY_REALMS)
		return -EINVAL;
	s = new_stream(r);
	if (!s)
		return -ENOMEM;
	err = take_slot(r, &s->hot.id);
	if (err) {
		free_stream(r, s);
		return err;
	}
	err = relay_shared_take(r, s, end);
	if (!err)
		err = open_ports(r, s, end, busy);
	if (!err)
		err = start_stream(r, s);
	if (err) {
		give_slot(r, ENGINE_SLOT(s->hot.id));
		free_stream(r, s);
		return err;
	}
	r->slot[ENGINE_SLOT(s->hot.id)] = s;
	r->load[s->thread]++;
	r->n_streams++;
	*stream = s->hot.id;
	relay_ports_opened(r, s);
	return 0;
}

static void tell_finals(void *arg)
{
	struct relay *r = arg;

	r->deferred = false;
	if (r->dead) {
		free(r);
		return;
	}
	while (r->finals) {
		struct relay_stream *s = r->finals;

		r->finals = s->next_final;
		relay_on_event(r, &(struct engine_event){ .stream = s->hot.id, .kind = ENGINE_FINAL });
	}
}

static void close_inline(struct relay *r, struct relay_stream *s)
{
	relay_command_run(&r->engine, s->close);
	for (unsigned i = 0; i < 4; i++)
		unbind_port(r, &s->hot.port[i / 2][i % 2]);
	if (!r->finals)
		r->finals_end = &r->finals;
	*r->finals_end = s;
	r->finals_end = &s->next_final;
	if (!r->deferred)
		r->deferred = !loop_defer(r->conf.loop, tell_finals, r); /* else the timer does it */
}

void relay_close(struct relay *r, uint32_t stream)
{
	struct relay_stream *s = relay_find(r, stream);

	if (!s)
		return;
	s->closing = true;
	relay_ports_closed(r, s);
	for (unsigned i = 0; i < ENGINE_LEGS; i++)
		relay_keys_drop(r, s, i);
	s->close->kind = COMMAND_CLOSE;
	s->close->stream = &s->hot;
	if (!r->conf.threads) {
		close_inline(r, s);
		return;
	}
	media_thread_post(r->thread[s->thread], s->close);
	s->close = NULL;
}

size_t relay_streams(const struct relay *r)
{
	return r->n_streams;
}

/* ---- realms ---- */

static int set_reach(struct relay *r, unsigned realm, const struct reach *reach)
{
	unsigned n = r->conf.threads ? r->conf.threads : 1;

	for (unsigned i = 0; i < n; i++) {
		struct relay_command c = { .kind = COMMAND_REACH };
		int err;

		c.reach.realm = realm;
		c.reach.reach = reach_copy(reach);
		err = c.reach.reach ? relay_do(r, i, &c) : -ENOMEM;
		if (err)
			return err;
	}
	return 0;
}

int relay_realm(struct relay *r, unsigned realm, const struct relay_realm *what)
{
	struct relay_marks *m;
	char *device = NULL;

	if (realm >= RELAY_REALMS)
		return -EINVAL;
	m = &r->marks[realm];
	if (what->device) {
		device = strdup(what->device);
		if (!device)
			return -ENOMEM;
	}
	free(m->device);
	m->device = device;
	m->dscp = what->dscp;
	m->fwmark = what->fwmark;
	m->set = true;
	m->refusal_told = false;
	r->hops.device[realm] = device;
	reach_free(m->reach);
	m->reach = reach_copy(&what->reach);
	return m->reach ? set_reach(r, realm, &what->reach) : -ENOMEM;
}

bool relay_reaches(const struct relay *r, unsigned realm, const struct pn_addr *to)
{
	static const struct reach any = { .rest = REACH_ANY };
	const struct reach *reach = r->marks[realm].reach;

	return reach_allows(reach ? reach : &any, to);
}

/* ---- life ---- */

static void every_second(struct timer *t)
{
	struct relay *r = t->arg;

	if (r->n_streams)
		timer_start(r->conf.loop, t, SECOND_MS);
	relay_tick(r);
}

static void on_wake(void *arg)
{
	struct relay *r = arg;

	for (unsigned i = 0; i < r->conf.threads; i++) {
		size_t lost = media_thread_events(r->thread[i], relay_on_event, r);

		if (lost)
			log_error("relay thread %u: %zu events lost: queue full", i, lost);
		media_thread_stun(r->thread[i], STUN_PER_WAKE, relay_on_stun, r);
	}
}

static void wake(void *loop)
{
	loop_wake(loop);
}

static int start_threads(struct relay *r)
{
	struct media_thread_conf c = {
		.max_streams = r->conf.max_streams, .deadlock_ms = r->conf.deadlock_ms,
		.peers = r->thread, .wake = wake, .arg = r->conf.loop,
	};
	int err = 0;

	for (unsigned i = 0; i < r->conf.threads; i++) {
		c.number = (uint16_t)i;
		r->thread[i] = media_thread_new(&c);
		if (!r->thread[i])
			return -errno;
	}
	loop_on_wake(r->conf.loop, on_wake, r);
	for (unsigned i = 0; i < r->conf.threads && !err; i++)
		err = media_thread_start(r->thread[i]);
	return err;
}

static int start_inline(struct relay *r)
{
	r->engine.ops = &inline_ops;
	r->engine.arg = r;
	r->engine.deadlock_ms = r->conf.deadlock_ms;
	set_clock(r);
	return engine_init(&r->engine, r->conf.max_streams);
}

static int make_tables(struct relay *r)
{
	size_t n = r->conf.max_streams, threads = r->conf.threads ? r->conf.threads : 1;

	if (!n || n > RELAY_STREAMS_MAX || threads > UINT16_MAX)
		return -EINVAL;
	r->slot = calloc(n, sizeof(struct relay_stream *));
	r->generation = calloc(n, sizeof(*r->generation));
	r->freed = malloc(n * sizeof(*r->freed));
	r->load = calloc(threads, sizeof(*r->load));
	r->thread = calloc(threads, sizeof(struct media_thread *));
	r->refusals = log_limit_new(REFUSAL_MS, 1);
	if (!r->slot || !r->generation || !r->freed || !r->load || !r->thread || !r->refusals)
		return -ENOMEM;
	return 0;
}

struct relay *relay_new(const struct relay_conf *c)
{
	struct relay *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return NULL;
	r->conf = *c;
	r->second.fn = every_second;
	r->second.arg = r;
	hop_table_init(&r->hops);
	err = make_tables(r);
	if (!err)
		err = c->threads ? start_threads(r) : start_inline(r);
	if (!err)
		return r;
	relay_free(r);
	errno = -err;
	return NULL;
}

static void stop_threads(struct relay *r)
{
	if (!r->conf.threads || !r->thread)
		return;
	loop_on_wake(r->conf.loop, NULL, NULL);
	for (unsigned i = 0; i < r->conf.threads; i++)
		media_thread_stop(r->thread[i]);
	for (unsigned i = 0; i < r->conf.threads; i++) {
		media_thread_free(r->thread[i]);
		r->thread[i] = NULL;
	}
}

void relay_free(struct relay *r)
{
	if (!r)
		return;
	stop_threads(r);
	timer_stop(r->conf.loop, &r->second);
	for (uint32_t i = 0; i < r->n_used; i++)
		if (r->slot[i])
			free_stream(r, r->slot[i]);
	relay_shared_clear(r);
	engine_clear(&r->engine);
	hop_table_free(&r->hops);
	for (unsigned i = 0; i < RELAY_REALMS; i++) {
		free(r->marks[i].device);
		reach_free(r->marks[i].reach);
	}
	free(r->slot);
	free(r->generation);
	free(r->freed);
	free(r->load);
	free(r->thread);
	log_limit_free(r->refusals);
	r->dead = true;
	if (!r->deferred) /* else the loop still holds it */
		free(r);
}

void relay_input(struct relay *r, unsigned realm, const struct pn_addr *local, const struct pn_addr *from,
		 const void *data, size_t len)
{
	const struct hop_port *p = hop_find(&r->hops, realm, local);
	struct relay_stream *s = p && p->realm == realm ? relay_find(r, p->hop.stream) : NULL;

	set_clock(r);
	if (s)
		engine_input(&r->engine, &s->hot.port[p->hop.side][p->hop.component], from, data, len);
	else if (!relay_shared_input(r, realm, local, from, data, len))
		return;
	relay_sum(r);
}

void relay_tick(struct relay *r)
{
	if (!r->conf.threads) {
		set_clock(r);
		engine_tick(&r->engine);
	}
	relay_sum(r);
	if (!r->deferred)
		tell_finals(r);
}
