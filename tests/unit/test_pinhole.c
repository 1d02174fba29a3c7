/* The gateway's table of signalling pinholes: hostile and unlucky agents, failover, nonces, trunks. */
#include "pinhole/credential.h"
#include "uplink_kit.h"

TestSuite(pinhole, .init = setup, .fini = teardown);

static struct pinholes *pinholes(void)
{
	return world.node[GATEWAY].pinholes;
}

static const struct pn_realm *access_realm(void)
{
	return realm_of(&world.node[GATEWAY], 0);
}

/* ---- credentials ---- */

/* A datagram arrives at the gateway's SIP, from wherever. */
static void inject(const char *from, const void *data, size_t len)
{
	const struct pn_addr a = addr(from), to = addr("198.51.100.5:5060");

	put_wire(&a, &to, data, len);
	run();
}

Test(pinhole, a_replay_from_elsewhere_changes_nothing)
{
	agent_new(1, "acme", "correct horse");
	advance(1000);
	cr_assert(world.kept.len > 0);
	inject("198.51.100.66:4000", world.kept.data, world.kept.len);
	cr_expect(eq(i64, metric_get(M_PINHOLE_STALE), 1));
	cr_expect(eq(str, (char *)whose("198.51.100.66:4000"), "nobody"));
	cr_expect(eq(str, (char *)whose("198.51.100.11:2000"), "ag1"));
}

Test(pinhole, a_replay_from_the_same_place_changes_nothing)
{
	struct node *a = agent_new(1, "acme", "correct horse");
	struct packet old;

	advance(1000);
	old = world.kept;
	subscribe(a, SIP, "sip:alice@example.net", "10.1.0.7:5060");
	advance(1000);
	world.kept.len = 0;
	inject("198.51.100.11:2000", old.data, old.len);
	cr_expect(eq(i64, metric_get(M_PINHOLE_STALE), 1));
	cr_expect(shows("alice"), "%s", table());
	cr_expect(eq(str, (char *)whose("198.51.100.11:2000"), "ag1"));
}

Test(pinhole, a_retransmission_is_answered_again)
{
	agent_new(1, "acme", "correct horse");
	advance(1000);
	inject("198.51.100.11:2000", world.kept.data, world.kept.len);
	cr_expect(eq(i64, metric_get(M_PINHOLE_STALE), 0));
	cr_expect(eq(i64, metric_get(M_PINHOLE_REGISTRATIONS), 2));
}

Test(pinhole, a_changed_octet_is_noticed)
{
	agent_new(1, "acme", "correct horse");
	advance(1000);
	for (size_t i = 20; i < world.kept.len; i++) {
		struct packet p = world.kept;
		int64_t before = metric_get(M_PINHOLE_REGISTRATIONS);

		p.data[i] ^= 1;
		inject("198.51.100.11:2000", p.data, p.len);
		cr_expect(eq(i64, metric_get(M_PINHOLE_REGISTRATIONS), before), "octet %zu", i);
	}
}

static int write_request(struct message *m, const char *secret, struct pn_str nonce, uint8_t *out, size_t cap)
{
	uint8_t key[STUN_KEY];

	credential_key(m->username, str_of(MESSAGE_REALM), str_of(secret), key);
	m->stun.method = MESSAGE_REGISTER;
	m->stun.cls = STUN_REQUEST;
	memcpy(m->stun.tid, "forged-by-us", STUN_TID);
	m->realm = str_of(MESSAGE_REALM);
	m->nonce = nonce;
	m->offers_sha256 = m->chooses_sha256 = true;
	return message_write(m, NULL, 0, nonce.len ? key : NULL, out, cap);
}

static struct message request(const char *network, const char *agent, const char *protocol)
{
	return (struct message){ .username = str_of(network), .agent = str_of(agent), .protocol = str_of(protocol),
				 .inner = addr("10.9.0.3:5060"), .order = 1 };
}

