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

/* ---- offers and answers ---- */

static void step(struct rig *r, struct pn_session *s, const char *op)
{
	enum pn_side side = op[1] == 'A' ? A : B;
	const char *lines = op[2] ? op + 3 : "";

	switch (op[0]) {
	case 'o':
		rig_offer(r, s, side, lines);
		break;
	case 'a':
		rig_answer(r, s, side, lines);
		break;
	case 'd':
		rig_declare(r, s, NULL, side, 0, lines);
		break;
	case 'r':
		media_rollback(s);
		break;
	default:
		cr_assert(false, "no such step %s", op);
	}
	rig_turn(r);
}

/* Steps are "oA LINES" (offer by A), "aB LINES" (answer), "dA LINES" (neither), "r " (rollback). */
Test(media, takes_effect)
{
	static const struct {
		const char *step[6];
		const char *a, *b; /* advertised to A and to B then */
		size_t ports;
	} row[] = {
		/* a plain call */
		{ { "oA audio " PHONE }, "- closed", "192.0.2.5:P", 4 },
		{ { "oA audio " PHONE, "aB audio " PSTN }, "198.51.100.5:P", "192.0.2.5:P", 4 },
		/* the answer refuses the video */
		{ { "oA audio " PHONE "; video 198.51.100.7:4002", "aB audio " PSTN "; video closed" },
		  "198.51.100.5:P; - closed", "192.0.2.5:P; - closed", 4 },
		/* a shorter answer refuses what it leaves out */
		{ { "oA audio " PHONE "; video 198.51.100.7:4002", "aB audio " PSTN },
		  "198.51.100.5:P; - closed", "192.0.2.5:P; - closed", 4 },
		/* a re-offer adds video, and the answer takes it */
		{ { "oA audio " PHONE, "aB audio " PSTN, "oA audio " PHONE "; video 198.51.100.7:4002",
		    "aB audio " PSTN "; video 192.0.2.20:6002" },
		  "198.51.100.5:P; 198.51.100.5:P", "192.0.2.5:P; 192.0.2.5:P", 8 },
		/* ... or it is rejected */
		{ { "oA audio " PHONE, "aB audio " PSTN, "oA audio " PHONE "; video 198.51.100.7:4002", "r " },
		  "198.51.100.5:P", "192.0.2.5:P", 4 },
		/* the callee adds it */
		{ { "oA audio " PHONE, "aB audio " PSTN, "oB audio " PSTN "; video 192.0.2.20:6002",
		    "aA audio " PHONE "; video 198.51.100.7:4002" },
		  "198.51.100.5:P; 198.51.100.5:P", "192.0.2.5:P; 192.0.2.5:P", 8 },
		/* closing: tentative, then final, then back again */
		{ { "oA audio " PHONE, "aB audio " PSTN, "oA audio closed" }, "198.51.100.5:P", "- closed", 4 },
		{ { "oA audio " PHONE, "aB audio " PSTN, "oA audio closed", "r " }, "198.51.100.5:P",
		  "192.0.2.5:P", 4 },
		{ { "oA audio " PHONE, "aB audio " PSTN, "oA audio closed", "aB audio closed" }, "- closed",
		  "- closed", 0 },
		{ { "oA audio " PHONE, "aB audio " PSTN, "oA audio closed", "aB audio " PSTN }, "- closed",
		  "- closed", 0 },
		{ { "oA audio " PHONE, "aB audio " PSTN, "oA audio closed", "aB audio closed",
		    "oB audio " PSTN, "aA audio " PHONE },
		  "198.51.100.5:P", "192.0.2.5:P", 4 },
		/* coming back is taken back */
		{ { "oA audio " PHONE, "aB audio " PSTN, "oA audio closed", "aB audio closed",
		    "oB audio " PSTN, "r " },
		  "- closed", "- closed", 0 },
		/* an answer cannot open what was offered closed */
		{ { "oA audio closed", "aB audio " PSTN }, "- closed", "- closed", 0 },
		/* hold and resume keep the ports */
		{ { "oA audio " PHONE, "aB audio " PSTN, "oA audio 0.0.0.0:4000 hold" }, "198.51.100.5:P",
		  "192.0.2.5:P hold", 4 },
		{ { "oA audio " PHONE, "aB audio " PSTN, "oA audio 0.0.0.0:4000 hold", "aB audio " PSTN,
		    "oA audio " PHONE, "aB audio " PSTN },
		  "198.51.100.5:P", "192.0.2.5:P", 4 },
		/* what is not relayed passes as it is */
		{ { "oA audio " PHONE "; message 10.0.0.9:2855 foreign", "aB audio " PSTN
		    "; message 192.0.2.20:2855 foreign" },
		  "198.51.100.5:P; 192.0.2.20:P foreign", "192.0.2.5:P; 10.0.0.9:P foreign", 4 },
		/* audio becomes something that is not relayed */
		{ { "oA audio " PHONE, "aB audio " PSTN, "oA audio 10.0.0.9:2855 foreign",
		    "aB audio 192.0.2.20:2855 foreign" },
		  "192.0.2.20:P foreign", "10.0.0.9:P foreign", 0 },
		/* delayed offer: the callee offers, the caller answers */
		{ { "oB audio " PSTN, "aA audio " PHONE }, "198.51.100.5:P", "192.0.2.5:P", 4 },
		/* a first offer is taken back whole */
		{ { "oA audio " PHONE "; video 198.51.100.7:4002", "r " }, "", "", 0 },
		/* a second offer before the answer replaces the first and keeps its ports */
		{ { "oA audio " PHONE, "oA audio 198.51.100.7:4100", "aB audio " PSTN }, "198.51.100.5:P",
		  "192.0.2.5:P", 4 },
		/* rollback after the answer takes nothing back */
		{ { "oA audio " PHONE, "aB audio " PSTN, "r " }, "198.51.100.5:P", "192.0.2.5:P", 4 },
		/* neither offer nor answer: either side first, a shorter list leaves the rest alone */
		{ { "dB audio " PSTN, "dA audio " PHONE }, "198.51.100.5:P", "192.0.2.5:P", 4 },
		{ { "dA audio " PHONE "; video 198.51.100.7:4002", "dB audio " PSTN }, "198.51.100.5:P; - closed",
		  "192.0.2.5:P; 192.0.2.5:P", 8 },
		{ { "dA audio " PHONE, "dB audio " PSTN, "dA audio closed" }, "- closed", "- closed", 0 },
		/* mux is passed on */
		{ { "oA audio " PHONE " mux", "aB audio " PSTN " mux" }, "198.51.100.5:P mux",
		  "192.0.2.5:P mux", 4 },
		/* nothing declared: no media, no ports */
		{ { "oA ", "aB " }, "", "", 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct rig *r = rig_new();
		struct pn_session *s = rig_session(r, "k");

		for (size_t k = 0; k < ROWS(row[i].step) && row[i].step[k]; k++)
			step(r, s, row[i].step[k]);
		cr_expect(eq(str, (char *)rig_shown(r, s, A), (char *)row[i].a), "row %zu: to A", i);
		cr_expect(eq(str, (char *)rig_shown(r, s, B), (char *)row[i].b), "row %zu: to B", i);
		cr_expect(eq(sz, rig_ports(r), row[i].ports), "row %zu: ports", i);
		session_end(s, PN_END_NORMAL, 200);
		rig_turn(r);
		cr_expect(zero(sz, rig_ports(r)), "row %zu: all ports are back", i);
		rig_free(r);
	}
}

Test(media, reply_mirrors_the_declaration)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	rig_offer(r, s, A, "audio " PHONE "; video closed; image 198.51.100.7:4002 udp");
	cr_expect(eq(str, r->said, "rewrite:0 "), "before media_declare returned");
	cr_expect(zero(int, r->reply.err));
	cr_assert(eq(sz, r->reply.n, 3));
	cr_expect(eq(int, (int)r->reply.adv[0].kind, PN_AUDIO));
	cr_expect(eq(int, r->reply.adv[0].rtcp.port, r->reply.adv[0].rtp.port + 1));
	cr_expect(eq(int, (int)r->reply.adv[1].flags, PN_MEDIA_RTP | PN_MEDIA_CLOSED));
	cr_expect(zero(int, r->reply.adv[2].rtcp.family), "no RTCP beside what is not RTP");
	cr_expect(eq(ptr, r->reply.arg, r));
	cr_expect(eq(int, strncmp(r->reply.text, "audio", 5), 0));
	rig_free(r);
}

