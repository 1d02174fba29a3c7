#include "alias_kit.h"
#include "binding.h"

static struct bindings *table;
static char gone[256]; /* identity, alias address and whether its listener was still there */

static void on_gone(void *arg, struct pn_binding *b)
{
	const struct pn_binding_info *i = binding_info(b);
	size_t at = strlen(gone);
	bool open = i->alias_addr.family && sock_at(false, &i->alias_addr);

	(void)arg;
	snprintf(gone + at, sizeof(gone) - at, "%.*s%s ", (int)i->identity.len, i->identity.p, open ? "+" : "");
}

static void setup(void)
{
	static const struct binding_events ev = { .gone = on_gone };

	net_setup();
	gone[0] = 0;
	table = bindings_new(net.loop, &ev, NULL);
	bindings_limits(table, 1000, 4000, 0);
	bindings_aliases(table, net.aliases);
}

static void teardown(void)
{
	bindings_free(table);
	net_teardown();
}

TestSuite(binding_alias, .init = setup, .fini = teardown);

static struct pn_binding_args args(const char *identity, enum pn_alias_kind kind)
{
	return (struct pn_binding_args){ .size = sizeof(struct pn_binding_args), .realm = OTHER,
					 .identity = str_of(identity), .pinhole = addr("198.51.100.7:1024"),
					 .alias_realm = CORE, .expires_ms = 32000, .alias_kind = kind,
					 .alias_listen = UDP, .alias_port = 2427, .alias_name = str_of("gw.example") };
}

static struct pn_binding *put_args(const struct pn_binding_args *a, int want)
{
	struct pn_binding *b = NULL;

	cr_assert(eq(int, binding_put(table, MGCP, a, &b), want));
	return b;
}

static struct pn_binding *put(const char *identity, enum pn_alias_kind kind)
{
	struct pn_binding_args a = args(identity, kind);

	return put_args(&a, 0);
}

static struct pn_binding *find(struct pn_realm *r, const char *alias, struct pn_binding *after)
{
	return binding_find(table, MGCP, r, PN_BY_ALIAS, alias, strlen(alias), after);
}

/* ---- the kinds ---- */

Test(binding_alias, kinds)
{
	static const struct {
		enum pn_alias_kind kind;
		bool other;
		const char *pool, *text; /* NULL: a token */
		bool listens;
	} row[] = {
		{ PN_ALIAS_TOKEN, false, "", NULL, false },
		{ PN_ALIAS_NAME, false, "", "gw.example", false },
		{ PN_ALIAS_ADDRESS, false, "192.0.2.64", "192.0.2.64", true },
		{ PN_ALIAS_PORT, false, "", "192.0.2.5:10007", true },
		{ PN_ALIAS_ADDRESS, true, "2001:db8::40", "2001:db8::40", true },
		{ PN_ALIAS_PORT, true, "", "[2001:db8::5]:10007", true },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_binding_args a = args("x", row[i].kind);
		const struct pn_binding_info *info;
		struct pn_binding *b;
		char text[64];

		net.conf[1].alias_first = net.conf[1].alias_last = 10007;
		prefixes_free(&net.conf[1].alias_addresses);
		net.conf[1].alias_addresses = prefixes(row[i].other ? row[i].pool : "");
		reload(row[i].other ? "" : row[i].pool, 10007, 10007);
		a.alias_realm = row[i].other ? OTHER : CORE;
		a.alias_family = row[i].other ? 6 : 0;
		b = put_args(&a, 0);
		info = binding_info(b);
		snprintf(text, sizeof(text), "%.*s", (int)info->alias.len, info->alias.p);
		if (row[i].text)
			cr_expect(eq(str, text, (char *)row[i].text), "row %zu", i);
		else
			cr_expect(eq(sz, strlen(text), 20), "row %zu", i);
		cr_expect(eq(int, info->alias_addr.family, !row[i].listens ? 0 : row[i].other ? 6 : 4), "row %zu", i);
		cr_expect(eq(int, info->alias_udp != 0, row[i].listens), "row %zu", i);
		cr_expect(zero(u64, info->alias_tcp), "row %zu", i);
		cr_expect(eq(ptr, find(a.alias_realm, text, NULL), b), "row %zu", i);
		cr_expect(eq(ptr, find(row[i].other ? CORE : OTHER, text, NULL), NULL), "row %zu", i);
		binding_set_data(b, "longer data", 11);
		cr_expect(eq(ptr, find(a.alias_realm, text, NULL), b), "row %zu", i);
		binding_remove(b);
		cr_expect(eq(ptr, find(a.alias_realm, text, NULL), NULL), "row %zu", i);
		cr_expect(zero(sz, net.n_socks), "row %zu", i);
		loop_advance(net.loop, 1000);
	}
}

