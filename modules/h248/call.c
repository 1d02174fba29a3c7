#include "call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"
#include "pass.h"

#define UNNAMED_SPARE_MS 10000u /* the transaction ends it before */

static struct pn_str id_key(const uint64_t *id)
{
	return (struct pn_str){ (const char *)id, sizeof(*id) };
}

struct h248_call *call_by_id(struct h248 *h, uint64_t id)
{
	struct pn_session *s = id ? h->svc->session_find(h->host, id_key(&id)) : NULL;
	struct h248_call *call = s ? h->svc->session_data(s) : NULL;

	return call && call->gw ? call : NULL;
}

static struct text term_key(const struct h248_gateway *gw, struct pn_str term)
{
	struct text t = { 0 };

	text_add(&t, (struct pn_str){ (const char *)&gw, sizeof(gw) });
	text_add(&t, term);
	return t;
}

struct h248_call *call_of_term(struct h248_gateway *gw, struct pn_str term)
{
	struct text key = term_key(gw, term);
	struct h248_call *call =
		key.failed ? NULL : gw->h->svc->table_get(gw->h->call_by_term, key.p, key.len);

	text_free(&key);
	return call;
}

/* ---- making and ending ---- */

static void set_attrs(struct h248_call *call)
{
	const struct pn_services *svc = call->h->svc;
	struct text to = { 0 };
	char context[16];
	int n = snprintf(context, sizeof(context), "%u", call->context);

	text_add(&to, call->term);
	text_put(&to, "@");
	text_add(&to, call->gw->own_text);
	svc->session_attr(call->session, PN_ATTR_FROM, call->gw->mgc_text);
	svc->session_attr(call->session, PN_ATTR_TO, text_str(&to));
	svc->session_attr(call->session, PN_ATTR_CALL_ID, (struct pn_str){ context, (size_t)n });
	text_free(&to);
}

static int session_begin(struct h248_call *call, const struct pn_addr *mgc)
{
	struct h248_gateway *gw = call->gw;
	const struct pn_services *svc = call->h->svc;
	struct pn_addr pinhole = gateway_pinhole(gw);
	struct pn_session_args a = {
		.size = sizeof(a),
		.key = id_key(&call->id),
		.ingress = gw->core,
		.egress = gw->access,
		.peer_a = *mgc,
		.peer_b = pinhole,
		.binding_b = gw->binding,
		.data = call,
	};
	int err = svc->admit_session(call->h->host, gw->access, &pinhole, gw->binding);

	if (err)
		return err;
	call->session = svc->session_new(call->h->host, &a);
	return call->session ? 0 : -errno;
}

int call_new(struct h248_gateway *gw, const struct pn_addr *mgc, struct pn_str term,
	     uint32_t context, struct h248_call **out)
{
	struct h248 *h = gw->h;
	struct h248_call *call;
	int err;

	if (h->n_calls >= h->conf->max_calls) {
		h->svc->count(h->host, H248_CNT_FULL);
		return -ENOSPC;
	}
	call = calloc(1, sizeof(*call));
	if (!call)
		return -ENOMEM;
	call->h = h;
	call->gw = gw;
	call->id = ++h->next_session;
	call->context = context;
	err = session_begin(call, mgc);
	if (err) {
		free(call);
		return err;
	}
	LIST_INSERT_HEAD(&gw->calls, call, of_gateway);
	h->n_calls++;
	h->svc->count(h->host, H248_CNT_CALLS);
	if (!term.len)
		h->svc->session_deadline(call->session, h->conf->transaction_ms + UNNAMED_SPARE_MS);
	err = term.len ? call_name(call, term) : 0;
	if (err) {
		call_end(call, PN_END_FAILED, H248_RESOURCES);
		return err;
	}
	set_attrs(call);
	*out = call;
	return 0;
}

static void unlist(struct h248_call *call)
{
	const struct pn_services *svc = call->h->svc;
	struct text key;

	if (!call->term.len)
		return;
	key = term_key(call->gw, call->term);
	if (!key.failed && svc->table_get(call->h->call_by_term, key.p, key.len) == call)
		svc->table_del(call->h->call_by_term, key.p, key.len);
	text_free(&key);
	str_drop(&call->term);
}

