#include "pass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"

/* Octets; a longer reply is asked for again when its request is repeated. */
#define REPLY_KEPT_MAX 4096u
/* Ids that one message may acknowledge in ranges; ranges past it pass as they are. */
#define RANGED_MAX 4096u
#define REPEATED_MS 5000u /* retransmissions are not further apart */

struct pass_tx *pass_tx_of(const struct h248_pass *p, const struct msg_command *c)
{
	return &p->tx[p->m->action[c->action].transaction];
}

bool pass_is_new(const struct h248_pass *p, const struct msg_command *c, enum msg_tx_kind kind)
{
	const struct msg_transaction *tx = msg_tx_of(p->m, c);
	const struct pass_tx *pt = pass_tx_of(p, c);

	return tx->kind == kind && !tx->drop && !pt->again && !pt->refuse && pt->t;
}

static void pass_free(struct h248_pass *p)
{
	msg_free(p->m);
	free(p->tx);
	free(p->call_of);
	free(p->part);
	free(p);
}

static struct h248_pass *pass_new(struct h248_gateway *gw, enum h248_way way,
				  const struct pn_msg *pn, struct msg *m)
{
	struct h248_pass *p = calloc(1, sizeof(*p));

	if (!p) {
		msg_free(m);
		return NULL;
	}
	p->h = gw->h;
	p->gw = gw;
	p->way = way;
	p->m = m;
	p->from = (struct h248_hop){ pn->flow, pn->remote };
	p->local = way == H248_UP ? pn->local
				  : h248_own(p->h, p->h->svc->binding_info(gw->binding)->flow);
	p->tx = calloc(m->n_tx + 1, sizeof(*p->tx));
	p->call_of = calloc(m->n_commands + 1, sizeof(*p->call_of));
	p->part = calloc(m->n_commands + 1, sizeof(*p->part));
	if (p->tx && p->call_of && p->part)
		return p;
	pass_free(p);
	return NULL;
}

/* ---- transactions ---- */

static uint64_t print_of(const struct h248_pass *p, const struct msg_transaction *tx)
{
	return h248_print(p->m->data + tx->at, tx->len);
}

static void answer_again(struct h248_pass *p, const struct h248_tx *t)
{
	struct h248 *h = p->h;

	memcpy(h->out + H248_TPKT, t->reply.p, t->reply.len);
	h248_send(h, p->from.flow, &p->from.to, t->reply.len);
}

/* A registration by a restart that was answered: who repeats it from elsewhere, after it acknowledged
 * the reply, or after a pause that no retransmission makes, restarted again with the same id. */
static bool restarted(const struct h248_pass *p, const struct h248_tx *t)
{
	uint64_t now = p->h->svc->now_ms(p->h->host);

	if (!t->registers || t->method != MSG_SC_RESTART || t->state != H248_REPLIED)
		return false;
	return !t->reply.len || t->flow_in != p->from.flow ||
	       !addr_same(&t->peer_in, &p->from.to) || now >= t->asked_ms + REPEATED_MS;
}

/* The same request again: answered from memory, absorbed while it waits, else sent on again. */
static void request_again(struct h248_pass *p, struct msg_transaction *tx, struct pass_tx *pt)
{
	p->h->svc->count(p->h->host, H248_CNT_RETRANSMISSIONS);
	pt->again = true;
	pt->t->asked_ms = p->h->svc->now_ms(p->h->host);
	if (pt->t->state == H248_REPLIED && pt->t->reply.len)
		answer_again(p, pt->t);
	else if (pt->t->state != H248_WAITING)
		return;
	tx->drop = true;
}

static void begin_request(struct h248_pass *p, struct msg_transaction *tx, struct pass_tx *pt)
{
	uint64_t print = print_of(p, tx);

	p->h->svc->count(p->h->host, H248_CNT_REQUESTS);
	pt->t = transaction_arrived(p->gw, p->way, &p->from.to, tx->id);
	if (pt->t && pt->t->print == print && !restarted(p, pt->t)) {
		request_again(p, tx, pt);
		return;
	}
	if (pt->t && pt->t->print == print) /* the controller remembers its id, too */
		transaction_replace(pt->t);
	else if (pt->t) /* its sender began anew */
		transaction_end(p->h, pt->t);
	pt->t = transaction_new(p->gw, p->way, &p->from, tx->id);
	if (!pt->t) {
		pt->refuse = H248_RESOURCES;
		return;
	}
	pt->t->print = print;
}

