#include "rig.h"

#include <RasMessage.h>
#include <stdlib.h>
#include <string.h>

#define FACILITY 0x62u

static struct captured in, captured, theirs;

static struct actor *other_terminal(struct rig *r, const struct actor *h)
{
	for (size_t i = 0; i < r->n_hosts; i++)
		if (r->host[i].terminal && &r->host[i] != h)
			return &r->host[i];
	return NULL;
}

/* ---- RAS ---- */

static int request(struct rig *r, const struct trace_event *e, struct actor *from)
{
	struct pn_addr at = host_at(from, &e->from), dst;
	struct packet *p;
	int err;

	if (in.type == RasMessage_PR_serviceControlResponse)
		err = captured_set_service_seq(&in, from->service_seq);
	else
		err = from->endpoint_len ? captured_set_endpoint(&in, from->endpoint, from->endpoint_len) : 0;
	if (err || !rig_knows(r, from, &e->to, &dst) ||
	    fakenet_deliver(r->net, from->realm, &at, &dst, in.data, in.len))
		return fail(r, "it cannot be sent");
	loop_turn(r->loop);
	from->answered = 0;
	if (in.type == RasMessage_PR_serviceControlResponse)
		return 0;
	p = fakenet_take(r->net, from->realm, &at);
	err = p ? captured_read(&in, CAPTURED_RAS, p->data, p->len) : -1;
	free(p);
	if (err)
		return fail(r, "it is not answered");
	r->messages++;
	from->answered = in.type;
	if (in.type == RasMessage_PR_registrationConfirm)
		from->endpoint_len = captured_endpoint(&in, from->endpoint, sizeof(from->endpoint));
	return 0;
}

/* Postern said what the gatekeeper of the capture said, or asked the terminal to come. */
static int reply(struct rig *r, const struct trace_event *e, struct actor *to)
{
	struct pn_addr at = host_at(to, &e->to);
	struct packet *p;
	int err;

	if (captured.type != RasMessage_PR_serviceControlIndication)
		return to->answered == captured.type ? 0 : fail(r, "answered with %u, then with %u", captured.type, to->answered);
	p = fakenet_take(r->net, to->realm, &at);
	err = p ? captured_read(&in, CAPTURED_RAS, p->data, p->len) : -1;
	free(p);
	if (err || in.type != RasMessage_PR_serviceControlIndication)
		return fail(r, "the terminal is not told of the call");
	r->messages++;
	to->service_seq = captured_service_seq(&in);
	to->awaited = true;
	return 0;
}

/* ---- TCP ---- */

static int open(struct rig *r, const struct trace_event *e, struct actor *from, struct actor *to)
{
	struct end *end = r->end[e->connection];
	struct pn_addr dst, at = host_at(from, &e->from);

	end[0] = (struct end){ from, at };
	end[1] = (struct end){ to, host_at(to, &e->to) };
	if (from == r->gatekeeper) /* it is Postern that connected */
		return fakenet_connected(r->net, to->realm, &end[1].at) ? 0 : fail(r, "nobody connects to the terminal");
	if (!rig_knows(r, from, &e->to, &dst))
		return fail(r, "nobody told it of %s", addr_text(&e->to));
	if (fakenet_connect(r->net, from->realm, &at, &dst))
		return fail(r, "no connection from %s to %s", addr_text(&at), addr_text(&dst));
	loop_turn(r->loop);
	return 0;
}

static int remember(struct rig *r, struct actor *from)
{
	struct captured *copy = malloc(sizeof(*copy));

	if (!copy || from->n_said == SAID_MAX) {
		free(copy);
		return fail(r, "too much that the other side does not get");
	}
	*copy = in;
	from->said[from->n_said++] = copy;
	return 0;
}

/* The first of what the terminal said by H.245 or call signalling that the other one has not got. */
static bool recall(struct actor *from, enum captured_kind kind, struct captured *out)
{
	for (size_t i = 0; i < from->n_said; i++)
		if (from->said[i]->kind == kind) {
			*out = *from->said[i];
			free(from->said[i]);
			memmove(&from->said[i], &from->said[i + 1], (from->n_said - i - 1) * sizeof(from->said[0]));
			from->n_said--;
			return true;
		}
	return false;
}

