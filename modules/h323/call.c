#include "call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call_state.h"
#include "control.h"
#include "h245.h"
#include "link.h"
#include "own.h"
#include "q931.h"
#include "reject.h"
#include "signalling.h"
#include "tpkt.h"

#define TABLE_MAX 4194304u

int calls_init(struct h323 *h)
{
	struct h323_calls *all = calloc(1, sizeof(*all));

	if (!all)
		return -ENOMEM;
	LIST_INIT(&all->all);
	h->calls = all;
	all->link_by_flow = h->svc->table_new(h->host, TABLE_MAX);
	all->leg_by_reference = h->svc->table_new(h->host, TABLE_MAX);
	if (all->link_by_flow && all->leg_by_reference)
		return 0;
	calls_free(h);
	return -ENOMEM;
}

/* A connection that is awaited when the module leaves. */
static void drop_link(void *link)
{
	struct call_link *l = link;

	free(l->forward); /* the table of those goes as well */
	free(l);
}

void calls_free(struct h323 *h)
{
	if (!h->calls)
		return;
	if (h->calls->leg_by_reference)
		h->svc->table_free(h->calls->leg_by_reference, NULL);
	if (h->calls->link_by_flow)
		h->svc->table_free(h->calls->link_by_flow, drop_link);
	free(h->calls);
	h->calls = NULL;
}

size_t calls_count(const struct h323 *h)
{
	return h->calls->n;
}

/* ---- sending ---- */

int call_send(struct h323 *h, struct call_link *l, long len)
{
	if (len <= 0 || !l)
		return len < 0 ? (int)len : -ENOTCONN;
	if (tpkt_header(h->out, (size_t)len))
		return -EMSGSIZE;
	return h->svc->flow_send(h->host, l->flow, NULL, h->out, (size_t)len + TPKT_HEADER);
}

static void control_forward(struct call *c, enum pn_side side, struct pn_str text)
{
	long n = h245_pass(c, side, text, c->h->out + TPKT_HEADER, H323_PDU_MAX - TPKT_HEADER);

	c->h->svc->count(c->h->host, H323_CNT_H245);
	if (n == -EBADMSG && c->h->conf->forward) {
		memcpy(c->h->out + TPKT_HEADER, text.p, text.len);
		n = (long)text.len;
	}
	if (n < 0)
		h323_unsent(c->h, (int)n);
	call_send(c->h, c->control[call_other(side)].up, n);
}

/* ---- what waits ---- */

static void forward(struct call *c, enum pn_side side, bool control, struct pn_str text, struct uuie *read)
{
	if (control)
		control_forward(c, side, text);
	else
		signalling_forward(c, side, text, read);
	if (!c->over)
		reject_send(c, side, control);
}

static void declare(struct call *c, const struct call_item *i)
{
	struct pn_msg m = { .size = sizeof(m),
			    .realm = c->leg[i->side].realm,
			    .transport = PN_TCP,
			    .remote = c->leg[i->side].peer,
			    .data = i->text,
			    .len = i->len,
			    .now_ms = c->h->svc->now_ms(c->h->host) };

	c->waiting = true;
	c->h->svc->media_declare(c->session, NULL, i->side, 0, c->said[i->side], c->n_streams, &m,
				 (void *)(uintptr_t)i->control);
}

/* A new channel must not end the call that it came too late for. */
static void refuse(struct call *c, enum pn_side side, bool control, struct pn_str text,
		   int err)
{
	if (c->begun && reject_note_all(c, side, control, text, err))
		forward(c, side, control, text, NULL);
	else
		call_refuse(c, err, PN_END_REFUSED);
}

static void step(struct call *c, const struct call_item *i)
{
	struct pn_str text = { (const char *)i->text, i->len };
	struct uuie read = { 0 };
	int err;

	c->n_rejects = 0;
	err = i->control ? h245_scan(c, i->side, text) : signalling_scan(c, i->side, text, &read);

	if (err > 0)
		declare(c, i);
	else if (!err || err == -EBADMSG) /* forwarding judges it */
		forward(c, i->side, i->control, text, &read);
	else
		refuse(c, i->side, i->control, text, err);
	uuie_free(&read);
}

static void run(struct call *c)
{
	struct call_item *i;

	if (c->running)
		return;
	c->running = true;
	while (!c->over && !c->waiting && c->ready && (i = TAILQ_FIRST(&c->queue))) {
		TAILQ_REMOVE(&c->queue, i, in_queue);
		c->queued--;
		step(c, i);
		free(i);
	}
	c->running = false;
}

