#include "rewrite.h"

#include <errno.h>
#include <stdio.h>

#include "alias.h"
#include "conf.h"
#include "dialog.h"
#include "record.h"

static const struct pn_str nothing;

int rewrite_begin(struct rewrite *rw, struct sip *sip, const struct sip_msg *m,
		  const struct rewrite_path *path)
{
	*rw = (struct rewrite){ .sip = sip, .m = m, .from = path->from, .to = path->to };
	rw->from_peer = path->from_peer;
	rw->to_peer = path->to_peer;
	sip_own(sip, path->flow, rw->own);
	rw->e = sip->svc->edits_new(sip->host);
	return rw->e ? 0 : -ENOMEM;
}

void rewrite_span(struct rewrite *rw, struct pn_str span, struct pn_str text)
{
	int err = rw->sip->svc->edit(rw->e, msg_at(rw->m, span.p), span.len, text.p, text.len);

	if (err && !rw->err)
		rw->err = err;
}

void rewrite_head(struct rewrite *rw, struct pn_str lines)
{
	const struct sip_field *f = msg_field(rw->m, SIP_VIA);

	rewrite_span(rw, f->line, lines);
	while ((f = msg_next(rw->m, f)))
		rewrite_span(rw, f->line, nothing);
}

void rewrite_remove(struct rewrite *rw, enum sip_header id)
{
	for (const struct sip_field *f = msg_field(rw->m, id); f; f = msg_next(rw->m, f))
		rewrite_span(rw, f->line, nothing);
}

void rewrite_hops(struct rewrite *rw, struct text *head)
{
	const struct sip_field *f = msg_field(rw->m, SIP_MAX_FORWARDS);
	char number[16];
	uint32_t hops = 0;

	if (!f) {
		text_put(head, "Max-Forwards: 70\r\n");
		return;
	}
	str_u32(f->value, &hops);
	snprintf(number, sizeof(number), "%u", hops ? hops - 1 : 0);
	rewrite_span(rw, f->value, str_of(number));
}

static bool names_us(struct rewrite *rw, struct pn_str value)
{
	struct sip_name_addr n;
	struct sip_uri u;

	return !name_addr_parse(value, &n) && !uri_parse(n.uri, &u) &&
	       sip_uri_own(rw->sip, rw->from, &u);
}

/* The values at the front of one Route line that name us; returns whether any is left behind them.
 */
static bool strip_route(struct rewrite *rw, const struct sip_field *f)
{
	struct pn_str rest = f->value, value;

	while (next_value(&rest, &value) == 1) {
		if (names_us(rw, value))
			continue;
		if (value.p != f->value.p)
			rewrite_span(rw,
				     (struct pn_str){ f->value.p, (size_t)(value.p - f->value.p) },
				     nothing);
		return true;
	}
	rewrite_span(rw, f->line, nothing);
	return false;
}

void rewrite_routes(struct rewrite *rw, bool keep)
{
	const struct sip_field *f = msg_field(rw->m, SIP_ROUTE);

	if (!keep) {
		rewrite_remove(rw, SIP_ROUTE);
		return;
	}
	while (f && !strip_route(rw, f))
		f = msg_next(rw->m, f);
}

void rewrite_contacts(struct rewrite *rw, struct pn_str user)
{
	for (const struct sip_field *f = msg_field(rw->m, SIP_CONTACT); f; f = msg_next(rw->m, f)) {
		struct pn_str rest = f->value, value;
		struct sip_name_addr n;
		struct sip_uri u;
		struct text t = { 0 };

		while (next_value(&rest, &value) == 1) {
			if (name_addr_parse(value, &n) || uri_parse(n.uri, &u) || !u.sip)
				continue;
			t.len = 0;
			text_add(&t, u.scheme);
			text_put(&t, ":");
			text_add(&t, user);
			text_fmt(&t, "@%s", rw->own);
			rewrite_span(rw, n.uri, text_str(&t));
		}
		text_free(&t);
	}
}

/* The true URI of whom a token or alias stands for, if it lives in the realm that this goes to. */
static struct pn_str resolve(struct rewrite *rw, const struct sip_uri *u)
{
	struct sip_leg *leg = dialog_leg(rw->sip, rw->from, u->user);
	struct pn_binding *b;

