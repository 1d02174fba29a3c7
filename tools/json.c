#include "json.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	const char *p, *end;
	unsigned depth;
};

static struct json *read_value(struct reader *r);

static void skip_blanks(struct reader *r)
{
	while (r->p < r->end && strchr(" \t\r\n", *r->p) && *r->p)
		r->p++;
}

static bool accept(struct reader *r, char c)
{
	skip_blanks(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* ---- strings ---- */

static int hex4(struct reader *r, uint32_t *out)
{
	uint32_t n = 0;

	if (r->end - r->p < 4)
		return -1;
	for (int i = 0; i < 4; i++, r->p++) {
		static const char digits[] = "0123456789abcdef0123456789ABCDEF";
		const char *d = *r->p ? strchr(digits, *r->p) : NULL;

		if (!d)
			return -1;
		n = n << 4 | ((uint32_t)(d - digits) & 15);
	}
	*out = n;
	return 0;
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

/* \uXXXX, perhaps the first half of a surrogate pair. U+0000 would end the text: it becomes U+FFFD. */
static int unescape_unicode(struct reader *r, char **to)
{
	uint32_t c, low;

	if (hex4(r, &c))
		return -1;
	if (c >= 0xd800 && c < 0xdc00 && r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u') {
		r->p += 2;
		if (hex4(r, &low) || low < 0xdc00 || low > 0xdfff)
			return -1;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*to = put_utf8(*to, !c || (c >= 0xd800 && c < 0xe000) ? 0xfffd : c);
	return 0;
}

static int unescape(struct reader *r, char **to)
{
	static const char from[] = "\"\\/bfnrt", plain[] = "\"\\/\b\f\n\r\t";
	const char *which;
	char c;

	if (r->p == r->end)
		return -1;
	c = *r->p++;
	if (c == 'u')
		return unescape_unicode(r, to);
	which = c ? strchr(from, c) : NULL;
	if (!which)
		return -1;
	*(*to)++ = plain[which - from];
	return 0;
}

/* Behind the opening quote. No escape is shorter than what it stands for but U+0000 (6 to 3). */
static char *read_string(struct reader *r)
{
	const char *stop = r->p;
	char *out, *to;

	while (stop < r->end && *stop != '"')
		stop += *stop == '\\' ? 2 : 1;
	if (stop >= r->end)
		return NULL;
	out = to = malloc((size_t)(stop - r->p) + 1);
	while (out && r->p < stop) {
		char c = *r->p++;

		if (c != '\\') {
			*to++ = c;
		} else if (unescape(r, &to)) {
			free(out);
			return NULL;
		}
	}
	if (!out)
		return NULL;
	*to = 0;
	r->p = stop + 1;
	return out;
}

/* ---- the rest ---- */

static int read_number(struct reader *r, struct json *j)
{
	const char *from = r->p;

	while (r->p < r->end && *r->p && strchr("+-.0123456789eE", *r->p))
		r->p++;
	j->type = JSON_NUMBER;
	j->text = strndup(from, (size_t)(r->p - from));
	return r->p > from && j->text ? 0 : -1;
}

static int read_word(struct reader *r, struct json *j)
{
	static const struct {
		const char *word;
		enum json_type type;
	} row[] = { { "null", JSON_NULL }, { "false", JSON_FALSE }, { "true", JSON_TRUE } };

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		size_t len = strlen(row[i].word);

		if ((size_t)(r->end - r->p) < len || memcmp(r->p, row[i].word, len))
			continue;
		r->p += len;
		j->type = row[i].type;
		return 0;
	}
	return read_number(r, j);
}

static struct json *read_member(struct reader *r, bool keyed)
{
	char *key = NULL;
	struct json *j;

	if (keyed) {
		key = accept(r, '"') ? read_string(r) : NULL;
		if (!key || !accept(r, ':')) {
			free(key);
			return NULL;
		}
	}
	j = read_value(r);
	if (j)
		j->key = key;
	else
		free(key);
	return j;
}

static int read_list(struct reader *r, struct json *j, char close)
{
	struct json **end = &j->child;

	if (accept(r, close))
		return 0;
	do {
		*end = read_member(r, close == '}');
		if (!*end)
			return -1;
		end = &(*end)->next;
	} while (accept(r, ','));
	return accept(r, close) ? 0 : -1;
}

static int fill(struct reader *r, struct json *j)
{
	if (accept(r, '"')) {
		j->type = JSON_STRING;
		j->text = read_string(r);
		return j->text ? 0 : -1;
	}
	if (accept(r, '[')) {
		j->type = JSON_ARRAY;
		return read_list(r, j, ']');
	}
	if (accept(r, '{')) {
		j->type = JSON_OBJECT;
		return read_list(r, j, '}');
	}
	return read_word(r, j);
}

static struct json *read_value(struct reader *r)
{
	struct json *j = r->depth < JSON_DEPTH ? calloc(1, sizeof(*j)) : NULL;
	int err;

	if (!j)
		return NULL;
	r->depth++;
	err = fill(r, j);
	r->depth--;
	if (!err)
		return j;
	json_free(j);
	return NULL;
}

struct json *json_parse(const char *text, size_t len)
{
	struct reader r = { text, text + len, 0 };
	struct json *j = read_value(&r);

	skip_blanks(&r);
	if (j && r.p == r.end)
		return j;
	json_free(j);
	return NULL;
}

void json_free(struct json *j)
{
	for (struct json *next; j; j = next) {
		next = j->next;
		json_free(j->child);
		free(j->key);
		free(j->text);
		free(j);
	}
}

const struct json *json_get(const struct json *object, const char *path)
{
	while (object && *path) {
		size_t len = strcspn(path, ".");
		const struct json *c = object->type == JSON_OBJECT ? object->child : NULL;

		while (c && (strlen(c->key) != len || memcmp(c->key, path, len)))
			c = c->next;
		object = c;
		path += len + (path[len] == '.');
	}
	return object;
}

const char *json_string(const struct json *object, const char *path)
{
	const struct json *j = json_get(object, path);

	return j ? j->text : NULL;
}
