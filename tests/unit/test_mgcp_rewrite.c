/* What leaves, octet for octet: a gateway at [10.0.0.2] whose alias is [192.0.2.64], and its call agent at
 * 192.0.2.20. Everything that is not said here to change stays as it is. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgcp_kit.h"

#define SDP(ip, port) \
	"\nv=0\no=- 1 2 IN IP4 " ip "\ns= x \nc=IN IP4 " ip "\nt=0 0\nm=audio " port \
	" RTP/AVP 0 96\na=rtpmap:96 G726-32/8000\na=x:  [10.0.0.2] 192.0.2.20\n"

static void begin(bool addresses)
{
	cr_assert(ne(ptr, kit_start(addresses), NULL));
	kit_bind("[10.0.0.2]");
}

static void expect_sent(const char *want, const char *what, size_t row)
{
	cr_expect(eq(str, (char *)kit_sent(), (char *)want), "%s %zu", what, row);
}

struct passes {
	const char *in, *out; /* NULL: the same but for the domain of the endpoint */
};

/* Rows are said one after another. */
static const struct passes commands_to_gateway[] = {
	{ "RQNT 1 aaln/1@[192.0.2.64] MGCP 1.0\nX: 1\n", "RQNT 1 aaln/1@[10.0.0.2] MGCP 1.0\nX: 1\n" },
	{ "rqnt   2\taaln/1@[192.0.2.64]   mgcp 1.0 NCS 1.0\nn:ca@one.example:2727  \n",
	  "rqnt   2\taaln/1@[10.0.0.2]   mgcp 1.0 NCS 1.0\nn:ca@[198.51.100.5]:2727  \n" },
	{ "RQNT 3 $@[192.0.2.64] MGCP 1.0\nN: [192.0.2.20]\nR: L/hd(A,E(S(L/dl),R(L/oc)))\n",
	  "RQNT 3 $@[10.0.0.2] MGCP 1.0\nN: [198.51.100.5]:2727\nR: L/hd(A,E(S(L/dl),R(L/oc)))\n" },
	{ "RQNT 4 *@[192.0.2.64] MGCP 1.0\nN:\nD: (0T|[1-9]xxx)\nS:\n",
	  "RQNT 4 *@[10.0.0.2] MGCP 1.0\nN:\nD: (0T|[1-9]xxx)\nS:\n" },
	{ "RQNT 5 a@[192.0.2.64] MGCP 1.0\nN: \n  ca@\n", NULL }, /* refused */
	{ "AUEP 6 aaln/[1-4,7]@192.0.2.64 MGCP 1.0\nF: A,\n  N\nK: 1-3, 5\n",
	  "AUEP 6 aaln/[1-4,7]@[10.0.0.2] MGCP 1.0\nF: A,\n  N\nK: 1-3, 5\n" },
	{ "XYZW 7 a@[192.0.2.64]:2427 MGCP 1.0\nX-a: [192.0.2.64] 192.0.2.20\n",
	  "XYZW 7 a@[10.0.0.2] MGCP 1.0\nX-a: [192.0.2.64] 192.0.2.20\n" },
	{ "CRCX 8 aaln/1@[192.0.2.64] MGCP 1.0\nC: 1\nL: p:20, a:PCMU\nM: sendrecv\n"
	  "Z2: aaln/2@[192.0.2.64]\nZ: x@[192.0.2.99]\n" SDP("192.0.2.30", "4000"),
	  "CRCX 8 aaln/1@[10.0.0.2] MGCP 1.0\nC: 1\nL: p:20, a:PCMU\nM: sendrecv\n"
	  "Z2: aaln/2@[10.0.0.2]\nZ: x@[192.0.2.99]\n" SDP("198.51.100.5", "20000") },
	{ "EPCF 9 aaln/1@[192.0.2.64] MGCP 1.0\nB: e:A\n\nv=0\nm=audio 4000 RTP/AVP 0\n"
	  "c=IN IP4 192.0.2.30\n",
	  "EPCF 9 aaln/1@[10.0.0.2] MGCP 1.0\nB: e:A\n\nv=0\nm=audio 0 RTP/AVP 0\n"
	  "c=IN IP4 198.51.100.5\n" },
};