/* Who sends malformed ones, or for the wrong module, is told so, and is counted. */
Test(pinhole, what_is_malformed_is_counted)
{
	uint8_t data[MESSAGE_MAX];
	struct message m = request("acme", "x", "sip");
	int len;

	m.inner.family = 0;
	len = write_request(&m, "", (struct pn_str){ NULL, 0 }, data, sizeof(data));
	inject("198.51.100.66:4000", data, (size_t)len);
	cr_expect(eq(i64, metric_get(M_PINHOLE_BAD), 1));
	m = request("acme", "x", "sip");
	len = write_request(&m, "", (struct pn_str){ NULL, 0 }, data, sizeof(data));
	inject("198.51.100.66:4000", data, (size_t)len - 1);
	cr_expect(eq(i64, metric_get(M_PINHOLE_BAD), 1), "no STUN at all: it is the module's");
	cr_expect(ne(ptr, strstr(world.node[GATEWAY].heard, "sip<"), NULL));
}

Test(pinhole, a_flood_is_capped_for_its_source_alone)
{
	uint8_t data[MESSAGE_MAX];
	struct message m = request("acme", "x", "sip");
	int len = write_request(&m, "", (struct pn_str){ NULL, 0 }, data, sizeof(data));

	for (unsigned i = 0; i < 6000; i++)
		inject("198.51.100.66:4000", data, (size_t)len);
	cr_expect(metric_get(M_PINHOLE_RATE) > 900);
	agent_new(1, "acme", "correct horse");
	advance(1000);
	cr_expect(eq(str, (char *)whose("198.51.100.11:2000"), "ag1"));
}

Test(pinhole, a_nonce_grows_old)
{
	agent_new(1, "acme", "correct horse");
	advance(1200000);
	cr_expect(metric_get(M_PINHOLE_STALE) >= 3, "each 300 s");
	cr_expect(eq(i64, metric_get(M_PINHOLES_EXPIRED), 0), "and is renewed");
	cr_expect(eq(i64, metric_get(M_UPLINK_LOST), 0));
}

/* ---- quotas and claims ---- */

Test(pinhole, a_network_has_so_many_and_no_more)
{
	struct node *first, *second;

	world.node[GATEWAY].network[0].pinholes = 1;
	apply_gateway(&world.node[GATEWAY]);
	first = agent_new(1, "acme", "correct horse");
	advance(1000);
	second = agent_new(2, "acme", "correct horse");
	advance(5000);
	cr_expect(uplink_up(first->uplinks) && !uplink_up(second->uplinks));
	cr_expect(metric_get(M_PINHOLE_QUOTA) >= 1);
	cr_expect(eq(i64, metric_get(M_PINHOLES), 1));
	first->cut = true;
	advance(120000);
	cr_expect(uplink_up(second->uplinks), "a dead one makes room");
	cr_expect(eq(i64, metric_get(M_PINHOLES), 1));
}

Test(pinhole, subscribers_are_capped_too)
{
	struct node *a;

	world.node[GATEWAY].network[0].subscribers = 2;
	apply_gateway(&world.node[GATEWAY]);
	a = agent_new(1, "acme", "correct horse");
	subscribe(a, SIP, "sip:a@example.net", "10.1.0.7:5060");
	subscribe(a, SIP, "sip:b@example.net", "10.1.0.8:5060");
	advance(1000);
	cr_expect(shows("\"subscribers\":2,"));
	subscribe(a, SIP, "sip:c@example.net", "10.1.0.9:5060");
	advance(1000);
	cr_expect(metric_get(M_PINHOLE_QUOTA) >= 1);
	cr_expect(shows("\"subscribers\":2,"), "those it had: %s", table());
}

