#include "conf_model.h"
#include <string.h>

#define RNG_NS "http://relaxng.org/ns/structure/1.0"
#define NOTE_NS "http://relaxng.org/ns/compatibility/annotations/1.0"
#define DEEPEST 32u

/* ---- the schema as a tree ---- */

static bool in_namespace(const xmlNode *n, const char *href)
{
	return n->type == XML_ELEMENT_NODE && n->ns && n->ns->href &&
	       !strcmp((const char *)n->ns->href, href);
}

bool model_is(const xmlNode *p, const char *name)
{
	return in_namespace(p, RNG_NS) && !strcmp((const char *)p->name, name);
}

static const char *text_of(const xmlNode *n)
{
	return n->children && n->children->content ? (const char *)n->children->content : "";
}

static const char *attr_of(const xmlNode *n, const char *name)
{
	for (const xmlAttr *a = n->properties; a; a = a->next)
		if (!strcmp((const char *)a->name, name))
			return text_of((const xmlNode *)a);
	return NULL;
}

static bool is_name_class(const xmlNode *n)
{
	return model_is(n, "name") || model_is(n, "anyName") || model_is(n, "nsName") ||
	       model_is(n, "except");
}

const char *model_name(const xmlNode *p)
{
	const char *name = attr_of(p, "name");

	for (const xmlNode *c = p->children; c && !name; c = c->next)
		if (model_is(c, "name"))
			name = text_of(c);
	return name ? name : "";
}

static const xmlNode *pattern_from(const xmlNode *n)
{
	while (n && (!in_namespace(n, RNG_NS) || is_name_class(n)))
		n = n->next;
	return n;
}

const xmlNode *model_inside(const xmlNode *p)
{
	return pattern_from(p->children);
}

const xmlNode *model_after(const xmlNode *p)
{
	return pattern_from(p->next);
}

/* Next of the grammar's components in document order; <div> only wraps. */
static const xmlNode *component_after(const xmlNode *n)
{
	if (model_is(n, "div") && n->children)
		return n->children;
	while (n && !n->next && n->parent && model_is(n->parent, "div"))
		n = n->parent;
	return n ? n->next : NULL;
}

static const xmlNode *component(const xmlNode *n, const char *kind, const char *name)
{
	for (; n; n = component_after(n))
		if (model_is(n, kind) && (!name || !strcmp(model_name(n), name)))
			return n;
	return NULL;
}

const xmlNode *model_start(const xmlNode *grammar)
{
	return component(grammar->children, "start", NULL);
}

const xmlNode *model_define_in(const xmlNode *grammar, const char *name, const xmlNode *after)
{
	return component(after ? component_after(after) : grammar->children, "define", name);
}

const xmlNode *model_define(const xmlNode *ref, const xmlNode *after)
{
	return model_define_in(xmlDocGetRootElement(ref->doc), model_name(ref), after);
}

/* ---- what may stand in an element ---- */

static void add_part(struct model_parts *list, const xmlNode *p, bool many)
{
	const char *name = model_name(p);

	if (!*name || list->n == MODEL_MAX)
		list->any = true;
	else
		list->part[list->n++] = (struct model_part){ name, p, many };
}

static bool is_group(const xmlNode *p)
{
	return model_is(p, "group") || model_is(p, "interleave") || model_is(p, "choice") ||
	       model_is(p, "optional") || model_is(p, "mixed");
}

static bool is_many(const xmlNode *p)
{
	return model_is(p, "zeroOrMore") || model_is(p, "oneOrMore");
}

static bool is_value(const xmlNode *p)
{
	return model_is(p, "empty") || model_is(p, "text") || model_is(p, "data") ||
	       model_is(p, "value") || model_is(p, "list") || model_is(p, "notAllowed");
}