static const struct passes commands_to_agent[] = {
	{ "NTFY 1 aaln/1@[10.0.0.2] MGCP 1.0\nX: 1\nO: L/hd,D/9\n",
	  "NTFY 1 aaln/1@[192.0.2.64] MGCP 1.0\nX: 1\nO: L/hd,D/9\n" },
	{ "ntfy  2 aaln/1@[10.0.0.2] MGCP 1.0\nN: ca@[198.51.100.5]:2727\nX: [10.0.0.2]\n",
	  "ntfy  2 aaln/1@[192.0.2.64] MGCP 1.0\nN: ca@[192.0.2.20]:2727\nX: [10.0.0.2]\n" },
	{ "RSIP 3 aaln/[1-2]@[10.0.0.2] MGCP 1.0\nRM: graceful\nRD: 300\n",
	  "RSIP 3 aaln/[1-2]@[192.0.2.64] MGCP 1.0\nRM: graceful\nRD: 300\n" },
	{ "NTFY 4 a@[10.0.0.2]:2427 MGCP 1.0\nO: x\n",
	  "NTFY 4 a@[192.0.2.64] MGCP 1.0\nO: x\n" },
	{ "DLCX 5 aaln/1@[10.0.0.2] MGCP 1.0\nC: 1\nI: 2\nE: 900 - no\nP: PS=1\n",
	  "DLCX 5 aaln/1@[192.0.2.64] MGCP 1.0\nC: 1\nI: 2\nE: 900 - no\nP: PS=1\n" },
	{ "NTFY 6 aaln/1@[10.0.0.2] MGCP 1.0\nN: ca@[10.0\nO: x\n", NULL },
};

static void run(const struct passes *row, size_t n, bool to_agent, const char *what)
{
	begin(true);
	for (size_t i = 0; i < n; i++) {
		char refused[64];

		snprintf(refused, sizeof(refused), "510 %zu Protocol error\n", i + 1);
		if (to_agent)
			kit_gateway(row[i].in);
		else
			kit_agent(row[i].in);
		expect_sent(row[i].out ? row[i].out : refused, what, i);
		cr_expect(eq(str, (char *)kit_sent(), ""), "%s %zu", what, i);
	}
	fake_stop();
}

Test(mgcp_rewrite, commands_to_a_gateway)
{
	run(commands_to_gateway, ROWS(commands_to_gateway), false, "row");
}

Test(mgcp_rewrite, commands_to_a_call_agent)
{
	run(commands_to_agent, ROWS(commands_to_agent), true, "row");
}