/* A part of a list, from the socket of agent 1, in whose name ever. */
static void send_part(const char *agent, struct message_part part, const struct message_subscriber *list, size_t n)
{
	static uint64_t order;
	struct message m = request("acme", agent, "sip"), seen;
	uint8_t data[MESSAGE_MAX], key[STUN_KEY];
	struct packet with_nonce = world.kept;
	int len;

	cr_assert(zero(int, message_parse(with_nonce.data, with_nonce.len, &seen)));
	credential_key(m.username, str_of(MESSAGE_REALM), str_of("correct horse"), key);
	m.stun.method = MESSAGE_REGISTER;
	m.realm = str_of(MESSAGE_REALM);
	m.nonce = seen.nonce;
	m.offers_sha256 = m.chooses_sha256 = true;
	m.part = part;
	m.order = ++order;
	len = message_write(&m, list, n, key, data, sizeof(data));
	cr_assert(len > 0);
	inject("198.51.100.11:2000", data, (size_t)len);
}

Test(pinhole, lists_that_are_coming_are_capped_too)
{
	struct message_subscriber list[3];

	for (size_t i = 0; i < 3; i++)
		list[i] = (struct message_subscriber){ str_of(i ? i > 1 ? "c" : "b" : "a"), addr("10.1.0.7:5060") };
	world.node[GATEWAY].network[0].subscribers = 4;
	apply_gateway(&world.node[GATEWAY]);
	agent_new(1, "acme", "correct horse");
	advance(1000);
	send_part("x", (struct message_part){ 7, 0, 2 }, list, 3);
	cr_expect(zero(i64, metric_get(M_PINHOLE_QUOTA)));
	send_part("y", (struct message_part){ 7, 0, 2 }, list, 3);
	cr_expect(eq(i64, metric_get(M_PINHOLE_QUOTA), 1));
	send_part("x", (struct message_part){ 7, 1, 2 }, list, 1);
	cr_expect(shows("\"subscribers\":4,"), "%s", table());
	send_part("x", (struct message_part){ 8, 0, 1 }, list, 3);
	cr_expect(shows("\"subscribers\":3,"), "a new list needs no room beside the old one: %s", table());
	send_part("y", (struct message_part){ 9, 0, 1 }, list, 1);
	cr_expect(shows("\"subscribers\":1,"), "what was given up is free: %s", table());
	cr_expect(eq(i64, metric_get(M_PINHOLE_QUOTA), 1));
}

/* Some may have one identity; a list of nothing else would cost the square of its length. */
Test(pinhole, one_socket_has_an_identity_so_often)
{
	struct message_subscriber list[40];

	for (size_t i = 0; i < ROWS(list); i++) {
		list[i] = (struct message_subscriber){ str_of("a"), addr("10.1.0.7:5060") };
		list[i].terminal.port = (uint16_t)(5000 + i);
	}
	agent_new(1, "acme", "correct horse");
	advance(1000);
	send_part("x", (struct message_part){ 7, 0, 1 }, list, ROWS(list));
	cr_expect(shows("\"subscribers\":16,"), "%s", table());
}

Test(pinhole, one_network_has_a_subscriber)
{
	struct node *a = agent_new(1, "acme", "correct horse"), *b = agent_new(2, "other", "battery staple");

	subscribe(a, SIP, "sip:alice@example.net", "10.1.0.7:5060");
	subscribe(a, SIP, "[10.1.0.7]", "10.1.0.7:5060");
	advance(1000);
	subscribe(b, SIP, "sip:alice@example.net", "10.2.0.7:5060");
	subscribe(b, SIP, "sip:bob@example.net", "10.2.0.8:5060");
	subscribe(b, SIP, "[10.1.0.7]", "10.1.0.7:5060");
	advance(1000);
	cr_expect(eq(i64, metric_get(M_PINHOLE_CLAIMED), 1), "an identity that names its own address is no claim");
	cr_expect(shows("alice@example.net\",\"terminal\":\"10.1.0.7:5060\""), "%s", table());
	cr_expect(not(shows("10.2.0.7")));
	cr_expect(shows("bob@example.net"), "the others of its list are taken");
	cr_expect(uplink_up(b->uplinks));
	a->cut = true;
	advance(120000);
	subscribe(b, SIP, "sip:carol@example.net", "10.2.0.9:5060");
	advance(1000);
	cr_expect(shows("10.2.0.7"), "when the other network's is dead it is free: %s", table());
}

