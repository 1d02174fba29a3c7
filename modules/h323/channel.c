#include "channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <CommunicationModeCommand.h>
#include <DataApplicationCapability.h>
#include <DataType.h>

#include "channel_address.h"
#include "traverse_media.h"

/* ---- streams ---- */

static struct call_channel *channel_find(struct call *c, enum pn_side opener, long number)
{
	for (size_t i = 0; i < c->n_channels; i++)
		if (c->channel[i].opener == opener && c->channel[i].number == number)
			return &c->channel[i];
	return NULL;
}

static int stream_find(const struct call *c, long session)
{
	for (size_t i = 0; session && i < c->n_streams; i++)
		if (c->stream[i].session == session)
			return (int)i;
	return -ENOENT;
}

static int stream_new(struct call *c, long session)
{
	size_t i = c->n_streams;

	if (i == CALL_STREAMS_MAX)
		return -ENOSPC;
	c->stream[i] = (struct call_stream){ .session = (uint8_t)session };
	for (int side = 0; side < 2; side++)
		c->said[side][i] = (struct pn_media){ .size = sizeof(struct pn_media),
						      .kind = PN_OTHER,
						      .flags = PN_MEDIA_CLOSED };
	c->n_streams++;
	return (int)i;
}

/* The stream of a channel: by its session, or by itself while it has none. -ENOSPC. */
static int stream_for(struct call *c, enum pn_side opener, long number, long session)
{
	const struct call_channel *ch = channel_find(c, opener, number);
	int i = stream_find(c, session);

	if (i < 0 && ch && !c->stream[ch->stream].session)
		i = ch->stream;
	if (i < 0)
		i = stream_new(c, session);
	if (i >= 0 && session)
		c->stream[i].session = (uint8_t)session;
	return i;
}

/* UDPTL (T.38) is no RTP; data that names no RTCP is none either. */
static unsigned flags_of(const struct channel_fields *f)
{
	if (f->data->present != DataType_PR_data)
		return PN_MEDIA_RTP;
	if (f->data->choice.data.application.present == DataApplicationCapability__application_PR_t38fax)
		return 0;
	for (size_t i = 0; i < f->n; i++)
		if (f->field[i].control)
			return PN_MEDIA_RTP;
	return 0;
}

static enum pn_media_kind kind_of(const DataType_t *d)
{
	switch (d->present) {
	case DataType_PR_audioData:
		return PN_AUDIO;
	case DataType_PR_videoData:
		return PN_VIDEO;
	case DataType_PR_data:
		return d->choice.data.application.present ==
				       DataApplicationCapability__application_PR_t38fax ? PN_IMAGE : PN_APPLICATION;
	default:
		return PN_OTHER;
	}
}

/* Both sides have it now, whoever spoke of it. */
static bool stream_is(struct call *c, int stream, const struct channel_fields *f)
{
	bool changed = false;

	for (int side = 0; side < 2; side++) {
		struct pn_media *m = &c->said[side][stream];
		unsigned flags = flags_of(f) | (m->flags & PN_MEDIA_RTCP_ATTR);

		changed = changed || m->flags != flags;
		m->flags = flags;
		m->kind = kind_of(f->data);
	}
	return changed;
}

static struct pn_addr component(const struct pn_media *m, bool control)
{
	struct pn_addr a = m->rtp;

	if (!control)
		return a;
	if (m->rtcp.family || !a.family)
		return m->rtcp;
	a.port++;
	return a;
}

/* What `side` sees of the stream: ours. family 0: nothing. */
static struct pn_addr shown(struct call *c, enum pn_side side, int stream, bool control)
{
	struct pn_media list[CALL_STREAMS_MAX];
	int n = c->h->svc->media_advertised(c->session, side, list, CALL_STREAMS_MAX);

	return stream < n ? component(&list[stream], control) : (struct pn_addr){ 0 };
}

/* Is it what we showed, come back? */
static bool is_echo(struct call *c, enum pn_side side, int stream, bool control, const struct pn_addr *a)
{
	struct pn_addr ours = shown(c, side, stream, control);

	return ours.family && addr_same(&ours, a);
}

