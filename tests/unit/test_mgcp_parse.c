#include "parse.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define AUEP "AUEP 1 aaln/1@h MGCP 1.0\r\n"

/* A copy of the exact size, so that reading past the end is seen. */
static struct pn_str exact(const char *text, size_t len)
{
	char *p = malloc(len ? len : 1);

	if (len)
		memcpy(p, text, len);
	return (struct pn_str){ p, len };
}

static void drop(struct pn_str s)
{
	free((char *)s.p);
}

static bool is(struct pn_str s, const char *want)
{
	return str_is(s, want);
}

Test(mgcp_parse, splits_datagrams)
{
	static const struct {
		const char *text;
		int n;
		const char *part[3];
	} row[] = {
		{ "a", 1, { "a" } },
		{ "a\r\n", 1, { "a\r\n" } },
		{ "a\r\n.\r\nb\r\n", 2, { "a\r\n", "b\r\n" } },
		{ "a\n.\nb", 2, { "a\n", "b" } },
		{ "a\r.\rb\r", 2, { "a\r", "b\r" } },
		{ "a\r\n. \r\nb", 2, { "a\r\n", "b" } },
		{ "a\r\n.", 1, { "a\r\n" } },
		{ ".\r\na\r\n.\r\n\r\n.\r\nb\r\n.\r\n", 2, { "a\r\n", "b\r\n" } },
		{ "a\r\n..\r\nb\r\n", 1, { "a\r\n..\r\nb\r\n" } },
		{ "a\r\n.b\r\n", 1, { "a\r\n.b\r\n" } },
		{ "\r\na\r\n\r\nv=0\r\n.\r\nb", 2, { "\r\na\r\n\r\nv=0\r\n", "b" } },
		{ "a\n.\nb\n.\nc\n.\nd\n", -E2BIG, { NULL } },
		{ "a\n.\nb\n.\nc\n.\n\n", 3, { "a\n", "b\n", "c\n" } },
		{ "", -EBADMSG, { NULL } },
		{ " \r\n\t\r\n", -EBADMSG, { NULL } },
		{ ".\r\n.\r\n", -EBADMSG, { NULL } },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_str text = exact(row[i].text, strlen(row[i].text)), part[3];
		int n = mgcp_split(text, part, 3);

		cr_expect(eq(int, n, row[i].n), "row %zu", i);
		for (int j = 0; j < n; j++)
			cr_expect(is(part[j], row[i].part[j]), "row %zu, part %d", i, j);
		drop(text);
	}
}

