#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "conf.h"
#include "proxy.h"
#include "server.h"

void target_drop(struct sip_target *t)
{
	str_drop(&t->uri);
	str_drop(&t->routes);
	str_drop(&t->alias);
}

static struct text make_key(struct pn_str branch, struct pn_str method)
{
	struct text t = { 0 };

	text_add(&t, branch);
	text_put(&t, " ");
	text_add(&t, method);
	return t;
}

static void on_retry(void *arg);
static void on_end(void *arg);

static int client_fill(struct sip_client *c, struct pn_str method, const char *branch)
{
	struct sip *sip = c->sip;
	char token[SIP_TOKEN_LEN + 1];
	struct text key;

	sip_token(sip, token);
	snprintf(c->branch, sizeof(c->branch), "%s%s", branch ? "" : "z9hG4bK",
		 branch ? branch : token);
	key = make_key(str_of(c->branch), method);
	c->key = key.failed ? (struct pn_str){ NULL, 0 } : str_dup(text_str(&key));
	text_free(&key);
	c->method = str_dup(method);
	c->kind = method_of(method);
	c->retry = sip->svc->timer_new(sip->host, on_retry, c);
	c->end = sip->svc->timer_new(sip->host, on_end, c);
	if (!c->key.p || !c->method.p || !c->retry || !c->end)
		return -ENOMEM;
	return sip->svc->table_put(sip->client_by_branch, c->key.p, c->key.len, c);
}

struct sip_client *client_new(struct sip *sip, struct sip_server *server, struct pn_str method,
			      struct sip_target *target, const char *branch)
{
	struct sip_client *c = NULL;

	if (sip->n_transactions < sip->conf->max_transactions)
		c = calloc(1, sizeof(*c));
	if (!c) {
		target_drop(target);
		return NULL;
	}
	c->sip = sip;
	c->state = CLIENT_WAITING;
	c->target = *target;
	LIST_INSERT_HEAD(&sip->clients, c, all);
	sip->n_transactions++;
	c->server = server;
	if (server)
		LIST_INSERT_HEAD(&server->clients, c, of_server);
	if (client_fill(c, method, branch)) {
		client_end(c);
		return NULL;
	}
	return c;
}

static int transmit(struct sip_client *c)
{
	return c->sip->svc->flow_send(c->sip->host, c->target.flow, &c->target.hop[c->target.at], c->sent,
				      c->sent_len);
}

int client_start(struct sip_client *c, const void *data, size_t len)
{
	const struct sip_conf *conf = c->sip->conf;
	int err;

	c->sent = malloc(len);
	if (!c->sent)
		return -ENOMEM;
	memcpy(c->sent, data, len);
	c->sent_len = len;
	err = transmit(c);
	if (err)
		return err;
	c->state = CLIENT_CALLING;
	c->retry_ms = conf->t1_ms;
	c->sip->svc->timer_start(c->retry, c->retry_ms);
	c->sip->svc->timer_start(c->end, SIP_ENDS_MS(conf));
	return 0;
}

struct sip_client *client_find(struct sip *sip, const struct sip_rx *rx)
{
	struct text key = make_key(rx->msg->via.branch, rx->msg->method);
	struct sip_client *c = NULL;

	if (!key.failed && key.len)
		c = sip->svc->table_get(sip->client_by_branch, key.p, key.len);
	text_free(&key);
	return c && c->target.realm == rx->pn->realm ? c : NULL;
}

/* Timers A and E. */
static void on_retry(void *arg)
{
	struct sip_client *c = arg;
	const struct sip_conf *conf = c->sip->conf;

	if (c->state != CLIENT_CALLING && (c->state != CLIENT_PROCEEDING || c->kind == SIP_INVITE))
		return;
	transmit(c);
	c->retry_ms *= 2;
	if (c->kind != SIP_INVITE && (c->retry_ms > conf->t2_ms || c->state == CLIENT_PROCEEDING))
		c->retry_ms = conf->t2_ms;
	c->sip->svc->timer_start(c->retry, c->retry_ms);
}

