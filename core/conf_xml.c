#include "conf_xml.h"
#include <ctype.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <string.h>

#define MARK ((uintptr_t)1)

struct reading {
	const char *path;
	struct pn_conf_errors *e;
	size_t told;
};

/* ---- notes on nodes ---- */

void conf_node_init(xmlNode *n, int line)
{
	n->_private = (void *)((uintptr_t)(line > 0 ? line : 0) << 1);
}

int conf_node_line(const xmlNode *n)
{
	return (int)((uintptr_t)n->_private >> 1);
}

void conf_node_mark(void *element_or_attr)
{
	xmlNode *n = element_or_attr;

	n->_private = (void *)((uintptr_t)n->_private | MARK);
}

bool conf_node_marked(const void *element_or_attr)
{
	const xmlNode *n = element_or_attr;

	return (uintptr_t)n->_private & MARK;
}

/* ---- looking around ---- */

const char *conf_attr_value(const xmlAttr *a)
{
	return a->children && a->children->content ? (const char *)a->children->content : "";
}

const char *conf_attr(const xmlNode *n, const char *name)
{
	for (const xmlAttr *a = n->properties; a; a = a->next)
		if (!a->ns && !strcmp((const char *)a->name, name))
			return conf_node_marked(a) ? NULL : conf_attr_value(a);
	return NULL;
}

static const xmlNode *element_from(const xmlNode *n)
{
	while (n && n->type != XML_ELEMENT_NODE)
		n = n->next;
	return n;
}

const xmlNode *conf_first_element(const xmlNode *parent)
{
	return element_from(parent->children);
}

const xmlNode *conf_next_element(const xmlNode *n)
{
	return element_from(n->next);
}

const char *conf_shown(const char *value)
{
	static char text[84];
	size_t len = strlen(value);

	if (len > 80) {
		for (len = 77; len && ((unsigned char)value[len] & 0xc0) == 0x80;)
			len--;
	}
	memcpy(text, value, len);
	snprintf(text + len, sizeof(text) - len, "%s", value[len] ? "..." : "");
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	return text;
}

/* ---- reading ---- */

static void stop(xmlParserCtxt *x, const char *what)
{
	struct reading *r = x->_private;

	if (!r->told++)
		conf_error(r->e, r->path, xmlSAX2GetLineNumber(x), "%s", what);
	xmlStopParser(x);
}

static void on_doctype(void *arg, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
	(void)name, (void)public_id, (void)system_id;
	stop(arg, "document type declaration: expected plain XML without one");
}

static void on_element(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		       int n_ns, const xmlChar **ns, int n_attr, int n_defaulted, const xmlChar **attr)
{
	xmlParserCtxt *x = arg;

	if (x->nodeNr >= (int)CONF_DEPTH_MAX) {
		stop(x, "elements nested too deeply: expected at most 16 levels");
		return;
	}
	xmlSAX2StartElementNs(arg, name, prefix, uri, n_ns, ns, n_attr, n_defaulted, attr);
	if (x->node)
		conf_node_init(x->node, xmlSAX2GetLineNumber(x));
}

/* One error is told: what the parser says after the first follows from it. */
static void on_parse_error(void *arg, xmlError *err)
{
	xmlParserCtxt *x = arg;
	struct reading *r = x->_private;
	char text[160];
	size_t len;

	if (err->level < XML_ERR_ERROR || r->told++)
		return;
	snprintf(text, sizeof(text), "%s", err->message ? err->message : "unreadable");
	for (len = strlen(text); len && isspace((unsigned char)text[len - 1]);)
		text[--len] = 0;
	conf_error(r->e, r->path, err->line, "%s: expected well-formed XML", conf_shown(text));
}

static xmlDoc *parse(const char *text, size_t len, struct reading *r)
{
	xmlParserCtxt *x = xmlNewParserCtxt();
	xmlDoc *doc = NULL;

	if (!x)
		return NULL;
	x->_private = r;
	x->sax->internalSubset = on_doctype;
	x->sax->startElementNs = on_element;
	x->sax->serror = (xmlStructuredErrorFunc)on_parse_error;
	doc = xmlCtxtReadMemory(x, text, (int)len, NULL, NULL,
				XML_PARSE_NONET | XML_PARSE_NOBLANKS | XML_PARSE_NOCDATA |
				XML_PARSE_BIG_LINES);
	if (doc && r->told) {
		xmlFreeDoc(doc);
		doc = NULL;
	}
	xmlFreeParserCtxt(x);
	return doc;
}

/* ---- only elements and attributes of Postern ---- */

static bool ours(const xmlNs *ns)
{
	return ns && ns->href && !strcmp((const char *)ns->href, CONF_NS);
}

static bool blank(const xmlChar *s)
{
	while (s && isspace(*s))
		s++;
	return !s || !*s;
}

static void drop(xmlNode *n)
{
	xmlUnlinkNode(n);
	xmlFreeNode(n);
}

static void check_attrs(xmlNode *n, struct reading *r)
{
	for (xmlAttr *a = n->properties, *next; a; a = next) {
		next = a->next;
		if (!a->ns)
			continue;
		conf_error(r->e, r->path, conf_node_line(n),
			   "attribute %s:%s of <%s>: expected attributes without a prefix",
			   a->ns->prefix ? (const char *)a->ns->prefix : "", a->name, n->name);
		xmlRemoveProp(a);
	}
}

static void check_element(xmlNode *n, struct reading *r);

static void check_child(xmlNode *c, struct reading *r)
{
	if (c->type == XML_ELEMENT_NODE && ours(c->ns)) {
		check_element(c, r);
	} else if (c->type == XML_ELEMENT_NODE) {
		conf_error(r->e, r->path, conf_node_line(c),
			   "<%s> in the namespace \"%s\": expected elements of \"" CONF_NS "\"", c->name,
			   c->ns && c->ns->href ? conf_shown((const char *)c->ns->href) : "");
		drop(c);
	} else if (c->type == XML_TEXT_NODE || c->type == XML_CDATA_SECTION_NODE) {
		if (!blank(c->content))
			conf_error(r->e, r->path, conf_node_line(c->parent),
				   "text in <%s>: expected nothing but elements and attributes",
				   c->parent->name);
		drop(c);
	}
}

static void check_element(xmlNode *n, struct reading *r)
{
	check_attrs(n, r);
	for (xmlNode *c = n->children, *next; c; c = next) {
		next = c->next;
		check_child(c, r);
	}
}

xmlDoc *conf_xml_read(const char *text, size_t len, const char *path, struct pn_conf_errors *e)
{
	struct reading r = { path, e, 0 };
	xmlDoc *doc = parse(text, len, &r);
	xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;

	if (root && !strcmp((const char *)root->name, "postern") && ours(root->ns)) {
		check_element(root, &r);
		return doc;
	}
	if (root)
		conf_error(e, path, conf_node_line(root),
			   "document of <%s>: expected <postern xmlns=\"" CONF_NS "\">", root->name);
	else if (!r.told)
		conf_error(e, path, 1, "nothing to read: expected <postern xmlns=\"" CONF_NS "\">");
	xmlFreeDoc(doc);
	return NULL;
}