Test(mgcp_parse, judges_messages)
{
	static const struct {
		const char *text;
		int err;
		uint32_t id;  /* what could be answered */
		bool command; /* and whether it is to be */
	} row[] = {
		{ AUEP, 0, 1, true },
		{ "AUEP 1 aaln/1@h MGCP 1.0", 0, 1, true },
		{ "auep 1 aaln/1@h mgcp 1.0\n", 0, 1, true },
		{ "\r\n \r\n" AUEP, 0, 1, true },
		{ "AUEP  \t1  aaln/1@h\tMGCP  1.0 NCS 1.0\r\n", 0, 1, true },
		{ " AUEP 1 aaln/1@h MGCP 1.0\r\n", 0, 1, true },
		{ "X1Y2 999999999 *@[2001:db8::1] MGCP 0.1\r\n", 0, 999999999, true },
		{ "AUEP 000000001 a@h MGCP 1.0\r\n", 0, 1, true },
		{ "AUEP 0 a@h MGCP 1.0\r\n", -EBADMSG, 0, true },
		{ "AUEP 1000000000 a@h MGCP 1.0\r\n", -EBADMSG, 0, true },
		{ "AUEP 0000000001 a@h MGCP 1.0\r\n", -EBADMSG, 0, true },
		{ "AUEP -1 a@h MGCP 1.0\r\n", -EBADMSG, 0, true },
		{ "AUEP 1x a@h MGCP 1.0\r\n", -EBADMSG, 0, true },
		{ "AUEP\r\n", -EBADMSG, 0, true },
		{ "AUEP 1\r\n", -EBADMSG, 1, true },
		{ "AUEP 1 a@h\r\n", -EBADMSG, 1, true },
		{ "AUEP 1 a@h MGCP\r\n", -EBADMSG, 1, true },
		{ "AUEP 1 a@h MEGACO 1.0\r\n", -EBADMSG, 1, true },
		{ "AUEP 1 a MGCP 1.0\r\n", -EBADMSG, 1, true },
		{ "AUEP 1 @h MGCP 1.0\r\n", -EBADMSG, 1, true },
		{ "AUEP 1 a@ MGCP 1.0\r\n", -EBADMSG, 1, true },
		{ "AUEP 1 a@h:0 MGCP 1.0\r\n", -EBADMSG, 1, true },
		{ "AUEPX 1 a@h MGCP 1.0\r\n", -EBADMSG, 0, false },
		{ "1UEP 1 a@h MGCP 1.0\r\n", -EBADMSG, 0, false },
		{ "200 1 OK\r\n", 0, 1, false },
		{ "200 1\r\n", 0, 1, false },
		{ "000 1\r\n", 0, 1, false },
		{ "999 1 /PKG what\r\n", 0, 1, false },
		{ "200 0 OK\r\n", -EBADMSG, 0, false },
		{ "200\r\n", -EBADMSG, 0, false },
		{ "20 1 OK\r\n", -EBADMSG, 0, false },
		{ "2000 1 OK\r\n", -EBADMSG, 0, false },
		{ "2x0 1 OK\r\n", -EBADMSG, 0, false },
		{ AUEP "X:\r\nY: \r\nZ : a\r\n", 0, 1, true },
		{ AUEP "no colon\r\n", -EBADMSG, 1, true },
		{ AUEP " folded\r\n", -EBADMSG, 1, true },
		{ AUEP "X: a\r\n folded\r\n", 0, 1, true },
		{ AUEP "\r\n", 0, 1, true },
		{ AUEP "\r\nanything at all\r\n", 0, 1, true },
		{ AUEP "\r\nv=0\r\n\r\nv=0\r\n", 0, 1, true },
		{ AUEP "\r\nv=0\r\n\r\n\r\nv=0\r\n \r\n", 0, 1, true },
		{ AUEP "\r\nv=0\r\n\r\nv=0\r\n\r\nv=0\r\n", -EBADMSG, 1, true },
		{ "", -EBADMSG, 0, false },
		{ "\r\n\r\n", -EBADMSG, 0, false },
		{ "hello world\r\n", -EBADMSG, 0, false },
	};
	static struct mgcp_msg m;

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_str text = exact(row[i].text, strlen(row[i].text));
		const char *why = NULL;

		memset(&m, 0xff, sizeof(m));
		cr_expect(eq(int, mgcp_parse(text, &m, &why), row[i].err), "row %zu", i);
		cr_expect(eq(uint, m.id, row[i].id), "row %zu", i);
		cr_expect(eq(int, m.command, row[i].command), "row %zu", i);
		cr_expect(ne(ptr, (void *)why, NULL), "row %zu", i);
		drop(text);
	}
}

Test(mgcp_parse, knows_verbs)
{
	static const struct {
		const char *name;
		enum mgcp_verb verb;
	} row[] = {
		{ "EPCF", MGCP_EPCF }, { "crcx", MGCP_CRCX },  { "Mdcx", MGCP_MDCX },
		{ "DLCX", MGCP_DLCX }, { "RQNT", MGCP_RQNT },  { "NTFY", MGCP_NTFY },
		{ "AUEP", MGCP_AUEP }, { "AUCX", MGCP_AUCX },  { "RSIP", MGCP_RSIP },
		{ "MESG", MGCP_OTHER }, { "XA1b", MGCP_OTHER },
	};
	static struct mgcp_msg m;

	for (size_t i = 0; i < ROWS(row); i++) {
		char text[64];
		const char *why;

		snprintf(text, sizeof(text), "%s 17 a/b@[10.0.0.1]:2427 MGCP 1.0\n", row[i].name);
		cr_assert(zero(int, mgcp_parse(str_of(text), &m, &why)));
		cr_expect(eq(int, m.verb, row[i].verb), "%s", row[i].name);
		cr_expect(is(m.verb_text, row[i].name));
		cr_expect(is(m.id_text, "17"));
		cr_expect(is(m.endpoint.local, "a/b"));
		cr_expect(is(m.endpoint.place, "[10.0.0.1]:2427"));
	}
}

