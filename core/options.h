/* posternd's command line. */
#ifndef CORE_OPTIONS_H
#define CORE_OPTIONS_H

#include <stdbool.h>

#define EXIT_RUNTIME 1
#define EXIT_USAGE 2

struct options {
	const char *config;
	bool check, foreground, verbose;
};

/* -1: run with these options. Else the exit status: all was done, or the line is wrong. */
int options_read(struct options *o, int argc, char **argv);

#endif
