#include "h323_message.h"

#include <stdio.h>

#include "H323-UserInformation.h"
#include "aper.h"
#include "h323_call.h"
#include "h323_channel.h"
#include "h323_control.h"
#include "h323_log.h"
#include "h323_q931.h"
#include "h323_traverse.h"

static OCTET_STRING_t *octets(const void *p, size_t n)
{
	OCTET_STRING_t *s = build_make(sizeof(*s));

	build_octets(s, p, n);
	return s;
}

/* H.245 that waits goes with the message; in a Setup with fast start it has a place of its own. */
static void put_queue(struct terminal *t, H323_UU_PDU_t *pdu)
{
	struct control_queue *q = &t->queue;
	Setup_UUIE_t *setup = &pdu->h323_message_body.choice.setup;
	void *list;

	if (!q->n)
		return;
	if (pdu->h323_message_body.present == H323_UU_PDU__h323_message_body_PR_setup && setup->fastStart) {
		setup->parallelH245Control = build_make(sizeof(*setup->parallelH245Control));
		list = &setup->parallelH245Control->list;
	} else {
		pdu->h245Control = build_make(sizeof(*pdu->h245Control));
		list = &pdu->h245Control->list;
	}
	for (int i = 0; i < q->n; i++)
		build_add(list, octets(q->data[i], q->len[i]));
	q->n = 0;
}

/* The call's tunnelling and all that waits are added; display may be NULL. */
static void send_message(struct terminal *t, enum q931_type type, H323_UserInformation_t *info, const char *display)
{
	static uint8_t user[Q931_MAX], out[Q931_MAX + 1024];
	struct q931 m = { .type = type, .reference = t->call.reference, .answering = !t->call.calling, .user = user };
	long n;

	info->h323_uu_pdu.h245Tunneling = build_bool(t->call.calling ? t->o.tunnel : t->call.tunnels);
	put_queue(t, &info->h323_uu_pdu);
	n = aper_write_value(&asn_DEF_H323_UserInformation, info, user, sizeof(user));
	if (n < 0) {
		terminal_fail(t, "a message of ours cannot be encoded");
		return;
	}
	m.user_len = (size_t)n;
	log_sent(q931_name(type), &asn_DEF_H323_UserInformation, user, m.user_len);
	link_send(t->call.link, out, q931_write(&m, display, out));
}

void message_flush(struct terminal *t)
{
	H323_UserInformation_t info = { 0 };

	if (!t->queue.n || t->call.link->fd < 0)
		return;
	build_begin();
	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_empty;
	send_message(t, Q931_FACILITY, &info, NULL);
}

void message_facility(struct terminal *t, FacilityReason_PR reason, const struct sockaddr_in *h245)
{
	H323_UserInformation_t info = { 0 };
	Facility_UUIE_t *f = &info.h323_uu_pdu.h323_message_body.choice.facility;

	build_begin();
	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_facility;
	build_h225_version(&f->protocolIdentifier);
	f->reason.present = reason;
	f->callIdentifier = call_identifier(t);
	f->h245Address = h245 ? build_new_address(h245) : NULL;
	send_message(t, Q931_FACILITY, &info, NULL);
}

static void put_proposals(struct terminal *t, Setup_UUIE_t *s)
{
	s->fastStart = build_make(sizeof(*s->fastStart));
	for (int i = 0; i < 2 * MEDIA_MAX; i++)
		if (t->call.offered_len[i / 2][i % 2])
			build_add(&s->fastStart->list,
				octets(t->call.offered[i / 2][i % 2], t->call.offered_len[i / 2][i % 2]));
}

static void log_call(const struct terminal *t)
{
	char id[2 * BUILD_GUID + 1];

	for (size_t i = 0; i < BUILD_GUID; i++)
		snprintf(id + 2 * i, 3, "%02x", t->call.id[i]);
	log_event("placed", "\"call\": \"%u:%s\"", t->call.reference, id);
}

void message_setup(struct terminal *t)
{
	H323_UserInformation_t info = { 0 };
	Setup_UUIE_t *s = &info.h323_uu_pdu.h323_message_body.choice.setup;
	struct sockaddr_in source = t->call.local;

	log_call(t);
	if (t->o.fast)
		channel_offer(t);
	if (t->o.h245_in_setup && t->o.tunnel)
		control_start(t);
	build_begin();
	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_setup;
	build_h225_version(&s->protocolIdentifier);
	if (t->o.h245_in_setup && !t->o.tunnel)
		s->h245Address = build_new_address(&t->control.declared);
	s->sourceAddress = build_make(sizeof(*s->sourceAddress));
	build_add(&s->sourceAddress->list, build_alias(t->o.alias));
	build_terminal(&s->sourceInfo);
	if (t->o.call) {
		s->destinationAddress = build_make(sizeof(*s->destinationAddress));
		build_add(&s->destinationAddress->list, build_alias(t->o.call));
	}
	s->destCallSignalAddress = build_new_address(&t->call.peer);
	s->sourceCallSignalAddress = build_new_address(&source);
	build_octets(&s->conferenceID, t->call.conference, BUILD_GUID);
	s->conferenceGoal.present = Setup_UUIE__conferenceGoal_PR_create;
	s->callType.present = CallType_PR_pointToPoint;
	s->callIdentifier = call_identifier(t);
	s->mediaWaitForConnect = build_bool(false);
	s->canOverlapSend = build_bool(false);
	s->multipleCalls = build_bool(t->host || t->next);
	s->maintainConnection = build_bool(t->host || t->next);
	if (t->o.fast)
		put_proposals(t, s);
	s->supportedFeatures = build_make(sizeof(*s->supportedFeatures));
	if (!traverse_put_feature(t, &s->supportedFeatures->list))
		s->supportedFeatures = NULL;
	t->call.state = CALL_SETUP;
	send_message(t, Q931_SETUP, &info, t->o.alias);
}