Test(media, second_offer_keeps_ports)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");
	struct pn_addr a, b;

	rig_offer(r, s, A, "audio " PHONE);
	rig_answer(r, s, B, "audio " PSTN);
	a = rig_local(r, s, A, 0);
	b = rig_local(r, s, B, 0);
	rig_offer(r, s, B, "audio 192.0.2.20:6010");
	rig_answer(r, s, A, "audio 198.51.100.7:4010");
	cr_expect(eq(int, a.port, rig_local(r, s, A, 0).port));
	cr_expect(eq(int, b.port, rig_local(r, s, B, 0).port));
	cr_expect(eq(sz, rig_ports(r), 4));
	rig_free(r);
}

/* ---- families ---- */

Test(media, family)
{
	static const struct {
		const char *offer;
		bool from_dual; /* the caller's realm has IPv6 */
		bool to_dual;
		int err;
		int family[2];
	} row[] = {
		{ "audio 198.51.100.7:4000", true, true, 0, { 4, 4 } },
		{ "audio [2001:db8::7]:4000", true, true, 0, { 6, 6 } },
		{ "audio [2001:db8::7]:4000", true, false, 0, { 6, 4 } },
		{ "audio [2001:db8::7]:4000", false, true, 0, { 4, 6 } },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct rig *r = rig_new();
		struct pn_session_args a = rig_args(r, "k");
		struct pn_session *s;

		a.ingress = row[i].from_dual ? r->dual : r->access;
		a.egress = row[i].to_dual ? r->dual : r->core;
		s = rig_session_args(r, &a);
		rig_offer(r, s, A, row[i].offer);
		rig_answer(r, s, B, "audio " PSTN);
		cr_expect(eq(int, rig_local(r, s, A, 0).family, row[i].family[0]), "row %zu", i);
		cr_expect(eq(int, rig_local(r, s, B, 0).family, row[i].family[1]), "row %zu", i);
		rig_turn(r);
		rig_free(r);
	}
}