/* The addresses that a side names for a stream. */
static bool learn(struct call *c, enum pn_side side, int stream, const struct channel_fields *f)
{
	struct pn_media *m = &c->said[side][stream];
	bool changed = false;

	for (size_t i = 0; i < f->n; i++) {
		struct pn_addr a = channel_address_get(f->field[i].at);
		struct pn_addr *to = f->field[i].control ? &m->rtcp : &m->rtp;

		if (!a.family || is_echo(c, side, stream, f->field[i].control, &a) || addr_same(&a, to))
			continue;
		*to = a;
		if (f->field[i].control)
			m->flags |= PN_MEDIA_RTCP_ATTR;
		changed = true;
	}
	return changed;
}

/* ---- channels ---- */

/* Nobody uses it: its ports are given back. */
static void stream_leave(struct call *c, uint8_t stream)
{
	struct call_stream *s = &c->stream[stream];

	if (s->channels && --s->channels)
		return;
	for (int side = 0; side < 2; side++) {
		struct pn_media *m = &c->said[side][stream];

		*m = (struct pn_media){ .size = sizeof(*m), .kind = m->kind, .flags = PN_MEDIA_CLOSED };
	}
}

static int channel_add(struct call *c, enum pn_side opener, long number, int stream)
{
	struct call_channel *ch = channel_find(c, opener, number), *more;

	if (ch && ch->stream == stream)
		return 0;
	c->stream[stream].channels++;
	if (ch) {
		stream_leave(c, ch->stream);
		ch->stream = (uint8_t)stream;
		return 0;
	}
	if (c->n_channels == c->h->conf->max_channels)
		return -ENOSPC;
	more = realloc(c->channel, (c->n_channels + 1) * sizeof(*more));
	if (!more)
		return -ENOSPC;
	c->channel = more;
	c->channel[c->n_channels++] = (struct call_channel){ .opener = opener,
							      .number = (uint16_t)number,
							      .stream = (uint8_t)stream };
	c->h->svc->count(c->h->host, H323_CNT_CHANNELS);
	return 0;
}

static const DataProtocolCapability_t *protocol_of(const DataType_t *d)
{
	const struct DataApplicationCapability__application *a = &d->choice.data.application;

	if (d->present != DataType_PR_data)
		return NULL;
	switch (a->present) {
	case DataApplicationCapability__application_PR_t120: return &a->choice.t120;
	case DataApplicationCapability__application_PR_t38fax: return &a->choice.t38fax.t38FaxProtocol;
	case DataApplicationCapability__application_PR_t84: return &a->choice.t84.t84Protocol;
	case DataApplicationCapability__application_PR_t140: return &a->choice.t140;
	case DataApplicationCapability__application_PR_userData: return &a->choice.userData;
	default: return NULL;
	}
}

static bool is_over_tcp(const DataType_t *d)
{
	const DataProtocolCapability_t *p = protocol_of(d);

	return p && (p->present == DataProtocolCapability_PR_tcp ||
		     p->present == DataProtocolCapability_PR_separateLANStack);
}

bool channel_over_tcp(const OpenLogicalChannel_t *o)
{
	const struct OpenLogicalChannel__reverseLogicalChannelParameters *r = o->reverseLogicalChannelParameters;

	return o->separateStack || is_over_tcp(&o->forwardLogicalChannelParameters.dataType) ||
	       (r && is_over_tcp(&r->dataType));
}

/* What is not relayed: no address to put in place of its own (multicast). */
static bool is_relayed(const struct channel_fields *f)
{
	return f->data->present != DataType_PR_nullData && (f->session || f->n);
}

static int open(struct call *c, enum pn_side side, enum pn_side opener, const OpenLogicalChannel_t *o,
		bool add)
{
	struct channel_fields f = fields_of_open(o);
	int stream, err = 0;
	bool changed;

	if (!is_relayed(&f))
		return 0;
	stream = stream_for(c, opener, o->forwardLogicalChannelNumber, f.session);
	if (stream < 0)
		return stream;
	if (add)
		err = channel_add(c, opener, o->forwardLogicalChannelNumber, stream);
	if (err)
		return err;
	changed = stream_is(c, stream, &f);
	return learn(c, side, stream, &f) || changed;
}

