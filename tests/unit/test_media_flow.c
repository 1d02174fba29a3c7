#include "session_rig.h"
#include "metrics.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define A PN_SIDE_A
#define B PN_SIDE_B

#define PHONE "198.51.100.7:4000"
#define PSTN "192.0.2.20:6000"

static void expect_sent(struct rig *r, size_t count, const char *to, const char *what)
{
	struct pn_addr want = rig_addr(to);

	cr_expect(eq(sz, r->n_sent, count), "%s: packets", what);
	if (*to)
		cr_expect(addr_eq(&r->sent.to, &want), "%s: went to %s", what, addr_text(&r->sent.to));
	r->n_sent = 0;
}

Test(media_flow, flows_and_early)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");
	struct pn_addr a, b;

	rig_offer(r, s, A, "audio " PHONE);
	b = rig_local(r, s, B, 0);
	rig_answer(r, s, B, "audio " PSTN);
	a = rig_local(r, s, A, 0);
	rig_rtp(r, r->core, PSTN, b, 1);
	expect_sent(r, 1, PHONE, "the peer's own address needs no latch");
	rig_rtp(r, r->access, "198.51.100.7:34567", a, 2);
	expect_sent(r, 1, PSTN, "up");
	rig_rtp(r, r->core, PSTN, b, 1);
	expect_sent(r, 1, "198.51.100.7:34567", "down to what was learned");
	rig_rtp(r, r->access, "203.0.113.9:34567", a, 3);
	expect_sent(r, 0, "", "foreign");
	cr_expect(eq(str, r->said, "rewrite:0 rewrite:0 latch:A0 "));
	rig_turn(r);
	rig_free(r);
}

Test(media_flow, unanswered_offer_stops_nothing)
{
	static const char *const offers[] = {
		"audio 198.51.100.7:4444", "audio closed", "audio 0.0.0.0:4000 hold",
		"audio 10.0.0.9:2855 foreign", "",
	};

	for (size_t i = 0; i < ROWS(offers); i++) {
		struct rig *r = rig_new();
		struct pn_session *s = rig_session(r, "k");
		struct pn_addr a, b;

		rig_offer(r, s, A, "audio " PHONE);
		rig_answer(r, s, B, "audio " PSTN);
		a = rig_local(r, s, A, 0);
		b = rig_local(r, s, B, 0);
		rig_rtp(r, r->access, PHONE, a, 2);
		rig_offer(r, s, A, offers[i]);
		r->n_sent = 0;
		rig_rtp(r, r->core, PSTN, b, 1);
		expect_sent(r, 1, PHONE, offers[i]);
		rig_rtp(r, r->access, PHONE, a, 2);
		expect_sent(r, 1, PSTN, offers[i]);
		media_rollback(s);
		rig_rtp(r, r->core, PSTN, b, 1);
		expect_sent(r, 1, PHONE, offers[i]);
		rig_turn(r);
		rig_free(r);
	}
}

Test(media_flow, answer_makes_the_change)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");
	struct pn_addr b;

	rig_offer(r, s, A, "audio " PHONE);
	rig_answer(r, s, B, "audio " PSTN);
	b = rig_local(r, s, B, 0);
	rig_offer(r, s, A, "audio 198.51.100.7:4444");
	rig_answer(r, s, B, "audio " PSTN);
	rig_rtp(r, r->core, PSTN, b, 1);
	expect_sent(r, 1, "198.51.100.7:4444", "moved");
	rig_offer(r, s, A, "audio 0.0.0.0:4444 hold");
	rig_answer(r, s, B, "audio " PSTN);
	rig_rtp(r, r->core, PSTN, b, 1);
	expect_sent(r, 0, "", "on hold");
	rig_offer(r, s, A, "audio 198.51.100.7:4444");
	rig_answer(r, s, B, "audio " PSTN);
	rig_rtp(r, r->core, PSTN, b, 1);
	expect_sent(r, 1, "198.51.100.7:4444", "resumed");
	rig_free(r);
}

