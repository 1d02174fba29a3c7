#include "gatekeeper.h"

#include <errno.h>
#include <string.h>

#include "alias.h"
#include "feature.h"
#include "forward.h"
#include "keepalive.h"
#include "place.h"
#include "ras_terminal.h"
#include "registration.h"
#include "transport.h"

#define ID_DIGITS 16u

/* What answering needs at hand. */
struct asked {
	struct h323 *h;
	const struct h323_gatekeeper *gk;
	struct ras_rx *rx;
	struct h323_terminal *t; /* NULL: not registered here */
	RasMessage_t out;
	uint8_t zone[512], signal_ip[16], ras_ip[16];
	OCTET_STRING_t zone_text;
};

/* ---- routing ---- */

static const struct h323_prefix *prefix_of(const struct h323_gatekeeper *gk, struct pn_str number)
{
	const struct h323_prefix *best = NULL;

	for (size_t i = 0; i < gk->n_prefixes; i++) {
		const struct h323_prefix *p = &gk->prefix[i];
		size_t n = strlen(p->digits);

		if (n <= number.len && !memcmp(p->digits, number.p, n) && (!best || n > strlen(best->digits)))
			best = p;
	}
	return best;
}

int gatekeeper_route(struct h323 *h, const struct h323_gatekeeper *gk, const struct pn_str *alias, size_t n,
		     struct h323_way *out)
{
	struct h323_terminal *caller = out->caller;
	int err = -ENOENT;

	for (size_t i = 0; i < n && err == -ENOENT; i++) {
		struct h323_terminal *callee = terminal_of_name(h, gk, alias[i]);

		if (callee)
			err = way_to_terminal(callee, out);
	}
	for (size_t i = 0; i < n && err == -ENOENT; i++) {
		const struct h323_prefix *p = prefix_of(gk, alias[i]);

		if (p)
			err = way_to_peer(h, p->realm, p->next_hop, out);
	}
	if (!err)
		out->caller = caller;
	return err;
}

static int route_aliases(const struct asked *q, struct AliasAddress **list, int n, struct h323_way *out)
{
	struct pn_str alias[H323_ALIASES_MAX];
	char text[H323_ALIASES_MAX][256];
	size_t found = 0;

	for (int i = 0; i < n && found < H323_ALIASES_MAX; i++) {
		long len = alias_text(list[i], text[found], sizeof(text[found]));

		if (len > 0) {
			alias[found] = (struct pn_str){ text[found], (size_t)len };
			found++;
		}
	}
	return gatekeeper_route(q->h, q->gk, alias, found, out);
}

/* ---- answers ---- */

static int reply(struct asked *q)
{
	ras_set_seq(&q->out, q->rx->seq);
	return ras_reply(q->h, q->rx, &q->out);
}

static struct pn_addr signal_address(const struct asked *q)
{
	return h323_listener(q->h, q->rx->pn->realm, PN_TCP, q->rx->pn->remote.family);
}

static int put_zone(struct asked *q)
{
	long n = alias_ucs2(str_of(q->gk->zone), q->zone, sizeof(q->zone));

	if (n < 0)
		return (int)n;
	q->zone_text = (OCTET_STRING_t){ .buf = q->zone, .size = (int)n };
	return 0;
}

static bool other_zone(struct asked *q, const OCTET_STRING_t *wanted)
{
	return wanted && ((size_t)wanted->size != (size_t)q->zone_text.size ||
			  memcmp(wanted->buf, q->zone, (size_t)wanted->size));
}

static int confirm_features(struct asked *q, const struct registration_claim *c, struct FeatureSet **set)
{
	int err = 0;

	/* the lists are made in the memory of the request */
	if (c->tunnel)
		err = feature_add(&q->rx->pdu, set, FEATURE_RAS_TUNNEL);
	if (!err && c->traversal)
		err = feature_add(&q->rx->pdu, set, FEATURE_SIGNALLING_TRAVERSAL);
	if (!err && c->media_traversal)
		err = feature_add(&q->rx->pdu, set, FEATURE_MEDIA_TRAVERSAL);
	return err;
}