Test(media, family_is_kept)
{
	struct rig *r = rig_new();
	struct pn_session_args a = rig_args(r, "k");
	struct pn_session *s;

	a.ingress = r->dual;
	s = rig_session_args(r, &a);
	rig_offer(r, s, A, "audio " PHONE);
	rig_answer(r, s, B, "audio " PSTN);
	rig_offer(r, s, A, "audio [2001:db8::7]:4000");
	cr_expect(eq(int, r->reply.err, -EADDRNOTAVAIL));
	cr_expect(eq(str, (char *)rig_shown(r, s, A), "198.51.100.6:P"), "nothing changed");
	rig_answer(r, s, A, "audio [2001:db8::7]:4000");
	cr_expect(zero(int, r->reply.err), "an answer cannot be refused");
	rig_free(r);
}

/* ---- limits ---- */

Test(media, limits)
{
	static const struct {
		uint32_t streams;
		uint16_t last_port; /* of the access realm's range from 20000 */
		enum rig_manners manners;
		size_t lines;
		int err;
		enum metric counter;
	} row[] = {
		{ 200, 29999, RIG_NOW, 16, 0, METRIC_COUNT },
		{ 200, 29999, RIG_NOW, 17, -ENOSPC, M_STREAMS_REFUSED },
		{ 3, 29999, RIG_NOW, 4, -ENOSPC, M_STREAMS_REFUSED },
		{ 3, 29999, RIG_NOW, 3, 0, METRIC_COUNT },
		{ 200, 20005, RIG_NOW, 3, 0, METRIC_COUNT },
		{ 200, 20005, RIG_NOW, 4, -ENOSPC, M_PORTS_EXHAUSTED },
		{ 200, 29999, RIG_REFUSE, 1, -ENOSPC, METRIC_COUNT },
		{ 200, 29999, RIG_NOW, 65, -E2BIG, METRIC_COUNT },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct rig *r = rig_new();
		struct pn_session *s = rig_session(r, "k");
		struct pn_media list[70];
		char text[40];

		r->manners = row[i].manners;
		r->conf.limits.streams = row[i].streams;
		r->realm[0].media_last = row[i].last_port;
		rig_apply(r);
		for (size_t k = 0; k < row[i].lines; k++) {
			snprintf(text, sizeof(text), "audio 198.51.100.7:%u", (unsigned)(4000 + 2 * k));
			rig_lines(text, &list[k]);
		}
		media_declare(s, NULL, A, PN_DECLARE_OFFER, list, row[i].lines, NULL, NULL);
		cr_expect(eq(int, r->reply.err, row[i].err), "row %zu", i);
		rig_turn(r);
		cr_expect(eq(sz, rig_ports(r), row[i].err ? 0 : 4 * row[i].lines), "row %zu", i);
		if (row[i].counter < METRIC_COUNT)
			cr_expect(eq(i64, metric_get(row[i].counter), 1), "row %zu", i);
		rig_free(r);
	}
}