	if (leg)
		return leg->realm == rw->to ? leg->target : nothing;
	if (alias_find(rw->sip, rw->from, u->user, &b) ||
	    rw->sip->svc->binding_info(b)->realm != rw->to)
		return nothing;
	return record_of(rw->sip, b).contact;
}

/* What our own address as a host means on the other side: the next hop there. */
static const char *far_host(struct rewrite *rw, char out[SIP_ADDR_LEN])
{
	const struct sip_conf *conf = rw->sip->conf;

	for (size_t i = 0; i < conf->n_routes; i++)
		if (conf->route[i].from == rw->from && conf->route[i].to == rw->to)
			return conf->route[i].hop[0];
	out[0] = '\0';
	rw->sip->svc->addr_print(&rw->to_peer, out, SIP_ADDR_LEN);
	return out;
}

/* Is this the host that far_host shows on the other side? */
static bool is_far_host(struct rewrite *rw, const struct sip_uri *u)
{
	const struct sip_conf *conf = rw->sip->conf;
	struct pn_addr a, hop;

	if (!sip_host_addr(rw->sip, u->host, u->port, &a))
		return false;
	if (addr_same_ip(&a, &rw->from_peer))
		return true;
	for (size_t i = 0; i < conf->n_routes; i++)
		if (conf->route[i].from == rw->to && conf->route[i].to == rw->from &&
		    !rw->sip->svc->peer_addr(conf->route[i].peer[0], 0, &hop) &&
		    addr_same_ip(&a, &hop))
			return true;
	return false;
}

void rewrite_self(struct rewrite *rw, struct pn_str uri, struct pn_str user)
{
	rw->self = uri;
	rw->user = user;
}

static bool is_self(struct rewrite *rw, const struct sip_uri *u)
{
	struct sip_uri self;
	struct pn_addr a;

	if (!rw->user.len)
		return false;
	if (!uri_parse(rw->self, &self) && str_ieq(self.hostport, u->hostport))
		return true;
	return sip_host_addr(rw->sip, u->host, u->port, &a) && addr_same_ip(&a, &rw->from_peer);
}

static void stand_in(struct rewrite *rw, struct pn_str span)
{
	struct text t = { 0 };

	text_put(&t, "sip:");
	text_add(&t, rw->user);
	text_fmt(&t, "@%s", rw->own);
	rewrite_span(rw, span, text_str(&t));
	text_free(&t);
}

static void rewrite_uri(struct rewrite *rw, const struct sip_name_addr *n, bool hosts)
{
	char far[SIP_ADDR_LEN];
	struct pn_str whole, known;
	struct sip_uri u;

	if (uri_parse(n->uri, &u) || !u.sip)
		return;
	whole = (struct pn_str){ n->uri.p, (size_t)(u.hostport.p + u.hostport.len - n->uri.p) };
	if (!sip_uri_own(rw->sip, rw->from, &u)) {
		if (is_self(rw, &u))
			stand_in(rw, whole);
		else if (hosts && !sip_is_access(rw->sip, rw->from) && is_far_host(rw, &u))
			rewrite_span(rw, u.hostport, str_of(rw->own));
		return;
	}
	known = resolve(rw, &u);
	if (known.len && n->brackets)
		rewrite_span(rw, whole, known);
	else if (!known.len && hosts && !sip_is_access(rw->sip, rw->to))
		rewrite_span(rw, u.hostport, str_of(far_host(rw, far)));
}

void rewrite_uris(struct rewrite *rw, enum sip_header id, bool hosts)
{
	for (const struct sip_field *f = msg_field(rw->m, id); f; f = msg_next(rw->m, f)) {
		struct pn_str rest = f->value, value;
		struct sip_name_addr n;

		while (next_value(&rest, &value) == 1)
			if (!name_addr_parse(value, &n))
				rewrite_uri(rw, &n, hosts);
	}
}

static void rewrite_number(struct rewrite *rw, struct pn_str span, size_t value)
{
	char number[24];

	snprintf(number, sizeof(number), "%zu", value);
	rewrite_span(rw, span, str_of(number));
}

