/* RELAX NG by libxml2, quiet: nothing is printed, errors come back. */
#ifndef CORE_CONF_SCHEMA_H
#define CORE_CONF_SCHEMA_H

#include "conf_xml.h"
#include <libxml/relaxng.h>

/* Compile; doc is not kept. NULL and a reason in why (may be NULL). */
xmlRelaxNG *conf_grammar_new(xmlDoc *doc, char *why, size_t cap);
/* first: the parser's own words and node for the first thing wrong; may be NULL. */
struct conf_invalid {
	char text[160];
	int line;
};
bool conf_grammar_accepts(xmlRelaxNG *g, xmlDoc *doc, struct conf_invalid *first);

/* Judge doc by etc/postern.rng (which is part of the program) or by the text of a schema, and explain what
 * is wrong. whose: "module sip", for errors in the schema itself. 0 or -EINVAL. */
int conf_schema_check_core(xmlDoc *doc, const char *file, struct pn_conf_errors *e);
int conf_schema_check(const char *schema, const char *whose, xmlDoc *doc, const char *file,
		      struct pn_conf_errors *e);

#endif
