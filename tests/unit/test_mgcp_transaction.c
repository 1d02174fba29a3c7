/* What is the same command, how long it is remembered, and what Postern sends again itself. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgcp_kit.h"

#define TO "aaln/1@[192.0.2.64] MGCP 1.0\n"

static void *begin(void)
{
	void *module = kit_start(true);

	cr_assert(ne(ptr, module, NULL));
	kit_bind("[10.0.0.2]");
	return module;
}

/* How many were sent that begin so. */
static unsigned count(const char *begin)
{
	unsigned n = 0;

	for (const struct fake_sent *s; (s = fake_take());)
		n += !strncmp(s->data, begin, strlen(begin));
	return n;
}

Test(mgcp_transaction, tells_what_is_sent_again)
{
	static const struct {
		const char *first, *second;
		bool same;
	} row[] = {
		{ "RQNT 1 " TO "X: 1\n", "RQNT 1 " TO "X: 1\n", true },
		{ "RQNT 1 " TO "K: 8\nX: 1\n", "RQNT 1 " TO "X: 1\nK: 8-9\n", true },
		{ "RQNT 1 " TO "X: 1\n", "RQNT 1 " TO "X: 2\n", false },
		{ "RQNT 1 " TO "R: L/hd\n", "RQNT 1 " TO "S: L/hd\n", false },
		{ "RQNT 1 " TO "X: 1\n", "AUEP 1 " TO "X: 1\n", false },
		{ "RQNT 1 " TO "X: 1\n", "RQNT 1 aaln/2@[192.0.2.64] MGCP 1.0\nX: 1\n", false },
		{ "EPCF 1 " TO "\nv=0\n", "EPCF 1 " TO "\nv=0\ns=x\n", false },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		const char *again;

		begin();
		kit_agent(row[i].first);
		kit_sent();
		kit_gateway("200 1 OK\n");
		kit_sent();
		kit_agent(row[i].second);
		again = kit_sent();
		cr_expect(eq(int, !strcmp(again, "200 1 OK\n"), row[i].same), "row %zu: %s", i,
			  again);
		fake_stop();
	}
}

/* 40 transactions, so 40 KiB of them, and for as long as they are remembered. */
Test(mgcp_transaction, has_a_cap_for_octets)
{
	static char text[15100];

	begin();
	for (unsigned i = 1; i <= 3; i++) {
		int n = snprintf(text, sizeof(text), "RQNT %u " TO "X: ", i);

		memset(text + n, 'x', 15000);
		memcpy(text + n + 15000, "\n", 2);
		kit_agent(text);
	}
	cr_expect(eq(uint, count("RQNT"), 2));
	kit_agent(text);
	cr_expect(eq(uint, count("409 3"), 1));
	fake_advance(40000);
	kit_agent(text);
	cr_expect(eq(uint, count("RQNT"), 1));
	fake_stop();
}

static void connect(void)
{
	kit_agent("CRCX 1 " TO "C: 1\n");
	kit_gateway("200 1 OK\nI: F1\n");
	count("");
}

Test(mgcp_transaction, sends_ours_until_it_is_answered)
{
	const struct fake_sent *s;
	unsigned id = 0;
	char answer[64];

	begin();
	connect();
	fake_timeout(PN_TIMEOUT_MEDIA);
	while ((s = fake_take()))
		if (s->flow <= 2)
			sscanf(s->data, "DLCX %u ", &id);
	cr_assert(ne(uint, id, 0));
	snprintf(answer, sizeof(answer), "250 %u OK\n", id);
	kit_gateway(answer); /* the call agent does not answer */
	fake_advance(60000);
	cr_expect(eq(uint, count("DLCX"), 6));
	fake_advance(60000);
	cr_expect(zero(uint, count("")));
	fake_stop();
}

/* A gateway that died leaves many: one timer serves what is due at about the same time. */
Test(mgcp_transaction, sends_many_again)
{
	begin();
	for (unsigned i = 1; i <= 8; i++) {
		char text[64];

		snprintf(text, sizeof(text), "CRCX %u " TO "C: 1\n", i);
		kit_agent(text);
		snprintf(text, sizeof(text), "200 %u OK\nI: F%u\n", i, i);
		kit_gateway(text);
		fake_advance(7);
	}
	count("");
	fake_timeout(PN_TIMEOUT_MEDIA);
	cr_expect(eq(uint, count("DLCX"), 16));
	fake_advance(60000);
	cr_expect(eq(uint, count("DLCX"), 16 * 6));
	fake_stop();
}

/* Each in its own time: at 0, 500, 1500, 3500 ms, and 300 ms later. */
Test(mgcp_transaction, sends_each_in_time)
{
	static const struct {
		uint64_t until_ms;
		unsigned sent;
	} row[] = { { 499, 0 }, { 500, 2 }, { 799, 0 }, { 800, 2 }, { 1499, 0 },
		    { 1500, 2 }, { 1799, 0 }, { 1800, 2 }, { 3500, 2 }, { 3800, 2 } };
	uint64_t begun;

	begin();
	connect();
	begun = fake.now_ms;
	fake_timeout(PN_TIMEOUT_MEDIA);
	fake_advance(300);
	kit_agent("CRCX 2 " TO "C: 1\n");
	kit_gateway("200 2 OK\nI: F2\n");
	fake_timeout(PN_TIMEOUT_MEDIA);
	count("");
	for (size_t i = 0; i < ROWS(row); i++) {
		fake_advance(begun + row[i].until_ms - fake.now_ms);
		cr_expect(eq(uint, count("DLCX"), row[i].sent), "row %zu", i);
	}
	fake_stop();
}

/* The old pinhole is asked for some 7 s, however short the history. */
Test(mgcp_transaction, asks_longer_than_it_remembers)
{
	static struct pn_conf timers = { .name = "timers" };
	static struct pn_conf_attr history = { "history", "1s", NULL };
	struct pn_conf conf = *kit_conf();
	void *next, *module;

	timers.attrs = &history;
	timers.next = conf.children;
	conf.children = &timers;
	module = begin();
	cr_assert(zero(int, postern_module.prepare(module, &conf, NULL, &next)));
	postern_module.commit(module, next);
	fake_advance(40000); /* what was remembered for longer is gone */
	kit_gateway("RSIP 5 *@rgw.example MGCP 1.0\nRM: restart\n");
	kit_agent("200 5 OK\n");
	count("");
	kit_other("RSIP 6 *@rgw.example MGCP 1.0\nRM: disconnected\n");
	cr_expect(eq(uint, count("AUEP"), 1));
	fake_advance(20000);
	cr_expect(eq(uint, count("AUEP"), 3));
	kit_other("RSIP 6 *@rgw.example MGCP 1.0\nRM: disconnected\n");
	cr_expect(eq(uint, count("RSIP 6"), 1));
	fake_stop();
}
