#include "pinhole/client.h"
#include "pinhole/message.h"
#include "trunks_kit.h"

#define GATEWAY_TOY "198.51.100.5:7000"
#define INSIDE_TOY "10.1.0.3:19900"
#define PINHOLE1 "198.51.100.11:19900"
#define STANDS "stands"

TestSuite(trunks, .init = setup, .fini = teardown);

static int open_up(struct site *s, uint64_t *flow)
{
	struct pn_addr to = addr(GATEWAY_TOY);

	return s->svc->flow_open(s->h, s->svc->realm_find(s->h, "wan"), PN_TCP, &to, flow);
}

static int open_down(const char *via, uint64_t *flow)
{
	struct pn_addr from = addr(via), to = addr(INSIDE_TOY);

	return gateway->svc->flow_open_via(gateway->h, gateway->svc->realm_find(gateway->h, "access"), &from, PN_TCP,
					   &to, flow);
}

static int leads_to(const char *via)
{
	struct pn_addr from = addr(via), to = addr(INSIDE_TOY);

	return gateway->svc->flow_trunk(gateway->h, gateway->svc->realm_find(gateway->h, "access"), &from, &to);
}

static void say(struct site *s, uint64_t flow, const char *text)
{
	char octets[64];
	int n = snprintf(octets, sizeof(octets), "%c%s", (int)strlen(text) + 1, text);

	cr_expect(zero(int, s->svc->flow_send(s->h, flow, NULL, octets, (size_t)n)));
}

static void begin(void)
{
	configure(ag1, AGENT_CONF("acme", "one"), w.secret);
	advance(1000);
}

Test(trunks, connections_pass_both_ways)
{
	uint64_t up, down;

	begin();
	cr_expect(eq(int, logged(STANDS), 1));
	cr_expect(eq(int, logged("agent one of network acme"), 1));
	cr_assert(zero(int, open_up(ag1, &up)));
	say(ag1, up, "setup");
	expect_heard(gateway, "+ <setup> ", __LINE__);
	cr_expect(leads_to(addr_text(&gateway->opened.remote)), "who came by the trunk is reached by it");
	expect_heard(ag1, "+ ", __LINE__);
	cr_assert(zero(int, open_down(PINHOLE1, &down)));
	say(gateway, down, "h245");
	expect_heard(ag1, "+ <h245> ", __LINE__);
	cr_expect(eq(str, (char *)addr_text(&ag1->opened.local), INSIDE_TOY));
	cr_expect(eq(int, w.dials, 1), "all through one connection");
}

/* Agent "two" registers a socket that the NAT shows as `from`. */
static enum pinhole_event register_two(const struct pn_addr *from, const char *secret)
{
	struct pinhole_login *l = pinhole_login_new(&(struct pinhole_login_conf){
		.network = str_of("acme"), .agent = str_of("two"), .secret = str_of(secret), .wall_us = 1000000 });
	const struct pinhole_client_conf conf = { .kind = PINHOLE_REGISTER, .login = l, .gateway = addr(GATEWAY_TOY),
						  .inner = addr("10.1.0.4:7000"), .protocol = str_of("toy") };
	struct pinhole_client *c = pinhole_client_new(&conf, 0);
	enum pinhole_event event = PINHOLE_NOTHING;
	uint8_t data[MESSAGE_MAX];

	for (unsigned i = 0; i < 2; i++) {
		int len = pinhole_client_output(c, 0, data, sizeof(data));

		cr_assert(len > 0 && !w.n_queue);
		net_on_datagram(sock_at(gateway, 'u', &conf.gateway)->owner, from, data, (size_t)len);
		cr_assert(w.n_queue > 0);
		event = pinhole_client_input(c, 0, &conf.gateway, w.queue[0].data, w.queue[0].len);
		w.n_queue = 0;
	}
	pinhole_client_free(c);
	pinhole_login_free(l);
	return event;
}

Test(trunks, it_comes_again_from_elsewhere_when_a_pinhole_has_its_address)
{
	const struct pn_addr former = addr("198.51.100.11:30000");
	uint64_t up;

	begin();
	cr_assert(zero(int, open_up(ag1, &up)));
	run();
	cr_expect(eq(str, (char *)addr_text(&gateway->opened.remote), "198.51.100.11:30000"));
	expect_heard(gateway, "+ ", __LINE__);
	expect_heard(ag1, "+ ", __LINE__);
	cr_expect(eq(int, register_two(&former, "a secret of all of us"), PINHOLE_OPEN));
	cr_expect(not(leads_to("198.51.100.11:30000")));
	run();
	cr_expect(ne(ptr, strstr(gateway->heard, "-"), NULL), "its channels ended: %s", gateway->heard);
	advance(5000);
	cr_expect(leads_to("198.51.100.11:30001"), "it stands again");
	gateway->heard[0] = ag1->heard[0] = 0;
}

