#include "text_msg.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "tree.h"

struct reader {
	struct msg *m;
	struct tree tree;
	const char *text;
};

static const struct {
	const char *pretty, *compact;
	enum msg_verb verb;
} verbs[] = {
	{ "Add", "A", MSG_ADD },
	{ "Move", "MV", MSG_MOVE },
	{ "Modify", "MF", MSG_MODIFY },
	{ "Subtract", "S", MSG_SUBTRACT },
	{ "AuditCapability", "AC", MSG_AUDIT_CAP },
	{ "AuditValue", "AV", MSG_AUDIT_VALUE },
	{ "Notify", "N", MSG_NOTIFY },
	{ "ServiceChange", "SC", MSG_SERVICE_CHANGE },
};

static const struct {
	const char *pretty, *compact;
	enum msg_method method;
} methods[] = {
	{ "Failover", "FL", MSG_SC_FAILOVER },         { "Forced", "FO", MSG_SC_FORCED },
	{ "Graceful", "GR", MSG_SC_GRACEFUL },         { "Restart", "RS", MSG_SC_RESTART },
	{ "Disconnected", "DC", MSG_SC_DISCONNECTED }, { "HandOff", "HO", MSG_SC_HANDOFF },
};

static const struct tree_node *child(const struct reader *r, const struct tree_node *n)
{
	return n->first == TREE_NONE ? NULL : &r->tree.node[n->first];
}

static const struct tree_node *sibling(const struct reader *r, const struct tree_node *n)
{
	return n->next == TREE_NONE ? NULL : &r->tree.node[n->next];
}

static uint32_t place(const struct reader *r, struct pn_str s)
{
	return (uint32_t)(s.p - r->text);
}

static struct msg_item *add_item(struct reader *r, enum msg_item_kind kind, struct pn_str span)
{
	struct msg_item *i = msg_add_item(r->m, kind);

	if (!i)
		return NULL;
	i->at = place(r, span);
	i->len = (uint32_t)span.len;
	return i;
}

/* ---- descriptors ---- */

static int read_error(struct reader *r, struct pn_str value, int *out)
{
	uint32_t code;

	if (str_u32(value, &code) || code > UINT16_MAX || !code)
		return msg_bad(r->m, "error code expected");
	*out = (int)code;
	return 0;
}

static int read_sdp(struct reader *r, const struct tree_node *n, enum msg_item_kind kind,
		    uint16_t stream)
{
	struct pn_str body = { r->text + n->body, n->body_end - n->body };
	struct msg_item *i = add_item(r, kind, body);

	if (!i)
		return -E2BIG;
	i->sdp = body;
	i->stream = stream;
	i->command = r->m->n_commands - 1;
	r->m->command[i->command].n_items++;
	return 0;
}

static void read_mode(struct reader *r, const struct tree_node *control, uint16_t stream)
{
	struct msg_command *c = &r->m->command[r->m->n_commands - 1];
	uint32_t bit = stream >= 1 && stream <= 32 ? 1u << (stream - 1) : 0;
	struct pn_str name, value;

	for (const struct tree_node *n = child(r, control); n; n = sibling(r, n)) {
		tree_split(&r->tree, n, &name, &value);
		if (!tree_is(name, "Mode", "MO"))
			continue;
		if (tree_is(value, "SendReceive", "SR"))
			c->loud |= bit;
		else
			c->quiet |= bit;
	}
}

/* streamParm, within Media or within Stream. */
static int read_stream_part(struct reader *r, const struct tree_node *n, uint16_t stream)
{
	struct pn_str name, value;

	tree_split(&r->tree, n, &name, &value);
	if (n->raw)
		return read_sdp(r, n, tree_is(name, "Local", "L") ? MSG_LOCAL : MSG_REMOTE, stream);
	if (tree_is(name, "LocalControl", "O"))
		read_mode(r, n, stream);
	return 0;
}

