/* What a RELAX NG schema (XML syntax) allows in one element, read off the schema's own tree: for error
 * messages only, libxml2 stays the judge. Understands what schemas of configurations use; where it meets
 * anything else it says "any", so that nothing is claimed that is not known. */
#ifndef CORE_CONF_MODEL_H
#define CORE_CONF_MODEL_H

#include "buf.h"
#include <libxml/tree.h>

#define MODEL_MAX 64u

struct model_part {
	const char *name;
	const xmlNode *pattern; /* <element> or <attribute> of the schema */
	bool many;              /* may come more than once */
};

struct model_parts {
	struct model_part part[MODEL_MAX];
	size_t n;
	bool any; /* and others, of unknown names */
};

struct model {
	struct model_parts attrs, elements;
};

/* Names in a schema. "" when an element or attribute has a name class instead. */
const char *model_name(const xmlNode *pattern);
bool model_is(const xmlNode *pattern, const char *name);
/* The patterns in a pattern, without name classes and annotations: first, and next. NULL: no more. */
const xmlNode *model_inside(const xmlNode *pattern);
const xmlNode *model_after(const xmlNode *pattern);
/* The <define>s of a <ref>: first (after NULL), and next. */
const xmlNode *model_define(const xmlNode *ref, const xmlNode *after);
const xmlNode *model_define_in(const xmlNode *grammar, const char *name, const xmlNode *after);
const xmlNode *model_start(const xmlNode *grammar);

/* All that may stand in what `pattern` contains. */
void model_read(const xmlNode *pattern, struct model *m);
/* How many parts have the name; *found is the first. */
size_t model_find(const struct model_parts *p, const char *name, const struct model_part **found);
/* "a, b or c", each between open and close; for elements and attributes */
void model_list(const struct model_parts *p, const char *open, const char *close, struct buf *out);
/* The form of a value: its documentation, or what can be said from its type. first: a model_inside(). */
void model_form(const xmlNode *first, struct buf *out);

#endif
