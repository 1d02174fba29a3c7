/* The messages of RFC 4475 and RFC 5118, which lie outside of the tree (outside.h). What the
 * RFC calls valid passes without a change outside of the edits; the rest is refused as it says.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outside.h"
#include "sip_kit.h"

static char data[65536];

static size_t load(const char *sub, const char *name)
{
	char relative[512], path[4096];
	size_t n;
	FILE *f;

	snprintf(relative, sizeof(relative), "sip/%s/%s", sub, name);
	outside_path(relative, path, sizeof(path));
	f = fopen(path, "rb");
	cr_assert(ne(ptr, f, NULL), "%s", path);
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	return n;
}

/* Everything outside of the edits is as it was: put the old text back and compare. */
static void expect_lossless(const char *name, size_t len)
{
	const struct fake_sent *s = fake_take();
	size_t in = 0, out = 0;
	const char *from = data;

	while (len >= 2 && !memcmp(from, "\r\n", 2)) {
		from += 2;
		len -= 2;
	}
	cr_assert(s && fake.n_edits, "%s: nothing was sent", name);
	for (size_t i = 0; i < fake.n_edits; i++) {
		const struct fake_edit *e = &fake.edits[i];
		size_t n = e->at - in;

		cr_assert(le(sz, e->at + e->len, len), "%s: edit %zu", name, i);
		cr_expect(zero(int, memcmp(from + in, s->data + out, n)), "%s: before edit %zu",
			  name, i);
		out += n + e->text_len;
		in = e->at + e->len;
	}
	cr_expect(zero(int, memcmp(from + in, s->data + out, s->len - out)), "%s: at the end",
		  name);
}

static int answer_to(const char *name, size_t len)
{
	const struct fake_sent *s;

	(void)name;
	fake_receive("access", "203.0.113.7", 40001, data, len);
	s = fake_take();
	if (s && !strncmp(s->data, "SIP/2.0 100", 11))
		s = fake_take();
	if (!s)
		return 0;
	if (strncmp(s->data, "SIP/2.0 ", 8) != 0) {
		fake.taken--;
		return 1;
	}
	return (int)strtol(s->data + 8, NULL, 10);
}

/* 1: passes, 0: dropped, else the status that refuses it. wsinv has a To-tag: it is of no dialog
 * here. baddn has no empty line. */
static const struct {
	const char *name;
	int want;
} rfc4475[] = {
	{ "wsinv", 481 },    { "intmeth", 1 },      { "esc01", 1 },        { "escnull", 1 },
	{ "esc02", 1 },      { "lwsdisp", 1 },      { "longreq", 1 },      { "dblreq", 1 },
	{ "semiuri", 1 },    { "transports", 1 },   { "mpart01", 1 },      { "unreason", 0 },
	{ "noreason", 0 },   { "badinv01", 400 },   { "clerr", 400 },      { "ncl", 400 },
	{ "scalar02", 400 }, { "scalarlg", 0 },     { "quotbal", 400 },    { "ltgtruri", 400 },
	{ "lwsruri", 400 },  { "lwsstart", 400 },   { "trws", 400 },       { "escruri", 400 },
	{ "baddate", 1 },    { "regbadct", 400 },   { "badaspec", 1 },     { "baddn", 400 },
	{ "badvers", 505 },  { "mismatch01", 400 }, { "mismatch02", 400 }, { "bigcode", 0 },
	{ "badbranch", 1 },  { "insuf", 400 },      { "unkscm", 416 },     { "novelsc", 416 },
	{ "unksm2", 1 },     { "bext01", 420 },     { "invut", 1 },        { "regaut01", 1 },
	{ "multi01", 400 },  { "mcl01", 400 },      { "bcast", 0 },        { "zeromf", 483 },
	{ "cparam01", 1 },   { "cparam02", 1 },     { "regescrt", 1 },     { "sdp01", 1 },
	{ "inv2543", 1 },    { "test", -1 },
};

Test(sip_torture, treats_rfc4475)
{
	for (size_t i = 0; i < ROWS(rfc4475); i++) {
		char file[64];
		size_t len;

		snprintf(file, sizeof(file), "%s.dat", rfc4475[i].name);
		len = load("sip-rfc4475", file);
		cr_assert(ne(ptr, fake_start(&postern_module, kit_conf_route()), NULL));
		if (rfc4475[i].want >= 0)
			cr_expect(eq(int, answer_to(file, len), rfc4475[i].want), "%s", file);
		if (rfc4475[i].want == 1)
			expect_lossless(file, len);
		fake_stop();
	}
}

