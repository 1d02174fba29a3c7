/* How each reply of the daemon is shown to a person. */
#ifndef TOOLS_VIEW_H
#define TOOLS_VIEW_H

#include "json.h"
#include <stdio.h>

/* reply: of "show WHAT" or another command, with "ok":true. -1: not what was expected, or no memory. */
int view_print(FILE *out, const struct json *reply);

#endif
