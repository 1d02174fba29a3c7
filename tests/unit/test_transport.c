#include "transport_fake.h"

#define LISTEN(r, t, p, l) { .realm = (r), .transport = (t), .port = (p), .line = (l) }

TestSuite(transport, .init = setup, .fini = teardown);

Test(transport, listens_in_each_family)
{
	struct pn_realm *r = realms_at(net.realms, 0);
	struct pn_flow_info info;
	uint64_t v4, v6;

	cr_assert(zero(int, listen_one(mod_a, 0, PN_UDP, 5060)));
	v4 = flow_listener(net.t, mod_a, r, PN_UDP, 4);
	v6 = flow_listener(net.t, mod_a, r, PN_UDP, 6);
	cr_expect(ne(u64, v4, 0));
	cr_expect(ne(u64, v6, 0));
	cr_expect(ne(u64, v4, v6));
	cr_expect(zero(u64, flow_listener(net.t, mod_a, r, PN_TCP, 4)));
	cr_expect(zero(u64, flow_listener(net.t, mod_b, r, PN_UDP, 4)));
	cr_expect(zero(u64, flow_listener(net.t, mod_a, realms_at(net.realms, 1), PN_UDP, 4)));

	cr_assert(zero(int, flow_info(net.t, mod_a, v6, &info)));
	cr_expect(eq(str, (char *)addr_text(&info.local), "[2001:db8::5]:5060"));
	cr_expect(eq(int, info.remote.family, 0));
	cr_expect(eq(ptr, info.realm, r));
	cr_expect(eq(int, flow_info(net.t, mod_b, v6, &info), -ENOENT));
	cr_expect(eq(int, flow_close(net.t, mod_a, v6), -EPERM));
}

Test(transport, listens_to_a_group)
{
	struct pn_realm *r = realms_at(net.realms, 0);
	const struct conf_listen *bad;
	struct conf_listen want[2] = { { .transport = PN_UDP, .port = 1718 }, { .transport = PN_UDP, .port = 1718 } };
	struct pn_flow_info info;

	cr_assert(zero(int, addr_parse(str_of("224.0.1.41"), &want[0].group)));
	cr_assert(zero(int, transport_listen(net.t, mod_a, net.realms, want, 1, &bad)));
	cr_expect(zero(u64, flow_listener(net.t, mod_a, r, PN_UDP, 4)), "nothing is sent from there");
	cr_assert(zero(int, transport_listen(net.t, mod_a, net.realms, want, 2, &bad)));
	cr_assert(zero(int, flow_info(net.t, mod_a, flow_listener(net.t, mod_a, r, PN_UDP, 4), &info)));
	cr_expect(eq(str, (char *)addr_text(&info.local), "198.51.100.5:1718"));
}

Test(transport, a_new_list_keeps_what_stays)
{
	const struct conf_listen first[] = { LISTEN(0, PN_UDP, 5060, 1), LISTEN(1, PN_UDP, 5060, 2) };
	const struct conf_listen second[] = { LISTEN(1, PN_UDP, 5060, 1), LISTEN(1, PN_TCP, 5060, 2) };
	const struct conf_listen *bad;
	struct sock *kept;

	cr_assert(zero(int, transport_listen(net.t, mod_a, net.realms, first, 2, &bad)));
	kept = sock_at('u', "192.0.2.5:5060");
	cr_assert(zero(int, transport_listen(net.t, mod_a, net.realms, second, 2, &bad)));
	cr_expect(eq(ptr, sock_at('u', "192.0.2.5:5060"), kept));
	cr_expect(eq(int, kept->tuned, 2)); /* the realm's marking may be another */
	cr_expect(not(eq(ptr, sock_at('l', "192.0.2.5:5060"), NULL)));
	cr_expect(eq(ptr, sock_at('u', "198.51.100.5:5060"), NULL));
	cr_expect(eq(ptr, sock_at('u', "[2001:db8::5]:5060"), NULL));
}

Test(transport, one_bad_listener_changes_nothing)
{
	static const struct {
		enum pn_transport transport;
		uint16_t port;
		int bind_err, want;
	} row[] = {
		{ PN_UDP, 5080, EADDRINUSE, -EADDRINUSE },
		{ PN_TCP, 5080, EACCES, -EACCES },
		{ PN_TLS, 5061, 0, -EPROTONOSUPPORT },
	};

	cr_assert(zero(int, listen_one(mod_a, 0, PN_UDP, 5060)));
	for (size_t i = 0; i < ROWS(row); i++) {
		struct conf_listen want[] = { LISTEN(1, PN_UDP, 5070, 1),
					      LISTEN(1, row[i].transport, row[i].port, 2) };
		const struct conf_listen *bad = NULL;

		net.bind_err = row[i].bind_err;
		net.bad_port = row[i].port;
		cr_expect(eq(int, transport_listen(net.t, mod_a, net.realms, want, 2, &bad), row[i].want),
			  "row %zu", i);
		cr_expect(eq(ptr, (void *)bad, &want[1]), "row %zu", i);
		cr_expect(eq(ptr, sock_at('u', "192.0.2.5:5070"), NULL), "row %zu", i);
		cr_expect(not(eq(ptr, sock_at('u', "198.51.100.5:5060"), NULL)), "row %zu", i);
	}
}