static int read_stream(struct reader *r, const struct tree_node *stream, struct pn_str value)
{
	uint32_t id;
	int err = 0;

	if (str_u32(value, &id) || id > UINT16_MAX)
		return msg_bad(r->m, "stream id expected");
	for (const struct tree_node *n = child(r, stream); n && !err; n = sibling(r, n))
		err = read_stream_part(r, n, (uint16_t)id);
	return err;
}

static int read_media(struct reader *r, const struct tree_node *media)
{
	struct pn_str name, value;
	int err = 0;

	for (const struct tree_node *n = child(r, media); n && !err; n = sibling(r, n)) {
		tree_split(&r->tree, n, &name, &value);
		err = tree_is(name, "Stream", "ST") ? read_stream(r, n, value)
						    : read_stream_part(r, n, 1);
	}
	return err;
}

/* H.248.37: ipnapt/latch{napt=RELATCH}, maybe of one stream. */
static void read_latch(struct reader *r, const struct tree_node *signal)
{
	uint32_t streams = MSG_STREAMS_ALL, id;
	struct pn_str name, value;
	bool anew = false;

	for (const struct tree_node *n = child(r, signal); n; n = sibling(r, n)) {
		tree_split(&r->tree, n, &name, &value);
		if (tree_is(name, "napt", "napt"))
			anew = str_iis(value, "RELATCH");
		else if (tree_is(name, "Stream", "ST") && !str_u32(value, &id))
			streams = id >= 1 && id <= 32 ? 1u << (id - 1) : 0;
	}
	if (anew)
		r->m->command[r->m->n_commands - 1].relatch |= streams;
}

static void read_signals(struct reader *r, const struct tree_node *signals)
{
	struct pn_str name, value;

	for (const struct tree_node *n = child(r, signals); n; n = sibling(r, n)) {
		tree_split(&r->tree, n, &name, &value);
		if (tree_is(name, "ipnapt/latch", "ipnapt/latch"))
			read_latch(r, n);
	}
}

static int read_sc_mid(struct reader *r, enum msg_item_kind kind, struct pn_str value)
{
	struct pn_str inner = value;
	struct msg_item *i;
	struct mid mid;

	if (inner.len > 1 && inner.p[0] == '"')
		inner = (struct pn_str){ value.p + 1, value.len - 2 };
	if (mid_parse(inner, kind == MSG_SC_ADDRESS, &mid))
		return msg_bad(r->m, "address expected in ServiceChange");
	i = add_item(r, kind, inner);
	if (!i)
		return -E2BIG;
	i->mid = mid;
	i->command = r->m->n_commands - 1;
	r->m->command[i->command].n_items++;
	return 0;
}

/* An MTP address has braces of its own: the value is the item from behind the "=". */
static struct pn_str sc_value(const struct reader *r, const struct tree_node *n,
			      struct pn_str value)
{
	if (n->braces && value.p)
		value.len = (size_t)(r->text + n->end - value.p);
	return value;
}

static void read_method(struct msg_command *c, struct pn_str value)
{
	c->method = MSG_SC_OTHER;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (tree_is(value, methods[i].pretty, methods[i].compact))
			c->method = methods[i].method;
}

static int read_services(struct reader *r, const struct tree_node *services)
{
	struct pn_str name, value;
	int err = 0;

	for (const struct tree_node *n = child(r, services); n && !err; n = sibling(r, n)) {
		tree_split(&r->tree, n, &name, &value);
		if (tree_is(name, "ServiceChangeAddress", "AD"))
			err = read_sc_mid(r, MSG_SC_ADDRESS, sc_value(r, n, value));
		else if (tree_is(name, "MgcIdToTry", "MG"))
			err = read_sc_mid(r, MSG_SC_MGC, sc_value(r, n, value));
		else if (tree_is(name, "Method", "MT"))
			read_method(&r->m->command[r->m->n_commands - 1], value);
	}
	return err;
}

/* ---- commands ---- */