Test(binding_alias, refuses)
{
	static const struct {
		int kind;
		bool realm;
		size_t name_len;
		uint16_t port;
		int want;
	} row[] = {
		{ 4, true, 10, 2427, -EINVAL },
		{ PN_ALIAS_NAME, false, 10, 2427, -EINVAL },
		{ PN_ALIAS_NAME, true, 0, 2427, -EINVAL },
		{ PN_ALIAS_NAME, true, 1025, 2427, -EINVAL },
		{ PN_ALIAS_NAME, true, 1024, 2427, 0 },
		{ PN_ALIAS_ADDRESS, false, 10, 2427, -EINVAL },
		{ PN_ALIAS_ADDRESS, true, 10, 0, -EINVAL },
		{ PN_ALIAS_PORT, false, 10, 2427, -EINVAL },
		{ PN_ALIAS_PORT, true, 10, 0, 0 },
	};
	static char name[1025];

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_binding_args a = args("x", (enum pn_alias_kind)row[i].kind);
		struct pn_binding *b;

		a.alias_realm = row[i].realm ? CORE : NULL;
		a.alias_name = (struct pn_str){ name, row[i].name_len };
		a.alias_port = row[i].port;
		b = put_args(&a, row[i].want);
		cr_expect(eq(sz, bindings_count(table), b != NULL), "row %zu", i);
		if (b)
			binding_remove(b);
	}
	bindings_aliases(table, NULL);
	put_args(&(struct pn_binding_args){ .realm = OTHER, .alias_realm = CORE, .alias_kind = PN_ALIAS_PORT },
		 -ENOSYS);
}

/* ---- names ---- */

Test(binding_alias, names_are_unique)
{
	struct pn_binding_args a = args("b", PN_ALIAS_NAME);
	struct pn_binding *first = put("a", PN_ALIAS_NAME), *b;

	put_args(&a, -EEXIST);
	cr_expect(eq(sz, bindings_count(table), 1));
	cr_expect(eq(ptr, put("a", PN_ALIAS_NAME), first), "a refresh is no second one");
	cr_expect(zero(int, binding_put(table, H248, &a, &b)), "another module");
	a.alias_realm = OTHER;
	b = put_args(&a, 0);
	/* nor may it come from another realm: pending, then active */
	a.alias_realm = CORE;
	put_args(&a, -EEXIST);
	binding_accept(b, 3600000, 3600000);
	put_args(&a, -EEXIST);
	cr_expect(eq(ptr, find(OTHER, "gw.example", NULL), b));
	binding_remove(first);
	put_args(&a, 0);
	cr_expect(eq(ptr, find(CORE, "gw.example", NULL), NULL), "not accepted yet");
	binding_accept(b, 3600000, 3600000);
	cr_expect(eq(ptr, find(CORE, "gw.example", NULL), b));
}

