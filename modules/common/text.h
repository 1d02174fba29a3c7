/* Byte strings: comparing borrowed ones, owning copies, and building text under a cap. */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "postern/module.h"

#define TEXT_MAX 65535u /* a datagram */

struct pn_str str_of(const char *z);     /* borrows a terminated string */
struct pn_str str_trim(struct pn_str s); /* without the white space (SP, HT, CR, LF) at both ends */
bool str_eq(struct pn_str a, struct pn_str b);
bool str_is(struct pn_str a, const char *z);
bool str_ieq(struct pn_str a, struct pn_str b); /* ASCII case does not count */
bool str_iis(struct pn_str a, const char *z);
/* All of s is a decimal number: 0. -EINVAL: it is not; -ERANGE: over 2^32-1. */
int str_u32(struct pn_str s, uint32_t *out);
/* An owned copy, terminated; p is NULL when s is empty or there is no memory. */
struct pn_str str_dup(struct pn_str s);
void str_drop(struct pn_str *s);
/* Replaces an owned string. Keeps the old one and returns -ENOMEM when there is no memory. */
int str_set(struct pn_str *own, struct pn_str value);

/* A growing text of at most TEXT_MAX octets; `failed` remembers that something did not fit. */
struct text {
	char *p;
	size_t len, cap;
	bool failed;
};

void text_add(struct text *t, struct pn_str s);
void text_put(struct text *t, const char *z);
void text_fmt(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct pn_str text_str(const struct text *t);
void text_free(struct text *t);

#endif
