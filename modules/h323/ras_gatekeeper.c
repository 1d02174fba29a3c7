#include "ras_gatekeeper.h"

#include <errno.h>

#include "feature.h"
#include "ras_address.h"
#include "transaction.h"
#include "transport.h"

#define FOREVER_MS 86400000u /* a lifetime that the gatekeeper did not limit */

/* Is it a configured gatekeeper? An alias is open to all of the core realm. */
static bool is_gatekeeper(const struct h323_terminal *t, const struct pn_addr *from)
{
	const struct h323_route *r = h323_route_from(t->h, t->access);

	return addr_same_ip(from, &t->gatekeeper) || (r && softswitch_known(&r->gatekeepers, from));
}

static void add_features(struct h323_transaction *x, struct ras_rx *rx, struct FeatureSet **set)
{
	feature_remove(&rx->pdu, set, FEATURE_RAS_TUNNEL);
	feature_remove(&rx->pdu, set, FEATURE_SIGNALLING_TRAVERSAL);
	feature_remove(&rx->pdu, set, FEATURE_MEDIA_TRAVERSAL);
	if (x->claim->tunnel)
		feature_add(&rx->pdu, set, FEATURE_RAS_TUNNEL);
	if (x->claim->traversal && feature_add(&rx->pdu, set, FEATURE_SIGNALLING_TRAVERSAL))
		x->claim->traversal = false;
	if (x->claim->media_traversal && feature_add(&rx->pdu, set, FEATURE_MEDIA_TRAVERSAL))
		x->claim->media_traversal = false;
}

static void discovered(struct h323_transaction *x, struct ras_rx *rx)
{
	GatekeeperConfirm_t *c = &rx->msg->choice.gatekeeperConfirm;
	struct pn_addr ras = transport_get(&c->rasAddress);

	if (is_gatekeeper(x->terminal, &ras))
		x->terminal->gatekeeper = ras;
	if (x->claim)
		add_features(x, rx, &c->featureSet);
}

/* The lifetime that the terminal hears of is short, so that it keeps its pinhole open. */
static uint64_t shorten(const struct h323 *h, struct ras_rx *rx, RegistrationConfirm_t *c)
{
	TimeToLive_t ours = (TimeToLive_t)(h->conf->lifetime_ms / 1000);

	if (rx->pdu.lossless && (!c->timeToLive || *c->timeToLive > ours)) {
		if (!c->timeToLive)
			c->timeToLive = aper_alloc(rx->pdu.m, sizeof(*c->timeToLive));
		if (c->timeToLive)
			*c->timeToLive = ours;
	}
	return c->timeToLive ? (uint64_t)*c->timeToLive * 1000 : FOREVER_MS;
}

static void registered(struct h323_transaction *x, struct ras_rx *rx)
{
	RegistrationConfirm_t *c = &rx->msg->choice.registrationConfirm;
	struct h323_terminal *t = x->terminal;
	uint64_t upstream = c->timeToLive ? (uint64_t)*c->timeToLive * 1000 : FOREVER_MS;
	uint64_t granted = shorten(t->h, rx, c);
	int err;

	if (!x->claim)
		return;
	add_features(x, rx, &c->featureSet);
	registration_name(t, (struct pn_str){ (const char *)c->endpointIdentifier.buf,
					      (size_t)c->endpointIdentifier.size });
	err = registration_accept(t, x->claim, granted, upstream);
	if (err)
		t->h->svc->log(t->h->host, PN_LOG_WARN, "registration not kept: error %d", -err);
}

/* Where the gatekeeper wants the terminal to call, before we put ourselves in between. */
static void admitted(struct h323_transaction *x, const RasMessage_t *m)
{
	struct pn_addr to = ras_address_where(m);
	struct h323_admission *a = x->has_call && to.family ? admission_get(x->terminal, x->call, x->kind) : NULL;

	if (!a)
		return;
	a->way = (struct h323_way){ .reach = H323_BY_ADDRESS,
				    .realm = x->terminal->core,
				    .to = to,
				    .caller = x->terminal };
	if (m->present == RasMessage_PR_admissionConfirm)
		a->bandwidth = (uint32_t)m->choice.admissionConfirm.bandWidth;
}

static void disengaged(struct h323_transaction *x)
{
	struct h323_terminal *t = x->terminal;

	for (int kind = ADMISSION_CALLS; x->has_call && kind <= ADMISSION_ANSWERS; kind++) {
		struct h323_admission *a = admission_find(t->h, t->access, x->call, kind);

		if (a && a->terminal == t)
			admission_end(t->h, a);
	}
}

