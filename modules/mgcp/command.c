#include <errno.h>
#include <string.h>

#include "agent.h"
#include "bundle.h"
#include "endpoint.h"
#include "message.h"
#include "own.h"

#define FAILOVER_SENDS 3u /* unanswered sendings until the next call agent is asked */

static void to_next_agent(struct mgcp *g, struct mgcp_transaction *t)
{
	const struct mgcp_route *r = gateway_route(t->gateway);
	struct mgcp_hop hop;

	if (!r || softswitch_next(&r->agents, &t->peer_out, &hop.to) ||
	    addr_same(&hop.to, &t->peer_out))
		return;
	hop.flow = gateway_core_flow(t->gateway, hop.to.family);
	if (hop.flow && !transaction_redirect(g, t, &hop))
		g->svc->count(g->host, MGCP_CNT_FAILOVERS);
}

/* Its pinhole may have moved meanwhile. */
static void to_gateway(struct mgcp *g, struct mgcp_transaction *t)
{
	struct mgcp_hop hop = { t->gateway->flow, gateway_pinhole(t->gateway) };

	transaction_redirect(g, t, &hop);
}

static void again(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t)
{
	g->svc->count(g->host, MGCP_CNT_RETRANSMISSIONS);
	transaction_touch(g, t);
	t->peer_in = rx->pn->remote; /* a NAT may have given it another port */
	switch (t->state) {
	case MGCP_WAITING:
		return;
	case MGCP_ANSWERED:
		part_send(rx->part, t->flow_in, &t->peer_in, t->answer);
		return;
	default:
		if (!t->from_gateway)
			to_gateway(g, t);
		else if (t->state == MGCP_SENT && t->sends % FAILOVER_SENDS == 0)
			to_next_agent(g, t);
		t->sends++;
		part_send(rx->part, t->flow_out, &t->peer_out, t->request);
	}
}

static bool belongs(enum mgcp_verb verb, bool from_gateway)
{
	switch (verb) {
	case MGCP_OTHER:
	case MGCP_DLCX:
		return true;
	case MGCP_NTFY:
	case MGCP_RSIP:
		return from_gateway;
	default:
		return !from_gateway;
	}
}

/* What will be wanted when the answer comes. */
static int note(struct mgcp_transaction *t, const struct mgcp_msg *m)
{
	struct pn_str info = mgcp_value(m, MGCP_P_INFO), method = mgcp_value(m, MGCP_P_METHOD),
		      item;

	while (mgcp_list_next(&info, &item)) {
		t->audits_local |= str_iis(item, "LC");
		t->audits_remote |= str_iis(item, "RC");
	}
	if (m->verb == MGCP_RSIP)
		t->restart = str_iis(method, "restart")  ? MGCP_RM_RESTART
			     : str_iis(method, "forced") ? MGCP_RM_FORCED
							 : MGCP_RM_OTHER;
	t->asks_entity = mgcp_value(m, MGCP_P_ENTITY).p != NULL;
	if (str_set(&t->scope.endpoint, m->endpoint.local) ||
	    str_set(&t->scope.call, mgcp_value(m, MGCP_P_CALL)) ||
	    str_set(&t->scope.connection, mgcp_value(m, MGCP_P_CONNECTION)) ||
	    str_set(&t->entity, mgcp_value(m, MGCP_P_ENTITY)))
		return -ENOMEM;
	return 0;
}

void command_refuse(struct mgcp *g, struct mgcp_part *part, struct mgcp_transaction *t, int code)
{
	char text[128];
	struct pn_str answer = own_response(g, code, t->id_in, text);

	t->state = MGCP_ANSWERED;
	str_set(&t->answer, answer);
	part_send(part, t->flow_in, &t->peer_in, answer);
}

void command_forward(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t,
		     struct mgcp_shown shown)
{
	struct mgcp_way way = {
		.gw = t->gateway, .t = t, .to_core = t->from_gateway, .shown = { shown }
	};
	long len = rewrite_message(g, rx, &way);
	struct mgcp_connection *c;

	if (len <= 0 || str_set(&t->request, (struct pn_str){ g->out, (size_t)len })) {
		g->svc->bad_input(g->host, rx->pn,
				  len == -EPERM ? "an address would leak"
						: "it cannot be rewritten");
		c = connection_of(g, t);
		command_refuse(g, rx->part, t, 510);
		if (c)
			connection_failed(c, t, PN_END_REFUSED, 510);
		return;
	}
	t->state = MGCP_SENT;
	t->sends = 1;
	part_send(rx->part, t->flow_out, &t->peer_out, t->request);
}

/* The connection that it creates, changes or deletes may have to wait, or to make media first. */
static void with_connection(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t,
			    struct mgcp_connection *c)
{
	int code, err = connection_queue(c, rx, t);

	if (!err)
		err = connection_declare(c, rx, t);
	if (!err)
		command_forward(g, rx, t, (struct mgcp_shown){ NULL, 0 });
	if (err >= 0)
		return;
	code = err == -ENOBUFS ? 409 : err == -EADDRNOTAVAIL ? 505 : 509;
	if (code == 509)
		g->svc->bad_input(g->host, rx->pn, "a description that cannot be read");
	command_refuse(g, rx->part, t, code);
	if (t->begins)
		connection_end(c, PN_END_REFUSED, code);
}

