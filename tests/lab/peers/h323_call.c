#include "h323_call.h"

#include <stdlib.h>
#include <string.h>

#include "H323-UserInformation.h"
#include "aper.h"
#include "h323_channel.h"
#include "h323_control.h"
#include "h323_feature.h"
#include "h323_lines.h"
#include "h323_log.h"
#include "h323_message.h"
#include "h323_q931.h"
#include "h323_ras.h"
#include "h323_traverse.h"
#include "h323_tunnel.h"

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
	t->call.link = &t->own_link;
	link_init(t->call.link);
	t->call.link->cut = t->o.cut;
	t->call.local = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = t->o.address,
		.sin_port = htons((uint16_t)t->o.signal_port) };
	return link_listen(t->call.link, &t->call.local);
}

void call_fetch(struct terminal *t, const struct sockaddr_in *from, const uint8_t id[BUILD_GUID])
{
	struct call *c = &t->call;

	if (c->state != CALL_NONE || c->link->fd >= 0)
		return;
	memcpy(c->id, id, BUILD_GUID);
	c->calling = false;
	c->reference = 0;
	if (link_connect(c->link, t->o.address, from)) {
		terminal_fail(t, "the address of the indication cannot be reached");
		return;
	}
	message_facility(t, FacilityReason_PR_undefinedReason, NULL);
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

static void pick_up(struct terminal *t)
{
	message_connect(t);
	if (t->call.fast)
		channel_talk(t);
	if (t->call.tunnels)
		control_start(t);
	else if (t->call.h245_of_setup.sin_port)
		control_connect(t, &t->call.h245_of_setup);
	message_flush(t);
}

static void answer(struct terminal *t)
{
	if (t->o.busy) {
		call_hang_up(t);
		return;
	}
	message_progress(t);
	if (!t->o.ring) {
		pick_up(t);
		return;
	}
	t->call.state = CALL_RINGING;
	if (t->call.fast_told)
		channel_talk(t);
}

void call_tick(struct terminal *t)
{
	struct sockaddr_in to = t->call.h245_later;

	if (t->call.state == CALL_RINGING && media_least_heard(&t->media) >= t->o.ring)
		pick_up(t);
	if (!to.sin_port || t->now_ms < t->call.h245_ms)
		return;
	t->call.h245_later.sin_port = 0;
	control_connect(t, &to);
}

void call_admitted(struct terminal *t, const struct sockaddr_in *to)
{
	if (!t->call.calling) {
		answer(t);
		return;
	}
	t->call.peer = *to;
	if (!t->host && !t->o.ras_tunnel && link_connect(t->call.link, t->o.address, to)) {
		terminal_fail(t, "the called side cannot be reached");
		return;
	}
	message_setup(t);
}

void call_forge(struct terminal *t, const struct sockaddr_in *to)
{
	if (link_connect(t->call.link, t->o.address, to)) {
		terminal_fail(t, "there is nobody to be deceived");
		return;
	}
	for (int side = 0; side < 2; side++) {
		t->call.calling = side == 0;
		message_release(t);
	}
}

static void over(struct terminal *t, const char *why)
{
	struct call *c = &t->call;
	bool admitted = c->admitted;

	log_event("over", "\"why\": \"%s\"", why);
	log_media(&t->media);
	control_end(t);
	c->state = CALL_NONE;
	if (!lines_calling(t) && !t->o.ras_tunnel)
		link_close(c->link);
	if (admitted)
		ras_disengage(t);
	*c = (struct call){ .link = c->link, .local = c->local };
	media_reset(&t->media);
	terminal_call_over(t);
}

void call_refused(struct terminal *t)
{
	if (!t->call.calling)
		message_release(t);
	over(t, "refused");
}

void call_hang_up(struct terminal *t)
{
	if (t->call.state == CALL_NONE)
		return;
	control_end(t);
	if (t->call.link->fd >= 0)
		message_release(t);
	over(t, "we hung up");
}

void call_accept(struct terminal *t)
{
	struct sockaddr_in peer;

	if (!link_accept(t->call.link, &peer))
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
	c->traverses = t->o.traversal && s->supportedFeatures &&
		traverse_in_list(s->supportedFeatures->list.array, s->supportedFeatures->list.count);
	build_read_address(s->h245Address, &c->h245_of_setup);
	keep_proposals(t, s);
	for (int i = 0; c->tunnels && i < parallel.n; i++)
		control_give(t, parallel.array[i]->buf, (size_t)parallel.array[i]->size);
}

/* What the caller hears in any message before and with Connect. */
static void on_reply(struct terminal *t, const TransportAddress_t *h245, struct octets_list fast,
		const FeatureSet_t *features)
{
	struct sockaddr_in to;

	if (!t->call.calling)
		return;
	t->call.traverses |= t->o.traversal && traverse_in_set(features);
	t->call.tunnels = t->o.tunnel && t->call.peer_tunnels;
	for (int i = 0; t->o.fast && i < fast.n; i++) {
		channel_learn(t, fast.array[i]->buf, (size_t)fast.array[i]->size);
		t->call.fast = true;
	}
	if (t->call.fast)
		channel_talk(t);
	if (!t->call.tunnels && !t->call.fast && !t->o.start_h245 && !t->o.h245_in_setup &&
	    build_read_address(h245, &to)) {
		t->call.h245_later = to;
		t->call.h245_ms = t->now_ms + t->o.late_ms;
		call_tick(t);
	}
}

static void on_connect(struct terminal *t, const Connect_UUIE_t *c)
{
	on_reply(t, c->h245Address, OCTETS_OF(c->fastStart), c->featureSet);
	t->call.state = CALL_UP;
	log_event("up", "\"fast\": %s, \"tunnels\": %s", t->call.fast ? "true" : "false",
		t->call.tunnels ? "true" : "false");
	if (t->call.tunnels)
		control_start(t);
	else if (t->o.start_h245)
		message_facility(t, FacilityReason_PR_startH245, &t->control.declared);
}

static void on_facility(struct terminal *t, const Facility_UUIE_t *f)
{
	struct sockaddr_in to;

	if (f->reason.present == FacilityReason_PR_startH245 && build_read_address(f->h245Address, &to))
		control_connect(t, &to);
}

static void on_release(const ReleaseComplete_UUIE_t *r)
{
	log_event("released", "\"reason\": %d", r->reason ? (int)r->reason->present : 0);
}

static void on_body(struct terminal *t, const H323_UU_PDU_t *pdu, uint16_t reference)
{
	const struct H323_UU_PDU__h323_message_body *b = &pdu->h323_message_body;

	switch (b->present) {
	case H323_UU_PDU__h323_message_body_PR_setup: on_setup(t, &b->choice.setup, reference); break;
	case H323_UU_PDU__h323_message_body_PR_callProceeding:
		on_reply(t, b->choice.callProceeding.h245Address, OCTETS_OF(b->choice.callProceeding.fastStart),
			b->choice.callProceeding.featureSet);
		break;
	case H323_UU_PDU__h323_message_body_PR_alerting:
		on_reply(t, b->choice.alerting.h245Address, OCTETS_OF(b->choice.alerting.fastStart),
			b->choice.alerting.featureSet);
		break;
	case H323_UU_PDU__h323_message_body_PR_connect: on_connect(t, &b->choice.connect); break;
	case H323_UU_PDU__h323_message_body_PR_facility: on_facility(t, &b->choice.facility); break;
	case H323_UU_PDU__h323_message_body_PR_releaseComplete: on_release(&b->choice.releaseComplete); break;
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
		message_flush(t);
	else if (t->o.gatekeeper.sin_port)
		ras_admit(t);
	else
		call_admitted(t, NULL);
}

static void on_message(void *arg, const uint8_t *payload, size_t len)
{
	struct aper_message *m = NULL;
	const H323_UU_PDU_t *pdu;
	struct terminal *t;
	struct q931 q;

	if (!q931_read(payload, len, &q) || aper_read(&asn_DEF_H323_UserInformation, q.user, q.user_len, &m)) {
		terminal_fail(arg, "a call message that came is malformed");
		return;
	}
	log_received(q931_name(q.type), m);
	t = lines_of(arg, q.reference);
	pdu = &((H323_UserInformation_t *)aper_root(m))->h323_uu_pdu;
	if (q.reference || !tunnel_receive(t, pdu))
		on_pdu(t, &q, pdu);
	aper_free(m);
}

void call_receive(struct terminal *t)
{
	if (!link_receive(t->call.link, on_message, t))
		return;
	link_close(t->call.link);
	for (; t; t = t->next)
		if (t->call.state != CALL_NONE)
			over(t, "the connection ended");
}
