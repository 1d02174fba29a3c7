#include "session_rig.h"
#include "metrics.h"
#include "session_state.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define A PN_SIDE_A
#define B PN_SIDE_B
#define PHONE "198.51.100.7:4000"
#define PSTN "192.0.2.20:6000"
#define ZEROS "\"packets\":0,\"bytes\":0,\"lost\":0,\"jitter_ms\":0.0,\"rtcp_packets\":0," \
	      "\"rtcp_bytes\":0,\"reports\":0,\"reported_lost\":0,\"reported_jitter_ms\":0.0"

Test(cdr, whole_line)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");
	char want[2048], id[SESSION_ID], correlation[SESSION_ID];

	session_attr(s, PN_ATTR_CALL_ID, str_of("c1@10.1.1.1"));
	session_attr(s, PN_ATTR_FROM, str_of("\"Bob\" <sip:bob@example.net>"));
	session_attr(s, PN_ATTR_TO, str_of("<sip:alice@example.net>"));
	rig_offer(r, s, A, "audio " PHONE "; video 198.51.100.7:4002");
	loop_advance(r->loop, 1234);
	rig_answer(r, s, B, "audio " PSTN "; video closed");
	session_answered(s);
	rig_rtp(r, r->access, PHONE, rig_local(r, s, A, 0), 2);
	rig_rtp(r, r->access, PHONE, rig_local(r, s, A, 0), 2);
	rig_rtp(r, r->access, "203.0.113.5:1", rig_local(r, s, A, 0), 66);
	rig_rtp(r, r->core, PSTN, rig_local(r, s, B, 0), 3);
	rig_rtp(r, r->access, PHONE, rig_local(r, s, A, 0), 2); /* two numbers later */
	loop_advance(r->loop, 60000);
	memcpy(id, s->rec.id, sizeof(id));
	memcpy(correlation, s->rec.correlation, sizeof(correlation));
	session_end(s, PN_END_NORMAL, 200);
	rig_turn(r);
	snprintf(want, sizeof(want),
		 "{\"v\":1,\"session\":\"%s\",\"correlation\":\"%s\",\"module\":\"sip\","
		 "\"call_id\":\"c1@10.1.1.1\",\"from\":\"\\\"Bob\\\" <sip:bob@example.net>\","
		 "\"to\":\"<sip:alice@example.net>\",\"ingress\":\"access\",\"egress\":\"core\","
		 "\"start\":\"2026-01-01T00:00:00.000Z\",\"answer\":\"2026-01-01T00:00:01.234Z\","
		 "\"end\":\"2026-01-01T00:01:01.234Z\",\"duration_ms\":60000,\"cause\":\"normal\",\"status\":200,"
		 "\"streams\":[{\"index\":0,\"media\":\"audio\",\"a_to_b\":{\"packets\":3,\"bytes\":516,\"lost\":2,"
		 "\"jitter_ms\":0.0,\"rtcp_packets\":0,\"rtcp_bytes\":0,\"reports\":0,\"reported_lost\":0,"
		 "\"reported_jitter_ms\":0.0},\"b_to_a\":{\"packets\":1,\"bytes\":172,\"lost\":0,\"jitter_ms\":0.0,"
		 "\"rtcp_packets\":0,\"rtcp_bytes\":0,\"reports\":0,\"reported_lost\":0,"
		 "\"reported_jitter_ms\":0.0},\"foreign\":1},"
		 "{\"index\":1,\"media\":\"video\",\"a_to_b\":{" ZEROS "},\"b_to_a\":{" ZEROS "},\"foreign\":0}]}",
		 id, correlation);
	cr_expect(eq(str, r->line, want));
	rig_free(r);
}

Test(cdr, causes)
{
	static const struct {
		enum pn_cause cause;
		const char *name;
	} row[] = {
		{ PN_END_NORMAL, "normal" },         { PN_END_CANCELLED, "cancelled" },
		{ PN_END_REJECTED, "rejected" },     { PN_END_REFUSED, "refused" },
		{ PN_END_NO_ANSWER, "no-answer" },   { PN_END_TIMEOUT_SIGNALLING, "signalling-timeout" },
		{ PN_END_TIMEOUT_MEDIA, "media-timeout" }, { PN_END_ADMIN, "admin" },
		{ PN_END_FAILED, "failed" },         { (enum pn_cause)99, "failed" },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct rig *r = rig_new();
		char want[64];

		session_end(rig_session(r, "k"), row[i].cause, 487);
		snprintf(want, sizeof(want), "\"cause\":\"%s\",\"status\":487", row[i].name);
		cr_expect(ne(ptr, strstr(r->line, want), NULL), "row %zu: %s", i, r->line);
		cr_expect(ne(ptr, strstr(r->line, "\"answer\":null"), NULL));
		cr_expect(ne(ptr, strstr(r->line, "\"duration_ms\":0,"), NULL), "unanswered");
		rig_free(r);
	}
}

