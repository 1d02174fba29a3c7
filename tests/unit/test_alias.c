#include "alias_kit.h"

TestSuite(alias, .init = net_setup, .fini = net_teardown);

static struct pn_binding_args args(const char *identity, enum pn_alias_kind kind)
{
	return (struct pn_binding_args){ .size = sizeof(struct pn_binding_args), .alias_realm = CORE,
					 .identity = str_of(identity), .alias_kind = kind, .alias_listen = UDP,
					 .alias_port = kind == PN_ALIAS_ADDRESS ? 2427 : 0 };
}

static int grab_from(struct module *m, const char *identity, enum pn_alias_kind kind, struct alias **out)
{
	struct pn_binding_args a = args(identity, kind);

	return alias_take(net.aliases, m, &a, out);
}

/* An address of module MGCP. */
static struct alias *grab(const char *identity)
{
	struct alias *a = NULL;

	cr_assert(zero(int, grab_from(MGCP, identity, PN_ALIAS_ADDRESS, &a)), "%s", identity);
	return a;
}

static struct alias *grab_n(unsigned n)
{
	char name[16];

	snprintf(name, sizeof(name), "t%u", n);
	return grab(name);
}

static char *where(const struct alias *a)
{
	return (char *)addr_text(alias_addr(a));
}

/* ---- which one ---- */

Test(alias, kinds_and_families)
{
	static const struct {
		enum pn_alias_kind kind;
		bool other;
		uint8_t family;
		uint16_t port;
		unsigned listen;
		int want;
		const char *net;
	} row[] = {
		{ PN_ALIAS_ADDRESS, false, 0, 2427, UDP, 0, "192.0.2.64/28" },
		{ PN_ALIAS_ADDRESS, false, 4, 2427, UDP, 0, "192.0.2.64/28" },
		{ PN_ALIAS_ADDRESS, false, 6, 2427, UDP, -EADDRNOTAVAIL, NULL },
		{ PN_ALIAS_ADDRESS, false, 5, 2427, UDP, -EADDRNOTAVAIL, NULL },
		{ PN_ALIAS_ADDRESS, false, 0, 0, UDP, -EINVAL, NULL },
		{ PN_ALIAS_ADDRESS, false, 0, 2427, 1u << PN_TLS, -EPROTONOSUPPORT, NULL },
		{ PN_ALIAS_ADDRESS, false, 0, 2427, 0, 0, "192.0.2.64/28" },
		{ PN_ALIAS_ADDRESS, true, 0, 2427, UDP, 0, "2001:db8::40/124" },
		{ PN_ALIAS_ADDRESS, true, 4, 2427, UDP, -EADDRNOTAVAIL, NULL },
		{ PN_ALIAS_PORT, false, 0, 0, UDP | TCP, 0, "192.0.2.5" },
		{ PN_ALIAS_PORT, false, 6, 0, UDP, -EADDRNOTAVAIL, NULL },
		{ PN_ALIAS_PORT, true, 0, 0, UDP, -EADDRNOTAVAIL, NULL },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_binding_args a = args("x", row[i].kind);
		struct prefix net_of;
		struct alias *got;

		if (row[i].other)
			a.alias_realm = OTHER;
		a.alias_family = row[i].family;
		a.alias_port = row[i].port;
		a.alias_listen = row[i].listen;
		cr_expect(eq(int, alias_take(net.aliases, MGCP, &a, &got), row[i].want), "row %zu", i);
		if (row[i].want)
			continue;
		prefix_parse(str_of(row[i].net), &net_of);
		cr_expect(prefix_has(&net_of, alias_addr(got)), "row %zu: %s", i, where(got));
		if (row[i].kind == PN_ALIAS_ADDRESS)
			cr_expect(eq(u16, alias_addr(got)->port, 2427));
		else
			cr_expect(alias_addr(got)->port >= 10000 && alias_addr(got)->port <= 10009);
		alias_forget(got);
	}
	cr_expect(eq(uint, net.lines, 1), "what is not configured is told once:\n%s", net.log);
}

