#include "tree.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

uint32_t tree_skip(const char *text, uint32_t len, uint32_t at)
{
	while (at < len && (is_space(text[at]) || text[at] == ';')) {
		if (text[at] == ';')
			while (at < len && !is_line_end(text[at]))
				at++;
		else
			at++;
	}
	return at;
}

bool tree_is(struct pn_str name, const char *pretty, const char *compact)
{
	return (name.len == strlen(pretty) && !strncasecmp(name.p, pretty, name.len)) ||
	       (name.len == strlen(compact) && !strncasecmp(name.p, compact, name.len));
}

void tree_split(const struct tree *t, const struct tree_node *n, struct pn_str *name,
		struct pn_str *value)
{
	uint32_t end = n->at + n->len, at = n->at, to;

	while (at < end && !is_space(t->text[at]) && t->text[at] != '=' && t->text[at] != ';')
		at++;
	*name = (struct pn_str){ t->text + n->at, at - n->at };
	to = tree_skip(t->text, end, at);
	if (to == end || t->text[to] != '=') {
		*value = (struct pn_str){ NULL, 0 };
		return;
	}
	to = tree_skip(t->text, end, to + 1);
	*value = (struct pn_str){ t->text + to, end - to };
}

static int fail(struct tree *t, const char *why)
{
	t->why = why;
	return -EBADMSG;
}

static int node_add(struct tree *t, uint32_t at, uint32_t *out)
{
	uint32_t cap = t->cap ? t->cap * 2 : 64;
	struct tree_node *p = t->node;

	if (t->n == TREE_NODES_MAX)
		return -E2BIG;
	if (t->n == t->cap) {
		p = realloc(t->node, cap * sizeof(*p));
		if (!p)
			return -ENOMEM;
		t->node = p;
		t->cap = cap;
	}
	p[t->n] = (struct tree_node){ .at = at, .first = TREE_NONE, .next = TREE_NONE };
	*out = t->n++;
	return 0;
}

/* A segment reply is not followed by a brace, so that the next transaction begins right behind it.
 */
static uint32_t segment_end(const struct tree *t, uint32_t at)
{
	static const char *const token[] = { "Segment", "SM" };
	uint32_t to;

	for (unsigned i = 0; i < 2; i++) {
		size_t n = strlen(token[i]);

		if (t->len - at <= n || strncasecmp(t->text + at, token[i], n))
			continue;
		to = tree_skip(t->text, t->len, at + (uint32_t)n);
		if (to >= t->len || t->text[to] != '=')
			continue;
		to = tree_skip(t->text, t->len, to + 1);
		while (to < t->len && (isdigit((unsigned char)t->text[to]) || t->text[to] == '/'))
			to++;
		if (to < t->len && t->text[to] == '&')
			return to + 1;
		return t->len - to >= 3 && !strncasecmp(t->text + to, "END", 3) ? to + 3 : to;
	}
	return at;
}

/* To the brace or comma that ends the head; len is set. */
static int read_head(struct tree *t, struct tree_node *n, uint32_t *pos)
{
	uint32_t at = *pos, last = at;
	int square = 0;

	while (at < t->len) {
		char c = t->text[at];

		if (c == '{' || c == '}' || (c == ',' && square <= 0))
			break;
		if (c == ';' || is_space(c)) {
			at = tree_skip(t->text, t->len, at);
			continue;
		}
		if (!c)
			return fail(t, "zero octet");
		square += (c == '[') - (c == ']');
		if (c == '"') {
			const char *q = memchr(t->text + at + 1, '"', t->len - at - 1);

			if (!q)
				return fail(t, "quoted string without end");
			at = (uint32_t)(q - t->text);
		}
		last = ++at;
	}
	n->len = last - n->at;
	*pos = at;
	return 0;
}

static int read_raw(struct tree *t, struct tree_node *n, uint32_t *pos)
{
	uint32_t at = *pos;

	while (at < t->len && t->text[at] != '}') {
		if (!t->text[at])
			return fail(t, "zero octet");
		at += t->text[at] == '\\' && at + 1 < t->len && t->text[at + 1] == '}' ? 2 : 1;
	}
	if (at >= t->len)
		return fail(t, "octet string without end");
	n->raw = true;
	n->body_end = at;
	*pos = at + 1;
	return 0;
}

