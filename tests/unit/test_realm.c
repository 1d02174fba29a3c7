#include "buf.h"
#include "realm.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

static struct realms *realms;

static struct pn_addr addr(const char *text)
{
	struct pn_addr a = { 0 };

	if (text[0])
		cr_assert(zero(int, addr_parse(str_of(text), &a)), "%s", text);
	return a;
}

static struct conf_realm realm(const char *name, enum pn_realm_side side, const char *a4, const char *a6)
{
	return (struct conf_realm){ .name = (char *)name, .side = side, .addr4 = addr(a4), .addr6 = addr(a6),
				    .media_first = 20000, .media_last = 20009, .dscp = -1 };
}

static int apply(struct conf_realm *list, size_t n)
{
	struct conf c = { .realms = list, .n_realms = n, .media.quarantine_ms = 1000 };

	return realms_apply(realms, &c);
}

static void setup(void)
{
	realms = realms_new();
}

static void teardown(void)
{
	realms_free(realms);
}

TestSuite(realm, .init = setup, .fini = teardown);

Test(realm, indexes_are_stable)
{
	struct conf_realm a = realm("a", PN_ACCESS, "198.51.100.5", "");
	struct conf_realm b = realm("b", PN_CORE, "192.0.2.5", "2001:db8::5");
	struct conf_realm one[] = { a, b }, two[] = { b }, three[] = { b, a };

	cr_assert(zero(int, apply(one, 2)));
	struct pn_realm *ra = realms_find(realms, "a"), *rb = realms_find(realms, "b");

	cr_expect(eq(u32, ra->index, 0));
	cr_expect(eq(u32, rb->index, 1));
	cr_expect(eq(str, (char *)rb->info.name, "b"));
	cr_expect(not(eq(ptr, realm_ports(rb, 6), NULL)));
	cr_expect(eq(ptr, realm_ports(ra, 6), NULL));

	cr_assert(zero(int, apply(two, 1)));
	cr_expect(eq(ptr, realms_find(realms, "a"), NULL));
	cr_expect(eq(ptr, realms_at(realms, 0), ra));
	cr_expect(ra->gone);
	cr_expect(eq(ptr, realms_configured(realms, 0), rb));
	cr_expect(eq(ptr, realms_configured(realms, 1), NULL));

	cr_assert(zero(int, apply(three, 2)));
	cr_expect(eq(ptr, realms_find(realms, "a"), ra));
	cr_expect(eq(ptr, realms_configured(realms, 1), ra));
	cr_expect(not(ra->gone));
	cr_expect(eq(u32, realms_count(realms), 2));
	cr_expect(eq(ptr, realms_at(realms, 2), NULL));
}

Test(realm, undo_restores_all)
{
	struct prefix p = { addr("10.0.0.0"), 8 };
	struct conf_realm a = realm("a", PN_ACCESS, "198.51.100.5", "");
	struct conf_realm b = realm("b", PN_CORE, "192.0.2.5", "");

	a.reach = (struct prefixes){ &p, 1 };
	a.reach_set = true;
	a.device = "eth0";
	cr_assert(zero(int, apply((struct conf_realm[]){ a, b }, 2)));
	struct pn_realm *ra = realms_find(realms, "a"), *rb = realms_find(realms, "b");
	struct pn_realm before = *ra;

	a.device = "eth1";
	a.reach_set = false;
	a.reach.n = 0;
	a.addr4 = addr("198.51.100.6");
	a.addr6 = addr("2001:db8::6");
	cr_assert(zero(int, apply((struct conf_realm[]){ realm("c", PN_CORE, "192.0.2.9", ""), a }, 2)));
	cr_expect(eq(str, ra->device, "eth1"));
	cr_expect(rb->gone);
	cr_expect(not(eq(ptr, realms_find(realms, "c"), NULL)));
	realms_undo(realms);
	cr_expect(zero(int, memcmp(ra, &before, sizeof(before))));
	cr_expect(not(rb->gone));
	cr_expect(eq(ptr, realms_find(realms, "c"), NULL));
	cr_expect(eq(u32, realms_count(realms), 2));
	cr_expect(eq(ptr, realms_configured(realms, 0), ra));
	realms_undo(realms);
	cr_expect(eq(str, ra->device, "eth0"));
}

Test(realm, taken_ports_survive_a_new_range)
{
	struct conf_realm a = realm("a", PN_CORE, "192.0.2.5", "");

	cr_assert(zero(int, apply(&a, 1)));
	realms_keep(realms);
	struct port_pool *pool = realm_ports(realms_find(realms, "a"), 4);
	int port = port_take(pool, 0);

	a.media_first = 30000;
	a.media_last = 30003;
	cr_assert(zero(int, apply(&a, 1)));
	cr_expect(eq(sz, port_total(pool), 10)); /* nothing moved yet */
	realms_keep(realms);
	cr_expect(eq(ptr, realm_ports(realms_find(realms, "a"), 4), pool));
	cr_expect(eq(sz, port_taken(pool), 2));
	cr_expect(zero(int, port_give(pool, (uint16_t)port, 0)));
	cr_expect(ge(int, port_take(pool, 0), 30000));
}

