#include "session_rig.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define A PN_SIDE_A
#define B PN_SIDE_B
#define PHONE "198.51.100.7:4000"

static struct pn_session *call(struct rig *r, const char *offer)
{
	struct pn_session *s = rig_session(r, "k");

	rig_offer(r, s, A, offer);
	return s;
}

static void answer(struct rig *r, struct pn_session *s, struct pn_branch *b, const char *lines)
{
	rig_declare(r, s, b, B, PN_DECLARE_ANSWER, lines);
}

/* Where a packet of A's goes. */
static const char *heard_by(struct rig *r, struct pn_session *s, size_t line)
{
	struct pn_addr a = rig_local(r, s, A, line);

	r->n_sent = 0;
	rig_rtp(r, r->access, "198.51.100.7:4000", a, 2);
	return r->n_sent ? addr_text(&r->sent.to) : "nobody";
}

static bool reaches_a(struct rig *r, struct pn_session *s, const char *from)
{
	r->n_sent = 0;
	rig_rtp(r, r->core, from, rig_local(r, s, B, 0), 3);
	return r->n_sent == 1;
}

Test(branch, made_by_key)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");
	struct pn_branch *b[9];
	char key[16];

	for (int i = 0; i < 9; i++) {
		snprintf(key, sizeof(key), "tag%d", i);
		b[i] = branch_get(s, str_of(key));
	}
	cr_expect(eq(ptr, b[8], NULL), "at most 8");
	cr_expect(ne(ptr, b[7], NULL));
	cr_expect(eq(ptr, branch_get(s, str_of("tag3")), b[3]));
	branch_end(s, b[3]);
	cr_expect(eq(ptr, branch_get(s, str_of("tag3")), b[3]), "the handle stays");
	cr_expect(ne(ptr, branch_get(s, str_of("tag9")), NULL), "there is room again");
	rig_free(r);
}

Test(branch, ended_ones_are_capped)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");
	struct pn_branch *b;
	char key[16];
	int n = 0;

	do {
		snprintf(key, sizeof(key), "t%d", n);
		b = branch_get(s, str_of(key));
		if (b)
			branch_end(s, b);
	} while (b && ++n < 1000);
	cr_expect(eq(int, n, 32));
	rig_free(r);
}

Test(branch, forks_with_early_media)
{
	struct rig *r = rig_new();
	struct pn_session *s = call(r, "audio " PHONE);
	struct pn_branch *one = branch_get(s, str_of("1")), *two = branch_get(s, str_of("2"));

	answer(r, s, one, "audio 192.0.2.21:6000");
	cr_expect(eq(str, (char *)heard_by(r, s, 0), "192.0.2.21:6000"));
	answer(r, s, two, "audio 192.0.2.22:6000");
	cr_expect(eq(str, (char *)heard_by(r, s, 0), "192.0.2.22:6000"), "the one that spoke last");
	cr_expect(reaches_a(r, s, "192.0.2.21:6000"));
	cr_expect(reaches_a(r, s, "192.0.2.22:6000"));
	cr_expect(not(reaches_a(r, s, "192.0.2.23:6000")));
	cr_expect(eq(sz, rig_ports(r), 4), "they share the ports");

	branch_choose(s, one);
	cr_expect(eq(str, (char *)heard_by(r, s, 0), "192.0.2.21:6000"));
	cr_expect(reaches_a(r, s, "192.0.2.21:6000"));
	cr_expect(not(reaches_a(r, s, "192.0.2.22:6000")), "the other has ended");
	answer(r, s, two, "audio 192.0.2.22:6000");
	cr_expect(eq(int, r->reply.err, -ESTALE));
	answer(r, s, branch_get(s, str_of("late")), "audio 192.0.2.24:6000");
	cr_expect(eq(int, r->reply.err, -ESTALE));
	cr_expect(eq(str, (char *)heard_by(r, s, 0), "192.0.2.21:6000"));
	rig_turn(r);
	rig_free(r);
}

Test(branch, ended_one_falls_back_to_another)
{
	struct rig *r = rig_new();
	struct pn_session *s = call(r, "audio " PHONE);
	struct pn_branch *one = branch_get(s, str_of("1")), *two = branch_get(s, str_of("2"));

	answer(r, s, one, "audio 192.0.2.21:6000");
	answer(r, s, two, "audio 192.0.2.22:6000");
	branch_end(s, two);
	cr_expect(eq(str, (char *)heard_by(r, s, 0), "192.0.2.21:6000"));
	cr_expect(not(reaches_a(r, s, "192.0.2.22:6000")));
	branch_end(s, two);
	/* its place in the relay is used again, without what it knew */
	answer(r, s, branch_get(s, str_of("3")), "audio 192.0.2.23:6000");
	cr_expect(eq(str, (char *)heard_by(r, s, 0), "192.0.2.23:6000"));
	cr_expect(not(reaches_a(r, s, "192.0.2.22:6000")));
	rig_free(r);
}

