/* A scenario file as a list of steps. A step is one line of words; some verbs take a body, the lines
 * below up to a lone ".". `include FILE` puts another file's steps in place. docs/testing.md has the
 * grammar. */
#ifndef SCENARIOS_SCRIPT_H
#define SCENARIOS_SCRIPT_H

#include <stddef.h>

#define SCRIPT_WORDS 24u

struct step {
	char *file;
	int line;
	char *text;               /* the line, words point into it */
	char *word[SCRIPT_WORDS]; /* NULL past the last */
	size_t n;
	char *body;               /* lines joined by \n, terminated; NULL: the verb takes none */
};

struct script {
	struct step *step;
	size_t n;
};

/* 0, or -1 with a message in why ("FILE:LINE: ..."). */
int script_read(struct script *s, const char *path, char *why, size_t cap);
void script_free(struct script *s);

#endif
