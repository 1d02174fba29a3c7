#include "acl.h"
#include "rate.h"
#include <errno.h>
#include <stdlib.h>

struct rule {
	struct prefix prefix;
	bool allow;
};

struct acl {
	struct rule *rules; /* longest prefix first, of equal length deny first */
	size_t n;
	bool closed; /* what no rule names is denied */
	struct rate *rate;
};

static int by_weight(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;

	if (x->prefix.bits != y->prefix.bits)
		return (int)y->prefix.bits - (int)x->prefix.bits;
	return (int)x->allow - (int)y->allow;
}

static void add_list(struct acl *a, const struct prefixes *list, bool allow)
{
	for (size_t i = 0; i < list->n; i++)
		a->rules[a->n++] = (struct rule){ list->list[i], allow };
}

struct acl *acl_new(const struct prefixes *allow, const struct prefixes *deny, unsigned rate,
		    unsigned burst)
{
	struct acl *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->rules = calloc(allow->n + deny->n + 1, sizeof(*a->rules));
	if (!a->rules)
		goto fail;
	add_list(a, allow, true);
	add_list(a, deny, false);
	qsort(a->rules, a->n, sizeof(*a->rules), by_weight);
	a->closed = allow->n > 0;
	if (rate) {
		a->rate = rate_new(rate, burst ? burst : rate);
		if (!a->rate)
			goto fail;
	}
	return a;
fail:
	acl_free(a);
	return NULL;
}

void acl_free(struct acl *a)
{
	if (!a)
		return;
	rate_free(a->rate);
	free(a->rules);
	free(a);
}

static bool allowed(const struct acl *a, const struct pn_addr *src)
{
	for (size_t i = 0; i < a->n; i++)
		if (prefix_has(&a->rules[i].prefix, src))
			return a->rules[i].allow;
	return !a->closed;
}

int acl_check(struct acl *a, const struct pn_addr *src, uint64_t now_ms)
{
	if (!allowed(a, src))
		return -EACCES;
	return a->rate && !rate_take(a->rate, src, now_ms) ? -EDQUOT : 0;
}
