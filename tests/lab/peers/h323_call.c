#include "h323_call.h"

#include <stdlib.h>
#include <string.h>

#include "H323-UserInformation.h"
#include "aper.h"
#include "h323_channel.h"
#include "h323_control.h"
#include "h323_feature.h"
#include "h323_log.h"
#include "h323_q931.h"
#include "h323_ras.h"

struct octets_list {
	OCTET_STRING_t **array;
	int n;
};

/* The list of a component that may be absent. */
#define OCTETS_OF(p) (p ? (struct octets_list){ (p)->list.array, (p)->list.count } : (struct octets_list){ NULL, 0 })

CallIdentifier_t *call_identifier(const struct terminal *t)
{
	CallIdentifier_t *id = build_make(sizeof(*id));

	build_octets(&id->guid, t->call.id, BUILD_GUID);
	return id;
}

int call_begin(struct terminal *t)
{
	link_init(&t->call.link);
	t->call.local = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = t->o.address,
		.sin_port = htons(t->o.signal_port) };
	return link_listen(&t->call.link, &t->call.local);
}

static OCTET_STRING_t *octets(const void *p, size_t n)
{
	OCTET_STRING_t *s = build_make(sizeof(*s));

	build_octets(s, p, n);
	return s;
}

/* H.245 that waits goes with the message; in a Setup with fast start it has a place of its own. */
static void put_queue(H323_UU_PDU_t *pdu)
{
	struct control_queue *q = control_queue();
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
	put_queue(&info->h323_uu_pdu);
	n = aper_write_value(&asn_DEF_H323_UserInformation, info, user, sizeof(user));
	if (n < 0) {
		terminal_fail(t, "a message of ours cannot be encoded");
		return;
	}
	m.user_len = (size_t)n;
	log_event("sent", "\"message\": \"%s\"", q931_name(type));
	link_send(&t->call.link, out, q931_write(&m, display, out));
}

void call_flush(struct terminal *t)
{
	H323_UserInformation_t info = { 0 };

	if (!control_queue()->n || t->call.link.fd < 0)
		return;
	build_begin();
	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_empty;
	send_message(t, Q931_FACILITY, &info, NULL);
}

static void send_facility(struct terminal *t, FacilityReason_PR reason, const struct sockaddr_in *h245)
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

void call_start_h245(struct terminal *t)
{
	send_facility(t, FacilityReason_PR_startH245, &t->control.local);
}

void call_fetch(struct terminal *t, const struct sockaddr_in *from, const uint8_t id[BUILD_GUID])
{
	struct call *c = &t->call;

	if (c->state != CALL_NONE || c->link.fd >= 0)
		return;
	memcpy(c->id, id, BUILD_GUID);
	c->calling = false;
	c->reference = 0;
	if (link_connect(&c->link, t->o.address, from)) {
		terminal_fail(t, "the address of the indication cannot be reached");
		return;
	}
	send_facility(t, FacilityReason_PR_undefinedReason, NULL);
}

static void put_proposals(struct terminal *t, Setup_UUIE_t *s)
{
	s->fastStart = build_make(sizeof(*s->fastStart));
	for (int i = 0; i < 2 * t->media.n; i++)
		build_add(&s->fastStart->list, octets(t->call.offered[i / 2][i % 2], t->call.offered_len[i / 2][i % 2]));
}

static void send_setup(struct terminal *t)
{
	H323_UserInformation_t info = { 0 };
	Setup_UUIE_t *s = &info.h323_uu_pdu.h323_message_body.choice.setup;
	struct sockaddr_in source = t->call.local;

	if (t->o.fast)
		channel_offer(t);
	if (t->o.h245_in_setup && t->o.tunnel)
		control_start(t);
	build_begin();
	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_setup;
	build_h225_version(&s->protocolIdentifier);
	if (t->o.h245_in_setup && !t->o.tunnel)
		s->h245Address = build_new_address(&t->control.local);
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
	s->multipleCalls = build_bool(false);
	s->maintainConnection = build_bool(false);
	if (t->o.fast)
		put_proposals(t, s);
	t->call.state = CALL_SETUP;
	send_message(t, Q931_SETUP, &info, t->o.alias);
}

