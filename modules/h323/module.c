#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "call.h"
#include "keepalive.h"
#include "ras.h"
#include "registration.h"
#include "tpkt.h"
#include "transaction.h"

#define TABLE_MAX 4194304u

static const struct pn_counter counters[H323_COUNTERS] = {
	[H323_CNT_RAS] = { "h323_ras", "RAS messages received" },
	[H323_CNT_RAS_REPLIES] = { "h323_ras_replies", "RAS answers that Postern wrote itself" },
	[H323_CNT_MALFORMED] = { "h323_malformed", "Messages that do not decode" },
	[H323_CNT_PATCHED] = { "h323_patched", "Messages of which only addresses could be changed" },
	[H323_CNT_UNDECODABLE] = { "h323_undecodable", "Messages left to the policy for such" },
	[H323_CNT_STRAY] = { "h323_stray", "RAS messages that belong to nothing" },
	[H323_CNT_REGISTRATIONS] = { "h323_registrations", "Terminals that became registered" },
	[H323_CNT_KEEPALIVES] = { "h323_keepalives", "IRQs written to keep pinholes open" },
	[H323_CNT_KEEPALIVE_ANSWERS] = { "h323_keepalive_answers", "Such IRQs that were answered" },
	[H323_CNT_TERMINALS_LOST] = { "h323_terminals_lost", "Terminals that no longer answered" },
	[H323_CNT_ADMISSIONS] = { "h323_admissions", "Admissions confirmed" },
	[H323_CNT_ADMISSIONS_REFUSED] = { "h323_admissions_refused", "Admissions rejected" },
	[H323_CNT_FULL] = { "h323_full", "Requests refused because a table was full" },
	[H323_CNT_TIMEOUTS] = { "h323_timeouts", "RAS requests that nobody answered" },
	[H323_CNT_FAILOVERS] = { "h323_failovers", "RAS requests sent on to another gatekeeper" },
	[H323_CNT_TRAVERSALS] = { "h323_traversals", "Terminals asked to connect (H.460.18)" },
	[H323_CNT_TRAVERSALS_FAILED] = { "h323_traversals_failed", "Such terminals that did not" },
	[H323_CNT_SIGNALLING] = { "h323_signalling", "Call signalling messages received" },
	[H323_CNT_CALLS] = { "h323_calls", "Calls begun" },
	[H323_CNT_CALLS_REFUSED] = { "h323_calls_refused", "Calls that Postern refused" },
	[H323_CNT_H245] = { "h323_h245", "H.245 messages received" },
	[H323_CNT_H245_CONNECTIONS] = { "h323_h245_connections", "H.245 connections opened" },
	[H323_CNT_CHANNELS] = { "h323_channels", "Logical channels opened" },
	[H323_CNT_LEAKS] = { "h323_leaks", "Messages not sent because an address would have leaked" },
};

static void h323_free(struct h323 *h)
{
	struct pn_table *table[] = { h->terminal_by_binding, h->terminal_by_endpoint, h->terminal_by_name,
				     h->place_by_ip, h->transaction_by_departure, h->admission_by_call,
				     h->forward_by_address };

	calls_free(h);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i])
			h->svc->table_free(table[i], NULL);
	if (h->transaction_sweep)
		h->svc->timer_free(h->transaction_sweep);
	if (h->admission_sweep)
		h->svc->timer_free(h->admission_sweep);
	h323_conf_free(h->conf);
	free(h);
}

static int h323_init(const struct pn_services *svc, struct pn_host *host, void **self)
{
	struct h323 *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->svc = svc;
	h->host = host;
	LIST_INIT(&h->terminals);
	LIST_INIT(&h->traversals);
	TAILQ_INIT(&h->transactions);
	TAILQ_INIT(&h->admissions);
	h->terminal_by_binding = svc->table_new(host, TABLE_MAX);
	h->terminal_by_endpoint = svc->table_new(host, TABLE_MAX);
	h->terminal_by_name = svc->table_new(host, TABLE_MAX);
	h->place_by_ip = svc->table_new(host, TABLE_MAX);
	h->transaction_by_departure = svc->table_new(host, TABLE_MAX);
	h->admission_by_call = svc->table_new(host, TABLE_MAX);
	h->forward_by_address = svc->table_new(host, TABLE_MAX);
	h->transaction_sweep = svc->timer_new(host, transaction_sweep, h);
	h->admission_sweep = svc->timer_new(host, admission_sweep, h);
	if (h->terminal_by_binding && h->terminal_by_endpoint && h->terminal_by_name && h->place_by_ip &&
	    h->transaction_by_departure && h->admission_by_call && h->forward_by_address && h->transaction_sweep &&
	    h->admission_sweep && !calls_init(h)) {
		*self = h;
		return 0;
	}
	h323_free(h);
	return -ENOMEM;
}

