#include "transport_fake.h"

#define LOCAL4 "198.51.100.5"
#define FAR "203.0.113.7"

static struct conf_limits limits = { .tcp_connections = 8, .tcp_write_queue = 10, .tcp_idle_ms = 60000 };

static void start(void)
{
	setup();
	net.conf_realm[0].tcp_first = 5000;
	net.conf_realm[0].tcp_last = 5003;
	apply_realms();
	transport_limits(net.t, &limits);
}

static int await(const char *from, uint64_t *flow, char at[64])
{
	struct pn_addr who = addr(from), local;
	int err = flow_expect(net.t, mod_a, realms_at(net.realms, 0), 4, &who, 5000, flow, &local);

	if (!err)
		addr_print(&local, at, 64);
	return err;
}

TestSuite(expect, .init = start, .fini = teardown);

Test(expect, who_is_expected_comes_under_the_id_that_was_told)
{
	uint64_t flow;
	char at[64];
	struct sock *s;

	cr_assert(zero(int, await(FAR, &flow, at)));
	cr_expect(eq(int, strncmp(at, LOCAL4 ":500", 16), 0), "%s", at);
	s = incoming(at, FAR ":40000");
	cr_assert(ne(ptr, s, NULL));
	expect_heard("a+ ", __LINE__);
	cr_expect(eq(u64, net.flow, flow));
	cr_expect(eq(ptr, sock_at('l', at), NULL), "the listener has had its one");
	net_on_data(s->owner, "\2x", 2);
	expect_heard("a<x> ", __LINE__);
	cr_expect(eq(u64, net.flow, flow));
	loop_advance(net.loop, 6000); /* the deadline was for coming */
	expect_heard("", __LINE__);
}

Test(expect, strangers_use_nothing_up)
{
	uint64_t flow;
	char at[64];

	cr_assert(zero(int, await(FAR, &flow, at)));
	cr_expect(eq(ptr, incoming(at, "203.0.113.8:40000"), NULL));
	cr_expect(eq(i64, metric_get(M_TCP_REFUSED), 1));
	expect_heard("", __LINE__);
	cr_expect(ne(ptr, incoming(at, FAR ":40000"), NULL));
	expect_heard("a+ ", __LINE__);
}

Test(expect, anybody_if_nobody_is_named)
{
	uint64_t flow;
	char at[64];

	cr_assert(zero(int, await("", &flow, at)));
	cr_expect(ne(ptr, incoming(at, "203.0.113.8:40000"), NULL));
	expect_heard("a+ ", __LINE__);
}

Test(expect, nobody_comes)
{
	uint64_t flow;
	char at[64];

	cr_assert(zero(int, await(FAR, &flow, at)));
	loop_advance(net.loop, 4999);
	expect_heard("", __LINE__);
	loop_advance(net.loop, 1);
	expect_heard("a-ETIMEDOUT ", __LINE__);
	cr_expect(eq(ptr, sock_at('l', at), NULL));
	cr_expect(eq(ptr, (void *)flow_owner(net.t, flow), NULL));
}

Test(expect, what_is_sent_before_waits)
{
	uint64_t flow;
	char at[64];
	struct sock *s;

	cr_assert(zero(int, await(FAR, &flow, at)));
	cr_expect(zero(int, flow_send(net.t, flow, NULL, "early", 5)));
	s = incoming(at, FAR ":40000");
	cr_assert(ne(ptr, s, NULL));
	cr_expect(eq(int, memcmp(s->sent.p, "early", 5), 0));
	expect_heard("a+ ", __LINE__);
}

Test(expect, the_queue_has_its_cap)
{
	uint64_t flow;
	char at[64];

	cr_assert(zero(int, await(FAR, &flow, at)));
	cr_expect(eq(int, flow_send(net.t, flow, NULL, "eleven octets", 13), -ENOBUFS));
	expect_heard("a-ENOBUFS ", __LINE__);
	cr_expect(eq(ptr, sock_at('l', at), NULL));
}

Test(expect, given_up_before_it_came)
{
	uint64_t flow;
	char at[64];

	cr_assert(zero(int, await(FAR, &flow, at)));
	cr_expect(zero(int, flow_send(net.t, flow, NULL, "early", 5)));
	cr_expect(zero(int, flow_close(net.t, mod_a, flow)));
	cr_expect(eq(ptr, sock_at('l', at), NULL), "it must not wait for somebody to write to");
	expect_heard("", __LINE__);
}