int channel_open(struct call *c, enum pn_side side, const OpenLogicalChannel_t *o)
{
	if (channel_over_tcp(o))
		return -EPROTONOSUPPORT; /* its address would pass as it is, now or in the Ack */
	return open(c, side, side, o, true);
}

int channel_fast(struct call *c, enum pn_side side, const OpenLogicalChannel_t *o)
{
	bool back = o->forwardLogicalChannelParameters.dataType.present == DataType_PR_nullData;

	if (channel_over_tcp(o))
		return 0; /* the proposal goes no further */
	return open(c, side, back ? PN_SIDE_B : PN_SIDE_A, o, side == PN_SIDE_B);
}

int channel_ack(struct call *c, enum pn_side side, const OpenLogicalChannelAck_t *a)
{
	const struct call_channel *ch = channel_find(c, call_other(side), a->forwardLogicalChannelNumber);
	struct channel_fields f = fields_of_ack(a);

	if (!ch)
		return 0;
	if (f.session && !c->stream[ch->stream].session)
		c->stream[ch->stream].session = (uint8_t)f.session;
	return learn(c, side, ch->stream, &f);
}

int channel_close(struct call *c, enum pn_side opener, long number)
{
	struct call_channel *ch = channel_find(c, opener, number);
	uint8_t stream;

	if (!ch)
		return 0;
	stream = ch->stream;
	*ch = c->channel[--c->n_channels];
	stream_leave(c, stream);
	return !c->stream[stream].channels;
}

int channel_modes(struct call *c, enum pn_side side, const struct CommunicationModeCommand *m)
{
	bool changed = false;

	for (int i = 0; i < m->communicationModeTable.list.count; i++) {
		struct channel_fields f = fields_of_mode(m->communicationModeTable.list.array[i]);
		int stream = stream_find(c, f.session);

		if (stream >= 0)
			changed = learn(c, side, stream, &f) || changed;
	}
	return changed;
}

/* ---- what the other side sees ---- */

static int put(struct call *c, enum pn_side side, struct pdu *p, int stream, const struct channel_fields *f)
{
	enum pn_side to = call_other(side);
	int err = 0;

	for (size_t i = 0; !err && i < f->n; i++) {
		bool control = f->field[i].control;
		struct pn_addr a = channel_address_get(f->field[i].at);

		if (!a.family)
			continue;
		if (is_echo(c, side, stream, control, &a))
			a = component(&c->said[to][stream], control);
		else
			a = shown(c, to, stream, control);
		err = a.family ? channel_address_set(p, f->field[i].at, &a) : -EADDRNOTAVAIL;
	}
	return err;
}

int channel_write_open(struct call *c, enum pn_side side, struct pdu *p, OpenLogicalChannel_t *o)
{
	struct channel_fields f = fields_of_open(o);
	const struct call_channel *ch = channel_find(c, side, o->forwardLogicalChannelNumber);
	int stream = f.session ? stream_find(c, f.session) : ch ? ch->stream : -ENOENT;
	struct pn_addr ours;
	int err;

	if (stream < 0)
		return 0;
	err = put(c, side, p, stream, &f);
	if (err)
		return err;
	ours = shown(c, call_other(side), stream, false);
	return traverse_media_open(c, side, p, o, &ours);
}

int channel_write_ack(struct call *c, enum pn_side side, struct pdu *p, OpenLogicalChannelAck_t *a)
{
	const struct call_channel *ch = channel_find(c, call_other(side), a->forwardLogicalChannelNumber);
	struct channel_fields f = fields_of_ack(a);
	int err;

	if (a->separateStack)
		return -EPROTONOSUPPORT;
	err = ch ? put(c, side, p, ch->stream, &f) : 0;

	return err ? err : traverse_media_ack(p, a);
}

int channel_write_modes(struct call *c, enum pn_side side, struct pdu *p,
			const struct CommunicationModeCommand *m)
{
	int err = 0;

	for (int i = 0; !err && i < m->communicationModeTable.list.count; i++) {
		struct channel_fields f = fields_of_mode(m->communicationModeTable.list.array[i]);
		int stream = stream_find(c, f.session);

		if (stream >= 0)
			err = put(c, side, p, stream, &f);
	}
	return err;
}
