#include "cmph.h"
#include "metrics.h"
#include "pinhole/credential.h"
#include "session_rig.h"
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
#define GATEWAY "192.0.2.20:3478"
#define KEEP_MS 15000u

/* ---- the uplink, and the gateway behind the network ---- */

struct uplinks {
	struct pinhole_login *login;
	struct uplink_who who;
	unsigned stale;
	void (*on_open)(void *arg);
	void *arg;
};

struct pinhole_login *uplink_login(const struct uplinks *u)
{
	return u->login;
}

const struct uplink_who *uplink_who(const struct uplinks *u)
{
	return &u->who;
}

void uplink_on_open(struct uplinks *u, void (*fn)(void *arg), void *arg)
{
	u->on_open = fn;
	u->arg = arg;
}

void uplink_stale(struct uplinks *u)
{
	u->stale++;
}

#define WAITING 64u

struct request { /* a CMPH that came to the gateway */
	uint8_t data[MESSAGE_MAX];
	struct message m;
	struct pn_addr from;
};

struct agent {
	struct rig *r;
	struct uplinks uplinks;
	struct cmph *cmph;
	struct request waiting[WAITING];
	size_t n;
	uint16_t next_port; /* of the next pinhole */
	uint64_t order;
};

static struct agent *the_agent;
static const struct pn_str realm = { "postern", 7 }, nonce = { "obMatJos2AAAA-nonce", 19 };

static void on_send(struct rig *r, const struct pn_addr *from, const struct pn_addr *to, const void *data, size_t len)
{
	struct agent *a = the_agent;
	struct request *q = &a->waiting[a->n];
	struct pn_addr gateway = rig_addr(GATEWAY);

	if (!stun_is(data, len))
		return;
	r->n_sent--;
	cr_expect(addr_eq(to, &gateway), "a CMPH went to %s", addr_text(to));
	cr_assert(lt(sz, a->n, WAITING));
	memcpy(q->data, data, len);
	cr_assert(zero(int, message_parse(q->data, len, &q->m)));
	cr_expect(eq(int, q->m.stun.method, MESSAGE_CMPH));
	q->from = *from;
	a->n++;
}

static void on_stun(struct rig *r, const struct relay_place *at, const struct pn_addr *from, const void *data,
		    size_t len)
{
	(void)r;
	cmph_on_stun(the_agent->cmph, at, from, data, len);
}

static void login(struct agent *a)
{
	const struct pinhole_login_conf lc = {
		.network = str_of("acme"), .agent = str_of("one"), .secret = str_of("a secret of acme"),
		.wall_us = 1000000, .now_ms = loop_now(a->r->loop),
	};

	a->uplinks.login = pinhole_login_new(&lc);
	cr_assert(ne(ptr, a->uplinks.login, NULL));
}

static struct agent *agent_new(const struct conf_gateway *options)
{
	struct agent *a = calloc(1, sizeof(*a));
	struct conf_gateway g = *options;
	struct conf conf = { .role = ROLE_AGENT, .gateway = &g };
	struct cmph_conf cc = { .uplinks = &a->uplinks };

	cr_assert(ne(ptr, a, NULL));
	the_agent = a;
	a->r = rig_new();
	a->r->core->uplink = true;
	a->r->on_send = on_send;
	a->r->on_stun = on_stun;
	a->next_port = 7000;
	login(a);
	a->uplinks.who = (struct uplink_who){ .realm = a->r->core, .gateway = rig_addr(GATEWAY) };
	cc.loop = a->r->loop;
	cc.relay = a->r->relay;
	cc.sessions = &a->r->sessions;
	cc.ports = a->r->ports;
	a->cmph = cmph_new(&cc);
	cr_assert(ne(ptr, a->cmph, NULL));
	g.keep_ms = KEEP_MS;
	cmph_apply(a->cmph, &conf);
	a->r->inner = &cmph_ops;
	a->r->inner_arg = a->cmph;
	return a;
}

static void agent_free(struct agent *a)
{
	rig_turn(a->r);
	rig_free(a->r);
	cmph_free(a->cmph);
	pinhole_login_free(a->uplinks.login);
	free(a);
}

static const struct conf_gateway plain = { .media_local = true, .show_final = true };

static void answer(struct agent *a, const struct request *q, const uint8_t *data, int len)
{
	struct pn_addr gateway = rig_addr(GATEWAY);

	cr_assert(gt(int, len, 0));
	relay_input(a->r->relay, a->r->core->index, &q->from, &gateway, data, (size_t)len);
}

static void key_of(uint8_t key[STUN_KEY])
{
	credential_key(str_of("acme"), realm, str_of("a secret of acme"), key);
}

