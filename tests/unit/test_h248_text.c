/* Text messages: what is read of them, what is refused, and that writing changes what was put and
 * no other octet. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))
#define HEAD "!/2 [192.0.2.20]:2944\n"

static const struct {
	const char *text;
	int err;
	unsigned tx, actions, commands, items;
} shape[] = {
	{ HEAD "T=1{C=-{SC=ROOT{SV{MT=RS,AD=55555,RE=\"901\"}}}}", 0, 1, 1, 1, 3 },
	{ "MEGACO/1 <a>\nTransaction = 9 { Context = $ { Add = A, Add = $ { Media { Stream = 1 {\n"
	  "Local { v=0\n} } } } } }",
	  0, 1, 1, 2, 3 },
	{ HEAD "T=1{C=1{A=a,O-MF=b,W-S=*,O-W-AV=c{AT{M}}}}", 0, 1, 1, 4, 2 },
	{ HEAD "T=1{C=1{A=a},C=2{A=b}}T=2{C=-{N=x{OE=1{al/of}}}}", 0, 2, 3, 3, 3 },
	{ HEAD "P=1{IA,C=1{A=a}}K{1-3,5}PN=7{}", 0, 3, 1, 1, 5 },
	{ HEAD "P=1/2/END{C=1{A=a}}SM=1/2/&T=3{C=-{AV=ROOT{AT{}}}}", 0, 3, 2, 2, 4 },
	{ HEAD "T=1{C=1{TP{a,b,OW},PR=3,EM,MF=a{SG{}}}}", 0, 1, 1, 1, 2 },
	{ HEAD "T=1{C=1{MF=a{DM=dp{T:16,(0|[1-7]xx|8.)}}}}", 0, 1, 1, 1, 2 },
	{ HEAD "T=1{C=1{MF=a{E=1{x/y{s=\"}{,;\"}}}}}; the end", 0, 1, 1, 1, 2 },
	{ HEAD "ER=400{\"x\"}", 0, 0, 0, 0, 1 },
	{ "AU=0x01:0x02:0xab\n" HEAD "P=1{C=-{AV=ROOT}}", 0, 1, 1, 1, 2 },
	{ " ; a comment\n" HEAD "P=1{C=-{AV=ROOT}}", 0, 1, 1, 1, 2 },
	{ "", -EBADMSG, 0, 0, 0, 0 },
	{ "GET / HTTP/1.0\r\n", -EBADMSG, 0, 0, 0, 0 },
	{ HEAD, -EBADMSG, 0, 0, 0, 1 },
	{ "!/2 [192.0.2.20]:2944T=1{C=-{}}", -EBADMSG, 0, 0, 0, 0 },
	{ "!/4 [192.0.2.20]:2944\nT=1{C=-{AV=ROOT{AT{}}}}", -EPROTONOSUPPORT, 1, 1, 1, 2 },
	{ HEAD "T=1{C=-{AV=ROOT{AT{}}}", -EBADMSG, 0, 0, 0, 1 },
	{ HEAD "T=1{C=-{AV=ROOT{AT{}}}}}", -EBADMSG, 0, 0, 0, 1 },
	{ HEAD "T=1{C=-{AV=ROOT{}}}", -EBADMSG, 1, 1, 0, 2 },
	{ HEAD "T=1{C=-{AV=ROOT,}}", -EBADMSG, 0, 0, 0, 1 },
	{ HEAD "T=1{C=-{AV}}", -EBADMSG, 1, 1, 0, 2 },
	{ HEAD "T=x{C=-{AV=ROOT{AT{}}}}", -EBADMSG, 1, 0, 0, 1 },
	{ HEAD "T=4294967296{C=-{AV=ROOT{AT{}}}}", -EBADMSG, 1, 0, 0, 1 },
	{ HEAD "T=1{C=x{AV=ROOT{AT{}}}}", -EBADMSG, 1, 1, 0, 2 },
	{ HEAD "T=1{X=1{}}", -EBADMSG, 1, 0, 0, 2 },
	{ HEAD "T=1{C=1{MF=a{M{ST=99999{L{}}}}}}", -EBADMSG, 1, 1, 1, 2 },
	{ HEAD "T=1{C=1{MF=a{M{L{\\}}}}", -EBADMSG, 0, 0, 0, 1 },
	{ HEAD "T=1{C=-{SC=ROOT{SV{AD=[1.2.3]}}}}", -EBADMSG, 1, 1, 1, 2 },
	{ HEAD "T=1{{C=-}}", -EBADMSG, 0, 0, 0, 1 },
	{ HEAD "ER=400{\"x\"}T=1{C=-{AV=ROOT{AT{}}}}", -EBADMSG, 0, 0, 0, 1 },
};

static struct msg *parse(const char *text, int want)
{
	struct msg *m = NULL;

	cr_assert(eq(int, msg_parse(text, strlen(text), &m), want), "%s: %s", text,
		  m && m->why ? m->why : "");
	return m;
}

Test(h248_text, reads_shape)
{
	for (size_t i = 0; i < ROWS(shape); i++) {
		struct msg *m = parse(shape[i].text, shape[i].err);

		cr_expect(eq(u32, m->n_tx, shape[i].tx), "%s", shape[i].text);
		cr_expect(eq(u32, m->n_actions, shape[i].actions), "%s", shape[i].text);
		cr_expect(eq(u32, m->n_commands, shape[i].commands), "%s", shape[i].text);
		cr_expect(eq(u32, m->n_items, shape[i].items), "%s", shape[i].text);
		msg_free(m);
	}
}

Test(h248_text, reads_meaning)
{
	struct msg *m = parse(HEAD "P=7/2/&{C=$,C=*{S=rtp/*{ER=430{\"x\"}},W-AV=$},C=-{ER=411{}}}"
				   "T=8{C=5{MF=a{M{ST=2{O{MO=IN}},ST=1{O{MO=SR},R{}}}}}}",
			      -EBADMSG);

	msg_free(m);
	m = parse(HEAD
		  "P=7/2/&{C=*{S=rtp/*{ER=430{\"x\"}},AV=$},C=-{ER=411{}}}"
		  "T=8{C=5{MF=a{M{ST=2{O{MO=IN}},ST=1{O{MO=SR},R{}}}},SC=ROOT{SV{MT=Handoff}}}}",
		  0);
	cr_assert(eq(u32, m->n_commands, 4));
	cr_expect(m->tx[0].segmented && m->tx[0].last && m->tx[0].kind == MSG_REPLY);
	cr_expect(eq(u32, m->tx[0].id, 7));
	cr_expect(eq(u32, m->action[0].context, MSG_CONTEXT_ALL));
	cr_expect(eq(u32, m->action[1].context, MSG_CONTEXT_NULL));
	cr_expect(eq(int, m->action[1].error, 411));
	cr_expect(eq(int, m->command[0].error, 430));
	cr_expect(m->command[0].wild && !m->command[0].all && !m->command[0].choose);
	cr_expect(m->command[1].choose && m->command[1].verb == MSG_AUDIT_VALUE);
	cr_expect(eq(u32, m->command[2].quiet, 2));
	cr_expect(eq(u32, m->command[2].loud, 1));
	cr_expect(m->command[3].root && m->command[3].method == MSG_SC_HANDOFF);
	msg_free(m);
}

static const char call[] =
	"MEGACO/1 [10.1.0.2]:2944 ; who\r\nReply = 50003 {\r\n\tContext = 5000 {\r\n"
	"Add = A5556{ Media { Stream = 1 { Local {\nv=0\nc=IN IP4 10.1.0.2\nm=audio 1111 RTP/AVP "
	"4\n}\n"
	"} ; RTP profile for G723 is 4\n} } } }\nTransaction = 12 { Context = - { ServiceChange = "
	"ROOT {\n"
	" Services { Method=Restart , ServiceChangeAddress = [10.1.0.2]:55555, MgcIdToTry=<a.b> } "
	"} } }\n";

static void put_all(struct msg *m)
{
	struct mid mid = { .form = MID_IP,
			   .addr = { .family = 4, .ip = { 192, 0, 2, 5 } },
			   .port = 10000 };

	for (uint32_t i = 0; i < m->n_items; i++) {
		struct msg_item *item = &m->item[i];

		if (item->kind == MSG_ID)
			msg_put_id(item, item->id + 1);
		else if (item->kind == MSG_LOCAL)
			msg_put_sdp(item, str_dup(str_of("<sdp>")));
		else
			msg_put_mid(item, &mid);
	}
}

Test(h248_text, writes_what_was_put)
{
	static const char want[] =
		"MEGACO/1 [192.0.2.5]:10000 ; who\r\nReply = 50004 {\r\n\tContext = 5000 {\r\n"
		"Add = A5556{ Media { Stream = 1 { Local {<sdp>}\n"
		"} ; RTP profile for G723 is 4\n} } } }\nTransaction = 13 { Context = - { "
		"ServiceChange = ROOT {\n"
		" Services { Method=Restart , ServiceChangeAddress = [192.0.2.5]:10000, "
		"MgcIdToTry=[192.0.2.5]:10000 } } } }\n";
	struct msg *m = parse(call, 0);
	char out[2048];
	long n = msg_write(m, out, sizeof(out));

	cr_expect(eq(int, (int)n, (int)strlen(call)));
	cr_expect(zero(int, memcmp(out, call, strlen(call))));
	cr_expect(not(msg_changed(m)));
	put_all(m);
	n = msg_write(m, out, sizeof(out));
	cr_assert(eq(int, (int)n, (int)strlen(want)));
	cr_expect(zero(int, memcmp(out, want, strlen(want))), "%.*s", (int)n, out);
	cr_expect(msg_changed(m));
	for (size_t cap = 0; cap < (size_t)n; cap += 7)
		cr_expect(eq(int, (int)msg_write(m, out, cap), -ENOBUFS));
	msg_free(m);
}

Test(h248_text, leaves_transactions_out)
{
	struct msg *m = parse(HEAD "T=1{C=1{A=a}}P=2{C=1{A=a}}T=3{C=1{A=a}}", 0);
	char out[256];
	long n;

	m->tx[0].drop = m->tx[2].drop = true;
	msg_put_id(&m->item[m->tx[0].id_item], 77);
	msg_put_id(&m->item[m->tx[1].id_item], 88);
	n = msg_write(m, out, sizeof(out) - 1);
	cr_assert(gt(int, (int)n, 0));
	out[n] = '\0';
	cr_expect(eq(str, out, (char *)(HEAD "P=88{C=1{A=a}}")));
	msg_free(m);
}

/* Transactions, commands and nesting beyond the caps: refused, whatever follows. */
Test(h248_text, has_caps)
{
	static const struct {
		const char *head, *again;
		unsigned times;
	} row[] = {
		{ HEAD, "T=1{C=1{A=a}}", MSG_TRANSACTIONS_MAX + 1 },
		{ HEAD "T=1{C=1{A=a", ",A=a", MSG_COMMANDS_MAX + 1 },
		{ HEAD "T=1{C=1{A=a", "{x", 100 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		size_t cap = strlen(row[i].head) + row[i].times * strlen(row[i].again) + 1;
		char *text = malloc(cap), *at = text;
		struct msg *m = NULL;

		at = stpcpy(at, row[i].head);
		for (unsigned t = 0; t < row[i].times; t++)
			at = stpcpy(at, row[i].again);
		cr_expect(lt(int, msg_parse(text, strlen(text), &m), 0), "row %zu", i);
		msg_free(m);
		free(text);
	}
}

Test(h248_text, refuses_what_is_longer_than_a_datagram)
{
	char *text = calloc(1, TEXT_MAX + 1);
	struct msg *m = NULL;

	cr_expect(eq(int, msg_parse(text, TEXT_MAX + 1, &m), -ENOMEM));
	cr_expect(eq(ptr, m, NULL));
	free(text);
}
