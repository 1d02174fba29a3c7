#include "own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ber_msg.h"
#include "frame.h"
#include "transaction.h"

static const struct {
	int code;
	const char *text;
} errors[] = {
	{ H248_SYNTAX_MESSAGE, "Syntax error in message" },
	{ H248_UNAUTHORIZED, "Unauthorized" },
	{ H248_SYNTAX_TRANSACTION, "Syntax error in transaction request" },
	{ H248_VERSION, "Version not supported" },
	{ H248_SYNTAX_COMMAND, "Syntax error in action" },
	{ H248_NOT_READY, "Not ready" },
	{ H248_UNREGISTERED, "Transaction request received before a ServiceChange reply" },
	{ H248_RESOURCES, "Insufficient resources" },
};

static const char *text_of(int error)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].code == error)
			return errors[i].text;
	return "Refused";
}

/* ---- text ---- */

static const char *word(const struct own_form *f, const char *pretty, const char *compact)
{
	return f->coding == MSG_COMPACT ? compact : pretty;
}

static void text_header(struct text *t, const struct own_form *f)
{
	char mid[MID_TEXT_MAX] = "";

	mid_print(&f->mid, mid);
	text_fmt(t, "%s/%u %s\n", word(f, "MEGACO", "!"), f->version ? f->version : 1, mid);
}

static void text_error(struct text *t, const struct own_form *f, int error)
{
	text_fmt(t, "%s=%d{\"%s\"}", word(f, "Error", "ER"), error, text_of(error));
}

static void text_context(struct text *t, const struct own_form *f, uint32_t context)
{
	text_fmt(t, "%s=", word(f, "Context", "C"));
	if (context == MSG_CONTEXT_NULL)
		text_put(t, "-");
	else if (context == MSG_CONTEXT_ALL)
		text_put(t, "*");
	else
		text_fmt(t, "%u", context);
}

static void text_request(struct text *t, const struct own_form *f, uint32_t id, uint32_t context)
{
	text_header(t, f);
	text_fmt(t, "%s=%u{", word(f, "Transaction", "T"), id);
	text_context(t, f, context);
}

/* ---- BER: built from the inside out, so contents are given, and wrapped by put_around ---- */

struct octets {
	uint8_t p[2048];
	size_t n;
	bool full;
};

static void put_raw(struct octets *o, const void *p, size_t len)
{
	if (o->full || len > sizeof(o->p) - o->n) {
		o->full = true;
		return;
	}
	memcpy(o->p + o->n, p, len);
	o->n += len;
}

static void put_u32(struct octets *o, uint8_t tag, uint32_t v)
{
	uint8_t e[BER_HEADER_MAX + BER_INTEGER_MAX];

	put_raw(o, e, ber_put_u32(e, tag, v));
}

static void put_octets(struct octets *o, uint8_t tag, const void *p, size_t len)
{
	uint8_t head[BER_HEADER_MAX];

	put_raw(o, head, ber_put_header(head, tag, len));
	put_raw(o, p, len);
}

/* Wraps what was put since `from`. */
static void put_around(struct octets *o, size_t from, uint8_t tag)
{
	uint8_t head[BER_HEADER_MAX];
	size_t len = o->n - from, n = ber_put_header(head, tag, len);

	put_raw(o, head, n);
	if (o->full)
		return;
	memmove(o->p + from + n, o->p + from, len);
	memcpy(o->p + from, head, n);
}

static void put_error(struct octets *o, uint8_t tag, int error)
{
	size_t from = o->n;

	put_u32(o, 0x80, (uint32_t)error);
	put_octets(o, 0x81, text_of(error), strlen(text_of(error)));
	put_around(o, from, tag);
}

static void put_head(struct octets *o, const struct own_form *f)
{
	uint8_t mid[MID_NAME_MAX + 64];
	long n = ber_mid_write(&f->mid, false, mid, sizeof(mid));
	size_t from;

	put_u32(o, 0x80, f->version ? f->version : 1);
	from = o->n;
	if (n > 0)
		put_raw(o, mid, (size_t)n);
	put_around(o, from, 0xa1);
}