static void random_guid(uint8_t out[BUILD_GUID])
{
	for (size_t i = 0; i < BUILD_GUID; i++)
		out[i] = (uint8_t)(random() >> 8);
}

void call_place(struct terminal *t)
{
	struct call *c = &t->call;

	t->placed = true;
	c->calling = true;
	c->reference = (uint16_t)(1 + random() % 32000);
	random_guid(c->conference);
	random_guid(c->id);
	c->state = CALL_ADMITTING;
	if (control_listen(t)) {
		terminal_fail(t, "no socket for H.245");
		return;
	}
	if (t->o.gatekeeper.sin_port)
		ras_admit(t);
	else
		call_admitted(t, &t->o.to);
}

/* The address that the called side offers for H.245, where it does not tunnel. */
static TransportAddress_t *own_h245(const struct terminal *t, bool now)
{
	return now && !t->call.tunnels && !t->call.h245_of_setup.sin_port ? build_new_address(&t->control.local) : NULL;
}

static void send_progress(struct terminal *t)
{
	H323_UserInformation_t proceeding = { 0 }, alerting = { 0 };
	CallProceeding_UUIE_t *p = &proceeding.h323_uu_pdu.h323_message_body.choice.callProceeding;
	Alerting_UUIE_t *a = &alerting.h323_uu_pdu.h323_message_body.choice.alerting;

	build_begin();
	proceeding.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_callProceeding;
	build_h225_version(&p->protocolIdentifier);
	build_terminal(&p->destinationInfo);
	p->callIdentifier = call_identifier(t);
	p->multipleCalls = build_bool(false);
	p->maintainConnection = build_bool(false);
	p->h245Address = own_h245(t, t->o.early_h245);
	send_message(t, Q931_PROCEEDING, &proceeding, NULL);
	build_begin();
	alerting.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_alerting;
	build_h225_version(&a->protocolIdentifier);
	build_terminal(&a->destinationInfo);
	a->callIdentifier = call_identifier(t);
	a->multipleCalls = build_bool(false);
	a->maintainConnection = build_bool(false);
	send_message(t, Q931_ALERTING, &alerting, NULL);
}

static void send_connect(struct terminal *t)
{
	H323_UserInformation_t info = { 0 };
	Connect_UUIE_t *c = &info.h323_uu_pdu.h323_message_body.choice.connect;
	uint8_t answer[2 * MEDIA_MAX][512];
	size_t len[2 * MEDIA_MAX] = { 0 };

	for (int i = 0; t->call.fast && i < 2 * MEDIA_MAX; i++)
		if (t->call.offered_len[i / 2][i % 2])
			channel_answer(t, t->call.offered[i / 2][i % 2], t->call.offered_len[i / 2][i % 2],
				answer[i], &len[i]);
	build_begin();
	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_connect;
	build_h225_version(&c->protocolIdentifier);
	build_terminal(&c->destinationInfo);
	build_octets(&c->conferenceID, t->call.conference, BUILD_GUID);
	c->callIdentifier = call_identifier(t);
	c->multipleCalls = build_bool(false);
	c->maintainConnection = build_bool(false);
	c->h245Address = own_h245(t, true);
	for (int i = 0; i < 2 * MEDIA_MAX; i++)
		if (len[i]) {
			if (!c->fastStart)
				c->fastStart = build_make(sizeof(*c->fastStart));
			build_add(&c->fastStart->list, octets(answer[i], len[i]));
		}
	send_message(t, Q931_CONNECT, &info, t->o.alias);
	t->call.state = CALL_UP;
	log_event("up", "\"fast\": %s, \"tunnels\": %s", t->call.fast ? "true" : "false",
		t->call.tunnels ? "true" : "false");
}

