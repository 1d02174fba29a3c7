/* Says in an operator's words why a document does not match a RELAX NG schema. */
#ifndef CORE_CONF_EXPLAIN_H
#define CORE_CONF_EXPLAIN_H

#include "conf_xml.h"

/* doc was found invalid by `schema` (a parsed grammar): tells all that it can find out, at once, and marks
 * what it told. Marked nodes are passed over. */
void conf_explain(xmlDoc *schema, xmlDoc *doc, const char *file, struct pn_conf_errors *e);

#endif
