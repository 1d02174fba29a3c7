/* H.245 through the whole H.323 module on a small fake core, in a call that stands: by a connection of its own or
 * tunnelled. The input is an octet that says which, then a list of messages, each behind a control octet and its length
 * in two. So that the fuzzer gets past the first message of an exchange, a message that decodes may be given the number
 * of the channel that was opened last, or the address that its sender was shown last. What is sent must decode, and at
 * the end no port and no call may be left. */
#include <stdlib.h>
#include <string.h>

#include <CallIdentifier.h>
#include <H323-UserInformation.h>
#include <MultimediaSystemControlMessage.h>
#include <TransportAddress.h>

#include "aper.h"
#include "module_fake.h"
#include "q931.h"
#include "tpkt.h"

#define MESSAGES_MAX 48u
#define ROOM 65535u
#define CALL 0x1234u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct pn_module postern_module;

/* The control octet. */
enum { CALLED = 1, NUMBER = 2, SHOWN = 4, LATE = 8, DONE = 16, JOINED = 32, LATER = 64, ANSWERING = 128 };

static struct pn_conf_attr next_hop[] = { { "from", "access", &next_hop[1] },
					  { "to", "core", &next_hop[2] },
					  { "next-hop", "192.0.2.20:1720", NULL } };
static struct pn_conf route = { .name = "route", .attrs = next_hop };
static struct pn_conf module = { .name = "module", .children = &route };

static struct {
	bool tunnelled;
	uint64_t signalling[2], control[2]; /* of the caller, of the called side */
	long number;                        /* of the last channel */
	struct {
		uint8_t ip[16], family;
		long port;
	} shown[2];
	uint8_t joined[ROOM]; /* messages that share a TPKT with the next */
	size_t joined_len;
} call;

/* ---- the call ---- */

static uint8_t guid[16] = { 1, 2, 3 }, oid[] = { 0x00, 0x08, 0x91, 0x4a, 0x00, 0x06 };
static uint8_t access_ip[] = { 10, 1, 0, 2 }, core_ip[] = { 192, 0, 2, 20 };

static struct TransportAddress address(uint8_t ip[4], long port)
{
	struct TransportAddress a = { .present = TransportAddress_PR_ipAddress };

	a.choice.ipAddress.ip = (OCTET_STRING_t){ .buf = ip, .size = 4 };
	a.choice.ipAddress.port = port;
	return a;
}

static void signalling(unsigned side, enum q931_type type, const H323_UserInformation_t *info)
{
	static uint8_t uu[ROOM], out[ROOM + TPKT_HEADER];
	long n = aper_write_value(&asn_DEF_H323_UserInformation, info, uu, sizeof(uu));

	if (n < 0)
		return;
	n = q931_write(type, CALL, side == 1, 0, (struct pn_str){ (const char *)uu, (size_t)n }, out + TPKT_HEADER, ROOM);
	if (n > 0 && !tpkt_header(out, (size_t)n))
		fake_receive_by(call.signalling[side], out, (size_t)n + TPKT_HEADER);
}

static void set_up(void)
{
	H323_UserInformation_t info = { 0 };
	Setup_UUIE_t *s = &info.h323_uu_pdu.h323_message_body.choice.setup;
	struct TransportAddress from = address(access_ip, 1720);
	struct CallIdentifier id = { .guid = { .buf = guid, .size = 16 } };
	BOOLEAN_t no = 0;

	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_setup;
	s->protocolIdentifier = (OBJECT_IDENTIFIER_t){ .buf = oid, .size = sizeof(oid) };
	s->conferenceID = (OCTET_STRING_t){ .buf = guid, .size = 16 };
	s->conferenceGoal.present = Setup_UUIE__conferenceGoal_PR_create;
	s->callType.present = CallType_PR_pointToPoint;
	s->sourceCallSignalAddress = &from;
	s->callIdentifier = &id;
	s->mediaWaitForConnect = s->canOverlapSend = &no;
	signalling(0, Q931_SETUP, &info);
}

