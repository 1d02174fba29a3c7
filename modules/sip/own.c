#include "own.h"

#include <stdio.h>

#include "client.h"

struct own_request {
	const char *method;
	uint32_t cseq;
	const char *branch;
};

static void write_request(struct text *t, const struct sip_dialog *d, int side,
			  const struct sip_target *target, const struct own_request *r)
{
	char own[SIP_ADDR_LEN];

	text_fmt(t, "%s ", r->method);
	text_add(t, target->uri);
	text_fmt(t, " SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s;rport\r\nMax-Forwards: 70\r\n",
		 sip_own(d->sip, target->flow, own), r->branch);
	if (target->routes.len) {
		text_put(t, "Route: ");
		text_add(t, target->routes);
		text_put(t, "\r\n");
	}
	text_put(t, "From: ");
	text_add(t, d->leg[1 - side].party);
	text_put(t, "\r\nTo: ");
	text_add(t, d->leg[side].party);
	text_put(t, "\r\nCall-ID: ");
	text_add(t, d->call_id);
	text_fmt(t, "\r\nCSeq: %u %s\r\nContent-Length: 0\r\n\r\n", r->cseq, r->method);
}

void own_bye(struct sip_dialog *d, int side)
{
	struct own_request r = { .method = "BYE", .cseq = ++d->leg[1 - side].cseq };
	struct sip_target target;
	struct sip_client *c;
	struct text t = { 0 };

	if (!d->leg[side].target.len || dialog_target(d, side, &target))
		return;
	c = client_new(d->sip, NULL, str_of("BYE"), &target, NULL);
	if (!c)
		return;
	r.branch = c->branch;
	write_request(&t, d, side, &c->target, &r);
	if (t.failed || client_start(c, t.p, t.len))
		client_end(c);
	text_free(&t);
}

void own_ack(struct sip_dialog *d, int side, uint32_t cseq)
{
	char token[SIP_TOKEN_LEN + 1], branch[SIP_TOKEN_LEN + 8];
	struct sip_target target;
	struct text t = { 0 };

	if (!d->leg[side].target.len || dialog_target(d, side, &target))
		return;
	sip_token(d->sip, token);
	snprintf(branch, sizeof(branch), "z9hG4bK%s", token);
	write_request(&t, d, side, &target, &(struct own_request){ "ACK", cseq, branch });
	if (!t.failed)
		d->sip->svc->flow_send(d->sip->host, target.flow, &target.hop[0], t.p, t.len);
	text_free(&t);
	target_drop(&target);
}
