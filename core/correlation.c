#include "correlation.h"
#include "session_state.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct name {
	struct hash_node node;
	struct name *next;
	struct correlation *of;
	size_t len;
	char text[];
};

struct correlation {
	char id[SESSION_ID];
	struct pn_session *members; /* any order */
	struct name *names;
	unsigned n_names;
};

static struct name *name_find(struct sessions *t, struct pn_str text)
{
	uint64_t hash = hash_bytes(text.p, text.len, 0);
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->correlations, hash, n))) {
		struct name *name = hash_entry(n, struct name, node);

		if (str_eq((struct pn_str){ name->text, name->len }, text))
			return name;
	}
	return NULL;
}

static int name_add(struct sessions *t, struct correlation *c, struct pn_str text)
{
	struct name *name = calloc(1, sizeof(*name) + text.len);

	if (!name)
		return -ENOMEM;
	name->len = text.len;
	memcpy(name->text, text.p, text.len);
	if (hash_put(&t->correlations, &name->node, hash_bytes(text.p, text.len, 0))) {
		free(name);
		return -ENOMEM;
	}
	name->of = c;
	name->next = c->names;
	c->names = name;
	c->n_names++;
	return 0;
}

static void name_drop(struct sessions *t, struct correlation *c)
{
	struct name *name = c->names;

	c->names = name->next;
	c->n_names--;
	hash_del(&t->correlations, &name->node);
	free(name);
}

static void correlation_free(struct sessions *t, struct correlation *c)
{
	while (c->names)
		name_drop(t, c);
	free(c);
}

static void member_add(struct correlation *c, struct pn_session *s)
{
	s->correlation = c;
	s->correlated = c->members;
	c->members = s;
	memcpy(s->rec.correlation, c->id, sizeof(c->id));
}

int correlation_join(struct pn_session *s, struct pn_str text)
{
	struct name *name = text.len ? name_find(s->t, text) : NULL;
	struct correlation *c;

	if (name) {
		member_add(name->of, s);
		return 0;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	session_make_id(c->id);
	if (text.len && name_add(s->t, c, text)) {
		free(c);
		return -ENOMEM;
	}
	member_add(c, s);
	return 0;
}

static void names_move(struct sessions *t, struct correlation *to, struct correlation *from)
{
	while (from->names) {
		struct name *name = from->names;

		if (to->n_names >= CORRELATION_NAMES_MAX) {
			name_drop(t, from);
			continue;
		}
		from->names = name->next;
		from->n_names--;
		name->of = to;
		name->next = to->names;
		to->names = name;
		to->n_names++;
	}
}

void correlation_merge(struct pn_session *a, struct pn_session *b)
{
	struct correlation *to = a->correlation, *from = b->correlation;

	if (!to || !from || to == from)
		return;
	if (b->start_ms < a->start_ms) {
		to = b->correlation;
		from = a->correlation;
	}
	while (from->members) {
		struct pn_session *s = from->members;

		from->members = s->correlated;
		member_add(to, s);
	}
	names_move(a->t, to, from);
	correlation_free(a->t, from);
}

void correlation_leave(struct pn_session *s)
{
	struct correlation *c = s->correlation;
	struct pn_session **at;

	if (!c)
		return;
	s->correlation = NULL;
	for (at = &c->members; *at != s; at = &(*at)->correlated)
		;
	*at = s->correlated;
	if (!c->members)
		correlation_free(s->t, c);
}
