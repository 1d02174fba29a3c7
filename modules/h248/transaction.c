#include "transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pass.h"

#define RESEND_FIRST_MS 500u
#define RESENDS_MAX 7u

/* Compared octet by octet, so all of it is set. */
struct key {
	const struct h248_gateway *gw;
	uint8_t way, family;
	uint8_t ip[16];
	uint32_t id;
};

static struct key key_in(const struct h248_gateway *gw, enum h248_way way,
			 const struct pn_addr *from, uint32_t id)
{
	struct key k;

	memset(&k, 0, sizeof(k));
	k.gw = gw;
	k.way = way == H248_DOWN;
	k.id = id;
	if (way == H248_DOWN) {
		k.family = from->family;
		memcpy(k.ip, from->ip, sizeof(k.ip));
	}
	return k;
}

static struct key key_out(const struct h248_gateway *gw, enum h248_way way, uint32_t id)
{
	struct pn_addr nobody = { 0 };

	return key_in(gw, way, &nobody, id);
}

struct h248_tx *transaction_arrived(struct h248_gateway *gw, enum h248_way way,
				    const struct pn_addr *from, uint32_t id)
{
	struct key k = key_in(gw, way, from, id);

	return gw->h->svc->table_get(gw->h->tx_in, &k, sizeof(k));
}

struct h248_tx *transaction_departed(struct h248_gateway *gw, enum h248_way way, uint32_t id)
{
	struct key k = key_out(gw, way, id);

	return gw->h->svc->table_get(gw->h->tx_out, &k, sizeof(k));
}

/* ---- making one ---- */

static int take_id_out(struct h248_tx *t, uint32_t want)
{
	struct h248 *h = t->gw->h;
	struct key k = key_out(t->gw, t->way, want);

	if (h->svc->table_get(h->tx_out, &k, sizeof(k)))
		h->svc->count(h->host, H248_CNT_RENUMBERED);
	while (h->svc->table_get(h->tx_out, &k, sizeof(k))) {
		k.id = t->gw->next_id++ & INT32_MAX;
		k.id = k.id ? k.id : 1;
	}
	t->id_out = k.id;
	return h->svc->table_put(h->tx_out, &k, sizeof(k), t);
}

void transaction_replace(struct h248_tx *t)
{
	struct h248 *h = t->gw->h;
	struct key in = key_in(t->gw, t->way, &t->peer_in, t->id_in);

	if (t->ours == H248_PASSES && h->svc->table_get(h->tx_in, &in, sizeof(in)) == t)
		h->svc->table_del(h->tx_in, &in, sizeof(in));
}

void transaction_replace_older(const struct h248_tx *t)
{
	struct h248_tx *old = LIST_NEXT(t, of_gateway);

	for (; old; old = LIST_NEXT(old, of_gateway))
		if (old->way == t->way)
			transaction_replace(old);
}

static void forget(struct h248_tx *t)
{
	struct h248 *h = t->gw->h;
	struct key out = key_out(t->gw, t->way, t->id_out);

	transaction_replace(t);
	if (h->svc->table_get(h->tx_out, &out, sizeof(out)) == t)
		h->svc->table_del(h->tx_out, &out, sizeof(out));
}

static void arm_sweep(struct h248 *h)
{
	const struct h248_tx *first = TAILQ_FIRST(&h->history);
	uint64_t now = h->svc->now_ms(h->host), due;

	if (!first)
		return;
	due = first->touched_ms + h->conf->transaction_ms;
	h->svc->timer_start(h->sweep, due > now ? due - now : 0);
}

static struct h248_tx *make(struct h248_gateway *gw, enum h248_way way)
{
	struct h248 *h = gw->h;
	struct h248_tx *t = h->n_tx < h->conf->max_tx ? calloc(1, sizeof(*t)) : NULL;

	if (!t) {
		h->svc->count(h->host, H248_CNT_FULL);
		return NULL;
	}
	t->gw = gw;
	t->way = way;
	t->touched_ms = t->asked_ms = h->svc->now_ms(h->host);
	return t;
}

static struct h248_tx *enlist(struct h248_tx *t)
{
	struct h248 *h = t->gw->h;
	bool first = TAILQ_EMPTY(&h->history);

	TAILQ_INSERT_TAIL(&h->history, t, in_history);
	LIST_INSERT_HEAD(&t->gw->transactions, t, of_gateway);
	h->n_tx++;
	if (first)
		arm_sweep(h);
	return t;
}

