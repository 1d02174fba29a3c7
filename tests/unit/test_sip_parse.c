#include "parse.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "record.h"

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define HEAD \
	"Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\n" \
	"Call-ID: c\r\n"
#define OPTIONS "OPTIONS sip:b@h SIP/2.0\r\n" HEAD "CSeq: 1 OPTIONS\r\n"

static int parse(const char *text, struct sip_msg **m)
{
	*m = NULL;
	return msg_parse(text, strlen(text), false, m);
}

Test(sip_parse, judges_messages)
{
	static const struct {
		const char *text;
		int err, bad;
	} row[] = {
		{ OPTIONS "\r\n", 0, 0 },
		{ "\r\n\r\n" OPTIONS "\r\n", 0, 0 },
		{ "SIP/2.0 200 OK\r\n" HEAD "CSeq: 1 INVITE\r\n\r\n", 0, 0 },
		{ "SIP/2.0 200\r\n" HEAD "CSeq: 1 INVITE\r\n\r\n", 0, 0 },
		{ "SIP/2.0 200 \r\n" HEAD "CSeq: 1 INVITE\r\n\r\n", 0, 0 },
		{ "SIP/2.0 2000 OK\r\n" HEAD "CSeq: 1 INVITE\r\n\r\n", -EBADMSG, 0 },
		{ "SIP/2.0 99 OK\r\n" HEAD "CSeq: 1 INVITE\r\n\r\n", -EBADMSG, 0 },
		{ "hello\r\n\r\n", -EBADMSG, 0 },
		{ "\r\n\r\n", -EBADMSG, 0 },
		{ "OPTIONS sip:b@h SIP/2.0\n", -EBADMSG, 0 },
		{ OPTIONS, 0, 400 },                   /* no empty line */
		{ OPTIONS "X: a\nb\r\n\r\n", 0, 400 }, /* bare LF */
		{ OPTIONS "X: a\rb\r\n\r\n", 0, 400 }, /* bare CR */
		{ OPTIONS "no colon\r\n\r\n", 0, 400 },
		{ OPTIONS ": x\r\n\r\n", 0, 400 },
		{ OPTIONS "Content-Length: 1\r\n\r\n", 0, 400 },
		{ OPTIONS "Content-Length: -1\r\n\r\n", 0, 400 },
		{ OPTIONS "Content-Length: 0\r\nl: 0\r\n\r\n", 0, 400 },
		{ OPTIONS "l: 2\r\n\r\nabcd", 0, 0 },
		{ OPTIONS "Max-Forwards: 256\r\n\r\n", 0, 400 },
		{ OPTIONS "Max-Forwards: x\r\n\r\n", 0, 400 },
		{ OPTIONS "Proxy-Require: foo\r\n\r\n", 0, 420 },
		{ OPTIONS "CSeq: 1 OPTIONS\r\n\r\n", 0, 400 },
		{ OPTIONS "Contact: sip:a@h?x=y\r\n\r\n", 0, 400 },
		{ OPTIONS "Contact: <sip:a@h?x=y>\r\n\r\n", 0, 0 },
		{ OPTIONS "Route: <sip:a\r\n\r\n", 0, 400 },
		{ "OPTIONS sip:b@h SIP/7.0\r\n" HEAD "CSeq: 1 OPTIONS\r\n\r\n", 0, 505 },
		{ "OPTIONS  sip:b@h SIP/2.0\r\n" HEAD "CSeq: 1 OPTIONS\r\n\r\n", 0, 400 },
		{ "OPTIONS <sip:b@h> SIP/2.0\r\n" HEAD "CSeq: 1 OPTIONS\r\n\r\n", 0, 400 },
		{ "OPTIONS x:b SIP/2.0\r\n" HEAD "CSeq: 1 OPTIONS\r\n\r\n", 0, 416 },
		{ "OPTIONS urn:service:sos SIP/2.0\r\n" HEAD "CSeq: 1 OPTIONS\r\n\r\n", 0, 0 },
		{ "OPTIONS sip:b@h?a=b SIP/2.0\r\n" HEAD "CSeq: 1 OPTIONS\r\n\r\n", 0, 400 },
		{ "OPTIONS sip:b@h SIP/2.0\r\n" HEAD "CSeq: 1 INFO\r\n\r\n", 0, 400 },
		{ "OPTIONS sip:b@h SIP/2.0\r\n" HEAD "CSeq: 2147483648 OPTIONS\r\n\r\n", 0, 400 },
		{ "OPTIONS sip:b@h SIP/2.0\r\n" HEAD "\r\n", 0, 400 },
	};
	struct sip_msg *m;

	for (size_t i = 0; i < ROWS(row); i++) {
		cr_expect(eq(int, parse(row[i].text, &m), row[i].err), "row %zu", i);
		cr_expect(eq(int, m ? m->bad : 0, row[i].bad), "row %zu: %s", i,
			  m && m->why ? m->why : "");
		msg_free(m);
	}
}

Test(sip_parse, finds_fields)
{
	struct sip_msg *m;
	const struct sip_field *f;

	cr_assert(zero(
		int, parse("INVITE sip:b@h SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
			   "VIA : SIP/2.0/UDP i\r\nf:<sip:a@h>;tag=1\r\nt:\r\n <sip:b@h>;tag=2\r\n"
			   "i: c\r\ncSeQ:\t7\r\n INVITE\r\nX: y\r\n  z\r\nl: 2\r\n\r\nabcd",
			   &m)));
	cr_expect(zero(int, m->bad));
	cr_expect(eq(uint, m->cseq, 7));
	cr_expect(eq(int, m->kind, SIP_INVITE));
	cr_expect(str_is(m->from_tag, "1") && str_is(m->to_tag, "2") && str_is(m->call_id, "c"));
	cr_expect(str_is(m->body, "ab"));
	f = msg_field(m, SIP_VIA);
	cr_assert(f && msg_next(m, f));
	cr_expect(str_is(msg_next(m, f)->value, "SIP/2.0/UDP i"));
	cr_expect(eq(ptr, (void *)msg_next(m, msg_next(m, f)), NULL));
	cr_expect(eq(ptr, (void *)msg_field(m, SIP_CONTACT), NULL));
	msg_free(m);
}