/* A stream that was closed and came back is one line with all that it carried. */
Test(cdr, sums_over_reopened_streams)
{
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");

	for (int i = 0; i < 3; i++) {
		rig_offer(r, s, A, "audio " PHONE);
		rig_answer(r, s, B, "audio " PSTN);
		rig_rtp(r, r->access, PHONE, rig_local(r, s, A, 0), 2);
		rig_offer(r, s, A, "audio closed");
		rig_answer(r, s, B, "audio closed");
		rig_turn(r);
	}
	session_end(s, PN_END_NORMAL, 200);
	rig_turn(r);
	cr_expect(ne(ptr, strstr(r->line, "\"a_to_b\":{\"packets\":3,\"bytes\":516,"), NULL), "%s", r->line);
	cr_expect(eq(ptr, strstr(r->line, "\"index\":1"), NULL));
	rig_free(r);
}

Test(cdr, long_and_odd_identities)
{
	static char text[5000];
	struct rig *r = rig_new();
	struct pn_session *s = rig_session(r, "k");
	struct pn_media list[64];

	memset(text, 1, sizeof(text) - 1);
	for (int i = PN_ATTR_FROM; i <= PN_ATTR_CALL_ID; i++)
		session_attr(s, (enum pn_attr)i, str_of(text));
	for (size_t i = 0; i < 64; i++)
		rig_lines(i < 16 ? "application 198.51.100.7:4000" : "audio closed", &list[i]);
	media_declare(s, NULL, A, PN_DECLARE_OFFER, list, 64, NULL, NULL);
	cr_expect(zero(int, r->reply.err));
	session_end(s, PN_END_NORMAL, 200);
	rig_turn(r);
	cr_expect(eq(sz, r->lines, 1));
	cr_expect(zero(i64, metric_get(M_CDR_FAILED)));
	rig_free(r);
}

/* ---- the file ---- */

static char path[] = "/tmp/test_cdr_XXXXXX";

static char *contents(const char *name)
{
	static char text[4096];
	FILE *f = fopen(name, "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = 0;
	if (f)
		fclose(f);
	return text;
}

static int put(struct cdr *c, const char *line)
{
	struct buf b;
	int err;

	buf_init(&b, 4096);
	buf_add(&b, line, strlen(line));
	err = cdr_write(c, &b);
	buf_free(&b);
	return err;
}

Test(cdr, file_is_appended_and_reopened)
{
	struct cdr *c;
	char other[64];

	metrics_reset();
	close(mkstemp(path));
	c = cdr_open(path);
	cr_assert(ne(ptr, c, NULL));
	cr_expect(zero(int, put(c, "{\"one\":1}")));
	snprintf(other, sizeof(other), "%s.1", path);
	cr_expect(zero(int, rename(path, other)));
	cr_expect(zero(int, put(c, "{\"two\":2}")));
	cr_expect(zero(int, cdr_reopen(c, path)));
	cr_expect(zero(int, put(c, "{\"three\":3}")));
	cr_expect(eq(int, cdr_reopen(c, "/nonexistent/cdr"), -ENOENT));
	cr_expect(zero(int, put(c, "{\"four\":4}")), "the old one stays");
	cdr_close(c);
	cr_expect(eq(str, contents(other), "{\"one\":1}\n{\"two\":2}\n"));
	cr_expect(eq(str, contents(path), "{\"three\":3}\n{\"four\":4}\n"));
	c = cdr_open(path);
	put(c, "{\"five\":5}");
	cdr_close(c);
	cr_expect(eq(str, contents(path), "{\"three\":3}\n{\"four\":4}\n{\"five\":5}\n"));
	cr_expect(eq(ptr, cdr_open("/nonexistent/cdr"), NULL));
	cr_expect(eq(int, errno, ENOENT));
	cr_expect(zero(i64, metric_get(M_CDR_FAILED)));
	unlink(path);
	unlink(other);
}

/* A record that was cut short (disk full) does not spoil the next one. */
Test(cdr, cut_short)
{
	struct rlimit limit = { 12, RLIM_INFINITY };
	struct cdr *c;

	metrics_reset();
	close(mkstemp(path));
	c = cdr_open(path);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert(zero(int, setrlimit(RLIMIT_FSIZE, &limit)));
	cr_expect(zero(int, put(c, "{\"a\":1}")));
	cr_expect(eq(int, put(c, "{\"b\":2}"), -ENOSPC));
	cr_expect(eq(int, put(c, "{\"c\":3}"), -EFBIG));
	limit.rlim_cur = RLIM_INFINITY;
	cr_assert(zero(int, setrlimit(RLIMIT_FSIZE, &limit)));
	cr_expect(zero(int, put(c, "{\"d\":4}")));
	cr_expect(zero(int, put(c, "{\"e\":5}")));
	cr_expect(eq(str, contents(path), "{\"a\":1}\n{\"b\"\n{\"d\":4}\n{\"e\":5}\n"));
	cr_expect(eq(i64, metric_get(M_CDR_FAILED), 2));
	cdr_close(c);
	unlink(path);
}

Test(cdr, pipe_without_reader_is_refused)
{
	char name[64];

	snprintf(name, sizeof(name), "/tmp/test_cdr_fifo_%d", (int)getpid());
	cr_assert(zero(int, mkfifo(name, 0600)));
	cr_expect(eq(ptr, cdr_open(name), NULL));
	cr_expect(eq(int, errno, ENXIO));
	unlink(name);
}