static void own_answered(struct h248_pass *p, struct h248_tx *t)
{
	if (t->ours == H248_OURS_KEEPALIVE && t->state == H248_SENT)
		p->h->svc->count(p->h->host, H248_CNT_KEEPALIVE_ANSWERS);
	t->state = H248_REPLIED;
}

/* Replies, pendings: of what went the other way. */
static void begin_reply(struct h248_pass *p, struct msg_transaction *tx, struct pass_tx *pt)
{
	enum h248_way way = p->way == H248_UP ? H248_DOWN : H248_UP;

	p->h->svc->count(p->h->host, H248_CNT_REPLIES);
	pt->t = transaction_departed(p->gw, way, tx->id);
	if (!pt->t) {
		p->h->svc->count(p->h->host, H248_CNT_STRAY);
		tx->drop = true;
		return;
	}
	if (pt->t->ours != H248_PASSES) {
		if (tx->kind == MSG_REPLY)
			own_answered(p, pt->t);
		pt->t = NULL;
		tx->drop = true;
		return;
	}
	if (tx->kind == MSG_PENDING)
		transaction_touch(pt->t);
	pt->again = pt->t->state == H248_REPLIED;
	msg_put_id(&p->m->item[tx->id_item], pt->t->id_in);
}

/* The id on the far side. */
static uint32_t acknowledge_id(struct h248_pass *p, uint32_t id)
{
	struct h248_tx *t = transaction_arrived(p->gw, p->way, &p->from.to, id);

	if (!t)
		return id;
	str_drop(&t->reply);
	return t->id_out;
}

/* Ids that were changed leave the range, which falls apart. */
static void acknowledge_range(struct h248_pass *p, struct msg_item *i)
{
	uint32_t above = i->last - i->id, n = 0;
	struct msg_run *run;

	if (i->last < i->id || above >= RANGED_MAX - p->ranged)
		return;
	run = calloc((size_t)above + 1, sizeof(*run));
	if (!run)
		return;
	p->ranged += above + 1;
	for (uint32_t k = 0; k <= above; k++) {
		uint32_t out = acknowledge_id(p, i->id + k);

		if (n && out && run[n - 1].last == out - 1)
			run[n - 1].last = out;
		else
			run[n++] = (struct msg_run){ out, out };
	}
	msg_put_runs(i, run, n);
}

static void acknowledge(struct h248_pass *p, struct msg_item *i)
{
	if (i->kind == MSG_ID_RANGE)
		acknowledge_range(p, i);
	else
		msg_put_id(i, acknowledge_id(p, i->id));
}

static void begin_tx(struct h248_pass *p, uint32_t index)
{
	struct msg_transaction *tx = &p->m->tx[index];
	struct pass_tx *pt = &p->tx[index];

	switch (tx->kind) {
	case MSG_REQUEST:
		begin_request(p, tx, pt);
		if (pt->t)
			msg_put_id(&p->m->item[tx->id_item], pt->t->id_out);
		break;
	case MSG_REPLY:
	case MSG_PENDING:
		begin_reply(p, tx, pt);
		break;
	case MSG_ACK:
		for (uint32_t i = 0; i < tx->n_items; i++)
			acknowledge(p, &p->m->item[tx->item + i]);
		break;
	case MSG_SEGMENT:
		pt->t = transaction_arrived(p->gw, p->way, &p->from.to, tx->id);
		if (pt->t)
			msg_put_id(&p->m->item[tx->id_item], pt->t->id_out);
		break;
	}
}

/* ---- refusing ---- */

static struct own_form form_back(const struct h248_pass *p)
{
	struct own_form f = { .to = p->from, .coding = p->m->coding, .version = p->m->version };

	f.mid = p->way == H248_DOWN ? p->gw->shown : p->gw->face;
	if (f.mid.form == MID_NONE)
		f.mid = mid_of_addr(&p->local);
	return f;
}

/* A request is answered; in the place of a reply the asker gets an error. */
static void refuse_tx(struct h248_pass *p, struct msg_transaction *tx, struct pass_tx *pt)
{
	struct own_form f = form_back(p);

	tx->drop = true;
	if (tx->kind == MSG_REQUEST) {
		own_reply(p->h, &f, tx->id, pt->refuse);
		if (pt->t)
			transaction_end(p->h, pt->t);
		pt->t = NULL;
		return;
	}
	if (tx->kind != MSG_REPLY || !pt->t)
		return;
	f.mid = p->way == H248_UP ? p->gw->shown : p->gw->face;
	f.to = (struct h248_hop){ pt->t->flow_in, pt->t->peer_in };
	own_reply(p->h, &f, pt->t->id_in, pt->refuse);
	pt->t->state = H248_REPLIED;
}