static int on_discovery(struct asked *q)
{
	const GatekeeperRequest_t *grq = &q->rx->msg->choice.gatekeeperRequest;
	struct registration_claim *claim = registration_claim_new(q->h, q->rx);
	GatekeeperConfirm_t *gcf = &q->out.choice.gatekeeperConfirm;
	struct pn_addr ras = h323_local(q->h, q->rx->pn->flow);
	int err = claim ? put_zone(q) : -EINVAL;

	if (!err && other_zone(q, grq->gatekeeperIdentifier))
		err = -EACCES;
	if (!err)
		err = confirm_features(q, claim, &gcf->featureSet);
	registration_claim_free(claim);
	if (err)
		return err;
	q->out.present = RasMessage_PR_gatekeeperConfirm;
	gcf->protocolIdentifier = grq->protocolIdentifier;
	gcf->gatekeeperIdentifier = &q->zone_text;
	transport_write(&gcf->rasAddress, q->ras_ip, &ras);
	return reply(q);
}

/* Unguessable, so that nobody can speak for another endpoint. */
static void name_endpoint(struct h323_terminal *t)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t random[ID_DIGITS / 2], ucs2[2 * ID_DIGITS];

	if (t->endpoint.len)
		return;
	t->h->svc->random(random, sizeof(random));
	for (size_t i = 0; i < ID_DIGITS; i++) {
		ucs2[2 * i] = 0;
		ucs2[2 * i + 1] = (uint8_t)digits[random[i / 2] >> (i % 2 ? 0 : 4) & 15];
	}
	registration_name(t, (struct pn_str){ (const char *)ucs2, sizeof(ucs2) });
}

static int confirm_registration(struct asked *q, const struct registration_claim *claim, uint32_t ttl_s)
{
	const RegistrationRequest_t *rrq = &q->rx->msg->choice.registrationRequest;
	RegistrationConfirm_t *rcf = &q->out.choice.registrationConfirm;
	struct pn_addr signal = signal_address(q);
	struct TransportAddress address, *list[] = { &address };
	BOOLEAN_t no = 0;
	TimeToLive_t ttl = ttl_s;
	int err = put_zone(q);

	if (!err)
		err = confirm_features(q, claim, &rcf->featureSet);
	if (err)
		return err;
	q->out.present = RasMessage_PR_registrationConfirm;
	rcf->protocolIdentifier = rrq->protocolIdentifier;
	if (signal.family) {
		transport_write(&address, q->signal_ip, &signal);
		rcf->callSignalAddress.list.array = list;
		rcf->callSignalAddress.list.count = rcf->callSignalAddress.list.size = 1;
	}
	if (rrq->terminalAlias && rrq->terminalAlias->list.count) {
		rcf->terminalAlias = aper_alloc(q->rx->pdu.m, sizeof(*rcf->terminalAlias));
		if (rcf->terminalAlias)
			rcf->terminalAlias->list.array = rrq->terminalAlias->list.array;
		if (rcf->terminalAlias)
			rcf->terminalAlias->list.count = rrq->terminalAlias->list.count;
	}
	rcf->gatekeeperIdentifier = &q->zone_text;
	rcf->endpointIdentifier.buf = (uint8_t *)(uintptr_t)q->t->endpoint.p;
	rcf->endpointIdentifier.size = (int)q->t->endpoint.len;
	rcf->timeToLive = &ttl;
	rcf->willRespondToIRR = &no;
	rcf->maintainConnection = &no;
	return reply(q);
}

static int on_registration(struct asked *q)
{
	uint32_t ttl_s = (uint32_t)(q->h->conf->lifetime_ms / 1000);
	struct registration_claim *claim = registration_claim_new(q->h, q->rx);
	int err = claim ? 0 : -EINVAL;

	if (!err && !claim->lightweight && !claim->signal.family)
		err = -EINVAL;
	if (!err)
		err = registration_put(q->h, q->rx, claim, NULL, &q->t);
	if (!err && registration_rival(q->t, q->gk, claim)) {
		registration_refuse(q->t);
		err = -EEXIST;
	}
	if (!err && claim->ttl_s && claim->ttl_s < ttl_s)
		ttl_s = claim->ttl_s;
	if (!err)
		err = registration_accept(q->t, claim, ttl_s * UINT64_C(1000), ttl_s * UINT64_C(1000));
	if (!err) {
		name_endpoint(q->t);
		err = confirm_registration(q, claim, ttl_s);
	}
	registration_claim_free(claim);
	return err;
}

