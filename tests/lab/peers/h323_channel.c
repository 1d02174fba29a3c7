#include "h323_channel.h"

#include "aper.h"
#include "h323_hole.h"
#include "h323_log.h"
#include "h323_traverse.h"

#define FRAMES 20           /* G.711: milliseconds of a packet */
#define PROPOSAL_MAX 512

/* Before any address of ours is shown. */
static void punch(struct terminal *t)
{
	if (hole_punch(&t->media))
		terminal_fail(t, "no answer to a CMPH");
}

void channel_audio(AudioCapability_t *a)
{
	a->present = AudioCapability_PR_g711Alaw64k;
	a->choice.g711Alaw64k = FRAMES;
}

void channel_video(VideoCapability_t *v)
{
	H261VideoCapability_t *h261 = &v->choice.h261VideoCapability;

	v->present = VideoCapability_PR_h261VideoCapability;
	h261->qcifMPI = build_make(sizeof(*h261->qcifMPI));
	*h261->qcifMPI = 2;
	h261->maxBitRate = 640;
}

void channel_fax(DataProtocolCapability_t *protocol, T38FaxProfile_t *profile)
{
	protocol->present = DataProtocolCapability_PR_udp;
	profile->version = build_make(sizeof(*profile->version));
	profile->t38FaxRateManagement = build_make(sizeof(*profile->t38FaxRateManagement));
	profile->t38FaxRateManagement->present = T38FaxRateManagement_PR_transferredTCF;
}

void channel_data(DataApplicationCapability_t *d)
{
	d->application.present = DataApplicationCapability__application_PR_t38fax;
	channel_fax(&d->application.choice.t38fax.t38FaxProtocol, &d->application.choice.t38fax.t38FaxProfile);
	d->maxBitRate = CHANNEL_FAX_RATE;
}

static void put_type(DataType_t *d, int i)
{
	switch (i) {
	case MEDIA_AUDIO:
		d->present = DataType_PR_audioData;
		channel_audio(&d->choice.audioData);
		break;
	case MEDIA_VIDEO:
		d->present = DataType_PR_videoData;
		channel_video(&d->choice.videoData);
		break;
	default:
		d->present = DataType_PR_data;
		channel_data(&d->choice.data);
	}
}

/* UDPTL has no RTCP. */
static H245TransportAddress_t *control_of(const struct terminal *t, int i)
{
	return i == MEDIA_FAX ? NULL : build_h245_address(&t->media.stream[i].shown_rtcp);
}

static void put_forward(struct terminal *t, OpenLogicalChannel_t *o, int i)
{
	struct OpenLogicalChannel__forwardLogicalChannelParameters *f = &o->forwardLogicalChannelParameters;
	H2250LogicalChannelParameters_t *p = &f->multiplexParameters.choice.h2250LogicalChannelParameters;

	put_type(&f->dataType, i);
	f->multiplexParameters.present =
		OpenLogicalChannel__forwardLogicalChannelParameters__multiplexParameters_PR_h2250LogicalChannelParameters;
	p->sessionID = i + 1;
	p->mediaControlChannel = control_of(t, i);
	traverse_put_open(t, o);
}

void channel_open(struct terminal *t, OpenLogicalChannel_t *o, long number, int i)
{
	punch(t);
	o->forwardLogicalChannelNumber = number;
	put_forward(t, o, i);
}

static int kind_of(const struct terminal *t, long session)
{
	bool ours = session >= 1 && session <= MEDIA_MAX && (session - 1 != MEDIA_VIDEO || t->media.video);

	return ours ? (int)session - 1 : -1;
}

static struct media_stream *stream_of(struct terminal *t, long session)
{
	int kind = kind_of(t, session);

	return kind < 0 ? NULL : &t->media.stream[kind];
}

static const H2250LogicalChannelParameters_t *forward_of(const OpenLogicalChannel_t *o)
{
	const struct OpenLogicalChannel__forwardLogicalChannelParameters *f = &o->forwardLogicalChannelParameters;

	return f->multiplexParameters.present ==
		OpenLogicalChannel__forwardLogicalChannelParameters__multiplexParameters_PR_h2250LogicalChannelParameters ?
		&f->multiplexParameters.choice.h2250LogicalChannelParameters : NULL;
}