/* Names that do not meet, so that the order plays no part. */
Test(alias, same_after_restart)
{
	static const char *const name[] = { "aaln/1@a", "aaln/1@b", "aaln/1@f" };
	char first[3][ADDR_TEXT];
	struct alias *got[3];

	for (unsigned i = 0; i < 3; i++)
		snprintf(first[i], ADDR_TEXT, "%s", where(grab(name[i])));
	for (unsigned i = 0; i < 3; i++)
		for (unsigned k = 0; k < i; k++)
			cr_assert(ne(str, first[i], first[k]));
	net_teardown();
	net_setup();
	for (unsigned i = 3; i-- > 0;)
		got[i] = grab(name[i]);
	for (unsigned i = 0; i < 3; i++)
		cr_expect(eq(str, where(got[i]), first[i]), "%s", name[i]);
}

/* The place is a promise: another version of Postern must find the same. */
Test(alias, place_is_known)
{
	reload("10.0.0.0/16", 10000, 10009);
	cr_expect(eq(str, where(grab("aaln/1@gw-1.example")), "PLACE1"));
	cr_expect(eq(str, where(grab("aaln/1@gw-2.example")), "PLACE2"));
}

Test(alias, names_scatter)
{
	unsigned per[16] = { 0 };
	char name[32];

	reload("10.0.0.0/16", 10000, 10009);
	for (unsigned i = 0; i < 1600; i++) {
		snprintf(name, sizeof(name), "gw%u.example.net", i);
		per[alias_addr(grab(name))->ip[2] / 16]++;
	}
	for (unsigned i = 0; i < 16; i++)
		cr_expect(per[i] > 50 && per[i] < 150, "%u of 1600 in part %u", per[i], i);
}

Test(alias, each_once)
{
	unsigned seen[16] = { 0 };
	struct alias *none;

	for (unsigned i = 0; i < 14; i++)
		seen[alias_addr(grab_n(i))->ip[3] - 64]++;
	for (unsigned i = 1; i < 15; i++)
		cr_expect(eq(uint, seen[i], 1), "192.0.2.%u", 64 + i);
	cr_expect(eq(sz, aliases_in(net.aliases, CORE), 14));
	cr_expect(zero(sz, aliases_in(net.aliases, OTHER)));
	cr_expect(eq(i64, metric_get(M_ALIASES), 14));
	for (unsigned i = 0; i < 3; i++)
		cr_expect(eq(int, grab_from(MGCP, "more", PN_ALIAS_ADDRESS, &none), -ENOSPC));
	cr_expect(eq(uint, net.lines, 1));
	cr_expect(ne(ptr, strstr(net.log, "14 of 14"), NULL), "%s", net.log);
	cr_expect(eq(i64, metric_get(M_ALIASES_REFUSED), 3));
	loop_advance(net.loop, 60000);
	grab_from(MGCP, "more", PN_ALIAS_ADDRESS, &none);
	cr_expect(eq(uint, net.lines, 2));
	cr_expect(eq(sz, net.n_socks, 14));
}

Test(alias, modules_share_addresses_not_ports)
{
	static const char *const name[] = { "v", "w", "x", "y", "z" };
	struct pn_binding_args a = args("x", PN_ALIAS_ADDRESS);
	struct alias *mgcp = grab("x"), *h248, *port[10], *none;

	reload("192.0.2.64", 10000, 10009);
	a.alias_port = 2944;
	cr_assert(zero(int, alias_take(net.aliases, H248, &a, &h248)));
	cr_expect(eq(str, where(h248), "192.0.2.64:2944"));
	alias_give(mgcp);
	cr_expect(eq(str, where(grab("x")), "192.0.2.64:2427"));
	cr_expect(eq(int, grab_from(H248, "x", PN_ALIAS_ADDRESS, &none), -ENOSPC));
	for (unsigned i = 0; i < 10; i++)
		cr_assert(zero(int, grab_from(i % 2 ? MGCP : H248, name[i / 2], PN_ALIAS_PORT, &port[i])));
	cr_expect(eq(int, grab_from(MGCP, "more", PN_ALIAS_PORT, &none), -ENOSPC));
}