void command_resume(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t)
{
	struct mgcp_connection *c = connection_of(g, t);

	if (c)
		with_connection(g, rx, t, c);
	else if (rx->msg->n_sdp)
		command_refuse(g, rx->part, t, 515); /* it ended while this waited */
	else
		command_forward(g, rx, t, (struct mgcp_shown){ NULL, 0 });
}

static void create_or_modify(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t)
{
	struct mgcp_connection *c;
	int err = connection_for(t->gateway, rx, t, &c);

	if (err)
		command_refuse(g, rx->part, t, 403);
	else if (c)
		with_connection(g, rx, t, c);
	else
		command_forward(g, rx, t, (struct mgcp_shown){ NULL, 0 });
}

static void from_agent(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t)
{
	if (t->verb == MGCP_CRCX || t->verb == MGCP_MDCX) {
		create_or_modify(g, rx, t);
		return;
	}
	if (t->verb == MGCP_DLCX)
		connection_cancel(t->gateway, &t->scope);
	command_forward(g, rx, t, (struct mgcp_shown){ NULL, 0 });
}

static void from_gateway(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t)
{
	if (t->verb == MGCP_DLCX) {
		connection_cancel(t->gateway, &t->scope);
		connection_delete(t->gateway, &t->scope);
	}
	if (!mgcp_wildcard(rx->msg->endpoint.local) && !t->gateway->audited.len)
		str_set(&t->gateway->audited, rx->msg->endpoint.local);
	command_forward(g, rx, t, (struct mgcp_shown){ NULL, 0 });
}

void command_unanswered(struct mgcp *g, struct mgcp_transaction *t)
{
	struct mgcp_connection *c = t->begins ? connection_of(g, t) : NULL;

	if (!c)
		return;
	if (t->verb == MGCP_CRCX)
		own_delete(c, 0); /* what a provisional response spoke of */
	connection_end(c, PN_END_NO_ANSWER, 0);
}

/* Who commanded an endpoint that restarts must hear of the restart with the response, whoever is to
 * be notified (RFC 3435 4.4.6, 4.4.7). */
static bool with_response(const struct mgcp_gateway *gw, const struct mgcp_rx *rx,
			  struct pn_addr *to)
{
	const struct pn_addr *beside = part_beside(rx->part);
	const struct mgcp_route *r = gateway_route(gw);

	if (rx->msg->verb != MGCP_RSIP || !beside || !r || !softswitch_known(&r->agents, beside))
		return false;
	*to = *beside;
	return true;
}

/* Where it goes: the gateway's pinhole, or the call agent that its endpoint is to notify. */
static int hop_of(struct mgcp_gateway *gw, const struct mgcp_rx *rx, bool from_gateway,
		  struct mgcp_hop *hop)
{
	if (!from_gateway) {
		*hop = (struct mgcp_hop){ gw->flow, gateway_pinhole(gw) };
		return 0;
	}
	if (rx->msg->verb == MGCP_RSIP && str_iis(mgcp_value(rx->msg, MGCP_P_METHOD), "restart"))
		endpoint_restarts(gw, rx->msg->endpoint.local);
	if (!with_response(gw, rx, &hop->to) &&
	    endpoint_agent(gw, rx->msg->endpoint.local, &hop->to))
		return -EHOSTUNREACH;
	hop->flow = gateway_core_flow(gw, hop->to.family);
	return hop->flow ? 0 : -EHOSTUNREACH;
}

static struct mgcp_gateway *sender(struct mgcp *g, const struct mgcp_rx *rx)
{
	struct mgcp_gateway *gw = NULL;
	int err = gateway_of_sender(g, rx, &gw);

	switch (err) {
	case 0:
		gateway_heard(gw, &rx->pn->remote);
		return gw;
	case -EAGAIN:
		return NULL;
	case -EACCES:
		g->svc->bad_input(g->host, rx->pn,
				  "the gateway of this name is at another address");
		return NULL;
	case -ENOENT:
		g->svc->bad_input(g->host, rx->pn, "no route from this realm");
		own_refuse(g, rx, 500);
		return NULL;
	default:
		g->svc->bad_input(g->host, rx->pn, "no binding or no alias for this gateway");
		own_refuse(g, rx, 403);
		return NULL;
	}
}

void command_receive(struct mgcp *g, const struct mgcp_rx *rx)
{
	struct mgcp_transaction *t = transaction_arrived(g, rx, rx->msg->id);
	bool access = mgcp_is_access(g, rx->pn->realm);
	struct mgcp_gateway *gw;
	struct mgcp_hop hop;

	if (t && transaction_same(t, rx->msg)) {
		if (access && !sender(g, rx))
			return;
		t = transaction_arrived(g, rx, rx->msg->id);
		if (t) {
			again(g, rx, t);
			return;
		} /* else its gateway began anew */
	}
	if (t)
		transaction_replace(g, t);
	if (!belongs(rx->msg->verb, access)) {
		own_refuse(g, rx, 504);
		return;
	}
	gw = access ? sender(g, rx) : gateway_of_alias(g, rx);
	if (!gw && !access)
		own_refuse(g, rx, 500);
	if (!gw || hop_of(gw, rx, access, &hop))
		return;
	if (access && rx->msg->verb == MGCP_RSIP)
		g->svc->count(g->host, MGCP_CNT_RESTARTS);
	t = transaction_new(g, rx, gw, access, &hop);
	if (!t || note(t, rx->msg)) {
		if (t)
			transaction_end(g, t);
		own_refuse(g, rx, 409);
		return;
	}
	if (access)
		from_gateway(g, rx, t);
	else
		from_agent(g, rx, t);
}
