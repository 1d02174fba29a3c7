#include "admission.h"

#include <stdlib.h>
#include <string.h>

/* Tables take octets: these have no padding that is not zero. */
struct key {
	uintptr_t realm;
	uint8_t call[H323_GUID];
	uint64_t kind;
};

static struct key key_of(const struct pn_realm *realm, const uint8_t *call, enum admission_kind kind)
{
	struct key k = { .realm = (uintptr_t)realm, .kind = kind };

	memcpy(k.call, call, H323_GUID);
	return k;
}

struct h323_admission *admission_find(struct h323 *h, const struct pn_realm *realm, const uint8_t *call,
				      enum admission_kind kind)
{
	struct key k = key_of(realm, call, kind);

	return h->svc->table_get(h->admission_by_call, &k, sizeof(k));
}

/* FNV-1a: two aliases that meet send one of the asker's own calls astray, at worst. */
void admission_located(const struct h323_terminal *t, struct pn_str alias, uint8_t call[H323_GUID])
{
	uint64_t who = (uintptr_t)t, sum = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < alias.len; i++)
		sum = (sum ^ (uint8_t)alias.p[i]) * UINT64_C(1099511628211);
	memcpy(call, &who, sizeof(who));
	memcpy(call + sizeof(who), &sum, sizeof(sum));
}

static void sweep_at(struct h323 *h)
{
	const struct h323_admission *a = TAILQ_FIRST(&h->admissions);
	uint64_t now = h->svc->now_ms(h->host), due;

	if (!a)
		return;
	due = a->touched_ms + h->conf->admission_ms;
	h->svc->timer_start(h->admission_sweep, due > now ? due - now : 0);
}

static struct h323_admission *admission_new(struct h323_terminal *t, const uint8_t *call, enum admission_kind kind)
{
	struct key k = key_of(t->access, call, kind);
	struct h323_admission *a;
	struct h323 *h = t->h;

	if (h->n_admissions >= h->conf->max_calls) {
		h->svc->count(h->host, H323_CNT_FULL);
		return NULL;
	}
	a = calloc(1, sizeof(*a));
	if (!a || h->svc->table_put(h->admission_by_call, &k, sizeof(k), a)) {
		free(a);
		return NULL;
	}
	a->realm = t->access;
	memcpy(a->call, call, H323_GUID);
	a->kind = kind;
	h->n_admissions++;
	return a;
}

struct h323_admission *admission_get(struct h323_terminal *t, const uint8_t *call, enum admission_kind kind)
{
	struct h323_admission *a = admission_find(t->h, t->access, call, kind);
	bool first = TAILQ_EMPTY(&t->h->admissions);

	if (a && a->terminal != t)
		a->way = (struct h323_way){ 0 };
	if (a)
		TAILQ_REMOVE(&t->h->admissions, a, in_order);
	else
		a = admission_new(t, call, kind);
	if (!a)
		return NULL;
	a->terminal = t;
	a->touched_ms = t->h->svc->now_ms(t->h->host);
	TAILQ_INSERT_TAIL(&t->h->admissions, a, in_order);
	if (first)
		sweep_at(t->h);
	return a;
}

void admission_end(struct h323 *h, struct h323_admission *a)
{
	struct key k = key_of(a->realm, a->call, a->kind);

	h->svc->table_del(h->admission_by_call, &k, sizeof(k));
	TAILQ_REMOVE(&h->admissions, a, in_order);
	h->n_admissions--;
	free(a);
}

void admissions_of_terminal_end(struct h323_terminal *t)
{
	struct h323_admission *a, *next;

	for (a = TAILQ_FIRST(&t->h->admissions); a; a = next) {
		next = TAILQ_NEXT(a, in_order);
		if (a->terminal == t)
			admission_end(t->h, a);
		else if (a->way.callee == t)
			a->way = (struct h323_way){ 0 };
	}
}

void admission_sweep(void *h323)
{
	struct h323 *h = h323;
	uint64_t now = h->svc->now_ms(h->host);
	struct h323_admission *a;

	while ((a = TAILQ_FIRST(&h->admissions)) && now - a->touched_ms >= h->conf->admission_ms)
		admission_end(h, a);
	sweep_at(h);
}
