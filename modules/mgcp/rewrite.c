#include "rewrite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "endpoint.h"

#define ACK_RANGE_MAX 64u /* ids of a range that are looked up one by one */
#define ACK_LOOKUPS_MAX 1024u /* of a message */

struct rewriting {
	struct mgcp *g;
	const struct mgcp_rx *rx;
	const struct mgcp_msg *m;
	const struct mgcp_way *way;
	struct pn_edits *e;
	unsigned lookups;
	int err;
};

static void span(struct rewriting *w, struct pn_str at, struct pn_str text)
{
	int err;

	if (w->err || str_eq(at, text))
		return;
	err = w->g->svc->edit(w->e, (size_t)(at.p - w->m->text.p), at.len, text.p, text.len);
	w->err = err;
}

static void write_id(struct rewriting *w)
{
	const struct mgcp_transaction *t = w->way->t;
	/* 000 acknowledges a response: it comes from who sent the command */
	bool forth = w->m->command || w->m->code < 100;
	uint32_t id = forth ? t->id_out : t->id_in;
	char text[16];

	if (id != w->m->id) {
		int n = snprintf(text, sizeof(text), "%u", id);

		span(w, w->m->id_text, (struct pn_str){ text, (size_t)n });
	}
}

/* The domain of an endpoint of the gateway becomes what the receiver knows it by. */
static void write_domain(struct rewriting *w, const struct mgcp_name *name)
{
	const struct mgcp_gateway *gw = w->way->gw;

	/* a name of its own stays as it is written */
	if (w->way->to_core && (name->port || !str_ieq(name->domain, gw->alias)))
		span(w, name->place, gw->alias);
	else if (w->way->to_core)
		return;
	else
		span(w, name->place, gw->domain);
}

static void write_endpoint_param(struct rewriting *w, struct pn_str value)
{
	const struct mgcp_gateway *gw = w->way->gw;
	struct pn_str rest = value, item;
	struct mgcp_name name;

	while (mgcp_list_next(&rest, &item)) {
		if (mgcp_name_parse(item, &name) || !name.local.len)
			continue;
		/* a call agent may name an endpoint elsewhere, which is not ours to hide */
		if (w->way->to_core || str_ieq(name.domain, gw->alias))
			write_domain(w, &name);
	}
}

/* Towards a gateway Postern is the entity to be notified; towards a call agent it is what that one
 * called itself. */
static void write_entity(struct rewriting *w, struct pn_str value)
{
	const struct mgcp_way *way = w->way;
	struct pn_addr a;
	struct mgcp_name name;
	char text[MGCP_ADDR_LEN];

	if (!value.len)
		return;
	if (mgcp_name_parse(value, &name)) {
		w->err = -EBADMSG; /* the receiver might read it after all */
		return;
	}
	if (way->to_core) {
		struct pn_str scope = w->m->command ? w->m->endpoint.local : way->t->scope.endpoint;
		struct pn_str known = endpoint_entity_text(way->gw, scope);

		if (known.len) {
			span(w, value, known);
			return;
		}
		if (endpoint_agent(way->gw, scope, &a))
			return;
	} else {
		a = mgcp_own(w->g, way->gw->flow);
	}
	if (a.family)
		span(w, name.place, mgcp_domain_of(w->g, a, text));
}

static uint32_t acked_id(struct rewriting *w, uint32_t id)
{
	const struct mgcp_transaction *t =
		w->lookups++ < ACK_LOOKUPS_MAX ? transaction_arrived(w->g, w->rx, id) : NULL;

	return t ? t->id_out : id;
}

/* One "a" or "a-b" of a K: line in ids of the other side. */
static bool write_ack(struct rewriting *w, struct pn_str item, struct text *out)
{
	const char *dash = memchr(item.p, '-', item.len);
	struct pn_str a = { item.p, dash ? (size_t)(dash - item.p) : item.len };
	uint32_t from, to;
	bool changed = false;

	if (str_u32(str_trim(a), &from))
		return false;
	to = from;
	if (dash && str_u32(str_trim((struct pn_str){ dash + 1, item.len - a.len - 1 }), &to))
		return false;
	for (uint32_t id = from; id <= to && id - from < ACK_RANGE_MAX; id++)
		changed = changed || acked_id(w, id) != id;
	if (!changed) {
		text_put(out, out->len ? ", " : "");
		text_add(out, item);
		return false;
	}
	for (uint32_t id = from; id <= to && id - from < ACK_RANGE_MAX; id++)
		text_fmt(out, "%s%u", out->len ? ", " : "", acked_id(w, id));
	return true;
}

