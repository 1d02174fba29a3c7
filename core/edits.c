#include "edits.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct edit {
	size_t at, len;
	size_t text, text_len; /* in pn_edits.text */
};

/* Sorted by position; equal positions in the order of adding. */
struct pn_edits {
	struct edit *list;
	size_t n, room;
	char *text;
	size_t text_len, text_room;
};

struct pn_edits *edits_new(void)
{
	return calloc(1, sizeof(struct pn_edits));
}

void edits_free(struct pn_edits *e)
{
	if (!e)
		return;
	free(e->list);
	free(e->text);
	free(e);
}

/* p, or a larger copy of it; NULL when out of memory. */
static void *make_room(void *p, size_t *room, size_t need, size_t size)
{
	size_t want = *room ? *room : 16;

	if (p && need <= *room)
		return p;
	while (want < need)
		want *= 2;
	p = realloc(p, want * size);
	if (p)
		*room = want;
	return p;
}

int edits_add(struct pn_edits *e, size_t at, size_t len, const void *text, size_t text_len)
{
	size_t i = e->n;
	void *list, *copy;

	if (at > SIZE_MAX - len)
		return -EINVAL;
	if (e->n == EDITS_MAX || text_len > EDITS_TEXT_MAX - e->text_len)
		return -ENOBUFS;
	list = make_room(e->list, &e->room, e->n + 1, sizeof(*e->list));
	if (!list)
		return -ENOMEM;
	e->list = list;
	copy = make_room(e->text, &e->text_room, e->text_len + text_len, 1);
	if (!copy)
		return -ENOMEM;
	e->text = copy;
	for (; i && e->list[i - 1].at > at; i--)
		e->list[i] = e->list[i - 1];
	e->list[i] = (struct edit){ at, len, e->text_len, text_len };
	e->n++;
	if (text_len)
		memcpy(e->text + e->text_len, text, text_len);
	e->text_len += text_len;
	return 0;
}

long edits_delta(const struct pn_edits *e, size_t from, size_t to)
{
	long grown = 0;

	for (size_t i = 0; i < e->n; i++) {
		const struct edit *d = &e->list[i];

		if (d->at >= from && (d->at < to || (d->at == to && !d->len)))
			grown += (long)d->text_len - (long)d->len;
	}
	return grown;
}

/* Where the output is written; `at` runs past cap so that the length is known anyhow. */
struct sink {
	char *p;
	size_t at, cap;
};

static void sink_add(struct sink *s, const char *p, size_t len)
{
	if (len && s->at <= s->cap && len <= s->cap - s->at)
		memcpy(s->p + s->at, p, len);
	s->at += len;
}

static int apply(const struct pn_edits *e, const char *in, size_t len, struct sink *s)
{
	size_t done = 0, last = 0;

	for (size_t i = 0; i < e->n; i++) {
		const struct edit *d = &e->list[i];

		/* behind a replacement at the same position an insertion is still in order */
		if (d->at > len || d->len > len - d->at ||
		    (d->at < done && (d->len || d->at != last)))
			return -EINVAL;
		if (d->at > done)
			sink_add(s, in + done, d->at - done);
		sink_add(s, e->text + d->text, d->text_len);
		last = d->at;
		if (d->at + d->len > done)
			done = d->at + d->len;
	}
	if (len > done)
		sink_add(s, in + done, len - done);
	return 0;
}

long edits_apply(const struct pn_edits *e, const void *in, size_t len, void *out, size_t cap)
{
	struct sink s = { out, 0, cap };

	if (apply(e, in, len, &s))
		return -EINVAL;
	return s.at > cap ? -ENOBUFS : (long)s.at;
}