static bool is_release(bool control, struct pn_str text)
{
	return !control && text.len > Q931_TYPE_AT && (uint8_t)text.p[Q931_TYPE_AT] == Q931_RELEASE_COMPLETE;
}

static void drop(struct call_items *list)
{
	struct call_item *i;

	while ((i = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, i, in_queue);
		free(i);
	}
}

static void drop_queue(struct call *c)
{
	drop(&c->queue);
	c->queued = 0;
}

/* Who hangs up does not wait. True: that was all, side B has not heard of the call. */
static bool give_up(struct call *c)
{
	if (c->waiting)
		c->h->svc->media_cancel(c->session);
	c->waiting = false;
	drop_queue(c);
	if (!c->begun)
		call_end(c, PN_END_CANCELLED);
	return !c->begun;
}

void call_give(struct call *c, enum pn_side side, bool control, struct pn_str text)
{
	struct call_item *i;
	size_t *count;
	bool held;

	if (c->over)
		return;
	if (is_release(control, text) && give_up(c))
		return;
	held = control && !c->control[call_other(side)].up;
	count = held ? &c->n_held : &c->queued;
	i = *count < CALL_QUEUE_MAX ? malloc(sizeof(*i) + text.len) : NULL;
	if (!i) {
		if (!held) /* else the other side may never come */
			call_refuse(c, -ENOBUFS, PN_END_FAILED);
		return;
	}
	i->side = side;
	i->control = control;
	i->len = text.len;
	memcpy(i->text, text.p, text.len);
	++*count;
	TAILQ_INSERT_TAIL(held ? &c->held : &c->queue, i, in_queue);
	if (!held)
		run(c);
}

void call_release(struct call *c, enum pn_side side)
{
	struct call_item *i, *next;

	for (i = TAILQ_FIRST(&c->held); i; i = next) {
		next = TAILQ_NEXT(i, in_queue);
		if (i->side != side)
			continue;
		TAILQ_REMOVE(&c->held, i, in_queue);
		TAILQ_INSERT_TAIL(&c->queue, i, in_queue);
		c->n_held--;
		c->queued++;
	}
	run(c);
}

void call_forget_held(struct call *c)
{
	drop(&c->held);
	c->n_held = 0;
}

void call_ready(struct call *c)
{
	c->ready = true;
	run(c);
}

void calls_rewrite(struct h323 *h, const struct pn_media_reply *r)
{
	struct call *c = h->svc->session_data(r->session);
	struct pn_str text = { (const char *)r->msg->data, r->msg->len };
	bool control = r->arg != NULL;

	c->waiting = false;
	if (r->err)
		refuse(c, r->side, control, text, r->err);
	else
		forward(c, r->side, control, text, NULL);
	run(c);
}

/* ---- the end ---- */

void call_end(struct call *c, enum pn_cause cause)
{
	if (c->over)
		return;
	c->over = true;
	traversal_cancel(c->traversal);
	c->traversal = NULL;
	c->h->svc->session_end(c->session, cause, 0);
}

void call_refuse(struct call *c, int err, enum pn_cause cause)
{
	if (c->over)
		return;
	own_release_leg(&c->leg[PN_SIDE_A], err);
	if (c->begun)
		own_release_leg(&c->leg[PN_SIDE_B], err);
	call_end(c, cause);
}

static void call_free(struct call *c)
{
	traversal_cancel(c->traversal);
	control_end(c);
	link_detach(&c->leg[PN_SIDE_A]);
	link_detach(&c->leg[PN_SIDE_B]);
	drop_queue(c);
	if (c->dead)
		c->h->svc->timer_free(c->dead);
	LIST_REMOVE(c, all);
	c->h->calls->n--;
	free(c->channel);
	free(c);
}

void calls_session_free(struct h323 *h, struct pn_session *s, void *data)
{
	(void)h;
	(void)s;
	if (data)
		call_free(data);
}

static enum pn_cause cause_of(enum pn_timeout what)
{
	static const enum pn_cause causes[] = {
		[PN_TIMEOUT_SIGNALLING] = PN_END_TIMEOUT_SIGNALLING,
		[PN_TIMEOUT_ANSWER] = PN_END_NO_ANSWER,
		[PN_TIMEOUT_MEDIA] = PN_END_TIMEOUT_MEDIA,
		[PN_TIMEOUT_ADMIN] = PN_END_ADMIN,
	};

