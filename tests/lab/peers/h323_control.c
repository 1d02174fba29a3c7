#include "h323_control.h"

#include <stdlib.h>
#include <string.h>

#include "aper.h"
#include "h323_call.h"
#include "h323_channel.h"
#include "h323_feature.h"
#include "h323_log.h"
#include "h323_mode.h"

#define TERMINAL_TYPE 50 /* a terminal without MC (H.323 table 1) */

int control_listen(struct terminal *t)
{
	struct control *c = &t->control;
	int err;

	*c = (struct control){ .link = c->link, .number = (uint32_t)random() & 0xffffff,
		.local = { .sin_family = AF_INET, .sin_addr = t->o.address } };
	t->queue.n = 0;
	link_init(&c->link);
	c->link.cut = t->o.cut;
	err = link_listen(&c->link, &c->local);
	c->declared = c->local;
	c->declared.sin_addr = t->o.claim;
	return err;
}

void control_send(struct terminal *t, const MultimediaSystemControlMessage_t *m, const char *name)
{
	uint8_t out[2048];
	long n = aper_write_value(&asn_DEF_MultimediaSystemControlMessage, m, out, sizeof(out));

	if (n < 0) {
		terminal_fail(t, "an H.245 message of ours cannot be encoded");
		return;
	}
	log_sent(name, &asn_DEF_MultimediaSystemControlMessage, out, (size_t)n);
	if (t->control.link.fd >= 0) {
		link_send(&t->control.link, out, (size_t)n);
	} else if (t->queue.n < CONTROL_QUEUE) {
		memcpy(t->queue.data[t->queue.n], out, (size_t)n);
		t->queue.len[t->queue.n++] = (size_t)n;
	}
}

RequestMessage_t *control_request(MultimediaSystemControlMessage_t *m, RequestMessage_PR which)
{
	build_begin();
	m->present = MultimediaSystemControlMessage_PR_request;
	m->choice.request.present = which;
	return &m->choice.request;
}

ResponseMessage_t *control_response(MultimediaSystemControlMessage_t *m, ResponseMessage_PR which)
{
	build_begin();
	m->present = MultimediaSystemControlMessage_PR_response;
	m->choice.response.present = which;
	return &m->choice.response;
}

static CapabilityTableEntry_t *new_entry(enum media_kind kind)
{
	CapabilityTableEntry_t *e = build_make(sizeof(*e));
	Capability_t *c = e->capability = build_make(sizeof(*c));
	DataApplicationCapability_t *data = &c->choice.receiveAndTransmitDataApplicationCapability;

	e->capabilityTableEntryNumber = kind + 1;
	switch (kind) {
	case MEDIA_AUDIO:
		c->present = Capability_PR_receiveAudioCapability;
		channel_audio(&c->choice.receiveAudioCapability);
		break;
	case MEDIA_VIDEO:
		c->present = Capability_PR_receiveVideoCapability;
		channel_video(&c->choice.receiveVideoCapability);
		break;
	default:
		c->present = Capability_PR_receiveAndTransmitDataApplicationCapability;
		channel_data(data);
	}
	return e;
}

static void send_capabilities(struct terminal *t)
{
	MultimediaSystemControlMessage_t m = { 0 };
	TerminalCapabilitySet_t *s = &control_request(&m, RequestMessage_PR_terminalCapabilitySet)->choice.terminalCapabilitySet;
	CapabilityDescriptor_t *d = build_make(sizeof(*d));
	H2250Capability_t *h;

	s->sequenceNumber = 1;
	build_h245_version(&s->protocolIdentifier);
	s->multiplexCapability = build_make(sizeof(*s->multiplexCapability));
	s->multiplexCapability->present = MultiplexCapability_PR_h2250Capability;
	h = &s->multiplexCapability->choice.h2250Capability;
	h->maximumAudioDelayJitter = 250;
	h->logicalChannelSwitchingCapability = build_bool(false);
	h->t120DynamicPortCapability = build_bool(false);
	s->capabilityTable = build_make(sizeof(*s->capabilityTable));
	s->capabilityDescriptors = build_make(sizeof(*s->capabilityDescriptors));
	d->simultaneousCapabilities = build_make(sizeof(*d->simultaneousCapabilities));
	for (int i = 0; i < MEDIA_MAX; i++) {
		AlternativeCapabilitySet_t *a = build_make(sizeof(*a));
		CapabilityTableEntryNumber_t *number = build_make(sizeof(*number));

		if (i == MEDIA_VIDEO && !t->media.video)
			continue;
		*number = i + 1;
		build_add(&a->list, number);
		build_add(&d->simultaneousCapabilities->list, a);
		build_add(&s->capabilityTable->list, new_entry((enum media_kind)i));
	}
	build_add(&s->capabilityDescriptors->list, d);
	control_send(t, &m, "terminalCapabilitySet");
}

