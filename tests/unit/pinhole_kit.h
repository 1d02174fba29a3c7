/* What the tests of the pinhole protocol share: hexadecimal text, addresses, a gateway to talk to. */
#ifndef UNIT_PINHOLE_KIT_H
#define UNIT_PINHOLE_KIT_H

#include "addr.h"
#include "pinhole/credential.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

static inline struct pn_addr kit_addr(const char *text)
{
	struct pn_addr a = { 0 };

	cr_assert(zero(int, *text ? addr_parse_port(str_of(text), 0, &a) : 0), "%s", text);
	return a;
}

/* Octets of hexadecimal digits, blanks between them as you like. */
static inline size_t kit_hex(const char *text, uint8_t *out, size_t cap)
{
	size_t n = 0;
	unsigned v;

	while (sscanf(text, " %2x", &v) == 1 && n < cap) {
		out[n++] = (uint8_t)v;
		while (isspace((unsigned char)*text))
			text++;
		text += 2;
	}
	return n;
}

static inline bool kit_is(struct pn_str s, const char *want)
{
	return str_eq(s, str_of(want));
}

#endif
