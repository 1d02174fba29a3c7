/* Streams at a shared port, and the pinholes that they are joined to. Sessions go from access, where agents and
 * terminals with STUN are, to core, unless a test says otherwise. */
#include "media_pinhole.h"
#include "metrics.h"
#include "pinhole/message.h"
#include "session_rig.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define A PN_SIDE_A
#define B PN_SIDE_B
#define PORT "198.51.100.5:3478"
#define NAT "198.51.100.9"   /* the agent's */
#define PHONE "198.51.100.7" /* a terminal's */
#define PSTN "192.0.2.20:6000"
#define NONE_ERR "rewrite:-99 " /* EADDRNOTAVAIL */

static struct rig *start(enum stun_media stun_media)
{
	struct rig *r = rig_new();
	struct pn_addr port = rig_addr(PORT);

	r->realm[0].pinhole = 3478;
	r->realm[0].stun = true;
	r->realm[0].stun_media = stun_media;
	rig_apply(r);
	cr_assert(zero(int, relay_shared_open(r->relay, 0, &port)));
	return r;
}

static void stop(struct rig *r)
{
	rig_turn(r);
	rig_free(r);
}

/* ---- pinholes ---- */

static void arrive(struct rig *r, const char *from, const void *data, int len)
{
	struct pn_addr src = rig_addr(from), port = rig_addr(PORT);

	cr_assert(gt(int, len, 0));
	relay_input(r->relay, 0, &port, &src, data, (size_t)len);
}

static void cmph(struct rig *r, const char *from, const char *inner)
{
	static uint64_t order;
	struct message m = { .stun = { .method = MESSAGE_CMPH }, .username = str_of("acme"), .agent = str_of("ag1"),
			     .realm = str_of("postern"), .nonce = str_of("any"), .inner = rig_addr(inner),
			     .order = ++order, .offers_sha256 = true, .chooses_sha256 = true };
	uint8_t key[STUN_KEY], out[MESSAGE_MAX];
	size_t sent = r->n_sent;

	cr_assert(zero(int, credential_key(m.username, m.realm, str_of("secret"), key)));
	arrive(r, from, out, message_write(&m, NULL, 0, key, out, sizeof(out)));
	cr_assert(gt(sz, r->n_sent, sent));
	r->n_sent = 0;
}

static void stun(struct rig *r, const char *from)
{
	struct message m = { .stun = { .method = MESSAGE_CMPH } };
	uint8_t out[MESSAGE_MAX];

	arrive(r, from, out, message_write(&m, NULL, 0, NULL, out, sizeof(out)));
	r->n_sent = 0;
}

/* ---- calls ---- */

static struct pn_session *agent_call(struct rig *r, const char *key)
{
	struct pn_session_args a = rig_args(r, key);

	a.peer_a = rig_addr(RIG_AGENT);
	return rig_session_args(r, &a);
}

static struct pn_binding *bind_phone(struct rig *r, bool accepted)
{
	struct pn_binding_args a = { .size = sizeof(a), .realm = r->access, .identity = str_of("bob"),
				     .pinhole = rig_addr(PHONE ":5060"), .flow = 1, .expires_ms = 60000 };
	struct pn_binding *b = NULL;

	cr_assert(zero(int, binding_put(r->bindings, (struct module *)r, &a, &b)));
	if (accepted)
		binding_accept(b, 3600000, 3600000);
	return b;
}

static struct pn_session *phone_call(struct rig *r, const char *key, struct pn_binding *b)
{
	struct pn_session_args a = rig_args(r, key);

	a.binding_a = b;
	return rig_session_args(r, &a);
}

static void expect_said(struct rig *r, const char *want)
{
	cr_expect(eq(str, r->said, (char *)want));
	r->said[0] = 0;
}

static void expect_sent(struct rig *r, const char *from, const char *to)
{
	struct pn_addr src = rig_addr(from), dst = rig_addr(to);

	cr_assert(eq(sz, r->n_sent, *to ? 1 : 0), "to %s", to);
	r->n_sent = 0;
	if (!*to)
		return;
	cr_expect(addr_eq(&r->sent.to, &dst), "%s, not %s", addr_text(&r->sent.to), to);
	if (*from)
		cr_expect(addr_eq(&r->sent.from, &src), "%s", addr_text(&r->sent.from));
}

