#include "h245.h"

#include <errno.h>
#include <string.h>

#include <MultimediaSystemControlMessage.h>

#include "channel.h"
#include "channel_address.h"
#include "reject.h"
#include "traverse_h245.h"

#define H245(name) MultimediaSystemControlMessage_PR_##name

/* Reads the first message of text. */
static int read_one(struct pn_str text, struct pdu *p)
{
	int err = pdu_read(&asn_DEF_MultimediaSystemControlMessage, text, p);
	size_t used;

	if (err)
		return err;
	used = aper_consumed(p->m);
	if (used >= text.len)
		return 0;
	pdu_free(p);
	return pdu_read(&asn_DEF_MultimediaSystemControlMessage, (struct pn_str){ text.p, used }, p);
}

/* ---- what it says ---- */

/* A channel must not end the call that it came too late for. */
static int scan_open(struct call *c, enum pn_side side, const OpenLogicalChannel_t *o)
{
	int err = channel_open(c, side, o);

	return err < 0 && c->begun ? reject_note(c, side, o->forwardLogicalChannelNumber, err) : err;
}

static int scan_request(struct call *c, enum pn_side side, const RequestMessage_t *r)
{
	switch (r->present) {
	case RequestMessage_PR_openLogicalChannel:
		return scan_open(c, side, &r->choice.openLogicalChannel);
	case RequestMessage_PR_closeLogicalChannel:
		return channel_close(c, side, r->choice.closeLogicalChannel.forwardLogicalChannelNumber);
	default:
		return 0;
	}
}

static int scan_response(struct call *c, enum pn_side side, const ResponseMessage_t *r)
{
	switch (r->present) {
	case ResponseMessage_PR_openLogicalChannelAck:
		return channel_ack(c, side, &r->choice.openLogicalChannelAck);
	case ResponseMessage_PR_openLogicalChannelReject:
		return channel_close(c, call_other(side),
				     r->choice.openLogicalChannelReject.forwardLogicalChannelNumber);
	default:
		return 0;
	}
}

static int scan_message(struct call *c, enum pn_side side, const MultimediaSystemControlMessage_t *m)
{
	if (m->present == H245(request))
		return scan_request(c, side, &m->choice.request);
	if (m->present == H245(response))
		return scan_response(c, side, &m->choice.response);
	if (m->present == H245(command) &&
	    m->choice.command.present == CommandMessage_PR_communicationModeCommand)
		return channel_modes(c, side, &m->choice.command.choice.communicationModeCommand);
	return 0;
}

int h245_scan(struct call *c, enum pn_side side, struct pn_str text)
{
	bool declare = false;

	while (text.len) {
		struct pdu p = { 0 };
		int err = read_one(text, &p);

		if (err)
			return err;
		err = scan_message(c, side, p.root);
		text.p += p.text.len;
		text.len -= p.text.len;
		pdu_free(&p);
		if (err < 0)
			return err;
		declare = declare || err;
	}
	return declare;
}

int h245_scan_proposal(struct call *c, enum pn_side side, struct pn_str text)
{
	struct pdu p = { 0 };
	int err = pdu_read(&asn_DEF_OpenLogicalChannel, text, &p);

	if (!err)
		err = channel_fast(c, side, p.root);
	pdu_free(&p);
	return err;
}

/* ---- what it becomes ---- */

/* 1: this message was for us. */
static int edit_indication(struct call *c, enum pn_side side, struct pdu *p, IndicationMessage_t *i)
{
	struct H245TransportAddress *at = &i->choice.mcLocationIndication.signalAddress;
	struct pn_addr ours;

	if (i->present == IndicationMessage_PR_genericIndication)
		return traverse_is_indication(&i->choice.genericIndication);
	if (i->present != IndicationMessage_PR_mcLocationIndication)
		return 0;
	if (!channel_address_get(at).family)
		return 0;
	ours = h323_listener(c->h, c->leg[call_other(side)].realm, PN_TCP,
			     c->leg[call_other(side)].peer.family);
	return ours.family ? channel_address_set(p, at, &ours) : 0;
}

/* 1: it is rejected. */
static int edit_open(struct call *c, enum pn_side side, struct pdu *p, OpenLogicalChannel_t *o)
{
	if (reject_noted(c, o->forwardLogicalChannelNumber))
		return 1;
	return channel_write_open(c, side, p, o);
}

static int edit(struct call *c, enum pn_side side, struct pdu *p)
{
	MultimediaSystemControlMessage_t *m = p->root;

	if (m->present == H245(request) &&
	    m->choice.request.present == RequestMessage_PR_openLogicalChannel)
		return edit_open(c, side, p, &m->choice.request.choice.openLogicalChannel);
	if (m->present == H245(response) &&
	    m->choice.response.present == ResponseMessage_PR_openLogicalChannelAck)
		return channel_write_ack(c, side, p, &m->choice.response.choice.openLogicalChannelAck);
	if (m->present == H245(command) &&
	    m->choice.command.present == CommandMessage_PR_communicationModeCommand)
		return channel_write_modes(c, side, p, &m->choice.command.choice.communicationModeCommand);
	if (m->present == H245(indication))
		return edit_indication(c, side, p, &m->choice.indication);
	return 0;
}

static long pass_one(struct call *c, enum pn_side side, struct pdu *p, uint8_t *out, size_t cap)
{
	int err = edit(c, side, p);

	if (err < 0)
		return err;
	return err ? 0 : pdu_write(p, out, cap);
}

long h245_pass(struct call *c, enum pn_side side, struct pn_str text, uint8_t *out, size_t cap)
{
	size_t len = 0;

	while (text.len) {
		struct pdu p = { 0 };
		long n = pdu_counted(c->h, &p, read_one(text, &p));

		if (n)
			return n;
		n = pass_one(c, side, &p, out + len, cap - len);
		text.p += p.text.len;
		text.len -= p.text.len;
		pdu_free(&p);
		if (n < 0)
			return n;
		len += (size_t)n;
	}
	return (long)len;
}

long h245_pass_proposal(struct call *c, enum pn_side side, struct pn_str text, uint8_t *out, size_t cap)
{
	struct pdu p = { 0 };
	long n = pdu_counted(c->h, &p, pdu_read(&asn_DEF_OpenLogicalChannel, text, &p));

	if (!n && !channel_over_tcp(p.root)) {
		n = channel_write_open(c, side, &p, p.root);
		if (!n)
			n = pdu_write(&p, out, cap);
	}
	pdu_free(&p);
	return n;
}