Test(mgcp_parse, reads_parameters)
{
	static const char text[] =
		"200 7 OK\r\nk: 1-3, 5\r\nC:A1\r\nI: F1 \r\nI2:F2\r\nN:\r\nM : sendrecv\r\n"
		"rm: forced\r\nZ: a@h\r\nZ2: b@h\r\nE: 900 gone\r\nF: A,\r\n  R,\r\n\tN\r\n"
		"X-y:\r\n  later\r\nR: D/[0-9](N),L/hu:x\r\nZ: c@h\r\n";
	static const struct {
		enum mgcp_code code;
		const char *value;
	} row[] = {
		{ MGCP_P_ACK, "1-3, 5" },       { MGCP_P_CALL, "A1" },
		{ MGCP_P_CONNECTION, "F1" },    { MGCP_P_CONNECTION2, "F2" },
		{ MGCP_P_ENTITY, "" },          { MGCP_P_MODE, "sendrecv" },
		{ MGCP_P_METHOD, "forced" },    { MGCP_P_ENDPOINT, "a@h" },
		{ MGCP_P_ENDPOINT2, "b@h" },    { MGCP_P_REASON, "900 gone" },
		{ MGCP_P_INFO, "A,\r\n  R,\r\n\tN" }, { MGCP_P_OTHER, "later" },
		{ MGCP_P_OTHER, "D/[0-9](N),L/hu:x" }, { MGCP_P_ENDPOINT, "c@h" },
	};
	struct pn_str copy = exact(text, sizeof(text) - 1);
	static struct mgcp_msg m;
	const char *why;

	cr_assert(zero(int, mgcp_parse(copy, &m, &why)));
	cr_assert(eq(sz, m.n_params, ROWS(row)));
	for (size_t i = 0; i < ROWS(row); i++) {
		cr_expect(eq(int, m.param[i].code, row[i].code), "row %zu", i);
		cr_expect(is(m.param[i].value, row[i].value), "row %zu", i);
		cr_expect(ge(ptr, (void *)m.param[i].value.p, (void *)copy.p), "row %zu", i);
		cr_expect(le(ptr, (void *)(m.param[i].value.p + m.param[i].value.len),
			     (void *)(copy.p + copy.len)),
			  "row %zu", i);
	}
	cr_expect(is(mgcp_value(&m, MGCP_P_ENDPOINT), "a@h"));
	cr_expect(ne(ptr, (void *)mgcp_value(&m, MGCP_P_ENTITY).p, NULL)); /* there, and empty */
	m.n_params = 1;
	cr_expect(eq(ptr, (void *)mgcp_value(&m, MGCP_P_ENTITY).p, NULL));
	drop(copy);
}