Test(trunks, who_needs_none_has_none)
{
	configure(ag1, XMLNS " role=\"agent\"><realm name=\"lan\" side=\"access\" address=\"10.1.0.3\"/>"
		  "<gateway address=\"198.51.100.5\" network=\"acme\" secret-file=\"%s\"/>"
		  "<module name=\"toy\"><listen realm=\"lan\" transport=\"udp\" port=\"7000\"/></module></postern>", w.secret);
	advance(2000);
	cr_expect(eq(uint, w.dials, 0));
	begin();
	cr_expect(eq(uint, w.dials, 1), "a reload may change that");
}

Test(trunks, nothing_else_is_reached)
{
	uint64_t flow;

	begin();
	cr_expect(not(leads_to("198.51.100.11:4444")), "another one behind that NAT");
	cr_expect(not(leads_to("203.0.113.7:19900")));
	cr_expect(eq(int, open_down("203.0.113.7:19900", &flow), -EPERM));
}

Test(trunks, it_lasts)
{
	uint64_t up;

	begin();
	cr_assert(zero(int, open_up(ag1, &up)));
	advance(900000);
	cr_expect(eq(int, w.dials, 1));
	cr_expect(leads_to(PINHOLE1));
	cr_expect(eq(i64, metric_get(M_TRUNK_LOST), 0));
}

Test(trunks, a_wrong_secret_is_an_alarm_and_tried_again)
{
	char wrong[32];
	uint64_t up;

	write_secret(wrong, "another secret\n");
	configure(ag1, AGENT_CONF("acme", "one"), wrong);
	unlink(wrong);
	advance(1000);
	cr_expect(eq(int, logged("down: registration: refused with 401"), 1), "%s", w.log);
	cr_expect(eq(int, open_up(ag1, &up), -ENETDOWN));
	cr_expect(gt(i64, metric_get(M_TRUNK_REFUSED), 0));
	advance(1800000);
	cr_expect(eq(int, logged("down: registration"), 1));
	cr_expect(gt(uint, w.dials, 20));
	cr_expect(lt(uint, w.dials, 40), "with pauses of a minute: %u", w.dials);
	configure(ag1, AGENT_CONF("acme", "one"), w.secret);
	cr_expect(eq(int, logged(STANDS), 1), "a reload tries at once");
}

Test(trunks, a_lost_one_comes_back)
{
	uint64_t up;

	begin();
	cr_assert(zero(int, open_up(ag1, &up)));
	expect_heard(gateway, "+ ", __LINE__);
	ag1->heard[0] = 0;
	trunk_of(ag1)->broken = true;
	expect_heard(ag1, "-ENETDOWN ", __LINE__);
	expect_heard(gateway, "-ECONNRESET ", __LINE__);
	cr_expect(eq(int, logged("198.51.100.11:30000: ended: Connection reset by peer"), 1));
	cr_expect(not(leads_to(PINHOLE1)));
	advance(2000);
	cr_expect(eq(int, logged(STANDS), 2));
	cr_assert(zero(int, open_up(ag1, &up)));
	expect_heard(gateway, "+ ", __LINE__);
	cr_expect(leads_to(PINHOLE1));
}

Test(trunks, outlives_the_gateway)
{
	uint64_t up;

	begin();
	site_stop(gateway);
	run();
	site_start(gateway, NULL);
	configure(gateway, GATEWAY_CONF, w.secret);
	advance(120000);
	cr_expect(eq(int, logged(STANDS), 2));
	cr_expect(leads_to(PINHOLE1));
	cr_assert(zero(int, open_up(ag1, &up)));
	expect_heard(gateway, "+ ", __LINE__);
}

/* A terminal registers at an agent; where the gateway would reach it. */
static struct pn_addr register_bob(struct site *s)
{
	const struct pn_binding_args a = {
		.size = sizeof(a), .realm = s->svc->realm_find(s->h, "lan"), .identity = { "bob", 3 },
		.pinhole = addr("10.1.0.10:5000"), .alias_realm = s->svc->realm_find(s->h, "wan"),
		.alias_kind = PN_ALIAS_PORT, .alias_listen = 1u << PN_UDP | 1u << PN_TCP, .expires_ms = 10000,
	};
	struct pn_binding *b;

