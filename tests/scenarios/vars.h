/* Named holes: in what is sent `{name}` is replaced by its value (`{name+1}` adds to a number, `{len}`
 * is the length of what follows the first empty line); in what is expected it must equal the value, or,
 * when it has none yet, takes what stands there up to the next literal character. `{*}` takes and
 * forgets. `{x00}` to `{xff}` is that octet. `{{` is a brace. */
#ifndef SCENARIOS_VARS_H
#define SCENARIOS_VARS_H

#include "buf.h"

#define VARS_MAX 128u

struct vars {
	struct {
		char *name, *value;
	} v[VARS_MAX];
	size_t n;
};

void vars_free(struct vars *v);
const char *vars_get(const struct vars *v, const char *name); /* NULL: unknown */
int vars_set(struct vars *v, const char *name, const char *value, size_t len);
/* -ENOENT names the unknown one in why. */
int vars_expand(const struct vars *v, const char *text, struct buf *out, char *why, size_t cap);
/* 0, or -1 with the first difference in why. */
int vars_match(struct vars *v, const char *want, const char *got, size_t len, char *why, size_t cap);
/* Does the line stand somewhere in got? New names keep what they took. */
int vars_search(struct vars *v, const char *want, const char *got, size_t len);

#endif
