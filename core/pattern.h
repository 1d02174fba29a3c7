/* Regular expressions (PCRE2, on octets) for modules. Patterns come from the configuration, subjects from
 * the network: work and memory of a match are limited. */
#ifndef CORE_PATTERN_H
#define CORE_PATTERN_H

#include "postern/module.h"

#define PATTERN_LENGTH_MAX 4096u

struct pattern;

/* NULL, and `why` (terminated, cut at cap) tells what is wrong and where. */
struct pattern *pattern_new(const char *text, char *why, size_t cap);
void pattern_free(struct pattern *p);
/* 1 or 0; -E2BIG: it took more work than a match may; -ENOMEM; -EINVAL: anything else of PCRE2. */
int pattern_match(const struct pattern *p, struct pn_str subject);

#endif
