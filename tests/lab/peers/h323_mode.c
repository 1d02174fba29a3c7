#include "h323_mode.h"

#include "ModeDescription.h"
#include "ModeElement.h"
#include "h323_channel.h"
#include "h323_control.h"

#define ROUND 10 /* each time channels are opened they have other numbers */

/* Which of ours; -1. */
static int kind_of(const struct terminal *t, long number)
{
	for (int i = 0; i < MEDIA_MAX; i++)
		if (t->control.channel[i].ours == number)
			return i;
	return -1;
}

static void open_one(struct terminal *t, int kind)
{
	MultimediaSystemControlMessage_t m = { 0 };
	struct control_channel *c = &t->control.channel[kind];

	c->asked = true;
	c->ours = CHANNEL_FIRST + ROUND * (long)t->control.round + kind;
	channel_open(t, &control_request(&m, RequestMessage_PR_openLogicalChannel)->choice.openLogicalChannel, c->ours,
		kind);
	control_send(t, &m, "openLogicalChannel");
}

void mode_open(struct terminal *t)
{
	if (t->control.opened)
		return;
	t->control.opened = true;
	for (int i = 0; i < MEDIA_MAX; i++)
		if (t->media.stream[i].wanted)
			open_one(t, i);
}

bool mode_settled(const struct terminal *t)
{
	for (int i = 0; i < MEDIA_MAX; i++)
		if (t->media.stream[i].wanted && !(t->control.channel[i].out && t->control.channel[i].in))
			return false;
	return !t->control.reopening;
}

void mode_on_open(struct terminal *t, const OpenLogicalChannel_t *o)
{
	MultimediaSystemControlMessage_t m = { 0 };
	OpenLogicalChannelAck_t *a =
		&control_response(&m, ResponseMessage_PR_openLogicalChannelAck)->choice.openLogicalChannelAck;
	int kind = channel_ack(t, o, a);

	if (kind < 0) {
		terminal_fail(t, "a logical channel came that is not understood");
		return;
	}
	t->control.channel[kind].in = true;
	t->control.channel[kind].theirs = o->forwardLogicalChannelNumber;
	control_send(t, &m, "openLogicalChannelAck");
}

void mode_on_ack(struct terminal *t, const OpenLogicalChannelAck_t *a)
{
	int kind = kind_of(t, a->forwardLogicalChannelNumber);

	if (kind < 0 || !channel_acked(t, kind, a))
		terminal_fail(t, "an acknowledged channel without address");
	else
		t->control.channel[kind].out = true;
}

/* ---- closing ---- */

static void close_one(struct terminal *t, int kind)
{
	MultimediaSystemControlMessage_t m = { 0 };
	CloseLogicalChannel_t *close =
		&control_request(&m, RequestMessage_PR_closeLogicalChannel)->choice.closeLogicalChannel;
	struct control_channel *c = &t->control.channel[kind];

	close->forwardLogicalChannelNumber = c->ours;
	close->source.present = CloseLogicalChannel__source_PR_user;
	c->closing = true;
	c->asked = c->out = false;
	t->media.stream[kind].sending = false;
	t->media.stream[kind].rtp_to.sin_port = 0;
	control_send(t, &m, "closeLogicalChannel");
}

static void ask_to_close(struct terminal *t, int kind)
{
	MultimediaSystemControlMessage_t m = { 0 };

	control_request(&m, RequestMessage_PR_requestChannelClose)->choice.requestChannelClose
		.forwardLogicalChannelNumber = t->control.channel[kind].theirs;
	control_send(t, &m, "requestChannelClose");
}

/* Once nothing is open either way, all begins anew: at once, or when the other side begins. */
static void begin_round(struct terminal *t)
{
	for (int i = 0; i < MEDIA_MAX; i++) {
		const struct control_channel *c = &t->control.channel[i];

		if (c->asked || c->in || c->closing)
			return;
	}
	t->control.round++;
	t->control.opened = false;
	if (!t->control.reopening)
		return;
	t->control.reopening = false;
	mode_open(t);
}

void mode_reopen(struct terminal *t)
{
	t->control.reopening = true;
	for (int i = 0; i < MEDIA_MAX; i++)
		if (t->media.stream[i].wanted) {
			close_one(t, i);
			ask_to_close(t, i);
		}
}

void mode_on_close(struct terminal *t, const CloseLogicalChannel_t *c)
{
	MultimediaSystemControlMessage_t m = { 0 };

	control_response(&m, ResponseMessage_PR_closeLogicalChannelAck)->choice.closeLogicalChannelAck
		.forwardLogicalChannelNumber = c->forwardLogicalChannelNumber;
	control_send(t, &m, "closeLogicalChannelAck");
	for (int i = 0; i < MEDIA_MAX; i++)
		if (t->control.channel[i].theirs == c->forwardLogicalChannelNumber)
			t->control.channel[i].in = false;
	begin_round(t);
}

void mode_on_close_ack(struct terminal *t, long number)
{
	int kind = kind_of(t, number);

	if (kind >= 0)
		t->control.channel[kind].closing = false;
	begin_round(t);
}

void mode_on_request_close(struct terminal *t, long number)
{
	MultimediaSystemControlMessage_t m = { 0 };
	int kind = kind_of(t, number);

	control_response(&m, ResponseMessage_PR_requestChannelCloseAck)->choice.requestChannelCloseAck
		.forwardLogicalChannelNumber = number;
	control_send(t, &m, "requestChannelCloseAck");
	if (kind >= 0)
		close_one(t, kind);
}

/* ---- fax ---- */

/* Each side closes its channels of sound and opens one of fax. */
static void change_to_fax(struct terminal *t)
{
	for (int i = 0; i < MEDIA_FAX; i++)
		if (t->control.channel[i].out) {
			close_one(t, i);
			media_want(&t->media, (enum media_kind)i, false);
		}
	media_want(&t->media, MEDIA_FAX, true);
	open_one(t, MEDIA_FAX);
}

void mode_ask_fax(struct terminal *t)
{
	MultimediaSystemControlMessage_t m = { 0 };
	RequestMode_t *r = &control_request(&m, RequestMessage_PR_requestMode)->choice.requestMode;
	ModeDescription_t *d = build_make(sizeof(*d));
	ModeElement_t *e = build_make(sizeof(*e));
	DataMode_t *data = &e->type.choice.dataMode;

	r->sequenceNumber = 1;
	e->type.present = ModeElementType_PR_dataMode;
	data->application.present = DataMode__application_PR_t38fax;
	channel_fax(&data->application.choice.t38fax.t38FaxProtocol, &data->application.choice.t38fax.t38FaxProfile);
	data->bitRate = CHANNEL_FAX_RATE;
	build_add(&d->list, e);
	build_add(&r->requestedModes.list, d);
	media_want(&t->media, MEDIA_FAX, true); /* now it is not settled */
	control_send(t, &m, "requestMode");
}

void mode_on_request(struct terminal *t, const RequestMode_t *r)
{
	MultimediaSystemControlMessage_t m = { 0 };
	RequestModeAck_t *a = &control_response(&m, ResponseMessage_PR_requestModeAck)->choice.requestModeAck;

	a->sequenceNumber = r->sequenceNumber;
	a->response.present = RequestModeAck__response_PR_willTransmitMostPreferredMode;
	control_send(t, &m, "requestModeAck");
	change_to_fax(t);
}

void mode_on_request_ack(struct terminal *t)
{
	change_to_fax(t);
}
