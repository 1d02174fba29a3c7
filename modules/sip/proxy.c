#include "proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "dialog.h"
#include "forward.h"
#include "register.h"
#include "registrar.h"
#include "route.h"

static const char allow[] = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, PRACK, UPDATE, INFO, MESSAGE, "
			    "REFER, NOTIFY, SUBSCRIBE, PUBLISH\r\nAccept: application/sdp\r\n";

/* ---- answers ------------------------------------------------------------------------------- */

/* RFC 3261 16.7 step 6: which of two failures tells the caller more. */
static int rank(const struct sip_client *c)
{
	int status = c->status;

	if (status >= 600)
		return 0;
	if (status == 401 || status == 407 || status == 415 || status == 420 || status == 484)
		return 1;
	return status / 100;
}

static struct sip_client *best_of(struct sip_server *s)
{
	struct sip_client *c, *best = NULL;

	LIST_FOREACH(c, &s->clients, of_server)
		if (!best || rank(c) < rank(best) || (rank(c) == rank(best) && c->final && !best->final))
			best = c;
	return best;
}

/* When nothing came for a request other than INVITE, nothing is said: RFC 4320 4.2. */
static void answer_for(struct sip_server *s, int status)
{
	if (s->cancelled && status == 408)
		status = 487;
	if (status == 408 && s->req->kind != SIP_INVITE)
		server_end(s);
	else
		server_reply(s, status, NULL);
}

static void pass_best(struct sip_server *s)
{
	struct sip_client *best = best_of(s);
	struct sip_msg *m = NULL;

	if (s->reg)
		reg_refuse(s);
	if (!best) {
		answer_for(s, s->cancelled ? 487 : 500);
		return;
	}
	if (best->final && !msg_parse(best->final, best->final_len, false, &m))
		proxy_reply(best, NULL, m, NULL, 0);
	else
		answer_for(s, best->status);
	msg_free(m);
}

/* When every destination has failed, the best failure goes back. */
static void gather(struct sip_server *s)
{
	struct sip_client *c;

	if (!s || s->launching || s->status >= 200 || s->state == SERVER_DEAD)
		return;
	LIST_FOREACH(c, &s->clients, of_server)
		if (!c->status)
			return;
	pass_best(s);
}

static void give_up(struct sip_client *c)
{
	if (c->call && c->call->wait.client == c)
		call_stop_waiting(c->call);
	if (c->state != CLIENT_WAITING)
		client_cancel(c);
	else if (!c->status) {
		client_fail(c, 487);
		proxy_failed(c, NULL);
	}
}

static void give_up_all(struct sip_server *s, const struct sip_client *but)
{
	struct sip_client *c, *next;

	for (c = LIST_FIRST(&s->clients); c; c = next) {
		next = LIST_NEXT(c, of_server);
		if (c != but && !c->status)
			give_up(c);
	}
}

void proxy_cancel(struct sip_server *s)
{
	if (s->status >= 200)
		return;
	s->cancelled = true;
	give_up_all(s, NULL);
	gather(s);
}

/* ---- the next address of a next hop ---------------------------------------------------------- */

static bool may_retry(const struct sip_client *c, const struct sip_msg *m)
{
	const struct sip_server *s = c->server;

	if (!s || s->cancelled || s->status >= 200 || !c->initial)
		return false;
	if (c->target.at + 1 >= c->target.n_hops)
		return false;
	return !m || m->status == 503;
}

static void move_dialog(struct sip_client *c)
{
	struct sip_dialog *d = dialog_by_id(c->sip, c->dialog);

	if (d) {
		d->leg[1].addr = c->target.hop[c->target.at];
		d->leg[1].flow = c->target.flow;
	}
	if (c->call)
		c->sip->svc->session_peer(c->call->session, PN_SIDE_B, &c->target.hop[c->target.at]);
}

static void resend(struct sip_client *c)
{
	struct pn_media adv[SIP_MEDIA_MAX];
	int n = -1;

	if (c->call && c->offer)
		n = c->sip->svc->media_advertised(c->call->session, PN_SIDE_B, adv, SIP_MEDIA_MAX);
	proxy_send(c, n >= 0 ? adv : NULL, n >= 0 ? (size_t)n : 0);
}

