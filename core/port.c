#include "port.h"
#include "random.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define PAIRS 32768u /* the whole number space: a resize moves nothing; untouched pages cost nothing */
#define WORDS (PAIRS / 64u)
#define NONE UINT16_MAX /* no pair: the last one is 32767 */

struct port_pool {
	uint64_t busy[WORDS];  /* taken or in quarantine */
	uint64_t taken[WORDS];
	uint16_t next[PAIRS];  /* quarantine: a queue, oldest first */
	uint32_t given[PAIRS]; /* when, low bits of ms */
	uint32_t head, tail;   /* NONE: empty */
	uint32_t first, last;  /* pairs */
	size_t n_taken, n_quarantined;
	uint64_t quarantine_ms;
};

static bool bit(const uint64_t *map, uint32_t i)
{
	return map[i / 64] >> (i % 64) & 1;
}

static void bit_set(uint64_t *map, uint32_t i)
{
	map[i / 64] |= UINT64_C(1) << (i % 64);
}

static void bit_clear(uint64_t *map, uint32_t i)
{
	map[i / 64] &= ~(UINT64_C(1) << (i % 64));
}

int port_pool_resize(struct port_pool *p, uint16_t first, uint16_t last, uint64_t quarantine_ms)
{
	uint32_t from = ((uint32_t)first + 1) / 2, end = ((uint32_t)last + 1) / 2;

	if (first < 1024 || from >= end || quarantine_ms > UINT32_MAX / 2)
		return -EINVAL;
	p->first = from;
	p->last = end - 1;
	p->quarantine_ms = quarantine_ms;
	return 0;
}

struct port_pool *port_pool_new(uint16_t first, uint16_t last, uint64_t quarantine_ms)
{
	struct port_pool *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return NULL;
	p->head = p->tail = NONE;
	err = port_pool_resize(p, first, last, quarantine_ms);
	if (err) {
		port_pool_free(p);
		errno = -err;
		return NULL;
	}
	return p;
}

void port_pool_free(struct port_pool *p)
{
	free(p);
}

static bool served(const struct port_pool *p, uint32_t pair, uint64_t now_ms)
{
	return (uint32_t)now_ms - p->given[pair] >= p->quarantine_ms;
}

static void release(struct port_pool *p, uint64_t now_ms)
{
	while (p->head != NONE && served(p, p->head, now_ms)) {
		bit_clear(p->busy, p->head);
		p->head = p->next[p->head];
		p->n_quarantined--;
	}
	if (p->head == NONE)
		p->tail = NONE;
}

/* First pair in [from, to] that is not busy, or NONE */
static uint32_t free_pair(const struct port_pool *p, uint32_t from, uint32_t to)
{
	uint32_t word = from / 64;
	uint64_t open = ~p->busy[word] & (~UINT64_C(0) << (from % 64));

	while (!open && word < to / 64)
		open = ~p->busy[++word];
	if (!open)
		return NONE;
	from = word * 64 + (uint32_t)__builtin_ctzll(open);
	return from <= to ? from : NONE;
}

int port_take(struct port_pool *p, uint64_t now_ms)
{
	uint32_t start = p->first + random_below(p->last - p->first + 1);
	uint32_t pair;

	release(p, now_ms);
	pair = free_pair(p, start, p->last);
	if (pair == NONE && start > p->first)
		pair = free_pair(p, p->first, start - 1);
	if (pair == NONE)
		return -ENOSPC;
	bit_set(p->busy, pair);
	bit_set(p->taken, pair);
	p->n_taken++;
	return (int)(pair * 2);
}

int port_give(struct port_pool *p, uint16_t port, uint64_t now_ms)
{
	uint32_t pair = port / 2;

	if (port % 2 || !bit(p->taken, pair))
		return -EINVAL;
	bit_clear(p->taken, pair);
	p->n_taken--;
	p->given[pair] = (uint32_t)now_ms;
	p->next[pair] = NONE;
	if (p->tail == NONE)
		p->head = pair;
	else
		p->next[p->tail] = (uint16_t)pair;
	p->tail = pair;
	p->n_quarantined++;
	return 0;
}

int port_spoiled(struct port_pool *p, uint16_t port, uint64_t now_ms)
{
	return port_give(p, port, now_ms);
}

size_t port_taken(const struct port_pool *p)
{
	return p->n_taken * 2;
}

size_t port_quarantined(const struct port_pool *p, uint64_t now_ms)
{
	size_t n = p->n_quarantined;

	for (uint32_t pair = p->head; pair != NONE && served(p, pair, now_ms); pair = p->next[pair])
		n--;
	return n * 2;
}

size_t port_total(const struct port_pool *p)
{
	return (p->last - p->first + 1) * 2;
}