static void refused(struct h323_transaction *x)
{
	if (!x->terminal->registered || (x->claim && !x->claim->lightweight))
		registration_refuse(x->terminal);
}

/* Of a lightweight registration it need not say it again. */
static void learn_signal(struct h323_terminal *t, const RasMessage_t *rcf)
{
	struct pn_addr signal = ras_address_where(rcf);

	if (signal.family)
		t->gatekeeper_signal = signal;
}

/* What the answer means for us. */
static void learn(struct h323_transaction *x, struct ras_rx *rx)
{
	const struct h323 *h = x->terminal->h;

	if (rx->type == RasMessage_PR_gatekeeperConfirm) {
		discovered(x, rx);
	} else if (rx->type == RasMessage_PR_registrationConfirm) {
		learn_signal(x->terminal, rx->msg);
		registered(x, rx);
	} else if (rx->type == RasMessage_PR_admissionConfirm ||
		   rx->type == RasMessage_PR_admissionConfirmSequence) {
		h->svc->count(h->host, H323_CNT_ADMISSIONS);
		admitted(x, rx->msg);
	} else if (rx->type == RasMessage_PR_admissionReject) {
		h->svc->count(h->host, H323_CNT_ADMISSIONS_REFUSED);
		admitted(x, rx->msg);
	} else if (rx->type == RasMessage_PR_locationConfirm) {
		admitted(x, rx->msg);
	} else if (rx->type == RasMessage_PR_disengageConfirm) {
		disengaged(x);
	}
}

static int send_to_terminal(struct h323_terminal *t, struct ras_rx *rx, struct h323_transaction *x)
{
	struct pn_addr pinhole = terminal_pinhole(t);
	int err = ras_address_to_terminal(t, rx);

	if (err) {
		h323_unsent(t->h, err);
		return err;
	}
	ras_set_seq(rx->msg, x->to_terminal ? x->seq_out : x->seq_in);
	if (x->to_terminal)
		return ras_send_edited(t->h, rx, t->flow, &pinhole);
	return ras_send_edited(t->h, rx, x->flow_in, &x->peer_in);
}

static void answer(struct h323_terminal *t, struct ras_rx *rx)
{
	struct h323_transaction *x = transaction_of_answer(t, rx, false);
	uint64_t more = t->h->conf->request_ms;
	int err;

	if (!x) {
		t->h->svc->count(t->h->host, H323_CNT_STRAY);
		return;
	}
	if (rx->kind == RAS_PROGRESS && rx->msg->choice.requestInProgress.delay > 0)
		more += (uint64_t)rx->msg->choice.requestInProgress.delay;
	transaction_touch(x, more);
	x->answered = rx->kind != RAS_PROGRESS;
	learn(x, rx);
	err = send_to_terminal(t, rx, x);
	if (err)
		t->h->svc->log(t->h->host, PN_LOG_WARN, "answer to a terminal not sent: error %d", -err);
	if (rx->type == RasMessage_PR_unregistrationConfirm)
		t->h->svc->binding_remove(t->binding);
	else if (rx->type == RasMessage_PR_registrationReject || rx->type == RasMessage_PR_gatekeeperReject)
		refused(x);
}

static void request(struct h323_terminal *t, struct ras_rx *rx)
{
	struct h323_transaction *x = transaction_again(t, rx, true);
	int err;

	if (!x)
		x = transaction_new(t, rx, true);
	if (!x) {
		ras_refuse(t->h, rx, -ENOSPC);
		return;
	}
	x->flow_in = rx->pn->flow;
	x->peer_in = rx->pn->remote;
	x->answered = false;
	transaction_touch(x, t->h->conf->request_ms);
	err = send_to_terminal(t, rx, x);
	if (err)
		ras_refuse(t->h, rx, err);
}

void ras_from_gatekeeper(struct h323_terminal *t, struct ras_rx *rx)
{
	if (!is_gatekeeper(t, &rx->pn->remote)) {
		t->h->svc->count(t->h->host, H323_CNT_STRAY);
		t->h->svc->bad_input(t->h->host, rx->pn, "not from a configured gatekeeper");
		return;
	}
	if (rx->kind == RAS_REQUEST || rx->kind == RAS_OTHER)
		request(t, rx);
	else
		answer(t, rx);
}
