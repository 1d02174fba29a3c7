#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sip_kit.h"

static void *module;

static void start(void)
{
	module = fake_start(&postern_module, kit_conf_route());
	cr_assert(ne(ptr, module, NULL));
}

static const char sdp[] =
	"Content-Type: application/sdp\n\n"
	"v=0\no=- 1 1 IN IP4 192.0.2.50\ns=-\nc=IN IP4 192.0.2.50\nt=0 0\nm=audio 7000 RTP/AVP 0\n";

/* A response of the softswitch to the INVITE with this Call-ID; what kit_sent returned last had its
 * branch. */
static void answer(const char *status, const char *id, const char *tag, const char *more)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "SIP/2.0 %s\nVia: SIP/2.0/UDP 192.0.2.5:5060;branch={branch};rport=5060\n"
		 "From: <sip:alice@example.net>;tag=a\nTo: <sip:bob@example.net>%s%s\nCall-ID: %s\n"
		 "CSeq: 1 INVITE\nContact: <sip:bob@192.0.2.50;x=1>\n%s",
		 status, *tag ? ";tag=" : "", tag, id, *more ? more : "Content-Length: 0\n\n");
	kit_core(text);
}

/* A request of the terminal in the dialog with this tag, at the token that kit_keep kept. */
static void inside(const char *method, unsigned cseq, const char *id, const char *tag,
		   const char *more)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "%s sip:{own}@198.51.100.5:5060 SIP/2.0\n"
		 "Via: SIP/2.0/UDP 10.1.0.2:5060;branch=z9hG4bK%s%s%u;rport\nMax-Forwards: 70\n"
		 "From: <sip:alice@example.net>;tag=a\nTo: <sip:bob@example.net>;tag=%s\nCall-ID: "
		 "%s\n"
		 "CSeq: %u %s\n%s",
		 method, id, method, cseq, tag, id, cseq, method,
		 *more ? more : "Content-Length: 0\n\n");
	kit_terminal(text);
}

static void invited(const char *id)
{
	kit_invite(id);
	cr_assert(eq(int, (kit_sent(), kit_status()), 100));
	cr_assert(eq(int, (kit_sent(), kit_status()), 0));
}

static void answered(const char *id)
{
	start();
	invited(id);
	answer("200 OK", id, "b", sdp);
	cr_assert(eq(int, (kit_sent(), kit_status()), 200));
	kit_keep();
	inside("ACK", 1, id, "b", "");
	cr_assert(zero(int, strncmp(kit_sent(), "ACK sip:bob@192.0.2.50;x=1 SIP/2.0\r\n", 35)));
}

Test(sip_call, hides_both_sides)
{
	start();
	kit_invite("h");
	kit_sent();
	kit_sent();
	cr_expect(kit_has(
		"INVITE sip:bob@192.0.2.20 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.5:5060;branch="));
	cr_expect(kit_has("Contact: <sip:{user}@192.0.2.5:5060>\r\n"));
	cr_expect(kit_has("c=IN IP4 192.0.2.5\r\n"));
	cr_expect(not(kit_has("10.1.0.2:5060")));
	answer("183 Early", "h", "b", sdp);
	kit_sent();
	cr_expect(kit_has("Via: SIP/2.0/UDP "
			  "10.1.0.2:5060;branch=z9hG4bKh;rport=40001;received=203.0.113.7\r\n"));
	cr_expect(kit_has("Contact: <sip:{user}@198.51.100.5:5060>\r\n"));
	cr_expect(kit_has("c=IN IP4 198.51.100.5\r\n"));
	cr_expect(not(kit_has("192.0.2.")));
	fake_stop();
}

Test(sip_call, absorbs_retransmissions)
{
	start();
	invited("r");
	kit_invite("r");
	cr_expect(eq(int, (kit_sent(), kit_status()), 100));
	cr_expect(eq(str, (char *)kit_sent(), ""));
	fake_advance(499);
	cr_expect(eq(str, (char *)kit_sent(), ""));
	fake_advance(1);
	cr_expect(kit_sent()[0] == 'I');
	answer("180 R", "r", "b", "");
	cr_expect(eq(int, (kit_sent(), kit_status()), 180));
	fake_advance(5000);
	cr_expect(eq(str, (char *)kit_sent(), ""));
	fake_stop();
}

Test(sip_call, passes_answers_again)
{
	answered("a");
	answer("200 OK", "a", "b", sdp); /* its branch is that of the ACK now: nobody's */
	cr_expect(eq(str, (char *)kit_sent(), ""));
	inside("ACK", 1, "a", "b", "");
	cr_expect(zero(int, strncmp(kit_sent(), "ACK ", 4)));
	cr_expect(eq(uint, fake.sessions_ended, 0));
	fake_stop();
}

