#include "metrics.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

static const struct pn_counter sip[] = { { "sip_requests", "Requests" }, { "sip_answers", NULL } };

Test(metrics, counts)
{
	metric_add(M_SESSIONS, 3);
	metric_add(M_SESSIONS, -1);
	metric_set(M_BINDINGS, 9);
	int base = metric_module_add("sip", sip, 2);

	metric_module_count((unsigned)base + 1);
	metric_module_count(511);
	metric_module_count(100000);

	static const struct {
		const char *name;
		int64_t want;
	} row[] = { { "sessions", 2 },     { "bindings", 9 },     { "udp_received", 0 },
		    { "sip_requests", 0 }, { "sip_answers", 1 },  { "sip", -ENOENT },
		    { "", -ENOENT } };

	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(eq(i64, metric_by_name(row[i].name), row[i].want), "row %zu", i);
	cr_expect(eq(i64, metric_get(M_SESSIONS), 2));
	metrics_reset();
	cr_expect(eq(i64, metric_get(M_SESSIONS), 0));
	cr_expect(eq(i64, metric_by_name("sip_answers"), -ENOENT));
}

Test(metrics, modules_share_512)
{
	static struct pn_counter many[300];
	struct { const char *module; unsigned n; int want; } row[] = {
		{ "a", 300, 0 },  { "b", 213, -ENOSPC }, { "b", 212, 300 },
		{ "a", 300, 0 },  { "b", 212, 300 },     { "c", 1, -ENOSPC },
	};

	for (int i = 0; i < 300; i++)
		many[i] = (struct pn_counter){ "same", "" };
	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(eq(int, metric_module_add(row[i].module, many, row[i].n), row[i].want), "row %zu", i);
	metrics_reset();
}

Test(metrics, reloaded_module_goes_on_counting)
{
	int base = metric_module_add("sip", sip, 2);

	metric_module_count((unsigned)base);
	cr_expect(eq(int, metric_module_add("sip", sip, 2), base));
	metric_module_count((unsigned)base);
	cr_expect(eq(i64, metric_by_name("sip_requests"), 2));
	metrics_reset();
}

Test(metrics, writes_json_and_docs)
{
	static const char *const row[][2] = {
		{ "\"udp_received\":0,", "| `postern_udp_received_total` | counter | Signalling datagrams received |" },
		{ "\"sessions\":5,", "| `postern_sessions` | gauge | Sessions now |" },
		{ "\"sip_requests\":1,", "| `postern_sip_requests_total` | counter | Requests |" },
		{ "\"sip_answers\":0}", "| `postern_sip_answers_total` | counter |  |" },
	};
	struct buf json, doc, tiny;

	buf_init(&json, 1 << 16);
	buf_init(&doc, 1 << 16);
	buf_init(&tiny, 40);
	metric_set(M_SESSIONS, 5);
	metric_module_count((unsigned)metric_module_add("sip", sip, 2));
	cr_expect(zero(int, metrics_json(&json)));
	cr_expect(zero(int, metrics_doc(&doc)));
	for (size_t i = 0; i < ROWS(row); i++) {
		cr_expect(ne(ptr, strstr(buf_text(&json), row[i][0]), NULL), "row %zu", i);
		cr_expect(ne(ptr, strstr(buf_text(&doc), row[i][1]), NULL), "row %zu", i);
	}
	buf_add(&tiny, "x", 1);
	cr_expect(eq(int, metrics_json(&tiny), -ENOBUFS));
	cr_expect(eq(int, metrics_doc(&tiny), -ENOBUFS));
	cr_expect(eq(sz, tiny.len, 1));
	buf_free(&json);
	buf_free(&doc);
	buf_free(&tiny);
	metrics_reset();
}

#define NAME(sym, name, kind, help) { name, help },

Test(metrics, names_are_clean_and_unique)
{
	static const struct { const char *name, *help; } row[] = { METRICS(NAME) };

	for (size_t i = 0; i < ROWS(row); i++) {
		for (const char *p = row[i].name; *p; p++)
			cr_expect(ne(ptr, strchr("abcdefghijklmnopqrstuvwxyz0123456789_", *p), NULL), "%s", row[i].name);
		cr_expect(gt(sz, strlen(row[i].help), 5), "%s", row[i].name);
		for (size_t k = 0; k < i; k++)
			cr_expect(ne(str, (char *)row[k].name, (char *)row[i].name), "%s", row[i].name);
	}
}
