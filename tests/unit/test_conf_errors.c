/* What is said about a configuration that is wrong: all of it, with lines, in words. */
#include "conf_texts.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

struct row {
	const char *text, *want;
};

static void expect_errors(const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pn_conf_errors e;
		struct conf *c = parse(row[i].text, &e);

		cr_expect(eq(ptr, c, NULL), "row %zu", i);
		cr_expect(eq(str, (char *)errors_text(&e), (char *)row[i].want), "row %zu", i);
		conf_free(c);
		conf_errors_free(&e);
	}
}

Test(conf_errors, of_the_document)
{
	static const struct row row[] = {
		{ "", "1: Document is empty: expected well-formed XML\n" },
		{ "hello\n", "1: Start tag expected, '<' not found: expected well-formed XML\n" },
		{ "<a/>", "1: document of <a>: expected <postern xmlns=\"urn:postern:config:1\">\n" },
		{ "\n<postern/>", "2: document of <postern>: expected <postern xmlns=\"urn:postern:config:1\">\n" },
		{ "<postern xmlns=\"urn:postern:config:2\"/>",
		  "1: document of <postern>: expected <postern xmlns=\"urn:postern:config:1\">\n" },
		{ OPEN "<realm>\n</postern>",
		  "3: Opening and ending tag mismatch: realm line 2 and postern: expected well-formed XML\n" },
		{ OPEN "<log to='a' to='b'/>" CLOSE, "2: Attribute to redefined: expected well-formed XML\n" },
		{ OPEN "&me;" CLOSE, "2: Entity 'me' not defined: expected well-formed XML\n" },
		{ OPEN "<x:log/>" CLOSE,
		  "2: Namespace prefix x on log is not defined: expected well-formed XML\n" },
		{ "<!DOCTYPE postern>\n" OPEN REALMS CLOSE,
		  "1: document type declaration: expected plain XML without one\n" },
		{ "<!DOCTYPE postern [\n<!ENTITY a SYSTEM \"file:///etc/passwd\">\n]>\n" OPEN "&a;" CLOSE,
		  "1: document type declaration: expected plain XML without one\n" },
		{ "<!DOCTYPE p [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>\n" OPEN "&b;" CLOSE,
		  "1: document type declaration: expected plain XML without one\n" },
		{ OPEN "<module name='m'><a><a><a><a><a><a><a><a><a><a><a><a><a><a>\n<a/></a></a></a></a></a>"
		  "</a></a></a></a></a></a></a></a></a></module>" CLOSE,
		  "3: elements nested too deeply: expected at most 16 levels\n" },
	};

	expect_errors(row, ROWS(row));
}

Test(conf_errors, of_foreign_content)
{
	static const struct row row[] = {
		{ OPEN REALMS "hello\n" CLOSE,
		  "1: text in <postern>: expected nothing but elements and attributes\n" },
		{ SIP("\n<listen realm='a' port='1'>&#65;</listen>"),
		  "5: text in <listen>: expected nothing but elements and attributes\n" },
		{ SIP("<![CDATA[x]]>"), "4: text in <module>: expected nothing but elements and attributes\n" },
		{ SIP("\n<y xmlns='foo'/>"), "5: <y> in the namespace \"foo\": expected elements of "
					     "\"urn:postern:config:1\"\n" },
		{ SIP("<y xmlns=''/>"), "4: <y> in the namespace \"\": expected elements of "
					"\"urn:postern:config:1\"\n" },
		{ OPEN REALMS "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='/etc/passwd'/>\n" CLOSE,
		  "4: <include> in the namespace \"http://www.w3.org/2001/XInclude\": expected elements of "
		  "\"urn:postern:config:1\"\n" },
		{ SIP("<y xml:lang='de'/>"),
		  "4: attribute xml:lang of <y>: expected attributes without a prefix\n" },
	};

	expect_errors(row, ROWS(row));
}

#define PARTS "one of <log>, <control>, <cdr>, <limits>, <media>, <bindings>, <realm>, <network>, " \
	      "<gateway> or <module>\n"

