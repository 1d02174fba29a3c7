#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "sip_kit.h"

Test(sip_conf, tells_what_was_expected)
{
	static const struct {
		const char *name, *attr, *value, *want; /* instead of what is right */
	} row[] = {
		{ "route", "from", "nowhere",
		  "route from=\"nowhere\": expected the name of a <realm>" },
		{ "route", "next-hop", "", "route next-hop: expected host or host:port" },
		{ "route", "next-hop", "???",
		  "route next-hop=\"???\": expected host or host:port" },
		{ "route", "match", "(",
		  "route match=\"(\": expected a Perl-compatible pattern: missing parenthesis" },
		{ "registrar", "realm", "core",
		  "registrar realm=\"core\": expected a realm with side=\"access\"" },
		{ "keepalive", "every", "soon",
		  "keepalive every=\"soon\": expected a duration such as 500ms, 20s, 2m or 1h" },
		{ "expires", "terminal", "0s", "expires terminal: expected at least 1s" },
		{ "timers", "t1", "1ms",
		  "timers: expected t1 of at least 10ms and t2 not below t1" },
		{ "limits", "dialogs", "0",
		  "limits dialogs=\"0\": expected a number from 1 to 4294967295" },
		{ "none", "x", "y", "module sip: expected a <route> or a <registrar>" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_conf_attr a[5] = { { row[i].attr, row[i].value, &a[1] },
					     { "from", "access", &a[2] },
					     { "to", "core", &a[3] },
					     { "next-hop", "192.0.2.20", &a[4] },
					     { "domain", "example.net", NULL } };
		struct pn_conf element = { .name = row[i].name, .attrs = a };
		struct pn_conf top = { .name = "module", .children = &element };
		void *started = fake_start(&postern_module, &top);

		cr_expect(eq(ptr, started, NULL), "row %zu", i);
		cr_assert(ne(ptr, fake.error, NULL), "row %zu", i);
		cr_expect(eq(str, fake.error, (char *)row[i].want), "row %zu", i);
		free(fake.error);
	}
}

/* Running dialogs do not notice that the configuration is another one. */
Test(sip_conf, reloads)
{
	void *next, *module = fake_start(&postern_module, kit_conf_route());
	char out[512];

	cr_assert(ne(ptr, module, NULL));
	kit_invite("r");
	kit_sent();
	kit_sent();
	cr_assert(zero(int, postern_module.prepare(module, kit_conf_registrar(), NULL, &next)));
	postern_module.commit(module, next);
	kit_core("SIP/2.0 180 R\nVia: SIP/2.0/UDP 192.0.2.5:5060;branch={branch}\nFrom: "
		 "<sip:a@b>;tag=a\n"
		 "To: <sip:b@b>;tag=b\nCall-ID: r\nCSeq: 1 INVITE\nContent-Length: 0\n\n");
	cr_expect(eq(int, (kit_sent(), kit_status()), 180));
	cr_assert(zero(int, postern_module.prepare(module, kit_conf_route(), NULL, &next)));
	postern_module.discard(module, next);
	cr_expect(gt(long, postern_module.show(module, out, sizeof(out)), 0));
	cr_expect(ne(ptr, strstr(out, "\"calls\":1"), NULL));
	cr_expect(lt(long, postern_module.show(module, out, 4), 0));
	fake_stop();
}