static void expect_up(struct rig *r, const char *from, const char *to)
{
	struct pn_addr port = rig_addr(PORT);

	rig_rtp(r, r->access, from, port, 1);
	expect_sent(r, "", to);
}

static void expect_down(struct rig *r, struct pn_session *s, const char *to)
{
	rig_rtp(r, r->core, PSTN, rig_local(r, s, B, 0), 2);
	expect_sent(r, *to ? PORT : "", to);
}

static void expect_shared(struct rig *r, const char *what)
{
	struct pn_addr port = rig_addr(PORT);

	cr_expect(addr_eq(&r->reply.adv[0].rtp, &port), "%s: %s", what, addr_text(&r->reply.adv[0].rtp));
	cr_expect(addr_eq(&r->reply.adv[0].rtcp, &port), "%s", what);
	cr_expect(ne(u32, r->reply.adv[0].flags & PN_MEDIA_RTCP_ATTR, 0), "%s", what);
}

Test(media_join, an_agent_names_its_pinhole)
{
	struct rig *r = start(STUN_MEDIA_NEVER);
	struct pn_session *s = agent_call(r, "k");

	cmph(r, NAT ":4000", "10.1.0.3:40000");
	rig_offer(r, s, A, "audio " NAT ":4000");
	expect_said(r, "rewrite:0 ");
	rig_answer(r, s, B, "audio " PSTN);
	expect_said(r, "rewrite:0 ");
	expect_shared(r, "answer");
	cr_expect(eq(sz, rig_ports(r), 2));
	expect_down(r, s, NAT ":4000");
	expect_up(r, NAT ":4000", PSTN);
	expect_up(r, NAT ":4002", "");
	stop(r);
}

Test(media_join, it_may_name_the_inner_address)
{
	for (int early = 0; early < 2; early++) {
		struct rig *r = start(STUN_MEDIA_NEVER);
		struct pn_session *s = agent_call(r, "k");

		if (!early)
			cmph(r, NAT ":4000", "10.1.0.3:40000");
		rig_offer(r, s, A, "audio 10.1.0.3:40000");
		expect_said(r, early ? "" : "rewrite:0 ");
		if (early) {
			cmph(r, NAT ":4002", "10.1.0.3:40002");
			expect_said(r, "");
			cmph(r, NAT ":4000", "10.1.0.3:40000");
			expect_said(r, "rewrite:0 ");
		}
		rig_answer(r, s, B, "audio " PSTN);
		expect_down(r, s, NAT ":4000");
		expect_up(r, NAT ":4000", PSTN);
		stop(r);
	}
}

Test(media_join, all_lines_are_waited_for)
{
	struct rig *r = start(STUN_MEDIA_NEVER);
	struct pn_session *s = agent_call(r, "k");

	rig_offer(r, s, A, "audio 10.1.0.3:40000; video 10.1.0.3:40002; audio 10.1.0.3:40004 hold");
	cmph(r, NAT ":4002", "10.1.0.3:40002");
	expect_said(r, "");
	cmph(r, NAT ":4000", "10.1.0.3:40000");
	expect_said(r, "rewrite:0 ");
	stop(r);
}

Test(media_join, who_names_none_is_refused)
{
	struct rig *r = start(STUN_MEDIA_NEVER);
	struct pn_session *s = agent_call(r, "k");

	rig_offer(r, s, A, "audio 10.1.0.3:40000");
	cmph(r, NAT ":4002", "10.1.0.3:40002");
	loop_advance(r->loop, 2999);
	expect_said(r, "");
	loop_advance(r->loop, 1);
	expect_said(r, NONE_ERR);
	cr_expect(eq(i64, metric_get(M_HOLES_MISSING), 1));
	cr_expect(zero(sz, r->reply.n));
	rig_turn(r);
	cmph(r, NAT ":4000", "10.1.0.3:40000");
	expect_said(r, "");
	stop(r);
}

Test(media_join, nobody_waits_after_the_end)
{
	struct rig *r = start(STUN_MEDIA_NEVER);
	struct pn_session *s = agent_call(r, "k"), *other = agent_call(r, "o");

	rig_offer(r, s, A, "audio 10.1.0.3:40000");
	rig_offer(r, other, A, "audio 10.1.0.3:40002");
	session_end(s, PN_END_CANCELLED, 0);
	media_cancel(other);
	cmph(r, NAT ":4000", "10.1.0.3:40000");
	cmph(r, NAT ":4002", "10.1.0.3:40002");
	rig_turn(r);
	expect_said(r, "cdr free ");
	rig_offer(r, other, A, "audio 10.1.0.3:40000");
	expect_said(r, "rewrite:0 ");
	stop(r);
}