Test(conf_errors, of_structure)
{
	static const struct row row[] = {
		{ OPEN CLOSE, "1: <postern> without <realm>: expected <realm>\n" },
		{ OPEN REALMS "<thing/>\n" CLOSE, "4: unknown element <thing> in <postern>: expected " PARTS },
		{ OPEN REALMS "<log><more/></log>" CLOSE,
		  "4: unknown element <more> in <log>: expected no elements\n" },
		{ OPEN "<log/>\n<log/>\n" REALMS CLOSE,
		  "3: <log> again, after line 2: expected at most one in <postern>\n" },
		{ OPEN "<log where='x'/>" REALMS CLOSE,
		  "2: unknown attribute \"where\" of <log>: expected one of to or level\n" },
		{ OPEN "<cdr path='x'/>" REALMS CLOSE,
		  "2: unknown attribute \"path\" of <cdr>: expected file\n"
		  "2: <cdr> without file: expected the attribute file, a file name; a relative one counts from "
		  "the directory of the configuration\n" },
		{ OPEN "<realm/>" CLOSE,
		  "2: <realm> without name: expected the attribute name, a name of at most 32 letters, digits, "
		  "\".\", \"-\" or \"_\"\n"
		  "2: <realm> without side: expected the attribute side, \"access\" or \"core\"\n"
		  "2: <realm> is incomplete: expected address or address6\n" },
		{ SIP("<listen/>"), "4: <listen> without realm: expected the attribute realm, a name of at most "
				    "32 letters, digits, \".\", \"-\" or \"_\"\n"
				    "4: <listen> without port: expected the attribute port, a port from 1 to "
				    "65535\n" },
		{ SIP("<listen realm='a' port='5060' ports='1'/>"),
		  "4: unknown attribute \"ports\" of <listen>: expected one of realm, transport, port or "
		  "group\n" },
		{ OPEN REALMS "<module/>" CLOSE,
		  "4: <module> without name: expected the attribute name, a name of at most 32 letters, "
		  "digits, \".\", \"-\" or \"_\"\n" },
	};

	expect_errors(row, ROWS(row));
}

Test(conf_errors, of_roles)
{
	static const struct row row[] = {
		{ "<postern xmlns='urn:postern:config:1' role='proxy'>\n" REALMS CLOSE,
		  "1: role=\"proxy\" of <postern>: expected \"gateway\" or \"agent\"\n" },
	};

	expect_errors(row, ROWS(row));
}

#define REALM(attr) OPEN "<realm name='a' side='core' address='192.0.2.5' " attr "/>" CLOSE
#define SAYS(attr, value, expected) "2: " attr "=\"" value "\" of <realm>: expected " expected "\n"
#define A_PREFIX(word) "an address or prefix such as \"192.0.2.0/24\" instead of \"" word "\""
#define A_RANGE "a range from a lower to a higher port within 1024-65535"
#define DSCP "\"ef\", \"va\", \"le\", \"cs0\" to \"cs7\", \"af11\" to \"af43\", or a number from 0 to 63"

