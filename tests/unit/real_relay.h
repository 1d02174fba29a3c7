/* Media threads with kernel sockets on loopback, for tests. Receiving blocks, and the loop runs until a condition
 * holds; ten seconds end what hangs. */
#ifndef TESTS_REAL_RELAY_H
#define TESTS_REAL_RELAY_H

#include "addr.h"
#include "buf.h"
#include "loop.h"
#include "metrics.h"
#include "relay.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HANG_S 10
#define RTP_LEN 16u

struct real {
	struct loop *loop;
	struct relay *relay;
	bool (*until)(struct real *r);
	struct timer poll;
	unsigned polls;
	uint32_t stream; /* what `until` looks at */
	unsigned latched, finals;
	struct relay_counters last; /* as on_final saw them */
	int veto;
	unsigned stuns;      /* told by on_stun */
	struct relay_place stun_at; /* the last one */
	uint16_t next_port;
};

struct peer {
	int fd;
	struct pn_addr addr;
};

static inline struct pn_addr addr(const char *text)
{
	struct pn_addr a = { 0 };

	cr_assert(zero(int, addr_parse_port(str_of(text), 0, &a)), "%s", text);
	return a;
}

static inline int on_latch(void *arg, uint32_t stream, unsigned side, unsigned branch, unsigned component,
		    const struct pn_addr *where, int moved)
{
	struct real *r = arg;

	(void)stream, (void)side, (void)branch, (void)component, (void)where, (void)moved;
	r->latched++;
	return r->veto;
}

static inline void on_final(void *arg, uint32_t stream)
{
	struct real *r = arg;

	cr_expect(zero(int, relay_counters(r->relay, stream, &r->last)));
	r->finals++;
}

static inline void on_stun(void *arg, const struct relay_place *at, const struct pn_addr *from, const void *data,
			   size_t len)
{
	struct real *r = arg;

	r->stuns++;
	r->stun_at = *at;
	relay_stun_send(r->relay, at, from, data, len); /* it goes back as it came, if its stream is still there */
}

static inline void on_poll(struct timer *t)
{
	struct real *r = t->arg;

	cr_assert(lt(uint, r->polls++, HANG_S * 1000), "it hangs");
	if (r->until(r))
		loop_stop(r->loop);
	else
		timer_start(r->loop, t, 1);
}

static inline void run_until(struct real *r, bool (*until)(struct real *r))
{
	r->until = until;
	r->polls = 0;
	timer_start(r->loop, &r->poll, 0);
	loop_run(r->loop);
}

static inline void name_loopback(struct real *r, int dscp, const char *device)
{
	struct relay_realm what = { .dscp = dscp, .device = device };

	cr_assert(zero(int, prefixes_parse("127.0.0.0/8 ::1", &what.reach.named)));
	cr_assert(zero(int, relay_realm(r->relay, 0, &what)));
	prefixes_free(&what.reach.named);
}

static inline void start(struct real *r, unsigned threads)
{
	static const struct relay_events events = { .on_latch = on_latch, .on_final = on_final,
						     .on_stun = on_stun };
	struct relay_conf c = { .threads = threads, .events = &events, .arg = r, .max_streams = 64 };

	memset(r, 0, sizeof(*r));
	metrics_reset();
	r->loop = c.loop = loop_new();
	r->poll.fn = on_poll;
	r->poll.arg = r;
	r->next_port = (uint16_t)(20000 + getpid() % 1000 * 40);
	r->relay = relay_new(&c);
	cr_assert(ne(ptr, r->relay, NULL));
	name_loopback(r, -1, NULL);
}

static inline void stop(struct real *r)
{
	relay_free(r->relay);
	loop_free(r->loop);
}

static inline struct peer peer_new(const char *ip)
{
	struct peer p = { .addr = addr(ip) };
	struct timeval hang = { .tv_sec = HANG_S };
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&p.addr, &ss);

	p.fd = socket(p.addr.family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
	cr_assert(zero(int, bind(p.fd, (struct sockaddr *)&ss, len)));
	len = sizeof(ss);
	getsockname(p.fd, (struct sockaddr *)&ss, &len);
	addr_of_sockaddr((struct sockaddr *)&ss, &p.addr);
	setsockopt(p.fd, SOL_SOCKET, SO_RCVTIMEO, &hang, sizeof(hang));
	return p;
}

