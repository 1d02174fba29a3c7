#include "ber_msg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ber_sdp.h"

#define EXTRA_PER_OCTET 3u /* text made of a message is no longer than this times its length */
#define HEX_ROOT "ffffffffffffffff"

struct reader {
	struct msg *m;
	size_t extra, cap; /* of m->extra */
	uint16_t stream;
};

static int bad(struct reader *r, const char *why)
{
	return msg_bad(r->m, why);
}

static uint32_t place(const struct reader *r, const struct ber *e)
{
	return (uint32_t)(e->p - (const uint8_t *)r->m->data);
}

static struct msg_item *add_item(struct reader *r, enum msg_item_kind kind, const struct ber *e)
{
	struct msg_item *i = msg_add_item(r->m, kind);

	if (!i)
		return NULL;
	i->at = place(r, e);
	i->len = (uint32_t)e->total;
	return i;
}

static void of_command(struct reader *r, struct msg_item *i)
{
	i->command = r->m->n_commands - 1;
	r->m->command[i->command].n_items++;
}

/* A list of elements, each given to fn. */
static int each(struct reader *r, const struct ber *e,
		int (*fn)(struct reader *r, const struct ber *e))
{
	struct ber_list l = ber_inside(e);
	struct ber inner;
	int err;

	while (!(err = ber_next(&l, &inner))) {
		err = fn(r, &inner);
		if (err)
			return err;
	}
	return err == -ENOENT ? 0 : bad(r, "element cut short");
}

/* The element within an explicit tag of a CHOICE. */
static int choice_of(struct reader *r, const struct ber *e, struct ber *out)
{
	struct ber_list l = ber_inside(e);

	return ber_next(&l, out) ? bad(r, "choice expected") : 0;
}

static int read_u32(struct reader *r, const struct ber *in, unsigned tag, uint32_t *out)
{
	struct ber e;

	if (ber_find(ber_inside(in), tag, &e) || ber_u32(&e, out))
		return bad(r, "number expected");
	return 0;
}

static int read_error(struct reader *r, const struct ber *e, int *out)
{
	uint32_t code;
	int err = read_u32(r, e, BER_TAG(0), &code);

	if (err || code > UINT16_MAX || !code)
		return bad(r, "error code expected");
	*out = (int)code;
	return 0;
}

/* ---- termination ids ---- */

/* Annex A.1: bit 7 of a wildcard octet says ALL, bit 6 that it reaches all lower levels, the rest
 * where it begins, counted from the lowest bit. As text, the digits below become one wildcard. */
static int read_term(struct reader *r, const struct ber *e)
{
	static const char digit[] = "0123456789abcdef";
	struct msg_command *c = &r->m->command[r->m->n_commands - 1];
	char *out = r->m->extra + r->extra;
	struct ber id, wildcards, w;
	struct ber_list l;
	size_t n = 0;

	if (ber_find(ber_inside(e), BER_TAG(0), &wildcards) ||
	    ber_find(ber_inside(e), BER_TAG(1), &id) || !id.len || id.constructed)
		return bad(r, "termination id expected");
	if (2 * id.len + 1 > r->cap - r->extra)
		return bad(r, "termination id too long");
	for (size_t i = 0; i < id.len; i++) {
		out[n++] = digit[id.p[id.header + i] >> 4];
		out[n++] = digit[id.p[id.header + i] & 15];
	}
	l = ber_inside(&wildcards);
	if (!ber_next(&l, &w) && w.len == 1) {
		uint8_t octet = w.p[w.header];
		size_t below = ((octet & 0x3fu) + 1) / 4;

		n = below < n ? n - below : 0;
		out[n++] = octet & 0x80 ? '*' : '$';
	}
	r->extra += n;
	msg_set_term(c, (struct pn_str){ out, n });
	c->root = str_is(c->term, HEX_ROOT);
	if (c->root)
		c->term = str_of("ROOT");
	return 0;
}

/* TerminationIDList: the first one counts, others follow in no command that is used. */
static int read_terms(struct reader *r, const struct ber *command)
{
	struct ber list, term;

	if (ber_find(ber_inside(command), BER_TAG(0), &list))
		return bad(r, "termination id expected");
	if (choice_of(r, &list, &term))
		return -EBADMSG;
	return read_term(r, term.tag == BER_SEQUENCE ? &term : &list);
}

/* ---- media ---- */