Test(conf_errors, of_values_of_a_realm)
{
	static const struct row row[] = {
		{ OPEN "<realm name='a b' side='core' address='192.0.2.5'/>" CLOSE,
		  SAYS("name", "a b", "a name of at most 32 letters, digits, \".\", \"-\" or \"_\"") },
		{ OPEN "<realm name='a' side='left' address='192.0.2.5'/>" CLOSE,
		  SAYS("side", "left", "\"access\" or \"core\"") },
		{ OPEN "<realm name='a' side='core' address='300.0.2.5'/>" CLOSE,
		  SAYS("address", "300.0.2.5", "an IPv4 address such as \"192.0.2.5\"") },
		{ OPEN "<realm name='a' side='core' address='gw.example'/>" CLOSE,
		  SAYS("address", "gw.example", "an IPv4 address such as \"192.0.2.5\"") },
		{ OPEN "<realm name='a' side='core' address='2001:db8::5'/>" CLOSE,
		  SAYS("address", "2001:db8::5", "an IPv4 address such as \"192.0.2.5\"") },
		{ OPEN "<realm name='a' side='core' address6='192.0.2.5'/>" CLOSE,
		  SAYS("address6", "192.0.2.5", "an IPv6 address such as \"2001:db8::5\"") },
		{ OPEN "<realm name='a' side='core' address6='2001:db8:::5'/>" CLOSE,
		  SAYS("address6", "2001:db8:::5", "an IPv6 address such as \"2001:db8::5\"") },
		{ OPEN "<realm name='a' side='core' address='0.0.0.0'/>" CLOSE,
		  SAYS("address", "0.0.0.0", "one address of this host, neither a wildcard nor multicast") },
		{ OPEN "<realm name='a' side='core' address='224.0.0.1'/>" CLOSE,
		  SAYS("address", "224.0.0.1", "one address of this host, neither a wildcard nor multicast") },
		{ OPEN "<realm name='a' side='core' address6='::'/>" CLOSE,
		  SAYS("address6", "::", "one address of this host, neither a wildcard nor multicast") },
		{ REALM("media='20000'"), SAYS("media", "20000", "a range of ports such as \"20000-29999\"") },
		{ REALM("media='30000-20000'"), SAYS("media", "30000-20000", A_RANGE) },
		{ REALM("media='80-2000'"), SAYS("media", "80-2000", A_RANGE) },
		{ REALM("media='20000-99999'"), SAYS("media", "20000-99999", A_RANGE) },
		{ REALM("media='20001-20002'"),
		  SAYS("media", "20001-20002", "a range that has an even port and the odd one above it") },
		{ REALM("tcp-ports='5-1'"), SAYS("tcp-ports", "5-1", A_RANGE) },
		{ REALM("aliases='9-10'"), SAYS("aliases", "9-10", A_RANGE) },
		{ REALM("reach='10.0.0.0/33'"), SAYS("reach", "10.0.0.0/33", A_PREFIX("10.0.0.0/33")) },
		{ REALM("allow='10.0.0.0/8, 11.0.0/8'"),
		  SAYS("allow", "10.0.0.0/8, 11.0.0/8", A_PREFIX("11.0.0/8")) },
		{ REALM("deny='2001:db8::/129'"), SAYS("deny", "2001:db8::/129", A_PREFIX("2001:db8::/129")) },
		{ REALM("alias-addresses='192.0.2.64/a'"),
		  SAYS("alias-addresses", "192.0.2.64/a", A_PREFIX("192.0.2.64/a")) },
		{ REALM("reach=''"),
		  SAYS("reach", "", "addresses or prefixes such as \"192.0.2.0/24 2001:db8::/32\"") },
		{ REALM("reach='everything'"),
		  SAYS("reach", "everything", "addresses or prefixes such as \"192.0.2.0/24 2001:db8::/32\"") },
		{ REALM("latch='first'"), SAYS("latch", "first", "\"peer\", \"declared\", \"any\" or \"off\"") },
		{ REALM("latch-packets='4'"), SAYS("latch-packets", "4", "a number from 1 to 3") },
		{ REALM("latch-mask='33'"), SAYS("latch-mask", "33", "a number from 8 to 32") },
		{ REALM("latch-mask6='0'"), SAYS("latch-mask6", "0", "a number from 16 to 128") },
		{ REALM("third-party-media='maybe'"), SAYS("third-party-media", "maybe", "\"yes\" or \"no\"") },
		{ REALM("dscp='best'"), SAYS("dscp", "best", DSCP) },
		{ REALM("dscp='64'"), SAYS("dscp", "64", DSCP) },
		{ REALM("dscp='af44'"), SAYS("dscp", "af44", DSCP) },
		{ REALM("device='a-very-long-device-name'"),
		  SAYS("device", "a-very-long-device-name",
		       "the name of a network device of at most 15 characters") },
		{ REALM("fwmark='4294967296'"), SAYS("fwmark", "4294967296", "a number from 0 to 4294967295") },
		{ REALM("source-rate='-1'"),
		  SAYS("source-rate", "-1", "a number from 0 (no limit) to 10000000") },
	};

	expect_errors(row, ROWS(row));
}

#define WITH(element) OPEN element REALMS CLOSE
#define A_DURATION "a duration such as \"500ms\", \"20s\", \"2m\" or \"1h\"\n"

