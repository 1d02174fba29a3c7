#include "keepalive.h"

#include <errno.h>
#include <string.h>

#include "ras_tunnel.h"
#include "transaction.h"

#define IRQ_LEN 64u

static void remove_lost(void *h323)
{
	struct h323 *h = h323;
	struct h323_terminal *t, *next;
	char text[H323_ADDR_LEN];

	for (t = LIST_FIRST(&h->terminals); t; t = next) {
		struct pn_str name = terminal_name(t, text);

		next = LIST_NEXT(t, all);
		if (!t->lost)
			continue;
		h->svc->count(h->host, H323_CNT_TERMINALS_LOST);
		h->svc->log(h->host, PN_LOG_WARN, "terminal %.*s lost: %u keepalives not answered",
			    (int)name.len, name.p, t->unanswered);
		h->svc->binding_remove(t->binding);
	}
}

long keepalive_write(struct h323_terminal *t, void *out, size_t cap)
{
	RasMessage_t m = { .present = RasMessage_PR_infoRequest };
	struct h323 *h = t->h;
	bool probing = h->svc->binding_info(t->binding)->probing;
	uint8_t ras[IRQ_LEN];
	long n;

	if (t->unanswered >= h->conf->lost_after && !probing) {
		t->lost = true;
		h->svc->defer(h->host, remove_lost, h);
		return -ENOENT;
	}
	t->asked = transaction_own_seq(t);
	ras_set_seq(&m, t->asked);
	n = aper_write_value(&asn_DEF_RasMessage, &m, ras, sizeof(ras));
	if (n > 0 && ras_tunnel_is(h, t->flow))
		n = ras_tunnel_wrap((struct pn_str){ (const char *)ras, (size_t)n }, out, cap);
	else if (n > 0 && (size_t)n <= cap)
		memcpy(out, ras, (size_t)n);
	if (n < 0 || (size_t)n > cap)
		return n < 0 ? n : -ENOBUFS;
	t->unanswered += !probing;
	h->svc->count(h->host, H323_CNT_KEEPALIVES);
	return n;
}

bool keepalive_answered(struct h323_terminal *t, const struct ras_rx *rx)
{
	struct pn_addr pinhole = terminal_pinhole(t);

	if (!t->asked || rx->seq != t->asked || !addr_same_ip(&pinhole, &rx->pn->remote))
		return false;
	t->asked = 0;
	t->unanswered = 0;
	t->h->svc->count(t->h->host, H323_CNT_KEEPALIVE_ANSWERS);
	t->h->svc->binding_alive(t->binding);
	return true;
}
