#include "transaction.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "message.h"
#include "own.h"

#define ID_TRIES 16u
#define RESEND_FIRST_MS 500u
#define RESEND_MAX_MS 4000u
#define RESENDS_MAX 7u
#define RESEND_GRID_MS 100u /* so that many are sent again by one timer */
#define OCTETS_EACH 1024u   /* for all together: so many times the limit of transactions */

/* Tables take octets: these have no padding that is not zero. */
struct key {
	uint64_t flow, domain;
	uint8_t ip[16];
	uint32_t id;
	uint16_t port;
	uint8_t family, side;
};

enum { ARRIVAL_ANY = 1, TO_GATEWAY, TO_AGENT };

#define FNV_BASIS 14695981039346656037u
#define FNV_PRIME 1099511628211u

/* A gateway's port may change between two sendings of a command: only call agents are told by it. */
static struct key arrival_key(const struct mgcp_transaction *t, bool any_domain)
{
	struct key k = { .flow = t->flow_in,
			 .domain = any_domain ? 0 : t->domain,
			 .id = t->id_in,
			 .port = t->from_gateway ? 0 : t->peer_in.port,
			 .family = t->peer_in.family,
			 .side = ARRIVAL_ANY };

	memcpy(k.ip, t->peer_in.ip, sizeof(k.ip));
	return k;
}

/* Never 0, which stands for any. */
static uint64_t domain_of(const struct mgcp_msg *m)
{
	struct pn_str s = m->endpoint.domain;
	uint64_t h = FNV_BASIS;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (uint8_t)tolower((unsigned char)s.p[i])) * FNV_PRIME;
	return h | 1;
}

/* A call agent may answer from another of its addresses, a gateway from another port. */
static struct key departure_key(uint64_t flow, const struct pn_addr *to, bool from_gateway,
				uint32_t id)
{
	struct key k = { .flow = flow, .id = id, .side = from_gateway ? TO_AGENT : TO_GATEWAY };

	if (!from_gateway) {
		k.family = to->family;
		memcpy(k.ip, to->ip, sizeof(k.ip));
	}
	return k;
}

static uint64_t mix(uint64_t h, struct pn_str s)
{
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (uint8_t)s.p[i]) * FNV_PRIME;
	return (h ^ 0xff) * FNV_PRIME;
}

/* FNV-1a over what makes a command: for comparing what was received, not for secrets. */
static uint64_t print_of(const struct mgcp_msg *m)
{
	uint64_t h = mix(mix(FNV_BASIS, m->verb_text), m->endpoint.local);

	for (size_t i = 0; i < m->n_params; i++)
		if (m->param[i].code != MGCP_P_ACK)
			h = mix(mix(h, m->param[i].name), m->param[i].value);
	for (size_t i = 0; i < m->n_sdp; i++)
		h = mix(h, m->sdp[i]);
	return h;
}

struct mgcp_transaction *transaction_arrived(struct mgcp *g, const struct mgcp_rx *rx, uint32_t id)
{
	struct mgcp_transaction like = { .from_gateway = mgcp_is_access(g, rx->pn->realm),
					 .id_in = id,
					 .flow_in = rx->pn->flow,
					 .peer_in = rx->pn->remote,
					 .domain = domain_of(rx->msg) };
	struct key k = arrival_key(&like, !rx->msg->command);

	return g->svc->table_get(g->by_arrival, &k, sizeof(k));
}

static void forget_ack(struct mgcp *g, struct mgcp_transaction *t)
{
	struct key k = arrival_key(t, true);

	if (t->acked)
		g->svc->table_del(g->by_arrival, &k, sizeof(k));
	t->acked = false;
}

void transaction_expect_ack(struct mgcp *g, struct mgcp_transaction *t)
{
	struct key k = arrival_key(t, true);
	struct mgcp_transaction *other = g->svc->table_get(g->by_arrival, &k, sizeof(k));

	if (other && other != t)
		forget_ack(g, other);
	if (!t->acked && !t->replaced)
		t->acked = !g->svc->table_put(g->by_arrival, &k, sizeof(k), t);
}

struct mgcp_transaction *transaction_departed(struct mgcp *g, uint64_t flow,
					      const struct pn_addr *from, bool from_gateway,
					      uint32_t id)
{
	struct key k = departure_key(flow, from, from_gateway, id);

	return g->svc->table_get(g->by_departure, &k, sizeof(k));
}

