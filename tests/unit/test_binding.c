#include "binding_kit.h"

TestSuite(binding, .init = setup, .fini = teardown);

Test(binding, keys)
{
	struct pn_binding *b = put("alice", "i1", "198.51.100.7:1024");
	struct pn_binding_info i = *binding_info(b);
	struct pn_addr other = addr("198.51.100.7:1025");

	cr_expect(eq(int, i.state, PN_PENDING));
	cr_expect(eq(ptr, i.realm, ACCESS));
	cr_expect(eq(ptr, i.alias_realm, CORE));
	cr_expect(str_eq(i.identity, str_of("alice")) && str_eq(i.instance, str_of("i1")));
	cr_expect(eq(u64, i.flow, 7));
	cr_expect(eq(ptr, find(PN_BY_IDENTITY, ACCESS, str_of("alice"), NULL), b));
	cr_expect(eq(ptr, find(PN_BY_IDENTITY, ACCESS, str_of("alice"), b), NULL));
	cr_expect(eq(ptr, find(PN_BY_ALIAS, CORE, i.alias, NULL), b));
	cr_expect(eq(ptr, find(PN_BY_ALIAS, CORE, i.alias, b), NULL));
	cr_expect(eq(ptr, at("198.51.100.7:1024"), b));

	cr_expect(eq(ptr, find(PN_BY_IDENTITY, ACCESS, str_of("alic"), NULL), NULL));
	cr_expect(eq(ptr, find(PN_BY_IDENTITY, ACCESS, str_of("alicei"), NULL), NULL));
	cr_expect(eq(ptr, find(PN_BY_IDENTITY, OTHER, str_of("alice"), NULL), NULL));
	cr_expect(eq(ptr, find(PN_BY_ALIAS, ACCESS, i.alias, NULL), NULL));
	cr_expect(eq(ptr, find(PN_BY_ALIAS, CORE, str_of("alice"), NULL), NULL));
	cr_expect(eq(ptr, binding_find(w.t, MOD_A, ACCESS, PN_BY_PINHOLE, &other,
				       sizeof(other), NULL), NULL));
	cr_expect(eq(ptr, binding_find(w.t, MOD_A, ACCESS, PN_BY_PINHOLE, "x", 1, NULL),
		     NULL));
	cr_expect(eq(ptr, binding_find(w.t, MOD_B, ACCESS, PN_BY_IDENTITY, "alice", 5, NULL),
		     NULL));
	cr_expect(eq(sz, bindings_count(w.t), 1));
	cr_expect(eq(i64, metric_get(M_BINDINGS), 1));
}

Test(binding, alias_is_stable_and_unguessable)
{
	struct pn_binding *a = put("alice", "i1", "198.51.100.7:1"), *b;
	char first[64] = "";
	struct pn_str alias = binding_info(a)->alias;

	cr_assert(ge(sz, alias.len, 19)); /* 19 characters of 36 are 98 bits */
	cr_assert(lt(sz, alias.len, sizeof(first)));
	memcpy(first, alias.p, alias.len);
	cr_expect(eq(sz, strspn(first, "abcdefghijklmnopqrstuvwxyz0123456789"), alias.len));
	binding_accept(a, HOUR, HOUR);
	put("alice", "i1", "198.51.100.7:2");
	binding_accept(a, HOUR, HOUR);
	put("alice", "i1", "203.0.113.1:2");
	binding_accept(a, HOUR, HOUR);
	loop_advance(w.loop, 2 * PROBE);
	cr_expect(str_eq(binding_info(a)->alias, (struct pn_str){ first, alias.len }));
	b = put("alice", "i2", "198.51.100.7:1");
	cr_expect(not(str_eq(binding_info(b)->alias, (struct pn_str){ first, alias.len })));
	b = put("bob", "i1", "198.51.100.7:1");
	cr_expect(not(str_eq(binding_info(b)->alias, (struct pn_str){ first, alias.len })));
}

Test(binding, alias_realm_may_be_none_and_change)
{
	struct pn_binding_args a = args("alice", "", "198.51.100.7:1");
	struct pn_binding *b;
	struct pn_str alias;

	a.alias_realm = NULL;
	binding_put(w.t, MOD_A, &a, &b);
	cr_expect(zero(sz, binding_info(b)->alias.len));
	a.alias_realm = CORE;
	binding_put(w.t, MOD_A, &a, &b);
	alias = binding_info(b)->alias;
	cr_expect(eq(ptr, find(PN_BY_ALIAS, CORE, alias, NULL), b));
	binding_accept(b, HOUR, HOUR);
	a.alias_realm = OTHER;
	binding_put(w.t, MOD_A, &a, &b);
	alias = binding_info(b)->alias;
	cr_expect(eq(ptr, find(PN_BY_ALIAS, CORE, alias, NULL), b));
	binding_accept(b, HOUR, HOUR);
	alias = binding_info(b)->alias;
	cr_expect(eq(ptr, find(PN_BY_ALIAS, CORE, alias, NULL), NULL));
	cr_expect(eq(ptr, find(PN_BY_ALIAS, OTHER, alias, NULL), b));
}

