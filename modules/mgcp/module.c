#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bundle.h"
#include "message.h"
#include "own.h"

#define TABLE_MAX 4194304u

static const struct pn_counter counters[MGCP_COUNTERS] = {
	[MGCP_CNT_COMMANDS] = { "mgcp_commands", "MGCP commands received" },
	[MGCP_CNT_RESPONSES] = { "mgcp_responses", "MGCP responses received" },
	[MGCP_CNT_REPLIES] = { "mgcp_replies", "MGCP responses that Postern wrote itself" },
	[MGCP_CNT_MALFORMED] = { "mgcp_malformed", "Messages that RFC 3435 does not allow" },
	[MGCP_CNT_PIGGYBACKS] = { "mgcp_piggybacks", "Datagrams of several messages" },
	[MGCP_CNT_RETRANSMISSIONS] = { "mgcp_retransmissions",
				       "Commands and responses received again" },
	[MGCP_CNT_STRAY] = { "mgcp_stray", "Responses that belong to nothing" },
	[MGCP_CNT_RESTARTS] = { "mgcp_restarts", "RestartInProgress commands of gateways" },
	[MGCP_CNT_KEEPALIVES] = { "mgcp_keepalives", "Audits written to keep pinholes open" },
	[MGCP_CNT_KEEPALIVE_ANSWERS] = { "mgcp_keepalive_answers",
					 "Such audits that were answered" },
	[MGCP_CNT_GATEWAYS_LOST] = { "mgcp_gateways_lost", "Gateways that no longer answered" },
	[MGCP_CNT_CONNECTIONS] = { "mgcp_connections", "Connections begun" },
	[MGCP_CNT_REDIRECTS] = { "mgcp_redirects", "Notified entities that were followed" },
	[MGCP_CNT_REDIRECTS_REFUSED] = { "mgcp_redirects_refused",
					 "Notified entities that were not" },
	[MGCP_CNT_RENUMBERED] = { "mgcp_renumbered", "Commands that got another transaction id" },
	[MGCP_CNT_FULL] = { "mgcp_full", "Commands refused because a table was full" },
	[MGCP_CNT_TIMEOUTS] = { "mgcp_timeouts", "Commands that nobody answered" },
	[MGCP_CNT_FAILOVERS] = { "mgcp_failovers", "Commands sent on to another call agent" },
	[MGCP_CNT_LEAKS] = { "mgcp_leaks",
			     "Messages not sent because an address would have leaked" },
};

static void mgcp_free(struct mgcp *g)
{
	struct pn_table *table[] = { g->gateway_by_binding, g->by_arrival, g->by_departure,
				     g->connection_by_id, g->connection_by_name };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i])
			g->svc->table_free(table[i], NULL);
	if (g->sweep)
		g->svc->timer_free(g->sweep);
	if (g->resend)
		g->svc->timer_free(g->resend);
	mgcp_conf_free(g->conf);
	free(g);
}

static int mgcp_init(const struct pn_services *svc, struct pn_host *h, void **self)
{
	struct mgcp *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	g->svc = svc;
	g->host = h;
	LIST_INIT(&g->gateways);
	TAILQ_INIT(&g->history);
	TAILQ_INIT(&g->own);
	g->gateway_by_binding = svc->table_new(h, TABLE_MAX);
	g->by_arrival = svc->table_new(h, TABLE_MAX);
	g->by_departure = svc->table_new(h, TABLE_MAX);
	g->connection_by_id = svc->table_new(h, TABLE_MAX);
	g->connection_by_name = svc->table_new(h, TABLE_MAX);
	g->sweep = svc->timer_new(h, transaction_sweep, g);
	g->resend = svc->timer_new(h, transaction_resend, g);
	if (g->gateway_by_binding && g->by_arrival && g->by_departure && g->connection_by_id &&
	    g->sweep && g->resend) {
		*self = g;
		return 0;
	}
	mgcp_free(g);
	return -ENOMEM;
}

static int mgcp_prepare(void *self, const struct pn_conf *conf, struct pn_conf_errors *e,
			void **next)
{
	struct mgcp_conf *c = mgcp_conf_new(self, conf, e);

	if (!c)
		return -EINVAL;
	*next = c;
	return 0;
}

static void mgcp_commit(void *self, void *next)
{
	struct mgcp *g = self;

	mgcp_conf_free(g->conf);
	g->conf = next;
	g->svc->binding_keepalive(g->host, g->conf->keepalive_ms);
}

static void mgcp_discard(void *self, void *next)
{
	(void)self;
	mgcp_conf_free(next);
}

static void receive(struct mgcp *g, const struct pn_msg *pn, struct pn_str text,
		    struct mgcp_part *part)
{
	struct mgcp_msg m;
	struct mgcp_rx rx = { pn, &m, part };
	const char *why;