/* An id that nothing else has which left the same way and may still be remembered there. */
static int take_id(struct mgcp *g, struct mgcp_transaction *t, uint32_t wish)
{
	for (unsigned i = 0; i < ID_TRIES; i++) {
		struct key k;
		uint32_t r;
		int err;

		if (i || !wish) {
			g->svc->random(&r, sizeof(r));
			wish = 1 + r % 999999999u;
		}
		k = departure_key(t->flow_out, &t->peer_out, t->from_gateway, wish);
		err = g->svc->table_put(g->by_departure, &k, sizeof(k), t);
		if (!err) {
			t->id_out = wish;
			return 0;
		}
		if (err != -EEXIST)
			return err;
	}
	return -ENOSPC;
}

static void sweep_at(struct mgcp *g)
{
	const struct mgcp_transaction *t = TAILQ_FIRST(&g->history);
	uint64_t now = g->svc->now_ms(g->host), due;

	if (!t)
		return;
	due = t->touched_ms + g->conf->history_ms;
	g->svc->timer_start(g->sweep, due > now ? due - now : 0);
}

static struct mgcp_transaction *add(struct mgcp *g, struct mgcp_gateway *gw, bool from_gateway,
				    const struct mgcp_hop *hop, size_t octets)
{
	struct mgcp_transaction *t;

	if (g->n_transactions >= g->conf->max_transactions ||
	    (g->octets + octets) / OCTETS_EACH > g->conf->max_transactions) {
		g->svc->count(g->host, MGCP_CNT_FULL);
		return NULL;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->gateway = gw;
	t->from_gateway = from_gateway;
	t->flow_out = hop->flow;
	t->peer_out = t->asked = hop->to;
	t->touched_ms = g->svc->now_ms(g->host);
	t->octets = octets;
	return t;
}

static void link_in(struct mgcp *g, struct mgcp_transaction *t)
{
	bool first = TAILQ_EMPTY(&g->history);

	LIST_INSERT_HEAD(&t->gateway->transactions, t, of_gateway);
	TAILQ_INSERT_TAIL(&g->history, t, in_history);
	g->n_transactions++;
	g->octets += t->octets;
	if (first)
		sweep_at(g);
}

struct mgcp_transaction *transaction_new(struct mgcp *g, const struct mgcp_rx *rx,
					 struct mgcp_gateway *gw, bool from_gateway,
					 const struct mgcp_hop *hop)
{
	struct mgcp_transaction *t = add(g, gw, from_gateway, hop, rx->msg->text.len);
	struct key k;

	if (!t)
		return NULL;
	t->verb = rx->msg->verb;
	t->id_in = rx->msg->id;
	t->flow_in = rx->pn->flow;
	t->peer_in = rx->pn->remote;
	t->domain = domain_of(rx->msg);
	t->print = print_of(rx->msg);
	k = arrival_key(t, false);
	if (take_id(g, t, t->id_in)) {
		free(t);
		return NULL;
	}
	if (g->svc->table_put(g->by_arrival, &k, sizeof(k), t)) {
		k = departure_key(t->flow_out, &t->peer_out, from_gateway, t->id_out);
		g->svc->table_del(g->by_departure, &k, sizeof(k));
		free(t);
		return NULL;
	}
	if (t->id_out != t->id_in)
		g->svc->count(g->host, MGCP_CNT_RENUMBERED);
	link_in(g, t);
	return t;
}

struct mgcp_transaction *transaction_ours(struct mgcp *g, struct mgcp_gateway *gw,
					  enum mgcp_ours what, bool from_gateway,
					  const struct mgcp_hop *hop)
{
	struct mgcp_transaction *t = add(g, gw, from_gateway, hop, 0);

	if (!t)
		return NULL;
	t->ours = what;
	t->state = MGCP_SENT;
	if (take_id(g, t, 0)) {
		free(t);
		return NULL;
	}
	link_in(g, t);
	return t;
}

void transaction_touch(struct mgcp *g, struct mgcp_transaction *t)
{
	t->touched_ms = g->svc->now_ms(g->host);
	TAILQ_REMOVE(&g->history, t, in_history);
	TAILQ_INSERT_TAIL(&g->history, t, in_history);
}

int transaction_redirect(struct mgcp *g, struct mgcp_transaction *t, const struct mgcp_hop *hop)
{
	struct key old = departure_key(t->flow_out, &t->peer_out, t->from_gateway, t->id_out);
	struct key k = departure_key(hop->flow, &hop->to, t->from_gateway, t->id_out);

	if (memcmp(&old, &k, sizeof(k))) {
		if (g->svc->table_put(g->by_departure, &k, sizeof(k), t))
			return -EEXIST;
		g->svc->table_del(g->by_departure, &old, sizeof(old));
	}
	t->flow_out = hop->flow;
	t->peer_out = hop->to;
	return 0;
}

bool transaction_same(const struct mgcp_transaction *t, const struct mgcp_msg *m)
{
	return t->print == print_of(m);
}

void transaction_replace(struct mgcp *g, struct mgcp_transaction *t)
{
	struct key k = arrival_key(t, false);

	g->svc->table_del(g->by_arrival, &k, sizeof(k));
	forget_ack(g, t);
	t->replaced = true;
}

void transaction_end(struct mgcp *g, struct mgcp_transaction *t)
{
	struct key k = departure_key(t->flow_out, &t->peer_out, t->from_gateway, t->id_out);

	g->svc->table_del(g->by_departure, &k, sizeof(k));
	if (t->ours == MGCP_PASSES && !t->replaced)
		transaction_replace(g, t);
	if (t->wait)
		t->wait->t = NULL;
	if (t->due_ms)
		TAILQ_REMOVE(&g->own, t, in_own);
	TAILQ_REMOVE(&g->history, t, in_history);
	LIST_REMOVE(t, of_gateway);
	g->n_transactions--;
	g->octets -= t->octets;
	str_drop(&t->request);
	str_drop(&t->answer);
	str_drop(&t->scope.endpoint);
	str_drop(&t->scope.call);
	str_drop(&t->scope.connection);
	str_drop(&t->entity);
	free(t);
}

void transaction_sweep(void *mgcp)
{
	struct mgcp *g = mgcp;
	uint64_t now = g->svc->now_ms(g->host);
	struct mgcp_transaction *t;

	while ((t = TAILQ_FIRST(&g->history)) && now - t->touched_ms >= g->conf->history_ms) {
		if (t->due_ms) { /* it has a time of its own */
			transaction_touch(g, t);
			continue;
		}
		if (t->ours == MGCP_PASSES && t->state != MGCP_ANSWERED) {
			g->svc->count(g->host, MGCP_CNT_TIMEOUTS);
			command_unanswered(g, t);
		}
		transaction_end(g, t);
	}
	sweep_at(g);
}

static void resend_at(struct mgcp *g, uint64_t due_ms)
{
	uint64_t now = g->svc->now_ms(g->host);

	if (g->resend_ms && g->resend_ms <= due_ms)
		return;
	g->resend_ms = due_ms;
	g->svc->timer_start(g->resend, due_ms > now ? due_ms - now : 0);
}

static void send_again(struct mgcp *g, struct mgcp_transaction *t)
{
	uint64_t wait = RESEND_FIRST_MS << t->sends;

	g->svc->flow_send(g->host, t->flow_out, &t->peer_out, t->request.p, t->request.len);
	t->sends++;
	t->due_ms = g->svc->now_ms(g->host) + (wait > RESEND_MAX_MS ? RESEND_MAX_MS : wait);
	t->due_ms += (RESEND_GRID_MS - t->due_ms % RESEND_GRID_MS) % RESEND_GRID_MS;
}

void transaction_send_ours(struct mgcp *g, struct mgcp_transaction *t, struct pn_str text)
{
	if (str_set(&t->request, text))
		return;
	send_again(g, t);
	TAILQ_INSERT_TAIL(&g->own, t, in_own);
	resend_at(g, t->due_ms);
}

void transaction_resend(void *mgcp)
{
	struct mgcp *g = mgcp;
	uint64_t now = g->svc->now_ms(g->host), first = UINT64_MAX;
	struct mgcp_transaction *t, *next;

	for (t = TAILQ_FIRST(&g->own); t; t = next) {
		unsigned max = t->ours == MGCP_OURS_CHALLENGE ? 4 : RESENDS_MAX;

		next = TAILQ_NEXT(t, in_own);
		if (t->due_ms <= now && t->sends >= max) {
			own_failed(g, t);
			transaction_end(g, t);
			continue;
		}
		if (t->due_ms <= now)
			send_again(g, t);
		first = t->due_ms < first ? t->due_ms : first;
	}
	g->resend_ms = 0;
	if (first != UINT64_MAX)
		resend_at(g, first);
}