static struct pn_addr realm_addr(struct rewrite *rw)
{
	const struct pn_realm_info *info = rw->sip->svc->realm_info(rw->to);

	return info->addr4.family ? info->addr4 : info->addr6;
}

void rewrite_sdp(struct rewrite *rw, const struct sip_sdp *sdp, const struct pn_media *adv,
		 size_t n)
{
	const struct pn_services *svc = rw->sip->svc;
	struct pn_sdp_policy policy = { .size = sizeof(policy), .origin = realm_addr(rw) };
	const struct sip_field *length = msg_field(rw->m, SIP_CONTENT_LENGTH);
	long before = svc->edits_delta(rw->e, 0, rw->m->len + 1);
	int err = svc->sdp_write(sdp->text.p, sdp->text.len, adv, n, &policy, rw->e,
				 msg_at(rw->m, sdp->text.p));
	uint32_t inner;

	if (err && !rw->err)
		rw->err = err;
	rw->growth = svc->edits_delta(rw->e, 0, rw->m->len + 1) - before;
	rw->has_sdp = true;
	rw->sdp = *sdp;
	rw->adv = adv;
	rw->n_adv = n;
	if (!rw->growth)
		return;
	if (length)
		rewrite_number(rw, length->value, rw->m->body.len + (size_t)rw->growth);
	if (sdp->length.len && !str_u32(sdp->length, &inner))
		rewrite_number(rw, sdp->length, inner + (size_t)rw->growth);
}

void rewrite_sdp_capability(struct rewrite *rw, const struct sip_sdp *sdp, struct pn_media *list,
			    size_t cap)
{
	int n = rw->sip->svc->sdp_scan(sdp->text.p, sdp->text.len, list, cap);

	if (n < 0) {
		rw->err = rw->err ? rw->err : n;
		return;
	}
	for (int i = 0; i < n; i++) {
		if (list[i].flags & (PN_MEDIA_FOREIGN | PN_MEDIA_CLOSED))
			continue;
		list[i].rtp = realm_addr(rw);
		list[i].rtp.port = 9;
		list[i].rtcp = (struct pn_addr){ 0 };
		list[i].flags &= ~(PN_MEDIA_HOLD | PN_MEDIA_RTCP_ATTR);
	}
	rewrite_sdp(rw, sdp, list, (size_t)n);
}

/* The re-scan: no address that the sender declared may stand in what leaves. */
static int check_leak(struct rewrite *rw, size_t len)
{
	const struct pn_services *svc = rw->sip->svc;
	struct pn_media hidden[SIP_MEDIA_MAX];
	int n = svc->sdp_scan(rw->sdp.text.p, rw->sdp.text.len, hidden, SIP_MEDIA_MAX);
	size_t after = rw->m->len - msg_at(rw->m, rw->sdp.text.p + rw->sdp.text.len);
	size_t size = rw->sdp.text.len + (size_t)rw->growth;

	if (n < 0 || after + size > len)
		return n < 0 ? n : -EPERM;
	return svc->sdp_check(rw->sip->out + (len - after - size), size, hidden, (size_t)n, rw->adv,
			      rw->n_adv);
}

long rewrite_finish(struct rewrite *rw)
{
	const struct pn_services *svc = rw->sip->svc;
	long len = rw->err;
	int leak;

	if (!len)
		len = svc->edits_apply(rw->e, rw->m->data, rw->m->len, rw->sip->out, SIP_DATAGRAM);
	if (len == -ENOBUFS)
		len = -EMSGSIZE;
	rewrite_drop(rw);
	if (len < 0 || !rw->has_sdp)
		return len;
	leak = check_leak(rw, (size_t)len);
	if (!leak)
		return len;
	svc->count(rw->sip->host, SIP_CNT_LEAKS);
	svc->log(rw->sip->host, PN_LOG_ERROR,
		 "sip %.*s: message not sent: its description still shows a hidden address",
		 (int)rw->m->call_id.len, rw->m->call_id.p);
	return leak;
}

void rewrite_drop(struct rewrite *rw)
{
	rw->sip->svc->edits_free(rw->e);
	rw->e = NULL;
}
