#include "ras_terminal.h"

#include <errno.h>
#include <string.h>

#include "alias.h"
#include "feature.h"
#include "keepalive.h"
#include "ras_address.h"
#include "transaction.h"
#include "traversal_ras.h"

#define ADDRESSES_MAX 64u /* of all gatekeepers of a route that are looked at */

/* The gatekeeper after this one, or the first; they are tried in turn. */
static int next_gatekeeper(struct h323_terminal *t, const struct h323_route *r)
{
	uint8_t family = terminal_alias(t).family;
	struct pn_addr a = t->gatekeeper;

	for (size_t i = 0; i < ADDRESSES_MAX && !softswitch_next(&r->gatekeepers, &a, &a); i++)
		if (a.family == family) {
			t->gatekeeper = a;
			return 0;
		}
	return -EHOSTUNREACH;
}

static bool registers(RasMessage_PR type)
{
	return type == RasMessage_PR_gatekeeperRequest || type == RasMessage_PR_registrationRequest;
}

/* What it registers as is between it and us where that is ours to provide. */
static void remove_features(const struct h323 *h, struct ras_rx *rx)
{
	struct FeatureSet **set = NULL;

	if (rx->type == RasMessage_PR_gatekeeperRequest)
		set = &rx->msg->choice.gatekeeperRequest.featureSet;
	else if (rx->type == RasMessage_PR_registrationRequest)
		set = &rx->msg->choice.registrationRequest.featureSet;
	if (!set || !h->conf->traversal)
		return;
	feature_remove(&rx->pdu, set, FEATURE_RAS_TUNNEL);
	feature_remove(&rx->pdu, set, FEATURE_SIGNALLING_TRAVERSAL);
	feature_remove(&rx->pdu, set, FEATURE_MEDIA_TRAVERSAL);
}

static int forward(struct h323_terminal *t, struct ras_rx *rx, long seq, const struct pn_addr *to)
{
	const struct pn_binding_info *info = t->h->svc->binding_info(t->binding);
	int err = ras_address_to_gatekeeper(t, rx);

	if (err) {
		h323_unsent(t->h, err);
		return err;
	}
	remove_features(t->h, rx);
	if (seq != rx->seq)
		ras_set_seq(rx->msg, seq);
	return ras_send_edited(t->h, rx, info->alias_udp, to);
}

/* Nobody answered the first times: another gatekeeper may, if it need not know the terminal yet. */
static void fail_over(struct h323_transaction *x, const struct h323_route *r)
{
	struct h323_terminal *t = x->terminal;
	struct pn_addr was = t->gatekeeper;

	if (!registers(x->type) || x->answered || x->sends < 2 || next_gatekeeper(t, r) ||
	    addr_same(&was, &t->gatekeeper))
		return;
	t->h->svc->count(t->h->host, H323_CNT_FAILOVERS);
	x->sends = 0;
}

/* Which call it is about, or who is looked for. */
static void note_call(struct h323_transaction *x, const struct ras_rx *rx)
{
	const LocationRequest_t *lrq = &rx->msg->choice.locationRequest;
	const uint8_t *call = ras_call(rx->msg);
	char text[H323_ALIAS_LEN];
	long n = 0;

	x->kind = ADMISSION_CALLS;
	if (rx->type == RasMessage_PR_locationRequest && lrq->destinationInfo.list.count)
		n = alias_text(lrq->destinationInfo.list.array[0], text, sizeof(text));
	if (n > 0) {
		x->kind = ADMISSION_LOCATES;
		admission_located(x->terminal, (struct pn_str){ text, (size_t)n }, x->call);
	} else if (call) {
		memcpy(x->call, call, H323_GUID);
	}
	if (rx->type == RasMessage_PR_admissionRequest && rx->msg->choice.admissionRequest.answerCall)
		x->kind = ADMISSION_ANSWERS;
	x->has_call = n > 0 || call;
}

static int request(struct h323_terminal *t, const struct h323_route *r, struct ras_rx *rx,
		   struct registration_claim **claim)
{
	struct h323_transaction *x = transaction_again(t, rx, false);
	int err = t->gatekeeper.family ? 0 : next_gatekeeper(t, r);

	if (err)
		return err;
	if (x) {
		fail_over(x, r);
		registration_claim_free(x->claim);
	} else {
		x = transaction_new(t, rx, false);
	}
	if (!x)
		return -ENOSPC;
	x->claim = *claim;
	*claim = NULL;
	x->flow_in = rx->pn->flow;
	x->peer_in = rx->pn->remote;
	x->peer_out = t->gatekeeper;
	x->answered = false;
	note_call(x, rx);
	transaction_touch(x, t->h->conf->request_ms);
	x->sends++;
	return forward(t, rx, x->seq_out, &x->peer_out);
}

bool ras_terminal_answered_us(struct h323_terminal *t, const struct ras_rx *rx)
{
	if (rx->type == RasMessage_PR_infoRequestResponse)
		return keepalive_answered(t, rx);
	if (rx->type == RasMessage_PR_serviceControlResponse)
		return traversal_answered(t, rx);
	return rx->type == RasMessage_PR_unknownMessageResponse &&
	       (keepalive_answered(t, rx) || traversal_answered(t, rx));
}

/* An answer to its gatekeeper. false: nothing was asked. */
static bool answer(struct h323_terminal *t, struct ras_rx *rx)
{
	struct h323_transaction *x = transaction_of_answer(t, rx, true);
	int err;

	if (!x)
		return false;
	x->answered = rx->kind != RAS_PROGRESS;
	err = forward(t, rx, x->seq_in, &x->peer_in);
	if (err)
		t->h->svc->log(t->h->host, PN_LOG_WARN, "answer to the gatekeeper not sent: error %d", -err);
	if (rx->type == RasMessage_PR_unregistrationConfirm)
		t->h->svc->binding_remove(t->binding);
	return true;
}

static void from_known(struct h323_terminal *t, const struct h323_route *r, struct ras_rx *rx)
{
	struct registration_claim *none = NULL;
	bool asks = rx->kind == RAS_REQUEST || rx->kind == RAS_OTHER;
	int err;

	registration_moved(t, rx->pn);
	if (!asks && (ras_terminal_answered_us(t, rx) || answer(t, rx)))
		return;
	if (!asks && rx->type != RasMessage_PR_infoRequestResponse) {
		t->h->svc->count(t->h->host, H323_CNT_STRAY);
		return;
	}
	err = request(t, r, rx, &none);
	if (err)
		ras_refuse(t->h, rx, err);
}

static void registering(struct h323 *h, const struct h323_route *r, struct ras_rx *rx)
{
	struct registration_claim *claim = registration_claim_new(h, rx);
	struct h323_terminal *t;
	int err = claim ? registration_put(h, rx, claim, r->to, &t) : -EINVAL;

	if (!err)
		err = request(t, r, rx, &claim);
	if (err)
		ras_refuse(h, rx, err);
	registration_claim_free(claim);
}

void ras_from_terminal(struct h323 *h, const struct h323_route *r, struct ras_rx *rx)
{
	struct h323_terminal *t;

	if (registers(rx->type)) {
		registering(h, r, rx);
		return;
	}
	t = terminal_of_sender(h, rx->pn, rx->endpoint);
	if (t && t->core == r->to) {
		from_known(t, r, rx);
		return;
	}
	h->svc->count(h->host, H323_CNT_STRAY);
	ras_refuse(h, rx, -EACCES);
}