static int read_sdp(struct reader *r, const struct ber *e, enum msg_item_kind kind)
{
	struct msg_item *i = add_item(r, kind, e);
	char *out = r->m->extra + r->extra;
	long n = ber_sdp_text(e, out, r->cap - r->extra);

	if (!i)
		return -E2BIG;
	if (n < 0)
		return bad(r, "session description not understood");
	r->extra += (size_t)n;
	i->sdp = (struct pn_str){ out, (size_t)n };
	i->stream = r->stream;
	of_command(r, i);
	return 0;
}

static void read_mode(struct reader *r, const struct ber *control)
{
	struct msg_command *c = &r->m->command[r->m->n_commands - 1];
	uint32_t bit = r->stream >= 1 && r->stream <= 32 ? 1u << (r->stream - 1) : 0, mode;
	struct ber e;

	if (ber_find(ber_inside(control), BER_TAG(0), &e) || ber_u32(&e, &mode))
		return;
	if (mode == 2) /* sendRecv */
		c->loud |= bit;
	else
		c->quiet |= bit;
}

static int read_stream_part(struct reader *r, const struct ber *e)
{
	if (e->tag == BER_TAG(0))
		read_mode(r, e);
	if (e->tag == BER_TAG(1))
		return read_sdp(r, e, MSG_LOCAL);
	if (e->tag == BER_TAG(2))
		return read_sdp(r, e, MSG_REMOTE);
	return 0;
}

static int read_stream(struct reader *r, const struct ber *e)
{
	struct ber parms;
	uint32_t id;
	int err = read_u32(r, e, BER_TAG(0), &id);

	if (err || id > UINT16_MAX)
		return bad(r, "stream id expected");
	r->stream = (uint16_t)id;
	if (ber_find(ber_inside(e), BER_TAG(1), &parms))
		return bad(r, "stream expected");
	return each(r, &parms, read_stream_part);
}

static int read_media(struct reader *r, const struct ber *media)
{
	struct ber streams, choice;
	int err = ber_find(ber_inside(media), BER_TAG(1), &streams);

	if (err)
		return err == -ENOENT ? 0 : bad(r, "media not understood");
	if (choice_of(r, &streams, &choice))
		return -EBADMSG;
	r->stream = 1;
	return each(r, &choice, choice.tag == BER_TAG(0) ? read_stream_part : read_stream);
}

static bool is_octets(const struct ber *e, const void *want, size_t len)
{
	return !e->constructed && e->len == len && !memcmp(e->p + e->header, want, len);
}

/* Parameter napt (0x0001) with the value RELATCH (2). */
static int read_latch_parameter(struct reader *r, const struct ber *e)
{
	static const uint8_t napt[] = { 0, 1 };
	struct msg_command *c = &r->m->command[r->m->n_commands - 1];
	struct ber name, values, value;
	struct ber_list l;

	if (ber_find(ber_inside(e), BER_TAG(0), &name) || !is_octets(&name, napt, sizeof(napt)) ||
	    ber_find(ber_inside(e), BER_TAG(1), &values))
		return 0;
	l = ber_inside(&values);
	if (!ber_next(&l, &value) && value.len && value.p[value.header + value.len - 1] == 2)
		c->relatch |= r->stream ? 1u << (r->stream - 1) : MSG_STREAMS_ALL;
	return 0;
}

/* H.248.37: package ipnapt (0x0099), signal latch (0x0001), maybe of one stream. */
static int read_signal(struct reader *r, const struct ber *request)
{
	static const uint8_t latch[] = { 0, 0x99, 0, 1 };
	struct ber e, parameters;
	uint32_t id = 0;

	if (request->tag != BER_TAG(0) || ber_find(ber_inside(request), BER_TAG(0), &e) ||
	    !is_octets(&e, latch, sizeof(latch)) ||
	    ber_find(ber_inside(request), BER_TAG(6), &parameters))
		return 0;
	if (!ber_find(ber_inside(request), BER_TAG(1), &e) && (ber_u32(&e, &id) || !id || id > 32))
		return 0;
	r->stream = (uint16_t)id;
	return each(r, &parameters, read_latch_parameter);
}

static int read_amm_descriptor(struct reader *r, const struct ber *e)
{
	if (e->tag == BER_TAG(5))
		return each(r, e, read_signal);
	return e->tag == BER_TAG(0) ? read_media(r, e) : 0;
}

