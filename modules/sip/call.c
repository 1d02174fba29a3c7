#include "call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alias.h"
#include "conf.h"
#include "dialog.h"
#include "forward.h"
#include "own.h"
#include "proxy.h"
#include "server.h"

/* ---- beginning and end ---- */

static struct pn_str uri_of(struct pn_str party)
{
	struct sip_name_addr n;

	return name_addr_parse(party, &n) ? party : n.uri;
}

/* Ingress realm, Call-ID, From-tag, topmost Via branch: architecture.md. */
static struct text session_key(const struct sip_server *s, unsigned index)
{
	struct text t = { 0 };

	text_put(&t, sip_realm_name(s->sip, s->realm));
	text_put(&t, " ");
	text_add(&t, s->req->call_id);
	text_put(&t, " ");
	text_add(&t, s->req->from_tag);
	text_put(&t, " ");
	text_add(&t, s->req->via.branch.len ? s->req->via.branch : s->req->via.sent_by);
	if (index)
		text_fmt(&t, " #%u", index);
	return t;
}

static struct pn_binding *target_binding(struct sip *sip, const struct sip_target *t)
{
	if (!t->alias.len)
		return NULL;
	return sip->svc->binding_find(sip->host, t->alias_realm, PN_BY_ALIAS, t->alias.p,
				      t->alias.len, NULL);
}

static int session_begin(struct sip_call *call, struct sip_client *c, const struct pn_msg *pn,
			 unsigned index)
{
	struct sip *sip = c->sip;
	struct sip_server *s = c->server;
	struct text key = session_key(s, index);
	struct pn_session_args args = {
		.size = sizeof(args),
		.key = text_str(&key),
		.correlation = s->req->call_id,
		.ingress = s->realm,
		.egress = c->target.realm,
		.peer_a = pn->remote,
		.peer_b = c->target.hop[c->target.at],
		.binding_a = alias_of_sender(sip, s->realm, &s->remote, s->req),
		.binding_b = target_binding(sip, &c->target),
		.data = call,
	};
	int err;

	/* how many calls a terminal may have holds for those to it too */
	err = args.binding_b ? sip->svc->admit_session(sip->host, args.egress, &args.peer_b,
						       args.binding_b)
			     : 0;
	if (err) {
		text_free(&key);
		return err == -ENOSPC ? 503 : 403;
	}
	call->session = key.failed ? NULL : sip->svc->session_new(sip->host, &args);
	err = key.failed ? ENOSPC : errno;
	text_free(&key);
	if (!call->session)
		return err == EEXIST ? 482 : 503;
	return 0;
}

int call_new(struct sip_client *c, const struct pn_msg *pn, unsigned index)
{
	struct sip *sip = c->sip;
	const struct sip_msg *req = c->server->req;
	struct sip_call *call = calloc(1, sizeof(*call));
	struct sip_dialog *d = dialog_by_id(sip, c->dialog);
	int status;

	if (!call)
		return 503;
	call->sip = sip;
	LIST_INIT(&call->clients);
	LIST_INIT(&call->held);
	LIST_INIT(&call->dialogs);
	status = session_begin(call, c, pn, index);
	if (status) {
		free(call);
		return status;
	}
	LIST_INSERT_HEAD(&sip->calls, call, all);
	call_join(call, c);
	if (d)
		call_adopt(call, d);
	sip->svc->session_attr(call->session, PN_ATTR_FROM, uri_of(req->from));
	sip->svc->session_attr(call->session, PN_ATTR_TO, uri_of(req->to));
	sip->svc->session_attr(call->session, PN_ATTR_CALL_ID, req->call_id);
	sip->svc->session_deadline(call->session, sip->conf->timer_c_ms + SIP_ENDS_MS(sip->conf));
	sip->svc->count(sip->host, SIP_CNT_CALLS);
	return 0;
}

void call_join(struct sip_call *call, struct sip_client *c)
{
	c->call = call;
	LIST_INSERT_HEAD(&call->clients, c, of_call);
}

