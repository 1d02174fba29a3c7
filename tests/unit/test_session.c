#include "session_rig.h"
#include "metrics.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define A PN_SIDE_A
#define B PN_SIDE_B
#define MINUTE 60000u
#define PHONE "198.51.100.7:4000"
#define PSTN "192.0.2.20:6000"

static struct pn_binding *bind_terminal(struct rig *r, const char *identity, const char *pinhole)
{
	struct pn_binding_args a = {
		.size = sizeof(a), .realm = r->access, .identity = str_of(identity),
		.claimed = rig_addr("10.1.1.1:5060"), .pinhole = rig_addr(pinhole), .expires_ms = 3600000,
	};
	struct pn_binding *b = NULL;

	cr_assert(zero(int, binding_put(r->bindings, NULL, &a, &b)));
	return b;
}

Test(session, starts_and_ends)
{
	struct rig *r = rig_new();
	struct pn_session_args a = rig_args(r, "k");
	struct pn_session *s, *again;
	int data = 0;

	a.data = &data;
	s = rig_session_args(r, &a);
	cr_assert(ne(ptr, s, NULL));
	cr_expect(eq(ptr, session_data(s), &data));
	cr_expect(eq(ptr, session_find(r->sessions, (struct module *)r, str_of("k")), s));
	cr_expect(eq(ptr, session_find(r->sessions, NULL, str_of("k")), NULL), "another module's");
	cr_expect(eq(ptr, session_find(r->sessions, (struct module *)r, str_of("l")), NULL));
	cr_expect(eq(ptr, session_by_id(r->sessions, session_id(s)), s));
	cr_expect(eq(ptr, rig_session_args(r, &a), NULL));
	cr_expect(eq(int, errno, EEXIST));
	cr_expect(eq(sz, sessions_count(r->sessions), 1));

	session_end(s, PN_END_NORMAL, 200);
	session_end(s, PN_END_FAILED, 500);
	cr_expect(eq(ptr, session_by_id(r->sessions, session_id(s)), NULL));
	again = rig_session_args(r, &a);
	cr_expect(ne(ptr, again, NULL), "the key is free at once");
	cr_expect(eq(ptr, session_data(s), &data), "the old handle lives until the turn ends");
	cr_expect(eq(str, r->said, "cdr "));
	rig_turn(r);
	cr_expect(eq(str, r->said, "cdr free "), "each once");
	cr_expect(eq(sz, sessions_count(r->sessions), 1));
	cr_expect(eq(i64, metric_get(M_SESSIONS), 1));
	cr_expect(eq(i64, metric_get(M_SESSIONS_TOTAL), 2));
	rig_free(r);
}

Test(session, refuses_nonsense)
{
	static char longest[SESSION_KEY_MAX + 2];
	struct rig *r = rig_new();
	struct pn_session_args a = rig_args(r, "");

	memset(longest, 'k', sizeof(longest) - 1);
	cr_expect(eq(ptr, rig_session_args(r, &a), NULL));
	cr_expect(eq(int, errno, EINVAL));
	a.key = str_of(longest);
	cr_expect(eq(ptr, rig_session_args(r, &a), NULL));
	a.key = str_of("k");
	a.ingress = NULL;
	cr_expect(eq(ptr, rig_session_args(r, &a), NULL));
	a.ingress = r->access;
	a.egress = NULL;
	cr_expect(ne(ptr, rig_session_args(r, &a), NULL), "one realm");
	rig_free(r);
}

