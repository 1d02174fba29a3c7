#include "grid.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CELL_MAX 160u /* characters; longer ones are cut */

struct grid {
	const struct grid_column *column;
	size_t n_columns, n_rows;
	char **cell; /* n_rows times n_columns, after fill() */
};

/* ---- one cell ---- */

static void put_bytes(char *out, size_t cap, double n)
{
	static const char *const unit[] = { "B", "kB", "MB", "GB", "TB" };
	size_t i = 0;

	for (; n >= 999.5 && i < 4; i++)
		n /= 1000;
	snprintf(out, cap, i && n < 9.95 ? "%.1f %s" : "%.0f %s", n, unit[i]);
}

static void put_duration(char *out, size_t cap, uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (s >= 86400)
		snprintf(out, cap, "%llud%02lluh", (unsigned long long)(s / 86400),
			 (unsigned long long)(s % 86400 / 3600));
	else if (s >= 3600)
		snprintf(out, cap, "%lluh%02llum", (unsigned long long)(s / 3600),
			 (unsigned long long)(s % 3600 / 60));
	else if (s >= 60)
		snprintf(out, cap, "%llum%02llus", (unsigned long long)(s / 60),
			 (unsigned long long)(s % 60));
	else
		snprintf(out, cap, "%llu.%llus", (unsigned long long)s,
			 (unsigned long long)(ms % 1000 / 100));
}

/* Octets of the character at p; 0: what a terminal would obey (C0, DEL, C1). */
static size_t char_len(const unsigned char *p)
{
	size_t n = 1;

	if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
		return 0;
	while (n < 4 && *p >= 0x80 && (p[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* Identities come from the network. */
static void put_text(char *out, size_t cap, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n = 0, len;

	for (; *p && n + 8 <= cap; p += len) {
		len = char_len(p);
		if (len) {
			memcpy(out + n, p, len);
			n += len;
			continue;
		}
		out[n++] = '?';
		len = *p == 0xc2 ? 2 : 1;
	}
	snprintf(out + n, cap - n, "%s", *p ? "..." : "");
}

static void put_cell(char *out, size_t cap, const struct json *j, enum grid_form form)
{
	const char *text = j && j->text ? j->text : NULL;

	if (form == GRID_YES)
		snprintf(out, cap, "%s", j && j->type == JSON_TRUE ? "yes" : "");
	else if (!text)
		snprintf(out, cap, "%s", j && j->type == JSON_TRUE ? "yes" : j && j->type == JSON_FALSE ? "no" : "-");
	else if (form == GRID_BYTES)
		put_bytes(out, cap, strtod(text, NULL));
	else if (form == GRID_DURATION)
		put_duration(out, cap, strtoull(text, NULL, 10));
	else if (form == GRID_TIME && strlen(text) >= 19)
		snprintf(out, cap, "%.10s %.8s", text, text + 11);
	else
		put_text(out, cap, *text ? text : "-");
}

/* ---- the grid ---- */

static int compare_values(const struct json *a, const struct json *b, enum grid_form form)
{
	const char *x = a && a->text ? a->text : "", *y = b && b->text ? b->text : "";
	double m, n;

	if (form == GRID_TEXT || form == GRID_TIME)
		return strcmp(x, y);
	m = strtod(x, NULL);
	n = strtod(y, NULL);
	return m < n ? -1 : m > n;
}

static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct json *x = *(const struct json *const *)a, *y = *(const struct json *const *)b;
	const struct grid *g = arg;

	for (size_t i = 0; i < g->n_columns; i++) {
		const struct grid_column *c = &g->column[i];
		int order = compare_values(json_get(x, c->path), json_get(y, c->path), c->form);

		if (order)
			return order;
	}
	return 0;
}

static int fill(struct grid *g, const struct json *const *row)
{
	char text[CELL_MAX];

	g->cell = calloc(g->n_rows * g->n_columns + 1, sizeof(*g->cell));
	if (!g->cell)
		return -1;
	for (size_t i = 0; i < g->n_rows * g->n_columns; i++) {
		const struct grid_column *c = &g->column[i % g->n_columns];

		put_cell(text, sizeof(text), json_get(row[i / g->n_columns], c->path), c->form);
		g->cell[i] = strdup(text);
		if (!g->cell[i])
			return -1;
	}
	return 0;
}

static void grid_free(struct grid *g)
{
	for (size_t i = 0; g->cell && i < g->n_rows * g->n_columns; i++)
		free(g->cell[i]);
	free(g->cell);
}

/* Characters, not octets. */
static size_t width_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static size_t column_width(const struct grid *g, size_t at)
{
	size_t width = width_of(g->column[at].title);

	for (size_t i = 0; i < g->n_rows; i++) {
		size_t w = width_of(g->cell[i * g->n_columns + at]);

		width = w > width ? w : width;
	}
	return width;
}

static bool to_the_right(enum grid_form form)
{
	return form == GRID_NUMBER || form == GRID_BYTES || form == GRID_DURATION;
}

static void print_cell(FILE *out, const struct grid *g, size_t at, size_t width, const char *text)
{
	int pad = (int)(width - width_of(text));
	bool last = at + 1 == g->n_columns;

	if (last && !*text)
		return;
	fputs(at ? "  " : "", out);
	if (to_the_right(g->column[at].form))
		fprintf(out, "%*s%s", pad, "", text);
	else
		fprintf(out, "%s%*s", text, last ? 0 : pad, "");
}

static int print_grid(FILE *out, const struct grid *g)
{
	size_t *width = calloc(g->n_columns + 1, sizeof(*width));

	if (!width)
		return -1;
	for (size_t at = 0; at < g->n_columns; at++) {
		width[at] = column_width(g, at);
		print_cell(out, g, at, width[at], g->column[at].title);
	}
	fputc('\n', out);
	for (size_t i = 0; i < g->n_rows; i++) {
		for (size_t at = 0; at < g->n_columns; at++)
			print_cell(out, g, at, width[at], g->cell[i * g->n_columns + at]);
		fputc('\n', out);
	}
	free(width);
	return 0;
}

int grid_print(FILE *out, const struct grid_column *column, size_t n_columns,
		const struct json *const *row, size_t n_rows)
{
	struct grid g = { .column = column, .n_columns = n_columns, .n_rows = n_rows };
	const struct json **sorted = calloc(n_rows + 1, sizeof(*sorted));
	int err = -1;

	if (!sorted)
		return -1;
	memcpy(sorted, row, n_rows * sizeof(*sorted));
	qsort_r(sorted, n_rows, sizeof(*sorted), compare_rows, &g);
	if (!fill(&g, sorted))
		err = print_grid(out, &g);
	grid_free(&g);
	free(sorted);
	return err;
}