Test(transport, a_realm_without_address_cannot_listen)
{
	net.conf_realm[1].addr4 = addr("");
	apply_realms();
	cr_expect(eq(int, listen_one(mod_a, 1, PN_UDP, 5060), -EADDRNOTAVAIL));
}

Test(transport, a_moved_realm_moves_its_listeners)
{
	cr_assert(zero(int, listen_one(mod_a, 1, PN_UDP, 5060)));
	net.conf_realm[1].addr4 = addr("192.0.2.6");
	apply_realms();
	cr_assert(zero(int, listen_one(mod_a, 1, PN_UDP, 5060)));
	cr_expect(eq(ptr, sock_at('u', "192.0.2.5:5060"), NULL));
	cr_expect(not(eq(ptr, sock_at('u', "192.0.2.6:5060"), NULL)));
}

Test(transport, a_realm_that_goes_keeps_its_listeners_for_a_while)
{
	struct conf_realm left = net.conf_realm[0];
	struct conf c = { .realms = &left, .n_realms = 1 };
	struct pn_realm *r = realms_at(net.realms, 1);
	const struct conf_listen *bad;

	cr_assert(zero(int, listen_one(mod_a, 1, PN_UDP, 5060)));
	cr_assert(zero(int, realms_apply(net.realms, &c)));
	cr_assert(zero(int, transport_listen(net.t, mod_a, net.realms, NULL, 0, &bad)));
	datagram("192.0.2.5:5060", "192.0.2.20:5060", "x");
	expect_heard("a<x> ", __LINE__);
	transport_close_realm(net.t, r);
	cr_expect(eq(ptr, sock_at('u', "192.0.2.5:5060"), NULL));
}

Test(transport, own_addresses_are_those_of_listeners)
{
	struct pn_realm *access = realms_at(net.realms, 0), *core = realms_at(net.realms, 1);
	struct pn_addr a = addr("198.51.100.5:5060");

	cr_assert(zero(int, listen_one(mod_b, 0, PN_UDP, 5060)));
	cr_expect(transport_own(net.t, access, &a));
	cr_expect(not(transport_own(net.t, core, &a)));
	a.port = 5061;
	cr_expect(not(transport_own(net.t, access, &a)));
}

Test(transport, datagrams_reach_their_module)
{
	cr_assert(zero(int, listen_one(mod_a, 0, PN_UDP, 5060)));
	cr_assert(zero(int, listen_one(mod_b, 1, PN_UDP, 2427)));
	datagram("198.51.100.5:5060", "203.0.113.7:5060", "one");
	datagram("[2001:db8::5]:5060", "[2001:db8::7]:5060", "two");
	datagram("192.0.2.5:2427", "192.0.2.20:2427", "three");
	datagram("192.0.2.5:2427", "192.0.2.20:2427", "");     /* a keepalive for a NAT */
	datagram("192.0.2.5:2427", "192.0.2.20", "no port"); /* nobody to answer */
	expect_heard("a<one> a<two> b<three> ", __LINE__);
	cr_expect(eq(i64, metric_get(M_UDP_RX), 5));
}

Test(transport, lists_and_rates_come_first)
{
	struct prefix bad = { addr("203.0.113.0"), 24 };

	net.conf_realm[0].deny = (struct prefixes){ &bad, 1 };
	net.conf_realm[0].limits.source_rate = 10;
	net.conf_realm[0].limits.source_burst = 2;
	apply_realms();
	cr_assert(zero(int, listen_one(mod_a, 0, PN_UDP, 5060)));
	datagram("198.51.100.5:5060", "203.0.113.7:5060", "denied");
	for (int i = 0; i < 5; i++)
		datagram("198.51.100.5:5060", "192.0.2.7:5060", "x");
	datagram("198.51.100.5:5060", "192.0.2.8:5060", "y");
	expect_heard("a<x> a<x> a<y> ", __LINE__);
	cr_expect(eq(i64, metric_get(M_ACL_DENIED), 1));
	cr_expect(eq(i64, metric_get(M_RATE_DENIED), 3));
}

Test(transport, sends_within_reach_only)
{
	static const struct {
		const char *to;
		int want;
	} row[] = {
		{ "203.0.113.7:5060", 0 },
		{ "203.0.113.7", -EPERM }, /* no port */
		{ "10.0.0.1:5060", -EPERM },
		{ "127.0.0.1:5060", -EPERM },
		{ "198.51.100.5:5060", -EPERM }, /* ourselves */
		{ "192.0.2.5:5060", -EPERM },    /* ourselves in the other realm */
		{ "[2001:db8::7]:5060", -EAFNOSUPPORT },
	};
	struct pn_realm *r = realms_at(net.realms, 0);
	int refused = 0;
	uint64_t flow;

	cr_assert(zero(int, listen_one(mod_a, 0, PN_UDP, 5060)));
	flow = flow_listener(net.t, mod_a, r, PN_UDP, 4);
	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_addr to = addr(row[i].to);

		cr_expect(eq(int, flow_send(net.t, flow, &to, "x", 1), row[i].want), "row %zu", i);
		refused += row[i].want == -EPERM;
		cr_expect(eq(i64, metric_get(M_SEND_REACH), refused), "row %zu", i);
	}
	cr_expect(eq(int, flow_send(net.t, flow, NULL, "x", 1), -EPERM));
	cr_expect(eq(sz, sock_at('u', "198.51.100.5:5060")->sent.len, 1));
	cr_expect(eq(i64, metric_get(M_UDP_TX), 1));
}

