#include "request.h"

#include <errno.h>
#include <string.h>

#include "alias.h"
#include "call.h"
#include "dialog.h"
#include "forward.h"
#include "proxy.h"
#include "register.h"
#include "registrar.h"
#include "route.h"

static const char allow[] =
	"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, PRACK, UPDATE, INFO, MESSAGE, "
	"REFER, NOTIFY, SUBSCRIBE, PUBLISH\r\nAccept: application/sdp\r\n";

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

	if (s->reg || (!msg_field(s->req, SIP_CONTACT) && !dialog_made_by(s->req->kind)))
		return 0;
	d = dialog_new(c->sip, &args);
	if (!d)
		return 503;
	c->dialog = d->id;
	return 0;
}

static void launch(struct sip_server *s, struct sip_target *t, const struct pn_msg *pn,
		   unsigned index)
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

static void launch_all(struct sip_server *s, struct sip_target *t, size_t n,
		       const struct pn_msg *pn)
{
	s->launching = true;
	for (size_t i = 0; i < n; i++) {
		if (s->status < 200)
			launch(s, &t[i], pn, (unsigned)i);
		else
			target_drop(&t[i]);
	}
	s->launching = false;
	proxy_gather(s);
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
	struct pn_binding *b;
	int err;

	if (s->req->kind != SIP_INVITE)
		return 0;
	b = alias_of_sender(s->sip, s->realm, &s->remote, s->req);
	err = svc->admit_session(s->sip->host, s->realm, &s->remote, b);
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
	/* RFC 3261 8.1.1.8; a terminal of RFC 2543, which has no From-tag, need not have one either. */
	if (s->req->kind == SIP_INVITE && s->req->from_tag.len && !msg_field(s->req, SIP_CONTACT)) {
		server_reply(s, 400, "Missing Contact");
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
	dialog_keep_subscription(d, rx->msg);
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
	if (c->kind == SIP_INVITE) {
		d->answered = false;
		d->offer_by = -1;
	}
	send_or_declare(c, rx->pn);
}

static void new_request(struct sip_server *s, const struct sip_rx *rx)
{
	struct sip_dialog *d = dialog_find(s->sip, rx, &s->side);
	int held;

	call_unkeep(s);
	if (!d && s->req->to_tag.len && s->req->kind != SIP_REGISTER) {
		server_reply(s, 481, NULL);
		return;
	}
	if (!d) {
		outside_dialog(s, rx->pn);
		return;
	}
	if (!source_ok(d, s->side, rx)) {
		s->sip->svc->bad_input(s->sip->host, rx->pn,
				       "request in a dialog from another address");
		server_reply(s, 403, NULL);
		return;
	}
	held = s->req->kind == SIP_BYE ? 0 : call_holds(d->call, rx);
	if (held > 0)
		call_keep(d->call, s);
	else if (held < 0)
		server_reply(s, 503, NULL);
	if (held)
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
	if (part.dialog->ack &&
	    part.dialog->ack_heard == sip_hash(sip, rx->msg->data, rx->msg->len)) {
		struct sip_target t;

		if (dialog_target(part.dialog, 1 - part.side, &t))
			return;
		sip->svc->flow_send(sip->host, t.flow, &t.hop[0], part.dialog->ack, part.dialog->ack_len);
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

/* RFC 3326 2: a CANCEL is made anew at each hop, but why it came is worth passing on. */
static void keep_reason(struct sip_server *invite, const struct sip_msg *cancel)
{
	struct text t = { 0 };

	for (const struct sip_field *f = msg_field(cancel, SIP_REASON); f; f = msg_next(cancel, f))
		text_add(&t, f->line);
	if (!t.failed)
		str_set(&invite->reason, text_str(&t));
	text_free(&t);
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
	keep_reason(invite, rx->msg);
	server_reply(s, 200, NULL);
	proxy_cancel(invite);
}

void request_receive(struct sip *sip, const struct sip_rx *rx)
{
	bool held = rx->pn->flags & PN_MSG_HELD;
	struct sip_server *s;

	if (rx->msg->kind == SIP_ACK) {
		on_ack(sip, rx);
		return;
	}
	s = server_find(sip, rx, rx->msg->method);
	if (s && !(held && s->state == SERVER_PROCEEDING && !LIST_FIRST(&s->clients))) {
		if (!held) /* else it is the very one that was answered when its call ended */
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
