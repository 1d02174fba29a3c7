#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"
#include "pass.h"

/* A description and its media. */
struct description {
	struct pn_media media[H248_SDP_MAX];
	int n;
	bool relayed; /* some of it is to be relayed by us */
};

static void scan(const struct h248_pass *p, const struct msg_item *i, struct description *d)
{
	d->n = p->h->svc->sdp_scan(i->sdp.p, i->sdp.len, d->media, H248_SDP_MAX);
	d->relayed = false;
	for (int k = 0; k < d->n; k++)
		if (!(d->media[k].flags & PN_MEDIA_FOREIGN))
			d->relayed = true;
}

static bool is_sdp(const struct msg_item *i)
{
	return i->kind == MSG_LOCAL || i->kind == MSG_REMOTE;
}

static struct h248_call *call_of(const struct h248_pass *p, uint32_t command)
{
	return call_by_id(p->h, p->call_of[command]);
}

static enum pn_side sender(const struct h248_pass *p)
{
	return p->way == H248_UP ? PN_SIDE_B : PN_SIDE_A;
}

/* ---- before: must it wait, or does it end a wait? ---- */

static void stop_waiting(struct h248_call *call)
{
	struct h248_pass *waits = call->declaring;

	if (!waits)
		return;
	call->h->svc->media_cancel(call->session);
	pass_abandoned(waits, call);
}

static void cancel(struct h248_pass *p, const struct msg_command *c)
{
	uint32_t context = msg_action_of(p->m, c)->context;
	struct h248_call *call, *next;

	for (call = LIST_FIRST(&p->gw->calls); call; call = next) {
		next = LIST_NEXT(call, of_gateway);
		if (str_eq(call->term, c->term) ||
		    (c->all && (context == MSG_CONTEXT_ALL || context == call->context)))
			stop_waiting(call);
	}
}

int pass_find_calls(struct h248_pass *p, struct h248_call **busy)
{
	for (uint32_t i = 0; i < p->m->n_commands; i++) {
		const struct msg_command *c = &p->m->command[i];
		struct h248_call *call;

		if (p->way == H248_DOWN && c->verb == MSG_SUBTRACT)
			cancel(p, c);
		call = c->choose ? NULL : call_of_term(p->gw, c->term);
		if (!call)
			continue;
		p->call_of[i] = call->id;
		if (!p->h->svc->media_pending(call->session))
			continue;
		*busy = call;
		return -EAGAIN;
	}
	return 0;
}

/* ---- which call a command means ---- */

/* The place of an Add among those of its action: its reply has the same. */
static struct h248_add add_place(const struct h248_pass *p, const struct msg_command *c)
{
	const struct msg_action *a = msg_action_of(p->m, c);
	struct h248_add place = { .action = c->action - msg_tx_of(p->m, c)->action };

	for (const struct msg_command *o = &p->m->command[a->command]; o < c; o++)
		place.nth += o->verb == MSG_ADD;
	return place;
}

static struct h248_add *find_add(const struct h248_tx *t, const struct h248_add *place)
{
	for (size_t i = 0; i < t->n_adds; i++)
		if (t->adds[i].action == place->action && t->adds[i].nth == place->nth)
			return &t->adds[i];
	return NULL;
}

