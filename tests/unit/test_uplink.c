/* The agent's registrations, against the gateway's real table. */
#include "uplink_kit.h"

TestSuite(uplink, .init = setup, .fini = teardown);

Test(uplink, registers_each_socket)
{
	struct node *a = agent_new(1, "acme", "correct horse");

	listen_on(a, MGCP, 1, 19901);
	cr_expect(not(uplink_up(a->uplinks)));
	advance(1000);
	cr_expect(uplink_up(a->uplinks));
	cr_expect(eq(u32, a->opened, 2));
	cr_expect(eq(i64, metric_get(M_UPLINKS), 2));
	cr_expect(shows("\"network\":\"acme\",\"agent\":\"ag1\",\"protocol\":\"sip\",\"inner\":\"10.1.0.3:19900\","
			"\"pinhole\":\"198.51.100.11:2001\",\"local\":\"198.51.100.5:5060\",\"state\":\"active\""),
		  "%s", table());
	cr_expect(shows("\"protocol\":\"mgcp\",\"inner\":\"10.1.0.3:19901\",\"pinhole\":\"198.51.100.11:2000\""));
	cr_expect(eq(str, (char *)whose("198.51.100.11:2001"), "ag1"));
	cr_expect(eq(str, (char *)whose("198.51.100.11:2002"), "nobody"));
	cr_expect(eq(str, a->heard, ""), "modules see nothing of it");
	cr_expect(eq(str, world.node[GATEWAY].heard, ""));
	cr_expect(eq(i64, metric_get(M_PINHOLE_DENIED), 0));
	cr_expect(pinhole_login_nonce(uplink_login(a->uplinks)).len > 0, "for CMPHs");
}

Test(uplink, tells_subscribers)
{
	struct node *a = agent_new(1, "acme", "correct horse");
	struct pn_binding *bob;

	advance(1000);
	subscribe(a, SIP, "sip:alice@example.net", "10.1.0.7:5060");
	bob = subscribe(a, SIP, "sip:bob@example.net", "10.1.0.8:5060");
	subscribe(a, MGCP, "[10.1.0.9]", "10.1.0.9:2427");
	advance(1000);
	cr_expect(shows("\"subscribers\":2,"), "%s", table());
	cr_expect(shows("{\"identity\":\"sip:alice@example.net\",\"terminal\":\"10.1.0.7:5060\"}"));
	cr_expect(shows("{\"identity\":\"sip:bob@example.net\",\"terminal\":\"10.1.0.8:5060\"}"));
	cr_expect(not(shows("10.1.0.9")), "MGCP has no socket of its own");
	binding_remove(bob);
	advance(1000);
	cr_expect(shows("\"subscribers\":1,"));
	cr_expect(not(shows("bob")));
}

Test(uplink, tells_many_subscribers_in_parts)
{
	struct node *a = agent_new(1, "acme", "correct horse");

	for (unsigned i = 0; i < 300; i++) {
		char identity[64];

		snprintf(identity, sizeof(identity), "sip:subscriber-number-%u@example.net", i);
		subscribe(a, SIP, identity, "10.1.0.7:5060");
	}
	advance(5000);
	cr_expect(shows("\"subscribers\":300,"), "%s", table());
	cr_expect(shows("subscriber-number-299@"));
}

/* Requests that come in a span of time. */
static unsigned requests_in(uint64_t ms)
{
	unsigned before = world.requests;

	advance(ms);
	return world.requests - before;
}

Test(uplink, leaves_a_pinhole_alone_longer_while_it_lives)
{
	unsigned first, later;

	agent_new(1, "acme", "correct horse");
	advance(1000);
	first = requests_in(60000);
	advance(120000);
	later = requests_in(60000);
	cr_expect(first >= 4 && first <= 6, "%u", first);
	cr_expect(later == 3, "%u: 20 s at most", later);
}

Test(uplink, traffic_of_the_module_proves_nothing)
{
	struct node *a = agent_new(1, "acme", "correct horse");
	const struct pn_addr gw = addr("198.51.100.5:5060");
	uint64_t flow = flow_listener(a->transport, SIP, realm_of(a, 0), PN_UDP, 4);
	unsigned before;

	advance(1000);
	before = world.requests;
	for (unsigned i = 0; i < 120; i++) {
		cr_assert(zero(int, flow_send(a->transport, flow, &gw, "x", 1)));
		advance(1000);
	}
	cr_expect(eq(u32, world.requests - before, 120 + 12), "it is asked every 10 s, as at first");
	cr_expect(ne(ptr, strstr(world.node[GATEWAY].heard, "sip<x>"), NULL));
}

