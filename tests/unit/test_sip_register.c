#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "sip_kit.h"

static const char *reg(const char *branch, unsigned cseq, const char *contact)
{
	static char text[2048];

	snprintf(text, sizeof(text),
		 "REGISTER sip:example.net SIP/2.0\n"
		 "Via: SIP/2.0/UDP 10.1.0.2:5060;branch=z9hG4bK%s;rport\nMax-Forwards: 70\n"
		 "From: <sip:alice@example.net>;tag=a\nTo: <sip:Alice@Example.net>\nCall-ID: reg\n"
		 "CSeq: %u REGISTER\n%s\nContent-Length: 0\n\n",
		 branch, cseq, contact);
	return text;
}

/* The registrar's answer to the REGISTER that went there last. */
static void answer(const char *status, unsigned cseq, const char *more)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "SIP/2.0 %s\nVia: SIP/2.0/UDP 192.0.2.5:5060;branch={branch};rport=5060\n"
		 "From: <sip:alice@example.net>;tag=a\nTo: <sip:Alice@Example.net>;tag=r\nCall-ID: "
		 "reg\n"
		 "CSeq: %u REGISTER\n%s\nContent-Length: 0\n\n",
		 status, cseq, more);
	kit_core(text);
}

static void *module;

static void start(void)
{
	module = fake_start(&postern_module, kit_conf_route());
	cr_assert(ne(ptr, module, NULL));
}

static const char contact[] =
	"Contact: <sip:alice@10.1.0.2;ob>;expires=120;+sip.instance=\"<urn:1>\"";

static void registered(void)
{
	start();
	kit_terminal(reg("1", 1, contact));
	kit_sent();
	kit_keep();
	answer("200 OK", 1,
	       "Contact: <sip:{user}@192.0.2.5:5060>;expires=3600;+sip.instance=\"<urn:1>\"\n"
	       "Service-Route: <sip:192.0.2.20;lr>\nAuthentication-Info: nextnonce=x");
	kit_sent();
}

Test(sip_register, shows_an_alias_and_gives_back_the_contact)
{
	start();
	kit_terminal(reg("1", 1, contact));
	cr_expect(
		eq(str, (char *)kit_sent(),
		   (char *)kit_fill(
			   "REGISTER sip:example.net SIP/2.0\r\n"
			   "Via: SIP/2.0/UDP 192.0.2.5:5060;branch={branch};rport\r\nMax-Forwards: "
			   "69\r\n"
			   "From: <sip:alice@example.net>;tag=a\r\nTo: "
			   "<sip:Alice@Example.net>\r\nCall-ID: reg\r\n"
			   "CSeq: 1 REGISTER\r\n"
			   "Contact: "
			   "<sip:{user}@192.0.2.5:5060>;expires=3600;+sip.instance=\"<urn:1>\"\r\n"
			   "Content-Length: 0\r\n\r\n")));
	cr_expect(eq(int, fake_binding_info(0)->state, PN_PENDING));
	answer("200 OK", 1,
	       "Contact: <sip:{user}@192.0.2.5:5060>;expires=1800;pub-gruu=\"sip:g;gr\","
	       "<sip:other@192.0.2.5:5060>;expires=99");
	kit_sent();
	cr_expect(kit_has("Contact: <sip:alice@10.1.0.2;ob>;expires=60;pub-gruu=\"sip:g;gr\","
			  "<sip:other@198.51.100.5:5060>;expires=99\r\n"));
	cr_expect(kit_has("rport=40001;received=203.0.113.7"));
	cr_expect(eq(int, fake_binding_info(0)->state, PN_ACTIVE));
	cr_expect(eq(u64, fake_binding_info(0)->expires_at_ms, 1060000));
	cr_expect(eq(u64, fake_binding_info(0)->upstream_at_ms, 2800000));
	cr_expect(str_is(fake_binding_info(0)->identity, "sip:Alice@example.net"));
	fake_stop();
}

Test(sip_register, uses_expires_headers)
{
	start();
	kit_terminal(reg("1", 1, "Expires: 30\nContact: sip:alice@10.1.0.2;x=y"));
	kit_sent();
	cr_expect(kit_has("Expires: 3600\r\nContact: sip:{user}@192.0.2.5:5060;x=y\r\n"));
	answer("200 OK", 1, "Expires: 7200\nContact: sip:{user}@192.0.2.5:5060;x=y");
	kit_sent();
	cr_expect(kit_has("Expires: 30\r\nContact: sip:alice@10.1.0.2;x=y\r\n"));
	fake_stop();
}

