#include "script.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INCLUDE_DEPTH 8

static const char *const with_body[] = { "config", "reload", "refused", ">", "<", "cdr", "ctl", NULL };

static bool takes_body(const char *verb)
{
	for (size_t i = 0; with_body[i]; i++)
		if (!strcmp(verb, with_body[i]))
			return true;
	return false;
}

static int split(struct step *s)
{
	char *save = NULL;
	for (char *w = strtok_r(s->text, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		if (s->n + 1 == SCRIPT_WORDS)
			return -E2BIG;
		s->word[s->n++] = w;
	}
	return 0;
}

static char *read_body(FILE *f, int *line)
{
	char *body = calloc(1, 1), *text = NULL;
	size_t len = 0, room = 0;
	ssize_t got;
	while (body && (got = getline(&text, &room, f)) >= 0) {
		(*line)++;
		if (!strcmp(text, ".\n") || !strcmp(text, ".")) {
			free(text);
			return body;
		}
		char *more = realloc(body, len + (size_t)got + 1);
		if (!more)
			break;
		body = more;
		memcpy(body + len, text, (size_t)got + 1);
		len += (size_t)got;
	}
	free(text);
	free(body);
	return NULL;
}

static int add(struct script *s, const struct step *st)
{
	struct step *more = realloc(s->step, (s->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	s->step = more;
	s->step[s->n++] = *st;
	return 0;
}

static int read_file(struct script *s, const char *path, int depth, char *why, size_t cap);

static int include(struct script *s, const struct step *st, int depth, char *why, size_t cap)
{
	char dir[PATH_MAX], path[2 * PATH_MAX];
	snprintf(dir, sizeof(dir), "%s", st->file);
	snprintf(path, sizeof(path), "%s/%s", dirname(dir), st->n > 1 ? st->word[1] : "");
	return read_file(s, path, depth + 1, why, cap);
}

/* One line of the file; body lines are read on from f. */
static int read_step(struct script *s, FILE *f, struct step *st, int depth, char *why, size_t cap)
{
	int line = st->line, err = split(st);
	if (!err && st->n && !strcmp(st->word[0], "include")) {
		err = include(s, st, depth, why, cap);
		free(st->text);
		free(st->file);
		return err;
	}
	if (!err && st->n && takes_body(st->word[0])) {
		st->body = read_body(f, &line);
		err = st->body ? 0 : -EBADMSG;
	}
	if (!err)
		err = add(s, st);
	if (err)
		snprintf(why, cap, "%s:%d: %s", st->file, st->line,
			 err == -EBADMSG ? "body without a closing \".\"" : strerror(-err));
	st->line = line;
	return err;
}

static int read_file(struct script *s, const char *path, int depth, char *why, size_t cap)
{
	FILE *f = depth < INCLUDE_DEPTH ? fopen(path, "r") : NULL;
	if (!f) {
		snprintf(why, cap, "%s: %s", path, depth < INCLUDE_DEPTH ? strerror(errno) : "includes too deep");
		return -1;
	}
	char *text = NULL;
	size_t room = 0;
	int line = 0, err = 0;
	while (!err && getline(&text, &room, f) >= 0) {
		line++;
		text[strcspn(text, "\n")] = '\0';
		if (!text[strspn(text, " \t")] || text[strspn(text, " \t")] == '#')
			continue;
		struct step st = { .file = strdup(path), .line = line, .text = strdup(text) };
		err = read_step(s, f, &st, depth, why, cap);
		line = st.line;
	}
	free(text);
	fclose(f);
	return err ? -1 : 0;
}

int script_read(struct script *s, const char *path, char *why, size_t cap)
{
	*s = (struct script){ 0 };
	return read_file(s, path, 0, why, cap);
}

void script_free(struct script *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->step[i].file);
		free(s->step[i].text);
		free(s->step[i].body);
	}
	free(s->step);
	*s = (struct script){ 0 };
}