/* Timers B, F and C while an answer is awaited; D, K and M behind it. */
static void on_end(void *arg)
{
	struct sip_client *c = arg;

	if (c->state != CLIENT_CALLING && c->state != CLIENT_PROCEEDING) {
		client_end(c);
		return;
	}
	c->sip->svc->count(c->sip->host, SIP_CNT_TIMEOUTS);
	if (c->state == CLIENT_PROCEEDING && c->kind == SIP_INVITE && !c->cancel_sent) {
		client_cancel(c);
		return;
	}
	client_fail(c, 408);
	proxy_failed(c, NULL);
}

void client_fail(struct sip_client *c, int status)
{
	c->status = status;
	c->state = CLIENT_COMPLETED;
	c->sip->svc->timer_stop(c->retry);
	c->sip->svc->timer_start(c->end, c->sip->conf->t4_ms);
}

static struct pn_str line_of(const struct sip_msg *m, enum sip_header id)
{
	const struct sip_field *f = msg_field(m, id);

	return f ? f->line : (struct pn_str){ NULL, 0 };
}

/* A request of this hop: ACK of a failure, CANCEL. RFC 3261 17.1.1.3 and 9.1. `to` and `more` are
 * whole lines. */
static void hop_request(struct sip_client *c, struct text *t, const char *method, struct pn_str to,
			struct pn_str more)
{
	struct sip_msg *m;

	if (msg_parse(c->sent, c->sent_len, false, &m)) {
		t->failed = true;
		return;
	}
	text_put(t, method);
	text_put(t, " ");
	text_add(t, m->uri);
	text_put(t, " SIP/2.0\r\n");
	text_add(t, line_of(m, SIP_VIA));
	text_put(t, "Max-Forwards: 70\r\n");
	for (const struct sip_field *f = msg_field(m, SIP_ROUTE); f; f = msg_next(m, f))
		text_add(t, f->line);
	text_add(t, line_of(m, SIP_FROM));
	text_add(t, to.len ? to : line_of(m, SIP_TO));
	text_add(t, line_of(m, SIP_CALL_ID));
	text_fmt(t, "CSeq: %u %s\r\n", m->cseq, method);
	text_add(t, more);
	text_put(t, "Content-Length: 0\r\n\r\n");
	msg_free(m);
}

static void ack_failure(struct sip_client *c, const struct sip_msg *response)
{
	struct text t = { 0 };

	hop_request(c, &t, "ACK", line_of(response, SIP_TO), str_of(""));
	if (!t.failed)
		c->sip->svc->flow_send(c->sip->host, c->target.flow, &c->target.hop[c->target.at], t.p, t.len);
	text_free(&t);
}

static void send_cancel(struct sip_client *c)
{
	struct sip_target target = { .realm = c->target.realm,
				     .flow = c->target.flow,
				     .n_hops = 1 };
	struct text t = { 0 };
	struct sip_client *cancel;

	c->cancel_sent = true;
	target.hop[0] = c->target.hop[c->target.at];
	c->sip->svc->timer_start(c->end, SIP_ENDS_MS(c->sip->conf));
	hop_request(c, &t, "CANCEL", str_of(""), c->server ? c->server->reason : str_of(""));
	cancel = t.failed ? NULL : client_new(c->sip, NULL, str_of("CANCEL"), &target, c->branch);
	if (cancel && client_start(cancel, t.p, t.len))
		client_end(cancel);
	text_free(&t);
}

void client_cancel(struct sip_client *c)
{
	if (c->kind != SIP_INVITE || c->cancel_sent)
		return;
	if (c->state == CLIENT_CALLING)
		c->cancel_wanted = true;
	else if (c->state == CLIENT_PROCEEDING)
		send_cancel(c);
}

static void proceed(struct sip_client *c, int status)
{
	const struct sip_conf *conf = c->sip->conf;

	if (c->state == CLIENT_CALLING) {
		c->state = CLIENT_PROCEEDING;
		if (c->kind == SIP_INVITE)
			c->sip->svc->timer_start(c->end, conf->timer_c_ms);
		if (c->cancel_wanted)
			send_cancel(c);
	} else if (c->kind == SIP_INVITE && status > 100 && !c->cancel_sent) {
		c->sip->svc->timer_start(c->end, conf->timer_c_ms);
	}
}

