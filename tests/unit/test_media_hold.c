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

/* ---- late, never, after the end ---- */

Test(media_hold, waits)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	r->manners = RIG_LATER;
	rig_offer(r, s, A, "audio " PHONE "; video 198.51.100.7:4002");
	cr_expect(eq(int, media_pending(s), 1));
	cr_expect(eq(sz, r->n_asked, 2));
	cr_expect(eq(i64, metric_get(M_MEDIA_HELD), 1));
	rig_provide(r, 1);
	cr_expect(zero(sz, r->rewrites), "one of two");
	rig_turn(r);
	rig_provide(r, 0);
	cr_expect(eq(str, r->said, "rewrite:0 "));
	cr_expect(eq(int, strncmp(r->reply.text, "audio", 5), 0), "the copy of the message");
	cr_expect(eq(sz, r->reply.n, 2));
	cr_expect(zero(int, media_pending(s)));
	rig_turn(r);
	rig_free(r);
}

Test(media_hold, nobody_answers)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	r->manners = RIG_LATER;
	rig_offer(r, s, A, "audio " PHONE "; video 198.51.100.7:4002");
	rig_provide(r, 0);
	loop_advance(r->loop, 2999);
	cr_expect(zero(sz, r->rewrites));
	loop_advance(r->loop, 1);
	cr_expect(eq(int, r->reply.err, -ETIMEDOUT));
	cr_expect(zero(sz, r->reply.n));
	cr_expect(eq(i64, metric_get(M_MEDIA_TIMEOUT), 1));
	rig_turn(r);
	cr_expect(zero(sz, rig_ports(r)), "what was granted went back");
	rig_provide(r, 1);
	cr_expect(eq(i64, metric_get(M_MEDIA_LATE), 1));
	rig_turn(r);
	cr_expect(zero(sz, rig_ports(r)));
	cr_expect(eq(sz, r->rewrites, 1));
	rig_free(r);
}

Test(media_hold, kick_does_not_prolong_the_wait)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	r->manners = RIG_LATER;
	rig_offer(r, s, A, "audio " PHONE);
	session_kick(s);
	loop_advance(r->loop, 3000);
	cr_expect(eq(str, r->said, "timeout:4 rewrite:-110 "), "ETIMEDOUT");
	rig_free(r);
}

/* What comes in between: 'c' cancel, 'e' end, 'r' rollback; then the provider answers. */
Test(media_hold, too_late)
{
	static const struct {
		char between;
		const char *said;
	} row[] = {
		{ 'c', "" },
		{ 'r', "" },
		{ 'e', "free cdr " },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct rig *r = rig_new();
		struct pn_session *s = rig_session(r, "k");

		r->manners = RIG_LATER;
		rig_offer(r, s, A, "audio " PHONE "; video 198.51.100.7:4002");
		rig_provide(r, 1);
		if (row[i].between == 'c')
			media_cancel(s);
		else if (row[i].between == 'r')
			media_rollback(s);
		else
			session_end(s, PN_END_CANCELLED, 487);
		rig_turn(r);
		rig_provide(r, 0);
		loop_advance(r->loop, 5000);
		rig_turn(r);
		cr_expect(eq(i64, metric_get(M_MEDIA_LATE), 1), "row %zu", i);
		cr_expect(zero(sz, r->rewrites), "row %zu", i);
		cr_expect(zero(sz, rig_ports(r)), "row %zu", i);
		if (row[i].between == 'e')
			cr_expect(eq(sz, r->frees, 1));
		rig_free(r);
	}
}

/* The old state relays on while a re-offer waits, and after it failed. */
Test(media_hold, failed_reoffer_changes_nothing)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	rig_offer(r, s, A, "audio " PHONE);
	rig_answer(r, s, B, "audio " PSTN);
	r->manners = RIG_LATER;
	rig_offer(r, s, A, "audio closed; video 198.51.100.7:4002");
	loop_advance(r->loop, 3000);
	cr_expect(eq(int, r->reply.err, -ETIMEDOUT));
	cr_expect(eq(str, (char *)rig_shown(r, s, A), "198.51.100.5:P"));
	cr_expect(eq(str, (char *)rig_shown(r, s, B), "192.0.2.5:P"));
	rig_turn(r);
	rig_free(r);
}

