#include "addr.h"
#include "buf.h"
#include "peer.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

/* The resolver of this test: it answers when it is told to. */
struct lookup {
	int used;
};

static struct lookup only;
static struct resolver *const some_resolver = (struct resolver *)&only;
static void (*waiting)(void *arg, int err, const struct pn_addr *list, size_t n, uint32_t ttl_s);
static void *waiting_arg;
static int lookups;
static struct pn_peer *peers;
static struct loop *loop;

struct lookup *resolver_lookup(struct resolver *r, const char *name,
			       void (*fn)(void *arg, int err, const struct pn_addr *list, size_t n,
					  uint32_t ttl_s),
			       void *arg)
{
	(void)r, (void)name;
	lookups++;
	waiting = fn;
	waiting_arg = arg;
	return &only;
}

void lookup_cancel(struct lookup *l)
{
	if (l)
		waiting = NULL;
}

static void answer(int err, const char *addrs, uint32_t ttl_s)
{
	struct prefixes p;
	struct pn_addr list[40];

	cr_assert(zero(int, prefixes_parse(addrs, &p)));
	for (size_t i = 0; i < p.n; i++)
		list[i] = p.list[i].addr;
	waiting(waiting_arg, err, list, p.n, ttl_s);
	prefixes_free(&p);
}

static void expect(const struct pn_peer *p, const char *want, int line)
{
	char got[512] = "";
	struct pn_addr a;

	for (size_t i = 0; !peer_addr(p, i, &a); i++) {
		strncat(got, i ? " " : "", sizeof(got) - strlen(got) - 1);
		strncat(got, addr_text(&a), sizeof(got) - strlen(got) - 1);
	}
	cr_expect(eq(str, got, (char *)want), "line %d", line);
}

static void setup(void)
{
	loop = loop_new_fake(0);
}

static void teardown(void)
{
	while (peers)
		peer_free(peers);
	loop_free(loop);
}

TestSuite(peer, .init = setup, .fini = teardown);

Test(peer, parses)
{
	static const struct {
		const char *text;
		int err;
		const char *host;
		uint16_t port;
	} row[] = {
		{ "192.0.2.1", 0, "", 5060 },
		{ "192.0.2.1:5080", 0, "", 5080 },
		{ "[2001:db8::1]:5080", 0, "", 5080 },
		{ "[2001:db8::1]", 0, "", 5060 },
		{ "ssw.example.net", 0, "ssw.example.net", 5060 },
		{ "ssw.example.net:65535", 0, "ssw.example.net", 65535 },
		{ "_sip._udp.example.net", 0, "_sip._udp.example.net", 5060 },
		{ "ssw.example.net.", 0, "ssw.example.net.", 5060 },
		{ "", -EINVAL, NULL, 0 },
		{ "ssw:", -EINVAL, NULL, 0 },
		{ "ssw:0", -EINVAL, NULL, 0 },
		{ "ssw:65536", -EINVAL, NULL, 0 },
		{ "ssw:1x", -EINVAL, NULL, 0 },
		{ "ssw:1:2", -EINVAL, NULL, 0 },
		{ ".example.net", -EINVAL, NULL, 0 },
		{ "a..b", -EINVAL, NULL, 0 },
		{ "192.0.2.300", -EINVAL, NULL, 0 },
		{ "192.0.2", -EINVAL, NULL, 0 },
		{ "a b", -EINVAL, NULL, 0 },
		{ "a/b", -EINVAL, NULL, 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		char host[RESOLVE_NAME_MAX + 1];
		struct pn_addr a;
		int err = peer_parse(row[i].text, 5060, &a, host, sizeof(host));

		cr_expect(eq(int, err, row[i].err), "row %zu", i);
		if (err)
			continue;
		cr_expect(eq(str, host, (char *)row[i].host), "row %zu", i);
		cr_expect(eq(u16, a.port, row[i].port), "row %zu", i);
	}
}

Test(peer, longest_name)
{
	char text[RESOLVE_NAME_MAX + 2], host[RESOLVE_NAME_MAX + 1];
	struct pn_addr a;

	memset(text, 'a', sizeof(text));
	text[RESOLVE_NAME_MAX] = 0;
	cr_expect(zero(int, peer_parse(text, 1, &a, host, sizeof(host))));
	text[RESOLVE_NAME_MAX] = 'a';
	text[RESOLVE_NAME_MAX + 1] = 0;
	cr_expect(eq(int, peer_parse(text, 1, &a, host, sizeof(host)), -EINVAL));
}

Test(peer, an_address_needs_no_resolver)
{
	struct pn_peer *p = peer_new(loop, some_resolver, &peers, "192.0.2.1:5080", 5060);

	expect(p, "192.0.2.1:5080", __LINE__);
	loop_advance(loop, 3600000);
	cr_expect(eq(int, lookups, 0));
	cr_expect(eq(ptr, peer_new(loop, some_resolver, &peers, "a b", 1), NULL));
	cr_expect(eq(int, errno, EINVAL));
}

Test(peer, names_are_resolved_again)
{
	struct pn_peer *p = peer_new(loop, some_resolver, &peers, "ssw.example.net", 5060);

	cr_expect(eq(int, lookups, 1));
	expect(p, "", __LINE__);
	answer(0, "192.0.2.1 2001:db8::1", 60);
	expect(p, "192.0.2.1:5060 [2001:db8::1]:5060", __LINE__);
	loop_advance(loop, 59999);
	cr_expect(eq(int, lookups, 1));
	loop_advance(loop, 1);
	cr_expect(eq(int, lookups, 2));
	expect(p, "192.0.2.1:5060 [2001:db8::1]:5060", __LINE__);
	answer(0, "192.0.2.7", 0);
	expect(p, "192.0.2.7:5060", __LINE__);
	loop_advance(loop, 30000);
	cr_expect(eq(int, lookups, 3));
}

Test(peer, lifetime_is_kept_in_bounds)
{
	static const struct {
		uint32_t ttl_s;
		uint64_t ms;
	} row[] = { { 0, 30000 }, { 1, 5000 }, { 5, 5000 }, { 300, 300000 }, { 86400, 3600000 } };

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_peer *p = peer_new(loop, some_resolver, &peers, "ssw.example.net", 5060);
		int before = lookups;

		answer(0, "192.0.2.1", row[i].ttl_s);
		loop_advance(loop, row[i].ms - 1);
		cr_expect(eq(int, lookups, before), "row %zu", i);
		loop_advance(loop, 1);
		cr_expect(eq(int, lookups, before + 1), "row %zu", i);
		peer_free(p);
	}
}