struct level {
	uint32_t parent, last; /* nodes */
	bool media;            /* Local and Remote may stand here */
};

static bool holds_octets(struct pn_str name)
{
	return tree_is(name, "Local", "L") || tree_is(name, "Remote", "R");
}

static void link_in(struct tree *t, struct level *l, uint32_t node)
{
	if (l->last != TREE_NONE)
		t->node[l->last].next = node;
	else if (l->parent != TREE_NONE)
		t->node[l->parent].first = node;
	l->last = node;
}

/* Behind an item: a comma and more, or the brace that ends the list. Top items follow each other.
 */
static int read_separator(struct tree *t, const struct level *l, uint32_t *pos)
{
	uint32_t at = tree_skip(t->text, t->len, *pos);

	if (l->parent == TREE_NONE) {
		*pos = at;
		return 0;
	}
	if (at >= t->len)
		return fail(t, "brace without end");
	if (t->text[at] == ',') {
		at = tree_skip(t->text, t->len, at + 1);
		if (at >= t->len || t->text[at] == '}')
			return fail(t, "comma without an item behind it");
	} else if (t->text[at] != '}') {
		return fail(t, "comma or brace expected");
	}
	*pos = at;
	return 0;
}

/* A head, and the brace behind it if there is one: then *open is set and the position is in the
 * body. */
static int read_item(struct tree *t, struct level *l, uint32_t *pos, uint32_t *node, bool *open)
{
	uint32_t stop = l->parent == TREE_NONE ? segment_end(t, *pos) : *pos;
	struct pn_str name, value;
	struct tree_node *n;
	int err = node_add(t, *pos, node);

	if (err)
		return err;
	link_in(t, l, *node);
	n = &t->node[*node];
	if (stop != *pos) {
		n->len = stop - n->at;
		n->end = *pos = stop;
		return 0;
	}
	err = read_head(t, n, pos);
	if (err)
		return err;
	n->end = n->at + n->len;
	*open = *pos < t->len && t->text[*pos] == '{';
	if (!*open)
		return n->len ? 0 : fail(t, "item expected");
	if (!n->len)
		return fail(t, "brace without a name");
	n->braces = true;
	n->body = ++*pos;
	tree_split(t, n, &name, &value);
	if (!l->media || value.len || !holds_octets(name))
		return 0;
	*open = false;
	err = read_raw(t, n, pos);
	n->end = *pos;
	return err;
}

static bool is_media(const struct tree *t, const struct level *above, uint32_t node)
{
	struct pn_str name, value;

	tree_split(t, &t->node[node], &name, &value);
	return tree_is(name, "Media", "M") || (above->media && tree_is(name, "Stream", "ST"));
}

static void close_list(struct tree *t, uint32_t node, uint32_t *pos)
{
	t->node[node].body_end = (*pos)++;
	t->node[node].end = *pos;
}

int tree_read(struct tree *t, const char *text, size_t len, size_t at)
{
	struct level level[TREE_DEPTH_MAX + 1] = { { TREE_NONE, TREE_NONE, false } };
	uint32_t pos, node, depth = 0;
	bool open;
	int err = 0;

	*t = (struct tree){ .text = text, .len = (uint32_t)len };
	pos = tree_skip(text, t->len, (uint32_t)at);
	while (!err && (pos < t->len || depth)) {
		struct level *l = &level[depth];

		if (pos >= t->len)
			return fail(t, "brace without end");
		if (text[pos] == '}') {
			if (!depth)
				return fail(t, "brace without beginning");
			close_list(t, l->parent, &pos);
			err = read_separator(t, &level[--depth], &pos);
			continue;
		}
		open = false;
		err = read_item(t, l, &pos, &node, &open);
		if (!err && !open)
			err = read_separator(t, l, &pos);
		if (err || !open)
			continue;
		if (depth == TREE_DEPTH_MAX)
			return fail(t, "nested too deep");
		level[++depth] = (struct level){ node, TREE_NONE, is_media(t, l, node) };
		pos = tree_skip(text, t->len, pos);
	}
	return err;
}

void tree_free(struct tree *t)
{
	free(t->node);
	*t = (struct tree){ 0 };
}