Test(binding_alias, two_wait_for_one_name)
{
	struct pn_binding_args a = args("a", PN_ALIAS_NAME), b = args("b", PN_ALIAS_NAME);
	struct pn_binding *first, *second;

	a.alias_realm = b.alias_realm = OTHER;
	b.alias_name = str_of("gw.example");
	first = put_args(&a, 0);
	binding_accept(first, 3600000, 3600000);
	a.alias_realm = CORE;
	put_args(&a, 0);
	second = put("b", PN_ALIAS_NAME);
	binding_accept(first, 3600000, 3600000);
	cr_expect(zero(sz, binding_info(first)->alias.len));
	cr_expect(eq(ptr, binding_info(first)->alias_realm, NULL));
	cr_expect(eq(ptr, find(CORE, "gw.example", NULL), second));
	binding_remove(first);
	binding_remove(second);
	cr_expect(eq(ptr, find(CORE, "gw.example", NULL), NULL));
}

/* ---- addresses ---- */

Test(binding_alias, same_text_at_two_ports)
{
	struct pn_binding_args a = args("a", PN_ALIAS_ADDRESS);
	struct pn_binding *one, *two, *first, *next;

	reload("192.0.2.64", 10000, 10009);
	one = put_args(&a, 0);
	a.identity = str_of("b");
	a.alias_port = 2727;
	two = put_args(&a, 0);
	first = find(CORE, "192.0.2.64", NULL);
	next = find(CORE, "192.0.2.64", first);
	cr_expect(eq(int, (first == one && next == two) || (first == two && next == one), 1));
	cr_expect(eq(ptr, find(CORE, "192.0.2.64", next), NULL));
}

Test(binding_alias, made_once)
{
	struct pn_binding *b = put("a", PN_ALIAS_ADDRESS);
	struct pn_addr at = binding_info(b)->alias_addr;
	struct pn_binding_args later = args("a", PN_ALIAS_TOKEN);

	put("a", PN_ALIAS_ADDRESS);
	put("a", PN_ALIAS_NAME);
	put_args(&later, 0);
	binding_accept(b, 3600000, 3600000);
	put_args(&later, 0);
	binding_accept(b, 3600000, 3600000);
	cr_expect(addr_eq(&binding_info(b)->alias_addr, &at));
	cr_expect(eq(sz, net.n_socks, 1));
	later.alias_realm = OTHER;
	put_args(&later, -EINVAL);
	later.alias_realm = NULL;
	put_args(&later, -EINVAL);
	cr_expect(addr_eq(&binding_info(b)->alias_addr, &at));
}

/* Each way to go gives the address back, after the module was told and could use it. */
Test(binding_alias, goes_with_its_binding)
{
	struct pn_binding_args a = args("d", PN_ALIAS_ADDRESS);
	struct pn_binding *b;

	put("a", PN_ALIAS_ADDRESS); /* expires */
	b = put("b", PN_ALIAS_ADDRESS);
	binding_refuse(b);
	cr_expect(eq(str, gone, "b+ "));
	cr_expect(zero(int, binding_info(b)->alias_addr.family));
	cr_expect(eq(sz, net.n_socks, 1));
	loop_advance(net.loop, 33000);
	cr_expect(eq(str, gone, "b+ a+ "));
	cr_expect(zero(sz, net.n_socks));
	b = put("c", PN_ALIAS_ADDRESS);
	binding_accept(b, 1000, 1000);
	binding_refuse(b);
	cr_expect(eq(sz, net.n_socks, 1));
	loop_advance(net.loop, 32000);
	cr_expect(zero(sz, net.n_socks));
	cr_assert(zero(int, binding_put(table, H248, &a, &b)));
	put("e", PN_ALIAS_ADDRESS);
	bindings_drop_owner(table, H248);
	cr_expect(eq(sz, net.n_socks, 1));
	bindings_close_realm(table, OTHER);
	cr_expect(eq(sz, net.n_socks, 1), "the realm of the terminal, not of the alias");
	put("token", PN_ALIAS_TOKEN);
	a.identity = str_of("f");
	a.alias_realm = OTHER;
	put_args(&a, 0);
	bindings_close_realm(table, CORE);
	cr_expect(eq(sz, net.n_socks, 1));
	cr_expect(eq(str, gone, "b+ a+ c+ d+ e+ "));
	cr_expect(zero(sz, aliases_in(net.aliases, CORE)));
	cr_expect(eq(sz, bindings_count(table), 2));
}