Test(media, busy_port_is_put_aside)
{
	static const struct {
		unsigned busy;
		int err;
		int64_t quarantined;
	} row[] = { { 0, 0, 0 }, { 1, 0, 2 }, { 3, 0, 6 }, { 15, 0, 30 }, { 1000, -ENOSPC, -1 } };

	for (size_t i = 0; i < ROWS(row); i++) {
		struct rig *r = rig_new();

		r->busy = row[i].busy;
		rig_offer(r, rig_session(r, "k"), A, "audio " PHONE);
		cr_expect(eq(int, r->reply.err, row[i].err), "row %zu", i);
		rig_turn(r);
		cr_expect(eq(sz, rig_ports(r), row[i].err ? 0 : 4), "row %zu", i);
		cr_expect(eq(i64, metric_get(M_PORTS_TAKEN), row[i].err ? 0 : 4), "row %zu", i);
		if (row[i].quarantined >= 0)
			cr_expect(eq(i64, metric_get(M_PORTS_QUARANTINED), row[i].quarantined), "row %zu", i);
		rig_free(r);
	}
}

/* ---- late, never, after the end ---- */

Test(media, waits)
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

Test(media, nobody_answers)
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

/* What comes in between: 'c' cancel, 'e' end, 'r' rollback; then the provider answers. */
Test(media, too_late)
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
Test(media, failed_reoffer_changes_nothing)
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

Test(media, one_wait_at_a_time)
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

Test(media, module_ends_the_session_in_rewrite)
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

Test(media, holds_in_order)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	cr_expect(eq(int, hold(s, "INFO", "1"), -ENOENT), "nothing to wait for");
	r->manners = RIG_LATER;
	rig_offer(r, s, A, "audio " PHONE);
	cr_expect(eq(int, hold(s, "audio " PHONE, "0"), -EALREADY), "the waiting message again");
	cr_expect(zero(int, hold(s, "PRACK", "1")));
	cr_expect(zero(int, hold(s, "BYE", "2")));
	cr_expect(eq(int, hold(s, "PRACK", "1"), -EALREADY));
	rig_provide(r, 0);
	cr_expect(eq(str, r->said, "rewrite:0 "), "not within the call");
	cr_expect(eq(int, media_pending(s), 1), "what comes now must queue");
	cr_expect(zero(int, hold(s, "ACK", "3")));
	rig_turn(r);
	cr_expect(eq(str, r->said, "rewrite:0 message:PRACK message:BYE message:ACK "));
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

Test(media, new_wait_keeps_the_rest)
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

Test(media, cancel_delivers_what_is_queued)
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

