#include "ber_sdp.h"

#include <errno.h>
#include <string.h>

#define FIRST 0xb001u

/* Annex C.11, from B001 on. */
static const char letters[] = "vosiuepcbzkatrm";

struct line {
	char letter; /* '\0': not a line of SDP */
	struct pn_str value;
};

static int read_property(const struct ber *property, struct line *out)
{
	struct ber name, values, value;
	struct ber_list l;
	unsigned number;

	*out = (struct line){ 0 };
	if (ber_find(ber_inside(property), BER_TAG(0), &name) || name.len != 4 ||
	    ber_find(ber_inside(property), BER_TAG(1), &values))
		return -EBADMSG;
	number = name.p[name.header + 2] * 256u + name.p[name.header + 3];
	l = ber_inside(&values);
	if (name.p[name.header] || name.p[name.header + 1] || number < FIRST ||
	    number >= FIRST + strlen(letters) || ber_next(&l, &value) || l.len || value.constructed)
		return 0;
	out->letter = letters[number - FIRST];
	out->value = (struct pn_str){ (const char *)value.p + value.header, value.len };
	/* a line end within would let one property pass for two */
	if (value.len &&
	    (memchr(out->value.p, '\n', value.len) || memchr(out->value.p, '\r', value.len) ||
	     memchr(out->value.p, '\0', value.len)))
		return -EBADMSG;
	return 0;
}

static int put(char *out, size_t cap, size_t *n, const char *p, size_t len)
{
	if (len > cap - *n)
		return -ENOBUFS;
	memcpy(out + *n, p, len);
	*n += len;
	return 0;
}

static int put_line(char *out, size_t cap, size_t *n, const struct line *l)
{
	char head[2] = { l->letter, '=' };
	int err = put(out, cap, n, head, 2);

	if (!err)
		err = put(out, cap, n, l->value.p, l->value.len);
	return err ? err : put(out, cap, n, "\r\n", 2);
}

static const struct line version = { 'v', { "0", 1 } };

/* A group that does not begin with v= is given one, so that blocks stay apart. */
static int group_text(const struct ber *group, char *out, size_t cap, size_t *n)
{
	struct ber_list l = ber_inside(group);
	bool begun = false;
	struct ber property;
	struct line line;
	int err;

	while (!(err = ber_next(&l, &property))) {
		err = read_property(&property, &line);
		if (err)
			return err;
		if (!line.letter)
			continue;
		if (!begun && line.letter != 'v')
			err = put_line(out, cap, n, &version);
		begun = true;
		if (!err)
			err = put_line(out, cap, n, &line);
		if (err)
			return err;
	}
	return err == -ENOENT ? 0 : err;
}

long ber_sdp_text(const struct ber *descriptor, char *out, size_t cap)
{
	struct ber groups, group;
	struct ber_list l;
	size_t n = 0;
	int err = ber_find(ber_inside(descriptor), BER_TAG(0), &groups);

	if (err)
		return -EBADMSG;
	l = ber_inside(&groups);
	while (!(err = ber_next(&l, &group))) {
		err = group_text(&group, out, cap, &n);
		if (err)
			return err;
	}
	return err == -ENOENT ? (long)n : err;
}

/* ---- writing ---- */

struct writer {
	uint8_t *out;
	size_t cap, n;
	int err;
};

static void add(struct writer *w, const void *p, size_t len)
{
	if (w->err || len > w->cap - w->n) {
		w->err = w->err ? w->err : -ENOBUFS;
		return;
	}
	memcpy(w->out + w->n, p, len);
	w->n += len;
}

static bool next_line(struct pn_str *text, struct line *out)
{
	const char *end;

	if (text->len < 2)
		return false;
	end = memchr(text->p, '\n', text->len);
	end = end ? end : text->p + text->len;
	*out = (struct line){ text->p[0], { text->p + 2, (size_t)(end - text->p) - 2 } };
	text->len -= (size_t)(end - text->p);
	text->p = end;
	if (text->len) {
		text->p++;
		text->len--;
	}
	while (out->value.len && out->value.p[out->value.len - 1] == '\r')
		out->value.len--;
	return true;
}

static bool same_line(const struct line *a, const struct line *b)
{
	return a->letter == b->letter && str_eq(a->value, b->value);
}

