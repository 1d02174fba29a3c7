#include "correlation.h"
#include "session_rig.h"
#include "session_state.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#define A PN_SIDE_A
#define B PN_SIDE_B

static struct pn_session *start(struct rig *r, const char *key, const char *correlation)
{
	struct pn_session_args a = rig_args(r, key);

	a.correlation = str_of(correlation);
	loop_advance(r->loop, 1);
	return rig_session_args(r, &a);
}

static bool same(const struct pn_session *a, const struct pn_session *b)
{
	return !strcmp(a->rec.correlation, b->rec.correlation);
}

Test(correlation, by_text)
{
	struct rig *r = rig_new();
	struct pn_session *a = start(r, "a", "call-1"), *b = start(r, "b", "call-1");
	struct pn_session *c = start(r, "c", "call-2"), *d = start(r, "d", ""), *e = start(r, "e", "");

	cr_expect(same(a, b));
	cr_expect(not(same(a, c)));
	cr_expect(not(same(d, e)), "no text is no common text");
	session_end(a, PN_END_NORMAL, 200);
	cr_expect(same(b, start(r, "f", "call-1")), "as long as one is left");
	rig_free(r);
}

Test(correlation, ends_with_its_last)
{
	struct rig *r = rig_new();
	struct pn_session *a = start(r, "a", "call-1");
	char id[SESSION_ID];

	memcpy(id, a->rec.correlation, sizeof(id));
	session_end(a, PN_END_NORMAL, 200);
	cr_expect(ne(str, start(r, "b", "call-1")->rec.correlation, id));
	rig_free(r);
}

/* The callee's answer names the port that the other session shows on the core side. */
Test(correlation, by_media)
{
	struct rig *r = rig_new();
	struct pn_session *a = start(r, "a", "call-1"), *b = start(r, "b", "call-2"), *c;
	char text[80], id[SESSION_ID];

	memcpy(id, a->rec.correlation, sizeof(id));
	rig_offer(r, a, A, "audio 198.51.100.7:4000");
	rig_offer(r, b, A, "audio 198.51.100.8:4000");
	cr_expect(not(same(a, b)));
	snprintf(text, sizeof(text), "audio 192.0.2.5:%u", rig_local(r, a, B, 0).port);
	rig_answer(r, b, B, text);
	cr_expect(same(a, b));
	cr_expect(eq(str, b->rec.correlation, id), "the older one's");
	c = start(r, "c", "call-2");
	cr_expect(same(a, c), "the text of the younger one now means the same call");
	session_end(a, PN_END_NORMAL, 200);
	session_end(b, PN_END_NORMAL, 200);
	cr_expect(same(c, start(r, "d", "call-1")));
	rig_turn(r);
	rig_free(r);
}

static void core_port(struct rig *r, struct pn_session *s, enum pn_side side, char *out, size_t cap)
{
	snprintf(out, cap, "audio 192.0.2.5:%u", rig_local(r, s, side, 0).port);
}

/* P-SELF: the softswitch sends the call back out, the media stays inside. */
Test(correlation, media_meets_inside)
{
	struct rig *r = rig_new();
	struct pn_session *out = start(r, "out", ""), *back;
	struct pn_session_args a = rig_args(r, "back");
	struct pn_addr callee = rig_addr("198.51.100.8:4400");
	char text[80];

	a.ingress = r->core;
	a.egress = r->access;
	a.peer_a = rig_addr("192.0.2.20:5060");
	a.peer_b = rig_addr("198.51.100.8:5060");
	back = rig_session_args(r, &a);
	rig_offer(r, out, A, "audio 198.51.100.7:4000");
	core_port(r, out, B, text, sizeof(text));
	rig_offer(r, back, A, text);
	cr_expect(same(out, back), "one offer is enough to tell");
	rig_answer(r, back, B, "audio 198.51.100.8:4400");
	core_port(r, back, A, text, sizeof(text));
	rig_answer(r, out, B, text);
	rig_rtp(r, r->access, "198.51.100.7:4000", rig_local(r, out, A, 0), 2);
	cr_expect(eq(sz, r->n_sent, 1), "nothing on the core side");
	cr_expect(eq(uint, r->sent.realm, r->access->index));
	cr_expect(addr_eq(&r->sent.to, &callee));
	session_end(out, PN_END_NORMAL, 200);
	session_end(back, PN_END_NORMAL, 200);
	rig_turn(r);
	cr_expect(ne(ptr, strstr(r->line, "\"rtcp_packets\""), NULL));
	rig_free(r);
}

Test(correlation, names_are_capped)
{
	struct rig *r = rig_new();
	struct pn_session *first = start(r, "first", "call"), *last = NULL;
	char key[16];

	for (unsigned i = 0; i < 2 * CORRELATION_NAMES_MAX; i++) {
		snprintf(key, sizeof(key), "%u", i);
		last = start(r, key, key);
		correlation_merge(last, first);
		cr_expect(same(last, first));
	}
	cr_expect(eq(sz, r->sessions->correlations.count, CORRELATION_NAMES_MAX));
	cr_expect(same(first, start(r, "again", "call")));
	rig_free(r);
}