Test(mgcp_parse, finds_descriptions)
{
	static const struct {
		const char *text;
		size_t n;
		const char *sdp[2];
	} row[] = {
		{ AUEP, 0, { NULL } },
		{ AUEP "\r\n\r\n", 0, { NULL } },
		{ AUEP "\r\nv=0", 1, { "v=0" } },
		{ AUEP "\r\nv=0\r\nc=x\r\n", 1, { "v=0\r\nc=x\r\n" } },
		{ AUEP "\n\n\nv=0\nc=x\n\n", 1, { "v=0\nc=x\n" } },
		{ AUEP "X: y\r\n\r\nv=0\r\n\r\nv=0\r\nc=x", 2, { "v=0\r\n", "v=0\r\nc=x" } },
		{ AUEP " \t\r\nv=0\r\n \r\n\r\nm=a\r\n", 2, { "v=0\r\n", "m=a\r\n" } },
	};
	static struct mgcp_msg m;

	for (size_t i = 0; i < ROWS(row); i++) {
		const char *why;

		cr_assert(zero(int, mgcp_parse(str_of(row[i].text), &m, &why)), "row %zu", i);
		cr_assert(eq(sz, m.n_sdp, row[i].n), "row %zu", i);
		for (size_t j = 0; j < m.n_sdp; j++)
			cr_expect(is(m.sdp[j], row[i].sdp[j]), "row %zu, %zu", i, j);
	}
}

Test(mgcp_parse, has_a_cap_for_lines)
{
	static char text[MGCP_PARAMS_MAX * 8 + 64];
	static struct mgcp_msg m;
	const char *why;
	size_t n = (size_t)snprintf(text, sizeof(text), AUEP);

	for (unsigned i = 0; i < MGCP_PARAMS_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "Z:a@h\n");
	cr_expect(zero(int, mgcp_parse((struct pn_str){ text, n }, &m, &why)));
	n += (size_t)snprintf(text + n, sizeof(text) - n, "Z:a@h\n");
	cr_expect(eq(int, mgcp_parse((struct pn_str){ text, n }, &m, &why), -EBADMSG));
}

