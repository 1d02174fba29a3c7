#include "abi.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef POSTERN_MODULEDIR
#define POSTERN_MODULEDIR "/usr/lib/postern/modules"
#endif

#define HEAD_SIZE offsetof(struct pn_module, name) /* size, major, minor: the same in every ABI */
#define SIZE_1_0 (offsetof(struct pn_module, unload) + sizeof(void (*)(void)))

void abi_refuse(char *why, size_t cap, const char *file, const struct pn_module *table, const char *fmt, ...)
{
	char text[ABI_REASON], its[32] = "unknown";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (table)
		snprintf(its, sizeof(its), "%u.%u", table->major, table->minor);
	snprintf(why, cap, "%s: %s (its ABI %s, ours %d.%d)", file, text, its, PN_ABI_MAJOR, PN_ABI_MINOR);
}

void abi_copy(const struct pn_module *table, struct pn_module *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out, table, table->size < sizeof(*out) ? table->size : sizeof(*out));
}

/* Names of the required operations that are NULL. */
static bool missing(const struct pn_module *t, char *out, size_t cap)
{
	const struct {
		const char *name;
		bool there;
	} required[] = {
		{ "init", t->init },	   { "prepare", t->prepare },	    { "commit", t->commit },
		{ "discard", t->discard }, { "on_message", t->on_message }, { "unload", t->unload },
	};
	size_t at = 0;

	out[0] = 0;
	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		if (required[i].there)
			continue;
		at += (size_t)snprintf(out + at, cap - at, "%s%s", at ? ", " : "", required[i].name);
	}
	return at;
}

static int check_version(const struct pn_module *t, const char *file, char *why, size_t cap)
{
	bool readable = t->size >= HEAD_SIZE;

	if (t->size < SIZE_1_0)
		abi_refuse(why, cap, file, readable ? t : NULL,
			   "its table has %u octets: expected %zu or more", t->size, SIZE_1_0);
	else if (t->major != PN_ABI_MAJOR)
		abi_refuse(why, cap, file, t, "the major versions differ");
	else if (t->minor > PN_ABI_MINOR)
		abi_refuse(why, cap, file, t, "it needs a newer Postern");
	else
		return 0;
	return -EINVAL;
}

int abi_check(const struct pn_module *table, const char *file, const char *name, char *why, size_t cap)
{
	struct pn_module t;
	char ops[128];

	if (check_version(table, file, why, cap))
		return -EINVAL;
	abi_copy(table, &t);
	if (!t.name || !t.name[0])
		abi_refuse(why, cap, file, &t, "it has no name");
	else if (name && strcmp(t.name, name))
		abi_refuse(why, cap, file, &t, "it is module \"%s\": expected \"%s\"", t.name, name);
	else if (t.caps)
		abi_refuse(why, cap, file, &t, "it needs capabilities 0x%llx: this Postern has none",
			   (unsigned long long)t.caps);
	else if (missing(&t, ops, sizeof(ops)))
		abi_refuse(why, cap, file, &t, "required operations are missing: %s", ops);
	else if (t.n_counters && !t.counters)
		abi_refuse(why, cap, file, &t, "it counts %u counters and has none", t.n_counters);
	else
		return 0;
	return -EINVAL;
}

int abi_file(const char *name, const char *path, char *out, size_t cap)
{
	const char *dir = getenv("POSTERN_MODULEDIR");
	int n;

	if (!name[0] || name[0] == '.' || strchr(name, '/'))
		return -EINVAL;
	if (!dir || !dir[0])
		dir = POSTERN_MODULEDIR;
	n = path ? snprintf(out, cap, "%s", path) : snprintf(out, cap, "%s/%s.so", dir, name);
	return n < 0 || (size_t)n >= cap ? -EINVAL : 0;
}