/* What was learned stays, and stays locked, unless the declaration changed. */
Test(media_flow, same_declaration_keeps_the_latch)
{
	static const struct {
		const char *again;
		bool reopened;
	} row[] = {
		{ "audio 10.1.1.1:4000", false },
		{ "audio 0.0.0.0:4000 hold", false },
		{ "audio 10.1.1.1:4002", true },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct rig *r = rig_new();
		struct pn_session *s = rig_session(r, "k");
		struct pn_addr a, b;

		rig_offer(r, s, A, "audio 10.1.1.1:4000");
		rig_answer(r, s, B, "audio " PSTN);
		a = rig_local(r, s, A, 0);
		b = rig_local(r, s, B, 0);
		rig_rtp(r, r->access, "198.51.100.7:1111", a, 2);
		loop_advance(r->loop, 5000);
		rig_rtp(r, r->access, "198.51.100.7:1111", a, 2);
		rig_offer(r, s, A, row[i].again);
		rig_answer(r, s, B, "audio " PSTN);
		if (strstr(row[i].again, "hold")) {
			rig_offer(r, s, A, "audio 10.1.1.1:4000");
			rig_answer(r, s, B, "audio " PSTN);
		}
		rig_rtp(r, r->access, "198.51.100.7:2222", a, 9);
		r->n_sent = 0;
		rig_rtp(r, r->core, PSTN, b, 1);
		expect_sent(r, 1, row[i].reopened ? "198.51.100.7:2222" : "198.51.100.7:1111", row[i].again);
		rig_free(r);
	}
}

/* PN_MEDIA_RELATCH opens it anew, once: it is neither shown nor remembered. */
Test(media_flow, relatch_opens_anew)
{
	struct pn_media m = { .size = sizeof(m), .kind = PN_AUDIO, .flags = PN_MEDIA_RTP }, now;
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");
	struct pn_addr a, b;

	m.rtp = rig_addr("10.1.1.1:4000");
	media_declare(s, NULL, A, 0, &m, 1, NULL, NULL);
	rig_declare(r, s, NULL, B, 0, "audio " PSTN);
	rig_turn(r);
	a = rig_local(r, s, A, 0);
	b = rig_local(r, s, B, 0);
	rig_rtp(r, r->access, "198.51.100.7:1111", a, 2);
	loop_advance(r->loop, 5000);
	rig_rtp(r, r->access, "198.51.100.7:1111", a, 3);
	for (int i = 0; i < 2; i++) {
		m.flags = PN_MEDIA_RTP | (i ? 0 : PN_MEDIA_RELATCH);
		media_declare(s, NULL, A, 0, &m, 1, NULL, NULL);
		cr_expect(eq(int, media_declared(s, NULL, A, &now, 1), 1));
		cr_expect(eq(u32, now.flags, PN_MEDIA_RTP));
		rig_rtp(r, r->access, i ? "198.51.100.7:3333" : "198.51.100.7:2222", a, 9);
		r->n_sent = 0;
		rig_rtp(r, r->core, PSTN, b, 1);
		expect_sent(r, 1, "198.51.100.7:2222", i ? "closed again" : "opened");
	}
	rig_free(r);
}

Test(media_flow, victim_gets_nothing)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	rig_offer(r, s, A, "audio 203.0.113.99:53");
	rig_answer(r, s, B, "audio " PSTN);
	rig_rtp(r, r->core, PSTN, rig_local(r, s, B, 0), 1);
	expect_sent(r, 0, "", "declared is neither the peer's nor learned");
	rig_free(r);
}

Test(media_flow, undeclared_peer_may_teach)
{
	struct rig *r = rig_new();
	struct pn_session_args a = rig_args(r, "k");
	struct pn_session *s;

	a.egress = r->dual;
	a.peer_b = rig_addr("198.51.100.77:5060");
	s = rig_session_args(r, &a);
	rig_offer(r, s, A, "audio " PHONE);
	rig_rtp(r, r->dual, "198.51.100.78:7000", rig_local(r, s, B, 0), 1);
	expect_sent(r, 0, "", "somebody");
	rig_rtp(r, r->dual, "198.51.100.77:7000", rig_local(r, s, B, 0), 1);
	expect_sent(r, 1, PHONE, "ring-back before any answer");
	rig_free(r);
}

