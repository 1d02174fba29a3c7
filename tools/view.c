#include "view.h"
#include "grid.h"
#include <stdlib.h>
#include <string.h>

#define ROWS(a) (sizeof(a) / sizeof(*(a)))

static const struct grid_column sessions[] = {
	{ "SESSION", "session", GRID_TEXT },    { "MODULE", "module", GRID_TEXT },
	{ "STATE", "state", GRID_TEXT },        { "FROM", "from", GRID_TEXT },
	{ "TO", "to", GRID_TEXT },              { "IN", "ingress", GRID_TEXT },
	{ "PEER A", "peer_a", GRID_TEXT },      { "OUT", "egress", GRID_TEXT },
	{ "PEER B", "peer_b", GRID_TEXT },      { "STREAMS", "streams", GRID_NUMBER },
	{ "AGE", "age_ms", GRID_DURATION },
};

/* A row for each side: where it is, what came from it, what went to it. */
static const struct grid_column streams[] = {
	{ "SESSION", "stream.session", GRID_TEXT }, { "NR", "stream.index", GRID_NUMBER },
	{ "MEDIA", "stream.media", GRID_TEXT },     { "SIDE", "name", GRID_TEXT },
	{ "REALM", "side.realm", GRID_TEXT },       { "LOCAL", "side.local", GRID_TEXT },
	{ "DECLARED", "side.declared", GRID_TEXT }, { "REMOTE", "side.remote", GRID_TEXT },
	{ "LATCHED", "side.latched", GRID_TEXT },   { "PACKETS", "side.packets", GRID_NUMBER },
	{ "BYTES", "side.bytes", GRID_BYTES },      { "SENT", "side.sent_packets", GRID_NUMBER },
	{ "LOST", "side.lost", GRID_NUMBER },       { "JITTER ms", "side.jitter_ms", GRID_NUMBER },
	{ "FOREIGN", "side.foreign", GRID_NUMBER },
};

static const struct grid_column bindings[] = {
	{ "IDENTITY", "identity", GRID_TEXT },  { "MODULE", "module", GRID_TEXT },
	{ "REALM", "realm", GRID_TEXT },        { "STATE", "state", GRID_TEXT },
	{ "CLAIMED", "claimed", GRID_TEXT },    { "PINHOLE", "pinhole", GRID_TEXT },
	{ "ALIAS", "alias", GRID_TEXT },        { "LISTENS AT", "alias_address", GRID_TEXT },
	{ "EXPIRES", "expires_ms", GRID_DURATION }, { "UPSTREAM", "upstream_ms", GRID_DURATION },
	{ "SESSIONS", "sessions", GRID_NUMBER },
};

static const struct grid_column signalling[] = {
	{ "NETWORK", "network", GRID_TEXT },      { "AGENT", "agent", GRID_TEXT },
	{ "PROTOCOL", "protocol", GRID_TEXT },    { "REALM", "realm", GRID_TEXT },
	{ "RECEIVED", "local", GRID_TEXT },       { "THROUGH", "pinhole", GRID_TEXT },
	{ "FINAL", "inner", GRID_TEXT },          { "SUBSCRIBERS", "subscribers", GRID_NUMBER },
	{ "STATE", "state", GRID_TEXT },          { "EXPIRES", "expires_ms", GRID_DURATION },
};

static const struct grid_column media[] = {
	{ "NETWORK", "network", GRID_TEXT },      { "AGENT", "agent", GRID_TEXT },
	{ "MEDIA", "media", GRID_TEXT },          { "REALM", "realm", GRID_TEXT },
	{ "RECEIVED", "received", GRID_TEXT },    { "THROUGH", "through", GRID_TEXT },
	{ "FINAL", "final", GRID_TEXT },          { "SEEN", "seen_ms", GRID_DURATION },
};

