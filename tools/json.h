/* A JSON text (RFC 8259) as a tree. */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_DEPTH 16u

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_type type;
	char *key;  /* within an object */
	char *text; /* of a string, UTF-8 without escapes; of a number, as written */
	struct json *child, *next;
};

struct json *json_parse(const char *text, size_t len); /* NULL: not JSON, too deep, or no memory */
void json_free(struct json *j);
/* "a.packets": a member of a member; NULL: none */
const struct json *json_get(const struct json *object, const char *path);
/* The text of a string or number; NULL for all else */
const char *json_string(const struct json *object, const char *path);

#endif
