#include "log.h"
#include "config.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOG_SUBSYSTEM LOG_RELAY
#define ROWS(list) (sizeof(list) / sizeof(*(list)))

static char seen[5000];
static enum pn_level seen_level;

static void keep(void *arg, enum pn_level level, const char *line)
{
	(void)arg;
	seen_level = level;
	snprintf(seen, sizeof(seen), "%s", line);
}

Test(log, levels_by_subsystem)
{
	static const struct {
		const char *subsystem, *level;
		int err;
		int relay_debug, relay_warn, main_info; /* wanted after it? */
	} row[] = {
		{ NULL, "info", 0, 0, 1, 1 },      { "relay", "debug", 0, 1, 1, 1 },
		{ "relay", "error", 0, 0, 0, 1 },  { NULL, "error", 0, 0, 0, 0 },
		{ "main", "warn", 0, 0, 0, 0 },    { NULL, "debug", 0, 1, 1, 1 },
		{ "nothing", "info", -EINVAL, 1, 1, 1 }, { NULL, "loud", -EINVAL, 1, 1, 1 },
		{ "relay", "", -EINVAL, 1, 1, 1 },
	};

	cr_expect(log_wants(LOG_MAIN, PN_LOG_INFO), "info is the default");
	cr_expect(not(log_wants(LOG_MAIN, PN_LOG_DEBUG)));
	for (size_t i = 0; i < ROWS(row); i++) {
		cr_expect(eq(int, log_level_set(row[i].subsystem, row[i].level), row[i].err), "row %zu", i);
		cr_expect(eq(int, log_wants(LOG_RELAY, PN_LOG_DEBUG), row[i].relay_debug), "row %zu", i);
		cr_expect(eq(int, log_wants(LOG_RELAY, PN_LOG_WARN), row[i].relay_warn), "row %zu", i);
		cr_expect(eq(int, log_wants(LOG_MAIN, PN_LOG_INFO), row[i].main_info), "row %zu", i);
	}
}

Test(log, names)
{
	for (int i = 0; i < LOG_SUBSYSTEMS; i++) {
		const char *name = log_subsystem_name((enum log_subsystem)i);

		cr_expect(eq(int, log_level_set(name, "debug"), 0), "subsystem %d", i);
		cr_expect(log_wants((enum log_subsystem)i, PN_LOG_DEBUG), "subsystem %d", i);
	}
}

Test(log, makes_lines_printable)
{
	static const struct {
		const char *text, *want;
	} row[] = {
		{ "plain", "plain" },           { "a\r\nb", "a\\r\\nb" },
		{ "esc\x1b[2J", "esc\\x1b[2J" }, { "\xff\x7f", "\\xff\\x7f" },
		{ "", "" },
	};

	log_capture(keep, NULL);
	for (size_t i = 0; i < ROWS(row); i++) {
		log_warn("%s", row[i].text);
		cr_expect(eq(str, seen, (char *)row[i].want), "row %zu", i);
		cr_expect(eq(int, (int)seen_level, PN_LOG_WARN), "row %zu", i);
	}
}

Test(log, cuts_long_lines)
{
	static const struct {
		char fill;
		size_t n;
	} row[] = { { 'a', 3000 }, { 'a', 4095 }, { 'a', 9000 }, { '\n', 4090 }, { 1, 2000 } };
	char text[10000];

	log_capture(keep, NULL);
	for (size_t i = 0; i < ROWS(row); i++) {
		size_t per = row[i].fill == 'a' ? 1 : row[i].fill == '\n' ? 2 : 4;

		memset(text, row[i].fill, row[i].n);
		text[row[i].n] = 0;
		log_error("%s", text);
		cr_expect(lt(sz, strlen(seen), 4096), "row %zu", i);
		if (row[i].n * per < 4000)
			cr_expect(eq(sz, strlen(seen), row[i].n * per), "row %zu", i);
		else
			cr_expect(eq(str, seen + strlen(seen) - 3, "..."), "row %zu", i);
	}
}

Test(log, opens)
{
	static const struct {
		const char *to;
		int err;
	} row[] = { { "stderr", 0 }, { "syslog", -EINVAL }, { "", -EINVAL } };

	for (size_t i = 0; i < ROWS(row); i++)
		cr_expect(eq(int, log_open(row[i].to), row[i].err), "row %zu", i);
#ifndef HAVE_SYSTEMD
	cr_expect(eq(int, log_open("journal"), -ENOTSUP));
#endif
}

Test(log, writes_one_line_to_stderr)
{
	int fd[2], keep_fd = dup(STDERR_FILENO);
	char line[200] = "";

	cr_assert(eq(int, pipe(fd), 0));
	dup2(fd[1], STDERR_FILENO);
	log_capture(NULL, NULL);
	log_error("relay %d: broken: %s", 7, "cause");
	log_debug("never said");
	dup2(keep_fd, STDERR_FILENO);
	cr_assert(gt(int, (int)read(fd[0], line, sizeof(line) - 1), 25));
	cr_expect(eq(chr, line[10], 'T'));
	cr_expect(eq(str, line + 23, "Z error relay 7: broken: cause\n"));
}

Test(log, limits_by_key)
{
	static const struct {
		uint64_t key, now_ms;
		int pass;
		unsigned swallowed;
	} row[] = { /* interval 1000, burst 2 */
		{ 1, 5000, 1, 0 }, { 1, 5001, 1, 0 }, { 1, 5002, 0, 0 }, { 2, 5002, 1, 0 },
		{ 1, 5999, 0, 0 }, { 1, 6000, 1, 2 }, { 1, 6001, 1, 0 }, { 1, 6002, 0, 0 },
		{ 2, 9000, 1, 0 }, { 1, 9000, 1, 1 },
	};
	struct log_limit *l = log_limit_new(1000, 2);

	for (size_t i = 0; i < ROWS(row); i++) {
		unsigned swallowed = 0;

		cr_expect(eq(int, log_limit_pass(l, row[i].key, row[i].now_ms, &swallowed), row[i].pass),
			  "row %zu", i);
		cr_expect(eq(uint, swallowed, row[i].swallowed), "row %zu", i);
	}
	log_limit_free(l);
}

Test(log, limit_holds_against_many_keys)
{
	struct log_limit *l = log_limit_new(1000, 1);
	unsigned passed = 0, swallowed = 0, sum = 0;

	for (uint64_t key = 0; key < 100000; key++) {
		if (!log_limit_pass(l, key, 1, &swallowed))
			continue;
		passed++;
		sum += swallowed;
	}
	cr_expect(le(uint, passed, 1024));
	cr_expect(gt(uint, passed, 900));
	for (uint64_t key = 0; key < 10; key++)
		if (log_limit_pass(l, key, 5000, &swallowed))
			sum += swallowed;
	cr_expect(eq(uint, sum, 100000 - passed));
	log_limit_free(l);
}