void call_leave(struct sip_client *c)
{
	if (!c->call)
		return;
	if (c->call->wait.client == c)
		c->call->wait.what = WAIT_NOTHING;
	LIST_REMOVE(c, of_call);
	c->call = NULL;
}

void call_adopt(struct sip_call *call, struct sip_dialog *d)
{
	if (d->call)
		return;
	d->call = call;
	LIST_INSERT_HEAD(&call->dialogs, d, of_call);
	if (!d->proto)
		d->branch = call->sip->svc->branch_get(call->session, d->leg[1].tag);
}

void call_forget(struct sip_dialog *d)
{
	if (!d->call)
		return;
	LIST_REMOVE(d, of_call);
	d->call = NULL;
	d->branch = NULL;
}

/* Of a request that waits for media nothing was sent: its sender is told. */
static void leave_ended(struct sip_client *c)
{
	call_leave(c);
	if (c->state != CLIENT_WAITING || c->status)
		return;
	client_fail(c, c->kind == SIP_INVITE ? 487 : 481);
	proxy_failed(c, NULL);
}

static void let_go(struct sip_call *call)
{
	struct sip_client *c;
	struct sip_server *s;
	struct sip_dialog *d;

	call->wait.what = WAIT_NOTHING;
	while ((c = LIST_FIRST(&call->clients)))
		leave_ended(c);
	while ((s = LIST_FIRST(&call->held))) {
		call_unkeep(s);
		server_reply(s, s->req->kind == SIP_INVITE ? 487 : 481, NULL);
	}
	while ((d = LIST_FIRST(&call->dialogs))) {
		call_forget(d);
		dialog_keep(d, SIP_ENDS_MS(call->sip->conf));
	}
}

void call_end(struct sip_call *call, enum pn_cause cause, int status)
{
	if (call->ended)
		return;
	call->ended = true;
	let_go(call);
	call->sip->svc->session_end(call->session, cause, status);
}

void call_free(struct sip_call *call)
{
	if (!call)
		return;
	call->ended = true;
	let_go(call);
	LIST_REMOVE(call, all);
	free(call);
}

/* ---- while media is pending ---- */

void call_keep(struct sip_call *call, struct sip_server *s)
{
	s->held_by = call;
	LIST_INSERT_HEAD(&call->held, s, of_held);
}

void call_unkeep(struct sip_server *s)
{
	if (!s->held_by)
		return;
	LIST_REMOVE(s, of_held);
	s->held_by = NULL;
}

static int hold(struct sip_call *call, const struct sip_rx *rx)
{
	const struct sip_msg *m = rx->msg;
	uint64_t heard = sip_hash(call->sip, m->data, m->len);
	int err;

	if (call->wait.what != WAIT_NOTHING && call->wait.heard == heard)
		return 1;
	err = call->sip->svc->media_hold(call->session, rx->pn,
					 (struct pn_str){ (const char *)&heard, sizeof(heard) });
	if (!err || err == -EALREADY)
		return 1;
	call->sip->svc->log(call->sip->host, PN_LOG_WARN, "sip %s: message not held: %s",
			    call->sip->svc->session_id(call->session), strerror(-err));
	return err;
}

int call_holds(struct sip_call *call, const struct sip_rx *rx)
{
	if (!call || !call->sip->svc->media_pending(call->session))
		return 0;
	return hold(call, rx);
}

int call_holds_response(struct sip_client *c, const struct sip_rx *rx)
{
	if (c->kind == SIP_BYE || c->kind == SIP_CANCEL)
		return 0;
	return call_holds(c->call, rx);
}

void call_stop_waiting(struct sip_call *call)
{
	enum call_wait what = call->wait.what;
	struct sip_client *c = call->wait.client;
	struct sip *sip = call->sip;

	if (!sip->svc->media_pending(call->session))
		return;
	call->wait.what = WAIT_NOTHING;
	sip->svc->media_cancel(call->session);
	if (what == WAIT_REQUEST && !c->status) {
		client_fail(c, 487);
		proxy_failed(c, NULL);
	} else if (what == WAIT_RESPONSE && c->status >= 200 && c->server) {
		server_reply(c->server, 487, NULL);
	}
}