Test(mgcp_rewrite, responses)
{
	static const struct {
		bool from_agent; /* the command */
		const char *command, *in, *out;
	} row[] = {
		{ true, "AUEP 1 *@[192.0.2.64] MGCP 1.0\n",
		  "200 1 OK\nZ: aaln/1@[10.0.0.2]\nz:  aaln/2@10.0.0.2 , aaln/3@[10.0.0.2]:2427\nMD: 4000\n",
		  "200 1 OK\nZ: aaln/1@[192.0.2.64]\nz:  aaln/2@[192.0.2.64] , "
		  "aaln/3@[192.0.2.64]\nMD: 4000\n" },
		{ true, "RQNT 2 $@[192.0.2.64] MGCP 1.0\n",
		  "200 2 OK\nZ: aaln/1@[10.0.0.2],\n  aaln/2@[10.0.0.2]\n",
		  "200 2 OK\nZ: aaln/1@[192.0.2.64],\n  aaln/2@[192.0.2.64]\n" },
		{ true, "CRCX 3 aaln/1@[192.0.2.64] MGCP 1.0\nC: 1\nM: recvonly\n",
		  "200 3 OK\nK:\nI: F1\n" SDP("10.0.0.2", "5000"),
		  "200 3 OK\nK:\nI: F1\n" SDP("192.0.2.5", "20000") },
		{ true, "AUCX 4 aaln/1@[192.0.2.64] MGCP 1.0\nI: F1\nF: LC,RC\n",
		  "200 4 OK\nN: ca@[198.51.100.5]\n" SDP("10.0.0.2", "5000") "\nv=0\n",
		  "200 4 OK\nN: ca@[192.0.2.20]:2727\n" SDP("192.0.2.5", "20000") "\nv=0\n" },
		{ true, "AUCX 5 aaln/9@[192.0.2.64] MGCP 1.0\nI: F9\nF: LC\n",
		  "200 5 OK\n" SDP("10.0.0.2", "5000"), "200 5 OK\n" SDP("192.0.2.64", "0") },
		{ true, "AUCX 6 aaln/1@[192.0.2.64] MGCP 1.0\nI: F1\nF: N\n",
		  "200 6 OK\nN: x y\n", "400 6 Transient error\n" },
		{ true, "MDCX 7 aaln/1@[192.0.2.64] MGCP 1.0\nI: F1\nM: sendrecv\n",
		  "515 7 /L no [10.0.0.2]\nPL: L:1\n", "515 7 /L no [10.0.0.2]\nPL: L:1\n" },
		{ false, "RSIP 8 *@[10.0.0.2] MGCP 1.0\nRM: forced\n",
		  "521 8 Go\nN: ca@one.example\n", "521 8 Go\nN: ca@[198.51.100.5]:2727\n" },
		{ false, "RSIP 9 *@[10.0.0.2] MGCP 1.0\nRM: forced\n",
		  "200 9\nPL: G;0, L;1\nN: [192.0.2.21]:2727\n",
		  "200 9\nPL: G;0, L;1\nN: [198.51.100.5]:2727\n" },
		{ false, "NTFY 10 aaln/1@[10.0.0.2] MGCP 1.0\n", "100 10 Pending\n",
		  "100 10 Pending\n" },
	};

	begin(true);
	for (size_t i = 0; i < ROWS(row); i++) {
		if (row[i].from_agent)
			kit_agent(row[i].command);
		else
			kit_gateway(row[i].command);
		kit_sent();
		if (row[i].from_agent)
			kit_gateway(row[i].in);
		else
			kit_agent(row[i].in);
		expect_sent(row[i].out, "row", i);
	}
	fake_stop();
}

/* Two gateways behind names of ours look like one sender to a call agent, so the second NTFY gets another
 * id, and so does what acknowledges its answer. */
Test(mgcp_rewrite, acknowledgements_follow_ids)
{
	char want[256];
	unsigned id;

	begin(false);
	kit_other("RSIP 901 *@[10.0.0.3] MGCP 1.0\nRM: restart\n");
	kit_agent("200 901 OK\n");
	kit_sent();
	kit_sent();
	kit_gateway("NTFY 7 aaln/1@[10.0.0.2] MGCP 1.0\nK: 5\n");
	cr_expect(zero(int, strncmp(kit_sent(), "NTFY 7 ", 7)));
	kit_other("NTFY 7 aaln/1@[10.0.0.3] MGCP 1.0\nK: 5\n");
	cr_assert(eq(int, sscanf(kit_sent(), "NTFY %u ", &id), 1));
	cr_expect(ne(uint, id, 7));
	snprintf(want, sizeof(want), "200 %u OK\n", id);
	kit_agent(want);
	expect_sent("200 7 OK\n", "answer", 0);
	kit_other("NTFY 8 aaln/1@[10.0.0.3] MGCP 1.0\nK: 4, 6-8,x , 901\nX: 1\n");
	snprintf(want, sizeof(want), "K: 4, 6, %u, 8, 901\nX: 1\n", id);
	cr_expect(ne(ptr, strstr(kit_sent(), want), NULL), "%s", want);
	fake_stop();
}

