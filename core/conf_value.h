/* Does one attribute's value match its pattern in a schema? libxml2 judges whole documents only, so a
 * small schema is made of each pattern and kept. */
#ifndef CORE_CONF_VALUE_H
#define CORE_CONF_VALUE_H

#include <libxml/tree.h>
#include <stdbool.h>

struct conf_values;

struct conf_values *conf_values_new(xmlDoc *schema); /* NULL: no memory. schema is borrowed */
void conf_values_free(struct conf_values *v);
/* attribute: the <attribute> of the schema. True also where it cannot be told. */
bool conf_value_fits(struct conf_values *v, const xmlNode *attribute, const char *value);

#endif
