/* Streams at a shared port, and the pinholes that they are joined to. Sessions go from access, where agents and
 * terminals with STUN are, to core, unless a test says otherwise. */
#ifndef UNIT_MEDIA_JOIN_KIT_H
#define UNIT_MEDIA_JOIN_KIT_H

#include "media_pinhole.h"
#include "metrics.h"
#include "pinhole/message.h"
#include "session_rig.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define A PN_SIDE_A
#define B PN_SIDE_B
#define PORT "198.51.100.5:3478"
#define NAT "198.51.100.9"   /* the agent's */
#define PHONE "198.51.100.7" /* a terminal's */
#define PSTN "192.0.2.20:6000"
#define NONE_ERR "rewrite:-99 " /* EADDRNOTAVAIL */

static inline struct rig *start(enum stun_media stun_media)
{
	struct rig *r = rig_new();
	struct pn_addr port = rig_addr(PORT);

	r->realm[0].pinhole = 3478;
	r->realm[0].stun = true;
	r->realm[0].stun_media = stun_media;
	rig_apply(r);
	cr_assert(zero(int, relay_shared_open(r->relay, 0, &port)));
	return r;
}

static inline void stop(struct rig *r)
{
	rig_turn(r);
	rig_free(r);
}

/* ---- pinholes ---- */

static inline void arrive(struct rig *r, const char *from, const void *data, int len)
{
	struct pn_addr src = rig_addr(from), port = rig_addr(PORT);

	cr_assert(gt(int, len, 0));
	relay_input(r->relay, 0, &port, &src, data, (size_t)len);
}

static inline void cmph(struct rig *r, const char *from, const char *inner)
{
	static uint64_t order;
	struct message m = { .stun = { .method = MESSAGE_CMPH }, .username = str_of("acme"), .agent = str_of("ag1"),
			     .realm = str_of("postern"), .nonce = str_of("any"), .inner = rig_addr(inner),
			     .order = ++order, .offers_sha256 = true, .chooses_sha256 = true };
	uint8_t key[STUN_KEY], out[MESSAGE_MAX];
	size_t sent = r->n_sent;

	cr_assert(zero(int, credential_key(m.username, m.realm, str_of("secret"), key)));
	arrive(r, from, out, message_write(&m, NULL, 0, key, out, sizeof(out)));
	cr_assert(gt(sz, r->n_sent, sent));
	r->n_sent = 0;
}

/* inner may be NULL */
static inline void stun_of(struct rig *r, const char *from, const char *inner)
{
	struct message m = { .stun = { .method = MESSAGE_CMPH } };
	uint8_t out[MESSAGE_MAX];

	if (inner)
		m.inner = rig_addr(inner);
	arrive(r, from, out, message_write(&m, NULL, 0, NULL, out, sizeof(out)));
	r->n_sent = 0;
}

static inline void stun(struct rig *r, const char *from)
{
	stun_of(r, from, NULL);
}

/* ---- calls ---- */

static inline struct pn_session *agent_call(struct rig *r, const char *key)
{
	struct pn_session_args a = rig_args(r, key);

	a.peer_a = rig_addr(RIG_AGENT);
	return rig_session_args(r, &a);
}

static inline struct pn_binding *bind_at(struct rig *r, const char *pinhole, bool accepted)
{
	struct pn_binding_args a = { .size = sizeof(a), .realm = r->access, .identity = str_of("bob"),
				     .pinhole = rig_addr(pinhole), .flow = 1, .expires_ms = 60000 };
	struct pn_binding *b = NULL;

	cr_assert(zero(int, binding_put(r->bindings, (struct module *)r, &a, &b)));
	if (accepted)
		binding_accept(b, 3600000, 3600000);
	return b;
}

static inline struct pn_binding *bind_phone(struct rig *r, bool accepted)
{
	return bind_at(r, PHONE ":5060", accepted);
}

static inline struct pn_session *phone_call(struct rig *r, const char *key, struct pn_binding *b)
{
	struct pn_session_args a = rig_args(r, key);

	a.binding_a = b;
	return rig_session_args(r, &a);
}

static inline void expect_said(struct rig *r, const char *want)
{
	cr_expect(eq(str, r->said, (char *)want));
	r->said[0] = 0;
}

static inline void expect_sent(struct rig *r, const char *from, const char *to)
{
	struct pn_addr src = rig_addr(from), dst = rig_addr(to);

	cr_assert(eq(sz, r->n_sent, *to ? 1 : 0), "to %s", to);
	r->n_sent = 0;
	if (!*to)
		return;
	cr_expect(addr_eq(&r->sent.to, &dst), "%s, not %s", addr_text(&r->sent.to), to);
	if (*from)
		cr_expect(addr_eq(&r->sent.from, &src), "%s", addr_text(&r->sent.from));
}

static inline void expect_up(struct rig *r, const char *from, const char *to)
{
	struct pn_addr port = rig_addr(PORT);

	rig_rtp(r, r->access, from, port, 1);
	expect_sent(r, "", to);
}

static inline void expect_down(struct rig *r, struct pn_session *s, const char *to)
{
	rig_rtp(r, r->core, PSTN, rig_local(r, s, B, 0), 2);
	expect_sent(r, *to ? PORT : "", to);
}

static inline void expect_shared(struct rig *r, const char *what)
{
	struct pn_addr port = rig_addr(PORT);

	cr_expect(addr_eq(&r->reply.adv[0].rtp, &port), "%s: %s", what, addr_text(&r->reply.adv[0].rtp));
	cr_expect(addr_eq(&r->reply.adv[0].rtcp, &port), "%s", what);
	cr_expect(ne(u32, r->reply.adv[0].flags & PN_MEDIA_RTCP_ATTR, 0), "%s", what);
}

#endif