/* A list of ranges is not a way to keep Postern busy: past a thousand ids it is left alone. */
Test(mgcp_rewrite, looks_few_ids_up)
{
	static char text[20000];
	size_t n = (size_t)snprintf(text, sizeof(text), "NTFY 8 aaln/1@[10.0.0.3] MGCP 1.0\nK: ");
	unsigned id;

	begin(false);
	kit_other("RSIP 901 *@[10.0.0.3] MGCP 1.0\nRM: restart\n");
	kit_gateway("NTFY 7 aaln/1@[10.0.0.2] MGCP 1.0\n");
	kit_other("NTFY 7 aaln/1@[10.0.0.3] MGCP 1.0\n");
	while (fake.taken + 1 < fake.n_sent)
		kit_sent();
	cr_assert(eq(int, sscanf(kit_sent(), "NTFY %u ", &id), 1));
	for (int i = 0; i < 1000; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "20-90, ");
	snprintf(text + n, sizeof(text) - n, "7\n");
	kit_other(text);
	cr_expect(ne(ptr, strstr(kit_sent(), "20-90, 7\n"), NULL));
	fake_stop();
}

Test(mgcp_rewrite, joins_what_goes_the_same_way)
{
	begin(true);
	kit_agent("CRCX 1 aaln/1@[192.0.2.64] MGCP 1.0\nC: 1\nM: sendrecv\n" SDP("192.0.2.30", "4000")
		  ".\nRQNT 2 aaln/1@[192.0.2.64] MGCP 1.0\nN: ca@one.example\n.\n"
		  "AUEP 0 aaln/1@[192.0.2.64] MGCP 1.0\n.\nNTFY 3 a@[192.0.2.64] MGCP 1.0\n");
	expect_sent("CRCX 1 aaln/1@[10.0.0.2] MGCP 1.0\nC: 1\nM: sendrecv\n" SDP("198.51.100.5",
										 "20000")
		    ".\nRQNT 2 aaln/1@[10.0.0.2] MGCP 1.0\nN: ca@[198.51.100.5]:2727\n",
		    "to the gateway", 0);
	expect_sent("504 3 Unknown or unsupported command\n", "to the agent", 0);
	kit_gateway("200 1 OK\nI: F1\n" SDP("10.0.0.2", "5000") ".\n200 2 OK\n.\n"
		    "NTFY 4 aaln/1@[10.0.0.2] MGCP 1.0\nX: 1\n");
	expect_sent("200 1 OK\nI: F1\n" SDP("192.0.2.5", "20000") ".\n200 2 OK\n.\n"
		    "NTFY 4 aaln/1@[192.0.2.64] MGCP 1.0\nX: 1\n",
		    "back", 0);
	fake_stop();
}

/* A gateway gives an id anew that it gave before: what had it is over. */
Test(mgcp_rewrite, gives_an_id_anew)
{
	begin(true);
	for (unsigned i = 1; i <= 2; i++) {
		char text[512];

		snprintf(text, sizeof(text), "CRCX %u aaln/1@[192.0.2.64] MGCP 1.0\nC: %u\n", i, i);
		kit_agent(text);
		snprintf(text, sizeof(text), "200 %u OK\nI: F1\n", i);
		kit_gateway(text);
	}
	cr_expect(eq(uint, fake.sessions_begun, 2));
	cr_expect(eq(uint, fake.sessions_ended, 1));
	kit_agent("DLCX 3 aaln/1@[192.0.2.64] MGCP 1.0\nI: F1\n");
	kit_gateway("250 3 OK\n");
	cr_expect(eq(uint, fake.sessions_ended, 2));
	fake_stop();
}

/* Its answer cannot pass, so the connection is taken back. */
Test(mgcp_rewrite, takes_back_what_cannot_pass)
{
	begin(true);
	kit_agent("CRCX 1 aaln/1@[192.0.2.64] MGCP 1.0\nC: 1\n");
	kit_sent();
	kit_gateway("200 1 OK\nI: F1\nN: x y\n");
	cr_expect(zero(int, strncmp(kit_sent(), "DLCX ", 5)));
	expect_sent("400 1 Transient error\n", "answer", 0);
	cr_expect(eq(uint, fake.sessions_ended, 1));
	cr_expect(eq(uint, fake.ports_taken, fake.ports_given_back));
	fake_stop();
}
