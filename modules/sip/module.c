#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alias.h"
#include "call.h"
#include "client.h"
#include "conf.h"
#include "dialog.h"
#include "frame.h"
#include "keepalive.h"
#include "reply.h"
#include "request.h"
#include "server.h"

#define TABLE_MAX 4194304u

static const struct pn_counter counters[SIP_COUNTERS] = {
	[SIP_CNT_REQUESTS] = { "sip_requests", "SIP requests received" },
	[SIP_CNT_RESPONSES] = { "sip_responses", "SIP responses received" },
	[SIP_CNT_REPLIES] = { "sip_replies", "SIP responses that Postern wrote itself" },
	[SIP_CNT_MALFORMED] = { "sip_malformed", "Messages that RFC 3261 does not allow" },
	[SIP_CNT_RETRANSMISSIONS] = { "sip_retransmissions", "Retransmissions that were absorbed" },
	[SIP_CNT_STRAY] = { "sip_stray", "Responses and ACKs that belong to nothing" },
	[SIP_CNT_KEEPALIVES] = { "sip_keepalives", "Keepalives written for terminals" },
	[SIP_CNT_KEEPALIVE_ANSWERS] = { "sip_keepalive_answers", "Keepalives that were answered" },
	[SIP_CNT_PINGS] = { "sip_pings", "Keepalive datagrams from terminals" },
	[SIP_CNT_REGISTERS] = { "sip_registers", "REGISTER requests" },
	[SIP_CNT_REFRESHES] = { "sip_refreshes", "REGISTER requests that Postern answered itself" },
	[SIP_CNT_CALLS] = { "sip_calls", "Call sessions begun" },
	[SIP_CNT_ANSWERED] = { "sip_calls_answered", "Call sessions answered" },
	[SIP_CNT_FULL] = { "sip_full", "Requests refused because a table was full" },
	[SIP_CNT_TIMEOUTS] = { "sip_timeouts", "Requests that nobody answered in time" },
	[SIP_CNT_FAILOVERS] = { "sip_failovers",
				"Requests sent on to another address of a next hop" },
	[SIP_CNT_LEAKS] = { "sip_leaks", "Messages not sent because an address would have leaked" },
};

static void reap(void *arg)
{
	struct sip *sip = arg;

	while (LIST_FIRST(&sip->dead_clients))
		client_free(LIST_FIRST(&sip->dead_clients));
	while (LIST_FIRST(&sip->dead_servers))
		server_free(LIST_FIRST(&sip->dead_servers));
	while (LIST_FIRST(&sip->dead_dialogs))
		dialog_free(LIST_FIRST(&sip->dead_dialogs));
}

static void sip_free(struct sip *sip)
{
	struct pn_table **table[] = { &sip->server_by_key, &sip->client_by_branch,
				      &sip->leg_by_key,    &sip->dialog_by_id,
				      &sip->users,         &sip->gone[0],
				      &sip->gone[1] };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (*table[i])
			sip->svc->table_free(*table[i], NULL);
	if (sip->reaper)
		sip->svc->timer_free(sip->reaper);
	conf_free(sip->conf);
	free(sip);
}

static int sip_init(const struct pn_services *svc, struct pn_host *h, void **self)
{
	struct sip *sip = calloc(1, sizeof(*sip));

	if (!sip)
		return -ENOMEM;
	sip->svc = svc;
	sip->host = h;
	svc->random(&sip->salt, sizeof(sip->salt));
	sip->server_by_key = svc->table_new(h, TABLE_MAX);
	sip->client_by_branch = svc->table_new(h, TABLE_MAX);
	sip->leg_by_key = svc->table_new(h, TABLE_MAX);
	sip->dialog_by_id = svc->table_new(h, TABLE_MAX);
	sip->users = svc->table_new(h, TABLE_MAX);
	sip->gone[0] = svc->table_new(h, TABLE_MAX);
	sip->gone[1] = svc->table_new(h, TABLE_MAX);
	sip->reaper = svc->timer_new(h, reap, sip);
	if (sip->server_by_key && sip->client_by_branch && sip->leg_by_key && sip->dialog_by_id &&
	    sip->users && sip->gone[0] && sip->gone[1] && sip->reaper) {
		*self = sip;
		return 0;
	}
	sip_free(sip);
	return -ENOMEM;
}

static int sip_prepare(void *self, const struct pn_conf *conf, struct pn_conf_errors *e,
		       void **next)
{
	struct sip_conf *c = conf_new(self, conf, e);

	if (!c)
		return -EINVAL;
	*next = c;
	return 0;
}

static void sip_commit(void *self, void *next)
{
	struct sip *sip = self;

	conf_free(sip->conf);
	sip->conf = next;
	sip->svc->binding_keepalive(sip->host, sip->conf->keepalive_ms);
}

static void sip_discard(void *self, void *next)
{
	(void)self;
	conf_free(next);
}

