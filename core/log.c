#include "log.h"
#include "config.h"
#include "buf.h"
#include "hash.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#endif

#define LINE_MAX_OCTETS 4096u
#define LIMIT_SETS 256u
#define LIMIT_WAYS 4u

static const char *const names[LOG_SUBSYSTEMS] = {
	[LOG_MAIN] = "main",       [LOG_CONF] = "conf",       [LOG_MODULE] = "module",
	[LOG_TRANSPORT] = "transport", [LOG_SESSION] = "session", [LOG_BINDING] = "binding",
	[LOG_MEDIA] = "media",     [LOG_RELAY] = "relay",     [LOG_CTL] = "ctl",
	[LOG_CDR] = "cdr",
};

static const struct {
	const char *name;
	int syslog; /* RFC 5424 severity */
} levels[] = {
	[PN_LOG_ERROR] = { "error", 3 },
	[PN_LOG_WARN] = { "warn", 4 },
	[PN_LOG_INFO] = { "info", 6 },
	[PN_LOG_DEBUG] = { "debug", 7 },
};

/* How much more or less than info a subsystem says; zero-initialised is info. Media threads read. */
static atomic_int above_info[LOG_SUBSYSTEMS];
static bool to_journal;
static void (*capture)(void *arg, enum pn_level level, const char *line);
static void *capture_arg;

int log_open(const char *to)
{
	bool journal = !strcmp(to, "journal");

	if (!journal && strcmp(to, "stderr"))
		return -EINVAL;
#ifdef HAVE_SYSTEMD
	if (journal && access("/run/systemd/journal/socket", W_OK))
		return -errno;
#else
	if (journal)
		return -ENOTSUP;
#endif
	to_journal = journal;
	return 0;
}

int log_level_parse(const char *level, enum pn_level *out)
{
	for (int i = PN_LOG_ERROR; i <= PN_LOG_DEBUG; i++) {
		if (strcmp(level, levels[i].name))
			continue;
		*out = (enum pn_level)i;
		return 0;
	}
	return -EINVAL;
}

int log_level_set(const char *subsystem, const char *level)
{
	enum pn_level parsed;
	int err = -EINVAL;

	if (log_level_parse(level, &parsed))
		return -EINVAL;
	for (int i = 0; i < LOG_SUBSYSTEMS; i++) {
		if (subsystem && strcmp(subsystem, names[i]))
			continue;
		atomic_store(&above_info[i], (int)parsed - PN_LOG_INFO);
		err = 0;
	}
	return err;
}

const char *log_subsystem_name(enum log_subsystem s)
{
	return names[s];
}

bool log_wants(enum log_subsystem s, enum pn_level level)
{
	int limit = atomic_load_explicit(&above_info[s], memory_order_relaxed);

	return (int)level - PN_LOG_INFO <= limit;
}

/* Lines carry bytes from the network: none of them may end the line or move a cursor. */
static void make_printable(const char *in, char *out, size_t cap)
{
	char *const end = out + cap - sizeof("\\xff...");

	for (; *in && out < end; in++) {
		unsigned char c = (unsigned char)*in;

		if (c == '\r' || c == '\n')
			out += snprintf(out, 3, "\\%c", c == '\r' ? 'r' : 'n');
		else if (c < 0x20 || c >= 0x7f)
			out += snprintf(out, 5, "\\x%02x", c);
		else
			*out++ = (char)c;
	}
	memcpy(out, *in ? "..." : "", *in ? 4 : 1);
}

static void write_stderr(enum pn_level level, const char *line)
{
	char whole[LINE_MAX_OCTETS + 64], date[32];
	struct timespec ts;
	struct tm tm;
	int len;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	len = snprintf(whole, sizeof(whole), "%s.%03ldZ %-5s %s\n", date, ts.tv_nsec / 1000000,
		       levels[level].name, line);
	/* One write, so that lines of several threads do not mix. Nobody can be told when it fails. */
	if (write(STDERR_FILENO, whole, (size_t)len) < 0)
		return;
}

static void write_journal(enum log_subsystem s, enum pn_level level, const char *line)
{
#ifdef HAVE_SYSTEMD
	sd_journal_send("MESSAGE=%s", line, "PRIORITY=%d", levels[level].syslog,
			"POSTERN_SUBSYSTEM=%s", names[s], NULL);
#else
	(void)s, (void)level, (void)line;
#endif
}

void log_writev(enum log_subsystem s, enum pn_level level, const char *fmt, va_list ap)
{
	char raw[LINE_MAX_OCTETS], line[LINE_MAX_OCTETS];

	if (vsnprintf(raw, sizeof(raw), fmt, ap) < 0)
		return;
	make_printable(raw, line, sizeof(line));
	if (capture)
		capture(capture_arg, level, line);
	else if (to_journal)
		write_journal(s, level, line);
	else
		write_stderr(level, line);
}

void log_write(enum log_subsystem s, enum pn_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_writev(s, level, fmt, ap);
	va_end(ap);
}

void log_capture(void (*fn)(void *arg, enum pn_level level, const char *line), void *arg)
{
	capture = fn;
	capture_arg = arg;
}

/* ---- limits ---- */

struct limit_entry {
	uint64_t key, until_ms; /* free when until_ms is over */
	unsigned passed, swallowed;
};

struct log_limit {
	uint64_t interval_ms;
	unsigned burst;
	unsigned homeless; /* swallowed because the key found no place */
	struct limit_entry set[LIMIT_SETS][LIMIT_WAYS];
};

struct log_limit *log_limit_new(uint64_t interval_ms, unsigned burst)
{
	struct log_limit *l = calloc(1, sizeof(*l));

	if (l) {
		l->interval_ms = interval_ms;
		l->burst = burst;
	}
	return l;
}

void log_limit_free(struct log_limit *l)
{
	free(l);
}

/* The key's own entry, or else one whose interval is over. */
static struct limit_entry *limit_place(struct limit_entry *set, uint64_t key, uint64_t now_ms)
{
	struct limit_entry *old = NULL;

	for (unsigned i = 0; i < LIMIT_WAYS; i++) {
		if (set[i].until_ms && set[i].key == key)
			return &set[i];
		if (set[i].until_ms <= now_ms && (!old || set[i].until_ms < old->until_ms))
			old = &set[i];
	}
	if (old)
		*old = (struct limit_entry){ .key = key };
	return old;
}

bool log_limit_pass(struct log_limit *l, uint64_t key, uint64_t now_ms, unsigned *swallowed)
{
	uint64_t place = hash_bytes(&key, sizeof(key), 0);
	struct limit_entry *e = limit_place(l->set[place % LIMIT_SETS], key, now_ms);

	/* Forged sources in any number write no more lines than the table has places. */
	if (!e) {
		l->homeless++;
		return false;
	}
	if (e->until_ms <= now_ms) {
		e->until_ms = now_ms + l->interval_ms;
		e->passed = 0;
	}
	if (e->passed >= l->burst) {
		e->swallowed++;
		return false;
	}
	e->passed++;
	*swallowed = e->swallowed + l->homeless;
	e->swallowed = l->homeless = 0;
	return true;
}