	cr_assert(zero(int, s->svc->binding_put(s->h, &a, &b)));
	s->svc->binding_accept(b, 3600000, 3600000);
	return s->svc->binding_info(b)->alias_addr;
}

static int open_to(const struct pn_addr *inside, uint64_t *flow)
{
	struct pn_addr via = *inside;

	via.port = inside->port;
	memcpy(via.ip, (const uint8_t[]){ 198, 51, 100, 11 }, 4);
	return gateway->svc->flow_open_via(gateway->h, gateway->svc->realm_find(gateway->h, "access"), &via, PN_TCP,
					   inside, flow);
}

Test(trunks, another_agent_with_the_same_terminal_takes_over)
{
	struct pn_addr bob, elsewhere;
	uint64_t down;

	begin();
	site_start(ag2, "198.51.100.12");
	ag2->inside = 4;
	configure(ag2, AGENT_CONF_AT("10.1.0.4", "acme", "two"), w.secret);
	bob = register_bob(ag1);
	elsewhere = register_bob(ag2);
	advance(2000);
	cr_assert(zero(int, open_to(&bob, &down)));
	expect_heard(ag1, "+ ", __LINE__);
	w.no_tcp = true;
	trunk_of(ag1)->broken = true;
	run();
	ag1->heard[0] = 0;
	cr_expect(not(leads_to(PINHOLE1)), "what only the lost one has");
	cr_assert(zero(int, open_to(&bob, &down)));
	expect_heard(ag2, "+ ", __LINE__);
	cr_expect(eq(int, addr_eq(&ag2->opened.local, &elsewhere), 1));
	w.no_tcp = false;
	advance(120000);
	cr_assert(zero(int, open_to(&bob, &down)));
	expect_heard(ag1, "+ ", __LINE__);
	expect_heard(ag2, "", __LINE__);
}

Test(trunks, networks_are_apart)
{
	uint64_t down;

	configure(gateway, XMLNS ">" ACCESS NETWORK("acme") NETWORK("emca") TOY("access"), w.secret, w.secret);
	begin();
	site_start(ag2, "198.51.100.12");
	configure(ag2, AGENT_CONF("emca", "one"), w.secret);
	advance(1000);
	cr_assert(zero(int, open_down("198.51.100.12:19900", &down))); /* the same address inside */
	expect_heard(ag2, "+ ", __LINE__);
	expect_heard(ag1, "", __LINE__);
	w.no_tcp = true;
	trunk_of(ag1)->broken = true;
	run();
	cr_expect(not(leads_to(PINHOLE1)), "another network is no help");
}

Test(trunks, an_agent_may_come_again_before_it_is_missed)
{
	struct site *twin = ag2;
	uint64_t down;

	begin();
	site_start(twin, "198.51.100.12"); /* its NAT gave it another address */
	configure(twin, AGENT_CONF("acme", "one"), w.secret);
	advance(1000);
	cr_assert(zero(int, open_down("198.51.100.12:19900", &down)));
	expect_heard(twin, "+ ", __LINE__);
	trunk_of(ag1)->broken = true; /* the former one ends at last */
	run();
	cr_assert(zero(int, open_down("198.51.100.12:19900", &down)));
	expect_heard(twin, "+ ", __LINE__);
}

/* Its connection dies without a word. */
static void vanish(struct sock *s)
{
	net_on_closed(s->owner, -ECONNRESET);
	s->closed = true;
	s->kind = 'd'; /* no more looked at */
}

Test(trunks, an_agent_has_a_few_at_most)
{
	uint64_t down;

	begin();
	for (int i = 0; i < 10; i++) {
		vanish(trunk_of(ag1));
		advance(3000);
	}
	cr_expect(eq(int, logged(STANDS), 11));
	cr_expect(eq(i64, metric_get(M_TRUNK_LOST) - 10, 11 - 4), "of those that the gateway knows");
	cr_assert(zero(int, open_down(PINHOLE1, &down)));
	expect_heard(ag1, "+ ", __LINE__);
	advance(100000);
	cr_assert(zero(int, open_down(PINHOLE1, &down)));
	expect_heard(ag1, "+ ", __LINE__);
}

Test(trunks, a_network_that_goes_takes_them_along)
{
	begin();
	configure(gateway, XMLNS ">" ACCESS NETWORK("other") TOY("access"), w.secret);
	advance(20000);
	cr_expect(eq(int, logged("ended: its registration is over"), 1), "%s", w.log);
	cr_expect(not(leads_to(PINHOLE1)));
}