Test(media_join, a_pinhole_that_moves_takes_its_media_along)
{
	struct rig *r = start(STUN_MEDIA_NEVER);
	struct pn_session *s = agent_call(r, "k");

	cmph(r, NAT ":4000", "10.1.0.3:40000");
	rig_offer(r, s, A, "audio " NAT ":4000");
	rig_answer(r, s, B, "audio " PSTN);
	cmph(r, NAT ":5000", "10.1.0.3:40000");
	expect_down(r, s, NAT ":5000");
	expect_up(r, NAT ":5000", PSTN);
	expect_up(r, NAT ":4000", "");
	rig_offer(r, s, A, "audio " NAT ":4000");
	rig_answer(r, s, B, "audio " PSTN);
	expect_down(r, s, NAT ":5000");
	rig_offer(r, s, A, "audio " NAT ":5000");
	rig_answer(r, s, B, "audio " PSTN);
	expect_down(r, s, NAT ":5000");
	expect_up(r, NAT ":5000", PSTN);
	stop(r);
}

Test(media_join, a_pinhole_that_another_socket_has_now_is_none)
{
	struct rig *r = start(STUN_MEDIA_NEVER);
	struct pn_session *s = agent_call(r, "k");

	cmph(r, NAT ":4000", "10.1.0.3:40000");
	rig_offer(r, s, A, "audio " NAT ":4000");
	rig_answer(r, s, B, "audio " PSTN);
	cmph(r, NAT ":4000", "10.1.0.3:40008");
	expect_down(r, s, "");
	expect_up(r, NAT ":4000", "");
	cmph(r, NAT ":4004", "10.1.0.3:40000");
	expect_down(r, s, NAT ":4004");
	stop(r);
}

Test(media_join, rtcp_may_come_later)
{
	struct rig *r = start(STUN_MEDIA_NEVER);
	struct pn_session *s = agent_call(r, "k");
	struct pn_addr port = rig_addr(PORT), up;

	cmph(r, NAT ":4000", "10.1.0.3:40000");
	rig_offer(r, s, A, "audio 10.1.0.3:40000");
	rig_answer(r, s, B, "audio " PSTN);
	up = rig_local(r, s, B, 0);
	up.port++;
	rig_rtcp(r, r->core, "192.0.2.20:6001", up, 2);
	expect_sent(r, "", "");
	cmph(r, NAT ":4001", "10.1.0.3:40001");
	rig_rtcp(r, r->core, "192.0.2.20:6001", up, 2);
	expect_sent(r, PORT, NAT ":4001");
	rig_rtcp(r, r->access, NAT ":4001", port, 1);
	expect_sent(r, "", "192.0.2.20:6001");
	stop(r);
}

Test(media_join, a_pinhole_is_of_one_stream)
{
	struct rig *r = start(STUN_MEDIA_NEVER);
	struct pn_session *s = agent_call(r, "k"), *other = agent_call(r, "o");

	cmph(r, NAT ":4000", "10.1.0.3:40000");
	rig_offer(r, s, A, "audio " NAT ":4000");
	rig_answer(r, s, B, "audio " PSTN);
	r->said[0] = 0;
	rig_offer(r, other, A, "audio " NAT ":4000");
	expect_said(r, "");
	loop_advance(r->loop, 3000);
	expect_said(r, NONE_ERR);
	session_end(s, PN_END_NORMAL, 0);
	rig_turn(r);
	r->said[0] = 0;
	rig_offer(r, other, A, "audio " NAT ":4000");
	expect_said(r, "rewrite:0 ");
	stop(r);
}