static int read_parameter(struct reader *r, const struct tree_node *n)
{
	struct pn_str name, value;

	tree_split(&r->tree, n, &name, &value);
	if (tree_is(name, "Media", "M"))
		return read_media(r, n);
	if (tree_is(name, "Services", "SV"))
		return read_services(r, n);
	if (tree_is(name, "Signals", "SG"))
		read_signals(r, n);
	if (tree_is(name, "Error", "ER"))
		return read_error(r, value, &r->m->command[r->m->n_commands - 1].error);
	return 0;
}

static struct pn_str skip_prefix(struct pn_str name, struct msg_command *c)
{
	while (name.len > 2 && name.p[1] == '-' && strchr("OoWw", name.p[0])) {
		c->wildcard_reply = c->wildcard_reply || toupper((unsigned char)name.p[0]) == 'W';
		name = (struct pn_str){ name.p + 2, name.len - 2 };
	}
	return name;
}

/* 1: it is a command; 0: something else of the context. */
static int read_command(struct reader *r, const struct tree_node *node)
{
	struct msg_command head = { 0 }, *c;
	struct pn_str name, value;
	size_t i;
	int err = 0;

	tree_split(&r->tree, node, &name, &value);
	name = skip_prefix(name, &head);
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (tree_is(name, verbs[i].pretty, verbs[i].compact))
			break;
	if (i == sizeof(verbs) / sizeof(verbs[0]))
		return 0;
	if (!value.len)
		return msg_bad(r->m, "termination id expected");
	if (node->braces && node->first == TREE_NONE)
		return msg_bad(r->m, "command with nothing between its braces");
	c = msg_add_command(r->m);
	if (!c)
		return -E2BIG;
	c->verb = verbs[i].verb;
	c->wildcard_reply = head.wildcard_reply;
	msg_set_term(c, value);
	for (const struct tree_node *n = child(r, node); n && !err; n = sibling(r, n))
		err = read_parameter(r, n);
	return err ? err : 1;
}

static int read_context_id(struct reader *r, struct pn_str s, uint32_t *out)
{
	if (str_is(s, "-"))
		*out = MSG_CONTEXT_NULL;
	else if (str_is(s, "$"))
		*out = MSG_CONTEXT_CHOOSE;
	else if (str_is(s, "*"))
		*out = MSG_CONTEXT_ALL;
	else if (str_u32(s, out))
		return msg_bad(r->m, "context id expected");
	return 0;
}

static int read_action(struct reader *r, const struct tree_node *node)
{
	struct pn_str name, value;
	struct msg_action *a;
	int err;

	tree_split(&r->tree, node, &name, &value);
	if (!tree_is(name, "Context", "C") || !node->braces)
		return msg_bad(r->m, "context expected");
	a = msg_add_action(r->m);
	if (!a)
		return -E2BIG;
	err = read_context_id(r, value, &a->context);
	for (const struct tree_node *n = child(r, node); n && err >= 0; n = sibling(r, n)) {
		err = read_command(r, n);
		if (err)
			continue;
		tree_split(&r->tree, n, &name, &value);
		if (tree_is(name, "Error", "ER"))
			err = read_error(r, value, &r->m->action[r->m->n_actions - 1].error);
	}
	return err < 0 ? err : 0;
}

/* ---- transactions ---- */

static int read_tx_id(struct reader *r, struct pn_str value, uint32_t *id)
{
	struct msg_item *i;

	/* OTP writes and takes an empty id */
	if (!value.p || (value.len && str_u32(value, id)))
		return msg_bad(r->m, "transaction id expected");
	i = add_item(r, MSG_ID, value);
	if (!i)
		return -E2BIG;
	i->id = *id;
	return 0;
}

/* "id", and in replies of version 3 "id/segment" or "id/segment/END". */
static struct pn_str read_segment(struct msg_transaction *tx, struct pn_str value)
{
	const char *slash = value.len ? memchr(value.p, '/', value.len) : NULL;
	char last = value.len ? value.p[value.len - 1] : '\0';

