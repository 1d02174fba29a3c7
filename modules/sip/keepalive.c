#include "keepalive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "record.h"

#define MARK "z9hG4bKka"
#define MARK_LEN (sizeof(MARK) - 1 + 16)

/* The branch names the binding by a secret of it, so that an answer proves that the OPTIONS
 * arrived. */
static void make_mark(struct sip *sip, const struct pn_binding *b, char out[MARK_LEN + 1])
{
	snprintf(out, MARK_LEN + 1, MARK "%016" PRIx64, record_of(sip, b).nonce);
}

static void write_options(struct text *t, struct sip *sip, const struct pn_binding *b)
{
	const struct pn_binding_info *info = sip->svc->binding_info(b);
	char own[SIP_ADDR_LEN], mark[MARK_LEN + 1];
	struct pn_str contact = record_of(sip, b).contact;
	uint64_t now = sip->svc->now_ms(sip->host);

	sip_own(sip, info->flow, own);
	make_mark(sip, b, mark);
	text_put(t, "OPTIONS ");
	text_add(t, contact);
	text_fmt(t, " SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s.%" PRIx64 ";rport\r\n", own, mark,
		 now);
	text_fmt(t, "Max-Forwards: 70\r\nFrom: <sip:postern@%s>;tag=%" PRIx64 "\r\nTo: <", own,
		 now);
	text_add(t, contact);
	text_fmt(t, ">\r\nCall-ID: %s.%" PRIx64 "@postern\r\nCSeq: 1 OPTIONS\r\n",
		 mark + sizeof(MARK) - 1, now);
	text_put(t, "Content-Length: 0\r\n\r\n");
}

long keepalive_write(struct sip *sip, struct pn_binding *b, void *out, size_t cap)
{
	bool crlf = sip->conf->keepalive_crlf && !sip->svc->binding_info(b)->probing;
	struct text t = { 0 };
	long len = -ENOBUFS;

	if (crlf || !record_of(sip, b).contact.len)
		text_put(&t, "\r\n\r\n");
	else
		write_options(&t, sip, b);
	if (!t.failed && t.len <= cap) {
		memcpy(out, t.p, t.len);
		len = (long)t.len;
		sip->svc->count(sip->host, SIP_CNT_KEEPALIVES);
	}
	text_free(&t);
	return len;
}

bool keepalive_answer(struct sip *sip, const struct sip_rx *rx)
{
	struct pn_str branch = rx->msg->via.branch;
	struct pn_binding *b = NULL;
	char mark[MARK_LEN + 1];

	if (rx->msg->kind != SIP_OPTIONS || branch.len < MARK_LEN ||
	    !str_is((struct pn_str){ branch.p, sizeof(MARK) - 1 }, MARK))
		return false;
	while ((b = sip->svc->binding_find(sip->host, rx->pn->realm, PN_BY_PINHOLE, &rx->pn->remote,
					   sizeof(rx->pn->remote), b))) {
		make_mark(sip, b, mark);
		if (!str_is((struct pn_str){ branch.p, MARK_LEN }, mark))
			continue;
		sip->svc->binding_alive(b);
		sip->svc->count(sip->host, SIP_CNT_KEEPALIVE_ANSWERS);
		return true;
	}
	sip->svc->count(sip->host, SIP_CNT_STRAY);
	return true;
}

bool keepalive_ping(struct sip *sip, const struct pn_msg *m)
{
	static const uint8_t cookie[] = { 0x21, 0x12, 0xa4, 0x42 };
	bool stun = m->len >= 20 && m->data[0] < 4 && !memcmp(m->data + 4, cookie, sizeof(cookie));
	bool blank = m->len <= 8;

	for (size_t i = 0; blank && i < m->len; i++)
		blank = m->data[i] == '\r' || m->data[i] == '\n' || m->data[i] == '\0';
	if (!stun && !blank)
		return false;
	sip->svc->count(sip->host, SIP_CNT_PINGS);
	return true;
}
