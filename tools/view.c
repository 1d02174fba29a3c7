#include "view.h"
#include "table.h"
#include <stdlib.h>
#include <string.h>

#define ROWS(a) (sizeof(a) / sizeof(*(a)))

static const struct table_column sessions[] = {
	{ "SESSION", "session", TABLE_TEXT },    { "MODULE", "module", TABLE_TEXT },
	{ "STATE", "state", TABLE_TEXT },        { "FROM", "from", TABLE_TEXT },
	{ "TO", "to", TABLE_TEXT },              { "IN", "ingress", TABLE_TEXT },
	{ "PEER A", "peer_a", TABLE_TEXT },      { "OUT", "egress", TABLE_TEXT },
	{ "PEER B", "peer_b", TABLE_TEXT },      { "STREAMS", "streams", TABLE_NUMBER },
	{ "AGE", "age_ms", TABLE_DURATION },
};

/* A row for each side: where it is, what came from it, what went to it. */
static const struct table_column streams[] = {
	{ "SESSION", "stream.session", TABLE_TEXT }, { "NR", "stream.index", TABLE_NUMBER },
	{ "MEDIA", "stream.media", TABLE_TEXT },     { "SIDE", "name", TABLE_TEXT },
	{ "REALM", "side.realm", TABLE_TEXT },       { "LOCAL", "side.local", TABLE_TEXT },
	{ "DECLARED", "side.declared", TABLE_TEXT }, { "REMOTE", "side.remote", TABLE_TEXT },
	{ "LATCHED", "side.latched", TABLE_TEXT },   { "PACKETS", "side.packets", TABLE_NUMBER },
	{ "BYTES", "side.bytes", TABLE_BYTES },      { "SENT", "side.sent_packets", TABLE_NUMBER },
	{ "LOST", "side.lost", TABLE_NUMBER },       { "JITTER ms", "side.jitter_ms", TABLE_NUMBER },
	{ "FOREIGN", "side.foreign", TABLE_NUMBER },
};

static const struct table_column bindings[] = {
	{ "IDENTITY", "identity", TABLE_TEXT },  { "MODULE", "module", TABLE_TEXT },
	{ "REALM", "realm", TABLE_TEXT },        { "STATE", "state", TABLE_TEXT },
	{ "CLAIMED", "claimed", TABLE_TEXT },    { "PINHOLE", "pinhole", TABLE_TEXT },
	{ "ALIAS", "alias", TABLE_TEXT },        { "EXPIRES", "expires_ms", TABLE_DURATION },
	{ "UPSTREAM", "upstream_ms", TABLE_DURATION }, { "SESSIONS", "sessions", TABLE_NUMBER },
};

static const struct table_column modules[] = {
	{ "MODULE", "name", TABLE_TEXT },         { "STATE", "state", TABLE_TEXT },
	{ "ABI", "abi", TABLE_TEXT },             { "SESSIONS", "sessions", TABLE_NUMBER },
	{ "FILE", "file", TABLE_TEXT },
};

static const struct table_column realms[] = {
	{ "REALM", "name", TABLE_TEXT },          { "SIDE", "side", TABLE_TEXT },
	{ "ADDRESS", "address", TABLE_TEXT },     { "ADDRESS6", "address6", TABLE_TEXT },
	{ "MEDIA", "media", TABLE_TEXT },         { "PORTS", "ports", TABLE_NUMBER },
	{ "TAKEN", "ports_taken", TABLE_NUMBER }, { "RESTING", "ports_quarantined", TABLE_NUMBER },
	{ "LATCH", "latch", TABLE_TEXT },         { "DEVICE", "device", TABLE_TEXT },
	{ "REMOVED", "removed", TABLE_YES },
};

static const struct table_column pairs[] = {
	{ "COUNTER", "name", TABLE_TEXT },
	{ "VALUE", "value", TABLE_NUMBER },
};

/* ---- rows that are made up ---- */

struct row_list {
	const struct json **row;
	struct json *made; /* what belongs to us; its children are borrowed */
	size_t n;
};

static void rows_free(struct row_list *l)
{
	free(l->row);
	free(l->made);
}

static size_t count(const struct json *list)
{
	size_t n = 0;

	for (const struct json *j = list->child; j; j = j->next)
		n++;
	return n;
}