struct h248_tx *transaction_new(struct h248_gateway *gw, enum h248_way way,
				const struct h248_hop *from, uint32_t id)
{
	struct h248 *h = gw->h;
	struct h248_tx *t = make(gw, way);
	struct key k;

	if (!t)
		return NULL;
	t->id_in = id;
	t->flow_in = from->flow;
	t->peer_in = from->to;
	k = key_in(gw, way, &t->peer_in, id);
	if (!h->svc->table_put(h->tx_in, &k, sizeof(k), t) && !take_id_out(t, id))
		return enlist(t);
	forget(t);
	free(t);
	return NULL;
}

struct h248_tx *transaction_ours(struct h248_gateway *gw, enum h248_way way, enum h248_ours what)
{
	struct h248_tx *t = make(gw, way);
	uint32_t id = gw->next_id++ & INT32_MAX;

	if (!t)
		return NULL;
	t->ours = what;
	t->state = H248_SENT;
	if (!take_id_out(t, id ? id : 1))
		return enlist(t);
	free(t);
	return NULL;
}

void transaction_touch(struct h248_tx *t)
{
	struct h248 *h = t->gw->h;

	TAILQ_REMOVE(&h->history, t, in_history);
	TAILQ_INSERT_TAIL(&h->history, t, in_history);
	t->touched_ms = h->svc->now_ms(h->host);
}

void transaction_end(struct h248 *h, struct h248_tx *t)
{
	pass_forget_tx(h, t);
	for (size_t i = 0; i < t->n_adds; i++)
		call_unnamed(h, t->adds[i].call);
	forget(t);
	TAILQ_REMOVE(&h->history, t, in_history);
	LIST_REMOVE(t, of_gateway);
	if (t->due_ms)
		TAILQ_REMOVE(&h->own, t, in_own);
	h->n_tx--;
	str_drop(&t->reply);
	str_drop(&t->ends);
	free(t->adds);
	free(t->undo);
	free(t->relatch);
	free(t);
}

void transaction_sweep(void *h248)
{
	struct h248 *h = h248;
	uint64_t now = h->svc->now_ms(h->host);
	struct h248_tx *t;

	while ((t = TAILQ_FIRST(&h->history)) && now >= t->touched_ms + h->conf->transaction_ms) {
		if (t->state == H248_SENT && t->ours != H248_OURS_KEEPALIVE)
			h->svc->count(h->host, H248_CNT_TIMEOUTS);
		transaction_end(h, t);
	}
	arm_sweep(h);
}

/* ---- ours ---- */

static void send_again(struct h248_tx *t, const struct h248_hop *hop)
{
	struct h248 *h = t->gw->h;
	uint64_t now = h->svc->now_ms(h->host);

	memcpy(h->out + H248_TPKT, t->reply.p, t->reply.len);
	h248_send(h, hop->flow, &hop->to, t->reply.len);
	t->due_ms = now + (RESEND_FIRST_MS << t->sends++);
}

static int hop_of(struct h248_tx *t, struct h248_hop *out)
{
	return t->way == H248_DOWN ? gateway_down(t->gw, out) : gateway_up(t->gw, &t->sent_to, out);
}

static void arm_resend(struct h248 *h)
{
	uint64_t now = h->svc->now_ms(h->host), first = UINT64_MAX;
	const struct h248_tx *t;

	TAILQ_FOREACH(t, &h->own, in_own)
	first = t->due_ms < first ? t->due_ms : first;
	if (first != UINT64_MAX)
		h->svc->timer_start(h->resend, first > now ? first - now : 0);
}

void transaction_send_ours(struct h248_tx *t, const struct h248_hop *hop, struct pn_str own)
{
	t->reply = own;
	t->sent_to = hop->to;
	if (!own.p)
		return;
	send_again(t, hop);
	TAILQ_INSERT_TAIL(&t->gw->h->own, t, in_own);
	arm_resend(t->gw->h);
}

void transaction_resend(void *h248)
{
	struct h248 *h = h248;
	uint64_t now = h->svc->now_ms(h->host);
	struct h248_tx *t, *next;
	struct h248_hop hop;

	for (t = TAILQ_FIRST(&h->own); t; t = next) {
		next = TAILQ_NEXT(t, in_own);
		if (t->due_ms > now)
			continue;
		if (t->state == H248_REPLIED || t->sends >= RESENDS_MAX || hop_of(t, &hop)) {
			TAILQ_REMOVE(&h->own, t, in_own);
			t->due_ms = 0;
		} else {
			send_again(t, &hop);
		}
	}
	arm_resend(h);
}