static void refuse(struct agent *a, const struct request *q, int code)
{
	uint8_t out[MESSAGE_MAX];

	answer(a, q, out, message_write_error(&q->m, code, realm, nonce, NULL, out, sizeof(out)));
}

static void grant(struct agent *a, const struct request *q, const char *mapped)
{
	struct message values = { .mapped = rig_addr(mapped), .lifetime_s = 60 };
	uint8_t out[MESSAGE_MAX], key[STUN_KEY];

	key_of(key);
	answer(a, q, out, message_write_success(&q->m, &values, key, out, sizeof(out)));
}

/* The gateway asks who they are, and they tell. */
static void challenge(struct agent *a)
{
	struct request first[2];

	cr_assert(eq(sz, a->n, 2));
	memcpy(first, a->waiting, sizeof(first));
	a->n = 0;
	for (size_t i = 0; i < 2; i++) {
		cr_expect(zero(sz, first[i].m.username.len), "credentials before they are asked for");
		refuse(a, &first[i], 401);
	}
	cr_assert(eq(sz, a->n, 2));
}

/* All that waits gets a pinhole of its own: 203.0.113.1 with rising ports. */
static void grant_all(struct agent *a)
{
	size_t n = a->n;
	struct request list[WAITING];

	memcpy(list, a->waiting, n * sizeof(*list));
	a->n = 0;
	for (size_t i = 0; i < n; i++) {
		char mapped[32];

		snprintf(mapped, sizeof(mapped), "203.0.113.1:%u", a->next_port++);
		grant(a, &list[i], mapped);
	}
}

static void expect_shown(const struct rig *r, size_t line, const char *rtp, const char *rtcp)
{
	struct pn_addr want = rig_addr(rtp), want_rtcp = rig_addr(rtcp);

	cr_assert(lt(sz, line, r->reply.n));
	cr_expect(addr_eq(&r->reply.adv[line].rtp, &want), "%s", addr_text(&r->reply.adv[line].rtp));
	cr_expect(addr_eq(&r->reply.adv[line].rtcp, &want_rtcp), "%s", addr_text(&r->reply.adv[line].rtcp));
}

/* ---- */

Test(cmph, both_pinholes_before_anything_is_shown)
{
	struct agent *a = agent_new(&plain);
	struct rig *r = a->r;
	struct pn_session *s = rig_session(r, "k");
	struct pn_addr phone = rig_addr(PHONE);

	rig_offer(r, s, A, "audio " PHONE);
	challenge(a);
	for (unsigned i = 0; i < 2; i++) {
		const struct request *q = &a->waiting[i];

		cr_expect(addr_eq(&q->m.inner, &q->from), "INNER-ADDRESS is the socket's");
		cr_expect(eq(int, q->m.final.port, phone.port + i), "FINAL-ADDRESS");
		cr_expect(zero(int, q->from.port % 2 - (int)i), "RTP, then RTCP");
	}
	grant(a, &a->waiting[0], "203.0.113.1:7000");
	cr_expect(eq(str, r->said, ""), "one pinhole is not enough: %s", r->said);
	grant(a, &a->waiting[1], "203.0.113.1:7777");
	cr_expect(eq(str, r->said, "rewrite:0 "));
	expect_shown(r, 0, "203.0.113.1:7000", "203.0.113.1:7777");
	agent_free(a);
}

Test(cmph, nothing_is_asked_before_it_is_needed)
{
	struct agent *a = agent_new(&plain);
	struct rig *r = a->r;
	struct pn_session *s = rig_session(r, "k");

	rig_offer(r, s, B, "audio " GATEWAY);
	cr_expect(eq(str, r->said, "rewrite:0 "), "the terminal is shown its address at once");
	cr_expect(zero(sz, a->n), "and no pinhole is made for a call that may never be answered");
	cr_expect(eq(int, r->reply.adv[0].rtp.port / 10000, 2));
	rig_answer(r, s, A, "audio " PHONE);
	challenge(a);
	grant_all(a);
	cr_expect(eq(str, r->said, "rewrite:0 rewrite:0 "));
	expect_shown(r, 0, "203.0.113.1:7000", "203.0.113.1:7001");
	rig_offer(r, s, A, "audio " PHONE);
	cr_expect(eq(str, r->said, "rewrite:0 rewrite:0 rewrite:0 "), "a new offer keeps them");
	expect_shown(r, 0, "203.0.113.1:7000", "203.0.113.1:7001");
	agent_free(a);
}