static void collect(const xmlNode *p, bool many, unsigned depth, struct model *m)
{
	if (depth > DEEPEST)
		m->attrs.any = m->elements.any = true;
	for (; p && depth <= DEEPEST; p = model_after(p)) {
		if (model_is(p, "attribute"))
			add_part(&m->attrs, p, many);
		else if (model_is(p, "element"))
			add_part(&m->elements, p, many);
		else if (is_group(p) || is_many(p))
			collect(model_inside(p), many || is_many(p), depth + 1, m);
		else if (model_is(p, "ref"))
			for (const xmlNode *d = NULL; (d = model_define(p, d));)
				collect(model_inside(d), many, depth + 1, m);
		else if (!is_value(p))
			m->attrs.any = m->elements.any = true;
	}
}

void model_read(const xmlNode *pattern, struct model *m)
{
	memset(m, 0, sizeof(*m));
	collect(model_inside(pattern), false, 0, m);
}

size_t model_find(const struct model_parts *p, const char *name, const struct model_part **found)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->part[i].name, name) && !n++)
			*found = &p->part[i];
	return n;
}

static bool is_repeated(const struct model_parts *p, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (!strcmp(p->part[i].name, p->part[index].name))
			return true;
	return false;
}

void model_list(const struct model_parts *p, const char *open, const char *close, struct buf *out)
{
	size_t last = p->n, told = 0;

	while (last && is_repeated(p, last - 1))
		last--;
	for (size_t i = 0; i < last; i++) {
		if (is_repeated(p, i))
			continue;
		buf_addf(out, "%s%s%s%s", !told++ ? "" : i + 1 == last ? " or " : ", ", open,
			 p->part[i].name, close);
	}
}

/* ---- the form of a value ---- */

static const char *documentation(const xmlNode *p)
{
	for (const xmlNode *c = p->children; c; c = c->next)
		if (in_namespace(c, NOTE_NS) && !strcmp((const char *)c->name, "documentation"))
			return text_of(c);
	return NULL;
}

static const char *param(const xmlNode *data, const char *name)
{
	for (const xmlNode *c = data->children; c; c = c->next)
		if (model_is(c, "param") && !strcmp(model_name(c), name))
			return text_of(c);
	return NULL;
}

static void data_form(const xmlNode *data, struct buf *out)
{
	const char *low = param(data, "minInclusive"), *high = param(data, "maxInclusive");
	const char *pattern = param(data, "pattern"), *type = attr_of(data, "type");

	if (!type)
		type = "";
	if (!low && !strcmp(type, "positiveInteger"))
		low = "1";
	if (!low && !strcmp(type, "nonNegativeInteger"))
		low = "0";
	if (pattern)
		buf_addf(out, "text that matches %s", pattern);
	else if (high)
		buf_addf(out, "a number from %s to %s", low ? low : "0", high);
	else if (low)
		buf_addf(out, "a number from %s on", low);
	else if (!strcmp(type, "string") || !strcmp(type, "token"))
		buf_addf(out, param(data, "minLength") ? "text that is not empty" : "text");
	else
		buf_addf(out, "a value of the type \"%s\"", type);
}

static void form(const xmlNode *p, unsigned depth, struct buf *out);

static void choice_form(const xmlNode *choice, unsigned depth, struct buf *out)
{
	const xmlNode *first = model_inside(choice), *next;

	for (const xmlNode *c = first; c; c = next) {
		next = model_after(c);
		buf_addf(out, "%s", c == first ? "" : next ? ", " : " or ");
		form(c, depth + 1, out);
	}
}

static void form(const xmlNode *p, unsigned depth, struct buf *out)
{
	const char *note = p ? documentation(p) : "text";

	if (note)
		buf_addf(out, "%s", note);
	else if (depth > DEEPEST || model_is(p, "text"))
		buf_addf(out, "text");
	else if (model_is(p, "value"))
		buf_addf(out, "\"%s\"", text_of(p));
	else if (model_is(p, "data"))
		data_form(p, out);
	else if (model_is(p, "ref"))
		form(model_define(p, NULL), depth + 1, out);
	else if (model_is(p, "choice"))
		choice_form(p, depth, out);
	else
		form(model_inside(p), depth + 1, out);
}

void model_form(const xmlNode *first, struct buf *out)
{
	form(first, 0, out);
}