void call_pick_up(struct terminal *t)
{
	send_connect(t);
	if (t->call.fast)
		channel_talk(t);
	if (t->call.tunnels)
		control_start(t);
	else if (t->call.h245_of_setup.sin_port)
		control_connect(t, &t->call.h245_of_setup);
	call_flush(t);
}

void call_admitted(struct terminal *t, const struct sockaddr_in *to)
{
	if (!t->call.calling) {
		send_progress(t);
		if (t->o.ring_back)
			t->call.state = CALL_RINGING;
		else
			call_pick_up(t);
		return;
	}
	t->call.peer = *to;
	if (link_connect(&t->call.link, t->o.address, to)) {
		terminal_fail(t, "the called side cannot be reached");
		return;
	}
	send_setup(t);
}

static void release(struct terminal *t)
{
	H323_UserInformation_t info = { 0 };
	ReleaseComplete_UUIE_t *r = &info.h323_uu_pdu.h323_message_body.choice.releaseComplete;

	build_begin();
	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_releaseComplete;
	build_h225_version(&r->protocolIdentifier);
	r->callIdentifier = call_identifier(t);
	send_message(t, Q931_RELEASE_COMPLETE, &info, NULL);
}

static void over(struct terminal *t, const char *why)
{
	struct call *c = &t->call;
	bool admitted = c->admitted;

	log_event("over", "\"why\": \"%s\"", why);
	log_media(&t->media);
	control_end(t);
	link_close(&c->link);
	if (admitted)
		ras_disengage(t);
	*c = (struct call){ .link = c->link, .local = c->local };
	media_reset(&t->media);
	terminal_call_over(t);
}

void call_refused(struct terminal *t)
{
	if (!t->call.calling)
		release(t);
	over(t, "refused");
}

void call_hang_up(struct terminal *t)
{
	if (t->call.state == CALL_NONE)
		return;
	control_end(t);
	if (t->call.link.fd >= 0)
		release(t);
	over(t, "we hung up");
}

void call_accept(struct terminal *t)
{
	struct sockaddr_in peer;

	if (!link_accept(&t->call.link, &peer))
		log_event("accepted", "\"from\": \"%s\"", log_address(&peer));
}

static void keep_proposals(struct terminal *t, const Setup_UUIE_t *s)
{
	struct octets_list l = OCTETS_OF(s->fastStart);

	t->call.fast = t->o.fast && l.n;
	for (int i = 0; i < l.n && i < 2 * MEDIA_MAX; i++) {
		size_t n = (size_t)l.array[i]->size;

		if (n > sizeof(t->call.offered[0][0]))
			continue;
		memcpy(t->call.offered[i / 2][i % 2], l.array[i]->buf, n);
		t->call.offered_len[i / 2][i % 2] = n;
	}
}

static void on_setup(struct terminal *t, const Setup_UUIE_t *s, uint16_t reference)
{
	struct call *c = &t->call;
	struct octets_list parallel = OCTETS_OF(s->parallelH245Control);

	if (c->state != CALL_NONE || control_listen(t)) {
		terminal_fail(t, "a Setup within a call");
		return;
	}
	c->calling = false;
	c->reference = reference;
	c->state = CALL_ADMITTING;
	if (s->conferenceID.size == BUILD_GUID)
		memcpy(c->conference, s->conferenceID.buf, BUILD_GUID);
	if (s->callIdentifier && s->callIdentifier->guid.size == BUILD_GUID)
		memcpy(c->id, s->callIdentifier->guid.buf, BUILD_GUID);
	c->tunnels = t->o.tunnel && c->peer_tunnels;
	build_read_address(s->h245Address, &c->h245_of_setup);
	keep_proposals(t, s);
	for (int i = 0; c->tunnels && i < parallel.n; i++)
		control_give(t, parallel.array[i]->buf, (size_t)parallel.array[i]->size);
}

