#include "conf_explain.h"
#include "conf_model.h"
#include "conf_value.h"
#include <string.h>

#define PHRASE_MAX 4096u

struct explain {
	struct conf_values *values;
	const char *file;
	struct pn_conf_errors *e;
};

static void at_patterns(struct explain *x, const xmlNode *p, const xmlNode *at, unsigned depth);

/* ---- attributes ---- */

static void unknown_attr(struct explain *x, const xmlNode *at, xmlAttr *a, const struct model_parts *known)
{
	struct buf list;

	buf_init(&list, PHRASE_MAX);
	model_list(known, "", "", &list);
	conf_node_mark(a);
	conf_error(x->e, x->file, conf_node_line(at), "unknown attribute \"%s\" of <%s>: expected %s%s",
		   a->name, at->name, known->n > 1 ? "one of " : known->n ? "" : "none",
		   buf_text(&list));
	buf_free(&list);
}

static void bad_value(struct explain *x, const xmlNode *at, xmlAttr *a, const xmlNode *pattern)
{
	struct buf form;

	buf_init(&form, PHRASE_MAX);
	model_form(model_inside(pattern), &form);
	conf_node_mark(a);
	conf_error(x->e, x->file, conf_node_line(at), "%s=\"%s\" of <%s>: expected %s", a->name,
		   conf_shown(conf_attr_value(a)), at->name, buf_text(&form));
	buf_free(&form);
}

static bool value_fits(struct explain *x, const struct model_parts *known, const xmlAttr *a)
{
	for (size_t i = 0; i < known->n; i++)
		if (!strcmp(known->part[i].name, (const char *)a->name) &&
		    conf_value_fits(x->values, known->part[i].pattern, conf_attr_value(a)))
			return true;
	return false;
}

static void check_attrs(struct explain *x, const struct model_parts *known, const xmlNode *at)
{
	const struct model_part *part = NULL;

	for (xmlAttr *a = at->properties; a; a = a->next) {
		if (conf_node_marked(a))
			continue;
		if (!model_find(known, (const char *)a->name, &part)) {
			if (!known->any)
				unknown_attr(x, at, a, known);
		} else if (!value_fits(x, known, a)) {
			bad_value(x, at, a, part->pattern);
		}
	}
}

/* ---- elements ---- */

static void unknown_element(struct explain *x, const xmlNode *at, xmlNode *c,
			    const struct model_parts *known)
{
	struct buf list;

	buf_init(&list, PHRASE_MAX);
	model_list(known, "<", ">", &list);
	conf_node_mark(c);
	conf_error(x->e, x->file, conf_node_line(c), "unknown element <%s> in <%s>: expected %s%s",
		   c->name, at->name, known->n > 1 ? "one of " : known->n ? "" : "no elements",
		   buf_text(&list));
	buf_free(&list);
}

static const xmlNode *earlier(const xmlNode *c)
{
	for (const xmlNode *n = c->prev; n; n = n->prev)
		if (n->type == XML_ELEMENT_NODE && !strcmp((const char *)n->name, (const char *)c->name))
			return n;
	return NULL;
}

static void check_element(struct explain *x, const xmlNode *pattern, const xmlNode *at);

static void check_child(struct explain *x, const struct model_parts *known, const xmlNode *at, xmlNode *c)
{
	const struct model_part *part = NULL;
	size_t n = model_find(known, (const char *)c->name, &part);
	const xmlNode *first = earlier(c);

	if (!n) {
		if (!known->any)
			unknown_element(x, at, c, known);
		return;
	}
	if (n == 1 && !part->many && first) {
		conf_node_mark(c);
		conf_error(x->e, x->file, conf_node_line(c),
			   "<%s> again, after line %d: expected at most one in <%s>", c->name,
			   conf_node_line(first), at->name);
		return;
	}
	if (n == 1)
		check_element(x, part->pattern, c);
}

