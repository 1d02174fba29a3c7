#include "addr.h"
#include "sdp_doc.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* An address as it shall stand in the text. */
struct target {
	struct pn_addr addr; /* family 0: `$` */
	char host[INET6_ADDRSTRLEN];
};

struct writer {
	const struct sdp_doc *d;
	const struct pn_media *adv;
	const struct pn_sdp_policy *policy;
	struct pn_edits *e;
	size_t base;
	int err; /* the first one stays */
};

/* ---- edits ---- */

static void put(struct writer *w, struct sdp_span s, const char *text)
{
	size_t len = strlen(text);

	if (w->err || (s.len == len && !memcmp(w->d->text + s.at, text, len)))
		return;
	w->err = edits_add(w->e, w->base + s.at, s.len, text, len);
}

static void insert(struct writer *w, struct sdp_place p, struct pn_str line)
{
	struct sdp_span at = { p.at, 0 };

	if (p.open)
		put(w, at, w->d->eol);
	if (!w->err)
		w->err = edits_add(w->e, w->base + p.at, 0, line.p, line.len);
	if (!p.open)
		put(w, at, w->d->eol);
}

static void put_port(struct writer *w, struct sdp_span s, unsigned port)
{
	char text[8];

	snprintf(text, sizeof(text), "%u", port);
	put(w, s, text);
}

static const char *type_of(const struct target *t)
{
	return t->addr.family == 6 ? "IP6" : "IP4";
}

static struct sdp_span up_to(struct sdp_span from, struct sdp_span last)
{
	return (struct sdp_span){ from.at, last.at + last.len - from.at };
}

/* The least that must change: nothing, the address, with its type, or all three words. */
static void put_conn(struct writer *w, const struct sdp_conn *c, const struct target *t)
{
	const char *text = w->d->text;
	char all[16 + INET6_ADDRSTRLEN];
	bool same_type = sdp_is(text, c->type, type_of(t));
	bool plain = c->form == SDP_LITERAL && !memchr(text + c->host.at, '/', c->host.len);

	if (c->form == SDP_WILD && !t->addr.family)
		return;
	if (same_type && plain && addr_same_ip(&c->addr, &t->addr))
		return;
	snprintf(all, sizeof(all), "IN %s %s", type_of(t), t->host);
	if (c->form == SDP_ALIEN)
		put(w, c->net, all);
	else if (!sdp_is(text, c->net, "IN"))
		put(w, up_to(c->net, c->host), all);
	else if (same_type || !t->addr.family)
		put(w, c->host, t->host);
	else
		put(w, up_to(c->type, c->host), all + strlen("IN "));
}

/* ---- what shall stand there ---- */

static struct target target_of(struct pn_addr ip)
{
	struct target t = { ip, "$" };

	t.addr.port = 0;
	if (ip.family)
		inet_ntop(ip.family == 6 ? AF_INET6 : AF_INET, ip.ip, t.host, sizeof(t.host));
	return t;
}

static struct target unspecified(int family)
{
	return target_of((struct pn_addr){ .family = family == 6 ? 6 : 4 });
}

static bool untouched(const struct writer *w, size_t i)
{
	return w->adv[i].flags & PN_MEDIA_FOREIGN;
}

static bool is_live(const struct writer *w, size_t i)
{
	return !(w->adv[i].flags & (PN_MEDIA_FOREIGN | PN_MEDIA_CLOSED));
}

static bool is_held(const struct writer *w, size_t i)
{
	const struct sdp_m *m = &w->d->media[i];
	const struct sdp_conn *c = sdp_conn_of(w->d, m);

	if (w->adv[i].flags & PN_MEDIA_HOLD)
		return true;
	return m->number > 0 && c && c->form == SDP_LITERAL && sdp_unspecified(&c->addr);
}

static struct target held(const struct writer *w, size_t i)
{
	const struct sdp_conn *c = sdp_conn_of(w->d, &w->d->media[i]);
	int family = w->adv[i].rtp.family;

	return unspecified(family || !c ? family : c->addr.family);
}

/* Something true of ours for fields that nobody uses but that must not show the other side. */
static struct target spare(const struct writer *w)
{
	for (size_t i = 0; i < w->d->n_media; i++)
		if (is_live(w, i) && w->adv[i].rtp.family && !is_held(w, i))
			return target_of(w->adv[i].rtp);
	if (w->policy && w->policy->origin.family)
		return target_of(w->policy->origin);
	return unspecified(4);
}

static struct target media_target(const struct writer *w, size_t i)
{
	if (!is_live(w, i))
		return spare(w);
	return is_held(w, i) ? held(w, i) : target_of(w->adv[i].rtp);
}