Test(cmph, early_waits_for_nothing)
{
	struct conf_gateway early = { .cmph_early = true };
	struct agent *a = agent_new(&early);
	struct rig *r = a->r;
	struct pn_session *s = rig_session(r, "k");

	rig_offer(r, s, A, "audio " PHONE);
	cr_expect(eq(str, r->said, "rewrite:0 "));
	cr_expect(eq(sz, a->n, 2));
	cr_expect(addr_eq(&r->reply.adv[0].rtp, &a->waiting[0].m.inner));
	cr_expect(addr_eq(&r->reply.adv[0].rtcp, &a->waiting[1].m.inner));
	cr_expect(zero(int, a->waiting[0].m.final.family), "show-final=\"no\"");
	challenge(a);
	grant_all(a);
	cr_expect(eq(str, r->said, "rewrite:0 "));
	agent_free(a);
}

Test(cmph, refusals)
{
	static const struct {
		int code;
		const char *said;
	} row[] = { { 486, "rewrite:-28 " }, { 500, "rewrite:-99 " } };

	for (size_t i = 0; i < ROWS(row); i++) {
		struct agent *a = agent_new(&plain);
		struct rig *r = a->r;
		struct pn_session *s = rig_session(r, "k");
		uint8_t out[MESSAGE_MAX], key[STUN_KEY];

		rig_offer(r, s, A, "audio " PHONE);
		challenge(a);
		key_of(key);
		answer(a, &a->waiting[0], out, message_write_error(&a->waiting[0].m, row[i].code, realm, nonce, key, out,
								  sizeof(out)));
		cr_expect(eq(str, r->said, (char *)row[i].said), "%d: %s", row[i].code, r->said);
		rig_turn(r);
		cr_expect(zero(sz, rig_ports(r)), "the ports went back");
		agent_free(a);
	}
}

Test(cmph, silence_is_a_refusal)
{
	struct agent *a = agent_new(&plain);
	struct rig *r = a->r;
	struct pn_session *s = rig_session(r, "k");

	rig_offer(r, s, A, "audio " PHONE);
	loop_advance(r->loop, 2900);
	cr_expect(eq(str, r->said, ""));
	cr_expect(gt(sz, a->n, 2), "it is asked again and again");
	loop_advance(r->loop, 200);
	cr_expect(eq(str, r->said, "rewrite:-110 "), "%s", r->said);
	a->n = 0;
	loop_advance(r->loop, 60000);
	cr_expect(zero(sz, a->n), "nothing is asked for a stream that is over");
	cr_expect(zero(sz, rig_ports(r)));
	agent_free(a);
}

Test(cmph, an_outdated_nonce_makes_a_registration)
{
	struct agent *a = agent_new(&plain);
	struct rig *r = a->r;
	struct pn_session *s = rig_session(r, "k");
	struct request first;

	rig_offer(r, s, A, "audio " PHONE);
	challenge(a);
	first = a->waiting[0];
	a->n = 0;
	refuse(a, &first, 401);
	cr_expect(eq(u32, a->uplinks.stale, 1), "the gateway has forgotten us");
	cr_expect(zero(sz, a->n), "no use asking before the registration stands");
	a->uplinks.on_open(a->uplinks.arg);
	loop_advance(r->loop, 10);
	cr_assert(ge(sz, a->n, 1));
	a->waiting[1] = a->waiting[0];
	grant_all(a);
	agent_free(a);
}

static struct pn_session *call_up(struct agent *a, const char *key, const char *phone)
{
	struct rig *r = a->r;
	struct pn_session *s = rig_session(r, key);
	char line[64];

	snprintf(line, sizeof(line), "audio %s", phone);
	rig_offer(r, s, A, line);
	if (!pinhole_login_nonce(a->uplinks.login).len)
		challenge(a);
	grant_all(a);
	rig_answer(r, s, B, "audio " GATEWAY);
	return s;
}

Test(cmph, media_comes_from_the_gateway_alone)
{
	struct agent *a = agent_new(&plain);
	struct rig *r = a->r;
	struct pn_session *s = call_up(a, "k", PHONE);
	struct pn_addr lan = rig_local(r, s, A, 0), wan = { 0 };

	r->n_sent = 0;
	rig_rtp(r, r->access, PHONE, lan, 1);
	cr_assert(eq(sz, r->n_sent, 1));
	cr_expect(eq(str, (char *)addr_text(&r->sent.to), GATEWAY));
	wan = r->sent.from;
	rig_rtp(r, r->core, GATEWAY, wan, 2);
	cr_assert(eq(sz, r->n_sent, 2));
	cr_expect(eq(str, (char *)addr_text(&r->sent.to), PHONE));
	rig_rtp(r, r->core, "192.0.2.20:3480", wan, 2);
	rig_rtp(r, r->core, "203.0.113.66:3478", wan, 2);
	cr_expect(eq(sz, r->n_sent, 2), "foreign");
	agent_free(a);
}