static void answer(void)
{
	H323_UserInformation_t info = { 0 };
	Connect_UUIE_t *c = &info.h323_uu_pdu.h323_message_body.choice.connect;
	struct TransportAddress control = address(core_ip, 41500);
	struct CallIdentifier id = { .guid = { .buf = guid, .size = 16 } };

	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_connect;
	c->protocolIdentifier = (OBJECT_IDENTIFIER_t){ .buf = oid, .size = sizeof(oid) };
	c->conferenceID = (OCTET_STRING_t){ .buf = guid, .size = 16 };
	c->callIdentifier = &id;
	c->h245Address = call.tunnelled ? NULL : &control;
	signalling(1, Q931_CONNECT, &info);
}

static void begin(bool tunnelled)
{
	memset(&call, 0, sizeof(call));
	call.tunnelled = tunnelled;
	call.signalling[0] = fake_connect("access", "198.51.100.11", 40000);
	set_up();
	call.signalling[1] = fake_awaited();
	fake_connected(call.signalling[1]);
	answer();
	if (tunnelled)
		return;
	for (int side = 0; side < 2; side++) { /* the caller comes, then we go to the called side */
		call.control[side] = fake_awaited();
		fake_connected(call.control[side]);
	}
	if (!call.control[1])
		abort();
}

/* ---- what comes ---- */

static long *number_in(MultimediaSystemControlMessage_t *m)
{
	RequestMessage_t *q = &m->choice.request;
	ResponseMessage_t *r = &m->choice.response;

	if (m->present == MultimediaSystemControlMessage_PR_request &&
	    q->present == RequestMessage_PR_closeLogicalChannel)
		return &q->choice.closeLogicalChannel.forwardLogicalChannelNumber;
	if (m->present == MultimediaSystemControlMessage_PR_request &&
	    q->present == RequestMessage_PR_openLogicalChannel)
		return &q->choice.openLogicalChannel.forwardLogicalChannelNumber;
	if (m->present != MultimediaSystemControlMessage_PR_response)
		return NULL;
	if (r->present == ResponseMessage_PR_openLogicalChannelAck)
		return &r->choice.openLogicalChannelAck.forwardLogicalChannelNumber;
	return r->present == ResponseMessage_PR_openLogicalChannelReject ?
		       &r->choice.openLogicalChannelReject.forwardLogicalChannelNumber : NULL;
}

static void show(struct aper_message *m, unsigned side)
{
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(m, &leaf);

	for (size_t i = 0; i < n; i++)
		if (leaf[i].family == call.shown[side].family) {
			memcpy(leaf[i].ip, call.shown[side].ip, leaf[i].family == 4 ? 4 : 16);
			*leaf[i].port = call.shown[side].port;
		}
}

/* Gives the message what it cannot know. Returns its length; as it came when it does not decode. */
static size_t fill(uint8_t how, const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
	struct aper_message *m;
	long n = -1, *number;

	if (how & (NUMBER | SHOWN) && !aper_read(&asn_DEF_MultimediaSystemControlMessage, in, len, &m)) {
		number = number_in(aper_root(m));
		if (how & NUMBER && number && call.number)
			*number = call.number;
		if (how & SHOWN)
			show(m, how & CALLED);
		n = aper_write(m, out, cap);
		aper_free(m);
	}
	if (n > 0)
		return (size_t)n;
	memcpy(out, in, len);
	return len;
}

static void tunnel(unsigned side, bool answering)
{
	H323_UserInformation_t info = { 0 };
	OCTET_STRING_t one = { .buf = call.joined, .size = (int)call.joined_len }, *ones[] = { &one };
	struct H323_UU_PDU__h245Control list = { .list = { .array = ones, .count = 1, .size = 1 } };
	BOOLEAN_t yes = 1;

	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_empty;
	info.h323_uu_pdu.h245Tunneling = &yes;
	info.h323_uu_pdu.h245Control = &list;
	signalling(side, answering ? Q931_ALERTING : Q931_FACILITY, &info);
}