Test(transport, a_call_to_ourselves_needs_reach)
{
	struct pn_addr to = addr("192.0.2.5:5060");
	struct prefix own = { addr("192.0.2.5"), 32 };
	uint64_t flow;

	cr_assert(zero(int, listen_one(mod_a, 1, PN_UDP, 5060)));
	flow = flow_listener(net.t, mod_a, realms_at(net.realms, 1), PN_UDP, 4);
	cr_expect(eq(int, flow_send(net.t, flow, &to, "x", 1), -EPERM));
	net.conf_realm[1].reach = (struct prefixes){ &own, 1 };
	net.conf_realm[1].reach_set = true;
	apply_realms();
	cr_expect(zero(int, flow_send(net.t, flow, &to, "x", 1)));
}

Test(transport, what_the_kernel_refuses_is_counted)
{
	struct pn_addr to = addr("203.0.113.7:5060");
	uint64_t flow;

	cr_assert(zero(int, listen_one(mod_a, 0, PN_UDP, 5060)));
	flow = flow_listener(net.t, mod_a, realms_at(net.realms, 0), PN_UDP, 4);
	sock_at('u', "198.51.100.5:5060")->write_err = -EMSGSIZE;
	cr_expect(eq(int, flow_send(net.t, flow, &to, "x", 1), -EMSGSIZE));
	cr_expect(eq(i64, metric_get(M_UDP_TX_FAIL), 1));
	cr_expect(eq(i64, metric_get(M_UDP_TX), 0));
}

Test(transport, opening_datagrams_gives_the_listener)
{
	struct pn_realm *r = realms_at(net.realms, 0);
	struct pn_addr to = addr("203.0.113.7:5060"), far = addr("10.0.0.1:5060");
	uint64_t flow = 0;

	cr_expect(eq(int, flow_open(net.t, mod_a, r, PN_UDP, &to, &flow), -ENOTCONN));
	cr_assert(zero(int, listen_one(mod_a, 0, PN_UDP, 5060)));
	cr_expect(zero(int, flow_open(net.t, mod_a, r, PN_UDP, &to, &flow)));
	cr_expect(eq(u64, flow, flow_listener(net.t, mod_a, r, PN_UDP, 4)));
	cr_expect(eq(int, flow_open(net.t, mod_a, r, PN_UDP, &far, &flow), -EPERM));
	cr_expect(eq(int, flow_open(net.t, mod_a, r, PN_TLS, &to, &flow), -EPROTONOSUPPORT));
}

Test(transport, ids_are_not_used_again)
{
	struct pn_realm *r = realms_at(net.realms, 1);
	struct pn_addr to = addr("192.0.2.20:5060");
	uint64_t seen[200];

	for (size_t i = 0; i < ROWS(seen); i++) {
		cr_assert(zero(int, listen_one(mod_a, 1, PN_UDP, (uint16_t)(5060 + i % 2))));
		seen[i] = flow_listener(net.t, mod_a, r, PN_UDP, 4);
		for (size_t k = 0; k < i; k++)
			cr_assert(ne(u64, seen[i], seen[k]), "%zu %zu", i, k);
		for (size_t k = 0; k < SOCKS; k++)
			if (net.sock[k].closed)
				net.sock[k].kind = 0;
	}
	cr_expect(eq(int, flow_send(net.t, seen[0], &to, "x", 1), -ENOTCONN));
	cr_expect(eq(int, flow_send(net.t, 0, &to, "x", 1), -ENOTCONN));
	cr_expect(eq(int, flow_send(net.t, UINT64_MAX, &to, "x", 1), -ENOTCONN));
	cr_expect(zero(int, flow_send(net.t, seen[ROWS(seen) - 1], &to, "x", 1)));
	expect_heard("", __LINE__);
}

static int count_listeners(void *arg, const struct pn_realm *r, const struct pn_addr *local)
{
	(void)r, (void)local;
	return ++*(int *)arg < 3 ? 0 : 7;
}

Test(transport, listeners_can_be_walked)
{
	int n = 0;

	cr_assert(zero(int, listen_one(mod_a, 0, PN_UDP, 5060)));
	cr_expect(zero(int, transport_each_listener(net.t, count_listeners, &n)));
	cr_expect(eq(int, n, 2));
	cr_expect(eq(int, transport_each_listener(net.t, count_listeners, &n), 7));
}