static void refuse_all(struct h248_pass *p)
{
	for (uint32_t i = 0; i < p->m->n_tx; i++)
		if (p->tx[i].refuse && !p->m->tx[i].drop)
			refuse_tx(p, &p->m->tx[i], &p->tx[i]);
}

/* What is authenticated may not be changed. H.248.1 10.2. */
static bool is_barred(struct h248_pass *p)
{
	if (!p->m->auth || !msg_changed(p->m))
		return false;
	p->h->svc->count(p->h->host, H248_CNT_AUTHENTICATED);
	p->h->svc->log(
		p->h->host, PN_LOG_WARN,
		"h248 %.*s: message refused: its authentication header covers addresses that "
		"must change",
		(int)p->gw->own_text.len, p->gw->own_text.p);
	for (uint32_t i = 0; i < p->m->n_tx; i++) {
		if (p->m->tx[i].kind == MSG_REQUEST)
			p->tx[i].refuse = H248_UNAUTHORIZED;
		else
			p->m->tx[i].drop = true;
	}
	refuse_all(p);
	return true;
}

/* ---- sending ---- */

static bool is_left(const struct msg *m)
{
	if (m->error)
		return true;
	for (uint32_t i = 0; i < m->n_tx; i++)
		if (!m->tx[i].drop)
			return true;
	return false;
}

static const struct pass_tx *first_answer(const struct h248_pass *p)
{
	const struct pass_tx *found = NULL;

	for (uint32_t i = 0; i < p->m->n_tx; i++) {
		const struct msg_transaction *tx = &p->m->tx[i];

		if (tx->drop)
			continue;
		if (tx->kind != MSG_REPLY && tx->kind != MSG_PENDING)
			return NULL;
		found = found ? found : &p->tx[i];
	}
	return found && found->t ? found : NULL;
}

/* Replies go to who asked; a message with requests goes where requests go. */
static int hop_of(struct h248_pass *p, struct h248_hop *out)
{
	const struct pass_tx *answer = first_answer(p);
	struct pn_addr to;
	int err;

	if (answer) {
		*out = (struct h248_hop){ answer->t->flow_in, answer->t->peer_in };
		return 0;
	}
	if (p->way == H248_DOWN)
		return gateway_down(p->gw, out);
	err = service_target(p, &to);
	return err ? err : gateway_up(p->gw, &to, out);
}

static void remember(struct h248_pass *p, const struct h248_hop *hop, size_t len)
{
	for (uint32_t i = 0; i < p->m->n_tx; i++) {
		const struct msg_transaction *tx = &p->m->tx[i];
		struct h248_tx *t = p->tx[i].t;

		if (tx->drop || !t)
			continue;
		if (tx->kind == MSG_REQUEST) {
			t->state = t->state == H248_WAITING ? H248_SENT : t->state;
			t->sent_to = hop->to;
		}
		if (tx->kind != MSG_REPLY)
			continue;
		if (!tx->segmented && p->m->n_tx == 1 && !p->tx[i].again && len <= REPLY_KEPT_MAX)
			str_set(&t->reply, (struct pn_str){ (char *)p->h->out + H248_TPKT, len });
	}
}

static void send(struct h248_pass *p)
{
	struct h248 *h = p->h;
	struct h248_hop hop;
	long len;
	int err;

	if (!is_left(p->m))
		return;
	err = hop_of(p, &hop);
	len = err ? err : msg_write(p->m, h->out + H248_TPKT, TEXT_MAX);
	if (len >= 0)
		err = h248_send(h, hop.flow, &hop.to, (size_t)len);
	if (len < 0 || err) {
		h->svc->log(h->host, PN_LOG_WARN, "h248 %.*s: message not sent: %s",
			    (int)p->gw->own_text.len, p->gw->own_text.p,
			    strerror(err ? -err : (int)-len));
		for (uint32_t i = 0; i < p->m->n_tx; i++)
			if (p->m->tx[i].kind == MSG_REQUEST && !p->m->tx[i].drop)
				p->tx[i].refuse = H248_NOT_READY;
		refuse_all(p);
		return;
	}
	remember(p, &hop, (size_t)len);
}

/* ---- from beginning to end ---- */