	if (mgcp_parse(text, &m, &why)) {
		g->svc->count(g->host, MGCP_CNT_MALFORMED);
		g->svc->bad_input(g->host, pn, why);
		own_refuse(g, &rx, 510);
		return;
	}
	g->svc->count(g->host, m.command ? MGCP_CNT_COMMANDS : MGCP_CNT_RESPONSES);
	if (m.command)
		command_receive(g, &rx);
	else
		response_receive(g, &rx);
}

/* To whom the first response of a gateway's datagram goes. */
static void look_ahead(struct mgcp *g, const struct pn_msg *pn, const struct pn_str *one, int n,
		       struct mgcp_bundle *b)
{
	const struct mgcp_transaction *t;
	struct mgcp_msg m;
	const char *why;

	for (int i = 0; i < n; i++) {
		if (mgcp_parse(one[i], &m, &why) || m.command || m.code < 200)
			continue;
		t = transaction_departed(g, pn->flow, &pn->remote, false, m.id);
		if (t && t->ours == MGCP_PASSES) {
			bundle_answers(b, &t->peer_in);
			return;
		}
	}
}

static void mgcp_on_message(void *self, const struct pn_msg *m)
{
	struct mgcp *g = self;
	struct pn_str one[MGCP_PIGGYBACK_MAX], all = { (const char *)m->data, m->len };
	struct mgcp_bundle *b;
	int n;

	if (!g->conf || !str_trim(all).len)
		return; /* blank datagrams keep a NAT open */
	n = mgcp_split(all, one, MGCP_PIGGYBACK_MAX);
	if (n < 0) {
		g->svc->count(g->host, MGCP_CNT_MALFORMED);
		g->svc->bad_input(g->host, m, "too many messages in one datagram");
		return;
	}
	b = bundle_new(g, (size_t)n);
	if (!b)
		return;
	if (n > 1) {
		g->svc->count(g->host, MGCP_CNT_PIGGYBACKS);
		if (mgcp_is_access(g, m->realm))
			look_ahead(g, m, one, n, b);
	}
	for (int i = 0; i < n; i++)
		receive(g, m, one[i], bundle_part(b, (size_t)i));
	bundle_done(b);
}

static void mgcp_rewrite(void *self, const struct pn_media_reply *r)
{
	connection_rewrite(self, r);
}

static long mgcp_keepalive(void *self, struct pn_binding *b, void *out, size_t cap)
{
	return own_keepalive(self, b, out, cap);
}

static void mgcp_on_binding_gone(void *self, struct pn_binding *b)
{
	struct mgcp_gateway *gw = gateway_of_binding(self, b);

	if (gw)
		gateway_free(gw);
}

static void mgcp_on_timeout(void *self, struct pn_session *s, enum pn_timeout what)
{
	const struct mgcp *g = self;

	connection_timeout(g->svc->session_data(s), what);
}

static void mgcp_session_free(void *self, struct pn_session *s, void *data)
{
	(void)self;
	(void)s;
	connection_free(data);
}

static long mgcp_show(void *self, char *out, size_t cap)
{
	const struct mgcp *g = self;
	const struct mgcp_gateway *gw;
	size_t gateways = 0;
	int n;

	LIST_FOREACH(gw, &g->gateways, all)
	gateways++;
	n = snprintf(
		out, cap,
		"{\"gateways\":%zu,\"connections\":%zu,\"connections_max\":%u,\"transactions\":%zu,"
		"\"transactions_max\":%u,\"routes\":%zu}",
		gateways, g->n_connections, g->conf ? g->conf->max_connections : 0,
		g->n_transactions, g->conf ? g->conf->max_transactions : 0,
		g->conf ? g->conf->n_routes : 0);
	return n < 0 || (size_t)n >= cap ? -ENOBUFS : n;
}

static void mgcp_unload(void *self)
{
	struct mgcp *g = self;

	while (LIST_FIRST(&g->gateways))
		gateway_free(LIST_FIRST(&g->gateways));
	mgcp_free(g);
}

const struct pn_module postern_module = {
	.size = sizeof(struct pn_module),
	.major = PN_ABI_MAJOR,
	.minor = PN_ABI_MINOR,
	.name = "mgcp",
	.schema = mgcp_schema,
	.counters = counters,
	.n_counters = MGCP_COUNTERS,
	.init = mgcp_init,
	.prepare = mgcp_prepare,
	.commit = mgcp_commit,
	.discard = mgcp_discard,
	.on_message = mgcp_on_message,
	.rewrite = mgcp_rewrite,
	.keepalive = mgcp_keepalive,
	.on_binding_gone = mgcp_on_binding_gone,
	.on_timeout = mgcp_on_timeout,
	.session_free = mgcp_session_free,
	.show = mgcp_show,
	.unload = mgcp_unload,
	.default_route = "<route from=\"{from}\" to=\"{to}\"><call-agent address=\"{gateway}:2727\"/></route>",
};
