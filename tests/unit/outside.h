/* Messages that nobody here wrote: they lie outside of the tree, and tests that want them are skipped where
 * they are absent. $POSTERN_DATA, or ../shared/data beside the source tree. */
#ifndef UNIT_OUTSIDE_H
#define UNIT_OUTSIDE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The path of a folder or file there; skips the running test when it is not there. */
static inline void outside_path(const char *name, char *out, size_t cap)
{
	const char *data = getenv("POSTERN_DATA"), *srcdir = getenv("srcdir");

	if (data)
		snprintf(out, cap, "%s/%s", data, name);
	else
		snprintf(out, cap, "%s/../shared/data/%s", srcdir ? srcdir : ".", name);
	if (access(out, R_OK))
		cr_skip_test("%s is not there (set POSTERN_DATA)", out);
}

#endif