Test(peer, old_addresses_outlive_a_failure)
{
	struct pn_peer *p = peer_new(loop, some_resolver, &peers, "ssw.example.net", 5060);

	answer(-ENOENT, "", 0);
	expect(p, "", __LINE__);
	loop_advance(loop, 30000);
	answer(0, "192.0.2.1", 60);
	loop_advance(loop, 60000);
	answer(-ETIMEDOUT, "", 0);
	expect(p, "192.0.2.1:5060", __LINE__);
	loop_advance(loop, 30000);
	cr_expect(eq(int, lookups, 4));
}

Test(peer, the_same_set_keeps_its_order)
{
	struct pn_peer *p = peer_new(loop, some_resolver, &peers, "ssw.example.net", 5060);

	answer(0, "192.0.2.1 192.0.2.2", 60);
	loop_advance(loop, 60000);
	answer(0, "192.0.2.2 192.0.2.1", 60);
	expect(p, "192.0.2.1:5060 192.0.2.2:5060", __LINE__);
	loop_advance(loop, 60000);
	answer(0, "192.0.2.2 192.0.2.3", 60);
	expect(p, "192.0.2.2:5060 192.0.2.3:5060", __LINE__);
}

Test(peer, takes_a_bounded_number)
{
	struct pn_peer *p = peer_new(loop, some_resolver, &peers, "ssw.example.net", 5060);
	struct pn_addr a;

	answer(0, "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6 192.0.2.7 192.0.2.8 "
		  "192.0.2.9 192.0.2.10 192.0.2.11 192.0.2.12 192.0.2.13 192.0.2.14 192.0.2.15 "
		  "192.0.2.16 192.0.2.17", 60);
	cr_expect(zero(int, peer_addr(p, PEER_ADDRS - 1, &a)));
	cr_expect(eq(int, peer_addr(p, PEER_ADDRS, &a), -ENOENT));
}

Test(peer, freed_while_it_waits)
{
	struct pn_peer *p = peer_new(loop, some_resolver, &peers, "ssw.example.net", 5060);

	peer_free(p);
	cr_expect(eq(ptr, (void *)waiting, NULL));
	cr_expect(eq(ptr, peers, NULL));
	peer_free(NULL);
}