/* Everything that may be called on a handle between the end of the session and that of the turn. */
Test(session, ended_is_harmless)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");
	struct pn_branch *b = branch_get(s, str_of("t"));
	struct pn_addr peer = rig_addr("192.0.2.99:5060");
	struct pn_msg m = rig_msg("INFO");

	rig_offer(r, s, A, "audio " PHONE);
	session_end(s, PN_END_NORMAL, 200);
	r->said[0] = 0;
	rig_offer(r, s, A, "audio " PHONE);
	rig_answer(r, s, B, "audio " PSTN);
	session_answered(s);
	session_deadline(s, 1000);
	session_peer(s, B, &peer);
	session_kick(s);
	session_attr(s, PN_ATTR_FROM, str_of("late"));
	branch_choose(s, b);
	branch_end(s, b);
	cr_expect(eq(ptr, branch_get(s, str_of("new")), NULL));
	media_cancel(s);
	media_rollback(s);
	cr_expect(zero(int, media_pending(s)));
	cr_expect(eq(int, media_hold(s, &m, str_of("1")), -ENOENT));
	loop_advance(r->loop, 2 * 86400000ull);
	cr_expect(eq(ptr, strstr(r->said, "rewrite"), NULL));
	cr_expect(eq(ptr, strstr(r->said, "timeout"), NULL));
	cr_expect(eq(sz, r->lines, 1));
	rig_free(r);
}

/* ---- deadlines ---- */

/* Steps before: 'a' answered, 's' signalling within 10 s, 'S' no such deadline any more, 'm' media both
 * ways declared, 'h' put on hold. */
Test(session, deadlines)
{
	static const struct {
		const char *before;
		uint64_t quiet, then; /* nothing until quiet; `said` at quiet + then */
		const char *said;
		const char *cause;
	} row[] = {
		{ "", 3 * MINUTE - 1, 1, "timeout:2 ", "no-answer" },
		{ "s", 9999, 1, "timeout:1 ", "signalling-timeout" },
		{ "sS", 3 * MINUTE - 1, 1, "timeout:2 ", "no-answer" },
		{ "ma", 5 * MINUTE - 1, 1, "timeout:3 ", "media-timeout" },
		{ "mas", 9999, 1, "timeout:1 ", "signalling-timeout" },
		{ "a", 24 * 60 * MINUTE - 1, 1, "timeout:4 ", "admin" },
		{ "mah", 24 * 60 * MINUTE - 1, 1, "timeout:4 ", "admin" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct rig *r = rig_new();
		struct pn_session *s = rig_session(r, "k");

		for (const char *p = row[i].before; *p; p++) {
			if (*p == 'a')
				session_answered(s);
			if (*p == 's' || *p == 'S')
				session_deadline(s, *p == 's' ? 10000 : 0);
			if (*p == 'm' || *p == 'h')
				rig_offer(r, s, A, *p == 'h' ? "audio 0.0.0.0:1 hold" : "audio " PHONE);
			if (*p == 'm' || *p == 'h')
				rig_answer(r, s, B, "audio " PSTN);
		}
		r->said[0] = 0;
		loop_advance(r->loop, row[i].quiet);
		cr_expect(eq(str, r->said, ""), "row %zu: too early", i);
		loop_advance(r->loop, row[i].then);
		cr_expect(eq(str, r->said, (char *)row[i].said), "row %zu", i);
		loop_advance(r->loop, SESSION_FORCE_MS - 1);
		cr_expect(eq(sz, r->lines, 0), "row %zu: the module has time", i);
		loop_advance(r->loop, 1);
		cr_expect(eq(sz, r->frees, 1), "row %zu: by force", i);
		cr_expect(ne(ptr, strstr(r->line, row[i].cause), NULL), "row %zu: %s", i, r->line);
		rig_free(r);
	}
}

static void end_it(struct rig *r, struct pn_session *s, enum pn_timeout what)
{
	(void)r, (void)what;
	session_end(s, PN_END_TIMEOUT_SIGNALLING, 408);
}

Test(session, module_ends_on_timeout)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	r->on_timeout = end_it;
	session_deadline(s, 1000);
	loop_advance(r->loop, 1000);
	cr_expect(eq(str, r->said, "timeout:1 cdr free "));
	cr_expect(eq(i64, metric_get(M_SESSION_TIMEOUT), 1));
	loop_advance(r->loop, 60000);
	cr_expect(eq(str, r->said, "timeout:1 cdr free "));
	rig_free(r);
}