static void mark_replied(struct h248_pass *p)
{
	for (uint32_t i = 0; i < p->m->n_tx; i++) {
		const struct msg_transaction *tx = &p->m->tx[i];

		if (tx->kind == MSG_REPLY && p->tx[i].t && (!tx->segmented || tx->last))
			p->tx[i].t->state = H248_REPLIED;
	}
}

static void finish(struct h248_pass *p)
{
	struct h248 *h = p->h;
	struct h248_gateway *gw = p->gw;

	if (p->pending == 0 && gw) {
		pass_put_media(p);
		service_put(p);
		refuse_all(p);
		if (!is_barred(p))
			send(p);
		pass_settle(p);
		service_settle(p);
		mark_replied(p);
	}
	if (gw && p->refused)
		gateway_refused(gw);
	else if (gw && p->remove)
		h->svc->binding_remove(gw->binding);
	pass_free(p);
}

static void declare(struct h248_pass *p, struct pass_part *part)
{
	struct h248_call *call = call_by_id(p->h, part->call);

	if (!call)
		return;
	for (size_t i = 0; part->side == PN_SIDE_A && i < call->n_lines; i++)
		if (call->line[i].stream >= 1 && call->line[i].stream <= 32 &&
		    call->quiet & 1u << (call->line[i].stream - 1))
			part->list[i].flags |= PN_MEDIA_ONEWAY;
	call->declaring = p;
	p->pending++;
	p->h->svc->media_declare(call->session, NULL, part->side, 0, part->list, call->n_lines,
				 NULL, p);
}

static bool busy_elsewhere(struct h248_pass *p, const struct pn_msg *pn)
{
	struct h248_call *busy = NULL;
	uint64_t print = h248_print(p->m->data, p->m->len);
	int err;

	if (pass_find_calls(p, &busy) != -EAGAIN)
		return false;
	err = p->h->svc->media_hold(busy->session, pn,
				    (struct pn_str){ (const char *)&print, sizeof(print) });
	if (err && err != -EALREADY)
		p->h->svc->log(p->h->host, PN_LOG_WARN, "h248 %.*s: message not held: %s",
			       (int)p->gw->own_text.len, p->gw->own_text.p, strerror(-err));
	return true;
}

void pass_message(struct h248_gateway *gw, enum h248_way way, const struct pn_msg *pn,
		  struct msg *m)
{
	struct h248_pass *p = pass_new(gw, way, pn, m);

	if (!p)
		return;
	if (busy_elsewhere(p, pn)) {
		pass_free(p);
		return;
	}
	LIST_INSERT_HEAD(&p->h->waiting, p, in_waiting);
	for (uint32_t i = 0; i < m->n_tx; i++)
		begin_tx(p, i);
	pass_gather(p);
	for (size_t i = 0; i < p->n_parts; i++)
		if (!p->tx[p->part[i].tx].refuse)
			declare(p, &p->part[i]);
	p->begun = true;
	if (p->pending)
		return;
	LIST_REMOVE(p, in_waiting);
	finish(p);
}

static void part_done(struct h248_pass *p, const struct h248_call *call, int err)
{
	for (size_t i = 0; i < p->n_parts; i++)
		if (p->part[i].call == call->id && err)
			p->tx[p->part[i].tx].refuse = H248_RESOURCES;
	p->pending--;
	if (!p->begun || p->pending)
		return;
	LIST_REMOVE(p, in_waiting);
	finish(p);
}

void pass_declared(const struct pn_media_reply *r)
{
	struct h248_pass *p = r->arg;
	struct h248_call *call;

	if (!p) /* what was before an order that the gateway refused */
		return;
	call = p->h->svc->session_data(r->session);
	if (!call || call->declaring != p)
		return;
	call->declaring = NULL;
	if (!r->err)
		for (size_t i = 0; i < r->n && i < call->n_lines; i++)
			call->line[i].said[r->side] = true;
	part_done(p, call, r->err);
}

void pass_abandoned(struct h248_pass *p, struct h248_call *call)
{
	call->declaring = NULL;
	part_done(p, call, -ECANCELED);
}

void pass_forget_tx(struct h248 *h, const struct h248_tx *t)
{
	struct h248_pass *p;

	LIST_FOREACH(p, &h->waiting, in_waiting)
	for (uint32_t i = 0; i < p->m->n_tx; i++)
		if (p->tx[i].t == t)
			p->tx[i].t = NULL;
}

void pass_forget_gateway(struct h248 *h, const struct h248_gateway *gw)
{
	struct h248_pass *p;

	LIST_FOREACH(p, &h->waiting, in_waiting)
	if (p->gw == gw)
		p->gw = NULL;
}