/* RFC 3263 4.3. The failed transaction stays behind to absorb what still comes. */
static bool retry(struct sip_client *c, const struct sip_msg *m)
{
	struct sip *sip = c->sip;
	struct sip_server *s = c->server;
	struct sip_target t;
	struct sip_client *next;

	if (!may_retry(c, m))
		return false;
	t = c->target;
	t.at++;
	t.flow = sip->svc->flow_listener(sip->host, t.realm, PN_UDP, t.hop[t.at].family);
	c->target.uri = c->target.routes = c->target.alias = (struct pn_str){ NULL, 0 };
	next = client_new(sip, s, c->method, &t, NULL);
	if (!next)
		return false;
	next->initial = true;
	next->dialog = c->dialog;
	next->side = c->side;
	next->offer = c->offer;
	if (c->call)
		call_join(c->call, next);
	call_leave(c);
	client_detach(c);
	sip->svc->count(sip->host, SIP_CNT_FAILOVERS);
	move_dialog(next);
	resend(next);
	return true;
}

static void keep_final(struct sip_client *c, const struct sip_msg *m)
{
	c->final = malloc(m->len);
	if (!c->final)
		return;
	memcpy(c->final, m->data, m->len);
	c->final_len = m->len;
}

void proxy_failed(struct sip_client *c, const struct sip_msg *m)
{
	struct sip_server *s = c->server;

	if (retry(c, m))
		return;
	call_failed(c);
	if (!s)
		return;
	if (m && !c->final)
		keep_final(c, m);
	if (c->status >= 600)
		give_up_all(s, c);
	gather(s);
}

/* ---- responses --------------------------------------------------------------------------------- */

static bool makes_dialog(enum sip_method kind)
{
	return kind == SIP_INVITE || kind == SIP_SUBSCRIBE || kind == SIP_REFER;
}

/* The dialog that a response belongs to; the first with a new To-tag makes it. */
static struct sip_dialog *dialog_of(struct sip_client *c, const struct sip_msg *m)
{
	struct sip_dialog *d = dialog_by_id(c->sip, c->dialog);
	bool fresh = d && d->proto;

	if (!d || m->status >= 300)
		return d && !d->proto ? d : NULL;
	if (fresh) {
		if (!m->to_tag.len || !makes_dialog(c->kind))
			return NULL;
		d = dialog_fork(d, m->to_tag, m->to);
		if (d && c->call)
			call_adopt(c->call, d);
	}
	if (d)
		dialog_learn(d, c->side, m, fresh);
	return d;
}

/* A subscription lives by its Expires, which Subscription-State may change: RFC 6665 4.1.2.1. */
static void keep_subscription(struct sip_dialog *d, const struct sip_msg *m)
{
	struct pn_str state = msg_value(m, SIP_SUBSCRIPTION_STATE), value = msg_value(m, SIP_EXPIRES);
	const char *semi = state.len ? memchr(state.p, ';', state.len) : NULL;
	uint32_t seconds = 3600;

	if (semi)
		param_find((struct pn_str){ semi, (size_t)(state.p + state.len - semi) }, "expires",
			   &value);
	if (value.len)
		str_u32(value, &seconds);
	if (seconds > 86400)
		seconds = 86400;
	dialog_keep(d, (uint64_t)seconds * 1000 + SIP_ENDS_MS(d->sip->conf));
}

static bool subscribes(enum sip_method kind)
{
	return kind == SIP_SUBSCRIBE || kind == SIP_REFER || kind == SIP_NOTIFY;
}

static void relay(struct sip_client *c, const struct sip_rx *rx)
{
	struct sip_dialog *d = dialog_of(c, rx->msg);
	struct call_part part = { c, d, c->side, rx->msg, rx->pn };
	struct sip_sdp sdp;

	if (d && subscribes(c->kind) && rx->msg->status >= 200)
		keep_subscription(d, rx->msg);
	if (c->call && msg_sdp(rx->msg, &sdp) == 1 &&
	    (c->kind == SIP_INVITE || c->kind == SIP_UPDATE || c->kind == SIP_PRACK))
		call_declare(c->call, &part, &sdp);
	else
		proxy_reply(c, d, rx->msg, NULL, 0);
}

