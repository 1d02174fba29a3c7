#include "own.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bundle.h"
#include "endpoint.h"

static const struct {
	int code;
	const char *text;
} codes[] = {
	{ 400, "Transient error" },
	{ 403, "Not enough resources now" },
	{ 406, "Transaction timed out" },
	{ 407, "Aborted by another action" },
	{ 409, "Overloaded" },
	{ 500, "Unknown endpoint" },
	{ 504, "Unknown or unsupported command" },
	{ 505, "Unsupported remote connection descriptor" },
	{ 509, "Error in remote connection descriptor" },
	{ 510, "Protocol error" },
	{ 515, "Incorrect connection id" },
};

struct pn_str own_response(struct mgcp *g, int code, uint32_t id, char out[128])
{
	const char *text = "Refused";
	int n;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code)
			text = codes[i].text;
	n = snprintf(out, 128, "%03d %u %s\r\n", code, id, text);
	g->svc->count(g->host, MGCP_CNT_REPLIES);
	return (struct pn_str){ out, (size_t)n };
}

void own_refuse(struct mgcp *g, const struct mgcp_rx *rx, int code)
{
	char text[128];

	if (rx->msg->command && rx->msg->id)
		part_send(rx->part, rx->pn->flow, &rx->pn->remote,
			  own_response(g, code, rx->msg->id, text));
}

/* ---- is it there? ---- */

static void write_audit(const struct mgcp_gateway *gw, uint32_t id, struct text *out)
{
	text_fmt(out, "AUEP %u ", id);
	if (gw->audited.len)
		text_add(out, gw->audited);
	else
		text_put(out, "*");
	text_put(out, "@");
	text_add(out, gw->domain);
	text_put(out, " MGCP 1.0\r\n");
}

static void remove_lost(void *arg)
{
	struct mgcp *g = arg;
	struct mgcp_gateway *gw, *next;

	for (gw = LIST_FIRST(&g->gateways); gw; gw = next) {
		next = LIST_NEXT(gw, all);
		if (!gw->lost)
			continue;
		g->svc->count(g->host, MGCP_CNT_GATEWAYS_LOST);
		g->svc->log(g->host, PN_LOG_WARN, "gateway %.*s lost: %u keepalives not answered",
			    (int)gw->domain.len, gw->domain.p, gw->unanswered);
		g->svc->binding_remove(gw->binding);
	}
}

long own_keepalive(struct mgcp *g, struct pn_binding *b, void *out, size_t cap)
{
	struct mgcp_gateway *gw = gateway_of_binding(g, b);
	struct mgcp_transaction *t;
	struct mgcp_hop hop;
	struct text text = { 0 };
	long len = -ENOBUFS;

	if (!gw)
		return -ENOENT;
	if (gw->unanswered >= g->conf->lost_after && !g->svc->binding_info(b)->probing) {
		gw->lost = true;
		g->svc->defer(g->host, remove_lost, g);
		return -ENOENT;
	}
	hop = (struct mgcp_hop){ gw->flow, gateway_pinhole(gw) };
	t = transaction_ours(g, gw, MGCP_OURS_KEEPALIVE, false, &hop);
	if (!t)
		return -ENOBUFS;
	write_audit(gw, t->id_out, &text);
	if (!text.failed && text.len <= cap) {
		memcpy(out, text.p, text.len);
		len = (long)text.len;
		gw->unanswered += !g->svc->binding_info(b)->probing;
		g->svc->count(g->host, MGCP_CNT_KEEPALIVES);
	}
	text_free(&text);
	return len;
}

int own_challenge(struct mgcp_gateway *gw)
{
	struct mgcp_hop hop = { gw->flow, gateway_pinhole(gw) };
	struct mgcp_transaction *t = transaction_ours(gw->g, gw, MGCP_OURS_CHALLENGE, false, &hop);
	struct text text = { 0 };

	if (!t)
		return -ENOSPC;
	write_audit(gw, t->id_out, &text);
	if (!text.failed)
		transaction_send_ours(gw->g, t, text_str(&text));
	text_free(&text);
	return 0;
}

/* ---- it is dead ---- */

static void send_delete(struct mgcp_connection *c, bool to_core, const struct mgcp_hop *hop,
			int reason)
{
	struct mgcp_gateway *gw = c->gw;
	struct mgcp_transaction *t = transaction_ours(gw->g, gw, MGCP_OURS_DELETE, to_core, hop);
	struct text text = { 0 };

	if (!t)
		return;
	text_fmt(&text, "DLCX %u ", t->id_out);
	text_add(&text, c->endpoint);
	text_put(&text, "@");
	text_add(&text, to_core ? gw->alias : gw->domain);
	text_put(&text, " MGCP 1.0\r\n");
	if (c->call.len) {
		text_put(&text, "C: ");
		text_add(&text, c->call);
		text_put(&text, "\r\n");
	}
	text_put(&text, "I: ");
	text_add(&text, c->connection);
	text_put(&text, "\r\n");
	if (to_core)
		text_fmt(&text, "E: %d\r\n", reason);
	if (!text.failed)
		transaction_send_ours(gw->g, t, text_str(&text));
	text_free(&text);
}

void own_delete(struct mgcp_connection *c, int reason)
{
	struct mgcp_hop hop = { c->gw->flow, gateway_pinhole(c->gw) };

	if (!c->connection.len)
		return;
	send_delete(c, false, &hop, reason);
	if (!reason || endpoint_agent(c->gw, c->endpoint, &hop.to))
		return;
	hop.flow = gateway_core_flow(c->gw, hop.to.family);
	send_delete(c, true, &hop, reason);
}

/* ---- answers ---- */

/* A final response after a provisional one asks for it (RFC 3435 3.5.6). */
static void acknowledge(const struct mgcp_rx *rx)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "000 %u\r\n", rx->msg->id);

	if (mgcp_value(rx->msg, MGCP_P_ACK).p)
		part_send(rx->part, rx->pn->flow, &rx->pn->remote,
			  (struct pn_str){ text, (size_t)n });
}

void own_answered(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_transaction *t)
{
	if (rx->msg->code < 200)
		return;
	acknowledge(rx);
	if (!t->from_gateway)
		gateway_heard(t->gateway, &rx->pn->remote);
	if (t->ours == MGCP_OURS_KEEPALIVE) {
		g->svc->count(g->host, MGCP_CNT_KEEPALIVE_ANSWERS);
		g->svc->binding_alive(t->gateway->binding);
	} else if (t->ours == MGCP_OURS_CHALLENGE) {
		gateway_challenged(t->gateway, true);
	}
	transaction_end(g, t);
}

void own_failed(struct mgcp *g, struct mgcp_transaction *t)
{
	(void)g;
	if (t->ours == MGCP_OURS_CHALLENGE)
		gateway_challenged(t->gateway, false);
}
