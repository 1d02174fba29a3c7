/* struct pn_table of the ABI: a capped map of byte strings to pointers. Keys are copied. */
#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include <stddef.h>

struct pn_table;

struct pn_table *table_new(size_t max); /* NULL and errno */
/* Every value left is given to free_value, which may be NULL and must not use the table. */
void table_free(struct pn_table *t, void (*free_value)(void *value));
/* -EEXIST: replaces nothing; -ENOSPC at the cap; -ENOMEM; -EINVAL: NULL cannot be told from "none". */
int table_put(struct pn_table *t, const void *key, size_t len, void *value);
void *table_get(const struct pn_table *t, const void *key, size_t len); /* NULL: none */
void *table_del(struct pn_table *t, const void *key, size_t len);       /* what was there, or NULL */
size_t table_count(const struct pn_table *t);

#endif
