#include <errno.h>

#include "agent.h"
#include "bundle.h"
#include "endpoint.h"
#include "message.h"
#include "own.h"

#define REDIRECT 521 /* to another call agent, which N: names */

/* Its answer goes to where the command came from, whatever either says of a notified entity. */
void response_forward(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t,
		      struct mgcp_shown shown)
{
	struct mgcp_way way = {
		.gw = t->gateway, .t = t, .to_core = !t->from_gateway, .shown = { shown }
	};
	struct mgcp_connection *c = NULL;
	struct pn_media list[MGCP_SDP_MAX][MGCP_MEDIA_MAX];
	size_t at = 0;
	long len;

	if (t->verb == MGCP_AUCX && rx->msg->n_sdp)
		c = connection_named(t->gateway, t->scope.endpoint, t->scope.connection);
	/* the local description comes first (RFC 3435 F.1.2) */
	if (c && (t->audits_local || !t->audits_remote)) {
		way.shown[at].n = connection_shown(c, true, list[at], MGCP_MEDIA_MAX);
		way.shown[at].adv = list[at];
		at++;
	}
	if (c && t->audits_remote) {
		way.shown[at].n = connection_shown(c, false, list[at], MGCP_MEDIA_MAX);
		way.shown[at].adv = list[at];
	}
	len = rewrite_message(g, rx, &way);
	if (len <= 0) {
		g->svc->bad_input(g->host, rx->pn,
				  len == -EPERM ? "an address would leak"
						: "the description cannot be rewritten");
		command_refuse(g, rx->part, t, 400);
		return;
	}
	if (rx->msg->code >= 200) {
		t->state = MGCP_ANSWERED;
		str_set(&t->answer, (struct pn_str){ g->out, (size_t)len });
	}
	part_send(rx->part, t->flow_in, &t->peer_in, (struct pn_str){ g->out, (size_t)len });
}

void response_resume(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t)
{
	struct mgcp_connection *c = connection_of(g, t);
	int err = c ? connection_queue(c, rx, t) : 0;

	if (!err && c && rx->msg->code < 300)
		err = connection_declare(c, rx, t);
	if (err > 0)
		return;
	if (!err) {
		response_forward(g, rx, t, (struct mgcp_shown){ NULL, 0 });
		return;
	}
	g->svc->bad_input(g->host, rx->pn, "a description that cannot be read");
	command_refuse(g, rx->part, t, 510);
	if (c && t->verb == MGCP_CRCX) {
		own_delete(c, 0);
		connection_end(c, PN_END_REFUSED, 510);
	}
}

/* ---- from a gateway ---- */

static void from_gateway(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t)
{
	struct mgcp_connection *c;
	int code = rx->msg->code;
	bool gone = code == 500 || code == 515 || code == 516;

	if (code >= 200 && code < 300 && t->asks_entity && t->verb != MGCP_AUEP &&
	    t->verb != MGCP_AUCX)
		endpoint_entity(t->gateway, t->scope.endpoint, t->entity);
	if (t->verb == MGCP_DLCX && ((code >= 200 && code < 300) || gone))
		connection_delete(t->gateway, &t->scope);
	response_resume(g, rx, t);
	/* media is declared by now: what the answer means for the connection */
	c = connection_of(g, t);
	if (c && t->verb != MGCP_DLCX)
		connection_answered(c, rx, t);
}

/* ---- from a call agent ---- */

static void restarted(struct mgcp_transaction *t)
{
	struct mgcp_scope all = { .endpoint = t->scope.endpoint };

	if (t->restart == MGCP_RM_RESTART || t->restart == MGCP_RM_FORCED)
		connection_delete(t->gateway, &all);
}

static void from_agent(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t)
{
	struct pn_str entity = mgcp_value(rx->msg, MGCP_P_ENTITY);
	const struct pn_addr *asked = &t->peer_out;
	int code = rx->msg->code;

	if (!addr_same_ip(asked, &rx->pn->remote) || t->sends > 1)
		endpoint_moved(t->gateway, t->scope.endpoint,
			       addr_same_ip(asked, &rx->pn->remote) ? asked : &rx->pn->remote);
	else
		t->gateway->agent = *asked;
	if (code >= 200 && code < 300) {
		gateway_accepted(t->gateway, t);
		if (t->verb == MGCP_RSIP)
			restarted(t);
	}
	if (entity.len && (code == REDIRECT || (code >= 200 && code < 300)))
		endpoint_entity(t->gateway, t->scope.endpoint, entity);
	response_forward(g, rx, t, (struct mgcp_shown){ NULL, 0 });
	if (code >= 400 && code != REDIRECT)
		gateway_refused(t->gateway);
}

/* ---- both ---- */

/* 000: who sent the command has the response (RFC 3435 3.5.1). */
static void acknowledged(struct mgcp *g, const struct mgcp_rx *rx)
{
	struct mgcp_transaction *t =
		transaction_arrived(g, rx->pn->flow, &rx->pn->remote, rx->msg->id);
	struct mgcp_way way = { 0 };
	long len;

	if (!t) {
		g->svc->count(g->host, MGCP_CNT_STRAY);
		return;
	}
	way.gw = t->gateway;
	way.t = t;
	way.to_core = t->from_gateway;
	len = rewrite_message(g, rx, &way);
	if (len > 0)
		part_send(rx->part, t->flow_out, &t->peer_out,
			  (struct pn_str){ g->out, (size_t)len });
}

/* Does it come from whom the command went to, or from somebody who may answer for it? */
static bool may_answer(struct mgcp *g, const struct mgcp_rx *rx, const struct mgcp_transaction *t)
{
	const struct mgcp_route *r;

	if (addr_same_ip(&t->peer_out, &rx->pn->remote))
		return true;
	r = t->from_gateway ? gateway_route(t->gateway) : NULL;
	return r && agent_known(g, r, &rx->pn->remote);
}

void response_receive(struct mgcp *g, const struct mgcp_rx *rx)
{
	bool access = mgcp_is_access(g, rx->pn->realm);
	struct mgcp_transaction *t;

	if (rx->msg->code < 100) {
		acknowledged(g, rx);
		return;
	}
	t = transaction_departed(g, rx->pn->flow, &rx->pn->remote, !access, rx->msg->id);
	if (!t || !may_answer(g, rx, t)) {
		g->svc->count(g->host, MGCP_CNT_STRAY);
		return;
	}
	if (t->ours != MGCP_PASSES) {
		own_answered(g, rx, t);
		return;
	}
	if (access)
		gateway_heard(t->gateway, &rx->pn->remote);
	if (t->wait)
		return; /* this answer waits already, or the command was never sent */
	transaction_touch(g, t);
	if (t->state == MGCP_ANSWERED) {
		g->svc->count(g->host, MGCP_CNT_RETRANSMISSIONS);
		part_send(rx->part, t->flow_in, &t->peer_in, t->answer);
		return;
	}
	if (rx->msg->code < 200)
		t->state = MGCP_PROVISIONAL;
	if (access)
		from_gateway(g, rx, t);
	else
		from_agent(g, rx, t);
}
