#include "vars.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 40u

void vars_free(struct vars *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->v[i].name);
		free(v->v[i].value);
	}
	v->n = 0;
}

const char *vars_get(const struct vars *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++)
		if (!strcmp(v->v[i].name, name))
			return v->v[i].value;
	return NULL;
}

int vars_set(struct vars *v, const char *name, const char *value, size_t len)
{
	char *copy = strndup(value, len);
	for (size_t i = 0; copy && i < v->n; i++) {
		if (strcmp(v->v[i].name, name))
			continue;
		free(v->v[i].value);
		v->v[i].value = copy;
		return 0;
	}
	if (!copy || v->n == VARS_MAX) {
		free(copy);
		return -ENOBUFS;
	}
	v->v[v->n].name = strdup(name);
	v->v[v->n++].value = copy;
	return 0;
}

/* "{name}" or "{name+1}" at p: the name, what to add, and where the text goes on; NULL: no hole. */
static const char *hole(const char *p, char name[NAME_MAX_LEN], long *plus)
{
	size_t n = 0;
	if (*p++ != '{')
		return NULL;
	while (n + 1 < NAME_MAX_LEN && (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == '*'))
		n++;
	if (!n)
		return NULL;
	memcpy(name, p, n);
	name[n] = '\0';
	p += n;
	*plus = 0;
	if (*p == '+' || *p == '-') {
		char *end;
		*plus = strtol(p, &end, 10);
		p = end;
	}
	return *p == '}' ? p + 1 : NULL;
}

/* "x00" to "xff" is that octet, which text cannot hold; -1: another name. */
static int octet_of(const char *name)
{
	static const char digits[] = "0123456789abcdef";
	const char *high = name[0] == 'x' && strlen(name) == 3 ? strchr(digits, name[1]) : NULL;
	const char *low = high ? strchr(digits, name[2]) : NULL;
	return low ? (int)((high - digits) << 4 | (low - digits)) : -1;
}

/* NULL: it has no value. The text is in `room` or where the variable has it. */
static const char *value_of(const struct vars *v, const char *name, long plus, char room[32])
{
	const char *value = vars_get(v, name);
	if (!value || !plus)
		return value;
	snprintf(room, 32, "%ld", strtol(value, NULL, 10) + plus);
	return room;
}

/* Octets after the first empty line, once expanded. */
static size_t body_len(const struct vars *v, const char *text)
{
	const char *at = strstr(text, "\r\n\r\n");
	struct buf b;
	char why[80];
	if (!at)
		return 0;
	buf_init(&b, 1 << 20);
	vars_expand(v, at + 4, &b, why, sizeof(why));
	size_t len = b.len;
	buf_free(&b);
	return len;
}

int vars_expand(const struct vars *v, const char *text, struct buf *out, char *why, size_t cap)
{
	char name[NAME_MAX_LEN], room[32];
	long plus;
	for (const char *p = text; *p;) {
		const char *next = p[0] == '{' && p[1] == '{' ? NULL : hole(p, name, &plus);
		if (!next) {
			buf_add(out, p, 1);
			p += p[0] == '{' && p[1] == '{' ? 2 : 1;
			continue;
		}
		const char *value = value_of(v, name, plus, room);
		uint8_t octet = (uint8_t)octet_of(name);
		if (!strcmp(name, "len")) {
			buf_addf(out, "%zu", body_len(v, text));
		} else if (octet_of(name) >= 0) {
			buf_add(out, &octet, 1);
		} else if (value) {
			buf_add(out, value, strlen(value));
		} else {
			snprintf(why, cap, "{%s} has no value yet", name);
			return -ENOENT;
		}
		p = next;
	}
	return 0;
}

/* What stands at got, up to `stop` or the end of the line. */
static size_t until(const char *got, const char *end, char stop)
{
	const char *p = got;
	while (p < end && *p != stop && *p != '\r' && *p != '\n')
		p++;
	return (size_t)(p - got);
}

static const char *line_at(const char *start, const char *end, const char *at, int *line, size_t *len)
{
	const char *from = start;
	*line = 1;
	for (const char *p = start; p < at && p < end; p++)
		if (*p == '\n') {
			from = p + 1;
			(*line)++;
		}
	*len = until(from, end, '\n');
	return from;
}

static int differ(const char *want, const char *w, const char *got, const char *g, size_t len, char *why,
		  size_t cap)
{
	int wl, gl;
	size_t wn, gn;
	const char *wp = line_at(want, want + strlen(want), w, &wl, &wn);
	const char *gp = line_at(got, got + len, g, &gl, &gn);
	snprintf(why, cap, "line %d, column %d:\n  wanted: %.*s\n  got:    %.*s%s", gl, (int)(g - gp) + 1,
		 (int)wn, wp, (int)gn, gp, g >= got + len ? " (and no more)" : "");
	return -1;
}

/* One hole of what is wanted against what stands at *g. */
static int match_hole(struct vars *v, const char *name, long plus, const char *next, const char **g,
		      const char *end, const char *got)
{
	char room[32];
	const char *value = room;
	size_t n = until(*g, end, *next == '{' && next[1] == '{' ? '{' : *next);
	if (!strcmp(name, "len")) {
		const char *body = memmem(got, (size_t)(end - got), "\r\n\r\n", 4);
		snprintf(room, sizeof(room), "%zu", body ? (size_t)(end - body - 4) : 0);
	} else if (octet_of(name) >= 0) {
		return *g < end && (uint8_t)*(*g)++ == octet_of(name) ? 0 : -1;
	} else if (!strcmp(name, "*")) {
		*g += n;
		return 0;
	} else if (!vars_get(v, name)) {
		vars_set(v, name, *g, n);
		*g += n;
		return n ? 0 : -1;
	} else {
		value = value_of(v, name, plus, room);
	}
	n = strlen(value);
	if (n > (size_t)(end - *g) || memcmp(*g, value, n) != 0)
		return -1;
	*g += n;
	return 0;
}

/* Matches want against the beginning of got; *g is where it stopped. */
static int match_front(struct vars *v, const char **want, const char *got, const char **g, const char *end)
{
	char name[NAME_MAX_LEN];
	long plus;
	const char *w = *want;
	while (*w) {
		const char *next = w[0] == '{' && w[1] == '{' ? NULL : hole(w, name, &plus);
		*want = w;
		if (next) {
			if (match_hole(v, name, plus, next, g, end, got))
				return -1;
			w = next;
			continue;
		}
		if (*g >= end || **g != *w)
			return -1;
		w += w[0] == '{' && w[1] == '{' ? 2 : 1;
		(*g)++;
	}
	*want = w;
	return 0;
}

int vars_match(struct vars *v, const char *want, const char *got, size_t len, char *why, size_t cap)
{
	const char *w = want, *g = got;
	if (match_front(v, &w, got, &g, got + len) || g != got + len)
		return differ(want, w, got, g, len, why, cap);
	return 0;
}

int vars_search(struct vars *v, const char *want, const char *got, size_t len)
{
	for (const char *at = got; at < got + len; at++) {
		size_t known = v->n;
		const char *w = want, *g = at;
		if (!match_front(v, &w, at, &g, got + len))
			return 0;
		while (v->n > known) {
			v->n--;
			free(v->v[v->n].name);
			free(v->v[v->n].value);
		}
	}
	return -1;
}
