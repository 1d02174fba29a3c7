/* Streams at a shared port, and the pinholes that they are joined to. */
#include "media_join_kit.h"

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

/* A proxy that registered itself makes no media pinholes; those of its users, behind the same NAT, count. */
Test(media_join, plain_stun_counts_behind_an_agent_without_media)
{
	static const struct {
		const char *what, *bound_at, *asked_from, *named;
		bool accepted, joined;
		enum stun_media stun_media;
	} row[] = {
		{ "as it should be", RIG_AGENT, NAT ":4000", NAT ":4000", true, true, STUN_MEDIA_AUTO },
		{ "not by config", RIG_AGENT, NAT ":4000", NAT ":4000", true, false, STUN_MEDIA_NEVER },
		{ "no binding", NULL, NAT ":4000", NAT ":4000", false, false, STUN_MEDIA_AUTO },
		{ "pending", RIG_AGENT, NAT ":4000", NAT ":4000", false, false, STUN_MEDIA_AUTO },
		{ "bound beside the agent", NAT ":5062", NAT ":4000", NAT ":4000", true, false, STUN_MEDIA_AUTO },
		{ "it named another", RIG_AGENT, NAT ":4000", NAT ":4002", true, false, STUN_MEDIA_AUTO },
		{ "by its inner address", RIG_AGENT, NAT ":4000", "10.1.0.3:40000", true, false, STUN_MEDIA_AUTO },
		{ "another IP's", RIG_AGENT, PHONE ":4000", PHONE ":4000", true, false, STUN_MEDIA_AUTO },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct rig *r = start(row[i].stun_media);
		struct pn_binding *b = row[i].bound_at ? bind_at(r, row[i].bound_at, row[i].accepted) : NULL;
		struct pn_session_args a = rig_args(r, "k");
		struct pn_session *s;
		char lines[64];

		a.peer_a = rig_addr(RIG_AGENT);
		a.binding_a = b;
		s = rig_session_args(r, &a);
		stun_of(r, row[i].asked_from, "10.1.0.3:40000");
		snprintf(lines, sizeof(lines), "audio %s", row[i].named);
		rig_offer(r, s, A, lines);
		cr_expect(eq(str, r->said, row[i].joined ? "rewrite:0 " : ""), "%s", row[i].what);
		if (row[i].joined) {
			rig_answer(r, s, B, "audio " PSTN);
			expect_shared(r, row[i].what);
			expect_down(r, s, row[i].named);
			expect_up(r, row[i].named, PSTN);
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
