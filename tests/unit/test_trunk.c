#include "trunk_kit.h"

#define GATEWAY_TCP GATEWAY_IP ":1720"
#define AGENT_TCP AGENT_IP ":10007"

TestSuite(trunk, .init = setup, .fini = teardown);

static uint64_t open_to_gateway(void)
{
	struct pn_addr to = addr(GATEWAY_TCP);
	uint64_t flow = 0;

	cr_assert(zero(int, flow_open(kit.agent.t, module_of(&kit.agent), kit.agent.realm, PN_TCP, &to, &flow)));
	return flow;
}

static int open_to_agent(const char *text, uint64_t *flow)
{
	struct pn_addr to = addr(text), via = addr(NAT);

	via.port = 5; /* that of another socket behind the NAT */
	return flow_open_via(kit.gateway.t, module_of(&kit.gateway), kit.gateway.realm, &via, PN_TCP, &to, flow);
}

static int say(struct end *e, uint64_t flow, const char *text)
{
	char octets[64];
	int n = snprintf(octets, sizeof(octets), "%c%s", (int)strlen(text) + 1, text);

	return flow_send(e->t, flow, NULL, octets, (size_t)n);
}

static int say_long(struct end *e, uint64_t flow, size_t len)
{
	uint8_t *octets = calloc(1, len + 3);
	int err;

	octets[0] = 'L';
	octets[1] = (uint8_t)(len >> 8);
	octets[2] = (uint8_t)len;
	err = flow_send(e->t, flow, NULL, octets, len + 3);
	free(octets);
	return err;
}

Test(trunk, an_agents_connection_arrives_at_the_listener)
{
	for (size_t piece = 1; piece <= 64; piece++) {
		uint64_t flow;

		kit.piece = piece;
		listen_tcp(&kit.gateway, 1720);
		flow = open_to_gateway();
		cr_expect(zero(int, say(&kit.agent, flow, "setup")), "queued until it stands");
		expect_heard(&kit.gateway, "+ <setup> ", __LINE__);
		cr_expect(eq(str, (char *)addr_text(&kit.gateway.opened.remote), NAT));
		cr_expect(eq(str, (char *)addr_text(&kit.gateway.opened.local), GATEWAY_TCP));
		say(&kit.gateway, kit.gateway.flow, "alerting");
		say(&kit.gateway, kit.gateway.flow, "connect");
		expect_heard(&kit.agent, "+ <alerting> <connect> ", __LINE__);
		cr_expect(eq(u64, kit.agent.flow, flow));
		cr_expect(eq(str, (char *)addr_text(&kit.agent.opened.remote), GATEWAY_TCP));
		cr_expect(ne(int, kit.agent.opened.local.port, 0));
		say(&kit.agent, flow, "bye");
		flow_close(kit.agent.t, module_of(&kit.agent), flow);
		expect_heard(&kit.gateway, "<bye> -0 ", __LINE__);
		cr_expect(eq(sz, trunk_channels(kit.agent.trunk), 0));
		cr_expect(eq(sz, trunk_channels(kit.gateway.trunk), 0));
	}
}

Test(trunk, the_gateway_reaches_listeners_of_the_agent)
{
	uint64_t flow;

	listen_tcp(&kit.agent, 10007);
	cr_assert(zero(int, open_to_agent(AGENT_TCP, &flow)));
	say(&kit.gateway, flow, "setup");
	expect_heard(&kit.agent, "+ <setup> ", __LINE__);
	cr_expect(eq(int, addr_same_ip(&kit.agent.opened.remote, &trunk_line(kit.agent.trunk)->remote), 1));
	cr_expect(eq(str, (char *)addr_text(&kit.agent.opened.local), AGENT_TCP));
	say(&kit.agent, kit.agent.flow, "release");
	flow_close(kit.agent.t, module_of(&kit.agent), kit.agent.flow);
	expect_heard(&kit.gateway, "+ <release> -0 ", __LINE__);
	cr_expect(eq(str, (char *)addr_text(&kit.gateway.opened.remote), NAT));
}