Test(media_hold, one_wait_at_a_time)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	r->manners = RIG_LATER;
	rig_offer(r, s, A, "audio " PHONE);
	rig_answer(r, s, B, "audio " PSTN);
	cr_expect(eq(str, r->said, "rewrite:-16 "), "EBUSY");
	rig_provide(r, 0);
	cr_expect(eq(str, r->said, "rewrite:-16 rewrite:0 "));
	rig_turn(r);
	rig_free(r);
}

static void end_it(struct rig *r, const struct pn_media_reply *reply)
{
	(void)r;
	session_end(reply->session, PN_END_REFUSED, 503);
}

Test(media_hold, module_ends_the_session_in_rewrite)
{
	static const enum rig_manners manners[] = { RIG_NOW, RIG_LATER, RIG_REFUSE };

	for (size_t i = 0; i < ROWS(manners); i++) {
		struct rig *r = rig_new();
		struct pn_session *s = rig_session(r, "k");

		r->on_rewrite = end_it;
		r->manners = manners[i];
		rig_offer(r, s, A, "audio " PHONE);
		if (r->n_asked)
			rig_provide(r, 0);
		cr_expect(eq(int, strcmp(session_id(s), "") != 0, 1), "the handle is valid until the turn ends");
		rig_turn(r);
		cr_expect(eq(sz, r->frees, 1), "row %zu", i);
		cr_expect(eq(sz, r->lines, 1), "row %zu", i);
		cr_expect(zero(sz, rig_ports(r)), "row %zu", i);
		rig_free(r);
	}
}

/* ---- messages that wait ---- */

static int hold(struct pn_session *s, const char *text, const char *key)
{
	struct pn_msg m = rig_msg(text);

	return media_hold(s, &m, str_of(key));
}

Test(media_hold, holds_in_order)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	cr_expect(eq(int, hold(s, "INFO", "1"), -ENOENT), "nothing to wait for");
	r->manners = RIG_LATER;
	rig_offer(r, s, A, "audio " PHONE);
	cr_expect(eq(int, hold(s, "audio " PHONE, "0"), -EALREADY), "the waiting message again");
	cr_expect(zero(int, hold(s, "PRACK", "1")));
	cr_expect(zero(int, hold(s, "BYE", "2")));
	cr_expect(zero(int, hold(s, "audio 198.51.100.7:4001", "4")), "as long, but another");
	cr_expect(eq(int, hold(s, "PRACK", "1"), -EALREADY));
	rig_provide(r, 0);
	cr_expect(eq(str, r->said, "rewrite:0 "), "not within the call");
	cr_expect(eq(int, media_pending(s), 1), "what comes now must queue");
	cr_expect(zero(int, hold(s, "ACK", "3")));
	rig_turn(r);
	cr_expect(eq(str, r->said, "rewrite:0 message:PRACK message:BYE message:audio 198.51.100.7:4001 message:ACK "));
	cr_expect(zero(int, media_pending(s)));
	rig_free(r);
}

static struct pn_session *the_session;

static void declare_again(struct rig *r, const struct pn_msg *m)
{
	cr_expect(zero(int, media_pending(the_session)), "a held message need not wait again");
	if (!memcmp(m->data, "INV", 3))
		rig_offer(r, the_session, A, "audio " PHONE "; video 198.51.100.7:4002");
}

