#include "ras.h"

#include <errno.h>
#include <stddef.h>

#include "gatekeeper.h"
#include "keepalive.h"
#include "ras_gatekeeper.h"
#include "ras_refuse.h"
#include "ras_terminal.h"
#include "ras_tunnel.h"

#define M(member) offsetof(struct RasMessage, choice.member)
#define SEQ(member) M(member.requestSeqNum)

/* Where each message has its number and its endpointIdentifier; 0: nowhere. `inside`: the identifier is not
 * optional, so it lies in the struct itself. */
static const struct row {
	enum ras_kind kind;
	RasMessage_PR request;
	size_t seq, endpoint;
	bool inside;
} rows[] = {
	[RasMessage_PR_gatekeeperRequest] = { RAS_REQUEST, 0, SEQ(gatekeeperRequest), 0, false },
	[RasMessage_PR_gatekeeperConfirm] = { RAS_CONFIRM, RasMessage_PR_gatekeeperRequest,
					      SEQ(gatekeeperConfirm), 0, false },
	[RasMessage_PR_gatekeeperReject] = { RAS_REJECT, RasMessage_PR_gatekeeperRequest,
					     SEQ(gatekeeperReject), 0, false },
	[RasMessage_PR_registrationRequest] = { RAS_REQUEST, 0, SEQ(registrationRequest),
						M(registrationRequest.endpointIdentifier), false },
	[RasMessage_PR_registrationConfirm] = { RAS_CONFIRM, RasMessage_PR_registrationRequest,
						SEQ(registrationConfirm), 0, false },
	[RasMessage_PR_registrationReject] = { RAS_REJECT, RasMessage_PR_registrationRequest,
					       SEQ(registrationReject), 0, false },
	[RasMessage_PR_unregistrationRequest] = { RAS_REQUEST, 0, SEQ(unregistrationRequest),
						  M(unregistrationRequest.endpointIdentifier), false },
	[RasMessage_PR_unregistrationConfirm] = { RAS_CONFIRM, RasMessage_PR_unregistrationRequest,
						  SEQ(unregistrationConfirm), 0, false },
	[RasMessage_PR_unregistrationReject] = { RAS_REJECT, RasMessage_PR_unregistrationRequest,
						 SEQ(unregistrationReject), 0, false },
	[RasMessage_PR_admissionRequest] = { RAS_REQUEST, 0, SEQ(admissionRequest),
					     M(admissionRequest.endpointIdentifier), true },
	[RasMessage_PR_admissionConfirm] = { RAS_CONFIRM, RasMessage_PR_admissionRequest,
					     SEQ(admissionConfirm), 0, false },
	[RasMessage_PR_admissionReject] = { RAS_REJECT, RasMessage_PR_admissionRequest, SEQ(admissionReject),
					    0, false },
	[RasMessage_PR_bandwidthRequest] = { RAS_REQUEST, 0, SEQ(bandwidthRequest),
					     M(bandwidthRequest.endpointIdentifier), true },
	[RasMessage_PR_bandwidthConfirm] = { RAS_CONFIRM, RasMessage_PR_bandwidthRequest,
					     SEQ(bandwidthConfirm), 0, false },
	[RasMessage_PR_bandwidthReject] = { RAS_REJECT, RasMessage_PR_bandwidthRequest, SEQ(bandwidthReject),
					    0, false },
	[RasMessage_PR_disengageRequest] = { RAS_REQUEST, 0, SEQ(disengageRequest),
					     M(disengageRequest.endpointIdentifier), true },
	[RasMessage_PR_disengageConfirm] = { RAS_CONFIRM, RasMessage_PR_disengageRequest,
					     SEQ(disengageConfirm), 0, false },
	[RasMessage_PR_disengageReject] = { RAS_REJECT, RasMessage_PR_disengageRequest, SEQ(disengageReject),
					    0, false },
	[RasMessage_PR_locationRequest] = { RAS_REQUEST, 0, SEQ(locationRequest),
					    M(locationRequest.endpointIdentifier), false },
	[RasMessage_PR_locationConfirm] = { RAS_CONFIRM, RasMessage_PR_locationRequest, SEQ(locationConfirm),
					    0, false },
	[RasMessage_PR_locationReject] = { RAS_REJECT, RasMessage_PR_locationRequest, SEQ(locationReject), 0,
					   false },
	[RasMessage_PR_infoRequest] = { RAS_REQUEST, 0, SEQ(infoRequest), 0, false },
	/* an answer to IRQ, or unasked: then InfoRequestAck answers it */
	[RasMessage_PR_infoRequestResponse] = { RAS_CONFIRM, RasMessage_PR_infoRequest,
						SEQ(infoRequestResponse),
						M(infoRequestResponse.endpointIdentifier), true },
	[RasMessage_PR_nonStandardMessage] = { RAS_OTHER, 0, SEQ(nonStandardMessage), 0, false },
	[RasMessage_PR_unknownMessageResponse] = { RAS_REJECT, 0, SEQ(unknownMessageResponse), 0, false },
	[RasMessage_PR_requestInProgress] = { RAS_PROGRESS, 0, SEQ(requestInProgress), 0, false },
	[RasMessage_PR_resourcesAvailableIndicate] = { RAS_REQUEST, 0, SEQ(resourcesAvailableIndicate),
						       M(resourcesAvailableIndicate.endpointIdentifier),
						       true },
	[RasMessage_PR_resourcesAvailableConfirm] = { RAS_CONFIRM, RasMessage_PR_resourcesAvailableIndicate,
						      SEQ(resourcesAvailableConfirm), 0, false },
	[RasMessage_PR_infoRequestAck] = { RAS_CONFIRM, RasMessage_PR_infoRequestResponse,
					   SEQ(infoRequestAck), 0, false },
	[RasMessage_PR_infoRequestNak] = { RAS_REJECT, RasMessage_PR_infoRequestResponse,
					   SEQ(infoRequestNak), 0, false },
	[RasMessage_PR_serviceControlIndication] = { RAS_REQUEST, 0, SEQ(serviceControlIndication),
						     M(serviceControlIndication.endpointIdentifier), false },
	[RasMessage_PR_serviceControlResponse] = { RAS_CONFIRM, RasMessage_PR_serviceControlIndication,
						   SEQ(serviceControlResponse), 0, false },
	[RasMessage_PR_admissionConfirmSequence] = { RAS_CONFIRM, RasMessage_PR_admissionRequest, 0, 0,
						     false },
};