Test(session, kick)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	session_kick(s);
	session_kick(s);
	session_deadline(s, 1000);
	cr_expect(eq(str, r->said, "timeout:4 "));
	loop_advance(r->loop, SESSION_FORCE_MS);
	cr_expect(eq(str, r->said, "timeout:4 cdr free "));
	cr_expect(zero(i64, metric_get(M_SESSION_TIMEOUT)), "nothing ran out");
	rig_free(r);
}

Test(session, packets_keep_it)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	rig_offer(r, s, A, "audio " PHONE);
	rig_answer(r, s, B, "audio " PSTN);
	session_answered(s);
	for (int i = 0; i < 10; i++) {
		loop_advance(r->loop, 4 * MINUTE);
		rig_rtp(r, r->core, PSTN, rig_local(r, s, B, 0), 1);
	}
	cr_expect(eq(ptr, strstr(r->said, "timeout"), NULL), "one direction is enough");
	/* the stream that carried media closes, another one is silent */
	rig_offer(r, s, A, "audio closed; video 198.51.100.7:4002");
	rig_answer(r, s, B, "audio closed; video 192.0.2.20:6002");
	loop_advance(r->loop, 5 * MINUTE - 1);
	cr_expect(eq(ptr, strstr(r->said, "timeout"), NULL));
	loop_advance(r->loop, 1);
	cr_expect(ne(ptr, strstr(r->said, "timeout:3"), NULL));
	rig_free(r);
}

Test(session, hold_rests_and_starts_anew)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	rig_offer(r, s, A, "audio " PHONE);
	rig_answer(r, s, B, "audio " PSTN);
	session_answered(s);
	rig_offer(r, s, A, "audio 0.0.0.0:4000 hold");
	rig_answer(r, s, B, "audio " PSTN);
	loop_advance(r->loop, 62 * MINUTE);
	rig_offer(r, s, A, "audio " PHONE);
	rig_answer(r, s, B, "audio " PSTN);
	loop_advance(r->loop, 5 * MINUTE - 1);
	cr_expect(eq(ptr, strstr(r->said, "timeout"), NULL));
	loop_advance(r->loop, 1);
	cr_expect(ne(ptr, strstr(r->said, "timeout:3"), NULL));
	rig_free(r);
}

/* ---- the end ---- */

Test(session, final_reports_are_awaited_but_not_for_ever)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	r->keep = true;
	rig_offer(r, s, A, "audio " PHONE);
	rig_answer(r, s, B, "audio " PSTN);
	rig_rtp(r, r->access, PHONE, rig_local(r, s, A, 0), 1);
	r->said[0] = 0;
	session_end(s, PN_END_NORMAL, 200);
	rig_turn(r);
	cr_expect(eq(str, r->said, "free "), "the module's part is over");
	loop_advance(r->loop, SESSION_FINAL_MS - 1);
	cr_expect(zero(sz, r->lines));
	loop_advance(r->loop, 1);
	cr_expect(eq(sz, r->lines, 1));
	cr_expect(ne(ptr, strstr(r->line, "\"a_to_b\":{\"packets\":1,"), NULL), "with what was counted");
	rig_turn(r);
	cr_expect(eq(sz, rig_ports(r), 4), "the ports are still the relay's, and in the count");
	rig_release(r);
	rig_turn(r);
	cr_expect(zero(sz, rig_ports(r)), "the session is gone, its ports came back");
	cr_expect(eq(sz, r->lines, 1));
	rig_free(r);
}