int call_name(struct h248_call *call, struct pn_str term)
{
	struct h248_call *stale = call_of_term(call->gw, term);
	struct text key;
	int err;

	if (stale == call)
		return 0;
	if (stale) /* its Subtract was never seen */
		call_end(stale, PN_END_FAILED, 0);
	unlist(call);
	err = str_set(&call->term, term);
	if (err)
		return err;
	key = term_key(call->gw, term);
	err = key.failed ? -ENOMEM
			 : call->h->svc->table_put(call->h->call_by_term, key.p, key.len, call);
	text_free(&key);
	if (err) {
		str_drop(&call->term);
		return err;
	}
	call->h->svc->session_deadline(call->session, 0);
	set_attrs(call);
	return 0;
}

void call_set_context(struct h248_call *call, uint32_t context)
{
	if (context == call->context || context == MSG_CONTEXT_NULL ||
	    context == MSG_CONTEXT_CHOOSE || context == MSG_CONTEXT_ALL)
		return;
	call->context = context;
	set_attrs(call);
}

void call_end(struct h248_call *call, enum pn_cause cause, int status)
{
	struct h248 *h = call->h;

	if (!call->gw)
		return;
	unlist(call);
	LIST_REMOVE(call, of_gateway);
	call->gw = NULL;
	h->n_calls--;
	h->svc->session_end(call->session, cause, status);
	if (call->declaring)
		pass_abandoned(call->declaring, call);
}

void call_free(struct h248_call *call)
{
	call_end(call, PN_END_FAILED, 0);
	str_drop(&call->term);
	free(call);
}

void call_unnamed(struct h248 *h, uint64_t id)
{
	struct h248_call *call = call_by_id(h, id);

	if (call && !call->term.len)
		call_end(call, PN_END_REJECTED, 0);
}

/* "*" stands for any octets. */
static bool matches(struct pn_str pattern, struct pn_str s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, back = 0;

	while (i < s.len) {
		if (p < pattern.len && pattern.p[p] == '*') {
			star = p++;
			back = i;
		} else if (p < pattern.len && (pattern.p[p] | 32) == (s.p[i] | 32)) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++back;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.p[p] == '*')
		p++;
	return p == pattern.len;
}

void call_subtract(struct h248_gateway *gw, uint32_t context, struct pn_str term,
		   enum pn_cause cause)
{
	struct h248_call *call = term.len && !memchr(term.p, '*', term.len) ? call_of_term(gw, term)
									    : NULL,
			 *next;

	if (call) {
		call_end(call, call->answered ? PN_END_NORMAL : cause, 0);
		return;
	}
	if (!term.len || !memchr(term.p, '*', term.len))
		return;
	for (call = LIST_FIRST(&gw->calls); call; call = next) {
		next = LIST_NEXT(call, of_gateway);
		if (call->term.len && (context == MSG_CONTEXT_ALL || call->context == context) &&
		    matches(term, call->term))
			call_end(call, call->answered ? PN_END_NORMAL : cause, 0);
	}
}

static enum pn_cause timeout_cause(enum pn_timeout what)
{
	switch (what) {
	case PN_TIMEOUT_ANSWER:
		return PN_END_NO_ANSWER;
	case PN_TIMEOUT_MEDIA:
		return PN_END_TIMEOUT_MEDIA;
	case PN_TIMEOUT_ADMIN:
		return PN_END_ADMIN;
	default:
		return PN_END_TIMEOUT_SIGNALLING;
	}
}

void call_timeout(struct h248_call *call, enum pn_timeout what)
{
	if (!call->gw)
		return;
	if (call->term.len) {
		own_subtract(call->gw, call->context, call->term);
		own_forced(call->gw, call->context, call->term);
	}
	call_end(call, timeout_cause(what), 0);
}

/* ---- media ---- */

static void unknown(const struct h248_line *line, struct pn_media *out)
{
	*out = (struct pn_media){ .size = sizeof(*out),
				  .kind = line->kind,
				  .flags = PN_MEDIA_WILDCARD | (line->rtp ? PN_MEDIA_RTP : 0) };
}