Test(uplink, backs_off_when_the_pinhole_did_not_live)
{
	unsigned n;

	agent_new(1, "acme", "correct horse");
	advance(150000);
	cr_expect(eq(u32, requests_in(60000), 3), "every 20 s");
	flush_nat(1);
	advance(20000);
	cr_expect(eq(i64, metric_get(M_UPLINK_MOVED), 1));
	cr_expect(shows("\"pinhole\":\"198.51.100.11:2001\""), "%s", table());
	cr_expect(shows("\"formers\":[\"198.51.100.11:2000\"]"));
	n = requests_in(60000);
	cr_expect(n >= 4, "%u", n);
	advance(600000);
	n = requests_in(60000);
	cr_expect(n == 4, "%u: three quarters of 20 s, and never longer", n);
}

Test(uplink, what_is_sent_to_a_former_pinhole_finds_the_new_one)
{
	struct node *a = agent_new(1, "acme", "correct horse");

	advance(1000);
	gateway_sends("198.51.100.11:2000", "one");
	flush_nat(1);
	gateway_sends("198.51.100.11:2000", "lost");
	advance(20000);
	gateway_sends("198.51.100.11:2000", "two");
	cr_expect(eq(str, a->heard, "sip<one>sip<two>"));
	cr_expect(eq(str, (char *)whose("198.51.100.11:2000"), "ag1"), "a message may still be under way");
}

static unsigned alarms;

static void on_line(void *arg, enum pn_level level, const char *line)
{
	(void)arg, (void)line;
	alarms += level == PN_LOG_ERROR;
}

Test(uplink, alarms_once_and_comes_back_by_itself)
{
	struct node *a = agent_new(1, "acme", "correct horse");
	struct pn_binding *b = subscribe(a, SIP, "sip:alice@example.net", "10.1.0.7:5060");

	advance(1000);
	cr_expect(binding_info(b)->upstream_at_ms > loop_now(world.loop) + 600000);
	log_capture(on_line, NULL);
	a->cut = true;
	advance(300000);
	log_capture(NULL, NULL);
	cr_expect(eq(u32, alarms, 1));
	cr_expect(not(uplink_up(a->uplinks)));
	cr_expect(eq(i64, metric_get(M_UPLINKS), 0));
	cr_expect(metric_get(M_UPLINK_LOST) >= 2, "each time that it was tried");
	cr_expect(shows("\"state\":\"dead\""), "%s", table());
	a->cut = false;
	advance(90000);
	cr_expect(uplink_up(a->uplinks));
	cr_expect(shows("\"state\":\"active\""));
	cr_expect(eq(u32, a->opened, 2));
	cr_expect(binding_info(b)->upstream_at_ms <= loop_now(world.loop), "it forgot alice; her next one goes through");
}

Test(uplink, a_gateway_that_starts_anew_is_told_again)
{
	struct node *a = agent_new(1, "acme", "correct horse");
	struct pn_binding *b = subscribe(a, SIP, "sip:alice@example.net", "10.1.0.7:5060");

	advance(1000);
	cr_expect(shows("alice"));
	cr_expect(binding_info(b)->upstream_at_ms > loop_now(world.loop) + 60000);
	new_pinholes(&world.node[GATEWAY]);
	apply_gateway(&world.node[GATEWAY]);
	cr_expect(not(shows("alice")));
	advance(25000);
	cr_expect(shows("alice"), "%s", table());
	cr_expect(eq(i64, metric_get(M_UPLINK_LOST), 0), "it is no failure");
	cr_expect(binding_info(b)->upstream_at_ms <= loop_now(world.loop), "alice's next registration goes through");
}

Test(uplink, a_wrong_secret_is_an_alarm)
{
	struct node *good = agent_new(1, "acme", "correct horse"), *bad = agent_new(2, "acme", "wrong horse");

	advance(20000);
	cr_expect(uplink_up(good->uplinks));
	cr_expect(not(uplink_up(bad->uplinks)));
	cr_expect(metric_get(M_PINHOLE_DENIED) >= 1);
	cr_expect(metric_get(M_UPLINK_LOST) >= 1);
	cr_expect(not(shows("ag2")));
}