Test(conf_errors, of_other_values)
{
	static const struct row row[] = {
		{ WITH("<log to='syslog'/>"), "2: to=\"syslog\" of <log>: expected \"stderr\" or \"journal\"\n" },
		{ WITH("<log level='loud'/>"),
		  "2: level=\"loud\" of <log>: expected \"error\", \"warn\", \"info\" or \"debug\"\n" },
		{ WITH("<limits sessions='0'/>"),
		  "2: sessions=\"0\" of <limits>: expected a number from 1 to 10000000\n" },
		{ WITH("<limits sessions='many'/>"),
		  "2: sessions=\"many\" of <limits>: expected a number from 1 to 10000000\n" },
		{ WITH("<limits tcp-write-queue='1'/>"),
		  "2: tcp-write-queue=\"1\" of <limits>: expected a number from 4096 to 16777216\n" },
		{ WITH("<limits tcp-idle='5'/>"), "2: tcp-idle=\"5\" of <limits>: expected " A_DURATION },
		{ WITH("<limits tcp-idle='5ms'/>"),
		  "2: tcp-idle=\"5ms\" of <limits>: expected \"0\" (never), or from \"1s\" to \"24h\"\n" },
		{ WITH("<media threads='65'/>"), "2: threads=\"65\" of <media>: expected a number from 0 to 64\n" },
		{ WITH("<media idle='3 s'/>"), "2: idle=\"3 s\" of <media>: expected " A_DURATION },
		{ WITH("<media answer='0'/>"), "2: answer=\"0\" of <media>: expected from \"1s\" to \"1h\"\n" },
		{ WITH("<media longest='721h'/>"),
		  "2: longest=\"721h\" of <media>: expected \"0\" (no limit), or from \"1s\" to \"720h\"\n" },
		{ WITH("<media request-timeout='9h'/>"),
		  "2: request-timeout=\"9h\" of <media>: expected from \"100ms\" to \"30s\"\n" },
		{ WITH("<bindings probe='1ms'/>"),
		  "2: probe=\"1ms\" of <bindings>: expected from \"100ms\" to \"30s\"\n" },
		{ WITH("<bindings keepalive-budget='0'/>"),
		  "2: keepalive-budget=\"0\" of <bindings>: expected a number from 1 to 1000000\n" },
		{ WITH("<control socket='/a-directory-of-forty-characters-and-another/"
		       "a-directory-of-forty-characters-and-another/a-directory-of-forty/ctl.sock'/>"),
		  "0: control socket /a-directory-of-forty-characters-and-another/"
		  "a-directory-of-forty-characters-and-another/a-directory-of-forty/ctl.sock: expected at most "
		  "107 characters\n" },
		{ SIP("<listen realm='b' port='5060'/>"),
		  "4: realm=\"b\" of <listen>: expected the name of a realm: a, c\n" },
		{ SIP("<listen realm='a' port='0'/>"),
		  "4: port=\"0\" of <listen>: expected a port from 1 to 65535\n" },
		{ SIP("<listen realm='a' port='1718' group='192.0.2.1'/>"),
		  "4: group=\"192.0.2.1\" of <listen>: expected an IPv4 multicast address such as \"224.0.1.41\", on udp\n" },
		{ SIP("<listen realm='a' port='1718' transport='tcp' group='224.0.1.41'/>"),
		  "4: group=\"224.0.1.41\" of <listen>: expected an IPv4 multicast address such as \"224.0.1.41\", on udp\n" },
		{ SIP("<listen realm='a' port='5061' transport='tls'/>"),
		  "4: transport=\"tls\" of <listen>: expected \"udp\" or \"tcp\" (this version knows no TLS)\n" },
		{ OPEN "<realm name='a' side='core' address='1.2.3.4&#10;&#127;[31m'/>" CLOSE,
		  "2: address=\"1.2.3.4  [31m\" of <realm>: expected an IPv4 address such as \"192.0.2.5\"\n" },
	};

	expect_errors(row, ROWS(row));
}

#define TWO(first, second) OPEN "<realm name='a' side='access' " first "/>\n" \
				"<realm name='c' side='core' " second "/>\n" CLOSE