size_t call_said(struct h248_call *call, enum pn_side side, struct pn_media list[H248_LINES_MAX])
{
	int n = call->h->svc->media_declared(call->session, NULL, side, list, H248_LINES_MAX);

	for (size_t i = 0; i < call->n_lines; i++)
		if (n < 0 || i >= (size_t)n || !call->line[i].said[side])
			unknown(&call->line[i], &list[i]);
	return call->n_lines;
}

size_t call_shown(struct h248_call *call, enum pn_side side, struct pn_media list[H248_LINES_MAX])
{
	enum pn_side other = side == PN_SIDE_A ? PN_SIDE_B : PN_SIDE_A;
	int n = call->h->svc->media_advertised(call->session, side, list, H248_LINES_MAX);

	for (size_t i = 0; i < call->n_lines; i++)
		if (n < 0 || i >= (size_t)n || !call->line[i].said[other])
			unknown(&call->line[i], &list[i]);
	return call->n_lines;
}

static bool fits(const struct h248_line *line, uint16_t stream, const struct pn_media *m)
{
	return line->stream == stream && line->kind == m->kind &&
	       line->rtp == !!(m->flags & PN_MEDIA_RTP);
}

/* The line of an earlier alternative at the very same address. */
static int same_address(const struct pn_media *media, size_t i, const int map[])
{
	for (size_t j = 0; j < i; j++)
		if (map[j] >= 0 && media[j].kind == media[i].kind &&
		    addr_same(&media[j].rtp, &media[i].rtp))
			return map[j];
	return -1;
}

static int free_line(const struct h248_call *call, uint16_t stream, const struct pn_media *m,
		     uint32_t used)
{
	for (size_t i = 0; i < call->n_lines; i++)
		if (!(used & 1u << i) && fits(&call->line[i], stream, m))
			return (int)i;
	return -1;
}

static int new_line(struct h248_call *call, uint16_t stream, const struct pn_media *m)
{
	struct h248_line *line = &call->line[call->n_lines];

	if (call->n_lines == H248_LINES_MAX)
		return -E2BIG;
	*line = (struct h248_line){ .stream = stream,
				    .kind = m->kind,
				    .rtp = m->flags & PN_MEDIA_RTP };
	return (int)call->n_lines++;
}

int call_lines(struct h248_call *call, uint16_t stream, const struct pn_media *media, size_t n,
	       bool make, int map[H248_SDP_MAX])
{
	uint32_t used = 0;

	for (size_t i = 0; i < n; i++) {
		map[i] = -1;
		if (media[i].flags & PN_MEDIA_FOREIGN)
			continue;
		map[i] = same_address(media, i, map);
		if (map[i] < 0)
			map[i] = free_line(call, stream, &media[i], used);
		if (map[i] < 0 && make)
			map[i] = new_line(call, stream, &media[i]);
		if (map[i] == -E2BIG)
			return -E2BIG;
		if (map[i] >= 0)
			used |= 1u << map[i];
	}
	return 0;
}

void call_relatch(struct h248_call *call, uint32_t streams)
{
	struct pn_media list[H248_LINES_MAX];
	size_t n = call_said(call, PN_SIDE_B, list);
	bool any = false;

	if (call->declaring)
		return;
	for (size_t i = 0; i < n; i++) {
		uint16_t stream = call->line[i].stream;
		bool meant = streams == MSG_STREAMS_ALL ||
			     (stream >= 1 && stream <= 32 && streams & 1u << (stream - 1));

		if (!meant || !call->line[i].said[PN_SIDE_B])
			continue;
		list[i].flags |= PN_MEDIA_RELATCH;
		any = true;
	}
	if (any)
		call->h->svc->media_declare(call->session, NULL, PN_SIDE_B, 0, list, n, NULL,
					     NULL);
}

void call_check_answer(struct h248_call *call)
{
	if (call->answered)
		return;
	for (size_t i = 0; i < call->n_lines; i++)
		if (call->line[i].said[PN_SIDE_A] && call->line[i].said[PN_SIDE_B]) {
			call->answered = true;
			call->h->svc->session_answered(call->session);
			return;
		}
}