static void send_determination(struct terminal *t)
{
	MultimediaSystemControlMessage_t m = { 0 };
	MasterSlaveDetermination_t *d =
		&control_request(&m, RequestMessage_PR_masterSlaveDetermination)->choice.masterSlaveDetermination;

	d->terminalType = TERMINAL_TYPE;
	d->statusDeterminationNumber = t->control.number;
	control_send(t, &m, "masterSlaveDetermination");
}

/* Both sides are ready for channels: open ours, unless fast connect did. */
static void open_channels(struct terminal *t)
{
	struct control *c = &t->control;

	if (!c->capable || !c->determined || (t->call.fast && !c->round) || (t->o.fast && t->call.state != CALL_UP))
		return;
	if (c->round && !t->call.calling && !c->channel[MEDIA_AUDIO].in && !c->channel[MEDIA_FAX].in)
		return; /* the caller closed them: it begins */
	mode_open(t);
}

void control_start(struct terminal *t)
{
	if (t->o.silent_h245)
		return;
	if (!t->control.running) {
		t->control.running = true;
		send_capabilities(t);
		send_determination(t);
	}
	open_channels(t);
}

/* A character of a keypad, and a request that has to be answered. */
void control_chat(struct terminal *t)
{
	MultimediaSystemControlMessage_t m = { .present = MultimediaSystemControlMessage_PR_indication }, ask = { 0 };
	IndicationMessage_t *i = &m.choice.indication;

	build_begin();
	i->present = IndicationMessage_PR_userInput;
	i->choice.userInput.present = UserInputIndication_PR_alphanumeric;
	build_octets(&i->choice.userInput.choice.alphanumeric, "5", 1);
	control_send(t, &m, "userInput");
	t->control.answered = false;
	control_request(&ask, RequestMessage_PR_roundTripDelayRequest)->choice.roundTripDelayRequest.sequenceNumber = 7;
	control_send(t, &ask, "roundTripDelayRequest");
}

void control_connect(struct terminal *t, const struct sockaddr_in *to)
{
	if (t->control.link.fd >= 0 || t->control.running)
		return;
	if (link_connect(&t->control.link, t->o.address, to)) {
		terminal_fail(t, "the H.245 address cannot be reached");
		return;
	}
	log_event("h245", "\"to\": \"%s\"", log_address(to));
	if (t->call.traverses) {
		MultimediaSystemControlMessage_t m = { .present = MultimediaSystemControlMessage_PR_indication };

		build_begin();
		feature_name_call(t, &m.choice.indication);
		control_send(t, &m, "genericIndication");
	}
	control_start(t);
}

void control_accept(struct terminal *t)
{
	struct sockaddr_in peer;

	if (link_accept(&t->control.link, &peer))
		return;
	log_event("h245", "\"from\": \"%s\"", log_address(&peer));
	control_start(t);
}

/* H.245 C.2: the greater number is master, counted modulo 2^24. */
static void on_determination(struct terminal *t, const MasterSlaveDetermination_t *d)
{
	MultimediaSystemControlMessage_t m = { 0 };
	uint32_t ahead = ((uint32_t)d->statusDeterminationNumber - t->control.number) & 0xffffff;
	bool they_win = d->terminalType != TERMINAL_TYPE ? d->terminalType > TERMINAL_TYPE : ahead < 0x800000;
	MasterSlaveDeterminationAck_t *a =
		&control_response(&m, ResponseMessage_PR_masterSlaveDeterminationAck)->choice.masterSlaveDeterminationAck;

	control_start(t);
	build_begin();
	a->decision.present = they_win ? MasterSlaveDeterminationAck__decision_PR_master :
		MasterSlaveDeterminationAck__decision_PR_slave;
	control_send(t, &m, "masterSlaveDeterminationAck");
}

static void on_capabilities(struct terminal *t, const TerminalCapabilitySet_t *s)
{
	MultimediaSystemControlMessage_t m = { 0 };

	control_start(t);
	control_response(&m, ResponseMessage_PR_terminalCapabilitySetAck)->choice.terminalCapabilitySetAck.sequenceNumber =
		s->sequenceNumber;
	control_send(t, &m, "terminalCapabilitySetAck");
	t->control.capable = true;
}