/* ---- failover ---- */

Test(pinhole, traffic_of_a_dead_one_goes_to_the_next_agent)
{
	struct node *a = agent_new(1, "acme", "correct horse"), *b = agent_new(2, "acme", "correct horse"),
		    *c = agent_new(3, "acme", "correct horse");

	subscribe(a, SIP, "sip:alice@example.net", "10.1.0.7:5060");
	subscribe(b, SIP, "sip:alice@example.net", "10.1.0.7:5060");
	subscribe(c, SIP, "sip:bob@example.net", "10.1.0.8:5060");
	advance(1000);
	cr_expect(shows("198.51.100.11:2000"), "%s", table());
	gateway_sends("198.51.100.11:2000", "one");
	a->cut = true;
	advance(30000);
	gateway_sends("198.51.100.11:2000", "lost");
	cr_expect(eq(str, b->heard, ""), "it lives until its lifetime ends");
	advance(40000);
	gateway_sends("198.51.100.11:2000", "two");
	cr_expect(eq(str, a->heard, "sip<one>"));
	cr_expect(eq(str, b->heard, "sip<two>"));
	cr_expect(eq(str, c->heard, ""), "it has not this subscriber");
	cr_expect(eq(i64, metric_get(M_PINHOLES_FAILOVER), 1));
	a->cut = false;
	advance(120000);
	gateway_sends("198.51.100.11:2000", "three");
	cr_expect(eq(str, a->heard, "sip<one>sip<three>"), "it is back");
}

Test(pinhole, a_dead_one_is_forgotten_in_the_end)
{
	struct node *a = agent_new(1, "acme", "correct horse");

	advance(1000);
	a->cut = true;
	advance(61000);
	cr_expect(shows("dead"));
	advance(601000);
	cr_expect(eq(str, (char *)table(), "[]"));
	cr_expect(eq(i64, metric_get(M_PINHOLES), 0));
}

Test(pinhole, an_address_belongs_to_whom_it_was_given_last)
{
	agent_new(1, "acme", "correct horse");
	advance(1000);
	/* The NAT of two agents is one, and gives the port of the first to the second. */
	world.node[1].cut = true;
	world.node[1].sock[0].mapped = 0;
	agent_new(2, "acme", "correct horse");
	world.node[2].nr = 1;
	world.node[2].sock[0].mapped = 2000;
	advance(1000);
	cr_expect(eq(str, (char *)whose("198.51.100.11:2000"), "ag2"));
	cr_expect(shows("\"agent\":\"ag1\",\"protocol\":\"sip\",\"inner\":\"10.1.0.3:19900\",\"pinhole\":null"), "%s", table());
	world.node[2].nr = 2;
}

Test(pinhole, a_former_address_is_of_whoever_speaks_from_it)
{
	agent_new(1, "acme", "correct horse");
	advance(1000);
	flush_nat(1);
	advance(30000);
	cr_assert(eq(str, (char *)whose("198.51.100.11:2001"), "ag1"));
	flush_nat(1);
	for (unsigned i = 0; i < 400 && strcmp(whose("198.51.100.11:2002"), "ag1") != 0; i++)
		advance(100);
	inject("198.51.100.11:2001", "late", 4);
	cr_expect(eq(str, (char *)whose("198.51.100.11:2001"), "ag1"), "it was under way");
	inject("198.51.100.11:2000", "late", 4);
	advance(10000);
	inject("198.51.100.11:2001", "neighbour", 9);
	cr_expect(eq(str, (char *)whose("198.51.100.11:2001"), "nobody"));
	inject("198.51.100.11:2002", "agent", 5);
	cr_expect(eq(str, (char *)whose("198.51.100.11:2002"), "ag1"));
	cr_expect(eq(str, (char *)whose("198.51.100.11:2000"), "ag1"));
}