Test(sip_call, ends_with_bye)
{
	static const struct {
		const char *status;
		unsigned ended;
	} row[] = { { "200 OK", 1 }, { "481 Gone", 1 }, { "407 Proxy", 0 } };

	for (size_t i = 0; i < ROWS(row); i++) {
		char text[512];

		answered("e");
		inside("BYE", 2, "e", "b", "");
		kit_sent();
		snprintf(text, sizeof(text),
			 "SIP/2.0 %s\nVia: SIP/2.0/UDP 192.0.2.5:5060;branch={branch}\n"
			 "From: <sip:a@b>;tag=a\nTo: <sip:b@b>;tag=b\nCall-ID: e\nCSeq: 2 BYE\n\n",
			 row[i].status);
		kit_core(text);
		kit_sent();
		cr_expect(eq(uint, fake.sessions_ended, row[i].ended), "row %zu", i);
		fake_stop();
	}
	answered("t");
	inside("BYE", 2, "t", "b", "");
	fake_advance(40000);
	cr_expect(eq(uint, fake.sessions_ended, 1));
	cr_expect(eq(int, fake.last_cause, PN_END_NORMAL));
	fake_stop();
}

Test(sip_call, rolls_back_what_is_refused)
{
	answered("b");
	inside("INVITE", 2, "b", "b",
	       "Contact: <sip:alice@10.1.0.2>\nContent-Type: application/sdp\n"
	       "\nv=0\no=- 1 2 IN IP4 10.1.0.2\ns=-\nc=IN IP4 10.1.0.2\nt=0 0\nm=audio 1 RTP/AVP "
	       "0\n");
	kit_sent();
	kit_sent();
	cr_expect(eq(uint, fake.last_flags, PN_DECLARE_OFFER));
	kit_core("SIP/2.0 488 No\nVia: SIP/2.0/UDP 192.0.2.5:5060;branch={branch}\nFrom: "
		 "<sip:a@b>;tag=a\n"
		 "To: <sip:b@b>;tag=b\nCall-ID: b\nCSeq: 2 INVITE\nContent-Length: 0\n\n");
	cr_expect(zero(int, strncmp(kit_sent(), "ACK ", 4)));
	cr_expect(eq(int, (kit_sent(), kit_status()), 488));
	cr_expect(eq(uint, fake.rollbacks, 1));
	cr_expect(eq(uint, fake.sessions_ended, 0));
	fake_stop();
}

Test(sip_call, cancels_hop_by_hop)
{
	start();
	invited("c");
	inside("CANCEL", 1, "c", "", "");
	cr_expect(eq(int, (kit_sent(), kit_status()), 481)); /* another branch */
	kit_terminal("CANCEL sip:bob@198.51.100.5 SIP/2.0\nVia: SIP/2.0/UDP "
		     "10.1.0.2:5060;branch=z9hG4bKc;rport\n"
		     "From: <sip:alice@example.net>;tag=a\nTo: <sip:bob@example.net>\nCall-ID: c\n"
		     "CSeq: 1 CANCEL\n\n");
	cr_expect(eq(int, (kit_sent(), kit_status()), 200));
	cr_expect(eq(str, (char *)kit_sent(), "")); /* nothing came back yet */
	answer("180 R", "c", "b", "");
	cr_expect(zero(int, strncmp(kit_sent(), "CANCEL sip:bob@192.0.2.20 SIP/2.0\r\n", 35)));
	cr_expect(eq(int, (kit_sent(), kit_status()), 180));
	fake_stop();
}

/* The media has no addresses yet: CANCEL answers both, and nothing was ever sent on. */
Test(sip_call, cancels_while_media_is_pending)
{
	start();
	fake.late = 1;
	kit_invite("p");
	kit_sent();
	cr_expect(eq(str, (char *)kit_sent(), ""));
	kit_terminal("CANCEL sip:bob@198.51.100.5 SIP/2.0\nVia: SIP/2.0/UDP "
		     "10.1.0.2:5060;branch=z9hG4bKp;rport\n"
		     "From: <sip:alice@example.net>;tag=a\nTo: <sip:bob@example.net>\nCall-ID: p\n"
		     "CSeq: 1 CANCEL\n\n");
	cr_expect(eq(int, (kit_sent(), kit_status()), 200));
	cr_expect(eq(int, (kit_sent(), kit_status()), 487));
	cr_expect(eq(uint, fake.sessions_ended, 1));
	fake_media_done();
	cr_expect(eq(str, (char *)kit_sent(), ""));
	fake_stop();
}

