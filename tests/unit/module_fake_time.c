#include "module_fake_parts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pn_timer {
	struct pn_timer *next;
	void (*fn)(void *arg);
	void *arg;
	uint64_t due; /* 0: stopped */
};

struct entry {
	struct entry *next;
	void *value;
	size_t len;
	char key[];
};

struct pn_table {
	struct entry *first;
	size_t count, max;
};

static struct pn_timer *timers;

static struct pn_timer *f_timer_new(struct pn_host *h, void (*fn)(void *arg), void *arg)
{
	struct pn_timer *t = calloc(1, sizeof(*t));

	(void)h;
	*t = (struct pn_timer){ timers, fn, arg, 0 };
	timers = t;
	return t;
}

static void f_timer_start(struct pn_timer *t, uint64_t after)
{
	t->due = fake.now_ms + after;
}

static void f_timer_stop(struct pn_timer *t)
{
	t->due = 0;
}

static void f_timer_free(struct pn_timer *t)
{
	struct pn_timer **p = &timers;

	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	free(t);
}

static uint64_t f_now(struct pn_host *h)
{
	(void)h;
	return fake.now_ms;
}

static struct pn_timer *next_due(uint64_t until)
{
	struct pn_timer *first = NULL;

	for (struct pn_timer *t = timers; t; t = t->next)
		if (t->due && t->due <= until && (!first || t->due < first->due))
			first = t;
	return first;
}

void fake_advance(uint64_t ms)
{
	uint64_t until = fake.now_ms + ms;
	struct pn_timer *t;

	while ((t = next_due(until))) {
		fake.now_ms = t->due > fake.now_ms ? t->due : fake.now_ms;
		t->due = 0;
		t->fn(t->arg);
		fake_deferred();
		fake_sweep(0);
	}
	fake.now_ms = until;
}

static struct pn_table *f_table_new(struct pn_host *h, size_t max)
{
	struct pn_table *t = calloc(1, sizeof(*t));

	(void)h;
	t->max = max;
	return t;
}

static struct entry **find(struct pn_table *t, const void *key, size_t len)
{
	struct entry **p = &t->first;

	while (*p && ((*p)->len != len || memcmp((*p)->key, key, len) != 0))
		p = &(*p)->next;
	return p;
}

static int f_table_put(struct pn_table *t, const void *key, size_t len, void *value)
{
	struct entry *e;

	if (*find(t, key, len))
		return -EEXIST;
	if (t->count == t->max)
		return -ENOSPC;
	e = malloc(sizeof(*e) + len);
	*e = (struct entry){ t->first, value, len };
	memcpy(e->key, key, len);
	t->first = e;
	t->count++;
	return 0;
}

static void *f_table_get(const struct pn_table *t, const void *key, size_t len)
{
	struct entry *e = *find((struct pn_table *)t, key, len);

	return e ? e->value : NULL;
}

static void *f_table_del(struct pn_table *t, const void *key, size_t len)
{
	struct entry **p = find(t, key, len), *e = *p;
	void *value = e ? e->value : NULL;

	if (e) {
		*p = e->next;
		t->count--;
	}
	free(e);
	return value;
}

static size_t f_table_count(const struct pn_table *t)
{
	return t->count;
}

static void f_table_free(struct pn_table *t, void (*free_value)(void *value))
{
	while (t->first) {
		struct entry *e = t->first;

		t->first = e->next;
		if (free_value)
			free_value(e->value);
		free(e);
	}
	free(t);
}

void fake_time_services(struct pn_services *s)
{
	s->timer_new = f_timer_new;
	s->timer_start = f_timer_start;
	s->timer_stop = f_timer_stop;
	s->timer_free = f_timer_free;
	s->now_ms = f_now;
	s->table_new = f_table_new;
	s->table_put = f_table_put;
	s->table_get = f_table_get;
	s->table_del = f_table_del;
	s->table_count = f_table_count;
	s->table_free = f_table_free;
}
