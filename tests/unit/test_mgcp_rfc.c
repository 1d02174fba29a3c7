/* The examples of RFC 3435 and captures of real gateways and call agents, which lie outside of the tree
 * (outside.h), and messages of our own with parameters of the RFC 3660 packages. Each passes, in every
 * direction that it may go, and changes where it must alone. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mgcp_kit.h"
#include "outside.h"

static char data[65536];
static size_t data_len;

/* ---- what may change ---- */

static struct pn_str line_of(struct pn_str *rest)
{
	const char *eol = memchr(rest->p, '\n', rest->len);
	struct pn_str line = { rest->p, eol ? (size_t)(eol - rest->p) + 1 : rest->len };

	rest->p += line.len;
	rest->len -= line.len;
	return line;
}

/* Words and the white space between them, in turn. */
static struct pn_str piece_of(struct pn_str *rest)
{
	struct pn_str w = { rest->p, 1 };
	bool space = strchr(" \t\r\n", w.p[0]) != NULL;

	while (w.len < rest->len && (strchr(" \t\r\n", w.p[w.len]) != NULL) == space)
		w.len++;
	rest->p += w.len;
	rest->len -= w.len;
	return w;
}

static bool is_command(struct pn_str line)
{
	for (size_t i = 0; i < 4 && i < line.len; i++)
		if (!isalnum((unsigned char)line.p[i]))
			return false;
	return line.len > 5 && isspace((unsigned char)line.p[4]);
}

/* Which piece of a line may differ; 0: none. */
static unsigned may_differ(struct pn_str line)
{
	static const struct {
		const char *begin;
		unsigned piece;
	} row[] = {
		{ "N:", 2 }, { "Z:", 2 }, { "Z2:", 2 }, { "c=IN IP4 ", 4 }, { "m=audio ", 2 },
		{ "o=", 10 },
	};

	for (size_t i = 0; i < ROWS(row); i++)
		if (line.len >= strlen(row[i].begin) &&
		    !strncasecmp(line.p, row[i].begin, strlen(row[i].begin)))
			return row[i].piece;
	return is_command(line) ? 4 : 0; /* its endpoint */
}

static bool same_line(struct pn_str in, struct pn_str out)
{
	unsigned may = may_differ(in);

	for (unsigned i = 0; in.len && out.len; i++) {
		struct pn_str a = piece_of(&in), b = piece_of(&out);

		if (!str_eq(a, b) && (!may || i != may))
			return false;
	}
	return in.len == out.len;
}

static void expect_lossless(const char *what, struct pn_str in, struct pn_str out)
{
	for (unsigned n = 1; in.len || out.len; n++) {
		struct pn_str a = line_of(&in), b = line_of(&out);

		cr_expect(same_line(a, b), "%s, line %u: %.*s became %.*s", what, n, (int)a.len,
			  a.p, (int)b.len, b.p);
		if (!a.len || !b.len)
			break;
	}
}

static void expect_hidden(const char *what, const struct fake_sent *s, const char *hidden)
{
	cr_expect(eq(ptr, memmem(s->data, s->len, hidden, strlen(hidden)), NULL), "%s shows %s:\n%s",
		  what, hidden, s->data);
}

static void drop_sent(void)
{
	while (fake_take())
		;
}

/* The datagram leaves, as one, with nothing of this in it. */
static void expect_passes(const char *what, bool from_agent, struct pn_str text, const char *hidden)
{
	const struct fake_sent *s;

	drop_sent();
	kit_raw(from_agent, text.p, text.len);
	s = fake_take();
	cr_assert(ne(ptr, (void *)s, NULL), "%s: nothing was sent", what);
	cr_expect(eq(int, s->flow > 2, !from_agent), "%s: went back: %s", what, s->data);
	expect_lossless(what, text, (struct pn_str){ s->data, s->len });
	if (hidden)
		expect_hidden(what, s, hidden);
	cr_expect(eq(ptr, (void *)fake_take(), NULL), "%s: more was sent", what);
}

/* ---- a message in its place ---- */

/* The command that this response answers. */
static void ask(const struct mgcp_msg *m, const char *domain, bool from_agent)
{
	char text[512];
	const char *verb = m->n_sdp > 1 ? "AUCX" : m->n_sdp ? "CRCX" : "AUEP";

	if (from_agent)
		snprintf(text, sizeof(text), "%s %u aaln/1@%s MGCP 1.0\nI: FDE234C8\n", verb,
			 m->id, domain);
	else
		snprintf(text, sizeof(text), "NTFY %u aaln/1@%s MGCP 1.0\n", m->id, domain);
	if (from_agent)
		kit_agent(text);
	else
		kit_gateway(text);
}