void proxy_response(struct sip_client *c, const struct sip_rx *rx)
{
	const struct sip_server *s = c->server;
	int status = rx->msg->status;
	bool answer = c->kind == SIP_INVITE && status >= 200 && status < 300;

	if (status >= 300) {
		proxy_failed(c, rx->msg);
		return;
	}
	if (answer && (!s || s->status >= 300)) {
		call_abandon(c, dialog_of(c, rx->msg), rx->msg);
		return;
	}
	if (s)
		relay(c, rx);
	else if (status >= 200)
		call_replied(c, NULL, rx->msg);
}

void proxy_reply(struct sip_client *c, struct sip_dialog *d, const struct sip_msg *m,
		 const struct pn_media *adv, size_t n)
{
	struct sip_server *s = c->server;
	struct forward_media media = { adv, n };
	int err;

	if (!s)
		return;
	if (s->reg && m->status >= 200 && m->status < 300)
		reg_accept(s, m);
	err = forward_response(c, d, m, adv ? &media : NULL);
	if (err && m->status < 200)
		return;
	if (err && m->status < 300) {
		call_abandon(c, d, m);
		server_reply(s, 500, "Response could not be passed on");
		return;
	}
	if (err)
		server_reply(s, m->status, NULL);
	if (m->status >= 200 && m->status < 300)
		give_up_all(s, c);
	call_replied(c, d, m);
}

/* ---- requests ---------------------------------------------------------------------------------- */

void proxy_send(struct sip_client *c, const struct pn_media *adv, size_t n)
{
	struct forward_media media = { adv, n };
	int err = forward_request(c, adv ? &media : NULL);

	if (!err)
		return;
	c->sip->svc->log(c->sip->host, PN_LOG_WARN, "sip %.*s: %.*s not sent: %s",
			 (int)c->server->req->call_id.len, c->server->req->call_id.p,
			 (int)c->method.len, c->method.p, strerror(-err));
	client_fail(c, err == -EBADMSG ? 400 : err == -ENOTSUP ? 415 : 500);
	proxy_failed(c, NULL);
}

static void send_or_declare(struct sip_client *c, const struct pn_msg *pn)
{
	struct sip_dialog *d = dialog_by_id(c->sip, c->dialog);
	struct call_part part = { c, d && !d->proto ? d : NULL, 1 - c->side, c->server->req, pn };
	struct sip_sdp sdp;

	if (c->call && msg_sdp(c->server->req, &sdp) == 1 &&
	    (c->kind == SIP_INVITE || c->kind == SIP_UPDATE || c->kind == SIP_PRACK))
		call_declare(c->call, &part, &sdp);
	else
		proxy_send(c, NULL, 0);
}

/* The token that stands for the sender is made with its request, before any answer. */
static int begin_dialog(struct sip_client *c)
{
	struct sip_server *s = c->server;
	struct sip_dialog_args args = {
		.req = s->req,
		.realm = s->realm,
		.flow = s->flow,
		.remote = s->remote,
		.target = &c->target,
	};
	struct sip_dialog *d;

	if (!msg_field(s->req, SIP_CONTACT) || s->reg)
		return 0;
	d = dialog_new(c->sip, &args);
	if (!d)
		return 503;
	c->dialog = d->id;
	return 0;
}

static void launch(struct sip_server *s, struct sip_target *t, const struct pn_msg *pn, unsigned index)
{
	struct sip_client *c = client_new(s->sip, s, s->req->method, t, NULL);
	int status;

	if (!c) {
		s->sip->svc->count(s->sip->host, SIP_CNT_FULL);
		if (!LIST_FIRST(&s->clients))
			server_reply(s, 503, NULL);
		return;
	}
	c->initial = true;
	c->side = PN_SIDE_B;
	status = begin_dialog(c);
	if (!status && c->kind == SIP_INVITE)
		status = call_new(c, pn, index);
	if (!status) {
		send_or_declare(c, pn);
		return;
	}
	if (status == 503)
		s->sip->svc->count(s->sip->host, SIP_CNT_FULL);
	client_fail(c, status);
	proxy_failed(c, NULL);
}