Test(conf_errors, of_what_meets)
{
	static const struct row row[] = {
		{ OPEN "<realm name='a' side='core' address='192.0.2.5'/>\n"
		       "<realm name='a' side='core' address='192.0.2.6'/>\n" CLOSE,
		  "3: realm \"a\" again, after line 2: expected another name\n" },
		{ TWO("address='192.0.2.5'", "address='192.0.2.5' media='30000-39999'"),
		  "3: address 192.0.2.5 also of the realm on line 2: expected another one, or a device of its "
		  "own for each of the two realms\n" },
		{ TWO("address='192.0.2.5' device='eth0'", "address='192.0.2.5'"),
		  "3: address 192.0.2.5 also of the realm on line 2: expected another one, or a device of its "
		  "own for each of the two realms\n" },
		{ TWO("address6='2001:db8::5'", "address='192.0.2.5' address6='2001:db8:0::5'"),
		  "3: address 2001:db8::5 also of the realm on line 2: expected another one, or a device of "
		  "its own for each of the two realms\n" },
		{ REALM("media='20000-29999' aliases='25000-35000'"),
		  "2: aliases=\"25000-35000\" of <realm>: expected ports outside of media=\"20000-29999\"\n" },
		{ REALM("tcp-ports='40000-40999' aliases='40999-41000'"),
		  "2: aliases=\"40999-41000\" of <realm>: expected ports outside of "
		  "tcp-ports=\"40000-40999\"\n" },
		{ SIP("<listen realm='a' port='20002'/>"),
		  "4: port=\"20002\" of <listen>: expected one outside of media=\"20000-29999\" of the realm "
		  "on line 2\n" },
		{ OPEN "<realm name='a' side='core' address='192.0.2.5' tcp-ports='40000-40999'/>\n"
		       "<module name='m'><listen realm='a' transport='tcp' port='40999'/></module>" CLOSE,
		  "3: port=\"40999\" of <listen>: expected one outside of tcp-ports=\"40000-40999\" of the "
		  "realm on line 2\n" },
		{ OPEN "<realm name='a' side='core' address='192.0.2.5' aliases='40000-40999'/>\n"
		       "<module name='m'><listen realm='a' transport='tcp' port='40999'/></module>" CLOSE,
		  "3: port=\"40999\" of <listen>: expected one outside of aliases=\"40000-40999\" of the realm "
		  "on line 2\n" },
		{ SIP("<listen realm='a' port='5060'/>\n<listen realm='a' port='5060' transport='udp'/>"),
		  "5: <listen> on udp port 5060 again, after line 4: expected another port or realm\n" },
		{ OPEN REALMS "<module name='m'><listen realm='a' port='5060'/></module>\n"
			      "<module name='n'><listen realm='a' port='5060'/></module>\n" CLOSE,
		  "5: <listen> on udp port 5060 again, after line 4: expected another port or realm\n" },
		{ OPEN REALMS "<module name='m'/>\n<module name='m'/>\n" CLOSE,
		  "5: module \"m\" again, after line 4: expected each module once\n" },
	};

	expect_errors(row, ROWS(row));
}

/* One run tells all, in the order of the file, and once for each cause. */
Test(conf_errors, come_together)
{
	static const struct row row[] = { {
		"<postern xmlns='urn:postern:config:1' foo='x'>\n"
		"<realm name='a' side='left' address='300.51.100.5' media='5-6'/>\n"
		"<realm name='a' side='core' address='192.0.2.5' dscp='best'/>\n"
		"<thing/>\n"
		"<module name='sip'>\n"
		"<listen realm='b' port='5060'/>\n"
		"<listen realm='a' port='5060' x='1'/>\n"
		"</module></postern>",
		"1: unknown attribute \"foo\" of <postern>: expected role\n"
		"2: side=\"left\" of <realm>: expected \"access\" or \"core\"\n"
		"2: address=\"300.51.100.5\" of <realm>: expected an IPv4 address such as \"192.0.2.5\"\n"
		"2: media=\"5-6\" of <realm>: expected " A_RANGE "\n"
		"3: dscp=\"best\" of <realm>: expected " DSCP "\n"
		"3: realm \"a\" again, after line 2: expected another name\n"
		"4: unknown element <thing> in <postern>: expected " PARTS
		"6: realm=\"b\" of <listen>: expected the name of a realm: a, a\n"
		"7: unknown attribute \"x\" of <listen>: expected one of realm, transport, port or group\n",
	} };

	expect_errors(row, ROWS(row));
}

Test(conf_errors, are_capped)
{
	static char text[16384] = OPEN REALMS;
	struct pn_conf_errors e;

	for (unsigned i = 0; i < CONF_ERRORS_MAX + 7; i++)
		strncat(text, "<thing/>\n", sizeof(text) - strlen(text) - 1);
	strncat(text, CLOSE, sizeof(text) - strlen(text) - 1);
	cr_expect(eq(ptr, parse(text, &e), NULL));
	cr_expect(eq(sz, e.n, CONF_ERRORS_MAX));
	cr_expect(eq(sz, e.more, 7));
	conf_errors_free(&e);
}
