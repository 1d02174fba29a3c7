/* A relay in line on a fake network and a fake clock, for tests. */
#ifndef TESTS_FAKE_RELAY_H
#define TESTS_FAKE_RELAY_H

#include "buf.h"
#include "metrics.h"
#include "relay.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define SENT_MAX 64
#define BOUND_MAX 256

struct fake {
	struct loop *loop;
	struct relay *relay;
	struct { char text[160]; uint8_t data[16]; size_t len; } sent[SENT_MAX]; /* text: "realm local>to" */
	size_t n_sent;
	struct { unsigned realm; struct pn_addr local; } bound[BOUND_MAX];
	size_t n_bound;
	struct pn_addr taken; /* by another program */
	char events[512];     /* what on_latch, on_final and on_stun were told */
	int veto;
	uint32_t close_on_latch;
	struct relay_counters last; /* as on_final saw them */
	size_t bound_at_final;
};

static struct pn_addr addr(const char *text)
{
	struct pn_addr a = { 0 };

	if (strcmp(text, "none"))
		cr_assert(zero(int, addr_parse_port(str_of(text), 0, &a)), "%s", text);
	return a;
}

static int fake_bind(void *net, unsigned realm, const struct pn_addr *local)
{
	struct fake *f = net;

	if (addr_eq(local, &f->taken))
		return -EADDRINUSE;
	for (size_t i = 0; i < f->n_bound; i++)
		if (f->bound[i].realm == realm && addr_eq(&f->bound[i].local, local))
			return -EADDRINUSE;
	f->bound[f->n_bound].realm = realm;
	f->bound[f->n_bound++].local = *local;
	return 0;
}

static void fake_unbind(void *net, unsigned realm, const struct pn_addr *local)
{
	struct fake *f = net;

	for (size_t i = 0; i < f->n_bound; i++) {
		if (f->bound[i].realm != realm || !addr_eq(&f->bound[i].local, local))
			continue;
		f->bound[i] = f->bound[--f->n_bound];
		return;
	}
	cr_assert(false, "unbound what was not bound");
}

static void fake_send(void *net, unsigned realm, const struct pn_addr *local, const struct pn_addr *to,
		      const void *data, size_t len)
{
	struct fake *f = net;

	cr_assert(lt(sz, f->n_sent, SENT_MAX));
	snprintf(f->sent[f->n_sent].text, sizeof(f->sent[0].text), "%u %s>%s", realm, addr_text(local), addr_text(to));
	f->sent[f->n_sent].len = len;
	memcpy(f->sent[f->n_sent].data, data, len < 16 ? len : 16);
	f->n_sent++;
}

static int fake_on_latch(void *arg, uint32_t stream, unsigned side, unsigned branch, unsigned component,
			 const struct pn_addr *where, int moved)
{
	struct fake *f = arg;
	size_t at = strlen(f->events);

	snprintf(f->events + at, sizeof(f->events) - at, "%s%c%u%s %s %s", at ? ", " : "", "AB"[side], branch,
		 component ? " rtcp" : "", moved ? "moved" : "learned", addr_text(where));
	if (f->close_on_latch)
		relay_close(f->relay, stream);
	return f->veto;
}

static void fake_on_final(void *arg, uint32_t stream)
{
	struct fake *f = arg;
	size_t at = strlen(f->events);

	snprintf(f->events + at, sizeof(f->events) - at, "%sfinal", at ? ", " : "");
	cr_expect(zero(int, relay_counters(f->relay, stream, &f->last)));
	f->bound_at_final = f->n_bound;
}

static void fake_on_stun(void *arg, const struct relay_place *at, const struct pn_addr *from, const void *data,
			 size_t len)
{
	struct fake *f = arg;
	size_t here = strlen(f->events);

	(void)data;
	snprintf(f->events + here, sizeof(f->events) - here, "%sstun %u %s%s %zu from %s", here ? ", " : "", at->realm,
		 !at->stream ? "port" : at->side ? "B" : "A", at->component ? " rtcp" : "", len, addr_text(from));
}

static inline void fake_start(struct fake *f, uint32_t max_streams)
{
	static const struct relay_net net = { fake_bind, fake_unbind, fake_send };
	static const struct relay_events events = { .on_latch = fake_on_latch, .on_final = fake_on_final,
						     .on_stun = fake_on_stun };
	struct relay_conf c = { .net = &net, .net_arg = f, .events = &events, .arg = f,
				.max_streams = max_streams, .deadlock_ms = 2000 };

	memset(f, 0, sizeof(*f));
	metrics_reset();
	f->loop = c.loop = loop_new_fake(1000000);
	f->relay = relay_new(&c);
	cr_assert(ne(ptr, f->relay, NULL));
}

static void fake_stop(struct fake *f)
{
	relay_free(f->relay);
	cr_expect(zero(sz, f->n_bound), "ports left bound");
	loop_free(f->loop);
}

/* Side A in realm 0, side B in realm 1 unless told otherwise. */
static uint32_t fake_open_in(struct fake *f, unsigned realm_a, const char *a, unsigned realm_b, const char *b)
{
	struct relay_end end[2] = { { .realm = realm_a, .rtp = addr(a) }, { .realm = realm_b, .rtp = addr(b) } };
	uint32_t stream = 0;

	cr_assert(zero(int, relay_open(f->relay, end, &stream, NULL)), "%s %s", a, b);
	cr_assert(ne(u32, stream, 0));
	return stream;
}