static void launch_all(struct sip_server *s, struct sip_target *t, size_t n, const struct pn_msg *pn)
{
	s->launching = true;
	for (size_t i = 0; i < n; i++) {
		if (s->status < 200)
			launch(s, &t[i], pn, (unsigned)i);
		else
			target_drop(&t[i]);
	}
	s->launching = false;
	gather(s);
}

static bool register_here(struct sip_server *s)
{
	const struct sip_registrar *reg = route_registrar(s->sip, s->realm, &s->req->target);
	int status = reg_read(s);

	s->sip->svc->count(s->sip->host, SIP_CNT_REGISTERS);
	if (status)
		server_reply(s, status, NULL);
	else if (reg && reg->realm == s->realm)
		registrar_answer(s, reg);
	else
		return reg_refresh(s);
	return true;
}

static int admit(struct sip_server *s)
{
	const struct pn_services *svc = s->sip->svc;
	int err;

	if (s->req->kind != SIP_INVITE)
		return 0;
	err = svc->admit_session(s->sip->host, s->realm, &s->remote, NULL);
	return !err ? 0 : err == -ENOSPC ? 503 : 403;
}

static void outside_dialog(struct sip_server *s, const struct pn_msg *pn)
{
	struct sip_target target[SIP_TARGETS_MAX];
	int n, status = 0;

	if (s->req->kind == SIP_OPTIONS && route_is_local(s)) {
		server_reply_extra(s, 200, NULL, str_of(allow));
		return;
	}
	if (str_is(msg_value(s->req, SIP_MAX_FORWARDS), "0"))
		status = 483;
	else if (route_loops(s))
		status = 482;
	else
		status = admit(s);
	if (status) {
		server_reply(s, status, NULL);
		return;
	}
	if (s->req->kind == SIP_REGISTER && register_here(s))
		return;
	n = route_find(s, target, SIP_TARGETS_MAX);
	if (n > 0 && s->reg)
		status = reg_put(s, target[0].realm);
	if (n > 0 && !status) {
		launch_all(s, target, (size_t)n, pn);
		return;
	}
	for (int i = 0; i < n; i++)
		target_drop(&target[i]);
	if (s->reg)
		reg_refuse(s);
	server_reply(s, status ? status : -n, NULL);
}

/* A terminal speaks from the address that it is known by, at whatever port its NAT gives it now. */
static bool source_ok(struct sip_dialog *d, int side, const struct sip_rx *rx)
{
	struct sip_leg *leg = &d->leg[side];
	struct sip_target known = { 0 };
	bool ok;

	if (!sip_is_access(d->sip, leg->realm) || addr_same_ip(&leg->addr, &rx->pn->remote))
		return true;
	if (dialog_target(d, side, &known))
		return false;
	ok = addr_same_ip(&known.hop[0], &rx->pn->remote);
	target_drop(&known);
	return ok;
}

static void follow(struct sip_dialog *d, int side, const struct sip_rx *rx)
{
	struct sip_leg *leg = &d->leg[side];

	if (!addr_same(&leg->addr, &rx->pn->remote) && d->call)
		d->sip->svc->session_peer(d->call->session, side ? PN_SIDE_B : PN_SIDE_A,
					  &rx->pn->remote);
	leg->addr = rx->pn->remote;
	leg->flow = rx->pn->flow;
	dialog_learn(d, side, rx->msg, false);
	if (subscribes(rx->msg->kind))
		keep_subscription(d, rx->msg);
}