static void on_round_trip(struct terminal *t, const RoundTripDelayRequest_t *r)
{
	MultimediaSystemControlMessage_t m = { 0 };

	control_response(&m, ResponseMessage_PR_roundTripDelayResponse)->choice.roundTripDelayResponse.sequenceNumber =
		r->sequenceNumber;
	control_send(t, &m, "roundTripDelayResponse");
}

static const char *on_request(struct terminal *t, const RequestMessage_t *r)
{
	switch (r->present) {
	case RequestMessage_PR_masterSlaveDetermination:
		on_determination(t, &r->choice.masterSlaveDetermination);
		return "masterSlaveDetermination";
	case RequestMessage_PR_terminalCapabilitySet:
		on_capabilities(t, &r->choice.terminalCapabilitySet);
		return "terminalCapabilitySet";
	case RequestMessage_PR_openLogicalChannel:
		mode_on_open(t, &r->choice.openLogicalChannel);
		return "openLogicalChannel";
	case RequestMessage_PR_closeLogicalChannel:
		mode_on_close(t, &r->choice.closeLogicalChannel);
		return "closeLogicalChannel";
	case RequestMessage_PR_requestChannelClose:
		mode_on_request_close(t, r->choice.requestChannelClose.forwardLogicalChannelNumber);
		return "requestChannelClose";
	case RequestMessage_PR_requestMode:
		mode_on_request(t, &r->choice.requestMode);
		return "requestMode";
	case RequestMessage_PR_roundTripDelayRequest:
		on_round_trip(t, &r->choice.roundTripDelayRequest);
		return "roundTripDelayRequest";
	default:
		return "other request";
	}
}

static const char *on_response(struct terminal *t, const ResponseMessage_t *r)
{
	switch (r->present) {
	case ResponseMessage_PR_masterSlaveDeterminationAck:
		t->control.determined = true;
		return "masterSlaveDeterminationAck";
	case ResponseMessage_PR_terminalCapabilitySetAck:
		return "terminalCapabilitySetAck";
	case ResponseMessage_PR_openLogicalChannelAck:
		mode_on_ack(t, &r->choice.openLogicalChannelAck);
		return "openLogicalChannelAck";
	case ResponseMessage_PR_closeLogicalChannelAck:
		mode_on_close_ack(t, r->choice.closeLogicalChannelAck.forwardLogicalChannelNumber);
		return "closeLogicalChannelAck";
	case ResponseMessage_PR_requestChannelCloseAck: return "requestChannelCloseAck";
	case ResponseMessage_PR_requestModeAck:
		mode_on_request_ack(t);
		return "requestModeAck";
	case ResponseMessage_PR_roundTripDelayResponse:
		t->control.answered = true;
		return "roundTripDelayResponse";
	case ResponseMessage_PR_openLogicalChannelReject:
		terminal_fail(t, "a logical channel was rejected");
		return "openLogicalChannelReject";
	default:
		return "other response";
	}
}

void control_give(struct terminal *t, const uint8_t *data, size_t len)
{
	struct aper_message *m = NULL;
	const MultimediaSystemControlMessage_t *msg;
	const char *name = "other H.245";

	if (aper_read(&asn_DEF_MultimediaSystemControlMessage, data, len, &m)) {
		terminal_fail(t, "an H.245 message that came cannot be decoded");
		return;
	}
	msg = aper_root(m);
	if (msg->present == MultimediaSystemControlMessage_PR_request)
		name = on_request(t, &msg->choice.request);
	else if (msg->present == MultimediaSystemControlMessage_PR_response)
		name = on_response(t, &msg->choice.response);
	else if (msg->present == MultimediaSystemControlMessage_PR_command)
		name = "command";
	else if (msg->present == MultimediaSystemControlMessage_PR_indication)
		name = msg->choice.indication.present == IndicationMessage_PR_userInput ? "userInput" : "indication";
	log_received(name, m);
	open_channels(t);
	aper_free(m);
}

static void on_message(void *arg, const uint8_t *payload, size_t len)
{
	control_give(arg, payload, len);
}

void control_receive(struct terminal *t)
{
	if (link_receive(&t->control.link, on_message, t))
		link_close(&t->control.link);
}

void control_end(struct terminal *t)
{
	MultimediaSystemControlMessage_t m = { .present = MultimediaSystemControlMessage_PR_command };

	if (t->control.running && !t->control.sent_end) {
		t->control.sent_end = true;
		m.choice.command.present = CommandMessage_PR_endSessionCommand;
		m.choice.command.choice.endSessionCommand.present = EndSessionCommand_PR_disconnect;
		control_send(t, &m, "endSessionCommand");
	}
	link_stop(&t->control.link);
	t->control.running = false;
}