static H2250LogicalChannelParameters_t *reverse_of(const OpenLogicalChannel_t *o)
{
	struct OpenLogicalChannel__reverseLogicalChannelParameters *r = o->reverseLogicalChannelParameters;

	return r && r->multiplexParameters && r->multiplexParameters->present ==
		OpenLogicalChannel__reverseLogicalChannelParameters__multiplexParameters_PR_h2250LogicalChannelParameters ?
		&r->multiplexParameters->choice.h2250LogicalChannelParameters : NULL;
}

int channel_ack(struct terminal *t, const OpenLogicalChannel_t *o, OpenLogicalChannelAck_t *a)
{
	const H2250LogicalChannelParameters_t *p = forward_of(o);
	int kind = p ? kind_of(t, p->sessionID) : -1;
	struct OpenLogicalChannelAck__forwardMultiplexAckParameters *f;
	H2250LogicalChannelAckParameters_t *q;

	if (kind < 0)
		return -1;
	punch(t);
	build_read_h245_address(p->mediaControlChannel, &t->media.stream[kind].rtcp_to);
	traverse_learn(t, &t->media.stream[kind], o);
	f = a->forwardMultiplexAckParameters = build_make(sizeof(*f));
	f->present = OpenLogicalChannelAck__forwardMultiplexAckParameters_PR_h2250LogicalChannelAckParameters;
	q = &f->choice.h2250LogicalChannelAckParameters;
	q->sessionID = build_make(sizeof(*q->sessionID));
	*q->sessionID = p->sessionID;
	q->mediaChannel = build_h245_address(&t->media.stream[kind].shown_rtp);
	q->mediaControlChannel = control_of(t, kind);
	q->flowControlToZero = build_bool(false);
	a->forwardLogicalChannelNumber = o->forwardLogicalChannelNumber;
	traverse_put_ack(t, a);
	return kind;
}

bool channel_acked(struct terminal *t, int i, const OpenLogicalChannelAck_t *a)
{
	const H2250LogicalChannelAckParameters_t *p;
	struct media_stream *s = &t->media.stream[i];

	if (!a->forwardMultiplexAckParameters)
		return false;
	p = &a->forwardMultiplexAckParameters->choice.h2250LogicalChannelAckParameters;
	media_receive(&t->media, s->rtp); /* what came from where it was before */
	if (!build_read_h245_address(p->mediaChannel, &s->rtp_to))
		return false;
	build_read_h245_address(p->mediaControlChannel, &s->rtcp_to);
	s->sending = true;
	return true;
}

/* Proposals for the other direction have nothing in forward, and our addresses in reverse. */
static void put_reverse(struct terminal *t, OpenLogicalChannel_t *o, int i)
{
	struct OpenLogicalChannel__forwardLogicalChannelParameters *f = &o->forwardLogicalChannelParameters;
	struct OpenLogicalChannel__reverseLogicalChannelParameters *r = build_make(sizeof(*r));
	H2250LogicalChannelParameters_t *p;

	f->dataType.present = DataType_PR_nullData;
	f->multiplexParameters.present =
		OpenLogicalChannel__forwardLogicalChannelParameters__multiplexParameters_PR_none;
	o->reverseLogicalChannelParameters = r;
	put_type(&r->dataType, i);
	r->multiplexParameters = build_make(sizeof(*r->multiplexParameters));
	r->multiplexParameters->present =
		OpenLogicalChannel__reverseLogicalChannelParameters__multiplexParameters_PR_h2250LogicalChannelParameters;
	p = &r->multiplexParameters->choice.h2250LogicalChannelParameters;
	p->sessionID = i + 1;
	p->mediaChannel = build_h245_address(&t->media.stream[i].shown_rtp);
	p->mediaControlChannel = control_of(t, i);
	traverse_put_open(t, o);
}

