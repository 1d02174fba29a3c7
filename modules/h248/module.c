#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "call.h"
#include "frame.h"
#include "own.h"
#include "pass.h"
#include "receive.h"

#define TABLE_MAX 4194304u

static const struct pn_counter counters[H248_COUNTERS] = {
	[H248_CNT_REQUESTS] = { "h248_requests", "H.248 transaction requests received" },
	[H248_CNT_REPLIES] = { "h248_replies", "H.248 replies and pendings received" },
	[H248_CNT_OWN_REPLIES] = { "h248_own_replies", "Errors that Postern answered itself" },
	[H248_CNT_MALFORMED] = { "h248_malformed", "Messages that could not be read" },
	[H248_CNT_RETRANSMISSIONS] = { "h248_retransmissions", "Requests that came again" },
	[H248_CNT_STRAY] = { "h248_stray", "Replies and messages that belong to nothing" },
	[H248_CNT_UNREGISTERED] = { "h248_unregistered",
				    "Messages of gateways that are not registered" },
	[H248_CNT_SERVICE_CHANGES] = { "h248_service_changes", "ServiceChanges of gateways" },
	[H248_CNT_KEEPALIVES] = { "h248_keepalives", "Audits written to keep pinholes open" },
	[H248_CNT_KEEPALIVE_ANSWERS] = { "h248_keepalive_answers", "Such audits answered" },
	[H248_CNT_GATEWAYS_LOST] = { "h248_gateways_lost", "Gateways that answered no more" },
	[H248_CNT_CALLS] = { "h248_terminations", "Terminations with media through Postern" },
	[H248_CNT_HANDOFFS] = { "h248_handoffs", "Gateways sent to another controller" },
	[H248_CNT_HANDOFFS_REFUSED] = { "h248_handoffs_refused",
					"Controllers named that may not be followed" },
	[H248_CNT_RENUMBERED] = { "h248_renumbered", "Transactions that got another id" },
	[H248_CNT_FULL] = { "h248_full", "Requests refused because a table was full" },
	[H248_CNT_TIMEOUTS] = { "h248_timeouts", "Requests that nobody answered in time" },
	[H248_CNT_FAILOVERS] = { "h248_failovers", "Gateways sent on because one was silent" },
	[H248_CNT_AUTHENTICATED] = { "h248_authenticated",
				     "Messages refused because their authentication would break" },
	[H248_CNT_LEAKS] = { "h248_leaks",
			     "Messages not sent because an address would have leaked" },
};

/* Bindings that answer no more are removed when the core is done with this one. */
static void remove_lost(void *h248)
{
	struct h248 *h = h248;
	struct h248_gateway *gw, *next;

	for (gw = LIST_FIRST(&h->gateways); gw; gw = next) {
		next = LIST_NEXT(gw, all);
		if (!gw->lost)
			continue;
		h->svc->count(h->host, H248_CNT_GATEWAYS_LOST);
		h->svc->log(h->host, PN_LOG_WARN,
			    "h248 %.*s: gateway lost: no answer to keepalives",
			    (int)gw->own_text.len, gw->own_text.p);
		h->svc->binding_remove(gw->binding);
	}
}

static void h248_free(struct h248 *h)
{
	struct pn_table *table[] = { h->gateway_by_binding, h->gateway_by_flow, h->gateway_by_name,
				     h->call_by_term,       h->tx_in,           h->tx_out };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i])
			h->svc->table_free(table[i], NULL);
	if (h->sweep)
		h->svc->timer_free(h->sweep);
	if (h->resend)
		h->svc->timer_free(h->resend);
	if (h->loss)
		h->svc->timer_free(h->loss);
	h248_conf_free(h->conf);
	free(h);
}

static int h248_init(const struct pn_services *svc, struct pn_host *host, void **self)
{
	struct h248 *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->svc = svc;
	h->host = host;
	LIST_INIT(&h->gateways);
	LIST_INIT(&h->waiting);
	TAILQ_INIT(&h->history);
	TAILQ_INIT(&h->own);
	h->gateway_by_binding = svc->table_new(host, TABLE_MAX);
	h->gateway_by_flow = svc->table_new(host, TABLE_MAX);
	h->gateway_by_name = svc->table_new(host, TABLE_MAX);
	h->call_by_term = svc->table_new(host, TABLE_MAX);
	h->tx_in = svc->table_new(host, TABLE_MAX);
	h->tx_out = svc->table_new(host, TABLE_MAX);
	h->sweep = svc->timer_new(host, transaction_sweep, h);
	h->resend = svc->timer_new(host, transaction_resend, h);
	h->loss = svc->timer_new(host, remove_lost, h);
	if (h->gateway_by_binding && h->gateway_by_flow && h->gateway_by_name && h->call_by_term &&
	    h->tx_in && h->tx_out && h->sweep && h->resend && h->loss) {
		*self = h;
		return 0;
	}
	h248_free(h);
	return -ENOMEM;
}

