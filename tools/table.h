/* Rows of JSON objects as a table that a person reads: aligned, sorted, with units. */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H

#include "json.h"
#include <stdio.h>

enum table_form {
	TABLE_TEXT,     /* null: "-"; what a terminal would obey is shown as "?" */
	TABLE_NUMBER,   /* 1234567, to the right */
	TABLE_BYTES,    /* 1.2 MB */
	TABLE_DURATION, /* of milliseconds: 3m20s */
	TABLE_TIME,     /* RFC 3339, without the fraction */
	TABLE_YES,      /* of a boolean: yes or nothing */
};

struct table_column {
	const char *title, *path;
	enum table_form form;
};

/* Sorted by its columns from the left. rows: pointers to objects. -1: no memory. */
int table_print(FILE *out, const struct table_column *column, size_t n_columns,
		const struct json *const *row, size_t n_rows);

#endif