void channel_offer(struct terminal *t)
{
	punch(t);
	for (int i = 0; i < MEDIA_FAX; i++)
		for (int back = 0; back < 2; back++) {
			OpenLogicalChannel_t o = { .forwardLogicalChannelNumber = 1 + 2 * i + back };
			long n;

			if (!t->media.stream[i].wanted)
				continue;
			build_begin();
			if (back)
				put_reverse(t, &o, i);
			else
				put_forward(t, &o, i);
			n = aper_write_value(&asn_DEF_OpenLogicalChannel, &o, t->call.offered[i][back], PROPOSAL_MAX);
			if (n < 0)
				terminal_fail(t, "a proposal of ours cannot be encoded");
			t->call.offered_len[i][back] = n < 0 ? 0 : (size_t)n;
		}
}

/* A channel that fast connect opened: back proposals are the called side's. */
static void note_fast(struct terminal *t, const OpenLogicalChannel_t *o, int kind, bool back)
{
	struct control_channel *c = &t->control.channel[kind];

	if (back == t->call.calling) {
		c->in = true;
		c->theirs = o->forwardLogicalChannelNumber;
	} else {
		c->asked = c->out = true;
		c->ours = o->forwardLogicalChannelNumber;
	}
}

static bool fill_answer(struct terminal *t, OpenLogicalChannel_t *o)
{
	H2250LogicalChannelParameters_t *p = reverse_of(o);
	bool back = p;
	struct media_stream *s;

	p = back ? p : (H2250LogicalChannelParameters_t *)forward_of(o);
	s = p ? stream_of(t, p->sessionID) : NULL;
	if (!s)
		return false;
	punch(t);
	if (back)
		build_read_h245_address(p->mediaChannel, &s->rtp_to);
	build_read_h245_address(p->mediaControlChannel, &s->rtcp_to);
	traverse_learn(t, s, o);
	traverse_put_answer(t, o);
	note_fast(t, o, kind_of(t, p->sessionID), back);
	p->mediaChannel = back ? NULL : build_h245_address(&s->shown_rtp);
	p->mediaControlChannel = build_h245_address(&s->shown_rtcp);
	return true;
}

bool channel_answer(struct terminal *t, const uint8_t *proposal, size_t len, uint8_t *out, size_t *out_len)
{
	struct aper_message *m = NULL;
	bool wanted;
	long n;

	if (aper_read(&asn_DEF_OpenLogicalChannel, proposal, len, &m)) {
		terminal_fail(t, "a proposal that came cannot be decoded");
		return false;
	}
	log_received("proposal", m);
	build_begin();
	wanted = fill_answer(t, aper_root(m));
	n = wanted ? aper_write(m, out, PROPOSAL_MAX) : 0;
	if (n < 0)
		terminal_fail(t, "an answer to a proposal cannot be encoded");
	*out_len = n < 0 ? 0 : (size_t)n;
	aper_free(m);
	return n > 0;
}

void channel_learn(struct terminal *t, const uint8_t *answer, size_t len)
{
	struct aper_message *m = NULL;
	const H2250LogicalChannelParameters_t *p;
	struct media_stream *s;
	bool back;

	if (aper_read(&asn_DEF_OpenLogicalChannel, answer, len, &m)) {
		terminal_fail(t, "an answer to a proposal cannot be decoded");
		return;
	}
	log_received("answer", m);
	p = reverse_of(aper_root(m));
	back = p;
	p = back ? p : forward_of(aper_root(m));
	s = p ? stream_of(t, p->sessionID) : NULL;
	if (s && !back)
		build_read_h245_address(p->mediaChannel, &s->rtp_to);
	if (s) {
		build_read_h245_address(p->mediaControlChannel, &s->rtcp_to);
		traverse_learn(t, s, aper_root(m));
		note_fast(t, aper_root(m), kind_of(t, p->sessionID), back);
	}
	aper_free(m);
}

void channel_talk(struct terminal *t)
{
	for (int i = 0; i < MEDIA_FAX; i++)
		t->media.stream[i].sending = t->media.stream[i].rtp_to.sin_port;
}