/* ---- offers and answers ---- */

static unsigned request_flags(const struct call_part *p)
{
	if (p->dialog && p->dialog->offer_by >= 0 && p->dialog->offer_by != p->side)
		return PN_DECLARE_ANSWER;
	return p->msg->kind == SIP_ACK ? 0 : PN_DECLARE_OFFER;
}

/* A description in a response answers the request's; without one there it is an offer, the first
 * time (RFC 3261 13.2.1). */
static unsigned response_flags(const struct call_part *p)
{
	if (p->client->offer)
		return PN_DECLARE_ANSWER;
	if (p->client->kind != SIP_INVITE || (p->dialog && p->dialog->answered))
		return 0;
	return PN_DECLARE_OFFER;
}

static void note_part(struct sip_call *call, const struct call_part *p)
{
	call->wait.what = !p->client ? WAIT_ACK : p->msg->request ? WAIT_REQUEST : WAIT_RESPONSE;
	call->wait.client = p->client;
	call->wait.dialog = p->dialog ? p->dialog->id : 0;
	call->wait.side = p->side;
	call->wait.heard = sip_hash(call->sip, p->msg->data, p->msg->len);
	call->wait.flags = p->msg->request ? request_flags(p) : response_flags(p);
	if (p->msg->request && p->client && call->wait.flags == PN_DECLARE_OFFER)
		p->client->offer = true;
}

/* It cannot be passed on: whoever waits for it is told. */
static void refuse(struct sip_call *call, const struct call_part *p, int status, const char *reason)
{
	struct sip_client *c = p->client;

	if (c && p->msg->request) {
		if (!c->status)
			client_fail(c, status);
		if (c->server && reason)
			server_reply_extra(c->server, status, NULL, str_of(reason));
		proxy_failed(c, NULL);
		return;
	}
	if (p->msg->status > 0 && p->msg->status < 200)
		return;
	if (!c) {
		own_bye(p->dialog, PN_SIDE_A);
		own_bye(p->dialog, PN_SIDE_B);
		call_end(call, PN_END_FAILED, status);
		return;
	}
	if (c->server)
		server_reply(c->server, status, NULL);
	call_abandon(c, p->dialog, p->msg);
}

/* Another fork's answer behind the chosen one passes with what the caller was shown already; it is
 * the caller's to end (RFC 3261 13.2.2.4). */
static bool pass_late(struct sip_call *call, const struct call_part *p)
{
	struct pn_media adv[SIP_MEDIA_MAX];
	int n;

	if (!p->client || p->msg->request || !p->client->initial || !call->chosen ||
	    (p->dialog && p->dialog->id == call->chosen))
		return false;
	n = call->sip->svc->media_advertised(call->session, PN_SIDE_A, adv, SIP_MEDIA_MAX);
	proxy_reply(p->client, p->dialog, p->msg, n > 0 ? adv : NULL, n > 0 ? (size_t)n : 0);
	return true;
}

void call_declare(struct sip_call *call, const struct call_part *p, const struct sip_sdp *sdp)
{
	static const char warning[] =
		"Warning: 399 postern \"Session description not understood\"\r\n";
	const struct pn_services *svc = call->sip->svc;
	struct pn_media list[SIP_MEDIA_MAX];
	int n = svc->sdp_scan(sdp->text.p, sdp->text.len, list, SIP_MEDIA_MAX);

	if (n < 0) {
		svc->bad_input(call->sip->host, p->pn, "session description not understood");
		refuse(call, p, 488, warning);
		return;
	}
	if (pass_late(call, p))
		return;
	note_part(call, p);
	svc->media_declare(call->session, p->dialog ? p->dialog->branch : NULL,
			   p->side ? PN_SIDE_B : PN_SIDE_A, call->wait.flags, list, (size_t)n,
			   p->pn, call);
}