/* ---- never ours ---- */

static void listen_at(unsigned realm, uint16_t port)
{
	const struct conf_listen want = { realm, PN_UDP, port, 1 }, *bad;

	cr_assert(zero(int, transport_listen(net.transport, H248, net.realms, &want, 1, &bad)));
}

Test(alias, own_addresses_are_left_out)
{
	struct alias *none;

	reload("192.0.2.4/30, 203.0.113.4/30", 10000, 10009);
	for (unsigned i = 0; i < 2; i++)
		cr_expect(ne(str, where(grab_n(i)), "192.0.2.5:2427"));
	cr_expect(eq(int, grab_from(MGCP, "more", PN_ALIAS_ADDRESS, &none), -ENOSPC));
}

Test(alias, listeners_are_left_out)
{
	struct alias *a, *none;

	reload("192.0.2.64/28", 10000, 10001);
	listen_at(0, 10000);
	cr_assert(zero(int, grab_from(MGCP, "a", PN_ALIAS_PORT, &a)));
	cr_expect(eq(str, where(a), "192.0.2.5:10001"));
	cr_expect(eq(int, grab_from(MGCP, "b", PN_ALIAS_PORT, &none), -ENOSPC));
	transport_unlisten(net.transport, H248);
	cr_expect(zero(int, grab_from(MGCP, "b", PN_ALIAS_PORT, &none)));
}

/* A realm without its own device may have the same addresses. */
Test(alias, another_realm_has_it)
{
	struct pn_binding_args a = args("a", PN_ALIAS_ADDRESS);
	struct alias *mine = grab("a"), *theirs, *mine2;

	prefixes_free(&net.conf[1].alias_addresses);
	net.conf[1].alias_addresses = prefixes("192.0.2.64/28");
	apply_realms(2);
	a.alias_realm = OTHER;
	cr_assert(zero(int, alias_take(net.aliases, MGCP, &a, &theirs)));
	cr_expect(ne(str, where(theirs), where(mine)));
	net.conf[1].device = (char *)"vrf2";
	apply_realms(2);
	a.identity = str_of("a2");
	alias_give(theirs);
	cr_assert(zero(int, alias_take(net.aliases, H248, &a, &theirs)));
	mine2 = grab("a2");
	cr_expect(ne(str, where(mine2), where(mine)));
	cr_expect(eq(sz, net.n_socks, 3));
}

/* ---- rest ---- */

Test(alias, own_terminal_gets_it_back)
{
	char first[ADDR_TEXT];
	struct alias *a;

	for (unsigned i = 0; i < 13; i++)
		grab_n(i);
	a = grab("late"); /* the last one there was, far from where its search begins */
	snprintf(first, sizeof(first), "%s", where(a));
	alias_give(a);
	cr_expect(eq(sz, net.n_socks, 13));
	cr_expect(eq(str, where(grab("late")), first));
}

Test(alias, rests_for_a_minute)
{
	struct alias *a, *b;
	char first[ADDR_TEXT];

	reload("192.0.2.64/31", 10000, 10009);
	a = grab("a");
	snprintf(first, sizeof(first), "%s", where(a));
	alias_give(a);
	for (unsigned i = 0; i < 50; i++) {
		b = grab_n(i);
		cr_expect(ne(str, where(b), first), "row %u", i);
		alias_forget(b);
	}
	loop_advance(net.loop, 59999);
	for (unsigned i = 0; i < 50; i++) {
		b = grab_n(i);
		cr_expect(ne(str, where(b), first), "row %u", i);
		alias_forget(b);
	}
	loop_advance(net.loop, 1);
	grab_n(1);
	cr_expect(eq(str, where(grab_n(2)), first[9] == '6' && first[10] == '4' ? "192.0.2.64:2427" : "192.0.2.65:2427"));
}