/* The address that the called side offers for H.245, where it does not tunnel. */
static TransportAddress_t *own_h245(const struct terminal *t, bool now)
{
	return now && !t->call.tunnels && !t->call.h245_of_setup.sin_port ? build_new_address(&t->control.declared) : NULL;
}

/* The answers to what fast start proposed. */
struct fast {
	uint8_t data[2 * MEDIA_MAX][512];
	size_t len[2 * MEDIA_MAX];
	int n;
};

/* Once: nothing if that was done. */
static void answer_fast(struct terminal *t, struct fast *f)
{
	for (int i = 0; t->call.fast && !t->call.fast_told && i < 2 * MEDIA_MAX; i++)
		if (t->call.offered_len[i / 2][i % 2] &&
		    channel_answer(t, t->call.offered[i / 2][i % 2], t->call.offered_len[i / 2][i % 2], f->data[f->n],
			    &f->len[f->n]))
			f->n++;
	t->call.fast_told = t->call.fast;
}

static void put_fast(const struct fast *f, void *list)
{
	for (int i = 0; i < f->n; i++)
		build_add(list, octets(f->data[i], f->len[i]));
}

void message_progress(struct terminal *t)
{
	H323_UserInformation_t proceeding = { 0 }, alerting = { 0 };
	CallProceeding_UUIE_t *p = &proceeding.h323_uu_pdu.h323_message_body.choice.callProceeding;
	Alerting_UUIE_t *a = &alerting.h323_uu_pdu.h323_message_body.choice.alerting;
	struct fast fast = { .n = 0 };

	build_begin();
	proceeding.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_callProceeding;
	build_h225_version(&p->protocolIdentifier);
	build_terminal(&p->destinationInfo);
	p->callIdentifier = call_identifier(t);
	p->multipleCalls = build_bool(false);
	p->maintainConnection = build_bool(false);
	p->h245Address = own_h245(t, t->o.early_h245);
	p->featureSet = traverse_feature_set(t);
	send_message(t, Q931_PROCEEDING, &proceeding, NULL);
	if (t->o.early_media)
		answer_fast(t, &fast);
	build_begin();
	alerting.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_alerting;
	build_h225_version(&a->protocolIdentifier);
	build_terminal(&a->destinationInfo);
	a->callIdentifier = call_identifier(t);
	a->multipleCalls = build_bool(false);
	a->maintainConnection = build_bool(false);
	a->featureSet = traverse_feature_set(t);
	if (fast.n) {
		a->fastStart = build_make(sizeof(*a->fastStart));
		put_fast(&fast, &a->fastStart->list);
	}
	send_message(t, Q931_ALERTING, &alerting, NULL);
}

void message_connect(struct terminal *t)
{
	H323_UserInformation_t info = { 0 };
	Connect_UUIE_t *c = &info.h323_uu_pdu.h323_message_body.choice.connect;
	struct fast fast = { .n = 0 };

	answer_fast(t, &fast);
	build_begin();
	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_connect;
	build_h225_version(&c->protocolIdentifier);
	build_terminal(&c->destinationInfo);
	build_octets(&c->conferenceID, t->call.conference, BUILD_GUID);
	c->callIdentifier = call_identifier(t);
	c->multipleCalls = build_bool(false);
	c->maintainConnection = build_bool(false);
	c->h245Address = own_h245(t, true);
	c->featureSet = traverse_feature_set(t);
	if (fast.n) {
		c->fastStart = build_make(sizeof(*c->fastStart));
		put_fast(&fast, &c->fastStart->list);
	}
	send_message(t, Q931_CONNECT, &info, t->o.alias);
	t->call.state = CALL_UP;
	log_event("up", "\"fast\": %s, \"tunnels\": %s", t->call.fast ? "true" : "false",
		t->call.tunnels ? "true" : "false");
}

void message_release(struct terminal *t)
{
	H323_UserInformation_t info = { 0 };
	ReleaseComplete_UUIE_t *r = &info.h323_uu_pdu.h323_message_body.choice.releaseComplete;

	build_begin();
	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_releaseComplete;
	build_h225_version(&r->protocolIdentifier);
	r->callIdentifier = call_identifier(t);
	if (t->o.busy) {
		r->reason = build_make(sizeof(*r->reason));
		r->reason->present = ReleaseCompleteReason_PR_inConf;
	}
	send_message(t, Q931_RELEASE_COMPLETE, &info, NULL);
}