Test(expect, ports_run_out_and_come_back)
{
	uint64_t flow[5];
	char at[64];

	for (int i = 0; i < 4; i++)
		cr_assert(zero(int, await(FAR, &flow[i], at)), "%d", i);
	cr_expect(eq(int, await(FAR, &flow[4], at), -ENOSPC));
	expect_heard("", __LINE__);
	flow_close(net.t, mod_a, flow[2]);
	cr_expect(zero(int, await(FAR, &flow[4], at)));
}

Test(expect, ports_that_are_listened_at_are_left_alone)
{
	uint64_t flow;
	char at[64];

	cr_assert(zero(int, listen_one(mod_b, 0, PN_TCP, 5001)));
	for (int i = 0; i < 3; i++) {
		cr_assert(zero(int, await(FAR, &flow, at)), "%d", i);
		cr_expect(ne(int, strcmp(at, LOCAL4 ":5001"), 0));
	}
	cr_expect(eq(int, await(FAR, &flow, at), -ENOSPC));
}

Test(expect, a_call_may_come_back_to_us)
{
	static struct prefix far_only;
	struct pn_realm *r = realms_at(net.realms, 0);
	struct pn_addr to, other;
	uint64_t flow, ours;
	char at[64];

	cr_assert(zero(int, prefix_parse(str_of("203.0.113.0/24"), &far_only)));
	net.conf_realm[0].allow = (struct prefixes){ &far_only, 1 };
	apply_realms();
	cr_assert(zero(int, await("", &flow, at)));
	to = other = addr(at);
	other.port = 4999;
	cr_expect(zero(int, flow_open(net.t, mod_a, r, PN_TCP, &to, &ours)));
	cr_expect(eq(int, flow_open(net.t, mod_a, r, PN_TCP, &other, &ours), -EPERM));
	cr_expect(ne(ptr, incoming(at, LOCAL4 ":50000"), NULL));
	expect_heard("a+ ", __LINE__);
	cr_expect(eq(int, flow_open(net.t, mod_a, r, PN_TCP, &to, &ours), -EPERM), "it has had its one");
}

Test(expect, another_program_has_a_port)
{
	uint64_t flow;
	char at[64];

	net.bind_err = EADDRINUSE;
	net.bad_port = 5002;
	for (int i = 0; i < 3; i++)
		cr_assert(zero(int, await(FAR, &flow, at)), "%d", i);
	cr_expect(eq(int, await(FAR, &flow, at), -ENOSPC));
}

Test(expect, they_count_as_connections)
{
	uint64_t flow;
	char at[64];

	limits.tcp_connections = 2;
	transport_limits(net.t, &limits);
	cr_assert(zero(int, await(FAR, &flow, at)));
	cr_assert(zero(int, await(FAR, &flow, at)));
	cr_expect(eq(int, await(FAR, &flow, at), -ENOSPC));
	cr_expect(ne(ptr, incoming(at, FAR ":40000"), NULL), "it has its place");
	expect_heard("a+ ", __LINE__);
}

Test(expect, a_realm_without_ports_or_address)
{
	uint64_t flow;
	struct pn_addr who = addr(FAR), local;

	cr_expect(eq(int, flow_expect(net.t, mod_a, realms_at(net.realms, 1), 4, &who, 5000, &flow, &local), -ENOSPC));
	cr_expect(eq(int, flow_expect(net.t, mod_a, realms_at(net.realms, 1), 6, &who, 5000, &flow, &local),
		     -EADDRNOTAVAIL));
}

Test(expect, a_module_leaves)
{
	uint64_t flow;
	char at[64];

	cr_assert(zero(int, await(FAR, &flow, at)));
	transport_unlisten(net.t, mod_a);
	cr_expect(eq(ptr, sock_at('l', at), NULL));
	expect_heard("", __LINE__);
}

Test(expect, a_realm_goes)
{
	uint64_t flow;
	char at[64];

	cr_assert(zero(int, await(FAR, &flow, at)));
	cr_assert(ne(ptr, incoming(at, FAR ":40000"), NULL));
	transport_close_realm(net.t, realms_at(net.realms, 0));
	expect_heard("a+ a-0 ", __LINE__);
}