static int refusal(int err)
{
	switch (err) {
	case -ENOSPC:
		return 503;
	case -EACCES:
	case -EDQUOT:
		return 403;
	case -ETIMEDOUT:
		return 504;
	case -EADDRNOTAVAIL:
	case -EBADMSG:
		return 488;
	default:
		return 500;
	}
}

static void note_exchange(struct sip_dialog *d, unsigned flags, int side, bool request)
{
	if (!d)
		return;
	if (flags == PN_DECLARE_ANSWER) {
		d->answered = d->answered || d->offer_by >= 0;
		d->offer_by = -1;
	} else if (flags == PN_DECLARE_OFFER && !request) {
		d->offer_by = side;
	}
}

static void resume(struct sip_call *call, const struct call_part *p, const struct pn_media_reply *r)
{
	if (p->client && p->msg->request)
		proxy_send(p->client, r->advertise, r->n);
	else if (p->client)
		proxy_reply(p->client, p->dialog, p->msg, r->advertise, r->n);
	else if (forward_ack(p->dialog, p->side, p->msg,
			     &(struct forward_media){ r->advertise, r->n }))
		refuse(call, p, 500, NULL);
}

void call_rewrite(struct sip *sip, const struct pn_media_reply *r)
{
	struct sip_call *call = r->arg;
	struct call_part p = { .side = call->wait.side, .pn = r->msg };
	enum call_wait what = call->wait.what;
	struct sip_msg *m = NULL;

	call->wait.what = WAIT_NOTHING;
	if (what == WAIT_NOTHING || msg_parse(r->msg->data, r->msg->len, false, &m))
		return;
	p.client = what == WAIT_ACK ? NULL : call->wait.client;
	p.dialog = dialog_by_id(sip, call->wait.dialog);
	p.msg = m;
	if (what != WAIT_ACK || p.dialog) {
		if (r->err) {
			refuse(call, &p, refusal(r->err), NULL);
		} else {
			note_exchange(p.dialog, call->wait.flags, p.side, m->request);
			if (p.client && !m->request && call->wait.flags == PN_DECLARE_ANSWER)
				p.client->answered = true;
			resume(call, &p, r);
		}
	}
	msg_free(m);
}

/* ---- what the answers mean for the session
 * ------------------------------------------------------- */

/* RFC 4028: whoever refreshes does so before the interval is over. */
static void rearm(struct sip_call *call, const struct sip_msg *m)
{
	struct pn_str value = msg_value(m, SIP_SESSION_EXPIRES);
	const char *semi = value.len ? memchr(value.p, ';', value.len) : NULL;
	uint32_t seconds = 0;

	if (semi)
		value.len = (size_t)(semi - value.p);
	if (str_u32(str_trim(value), &seconds) || !seconds)
		call->sip->svc->session_deadline(call->session, call->sip->conf->session_ms);
	else
		call->sip->svc->session_deadline(
			call->session, (uint64_t)seconds * 1000 + SIP_ENDS_MS(call->sip->conf));
}

static void answered(struct sip_call *call, struct sip_dialog *d, const struct sip_msg *m)
{
	const struct pn_services *svc = call->sip->svc;

	if (call->chosen)
		return;
	if (d) {
		call->chosen = d->id;
		if (d->branch)
			svc->branch_choose(call->session, d->branch);
	}
	svc->session_answered(call->session);
	svc->count(call->sip->host, SIP_CNT_ANSWERED);
	rearm(call, m);
}

void call_replied(struct sip_client *c, struct sip_dialog *d, const struct sip_msg *m)
{
	struct sip_call *call = c->call;
	const struct sip_conf *conf = c->sip->conf;

	if (!call)
		return;
	if (c->initial && m->status < 200)
		c->sip->svc->session_deadline(call->session, conf->timer_c_ms + SIP_ENDS_MS(conf));
	else if (c->initial && m->status < 300)
		answered(call, d, m);
	else if (c->kind == SIP_BYE && m->status / 100 == 2 && c->dialog == call->chosen)
		call_end(call, PN_END_NORMAL, m->status);
	else if ((c->kind == SIP_INVITE || c->kind == SIP_UPDATE) && m->status >= 200 &&
		 call->chosen && m->status < 300)
		rearm(call, m);
}