	if (!slash)
		return value;
	tx->segmented = true;
	tx->last = last == '&' || toupper((unsigned char)last) == 'D';
	return (struct pn_str){ value.p, (size_t)(slash - value.p) };
}

static int read_actions(struct reader *r, const struct tree_node *node)
{
	uint32_t tx = r->m->n_tx - 1;
	struct pn_str name, value;
	int err = 0;

	for (const struct tree_node *n = child(r, node); n && !err; n = sibling(r, n)) {
		tree_split(&r->tree, n, &name, &value);
		if (tree_is(name, "Error", "ER"))
			err = read_error(r, value, &r->m->tx[tx].error);
		else if (!tree_is(name, "ImmAckRequired", "IA"))
			err = read_action(r, n);
	}
	return err;
}

static int read_ack_ids(struct reader *r, struct pn_str ids)
{
	const char *dash = ids.len ? memchr(ids.p, '-', ids.len) : NULL;
	struct pn_str part = ids;
	struct msg_item *i;
	uint32_t id = 0;
	int err;

	if (dash)
		part.len = (size_t)(dash - ids.p);
	part = str_trim(part);
	err = part.len ? read_tx_id(r, part, &id) : msg_bad(r->m, "transaction id expected");
	if (err || !dash)
		return err;
	i = &r->m->item[r->m->n_items - 1];
	i->kind = MSG_ID_RANGE;
	part = str_trim((struct pn_str){ dash + 1, (size_t)(ids.p + ids.len - dash) - 1 });
	if (str_u32(part, &i->last))
		return msg_bad(r->m, "transaction id expected");
	i->len = place(r, part) + (uint32_t)part.len - i->at;
	return 0;
}

static int read_acks(struct reader *r, const struct tree_node *node)
{
	uint32_t tx = r->m->n_tx - 1;
	int err = 0;

	for (const struct tree_node *n = child(r, node); n && !err; n = sibling(r, n))
		err = read_ack_ids(r, (struct pn_str){ r->text + n->at, n->len });
	r->m->tx[tx].n_items = r->m->n_items - r->m->tx[tx].item;
	return err;
}

static const struct {
	const char *pretty, *compact;
	enum msg_tx_kind kind;
	bool braces;
} transactions[] = {
	{ "Transaction", "T", MSG_REQUEST, true }, { "Reply", "P", MSG_REPLY, true },
	{ "Pending", "PN", MSG_PENDING, true },    { "TransactionResponseAck", "K", MSG_ACK, true },
	{ "Segment", "SM", MSG_SEGMENT, false },
};

static int read_transaction(struct reader *r, const struct tree_node *node)
{
	const size_t kinds = sizeof(transactions) / sizeof(transactions[0]);
	struct msg_transaction *tx;
	struct pn_str name, value;
	size_t i;
	int err;

	tree_split(&r->tree, node, &name, &value);
	for (i = 0; i < kinds; i++)
		if (tree_is(name, transactions[i].pretty, transactions[i].compact))
			break;
	if (i == kinds || node->braces != transactions[i].braces)
		return msg_bad(r->m, "transaction expected");
	tx = msg_add_tx(r->m);
	if (!tx)
		return -E2BIG;
	tx->kind = transactions[i].kind;
	tx->at = node->at;
	tx->len = node->end - node->at;
	if (tx->kind == MSG_ACK)
		return read_acks(r, node);
	value = read_segment(tx, value);
	if (tx->kind == MSG_SEGMENT && !value.len)
		return msg_bad(r->m, "transaction id expected");
	tx->id_item = r->m->n_items;
	err = read_tx_id(r, value, &tx->id);
	if (!err && (tx->kind == MSG_REQUEST || tx->kind == MSG_REPLY))
		err = read_actions(r, node);
	return err;
}

