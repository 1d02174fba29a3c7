/* A module's element against the module's own schema, and how its errors read. */
#include "conf_texts.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

#define HEAD "<grammar xmlns='http://relaxng.org/ns/structure/1.0' ns='urn:postern:config:1'" \
	     " xmlns:a='http://relaxng.org/ns/compatibility/annotations/1.0'" \
	     " datatypeLibrary='http://www.w3.org/2001/XMLSchema-datatypes'>"

/* A router or a registrar; routes in any number; an order that matters; a recursive element. */
static const char schema[] =
	HEAD "<start><element name='module'>"
	"<optional><attribute name='alias-domain'><data type='string'><param name='minLength'>1</param></data>"
	"</attribute></optional>"
	"<interleave>"
	"<choice><oneOrMore><ref name='route'/></oneOrMore><ref name='registrar'/></choice>"
	"<optional><element name='keepalive'>"
	"<attribute name='every'><ref name='time'/></attribute>"
	"<optional><attribute name='method'><choice><value>options</value><value>crlf</value></choice></attribute>"
	"</optional></element></optional>"
	"<optional><element name='pair'><group><element name='first'><empty/></element>"
	"<element name='second'><attribute name='n'><data type='positiveInteger'/></attribute></element></group>"
	"</element></optional>"
	"<zeroOrMore><ref name='tree'/></zeroOrMore>"
	"</interleave></element></start>"
	"<div><define name='route'><element name='route'>"
	"<attribute name='from'/><optional><attribute name='to'/></optional></element></define></div>"
	"<define name='registrar'><element><name>registrar</name><attribute><name ns=''>realm</name><text/></attribute>"
	"</element></define>"
	"<define name='tree'><element name='tree'><zeroOrMore><ref name='tree'/></zeroOrMore></element></define>"
	"<define name='time'><a:documentation>how often, such as \"20s\"</a:documentation>"
	"<data type='string'><param name='pattern'>[0-9]+s</param></data></define>"
	"</grammar>";

static int check(const char *text, const char *with, struct pn_conf_errors *e)
{
	struct conf *c = parse(text, e);
	int err;

	cr_assert(ne(ptr, c, NULL), "%s", errors_text(e));
	err = conf_check_module(&c->modules[0], with, e);
	conf_free(c);
	return err;
}

Test(conf_module, accepts)
{
	static const char *const row[] = {
		SIP("<route from='a'/>"),
		SIP("<route from='a'/><listen realm='a' port='5060'/><keepalive every='20s'/><route from='b' to='c'/>"),
		SIP("<registrar realm='a'/><pair><first/><second n='1'/></pair><tree><tree/><tree><tree/></tree></tree>"),
		OPEN REALMS "<module name='x' file='./x.so' alias-domain='gw'><route from=''/></module>" CLOSE,
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_conf_errors e;

		cr_expect(zero(int, check(row[i], schema, &e)), "row %zu: %s", i, errors_text(&e));
		cr_expect(zero(sz, e.n), "row %zu", i);
		conf_errors_free(&e);
	}
}

#define R "<route from='a'/>"

Test(conf_module, explains)
{
	static const struct {
		const char *text, *want;
	} row[] = {
		{ SIP(""), "4: <module> is incomplete: expected <route> or <registrar>\n" },
		{ SIP("<route/>"), "4: <route> without from: expected the attribute from, text\n" },
		{ SIP(R "\n<rout from='a'/>"),
		  "5: unknown element <rout> in <module>: expected one of <route>, <registrar>, <keepalive>, "
		  "<pair> or <tree>\n" },
		{ SIP(R "<keepalive every='soon' method='ping'/>"),
		  "4: every=\"soon\" of <keepalive>: expected how often, such as \"20s\"\n"
		  "4: method=\"ping\" of <keepalive>: expected \"options\" or \"crlf\"\n" },
		{ SIP(R "<keepalive/>\n<keepalive every='1s'/>"),
		  "4: <keepalive> without every: expected the attribute every, how often, such as \"20s\"\n"
		  "5: <keepalive> again, after line 4: expected at most one in <module>\n" },
		{ OPEN REALMS "<module name='x' aliasdomain='1'>" R "</module>" CLOSE,
		  "4: unknown attribute \"aliasdomain\" of <module>: expected alias-domain\n" },
		{ OPEN REALMS "<module name='x' alias-domain=''>" R "</module>" CLOSE,
		  "4: alias-domain=\"\" of <module>: expected text that is not empty\n" },
		{ SIP(R "<pair><first/></pair>"), "4: <pair> without <second>: expected <second>\n" },
		{ SIP(R "<pair><first a='1'/><second n='0'/></pair>"),
		  "4: unknown attribute \"a\" of <first>: expected none\n"
		  "4: n=\"0\" of <second>: expected a number from 1 on\n" },
		{ SIP(R "<tree><tree>\n<leaf/></tree></tree>"),
		  "5: unknown element <leaf> in <tree>: expected <tree>\n" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_conf_errors e;

		cr_expect(eq(int, check(row[i].text, schema, &e), -EINVAL), "row %zu", i);
		cr_expect(eq(str, (char *)errors_text(&e), (char *)row[i].want), "row %zu", i);
		conf_errors_free(&e);
	}
}

/* Where our own words do not reach, libxml2's stand in: an error is never silent. */
Test(conf_module, falls_back)
{
	static const char *const row[] = {
		SIP(R "<pair><second n='1'/><first/></pair>"),
		SIP(R "<registrar realm='a'/>"),
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_conf_errors e;

		cr_expect(eq(int, check(row[i], schema, &e), -EINVAL), "row %zu", i);
		cr_assert(eq(sz, e.n, 1), "row %zu", i);
		cr_expect(ne(ptr, strstr(e.line[0], ": expected what the schema describes"), NULL), "%s", e.line[0]);
		cr_expect(zero(int, strncmp(e.line[0], "x.xml:4: ", 9)), "%s", e.line[0]);
		conf_errors_free(&e);
	}
}

Test(conf_module, refuses_a_broken_schema)
{
	static const char *const row[] = {
		"",
		"<grammar",
		"<element xmlns='http://relaxng.org/ns/structure/1.0'/>",
		HEAD "<start><ref name='nowhere'/></start></grammar>",
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_conf_errors e;

		cr_expect(eq(int, check(SIP(R), row[i], &e), -EINVAL), "row %zu", i);
		cr_assert(eq(sz, e.n, 1), "row %zu", i);
		cr_expect(ne(ptr, strstr(e.line[0], "x.xml:0: schema of module \"sip\": "), NULL), "row %zu", i);
		cr_expect(ne(ptr, strstr(e.line[0], ": expected a RELAX NG grammar"), NULL), "row %zu", i);
		conf_errors_free(&e);
	}
}