static void one_message(uint8_t how, const uint8_t *in, size_t len)
{
	static uint8_t tpkt[ROOM + TPKT_HEADER];
	unsigned side = how & CALLED;

	if (call.joined_len + 2 * len + 1024 > sizeof(call.joined) - TPKT_HEADER)
		call.joined_len = 0;
	call.joined_len += fill(how, in, len, call.joined + call.joined_len, sizeof(call.joined) - call.joined_len);
	if (how & JOINED)
		return;
	if (call.tunnelled) {
		tunnel(side, how & ANSWERING);
	} else if (!tpkt_header(tpkt, call.joined_len)) {
		memcpy(tpkt + TPKT_HEADER, call.joined, call.joined_len);
		fake_receive_by(call.control[side], tpkt, call.joined_len + TPKT_HEADER);
	}
	call.joined_len = 0;
}

/* ---- what is sent ---- */

static void learn(struct aper_message *m, unsigned side)
{
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(m, &leaf);
	const long *number = number_in(aper_root(m));

	if (number)
		call.number = *number;
	if (!n)
		return;
	call.shown[side].family = leaf[n - 1].family;
	memcpy(call.shown[side].ip, leaf[n - 1].ip, leaf[n - 1].family == 4 ? 4 : 16);
	call.shown[side].port = *leaf[n - 1].port;
}

static void check_h245(const uint8_t *p, size_t len, unsigned side)
{
	while (len) {
		struct aper_message *m;
		size_t used;

		if (aper_read(&asn_DEF_MultimediaSystemControlMessage, p, len, &m))
			abort();
		used = aper_consumed(m);
		learn(m, side);
		aper_free(m);
		p += used;
		len -= used;
	}
}

static void check_signalling(struct pn_str text, unsigned side)
{
	const struct H323_UU_PDU__h245Control *list;
	struct aper_message *m;
	struct q931_msg q;

	if (q931_parse(text, &q))
		abort();
	if (!q.uu.p)
		return;
	if (aper_read(&asn_DEF_H323_UserInformation, (const uint8_t *)q.uu.p, q.uu.len, &m))
		abort();
	list = ((H323_UserInformation_t *)aper_root(m))->h323_uu_pdu.h245Control;
	for (int i = 0; list && i < list->list.count; i++)
		check_h245(list->list.array[i]->buf, (size_t)list->list.array[i]->size, side);
	aper_free(m);
}

static void check(void)
{
	const struct fake_sent *s;

	while ((s = fake_take())) {
		struct pn_str text = tpkt_payload((const uint8_t *)s->data, s->len);

		if (!text.len)
			abort();
		if (s->flow == call.control[0] || s->flow == call.control[1])
			check_h245((const uint8_t *)text.p, text.len, s->flow == call.control[1]);
		else
			check_signalling(text, s->flow == call.signalling[1]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	fake_world.access_port = fake_world.core_port = 1720;
	if (!fake_start(&postern_module, &module))
		abort();
	begin(data[0] & 1);
	check();
	data++;
	size--;
	for (unsigned i = 0; i < MESSAGES_MAX && size >= 3; i++) {
		size_t len = (size_t)data[1] << 8 | data[2];

		if (len > size - 3)
			len = size - 3;
		fake.late = data[0] & LATE;
		one_message(data[0], data + 3, len);
		if (data[0] & DONE)
			fake_media_done();
		if (data[0] & LATER)
			fake_advance(5000);
		check();
		data += 3 + len;
		size -= 3 + len;
	}
	fake_timeout(PN_TIMEOUT_SIGNALLING);
	check();
	if (fake.sessions_begun != 1 || fake.sessions_ended != 1 || fake.ports_taken != fake.ports_given_back)
		abort();
	fake_stop();
	return 0;
}