static int h248_prepare(void *self, const struct pn_conf *conf, struct pn_conf_errors *e,
			void **next)
{
	struct h248_conf *c = h248_conf_new(self, conf, e);

	if (!c)
		return -EINVAL;
	*next = c;
	return 0;
}

static void h248_commit(void *self, void *next)
{
	struct h248 *h = self;

	h248_conf_free(h->conf);
	h->conf = next;
	h->svc->binding_keepalive(h->host, h->conf->keepalive_ms);
}

static void h248_discard(void *self, void *next)
{
	(void)self;
	h248_conf_free(next);
}

static long h248_frame(void *self, const uint8_t *data, size_t len)
{
	(void)self;
	return frame_length(data, len);
}

static void h248_on_message(void *self, const struct pn_msg *m)
{
	struct h248 *h = self;

	if (h->conf)
		receive_message(h, m);
}

static void h248_on_flow_closed(void *self, uint64_t flow, int err)
{
	(void)err;
	gateway_flow_closed(self, flow);
}

static void h248_rewrite(void *self, const struct pn_media_reply *r)
{
	(void)self;
	pass_declared(r);
}

static long h248_keepalive(void *self, struct pn_binding *b, void *out, size_t cap)
{
	struct h248 *h = self;
	struct h248_gateway *gw = gateway_of_binding(h, b);
	long len;

	if (!gw)
		return -ENOENT;
	if (!h->svc->binding_info(b)->probing && ++gw->unanswered > h->conf->lost_after) {
		gw->lost = true;
		h->svc->timer_start(h->loss, 0);
		return -ETIMEDOUT;
	}
	len = own_keepalive(gw, out, cap);
	if (len > 0)
		h->svc->count(h->host, H248_CNT_KEEPALIVES);
	return len;
}

static void h248_on_binding_gone(void *self, struct pn_binding *b)
{
	struct h248_gateway *gw = gateway_of_binding(self, b);

	if (gw)
		gateway_free(gw);
}

static void h248_on_timeout(void *self, struct pn_session *s, enum pn_timeout what)
{
	struct h248 *h = self;

	call_timeout(h->svc->session_data(s), what);
}

static void h248_session_free(void *self, struct pn_session *s, void *data)
{
	(void)self;
	(void)s;
	call_free(data);
}

static long h248_show(void *self, char *out, size_t cap)
{
	const struct h248 *h = self;
	const struct h248_gateway *gw;
	size_t gateways = 0;
	int n;

	LIST_FOREACH(gw, &h->gateways, all)
	gateways++;
	n = snprintf(out, cap,
		     "{\"gateways\":%zu,\"transactions\":%zu,\"transactions_max\":%u,"
		     "\"terminations\":%zu,\"terminations_max\":%u,\"routes\":%zu}",
		     gateways, h->n_tx, h->conf ? h->conf->max_tx : 0, h->n_calls,
		     h->conf ? h->conf->max_calls : 0, h->conf ? h->conf->n_routes : 0);
	return n < 0 || (size_t)n >= cap ? -ENOBUFS : n;
}

static void h248_unload(void *self)
{
	struct h248 *h = self;

	while (LIST_FIRST(&h->gateways))
		gateway_free(LIST_FIRST(&h->gateways));
	h248_free(h);
}

const struct pn_module postern_module = {
	.size = sizeof(struct pn_module),
	.major = PN_ABI_MAJOR,
	.minor = PN_ABI_MINOR,
	.name = "h248",
	.schema = h248_schema,
	.counters = counters,
	.n_counters = H248_COUNTERS,
	.init = h248_init,
	.prepare = h248_prepare,
	.commit = h248_commit,
	.discard = h248_discard,
	.frame = h248_frame,
	.on_message = h248_on_message,
	.on_flow_closed = h248_on_flow_closed,
	.rewrite = h248_rewrite,
	.keepalive = h248_keepalive,
	.on_binding_gone = h248_on_binding_gone,
	.on_timeout = h248_on_timeout,
	.session_free = h248_session_free,
	.show = h248_show,
	.unload = h248_unload,
	.default_route = "<route from=\"{from}\" to=\"{to}\"><mgc address=\"{gateway}:2944\"/></route>",
};
