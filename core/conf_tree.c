#include "conf_tree.h"
#include <stdlib.h>
#include <string.h>

static void attrs_free(struct pn_conf_attr *a)
{
	for (struct pn_conf_attr *next; a; a = next) {
		next = (struct pn_conf_attr *)a->next;
		free((char *)a->name);
		free((char *)a->value);
		free(a);
	}
}

void conf_tree_free(struct pn_conf *t)
{
	for (struct pn_conf *next; t; t = next) {
		next = (struct pn_conf *)t->next;
		conf_tree_free((struct pn_conf *)t->children);
		attrs_free((struct pn_conf_attr *)t->attrs);
		free((char *)t->name);
		free(t);
	}
}

static bool listed(const char *const *names, const xmlChar *name)
{
	for (; names && *names; names++)
		if (!strcmp(*names, (const char *)name))
			return true;
	return false;
}

static int copy_attrs(struct pn_conf *t, const xmlNode *n, const char *const *skip)
{
	const struct pn_conf_attr **end = &t->attrs;

	for (const xmlAttr *a = n->properties; a; a = a->next) {
		struct pn_conf_attr *copy;

		if (listed(skip, a->name))
			continue;
		copy = calloc(1, sizeof(*copy));
		if (!copy)
			return -1;
		*end = copy;
		end = &copy->next;
		copy->name = strdup((const char *)a->name);
		copy->value = strdup(conf_attr_value(a));
		if (!copy->name || !copy->value)
			return -1;
	}
	return 0;
}

struct pn_conf *conf_tree_new(const xmlNode *n, const char *file, const char *skip,
			      const char *const *skip_attrs)
{
	struct pn_conf *t = calloc(1, sizeof(*t));
	const struct pn_conf **end;

	if (!t)
		return NULL;
	t->file = file;
	t->line = conf_node_line(n);
	t->name = strdup((const char *)n->name);
	if (!t->name || copy_attrs(t, n, skip_attrs))
		goto fail;
	end = &t->children;
	for (const xmlNode *c = conf_first_element(n); c; c = conf_next_element(c)) {
		struct pn_conf *copy;

		if (skip && !strcmp((const char *)c->name, skip))
			continue;
		copy = conf_tree_new(c, file, NULL, NULL);
		if (!copy)
			goto fail;
		*end = copy;
		end = &copy->next;
	}
	return t;
fail:
	conf_tree_free(t);
	return NULL;
}

static xmlNode *element_of(xmlDoc *doc, xmlNode *parent, const struct pn_conf *t)
{
	xmlNode *n = xmlNewDocNode(doc, NULL, BAD_CAST t->name, NULL);

	if (!n)
		return NULL;
	conf_node_init(n, t->line);
	if (parent)
		xmlAddChild(parent, n);
	else
		xmlDocSetRootElement(doc, n);
	xmlSetNs(n, parent ? parent->ns : xmlNewNs(n, BAD_CAST CONF_NS, NULL));
	for (const struct pn_conf_attr *a = t->attrs; a; a = a->next)
		if (!xmlNewProp(n, BAD_CAST a->name, BAD_CAST a->value))
			return NULL;
	for (const struct pn_conf *c = t->children; c; c = c->next)
		if (!element_of(doc, n, c))
			return NULL;
	return n;
}

xmlDoc *conf_tree_doc(const struct pn_conf *t)
{
	xmlDoc *doc = xmlNewDoc(BAD_CAST "1.0");

	if (doc && element_of(doc, NULL, t))
		return doc;
	xmlFreeDoc(doc);
	return NULL;
}
