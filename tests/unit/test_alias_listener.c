#include "alias_kit.h"

TestSuite(alias_listener, .init = net_setup, .fini = net_teardown);

/* ---- listeners ---- */

Test(alias_listener, listens)
{
	struct pn_binding_args want = alias_args("a", PN_ALIAS_ADDRESS);
	struct pn_addr from = addr("192.0.2.20:2727"), local;
	struct alias *a;
	struct pn_flow_info info;
	char heard[64];
	uint64_t udp, configured;

	want.alias_listen = UDP | TCP;
	listen_at(0, 2427);
	cr_assert(zero(int, alias_take(net.aliases, MGCP, &want, &a)));
	local = *alias_addr(a);
	udp = alias_flow(a, PN_UDP);
	net_on_datagram(sock_at(false, &local)->owner, &from, "200 1 OK", 8);
	snprintf(heard, sizeof(heard), "mgcp %s 200 1 OK", where(a));
	cr_expect(eq(str, net.heard, heard));
	cr_expect(zero(int, flow_send(net.transport, udp, &from, "x", 1)));
	cr_expect(addr_eq(&net.sent_from, &local));
	cr_assert(zero(int, flow_info(net.transport, MGCP, alias_flow(a, PN_TCP), &info)));
	cr_expect(addr_eq(&info.local, &local));
	cr_expect(eq(int, info.transport, PN_TCP));
	cr_expect(zero(u64, alias_flow(a, PN_TLS)));

	cr_expect(transport_own(net.transport, CORE, &local));
	cr_expect(not(transport_own(net.transport, OTHER, &local)));
	cr_expect(eq(int, flow_close(net.transport, MGCP, udp), -EPERM));
	cr_expect(zero(u64, flow_listener(net.transport, MGCP, CORE, PN_UDP, 4)));
	cr_expect(ne(u64, flow_listener(net.transport, H248, CORE, PN_UDP, 4), 0));
	/* an alias is Postern itself */
	configured = flow_listener(net.transport, H248, CORE, PN_UDP, 4);
	cr_expect(eq(int, flow_send(net.transport, configured, &local, "x", 1), -EPERM));
	transport_alias_close(net.transport, configured);
	alias_give(a);
	cr_expect(eq(sz, net.n_socks, 1));
	cr_expect(not(transport_own(net.transport, CORE, &local)));
	cr_expect(eq(int, flow_send(net.transport, udp, &from, "x", 1), -ENOTCONN));
}

Test(alias_listener, reach_may_name_them)
{
	struct prefix own = { addr("192.0.2.64"), 28 };
	struct alias *a = grab("a"), *b = grab("b");

	cr_expect(eq(int, flow_send(net.transport, alias_flow(a, PN_UDP), alias_addr(b), "x", 1), -EPERM));
	net.conf[0].reach = (struct prefixes){ &own, 1 };
	net.conf[0].reach_set = true;
	apply_realms(2);
	cr_expect(zero(int, flow_send(net.transport, alias_flow(a, PN_UDP), alias_addr(b), "x", 1)));
}

/* A module ends the binding while it hears a message at its alias. */
static struct alias *given;

static void give_it(struct module *m, const struct pn_msg *msg)
{
	(void)m, (void)msg;
	alias_give(given);
}

Test(alias_listener, may_close_while_it_hears)
{
	static const struct transport_events closing = { .message = give_it };
	struct transport_conf tc = { net.loop, &net_ops, NULL, &closing };
	struct pn_addr from = addr("192.0.2.20:2727");

	transport_free(net.transport);
	net.transport = transport_new(&tc);
	new_aliases();
	given = grab("a");
	net_on_datagram(sock_at(false, alias_addr(given))->owner, &from, "x", 1);
	loop_turn(net.loop);
	cr_expect(zero(sz, net.n_socks));
}

/* ---- reload ---- */

Test(alias_listener, a_reload_leaves_listeners_alone)
{
	struct alias *a = grab("a");
	const struct conf_listen want = { .transport = PN_UDP, .port = 2727, .line = 1 };
	const struct conf_listen bad_one = { .realm = 1, .transport = PN_TLS, .port = 1, .line = 2 }, *bad;
	struct sock *s = sock_at(false, alias_addr(a));

	cr_assert(zero(int, transport_listen(net.transport, MGCP, net.realms, &want, 1, &bad)));
	cr_expect(eq(int, s->tuned, 1));
	cr_assert(zero(int, transport_listen(net.transport, MGCP, net.realms, NULL, 0, &bad)));
	cr_expect(eq(int, s->tuned, 2));
	cr_expect(ne(int, transport_listen(net.transport, MGCP, net.realms, &bad_one, 1, &bad), 0));
	cr_expect(eq(int, s->tuned, 2));
	cr_expect(eq(ptr, sock_at(false, alias_addr(a)), s));
	cr_expect(eq(sz, net.n_socks, 1));
}