static void write_acks(struct rewriting *w, struct pn_str value)
{
	struct pn_str rest = value, item;
	struct text out = { 0 };
	bool changed = false;

	while (mgcp_list_next(&rest, &item))
		changed = write_ack(w, item, &out) || changed;
	if (changed && !out.failed)
		span(w, value, text_str(&out));
	text_free(&out);
}

static void write_params(struct rewriting *w)
{
	for (size_t i = 0; i < w->m->n_params; i++) {
		const struct mgcp_param *p = &w->m->param[i];

		switch (p->code) {
		case MGCP_P_ENDPOINT:
		case MGCP_P_ENDPOINT2:
			write_endpoint_param(w, p->value);
			break;
		case MGCP_P_ENTITY:
			write_entity(w, p->value);
			break;
		case MGCP_P_ACK:
			if (w->m->command)
				write_acks(w, p->value);
			break;
		default:
			break;
		}
	}
}

static struct pn_addr shown_addr(const struct rewriting *w, const struct mgcp_shown *shown)
{
	const struct mgcp_transaction *t = w->way->t;
	uint64_t flow = w->m->command ? t->flow_out : t->flow_in;
	struct pn_addr a = { 0 };

	for (size_t i = 0; i < shown->n && !a.family; i++)
		a = shown->adv[i].rtp;
	if (!a.family)
		a = mgcp_own(w->g, flow);
	a.port = 0;
	return a;
}

/* What is not known is shown as closed: the other side must not learn an address that is not ours.
 */
static void write_sdp(struct rewriting *w, struct pn_str sdp, const struct mgcp_shown *shown)
{
	const struct pn_services *svc = w->g->svc;
	struct pn_media list[MGCP_MEDIA_MAX];
	struct pn_sdp_policy policy = { .size = sizeof(policy), .origin = shown_addr(w, shown) };
	int n = svc->sdp_scan(sdp.p, sdp.len, list, MGCP_MEDIA_MAX);

	if (n < 0) {
		w->err = n;
		return;
	}
	for (size_t i = 0; i < (size_t)n; i++) {
		if (list[i].flags & PN_MEDIA_FOREIGN)
			continue;
		if (i < shown->n && !(list[i].flags & PN_MEDIA_CLOSED))
			list[i] = shown->adv[i];
		else
			list[i].flags |= PN_MEDIA_CLOSED;
	}
	if (!w->err)
		w->err = svc->sdp_write(sdp.p, sdp.len, list, (size_t)n, &policy, w->e,
					(size_t)(sdp.p - w->m->text.p));
}

/* No description may still show what the sender declared. */
static int check(const struct rewriting *w, struct pn_str out)
{
	const struct pn_services *svc = w->g->svc;
	struct mgcp_msg again;
	const char *why;

	if (!w->m->n_sdp)
		return 0;
	if (mgcp_parse(out, &again, &why) || again.n_sdp != w->m->n_sdp)
		return -EBADMSG;
	for (size_t i = 0; i < again.n_sdp; i++) {
		struct pn_media hidden[MGCP_MEDIA_MAX];
		int n = svc->sdp_scan(w->m->sdp[i].p, w->m->sdp[i].len, hidden, MGCP_MEDIA_MAX);
		int err =
			n < 0 ? n
			      : svc->sdp_check(again.sdp[i].p, again.sdp[i].len, hidden, (size_t)n,
					       w->way->shown[i].adv, w->way->shown[i].n);

		if (err)
			return err;
	}
	return 0;
}

long rewrite_message(struct mgcp *g, const struct mgcp_rx *rx, const struct mgcp_way *way)
{
	struct rewriting w = {
		.g = g, .rx = rx, .m = rx->msg, .way = way, .e = g->svc->edits_new(g->host)
	};
	long len;

	if (!w.e)
		return -ENOMEM;
	write_id(&w);
	if (w.m->command)
		write_domain(&w, &w.m->endpoint);
	write_params(&w);
	for (size_t i = 0; i < w.m->n_sdp; i++)
		write_sdp(&w, w.m->sdp[i], &way->shown[i]);
	len = w.err ? w.err
		    : g->svc->edits_apply(w.e, w.m->text.p, w.m->text.len, g->out, sizeof(g->out));
	if (len > 0 && (w.err = check(&w, (struct pn_str){ g->out, (size_t)len })))
		len = w.err;
	if (len == -EPERM)
		g->svc->count(g->host, MGCP_CNT_LEAKS);
	g->svc->edits_free(w.e);
	return len;
}