static int says(struct rig *r, const struct end *src, struct actor *from)
{
	in = captured;
	forward_say(r, from, &in);
	for (size_t i = 0; i < captured.n; i++)
		if (captured.span[i].rtp)
			from->rtp_port = captured_get(&captured, i).port;
	if (play_ends_call(&in) && !from->released && media_check_zone(r, from))
		return -1;
	if (play_ends_call(&in))
		from->released = other_terminal(r, from)->released = true;
	if (!fakenet_connected(r->net, from->realm, &src->at))
		return from->released ? 0 : fail(r, "its connection is closed");
	if (play_give(r, from, &src->at, &in))
		return fail(r, "its connection takes nothing");
	if (captured_is_traversal(&in) || from->awaited) { /* for us alone */
		from->awaited = false;
		return 0;
	}
	return remember(r, from);
}

/* What is the same in both is shown in place of each other, in order. */
static int learn(struct rig *r, struct actor *to, const struct captured *out, bool media)
{
	size_t at = 0;

	for (size_t i = 0; i < captured.n; i++) {
		struct pn_addr was = captured_get(&captured, i), is;

		if (captured.span[i].media != media || (!media && !captured.span[i].h245))
			continue;
		while (at < out->n && (out->span[at].media != media || (!media && !out->span[at].h245)))
			at++;
		if (at == out->n)
			return fail(r, "an address is missing: %s", addr_text(&was));
		is = captured_get(out, at++);
		if (!addr_eq(&was, &is) && host_show(to, &was, &is, shown_kind(&captured.span[i])))
			return fail(r, "too many addresses");
	}
	return 0;
}

static int hears(struct rig *r, const struct end *dst, struct actor *to)
{
	struct buf *got = fakenet_received(r->net, to->realm, &dst->at);
	size_t len = got && got->len >= 4 ? (size_t)got->p[2] << 8 | got->p[3] : 0;
	bool own = captured.kind == CAPTURED_SIGNALLING && captured.type == FACILITY;
	int err;

	if (to->released)
		return 0;
	if (len < 4 || len > got->len)
		return fail(r, "nothing arrives");
	err = captured_read(&in, captured.kind, (const uint8_t *)got->p + 4, len - 4);
	buf_drop(got, len);
	if (err)
		return fail(r, "what was sent does not decode");
	for (size_t i = 0; own && i < in.n; i++)
		own = in.span[i].h245;
	if (!own || !in.n) {
		if (!recall(other_terminal(r, to), captured.kind, &theirs))
			return fail(r, "something arrives that nobody said");
		err = forward_same(r, to, &theirs, &in);
	}
	r->messages++;
	return err || learn(r, to, &in, true) || learn(r, to, &in, false);
}

static int tpkt(struct rig *r, const struct trace_event *e, struct actor *from, struct actor *to)
{
	const struct end *src = &r->end[e->connection][!e->opener], *dst = &r->end[e->connection][e->opener];

	if (captured_read(&captured, play_kind(r, e), e->data, e->len))
		return fail(r, "it does not decode");
	if (from->terminal && says(r, src, from))
		return -1;
	return to->terminal ? hears(r, dst, to) : 0;
}

int zone_event(struct rig *r, size_t index)
{
	const struct trace_event *e = &r->trace.event[index];
	struct actor *from = rig_host(r, &e->from), *to = rig_host(r, &e->to);

	if (e->kind == TRACE_CONNECT)
		return open(r, e, from, to);
	if (e->kind == TRACE_TPKT)
		return tpkt(r, e, from, to);
	if (captured_read(&captured, CAPTURED_RAS, e->data, e->len))
		return fail(r, "it does not decode");
	in = captured;
	return from->terminal ? request(r, e, from) : reply(r, e, to);
}
