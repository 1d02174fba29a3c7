/* Names through c-ares against a DNS server of this test, over loopback. The loop runs until the answer is
 * there; GUARD_MS only keeps a broken test from hanging. */
#include "addr.h"
#include "resolve.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define GUARD_MS 20000

static struct {
	struct loop *loop;
	struct resolver *resolver;
	struct timer guard;
	struct io io;
	int fd, questions;
	bool done, hung, silent;
	int err;
	struct pn_addr list[8];
	size_t n;
	uint32_t ttl_s;
} dns;

static size_t put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return 2;
}

/* One resource record about the question (RFC 1035 s.4.1.3). */
static size_t put_record(uint8_t *p, unsigned type, unsigned ttl_s, const void *data, unsigned len)
{
	size_t at = put16(p, 0xc00c);

	at += put16(p + at, type);
	at += put16(p + at, 1);
	at += put16(p + at, 0);
	at += put16(p + at, ttl_s);
	at += put16(p + at, len);
	memcpy(p + at, data, len);
	return at + len;
}

/* Names: "two" has two A and one AAAA; "none" does not exist; anything else has no records. */
static void on_question(struct io *io, unsigned events)
{
	static const uint8_t v4a[] = { 192, 0, 2, 1 }, v4b[] = { 192, 0, 2, 2 };
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	uint8_t p[1500];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(io->fd, p, 512, 0, (struct sockaddr *)&from, &from_len);
	size_t at = 12, answers = 0;
	const uint8_t *name = p + 12;

	(void)events;
	dns.questions++;
	if (n < 17 || dns.silent)
		return;
	while (p[at])
		at += p[at] + 1u;
	at += 5;
	if (!memcmp(name, "\3two", 4) && p[at - 3] == 1) {
		at += put_record(p + at, 1, 300, v4a, 4);
		at += put_record(p + at, 1, 60, v4b, 4);
		answers = 2;
	} else if (!memcmp(name, "\3two", 4) && p[at - 3] == 28) {
		at += put_record(p + at, 28, 600, v6, 16);
		answers = 1;
	}
	put16(p + 2, 0x8180 | (!memcmp(name, "\4none", 5) ? 3 : 0));
	put16(p + 6, (unsigned)answers);
	put16(p + 8, 0);
	put16(p + 10, 0);
	sendto(io->fd, p, at, 0, (struct sockaddr *)&from, from_len);
}

static void on_result(void *arg, int err, const struct pn_addr *list, size_t n, uint32_t ttl_s)
{
	(void)arg;
	cr_expect(not(dns.done), "called twice");
	dns.done = true;
	dns.err = err;
	dns.n = n;
	dns.ttl_s = ttl_s;
	cr_assert(le(sz, n, 8));
	if (n)
		memcpy(dns.list, list, n * sizeof(*list));
	loop_stop(dns.loop);
}

static void on_guard(struct timer *t)
{
	(void)t;
	dns.hung = true;
	loop_stop(dns.loop);
}

static void resolve(const char *name)
{
	struct lookup *l = resolver_lookup(dns.resolver, name, on_result, NULL);

	cr_expect(eq(int, l == NULL, dns.done));
	timer_start(dns.loop, &dns.guard, GUARD_MS);
	if (!dns.done)
		loop_run(dns.loop);
	timer_stop(dns.loop, &dns.guard);
	cr_assert(not(dns.hung), "no answer");
}

static void setup(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	char csv[64];

	memset(&dns, 0, sizeof(dns));
	dns.loop = loop_new();
	dns.guard.fn = on_guard;
	dns.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	cr_assert(zero(int, bind(dns.fd, (struct sockaddr *)&sin, len)));
	cr_assert(zero(int, getsockname(dns.fd, (struct sockaddr *)&sin, &len)));
	dns.io.fn = on_question;
	cr_assert(zero(int, io_start(dns.loop, &dns.io, dns.fd, IO_READ)));
	dns.resolver = resolver_new(dns.loop);
	snprintf(csv, sizeof(csv), "127.0.0.1:%u", ntohs(sin.sin_port));
	cr_assert(zero(int, resolver_servers(dns.resolver, csv)));
}

static void teardown(void)
{
	resolver_free(dns.resolver);
	io_stop(dns.loop, &dns.io);
	close(dns.fd);
	loop_free(dns.loop);
}

static int has(const char *ip)
{
	for (size_t i = 0; i < dns.n; i++)
		if (!strcmp(addr_text(&dns.list[i]), ip))
			return 1;
	return 0;
}

TestSuite(resolve, .init = setup, .fini = teardown);

Test(resolve, all_addresses_with_the_shortest_lifetime)
{
	resolve("two.example.net");
	cr_expect(zero(int, dns.err));
	cr_expect(eq(sz, dns.n, 3));
	cr_expect(has("192.0.2.1"));
	cr_expect(has("192.0.2.2"));
	cr_expect(has("2001:db8::1"));
	cr_expect(eq(u32, dns.ttl_s, 60));
}

Test(resolve, no_such_name)
{
	resolve("none.example.net");
	cr_expect(eq(int, dns.err, -ENOENT));
	cr_expect(eq(sz, dns.n, 0));
}

Test(resolve, no_addresses)
{
	resolve("empty.example.net");
	cr_expect(eq(int, dns.err, -ENOENT));
}

Test(resolve, hosts_file_comes_first)
{
	resolve("localhost");
	cr_expect(zero(int, dns.err));
	cr_expect(has("127.0.0.1") || has("::1"));
	cr_expect(eq(int, dns.questions, 0));
}

Test(resolve, cancelled_and_freed_while_it_waits)
{
	struct lookup *l;

	dns.silent = true;
	l = resolver_lookup(dns.resolver, "two.example.net", on_result, NULL);
	cr_assert(not(eq(ptr, l, NULL)));
	lookup_cancel(l);
	lookup_cancel(NULL);
	resolver_lookup(dns.resolver, "two.example.net", on_result, NULL);
	resolver_free(dns.resolver);
	dns.resolver = NULL;
	cr_expect(not(dns.done));
}