Test(trunks, one_takes_an_eighth_of_all_connections)
{
	uint64_t up;

	configure(gateway, XMLNS "><limits tcp-connections=\"16\"/>" ACCESS NETWORK("acme") TOY("access"), w.secret);
	begin();
	for (int i = 0; i < 4; i++)
		cr_assert(zero(int, open_up(ag1, &up)));
	expect_heard(gateway, "+ + + ", __LINE__);
	expect_heard(ag1, "+ + + -ENOSPC ", __LINE__);
}

/* ---- strangers at the port ---- */

static struct sock *stranger(const char *octets, size_t len)
{
	struct pn_addr at = addr("198.51.100.5:3478"), from = addr("203.0.113.7:5000");
	struct sock *l = sock_at(gateway, 'l', &at), *s, *far;

	cr_assert(ne(ptr, l, NULL));
	s = sock_new(gateway, 'c', &at, NULL);
	far = sock_new(ag2, 'c', &from, NULL);
	s->far = far;
	far->closed = true; /* it reads nothing; net_on_eof is not told */
	s->owner = net_on_accept(l->owner, s, &at, &from);
	if (!s->owner)
		s->closed = true;
	else if (len)
		net_on_data(s->owner, octets, len);
	loop_turn(w.loop);
	return s;
}

Test(trunks, strangers_are_shown_out)
{
	static const char stun[] = "\0\1\0\0\x21\x12\xa4\x42" "abcdefghijkl";
	static const struct {
		const char *octets;
		size_t len;
		bool at_once;
	} row[] = {
		{ "", 0, false },
		{ "\x88\0\0\0\0\0\0\0", 8, true }, /* a frame */
		{ "GET / HTTP/1.1\r\n", 16, true },
		{ stun, sizeof(stun) - 1, true }, /* a Binding request */
		{ "\0\1\xff\xff\x21\x12\xa4\x42", 8, true },
		{ "\0\1", 2, false },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct sock *s = stranger(row[i].octets, row[i].len);

		cr_expect(eq(int, s->closed, row[i].at_once), "row %zu", i);
		loop_advance(w.loop, 10000);
		loop_turn(w.loop);
		cr_expect(s->closed, "row %zu", i);
		cr_expect(eq(i64, metric_get(M_TRUNK_REFUSED), (int64_t)i + 1), "row %zu", i);
	}
}

/* Each challenge costs more than the question. */
Test(trunks, strangers_may_not_ask_for_ever)
{
	const struct message m = { .stun = { .cls = STUN_REQUEST, .method = MESSAGE_REGISTER },
				   .agent = str_of("one"), .protocol = str_of(MESSAGE_TRUNK), .inner = addr(INSIDE_TOY),
				   .order = 1 };
	uint8_t data[MESSAGE_MAX];
	int len = message_write(&m, NULL, 0, NULL, data, sizeof(data));
	struct sock *s = stranger("", 0);
	unsigned n = 0;

	cr_assert(len > 0);
	for (; n < 1000 && !s->closed; n++) {
		net_on_data(s->owner, data, (size_t)len);
		loop_turn(w.loop);
	}
	cr_expect(n > 4 && n < 100, "%u", n);
	cr_expect(eq(i64, metric_get(M_TRUNK_REFUSED), 1));
}

Test(trunks, strangers_are_few)
{
	size_t n = 0;

	while (n < 100 && !stranger("", 0)->closed)
		n++;
	cr_expect(eq(sz, n, 64));
	begin();
	cr_expect(eq(int, logged(STANDS), 0));
	advance(20000);
	cr_expect(eq(int, logged(STANDS), 1), "they are gone after 10 s");
}

Test(trunks, are_shown)
{
	struct buf out;

	begin();
	buf_init(&out, 4096);
	trunks_json(gateway->core->trunks, &out);
	cr_expect(eq(str, (char *)buf_text(&out),
		     "[{\"network\":\"acme\",\"agent\":\"one\",\"remote\":\"198.51.100.11:30000\",\"state\":\"up\",\"channels\":0}]"));
	buf_drop(&out, out.len);
	trunks_json(ag1->core->trunks, &out);
	cr_expect(eq(str, (char *)buf_text(&out),
		     "[{\"network\":\"acme\",\"agent\":\"one\",\"remote\":\"198.51.100.5:3478\",\"state\":\"up\",\"channels\":0}]"));
	buf_free(&out);
}
