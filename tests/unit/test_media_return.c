/* Media that returns to its agent. */
#include "media_join_kit.h"

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

Test(media_return, an_agent_hears_of_media_that_returns)
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
Test(media_return, it_hears_of_it_through_the_softswitch_too)
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
Test(media_return, a_call_inside_lives_while_its_pinholes_are_kept)
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