static long sip_frame(void *self, const uint8_t *data, size_t len)
{
	(void)self;
	return frame_length(data, len);
}

static void on_request(struct sip *sip, const struct sip_rx *rx)
{
	sip->svc->count(sip->host, SIP_CNT_REQUESTS);
	if (!rx->msg->bad) {
		request_receive(sip, rx);
		return;
	}
	sip->svc->count(sip->host, SIP_CNT_MALFORMED);
	sip->svc->bad_input(sip->host, rx->pn, rx->msg->why);
	reply_stateless(sip, rx, rx->msg->bad, rx->msg->why);
}

static void on_response(struct sip *sip, const struct sip_rx *rx)
{
	struct sip_client *c;

	sip->svc->count(sip->host, SIP_CNT_RESPONSES);
	if (rx->msg->bad) {
		sip->svc->count(sip->host, SIP_CNT_MALFORMED);
		sip->svc->bad_input(sip->host, rx->pn, rx->msg->why);
		return;
	}
	if (keepalive_answer(sip, rx))
		return;
	c = client_find(sip, rx);
	if (c)
		client_receive(c, rx);
	else
		sip->svc->count(sip->host, SIP_CNT_STRAY);
}

static void sip_on_message(void *self, const struct pn_msg *m)
{
	struct sip *sip = self;
	struct sip_rx rx = { .pn = m };

	if (!sip->conf || keepalive_ping(sip, m))
		return;
	if (msg_parse(m->data, m->len, false, &rx.msg)) {
		sip->svc->count(sip->host, SIP_CNT_MALFORMED);
		sip->svc->bad_input(sip->host, m, "not a SIP message");
		return;
	}
	if (rx.msg->request)
		on_request(sip, &rx);
	else
		on_response(sip, &rx);
	msg_free(rx.msg);
}

static void sip_rewrite(void *self, const struct pn_media_reply *r)
{
	call_rewrite(self, r);
}

static long sip_keepalive(void *self, struct pn_binding *b, void *out, size_t cap)
{
	return keepalive_write(self, b, out, cap);
}

static void sip_on_binding_gone(void *self, struct pn_binding *b)
{
	alias_gone(self, b);
}

static void sip_on_timeout(void *self, struct pn_session *s, enum pn_timeout what)
{
	struct sip *sip = self;

	call_on_timeout(sip, sip->svc->session_data(s), what);
}

static void sip_session_free(void *self, struct pn_session *s, void *data)
{
	(void)self;
	(void)s;
	call_free(data);
}

static long sip_show(void *self, char *out, size_t cap)
{
	const struct sip *sip = self;
	size_t calls = 0;
	const struct sip_call *c;
	int n;

	LIST_FOREACH(c, &sip->calls, all)
	calls++;
	n = snprintf(out, cap,
		     "{\"transactions\":%zu,\"transactions_max\":%u,\"dialogs\":%zu,"
		     "\"dialogs_max\":%u,\"calls\":%zu,\"routes\":%zu,\"registrars\":%zu}",
		     sip->n_transactions, sip->conf ? sip->conf->max_transactions : 0,
		     sip->n_dialogs, sip->conf ? sip->conf->max_dialogs : 0, calls,
		     sip->conf ? sip->conf->n_routes : 0, sip->conf ? sip->conf->n_registrars : 0);
	return n < 0 || (size_t)n >= cap ? -ENOBUFS : n;
}

static void sip_unload(void *self)
{
	struct sip *sip = self;

	while (LIST_FIRST(&sip->calls))
		call_free(LIST_FIRST(&sip->calls));
	while (LIST_FIRST(&sip->servers))
		server_end(LIST_FIRST(&sip->servers));
	while (LIST_FIRST(&sip->clients))
		client_end(LIST_FIRST(&sip->clients));
	while (LIST_FIRST(&sip->dialogs))
		dialog_end(LIST_FIRST(&sip->dialogs));
	reap(sip);
	sip_free(sip);
}

const struct pn_module postern_module = {
	.size = sizeof(struct pn_module),
	.major = PN_ABI_MAJOR,
	.minor = PN_ABI_MINOR,
	.name = "sip",
	.schema = sip_schema,
	.counters = counters,
	.n_counters = SIP_COUNTERS,
	.init = sip_init,
	.prepare = sip_prepare,
	.commit = sip_commit,
	.discard = sip_discard,
	.frame = sip_frame,
	.on_message = sip_on_message,
	.rewrite = sip_rewrite,
	.keepalive = sip_keepalive,
	.on_binding_gone = sip_on_binding_gone,
	.on_timeout = sip_on_timeout,
	.session_free = sip_session_free,
	.show = sip_show,
	.unload = sip_unload,
	.default_route = "<route from=\"{from}\" to=\"{to}\" next-hop=\"{gateway}:5060\"/>",
};