Test(trunk, awaited_connections_come_through_it)
{
	struct pn_addr from = addr(GATEWAY), local;
	uint64_t flow, came;

	from.port = 0;
	cr_assert(zero(int, flow_expect(kit.agent.t, module_of(&kit.agent), kit.agent.realm, 4, &from, 5000, &flow,
					&local)));
	cr_assert(zero(int, open_to_agent(addr_text(&local), &came)));
	say(&kit.gateway, came, "tcs");
	expect_heard(&kit.agent, "+ <tcs> ", __LINE__);
	cr_expect(eq(u64, kit.agent.flow, flow));
	cr_assert(zero(int, open_to_agent(addr_text(&local), &came)));
	expect_heard(&kit.gateway, "+ -ECONNREFUSED ", __LINE__); /* it was for one */
}

Test(trunk, who_is_awaited_may_have_another_address)
{
	static const struct {
		const char *from, *want;
	} row[] = { { NAT, "+ " }, { NAT_TOO, "+ " }, { "203.0.113.7:40000", "" } };

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_addr from = addr(row[i].from), at;
		uint64_t flow, came;

		cr_assert(zero(int, flow_expect(kit.gateway.t, module_of(&kit.gateway), kit.gateway.realm, 4, &from, 5000,
						&flow, &at)));
		cr_assert(zero(int, flow_open(kit.agent.t, module_of(&kit.agent), kit.agent.realm, PN_TCP, &at, &came)));
		expect_heard(&kit.gateway, row[i].want, __LINE__);
	}
}

Test(trunk, elsewhere_it_is_no_trunk)
{
	struct pn_addr to = addr("203.0.113.7:1720"), via = addr("203.0.113.7:5060");
	uint64_t flow;

	cr_expect(not(flow_trunk(kit.gateway.t, kit.gateway.realm, &via, &to)));
	cr_expect(zero(int, flow_open_via(kit.gateway.t, module_of(&kit.gateway), kit.gateway.realm, &via, PN_TCP,
					  &to, &flow)));
	cr_expect(eq(sz, trunk_channels(kit.gateway.trunk), 0));
	to = addr(AGENT_TCP);
	cr_expect(eq(int, flow_open_via(kit.gateway.t, module_of(&kit.gateway), kit.gateway.realm, &via, PN_TCP, &to,
					&flow), -EPERM), "an inside address is outside our reach");
	via = addr(NAT);
	cr_expect(flow_trunk(kit.gateway.t, kit.gateway.realm, &via, &to));
}

Test(trunk, nobody_listens)
{
	uint64_t flow;

	open_to_gateway();
	expect_heard(&kit.agent, "-ECONNREFUSED ", __LINE__);
	cr_assert(zero(int, open_to_agent(AGENT_TCP, &flow)));
	expect_heard(&kit.gateway, "-ECONNREFUSED ", __LINE__);
	cr_assert(zero(int, open_to_agent(GATEWAY, &flow))); /* the trunk's own port is no target */
	expect_heard(&kit.gateway, "-ECONNREFUSED ", __LINE__);
	cr_expect(zero(int, kit.agent.broken));
}

Test(trunk, too_many_channels)
{
	struct pn_addr to = addr(GATEWAY_TCP);
	uint64_t flow;

	listen_tcp(&kit.gateway, 1720);
	listen_tcp(&kit.agent, 10007);
	for (int i = 0; i < 8; i++)
		open_to_gateway();
	cr_expect(eq(int, flow_open(kit.agent.t, module_of(&kit.agent), kit.agent.realm, PN_TCP, &to, &flow),
		     -ENOSPC));
	run();
	cr_expect(eq(int, open_to_agent(AGENT_TCP, &flow), -ENOSPC));
	cr_expect(eq(i64, metric_get(M_TRUNK_CHANNELS_REFUSED), 2));
	expect_heard(&kit.gateway, "+ + + + + + + + ", __LINE__);
}

