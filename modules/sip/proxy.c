#include "proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "dialog.h"
#include "forward.h"
#include "register.h"

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

/* RFC 3261 16.7 step 6: a 503 tells the caller to leave the sender alone, which is us. A next hop may
 * say so, as every request of the route goes there; one terminal may not. */
static bool is_its_own(const struct sip_client *c)
{
	return c->status == 503 && sip_is_access(c->sip, c->target.realm);
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
	if (best->final && is_its_own(best))
		answer_for(s, 500);
	else if (best->final && !msg_parse(best->final, best->final_len, false, &m))
		proxy_reply(best, NULL, m, NULL, 0);
	else
		answer_for(s, best->status);
	msg_free(m);
}

void proxy_gather(struct sip_server *s)
{
	struct sip_client *c;

	if (s->launching || s->status >= 200 || s->state == SERVER_DEAD)
		return;
	LIST_FOREACH(c, &s->clients, of_server)
	if (c->status < 300) /* an answer may be waiting for its media */
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

/* An answer that waits for its media is not waited for; its repetition is ended by call_abandon. */
static void give_up_answers(struct sip_server *s)
{
	struct sip_client *c, *next;

	for (c = LIST_FIRST(&s->clients); c; c = next) {
		next = LIST_NEXT(c, of_server);
		if (!c->initial || c->status < 200 || c->status >= 300)
			continue;
		if (!c->call || c->call->wait.client != c)
			continue;
		call_stop_waiting(c->call);
		call_end(c->call, PN_END_CANCELLED, 487);
	}
}

void proxy_cancel(struct sip_server *s)
{
	if (s->status >= 200)
		return;
	s->cancelled = true;
	give_up_answers(s);
	give_up_all(s, NULL);
	proxy_gather(s);
}

/* ---- the next address of a next hop ---------------------------------------------------------- */

static bool may_retry(const struct sip_client *c, const struct sip_msg *m)
{
	const struct sip_server *s = c->server;

	if (!s || s->cancelled || s->status >= 200 || !c->initial)
		return false;
	if (c->target.at + 1 >= c->target.n_hops)
		return false;
	return m ? m->status == 503 : c->sent != NULL;
}

static void move_dialog(struct sip_client *c)
{
	struct sip_dialog *d = dialog_by_id(c->sip, c->dialog);

	if (d) {
		d->leg[1].addr = c->target.hop[c->target.at];
		d->leg[1].flow = c->target.flow;
	}
	if (c->call)
		c->sip->svc->session_peer(c->call->session, PN_SIDE_B,
					  &c->target.hop[c->target.at]);
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
	if (m && !c->final)
		keep_final(c, m);
	call_failed(c);
	if (!s)
		return;
	if (c->status >= 600)
		give_up_all(s, c);
	proxy_gather(s);
}

/* ---- responses ---------------------------------------------------------------------------------
 */

/* The dialog that a response belongs to; the first with a new To-tag makes it. */
static struct sip_dialog *dialog_of(struct sip_client *c, const struct sip_msg *m)
{
	struct sip_dialog *d = dialog_by_id(c->sip, c->dialog);
	bool fresh = d && d->proto;

	if (!d || m->status >= 300)
		return d && !d->proto ? d : NULL;
	if (fresh) {
		if (!m->to_tag.len || !dialog_made_by(c->kind))
			return NULL;
		d = dialog_fork(d, m->to_tag, m->to);
		if (d && c->call)
			call_adopt(c->call, d);
	}
	if (d)
		dialog_learn(d, c->side, m, fresh);
	return d;
}

static void relay(struct sip_client *c, const struct sip_rx *rx)
{
	struct sip_dialog *d = dialog_of(c, rx->msg);
	struct call_part part = { c, d, c->side, rx->msg, rx->pn };
	struct sip_sdp sdp;

	if (d && rx->msg->status >= 200)
		dialog_keep_subscription(d, rx->msg);
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

/* ---- requests ----------------------------------------------------------------------------------
 */

static int status_for(int err)
{
	if (err == -EBADMSG)
		return 400;
	if (err == -ENOTSUP)
		return 415;
	return err == -EMSGSIZE ? 513 : 500;
}

void proxy_send(struct sip_client *c, const struct pn_media *adv, size_t n)
{
	struct forward_media media = { adv, n };
	int err = forward_request(c, adv ? &media : NULL);

	if (!err)
		return;
	c->sip->svc->log(c->sip->host, PN_LOG_WARN, "sip %.*s: %.*s not sent: %s",
			 (int)c->server->req->call_id.len, c->server->req->call_id.p,
			 (int)c->method.len, c->method.p, strerror(-err));
	if (err == -ENOTSUP)
		server_reply_extra(c->server, 415, NULL, str_of("Accept-Encoding: identity\r\n"));
	client_fail(c, status_for(err));
	proxy_failed(c, NULL);
}