static void inside_dialog(struct sip_server *s, struct sip_dialog *d, const struct sip_rx *rx)
{
	struct sip_target target;
	struct sip_client *c;

	if (str_is(msg_value(s->req, SIP_MAX_FORWARDS), "0")) {
		server_reply(s, 483, NULL);
		return;
	}
	if (dialog_target(d, 1 - s->side, &target)) {
		server_reply(s, 500, NULL);
		return;
	}
	c = client_new(s->sip, s, s->req->method, &target, NULL);
	if (!c) {
		server_reply(s, 503, NULL);
		return;
	}
	c->dialog = d->id;
	c->side = 1 - s->side;
	if (d->call)
		call_join(d->call, c);
	if (c->kind == SIP_BYE && d->call)
		call_stop_waiting(d->call);
	send_or_declare(c, rx->pn);
}

static void new_request(struct sip_server *s, const struct sip_rx *rx)
{
	struct sip_dialog *d = dialog_find(s->sip, rx, &s->side);

	if (!d && s->req->to_tag.len && s->req->kind != SIP_REGISTER) {
		server_reply(s, 481, NULL);
		return;
	}
	if (!d) {
		outside_dialog(s, rx->pn);
		return;
	}
	if (!source_ok(d, s->side, rx)) {
		s->sip->svc->bad_input(s->sip->host, rx->pn, "request in a dialog from another address");
		server_reply(s, 403, NULL);
		return;
	}
	if (s->req->kind != SIP_BYE && call_holds(d->call, rx))
		return;
	s->dialog = d->id;
	follow(d, s->side, rx);
	inside_dialog(s, d, rx);
}

static void on_ack(struct sip *sip, const struct sip_rx *rx)
{
	struct sip_server *s = server_find(sip, rx, str_of("INVITE"));
	struct call_part part = { .msg = rx->msg, .pn = rx->pn };
	struct sip_sdp sdp;

	if (s && (s->state == SERVER_COMPLETED || s->state == SERVER_CONFIRMED)) {
		server_again(s, rx);
		return;
	}
	part.dialog = dialog_find(sip, rx, &part.side);
	if (!part.dialog || !source_ok(part.dialog, part.side, rx)) {
		sip->svc->count(sip->host, SIP_CNT_STRAY);
		return;
	}
	if (part.dialog->ack && part.dialog->ack_heard == sip_hash(sip, rx->msg->data, rx->msg->len)) {
		struct sip_target t;

		if (dialog_target(part.dialog, 1 - part.side, &t))
			return;
		sip->svc->flow_send(t.flow, &t.hop[0], part.dialog->ack, part.dialog->ack_len);
		target_drop(&t);
		return;
	}
	if (call_holds(part.dialog->call, rx))
		return;
	if (part.dialog->call && msg_sdp(rx->msg, &sdp) == 1)
		call_declare(part.dialog->call, &part, &sdp);
	else
		forward_ack(part.dialog, part.side, rx->msg, NULL);
}

static void on_cancel(struct sip *sip, const struct sip_rx *rx)
{
	struct sip_server *invite = server_find(sip, rx, str_of("INVITE")), *s;

	if (!invite) {
		reply_stateless(sip, rx, 481, NULL);
		return;
	}
	s = server_new(sip, rx);
	if (!s) {
		reply_stateless(sip, rx, 503, NULL);
		return;
	}
	memcpy(s->tag, invite->tag, sizeof(s->tag));
	server_reply(s, 200, NULL);
	proxy_cancel(invite);
}

void proxy_request(struct sip *sip, const struct sip_rx *rx)
{
	bool held = rx->pn->flags & PN_MSG_HELD;
	struct sip_server *s;

	if (rx->msg->kind == SIP_ACK) {
		on_ack(sip, rx);
		return;
	}
	s = server_find(sip, rx, rx->msg->method);
	if (s && !(held && s->state == SERVER_PROCEEDING && !LIST_FIRST(&s->clients))) {
		server_again(s, rx);
		return;
	}
	if (rx->msg->kind == SIP_CANCEL) {
		on_cancel(sip, rx);
		return;
	}
	if (!s)
		s = server_new(sip, rx);
	if (!s) {
		sip->svc->count(sip->host, SIP_CNT_FULL);
		reply_stateless(sip, rx, 503, NULL);
		return;
	}
	if (s->req->kind == SIP_INVITE && !s->status)
		server_reply(s, 100, NULL);
	new_request(s, rx);
}
