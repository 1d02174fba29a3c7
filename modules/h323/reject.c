#include "reject.h"

#include <errno.h>
#include <string.h>

#include <MultimediaSystemControlMessage.h>

#include "channel.h"
#include "own.h"
#include "q931.h"
#include "tpkt.h"
#include "uuie.h"

#define REJECT_LEN 16u

/* The number of the channel that it opens; 0: it does something else. */
static long number_of(struct pn_str text)
{
	const MultimediaSystemControlMessage_t *m;
	struct pdu p = { 0 };
	long number = 0;

	if (pdu_read(&asn_DEF_MultimediaSystemControlMessage, text, &p))
		return 0;
	m = p.root;
	if (aper_consumed(p.m) == text.len && m->present == MultimediaSystemControlMessage_PR_request &&
	    m->choice.request.present == RequestMessage_PR_openLogicalChannel)
		number = m->choice.request.choice.openLogicalChannel.forwardLogicalChannelNumber;
	pdu_free(&p);
	return number;
}

static void reject(struct call *c, enum pn_side side, bool control, long number, int err)
{
	MultimediaSystemControlMessage_t m = { .present = MultimediaSystemControlMessage_PR_response };
	ResponseMessage_t *response = &m.choice.response;
	OpenLogicalChannelReject_t *r = &response->choice.openLogicalChannelReject;
	uint8_t text[REJECT_LEN];
	long n;

	channel_close(c, side, number);
	response->present = ResponseMessage_PR_openLogicalChannelReject;
	r->forwardLogicalChannelNumber = number;
	r->cause.present = err == -EPROTONOSUPPORT ?
				   OpenLogicalChannelReject__cause_PR_separateStackEstablishmentFailed :
				   OpenLogicalChannelReject__cause_PR_insufficientBandwidth;
	n = aper_write_value(&asn_DEF_MultimediaSystemControlMessage, &m, text, sizeof(text));
	if (n < 0)
		return;
	if (!control) {
		own_tunnel(&c->leg[side], (struct pn_str){ (const char *)text, (size_t)n });
		return;
	}
	memcpy(c->h->out + TPKT_HEADER, text, (size_t)n);
	call_send(c->h, c->control[side].up, n);
}

/* All that is tunnelled opens channels. */
static bool is_all_open(const struct uuie_strings *list)
{
	for (size_t i = 0; i < uuie_count(list); i++)
		if (!number_of((struct pn_str){ (const char *)list->at[i]->buf, (size_t)list->at[i]->size }))
			return false;
	return uuie_count(list) > 0;
}

static bool reject_tunnelled(struct call *c, enum pn_side side, struct pn_str text, int err)
{
	const struct uuie_strings *list;
	struct q931_msg q;
	struct uuie u = { 0 };
	bool all;

	if (q931_parse(text, &q) || q.type != Q931_FACILITY || !q.uu.p || uuie_read(q.uu, &u))
		return false;
	list = &u.strings[UUIE_CONTROL];
	all = u.type == H323_UU_PDU__h323_message_body_PR_empty && is_all_open(list);
	for (size_t i = 0; all && i < uuie_count(list); i++) {
		const OCTET_STRING_t *s = list->at[i];

		reject(c, side, false, number_of((struct pn_str){ (const char *)s->buf, (size_t)s->size }), err);
	}
	uuie_free(&u);
	return all;
}

bool reject_channels(struct call *c, enum pn_side side, bool control, struct pn_str text, int err)
{
	long number;

	if (!control)
		return reject_tunnelled(c, side, text, err);
	number = number_of(text);
	if (number)
		reject(c, side, true, number, err);
	return number > 0;
}