static bool may_come(const struct mgcp_msg *m, bool from_agent)
{
	if (!m->command)
		return from_agent ? !m->n_sdp : true;
	if (m->verb == MGCP_NTFY || m->verb == MGCP_RSIP)
		return !from_agent;
	return from_agent || m->verb == MGCP_OTHER || m->verb == MGCP_DLCX;
}

/* What must have gone before: a gateway of that name, a command, its answer. */
static void prepare(const struct mgcp_msg *m, const char *domain, bool from_agent)
{
	char text[64];

	kit_bind(domain);
	if (m->command)
		return;
	ask(m, domain, m->code < 100 ? from_agent : !from_agent);
	if (m->code >= 100)
		return;
	snprintf(text, sizeof(text), "200 %u OK\nK:\n", m->id);
	if (from_agent)
		kit_gateway(text);
	else
		kit_agent(text);
}

/* Both ways, where it may go both ways. Returns how often it passed. */
static int try(const char *what)
{
	static struct pn_str one[MGCP_PIGGYBACK_MAX];
	static struct mgcp_msg m, first;
	struct pn_str text = { data, data_len };
	int n = mgcp_split(text, one, MGCP_PIGGYBACK_MAX), passed = 0;
	char domain[256] = "rgw-2567.whatever.net";
	const char *why;

	cr_assert(gt(int, n, 0), "%s", what);
	for (int i = n - 1; i >= 0; i--) {
		cr_assert(zero(int, mgcp_parse(one[i], &m, &why)), "%s: %s", what, why);
		if (m.command)
			snprintf(domain, sizeof(domain), "%.*s", (int)m.endpoint.domain.len,
				 m.endpoint.domain.p);
	}
	mgcp_parse(one[0], &first, &why);
	for (int from_agent = 0; from_agent < 2; from_agent++) {
		if (!may_come(&first, from_agent))
			continue;
		cr_assert(ne(ptr, kit_start(false), NULL));
		prepare(&first, domain, from_agent);
		expect_passes(what, from_agent, text, first.n_sdp ? "128.96." : NULL);
		fake_stop();
		passed++;
	}
	return passed;
}

Test(mgcp_rfc, passes_the_examples)
{
	char path[4096], file[4500];
	struct dirent **list;
	int n, passed = 0;

	outside_path("mgcp/mgcp-rfc3435", path, sizeof(path));
	n = scandir(path, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		FILE *f;

		snprintf(file, sizeof(file), "%s/%s", path, list[i]->d_name);
		f = list[i]->d_name[0] == '.' ? NULL : fopen(file, "rb");
		data_len = f ? fread(data, 1, sizeof(data), f) : 0;
		if (f)
			fclose(f);
		if (data_len)
			passed += try(list[i]->d_name);
		free(list[i]);
	}
	free(list);
	cr_expect(gt(int, passed, 120));
}

/* ---- captures ---- */

/* The UDP payload of the next packet of a little-endian Ethernet capture; false at its end. */
static bool next_packet(FILE *f, struct pn_str *out, bool *from_gateway)
{
	static uint8_t p[65536];
	uint32_t head[4];
	size_t ip;

	if (fread(head, sizeof(head), 1, f) != 1 || head[2] > sizeof(p) ||
	    fread(p, 1, head[2], f) != head[2])
		return false;
	ip = 14 + (size_t)(p[14] & 15) * 4;
	*out = (struct pn_str){ (char *)p + ip + 8, (size_t)(p[ip + 4] << 8 | p[ip + 5]) - 8 };
	*from_gateway = (p[ip] << 8 | p[ip + 1]) == 2427;
	return true;
}

static FILE *open_capture(const char *name)
{
	char relative[256], path[4096];
	FILE *f;

	snprintf(relative, sizeof(relative), "mgcp/captures/%s", name);
	outside_path(relative, path, sizeof(path));
	f = fopen(path, "rb");
	cr_assert(ne(ptr, f, NULL), "%s", path);
	fseek(f, 24, SEEK_SET);
	return f;
}

