#include "signalling.h"

#include <errno.h>
#include <string.h>

#include "address.h"
#include "control.h"
#include "h245.h"
#include "link.h"
#include "own.h"
#include "q931.h"
#include "ras_tunnel.h"
#include "setup.h"
#include "tpkt.h"
#include "traverse_media.h"

/* ---- what it says of media ---- */

static int scan_strings(struct call *c, enum pn_side side, const struct uuie *u)
{
	bool declare = false;

	for (size_t i = 0; i < UUIE_STRINGS; i++)
		for (size_t j = 0; j < uuie_count(&u->strings[i]); j++) {
			const OCTET_STRING_t *s = u->strings[i].at[j];
			struct pn_str text = { (const char *)s->buf, (size_t)s->size };
			int err = i == UUIE_FAST_START ? h245_scan_proposal(c, side, text) :
							 h245_scan(c, side, text);

			if (err < 0 && (err != -EBADMSG || !c->h->conf->forward))
				return err;
			declare = declare || err > 0;
		}
	return declare;
}

int signalling_scan(struct call *c, enum pn_side side, struct pn_str text, struct uuie *read)
{
	struct q931_msg q;

	if (q931_parse(text, &q) || !q.uu.p)
		return 0;
	if (uuie_read(q.uu, read))
		return c->h->conf->forward ? 0 : -EBADMSG;
	return scan_strings(c, side, read);
}

/* ---- on it goes ---- */

/* One of them as the other side must see it. 1: not at all. */
static int pass_string(struct call *c, enum pn_side side, struct uuie *u, enum uuie_strings_kind kind, size_t i)
{
	OCTET_STRING_t *s = u->strings[kind].at[i];
	struct pn_str text = { (const char *)s->buf, (size_t)s->size };
	uint8_t out[H323_PDU_MAX];
	long n = kind == UUIE_FAST_START ? h245_pass_proposal(c, side, text, out, sizeof(out)) :
					   h245_pass(c, side, text, out, sizeof(out));

	if (n > 0)
		return uuie_set_string(u, s, (struct pn_str){ (const char *)out, (size_t)n });
	if (n == -EBADMSG && c->h->conf->forward)
		return 0;
	return n < 0 ? (int)n : 1;
}

static int pass_strings(struct call *c, enum pn_side side, struct uuie *u)
{
	for (size_t kind = 0; kind < UUIE_STRINGS; kind++)
		for (size_t i = 0; i < uuie_count(&u->strings[kind]);) {
			int err = pass_string(c, side, u, kind, i);

			if (err > 0)
				err = uuie_drop_string(u, &u->strings[kind], i);
			else
				i++;
			if (err)
				return err;
		}
	return 0;
}

/* All that was tunnelled was for us. -ECANCELED: and there was nothing else. */
static int end_tunnel(struct uuie *u)
{
	const H323_UU_PDU_t *uu = u->uu;

	u->uu->h245Control = NULL;
	return u->type == H323_UU_PDU__h323_message_body_PR_empty && !uu->nonStandardData &&
			       !uu->h4501SupplementaryService && !uu->nonStandardControl &&
			       !uu->tunnelledSignallingMessage && !uu->genericData ? -ECANCELED : 0;
}

static long edit(struct call *c, enum pn_side side, struct uuie *u)
{
	const struct uuie_strings *control = &u->strings[UUIE_CONTROL];
	bool tunnelled = uuie_count(control) > 0;
	long n;

	traverse_media_note(c, side, u);
	n = pass_strings(c, side, u);
	if (!n && tunnelled && !uuie_count(control))
		n = end_tunnel(u);
	if (!n)
		n = address_edit(c, side, u);
	return n ? n : traverse_media_features(c, side, u);
}

/* The message with its addresses, at h->out + TPKT_HEADER. The length or -errno. */
static long rewrite(struct call *c, enum pn_side side, const struct q931_msg *q, struct uuie *read)
{
	uint8_t uu[H323_PDU_MAX];
	struct uuie again = { 0 }, *u = read && read->uu ? read : &again;
	long n = u == read ? 0 : uuie_read(q->uu, u);

	n = pdu_counted(c->h, &u->pdu, (int)n);
	if (!n)
		n = edit(c, side, u);
	if (!n)
		n = uuie_write(u, uu, sizeof(uu));
	uuie_free(&again);
	if (n < 0)
		return n;
	return q931_replace_uu(q, (struct pn_str){ (const char *)uu, (size_t)n }, c->h->out + TPKT_HEADER,
			       H323_PDU_MAX - TPKT_HEADER);
}