static const struct grid_column uplinks[] = {
	{ "PROTOCOL", "protocol", GRID_TEXT },    { "INNER", "inner", GRID_TEXT },
	{ "PINHOLE", "pinhole", GRID_TEXT },      { "GATEWAY", "gateway", GRID_TEXT },
	{ "STATE", "state", GRID_TEXT },          { "SUBSCRIBERS", "subscribers", GRID_NUMBER },
	{ "EVERY", "idle_ms", GRID_DURATION },    { "LIFETIME", "lifetime_ms", GRID_DURATION },
};

static const struct grid_column trunks[] = {
	{ "NETWORK", "network", GRID_TEXT },      { "AGENT", "agent", GRID_TEXT },
	{ "FAR END", "remote", GRID_TEXT },       { "STATE", "state", GRID_TEXT },
	{ "CHANNELS", "channels", GRID_NUMBER },
};

static const struct grid_column modules[] = {
	{ "MODULE", "name", GRID_TEXT },         { "STATE", "state", GRID_TEXT },
	{ "ABI", "abi", GRID_TEXT },             { "SESSIONS", "sessions", GRID_NUMBER },
	{ "FILE", "file", GRID_TEXT },
};

static const struct grid_column realms[] = {
	{ "REALM", "name", GRID_TEXT },          { "SIDE", "side", GRID_TEXT },
	{ "ADDRESS", "address", GRID_TEXT },     { "ADDRESS6", "address6", GRID_TEXT },
	{ "MEDIA", "media", GRID_TEXT },         { "PORTS", "ports", GRID_NUMBER },
	{ "TAKEN", "ports_taken", GRID_NUMBER }, { "RESTING", "ports_quarantined", GRID_NUMBER },
	{ "LATCH", "latch", GRID_TEXT },         { "DEVICE", "device", GRID_TEXT },
	{ "REMOVED", "removed", GRID_YES },
};

static const struct grid_column pairs[] = {
	{ "COUNTER", "name", GRID_TEXT },
	{ "VALUE", "value", GRID_NUMBER },
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
		err = grid_print(out, streams, ROWS(streams), l.row, l.n);
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
		err = grid_print(out, pairs, ROWS(pairs), l.row, l.n);
	rows_free(&l);
	return err;
}

static int print_list(FILE *out, const struct grid_column *column, size_t n, const struct json *list)
{
	struct row_list l = { NULL, NULL, 0 };
	int err = rows_new(&l, count(list), 0);

	for (const struct json *j = list->child; j && !err; j = j->next)
		l.row[l.n++] = j;
	if (!err)
		err = grid_print(out, column, n, l.row, l.n);
	rows_free(&l);
	return err;
}

/* ---- replies ---- */

static const struct {
	const char *key;
	const struct grid_column *column;
	size_t n;
} lists[] = {
	{ "sessions", sessions, ROWS(sessions) }, { "bindings", bindings, ROWS(bindings) },
	{ "modules", modules, ROWS(modules) },    { "realms", realms, ROWS(realms) },
};

/* Tables of one reply, with a heading each. */
static const struct {
	const char *key, *heading;
	const struct grid_column *column;
	size_t n;
} parts[] = {
	{ "signalling", "Signalling", signalling, ROWS(signalling) },
	{ "media", "Media", media, ROWS(media) },
	{ "uplinks", "Registrations", uplinks, ROWS(uplinks) },
	{ "trunks", "Trunks", trunks, ROWS(trunks) },
};

/* How many tables there were; -1. */
static int print_parts(FILE *out, const struct json *reply)
{
	int printed = 0;

	for (size_t i = 0; i < ROWS(parts); i++) {
		const struct json *j = json_get(reply, parts[i].key);

		if (!j || j->type != JSON_ARRAY)
			continue;
		fprintf(out, "%s%s\n", printed++ ? "\n" : "", parts[i].heading);
		if (print_list(out, parts[i].column, parts[i].n, j))
			return -1;
	}
	return printed;
}

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
	int printed;

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
	printed = print_parts(out, reply);
	return printed ? printed < 0 ? -1 : 0 : print_facts(out, reply);
}
