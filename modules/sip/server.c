#include "server.h"

#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "client.h"
#include "conf.h"
#include "register.h"

static void key_str(struct text *t, struct pn_str s)
{
	text_add(t, s);
	text_add(t, (struct pn_str){ "", 1 });
}

/* The source is part of the key: nobody else can touch a transaction by knowing its branch. */
static struct text make_key(struct sip *sip, const struct sip_rx *rx, struct pn_str method)
{
	const struct sip_via *v = &rx->msg->via;
	struct pn_addr ip = rx->pn->remote;
	struct text t = { 0 };
	char src[SIP_ADDR_LEN] = "";

	ip.port = 0;
	sip->svc->addr_print(&ip, src, sizeof(src));
	key_str(&t, str_of(sip_realm_name(sip, rx->pn->realm)));
	key_str(&t, str_of(src));
	key_str(&t, method);
	key_str(&t, v->sent_by);
	key_str(&t, v->branch);
	if (v->branch.len > 7 && str_iis((struct pn_str){ v->branch.p, 7 }, "z9hG4bK"))
		return t;
	key_str(&t, rx->msg->call_id);
	key_str(&t, rx->msg->from_tag);
	text_fmt(&t, "%u", rx->msg->cseq);
	return t;
}

struct sip_server *server_find(struct sip *sip, const struct sip_rx *rx, struct pn_str as)
{
	struct text key = make_key(sip, rx, as);
	struct sip_server *s = NULL;

	if (!key.failed)
		s = sip->svc->table_get(sip->server_by_key, key.p, key.len);
	text_free(&key);
	return s;
}

static void on_retry(void *arg);
static void on_end(void *arg);

static int server_fill(struct sip_server *s, const struct sip_rx *rx)
{
	struct sip *sip = s->sip;
	struct text key = make_key(sip, rx, rx->msg->method);

	s->key = key.failed ? (struct pn_str){ NULL, 0 } : str_dup(text_str(&key));
	text_free(&key);
	s->retry = sip->svc->timer_new(sip->host, on_retry, s);
	s->end = sip->svc->timer_new(sip->host, on_end, s);
	if (!s->key.p || !s->retry || !s->end ||
	    msg_parse(rx->msg->data, rx->msg->len, true, &s->req))
		return -1;
	s->realm = rx->pn->realm;
	s->flow = rx->pn->flow;
	s->remote = rx->pn->remote;
	s->reply_to = reply_address(sip, s->req, s->realm, &s->remote);
	sip_token(sip, s->tag);
	return sip->svc->table_put(sip->server_by_key, s->key.p, s->key.len, s);
}

struct sip_server *server_new(struct sip *sip, const struct sip_rx *rx)
{
	struct sip_server *s;

	if (sip->n_transactions >= sip->conf->max_transactions)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->sip = sip;
	s->state = SERVER_PROCEEDING;
	LIST_INIT(&s->clients);
	LIST_INSERT_HEAD(&sip->servers, s, all);
	sip->n_transactions++;
	if (server_fill(s, rx)) {
		server_end(s);
		return NULL;
	}
	return s;
}

static void transmit(struct sip_server *s)
{
	if (s->last)
		s->sip->svc->flow_send(s->sip->host, s->flow, &s->reply_to, s->last, s->last_len);
}

/* Timer G. */
static void on_retry(void *arg)
{
	struct sip_server *s = arg;
	const struct sip_conf *conf = s->sip->conf;

	if (s->state != SERVER_COMPLETED)
		return;
	transmit(s);
	s->retry_ms = s->retry_ms * 2 < conf->t2_ms ? s->retry_ms * 2 : conf->t2_ms;
	s->sip->svc->timer_start(s->retry, s->retry_ms);
}

/* Timers H, I, J and L. */
static void on_end(void *arg)
{
	server_end(arg);
}

void server_again(struct sip_server *s, const struct sip_rx *rx)
{
	s->sip->svc->count(s->sip->host, SIP_CNT_RETRANSMISSIONS);
	if (rx->msg->kind == SIP_ACK) {
		if (s->state != SERVER_COMPLETED)
			return;
		s->state = SERVER_CONFIRMED;
		s->sip->svc->timer_stop(s->retry);
		s->sip->svc->timer_start(s->end, s->sip->conf->t4_ms);
		return;
	}
	/* RFC 6026 7.1: an accepted INVITE is absorbed, its 2xx is the far end's to repeat. */
	if (s->state == SERVER_PROCEEDING || s->state == SERVER_COMPLETED)
		transmit(s);
}

static void keep_last(struct sip_server *s, const void *data, size_t len)
{
	char *copy = malloc(len);

	if (!copy)
		return;
	memcpy(copy, data, len);
	free(s->last);
	s->last = copy;
	s->last_len = len;
}

/* A final response was sent. */
static void complete(struct sip_server *s, int status)
{
	const struct sip_conf *conf = s->sip->conf;
	bool invite = s->req->kind == SIP_INVITE;

	s->state = invite && status < 300 ? SERVER_ACCEPTED : SERVER_COMPLETED;
	s->sip->svc->timer_start(s->end, SIP_ENDS_MS(conf));
	if (!invite || status < 300)
		return;
	s->retry_ms = conf->t1_ms;
	s->sip->svc->timer_start(s->retry, s->retry_ms);
}

void server_send(struct sip_server *s, const void *data, size_t len, int status)
{
	if (s->state == SERVER_ACCEPTED && status >= 200 && status < 300)
		s->sip->svc->flow_send(s->sip->host, s->flow, &s->reply_to, data, len);
	if (s->state != SERVER_PROCEEDING)
		return;
	keep_last(s, data, len);
	s->status = status;
	s->sip->svc->flow_send(s->sip->host, s->flow, &s->reply_to, data, len);
	if (status >= 200)
		complete(s, status);
}

void server_reply_extra(struct sip_server *s, int status, const char *reason, struct pn_str extra)
{
	struct text t = { 0 };

	reply_write(&t, s->sip, s->req, &s->remote,
		    &(struct reply){ status, reason, status > 100 ? s->tag : NULL, extra });
	if (!t.failed)
		server_send(s, t.p, t.len, status);
	text_free(&t);
}

void server_reply(struct sip_server *s, int status, const char *reason)
{
	bool full = status == 503;

	server_reply_extra(s, status, reason, full ? str_of("Retry-After: 10\r\n") : str_of(""));
}

void server_end(struct sip_server *s)
{
	struct sip *sip = s->sip;
	struct sip_client *c;

	if (s->state == SERVER_DEAD)
		return;
	s->state = SERVER_DEAD;
	call_unkeep(s);
	while ((c = LIST_FIRST(&s->clients)))
		client_detach(c);
	if (s->key.p && sip->svc->table_get(sip->server_by_key, s->key.p, s->key.len) == s)
		sip->svc->table_del(sip->server_by_key, s->key.p, s->key.len);
	if (s->retry)
		sip->svc->timer_stop(s->retry);
	if (s->end)
		sip->svc->timer_stop(s->end);
	LIST_REMOVE(s, all);
	LIST_INSERT_HEAD(&sip->dead_servers, s, all);
	sip->n_transactions--;
	sip_reap_later(sip);
}

void server_free(struct sip_server *s)
{
	LIST_REMOVE(s, all);
	if (s->retry)
		s->sip->svc->timer_free(s->retry);
	if (s->end)
		s->sip->svc->timer_free(s->end);
	reg_free(s->reg);
	msg_free(s->req);
	str_drop(&s->key);
	str_drop(&s->reason);
	free(s->last);
	free(s);
}