Test(sip_register, takes_back_what_was_refused)
{
	static const char *const refusal[] = { "401 Unauthorized", "407 Proxy", "403 No",
					       "423 Brief" };

	for (size_t i = 0; i < ROWS(refusal); i++) {
		start();
		kit_terminal(reg("1", 1, contact));
		kit_sent();
		answer(refusal[i], 1, "WWW-Authenticate: Digest x");
		kit_sent();
		cr_expect(kit_has("WWW-Authenticate: Digest x\r\n"), "%s", refusal[i]);
		cr_expect(zero(sz, fake_bindings()), "%s", refusal[i]);
		fake_stop();
	}
}

Test(sip_register, answers_only_plain_refreshes)
{
	static const struct {
		const char *contact;
		unsigned cseq;
		uint64_t wait_ms;
		int other, here;
	} row[] = {
		{ contact, 2, 30000, 0, 1 },
		{ contact, 1, 30000, 0, 0 },   /* CSeq not higher */
		{ contact, 2, 3490000, 0, 0 }, /* upstream ends soon */
		{ contact, 2, 30000, 1, 0 },   /* from elsewhere */
		{ "Contact: <sip:alice@10.1.0.2;ob>;expires=0;+sip.instance=\"<urn:1>\"", 2, 0, 0,
		  0 },
		{ "Contact: <sip:alice@10.1.0.9;ob>;expires=120;+sip.instance=\"<urn:1>\"", 2, 0, 0,
		  0 },
		{ "Contact: <sip:alice@10.1.0.2;ob>;expires=120;+sip.instance=\"<urn:1>\"\n"
		  "Contact: <sip:b@10.1.0.2>",
		  2, 0, 0, 0 },
		{ "Contact: *\nExpires: 0", 2, 0, 0, 0 },
		{ "Subject: query", 2, 0, 0, 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		registered();
		fake_advance(row[i].wait_ms);
		if (row[i].other)
			kit_other(reg("2", row[i].cseq, row[i].contact));
		else
			kit_terminal(reg("2", row[i].cseq, row[i].contact));
		kit_sent();
		cr_expect(eq(int, kit_status(), row[i].here ? 200 : 0), "row %zu", i);
		fake_stop();
	}
}

Test(sip_register, repeats_what_the_registrar_said)
{
	registered();
	fake_advance(30000);
	kit_terminal(reg("2", 2, contact));
	kit_sent();
	cr_expect(
		kit_has("Contact: <sip:alice@10.1.0.2;ob>;+sip.instance=\"<urn:1>\";expires=60\r\n"
			"Service-Route: <sip:192.0.2.20;lr>\r\n"));
	cr_expect(not(kit_has("nextnonce")));
	cr_expect(kit_has("CSeq: 2 REGISTER\r\n"));
	cr_expect(eq(u64, fake_binding_info(0)->upstream_at_ms, 4600000));
	cr_expect(eq(uint, fake.counts[10], 1));
	fake_stop();
}

Test(sip_register, removes_after_the_2xx)
{
	static const char *const away[] = {
		"Contact: <sip:alice@10.1.0.2;ob>;expires=0;+sip.instance=\"<urn:1>\"",
		"Contact: *\nExpires: 0",
	};

	for (size_t i = 0; i < ROWS(away); i++) {
		registered();
		kit_terminal(reg("2", 2, away[i]));
		kit_sent();
		cr_expect(i || kit_has("Contact: <sip:{own}@192.0.2.5:5060>;expires=0"), "row %zu",
			  i);
		cr_expect(eq(sz, fake_bindings(), 1), "row %zu", i);
		answer("200 OK", 2, "Subject: gone");
		kit_sent();
		cr_expect(zero(sz, fake_bindings()), "row %zu", i);
		kit_core("OPTIONS sip:{own}@192.0.2.5 SIP/2.0\nVia: SIP/2.0/UDP "
			 "192.0.2.20;branch=z9hG4bKo\n"
			 "From: <sip:x@y>;tag=1\nTo: <sip:x@y>\nCall-ID: o\nCSeq: 1 OPTIONS\n\n");
		kit_sent();
		cr_expect(eq(int, kit_status(), 480), "row %zu", i);
		fake_stop();
	}
}

/* Without instance id: another port of the same host with another Call-ID is the same phone again.
 */
Test(sip_register, follows_a_restarted_terminal)
{
	start();
	kit_terminal(reg("1", 1, "Contact: <sip:alice@10.1.0.2:5061>"));
	kit_sent();
	kit_keep();
	answer("200 OK", 1, "Contact: <sip:{user}@192.0.2.5:5060>;expires=3600");
	kit_sent();
	kit_terminal(
		"REGISTER sip:example.net SIP/2.0\nVia: SIP/2.0/UDP 10.1.0.2:5070;branch=z9hG4bK9\n"
		"From: <sip:alice@example.net>;tag=b\nTo: <sip:Alice@Example.net>\nCall-ID: new\n"
		"CSeq: 1 REGISTER\nContact: <sip:alice@10.1.0.2:5070>\n\n");
	kit_sent();
	cr_expect(kit_has("Contact: <sip:{own}@192.0.2.5:5060>"));
	cr_expect(eq(sz, fake_bindings(), 1));
	fake_stop();
}

Test(sip_register, leaves_foreign_contacts_alone)
{
	start();
	kit_terminal(reg("1", 1, "Contact: <mailto:a@b>"));
	kit_sent();
	cr_expect(kit_has("Contact: <mailto:a@b>\r\n"));
	cr_expect(zero(sz, fake_bindings()));
	fake_stop();
}

Test(sip_register, is_its_own_registrar)
{
	cr_assert(ne(ptr, fake_start(&postern_module, kit_conf_registrar()), NULL));
	kit_terminal(reg("1", 1, contact));
	kit_sent();
	cr_expect(eq(int, kit_status(), 200));
	cr_expect(kit_has(
		"Contact: <sip:alice@10.1.0.2;ob>;+sip.instance=\"<urn:1>\";expires=60\r\n"));
	kit_other(
		"REGISTER sip:198.51.100.5 SIP/2.0\nVia: SIP/2.0/UDP 10.1.0.3;branch=z9hG4bK5\n"
		"From: <sip:alice@198.51.100.5>;tag=b\nTo: <sip:Alice@198.51.100.5>\nCall-ID: two\n"
		"CSeq: 1 REGISTER\nContact: <sip:alice@10.1.0.3>;expires=20\n\n");
	kit_sent();
	cr_expect(kit_has("@198.51.100.5:5060>;expires=60\r\n"));
	cr_expect(kit_has("Contact: <sip:alice@10.1.0.3>;expires=20\r\n"));
	kit_terminal(reg("1b", 1, contact));
	kit_sent();
	cr_expect(eq(int, kit_status(), 500)); /* CSeq not higher */
	kit_terminal(reg("2", 2, "Contact: *\nExpires: 0"));
	kit_sent();
	cr_expect(eq(int, kit_status(), 200));
	cr_expect(zero(sz, fake_bindings()));
	fake_stop();
}

Test(sip_register, keeps_pinholes_alive)
{
	char out[2048];
	const char *branch;
	long n;

	registered();
	n = postern_module.keepalive(module, fake_binding(0), out, sizeof(out));
	cr_assert(gt(long, n, 0));
	out[n] = '\0';
	cr_expect(zero(int, strncmp(out, "OPTIONS sip:alice@10.1.0.2;ob SIP/2.0\r\n", 39)));
	branch = strstr(out, "branch=");
	cr_assert(ne(ptr, (void *)branch, NULL));
	cr_expect(ne(ptr, strstr(out, "Content-Length: 0\r\n\r\n"), NULL));
	for (int other = 0; other < 2; other++) {
		char text[1024];

		snprintf(text, sizeof(text),
			 "SIP/2.0 404 No\nVia: SIP/2.0/UDP 198.51.100.5:5060;%.*s\n"
			 "From: <sip:x@y>;tag=1\nTo: <sip:x@y>;tag=2\nCall-ID: k\nCSeq: 1 "
			 "OPTIONS\n\n",
			 (int)strcspn(branch, ";"), branch);
		if (other)
			kit_other(text);
		else
			kit_terminal(text);
		cr_expect(eq(uint, fake.counts[7], 1), "%d", other);
		cr_expect(eq(str, (char *)kit_sent(), ""));
	}
	cr_expect(lt(long, postern_module.keepalive(module, fake_binding(0), out, 10), 0));
	fake_stop();
}