Test(mgcp_parse, takes_names_apart)
{
	static const struct {
		const char *text, *local, *domain, *host; /* local NULL: it is none */
		unsigned port;
	} row[] = {
		{ "aaln/1@rgw.example", "aaln/1", "rgw.example", "rgw.example", 0 },
		{ "aaln/1@RGW.example:2427", "aaln/1", "RGW.example", "RGW.example", 2427 },
		{ "*@[10.0.0.1]", "*", "[10.0.0.1]", "10.0.0.1", 0 },
		{ "*@[10.0.0.1]:65535", "*", "[10.0.0.1]", "10.0.0.1", 65535 },
		{ "a@[2001:db8::1]:1", "a", "[2001:db8::1]", "2001:db8::1", 1 },
		{ "gw1@10.0.0.5", "gw1", "10.0.0.5", "10.0.0.5", 0 },
		{ "ds/ds3-1/[1-96]@tgw", "ds/ds3-1/[1-96]", "tgw", "tgw", 0 },
		{ "a@b@c", "a@b", "c", "c", 0 },
		{ "[192.0.2.1]:2727", "", "[192.0.2.1]", "192.0.2.1", 2727 },
		{ "ca.example", "", "ca.example", "ca.example", 0 },
		{ "@ca.example", "", "ca.example", "ca.example", 0 },
		{ "#123", "", "#123", "#123", 0 },
		{ "", NULL, NULL, NULL, 0 },
		{ "a@", NULL, NULL, NULL, 0 },
		{ "a@:2427", NULL, NULL, NULL, 0 },
		{ "a@[]", NULL, NULL, NULL, 0 },
		{ "a@[10.0.0.1", NULL, NULL, NULL, 0 },
		{ "a@[10.0.0.1]x", NULL, NULL, NULL, 0 },
		{ "a@[10.0.0.1]:", NULL, NULL, NULL, 0 },
		{ "a@h:", NULL, NULL, NULL, 0 },
		{ "a@h:0", NULL, NULL, NULL, 0 },
		{ "a@h:65536", NULL, NULL, NULL, 0 },
		{ "a@h:4294967297", NULL, NULL, NULL, 0 },
		{ "a@h:24x", NULL, NULL, NULL, 0 },
		{ "a@2001:db8::1", NULL, NULL, NULL, 0 },
		{ "a b@h", NULL, NULL, NULL, 0 },
		{ "a@h\r\n", NULL, NULL, NULL, 0 },
		{ "a@h\x7f", NULL, NULL, NULL, 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_str text = exact(row[i].text, strlen(row[i].text));
		struct mgcp_name n;
		int err = mgcp_name_parse(text, &n);

		cr_expect(eq(int, err, row[i].local ? 0 : -EBADMSG), "row %zu", i);
		if (!err) {
			cr_expect(is(n.local, row[i].local), "row %zu", i);
			cr_expect(is(n.domain, row[i].domain), "row %zu", i);
			cr_expect(is(n.host, row[i].host), "row %zu", i);
			cr_expect(eq(uint, n.port, row[i].port), "row %zu", i);
			cr_expect(is(n.place, row[i].text + strlen(row[i].text) - n.place.len),
				  "row %zu", i);
		}
		drop(text);
	}
}

Test(mgcp_parse, has_a_cap_for_names)
{
	static const struct {
		int local, domain, err;
	} row[] = { { 255, 255, 0 }, { 256, 1, -EBADMSG }, { 1, 256, -EBADMSG } };

	for (size_t i = 0; i < ROWS(row); i++) {
		char text[600];
		struct mgcp_name n;

		memset(text, 'x', sizeof(text));
		text[row[i].local] = '@';
		text[row[i].local + 1 + row[i].domain] = '\0';
		cr_expect(eq(int, mgcp_name_parse(str_of(text), &n), row[i].err), "row %zu", i);
	}
}

Test(mgcp_parse, covers_by_wildcards)
{
	static const struct {
		const char *pattern, *local;
		bool wildcard, covers;
	} row[] = {
		{ "aaln/1", "aaln/1", false, true },
		{ "aaln/1", "AALN/1", false, true },
		{ "aaln/1", "aaln/2", false, false },
		{ "aaln/1", "aaln/11", false, false },
		{ "aaln/1", "aaln", false, false },
		{ "aaln", "aaln/1", false, false },
		{ "*", "aaln/1", true, true },
		{ "*", "a/b/c/d", true, true },
		{ "aaln/*", "aaln/7", true, true },
		{ "aaln/*", "aaln/7/x", true, true },
		{ "aaln/*", "bbln/7", true, false },
		{ "ds/*/3", "ds/1/3", true, true },
		{ "ds/*/3", "ds/1/4", true, false },
		{ "ds/*/3", "ds/1", true, false },
		{ "aaln/$", "aaln/1", true, true },
		{ "$", "aaln", true, true },
		{ "$", "aaln/1", true, false },
		{ "ds/ds1-[1-4]", "ds/ds1-[1-4]", true, true },
		{ "ds/[1-4,7]", "ds/4", true, true },
		{ "ds/[1-4,7]", "ds/7", true, true },
		{ "ds/[1-4,7]", "ds/5", true, false },
		{ "ds/[1-4,7]", "ds/x", true, false },
		{ "ds/[1-4", "ds/2", true, false },
		{ "", "", false, true },
		{ "", "a", false, false },
		{ "a", "", false, false },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_str p = exact(row[i].pattern, strlen(row[i].pattern)),
			      l = exact(row[i].local, strlen(row[i].local));

		cr_expect(eq(int, mgcp_wildcard(p), row[i].wildcard), "row %zu", i);
		cr_expect(eq(int, mgcp_covers(p, l), row[i].covers), "row %zu", i);
		drop(p);
		drop(l);
	}
}

Test(mgcp_parse, walks_lists)
{
	static const struct {
		const char *text, *want; /* items between bars */
	} row[] = {
		{ "", "" },
		{ "a", "|a" },
		{ "a,b", "|a|b" },
		{ " a , b\r\n c ", "|a|b\r\n c" },
		{ "a,", "|a" },
		{ ",a", "||a" },
		{ ",", "|" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_str rest = str_of(row[i].text), item;
		char got[64] = "";
		size_t n = 0;

		while (mgcp_list_next(&rest, &item))
			n += (size_t)snprintf(got + n, sizeof(got) - n, "|%.*s", (int)item.len,
					      item.p);
		cr_expect(eq(str, got, (char *)row[i].want), "row %zu", i);
	}
}