static const struct row *row_of(RasMessage_PR type)
{
	static const struct row none;

	return type > 0 && (size_t)type < sizeof(rows) / sizeof(rows[0]) ? &rows[type] : &none;
}

/* The number of an AdmissionConfirmSequence is that of each of its confirms. */
static long *seq_of(RasMessage_t *m)
{
	size_t at = row_of(m->present)->seq;

	if (m->present == RasMessage_PR_admissionConfirmSequence)
		return m->choice.admissionConfirmSequence.list.count
			       ? &m->choice.admissionConfirmSequence.list.array[0]->requestSeqNum
			       : NULL;
	return at ? (long *)((char *)m + at) : NULL;
}

void ras_set_seq(RasMessage_t *m, long seq)
{
	long *at = seq_of(m);

	if (at)
		*at = seq;
	if (m->present == RasMessage_PR_admissionConfirmSequence)
		for (int i = 0; i < m->choice.admissionConfirmSequence.list.count; i++)
			m->choice.admissionConfirmSequence.list.array[i]->requestSeqNum = seq;
}

static struct pn_str endpoint_of(const RasMessage_t *m)
{
	const struct row *row = row_of(m->present);
	const BMPString_t *s = NULL;

	if (row->endpoint && row->inside)
		s = (const BMPString_t *)((const char *)m + row->endpoint);
	else if (row->endpoint)
		s = *(BMPString_t *const *)((const char *)m + row->endpoint);
	return s ? (struct pn_str){ (const char *)s->buf, (size_t)s->size } : (struct pn_str){ NULL, 0 };
}

static const uint8_t *guid(const struct CallIdentifier *c, const OCTET_STRING_t *conference)
{
	if (c && c->guid.size == 16)
		return c->guid.buf;
	return conference && conference->size == 16 ? conference->buf : NULL;
}

const uint8_t *ras_call(const RasMessage_t *m)
{
	switch (m->present) {
	case RasMessage_PR_admissionRequest:
		return guid(m->choice.admissionRequest.callIdentifier,
			    &m->choice.admissionRequest.conferenceID);
	case RasMessage_PR_bandwidthRequest:
		return guid(m->choice.bandwidthRequest.callIdentifier,
			    &m->choice.bandwidthRequest.conferenceID);
	case RasMessage_PR_disengageRequest:
		return guid(m->choice.disengageRequest.callIdentifier,
			    &m->choice.disengageRequest.conferenceID);
	default:
		return NULL;
	}
}