/* The session's c= serves the first live medium that has none of its own. */
static struct target session_target(const struct writer *w, unsigned block)
{
	const struct sdp_doc *d = w->d;
	size_t best = d->n_media;

	for (size_t i = 0; i < d->n_media; i++) {
		const struct sdp_m *m = &d->media[i];
		bool user = m->own == SDP_NONE;

		if (m->block != block || !is_live(w, i))
			continue;
		if (best == d->n_media || (user && d->media[best].own != SDP_NONE))
			best = i;
	}
	return best == d->n_media ? spare(w) : media_target(w, best);
}

static bool keeps_session_c(const struct writer *w, const struct sdp_field *f)
{
	const struct sdp_doc *d = w->d;
	bool any = false;

	for (size_t i = 0; i < d->n_media; i++) {
		if (d->media[i].block != f->block)
			continue;
		if (!untouched(w, i))
			return f->conn.form == SDP_ALIEN;
		any = true;
	}
	return any || f->conn.form == SDP_ALIEN;
}

static bool same_target(const struct target *a, const struct target *b)
{
	return addr_same_ip(&a->addr, &b->addr);
}

/* ---- c= ---- */

static bool is_used(const struct writer *w, const struct sdp_field *f)
{
	if (f->media != SDP_NONE)
		return is_live(w, (size_t)f->media);
	for (size_t i = 0; i < w->d->n_media; i++) {
		const struct sdp_m *m = &w->d->media[i];

		if (m->block == f->block && m->own == SDP_NONE && is_live(w, i))
			return true;
	}
	return false;
}

static void write_c(struct writer *w, const struct sdp_field *f)
{
	struct target t;

	if (f->media == SDP_NONE ? keeps_session_c(w, f) : untouched(w, (size_t)f->media))
		return;
	if (sdp_unspecified(&f->conn.addr) && !is_used(w, f))
		return;
	t = f->media == SDP_NONE ? session_target(w, f->block) : media_target(w, (size_t)f->media);
	put_conn(w, &f->conn, &t);
}

static void add_c(struct writer *w, size_t i, const struct target *t)
{
	char line[24 + INET6_ADDRSTRLEN];
	int len = snprintf(line, sizeof(line), "c=IN %s %s", type_of(t), t->host);

	insert(w, w->d->media[i].head, (struct pn_str){ line, (size_t)len });
}

/* A foreign medium goes on using the address that the session's c= had. */
static void keep_c(struct writer *w, size_t i, const struct sdp_field *f, const struct target *now)
{
	struct sdp_span s = { f->value.at - 2, f->value.len + 2 };

	if (keeps_session_c(w, f))
		return;
	if (f->conn.form == SDP_LITERAL && addr_same_ip(&f->conn.addr, &now->addr))
		return;
	insert(w, w->d->media[i].head, (struct pn_str){ w->d->text + s.at, s.len });
}

static void complete_c(struct writer *w, size_t i)
{
	const struct sdp_m *m = &w->d->media[i];
	const struct sdp_field *f = m->session == SDP_NONE ? NULL : &w->d->field[m->session];
	struct target session, t;

	if (m->own != SDP_NONE || w->adv[i].flags & PN_MEDIA_CLOSED)
		return;
	session = f ? session_target(w, m->block) : (struct target){ 0 };
	if (untouched(w, i)) {
		if (f)
			keep_c(w, i, f, &session);
		return;
	}
	t = media_target(w, i);
	if (!f || keeps_session_c(w, f) || !same_target(&t, &session))
		add_c(w, i, &t);
}

/* ---- m= and a=rtcp ---- */

static void write_m(struct writer *w, size_t i)
{
	const struct sdp_m *m = &w->d->media[i];
	const struct pn_media *adv = &w->adv[i];

	if (adv->flags & PN_MEDIA_CLOSED)
		put_port(w, m->port, 0);
	else if (adv->rtp.family)
		put_port(w, m->port, adv->rtp.port);
	else if (!is_held(w, i) && !m->wild)
		put(w, m->port, "$");
}

static struct pn_addr rtcp_wanted(const struct sdp_m *m, const struct pn_media *adv, uint16_t now)
{
	struct pn_addr a = adv->rtp;

	if (adv->rtcp.family)
		return adv->rtcp;
	/* RFC 5761 5.1.3: with rtcp-mux it may name the port of RTP itself */
	if (!(adv->flags & PN_MEDIA_RTCP_MUX) || now != m->number)
		a.port++;
	return a;
}

