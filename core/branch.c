#include "lease.h"
#include "media_wait.h"
#include "media_stream.h"
#include "media_rules.h"
#include <stdlib.h>
#include <string.h>

#define BRANCHES_MADE 32u /* in the life of a session, ended ones included */

static struct pn_branch *find(struct pn_session *s, struct pn_str key)
{
	struct pn_branch *b;

	for (b = s->branches; b; b = b->next)
		if (str_eq((struct pn_str){ b->key, b->key_len }, key))
			return b;
	return NULL;
}

/* The lowest index that no live branch has, or -1. */
static int free_index(const struct pn_session *s)
{
	unsigned used = 0;

	for (const struct pn_branch *b = s->branches; b; b = b->next)
		if (!b->ended)
			used |= 1u << b->index;
	for (unsigned i = 0; i < RELAY_BRANCHES; i++)
		if (!(used & 1u << i))
			return (int)i;
	return -1;
}

struct pn_branch *branch_get(struct pn_session *s, struct pn_str key)
{
	struct pn_branch *b = find(s, key);
	int index = free_index(s);

	if (b || s->ended)
		return b;
	if (index < 0 || s->n_branches >= BRANCHES_MADE || key.len > SESSION_KEY_MAX)
		return NULL;
	b = calloc(1, sizeof(*b) + key.len);
	if (!b)
		return NULL;
	b->s = s;
	b->index = (uint8_t)index;
	b->key_len = key.len;
	if (key.len)
		memcpy(b->key, key.p, key.len);
	b->next = s->branches;
	s->branches = b;
	s->n_branches++;
	return b;
}

void branch_choose(struct pn_session *s, struct pn_branch *b)
{
	if (s->ended || b->ended || s->chosen)
		return;
	s->chosen = b;
	s->current = b->index;
	for (struct pn_branch *o = s->branches; o; o = o->next)
		if (o != b && !o->ended)
			branch_end(s, o);
	for (size_t i = 0; i < s->n_streams; i++)
		if (s->stream[i]->lease)
			relay_choose(s->t->conf.relay, s->stream[i]->lease->grant.stream, b->index);
	streams_settle(s);
}

/* A's media goes to the newest of the branches that are left. */
static void current_move(struct pn_session *s)
{
	const struct pn_branch *b = s->branches;

	while (b && b->ended)
		b = b->next;
	s->current = b ? b->index : 0;
	for (size_t i = 0; b && i < s->n_streams; i++)
		stream_lay(s->stream[i], PN_SIDE_B, b->index);
}

void branch_end(struct pn_session *s, struct pn_branch *b)
{
	if (s->ended || b->ended)
		return;
	b->ended = true;
	if (s->chosen == b)
		s->chosen = NULL;
	streams_branch_ended(s, b->index);
	if (s->current == b->index)
		current_move(s);
	streams_settle(s);
	media_wait_branch_ended(s, b);
}
