#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct pn_str str_of(const char *z)
{
	return (struct pn_str){ z, z ? strlen(z) : 0 };
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct pn_str str_trim(struct pn_str s)
{
	while (s.len && is_space(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

bool str_eq(struct pn_str a, struct pn_str b)
{
	return a.len == b.len && (!a.len || !memcmp(a.p, b.p, a.len));
}

bool str_is(struct pn_str a, const char *z)
{
	return str_eq(a, str_of(z));
}

bool str_ieq(struct pn_str a, struct pn_str b)
{
	return a.len == b.len && (!a.len || !strncasecmp(a.p, b.p, a.len));
}

bool str_iis(struct pn_str a, const char *z)
{
	return str_ieq(a, str_of(z));
}

int str_u32(struct pn_str s, uint32_t *out)
{
	uint64_t v = 0;

	if (!s.len)
		return -EINVAL;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -EINVAL;
		if (v <= UINT32_MAX)
			v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (v > UINT32_MAX)
		return -ERANGE;
	*out = (uint32_t)v;
	return 0;
}

struct pn_str str_dup(struct pn_str s)
{
	char *p = s.len ? malloc(s.len + 1) : NULL;

	if (!p)
		return (struct pn_str){ NULL, 0 };
	memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return (struct pn_str){ p, s.len };
}

void str_drop(struct pn_str *s)
{
	free((char *)s->p);
	*s = (struct pn_str){ NULL, 0 };
}

int str_set(struct pn_str *own, struct pn_str value)
{
	struct pn_str copy = str_dup(value);

	if (value.len && !copy.p)
		return -ENOMEM;
	str_drop(own);
	*own = copy;
	return 0;
}

static bool text_room(struct text *t, size_t more)
{
	size_t cap = t->cap ? t->cap : 256;
	char *p;

	if (t->failed || more > TEXT_MAX - t->len) {
		t->failed = true;
		return false;
	}
	while (cap < t->len + more + 1)
		cap *= 2;
	if (cap == t->cap)
		return true;
	p = realloc(t->p, cap);
	if (!p) {
		t->failed = true;
		return false;
	}
	t->p = p;
	t->cap = cap;
	return true;
}

void text_add(struct text *t, struct pn_str s)
{
	if (!s.len || !text_room(t, s.len))
		return;
	memcpy(t->p + t->len, s.p, s.len);
	t->len += s.len;
}

void text_put(struct text *t, const char *z)
{
	text_add(t, str_of(z));
}

void text_fmt(struct text *t, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line)) {
		t->failed = true;
		return;
	}
	text_add(t, (struct pn_str){ line, (size_t)n });
}

struct pn_str text_str(const struct text *t)
{
	return (struct pn_str){ t->p, t->len };
}

void text_free(struct text *t)
{
	free(t->p);
	*t = (struct text){ 0 };
}