/* The gateway is 10.0.0.5 there, the call agent 198.51.100.10. */
Test(mgcp_rfc, passes_captures)
{
	static const struct {
		const char *name, *domain; /* NULL: it restarts itself */
		unsigned begun, ended;
	} row[] = {
		{ "mgcp-ast-echo.pcap", NULL, 1, 1 },
		{ "mgcp-yategw.pcap", NULL, 1, 1 },
		{ "mgcp-osmo.pcap", "mgw", 2, 0 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		FILE *f = open_capture(row[i].name);
		struct pn_str text;
		bool from_gateway;
		unsigned n = 0;

		cr_assert(ne(ptr, kit_start(true), NULL));
		if (row[i].domain)
			kit_bind(row[i].domain);
		for (; next_packet(f, &text, &from_gateway); n++) {
			char what[64];

			snprintf(what, sizeof(what), "%s, packet %u", row[i].name, n + 1);
			expect_passes(what, !from_gateway, text,
				      from_gateway ? "10.0.0.5" : "198.51.100.10");
		}
		fclose(f);
		cr_expect(gt(uint, n, 8), "%s", row[i].name);
		cr_expect(eq(uint, fake.sessions_begun, row[i].begun), "%s", row[i].name);
		cr_expect(eq(uint, fake.sessions_ended, row[i].ended), "%s", row[i].name);
		fake_stop();
	}
}

/* ---- our own ---- */

Test(mgcp_rfc, passes_packages)
{
	static const char *const own[] = {
		"RQNT 1 ds/ds1-1/3@rgw-2567.whatever.net MGCP 1.0\r\nX: 1\r\n"
		"R: MS/ans(N), MS/sup(N,A)\r\nS: MS/sup(addr(K0,5,5,S0),id(K0,1,S1))\r\nQ: loop\r\n",
		"RQNT 2 aaln/1@rgw-2567.whatever.net MGCP 1.0 NCS 1.0\r\nX: 2\r\n"
		"R: FXR/gwfax(N),T/dur(N)([0-9*#](I)),L/hf(E(S(L/dl)))\r\n"
		"S: L/ci(11/21/14/30, \"(555) 010\\, x\", Someone [10.0.0.9]), L/rg@FDE2, r1(to=6)\r\n",
		"RQNT 3 aaln/1@rgw-2567.whatever.net MGCP 1.0\nX: 3\nS: A/lsa(ann=file:///a.wav,it=1)\n"
		"FM: rsrv:loose; fxr/fx:t38\nxFXR/FX: gw\n",
		"RQNT 4 aaln/1@rgw-2567.whatever.net MGCP 1.0\r\nR:\r\nS:\r\nT:\r\nD:\r\nES: L/hd\r\n"
		"X+S1: keep\r\nX-S2:   \t keep as it is  \r\n",
		"AUEP 5 aaln/1@rgw-2567.whatever.net MGCP 1.0\r\nF: A, PL, BP/x, FM/PSTATE,\r\n"
		"   R, S, X, N, I\r\n",
		"EPCF 6 ds/*/[1-24]@rgw-2567.whatever.net MGCP 1.0\r\nB: e:mu\r\n",
	};

	for (size_t i = 0; i < ROWS(own); i++) {
		char what[16];

		data_len = strlen(own[i]);
		memcpy(data, own[i], data_len);
		snprintf(what, sizeof(what), "row %zu", i);
		cr_expect(eq(int, try(what), 1));
	}
}

/* The oracle of this file, on what must not pass it. */
Test(mgcp_rfc, sees_what_changed)
{
	static const struct {
		const char *in, *out;
		bool same;
	} row[] = {
		{ "NTFY 1 a@b MGCP 1.0\r\n", "NTFY 1 c@d MGCP 1.0\r\n", true },
		{ "NTFY 1 a@b MGCP 1.0\r\n", "NTFY 2 a@b MGCP 1.0\r\n", false },
		{ "NTFY 1 a@b MGCP 1.0\r\n", "NTFY 1 a@b MGCP 1.0\n", false },
		{ "NTFY 1 a@b MGCP 1.0\r\n", "NTFY 1 a@b MGCP 1.0 \r\n", false },
		{ "N: a\r\n", "N: b\r\n", true },
		{ "N: a\r\n", "N: b\n", false },
		{ "X: a\r\n", "X: b\r\n", false },
		{ "X: a\r\n", "X: a b\r\n", false },
		{ "X: a b\r\n", "X: a\r\n", false },
		{ "m=audio 1 RTP/AVP 0\r\n", "m=audio 2 RTP/AVP 0\r\n", true },
		{ "m=audio 1 RTP/AVP 0\r\n", "m=audio 1 RTP/AVP 8\r\n", false },
		{ "o=- 1 2 IN IP4 a\r\n", "o=- 1 2 IN IP4 b\r\n", true },
		{ "o=- 1 2 IN IP4 a\r\n", "o=- 1 3 IN IP4 a\r\n", false },
		{ "200 1 OK\r\n", "200 1 KO\r\n", false },
	};

	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(eq(int, same_line(str_of(row[i].in), str_of(row[i].out)), row[i].same),
			  "row %zu", i);
}