Test(sip_torture, treats_rfc5118)
{
	/* Row n is message n of section 4. 2: an unbracketed address; 3: a port within the brackets
	 * is another address; 6: brackets within received, in a message cut short; 9: three colons.
	 * 5 says it is longer than it is. */
	static const int want[] = { 1, 400, 1, 1, 400, 400, 1, 1, 400, 1 };
	char path[4096];
	struct dirent **list;
	int n;

	outside_path("sip/sip-rfc5118", path, sizeof(path));
	n = scandir(path, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		int row = (int)strtol(list[i]->d_name, NULL, 10);
		size_t len;

		if (row >= 1 && row <= (int)ROWS(want)) {
			len = load("sip-rfc5118", list[i]->d_name);
			cr_assert(ne(ptr, fake_start(&postern_module, kit_conf_route()), NULL));
			cr_expect(eq(int, answer_to(list[i]->d_name, len), want[row - 1]), "%s",
				  list[i]->d_name);
			if (want[row - 1] == 1)
				expect_lossless(list[i]->d_name, len);
			fake_stop();
		}
		free(list[i]);
	}
	free(list);
}

/* Requests of RFC 3665 that begin something pass, whatever they are, and nothing else changes. */
Test(sip_torture, passes_rfc3665)
{
	char path[4096];
	struct dirent **list;
	int n, passed = 0;

	outside_path("sip/sip-rfc3665", path, sizeof(path));
	n = scandir(path, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		size_t len = list[i]->d_name[0] == '.' ? 0 : load("sip-rfc3665", list[i]->d_name);

		if (len && strncmp(data, "SIP/", 4) != 0 && strncmp(data, "ACK", 3) != 0 &&
		    strncmp(data, "BYE", 3) != 0 && strncmp(data, "CANCEL", 6) != 0) {
			cr_assert(ne(ptr, fake_start(&postern_module, kit_conf_route()), NULL));
			if (answer_to(list[i]->d_name, len) == 1) {
				expect_lossless(list[i]->d_name, len);
				passed++;
			}
			fake_stop();
		}
		free(list[i]);
	}
	free(list);
	cr_expect(gt(int, passed, 30));
}

Test(sip_torture, passes_our_own)
{
	static const char *const own[] = {
		"OPTIONS sip:b@h.example SIP/2.0\r\nv:SIP/2.0/UDP 10.0.0.1 ;branch=z9hG4bKx,\r\n"
		" SIP/2.0/TCP other;branch=y\r\nRoute :  <sip:198.51.100.5;lr> , "
		"<sip:p.example;lr>\r\n"
		"f: <sip:a@h.example>;tag=1\r\nTO:<sip:b@h.example>\r\ni:own1\r\nCSeq:1  "
		"OPTIONS\r\n"
		"X-Odd:   a\t b  \r\nMax-Forwards:   010\r\nm: \"A, B\" <sip:a@10.0.0.1;x=y>;q=1 , "
		"sip:c@10.0.0.2;q=.5\r\n"
		"Record-Route: <sip:rr.example;lr>\r\nSubject:\r\nl:0\r\n\r\n",
		"INVITE sip:b@198.51.100.5;user=phone SIP/2.0\r\nVia: SIP/2.0/UDP "
		"10.0.0.1;branch=z9hG4bKz\r\n"
		"From: <sip:a@h.example>;tag=1\r\nTo: <sip:b@h.example>\r\nCall-ID: own2\r\nCSeq: "
		"1 INVITE\r\n"
		"Contact: <sip:a@10.0.0.1>\r\nContent-Type: multipart/mixed;boundary=q\r\nl: "
		"204\r\n\r\n"
		"--q\r\nContent-Type: text/plain\r\n\r\nc=IN IP4 10.0.0.1\r\n--q\r\nContent-Type: "
		"application/sdp\r\n"
		"Content-Length: 85\r\n\r\nv=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 "
		"10.0.0.1\r\nt=0 0\r\n"
		"m=audio 9000 RTP/AVP 0\r\n\r\n--q--\r\n",
	};

	for (size_t i = 0; i < ROWS(own); i++) {
		size_t len = strlen(own[i]);

		memcpy(data, own[i], len + 1);
		cr_assert(ne(ptr, fake_start(&postern_module, kit_conf_route()), NULL));
		cr_expect(eq(int, answer_to("own", len), 1), "row %zu", i);
		expect_lossless("own", len);
		fake_stop();
	}
}