static int nibble(char c)
{
	return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

/* A termination id as our text of BER writes it; ROOT is eight octets of ones. */
static void put_term(struct octets *o, struct pn_str term, uint8_t tag)
{
	size_t from = o->n, n = 0;
	uint8_t id[64];

	for (; 2 * n + 1 < term.len && n < sizeof(id); n++)
		id[n] = (uint8_t)(nibble(term.p[2 * n]) << 4 | nibble(term.p[2 * n + 1]));
	if (str_is(term, "ROOT"))
		memset(id, 0xff, n = 8);
	put_octets(o, 0xa0, "", 0);
	put_octets(o, 0x81, id, n);
	put_around(o, from, tag);
}

/* head || body, wrapped up as a MegacoMessage: both were built apart. */
static void put_whole(struct octets *out, const struct own_form *f, const struct octets *body)
{
	size_t from;

	put_head(out, f);
	from = out->n;
	put_raw(out, body->p, body->n);
	put_around(out, from, 0xa2);
	out->full = out->full || body->full;
	put_around(out, 0, 0xa1);
	put_around(out, 0, BER_SEQUENCE);
}

/* A TransactionRequest around the one command in `o`, whose choice tag it already has. */
static void put_request(struct octets *o, uint32_t id, uint32_t context)
{
	struct octets inner = { .n = 0 };

	put_around(o, 0, 0xa0);         /* command */
	put_around(o, 0, BER_SEQUENCE); /* CommandRequest */
	put_around(o, 0, 0xa3);         /* commandRequests */
	put_u32(&inner, 0x80, context);
	put_raw(&inner, o->p, o->n);
	put_around(&inner, 0, BER_SEQUENCE); /* ActionRequest */
	put_around(&inner, 0, 0xa1);         /* actions */
	inner.full = inner.full || o->full;
	o->n = 0;
	put_u32(o, 0x80, id);
	put_raw(o, inner.p, inner.n);
	put_around(o, 0, 0xa0); /* transactionRequest */
	put_around(o, 0, 0xa1); /* transactions */
	o->full = o->full || inner.full;
}

/* ---- refusals ---- */

static void send_text(struct h248 *h, const struct own_form *f, struct text *t)
{
	if (!t->failed && t->len <= TEXT_MAX) {
		memcpy(h->out + H248_TPKT, t->p, t->len);
		h248_send(h, f->to.flow, &f->to.to, t->len);
	}
	text_free(t);
}

static void send_octets(struct h248 *h, const struct own_form *f, const struct octets *body)
{
	struct octets all = { .n = 0 };

	put_whole(&all, f, body);
	if (all.full)
		return;
	memcpy(h->out + H248_TPKT, all.p, all.n);
	h248_send(h, f->to.flow, &f->to.to, all.n);
}

void own_reply(struct h248 *h, const struct own_form *f, uint32_t id, int error)
{
	struct octets o = { .n = 0 };
	struct text t = { 0 };
	size_t from;

	h->svc->count(h->host, H248_CNT_OWN_REPLIES);
	if (f->coding == MSG_BINARY) {
		put_u32(&o, 0x80, id);
		from = o.n;
		put_error(&o, 0xa0, error);
		put_around(&o, from, 0xa2); /* transactionResult */
		put_around(&o, 0, 0xa2);    /* transactionReply */
		put_around(&o, 0, 0xa1);    /* transactions */
		send_octets(h, f, &o);
		return;
	}
	text_header(&t, f);
	text_fmt(&t, "%s=%u{", word(f, "Reply", "P"), id);
	text_error(&t, f, error);
	text_put(&t, "}\n");
	send_text(h, f, &t);
}

void own_error(struct h248 *h, const struct own_form *f, int error)
{
	struct octets o = { .n = 0 };
	struct text t = { 0 };

	h->svc->count(h->host, H248_CNT_OWN_REPLIES);
	if (f->coding == MSG_BINARY) {
		put_error(&o, 0xa0, error);
		send_octets(h, f, &o);
		return;
	}
	text_header(&t, f);
	text_error(&t, f, error);
	text_put(&t, "\n");
	send_text(h, f, &t);
}

/* ---- requests ---- */

static struct pn_addr local_of(const struct h248_gateway *gw)
{
	return h248_own(gw->h, gw->h->svc->binding_info(gw->binding)->flow);
}

static struct own_form form_for(const struct h248_gateway *gw, enum h248_way way)
{
	struct own_form f = { .coding = gw->coding, .version = gw->version };
	struct pn_addr local = local_of(gw);

	f.mid = way == H248_UP ? gw->shown : gw->face;
	if (f.mid.form == MID_NONE)
		f.mid = mid_of_addr(&local);
	return f;
}

static struct pn_str finish(struct text *t, struct octets *o, const struct own_form *f)
{
	struct octets all = { .n = 0 };
	struct pn_str own = { NULL, 0 };

	if (f->coding != MSG_BINARY) {
		own = t->failed ? own : str_dup(text_str(t));
		text_free(t);
		return own;
	}
	put_whole(&all, f, o);
	return all.full ? own : str_dup((struct pn_str){ (const char *)all.p, all.n });
}

void own_subtract(struct h248_gateway *gw, uint32_t context, struct pn_str term)
{
	struct own_form f = form_for(gw, H248_DOWN);
	struct octets o = { .n = 0 };
	struct text t = { 0 };
	struct h248_tx *tx;
	size_t from;

	if (gateway_down(gw, &f.to))
		return;
	tx = transaction_ours(gw, H248_DOWN, H248_OURS_SUBTRACT);
	if (!tx)
		return;
	if (f.coding == MSG_BINARY) {
		from = o.n;
		put_term(&o, term, BER_SEQUENCE);
		put_around(&o, from, 0xa0); /* terminationID */
		put_around(&o, 0, 0xa3);    /* subtractReq */
		put_request(&o, tx->id_out, context);
	} else {
		text_request(&t, &f, tx->id_out, context);
		text_fmt(&t, "{%s=%.*s}}\n", word(&f, "Subtract", "S"), (int)term.len, term.p);
	}
	transaction_send_ours(tx, &f.to, finish(&t, &o, &f));
}

/* RFC 3015 7.2.8: 904 is "Termination malfunctioning". */
static void put_forced(struct octets *o, struct pn_str term)
{
	static const char reason[] = "904 Termination malfunctioning";
	size_t from, parms;

	put_term(o, term, BER_SEQUENCE);
	put_around(o, 0, 0xa0);
	parms = o->n;
	put_u32(o, 0x80, 1); /* forced */
	from = o->n;
	put_octets(o, 0x04, reason, sizeof(reason) - 1);
	put_around(o, from, 0xa4);
	put_around(o, parms, 0xa1);
	put_around(o, 0, 0xa7); /* serviceChangeReq */
}

void own_forced(struct h248_gateway *gw, uint32_t context, struct pn_str term)
{
	struct own_form f = form_for(gw, H248_UP);
	struct octets o = { .n = 0 };
	struct text t = { 0 };
	struct h248_tx *tx;

	if (!gw->mgc.family || gateway_up(gw, &gw->mgc, &f.to))
		return;
	tx = transaction_ours(gw, H248_UP, H248_OURS_FORCED);
	if (!tx)
		return;
	if (f.coding == MSG_BINARY) {
		put_forced(&o, term);
		put_request(&o, tx->id_out, context);
	} else {
		text_request(&t, &f, tx->id_out, context);
		text_fmt(&t, "{%s=%.*s{%s{%s=%s,%s=\"904 Termination malfunctioning\"}}}}\n",
			 word(&f, "ServiceChange", "SC"), (int)term.len, term.p,
			 word(&f, "Services", "SV"), word(&f, "Method", "MT"),
			 word(&f, "Forced", "FO"), word(&f, "Reason", "RE"));
	}
	transaction_send_ours(tx, &f.to, finish(&t, &o, &f));
}

static struct pn_str write_audit(const struct own_form *f, uint32_t id)
{
	struct octets o = { .n = 0 };
	struct text t = { 0 };

	if (f->coding == MSG_BINARY) {
		put_term(&o, str_of("ROOT"), 0xa0);
		put_octets(&o, 0xa1, "", 0); /* auditDescriptor */
		put_around(&o, 0, 0xa5);     /* auditValueRequest */
		put_request(&o, id, MSG_CONTEXT_NULL);
	} else {
		text_request(&t, f, id, MSG_CONTEXT_NULL);
		text_fmt(&t, "{%s=ROOT{%s{}}}}\n", word(f, "AuditValue", "AV"),
			 word(f, "Audit", "AT"));
	}
	return finish(&t, &o, f);
}

long own_keepalive(struct h248_gateway *gw, void *out, size_t cap)
{
	struct own_form f = form_for(gw, H248_DOWN);
	struct pn_flow_info info = { .size = sizeof(info) };
	struct h248_tx *tx = transaction_ours(gw, H248_DOWN, H248_OURS_KEEPALIVE);
	struct pn_str own;
	long len = -ENOBUFS;
	size_t head;

	if (!tx)
		return -ENOBUFS;
	own = write_audit(&f, tx->id_out);
	if (gw->h->svc->flow_info(gw->h->host, gw->h->svc->binding_info(gw->binding)->flow, &info))
		info.transport = PN_UDP;
	head = info.transport == PN_UDP ? 0 : H248_TPKT;
	if (own.p && own.len + head <= cap && !(head && frame_write(out, own.len))) {
		memcpy((uint8_t *)out + head, own.p, own.len);
		len = (long)(own.len + head);
	}
	str_drop(&own);
	return len;
}
