#include "conf_value.h"
#include "conf_model.h"
#include "conf_schema.h"
#include <libxml/relaxng.h>
#include <stdlib.h>

struct value {
	struct value *next;
	const xmlNode *attribute;
	xmlRelaxNG *grammar;
};

struct conf_values {
	xmlDoc *schema;
	struct value *list;
};

struct conf_values *conf_values_new(xmlDoc *schema)
{
	struct conf_values *v = calloc(1, sizeof(*v));

	if (v)
		v->schema = schema;
	return v;
}

void conf_values_free(struct conf_values *v)
{
	if (!v)
		return;
	for (struct value *i = v->list, *next; i; i = next) {
		next = i->next;
		xmlRelaxNGFree(i->grammar);
		free(i);
	}
	free(v);
}

/* Copies what the refs in `from` name to the grammar `to`, once each. */
static void add_defines(xmlNode *to, const xmlNode *from)
{
	for (const xmlNode *p = from; p; p = model_after(p)) {
		if (!model_is(p, "ref")) {
			add_defines(to, model_inside(p));
			continue;
		}
		if (model_define_in(to, model_name(p), NULL))
			continue;
		for (const xmlNode *d = NULL; (d = model_define(p, d));)
			xmlAddChild(to, xmlDocCopyNode((xmlNode *)d, to->doc, 1));
		for (const xmlNode *d = NULL; (d = model_define(p, d));)
			add_defines(to, model_inside(d));
	}
}

/* A grammar whose start is <v>the attribute's patterns</v>. */
static xmlRelaxNG *grammar_of(xmlDoc *schema, const xmlNode *attribute)
{
	xmlDoc *doc = xmlNewDoc(BAD_CAST "1.0");
	xmlNode *root = doc ? xmlDocCopyNode(xmlDocGetRootElement(schema), doc, 2) : NULL;
	xmlNode *start, *v;
	xmlRelaxNG *grammar = NULL;

	if (!root)
		goto out;
	xmlDocSetRootElement(doc, root);
	start = xmlNewChild(root, root->ns, BAD_CAST "start", NULL);
	v = start ? xmlNewChild(start, root->ns, BAD_CAST "element", NULL) : NULL;
	if (!v)
		goto out;
	xmlNewProp(v, BAD_CAST "name", BAD_CAST "v");
	xmlNewProp(v, BAD_CAST "ns", BAD_CAST "");
	for (const xmlNode *p = model_inside(attribute); p; p = model_after(p))
		xmlAddChild(v, xmlDocCopyNode((xmlNode *)p, doc, 1));
	add_defines(root, model_inside(attribute));
	grammar = conf_grammar_new(doc, NULL, 0);
out:
	xmlFreeDoc(doc);
	return grammar;
}

static struct value *value_of(struct conf_values *v, const xmlNode *attribute)
{
	struct value *i = v->list;

	while (i && i->attribute != attribute)
		i = i->next;
	if (i)
		return i;
	i = calloc(1, sizeof(*i));
	if (!i)
		return NULL;
	i->attribute = attribute;
	i->grammar = grammar_of(v->schema, attribute);
	i->next = v->list;
	v->list = i;
	return i;
}

bool conf_value_fits(struct conf_values *v, const xmlNode *attribute, const char *value)
{
	struct value *i = model_inside(attribute) ? value_of(v, attribute) : NULL;
	xmlDoc *doc = i && i->grammar ? xmlNewDoc(BAD_CAST "1.0") : NULL;
	xmlNode *root = doc ? xmlNewDocNode(doc, NULL, BAD_CAST "v", NULL) : NULL;
	bool fits = true;

	if (root) {
		xmlDocSetRootElement(doc, root);
		xmlNodeAddContent(root, BAD_CAST value);
		fits = conf_grammar_accepts(i->grammar, doc, NULL);
	}
	xmlFreeDoc(doc);
	return fits;
}