static void put_rtcp_port(struct writer *w, const struct sdp_field *f, const struct pn_addr *want,
			  bool with_addr)
{
	struct target t = target_of(*want);
	char text[32 + INET6_ADDRSTRLEN];

	snprintf(text, sizeof(text), "%u IN %s %s", want->port, type_of(&t), t.host);
	if (with_addr)
		put(w, f->port, text);
	else
		put_port(w, f->port, want->port);
}

static void write_rtcp(struct writer *w, const struct sdp_field *f)
{
	size_t i = (size_t)f->media;
	const struct pn_media *adv = &w->adv[i];
	struct pn_addr want = rtcp_wanted(&w->d->media[i], adv, f->number);
	bool has_addr = f->conn.form != SDP_ABSENT;
	struct target t = is_live(w, i) && !is_held(w, i) ? target_of(want) : media_target(w, i);

	if (untouched(w, i))
		return;
	if (has_addr)
		put_conn(w, &f->conn, &t);
	if (!is_live(w, i))
		return;
	if (want.family)
		put_rtcp_port(w, f, &want, !has_addr && !is_held(w, i) &&
			      !addr_same_ip(&want, &adv->rtp));
	else if (!is_held(w, i) && !f->wild)
		put(w, f->port, "$");
}

static bool needs_rtcp(const struct writer *w, size_t i)
{
	const struct pn_media *adv = &w->adv[i];
	const struct pn_addr *rtp = &adv->rtp, *rtcp = &adv->rtcp;

	if (!is_live(w, i) || w->d->media[i].rtcp != SDP_NONE || !w->d->media[i].rtp)
		return false;
	if (!rtp->family || !rtcp->family)
		return false;
	if (adv->flags & PN_MEDIA_RTCP_MUX && addr_eq(rtp, rtcp))
		return false;
	return !addr_same_ip(rtp, rtcp) || rtcp->port != rtp->port + 1;
}

static void add_rtcp(struct writer *w, size_t i)
{
	const struct pn_media *adv = &w->adv[i];
	struct target t = target_of(adv->rtcp);
	char line[40 + INET6_ADDRSTRLEN];
	int len = snprintf(line, sizeof(line), "a=rtcp:%u", adv->rtcp.port);

	if (!is_held(w, i) && !addr_same_ip(&adv->rtp, &adv->rtcp))
		len = snprintf(line, sizeof(line), "a=rtcp:%u IN %s %s", adv->rtcp.port,
			       type_of(&t), t.host);
	insert(w, w->d->media[i].tail, (struct pn_str){ line, (size_t)len });
}

/* ---- all of it ---- */

static void write_o(struct writer *w, const struct sdp_field *f)
{
	struct target t;

	if (!w->policy || !w->policy->origin.family)
		return;
	if (f->conn.form == SDP_ALIEN || f->conn.form == SDP_WILD)
		return;
	t = target_of(w->policy->origin);
	put_conn(w, &f->conn, &t);
}

static void write_field(struct writer *w, const struct sdp_field *f)
{
	switch (f->what) {
	case SDP_ORIGIN:
		write_o(w, f);
		break;
	case SDP_CONNECTION:
		write_c(w, f);
		break;
	case SDP_RTCP:
		write_rtcp(w, f);
		break;
	case SDP_DROP:
		put(w, f->line, "");
		break;
	}
}

/* Can each m-line be given what adv says? */
static int judge(const struct writer *w)
{
	for (size_t i = 0; i < w->d->n_media; i++) {
		const struct pn_media *adv = &w->adv[i];

		if (untouched(w, i) && !w->d->media[i].foreign)
			return -EINVAL;
		if (is_live(w, i) && !adv->rtp.family && !is_held(w, i) &&
		    !(adv->flags & PN_MEDIA_WILDCARD))
			return -EINVAL;
	}
	return 0;
}

int sdp_write(const void *text, size_t len, const struct pn_media *adv, size_t n,
	      const struct pn_sdp_policy *policy, struct pn_edits *e, size_t base)
{
	struct sdp_doc d;
	struct writer w = { .d = &d, .adv = adv, .policy = policy, .e = e, .base = base };
	int err = sdp_read(text, len, &d);

	if (err)
		return err;
	if (n != d.n_media)
		return -EINVAL;
	w.err = judge(&w);
	for (size_t i = 0; !w.err && i < d.n_fields; i++)
		write_field(&w, &d.field[i]);
	for (size_t i = 0; !w.err && i < d.n_media; i++) {
		if (!untouched(&w, i))
			write_m(&w, i);
		complete_c(&w, i);
		if (needs_rtcp(&w, i))
			add_rtcp(&w, i);
	}
	return w.err;
}