static int read_body(struct reader *r)
{
	const struct tree_node *n = r->tree.n ? r->tree.node : NULL;
	struct pn_str name, value;
	int err = 0;

	if (!n)
		return msg_bad(r->m, "message without a body");
	tree_split(&r->tree, n, &name, &value);
	if (tree_is(name, "Error", "ER"))
		return n->next == TREE_NONE ? read_error(r, value, &r->m->error)
					    : msg_bad(r->m, "nothing may follow an error");
	for (; n && !err; n = sibling(r, n))
		err = read_transaction(r, n);
	return err;
}

/* ---- the header ---- */

static bool take_word(struct reader *r, uint32_t *at, const char *pretty, const char *compact)
{
	const char *word[] = { pretty, compact };

	for (unsigned i = 0; i < 2; i++) {
		size_t n = strlen(word[i]);

		if (r->m->len - *at >= n && !strncasecmp(r->text + *at, word[i], n)) {
			*at += (uint32_t)n;
			return true;
		}
	}
	return false;
}

/* Authentication = SPI:sequence:data, white space behind it. */
static int read_auth(struct reader *r, uint32_t *at)
{
	uint32_t pos = *at, len = r->m->len;

	if (!take_word(r, &pos, "Authentication", "AU"))
		return 0;
	pos = tree_skip(r->text, len, pos);
	if (pos >= len || r->text[pos] != '=')
		return msg_bad(r->m, "authentication header not understood");
	pos = tree_skip(r->text, len, pos + 1);
	while (pos < len && (isxdigit((unsigned char)r->text[pos]) || r->text[pos] == ':' ||
			     r->text[pos] == 'x' || r->text[pos] == 'X'))
		pos++;
	r->m->auth = true;
	*at = tree_skip(r->text, len, pos);
	return 0;
}

static int read_version(struct reader *r, uint32_t *at)
{
	unsigned digits = 0;

	if (!take_word(r, at, "MEGACO/", "!/"))
		return msg_bad(r->m, "not a Megaco message");
	r->m->coding = r->text[*at - 2] == '!' ? MSG_COMPACT : MSG_PRETTY;
	for (; *at < r->m->len && isdigit((unsigned char)r->text[*at]) && digits < 2; digits++)
		r->m->version = r->m->version * 10 + (unsigned)(r->text[(*at)++] - '0');
	return digits ? 0 : msg_bad(r->m, "version expected");
}

static uint32_t mid_end(const struct reader *r, uint32_t at)
{
	uint32_t len = r->m->len, end = at;
	const char *brace;

	while (end < len && !isspace((unsigned char)r->text[end]) && r->text[end] != ';' &&
	       r->text[end] != '{')
		end++;
	if (end - at != 3 || strncasecmp(r->text + at, "MTP", 3))
		return end;
	brace = memchr(r->text + end, '}', len - end);
	return brace ? (uint32_t)(brace - r->text) + 1 : end;
}

static int read_mid(struct reader *r, uint32_t *at)
{
	uint32_t from = tree_skip(r->text, r->m->len, *at), to = mid_end(r, from);
	struct pn_str span = { r->text + from, to - from };
	struct msg_item *i;
	struct mid mid;

	if (from == *at || mid_parse(span, false, &mid))
		return msg_bad(r->m, "message identifier expected");
	i = add_item(r, MSG_MID, span);
	if (!i)
		return -E2BIG;
	i->mid = mid;
	*at = tree_skip(r->text, r->m->len, to);
	return *at == to ? msg_bad(r->m, "white space expected behind the message identifier") : 0;
}

int text_msg_read(struct msg *m)
{
	struct reader r = { .m = m, .text = m->data };
	uint32_t at = tree_skip(m->data, m->len, 0);
	int err = read_auth(&r, &at);

	if (!err)
		err = read_version(&r, &at);
	if (!err)
		err = read_mid(&r, &at);
	if (err)
		return err;
	m->body = at;
	err = tree_read(&r.tree, m->data, m->len, at);
	if (err)
		m->why = r.tree.why ? r.tree.why : "too many parts";
	else
		err = read_body(&r);
	tree_free(&r.tree);
	return err;
}