static inline void peer_send(const struct peer *p, const struct pn_addr *to, const void *data, size_t len)
{
	struct sockaddr_storage ss;
	socklen_t ss_len = addr_to_sockaddr(to, &ss);

	cr_assert(eq(sz, (size_t)sendto(p->fd, data, len, 0, (struct sockaddr *)&ss, ss_len), len));
}

static inline size_t peer_receive(const struct peer *p, void *buf, size_t cap, struct pn_addr *from)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	ssize_t n = recvfrom(p->fd, buf, cap, 0, (struct sockaddr *)&ss, &len);

	cr_assert(n >= 0, "nothing came");
	addr_of_sockaddr((struct sockaddr *)&ss, from);
	return (size_t)n;
}

static inline const uint8_t *rtp(uint32_t ssrc, uint16_t seq)
{
	static uint8_t p[RTP_LEN] = { 0x80, 8 };

	p[2] = (uint8_t)(seq >> 8);
	p[3] = (uint8_t)seq;
	memcpy(p + 8, &ssrc, sizeof(ssrc));
	return p;
}

/* An RTP packet goes in at `at` and comes out at `to`, from exactly `from`. */
static inline void expect_through(const struct peer *sender, const struct pn_addr *at, const struct peer *to,
			   const struct pn_addr *from)
{
	static uint16_t seq;
	uint8_t buf[64];
	struct pn_addr got;

	peer_send(sender, at, rtp(sender->addr.port, ++seq), RTP_LEN);
	cr_expect(eq(sz, peer_receive(to, buf, sizeof(buf), &got), RTP_LEN));
	cr_expect(zero(int, memcmp(buf, rtp(sender->addr.port, seq), RTP_LEN)));
	cr_expect(addr_eq(&got, from), "from %s", addr_text(&got));
}

struct call {
	uint32_t id;
	struct peer a, b;
	struct pn_addr local[2];
};

static inline bool aimed(struct real *r)
{
	struct relay_counters c;

	return !relay_counters(r->relay, r->stream, &c) && c.side[0].remote.family && c.side[1].remote.family;
}

static inline bool b_aimed(struct real *r)
{
	struct relay_counters c;

	return !relay_counters(r->relay, r->stream, &c) && c.side[1].remote.family;
}

static inline void declare(struct real *r, uint32_t id, unsigned side, const struct pn_addr *declared, enum latch_mode mode)
{
	struct relay_rules rules = { .side = side, .latch = { .mode = mode, .declared = *declared, .rtp = true, .packets = 1,
		.peer_bits4 = 32, .peer_bits6 = 128, .window_ms = 3000, .silence_ms = 2000 } };

	if (mode == LATCH_PEER)
		rules.latch.peer = *declared;
	cr_assert(zero(int, relay_set(r->relay, id, &rules)));
}

/* Ports that other programs have are passed over. */
static inline void open_stream(struct real *r, struct call *c, const char *ip_a, const char *ip_b)
{
	int err = -EADDRINUSE;

	c->local[0] = addr(ip_a);
	c->local[1] = addr(ip_b);
	while (err == -EADDRINUSE) {
		struct relay_end end[2];

		c->local[0].port = r->next_port;
		c->local[1].port = (uint16_t)(r->next_port + 2);
		r->next_port = (uint16_t)(r->next_port + 4);
		end[0] = (struct relay_end){ .rtp = c->local[0] };
		end[1] = (struct relay_end){ .rtp = c->local[1] };
		err = relay_open(r->relay, end, &c->id, NULL);
	}
	cr_assert(zero(int, err));
}

static inline void open_call(struct real *r, struct call *c, const char *ip_a, const char *ip_b)
{
	c->a = peer_new(ip_a);
	c->b = peer_new(ip_b);
	open_stream(r, c, ip_a, ip_b);
	declare(r, c->id, 0, &c->a.addr, LATCH_OFF);
	declare(r, c->id, 1, &c->b.addr, LATCH_OFF);
	r->stream = c->id;
	run_until(r, aimed);
}

static inline void end_call(struct call *c)
{
	close(c->a.fd);
	close(c->b.fd);
}

#endif