Test(trunk, loss_closes_all)
{
	struct pn_addr to = addr(GATEWAY_TCP);
	uint64_t flow;

	listen_tcp(&kit.gateway, 1720);
	open_to_gateway();
	expect_heard(&kit.gateway, "+ ", __LINE__);
	open_to_gateway(); /* still asking */
	kit.agent.heard[0] = 0;
	net_on_closed(kit.agent.plug.owner, -ECONNRESET);
	kit.agent.plug.closed = true;
	net_on_closed(kit.gateway.plug.owner, 0);
	kit.gateway.plug.closed = true;
	expect_heard(&kit.agent, "-ECONNRESET -ECONNRESET ", __LINE__);
	expect_heard(&kit.gateway, "-ECONNRESET ", __LINE__);
	cr_expect(eq(int, flow_open(kit.agent.t, module_of(&kit.agent), kit.agent.realm, PN_TCP, &to, &flow),
		     -ENETDOWN));
	cr_expect(not(flow_trunk(kit.gateway.t, kit.gateway.realm, &to, &to)));
	buf_drop(&kit.agent.plug.sent, kit.agent.plug.sent.len);
	dial();
	open_to_gateway();
	expect_heard(&kit.gateway, "+ ", __LINE__);
}

Test(trunk, long_messages_pass)
{
	uint64_t flow;

	kit.piece = 3000;
	listen_tcp(&kit.gateway, 1720);
	flow = open_to_gateway();
	run();
	for (int i = 0; i < 3; i++)
		cr_assert(zero(int, say_long(&kit.agent, flow, 60000)));
	say(&kit.agent, flow, "end");
	expect_heard(&kit.gateway, "+ L60000 L60000 L60000 <end> ", __LINE__);
}

Test(trunk, a_full_trunk_holds_back_each_alike)
{
	uint64_t flow[3];
	size_t first;

	listen_tcp(&kit.gateway, 1720);
	for (int i = 0; i < 3; i++)
		flow[i] = open_to_gateway();
	run();
	kit.gateway.octets = 0;
	kit.agent.plug.room = 0; /* the wire is stuck */
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 4; k++)
			cr_assert(zero(int, say_long(&kit.agent, flow[i], 60000)));
	first = flow_queued(kit.agent.t, trunk_line(kit.agent.trunk)->flow);
	cr_expect(le(sz, first, 131072 + 65536), "what waits lies in the channels' own queues");
	say(&kit.agent, flow[2], "last");
	kit.agent.plug.room = SIZE_MAX;
	net_on_writable(kit.agent.plug.owner);
	run();
	cr_expect(eq(sz, kit.gateway.octets, 12 * 60003 + 5));
	cr_expect(zero(int, kit.gateway.broken));
}

Test(trunk, a_channel_that_waits_too_long_dies_alone)
{
	uint64_t slow, other;
	int err = 0;

	listen_tcp(&kit.gateway, 1720);
	slow = open_to_gateway();
	other = open_to_gateway();
	run();
	kit.agent.heard[0] = kit.gateway.heard[0] = 0;
	kit.agent.plug.room = 0;
	for (int i = 0; i < 20 && !err; i++)
		err = say_long(&kit.agent, slow, 60000);
	cr_expect(eq(int, err, -ENOBUFS));
	say(&kit.agent, other, "alive");
	kit.agent.plug.room = SIZE_MAX;
	net_on_writable(kit.agent.plug.owner);
	expect_heard(&kit.agent, "-ENOBUFS ", __LINE__);
	cr_expect(ne(ptr, strstr(kit.gateway.heard, "<alive> "), NULL), "%s", kit.gateway.heard);
}

static void answer_and_close(struct end *e)
{
	say(e, e->flow, "refused");
	flow_close(e->t, module_of(e), e->flow);
}