Test(media_join, another_pinhole_in_a_new_offer)
{
	struct rig *r = start(STUN_MEDIA_NEVER);
	struct pn_session *s = agent_call(r, "k"), *other = agent_call(r, "o");

	cmph(r, NAT ":4000", "10.1.0.3:40000");
	cmph(r, NAT ":4002", "10.1.0.3:40002");
	rig_offer(r, s, A, "audio " NAT ":4000");
	rig_answer(r, s, B, "audio " PSTN);
	rig_offer(r, s, A, "audio " NAT ":4002");
	expect_down(r, s, NAT ":4000");
	rig_answer(r, s, B, "audio " PSTN);
	expect_down(r, s, NAT ":4002");
	r->said[0] = 0;
	rig_offer(r, other, A, "audio " NAT ":4000");
	expect_said(r, "rewrite:0 ");
	rig_answer(r, other, B, "audio " PSTN);
	expect_down(r, other, NAT ":4000");
	stop(r);
}

/* What STUN a terminal used is of use to itself alone, once the softswitch knows it. */
Test(media_join, plain_stun_counts_for_a_bound_terminal)
{
	static const struct {
		const char *what, *asked_from, *named;
		bool bound, accepted, shared;
		enum stun_media stun_media;
	} row[] = {
		{ "as it should be", PHONE ":4000", PHONE ":4000", true, true, true, STUN_MEDIA_AUTO },
		{ "not by config", PHONE ":4000", PHONE ":4000", true, true, false, STUN_MEDIA_NEVER },
		{ "no binding", PHONE ":4000", PHONE ":4000", false, false, false, STUN_MEDIA_AUTO },
		{ "pending", PHONE ":4000", PHONE ":4000", true, false, false, STUN_MEDIA_AUTO },
		{ "it named another", PHONE ":4000", PHONE ":4002", true, true, false, STUN_MEDIA_AUTO },
		{ "another's", "203.0.113.9:4000", "203.0.113.9:4000", true, true, false, STUN_MEDIA_AUTO },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct rig *r = start(row[i].stun_media);
		struct pn_session *s = phone_call(r, "k", row[i].bound ? bind_phone(r, row[i].accepted) : NULL);
		char lines[64];

		stun(r, row[i].asked_from);
		snprintf(lines, sizeof(lines), "audio %s", row[i].named);
		rig_offer(r, s, A, lines);
		rig_answer(r, s, B, "audio " PSTN);
		expect_said(r, "rewrite:0 rewrite:0 ");
		cr_expect(eq(sz, rig_ports(r), row[i].shared ? 2 : 4), "%s", row[i].what);
		if (row[i].shared) {
			expect_shared(r, row[i].what);
			expect_down(r, s, row[i].named);
		}
		stop(r);
	}
}

Test(media_join, rtcp_alone_may_name_it)
{
	struct rig *r = start(STUN_MEDIA_AUTO);
	struct pn_session *s = phone_call(r, "k", bind_phone(r, true));
	struct pn_media m = { .size = sizeof(m), .kind = PN_AUDIO, .flags = PN_MEDIA_RTP | PN_MEDIA_RTCP_ATTR,
			      .rtcp = rig_addr(PHONE ":4001") };

	stun(r, PHONE ":4000");
	stun(r, PHONE ":4001");
	media_declare(s, NULL, A, 0, &m, 1, NULL, NULL);
	cr_expect(eq(sz, rig_ports(r), 2));
	m.rtp = rig_addr(PHONE ":4000");
	media_declare(s, NULL, A, 0, &m, 1, NULL, NULL);
	rig_declare(r, s, NULL, B, 0, "audio " PSTN);
	expect_shared(r, "the other side's");
	expect_down(r, s, PHONE ":4000");
	stop(r);
}

static struct pn_session *call_to_phone(struct rig *r, struct pn_binding *b)
{
	struct pn_session_args a = rig_args(r, "k");

	a.ingress = r->core;
	a.egress = r->access;
	a.peer_a = rig_addr("192.0.2.20:5060");
	a.peer_b = rig_addr(PHONE ":5060");
	a.binding_b = b;
	return rig_session_args(r, &a);
}

Test(media_join, stun_media_always_is_for_the_called_too)
{
	struct rig *r = start(STUN_MEDIA_ALWAYS);
	struct pn_session *s = call_to_phone(r, bind_phone(r, true));

	rig_offer(r, s, A, "audio " PSTN);
	expect_shared(r, "offer");
	stun(r, PHONE ":4000");
	rig_answer(r, s, B, "audio " PHONE ":4000");
	expect_said(r, "rewrite:0 rewrite:0 ");
	expect_up(r, PHONE ":4000", PSTN);
	stop(r);
}

