/* Log lines to journald or stderr: "subsystem key: fact: cause", once, where it is handled. */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "postern/module.h"
#include <stdarg.h>
#include <stdbool.h>

/* Subsystems whose level can be set alone at run time (posternctl log SUBSYSTEM LEVEL). Each .c file
 * that logs defines LOG_SUBSYSTEM before it includes this header. */
enum log_subsystem { LOG_MAIN, LOG_CONF, LOG_MODULE, LOG_TRANSPORT, LOG_SESSION, LOG_BINDING,
		     LOG_MEDIA, LOG_RELAY, LOG_CTL, LOG_CDR, LOG_SUBSYSTEMS };

int log_open(const char *to); /* "stderr" or "journal" */
int log_level_set(const char *subsystem, const char *level); /* NULL subsystem: all; -EINVAL */
int log_level_parse(const char *level, enum pn_level *out);  /* error warn info debug */
const char *log_subsystem_name(enum log_subsystem s);
bool log_wants(enum log_subsystem s, enum pn_level level);
void log_write(enum log_subsystem s, enum pn_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void log_writev(enum log_subsystem s, enum pn_level level, const char *fmt, va_list ap);
/* Tests read lines here instead; NULL restores. */
void log_capture(void (*fn)(void *arg, enum pn_level level, const char *line), void *arg);

#define log_at(level, ...) \
	do { \
		if (log_wants(LOG_SUBSYSTEM, level)) \
			log_write(LOG_SUBSYSTEM, level, __VA_ARGS__); \
	} while (0)
#define log_error(...) log_at(PN_LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_at(PN_LOG_WARN, __VA_ARGS__)
#define log_info(...) log_at(PN_LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(PN_LOG_DEBUG, __VA_ARGS__)

/* At most `burst` lines per key and interval; tells how many were swallowed when it lets one through.
 * The table of keys is fixed in size: an old key makes room for a new one. */
struct log_limit;
struct log_limit *log_limit_new(uint64_t interval_ms, unsigned burst);
void log_limit_free(struct log_limit *l);
bool log_limit_pass(struct log_limit *l, uint64_t key, uint64_t now_ms, unsigned *swallowed);

#endif