	return what <= PN_TIMEOUT_ADMIN ? causes[what] : PN_END_FAILED;
}

void calls_timeout(struct h323 *h, struct pn_session *s, enum pn_timeout what)
{
	struct call *c = h->svc->session_data(s);

	h->svc->count(h->host, H323_CNT_TIMEOUTS);
	call_refuse(c, -ECANCELED, cause_of(what));
}

void calls_terminal_gone(struct h323 *h, const struct h323_terminal *t)
{
	struct call *c;

	LIST_FOREACH(c, &h->calls->all, all)
	for (int side = 0; side < 2; side++)
		if (c->leg[side].terminal == t)
			c->leg[side].terminal = NULL;
}

/* ---- the beginning ---- */

static void on_dead(void *call)
{
	call_refuse(call, -ECANCELED, PN_END_TIMEOUT_SIGNALLING);
}

static void on_traversal_failed(void *call, int err)
{
	struct call *c = call;

	c->traversal = NULL;
	call_refuse(c, err, PN_END_FAILED);
}

static int session_for(struct call *c, const struct call_args *a)
{
	const struct pn_services *svc = c->h->svc;
	char key[32];
	int n = snprintf(key, sizeof(key), "%" PRIx64, ++c->h->calls->next);
	struct pn_session_args s = {
		.size = sizeof(s),
		.key = { key, (size_t)n },
		.correlation = { (const char *)c->id, c->has_id ? H323_GUID : 0 },
		.ingress = c->leg[PN_SIDE_A].realm,
		.egress = c->leg[PN_SIDE_B].realm,
		.peer_a = c->leg[PN_SIDE_A].peer,
		.peer_b = c->leg[PN_SIDE_B].peer,
		.binding_a = a->way->caller ? a->way->caller->binding : NULL,
		.binding_b = a->way->callee ? a->way->callee->binding : NULL,
		.direct_a = !a->way->caller && addr_same_ip(&c->leg[PN_SIDE_A].claimed, &c->leg[PN_SIDE_A].peer),
		.direct_b = !a->way->callee, /* we connect to it there */
		.data = c,
	};
	char id[2 * H323_GUID + 1] = "";

	c->session = svc->session_new(c->h->host, &s);
	if (!c->session)
		return -errno;
	for (size_t i = 0; c->has_id && i < H323_GUID; i++)
		snprintf(id + 2 * i, 3, "%02x", c->id[i]);
	svc->session_attr(c->session, PN_ATTR_FROM, a->from);
	svc->session_attr(c->session, PN_ATTR_TO, a->to);
	svc->session_attr(c->session, PN_ATTR_CALL_ID, str_of(id));
	svc->session_deadline(c->session, c->h->conf->setup_ms);
	return 0;
}

/* Towards side B. */
static int reach(struct call *c, const struct h323_way *way)
{
	struct call_leg *leg = &c->leg[PN_SIDE_B];
	struct call_link *l;
	uint64_t flow;
	int err;

	if (way->reach == H323_BY_LINK) {
		c->ready = true;
		return link_attach(link_find(c->h, way->callee->flow), leg);
	}
	if (way->reach == H323_BY_TRAVERSAL)
		return traversal_begin(way->callee, c->id, on_traversal_failed, c, &c->traversal);
	err = c->h->svc->flow_open_via(c->h->host, way->realm, &leg->peer, PN_TCP, &way->to, &flow);
	if (err)
		return err;
	l = link_new(c->h, flow, way->realm);
	if (!l) {
		c->h->svc->flow_close(c->h->host, flow);
		return -ENOMEM;
	}
	l->remote = way->to;
	err = link_attach(l, leg);
	if (err)
		link_close(l);
	return err;
}

