/* A module's element as a plain tree (struct pn_conf): copied from XML, and back to be judged. */
#ifndef CORE_CONF_TREE_H
#define CORE_CONF_TREE_H

#include "conf_xml.h"

/* Copy an element and what it contains. skip: a child element that is left out at the top; skip_attrs:
 * attributes, NULL-terminated. NULL: no memory. file is borrowed. */
struct pn_conf *conf_tree_new(const xmlNode *n, const char *file, const char *skip,
			      const char *const *skip_attrs);
void conf_tree_free(struct pn_conf *t);
xmlDoc *conf_tree_doc(const struct pn_conf *t); /* NULL: no memory */

#endif