Test(media_join, an_answer_without_a_pinhole_is_refused)
{
	struct rig *r = start(STUN_MEDIA_ALWAYS);
	struct pn_session *s = call_to_phone(r, bind_phone(r, true));

	rig_offer(r, s, A, "audio " PSTN);
	rig_answer(r, s, B, "audio 10.1.0.20:4000");
	expect_said(r, "rewrite:0 ");
	loop_advance(r->loop, 3000);
	expect_said(r, NONE_ERR);
	stop(r);
}

Test(media_join, both_ends_may_be_behind_agents)
{
	struct rig *r = start(STUN_MEDIA_NEVER);
	struct pn_session_args a = rig_args(r, "k");
	struct pn_session *s;
	struct pn_addr port = rig_addr(PORT);

	a.egress = r->access;
	a.peer_a = a.peer_b = rig_addr(RIG_AGENT);
	s = rig_session_args(r, &a);
	cmph(r, NAT ":4000", "10.1.0.3:40000");
	cmph(r, NAT ":4002", "10.1.0.3:40002");
	rig_offer(r, s, A, "audio " NAT ":4000");
	expect_shared(r, "offer");
	rig_answer(r, s, B, "audio " NAT ":4002");
	r->n_sent = 0;
	expect_shared(r, "answer");
	cr_expect(zero(sz, rig_ports(r)));
	expect_up(r, NAT ":4000", NAT ":4002");
	expect_up(r, NAT ":4002", NAT ":4000");
	rig_rtp(r, r->access, NAT ":4004", port, 3);
	expect_sent(r, "", "");
	stop(r);
}

Test(media_join, forks_have_pinholes_of_their_own)
{
	struct rig *r = start(STUN_MEDIA_NEVER);
	struct pn_session_args a = rig_args(r, "k");
	struct pn_session *s;
	struct pn_branch *one, *two;

	a.ingress = r->core;
	a.egress = r->access;
	a.peer_a = rig_addr("192.0.2.20:5060");
	a.peer_b = rig_addr(RIG_AGENT);
	s = rig_session_args(r, &a);
	cmph(r, NAT ":4000", "10.1.0.3:40000");
	cmph(r, NAT ":4002", "10.1.0.3:40002");
	rig_offer(r, s, A, "audio " PSTN);
	one = branch_get(s, str_of("one"));
	two = branch_get(s, str_of("two"));
	rig_declare(r, s, one, B, PN_DECLARE_ANSWER, "audio " NAT ":4000");
	rig_declare(r, s, two, B, PN_DECLARE_ANSWER, "audio " NAT ":4002");
	expect_up(r, NAT ":4000", PSTN);
	expect_up(r, NAT ":4002", PSTN);
	branch_choose(s, two);
	expect_up(r, NAT ":4000", "");
	expect_up(r, NAT ":4002", PSTN);
	r->said[0] = 0;
	s = agent_call(r, "o");
	rig_offer(r, s, A, "audio " NAT ":4000");
	expect_said(r, "rewrite:0 ");
	stop(r);
}

Test(media_join, what_is_held_needs_no_pinhole)
{
	struct rig *r = start(STUN_MEDIA_NEVER);
	struct pn_session *s = agent_call(r, "k");

	rig_offer(r, s, A, "audio 0.0.0.0:4000 hold");
	expect_said(r, "rewrite:0 ");
	rig_answer(r, s, B, "audio " PSTN);
	cmph(r, NAT ":4000", "10.1.0.3:40000");
	rig_offer(r, s, A, "audio " NAT ":4000");
	rig_answer(r, s, B, "audio " PSTN);
	expect_down(r, s, NAT ":4000");
	rig_offer(r, s, A, "audio 0.0.0.0:4000 hold");
	rig_answer(r, s, B, "audio " PSTN);
	expect_down(r, s, "");
	stop(r);
}

/* ---- media that returns to its agent ---- */

static struct {
	unsigned join, unjoin;
} told;

static void on_send(struct rig *r, const struct pn_addr *from, const struct pn_addr *to, const void *data, size_t len)
{
	struct message m;

	(void)r, (void)from, (void)to;
	if (message_parse(data, len, &m))
		return;
	told.join += m.stun.method == MESSAGE_JOIN;
	told.unjoin += m.stun.method == MESSAGE_UNJOIN;
}

