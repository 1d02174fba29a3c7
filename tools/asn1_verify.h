/* Lines `TYPE HEX`, each decoded and encoded: do the same octets come out? */
#ifndef POSTERN_TOOLS_ASN1_VERIFY_H
#define POSTERN_TOOLS_ASN1_VERIFY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

/* Octets from digits, in place of them; spaces between octets are passed over. How many, or -EINVAL. */
ssize_t asn1_octets(char *hex);

/* Prints the first lines that differ, as NAME:LINE, and `N of M identical`. Blank lines and those that begin
 * with # are passed over. How many differ, or a negative error of reading. */
long asn1_verify(FILE *out, FILE *in, const char *name);

#endif
