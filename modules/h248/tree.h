/* The shape of a text message (H.248.1 Annex B): items "head {list}" separated by commas, by
 * position. It knows quoted strings, comments, and the octet strings of Local and Remote, and
 * nothing of meaning. */
#ifndef H248_TREE_H
#define H248_TREE_H

#include <stdbool.h>

#include "postern/module.h"

#define TREE_NODES_MAX 32768u
#define TREE_DEPTH_MAX 24u
#define TREE_NONE UINT32_MAX

struct tree_node {
	uint32_t at, len;        /* head, white space and comments at its end not counted */
	uint32_t body, body_end; /* between the braces */
	uint32_t end;            /* behind the item */
	uint32_t first, next;    /* child, sibling: TREE_NONE */
	bool braces;
	bool raw; /* an octet string: no children are read */
};

struct tree {
	const char *text;
	uint32_t len;
	struct tree_node *node;
	uint32_t n, cap;
	const char *why; /* of the error */
};

/* Reads items from `at` to the end of the text, which must outlive the tree. 0; -EBADMSG with
 * `why`; -E2BIG; -ENOMEM. The first top item is node 0 when n is not 0. tree_free() in any case. */
int tree_read(struct tree *t, const char *text, size_t len, size_t at);
void tree_free(struct tree *t);

/* Behind white space, line ends and comments from `at`. */
uint32_t tree_skip(const char *text, uint32_t len, uint32_t at);
/* "name = value" of a head; either may be empty. Without "=" the value's p is NULL. */
void tree_split(const struct tree *t, const struct tree_node *n, struct pn_str *name,
		struct pn_str *value);
/* Is the name one of both spellings of a token? Case does not count. */
bool tree_is(struct pn_str name, const char *pretty, const char *compact);

#endif
