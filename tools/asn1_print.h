/* A decoded message as a tree: a component a line, `name: value`, what is within it two columns to the right.
 * Names are those of the standard. Additions, alternatives and items that our modules do not know are shown
 * with their index after the extension marker and in hex; messages within octet strings are opened. */
#ifndef POSTERN_TOOLS_ASN1_PRINT_H
#define POSTERN_TOOLS_ASN1_PRINT_H

#include <stdio.h>

struct asn1_value;

/* `title:` and the tree, from this depth on. */
void asn1_print(FILE *f, const struct asn1_value *v, unsigned depth, const char *title);

/* Begin a line. */
void asn1_print_indent(FILE *f, unsigned depth);

#endif
