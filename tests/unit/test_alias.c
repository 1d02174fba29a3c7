#include "alias_kit.h"

TestSuite(alias, .init = net_setup, .fini = net_teardown);

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
		struct pn_binding_args a = alias_args("x", row[i].kind);
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
			cr_expect(eq(int, alias_addr(got)->port / 10, 1000));
		alias_forget(got);
	}
	cr_expect(eq(uint, net.lines, 1), "what is not configured is told once:\n%s", net.log);
}

/* Names whose places do not meet, so that the order plays no part. */
Test(alias, same_after_restart)
{
	static const char *const name[] = { "aaln/1@a", "aaln/1@b", "aaln/1@c" };
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
	struct pn_binding_args a = alias_args("aaln/1@gw-1.example", PN_ALIAS_ADDRESS);
	struct alias *got;

	reload("10.0.0.0/16", 10000, 10009);
	a.instance = str_of("10.0.0.1:2427");
	cr_assert(zero(int, alias_take(net.aliases, MGCP, &a, &got)));
	cr_expect(eq(str, where(got), "10.0.150.110:2427"));
	cr_expect(eq(str, where(grab("aaln/1@gw-1.example")), "10.0.205.150:2427"));
	cr_expect(eq(str, where(grab("aaln/1@gw-2.example")), "10.0.25.223:2427"));
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
		cr_expect(eq(int, per[i] > 50 && per[i] < 150, 1), "%u of 1600 in part %u", per[i], i);
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
	reload("192.0.2.64/28", 10000, 10009);
	grab_from(MGCP, "more", PN_ALIAS_ADDRESS, &none);
	cr_expect(eq(uint, net.lines, 3), "a new configuration is judged anew");
	cr_expect(eq(sz, net.n_socks, 14));
}

Test(alias, modules_share_addresses_not_ports)
{
	static const char *const name[] = { "v", "w", "x", "y", "z" };
	struct pn_binding_args a = alias_args("x", PN_ALIAS_ADDRESS);
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
	struct pn_binding_args a = alias_args("a", PN_ALIAS_ADDRESS);
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

/* Another device, or the same names in another realm, is another terminal. */
Test(alias, own_is_told_by_all_its_names)
{
	struct pn_binding_args a = alias_args("a", PN_ALIAS_ADDRESS);
	char first[ADDR_TEXT];
	struct alias *got;

	reload("192.0.2.64/31", 10000, 10009);
	a.instance = str_of("1");
	a.realm = OTHER;
	cr_assert(zero(int, alias_take(net.aliases, MGCP, &a, &got)));
	snprintf(first, sizeof(first), "%s", where(got));
	alias_give(got);
	for (unsigned i = 0; i < 4; i++) {
		struct pn_binding_args other = a;

		other.instance = str_of(i == 0 ? "2" : "1");
		other.identity = str_of(i == 1 ? "b" : "a");
		other.realm = i == 2 ? CORE : OTHER;
		cr_assert(zero(int, alias_take(net.aliases, i == 3 ? H248 : MGCP, &other, &got)));
		cr_expect(ne(str, where(got), first), "row %u", i);
		alias_forget(got);
	}
	cr_assert(zero(int, alias_take(net.aliases, MGCP, &a, &got)));
	cr_expect(eq(str, where(got), first));
}

Test(alias, rests_for_a_minute)
{
	struct alias *a, *b;
	char first[ADDR_TEXT];
	bool again = false;

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
	for (unsigned i = 0; i < 50 && !again; i++) {
		b = grab_n(i);
		again = !strcmp(where(b), first);
		alias_forget(b);
	}
	cr_expect(again);
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

Test(alias, of_those_that_rest_the_next_is_tried)
{
	struct alias *a[14];
	char younger[ADDR_TEXT];

	for (unsigned i = 0; i < 14; i++)
		a[i] = grab_n(i);
	snprintf(younger, sizeof(younger), "%s", where(a[3]));
	alias_give(a[5]);
	alias_give(a[3]);
	net.bind_err = EADDRINUSE;
	net.bind_fails = 1;
	cr_expect(eq(str, where(grab("x")), younger));
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

/* It is not the address's fault. */
Test(alias, a_shortage_lets_nothing_rest)
{
	char first[ADDR_TEXT];
	struct alias *a = grab("a");

	snprintf(first, sizeof(first), "%s", where(a));
	alias_forget(a);
	net.bind_err = EMFILE;
	net.bind_fails = 1;
	cr_expect(eq(int, grab_from(MGCP, "a", PN_ALIAS_ADDRESS, &a), -EMFILE));
	cr_expect(eq(str, where(grab("a")), first));
}

Test(alias, both_sockets_or_none)
{
	struct pn_binding_args a = alias_args("a", PN_ALIAS_PORT);
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

/* ---- size ---- */

Test(alias, a_whole_net)
{
	struct pn_binding_args a = alias_args("", PN_ALIAS_ADDRESS);
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
				cr_assert(eq(int, k != i && a[k] && addr_eq(alias_addr(a[k]), alias_addr(a[i])), 0));
			n++;
		} else {
			cr_assert(ge(sz, n, 14));
		}
		cr_assert(eq(sz, aliases_in(net.aliases, CORE), n));
		cr_assert(eq(sz, net.n_socks, n));
	}
}