Test(media, end_drops_the_queue)
{
	struct rig *r = rig_new();

	the_session = rig_session(r, "k");
	r->manners = RIG_LATER;
	rig_offer(r, the_session, A, "audio " PHONE);
	hold(the_session, "INFO", "1");
	session_end(the_session, PN_END_CANCELLED, 487);
	cr_expect(eq(int, hold(the_session, "INFO", "2"), -ENOENT));
	rig_turn(r);
	cr_expect(eq(ptr, strstr(r->said, "message"), NULL));

	the_session = rig_session(r, "k");
	r->said[0] = 0;
	r->on_message = end_session;
	rig_offer(r, the_session, A, "audio " PHONE);
	hold(the_session, "BYE", "1");
	hold(the_session, "INFO", "2");
	media_cancel(the_session);
	rig_turn(r);
	cr_expect(eq(str, r->said, "message:BYE cdr free "));
	rig_free(r);
}

Test(media, queue_is_bounded)
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

Test(media, held_octets_are_bounded)
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

/* ---- media flows ---- */

static void expect_sent(struct rig *r, size_t count, const char *to, const char *what)
{
	struct pn_addr want = rig_addr(to);

	cr_expect(eq(sz, r->n_sent, count), "%s: packets", what);
	if (*to)
		cr_expect(addr_eq(&r->sent.to, &want), "%s: went to %s", what, addr_text(&r->sent.to));
	r->n_sent = 0;
}

Test(media, flows_and_early)
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

Test(media, unanswered_offer_stops_nothing)
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

Test(media, answer_makes_the_change)
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
Test(media, same_declaration_keeps_the_latch)
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

Test(media, victim_gets_nothing)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	rig_offer(r, s, A, "audio 203.0.113.99:53");
	rig_answer(r, s, B, "audio " PSTN);
	rig_rtp(r, r->core, PSTN, rig_local(r, s, B, 0), 1);
	expect_sent(r, 0, "", "declared is neither the peer's nor learned");
	rig_free(r);
}

Test(media, undeclared_peer_may_teach)
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

Test(media, module_may_veto)
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
Test(media, direct_terminal)
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
Test(media, rtcp_goes_where_it_belongs)
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
		bool mux = strstr(row[i].answer, "mux");
		struct pn_addr at;

		rig_offer(r, s, A, row[i].offer);
		rig_answer(r, s, B, row[i].answer);
		at = rig_local(r, s, B, 0);
		if (!mux)
			at.port++;
		rig_rtcp(r, r->core, mux ? PSTN : "192.0.2.20:6001", at, 1);
		if (i != 2)
			expect_sent(r, *row[i].to != 0, row[i].to, row[i].answer);
		rig_free(r);
	}
}

Test(media, explicit_rtcp)
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
Test(media, peer_moves)
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

Test(media, tells_what_was_declared)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");
	struct pn_media list[3];

	cr_expect(zero(int, media_declared(s, NULL, A, list, 3)));
	rig_offer(r, s, A, "audio " PHONE "; video closed; message 10.0.0.9:2855 foreign");
	cr_expect(eq(int, media_declared(s, NULL, A, list, 2), 2), "no more than fit");
	cr_expect(eq(int, media_declared(s, NULL, A, list, 3), 3));
	cr_expect(eq(int, list[0].rtp.port, 4000));
	cr_expect(eq(int, (int)(list[1].flags & PN_MEDIA_CLOSED), PN_MEDIA_CLOSED));
	cr_expect(eq(int, list[2].rtp.port, 2855));
	cr_expect(eq(int, media_declared(s, NULL, B, list, 3), 3));
	cr_expect(eq(int, (int)list[0].flags, PN_MEDIA_CLOSED), "nothing yet");
	rig_answer(r, s, B, "audio " PSTN "; video closed; message 192.0.2.20:2855 foreign");
	rig_offer(r, s, A, "audio 198.51.100.7:4444; video closed; message 10.0.0.9:2855 foreign");
	media_declared(s, NULL, A, list, 3);
	cr_expect(eq(int, list[0].rtp.port, 4444), "what is offered counts");
	media_rollback(s);
	media_declared(s, NULL, A, list, 3);
	cr_expect(eq(int, list[0].rtp.port, 4000));
	rig_free(r);
}
