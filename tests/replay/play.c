#include "rig.h"

#include <RasMessage.h>
#include <stdlib.h>
#include <string.h>

#define RELEASE_COMPLETE 0x5au
#define FACILITY 0x62u
#define END_SESSION 0x4au /* H.245 command endSessionCommand: its first octet */
#define CALLER_PORT 30000u

static struct captured in, captured;

/* ---- RAS ---- */

static int next_setup(struct rig *r, size_t index, const struct actor *to, size_t *out)
{
	for (size_t i = index; i < r->trace.n; i++) {
		const struct trace_event *e = &r->trace.event[i];

		if (e->kind == TRACE_TPKT && !e->opener && rig_host(r, &e->to) == to && e->len > 5 && e->data[0] == 8 &&
		    e->data[4] == 5) {
			*out = i;
			return 0;
		}
	}
	return fail(r, "no Setup follows");
}

int play_give(struct rig *r, const struct actor *from, const struct pn_addr *at, const struct captured *m)
{
	uint8_t head[4] = { 3, 0, (uint8_t)((m->len + 4) >> 8), (uint8_t)(m->len + 4) };
	int err = fakenet_stream(r->net, from->realm, at, head, sizeof(head));

	for (size_t i = 0; !err && i < m->len; i += r->bytewise ? 1 : m->len)
		err = fakenet_stream(r->net, from->realm, at, m->data + i, r->bytewise ? 1 : m->len);
	loop_turn(r->loop);
	return err;
}

/* The gatekeeper does not tell the terminal of a call, for it does not know that it is behind a NAT: it connects to
 * what stands for the terminal, and Postern tells it. The Setup that comes later in the capture comes now. */
static int call_terminal(struct rig *r, size_t index, struct actor *terminal)
{
	struct actor *gk = r->gatekeeper;
	struct packet *p;
	size_t setup = 0;

	if (next_setup(r, index, terminal, &setup))
		return -1;
	terminal->caller = gk->ip;
	terminal->caller.port = (uint16_t)(CALLER_PORT + index);
	if (fakenet_connect(r->net, gk->realm, &terminal->caller, &terminal->alias))
		return fail(r, "the terminal's alias takes no connection");
	if (captured_read(&in, CAPTURED_SIGNALLING, r->trace.event[setup].data, r->trace.event[setup].len))
		return fail(r, "the Setup does not decode");
	terminal->waiting_captured = in;
	forward_say(r, gk, &in);
	terminal->waiting = in;
	r->done[setup] = true;
	if (play_give(r, gk, &terminal->caller, &in))
		return fail(r, "the Setup is not taken");
	struct pn_addr at = host_at(terminal, &r->trace.event[index].to);

	p = fakenet_take(r->net, terminal->realm, &at);
	if (!p || captured_read(&in, CAPTURED_RAS, p->data, p->len) ||
	    in.type != RasMessage_PR_serviceControlIndication) {
		free(p);
		return fail(r, "the terminal is not told of the call");
	}
	terminal->service_seq = captured_service_seq(&in);
	terminal->awaited = true;
	free(p);
	return 0;
}

static int deliver(struct rig *r, const struct trace_event *e, struct actor *from, const struct actor *to)
{
	struct pn_addr at = host_at(from, &e->from), dst = to->alias;

	if (from->terminal && !rig_knows(r, from, &e->to, &dst))
		return fail(r, "nobody told it of %s", addr_text(&e->to));
	return fakenet_deliver(r->net, from->realm, &at, &dst, in.data, in.len) ? fail(r, "nobody listens") : 0;
}

static int datagram(struct rig *r, size_t index, struct actor *from, struct actor *to)
{
	const struct trace_event *e = &r->trace.event[index];
	struct pn_addr at = host_at(to, &e->to);
	struct packet *p;
	int err;

	if (captured_read(&captured, CAPTURED_RAS, e->data, e->len))
		return fail(r, "it does not decode");
	if (captured.type == RasMessage_PR_serviceControlIndication && to->terminal)
		return call_terminal(r, index, to);
	in = captured;
	if (in.type == RasMessage_PR_serviceControlResponse)
		return captured_set_service_seq(&in, from->service_seq) ? fail(r, "no answer can be made of it") :
									 deliver(r, e, from, to);
	forward_say(r, from, &in);
	if (deliver(r, e, from, to))
		return -1;
	loop_turn(r->loop);
	p = fakenet_take(r->net, to->realm, &at);
	if (!p)
		return fail(r, "it does not arrive");
	if (from->terminal)
		from->alias = p->from;
	err = forward_check(r, to, &captured, &in, p->data, p->len);
	free(p);
	return err;
}

/* ---- TCP ---- */

/* Postern asks a terminal that nobody can connect to for a connection, by a Facility of its own; it comes. */
static int follow(struct rig *r, struct end *end, struct actor *terminal)
{
	for (size_t i = 0; i < r->trace.n_connections; i++) {
		const struct end *e = &r->end[i][r->end[i][0].host != terminal];
		struct buf *got = e->host == terminal ? fakenet_received(r->net, terminal->realm, &e->at) : NULL;
		struct pn_addr to;

		if (!got || got->len < 4 || captured_read(&in, CAPTURED_SIGNALLING, (const uint8_t *)got->p + 4, got->len - 4))
			continue;
		if (in.type != FACILITY || in.n != 1 || !in.span[0].h245)
			continue;
		to = captured_get(&in, 0);
		buf_drop(got, got->len);
		if (fakenet_connect(r->net, terminal->realm, &end->at, &to))
			return fail(r, "no connection to %s, which the terminal was told of", addr_text(&to));
		loop_turn(r->loop);
		return 0;
	}
	return fail(r, "the terminal is not asked for a connection");
}