Test(media_flow, module_may_veto)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	r->veto = 1;
	rig_offer(r, s, A, "audio 10.1.1.1:4000");
	rig_answer(r, s, B, "audio " PSTN);
	rig_rtp(r, r->access, "198.51.100.7:1111", rig_local(r, s, A, 0), 2);
	r->n_sent = 0;
	rig_rtp(r, r->core, PSTN, rig_local(r, s, B, 0), 1);
	expect_sent(r, 0, "", "vetoed");
	rig_free(r);
}

/* latch.md 10: bound at the very address that it claims. */
Test(media_flow, direct_terminal)
{
	struct rig *r = rig_new();
	struct pn_binding_args ba = {
		.size = sizeof(ba), .realm = r->access, .identity = str_of("bob"),
		.claimed = rig_addr("198.51.100.7:5060"), .pinhole = rig_addr("198.51.100.7:5060"),
		.expires_ms = 60000,
	};
	struct pn_session_args a = rig_args(r, "k");
	struct pn_session *s;

	cr_assert(zero(int, binding_put(r->bindings, NULL, &ba, &a.binding_a)));
	s = rig_session_args(r, &a);
	rig_offer(r, s, A, "audio " PHONE);
	rig_answer(r, s, B, "audio " PSTN);
	rig_rtp(r, r->access, "198.51.100.7:34567", rig_local(r, s, A, 0), 2);
	r->n_sent = 0;
	rig_rtp(r, r->core, PSTN, rig_local(r, s, B, 0), 1);
	expect_sent(r, 1, PHONE, "the declared address stays the destination");
	rig_free(r);
}

/* RTCP goes beside RTP, where a=rtcp says, or with it when both ends want that. */
Test(media_flow, rtcp_goes_where_it_belongs)
{
	static const struct {
		const char *offer, *answer;
		const char *to; /* where the caller hears it */
	} row[] = {
		{ "audio " PHONE, "audio " PSTN, "198.51.100.7:4001" },
		{ "audio " PHONE " mux", "audio " PSTN, "198.51.100.7:4001" },
		{ "audio " PHONE, "audio " PSTN " mux", "198.51.100.7:4001" },
		{ "audio " PHONE " mux", "audio " PSTN " mux", PHONE },
		{ "audio " PHONE " udp", "audio " PSTN " udp", "" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct rig *r = rig_new();
		struct pn_session *s = rig_session(r, "k");
		bool mux = strstr(row[i].offer, "mux") && strstr(row[i].answer, "mux");
		struct pn_addr at;

		rig_offer(r, s, A, row[i].offer);
		rig_answer(r, s, B, row[i].answer);
		at = rig_local(r, s, B, 0);
		if (!mux)
			at.port++;
		rig_rtcp(r, r->core, mux ? PSTN : "192.0.2.20:6001", at, 1);
		expect_sent(r, *row[i].to != 0, row[i].to, row[i].answer);
		rig_free(r);
	}
}

Test(media_flow, explicit_rtcp)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");
	struct pn_media m;
	struct pn_addr at;

	rig_lines("audio " PHONE, &m);
	m.flags |= PN_MEDIA_RTCP_ATTR;
	m.rtcp = rig_addr("198.51.100.7:5555");
	media_declare(s, NULL, A, PN_DECLARE_OFFER, &m, 1, NULL, NULL);
	cr_expect(ne(int, (int)(r->reply.adv[0].flags & PN_MEDIA_RTCP_ATTR), 0));
	rig_answer(r, s, B, "audio " PSTN);
	at = rig_local(r, s, B, 0);
	at.port++;
	rig_rtcp(r, r->core, "192.0.2.20:6001", at, 1);
	expect_sent(r, 1, "198.51.100.7:5555", "a=rtcp");
	rig_free(r);
}

/* The terminal's mapping moved, its signalling shows it. */
Test(media_flow, peer_moves)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");
	struct pn_addr peer = rig_addr("198.51.100.99:5060");

	rig_offer(r, s, A, "audio 10.1.1.1:4000");
	rig_answer(r, s, B, "audio " PSTN);
	rig_rtp(r, r->access, "198.51.100.99:4000", rig_local(r, s, A, 0), 2);
	expect_sent(r, 0, "", "not the peer");
	session_peer(s, A, &peer);
	rig_rtp(r, r->access, "198.51.100.99:4000", rig_local(r, s, A, 0), 2);
	expect_sent(r, 1, PSTN, "the peer");
	rig_free(r);
}