static struct pn_binding *registered_at(const char *identity, const char *pinhole)
{
	struct node *gw = &world.node[GATEWAY];
	struct pn_binding_args a = { .size = sizeof(a), .realm = realm_of(gw, 0), .identity = str_of(identity),
				     .pinhole = addr(pinhole), .expires_ms = 32000 };
	struct pn_binding *b = NULL;

	cr_assert(zero(int, binding_put(gw->bindings, SIP, &a, &b)));
	return b;
}

static char *pinhole_of(struct pn_binding *b)
{
	return (char *)addr_text(&binding_info(b)->pinhole);
}

Test(pinhole, bindings_move_with_it)
{
	struct pn_binding *alice = registered_at("alice", "198.51.100.11:2000"),
			  *bob = registered_at("bob", "198.51.100.11:2000"),
			  *carol = registered_at("carol", "198.51.100.11:2009");
	const struct pn_addr to = addr("198.51.100.11:2001");

	binding_accept(alice, 3600000, 3600000);
	registered_at("alice", "198.51.100.11:2000"); /* and again, unaccepted yet */
	agent_new(1, "acme", "correct horse");
	advance(1000);
	flush_nat(1);
	advance(20000);
	cr_expect(eq(str, pinhole_of(alice), "198.51.100.11:2001"));
	cr_expect(eq(str, pinhole_of(bob), "198.51.100.11:2001"));
	cr_expect(eq(str, pinhole_of(carol), "198.51.100.11:2009"), "not of this agent");
	binding_refuse(alice);
	cr_expect(eq(str, pinhole_of(alice), "198.51.100.11:2001"), "what is taken back is where it was: here");
	cr_expect(ne(ptr, binding_find(world.node[GATEWAY].bindings, SIP, realm_of(&world.node[GATEWAY], 0),
				       PN_BY_PINHOLE, &to, sizeof(to), NULL), NULL));
}

/* ---- reloads ---- */

Test(pinhole, a_network_that_a_reload_took_away_is_gone)
{
	struct node *gw = &world.node[GATEWAY];

	agent_new(1, "acme", "correct horse");
	agent_new(2, "other", "battery staple");
	advance(1000);
	gw->conf.networks = &gw->network[1];
	gw->conf.n_networks = 1;
	apply_gateway(gw);
	cr_expect(not(shows("acme")), "%s", table());
	cr_expect(shows("other"));
	cr_expect(eq(i64, metric_get(M_PINHOLES), 1));
	advance(30000);
	cr_expect(not(shows("acme")), "and may not come back");
}

Test(pinhole, a_new_secret_counts_at_once)
{
	struct node *gw = &world.node[GATEWAY], *a = agent_new(1, "acme", "correct horse");

	advance(1000);
	set_secret(&gw->network[0].secret, "new secret");
	apply_gateway(gw);
	advance(30000);
	cr_expect(not(uplink_up(a->uplinks)));
	set_secret(&a->gateway.secret, "new secret");
	apply_agent(a);
	advance(1000);
	cr_expect(uplink_up(a->uplinks));
}

/* ---- nonces of CMPHs ---- */