static void check_element(struct explain *x, const xmlNode *pattern, const xmlNode *at)
{
	struct model m;

	model_read(pattern, &m);
	check_attrs(x, &m.attrs, at);
	at_patterns(x, model_inside(pattern), at, 0);
	for (xmlNode *c = at->children; c; c = c->next)
		if (c->type == XML_ELEMENT_NODE && !conf_node_marked(c))
			check_child(x, &m.elements, at, c);
}

/* ---- what is missing ---- */

static bool has_attr(const xmlNode *at, const char *name)
{
	for (const xmlAttr *a = at->properties; a; a = a->next)
		if (!strcmp((const char *)a->name, name))
			return true;
	return false;
}

static bool has_element(const xmlNode *at, const char *name)
{
	for (const xmlNode *c = conf_first_element(at); c; c = conf_next_element(c))
		if (!strcmp((const char *)c->name, name))
			return true;
	return false;
}

/* Does `at` lack what p needs? Then its name is added to `out`, if not already there. */
static bool lacks(const xmlNode *p, const xmlNode *at, unsigned depth, struct buf *out)
{
	const char *name = model_name(p);
	bool attr = model_is(p, "attribute"), all = model_is(p, "choice"), one = false;
	const xmlNode *in = model_is(p, "ref") ? model_define(p, NULL) : p;

	if (depth > 16 || model_is(p, "optional") || model_is(p, "zeroOrMore"))
		return false;
	if (attr || model_is(p, "element")) {
		if (!*name || (attr ? has_attr(at, name) : has_element(at, name)))
			return false;
		if (!strstr(buf_text(out), name))
			buf_addf(out, attr ? "%s%s" : "%s<%s>", out->len ? " or " : "", name);
		return true;
	}
	for (in = in ? model_inside(in) : NULL; in; in = model_after(in)) {
		bool this = lacks(in, at, depth + 1, out);

		one |= this;
		all &= this;
		if (this && !model_is(p, "choice"))
			break;
	}
	return model_is(p, "choice") ? all : one;
}

static void tell_missing(struct explain *x, const xmlNode *p, const xmlNode *at)
{
	struct buf what;

	buf_init(&what, PHRASE_MAX);
	if (!lacks(p, at, 0, &what))
		goto out;
	if (model_is(p, "choice")) {
		conf_error(x->e, x->file, conf_node_line(at), "<%s> is incomplete: expected %s", at->name,
			   buf_text(&what));
		goto out;
	}
	if (model_is(p, "attribute")) {
		buf_addf(&what, ", ");
		model_form(model_inside(p), &what);
	}
	conf_error(x->e, x->file, conf_node_line(at),
		   model_is(p, "attribute") ? "<%s> without %s: expected the attribute %s" :
					      "<%s> without <%s>: expected %s",
		   at->name, model_name(p), buf_text(&what));
out:
	buf_free(&what);
}

/* Each thing that is missing is told for itself; of a choice any one. */
static void at_patterns(struct explain *x, const xmlNode *p, const xmlNode *at, unsigned depth)
{
	for (; p && depth < 16; p = model_after(p)) {
		if (model_is(p, "group") || model_is(p, "interleave") || model_is(p, "oneOrMore") ||
		    model_is(p, "mixed"))
			at_patterns(x, model_inside(p), at, depth + 1);
		else if (model_is(p, "ref"))
			for (const xmlNode *d = NULL; (d = model_define(p, d));)
				at_patterns(x, model_inside(d), at, depth + 1);
		else if (model_is(p, "attribute") || model_is(p, "element") || model_is(p, "choice"))
			tell_missing(x, p, at);
	}
}

/* ---- the document ---- */

void conf_explain(xmlDoc *schema, xmlDoc *doc, const char *file, struct pn_conf_errors *e)
{
	struct explain x = { conf_values_new(schema), file, e };
	const xmlNode *grammar = xmlDocGetRootElement(schema), *root = xmlDocGetRootElement(doc);
	const struct model_part *part = NULL;
	struct model m;

	if (x.values && grammar && root && model_start(grammar)) {
		model_read(model_start(grammar), &m);
		if (model_find(&m.elements, (const char *)root->name, &part) == 1)
			check_element(&x, part->pattern, root);
	}
	conf_values_free(x.values);
}