/* One fork refuses the video, another takes it. */
Test(branch, refusal_of_one_closes_nothing)
{
	struct rig *r = rig_new();
	struct pn_session *s = call(r, "audio " PHONE "; video 198.51.100.7:4002");
	struct pn_branch *one = branch_get(s, str_of("1")), *two = branch_get(s, str_of("2"));

	answer(r, s, one, "audio 192.0.2.21:6000; video closed");
	cr_expect(eq(int, (int)(r->reply.adv[1].flags & PN_MEDIA_CLOSED), PN_MEDIA_CLOSED));
	cr_expect(eq(sz, rig_ports(r), 8));
	answer(r, s, two, "audio 192.0.2.22:6000; video 192.0.2.22:6002");
	cr_expect(zero(int, (int)(r->reply.adv[1].flags & PN_MEDIA_CLOSED)));
	branch_choose(s, two);
	cr_expect(eq(sz, rig_ports(r), 8));
	cr_expect(eq(str, (char *)heard_by(r, s, 1), "192.0.2.22:6002"));
	rig_turn(r);
	rig_free(r);
}

Test(branch, final_answer_closes_what_was_refused)
{
	for (int how = 0; how < 2; how++) {
		struct rig *r = rig_new();
		struct pn_session *s = call(r, "audio " PHONE "; video 198.51.100.7:4002");
		struct pn_branch *one = branch_get(s, str_of("1"));

		answer(r, s, one, "audio 192.0.2.21:6000; video closed");
		rig_turn(r);
		cr_expect(eq(sz, rig_ports(r), 8));
		if (how)
			branch_choose(s, one);
		else
			session_answered(s);
		rig_turn(r);
		cr_expect(eq(sz, rig_ports(r), 4));
		rig_free(r);
	}
}

/* What is added later belongs to the chosen branch. */
Test(branch, chosen_one_has_later_streams)
{
	struct rig *r = rig_new();
	struct pn_session *s = call(r, "audio " PHONE);
	struct pn_branch *one = branch_get(s, str_of("1")), *two = branch_get(s, str_of("2"));

	answer(r, s, one, "audio 192.0.2.21:6000");
	answer(r, s, two, "audio 192.0.2.22:6000");
	branch_choose(s, two);
	rig_declare(r, s, two, A, PN_DECLARE_OFFER, "audio " PHONE "; video 198.51.100.7:4002");
	rig_declare(r, s, NULL, B, PN_DECLARE_ANSWER, "audio 192.0.2.22:6000; video 192.0.2.22:6002");
	cr_expect(eq(str, (char *)heard_by(r, s, 1), "192.0.2.22:6002"));
	rig_turn(r);
	rig_free(r);
}

/* A branch that ends, or loses, while its declaration waits. */
Test(branch, ends_while_it_waits)
{
	for (int lose = 0; lose < 2; lose++) {
		struct rig *r = rig_new();
		struct pn_session *s = rig_session(r, "k");
		struct pn_branch *one = branch_get(s, str_of("1")), *two = branch_get(s, str_of("2"));

		r->manners = RIG_LATER;
		rig_declare(r, s, one, B, PN_DECLARE_OFFER, "audio 192.0.2.21:6000");
		if (lose)
			branch_choose(s, two);
		else
			branch_end(s, one);
		cr_expect(eq(str, r->said, "rewrite:-116 "), "ESTALE");
		rig_provide(r, 0);
		cr_expect(eq(str, r->said, "rewrite:-116 "));
		rig_turn(r);
		cr_expect(zero(sz, rig_ports(r)));
		rig_free(r);
	}
}

Test(branch, ends_while_the_caller_waits)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");
	struct pn_branch *one = branch_get(s, str_of("1")), *two = branch_get(s, str_of("2"));

	rig_declare(r, s, one, B, PN_DECLARE_OFFER, "audio 192.0.2.21:6000");
	rig_declare(r, s, two, B, PN_DECLARE_OFFER, "audio 192.0.2.22:6000");
	r->manners = RIG_LATER;
	rig_declare(r, s, two, A, PN_DECLARE_ANSWER, "audio " PHONE);
	cr_expect(zero(int, media_pending(s)), "there are ports");
	rig_declare(r, s, two, A, PN_DECLARE_OFFER, "audio " PHONE "; video 198.51.100.7:4002");
	branch_end(s, one);
	rig_provide(r, 0);
	cr_expect(zero(int, r->reply.err));
	answer(r, s, two, "audio 192.0.2.22:6000; video 192.0.2.22:6002");
	cr_expect(eq(str, (char *)heard_by(r, s, 1), "192.0.2.22:6002"));
	rig_turn(r);
	rig_free(r);
}