static int put(struct h323 *h, uint64_t flow, const struct pn_addr *to, const void *p, size_t len)
{
	uint8_t wrapped[H323_PDU_MAX];
	long n;

	if (!ras_tunnel_is(h, flow))
		return h->svc->flow_send(h->host, flow, to, p, len);
	n = ras_tunnel_wrap((struct pn_str){ p, len }, wrapped, sizeof(wrapped));
	return n < 0 ? (int)n : h->svc->flow_send(h->host, flow, NULL, wrapped, (size_t)n);
}

int ras_send(struct h323 *h, const RasMessage_t *m, uint64_t flow, const struct pn_addr *to)
{
	long n = aper_write_value(&asn_DEF_RasMessage, m, h->out, sizeof(h->out));

	return n < 0 ? (int)n : put(h, flow, to, h->out, (size_t)n);
}

int ras_send_edited(struct h323 *h, const struct ras_rx *rx, uint64_t flow, const struct pn_addr *to)
{
	long n = pdu_write(&rx->pdu, h->out, sizeof(h->out));

	return n < 0 ? (int)n : put(h, flow, to, h->out, (size_t)n);
}

int ras_reply(struct h323 *h, const struct ras_rx *rx, const RasMessage_t *m)
{
	h->svc->count(h->host, H323_CNT_RAS_REPLIES);
	return ras_send(h, m, rx->pn->flow, &rx->pn->remote);
}

static int read(struct h323 *h, const struct pn_msg *m, struct ras_rx *rx)
{
	struct pn_str text = { (const char *)m->data, m->len };
	int err = pdu_counted(h, &rx->pdu, pdu_read(&asn_DEF_RasMessage, text, &rx->pdu));
	const long *seq;

	if (err)
		return err;
	rx->pn = m;
	rx->msg = rx->pdu.root;
	rx->type = rx->msg->present;
	rx->kind = row_of(rx->type)->kind;
	rx->request = row_of(rx->type)->request;
	seq = seq_of(rx->msg);
	rx->seq = seq ? *seq : 0;
	rx->endpoint = endpoint_of(rx->msg);
	return 0;
}

static void dispatch(struct h323 *h, struct ras_rx *rx)
{
	struct pn_realm *from = rx->pn->realm;
	struct h323_terminal *t = terminal_of_alias(h, from, &rx->pn->local);
	const struct h323_gatekeeper *gk = h323_gatekeeper_of(h, from);
	const struct h323_route *r = h323_route_from(h, from);

	if (t)
		ras_from_gatekeeper(t, rx);
	else if (gk)
		gatekeeper_receive(h, gk, rx);
	else if (r && r->gatekeepers.n)
		ras_from_terminal(h, r, rx);
	else
		ras_refuse(h, rx, -EHOSTUNREACH);
}

/* Nothing in it can be changed: whoever sent it is known by its address alone. */
static void forward_unread(struct h323 *h, const struct pn_msg *m)
{
	struct h323_terminal *t = terminal_of_alias(h, m->realm, &m->local);
	const struct pn_binding_info *info;
	struct pn_addr to;

	h->svc->count(h->host, H323_CNT_UNDECODABLE);
	h->svc->bad_input(h->host, m, "not a RAS message");
	if (!h->conf->forward)
		return;
	if (t) {
		to = terminal_pinhole(t);
		put(h, t->flow, &to, m->data, m->len);
		return;
	}
	t = terminal_of_sender(h, m, (struct pn_str){ NULL, 0 });
	if (!t || !t->core)
		return;
	info = h->svc->binding_info(t->binding);
	h->svc->flow_send(h->host, info->alias_udp, &t->gatekeeper, m->data, m->len);
}

static void receive(struct h323 *h, const struct pn_msg *m)
{
	struct ras_rx rx = { 0 };

	h->svc->count(h->host, H323_CNT_RAS);
	if (read(h, m, &rx)) {
		forward_unread(h, m);
		return;
	}
	dispatch(h, &rx);
	pdu_free(&rx.pdu);
}

/* Discovery by multicast (H.225.0 7.7): from then on it is our own address that speaks. */
static bool came_by_group(const struct pn_addr *local)
{
	return local->family == 4 && local->ip[0] >> 4 == 14;
}

void ras_receive(struct h323 *h, const struct pn_msg *m)
{
	struct pn_msg own = *m;

	if (!m->len)
		return; /* keeps a NAT open */
	if (came_by_group(&m->local)) {
		own.flow = h->svc->flow_listener(h->host, m->realm, PN_UDP, m->local.family);
		own.local = h323_local(h, own.flow);
	}
	if (own.local.family)
		receive(h, &own);
}