Test(binding, several_of_one_key)
{
	struct pn_binding *b[4], *got = NULL;
	unsigned n = 0;

	b[0] = put("alice", "i1", "198.51.100.7:1");
	b[1] = put("alice", "i2", "198.51.100.7:1");
	b[2] = put("alice", "i3", "198.51.100.7:1");
	b[3] = put("bob", "i1", "198.51.100.7:1");
	while ((got = find(PN_BY_IDENTITY, ACCESS, str_of("alice"), got)))
		n++;
	cr_expect(eq(uint, n, 3));
	binding_remove(b[0]); /* the first, which stands in the hash */
	binding_remove(b[2]);
	got = find(PN_BY_IDENTITY, ACCESS, str_of("alice"), NULL);
	cr_expect(eq(ptr, got, b[1]));
	for (n = 0, got = at("198.51.100.7:1"); got; n++) {
		struct pn_addr a = addr("198.51.100.7:1");

		got = binding_find(w.t, MOD_A, ACCESS, PN_BY_PINHOLE, &a, sizeof(a), got);
	}
	cr_expect(eq(uint, n, 2));
	binding_remove(b[1]);
	binding_remove(b[3]);
	cr_expect(eq(ptr, at("198.51.100.7:1"), NULL));
	cr_expect(zero(sz, bindings_count(w.t)));
}

Test(binding, put_refuses)
{
	char *big = calloc(1, 5000);
	struct pn_binding_args a = args("alice", "", "198.51.100.7:1");
	struct pn_binding *b = NULL;

	a.data = big;
	a.data_len = 4097;
	cr_expect(eq(int, binding_put(w.t, MOD_A, &a, &b), -EINVAL));
	a.data_len = 4096;
	a.identity = (struct pn_str){ big, 1025 };
	cr_expect(eq(int, binding_put(w.t, MOD_A, &a, &b), -EINVAL));
	a.identity.len = 1024;
	a.instance = (struct pn_str){ big, 1025 };
	cr_expect(eq(int, binding_put(w.t, MOD_A, &a, &b), -EINVAL));
	cr_expect(eq(ptr, b, NULL));
	a.instance.len = 1024;
	cr_expect(zero(int, binding_put(w.t, MOD_A, &a, &b)));
	cr_expect(eq(int, binding_set_data(b, big, 4097), -EINVAL));
	cr_expect(zero(int, binding_set_data(b, "x", 1)));
	cr_expect(eq(sz, binding_info(b)->data_len, 1));
	cr_expect(eq(sz, binding_info(b)->identity.len, 1024));
	free(big);
}

Test(binding, cap)
{
	struct pn_binding *a, *b;

	bindings_limits(w.t, 2, PROBE, 0);
	a = put("a", "", "198.51.100.7:1");
	b = put("b", "", "198.51.100.7:2");
	cr_expect(eq(ptr, put("c", "", "198.51.100.7:3"), NULL));
	cr_expect(eq(i64, metric_get(M_BINDINGS_REFUSED), 1));
	cr_expect(eq(ptr, put("a", "", "198.51.100.7:4"), a)); /* a refresh is no new one */
	binding_remove(b);
	cr_expect(ne(ptr, put("c", "", "198.51.100.7:3"), NULL));
}

Test(binding, devices_of_one_identity)
{
	struct pn_binding *first = put("a", "first", "198.51.100.7:1");
	char name[16];

	binding_accept(first, HOUR, HOUR);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "%u", i);
		cr_assert(ne(ptr, put("a", name, "203.0.113.1:1"), NULL));
		loop_advance(w.loop, 1);
	}
	cr_expect(eq(sz, bindings_count(w.t), 64));
	cr_expect(eq(uint, w.gone, 137)); /* pending ones, the oldest first */
	cr_expect(eq(ptr, at("198.51.100.7:1"), first));
	for (struct pn_binding *b = NULL; (b = find(PN_BY_IDENTITY, ACCESS, str_of("a"), b));)
		binding_accept(b, HOUR, HOUR);
	cr_expect(eq(ptr, put("a", "new", "198.51.100.7:3"), NULL));
}

/* ---- lifetimes ---- */

Test(binding, pending_expires)
{
	put("alice", "", "198.51.100.7:1");
	loop_advance(w.loop, 31900);
	cr_expect(zero(uint, w.gone));
	loop_advance(w.loop, 300);
	cr_expect(eq(uint, w.gone, 1));
	cr_expect(eq(i64, metric_get(M_BINDINGS_EXPIRED), 1));
	cr_expect(eq(ptr, at("198.51.100.7:1"), NULL));
}