static int on_unregistration(struct asked *q)
{
	struct pn_binding *b = q->t->binding;
	int err;

	q->out.present = RasMessage_PR_unregistrationConfirm;
	err = reply(q);
	q->h->svc->binding_remove(b);
	return err;
}

static long bandwidth(const struct asked *q, long wanted)
{
	return q->gk->bandwidth && wanted > (long)q->gk->bandwidth ? (long)q->gk->bandwidth : wanted;
}

/* Does the answer send it there, not through us? Where calls are direct, and both are in one network. */
static bool is_direct(const struct asked *q, const struct h323_way *way)
{
	return q->gk->direct && way->reach == H323_BY_ADDRESS && way->realm == q->rx->pn->realm;
}

static int put_where(struct asked *q, const struct h323_way *way, struct TransportAddress *out)
{
	struct pn_addr signal = is_direct(q, way) ? way->to : signal_address(q);

	if (!signal.family)
		return -EHOSTUNREACH;
	transport_write(out, q->signal_ip, &signal);
	return 0;
}

/* Where the caller wants to go: to where it was sent, by an alias, or to an endpoint's address. */
static int wanted(const struct asked *q, const AdmissionRequest_t *arq, struct h323_way *way)
{
	struct pn_addr to = transport_get(arq->destCallSignalAddress);
	const struct h323_forward *sent = forward_find(q->h, q->rx->pn->realm, &to);
	struct h323_terminal *t;

	if (sent)
		return forward_way(sent, way);
	if (!arq->destinationInfo) {
		t = place_known(q->h, q->rx->pn->realm, &q->rx->pn->remote, &to);
		return t ? way_to_terminal(t, way) : -ENOENT;
	}
	return route_aliases(q, arq->destinationInfo->list.array, arq->destinationInfo->list.count, way);
}

static int admit(struct asked *q, const AdmissionRequest_t *arq, const struct h323_way *way)
{
	struct h323_admission *a = admission_get(q->t, ras_call(q->rx->msg),
						 arq->answerCall ? ADMISSION_ANSWERS : ADMISSION_CALLS);

	if (!a)
		return -ENOSPC;
	a->way = *way;
	a->bandwidth = (uint32_t)bandwidth(q, arq->bandWidth);
	return 0;
}

static int on_admission(struct asked *q)
{
	const AdmissionRequest_t *arq = &q->rx->msg->choice.admissionRequest;
	AdmissionConfirm_t *acf = &q->out.choice.admissionConfirm;
	struct h323_way way = { 0 };
	BOOLEAN_t no = 0;
	int err = 0;

	if (!arq->answerCall)
		err = wanted(q, arq, &way);
	way.caller = q->t;
	if (!err)
		err = put_where(q, &way, &acf->destCallSignalAddress);
	if (!err)
		err = admit(q, arq, &way);
	if (err) {
		q->h->svc->count(q->h->host, H323_CNT_ADMISSIONS_REFUSED);
		return err;
	}
	q->h->svc->count(q->h->host, H323_CNT_ADMISSIONS);
	q->out.present = RasMessage_PR_admissionConfirm;
	acf->callModel.present = is_direct(q, &way) ? CallModel_PR_direct : CallModel_PR_gatekeeperRouted;
	acf->bandWidth = bandwidth(q, arq->bandWidth);
	acf->willRespondToIRR = &no;
	return reply(q);
}

static struct h323_admission *admission_of(const struct asked *q)
{
	const uint8_t *call = ras_call(q->rx->msg);