static int read_audit_parameter(struct reader *r, const struct ber *e)
{
	if (e->tag == BER_TAG(0))
		return read_error(r, e, &r->m->command[r->m->n_commands - 1].error);
	return e->tag == BER_TAG(1) ? read_media(r, e) : 0;
}

/* ---- service change ---- */

static int read_sc_mid(struct reader *r, const struct ber *wrapped, enum msg_item_kind kind)
{
	struct ber choice;
	struct msg_item *i;
	struct mid mid;

	if (choice_of(r, wrapped, &choice) || r->cap - r->extra <= MID_MTP_MAX ||
	    ber_mid_read(&choice, kind == MSG_SC_ADDRESS, &mid, r->m->extra + r->extra))
		return bad(r, "address expected in ServiceChange");
	r->extra += MID_MTP_MAX + 1;
	i = add_item(r, kind, &choice);
	if (!i)
		return -E2BIG;
	i->mid = mid;
	of_command(r, i);
	return 0;
}

static int read_sc_parameter(struct reader *r, const struct ber *e)
{
	static const enum msg_method method[] = { MSG_SC_FAILOVER,     MSG_SC_FORCED,
						  MSG_SC_GRACEFUL,     MSG_SC_RESTART,
						  MSG_SC_DISCONNECTED, MSG_SC_HANDOFF };
	uint32_t v;

	if (e->tag == BER_TAG(0))
		r->m->command[r->m->n_commands - 1].method =
			!ber_u32(e, &v) && v < 6 ? method[v] : MSG_SC_OTHER;
	if (e->tag == BER_TAG(1))
		return read_sc_mid(r, e, MSG_SC_ADDRESS);
	return e->tag == BER_TAG(6) ? read_sc_mid(r, e, MSG_SC_MGC) : 0;
}

static int read_sc_result(struct reader *r, const struct ber *e)
{
	if (e->tag == BER_TAG(0))
		return read_sc_mid(r, e, MSG_SC_MGC);
	return e->tag == BER_TAG(1) ? read_sc_mid(r, e, MSG_SC_ADDRESS) : 0;
}

/* ---- commands ---- */

static int add_command(struct reader *r, const struct ber *e)
{
	static const enum msg_verb verb[] = { MSG_ADD,      MSG_MOVE,          MSG_MODIFY,
					      MSG_SUBTRACT, MSG_AUDIT_CAP,     MSG_AUDIT_VALUE,
					      MSG_NOTIFY,   MSG_SERVICE_CHANGE };
	unsigned choice = e->tag & 0x1f;
	struct msg_command *c;

	if (e->tag < BER_TAG(0) || choice >= sizeof(verb) / sizeof(verb[0]))
		return bad(r, "command not known");
	c = msg_add_command(r->m);
	if (!c)
		return -E2BIG;
	c->verb = verb[choice];
	return 0;
}

static int read_request_command(struct reader *r, const struct ber *e)
{
	struct msg_command *c = &r->m->command[r->m->n_commands - 1];
	struct ber part;
	int err;

	if (c->verb == MSG_AUDIT_CAP || c->verb == MSG_AUDIT_VALUE) {
		if (ber_find(ber_inside(e), BER_TAG(0), &part))
			return bad(r, "termination id expected");
		return read_term(r, &part);
	}
	err = read_terms(r, e);
	if (err || ber_find(ber_inside(e), BER_TAG(1), &part))
		return err;
	if (c->verb == MSG_SERVICE_CHANGE)
		return each(r, &part, read_sc_parameter);
	return c->verb <= MSG_MODIFY ? each(r, &part, read_amm_descriptor) : 0;
}

static int read_request(struct reader *r, const struct ber *e)
{
	struct ber wrapped, choice, flag;
	int err;

	if (ber_find(ber_inside(e), BER_TAG(0), &wrapped) || choice_of(r, &wrapped, &choice))
		return bad(r, "command expected");
	err = add_command(r, &choice);
	if (err)
		return err;
	r->m->command[r->m->n_commands - 1].wildcard_reply =
		!ber_find(ber_inside(e), BER_TAG(2), &flag);
	return read_request_command(r, &choice);
}

/* A choice of a list of ids, an error, a result, and (version 3) a result for a list of
 * terminations; in the first edition a termination id and a result, side by side. */