static bool declined_elsewhere(const struct sip_server *s)
{
	const struct sip_client *c;

	LIST_FOREACH(c, &s->clients, of_server)
		if (c->status >= 600)
			return true;
	return false;
}

static enum pn_cause cause_of(const struct sip_client *c)
{
	const struct sip_server *s = c->server;

	if (s && (s->cancelled || (s->status >= 200 && s->status < 300)))
		return PN_END_CANCELLED;
	if (s && c->cancel_sent && c->status == 487) /* timer C, else */
		return declined_elsewhere(s) ? PN_END_CANCELLED : PN_END_NO_ANSWER;
	if (c->final || !c->server)
		return PN_END_REJECTED;
	return c->status == 408 ? PN_END_NO_ANSWER : c->sent ? PN_END_REJECTED : PN_END_REFUSED;
}

/* In a glare the refusal of one offer takes nothing back of the other: that one's answer, or its
 * own refusal, settles both. */
static void roll_back(struct sip_call *call, const struct sip_client *failed)
{
	const struct sip_client *c;

	LIST_FOREACH(c, &call->clients, of_call)
	if (c != failed && c->offer && !c->answered && !c->status)
		return;
	call->sip->svc->media_rollback(call->session);
}

void call_failed(struct sip_client *c)
{
	struct sip_call *call = c->call;

	if (!call)
		return;
	if (c->initial)
		call_end(call, cause_of(c), c->status);
	else if (c->kind == SIP_BYE && c->dialog == call->chosen && c->status != 401 &&
		 c->status != 407)
		call_end(call, PN_END_NORMAL, c->status);
	else if (c->offer && !c->answered)
		roll_back(call, c);
}

void call_abandon(struct sip_client *c, struct sip_dialog *d, const struct sip_msg *m)
{
	struct sip_call *call = c->call;
	bool late = call && c->initial && call->chosen && (!d || d->id != call->chosen);

	if (c->kind != SIP_INVITE)
		return;
	if (d) {
		own_ack(d, c->side, m->cseq);
		own_bye(d, c->side);
		if (!c->initial)
			own_bye(d, 1 - c->side);
	}
	if (call && !late)
		call_end(call, PN_END_FAILED, m->status);
}

static enum pn_cause timeout_cause(enum pn_timeout what)
{
	switch (what) {
	case PN_TIMEOUT_ANSWER:
		return PN_END_NO_ANSWER;
	case PN_TIMEOUT_MEDIA:
		return PN_END_TIMEOUT_MEDIA;
	case PN_TIMEOUT_ADMIN:
		return PN_END_ADMIN;
	default:
		return PN_END_TIMEOUT_SIGNALLING;
	}
}

/* The unanswered INVITE of this call is given up; the caller hears of it unless others still ring.
 */
static void give_up(struct sip_call *call, int status)
{
	struct sip_client *c, *other;
	struct sip_server *s;
	bool alone = true;

	LIST_FOREACH(c, &call->clients, of_call)
	if (c->initial && (!c->status || call->wait.what == WAIT_RESPONSE))
		break;
	if (!c)
		return;
	s = c->server;
	if (c->state == CLIENT_WAITING)
		client_fail(c, status);
	else
		client_cancel(c);
	if (!s)
		return;
	LIST_FOREACH(other, &s->clients, of_server)
	alone = alone && (other == c || other->status);
	if (alone)
		server_reply(s, status, NULL);
}

void call_on_timeout(struct sip *sip, struct sip_call *call, enum pn_timeout what)
{
	struct sip_dialog *d = dialog_by_id(sip, call->chosen);
	int status = what == PN_TIMEOUT_ADMIN ? 480 : 408;

	if (call->ended)
		return;
	if (d) {
		own_bye(d, PN_SIDE_A);
		own_bye(d, PN_SIDE_B);
	} else {
		give_up(call, status);
	}
	call_end(call, timeout_cause(what), status);
}
