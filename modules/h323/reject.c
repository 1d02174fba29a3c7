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

/* ---- which ---- */

int reject_note(struct call *c, enum pn_side side, long number, int why)
{
	if (c->n_rejects == CALL_REJECTS_MAX)
		return -ENOBUFS;
	channel_close(c, side, number);
	c->reject[c->n_rejects++] = (struct call_reject){ number, why };
	return 0;
}

bool reject_noted(const struct call *c, long number)
{
	for (size_t i = 0; i < c->n_rejects; i++)
		if (c->reject[i].number == number)
			return true;
	return false;
}

/* Messages of H.245, one behind the other. */
static int note_messages(struct call *c, enum pn_side side, struct pn_str text, int why)
{
	const MultimediaSystemControlMessage_t *m;
	struct pdu p = { 0 };
	int err = 0;

	for (; !err && text.len && !pdu_read(&asn_DEF_MultimediaSystemControlMessage, text, &p); pdu_free(&p)) {
		size_t used = aper_consumed(p.m);

		m = p.root;
		if (m->present == MultimediaSystemControlMessage_PR_request &&
		    m->choice.request.present == RequestMessage_PR_openLogicalChannel)
			err = reject_note(c, side, m->choice.request.choice.openLogicalChannel.forwardLogicalChannelNumber,
					  why);
		used = used < text.len ? used : text.len;
		text.p += used;
		text.len -= used;
	}
	return err;
}

static int note_tunnelled(struct call *c, enum pn_side side, struct pn_str text, int why)
{
	const struct uuie_strings *list;
	struct uuie u = { 0 };
	struct q931_msg q;
	int err = 0;

	if (q931_parse(text, &q) || !q.uu.p || uuie_read(q.uu, &u))
		return 0;
	list = &u.strings[UUIE_CONTROL];
	for (size_t i = 0; !err && i < uuie_count(list); i++) {
		const OCTET_STRING_t *s = list->at[i];

		err = note_messages(c, side, (struct pn_str){ (const char *)s->buf, (size_t)s->size }, why);
	}
	uuie_free(&u);
	return err;
}

bool reject_note_all(struct call *c, enum pn_side side, bool control, struct pn_str text, int why)
{
	int err;

	c->n_rejects = 0;
	err = control ? note_messages(c, side, text, why) : note_tunnelled(c, side, text, why);
	return !err && c->n_rejects > 0;
}

/* ---- the answer ---- */

static void answer(struct call *c, enum pn_side side, bool control, const struct call_reject *what)
{
	MultimediaSystemControlMessage_t m = { .present = MultimediaSystemControlMessage_PR_response };
	ResponseMessage_t *response = &m.choice.response;
	OpenLogicalChannelReject_t *r = &response->choice.openLogicalChannelReject;
	uint8_t text[REJECT_LEN];
	long n;

	response->present = ResponseMessage_PR_openLogicalChannelReject;
	r->forwardLogicalChannelNumber = what->number;
	r->cause.present = what->err == -EPROTONOSUPPORT ?
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

void reject_send(struct call *c, enum pn_side side, bool control)
{
	for (size_t i = 0; i < c->n_rejects; i++)
		answer(c, side, control, &c->reject[i]);
	c->n_rejects = 0;
}