Test(binding, active_expires_with_grace)
{
	struct pn_binding *b = active("alice", "198.51.100.7:1", HOUR);

	cr_expect(eq(int, binding_info(b)->state, PN_ACTIVE));
	cr_expect(eq(u64, binding_info(b)->expires_at_ms, 1000 + HOUR));
	loop_advance(w.loop, HOUR + 29900);
	cr_expect(zero(uint, w.gone));
	binding_accept(b, HOUR, 2 * HOUR);
	cr_expect(eq(u64, binding_info(b)->upstream_at_ms, loop_now(w.loop) + 2 * HOUR));
	loop_advance(w.loop, HOUR + 29900);
	cr_expect(zero(uint, w.gone));
	loop_advance(w.loop, 300);
	cr_expect(eq(uint, w.gone, 1));
}

Test(binding, refuse_and_remove)
{
	struct pn_binding *b = put("alice", "", "198.51.100.7:1");

	binding_refuse(b);
	cr_expect(eq(uint, w.gone, 1));
	b = active("alice", "198.51.100.7:1", HOUR);
	binding_refuse(b); /* nothing is staged */
	cr_expect(eq(uint, w.gone, 1));
	binding_remove(b);
	cr_expect(eq(uint, w.gone, 2));
	/* a callback's caller may still hold it */
	binding_remove(b);
	binding_refuse(b);
	binding_accept(b, HOUR, HOUR);
	binding_alive(b);
	binding_set_data(b, "x", 1);
	cr_expect(eq(uint, w.gone, 2));
	cr_expect(zero(sz, bindings_count(w.t)));
	loop_advance(w.loop, HOUR);
	cr_expect(zero(i64, metric_get(M_BINDINGS)));
}

Test(binding, gone_may_remove_another)
{
	struct pn_binding *a = put("a", "", "198.51.100.7:1");

	w.remove_next = put("b", "", "198.51.100.7:1");
	binding_remove(a);
	cr_expect(eq(uint, w.gone, 2));
	put("a", "", "198.51.100.7:1");
	w.remove_next = put("b", "", "198.51.100.7:1");
	loop_advance(w.loop, 40000);
	cr_expect(eq(uint, w.gone, 4));
}

/* ---- the rest ---- */

Test(binding, sessions)
{
	struct pn_binding *b = put("alice", "", OLD);

	binding_session_add(b, 1);
	binding_session_add(b, 1);
	binding_session_add(b, -1);
	cr_expect(eq(int, binding_sessions(b), 1));
	binding_session_add(b, -5);
	cr_expect(zero(int, binding_sessions(b)));
}

static unsigned seen;

static int remove_all_others(struct pn_binding *b, void *arg)
{
	struct pn_binding **list = arg;

	seen++;
	for (unsigned i = 0; i < 5; i++)
		if (list[i] && list[i] != b)
			binding_remove(list[i]);
	return 0;
}

static int remove_it(struct pn_binding *b, void *arg)
{
	(void)arg;
	seen++;
	binding_remove(b);
	return 0;
}

static int stop_at_third(struct pn_binding *b, void *arg)
{
	(void)b;
	(void)arg;
	return ++seen == 3 ? 42 : 0;
}

Test(binding, walk)
{
	struct pn_binding *list[5];
	char name[8];

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 5; i++) {
			snprintf(name, sizeof(name), "%u", i);
			list[i] = put(name, "", OLD);
		}
		seen = 0;
		cr_expect(eq(int, bindings_each(w.t, stop_at_third, NULL), 42));
		cr_expect(eq(uint, seen, 3));
		seen = 0;
		if (round == 0)
			bindings_each(w.t, remove_it, NULL);
		else
			bindings_each(w.t, remove_all_others, list);
		cr_expect(eq(uint, seen, round == 0 ? 5 : 1));
		cr_expect(eq(sz, bindings_count(w.t), round));
	}
}

Test(binding, owners_are_apart)
{
	struct pn_binding_args a = args("alice", "", OLD);
	struct pn_binding *one = put("alice", "", OLD), *two;

	binding_put(w.t, MOD_B, &a, &two);
	cr_expect(ne(ptr, one, two));
	cr_expect(eq(ptr, binding_owner(one), MOD_A));
	cr_expect(eq(ptr, binding_owner(two), MOD_B));
	a.realm = OTHER;
	binding_put(w.t, MOD_A, &a, &two);
	cr_expect(ne(ptr, one, two));
	bindings_drop_owner(w.t, MOD_A);
	cr_expect(eq(uint, w.gone, 2));
	cr_expect(eq(sz, bindings_count(w.t), 1));
	cr_expect(eq(ptr, at(OLD), NULL));
	bindings_drop_owner(w.t, MOD_A);
	loop_advance(w.loop, HOUR);
	cr_expect(eq(uint, w.gone, 3));
}

Test(binding, gone_owner_puts_no_more)
{
	put("alice", "", OLD);
	w.put_err = 0;
	bindings_drop_owner(w.t, MOD_A);
	cr_expect(eq(int, w.put_err, -ESHUTDOWN));
	cr_expect(zero(sz, bindings_count(w.t)));
	/* loaded again */
	cr_expect(ne(ptr, put("alice", "", OLD), NULL));
}