/* The first final response. */
static void complete(struct sip_client *c, const struct sip_msg *m)
{
	const struct sip_conf *conf = c->sip->conf;
	bool invite = c->kind == SIP_INVITE;

	c->status = m->status;
	c->state = invite && m->status < 300 ? CLIENT_ACCEPTED : CLIENT_COMPLETED;
	c->sip->svc->timer_start(c->end, invite ? SIP_ENDS_MS(conf) : conf->t4_ms);
	if (invite && m->status >= 300)
		ack_failure(c, m);
}

/* A response behind the final one. */
static void receive_more(struct sip_client *c, const struct sip_rx *rx)
{
	if (c->state == CLIENT_COMPLETED && c->kind == SIP_INVITE && rx->msg->status >= 300)
		ack_failure(c, rx->msg);
	if (c->kind == SIP_INVITE && rx->msg->status >= 200 && rx->msg->status < 300)
		proxy_response(c, rx);
}

static bool pass_again(struct sip_client *c, const struct sip_rx *rx)
{
	if (!c->passed || c->heard != sip_hash(c->sip, rx->msg->data, rx->msg->len))
		return false;
	c->sip->svc->count(c->sip->host, SIP_CNT_RETRANSMISSIONS);
	if (rx->msg->status < 200 && c->state == CLIENT_PROCEEDING) {
		proceed(c, rx->msg->status);
		call_replied(c, NULL, rx->msg);
	}
	if (c->server)
		server_send(c->server, c->passed, c->passed_len, rx->msg->status);
	return true;
}

void client_receive(struct sip_client *c, const struct sip_rx *rx)
{
	int status = rx->msg->status;

	if (c->state == CLIENT_WAITING || c->state == CLIENT_DEAD)
		return;
	if (c->kind == SIP_INVITE || status >= 200)
		c->sip->svc->timer_stop(c->retry);
	if (status < 300 && pass_again(c, rx))
		return;
	if (status > 100 && call_holds_response(c, rx))
		return;
	if (c->state == CLIENT_COMPLETED || c->state == CLIENT_ACCEPTED) {
		receive_more(c, rx);
		return;
	}
	if (status < 200)
		proceed(c, status);
	else
		complete(c, rx->msg);
	if (status > 100)
		proxy_response(c, rx);
}

void client_remember(struct sip_client *c, const struct sip_msg *response, const void *out,
		     size_t len)
{
	char *copy = malloc(len);

	if (!copy)
		return;
	memcpy(copy, out, len);
	free(c->passed);
	c->passed = copy;
	c->passed_len = len;
	c->heard = sip_hash(c->sip, response->data, response->len);
}

void client_detach(struct sip_client *c)
{
	if (!c->server)
		return;
	LIST_REMOVE(c, of_server);
	c->server = NULL;
	if (c->state == CLIENT_WAITING)
		client_end(c);
}

void client_end(struct sip_client *c)
{
	struct sip *sip = c->sip;

	if (c->state == CLIENT_DEAD)
		return;
	c->state = CLIENT_DEAD;
	client_detach(c);
	call_leave(c);
	if (c->key.p && sip->svc->table_get(sip->client_by_branch, c->key.p, c->key.len) == c)
		sip->svc->table_del(sip->client_by_branch, c->key.p, c->key.len);
	if (c->retry)
		sip->svc->timer_stop(c->retry);
	if (c->end)
		sip->svc->timer_stop(c->end);
	LIST_REMOVE(c, all);
	LIST_INSERT_HEAD(&sip->dead_clients, c, all);
	sip->n_transactions--;
	sip_reap_later(sip);
}

void client_free(struct sip_client *c)
{
	LIST_REMOVE(c, all);
	if (c->retry)
		c->sip->svc->timer_free(c->retry);
	if (c->end)
		c->sip->svc->timer_free(c->end);
	target_drop(&c->target);
	str_drop(&c->key);
	str_drop(&c->method);
	free(c->sent);
	free(c->final);
	free(c->passed);
	free(c);
}