static int count_one(void *arg, const struct pn_realm *r, const struct pn_addr *local)
{
	(void)r, (void)local;
	++*(int *)arg;
	return 0;
}

Test(alias_listener, walks_meet_configured_listeners_alone)
{
	int n = 0;

	grab("a");
	listen_at(0, 2944);
	transport_each_listener(net.transport, count_one, &n);
	cr_expect(eq(int, n, 1));
}

Test(alias_listener, a_realm_that_closes_takes_them_along)
{
	struct alias *a = grab("a");

	transport_close_realm(net.transport, CORE);
	cr_expect(zero(sz, net.n_socks));
	alias_give(a);
}

/* What is in use stays in use, whether the new pool has it or not. */
Test(alias_listener, reload_changes_the_pool)
{
	struct alias *a[14], *kept, *none;
	char own[ADDR_TEXT];

	for (unsigned i = 0; i < 14; i++)
		a[i] = grab_n(i);
	snprintf(own, sizeof(own), "%s", where(a[0]));
	reload("192.0.2.128/31", 10000, 10009);
	cr_expect(eq(str, where(a[0]), own));
	cr_expect(eq(sz, net.n_socks, 14));
	alias_give(a[0]);
	kept = grab("t0");
	cr_expect(eq(int, alias_addr(kept)->ip[3] / 2, 64), "its old one is no longer there");
	grab("more");
	cr_expect(eq(int, grab_from(MGCP, "most", PN_ALIAS_ADDRESS, &none), -ENOSPC));

	reload("192.0.2.64/28", 10000, 10009);
	cr_expect(eq(str, where(grab("most")), own), "the only one that is free");
	cr_expect(eq(int, grab_from(MGCP, "yet", PN_ALIAS_ADDRESS, &none), -ENOSPC));
	alias_give(kept);
	cr_expect(eq(int, grab_from(MGCP, "yet", PN_ALIAS_ADDRESS, &none), -ENOSPC));
	alias_give(a[7]);
	cr_expect(zero(int, grab_from(MGCP, "yet", PN_ALIAS_ADDRESS, &none)));
}

Test(alias_listener, reload_keeps_rests)
{
	struct alias *a = grab("a"), *b;
	char own[ADDR_TEXT];

	snprintf(own, sizeof(own), "%s", where(a));
	alias_give(a);
	reload("192.0.2.64/27", 10000, 10009);
	for (unsigned i = 0; i < 29; i++) {
		b = grab_n(i);
		cr_expect(ne(str, where(b), own));
	}
	a = grab("a");
	cr_expect(eq(str, where(a), own));
	alias_give(a);
	reload("192.0.2.128/31", 10000, 10009);
	cr_expect(eq(int, alias_addr(grab("a"))->ip[3] / 2, 64), "not where it was before");
}

Test(alias_listener, reload_takes_the_pool_away)
{
	struct alias *a = grab("a"), *b = grab("b"), *none;

	alias_give(b);
	reload("", 0, 0);
	cr_expect(eq(int, grab_from(MGCP, "b", PN_ALIAS_ADDRESS, &none), -EADDRNOTAVAIL));
	cr_expect(eq(sz, net.n_socks, 1));
	alias_give(a);
	cr_expect(zero(sz, net.n_socks));
	reload("192.0.2.64/28", 10000, 10009);
	grab("b");
}

Test(alias_listener, reload_moves_the_realm)
{
	struct alias *a, *b;

	cr_assert(zero(int, grab_from(MGCP, "a", PN_ALIAS_PORT, &a)));
	net.conf[0].addr4 = addr("192.0.2.6");
	reload("192.0.2.64/28", 10000, 10009);
	cr_expect(eq(int, alias_addr(a)->ip[3], 5));
	cr_assert(zero(int, grab_from(MGCP, "b", PN_ALIAS_PORT, &b)));
	cr_expect(eq(int, alias_addr(b)->ip[3], 6));
	alias_give(a);
	cr_assert(zero(int, grab_from(MGCP, "a", PN_ALIAS_PORT, &a)));
	cr_expect(eq(int, alias_addr(a)->ip[3], 6));
}