Test(alias, rest_ends_when_nothing_else_is_left)
{
	struct alias *a[14];
	char oldest[ADDR_TEXT], younger[ADDR_TEXT];

	for (unsigned i = 0; i < 14; i++)
		a[i] = grab_n(i);
	snprintf(oldest, sizeof(oldest), "%s", where(a[5]));
	snprintf(younger, sizeof(younger), "%s", where(a[3]));
	alias_give(a[5]);
	loop_advance(net.loop, 1);
	alias_give(a[3]);
	cr_expect(eq(str, where(grab("x")), oldest));
	cr_expect(eq(str, where(grab("t3")), younger));
	cr_expect(eq(sz, aliases_in(net.aliases, CORE), 14));
	cr_expect(zero(uint, net.lines));
}

Test(alias, what_was_forgotten_rests_not)
{
	struct alias *a;
	char first[ADDR_TEXT];

	reload("192.0.2.64/31", 10000, 10009);
	grab("b");
	a = grab("a");
	snprintf(first, sizeof(first), "%s", where(a));
	alias_forget(a);
	cr_expect(eq(str, where(grab("c")), first));
}

/* ---- sockets that fail ---- */

Test(alias, tries_the_next_few)
{
	char first[ADDR_TEXT];
	struct alias *a = grab("a"), *b;

	snprintf(first, sizeof(first), "%s", where(a));
	alias_forget(a);
	net.bind_err = EADDRINUSE;
	net.bind_fails = 7;
	a = grab("a");
	cr_expect(ne(str, where(a), first));
	cr_expect(zero(uint, net.lines));
	cr_expect(eq(sz, net.n_socks, 1));
	/* those that failed are left alone for a while */
	net.bind_fails = 1;
	b = grab("a2");
	alias_forget(b);
	cr_expect(zero(uint, net.bind_fails));
	alias_forget(a);
	loop_advance(net.loop, 60000);
	cr_expect(eq(str, where(grab("a")), first));
}

