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
static const struct {
	const char *step[6];
	const char *a, *b; /* advertised to A and to B then */
	size_t ports;
} effects[] = {
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
	{ { "oA audio " PHONE, "oA audio " PHONE "; video 198.51.100.7:4002", "r " }, "", "", 0 },
	/* rollback after the answer takes nothing back */
	{ { "oA audio " PHONE, "aB audio " PSTN, "r " }, "198.51.100.5:P", "192.0.2.5:P", 4 },
	/* neither offer nor answer: either side first, a shorter list leaves the rest alone */
	{ { "dB audio " PSTN, "dA audio " PHONE }, "198.51.100.5:P", "192.0.2.5:P", 4 },
	{ { "dA audio " PHONE "; video 198.51.100.7:4002", "dB audio " PSTN }, "198.51.100.5:P; - closed",
	  "192.0.2.5:P; 192.0.2.5:P", 8 },
	{ { "dA audio " PHONE, "dB audio " PSTN, "dA audio closed" }, "- closed", "- closed", 0 },
	/* closed by both, in whatever order: then either opens it */
	{ { "dA audio " PHONE, "dB audio " PSTN, "dA audio closed", "dB audio closed", "dA audio " PHONE },
	  "- closed", "192.0.2.5:P", 4 },
	/* mux is passed on */
	{ { "oA audio " PHONE " mux", "aB audio " PSTN " mux" }, "198.51.100.5:P mux",
	  "192.0.2.5:P mux", 4 },
	/* nothing declared: no media, no ports */
	{ { "oA ", "aB " }, "", "", 0 },
};

Test(media, takes_effect)
{
	for (size_t i = 0; i < ROWS(effects); i++) {
		struct rig *r = rig_new();
		struct pn_session *s = rig_session(r, "k");

		for (size_t k = 0; k < ROWS(effects[i].step) && effects[i].step[k]; k++)
			step(r, s, effects[i].step[k]);
		cr_expect(eq(str, (char *)rig_shown(r, s, A), (char *)effects[i].a), "row %zu: to A", i);
		cr_expect(eq(str, (char *)rig_shown(r, s, B), (char *)effects[i].b), "row %zu: to B", i);
		cr_expect(eq(sz, rig_ports(r), effects[i].ports), "row %zu: ports", i);
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
