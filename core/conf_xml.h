/* XML for the configuration alone (conf*.c): reading it safely, and two notes on every node of a
 * document: its line, exact beyond 65535, and a mark "its error is told already". */
#ifndef CORE_CONF_XML_H
#define CORE_CONF_XML_H

#include "conf.h"
#include <libxml/tree.h>

#define CONF_NS "urn:postern:config:1"

/* Parses text: well-formed, no document type, not too deep. NULL with errors otherwise. Text and what lies
 * in other namespaces is told and taken out of the tree. */
xmlDoc *conf_xml_read(const char *text, size_t len, const char *path, struct pn_conf_errors *e);

/* An empty element of a document that is made up (conf_check_module). */
void conf_node_init(xmlNode *n, int line);
int conf_node_line(const xmlNode *n); /* of an element */
/* Mark an element or attribute (both begin alike). */
void conf_node_mark(void *element_or_attr);
bool conf_node_marked(const void *element_or_attr);

/* The value of an attribute that is not marked, borrowed from the tree; NULL when there is none. */
const char *conf_attr(const xmlNode *n, const char *name);
const char *conf_attr_value(const xmlAttr *a); /* borrowed */
const xmlNode *conf_first_element(const xmlNode *parent);
const xmlNode *conf_next_element(const xmlNode *n);
/* A value for an error line: control characters replaced, cut where it is long. One static buffer. */
const char *conf_shown(const char *value);

#endif