static void set_legs(struct call *c, const struct call_args *a)
{
	struct call_leg *from = &c->leg[PN_SIDE_A], *to = &c->leg[PN_SIDE_B];
	const struct h323_way *way = a->way;

	from->call = to->call = c;
	from->side = PN_SIDE_A;
	to->side = PN_SIDE_B;
	from->realm = a->wish->msg->realm;
	from->peer = a->wish->msg->remote;
	from->claimed = a->claimed;
	from->terminal = way->caller;
	from->traverses = h323_is_access(c->h, from->realm) && !addr_same_ip(&from->claimed, &from->peer) &&
			  !c->h->svc->flow_trunk(c->h->host, from->realm, &from->peer, &from->claimed) &&
			  way->caller && way->caller->traversal;
	from->media_traverses = way->caller && way->caller->media_traversal;
	to->media_traverses = way->callee && (way->callee->media_traversal || way->callee->traversal);
	to->realm = way->realm;
	to->terminal = way->callee;
	to->traverses = way->reach != H323_BY_ADDRESS;
	to->peer = to->traverses || (way->callee && way_by_trunk(way->callee)) ? terminal_pinhole(way->callee)
									       : way->to;
	to->claimed = way->callee ? way->callee->signal : way->to;
	c->to = way->callee ? way->callee->signal : way->to;
}

static int admit(struct h323 *h, const struct call_args *a)
{
	const struct pn_msg *m = a->wish->msg;

	if (h->calls->n < h->conf->max_calls)
		return h->svc->admit_session(h->host, m->realm, &m->remote,
					     a->way->caller ? a->way->caller->binding : NULL);
	h->svc->count(h->host, H323_CNT_FULL);
	return -ENOSPC;
}

int call_new(struct h323 *h, const struct call_args *a, struct call **out)
{
	int err = admit(h, a);
	struct call *c = err ? NULL : calloc(1, sizeof(*c));

	if (!c)
		return err ? err : -ENOMEM;
	c->h = h;
	c->reference = a->reference;
	c->has_id = a->wish->call != NULL;
	if (c->has_id)
		memcpy(c->id, a->wish->call, H323_GUID);
	TAILQ_INIT(&c->queue);
	TAILQ_INIT(&c->held);
	LIST_INSERT_HEAD(&h->calls->all, c, all);
	h->calls->n++;
	set_legs(c, a);
	c->dead = h->svc->timer_new(h->host, on_dead, c);
	err = c->dead ? session_for(c, a) : -ENOMEM;
	if (err) {
		call_free(c);
		return err;
	}
	err = link_attach(a->link, &c->leg[PN_SIDE_A]);
	if (!err)
		err = reach(c, a->way);
	if (err) { /* the caller of this answers; its connection stays */
		if (c->leg[PN_SIDE_A].link)
			link_unhook(&c->leg[PN_SIDE_A]);
		call_end(c, PN_END_FAILED);
		return err;
	}
	h->svc->count(h->host, H323_CNT_CALLS);
	*out = c;
	return 0;
}

/* ---- connections ---- */

void calls_flow_open(struct h323 *h, const struct pn_flow_info *f)
{
	struct call_link *l = link_find(h, f->flow);
	struct call_leg *leg;

	if (!l)
		l = link_new(h, f->flow, f->realm);
	if (!l) {
		h->svc->flow_close(h->host, f->flow);
		return;
	}
	l->open = true;
	l->local = f->local;
	l->remote = f->remote;
	leg = LIST_FIRST(&l->legs);
	if (l->control)
		control_opened(l);
	else if (leg)
		call_ready(leg->call);
}

static void lose(struct call_leg *leg, int err)
{
	struct call *c = leg->call;

	if (c->answered && c->h->conf->dead_ms)
		c->h->svc->timer_start(c->dead, c->h->conf->dead_ms);
	else if (leg->side == PN_SIDE_A)
		call_refuse(c, -ECANCELED, PN_END_CANCELLED);
	else
		call_refuse(c, err ? err : -ENOTCONN, PN_END_FAILED);
}

void calls_flow_closed(struct h323 *h, uint64_t flow, int err)
{
	struct call_link *l = link_find(h, flow);
	struct call_leg *leg;

	if (!l)
		return;
	if (l->control)
		control_closed(l);
	while ((leg = LIST_FIRST(&l->legs))) {
		link_unhook(leg);
		lose(leg, err);
	}
	link_free(l);
}

void calls_receive(struct h323 *h, const struct pn_msg *m)
{
	struct call_link *l = link_find(h, m->flow);
	struct pn_str text = tpkt_payload(m->data, m->len);

	if (!l || !text.len) /* an empty TPKT keeps a pinhole open (H.460.18) */
		return;
	if (l->control)
		call_give(l->control, l->side, true, text);
	else
		signalling_receive(h, l, m, text);
}
