#define PCRE2_CODE_UNIT_WIDTH 8

#include "pattern.h"

#include <errno.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MATCH_STEPS_MAX 100000u
#define MATCH_DEPTH_MAX 1000u
#define MATCH_HEAP_KIB 1024u

struct pattern {
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *data;
};

static pcre2_code *compile(const char *text, char *why, size_t cap)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	PCRE2_SIZE at = 0;
	int err = 0;
	pcre2_code *code;
	PCRE2_UCHAR reason[160];

	if (!context) {
		snprintf(why, cap, "out of memory");
		return NULL;
	}
	pcre2_set_max_pattern_length(context, PATTERN_LENGTH_MAX);
	code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_NEVER_UTF, &err, &at, context);
	pcre2_compile_context_free(context);
	if (code)
		return code;
	pcre2_get_error_message(err, reason, sizeof(reason));
	snprintf(why, cap, "%s at offset %zu", (const char *)reason, (size_t)at);
	return NULL;
}

struct pattern *pattern_new(const char *text, char *why, size_t cap)
{
	pcre2_code *code = compile(text, why, cap);
	struct pattern *p;

	if (!code)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p) {
		pcre2_code_free(code);
		goto fail;
	}
	p->code = code;
	p->limits = pcre2_match_context_create(NULL);
	p->data = pcre2_match_data_create(1, NULL);
	if (!p->limits || !p->data)
		goto fail;
	pcre2_set_match_limit(p->limits, MATCH_STEPS_MAX);
	pcre2_set_depth_limit(p->limits, MATCH_DEPTH_MAX);
	pcre2_set_heap_limit(p->limits, MATCH_HEAP_KIB);
	return p;
fail:
	pattern_free(p);
	snprintf(why, cap, "out of memory");
	return NULL;
}

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->limits);
	pcre2_code_free(p->code);
	free(p);
}

int pattern_match(const struct pattern *p, struct pn_str subject)
{
	PCRE2_SPTR text = (PCRE2_SPTR)(subject.len ? subject.p : "");
	int n = pcre2_match(p->code, text, subject.len, 0, 0, p->data, p->limits);

	switch (n) {
	case PCRE2_ERROR_NOMATCH:
		return 0;
	case PCRE2_ERROR_MATCHLIMIT:
	case PCRE2_ERROR_DEPTHLIMIT:
	case PCRE2_ERROR_HEAPLIMIT:
		return -E2BIG;
	case PCRE2_ERROR_NOMEMORY:
		return -ENOMEM;
	default:
		return n >= 0 ? 1 : -EINVAL;
	}
}