static long as_it_is(struct call *c, struct pn_str text)
{
	memcpy(c->h->out + TPKT_HEADER, text.p, text.len);
	return (long)text.len;
}

static long next_text(struct call *c, enum pn_side side, const struct q931_msg *q, struct uuie *read)
{
	long n;

	if (!q->uu.p)
		return as_it_is(c, q->text);
	n = rewrite(c, side, q, read);
	if (n >= 0 || n == -ECANCELED)
		return n;
	h323_unsent(c->h, (int)n);
	c->h->svc->log(c->h->host, PN_LOG_INFO, "call %s: message %u cannot be rewritten: %s",
		       c->h->svc->session_id(c->session), q->type, strerror((int)-n));
	return n == -EBADMSG && c->h->conf->forward ? as_it_is(c, q->text) : n;
}

/* ---- what it does to the call ---- */

static void on_connect(struct call *c)
{
	if (!c->answered)
		c->h->svc->session_answered(c->session);
	c->answered = true;
	c->h->svc->session_deadline(c->session, c->h->conf->session_ms);
	control_answered(c);
}

static enum pn_cause cause_of(const struct call *c, enum pn_side side)
{
	if (c->answered)
		return PN_END_NORMAL;
	return side == PN_SIDE_A ? PN_END_CANCELLED : PN_END_REJECTED;
}

void signalling_forward(struct call *c, enum pn_side side, struct pn_str text, struct uuie *read)
{
	struct q931_msg q;
	long n;

	if (q931_parse(text, &q))
		return;
	n = next_text(c, side, &q, read);
	if (n > 0)
		c->begun = !call_send(c->h, c->leg[call_other(side)].link, n) || c->begun;
	else if (q.type == Q931_SETUP)
		call_refuse(c, (int)n, PN_END_REFUSED);
	else if (q.type == Q931_RELEASE_COMPLETE)
		own_release_leg(&c->leg[call_other(side)], -ECANCELED);
	if (c->over)
		return;
	if (q.type == Q931_RELEASE_COMPLETE)
		call_end(c, cause_of(c, side));
	else if (q.type == Q931_CONNECT && side == PN_SIDE_B)
		on_connect(c);
	else
		c->h->svc->session_deadline(c->session,
					    c->answered ? c->h->conf->session_ms : c->h->conf->setup_ms);
}

/* ---- what is not of a known call ---- */

/* H.460.18: a terminal tells for which call it opened this connection. */
static bool claim(struct h323 *h, struct call_link *l, const struct pn_msg *m, const struct q931_msg *q)
{
	struct uuie u = { 0 };
	struct call *c = NULL;

	if (!q->uu.p || pdu_counted(h, &u.pdu, uuie_read(q->uu, &u)))
		return false;
	if (u.call)
		c = traversal_claim(h, m, u.call);
	uuie_free(&u);
	if (!c)
		return false;
	c->traversal = NULL;
	c->leg[PN_SIDE_B].peer = m->remote;
	if (link_attach(l, &c->leg[PN_SIDE_B])) {
		call_refuse(c, -EEXIST, PN_END_FAILED);
		return true;
	}
	h->svc->session_peer(c->session, PN_SIDE_B, &m->remote);
	call_ready(c);
	return true;
}

static void stray(struct h323 *h, struct call_link *l, const struct q931_msg *q)
{
	const struct own_to to = { l, q->call, !q->answering };

	h->svc->count(h->host, H323_CNT_STRAY);
	if (q->type != Q931_RELEASE_COMPLETE && q->type != Q931_STATUS && q->call)
		own_release(&to, NULL, -EEXIST);
}

void signalling_receive(struct h323 *h, struct call_link *l, const struct pn_msg *m, struct pn_str text)
{
	struct call_leg *leg;
	struct q931_msg q;

	h->svc->count(h->host, H323_CNT_SIGNALLING);
	if (q931_parse(text, &q)) {
		h->svc->count(h->host, H323_CNT_MALFORMED);
		h->svc->bad_input(h->host, m, "no Q.931 message");
		return;
	}
	leg = link_leg(l, q.call, q.answering);
	if (leg)
		call_give(leg->call, leg->side, false, text);
	else if (q.type == Q931_SETUP && !q.answering)
		setup_receive(h, l, m, &q);
	else if (!ras_tunnel_receive(h, l, m, &q) && (q.type != Q931_FACILITY || !claim(h, l, m, &q)))
		stray(h, l, &q);
}