/* nodes: how many are made up. */
static int rows_new(struct row_list *l, size_t rows, size_t nodes)
{
	l->row = calloc(rows + 1, sizeof(struct json *));
	l->made = calloc(nodes + 1, sizeof(*l->made));
	l->n = 0;
	return l->row && l->made ? 0 : -1;
}

/* A view on a node under another key: shares its text and children. */
static struct json *borrow(struct json *to, const char *key, const struct json *from)
{
	*to = *from;
	to->key = (char *)key;
	to->next = NULL;
	return to;
}

/* {stream: the row, side: its member a or b, name: "A" or "B"} */
static void add_side(struct row_list *l, const struct json *stream, const char *key, char *name)
{
	const struct json *side = json_get(stream, key);
	struct json *node = &l->made[l->n * 4];

	if (!side)
		return;
	node[0].type = JSON_OBJECT;
	node[0].child = borrow(&node[1], "stream", stream);
	node[1].next = borrow(&node[2], "side", side);
	node[2].next = &node[3];
	node[3] = (struct json){ .type = JSON_STRING, .key = (char *)"name", .text = name };
	l->row[l->n++] = &node[0];
}

static int print_streams(FILE *out, const struct json *list)
{
	struct row_list l = { NULL, NULL, 0 };
	char a[] = "A", b[] = "B";
	int err = rows_new(&l, 2 * count(list), 8 * count(list));

	for (const struct json *j = list->child; j && !err; j = j->next) {
		add_side(&l, j, "a", a);
		add_side(&l, j, "b", b);
	}
	if (!err)
		err = table_print(out, streams, ROWS(streams), l.row, l.n);
	rows_free(&l);
	return err;
}

/* The members of an object as rows: {name: its key, value: itself} */
static int print_pairs(FILE *out, const struct json *object)
{
	struct row_list l = { NULL, NULL, 0 };
	int err = rows_new(&l, count(object), 3 * count(object));

	for (const struct json *j = object->child; j && !err; j = j->next) {
		struct json *node = &l.made[l.n * 3];

		node[0].type = JSON_OBJECT;
		node[0].child = &node[1];
		node[1] = (struct json){ .type = JSON_STRING, .key = (char *)"name", .text = j->key };
		node[1].next = borrow(&node[2], "value", j);
		l.row[l.n++] = &node[0];
	}
	if (!err)
		err = table_print(out, pairs, ROWS(pairs), l.row, l.n);
	rows_free(&l);
	return err;
}

static int print_list(FILE *out, const struct table_column *column, size_t n, const struct json *list)
{
	struct row_list l = { NULL, NULL, 0 };
	int err = rows_new(&l, count(list), 0);

	for (const struct json *j = list->child; j && !err; j = j->next)
		l.row[l.n++] = j;
	if (!err)
		err = table_print(out, column, n, l.row, l.n);
	rows_free(&l);
	return err;
}

/* ---- replies ---- */

static const struct {
	const char *key;
	const struct table_column *column;
	size_t n;
} lists[] = {
	{ "sessions", sessions, ROWS(sessions) }, { "bindings", bindings, ROWS(bindings) },
	{ "modules", modules, ROWS(modules) },    { "realms", realms, ROWS(realms) },
};

/* "draining: no", "sessions: 3": what a command says. */
static int print_facts(FILE *out, const struct json *reply)
{
	for (const struct json *j = reply->child; j; j = j->next)
		if (strcmp(j->key, "ok"))
			fprintf(out, "%s: %s\n", j->key,
				j->text                 ? j->text :
				j->type == JSON_TRUE    ? "yes" :
				j->type == JSON_FALSE   ? "no" :
							  "-");
	return 0;
}

static int print_more(FILE *out, const struct json *reply)
{
	const char *more = json_string(reply, "more");

	if (more && strcmp(more, "0"))
		fprintf(out, "and %s more\n", more);
	return 0;
}

int view_print(FILE *out, const struct json *reply)
{
	const struct json *j = json_get(reply, "streams");

	if (j && j->type == JSON_ARRAY)
		return print_streams(out, j);
	j = json_get(reply, "counters");
	if (j && j->type == JSON_OBJECT)
		return print_pairs(out, j);
	for (size_t i = 0; i < ROWS(lists); i++) {
		j = json_get(reply, lists[i].key);
		if (!j || j->type != JSON_ARRAY)
			continue;
		if (print_list(out, lists[i].column, lists[i].n, j))
			return -1;
		return print_more(out, reply);
	}
	return print_facts(out, reply);
}
