#include "reply.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 100, "Trying" },
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 408, "Request Timeout" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Unsupported URI Scheme" },
	{ 420, "Bad Extension" },
	{ 480, "Temporarily Unavailable" },
	{ 481, "Call/Transaction Does Not Exist" },
	{ 482, "Loop Detected" },
	{ 483, "Too Many Hops" },
	{ 487, "Request Terminated" },
	{ 488, "Not Acceptable Here" },
	{ 500, "Server Internal Error" },
	{ 503, "Service Unavailable" },
	{ 504, "Server Time-out" },
	{ 505, "Version Not Supported" },
	{ 513, "Message Too Large" },
};

const char *status_reason(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

static void add_span(struct text *t, const char *from, const char *to)
{
	text_add(t, (struct pn_str){ from, (size_t)(to - from) });
}

static void put_value(struct text *t, const char **p, struct pn_str at, const char *value)
{
	add_span(t, *p, at.p);
	text_fmt(t, "%s%s", at.p[-1] == '=' ? "" : "=", value);
	*p = at.p + at.len;
}

/* The line that holds the topmost Via, with what the server adds; what the sender claims there is
 * replaced. */
static void stamp_via(struct text *t, struct sip *sip, const struct sip_msg *req,
		      const struct pn_addr *src)
{
	const struct sip_field *f = msg_field(req, SIP_VIA);
	const struct sip_via *v = &req->via;
	const char *p = f->line.p, *value_end = v->value.p + v->value.len;
	bool claims = v->received.p, first = claims && v->received.p < v->rport.p;
	struct pn_addr host, ip = *src;
	char text[SIP_ADDR_LEN] = "", port[8];
	bool same;

	ip.port = 0;
	sip->svc->addr_print(&ip, text, sizeof(text));
	snprintf(port, sizeof(port), "%u", src->port);
	if (claims && first)
		put_value(t, &p, v->received, text);
	if (v->has_rport)
		put_value(t, &p, v->rport, port);
	if (claims && !first)
		put_value(t, &p, v->received, text);
	add_span(t, p, value_end);
	same = sip_host_addr(sip, v->host, 0, &host) && addr_same_ip(&host, src);
	if ((!same || v->has_rport) && !claims)
		text_fmt(t, ";received=%s", text);
	add_span(t, value_end, f->line.p + f->line.len);
}

void reply_vias(struct text *t, struct sip *sip, const struct sip_msg *req,
		const struct pn_addr *src)
{
	const struct sip_field *f = msg_field(req, SIP_VIA);

	if (f && req->via.value.len) {
		stamp_via(t, sip, req, src);
		f = msg_next(req, f);
	}
	for (; f; f = msg_next(req, f))
		text_add(t, f->line);
}

struct pn_addr reply_address(struct sip *sip, const struct sip_msg *req, struct pn_realm *realm,
			     const struct pn_addr *src)
{
	const struct sip_via *v = &req->via;
	uint16_t port = v->port ? v->port : SIP_PORT;
	struct pn_addr a = *src, maddr;

	if (sip_is_access(sip, realm) || !v->value.len)
		return a;
	if (v->maddr.len && sip_host_addr(sip, v->maddr, port, &maddr) && maddr.family == a.family)
		return maddr;
	if (!v->has_rport)
		a.port = port;
	return a;
}

static void add_line(struct text *t, const struct sip_msg *req, enum sip_header id)
{
	const struct sip_field *f = msg_field(req, id);

	if (f)
		text_add(t, f->line);
}

/* The To line, with a tag if it has none: RFC 3261 8.2.6.2. */
static void add_to(struct text *t, const struct sip_msg *req, const char *tag)
{
	const struct sip_field *f = msg_field(req, SIP_TO);
	const char *end;

	if (!f)
		return;
	end = f->value.p + f->value.len;
	add_span(t, f->line.p, end);
	if (tag && !req->to_tag.len)
		text_fmt(t, ";tag=%s", tag);
	add_span(t, end, f->line.p + f->line.len);
}

void reply_write(struct text *t, struct sip *sip, const struct sip_msg *req,
		 const struct pn_addr *src, const struct reply *r)
{
	text_fmt(t, "SIP/2.0 %d %s\r\n", r->status,
		 r->reason ? r->reason : status_reason(r->status));
	reply_vias(t, sip, req, src);
	add_line(t, req, SIP_FROM);
	add_to(t, req, r->tag);
	add_line(t, req, SIP_CALL_ID);
	add_line(t, req, SIP_CSEQ);
	if (r->status == 100) /* RFC 3261 8.2.6.1 */
		add_line(t, req, SIP_TIMESTAMP);
	text_add(t, r->extra);
	text_put(t, "Content-Length: 0\r\n\r\n");
	sip->svc->count(sip->host, SIP_CNT_REPLIES);
}

/* 420 names what is not supported: RFC 3261 8.2.2.3. */
static void add_unsupported(struct text *t, const struct sip_msg *req)
{
	for (const struct sip_field *f = msg_field(req, SIP_PROXY_REQUIRE); f;
	     f = msg_next(req, f)) {
		text_put(t, "Unsupported: ");
		text_add(t, f->value);
		text_put(t, "\r\n");
	}
}

void reply_stateless(struct sip *sip, const struct sip_rx *rx, int status, const char *reason)
{
	struct pn_addr to;
	struct text t = { 0 }, extra = { 0 };
	char tag[32];

	if (rx->msg->kind == SIP_ACK || !msg_field(rx->msg, SIP_VIA))
		return;
	snprintf(tag, sizeof(tag), "%016" PRIx64, sip_hash(sip, rx->msg->data, rx->msg->len));
	if (status == 420)
		add_unsupported(&extra, rx->msg);
	if (status == 503)
		text_put(&extra, "Retry-After: 10\r\n");
	reply_write(&t, sip, rx->msg, &rx->pn->remote,
		    &(struct reply){ status, reason, tag, text_str(&extra) });
	to = reply_address(sip, rx->msg, rx->pn->realm, &rx->pn->remote);
	if (!t.failed)
		sip->svc->flow_send(sip->host, rx->pn->flow, &to, t.p, t.len);
	text_free(&t);
	text_free(&extra);
}