Test(uplink, says_goodbye)
{
	struct node *a = agent_new(1, "acme", "correct horse");

	advance(1000);
	uplinks_end(a->uplinks);
	run();
	cr_expect(shows("\"state\":\"dead\""), "%s", table());
	cr_expect(eq(str, (char *)whose("198.51.100.11:2000"), "nobody"));
	cr_expect(eq(i64, metric_get(M_UPLINKS), 0));
}

Test(uplink, follows_a_reload)
{
	struct node *a = agent_new(1, "acme", "correct horse");
	struct pinhole_login *former;

	advance(1000);
	former = uplink_login(a->uplinks);
	apply_agent(a);
	cr_expect(eq(ptr, uplink_login(a->uplinks), former), "nothing changed");
	a->gateway.network = (char *)"other";
	set_secret(&a->gateway.secret, "battery staple");
	apply_agent(a);
	advance(1000);
	cr_expect(ne(ptr, uplink_login(a->uplinks), former));
	cr_expect(pinhole_login_nonce(former).len > 0, "who uses it still may");
	cr_expect(shows("\"network\":\"other\",\"agent\":\"ag1\",\"protocol\":\"sip\""), "%s", table());
	cr_expect(uplink_up(a->uplinks));
	a->conf.gateway = NULL;
	apply_agent(a);
	cr_expect(eq(ptr, (void *)uplink_who(a->uplinks), NULL));
	cr_expect(eq(i64, metric_get(M_UPLINKS), 0));
}

Test(uplink, a_stale_nonce_is_renewed_at_once)
{
	struct node *a = agent_new(1, "acme", "correct horse");
	unsigned before;

	advance(1000);
	before = world.requests;
	uplink_stale(a->uplinks);
	run();
	cr_expect(eq(u32, world.requests, before + 1));
}

Test(uplink, only_modules_that_speak_to_the_gateway_register)
{
	struct node *a = agent_new(1, "acme", "correct horse");

	a->module[1].uplink_port = 0;
	listen_on(a, MGCP, 1, 19901);
	apply_agent(a);
	advance(1000);
	cr_expect(not(shows("mgcp")), "%s", table());
	cr_expect(uplink_up(a->uplinks));
}

/* A socket of its own for one terminal, as aliases have; it speaks at once. */
static uint64_t speak(struct node *a, const char *words)
{
	const struct pn_addr local = addr("10.1.0.3:18000"), gw = addr("198.51.100.5:5060");
	uint64_t flow = 0;

	cr_assert(zero(int, transport_alias_open(a->transport, SIP, realm_of(a, 0), PN_UDP, &local, &flow)));
	for (; *words; words++)
		cr_assert(zero(int, flow_send(a->transport, flow, &gw, words, 1)));
	return flow;
}

/* What is under way now and no STUN. */
static unsigned words_on_wire(void)
{
	unsigned n = 0;

	for (size_t i = world.head; i != world.tail; i++)
		n += !stun_is(world.wire[i % WIRE].data, world.wire[i % WIRE].len);
	return n;
}

Test(uplink, the_first_words_of_a_socket_wait_for_its_registration)
{
	struct node *a = agent_new(1, "acme", "correct horse");

	advance(1000);
	speak(a, "xyz");
	cr_expect(eq(u32, words_on_wire(), 0));
	cr_expect(eq(str, (char *)whose("198.51.100.11:2001"), "nobody"));
	run();
	cr_expect(eq(str, world.node[GATEWAY].heard, "sip<x>sip<y>sip<z>"));
	cr_expect(eq(str, (char *)whose("198.51.100.11:2001"), "ag1"));
}

Test(uplink, but_not_for_long)
{
	struct node *a = agent_new(1, "acme", "correct horse");

	advance(1000);
	a->cut = true;
	speak(a, "123456789");
	advance(1900);
	a->cut = false;
	world.node[GATEWAY].cut = true;
	advance(50);
	cr_expect(eq(u32, words_on_wire(), 0));
	world.node[GATEWAY].cut = false;
	advance(100);
	cr_expect(eq(str, world.node[GATEWAY].heard, "sip<1>sip<2>sip<3>sip<4>sip<5>sip<6>sip<7>sip<8>"), "%s",
		  world.node[GATEWAY].heard);
}

Test(uplink, nothing_waits_where_none_is_registered)
{
	struct node *a = agent_new(1, "acme", "correct horse");

	speak(a, "x");
	cr_expect(eq(u32, words_on_wire(), 1));
}