/* What the caller hears in any message before and with Connect. */
static void on_reply(struct terminal *t, const TransportAddress_t *h245, struct octets_list fast)
{
	struct sockaddr_in to;

	if (!t->call.calling)
		return;
	t->call.tunnels = t->o.tunnel && t->call.peer_tunnels;
	for (int i = 0; t->o.fast && i < fast.n; i++) {
		channel_learn(t, fast.array[i]->buf, (size_t)fast.array[i]->size);
		t->call.fast = true;
	}
	if (t->call.fast)
		channel_talk(t);
	if (!t->call.tunnels && !t->call.fast && !t->o.start_h245 && !t->o.h245_in_setup &&
	    build_read_address(h245, &to))
		control_connect(t, &to);
}

static void on_connect(struct terminal *t, const Connect_UUIE_t *c)
{
	on_reply(t, c->h245Address, OCTETS_OF(c->fastStart));
	t->call.state = CALL_UP;
	log_event("up", "\"fast\": %s, \"tunnels\": %s", t->call.fast ? "true" : "false",
		t->call.tunnels ? "true" : "false");
	if (t->call.tunnels)
		control_start(t);
	else if (t->o.start_h245)
		call_start_h245(t);
}

static void on_facility(struct terminal *t, const Facility_UUIE_t *f)
{
	struct sockaddr_in to;

	if (f->reason.present == FacilityReason_PR_startH245 && build_read_address(f->h245Address, &to))
		control_connect(t, &to);
}

static void on_body(struct terminal *t, const H323_UU_PDU_t *pdu, uint16_t reference)
{
	const struct H323_UU_PDU__h323_message_body *b = &pdu->h323_message_body;

	switch (b->present) {
	case H323_UU_PDU__h323_message_body_PR_setup: on_setup(t, &b->choice.setup, reference); break;
	case H323_UU_PDU__h323_message_body_PR_callProceeding:
		on_reply(t, b->choice.callProceeding.h245Address, OCTETS_OF(b->choice.callProceeding.fastStart));
		break;
	case H323_UU_PDU__h323_message_body_PR_alerting:
		on_reply(t, b->choice.alerting.h245Address, OCTETS_OF(b->choice.alerting.fastStart));
		break;
	case H323_UU_PDU__h323_message_body_PR_connect: on_connect(t, &b->choice.connect); break;
	case H323_UU_PDU__h323_message_body_PR_facility: on_facility(t, &b->choice.facility); break;
	default: break;
	}
}

static void on_pdu(struct terminal *t, const struct q931 *q, const H323_UU_PDU_t *pdu)
{
	struct octets_list h245 = OCTETS_OF(pdu->h245Control);

	if (t->call.state != CALL_NONE && q->reference != t->call.reference) {
		terminal_fail(t, "a message with another call reference");
		return;
	}
	t->call.peer_tunnels = pdu->h245Tunneling && *pdu->h245Tunneling;
	on_body(t, pdu, q->reference);
	for (int i = 0; i < h245.n; i++)
		control_give(t, h245.array[i]->buf, (size_t)h245.array[i]->size);
	if (q->type == Q931_RELEASE_COMPLETE) {
		over(t, "the other side hung up");
		return;
	}
	if (q->type != Q931_SETUP)
		call_flush(t);
	else if (t->o.gatekeeper.sin_port)
		ras_admit(t);
	else
		call_admitted(t, NULL);
}

static void on_message(void *arg, const uint8_t *payload, size_t len)
{
	struct terminal *t = arg;
	struct aper_message *m = NULL;
	struct q931 q;

	if (!q931_read(payload, len, &q) || aper_read(&asn_DEF_H323_UserInformation, q.user, q.user_len, &m)) {
		terminal_fail(t, "a call message that came is malformed");
		return;
	}
	log_received(q931_name(q.type), m);
	on_pdu(t, &q, &((H323_UserInformation_t *)aper_root(m))->h323_uu_pdu);
	aper_free(m);
}

void call_receive(struct terminal *t)
{
	if (!link_receive(&t->call.link, on_message, t))
		return;
	if (t->call.state == CALL_NONE)
		link_close(&t->call.link);
	else
		over(t, "the connection ended");
}
