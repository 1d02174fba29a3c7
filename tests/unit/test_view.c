/* What posternctl shows for what the daemon says. */
#include "grid.h"
#include "view.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

static char *shown(const char *reply)
{
	struct json *j = json_parse(reply, strlen(reply));
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	cr_assert(ne(ptr, j, NULL));
	cr_assert(ne(ptr, f, NULL));
	cr_expect(zero(int, view_print(f, j)));
	fclose(f);
	json_free(j);
	return text;
}

#define OK(more) "{\"ok\":true," more "}"

Test(view, shows)
{
	static const struct {
		const char *reply, *want;
	} row[] = {
		{ OK("\"draining\":true,\"sessions\":3"), "draining: yes\nsessions: 3\n" },
		{ OK("\"applied\":\"/etc/p.xml\""), "applied: /etc/p.xml\n" },
		{ OK("\"counters\":{\"b\":10,\"a\":2}"), "COUNTER  VALUE\n"
							 "a            2\n"
							 "b           10\n" },
		{ OK("\"modules\":[]"), "MODULE  STATE  ABI  SESSIONS  FILE\n" },
		{ OK("\"realms\":[{\"name\":\"core\",\"side\":\"core\",\"address\":\"192.0.2.5\",\"address6\":null,"
		     "\"media\":\"30000-30099\",\"ports\":100,\"ports_taken\":4,\"ports_quarantined\":0,"
		     "\"latch\":\"off\",\"device\":null,\"removed\":true},"
		     "{\"name\":\"access\",\"side\":\"access\",\"address\":\"198.51.100.5\",\"address6\":"
		     "\"2001:db8::5\",\"media\":\"20000-29999\",\"ports\":20000,\"ports_taken\":1000,"
		     "\"ports_quarantined\":12,\"latch\":\"peer\",\"device\":\"eth0\",\"removed\":false}]"),
		  "REALM   SIDE    ADDRESS       ADDRESS6     MEDIA        PORTS  TAKEN  RESTING  LATCH  DEVICE  "
		  "REMOVED\n"
		  "access  access  198.51.100.5  2001:db8::5  20000-29999  20000   1000       12  peer   eth0  \n"
		  "core    core    192.0.2.5     -            30000-30099    100      4        0  off    -       "
		  "yes\n" },
		{ OK("\"signalling\":[{\"network\":\"acme\",\"agent\":\"ag1\",\"protocol\":\"sip\",\"realm\":\"access\","
		     "\"local\":\"198.51.100.5:5060\",\"pinhole\":\"198.51.100.11:2000\",\"inner\":\"10.1.0.3:19900\","
		     "\"subscribers\":2,\"state\":\"active\",\"expires_ms\":59400}],\"media\":[]"),
		  "Signalling\n"
		  "NETWORK  AGENT  PROTOCOL  REALM   RECEIVED           THROUGH             FINAL           "
		  "SUBSCRIBERS  STATE   EXPIRES\n"
		  "acme     ag1    sip       access  198.51.100.5:5060  198.51.100.11:2000  10.1.0.3:19900  "
		  "          2  active    59.4s\n"
		  "\nMedia\n"
		  "NETWORK  AGENT  MEDIA  REALM  RECEIVED  THROUGH  FINAL  SEEN\n" },
		{ OK("\"uplinks\":[]"), "Registrations\nPROTOCOL  INNER  PINHOLE  GATEWAY  STATE  SUBSCRIBERS  EVERY  LIFETIME\n" },
		{ OK("\"bindings\":[{\"identity\":\"bob\",\"module\":\"sip\",\"realm\":\"access\",\"state\":"
		     "\"active\",\"claimed\":\"10.0.0.2:5060\",\"pinhole\":\"203.0.113.7:40000\",\"alias\":\"x7\","
		     "\"alias_address\":\"192.0.2.64:2427\",\"expires_ms\":59400,\"upstream_ms\":3599000,\"sessions\":1}],\"more\":12"),
		  "IDENTITY  MODULE  REALM   STATE   CLAIMED        PINHOLE            ALIAS  LISTENS AT       "
		  "EXPIRES  UPSTREAM  SESSIONS\n"
		  "bob       sip     access  active  10.0.0.2:5060  203.0.113.7:40000  x7     192.0.2.64:2427  "
		  "  59.4s    59m59s         1\n"
		  "and 12 more\n" },
		{ OK("\"sessions\":[{\"session\":\"s2\",\"module\":\"sip\",\"state\":\"answered\",\"from\":"
		     "\"sip:a@x\",\"to\":\"sip:b@x\",\"ingress\":\"in\",\"peer_a\":\"1.2.3.4:5060\",\"egress\":"
		     "\"out\",\"peer_b\":null,\"streams\":2,\"age_ms\":7205000}]"),
		  "SESSION  MODULE  STATE     FROM     TO       IN  PEER A        OUT  PEER B  STREAMS    AGE\n"
		  "s2       sip     answered  sip:a@x  sip:b@x  in  1.2.3.4:5060  out  -             2  2h00m\n" },
		{ OK("\"streams\":[{\"session\":\"s1\",\"index\":0,\"media\":\"audio\",\"hold\":false,"
		     "\"a\":{\"realm\":\"in\",\"local\":\"198.51.100.5:20000\",\"declared\":\"10.0.0.2:4000\","
		     "\"remote\":\"203.0.113.7:4001\",\"latched\":true,\"packets\":150,\"bytes\":25800,"
		     "\"sent_packets\":149,\"lost\":1,\"jitter_ms\":0.4,\"foreign\":7},"
		     "\"b\":{\"realm\":\"out\",\"local\":\"192.0.2.5:30000\",\"declared\":null,\"remote\":null,"
		     "\"latched\":false,\"packets\":0,\"bytes\":0,\"sent_packets\":0,\"lost\":0,"
		     "\"jitter_ms\":0.0,\"foreign\":0}}]"),
		  "SESSION  NR  MEDIA  SIDE  REALM  LOCAL               DECLARED       REMOTE            LATCHED  "
		  "PACKETS  BYTES  SENT  LOST  JITTER ms  FOREIGN\n"
		  "s1        0  audio  A     in     198.51.100.5:20000  10.0.0.2:4000  203.0.113.7:4001  yes      "
		  "    150  26 kB   149     1        0.4        7\n"
		  "s1        0  audio  B     out    192.0.2.5:30000     -              -                 no       "
		  "      0    0 B     0     0        0.0        0\n" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		char *text = shown(row[i].reply);

		cr_expect(eq(str, text, (char *)row[i].want), "row %zu", i);
		free(text);
	}
}

Test(view, cells)
{
	static const struct {
		enum grid_form form;
		const char *json, *want;
	} row[] = {
		{ GRID_TEXT, "\"a\"", "a" },
		{ GRID_TEXT, "null", "-" },
		{ GRID_TEXT, "\"\"", "-" },
		{ GRID_TEXT, "true", "yes" },
		{ GRID_TEXT, "\"\\u001b[31mred\\u007f\\n\"", "?[31mred??" },
		{ GRID_TEXT, "\"\\u009b31m\"", "?31m" },
		{ GRID_TEXT, "\"\\u00e4\\u20ac\"", "\xc3\xa4\xe2\x82\xac" },
		{ GRID_BYTES, "0", "0 B" },
		{ GRID_BYTES, "999", "999 B" },
		{ GRID_BYTES, "1000", "1.0 kB" },
		{ GRID_BYTES, "9949", "9.9 kB" },
		{ GRID_BYTES, "9950", "10 kB" },
		{ GRID_BYTES, "999499", "999 kB" },
		{ GRID_BYTES, "999500", "1.0 MB" },
		{ GRID_BYTES, "12000000000", "12 GB" },
		{ GRID_DURATION, "0", "0.0s" },
		{ GRID_DURATION, "59999", "59.9s" },
		{ GRID_DURATION, "60000", "1m00s" },
		{ GRID_DURATION, "3600000", "1h00m" },
		{ GRID_DURATION, "90000000", "1d01h" },
		{ GRID_DURATION, "null", "-" },
		{ GRID_TIME, "\"2026-01-02T03:04:05.678Z\"", "2026-01-02 03:04:05" },
		{ GRID_TIME, "null", "-" },
		{ GRID_NUMBER, "1234567", "1234567" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct grid_column column = { "", "v", row[i].form };
		char text[256], *got = NULL, want[64];
		const struct json *list[1];
		struct json *j;
		size_t len;
		FILE *f = open_memstream(&got, &len);

		snprintf(text, sizeof(text), "{\"v\":%s}", row[i].json);
		list[0] = j = json_parse(text, strlen(text));
		cr_assert(ne(ptr, j, NULL), "row %zu", i);
		cr_expect(zero(int, grid_print(f, &column, 1, list, 1)));
		fclose(f);
		snprintf(want, sizeof(want), "%s\n", row[i].want);
		cr_expect(eq(str, strchr(got, '\n') ? strchr(got, '\n') + 1 : got, want), "row %zu", i);
		free(got);
		json_free(j);
	}
}

/* Long values are cut between characters. */
Test(view, cuts)
{
	static const struct grid_column column = { "T", "v", GRID_TEXT };
	char text[1024], *got = NULL;
	const struct json *list[1];
	struct json *j;
	size_t len;
	FILE *f = open_memstream(&got, &len);

	snprintf(text, sizeof(text), "{\"v\":\"");
	for (int i = 0; i < 200; i++)
		strncat(text, "\xe2\x82\xac", sizeof(text) - strlen(text) - 1);
	strncat(text, "\"}", sizeof(text) - strlen(text) - 1);
	list[0] = j = json_parse(text, strlen(text));
	cr_assert(ne(ptr, j, NULL));
	cr_expect(zero(int, grid_print(f, &column, 1, list, 1)));
	fclose(f);
	len = strlen(got);
	cr_assert(gt(sz, len, 10));
	cr_expect(lt(sz, len, 170));
	cr_expect(eq(str, got + len - 4, "...\n"));
	cr_expect(zero(sz, (len - strlen("T\n...\n")) % 3), "whole characters");
	free(got);
	json_free(j);
}
