/* Messages as hexadecimal text, for the tests of the aligned-PER engine. */
#ifndef UNIT_APER_KIT_H
#define UNIT_APER_KIT_H

#include "aper.h"
#include "types.h"
#include <asn_application.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define KIT_MAX 70000u

struct octets {
	uint8_t *p;
	size_t n;
};

/* Exactly as much memory as there are octets, so that the sanitizer sees one too many. */
static inline struct octets octets_of(const char *hex)
{
	struct octets o = { malloc(strlen(hex) / 2 + 1), 0 };

	for (; *hex; hex += strspn(hex, " "))
		if (sscanf(hex, "%2hhx", o.p + o.n) == 1) {
			o.n++;
			hex += 2;
		}
	o.p = realloc(o.p, o.n ? o.n : 1);
	return o;
}

static inline const asn_TYPE_descriptor_t *type_of(const char *name)
{
	const asn_TYPE_descriptor_t *td = types_find(name);

	cr_assert(ne(ptr, (void *)td, NULL), "%s", name);
	return td;
}

/* The message of some hexadecimal digits; it must decode, to its last octet. */
static inline struct aper_message *message_of(const char *type, const char *hex)
{
	struct octets in = octets_of(hex);
	struct aper_message *m = NULL;
	int err = aper_read(type_of(type), in.p, in.n, &m);

	cr_assert(zero(int, err), "%s %s", type, hex);
	cr_expect(eq(sz, aper_consumed(m), in.n), "%s %s", type, hex);
	free(in.p);
	return m;
}

/* What was written is that hexadecimal text. */
static inline void expect_octets(const uint8_t *p, long n, const char *hex, const char *what)
{
	struct octets want = octets_of(hex);
	char text[256] = "";

	for (long i = 0; i < n && i < 100; i++)
		snprintf(text + 2 * i, 3, "%02x", p[i]);
	cr_expect(n == (long)want.n && !memcmp(p, want.p, want.n), "%s: %ld %s, not %s", what, n, text, hex);
	free(want.p);
}

static inline void expect_written(const struct aper_message *m, const char *hex, const char *what)
{
	static uint8_t out[KIT_MAX];

	expect_octets(out, aper_write(m, out, sizeof(out)), hex, what);
}

#endif
