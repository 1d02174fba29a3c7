/* The checks of the ABI (postern/module.h): may this core run that module? Pure. */
#ifndef CORE_ABI_H
#define CORE_ABI_H

#include "postern/module.h"

#define ABI_REASON 512 /* room enough for any reason but a very long path */

/* "FILE: <fmt> (its ABI x.y, ours a.b)"; table NULL: its ABI is unknown. */
void abi_refuse(char *why, size_t cap, const char *file, const struct pn_module *table, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* 0, or -EINVAL with the reason. name NULL: any name will do. */
int abi_check(const struct pn_module *table, const char *file, const char *name, char *why, size_t cap);
/* As much of the table as it and we have; the rest is zero. */
void abi_copy(const struct pn_module *table, struct pn_module *out);
/* Where a module's file is: path, or moduledir/name.so. -EINVAL: a name that leads out
 * of it, or too long. */
int abi_file(const char *name, const char *path, char *out, size_t cap);

#endif