static int read_audit_reply(struct reader *r, const struct ber *e)
{
	struct msg_command *c = &r->m->command[r->m->n_commands - 1];
	struct ber first, id, result;
	int err;

	if (choice_of(r, e, &first))
		return -EBADMSG;
	if (first.total < e->len) {
		err = read_term(r, &first);
		if (err || ber_find(ber_inside(e), BER_TAG(1), &result) ||
		    choice_of(r, &result, &id) || id.tag != BER_TAG(1))
			return err;
		return each(r, &id, read_audit_parameter);
	}
	if (first.tag == BER_TAG(1))
		return read_error(r, &first, &c->error);
	if (first.tag != BER_TAG(2) && first.tag != BER_TAG(3))
		return 0;
	if (ber_find(ber_inside(&first), BER_TAG(0), &id))
		return bad(r, "termination id expected");
	err = first.tag == BER_TAG(2) ? read_term(r, &id) : read_terms(r, &first);
	if (err || ber_find(ber_inside(&first), BER_TAG(1), &result))
		return err;
	return each(r, &result, read_audit_parameter);
}

static int read_sc_reply(struct reader *r, const struct ber *e)
{
	struct ber wrapped, choice;
	int err = read_terms(r, e);

	if (err || ber_find(ber_inside(e), BER_TAG(1), &wrapped))
		return err;
	if (choice_of(r, &wrapped, &choice))
		return -EBADMSG;
	if (choice.tag == BER_TAG(0))
		return read_error(r, &choice, &r->m->command[r->m->n_commands - 1].error);
	return each(r, &choice, read_sc_result);
}

static int read_notify_reply(struct reader *r, const struct ber *e)
{
	struct ber part;

	if (!ber_find(ber_inside(e), BER_TAG(0), &part) && read_terms(r, e))
		return -EBADMSG;
	if (!ber_find(ber_inside(e), BER_TAG(1), &part))
		return read_error(r, &part, &r->m->command[r->m->n_commands - 1].error);
	return 0;
}

static int read_reply(struct reader *r, const struct ber *e)
{
	struct ber part;
	int err = add_command(r, e);

	if (err)
		return err;
	switch (r->m->command[r->m->n_commands - 1].verb) {
	case MSG_AUDIT_CAP:
	case MSG_AUDIT_VALUE:
		return read_audit_reply(r, e);
	case MSG_SERVICE_CHANGE:
		return read_sc_reply(r, e);
	case MSG_NOTIFY:
		return read_notify_reply(r, e);
	default:
		err = read_terms(r, e);
		if (err || ber_find(ber_inside(e), BER_TAG(1), &part))
			return err;
		return each(r, &part, read_audit_parameter);
	}
}

/* ---- actions and transactions ---- */

static int add_action(struct reader *r, const struct ber *e)
{
	struct msg_action *a = msg_add_action(r->m);

	if (!a)
		return -E2BIG;
	return read_u32(r, e, BER_TAG(0), &a->context);
}

static int read_action_request(struct reader *r, const struct ber *e)
{
	struct ber commands;
	int err = add_action(r, e);

	if (err || ber_find(ber_inside(e), BER_TAG(3), &commands))
		return err;
	return each(r, &commands, read_request);
}

static int read_action_reply(struct reader *r, const struct ber *e)
{
	struct ber part;
	int err = add_action(r, e);

	if (!err && !ber_find(ber_inside(e), BER_TAG(1), &part))
		err = read_error(r, &part, &r->m->action[r->m->n_actions - 1].error);
	if (err || ber_find(ber_inside(e), BER_TAG(3), &part))
		return err;
	return each(r, &part, read_reply);
}

static int read_result(struct reader *r, const struct ber *e)
{
	struct msg_transaction *tx = &r->m->tx[r->m->n_tx - 1];
	struct ber wrapped, choice, part;

	tx->segmented = !ber_find(ber_inside(e), BER_TAG(3), &part);
	tx->last = !ber_find(ber_inside(e), BER_TAG(4), &part);
	if (ber_find(ber_inside(e), BER_TAG(2), &wrapped) || choice_of(r, &wrapped, &choice))
		return bad(r, "result of a transaction expected");
	if (choice.tag == BER_TAG(0))
		return read_error(r, &choice, &tx->error);
	return each(r, &choice, read_action_reply);
}