static int h323_prepare(void *self, const struct pn_conf *conf, struct pn_conf_errors *e, void **next)
{
	struct h323_conf *c = h323_conf_new(self, conf, e);

	if (!c)
		return -EINVAL;
	*next = c;
	return 0;
}

static void h323_commit(void *self, void *next)
{
	struct h323 *h = self;

	h323_conf_free(h->conf);
	h->conf = next;
	h->svc->binding_keepalive(h->host, h->conf->keepalive_ms);
}

static void h323_discard(void *self, void *next)
{
	(void)self;
	h323_conf_free(next);
}

static long h323_frame(void *self, const uint8_t *data, size_t len)
{
	(void)self;
	return tpkt_frame(data, len);
}

static void h323_on_message(void *self, const struct pn_msg *m)
{
	struct h323 *h = self;

	if (!h->conf)
		return;
	if (m->transport == PN_UDP)
		ras_receive(h, m);
	else
		calls_receive(h, m);
}

static void h323_on_flow_open(void *self, const struct pn_flow_info *f)
{
	calls_flow_open(self, f);
}

static void h323_on_flow_closed(void *self, uint64_t flow, int err)
{
	calls_flow_closed(self, flow, err);
}

static void h323_rewrite(void *self, const struct pn_media_reply *r)
{
	calls_rewrite(self, r);
}

static long h323_keepalive(void *self, struct pn_binding *b, void *out, size_t cap)
{
	struct h323_terminal *t = terminal_of_binding(self, b);

	return t ? keepalive_write(t, out, cap) : -ENOENT;
}

static void h323_on_binding_gone(void *self, struct pn_binding *b)
{
	struct h323_terminal *t = terminal_of_binding(self, b);

	if (t)
		registration_gone(t);
}

static void h323_on_timeout(void *self, struct pn_session *s, enum pn_timeout what)
{
	calls_timeout(self, s, what);
}

static void h323_session_free(void *self, struct pn_session *s, void *data)
{
	calls_session_free(self, s, data);
}

static long h323_show(void *self, char *out, size_t cap)
{
	const struct h323 *h = self;
	int n = snprintf(out, cap,
			 "{\"terminals\":%zu,\"terminals_max\":%u,\"calls\":%zu,\"calls_max\":%u,"
			 "\"transactions\":%zu,\"transactions_max\":%u,\"admissions\":%zu}",
			 h->n_terminals, h->conf ? h->conf->max_terminals : 0, calls_count(h),
			 h->conf ? h->conf->max_calls : 0, h->n_transactions,
			 h->conf ? h->conf->max_transactions : 0, h->n_admissions);

	return n < 0 || (size_t)n >= cap ? -ENOBUFS : n;
}

static void h323_unload(void *self)
{
	struct h323 *h = self;

	while (LIST_FIRST(&h->terminals))
		registration_gone(LIST_FIRST(&h->terminals));
	h323_free(h);
}

const struct pn_module postern_module = {
	.size = sizeof(struct pn_module),
	.major = PN_ABI_MAJOR,
	.minor = PN_ABI_MINOR,
	.name = "h323",
	.schema = h323_schema,
	.counters = counters,
	.n_counters = H323_COUNTERS,
	.init = h323_init,
	.prepare = h323_prepare,
	.commit = h323_commit,
	.discard = h323_discard,
	.frame = h323_frame,
	.on_message = h323_on_message,
	.on_flow_open = h323_on_flow_open,
	.on_flow_closed = h323_on_flow_closed,
	.rewrite = h323_rewrite,
	.keepalive = h323_keepalive,
	.on_binding_gone = h323_on_binding_gone,
	.on_timeout = h323_on_timeout,
	.session_free = h323_session_free,
	.show = h323_show,
	.unload = h323_unload,
	.default_route = "<route from=\"{from}\" to=\"{to}\"><gatekeeper address=\"{gateway}:1719\"/></route>",
};