static int open(struct rig *r, size_t index, struct actor *from, struct actor *to)
{
	const struct trace_event *e = &r->trace.event[index];
	struct end *end = r->end[e->connection];
	struct pn_addr dst, at = host_at(from, &e->from);

	if (!rig_knows(r, from, &e->to, &dst))
		return to->came ? 0 : fail(r, "nobody told it of %s", addr_text(&e->to));
	end[0] = (struct end){ from, at };
	end[1] = (struct end){ to, from->awaited ? from->caller : host_at(to, &e->to) };
	if (fakenet_connect(r->net, from->realm, &at, &dst))
		return fail(r, "no connection from %s to %s", addr_text(&at), addr_text(&dst));
	loop_turn(r->loop);
	return to->natted ? follow(r, &end[1], to) : 0;
}

static int arrives(struct rig *r, const struct end *to, const struct captured *was, const struct captured *m)
{
	struct buf *got = fakenet_received(r->net, to->host->realm, &to->at);
	size_t len;
	int err;

	if (!got || got->len < 4)
		return fail(r, "it does not arrive");
	len = (size_t)got->p[2] << 8 | got->p[3];
	if (len < 4 || len > got->len)
		return fail(r, "no TPKT arrives");
	err = forward_check(r, to->host, was, m, (const uint8_t *)got->p + 4, len - 4);
	buf_drop(got, len);
	return !err && got->len ? fail(r, "more arrives than was sent") : err;
}

bool play_ends_call(const struct captured *m)
{
	return m->kind == CAPTURED_SIGNALLING ? m->type == RELEASE_COMPLETE : m->data[0] == END_SESSION;
}

static bool has_arrived(struct rig *r, const struct end *to)
{
	const struct buf *got = fakenet_received(r->net, to->host->realm, &to->at);

	return got && got->len;
}

/* The first message of a connection tells: no H.245 message that passes begins as Q.931 does. */
enum captured_kind play_kind(struct rig *r, const struct trace_event *e)
{
	size_t c = e->connection;

	if (!r->spoken[c])
		r->speaks[c] = e->len > 1 && e->data[0] == 8 && e->data[1] == 2 ? CAPTURED_SIGNALLING : CAPTURED_CONTROL;
	r->spoken[c] = true;
	return r->speaks[c];
}

static void note_h245(struct actor *from, const struct captured *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->span[i].h245)
			from->h245 = captured_get(m, i);
}

/* Nobody can connect to a terminal behind a NAT that starts H.245: it comes to us, and we go to the other side. */
static int come(struct rig *r, struct actor *terminal, struct actor *peer)
{
	struct end end = { terminal, host_at(terminal, &terminal->h245) };

	terminal->came = true;
	if (!peer->h245.family || fakenet_listen(r->net, peer->realm, &peer->h245))
		return fail(r, "it does not arrive");
	if (follow(r, &end, terminal))
		return -1;
	return fakenet_connected(r->net, peer->realm, &peer->h245) ? 0 : fail(r, "nobody connects to the other side");
}

static int tpkt(struct rig *r, size_t index, struct actor *from, struct actor *to)
{
	const struct trace_event *e = &r->trace.event[index];
	const struct end *src = &r->end[e->connection][!e->opener], *dst = &r->end[e->connection][e->opener];
	struct actor *terminal = from->terminal ? from : to;
	bool over = terminal->released;

	if (!src->host || r->done[index])
		return 0;
	if (captured_read(&captured, play_kind(r, e), e->data, e->len))
		return fail(r, "it does not decode");
	in = captured;
	note_h245(from, &captured);
	forward_say(r, from, &in);
	if (play_ends_call(&in) && !terminal->released && media_check(r, terminal))
		return -1;
	terminal->released = terminal->released || play_ends_call(&in);
	if (!fakenet_connected(r->net, src->host->realm, &src->at))
		return terminal->released ? 0 : fail(r, "its connection is closed");
	if (play_give(r, from, &src->at, &in))
		return fail(r, "its connection takes nothing");
	if (from->awaited) { /* it says which call it came for, and gets it */
		from->awaited = false;
		return arrives(r, src, &from->waiting_captured, &from->waiting);
	}
	if (captured_is_traversal(&in) || (over && !has_arrived(r, dst)))
		return 0; /* of a call that is over nothing need go on */
	if (from->natted && captured.type == FACILITY && !has_arrived(r, dst))
		return come(r, from, to);
	return arrives(r, dst, &captured, &in);
}

int play_event(struct rig *r, size_t index)
{
	const struct trace_event *e = &r->trace.event[index];
	struct actor *from = rig_host(r, &e->from), *to = rig_host(r, &e->to);
	const struct packet *p;
	int err;

	if (r->zone)
		return zone_event(r, index);
	if (!from->terminal && !to->terminal)
		return 0;
	err = e->kind == TRACE_DATAGRAM ? datagram(r, index, from, to) :
	      e->kind == TRACE_CONNECT	? open(r, index, from, to) : tpkt(r, index, from, to);
	p = fakenet_left(r->net, NULL);
	return err || !p ? err : fail(r, "a datagram to %s that nothing asked for", addr_text(&p->to));
}