	for (int kind = ADMISSION_CALLS; call && kind <= ADMISSION_ANSWERS; kind++) {
		struct h323_admission *a = admission_find(q->h, q->t->access, call, kind);

		if (a && a->terminal == q->t)
			return a;
	}
	return NULL;
}

static int on_bandwidth(struct asked *q)
{
	long wanted = q->rx->msg->choice.bandwidthRequest.bandWidth;
	struct h323_admission *a = admission_of(q);

	if (bandwidth(q, wanted) != wanted)
		return -EDQUOT;
	if (a)
		a->bandwidth = (uint32_t)wanted;
	q->out.present = RasMessage_PR_bandwidthConfirm;
	q->out.choice.bandwidthConfirm.bandWidth = wanted;
	return reply(q);
}

static int on_disengagement(struct asked *q)
{
	struct h323_admission *a = admission_of(q);

	if (a)
		admission_end(q->h, a);
	q->out.present = RasMessage_PR_disengageConfirm;
	return reply(q);
}

static int on_location(struct asked *q)
{
	const LocationRequest_t *lrq = &q->rx->msg->choice.locationRequest;
	struct pn_addr ras = h323_local(q->h, q->rx->pn->flow);
	LocationConfirm_t *lcf = &q->out.choice.locationConfirm;
	struct h323_way way = { .reach = 0 };
	int err = route_aliases(q, lrq->destinationInfo.list.array, lrq->destinationInfo.list.count, &way);

	if (!err)
		err = put_where(q, &way, &lcf->callSignalAddress);
	if (err)
		return err;
	q->out.present = RasMessage_PR_locationConfirm;
	transport_write(&lcf->rasAddress, q->ras_ip, &ras);
	return reply(q);
}

static int on_resources(struct asked *q)
{
	q->out.present = RasMessage_PR_resourcesAvailableConfirm;
	q->out.choice.resourcesAvailableConfirm.protocolIdentifier =
		q->rx->msg->choice.resourcesAvailableIndicate.protocolIdentifier;
	return reply(q);
}

static int on_report(struct asked *q)
{
	const InfoRequestResponse_t *irr = &q->rx->msg->choice.infoRequestResponse;

	if (!irr->needResponse || !*irr->needResponse)
		return 0;
	q->out.present = RasMessage_PR_infoRequestAck;
	return reply(q);
}

static const struct {
	RasMessage_PR type;
	bool anybody; /* else only who is registered */
	int (*run)(struct asked *q);
} verbs[] = {
	{ RasMessage_PR_gatekeeperRequest, true, on_discovery },
	{ RasMessage_PR_registrationRequest, true, on_registration },
	{ RasMessage_PR_locationRequest, true, on_location },
	{ RasMessage_PR_unregistrationRequest, false, on_unregistration },
	{ RasMessage_PR_admissionRequest, false, on_admission },
	{ RasMessage_PR_bandwidthRequest, false, on_bandwidth },
	{ RasMessage_PR_disengageRequest, false, on_disengagement },
	{ RasMessage_PR_resourcesAvailableIndicate, false, on_resources },
	{ RasMessage_PR_infoRequestResponse, false, on_report },
};

static int run(struct asked *q)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (verbs[i].type == q->rx->type)
			return verbs[i].anybody || q->t ? verbs[i].run(q) : -EACCES;
	return -EOPNOTSUPP;
}

void gatekeeper_receive(struct h323 *h, const struct h323_gatekeeper *gk, struct ras_rx *rx)
{
	struct asked q = { .h = h, .gk = gk, .rx = rx, .t = terminal_of_sender(h, rx->pn, rx->endpoint) };
	bool registers = rx->type == RasMessage_PR_registrationRequest ||
			 rx->type == RasMessage_PR_gatekeeperRequest;
	int err;

	if (q.t && !registers) {
		registration_moved(q.t, rx->pn);
		if (rx->kind != RAS_REQUEST && ras_terminal_answered_us(q.t, rx))
			return;
	}
	err = run(&q);
	if (err == -EOPNOTSUPP && rx->kind != RAS_REQUEST)
		h->svc->count(h->host, H323_CNT_STRAY);
	else if (err)
		ras_refuse(h, rx, err);
}