Test(pinhole, cmph_nonces)
{
	struct node *a = agent_new(1, "acme", "correct horse");
	struct pn_addr here = addr("198.51.100.11:7777"), there = addr("198.51.100.66:7777");
	const struct pinhole_agent *who;
	struct pn_str nonce;
	uint8_t key[PINHOLE_KEY], want[STUN_KEY];

	advance(1000);
	nonce = pinhole_login_nonce(uplink_login(a->uplinks));
	who = pinhole_cmph_nonce(pinholes(), access_realm(), str_of("acme"), nonce, &here);
	cr_assert(ne(ptr, (void *)who, NULL), "from any port of its");
	cr_expect(eq(str, (char *)who->agent, "ag1"));
	cr_expect(eq(ptr, (void *)pinhole_agent(pinholes(), who->id), (void *)who));
	cr_expect(eq(ptr, (void *)pinhole_cmph_nonce(pinholes(), access_realm(), str_of("acme"), nonce, &there), NULL));
	cr_expect(eq(int, errno, EACCES));
	cr_expect(eq(ptr, (void *)pinhole_cmph_nonce(pinholes(), access_realm(), str_of("other"), nonce, &here), NULL));
	cr_expect(eq(int, errno, ESTALE));
	cr_expect(eq(ptr, (void *)pinhole_cmph_nonce(pinholes(), access_realm(), str_of("acme"), str_of("x"), &here), NULL));
	cr_expect(eq(int, errno, ESTALE));
	cr_expect(zero(int, pinhole_key(pinholes(), access_realm(), str_of("acme"), key)));
	credential_key(str_of("acme"), str_of("postern"), str_of("correct horse"), want);
	cr_expect(zero(int, memcmp(key, want, sizeof(key))));
	cr_expect(eq(int, pinhole_key(pinholes(), access_realm(), str_of("nobody"), key), -ENOENT));
	a->cut = true;
	advance(62000);
	cr_expect(eq(ptr, (void *)pinhole_cmph_nonce(pinholes(), access_realm(), str_of("acme"), nonce, &here), NULL),
		  "its registration is dead");
}

/* ---- trunks ---- */

/* What the gateway says to a request at the start of a connection, and its nonce. */
static int64_t trunk_says(struct message *m, const char *secret, const char *nonce, char nonce_out[MESSAGE_NONCE + 1],
			  int *code)
{
	const struct pn_addr local = addr("198.51.100.5:3478"), remote = addr("198.51.100.11:5000");
	uint8_t data[MESSAGE_MAX];
	int len = write_request(m, secret, str_of(nonce), data, sizeof(data));
	struct message answer;
	struct buf out;
	int64_t id;

	buf_init(&out, 4096);
	m->order++;
	id = pinhole_trunk_request(pinholes(), (struct pn_realm *)access_realm(), &local, &remote, data, (size_t)len, &out);
	*code = 0;
	if (out.len) {
		cr_expect(zero(int, message_parse(out.p, out.len, &answer)));
		*code = answer.error.code;
		snprintf(nonce_out, MESSAGE_NONCE + 1, "%.*s", (int)answer.nonce.len, answer.nonce.p);
	}
	buf_free(&out);
	return id;
}

static void *through(struct pn_addr via)
{
	struct pn_addr to = addr("10.1.0.3:40000");

	return pinhole_trunk(pinholes(), access_realm(), &via, &to);
}

Test(pinhole, trunks)
{
	struct message m = request("acme", "ag1", "trunk");
	char nonce[MESSAGE_NONCE + 1], other[MESSAGE_NONCE + 1], trunk[1], second[1];
	const struct pn_addr remote = addr("198.51.100.11:5000"), via = addr("198.51.100.11:2000");
	int64_t id;
	int code;

	cr_expect(eq(i64, trunk_says(&m, "", "", nonce, &code), 0));
	cr_expect(eq(int, code, 401));
	cr_expect(eq(i64, trunk_says(&m, "wrong horse", nonce, other, &code), -EACCES));
	cr_expect(eq(int, code, 401));
	id = trunk_says(&m, "correct horse", nonce, other, &code);
	cr_assert(id > 0, "%d", code);
	cr_expect(zero(int, code));
	cr_expect(zero(int, pinhole_set_trunk(pinholes(), (uint32_t)id, trunk, &remote)));
	cr_expect(eq(ptr, through(remote), trunk));
	cr_expect(eq(ptr, through(via), NULL), "nobody's");
	agent_new(1, "acme", "correct horse");
	agent_new(2, "acme", "correct horse");
	advance(1000);
	cr_expect(eq(ptr, through(via), trunk), "its own agent's");
	cr_expect(eq(str, (char *)whose("198.51.100.12:2001"), "ag2"));
	cr_expect(eq(ptr, through((struct pn_addr){ 0 }), NULL));
	m.agent = str_of("ag2");
	id = trunk_says(&m, "correct horse", nonce, other, &code);
	cr_expect(zero(int, pinhole_set_trunk(pinholes(), (uint32_t)id, second, &(struct pn_addr){ 4, 0, 5001, { 198, 51, 100, 12 } })));
	cr_expect(eq(ptr, through(remote), trunk));
	world.node[1].cut = true;
	cr_expect(zero(int, pinhole_set_trunk(pinholes(), (uint32_t)id, NULL, &remote)));
	cr_expect(shows("\"protocol\":\"trunk\""));
	cr_expect(eq(int, pinhole_set_trunk(pinholes(), 4711, trunk, &remote), -ESTALE));
}

