#include "record.h"

#include <errno.h>
#include <string.h>

#define VERSION 1

struct head {
	uint32_t version, cseq;
	uint64_t nonce;
	uint32_t waiting;
	uint32_t len[5];
};

static void members(struct sip_record *r, struct pn_str *m[5])
{
	m[0] = &r->contact;
	m[1] = &r->value;
	m[2] = &r->call_id;
	m[3] = &r->answer;
	m[4] = &r->extra;
}

long record_pack(const struct sip_record *r, uint8_t out[SIP_RECORD_MAX])
{
	struct sip_record copy = *r;
	struct head h = { .version = VERSION, .cseq = r->cseq, .nonce = r->nonce,
			  .waiting = r->waiting };
	struct pn_str *m[5];
	size_t at = sizeof(h);

	members(&copy, m);
	for (size_t i = 0; i < 5; i++) {
		if (m[i]->len > SIP_RECORD_MAX - at)
			return -E2BIG;
		if (m[i]->len)
			memcpy(out + at, m[i]->p, m[i]->len);
		at += m[i]->len;
		h.len[i] = (uint32_t)m[i]->len;
	}
	memcpy(out, &h, sizeof(h));
	return (long)at;
}

int record_unpack(const void *data, size_t len, struct sip_record *out)
{
	struct sip_record r = { 0 };
	struct pn_str *m[5];
	struct head h;
	const char *p = data;

	if (!data || len < sizeof(h))
		return -EBADMSG;
	memcpy(&h, p, sizeof(h));
	if (h.version != VERSION)
		return -EBADMSG;
	p += sizeof(h);
	len -= sizeof(h);
	members(&r, m);
	for (size_t i = 0; i < 5; i++) {
		if (h.len[i] > len)
			return -EBADMSG;
		*m[i] = (struct pn_str){ p, h.len[i] };
		p += h.len[i];
		len -= h.len[i];
	}
	r.cseq = h.cseq;
	r.nonce = h.nonce;
	r.waiting = h.waiting;
	*out = r;
	return 0;
}

struct sip_record record_of(struct sip *sip, const struct pn_binding *b)
{
	const struct pn_binding_info *info = b ? sip->svc->binding_info(b) : NULL;
	struct sip_record r = { 0 };

	if (info)
		record_unpack(info->data, info->data_len, &r);
	return r;
}
