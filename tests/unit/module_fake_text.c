#include "module_fake_parts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EDITS_MAX 1024u

struct pn_edits {
	struct fake_edit e[EDITS_MAX];
	size_t n;
};

/* The core's, which what it has for SDP calls as well. */
int edits_add(struct pn_edits *e, size_t at, size_t len, const void *text, size_t text_len)
{
	struct fake_edit *x = &e->e[e->n];

	if (e->n == EDITS_MAX)
		return -ENOBUFS;
	*x = (struct fake_edit){ at, len, malloc(text_len + 1), text_len };
	if (text_len)
		memcpy(x->text, text, text_len);
	x->text[text_len] = '\0';
	e->n++;
	return 0;
}

static struct pn_edits *f_edits_new(struct pn_host *h)
{
	(void)h;
	return calloc(1, sizeof(struct pn_edits));
}

static long f_edits_delta(const struct pn_edits *e, size_t from, size_t to)
{
	long d = 0;

	for (size_t i = 0; i < e->n; i++)
		if (e->e[i].at >= from && e->e[i].at < to)
			d += (long)e->e[i].text_len - (long)e->e[i].len;
	return d;
}

static int by_place(const void *a, const void *b)
{
	const struct fake_edit *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

void fake_edits_reset(void)
{
	for (size_t i = 0; i < fake.n_edits; i++)
		free(fake.edits[i].text);
	free(fake.edits);
	fake.edits = NULL;
	fake.n_edits = 0;
}

static void keep_edits(struct pn_edits *e)
{
	fake_edits_reset();
	fake.edits = calloc(e->n + 1, sizeof(*fake.edits));
	memcpy(fake.edits, e->e, e->n * sizeof(*fake.edits));
	fake.n_edits = e->n;
	e->n = 0;
}

static long f_edits_apply(const struct pn_edits *list, const void *in, size_t len, void *out,
			  size_t cap)
{
	struct pn_edits *e = (struct pn_edits *)list;
	const char *from = in;
	char *to = out;
	size_t at = 0, n = 0;

	qsort(e->e, e->n, sizeof(e->e[0]), by_place);
	for (size_t i = 0; i <= e->n; i++) {
		size_t next = i < e->n ? e->e[i].at : len, text = i < e->n ? e->e[i].text_len : 0;

		if (next < at || next > len)
			return -EINVAL;
		if (n + (next - at) + text > cap)
			return -ENOBUFS;
		memcpy(to + n, from + at, next - at);
		n += next - at;
		if (i == e->n)
			break;
		memcpy(to + n, e->e[i].text, text);
		n += text;
		at = next + e->e[i].len;
	}
	keep_edits(e);
	return (long)n;
}

static void f_edits_free(struct pn_edits *e)
{
	for (size_t i = 0; e && i < e->n; i++)
		free(e->e[i].text);
	free(e);
}

void fake_text_services(struct pn_services *s)
{
	s->sdp_scan = f_sdp_scan;
	s->sdp_write = f_sdp_write;
	s->sdp_check = f_sdp_check;
	s->edits_new = f_edits_new;
	s->edit = f_edit;
	s->edits_delta = f_edits_delta;
	s->edits_apply = f_edits_apply;
	s->edits_free = f_edits_free;
}