Test(session, owner_goes)
{
	struct rig *r = rig_new();

	rig_offer(r, rig_session(r, "k"), A, "audio " PHONE);
	rig_session(r, "l");
	sessions_drop_owner(r->sessions, NULL);
	cr_expect(zero(sz, r->frees), "not its sessions");
	sessions_drop_owner(r->sessions, (struct module *)r);
	cr_expect(eq(sz, r->frees, 2), "before it returns");
	rig_turn(r);
	cr_expect(eq(sz, r->frees, 2));
	cr_expect(eq(sz, r->lines, 2));
	cr_expect(ne(ptr, strstr(r->line, "\"module\":\"sip\""), NULL));
	rig_free(r);
}

Test(session, table_goes_with_all)
{
	struct rig *r = rig_new();
	struct rig copy;

	r->manners = RIG_LATER;
	rig_offer(r, rig_session(r, "waits"), A, "audio " PHONE);
	r->manners = RIG_NOW;
	rig_offer(r, rig_session(r, "relays"), A, "audio " PHONE);
	session_end(rig_session(r, "ended"), PN_END_NORMAL, 200);
	sessions_free(r->sessions);
	r->sessions = NULL;
	cr_expect(eq(sz, r->lines, 3));
	cr_expect(eq(sz, r->frees, 3));
	copy = *r;
	loop_turn(r->loop);
	cr_expect(eq(sz, copy.frees, r->frees), "deferred calls find nothing");
	rig_free(r);
}

/* ---- admission ---- */