Test(trunk, who_answers_a_message_may_close)
{
	uint64_t flow;

	listen_tcp(&kit.gateway, 1720);
	kit.on_message = answer_and_close;
	flow = open_to_gateway();
	say(&kit.agent, flow, "a");
	say(&kit.agent, flow, "b"); /* comes too late */
	kit.agent.heard[0] = 0;
	run();
	kit.on_message = NULL;
	expect_heard(&kit.gateway, "+ <a> ", __LINE__);
	cr_expect(zero(int, kit.agent.broken + kit.gateway.broken));
}

Test(trunk, silence_is_asked_and_ends_it)
{
	loop_advance(kit.loop, 15000);
	cr_expect(eq(sz, kit.agent.plug.sent.len, TRUNK_HEADER), "a PING");
	run();
	loop_advance(kit.loop, 200000 - 1000);
	cr_expect(eq(int, kit.agent.broken, -ETIMEDOUT));
	cr_expect(eq(int, kit.gateway.broken, -ETIMEDOUT));
}

Test(trunk, silence_counts_from_the_last_octet)
{
	listen_tcp(&kit.gateway, 1720);
	loop_advance(kit.loop, 14000);
	run();
	open_to_gateway();
	run();
	loop_advance(kit.loop, 14000);
	cr_expect(eq(sz, kit.agent.plug.sent.len, 0));
	loop_advance(kit.loop, 1000);
	cr_expect(eq(sz, kit.agent.plug.sent.len, TRUNK_HEADER));
}

Test(trunk, answers_keep_it)
{
	for (int i = 0; i < 100; i++) {
		loop_advance(kit.loop, 10000);
		run();
	}
	cr_expect(zero(int, kit.agent.broken + kit.gateway.broken));
}

/* ---- a far end that is not ours ---- */

static void inject(struct end *to, const char *octets, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, octets, len);
	net_on_data(to->plug.owner, copy, len);
	free(copy);
}

#define OPEN_TO(port, id) "\x81\0\0\x2c\0\0\0" id "\4\0" port "\xc6\x33\x64\5\0\0\0\0\0\0\0\0\0\0\0\0" \
	"\4\0\x12\x34\xa\1\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10" /* with a window of 16 */

Test(trunk, rules_are_enforced)
{
	static const struct {
		const char *what, *octets;
		size_t len;
		bool ends;
	} row[] = {
#define ROW(what, octets, ends) { what, octets, sizeof(octets) - 1, ends }
		ROW("unknown type", "\x8a\0\0\0\0\0\0\1", true),
		ROW("type 0", "\x80\0\0\0\0\0\0\1", true),
		ROW("OPEN too short", "\x81\0\0\1\0\0\0\1x", true),
		ROW("DATA too long", "\x84\0\x40\1\0\0\0\1", true),
		ROW("DATA of nothing", "\x84\0\0\0\0\0\0\1", true),
		ROW("octet that must be zero", "\x86\1\0\0\0\0\0\1", true),
		ROW("channel in PING", "\x88\0\0\0\0\0\0\1", true),
		ROW("no channel in EOF", "\x86\0\0\0\0\0\0\0", true),
		ROW("a channel of mine", OPEN_TO("\6\xb8", "\2"), true),
		ROW("opened twice", OPEN_TO("\6\xb8", "\1") OPEN_TO("\6\xb8", "\1"), true),
		ROW("OPENED of its own", OPEN_TO("\6\xb8", "\1") "\x82\0\0\4\0\0\0\1\0\0\0\1", true),
		ROW("REFUSED of its own", OPEN_TO("\6\xb8", "\1") "\x83\0\0\2\0\0\0\1\0\1", true),
		ROW("credit past the end", OPEN_TO("\6\xb8", "\1") "\x85\0\0\4\0\0\0\1\xff\xff\xff\xff", true),
		ROW("DATA after the end", OPEN_TO("\6\xb8", "\1") "\x86\0\0\0\0\0\0\1\x84\0\0\1\0\0\0\1x", false),
		ROW("family", "\x81\0\0\x2c\0\0\0\1\5", false), /* not whole yet */
		ROW("refused", OPEN_TO("\6\xb9", "\1"), false),
		ROW("unknown channels", "\x84\0\0\1\0\0\0\7x\x85\0\0\4\0\0\0\7\0\0\0\1\x87\0\0\2\0\0\0\7\0\0", false),
		ROW("an odd reason", OPEN_TO("\6\xb8", "\1") "\x87\0\0\2\0\0\0\1\xff\xff", false),
		ROW("PONG", "\x89\0\0\0\0\0\0\0", false),
		ROW("PING with an echo", "\x88\0\0\2\0\0\0\0hi", false),
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		teardown();
		setup();
		listen_tcp(&kit.gateway, 1720);
		inject(&kit.gateway, row[i].octets, row[i].len);
		cr_expect(eq(int, kit.gateway.plug.closed, row[i].ends), "%s", row[i].what);
	}
}