/* firstAck, and lastAck of a range. */
static int read_ack(struct reader *r, const struct ber *e)
{
	struct ber_list l = ber_inside(e);
	struct ber first, last;
	struct msg_item *i;
	bool range;

	if (ber_next(&l, &first))
		return bad(r, "transaction id expected");
	range = !ber_next(&l, &last);
	i = add_item(r, range ? MSG_ID_RANGE : MSG_ID, range ? e : &first);
	if (!i)
		return -E2BIG;
	if (ber_u32(&first, &i->id) || (range && ber_u32(&last, &i->last)))
		return bad(r, "transaction id expected");
	return 0;
}

/* A list of pairs; in the first edition one pair. */
static int read_acks(struct reader *r, const struct ber *e)
{
	uint32_t tx = r->m->n_tx - 1;
	struct ber first;
	int err;

	if (choice_of(r, e, &first))
		return -EBADMSG;
	err = first.tag == BER_SEQUENCE ? each(r, e, read_ack) : read_ack(r, e);
	r->m->tx[tx].n_items = r->m->n_items - r->m->tx[tx].item;
	return err;
}

static int read_transaction(struct reader *r, const struct ber *e)
{
	static const enum msg_tx_kind kind[] = { MSG_REQUEST, MSG_PENDING, MSG_REPLY, MSG_ACK,
						 MSG_SEGMENT };
	unsigned choice = e->tag & 0x1f;
	struct msg_transaction *tx;
	struct msg_item *i;
	struct ber part;
	int err;

	if (e->tag < BER_TAG(0) || choice >= sizeof(kind) / sizeof(kind[0]))
		return bad(r, "transaction not known");
	tx = msg_add_tx(r->m);
	if (!tx)
		return -E2BIG;
	tx->kind = kind[choice];
	tx->at = place(r, e);
	tx->len = (uint32_t)e->total;
	if (tx->kind == MSG_ACK)
		return read_acks(r, e);
	tx->id_item = r->m->n_items;
	err = read_u32(r, e, BER_TAG(0), &tx->id);
	if (err || ber_find(ber_inside(e), BER_TAG(0), &part))
		return err;
	i = add_item(r, MSG_ID, &part);
	if (!i)
		return -E2BIG;
	i->id = tx->id;
	if (tx->kind == MSG_REPLY)
		return read_result(r, e);
	if (tx->kind != MSG_REQUEST || ber_find(ber_inside(e), BER_TAG(1), &part))
		return 0;
	return each(r, &part, read_action_request);
}

static int read_header(struct reader *r, const struct ber *message)
{
	struct ber wrapped, choice;
	struct msg_item *i;
	uint32_t version;
	struct mid mid;

	if (read_u32(r, message, BER_TAG(0), &version) ||
	    ber_find(ber_inside(message), BER_TAG(1), &wrapped) ||
	    choice_of(r, &wrapped, &choice) || ber_mid_read(&choice, false, &mid, r->m->extra))
		return bad(r, "message identifier expected");
	r->extra = MID_MTP_MAX + 1;
	r->m->version = version > 99 ? 99 : version;
	i = add_item(r, MSG_MID, &choice);
	if (!i)
		return -E2BIG;
	i->mid = mid;
	return 0;
}

int ber_msg_read(struct msg *m)
{
	struct reader r = { .m = m, .cap = EXTRA_PER_OCTET * (size_t)m->len + 64 };
	struct ber_list all = { (const uint8_t *)m->data, m->len };
	struct ber top, message, body, choice, auth;
	int err;

	m->extra = malloc(r.cap);
	if (!m->extra)
		return -ENOMEM;
	if (ber_next(&all, &top) || all.len || ber_check(&top))
		return bad(&r, "not one whole BER element");
	m->auth = !ber_find(ber_inside(&top), BER_TAG(0), &auth);
	if (ber_find(ber_inside(&top), BER_TAG(1), &message))
		return bad(&r, "message expected");
	err = read_header(&r, &message);
	if (err)
		return err;
	if (ber_find(ber_inside(&message), BER_TAG(2), &body) || choice_of(&r, &body, &choice))
		return bad(&r, "message without a body");
	m->body = place(&r, &choice);
	if (choice.tag == BER_TAG(0))
		err = read_error(&r, &choice, &m->error);
	else
		err = choice.tag == BER_TAG(1) ? each(&r, &choice, read_transaction)
					       : bad(&r, "message without a body");
	return err;
}