Test(sip_parse, copies_when_asked)
{
	char text[] = OPTIONS "\r\n";
	struct sip_msg *m;

	cr_assert(zero(int, msg_parse(text, strlen(text), true, &m)));
	memset(text, 'x', sizeof(text));
	cr_expect(str_is(m->call_id, "c"));
	msg_free(m);
}

Test(sip_parse, refuses_too_many_fields)
{
	char *text = malloc(65536);
	size_t n = (size_t)snprintf(text, 65536, "%s", OPTIONS);
	struct sip_msg *m;

	for (unsigned i = 0; i < SIP_FIELDS_MAX; i++)
		n += (size_t)snprintf(text + n, 65536 - n, "X: %u\r\n", i);
	snprintf(text + n, 65536 - n, "\r\n");
	cr_assert(zero(int, parse(text, &m)));
	cr_expect(eq(int, m->bad, 400));
	msg_free(m);
	free(text);
}

Test(sip_parse, finds_the_description)
{
#define MULTI(type, more) \
	"Content-Type: multipart/mixed;boundary=\"b1\"\r\n\r\npreamble\r\n--b1\r\n" \
	"Content-Type: text/plain\r\n\r\nhi\r\n--b1\r\nContent-Type: " type "\r\n" more \
	"\r\nv=0\r\n\r\n--b1--\r\n"
	static const struct {
		const char *text, *sdp, *length;
		int want;
	} row[] = {
		{ "Content-Type: application/sdp\r\n\r\nv=0\r\n", "v=0\r\n", "", 1 },
		{ "c: Application/SDP; x=y\r\n\r\nv=0\r\n", "v=0\r\n", "", 1 },
		{ "\r\nv=0\r\n", "v=0\r\n", "", 1 },
		{ "Content-Type: text/plain\r\n\r\nv=0\r\n", "", "", 0 },
		{ "Content-Type: application/sdp\r\n\r\n", "", "", 0 },
		{ "Content-Type: application/sdp\r\ne: gzip\r\n\r\nv=0\r\n", "", "", -ENOTSUP },
		{ MULTI("application/sdp", ""), "v=0\r\n", "", 1 },
		{ MULTI("application/sdp", "Content-Length: 5\r\n"), "v=0\r\n", "5", 1 },
		{ MULTI("application/sdp", "Content-Transfer-Encoding: base64\r\n"), "", "",
		  -ENOTSUP },
		{ MULTI("text/plain", ""), "", "", 0 },
		{ "Content-Type: multipart/mixed\r\n\r\nx", "", "", -EBADMSG },
		{ "Content-Type: multipart/mixed;boundary=b\r\n\r\n--b\r\nx", "", "", -EBADMSG },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		char text[1024];
		struct sip_sdp sdp = { 0 };
		struct sip_msg *m;

		snprintf(text, sizeof(text), "%s%s", OPTIONS, row[i].text);
		cr_assert(zero(int, parse(text, &m)), "row %zu", i);
		cr_expect(eq(int, msg_sdp(m, &sdp), row[i].want), "row %zu", i);
		cr_expect(str_is(sdp.text, row[i].sdp), "row %zu: %.*s", i, (int)sdp.text.len,
			  sdp.text.p);
		cr_expect(str_is(sdp.length, row[i].length), "row %zu length", i);
		msg_free(m);
	}
}

Test(sip_parse, frames_streams)
{
	static const struct {
		const char *text;
		long want;
	} row[] = {
		{ "", 0 },
		{ "\r\n\r\n", 0 },
		{ "A b c\r\nX: 1\r\n", 0 },
		{ "A b c\r\nX: 1\r\n\r\n", 15 },
		{ "\r\nA b c\r\nX: 1\r\n\r\nmore", 17 },
		{ "A b c\r\nl : 3\r\n\r\nab", 0 },
		{ "A b c\r\nl : 3\r\n\r\nabcd", 19 },
		{ "A b c\r\nContent-Length: x\r\n\r\n", -EBADMSG },
		{ "A b c\r\nContent-Length: 70000\r\n\r\n", -EMSGSIZE },
	};

	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(eq(long, frame_length((const uint8_t *)row[i].text, strlen(row[i].text)),
			     row[i].want),
			  "row %zu", i);
}

Test(sip_parse, packs_records)
{
	struct sip_record r = { .cseq = 7,
				.nonce = 9,
				.contact = str_of("sip:a@h"),
				.extra = str_of("X: y\r\n") },
			  got;
	uint8_t data[SIP_RECORD_MAX];
	static char big[SIP_RECORD_MAX];
	long len = record_pack(&r, data);

	cr_assert(gt(long, len, 0));
	cr_assert(zero(int, record_unpack(data, (size_t)len, &got)));
	cr_expect(eq(uint, got.cseq, 7));
	cr_expect(str_is(got.contact, "sip:a@h") && str_is(got.extra, "X: y\r\n"));
	cr_expect(zero(sz, got.answer.len));
	for (size_t cut = 0; cut < (size_t)len; cut++)
		cr_expect(eq(int, record_unpack(data, cut, &got), -EBADMSG), "cut %zu", cut);
	r.value = (struct pn_str){ big, sizeof(big) };
	cr_expect(eq(long, record_pack(&r, data), -E2BIG));
}