Test(trunk, what_was_taken_is_given_back)
{
	char data[TRUNK_FRAME] = "\x84\0\x40\0\0\0\0\1";

	listen_tcp(&kit.gateway, 1720);
	inject(&kit.gateway, OPEN_TO("\6\xb8", "\1"), 52);
	buf_drop(&kit.gateway.plug.sent, kit.gateway.plug.sent.len);
	memcpy(data + TRUNK_HEADER, "L\xff\xf0", 3);
	inject(&kit.gateway, data, sizeof(data));
	cr_expect(eq(sz, kit.gateway.plug.sent.len, 0));
	inject(&kit.gateway, data, sizeof(data));
	cr_assert(eq(sz, kit.gateway.plug.sent.len, 12));
	cr_expect(zero(int, memcmp(kit.gateway.plug.sent.p, "\x85\0\0\4\0\0\0\1\0\0\x80\0", 12)));
}

Test(trunk, who_sends_no_more_still_gets_the_rest)
{
	listen_tcp(&kit.gateway, 1720);
	inject(&kit.gateway, OPEN_TO("\6\xb8", "\1"), 52);
	say_long(&kit.gateway, kit.gateway.flow, 97);
	inject(&kit.gateway, "\x86\0\0\0\0\0\0\1", 8);
	buf_drop(&kit.gateway.plug.sent, kit.gateway.plug.sent.len);
	inject(&kit.gateway, "\x85\0\0\4\0\0\0\1\0\0\0\x50", 12);
	cr_expect(eq(sz, kit.gateway.plug.sent.len, TRUNK_HEADER + 80));
	inject(&kit.gateway, "\x84\0\0\1\0\0\0\1x", 9);
	cr_expect(kit.gateway.plug.closed, "it said that nothing more would come");
}

Test(trunk, writes_no_more_than_their_window)
{
	listen_tcp(&kit.gateway, 1720);
	inject(&kit.gateway, OPEN_TO("\6\xb8", "\1"), 52);
	buf_drop(&kit.gateway.plug.sent, kit.gateway.plug.sent.len);
	say_long(&kit.gateway, kit.gateway.flow, 97);
	cr_expect(eq(sz, kit.gateway.plug.sent.len, TRUNK_HEADER + 16));
	inject(&kit.gateway, "\x85\0\0\4\0\0\0\1\0\0\0\x14", 12);
	cr_expect(eq(sz, kit.gateway.plug.sent.len, 2 * TRUNK_HEADER + 36));
	buf_drop(&kit.gateway.plug.sent, kit.gateway.plug.sent.len);
	inject(&kit.gateway, "\x85\0\0\4\0\0\0\1\0\1\0\0", 12);
	cr_expect(eq(sz, kit.gateway.plug.sent.len, TRUNK_HEADER + 64));
}
