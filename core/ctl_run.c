#include "config.h"

#include "ctl.h"
#include "ctl_show.h"
#include "metrics.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORDS 4u

struct request {
	struct core *core;
	const char *word[WORDS]; /* the command and what follows; NULL past the last */
	struct buf *out;         /* {"ok":true is written, the closing bracket is not */
	char why[200];           /* for a refusal */
	struct pn_conf_errors errors;
};

static int refuse(struct request *r, int err, const char *why)
{
	snprintf(r->why, sizeof(r->why), "%s", why);
	return err;
}

static int run_show(struct request *r)
{
	int err = r->word[1] ? ctl_show(r->core, r->word[1], r->out) : -EINVAL;

	if (err == -EINVAL)
		snprintf(r->why, sizeof(r->why), "show what: expected %s", ctl_show_names());
	return err;
}

static int run_end(struct request *r)
{
	struct pn_session *s = r->word[1] ? session_by_id(r->core->sessions, r->word[1]) : NULL;

	if (!r->word[1])
		return refuse(r, -EINVAL, "end which session: expected an id that \"show sessions\" lists");
	if (!s)
		return refuse(r, -ENOENT, "no such session: expected an id that \"show sessions\" lists");
	json_text(r->out, "ended", r->word[1]);
	session_kick(s);
	return 0;
}

static int run_drain(struct request *r)
{
	if (r->word[1] && strcmp(r->word[1], "off"))
		return refuse(r, -EINVAL, "drain: expected nothing or \"off\"");
	core_drain(r->core, !r->word[1]);
	json_bool(r->out, "draining", r->core->draining);
	json_num(r->out, "sessions", (int64_t)sessions_count(r->core->sessions));
	return 0;
}

static int run_reload(struct request *r)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s", r->core->conf->path);
	if (core_reload(r->core, path, &r->errors))
		return refuse(r, -EINVAL, "configuration refused, the one in force stays");
	json_text(r->out, "applied", path);
	return 0;
}

static int run_log(struct request *r)
{
	const char *subsystem = r->word[2] ? r->word[1] : NULL;
	const char *level = r->word[2] ? r->word[2] : r->word[1];

	if (!level || log_level_set(subsystem, level)) {
		size_t len = (size_t)snprintf(r->why, sizeof(r->why), "log: expected [SUBSYSTEM] error, "
							"warn, info or debug; subsystems:");

		for (int i = 0; i < LOG_SUBSYSTEMS && len < sizeof(r->why); i++)
			len += (size_t)snprintf(r->why + len, sizeof(r->why) - len, " %s",
						log_subsystem_name((enum log_subsystem)i));
		return -EINVAL;
	}
	json_text(r->out, "subsystem", subsystem ? subsystem : "all");
	return json_text(r->out, "level", level);
}

static int run_version(struct request *r)
{
	char abi[16];

	snprintf(abi, sizeof(abi), "%d.%d", PN_ABI_MAJOR, PN_ABI_MINOR);
	json_text(r->out, "version", PACKAGE_VERSION);
	json_text(r->out, "abi", abi);
	json_num(r->out, "pid", getpid());
	json_time(r->out, "started", r->core->started_wall_ms);
	json_text(r->out, "config", r->core->conf->path);
	json_bool(r->out, "draining", r->core->draining);
	return json_num(r->out, "sessions", (int64_t)sessions_count(r->core->sessions));
}

static const struct {
	const char *name;
	unsigned words; /* at most, the command included */
	int (*run)(struct request *r);
} commands[] = {
	{ "show", 2, run_show },     { "end", 2, run_end }, { "drain", 2, run_drain },
	{ "reload", 1, run_reload }, { "log", 3, run_log }, { "version", 1, run_version },
};

static int run(struct request *r)
{
	unsigned n = 0;

	while (n < WORDS && r->word[n])
		n++;
	for (size_t i = 0; n && i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(r->word[0], commands[i].name))
			continue;
		if (n > commands[i].words)
			return refuse(r, -EINVAL, "too many words");
		return commands[i].run(r);
	}
	return refuse(r, -EINVAL,
		      "unknown command: expected show, end, drain, reload, log or version");
}

static void reply_refusal(struct request *r, int err)
{
	struct buf *out = r->out;

	if (!r->why[0])
		refuse(r, err, err == -ENOBUFS ? "reply too large" : strerror(-err));
	json_open(out, NULL, '{');
	json_bool(out, "ok", false);
	json_text(out, "error", r->why);
	if (r->errors.n) {
		json_open(out, "errors", '[');
		for (size_t i = 0; i < r->errors.n; i++)
			json_text(out, NULL, r->errors.line[i]);
		json_close(out, ']');
		json_num(out, "more", (int64_t)r->errors.more);
	}
	json_close(out, '}');
}

static int split(struct request *r, char *line)
{
	static const char blanks[] = " \t\r\n";
	unsigned n = 0;

	for (line += strspn(line, blanks); *line; line += strspn(line, blanks)) {
		if (n == WORDS)
			return refuse(r, -EINVAL, "too many words");
		r->word[n++] = line;
		line += strcspn(line, blanks);
		if (*line)
			*line++ = 0;
	}
	return 0;
}

int ctl_run(struct core *core, const char *line, struct buf *reply)
{
	struct request r = { .core = core, .out = reply };
	char copy[CTL_LINE + 1];
	size_t before = reply->len;
	int err;

	snprintf(copy, sizeof(copy), "%s", line);
	json_open(reply, NULL, '{');
	json_bool(reply, "ok", true);
	err = strlen(line) > CTL_LINE ? refuse(&r, -EINVAL, "request too long") : split(&r, copy);
	if (!err)
		err = run(&r);
	if (!err)
		err = json_close(reply, '}');
	if (err) {
		reply->len = before;
		reply_refusal(&r, err);
	}
	conf_errors_free(&r.errors);
	return err;
}