static int note_add(struct h248_tx *t, const struct h248_add *place)
{
	struct h248_add *list = realloc(t->adds, (t->n_adds + 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	t->adds = list;
	list[t->n_adds++] = *place;
	return 0;
}

static bool has_media(const struct h248_pass *p, const struct msg_command *c)
{
	struct description d;

	for (uint32_t i = c->item; i < c->item + c->n_items; i++) {
		if (!is_sdp(&p->m->item[i]))
			continue;
		scan(p, &p->m->item[i], &d);
		if (d.relayed)
			return true;
	}
	return false;
}

static int make_call(struct h248_pass *p, const struct msg_command *c, struct h248_call **out)
{
	const struct pn_addr *mgc = &p->from.to;
	struct pn_str none = { NULL, 0 };

	if (p->way == H248_UP)
		mgc = &pass_tx_of(p, c)->t->peer_in;
	return call_new(p->gw, mgc, c->choose ? none : c->term, msg_action_of(p->m, c)->context,
			out);
}

static int call_for_request(struct h248_pass *p, const struct msg_command *c,
			    struct h248_call **out)
{
	struct h248_tx *t = pass_tx_of(p, c)->t;
	struct h248_add place = add_place(p, c), *known;
	int err;

	*out = c->choose ? NULL : call_of_term(p->gw, c->term);
	known = c->choose ? find_add(t, &place) : NULL;
	if (known)
		*out = call_by_id(p->h, known->call);
	if (*out || !has_media(p, c))
		return 0;
	err = make_call(p, c, out);
	if (err || !c->choose)
		return err;
	place.call = (*out)->id;
	return note_add(t, &place);
}

static int call_for_reply(struct h248_pass *p, const struct msg_command *c, struct h248_call **out)
{
	uint32_t context = msg_action_of(p->m, c)->context;
	struct h248_add place = add_place(p, c), *known = NULL;
	bool makes = c->verb <= MSG_MODIFY ||
		     (c->verb == MSG_AUDIT_VALUE && context != MSG_CONTEXT_NULL);
	int err = 0;

	if (c->verb == MSG_ADD)
		known = find_add(pass_tx_of(p, c)->t, &place);
	*out = known ? call_by_id(p->h, known->call) : NULL;
	if (*out)
		err = call_name(*out, c->term);
	else
		*out = call_of_term(p->gw, c->term);
	if (!err && !*out && makes && has_media(p, c))
		err = make_call(p, c, out);
	if (!err && *out)
		call_set_context(*out, context);
	return err;
}

/* ---- what it declares ---- */

static struct pass_part *part_for(struct h248_pass *p, const struct msg_command *c,
				  struct h248_call *call)
{
	struct pass_part *part;

	for (size_t i = 0; i < p->n_parts; i++)
		if (p->part[i].call == call->id)
			return &p->part[i];
	part = &p->part[p->n_parts++];
	part->call = call->id;
	part->side = sender(p);
	part->tx = p->m->action[c->action].transaction;
	call_said(call, part->side, part->list);
	/* the mode decides anew, each time that the controller says something */
	for (size_t i = 0; i < call->n_lines; i++)
		part->list[i].flags &= ~PN_MEDIA_ONEWAY;
	return part;
}

/* What was said before, in case the gateway refuses. */
static int note_before(struct h248_pass *p, const struct msg_command *c, struct h248_call *call)
{
	struct h248_tx *t = pass_tx_of(p, c)->t;
	struct h248_undo *list;

	if (p->way == H248_UP)
		return 0;
	for (size_t i = 0; i < t->n_undo; i++)
		if (t->undo[i].call == call->id)
			return 0;
	list = realloc(t->undo, (t->n_undo + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	t->undo = list;
	list[t->n_undo].call = call->id;
	list[t->n_undo].n = call_said(call, PN_SIDE_A, list[t->n_undo].before);
	t->n_undo++;
	return 0;
}

static void forget_stream(struct h248_call *call, uint16_t stream, struct pass_part *part)
{
	for (size_t i = 0; i < call->n_lines; i++)
		if (call->line[i].stream == stream)
			part->list[i] = (struct pn_media){
				.size = sizeof(struct pn_media),
				.kind = call->line[i].kind,
				.flags = PN_MEDIA_WILDCARD | (call->line[i].rtp ? PN_MEDIA_RTP : 0),
			};
}

static int declare_item(struct h248_pass *p, const struct msg_command *c, struct h248_call *call,
			const struct msg_item *item)
{
	int map[H248_SDP_MAX], err;
	struct pass_part *part;
	struct description d;
	uint32_t seen = 0;

	scan(p, item, &d);
	if (d.n < 0)
		return d.n;
	err = note_before(p, c, call);
	if (!err)
		err = call_lines(call, item->stream, d.media, (size_t)d.n, true, map);
	if (err)
		return err;
	part = part_for(p, c, call);
	forget_stream(call, item->stream, part);
	for (int i = 0; i < d.n; i++) {
		if (map[i] < 0 || seen & 1u << map[i])
			continue;
		seen |= 1u << map[i];
		part->list[map[i]] = d.media[i];
	}
	return 0;
}

static void declare_mode(struct h248_pass *p, const struct msg_command *c, struct h248_call *call)
{
	uint32_t quiet = (call->quiet | c->quiet) & ~c->loud;
	bool said = false;

	if (p->way == H248_UP || quiet == call->quiet)
		return;
	call->quiet = quiet;
	for (size_t i = 0; i < call->n_lines; i++)
		said = said || call->line[i].said[PN_SIDE_A];
	if (said)
		part_for(p, c, call);
}

static int note_relatch(struct h248_tx *t, uint64_t call, uint32_t streams)
{
	struct h248_relatch *list = realloc(t->relatch, (t->n_relatch + 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	t->relatch = list;
	list[t->n_relatch++] = (struct h248_relatch){ call, streams };
	return 0;
}

static int gather_command(struct h248_pass *p, uint32_t index)
{
	const struct msg_command *c = &p->m->command[index];
	enum msg_item_kind kind = p->way == H248_UP ? MSG_LOCAL : MSG_REMOTE;
	struct h248_call *call;
	int err = p->way == H248_UP ? call_for_reply(p, c, &call) : call_for_request(p, c, &call);

	if (err || !call)
		return err;
	p->call_of[index] = call->id;
	if (c->verb == MSG_SUBTRACT || c->verb == MSG_AUDIT_CAP)
		return 0;
	for (uint32_t i = c->item; !err && i < c->item + c->n_items; i++)
		if (p->m->item[i].kind == kind)
			err = declare_item(p, c, call, &p->m->item[i]);
	if (!err && c->relatch && p->way == H248_DOWN)
		err = note_relatch(pass_tx_of(p, c)->t, call->id, c->relatch);
	if (!err)
		declare_mode(p, c, call);
	return err;
}

void pass_gather(struct h248_pass *p)
{
	enum msg_tx_kind kind = p->way == H248_UP ? MSG_REPLY : MSG_REQUEST;

	for (uint32_t i = 0; i < p->m->n_commands; i++) {
		const struct msg_command *c = &p->m->command[i];
		int err;

		if (!pass_is_new(p, c, kind) || c->error || c->verb > MSG_AUDIT_VALUE)
			continue;
		if (kind == MSG_REQUEST && c->verb > MSG_MODIFY)
			continue;
		err = gather_command(p, i);
		if (!err)
			continue;
		pass_tx_of(p, c)->refuse = err == -EBADMSG ? H248_SYNTAX_COMMAND : H248_RESOURCES;
		if (err == -EBADMSG)
			p->h->svc->log(p->h->host, PN_LOG_INFO,
				       "h248 %.*s: session description not understood",
				       (int)p->gw->own_text.len, p->gw->own_text.p);
	}
}

/* ---- what it shows instead ---- */

/* The controller repeats what it was shown of the gateway; everything else of its is its own
 * choice. */
static struct pn_media echo_of(const struct pn_media *given, const struct pn_media *shown,
			       const struct pn_media *said)
{
	return given->rtp.family && addr_same(&given->rtp, &shown->rtp) ? *said : *given;
}

static struct pn_media nothing_of(const struct pn_media *given)
{
	struct pn_media m = { .size = sizeof(m), .kind = given->kind };

	m.flags = given->flags & (PN_MEDIA_RTP | PN_MEDIA_WILDCARD);
	if (!(given->flags & PN_MEDIA_WILDCARD))
		m.flags |= PN_MEDIA_CLOSED;
	return m;
}

struct view {
	struct pn_media shown[H248_LINES_MAX],
		said[H248_LINES_MAX];           /* to the reader; by the other one */
	struct pn_media hidden[H248_LINES_MAX]; /* of the sender */
	size_t n;
};

/* Local is the gateway's, Remote the controller's, whoever speaks of it. */
static void view_of(struct h248_pass *p, struct h248_call *call, bool local, struct view *v)
{
	enum pn_side of = local ? PN_SIDE_B : PN_SIDE_A, other = local ? PN_SIDE_A : PN_SIDE_B;

	v->n = call_said(call, of, v->said);
	call_shown(call, other, v->shown);
	call_said(call, sender(p), v->hidden);
}

static struct pn_media advertise(const struct h248_pass *p, bool local,
				 const struct pn_media *given, const struct view *v, int line)
{
	bool own = local == (p->way == H248_UP); /* the sender speaks of itself */

	if (given->flags & PN_MEDIA_FOREIGN)
		return *given;
	if (line < 0)
		return p->way == H248_DOWN && local ? *given : nothing_of(given);
	if (own)
		return given->flags & PN_MEDIA_WILDCARD ? *given : v->shown[line];
	return local ? echo_of(given, &v->shown[line], &v->said[line]) : v->said[line];
}

static int write_sdp(struct h248_pass *p, struct msg_item *item, const struct pn_media *adv, int n,
		     const struct view *v)
{
	const struct pn_services *svc = p->h->svc;
	struct pn_sdp_policy policy = { .size = sizeof(policy) };
	struct pn_edits *e = svc->edits_new(p->h->host);
	size_t cap = item->sdp.len + 4096;
	char *out = malloc(cap);
	long len = -ENOMEM;

	policy.origin = p->way == H248_UP ? gateway_alias(p->gw) : p->local;
	if (p->way == H248_DOWN && item->kind == MSG_LOCAL)
		policy.origin.family = 0;
	if (e && out)
		len = svc->sdp_write(item->sdp.p, item->sdp.len, adv, (size_t)n, &policy, e, 0);
	if (!len)
		len = svc->edits_apply(e, item->sdp.p, item->sdp.len, out, cap);
	if (len >= 0 && v && svc->sdp_check(out, (size_t)len, v->hidden, v->n, adv, (size_t)n)) {
		svc->count(p->h->host, H248_CNT_LEAKS);
		len = -EPERM;
	}
	svc->edits_free(e);
	if (len < 0) {
		free(out);
		return (int)len;
	}
	msg_put_sdp(item, (struct pn_str){ out, (size_t)len });
	return 0;
}

static int put_item(struct h248_pass *p, struct msg_item *item)
{
	struct h248_call *call = call_of(p, item->command);
	struct pn_media adv[H248_SDP_MAX];
	bool local = item->kind == MSG_LOCAL;
	int map[H248_SDP_MAX];
	struct description d;
	struct view v;

	scan(p, item, &d);
	if (d.n <= 0)
		return d.n;
	for (int i = 0; i < d.n; i++)
		map[i] = -1;
	if (call) {
		view_of(p, call, local, &v);
		call_lines(call, item->stream, d.media, (size_t)d.n, false, map);
	}
	for (int i = 0; i < d.n; i++)
		adv[i] = advertise(p, local, &d.media[i], &v, map[i]);
	return write_sdp(p, item, adv, d.n, call ? &v : NULL);
}

void pass_put_media(struct h248_pass *p)
{
	for (uint32_t i = 0; i < p->m->n_items; i++) {
		struct msg_item *item = &p->m->item[i];
		const struct msg_command *c;
		struct pass_tx *pt;
		int err;

		if (!is_sdp(item) || item->command == MSG_NONE)
			continue;
		c = &p->m->command[item->command];
		pt = pass_tx_of(p, c);
		if (msg_tx_of(p->m, c)->drop || pt->refuse)
			continue;
		err = put_item(p, item);
		if (!err)
			continue;
		p->h->svc->log(p->h->host, PN_LOG_WARN, "h248 %.*s: %.*s: description refused: %s",
			       (int)p->gw->own_text.len, p->gw->own_text.p, (int)c->term.len,
			       c->term.p, strerror(-err));
		pt->refuse = err == -EBADMSG ? H248_SYNTAX_COMMAND : H248_RESOURCES;
	}
}

/* ---- afterwards ---- */

static bool was_heard(const struct h248_call *call)
{
	for (size_t i = 0; i < call->n_lines; i++)
		if (call->line[i].said[PN_SIDE_B])
			return true;
	return false;
}

/* What a refused order declared is taken back; a call that came with it is over. */
static void undo(struct h248_pass *p, struct h248_undo *u)
{
	struct h248_call *call = call_by_id(p->h, u->call);

	if (!call || call->declaring)
		return;
	if (!was_heard(call)) {
		call_end(call, PN_END_REJECTED, 0);
		return;
	}
	p->h->svc->media_declare(call->session, NULL, PN_SIDE_A, 0, u->before, u->n, NULL, NULL);
}

static void settle_subtract(struct h248_pass *p, const struct msg_command *c)
{
	uint32_t context = msg_action_of(p->m, c)->context;

	if (c->error && c->error != H248_UNKNOWN_TERMINATION && c->error != H248_NOT_IN_CONTEXT &&
	    c->error != H248_UNKNOWN_CONTEXT)
		return;
	call_subtract(p->gw, context, c->term, PN_END_CANCELLED);
}

static void settle_command(struct h248_pass *p, uint32_t index)
{
	const struct msg_command *c = &p->m->command[index];
	struct h248_tx *t = pass_tx_of(p, c)->t;
	struct h248_call *call = call_of(p, index);

	if (c->verb == MSG_SUBTRACT) {
		settle_subtract(p, c);
		return;
	}
	if (c->error)
		return;
	for (size_t i = 0; call && i < t->n_undo; i++)
		if (t->undo[i].call == call->id)
			t->undo[i].call = 0;
	for (size_t i = 0; call && i < t->n_relatch; i++)
		if (t->relatch[i].call == call->id)
			call_relatch(call, t->relatch[i].streams);
	if (call)
		call_check_answer(call);
}

/* The gateway has what the controller was told it has not. */
static void settle_refused(struct h248_pass *p, uint32_t index)
{
	const struct msg_command *c = &p->m->command[index];
	struct h248_call *call = call_of(p, index);

	if (c->verb != MSG_ADD || c->error)
		return;
	own_subtract(p->gw, msg_action_of(p->m, c)->context, c->term);
	if (call)
		call_end(call, PN_END_REFUSED, H248_RESOURCES);
}

static void settle_tx(struct h248_pass *p, uint32_t index)
{
	const struct msg_transaction *tx = &p->m->tx[index];
	struct pass_tx *pt = &p->tx[index];

	if (p->way != H248_UP || tx->kind != MSG_REPLY || !pt->t || pt->again)
		return;
	for (uint32_t i = 0; i < p->m->n_commands; i++) {
		if (p->m->action[p->m->command[i].action].transaction != index)
			continue;
		if (pt->refuse)
			settle_refused(p, i);
		else
			settle_command(p, i);
	}
	if (tx->segmented && !tx->last)
		return;
	for (size_t i = 0; i < pt->t->n_undo; i++)
		undo(p, &pt->t->undo[i]);
	for (size_t i = 0; i < pt->t->n_adds; i++)
		call_unnamed(p->h, pt->t->adds[i].call);
	pt->t->n_undo = pt->t->n_adds = 0;
}

/* Orders that Postern refused never left. */
static void settle_orders(struct h248_pass *p)
{
	for (size_t i = 0; i < p->n_parts; i++) {
		struct h248_call *call = call_by_id(p->h, p->part[i].call);

		if (p->tx[p->part[i].tx].refuse && call && p->way == H248_DOWN && !was_heard(call))
			call_end(call, PN_END_REFUSED, p->tx[p->part[i].tx].refuse);
	}
}

void pass_settle(struct h248_pass *p)
{
	settle_orders(p);
	for (uint32_t i = 0; i < p->m->n_tx; i++)
		settle_tx(p, i);
}