/* A NAT may show a trunk's connection and another agent's socket by the same address and port. */
Test(pinhole, a_trunk_takes_no_pinhole_of_another_agent)
{
	struct message m = request("other", "x", "trunk");
	char nonce[MESSAGE_NONCE + 1], trunk[1];
	const struct pn_addr at = addr("198.51.100.11:2000");
	int64_t id;
	int code;

	agent_new(1, "acme", "correct horse");
	advance(1000);
	trunk_says(&m, "", "", nonce, &code);
	id = trunk_says(&m, "battery staple", nonce, nonce, &code);
	cr_assert(id > 0, "%d", code);
	cr_expect(eq(int, pinhole_set_trunk(pinholes(), (uint32_t)id, trunk, &at), -EADDRINUSE));
	cr_expect(eq(str, (char *)whose("198.51.100.11:2000"), "ag1"));
	cr_expect(eq(ptr, through(at), NULL));
	cr_expect(eq(ptr, (void *)(uintptr_t)pinhole_agent(pinholes(), (uint32_t)id), NULL), "nothing came of it");
}

Test(pinhole, a_trunk_ends_where_a_pinhole_of_another_agent_comes)
{
	struct message m = request("other", "x", "trunk");
	char nonce[MESSAGE_NONCE + 1], trunk[1];
	const struct pn_addr at = addr("198.51.100.11:2000");
	int64_t id;
	int code;

	trunk_says(&m, "", "", nonce, &code);
	id = trunk_says(&m, "battery staple", nonce, nonce, &code);
	cr_assert(zero(int, pinhole_set_trunk(pinholes(), (uint32_t)id, trunk, &at)));
	agent_new(1, "acme", "correct horse");
	advance(1000);
	cr_expect(eq(str, (char *)whose("198.51.100.11:2000"), "ag1"));
	cr_expect(eq(ptr, world.collided, trunk));
}

Test(pinhole, an_agent_that_got_no_trunk_is_forgotten)
{
	struct message m = request("other", "x", "trunk");
	char nonce[MESSAGE_NONCE + 1];
	int64_t id;
	int code;

	trunk_says(&m, "", "", nonce, &code);
	id = trunk_says(&m, "battery staple", nonce, nonce, &code);
	cr_assert(id > 0, "%d", code);
	pinhole_no_trunk(pinholes(), (uint32_t)id);
	cr_expect(eq(ptr, (void *)(uintptr_t)pinhole_agent(pinholes(), (uint32_t)id), NULL));
}

Test(pinhole, a_trunk_that_says_something_else_is_closed)
{
	const struct pn_addr local = addr("198.51.100.5:3478"), remote = addr("198.51.100.11:5000");
	struct message m = request("acme", "ag1", "sip");
	char nonce[MESSAGE_NONCE + 1];
	struct buf out;
	int code;

	buf_init(&out, 4096);
	cr_expect(eq(i64, pinhole_trunk_request(pinholes(), (struct pn_realm *)access_realm(), &local, &remote,
						(const uint8_t *)"GET / HTTP/1.0\r\n\r\n", 18, &out), -EBADMSG));
	cr_expect(eq(sz, out.len, 0));
	buf_free(&out);
	trunk_says(&m, "", "", nonce, &code);
	cr_expect(eq(i64, trunk_says(&m, "correct horse", nonce, nonce, &code), -EACCES));
	cr_expect(eq(int, code, 400), "a socket is no trunk");
	cr_expect(eq(str, (char *)table(), "[]"));
}