static inline uint32_t fake_open(struct fake *f, const char *a, const char *b)
{
	return fake_open_in(f, 0, a, 1, b);
}

/* side: "A", "B", "B3" (branch 3); a second letter r: RTCP; m: mux; h: held; u: not RTP; o: reopen;
 * b: roll back; e: LATCH_EXACT */
static struct relay_rules rules_of(const char *side, const char *declared, const char *peer)
{
	struct relay_rules r = { .side = side[0] == 'B', .latch = {
		.rtp = true, .packets = 1, .window_ms = 3000, .silence_ms = 2000, .peer_bits4 = 32, .peer_bits6 = 128,
		.keepalive_pt = { 255, 255, 255, 255 } } };

	r.latch.declared = addr(declared);
	r.latch.peer = addr(peer);
	r.latch.mode = r.latch.peer.family ? LATCH_PEER : LATCH_OFF;
	for (side++; *side; side++) {
		r.branch = *side >= '0' && *side <= '9' ? (unsigned)(*side - '0') : r.branch;
		r.component = *side == 'r' ? RELAY_RTCP : r.component;
		r.mux |= *side == 'm';
		r.latch.held |= *side == 'h';
		r.latch.rtp &= *side != 'u';
		r.latch.mode = *side == 'e' ? LATCH_EXACT : r.latch.mode;
		r.reopen = *side == 'o' ? RELAY_REOPEN : *side == 'b' ? RELAY_ROLLBACK : r.reopen;
	}
	return r;
}

/* peer "none": LATCH_OFF, else LATCH_PEER */
static int fake_set(struct fake *f, uint32_t stream, const char *side, const char *declared, const char *peer)
{
	struct relay_rules r = rules_of(side, declared, peer);

	return relay_set(f->relay, stream, &r);
}

static const uint8_t rtp_packet[] = { 0x80, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0xd5, 0xd5 };
static const uint8_t rtcp_packet[] = { 0x80, 201, 0, 1, 0, 0, 0, 7 };

static inline void fake_data(struct fake *f, const char *from, const char *to, const void *data, size_t len)
{
	struct pn_addr src = addr(from), local = addr(to + 2);

	f->n_sent = 0;
	relay_input(f->relay, (unsigned)(to[0] - '0'), &local, &src, data, len);
}

/* A packet arrives; what: "rtp" or "rtcp"; to: "realm address". What left, as "realm local>to", or "". */
static const char *fake_packet(struct fake *f, const char *what, const char *from, const char *to)
{
	static uint16_t seq;
	bool rtp = !strcmp(what, "rtp");
	uint8_t data[sizeof(rtp_packet)];

	memcpy(data, rtp_packet, sizeof(rtp_packet));
	data[2] = (uint8_t)(++seq >> 8);
	data[3] = (uint8_t)seq;
	if (rtp)
		fake_data(f, from, to, data, sizeof(data));
	else
		fake_data(f, from, to, rtcp_packet, sizeof(rtcp_packet));
	cr_assert(le(sz, f->n_sent, 1));
	return f->n_sent ? f->sent[0].text : "";
}

static inline void expect_packet(struct fake *f, const char *flow, const char *want)
{
	char what[8], from[64], realm[4], local[64], to[80];

	cr_assert(eq(int, sscanf(flow, "%7s %63s %3s %63s", what, from, realm, local), 4), "%s", flow);
	snprintf(to, sizeof(to), "%s %s", realm, local);
	cr_expect(eq(str, (char *)fake_packet(f, what, from, to), (char *)want), "%s", flow);
}

static inline void expect_events(struct fake *f, const char *want)
{
	cr_expect(eq(str, f->events, (char *)want));
	f->events[0] = 0;
}

#define TERM "203.0.113.1" /* a terminal's NAT in realm 0 */
#define SOFT "192.0.2.20"  /* the softswitch in realm 1 */

/* A call as it usually is: A behind a NAT, B as declared. */
static inline uint32_t fake_call(struct fake *f)
{
	uint32_t s = fake_open(f, "198.51.100.5:20000", "192.0.2.5:30000");

	cr_assert(zero(int, fake_set(f, s, "A", "10.0.0.2:4000", TERM)));
	cr_assert(zero(int, fake_set(f, s, "Ar", "10.0.0.2:4001", TERM)));
	cr_assert(zero(int, fake_set(f, s, "B", SOFT ":5000", "none")));
	cr_assert(zero(int, fake_set(f, s, "Br", SOFT ":5001", "none")));
	return s;
}

static inline void fake_realm(struct fake *f, unsigned realm, const char *named, const char *own, const char *device)
{
	struct reach_own mine = { addr(own), 0 };
	struct relay_realm what = { .device = device, .dscp = -1,
				    .reach = { .own = &mine, .n_own = mine.addr.family ? 1 : 0 } };

	cr_assert(zero(int, prefixes_parse(named, &what.reach.named)));
	cr_assert(zero(int, relay_realm(f->relay, realm, &what)));
	prefixes_free(&what.reach.named);
}

#endif