Test(realm, the_number_is_capped)
{
	struct conf_realm list[REALMS_MAX];
	char name[REALMS_MAX][8];

	for (unsigned i = 0; i < REALMS_MAX; i++) {
		snprintf(name[i], sizeof(name[i]), "r%u", i);
		list[i] = realm(name[i], PN_CORE, "192.0.2.5", "");
		list[i].media_first = list[i].media_last = 0;
	}
	cr_assert(zero(int, apply(list, REALMS_MAX)));
	list[3].name = "new";
	cr_expect(eq(int, apply(list, REALMS_MAX), -ENOSPC));
	cr_expect(eq(ptr, realms_find(realms, "new"), NULL));
	cr_expect(not(eq(ptr, realms_find(realms, "r3"), NULL)));
	cr_expect(not(realms_find(realms, "r200")->gone));
}

static struct prefixes prefixes(const char *text)
{
	struct prefixes p;

	cr_assert(zero(int, prefixes_parse(text, &p)), "%s", text);
	return p;
}

Test(realm, reaches)
{
	static const struct {
		enum pn_realm_side side;
		const char *a4, *a6, *reach; /* NULL: not configured */
		const char *to;
		int want;
	} row[] = {
		/* by default: global unicast from a global access address */
		{ PN_ACCESS, "198.51.100.5", "", NULL, "203.0.113.7", 1 },
		{ PN_ACCESS, "198.51.100.5", "", NULL, "10.0.0.1", 0 },
		{ PN_ACCESS, "198.51.100.5", "", NULL, "2001:db8::7", 0 }, /* no such address of ours */
		{ PN_ACCESS, "", "2001:db8::5", NULL, "2001:db8::7", 1 },
		{ PN_ACCESS, "", "2001:db8::5", NULL, "fd00::7", 0 },
		/* everything from a private one and from the core */
		{ PN_ACCESS, "10.1.0.3", "", NULL, "10.0.0.1", 1 },
		{ PN_ACCESS, "10.1.0.3", "2001:db8::5", NULL, "10.0.0.1", 1 },
		{ PN_CORE, "198.51.100.5", "", NULL, "10.0.0.1", 1 },
		/* but nothing special, nor us */
		{ PN_CORE, "198.51.100.5", "", NULL, "127.0.0.1", 0 },
		{ PN_CORE, "198.51.100.5", "", NULL, "224.0.0.1", 0 },
		{ PN_CORE, "198.51.100.5", "", NULL, "169.254.0.1", 0 },
		{ PN_CORE, "198.51.100.5", "", NULL, "198.51.100.5", 0 },
		{ PN_CORE, "198.51.100.5", "", NULL, "192.0.2.77", 0 }, /* of the other realm */
		/* what is configured, and no more */
		{ PN_CORE, "198.51.100.5", "", "10.0.0.0/8", "10.0.0.1", 1 },
		{ PN_CORE, "198.51.100.5", "", "10.0.0.0/8", "203.0.113.7", 0 },
		{ PN_CORE, "198.51.100.5", "", "127.0.0.0/8", "127.0.0.1", 1 },
		{ PN_CORE, "198.51.100.5", "", "198.51.100.5", "198.51.100.5", 1 },
		/* the whole world is no name for ourselves */
		{ PN_CORE, "198.51.100.5", "", "0.0.0.0/0", "203.0.113.7", 1 },
		{ PN_CORE, "198.51.100.5", "", "0.0.0.0/0", "127.0.0.1", 0 },
		{ PN_CORE, "198.51.100.5", "", "0.0.0.0/0", "198.51.100.5", 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct conf_realm list[] = { realm("x", row[i].side, row[i].a4, row[i].a6),
					     realm("other", PN_CORE, "192.0.2.77", "") };
		struct pn_addr to = addr(row[i].to);

		if (row[i].reach) {
			list[0].reach = prefixes(row[i].reach);
			list[0].reach_set = true;
		}
		cr_assert(zero(int, apply(list, 2)));
		cr_expect(eq(int, realm_reaches(realms_find(realms, "x"), &to), row[i].want), "row %zu", i);
		prefixes_free(&list[0].reach);
	}
}

Test(realm, another_device_is_another_world)
{
	struct conf_realm list[] = { realm("red", PN_CORE, "10.0.0.1", ""),
				     realm("blue", PN_CORE, "10.0.0.2", "") };
	struct pn_addr to = addr("10.0.0.2");

	list[0].device = "vrf-red";
	list[1].device = "vrf-red";
	cr_assert(zero(int, apply(list, 2)));
	cr_expect(not(realm_reaches(realms_find(realms, "red"), &to)));
	list[1].device = "vrf-blue";
	cr_assert(zero(int, apply(list, 2)));
	cr_expect(realm_reaches(realms_find(realms, "red"), &to));
}