Test(alias, refuses_when_they_fail)
{
	static const struct {
		int err, want;
		unsigned fails;
		const char *says;
	} row[] = {
		{ EADDRINUSE, -ENOSPC, 8, "Address already in use" },
		{ EADDRNOTAVAIL, -EADDRNOTAVAIL, 8, "ip route add local PREFIX dev lo" },
		{ EMFILE, -EMFILE, 1, "Too many open files" },
		{ EACCES, -EACCES, 1, "Permission denied" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct alias *a = NULL;

		net_teardown();
		net_setup();
		net.bind_err = row[i].err;
		net.bind_fails = 100;
		cr_expect(eq(int, grab_from(MGCP, "a", PN_ALIAS_ADDRESS, &a), row[i].want), "row %zu", i);
		cr_expect(eq(ptr, a, NULL));
		cr_expect(eq(uint, 100 - net.bind_fails, row[i].fails), "row %zu", i);
		cr_expect(ne(ptr, strstr(net.log, row[i].says), NULL), "row %zu: %s", i, net.log);
		grab_from(MGCP, "b", PN_ALIAS_ADDRESS, &a);
		grab_from(MGCP, "c", PN_ALIAS_ADDRESS, &a);
		cr_expect(eq(uint, net.lines, 1), "row %zu", i);
		cr_expect(zero(sz, aliases_in(net.aliases, CORE)));
		/* the operator mends it: at once, also where each one has failed by now */
		net.bind_fails = 0;
		for (unsigned n = 0; n < 14; n++)
			grab_n(n);
	}
}

Test(alias, both_sockets_or_none)
{
	struct pn_binding_args a = args("a", PN_ALIAS_PORT);
	struct alias *got;

	a.alias_listen = UDP | TCP;
	net.bind_err = EADDRINUSE;
	net.bind_fails = 1;
	net.tcp_fails = true;
	cr_assert(zero(int, alias_take(net.aliases, MGCP, &a, &got)));
	cr_expect(eq(sz, net.n_socks, 2));
	cr_expect(ne(ptr, sock_at(false, alias_addr(got)), NULL));
	cr_expect(ne(ptr, sock_at(true, alias_addr(got)), NULL));
}

/* ---- listeners ---- */

Test(alias, listens)
{
	struct pn_binding_args want = args("a", PN_ALIAS_ADDRESS);
	struct pn_addr from = addr("192.0.2.20:2727"), local;
	struct alias *a;
	struct pn_flow_info info;
	char heard[64];
	uint64_t udp;

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
	cr_expect(eq(int, flow_send(net.transport, flow_listener(net.transport, H248, CORE, PN_UDP, 4), &local, "x", 1),
		     -EPERM));
	alias_give(a);
	cr_expect(eq(sz, net.n_socks, 1));
	cr_expect(not(transport_own(net.transport, CORE, &local)));
	cr_expect(eq(int, flow_send(net.transport, udp, &from, "x", 1), -ENOTCONN));
}

Test(alias, reach_may_name_them)
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

Test(alias, may_close_while_it_hears)
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

Test(alias, a_reload_leaves_listeners_alone)
{
	struct alias *a = grab("a");
	const struct conf_listen want = { 0, PN_UDP, 2727, 1 }, bad_one = { 1, PN_TLS, 1, 2 }, *bad;
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

Test(alias, walks_meet_configured_listeners_alone)
{
	int n = 0;

	grab("a");
	listen_at(0, 2944);
	transport_each_listener(net.transport, count_one, &n);
	cr_expect(eq(int, n, 1));
}

Test(alias, a_realm_that_closes_takes_them_along)
{
	struct alias *a = grab("a");

	transport_close_realm(net.transport, CORE);
	cr_expect(zero(sz, net.n_socks));
	alias_give(a);
}

/* What is in use stays in use, whether the new pool has it or not. */
Test(alias, reload_changes_the_pool)
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

Test(alias, reload_keeps_rests)
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
	cr_expect(eq(str, where(grab("a")), own));
}

Test(alias, reload_takes_the_pool_away)
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

Test(alias, reload_moves_the_realm)
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

/* ---- size ---- */

Test(alias, a_whole_net)
{
	struct pn_binding_args a = args("", PN_ALIAS_ADDRESS);
	static uint8_t seen[65536];
	struct alias *got;
	char name[32];

	reload("10.0.0.0/8", 10000, 10009);
	a.alias_listen = 0;
	for (unsigned i = 0; i < 65535; i++) {
		a.identity = (struct pn_str){ name, (size_t)snprintf(name, sizeof(name), "gw%u.example.net", i) };
		cr_assert(zero(int, alias_take(net.aliases, MGCP, &a, &got)), "%u", i);
		cr_assert(zero(int, seen[alias_addr(got)->ip[2] << 8 | alias_addr(got)->ip[3]]++));
	}
	cr_expect(eq(int, alias_take(net.aliases, MGCP, &a, &got), -ENOSPC));
}

/* Whatever is taken and given, no two have the same, and what is free can be had. */
Test(alias, random)
{
	struct alias *a[40] = { NULL };
	char name[8];
	size_t n = 0;

	srand(5);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned i = (unsigned)rand() % 40, k;

		if (rand() % 8 == 0)
			loop_advance(net.loop, (unsigned)rand() % 30000);
		if (rand() % 500 == 0)
			reload(rand() % 2 ? "192.0.2.64/27" : "192.0.2.64/28", 10000, 10009);
		snprintf(name, sizeof(name), "%u", i);
		if (a[i]) {
			if (rand() % 4)
				alias_give(a[i]);
			else
				alias_forget(a[i]);
			a[i] = NULL;
			n--;
		} else if (!grab_from(MGCP, name, PN_ALIAS_ADDRESS, &a[i])) {
			for (k = 0; k < 40; k++)
				cr_assert(k == i || !a[k] || !addr_eq(alias_addr(a[k]), alias_addr(a[i])));
			n++;
		} else {
			cr_assert(ge(sz, n, 14));
		}
		cr_assert(eq(sz, aliases_in(net.aliases, CORE), n));
		cr_assert(eq(sz, net.n_socks, n));
	}
}