Test(cmph, pinholes_are_kept_until_the_end)
{
	struct agent *a = agent_new(&plain);
	struct rig *r = a->r;
	struct pn_session *s = call_up(a, "k", PHONE);
	size_t rewrites = r->rewrites;

	for (unsigned i = 0; i < 4; i++) {
		loop_advance(r->loop, KEEP_MS);
		cr_expect(eq(sz, a->n, 2), "round %u", i);
		grant_all(a);
		a->n = 0;
	}
	cr_expect(eq(sz, r->rewrites, rewrites), "pinholes that move need no signalling");
	cr_expect(ge(i64, metric_get(M_CMPH_MOVED), 2));
	session_end(s, 0, 200);
	rig_turn(r);
	a->n = 0;
	loop_advance(r->loop, 10 * KEEP_MS);
	cr_expect(zero(sz, a->n), "they end with the session");
	agent_free(a);
}

/* The gateway's indication for the socket `inner`. */
static void indicate(struct agent *a, int method, const struct pn_addr *inner, const struct pn_addr *peer)
{
	struct message m = { .stun = { .cls = STUN_INDICATION, .method = (uint16_t)method }, .inner = *inner,
			     .order = ++a->order };
	struct request to = { .from = *inner };
	uint8_t out[MESSAGE_MAX], key[STUN_KEY];

	if (method == MESSAGE_JOIN)
		m.peer_inner = *peer;
	memcpy(m.stun.tid, &a->order, sizeof(a->order));
	key_of(key);
	answer(a, &to, out, message_write(&m, NULL, 0, key, out, sizeof(out)));
}

/* Who sends for this terminal to the gateway. */
static struct pn_addr inner_of(struct rig *r, struct pn_session *s, const char *phone)
{
	rig_rtp(r, r->access, phone, rig_local(r, s, A, 0), 1);
	return r->sent.from;
}

Test(cmph, a_joined_call_stays_inside)
{
	static const char one[] = "198.51.100.7:4000", two[] = "198.51.100.7:5000";
	struct agent *a = agent_new(&plain);
	struct rig *r = a->r;
	struct pn_session *s[2] = { call_up(a, "1", one), call_up(a, "2", two) };
	struct pn_addr in[2] = { inner_of(r, s[0], one), inner_of(r, s[1], two) };
	struct pn_addr elsewhere = rig_addr("192.0.2.5:9"), lan = rig_local(r, s[1], A, 0);

	indicate(a, MESSAGE_JOIN, &in[0], &elsewhere);
	rig_rtp(r, r->access, one, rig_local(r, s[0], A, 0), 1);
	cr_expect(eq(str, (char *)addr_text(&r->sent.to), GATEWAY), "not a port of ours");
	indicate(a, MESSAGE_JOIN, &in[0], &lan);
	rig_rtp(r, r->access, one, rig_local(r, s[0], A, 0), 1);
	cr_expect(eq(str, (char *)addr_text(&r->sent.to), GATEWAY), "not a port at the gateway's side");

	indicate(a, MESSAGE_JOIN, &in[0], &in[1]);
	rig_rtp(r, r->access, one, rig_local(r, s[0], A, 0), 1);
	cr_expect(eq(str, (char *)addr_text(&r->sent.to), GATEWAY), "not before both ends know");
	indicate(a, MESSAGE_JOIN, &in[1], &in[0]);
	cr_expect(eq(i64, metric_get(M_CMPH_JOINED), 2));
	rig_rtp(r, r->access, one, rig_local(r, s[0], A, 0), 1);
	cr_expect(eq(str, (char *)addr_text(&r->sent.to), (char *)two));
	rig_rtp(r, r->access, two, rig_local(r, s[1], A, 0), 2);
	cr_expect(eq(str, (char *)addr_text(&r->sent.to), (char *)one));

	indicate(a, MESSAGE_UNJOIN, &in[0], NULL);
	rig_rtp(r, r->access, one, rig_local(r, s[0], A, 0), 1);
	cr_expect(eq(str, (char *)addr_text(&r->sent.to), GATEWAY), "it leaves again");
	rig_rtp(r, r->access, two, rig_local(r, s[1], A, 0), 2);
	cr_expect(eq(str, (char *)addr_text(&r->sent.to), GATEWAY), "and so does the other way");
	indicate(a, MESSAGE_JOIN, &in[0], &in[1]);
	cr_expect(eq(i64, metric_get(M_CMPH_JOINED), 4));
	session_end(s[1], 0, 200);
	rig_rtp(r, r->access, one, rig_local(r, s[0], A, 0), 1);
	cr_expect(eq(str, (char *)addr_text(&r->sent.to), GATEWAY), "the other one hung up");
	agent_free(a);
}

