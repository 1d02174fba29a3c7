#include <errno.h>
#include <string.h>

#include "agent.h"
#include "bundle.h"
#include "endpoint.h"
#include "message.h"
#include "own.h"

/* What the call agent has been shown, or said, of an audited connection. The local description
 * comes first (RFC 3435 3.3.7), but some gateways turn them round, or leave one out. */
static void show_audited(const struct mgcp_rx *rx, const struct mgcp_transaction *t,
			 struct pn_media list[MGCP_SDP_MAX][MGCP_MEDIA_MAX],
			 struct mgcp_shown shown[MGCP_SDP_MAX])
{
	struct mgcp_connection *c;
	bool remote;

	if (t->verb != MGCP_AUCX || !rx->msg->n_sdp)
		return;
	c = connection_named(t->gateway, t->scope.endpoint, t->scope.connection);
	if (!c)
		return;
	remote = (t->audits_remote && !t->audits_local) || connection_is_remote(c, rx->msg->sdp[0]);
	for (size_t i = 0; i < rx->msg->n_sdp; i++, remote = !remote) {
		shown[i].n = connection_shown(c, !remote, list[i], MGCP_MEDIA_MAX);
		shown[i].adv = list[i];
	}
}

/* It cannot pass, so the connection that it made is taken back. */
static void refuse(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t, int code,
		   const char *why)
{
	struct mgcp_connection *c = connection_of(g, t);

	g->svc->bad_input(g->host, rx->pn, why);
	command_refuse(g, rx->part, t, code);
	if (!c || t->verb != MGCP_CRCX)
		return;
	own_delete(c, 0);
	connection_end(c, PN_END_REFUSED, code);
}

/* Its answer goes to where the command came from, whatever either says of a notified entity. */
void response_forward(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t,
		      struct mgcp_shown shown)
{
	struct mgcp_way way = {
		.gw = t->gateway, .t = t, .to_core = !t->from_gateway, .shown = { shown }
	};
	struct mgcp_connection *c = connection_of(g, t);
	struct pn_media list[MGCP_SDP_MAX][MGCP_MEDIA_MAX];
	long len;

	show_audited(rx, t, list, way.shown);
	len = rewrite_message(g, rx, &way);
	if (len <= 0) {
		refuse(g, rx, t, 400,
		       len == -EPERM ? "an address would leak" : "it cannot be rewritten");
		return;
	}
	if (rx->msg->code >= 200) {
		t->state = MGCP_ANSWERED;
		str_set(&t->answer, (struct pn_str){ g->out, (size_t)len });
	}
	transaction_expect_ack(g, t);
	part_send(rx->part, t->flow_in, &t->peer_in, (struct pn_str){ g->out, (size_t)len });
	if (c && rx->msg->code >= 200 && rx->msg->code < 300)
		connection_answered(c, t);
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
	refuse(g, rx, t, 510, "a description that cannot be read");
}

/* ---- from a gateway ---- */

/* Who is to be notified, unless this was an audit: RFC 3435 2.1.4. */
static void executed(const struct mgcp_rx *rx, struct mgcp_transaction *t)
{
	struct pn_str local = t->scope.endpoint;
	struct mgcp_name chosen;

	if (t->verb == MGCP_AUEP || t->verb == MGCP_AUCX)
		return;
	if (memchr(local.p, '$', local.len)) { /* any of: the gateway tells which one */
		if (mgcp_name_parse(mgcp_value(rx->msg, MGCP_P_ENDPOINT), &chosen) ||
		    !chosen.local.len)
			return;
		local = chosen.local;
	}
	endpoint_source(t->gateway, local, &t->peer_in);
	if (t->asks_entity)
		endpoint_entity(t->gateway, local, t->entity, false);
}

static void from_gateway(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t)
{
	struct mgcp_connection *c;
	int code = rx->msg->code;
	bool gone = code == 500 || code == 515 || code == 516;

	if (code >= 200 && code < 300)
		executed(rx, t);
	if (t->verb == MGCP_DLCX && ((code >= 200 && code < 300) || gone))
		connection_delete(t->gateway, &t->scope);
	c = connection_of(g, t);
	if (c && code < 300)
		connection_learn(c, rx->msg);
	response_resume(g, rx, t);
	c = connection_of(g, t);
	if (c && code >= 300)
		connection_failed(c, t, PN_END_REJECTED, code);
}

/* ---- from a call agent ---- */

static void restarted(struct mgcp_transaction *t)
{
	struct mgcp_scope all = { .endpoint = t->scope.endpoint };

	endpoint_restarted(t->gateway, t->scope.endpoint);
	if (t->restart == MGCP_RM_RESTART || t->restart == MGCP_RM_FORCED)
		connection_delete(t->gateway, &all);
}

/* Who is this answer from: an agent that was asked, or another one in its place? */
static struct pn_addr answered_by(const struct mgcp_rx *rx, const struct mgcp_transaction *t)
{
	const struct pn_addr *from = &rx->pn->remote;

	if (addr_same(&t->peer_out, from))
		return t->peer_out;
	if (addr_same_ip(&t->asked, from))
		return t->asked;
	return addr_same_ip(&t->peer_out, from) ? t->peer_out : *from;
}

static void from_agent(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t)
{
	struct pn_str entity = mgcp_value(rx->msg, MGCP_P_ENTITY);
	struct pn_addr by = answered_by(rx, t);
	int code = rx->msg->code;
	/* an error sends it elsewhere to try again: 521, but any code will do (2.3.12) */
	bool named = t->verb == MGCP_RSIP && code >= 200 && entity.len;

	if (!addr_same(&by, &t->asked))
		endpoints_moved(t->gateway, &t->asked, &by);
	if (code >= 200 && code < 300) {
		gateway_accepted(t->gateway, t);
		if (t->verb == MGCP_RSIP)
			restarted(t);
	}
	if (named)
		endpoint_entity(t->gateway, t->scope.endpoint, entity, code >= 300);
	response_forward(g, rx, t, (struct mgcp_shown){ NULL, 0 });
	if (code >= 300 && !named)
		gateway_refused(t->gateway, t);
}

/* ---- both ---- */

/* 000: who sent the command has the response (RFC 3435 3.5.1). */
static void acknowledged(struct mgcp *g, const struct mgcp_rx *rx)
{
	struct mgcp_transaction *t = transaction_arrived(g, rx, rx->msg->id);
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
static bool may_answer(const struct mgcp_rx *rx, const struct mgcp_transaction *t)
{
	const struct mgcp_route *r;

	if (addr_same_ip(&t->peer_out, &rx->pn->remote))
		return true;
	r = t->from_gateway ? gateway_route(t->gateway) : NULL;
	return r && softswitch_known(&r->agents, &rx->pn->remote);
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
	if (!t || !may_answer(rx, t)) {
		g->svc->count(g->host, MGCP_CNT_STRAY);
		return;
	}
	if (t->ours != MGCP_PASSES) {
		own_answered(g, rx, t);
		return;
	}
	if (access)
		gateway_heard(t->gateway, &rx->pn->remote);
	if (t->wait && !(t->wait->provisional && rx->msg->code >= 200))
		return; /* this answer waits already, or the command was never sent */
	if (t->wait)
		t->wait->t = NULL; /* the final response says it all */
	t->wait = NULL;
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