static void expect_told(unsigned join, unsigned unjoin, const char *what)
{
	cr_expect(eq(uint, told.join, join), "%s", what);
	cr_expect(eq(uint, told.unjoin, unjoin), "%s", what);
	told.join = told.unjoin = 0;
}

Test(media_join, an_agent_hears_of_media_that_returns)
{
	struct rig *r = start(STUN_MEDIA_NEVER);
	struct pn_session_args a = rig_args(r, "k");
	struct pn_session *s;

	r->on_send = on_send;
	a.egress = r->access;
	a.peer_a = a.peer_b = rig_addr(RIG_AGENT);
	s = rig_session_args(r, &a);
	cmph(r, NAT ":4000", "10.1.0.3:40000");
	cmph(r, NAT ":4002", "10.1.0.3:40002");
	cmph(r, NAT ":4001", "10.1.0.3:40001");
	rig_offer(r, s, A, "audio 10.1.0.3:40000");
	expect_told(0, 0, "one end");
	rig_answer(r, s, B, "audio 10.1.0.3:40002");
	expect_told(2, 0, "rtp");
	cmph(r, NAT ":4003", "10.1.0.3:40003");
	expect_told(2, 0, "rtcp");
	session_end(s, PN_END_NORMAL, 0);
	expect_told(0, 4, "the end");
	stop(r);
}

/* The softswitch sends the call back: two sessions, and an internal hop on the core's side. */
Test(media_join, it_hears_of_it_through_the_softswitch_too)
{
	struct rig *r = start(STUN_MEDIA_NEVER);
	struct pn_session_args a = rig_args(r, "b");
	struct pn_session *one = agent_call(r, "k"), *two;
	struct pn_addr out, back;
	char lines[64];

	r->on_send = on_send;
	cmph(r, NAT ":4000", "10.1.0.3:40000");
	cmph(r, NAT ":4002", "10.1.0.3:40002");
	rig_offer(r, one, A, "audio 10.1.0.3:40000");
	out = r->reply.adv[0].rtp;
	a.ingress = r->core;
	a.egress = r->access;
	a.peer_a = rig_addr("192.0.2.20:5060");
	a.peer_b = rig_addr(RIG_AGENT);
	two = rig_session_args(r, &a);
	snprintf(lines, sizeof(lines), "audio %s", addr_text(&out));
	rig_offer(r, two, A, lines);
	rig_answer(r, two, B, "audio 10.1.0.3:40002");
	back = r->reply.adv[0].rtp;
	expect_told(0, 0, "the caller has no answer yet");
	snprintf(lines, sizeof(lines), "audio %s", addr_text(&back));
	rig_answer(r, one, B, lines);
	expect_told(2, 0, "both ways");
	r->n_sent = 0;
	expect_up(r, NAT ":4000", NAT ":4002");
	expect_up(r, NAT ":4002", NAT ":4000");
	rig_offer(r, one, B, "audio " PSTN);
	rig_answer(r, one, A, "audio 10.1.0.3:40000");
	expect_told(0, 2, "the softswitch took it elsewhere");
	stop(r);
}

/* The agent keeps it inside: nothing of it is seen here. */
Test(media_join, a_call_inside_lives_while_its_pinholes_are_kept)
{
	struct rig *r = start(STUN_MEDIA_NEVER);
	struct pn_session_args a = rig_args(r, "k");
	struct pn_session *s;

	a.egress = r->access;
	a.peer_a = a.peer_b = rig_addr(RIG_AGENT);
	s = rig_session_args(r, &a);
	cmph(r, NAT ":4000", "10.1.0.3:40000");
	cmph(r, NAT ":4002", "10.1.0.3:40002");
	rig_offer(r, s, A, "audio 10.1.0.3:40000");
	rig_answer(r, s, B, "audio 10.1.0.3:40002");
	session_answered(s);
	r->said[0] = 0;
	for (uint32_t t = 0; t < 4 * r->conf.media.idle_ms; t += 60000) {
		loop_advance(r->loop, 60000);
		cmph(r, NAT ":4000", "10.1.0.3:40000");
	}
	expect_said(r, "");
	loop_advance(r->loop, r->conf.media.idle_ms + 1000);
	expect_said(r, "timeout:3 ");
	stop(r);
}