Test(media_hold, new_wait_keeps_the_rest)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	the_session = s;
	r->on_message = declare_again;
	r->manners = RIG_LATER;
	rig_offer(r, s, A, "audio " PHONE);
	hold(s, "INV", "1");
	hold(s, "BYE", "2");
	rig_provide(r, 0);
	rig_turn(r);
	cr_expect(eq(str, r->said, "rewrite:0 message:INV "));
	cr_expect(eq(int, media_pending(s), 1));
	rig_provide(r, 1);
	rig_turn(r);
	cr_expect(eq(str, r->said, "rewrite:0 message:INV rewrite:0 message:BYE "));
	rig_free(r);
}

Test(media_hold, cancel_delivers_what_is_queued)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	r->manners = RIG_LATER;
	rig_offer(r, s, A, "audio " PHONE);
	hold(s, "INFO", "1");
	media_cancel(s);
	cr_expect(eq(str, r->said, ""));
	rig_turn(r);
	cr_expect(eq(str, r->said, "message:INFO "));
	rig_free(r);
}

static void end_session(struct rig *r, const struct pn_msg *m)
{
	(void)r, (void)m;
	session_end(the_session, PN_END_NORMAL, 200);
}

/* After the session: none is found by then, and the module decides anew. */
Test(media_hold, end_hands_the_queue_back)
{
	struct rig *r = rig_new();

	the_session = rig_session(r, "k");
	r->manners = RIG_LATER;
	rig_offer(r, the_session, A, "audio " PHONE);
	hold(the_session, "INFO", "1");
	hold(the_session, "BYE", "2");
	session_end(the_session, PN_END_CANCELLED, 487);
	cr_expect(eq(int, hold(the_session, "INFO", "3"), -ENOENT));
	cr_expect(eq(str, r->said, "cdr "), "not within the call");
	rig_turn(r);
	cr_expect(eq(str, r->said, "cdr free message:INFO message:BYE "));

	the_session = rig_session(r, "k");
	r->said[0] = 0;
	r->on_message = end_session;
	rig_offer(r, the_session, A, "audio " PHONE);
	hold(the_session, "BYE", "1");
	hold(the_session, "INFO", "2");
	media_cancel(the_session);
	rig_turn(r);
	cr_expect(eq(str, r->said, "message:BYE cdr free message:INFO "));
	rig_free(r);
}

Test(media_hold, a_leaving_module_hears_nothing_more)
{
	struct rig *r = rig_new();

	the_session = rig_session(r, "k");
	r->manners = RIG_LATER;
	rig_offer(r, the_session, A, "audio " PHONE);
	hold(the_session, "INFO", "1");
	sessions_drop_owner(r->sessions, (struct module *)r);
	rig_turn(r);
	cr_expect(eq(ptr, strstr(r->said, "message"), NULL));
	rig_free(r);
}

Test(media_hold, queue_is_bounded)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");
	char key[16];

	r->manners = RIG_LATER;
	rig_offer(r, s, A, "audio " PHONE);
	for (unsigned i = 0; i < MEDIA_HELD_MAX; i++) {
		snprintf(key, sizeof(key), "%u", i);
		cr_expect(zero(int, hold(s, "INFO", key)));
	}
	cr_expect(eq(int, hold(s, "INFO", "more"), -ENOBUFS));
	cr_expect(eq(i64, metric_get(M_HELD_OVERFLOW), 1));
	rig_free(r);
}

Test(media_hold, held_octets_are_bounded)
{
	static char big[65000];
	struct rig *r = rig_new();
	int err = 0;
	size_t n;

	memset(big, 'x', sizeof(big) - 1);
	r->manners = RIG_LATER;
	for (n = 0; n < 100 && !err; n++) {
		char key[16];
		struct pn_session *s;

		snprintf(key, sizeof(key), "%zu", n);
		s = rig_session(r, key);
		rig_offer(r, s, A, "audio " PHONE);
		for (unsigned i = 0; i < MEDIA_HELD_MAX && !err; i++) {
			snprintf(key, sizeof(key), "%u", i);
			err = hold(s, big, key);
		}
	}
	cr_expect(eq(int, err, -ENOBUFS));
	cr_expect(gt(sz, n, 10));
	rig_free(r);
}
