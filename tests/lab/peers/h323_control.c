#include "h323_control.h"

#include <stdlib.h>
#include <string.h>

#include "MultimediaSystemControlMessage.h"
#include "aper.h"
#include "h323_call.h"
#include "h323_channel.h"
#include "h323_log.h"

#define TERMINAL_TYPE 50 /* a terminal without MC (H.323 table 1) */

static struct control_queue queue;

struct control_queue *control_queue(void)
{
	return &queue;
}

int control_listen(struct terminal *t)
{
	struct control *c = &t->control;

	*c = (struct control){ .link = c->link, .number = (uint32_t)random() & 0xffffff,
		.local = { .sin_family = AF_INET, .sin_addr = t->o.address } };
	queue.n = 0;
	link_init(&c->link);
	return link_listen(&c->link, &c->local);
}

static void send_control(struct terminal *t, const MultimediaSystemControlMessage_t *m, const char *name)
{
	uint8_t out[2048];
	long n = aper_write_value(&asn_DEF_MultimediaSystemControlMessage, m, out, sizeof(out));

	if (n < 0) {
		terminal_fail(t, "an H.245 message of ours cannot be encoded");
		return;
	}
	log_event("sent", "\"message\": \"%s\"", name);
	if (t->control.link.fd >= 0) {
		link_send(&t->control.link, out, (size_t)n);
	} else if (queue.n < CONTROL_QUEUE) {
		memcpy(queue.data[queue.n], out, (size_t)n);
		queue.len[queue.n++] = (size_t)n;
	}
}

static RequestMessage_t *request(MultimediaSystemControlMessage_t *m, RequestMessage_PR which)
{
	build_begin();
	m->present = MultimediaSystemControlMessage_PR_request;
	m->choice.request.present = which;
	return &m->choice.request;
}

static ResponseMessage_t *response(MultimediaSystemControlMessage_t *m, ResponseMessage_PR which)
{
	build_begin();
	m->present = MultimediaSystemControlMessage_PR_response;
	m->choice.response.present = which;
	return &m->choice.response;
}

static CapabilityTableEntry_t *new_entry(int i)
{
	CapabilityTableEntry_t *e = build_make(sizeof(*e));
	Capability_t *c = e->capability = build_make(sizeof(*c));

	e->capabilityTableEntryNumber = i + 1;
	if (i == 0) {
		c->present = Capability_PR_receiveAudioCapability;
		channel_audio(&c->choice.receiveAudioCapability);
	} else {
		c->present = Capability_PR_receiveVideoCapability;
		channel_video(&c->choice.receiveVideoCapability);
	}
	return e;
}

static void send_capabilities(struct terminal *t)
{
	MultimediaSystemControlMessage_t m = { 0 };
	TerminalCapabilitySet_t *s = &request(&m, RequestMessage_PR_terminalCapabilitySet)->choice.terminalCapabilitySet;
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
	for (int i = 0; i < t->media.n; i++) {
		AlternativeCapabilitySet_t *a = build_make(sizeof(*a));
		CapabilityTableEntryNumber_t *number = build_make(sizeof(*number));

		*number = i + 1;
		build_add(&a->list, number);
		build_add(&d->simultaneousCapabilities->list, a);
		build_add(&s->capabilityTable->list, new_entry(i));
	}
	build_add(&s->capabilityDescriptors->list, d);
	send_control(t, &m, "terminalCapabilitySet");
}

static void send_determination(struct terminal *t)
{
	MultimediaSystemControlMessage_t m = { 0 };
	MasterSlaveDetermination_t *d =
		&request(&m, RequestMessage_PR_masterSlaveDetermination)->choice.masterSlaveDetermination;

	d->terminalType = TERMINAL_TYPE;
	d->statusDeterminationNumber = t->control.number;
	send_control(t, &m, "masterSlaveDetermination");
}

/* Both sides are ready for channels: open ours, unless fast connect did. */
static void open_channels(struct terminal *t)
{
	struct control *c = &t->control;

	if (!c->capable || !c->determined || c->opened || t->call.fast)
		return;
	if (t->o.fast && t->call.state != CALL_UP)
		return;
	c->opened = true;
	for (int i = 0; i < t->media.n; i++) {
		MultimediaSystemControlMessage_t m = { 0 };

		channel_open(t, &request(&m, RequestMessage_PR_openLogicalChannel)->choice.openLogicalChannel, i);
		send_control(t, &m, "openLogicalChannel");
	}
}

void control_start(struct terminal *t)
{
	if (!t->control.running) {
		t->control.running = true;
		send_capabilities(t);
		send_determination(t);
	}
	open_channels(t);
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
		&response(&m, ResponseMessage_PR_masterSlaveDeterminationAck)->choice.masterSlaveDeterminationAck;

	control_start(t);
	build_begin();
	a->decision.present = they_win ? MasterSlaveDeterminationAck__decision_PR_master :
		MasterSlaveDeterminationAck__decision_PR_slave;
	send_control(t, &m, "masterSlaveDeterminationAck");
}

static void on_capabilities(struct terminal *t, const TerminalCapabilitySet_t *s)
{
	MultimediaSystemControlMessage_t m = { 0 };

	control_start(t);
	response(&m, ResponseMessage_PR_terminalCapabilitySetAck)->choice.terminalCapabilitySetAck.sequenceNumber =
		s->sequenceNumber;
	send_control(t, &m, "terminalCapabilitySetAck");
	t->control.capable = true;
}

static void on_open(struct terminal *t, const OpenLogicalChannel_t *o)
{
	MultimediaSystemControlMessage_t m = { 0 };
	OpenLogicalChannelAck_t *a =
		&response(&m, ResponseMessage_PR_openLogicalChannelAck)->choice.openLogicalChannelAck;

	if (!channel_ack(t, o, a)) {
		terminal_fail(t, "a logical channel came that is not understood");
		return;
	}
	t->control.accepted++;
	send_control(t, &m, "openLogicalChannelAck");
}

static void on_close(struct terminal *t, const CloseLogicalChannel_t *c)
{
	MultimediaSystemControlMessage_t m = { 0 };

	response(&m, ResponseMessage_PR_closeLogicalChannelAck)->choice.closeLogicalChannelAck
		.forwardLogicalChannelNumber = c->forwardLogicalChannelNumber;
	send_control(t, &m, "closeLogicalChannelAck");
}

static void on_round_trip(struct terminal *t, const RoundTripDelayRequest_t *r)
{
	MultimediaSystemControlMessage_t m = { 0 };

	response(&m, ResponseMessage_PR_roundTripDelayResponse)->choice.roundTripDelayResponse.sequenceNumber =
		r->sequenceNumber;
	send_control(t, &m, "roundTripDelayResponse");
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
		on_open(t, &r->choice.openLogicalChannel);
		return "openLogicalChannel";
	case RequestMessage_PR_closeLogicalChannel:
		on_close(t, &r->choice.closeLogicalChannel);
		return "closeLogicalChannel";
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
		if (!channel_acked(t, &r->choice.openLogicalChannelAck))
			terminal_fail(t, "an acknowledged channel without address");
		t->control.acked++;
		return "openLogicalChannelAck";
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
		send_control(t, &m, "endSessionCommand");
	}
	link_stop(&t->control.link);
	t->control.running = false;
}