Test(cmph, a_gateway_that_starts_anew_ends_no_call_inside)
{
	static const char one[] = "198.51.100.7:4000", two[] = "198.51.100.7:5000";
	struct agent *a = agent_new(&plain);
	struct rig *r = a->r;
	struct pn_session *s[2] = { call_up(a, "1", one), call_up(a, "2", two) };
	struct pn_addr in[2] = { inner_of(r, s[0], one), inner_of(r, s[1], two) };

	indicate(a, MESSAGE_JOIN, &in[0], &in[1]);
	indicate(a, MESSAGE_JOIN, &in[1], &in[0]);
	loop_advance(r->loop, 10);
	grant_all(a);
	indicate(a, MESSAGE_JOIN, &in[0], &in[1]);
	indicate(a, MESSAGE_JOIN, &in[1], &in[0]);
	a->n = 0;
	a->uplinks.on_open(a->uplinks.arg);
	loop_advance(r->loop, 10);
	cr_expect(eq(sz, a->n, 4));
	grant_all(a);
	rig_rtp(r, r->access, one, rig_local(r, s[0], A, 0), 1);
	cr_expect(eq(str, (char *)addr_text(&r->sent.to), (char *)(uintptr_t)two), "it says nothing of the call");
	indicate(a, MESSAGE_JOIN, &in[0], &in[1]);
	indicate(a, MESSAGE_UNJOIN, &in[0], NULL);
	rig_rtp(r, r->access, one, rig_local(r, s[0], A, 0), 1);
	cr_expect(eq(str, (char *)addr_text(&r->sent.to), GATEWAY), "it knows the call");
	agent_free(a);
}

/* Answers to refreshes say it too, whatever became of an indication. */
Test(cmph, what_was_not_heard_is_asked_for)
{
	static const char one[] = "198.51.100.7:4000", two[] = "198.51.100.7:5000";
	struct agent *a = agent_new(&plain);
	struct rig *r = a->r;
	struct pn_session *s[2] = { call_up(a, "1", one), call_up(a, "2", two) };
	struct pn_addr in[2] = { inner_of(r, s[0], one), inner_of(r, s[1], two) };
	uint8_t out[MESSAGE_MAX], key[STUN_KEY];

	key_of(key);
	a->n = 0;
	indicate(a, MESSAGE_JOIN, &in[0], &in[1]);
	loop_advance(r->loop, 10);
	cr_assert(eq(sz, a->n, 2), "of the other one");
	for (size_t i = 0; i < 2; i++) {
		struct message values = { .mapped = rig_addr("203.0.113.1:7000"), .lifetime_s = 60 };

		if (addr_eq(&a->waiting[i].m.inner, &in[1]))
			values.peer_inner = in[0];
		answer(a, &a->waiting[i], out,
		       message_write_success(&a->waiting[i].m, &values, key, out, sizeof(out)));
	}
	rig_rtp(r, r->access, one, rig_local(r, s[0], A, 0), 1);
	cr_expect(eq(str, (char *)addr_text(&r->sent.to), (char *)(uintptr_t)two));
	agent_free(a);
}

Test(cmph, who_wants_media_outside_has_it_there)
{
	static const char one[] = "198.51.100.7:4000", two[] = "198.51.100.7:5000";
	struct conf_gateway outside = { .media_local = false };
	struct agent *a = agent_new(&outside);
	struct rig *r = a->r;
	struct pn_session *s[2] = { call_up(a, "1", one), call_up(a, "2", two) };
	struct pn_addr in[2] = { inner_of(r, s[0], one), inner_of(r, s[1], two) };

	indicate(a, MESSAGE_JOIN, &in[0], &in[1]);
	rig_rtp(r, r->access, one, rig_local(r, s[0], A, 0), 1);
	cr_expect(eq(str, (char *)addr_text(&r->sent.to), GATEWAY));
	agent_free(a);
}

Test(cmph, calls_inside_are_the_port_providers)
{
	struct agent *a = agent_new(&plain);
	struct rig *r = a->r;
	struct pn_session_args args = rig_args(r, "k");
	struct pn_session *s;

	args.egress = r->access;
	s = rig_session_args(r, &args);
	rig_offer(r, s, A, "audio " PHONE);
	cr_expect(eq(str, r->said, "rewrite:0 "));
	cr_expect(zero(sz, a->n));
	agent_free(a);
}
