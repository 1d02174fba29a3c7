#include "transaction.h"

#include <stdlib.h>

#define SEQ_TRIES 16u

/* Tables take octets: these have no padding that is not zero. */
struct key {
	uintptr_t terminal;
	uint64_t to_terminal, seq;
};

static struct h323_transaction *find(struct h323_terminal *t, bool to_terminal, long seq)
{
	struct key k = { (uintptr_t)t, to_terminal, (uint64_t)seq };

	return t->h->svc->table_get(t->h->transaction_by_departure, &k, sizeof(k));
}

struct h323_transaction *transaction_again(struct h323_terminal *t, const struct ras_rx *rx, bool to_terminal)
{
	struct h323_transaction *x = find(t, to_terminal, rx->seq);

	if (x && x->seq_in == rx->seq && x->type == rx->type)
		return x;
	LIST_FOREACH(x, &t->transactions, of_terminal)
	if (x->to_terminal == to_terminal && x->seq_in == rx->seq && x->type == rx->type)
		return x;
	return NULL;
}

struct h323_transaction *transaction_of_answer(struct h323_terminal *t, const struct ras_rx *rx,
					       bool to_terminal)
{
	struct h323_transaction *x = find(t, to_terminal, rx->seq);

	return x && (!rx->request || rx->request == x->type) ? x : NULL;
}

static uint16_t random_seq(struct h323 *h)
{
	uint16_t seq;

	h->svc->random(&seq, sizeof(seq));
	return seq ? seq : 1;
}

static int take(struct h323_transaction *x, long seq)
{
	struct h323_terminal *t = x->terminal;
	struct key k = { (uintptr_t)t, x->to_terminal, (uint64_t)seq };
	int err;

	if (x->to_terminal && t->asked && seq == t->asked)
		return -1;
	err = t->h->svc->table_put(t->h->transaction_by_departure, &k, sizeof(k), x);
	if (!err)
		x->seq_out = seq;
	return err;
}

/* The old one with this number is forgotten if it is answered: numbers come round. */
static int take_seq(struct h323_transaction *x, bool may_change)
{
	struct h323_transaction *old = find(x->terminal, x->to_terminal, x->seq_in);

	if (old && old->answered)
		transaction_end(old);
	if (!take(x, x->seq_in))
		return 0;
	for (unsigned i = 0; may_change && i < SEQ_TRIES; i++)
		if (!take(x, random_seq(x->terminal->h)))
			return 0;
	return -1;
}

uint16_t transaction_own_seq(struct h323_terminal *t)
{
	uint16_t seq = random_seq(t->h);

	for (unsigned i = 0; i < SEQ_TRIES && (find(t, true, seq) || seq == t->asked); i++)
		seq = random_seq(t->h);
	return seq;
}

/* All may take about as long, so the oldest is due first; one that was given more time is looked at again. */
static void sweep_at(struct h323 *h)
{
	const struct h323_transaction *x = TAILQ_FIRST(&h->transactions);
	uint64_t now = h->svc->now_ms(h->host), due;

	if (!x)
		return;
	due = x->touched_ms + x->allowed_ms;
	h->svc->timer_start(h->transaction_sweep, due > now ? due - now : 0);
}

struct h323_transaction *transaction_new(struct h323_terminal *t, const struct ras_rx *rx, bool to_terminal)
{
	struct h323 *h = t->h;
	bool first = TAILQ_EMPTY(&h->transactions);
	struct h323_transaction *x;

	if (h->n_transactions >= h->conf->max_transactions) {
		h->svc->count(h->host, H323_CNT_FULL);
		return NULL;
	}
	x = calloc(1, sizeof(*x));
	if (!x)
		return NULL;
	x->terminal = t;
	x->type = rx->type;
	x->to_terminal = to_terminal;
	x->seq_in = rx->seq;
	x->flow_in = rx->pn->flow;
	x->peer_in = rx->pn->remote;
	x->touched_ms = h->svc->now_ms(h->host);
	x->allowed_ms = h->conf->request_ms;
	if (take_seq(x, rx->pdu.lossless)) {
		free(x);
		return NULL;
	}
	LIST_INSERT_HEAD(&t->transactions, x, of_terminal);
	TAILQ_INSERT_TAIL(&h->transactions, x, in_order);
	h->n_transactions++;
	if (first)
		sweep_at(h);
	return x;
}

void transaction_touch(struct h323_transaction *x, uint64_t allowed_ms)
{
	struct h323 *h = x->terminal->h;

	x->touched_ms = h->svc->now_ms(h->host);
	x->allowed_ms = allowed_ms;
	TAILQ_REMOVE(&h->transactions, x, in_order);
	TAILQ_INSERT_TAIL(&h->transactions, x, in_order);
	sweep_at(h);
}

void transaction_end(struct h323_transaction *x)
{
	struct h323 *h = x->terminal->h;
	struct key k = { (uintptr_t)x->terminal, x->to_terminal, (uint64_t)x->seq_out };

	h->svc->table_del(h->transaction_by_departure, &k, sizeof(k));
	LIST_REMOVE(x, of_terminal);
	TAILQ_REMOVE(&h->transactions, x, in_order);
	h->n_transactions--;
	registration_claim_free(x->claim);
	free(x);
}

void transaction_sweep(void *h323)
{
	struct h323 *h = h323;
	uint64_t now = h->svc->now_ms(h->host);
	struct h323_transaction *x;

	while ((x = TAILQ_FIRST(&h->transactions)) && now - x->touched_ms >= x->allowed_ms) {
		if (!x->answered)
			h->svc->count(h->host, H323_CNT_TIMEOUTS);
		transaction_end(x);
	}
	sweep_at(h);
}
