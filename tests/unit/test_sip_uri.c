#include "uri.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

Test(sip_uri, reads_uris)
{
	static const struct {
		const char *text, *user, *host, *params, *headers;
		unsigned port;
		int err;
	} row[] = {
		{ "sip:bob@example.net", "bob", "example.net", "", "", 0, 0 },
		{ "sips:bob:pw@example.net:5061;lr", "bob", "example.net", ";lr", "", 5061, 0 },
		{ "sip:example.net", "", "example.net", "", "", 0, 0 },
		{ "sip:a@[2001:db8::1]:5070;x=1?y=2", "a", "[2001:db8::1]", ";x=1", "y=2", 5070,
		  0 },
		{ "sip:[2001:db8::1]", "", "[2001:db8::1]", "", "", 0, 0 },
		{ "SIP:user;par=u%40h@example.com", "user;par=u%40h", "example.com", "", "", 0, 0 },
		{ "sip:a?b@h", "a?b", "h", "", "", 0, 0 },
		{ "tel:+1234", "", "", "", "", 0, 0 },
		{ "sip:", "", "", "", "", 0, -EBADMSG },
		{ "sip:@", "", "", "", "", 0, -EBADMSG },
		{ "sip:a@h:0", "", "", "", "", 0, -EBADMSG },
		{ "sip:a@h:65536", "", "", "", "", 0, -EBADMSG },
		{ "sip:a@2001:db8::10", "", "", "", "", 0, -EBADMSG },
		{ "sip:a@[2001", "", "", "", "", 0, -EBADMSG },
		{ "sip:a@h h", "", "", "", "", 0, -EBADMSG },
		{ "no scheme:x", "", "", "", "", 0, -EBADMSG },
		{ "", "", "", "", "", 0, -EBADMSG },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct sip_uri u = { 0 };

		cr_expect(eq(int, uri_parse(str_of(row[i].text), &u), row[i].err), "row %zu", i);
		cr_expect(str_is(u.user, row[i].user), "row %zu user", i);
		cr_expect(str_is(u.host, row[i].host), "row %zu host", i);
		cr_expect(str_is(u.params, row[i].params), "row %zu params", i);
		cr_expect(str_is(u.headers, row[i].headers), "row %zu headers", i);
		cr_expect(eq(uint, u.port, row[i].port), "row %zu port", i);
	}
}

Test(sip_uri, reads_name_addrs)
{
	static const struct {
		const char *text, *uri, *params;
		int err;
	} row[] = {
		{ "<sip:a@h>;tag=1", "sip:a@h", ";tag=1", 0 },
		{ "sip:a@h;tag=1", "sip:a@h", ";tag=1", 0 },
		{ "\"a <b>\" <sip:a@h;lr>", "sip:a@h;lr", "", 0 },
		{ "\"q \\\" <x>\"<sip:a@h>", "sip:a@h", "", 0 },
		{ "Bell, A < sip:a@h > ;x", "sip:a@h", ";x", 0 },
		{ "\"open <sip:a@h>", "", "", -EBADMSG },
		{ "<sip:a@h", "", "", -EBADMSG },
		{ "<>", "", "", -EBADMSG },
		{ "<sip:a@h> x", "", "", -EBADMSG },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct sip_name_addr n = { 0 };

		cr_expect(eq(int, name_addr_parse(str_of(row[i].text), &n), row[i].err), "row %zu",
			  i);
		cr_expect(str_is(n.uri, row[i].uri), "row %zu uri", i);
		cr_expect(str_is(n.params, row[i].params), "row %zu params", i);
	}
}

Test(sip_uri, splits_values)
{
	struct pn_str rest = str_of("\"a,b\" <sip:x,y@h>;p=\"1,2\" , sip:z@h\r\n ,<sip:w@h>"), v;
	static const char *const want[] = { "\"a,b\" <sip:x,y@h>;p=\"1,2\"", "sip:z@h",
					    "<sip:w@h>" };

	for (size_t i = 0; i < ROWS(want); i++) {
		cr_assert(eq(int, next_value(&rest, &v), 1), "value %zu", i);
		cr_expect(str_is(v, want[i]), "value %zu", i);
	}
	cr_expect(eq(int, next_value(&rest, &v), 0));
	rest = str_of("a,,b");
	cr_expect(eq(int, next_value(&rest, &v), 1));
	cr_expect(eq(int, next_value(&rest, &v), -EBADMSG));
}

Test(sip_uri, finds_parameters)
{
	struct pn_str params = str_of(";a=1 ; B = \"x;y\";flag"), v;

	cr_expect(eq(int, param_find(params, "A", &v), 0));
	cr_expect(str_is(v, "1"));
	cr_expect(eq(int, param_find(params, "b", &v), 0));
	cr_expect(str_is(v, "\"x;y\""));
	cr_expect(eq(int, param_find(params, "flag", &v), 0));
	cr_expect(zero(sz, v.len));
	cr_expect(eq(int, param_find(params, "none", &v), -ENOENT));
}

Test(sip_uri, reads_vias)
{
	static const struct {
		const char *text, *host, *branch;
		unsigned port;
		int rport, err;
	} row[] = {
		{ "SIP/2.0/UDP h:5062;branch=z9hG4bK1;rport", "h", "z9hG4bK1", 5062, 1, 0 },
		{ "SIP / 2.0\r\n /UDP\r\n   h;branch= z9hG4bK2", "h", "z9hG4bK2", 0, 0, 0 },
		{ "SIP/2.0/UNKNOWN [2001:db8::9]:6050;branch=x;rport=7", "[2001:db8::9]", "x", 6050,
		  1, 0 },
		{ "SIP/2.0/UDP 192.0.2.15;;,;,,", "", "", 0, 0, -EBADMSG },
		{ "SIP/3.0/UDP h", "", "", 0, 0, -EBADMSG },
		{ "SIP/2.0/UDP", "", "", 0, 0, -EBADMSG },
		{ "SIP/2.0 h", "", "", 0, 0, -EBADMSG },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct sip_via v = { 0 };

		cr_expect(eq(int, via_parse(str_of(row[i].text), &v), row[i].err), "row %zu", i);
		cr_expect(str_is(v.host, row[i].host), "row %zu host", i);
		cr_expect(str_is(v.branch, row[i].branch), "row %zu branch", i);
		cr_expect(eq(uint, v.port, row[i].port), "row %zu port", i);
		cr_expect(eq(int, v.has_rport, row[i].rport), "row %zu rport", i);
	}
}
