/* Rows of JSON objects as a table that a person reads: aligned, sorted, with units. */
#ifndef TOOLS_GRID_H
#define TOOLS_GRID_H

#include "json.h"
#include <stdio.h>

enum grid_form {
	GRID_TEXT,     /* null: "-"; what a terminal would obey is shown as "?" */
	GRID_NUMBER,   /* 1234567, to the right */
	GRID_BYTES,    /* 1.2 MB */
	GRID_DURATION, /* of milliseconds: 3m20s */
	GRID_TIME,     /* RFC 3339, without the fraction */
	GRID_YES,      /* of a boolean: yes or nothing */
};

struct grid_column {
	const char *title, *path;
	enum grid_form form;
};

/* Sorted by its columns from the left. rows: pointers to objects. -1: no memory. */
int grid_print(FILE *out, const struct grid_column *column, size_t n_columns,
		const struct json *const *row, size_t n_rows);

#endif