Test(binding_alias, comes_back_to_the_same)
{
	struct pn_binding *b = put("a", PN_ALIAS_ADDRESS);
	struct pn_addr at = binding_info(b)->alias_addr;

	binding_remove(b);
	for (unsigned i = 0; i < 13; i++) {
		char name[8];

		snprintf(name, sizeof(name), "t%u", i);
		put(name, PN_ALIAS_ADDRESS);
	}
	cr_expect(addr_eq(&binding_info(put("a", PN_ALIAS_ADDRESS))->alias_addr, &at));
}

Test(binding_alias, a_failed_put_leaves_nothing)
{
	struct pn_binding_args a = args("c", PN_ALIAS_ADDRESS);

	bindings_limits(table, 2, 4000, 0);
	put("a", PN_ALIAS_ADDRESS);
	put("b", PN_ALIAS_TOKEN);
	put_args(&a, -ENOSPC);
	cr_expect(eq(sz, aliases_in(net.aliases, CORE), 1));
	bindings_limits(table, 3, 4000, 0);
	net.bind_err = EMFILE;
	net.bind_fails = 1;
	put_args(&a, -EMFILE);
	cr_expect(eq(sz, bindings_count(table), 2));
	cr_expect(eq(sz, aliases_in(net.aliases, CORE), 1));
	cr_expect(eq(i64, metric_get(M_BINDINGS_REFUSED), 2));
	cr_expect(eq(ptr, binding_find(table, MGCP, OTHER, PN_BY_IDENTITY, "c", 1, NULL), NULL));
	put_args(&a, 0);
}

/* One identity's flood of pending devices gives back what it took. */
Test(binding_alias, makes_room)
{
	struct pn_binding_args a = args("a", PN_ALIAS_ADDRESS);
	char name[16];

	reload("192.0.2.0/25", 10000, 10009);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "%u", i);
		a.instance = str_of(name);
		put_args(&a, 0);
		loop_advance(net.loop, 1);
	}
	cr_expect(eq(sz, aliases_in(net.aliases, CORE), 64));
	cr_expect(eq(sz, net.n_socks, 64));
}

/* The token that a table of its own gives to this terminal. */
static const char *token_in(const char *secret, struct module *m, const char *identity, const char *instance)
{
	static char text[4][32];
	static unsigned next;
	static const struct binding_events ev = { .gone = NULL };
	struct bindings *t = bindings_new(net.loop, &ev, NULL);
	struct pn_binding_args a = args(identity, PN_ALIAS_TOKEN);
	struct pn_binding *b = NULL;
	struct pn_str alias;

	bindings_limits(t, 10, 4000, 0);
	bindings_token_secret(t, str_of(secret), name_of);
	a.instance = str_of(instance);
	cr_assert(eq(int, binding_put(t, m, &a, &b), 0));
	alias = binding_info(b)->alias;
	cr_expect(eq(sz, alias.len, 20));
	next = (next + 1) % 4;
	snprintf(text[next], sizeof(text[next]), "%.*s", (int)alias.len, alias.p);
	bindings_free(t);
	return text[next];
}

Test(binding_alias, tokens_of_one_secret_are_the_same)
{
	char *one = (char *)token_in("s3cret", MGCP, "a", "i");

	cr_expect(eq(str, (char *)token_in("s3cret", MGCP, "a", "i"), one));
	cr_expect(ne(str, (char *)token_in("other", MGCP, "a", "i"), one));
	one = (char *)token_in("s3cret", MGCP, "ai", "");
	cr_expect(ne(str, (char *)token_in("s3cret", MGCP, "a", "i"), one), "the border between names counts");
	cr_expect(ne(str, (char *)token_in("s3cret", H248, "ai", ""), one));
	one = (char *)token_in("", MGCP, "a", "i");
	cr_expect(ne(str, (char *)token_in("", MGCP, "a", "i"), one), "without a secret they are random");
}