Test(sip_call, holds_what_comes_behind)
{
	start();
	invited("w");
	fake.late = 1;
	answer("183 Early", "w", "b", sdp);
	answer("183 Early", "w", "b", sdp);
	cr_expect(zero(uint, fake.holds)); /* its own retransmission */
	answer("200 OK", "w", "b", "");
	cr_expect(eq(uint, fake.holds, 1));
	cr_expect(eq(str, (char *)kit_sent(), ""));
	fake_media_done();
	cr_expect(eq(int, (kit_sent(), kit_status()), 183));
	cr_expect(eq(int, (kit_sent(), kit_status()), 200));
	fake_stop();
}

Test(sip_call, refuses_in_its_own_words)
{
	static const struct {
		int media, admit, want;
	} row[] = {
		{ -ENOSPC, 0, 503 },        { -EACCES, 0, 403 }, { -ETIMEDOUT, 0, 504 },
		{ -EADDRNOTAVAIL, 0, 488 }, { -EIO, 0, 500 },    { 0, -EACCES, 403 },
		{ 0, -EDQUOT, 403 },        { 0, -ENOSPC, 503 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		start();
		fake.refuse_media = row[i].media;
		fake.admit = row[i].admit;
		kit_invite("f");
		kit_sent();
		kit_sent();
		cr_expect(eq(int, kit_status(), row[i].want), "row %zu", i);
		cr_expect(row[i].want != 503 || kit_has("Retry-After: "), "row %zu", i);
		cr_expect(eq(uint, fake.sessions_ended, fake.sessions_begun), "row %zu", i);
		fake_stop();
	}
}

Test(sip_call, goes_on_to_the_next_address)
{
	start();
	invited("n");
	answer("503 Full", "n", "x", "");
	kit_sent(); /* ACK */
	cr_expect(zero(int, strncmp(kit_sent(), "INVITE ", 7)));
	cr_expect(eq(uint, fake.sent[fake.taken - 1].to.ip[3], 21));
	cr_expect(kit_has("c=IN IP4 192.0.2.5\r\n"));
	answer("503 Full", "n", "y", "");
	kit_sent();
	cr_expect(eq(int, (kit_sent(), kit_status()), 503));
	cr_expect(eq(int, fake.last_cause, PN_END_REJECTED));
	fake_stop();
}

Test(sip_call, times_out)
{
	start();
	invited("o");
	fake_advance(64 * 500 * 2 + 10);
	while (*kit_sent() && !kit_status())
		;
	cr_expect(eq(int, kit_status(), 408));
	cr_expect(eq(int, fake.last_cause, PN_END_NO_ANSWER));
	fake_stop();
}

Test(sip_call, ends_itself)
{
	answered("s");
	fake_timeout(PN_TIMEOUT_MEDIA);
	cr_expect(zero(int, strncmp(kit_sent(), "BYE sip:alice@10.1.0.2;ob SIP/2.0\r\n", 35)));
	cr_expect(kit_has(
		"\r\nFrom: <sip:bob@example.net>;tag=b\r\nTo: <sip:alice@example.net>;tag=a\r\n"));
	cr_expect(zero(int, strncmp(kit_sent(), "BYE sip:bob@192.0.2.50;x=1 SIP/2.0\r\n", 36)));
	cr_expect(kit_has("CSeq: 2 BYE\r\n"));
	cr_expect(eq(int, fake.last_cause, PN_END_TIMEOUT_MEDIA));
	fake_stop();
	start();
	invited("u");
	answer("180 R", "u", "b", "");
	kit_sent();
	fake_timeout(PN_TIMEOUT_SIGNALLING);
	cr_expect(zero(int, strncmp(kit_sent(), "CANCEL ", 7)));
	cr_expect(eq(int, (kit_sent(), kit_status()), 408));
	fake_stop();
}

/* Somebody answers after we gave the caller a failure: he is told that it is over. */
Test(sip_call, ends_answers_that_nobody_waits_for)
{
	start();
	invited("l");
	answer("180 R", "l", "b", "");
	kit_sent();
	fake_timeout(PN_TIMEOUT_ANSWER);
	kit_sent();
	kit_sent();
	kit_sent();
	fake_stop();
	start();
	invited("m");
	answer("180 R", "m", "b", "");
	kit_sent();
	fake_timeout(PN_TIMEOUT_ANSWER);
	answer("200 OK", "m", "b", sdp);
	cr_expect(zero(int, strncmp(kit_sent(), "CANCEL ", 7)));
	cr_expect(eq(int, (kit_sent(), kit_status()), 408));
	cr_expect(zero(int, strncmp(kit_sent(), "ACK sip:bob@192.0.2.50;x=1 ", 27)));
	cr_expect(zero(int, strncmp(kit_sent(), "BYE sip:bob@192.0.2.50;x=1 ", 27)));
	fake_stop();
}

Test(sip_call, keeps_strangers_out)
{
	answered("k");
	kit_other(
		"BYE sip:{own}@198.51.100.5:5060 SIP/2.0\nVia: SIP/2.0/UDP "
		"10.9.9.9;branch=z9hG4bKq\n"
		"From: <sip:alice@example.net>;tag=a\nTo: <sip:bob@example.net>;tag=b\nCall-ID: k\n"
		"CSeq: 9 BYE\n\n");
	cr_expect(eq(int, (kit_sent(), kit_status()), 403));
	inside("BYE", 9, "k", "other", "");
	cr_expect(eq(int, (kit_sent(), kit_status()), 481));
	cr_expect(zero(uint, fake.sessions_ended));
	fake_stop();
}

Test(sip_call, says_when_it_is_full)
{
	start();
	for (unsigned i = 0; i < 60; i++) {
		char id[16];

		snprintf(id, sizeof(id), "x%u", i);
		kit_invite(id);
	}
	while (*kit_sent() && kit_status() != 503)
		;
	cr_expect(eq(int, kit_status(), 503));
	cr_expect(kit_has("Retry-After: "));
	fake_advance(200000);
	while (*kit_sent())
		;
	invited("again");
	fake_stop();
}

Test(sip_call, answers_for_itself)
{
	static const struct {
		const char *uri, *hops;
		int want;
	} row[] = {
		{ "sip:198.51.100.5", "70", 200 },
		{ "sip:198.51.100.5", "0", 200 },
		{ "sip:bob@h.example", "0", 483 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		char text[512];

		start();
		snprintf(text, sizeof(text),
			 "OPTIONS %s SIP/2.0\nVia: SIP/2.0/UDP 10.1.0.2;branch=z9hG4bK1\n"
			 "Max-Forwards: %s\nFrom: <sip:a@b>;tag=1\nTo: <sip:c@d>\nCall-ID: "
			 "1\nCSeq: 1 OPTIONS\n\n",
			 row[i].uri, row[i].hops);
		kit_terminal(text);
		kit_sent();
		cr_expect(eq(int, kit_status(), row[i].want), "row %zu", i);
		fake_stop();
	}
}

/* RFC 6665: the NOTIFY may come before the 2xx, and makes the dialog. */
Test(sip_call, knows_subscriptions)
{
	start();
	kit_terminal(
		"SUBSCRIBE sip:bob@h.example SIP/2.0\nVia: SIP/2.0/UDP 10.1.0.2;branch=z9hG4bK1\n"
		"Max-Forwards: 70\nFrom: <sip:a@b>;tag=a\nTo: <sip:c@d>\nCall-ID: s\nCSeq: 1 "
		"SUBSCRIBE\n"
		"Contact: <sip:a@10.1.0.2>\nExpires: 600\n\n");
	kit_sent();
	kit_core(
		"NOTIFY sip:{user}@192.0.2.5 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.20;branch=z9hG4bKn\n"
		"Max-Forwards: 70\nRecord-Route: <sip:192.0.2.20;lr>\nFrom: <sip:c@d>;tag=c\nTo: "
		"<sip:a@b>;tag=a\n"
		"Call-ID: s\nCSeq: 1 NOTIFY\nContact: <sip:c@192.0.2.60>\nSubscription-State: "
		"active;expires=600\n\n");
	cr_expect(zero(int, strncmp(kit_sent(), "NOTIFY sip:a@10.1.0.2 SIP/2.0\r\n", 31)));
	cr_expect(not(kit_has("Record-Route")));
	kit_keep();
	fake_advance(500000);
	while (*kit_sent())
		;
	kit_terminal("SUBSCRIBE sip:{own}@198.51.100.5 SIP/2.0\nVia: SIP/2.0/UDP "
		     "10.1.0.2;branch=z9hG4bK2\n"
		     "Max-Forwards: 70\nFrom: <sip:a@b>;tag=a\nTo: <sip:c@d>;tag=c\nCall-ID: "
		     "s\nCSeq: 2 SUBSCRIBE\n"
		     "Contact: <sip:a@10.1.0.2>\nExpires: 0\n\n");
	kit_sent();
	cr_expect(kit_has("SUBSCRIBE sip:c@192.0.2.60 SIP/2.0\r\n"));
	cr_expect(kit_has("Route: <sip:192.0.2.20;lr>\r\n"));
	fake_stop();
}

Test(sip_call, unloads_in_the_middle)
{
	start();
	invited("v");
	answer("180 R", "v", "b", "");
	fake.late = 1;
	kit_invite("w");
	fake_stop();
}
