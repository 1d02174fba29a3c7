#include "conf_schema.h"
#include "conf_explain.h"
#include <ctype.h>
#include <errno.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>

#include "core/conf_rng.h" /* made of etc/postern.rng */

/* ---- libxml2's errors ---- */

struct first_error {
	char text[160];
	int line, count;
};

static void on_error(void *arg, xmlError *err)
{
	struct first_error *f = arg;
	const xmlNode *n = err->node;

	if (f->count++)
		return;
	snprintf(f->text, sizeof(f->text), "%s", err->message ? err->message : "invalid");
	for (size_t len = strlen(f->text); len && isspace((unsigned char)f->text[len - 1]);)
		f->text[--len] = 0;
	f->line = n && n->type == XML_ELEMENT_NODE ? conf_node_line(n) : 0;
}

static xmlDoc *schema_read(const char *text)
{
	return xmlReadMemory(text, (int)strlen(text), NULL, NULL,
			     XML_PARSE_NONET | XML_PARSE_NOBLANKS | XML_PARSE_NOERROR |
			     XML_PARSE_NOWARNING);
}

xmlRelaxNG *conf_grammar_new(xmlDoc *doc, char *why, size_t cap)
{
	struct first_error f = { 0 };
	xmlRelaxNGParserCtxt *x = xmlRelaxNGNewDocParserCtxt(doc);
	xmlRelaxNG *g = NULL;

	if (x) {
		xmlRelaxNGSetParserStructuredErrors(x, (xmlStructuredErrorFunc)on_error, &f);
		g = xmlRelaxNGParse(x);
		xmlRelaxNGFreeParserCtxt(x);
	}
	if (!g && why)
		snprintf(why, cap, "%s", f.count ? f.text : "no memory");
	return g;
}

bool conf_grammar_accepts(xmlRelaxNG *g, xmlDoc *doc, struct conf_invalid *first)
{
	struct first_error f = { 0 };
	xmlRelaxNGValidCtxt *x = xmlRelaxNGNewValidCtxt(g);
	int verdict = -1;

	if (x) {
		xmlRelaxNGSetValidStructuredErrors(x, (xmlStructuredErrorFunc)on_error, &f);
		verdict = xmlRelaxNGValidateDoc(x, doc);
		xmlRelaxNGFreeValidCtxt(x);
	}
	if (verdict && first) {
		snprintf(first->text, sizeof(first->text), "%s", f.count ? f.text : "not valid");
		first->line = f.line;
	}
	return !verdict;
}

/* ---- the whole judgement ---- */

static void explain(xmlDoc *schema, xmlDoc *doc, const struct conf_invalid *first, const char *file,
		    struct pn_conf_errors *e)
{
	size_t before = e->n + e->more;

	conf_explain(schema, doc, file, e);
	if (e->n + e->more == before)
		conf_error(e, file, first->line, "%s: expected what the schema describes", first->text);
}

struct compiled {
	xmlDoc *tree;
	xmlRelaxNG *grammar;
};

static void compiled_free(struct compiled *c)
{
	xmlRelaxNGFree(c->grammar);
	xmlFreeDoc(c->tree);
	*c = (struct compiled){ NULL, NULL };
}

static int compile(const char *schema, const char *whose, const char *file, struct compiled *c,
		   struct pn_conf_errors *e)
{
	char why[160] = "not well-formed";

	c->tree = schema_read(schema);
	c->grammar = c->tree ? conf_grammar_new(c->tree, why, sizeof(why)) : NULL;
	if (c->grammar)
		return 0;
	compiled_free(c);
	conf_error(e, file, 0, "schema of %s: %s: expected a RELAX NG grammar", whose, why);
	return -EINVAL;
}

static int judge(const struct compiled *c, xmlDoc *doc, const char *file, struct pn_conf_errors *e)
{
	struct conf_invalid first = { .text = "" };

	if (conf_grammar_accepts(c->grammar, doc, &first))
		return 0;
	explain(c->tree, doc, &first, file, e);
	return -EINVAL;
}

int conf_schema_check_core(xmlDoc *doc, const char *file, struct pn_conf_errors *e)
{
	static struct compiled core; /* for the life of the process: reloads are quick */

	if (!core.grammar && compile(conf_schema_core, "the core", file, &core, e))
		return -EINVAL;
	return judge(&core, doc, file, e);
}

int conf_schema_check(const char *schema, const char *whose, xmlDoc *doc, const char *file,
		      struct pn_conf_errors *e)
{
	struct compiled c = { NULL, NULL };
	int err = compile(schema, whose, file, &c, e);

	if (err)
		return err;
	err = judge(&c, doc, file, e);
	compiled_free(&c);
	return err;
}