static void add_fresh(struct writer *w, const struct line *l)
{
	const char *at = strchr(letters, l->letter);
	uint8_t head[4 * BER_HEADER_MAX + 8];
	uint8_t value[BER_HEADER_MAX], values[BER_HEADER_MAX];
	size_t v = ber_put_header(value, 0x04, l->value.len);
	size_t s = ber_put_header(values, 0xa1, v + l->value.len);
	size_t n = ber_put_header(head, BER_SEQUENCE, 6 + s + v + l->value.len);
	unsigned number;

	if (!at || !l->letter)
		return;
	number = FIRST + (unsigned)(at - letters);
	memcpy(head + n, (uint8_t[]){ 0x80, 4, 0, 0, (uint8_t)(number >> 8), (uint8_t)number }, 6);
	add(w, head, n + 6);
	add(w, values, s);
	add(w, value, v);
	add(w, l->value.p, l->value.len);
}

/* The next property of the group that is this very line, with how far it is. */
static bool find_same(struct ber_list l, const struct line *want, struct ber_list *behind)
{
	struct ber property;
	struct line line;

	while (!ber_next(&l, &property)) {
		if (read_property(&property, &line) || !same_line(&line, want))
			continue;
		*behind = l;
		return true;
	}
	return false;
}

/* Copies what is no line of SDP, up to `to`, and the last one if it is a line. */
static void copy_others(struct writer *w, struct ber_list *from, size_t left, bool last)
{
	struct ber property;
	struct line line;

	while (from->len > left && !ber_next(from, &property)) {
		bool at_end = from->len <= left;

		if (!read_property(&property, &line) && (!line.letter || (last && at_end)))
			add(w, property.p, property.total);
	}
}

/* A line of the old text is one of the new text as it is, changed, or gone; new ones may come. */
static void write_group(struct writer *w, const struct ber *group, struct pn_str *text)
{
	struct ber_list old = ber_inside(group), behind;
	struct pn_str look = *text;
	struct line line, first;
	struct ber property;
	bool begun = false, synthetic = true;

	for (struct ber_list l = old; !ber_next(&l, &property);)
		if (!read_property(&property, &first) && first.letter) {
			synthetic = first.letter != 'v';
			break;
		}
	while (next_line(&look, &line)) {
		if (begun && line.letter == 'v')
			break;
		*text = look;
		if (!begun && synthetic) {
			begun = true;
			continue;
		}
		begun = true;
		if (find_same(old, &line, &behind))
			copy_others(w, &old, behind.len, true);
		else
			add_fresh(w, &line);
	}
	copy_others(w, &old, 0, false);
}

static bool has_lines(const struct ber *group)
{
	struct ber_list l = ber_inside(group);
	struct ber property;
	struct line line;

	while (!ber_next(&l, &property))
		if (!read_property(&property, &line) && line.letter)
			return true;
	return false;
}

/* Puts a header before what was written since `from`. */
static void wrap(struct writer *w, size_t from, uint8_t tag)
{
	uint8_t head[BER_HEADER_MAX];
	size_t n = ber_put_header(head, tag, w->n - from);

	if (w->err || n > w->cap - w->n) {
		w->err = w->err ? w->err : -ENOBUFS;
		return;
	}
	memmove(w->out + from + n, w->out + from, w->n - from);
	memcpy(w->out + from, head, n);
	w->n += n;
}

static void write_groups(struct writer *w, const struct ber *groups, struct pn_str text)
{
	struct ber_list l = ber_inside(groups);
	size_t from = w->n;
	struct ber group;

	while (!ber_next(&l, &group)) {
		size_t at = w->n;

		if (!has_lines(&group)) {
			add(w, group.p, group.total);
			continue;
		}
		write_group(w, &group, &text);
		wrap(w, at, group.p[0]);
	}
	wrap(w, from, groups->p[0]);
}

long ber_sdp_write(const struct ber *descriptor, struct pn_str text, uint8_t *out, size_t cap)
{
	struct writer w = { out, cap, 0, 0 };
	struct ber_list l = ber_inside(descriptor);
	struct ber part;
	int err;

	while (!(err = ber_next(&l, &part))) {
		if (part.tag == BER_TAG(0))
			write_groups(&w, &part, text);
		else
			add(&w, part.p, part.total);
	}
	if (err != -ENOENT)
		return -EBADMSG;
	wrap(&w, 0, descriptor->p[0]);
	return w.err ? w.err : (long)w.n;
}