Test(session, limits)
{
	static const struct {
		uint32_t table, access, core, terminal;
		bool drain;
		size_t ok; /* sessions that start */
		int admit; /* what admit_session says then, for the same terminal and for another */
		int other;
	} row[] = {
		{ 3, 0, 0, 0, false, 3, -ENOSPC, -ENOSPC },  { 100, 2, 0, 0, false, 2, -ENOSPC, -ENOSPC },
		{ 100, 0, 4, 0, false, 4, 0, 0 },            { 100, 0, 0, 0, true, 0, -ENOSPC, -ENOSPC },
		{ 100, 0, 0, 2, false, 5, -EDQUOT, 0 },      { 100, 0, 0, 6, false, 5, 0, 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct rig *r = rig_new();
		struct pn_addr same = rig_addr("198.51.100.7:9"), other = rig_addr("198.51.100.8:5060");
		size_t ok = 0;
		char key[16];

		r->conf.limits.sessions = row[i].table;
		r->realm[0].limits.sessions = row[i].access;
		r->realm[0].limits.terminal_sessions = row[i].terminal;
		r->realm[1].limits.sessions = row[i].core;
		rig_apply(r);
		sessions_drain(r->sessions, row[i].drain);
		for (int k = 0; k < 5; k++) {
			struct pn_session_args a;

			snprintf(key, sizeof(key), "%d", k);
			a = rig_args(r, key);
			ok += rig_session_args(r, &a) != NULL;
		}
		cr_expect(eq(sz, ok, row[i].ok), "row %zu", i);
		cr_expect(eq(int, admit_session(r->sessions, r->access, &same, NULL), row[i].admit), "row %zu", i);
		cr_expect(eq(int, admit_session(r->sessions, r->access, &other, NULL), row[i].other), "row %zu", i);
		cr_expect(eq(i64, metric_get(M_SESSIONS_REFUSED),
			     (int64_t)(5 - ok) + (row[i].admit != 0) + (row[i].other != 0)), "row %zu", i);
		rig_free(r);
	}
}

Test(session, terminal_limit_is_of_the_binding)
{
	struct rig *r = rig_new();
	struct pn_binding *bob = bind_terminal(r, "bob", "198.51.100.7:5060");
	struct pn_binding *eve = bind_terminal(r, "eve", "198.51.100.7:5062");
	struct pn_session_args a = rig_args(r, "1"), b = rig_args(r, "2");
	struct pn_session *s;

	r->realm[0].limits.terminal_sessions = 2;
	rig_apply(r);
	a.binding_a = b.binding_a = bob;
	s = rig_session_args(r, &a);
	rig_session_args(r, &b);
	cr_expect(eq(int, binding_sessions(bob), 2));
	cr_expect(eq(int, admit_session(r->sessions, r->access, NULL, bob), -EDQUOT));
	cr_expect(zero(int, admit_session(r->sessions, r->access, NULL, eve)), "the same NAT, another terminal");
	session_end(s, PN_END_NORMAL, 200);
	cr_expect(zero(int, admit_session(r->sessions, r->access, NULL, bob)));
	cr_expect(eq(int, binding_sessions(bob), 1));
	rig_free(r);
}

Test(session, binding_may_go_first)
{
	struct rig *r = rig_new();
	struct pn_session_args a = rig_args(r, "1"), b = rig_args(r, "2");

	a.binding_a = b.binding_b = bind_terminal(r, "bob", "198.51.100.7:5060");
	a.binding_b = bind_terminal(r, "eve", "198.51.100.7:5062");
	rig_session_args(r, &a);
	rig_session_args(r, &b);
	binding_remove(a.binding_a);
	loop_advance(r->loop, 1000);
	cr_expect(eq(int, binding_sessions(a.binding_b), 1));
	session_end(session_find(r->sessions, (struct module *)r, str_of("1")), PN_END_NORMAL, 200);
	cr_expect(zero(int, binding_sessions(a.binding_b)));
	rig_free(r);
}

Test(session, realm_is_gone)
{
	struct rig *r = rig_new();
	struct pn_addr src = rig_addr("198.51.100.7:5060");

	r->access->gone = true;
	cr_expect(eq(int, admit_session(r->sessions, r->access, &src, NULL), -EACCES));
	rig_free(r);
}

/* ---- show ---- */

static struct buf shown(struct rig *r, int (*json)(struct sessions *, struct buf *), size_t max, int *err)
{
	struct buf b;

	buf_init(&b, max);
	*err = json(r->sessions, &b);
	return b;
}

Test(session, shows)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");
	struct buf b;
	int err;

	session_attr(s, PN_ATTR_FROM, str_of("sip:bob@example.net"));
	rig_offer(r, s, A, "audio " PHONE);
	rig_answer(r, s, B, "audio " PSTN);
	rig_rtp(r, r->access, "198.51.100.7:34567", rig_local(r, s, A, 0), 2);
	b = shown(r, sessions_json, 1u << 20, &err);
	cr_expect(zero(int, err));
	cr_expect(ne(ptr, strstr(buf_text(&b), session_id(s)), NULL));
	cr_expect(ne(ptr, strstr(buf_text(&b), "\"state\":\"starting\""), NULL));
	cr_expect(ne(ptr, strstr(buf_text(&b), "\"from\":\"sip:bob@example.net\""), NULL));
	cr_expect(ne(ptr, strstr(buf_text(&b), "\"streams\":1"), NULL));
	buf_free(&b);
	b = shown(r, streams_json, 1u << 20, &err);
	cr_expect(zero(int, err));
	cr_expect(ne(ptr, strstr(buf_text(&b), "\"declared\":\"" PHONE "\",\"remote\":\"198.51.100.7:34567\""), NULL),
		  "%s", buf_text(&b));
	cr_expect(ne(ptr, strstr(buf_text(&b), "\"latched\":true,\"packets\":1,\"bytes\":172"), NULL));
	buf_free(&b);
	b = shown(r, streams_json, 1000, &err);
	cr_expect(eq(int, err, -ENOBUFS), "never a row cut short");
	buf_free(&b);
	rig_free(r);
}

/* ---- the invariant ---- */

Test(session, lost_ports_are_noticed)
{
	struct rig *r = rig_new();

	cr_expect(zero(int, sessions_check_ports(r->sessions)));
	port_take(r->access->ports4, 0);
	cr_expect(eq(int, sessions_check_ports(r->sessions), -EIO));
	cr_expect(eq(i64, metric_get(M_PORT_INVARIANT), 1));
	cr_expect(eq(i64, metric_get(M_PORTS_TAKEN), 2));
	rig_free(r);
}
