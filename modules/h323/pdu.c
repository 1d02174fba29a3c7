#include "pdu.h"

#include <errno.h>
#include <string.h>

int pdu_read(const struct asn_TYPE_descriptor_s *td, struct pn_str text, struct pdu *out)
{
	struct pdu p = { .text = text };
	uint8_t again[H323_PDU_MAX];
	int err = aper_read(td, (const uint8_t *)text.p, text.len, &p.m);
	long n;

	if (err)
		return err;
	p.root = aper_root(p.m);
	n = aper_write(p.m, again, sizeof(again));
	p.lossless = n >= 0 && (size_t)n == text.len && !memcmp(again, text.p, text.len);
	*out = p;
	return 0;
}

int pdu_counted(struct h323 *h, const struct pdu *p, int err)
{
	if (err)
		h->svc->count(h->host, H323_CNT_MALFORMED);
	else if (!p->lossless)
		h->svc->count(h->host, H323_CNT_PATCHED);
	return err;
}

void pdu_free(struct pdu *p)
{
	if (!p)
		return;
	aper_free(p->m);
	*p = (struct pdu){ 0 };
}

/* The address in the struct, over the octets that it came from. */
static int patch(const struct aper_leaf *leaf, uint8_t *out, size_t len)
{
	size_t octets = leaf->family == 4 ? 4 : 16;

	if (leaf->at == APER_NOWHERE || leaf->at + octets + 2 > len)
		return -EOPNOTSUPP;
	memcpy(out + leaf->at, leaf->ip, octets);
	out[leaf->at + octets] = (uint8_t)(*leaf->port >> 8);
	out[leaf->at + octets + 1] = (uint8_t)*leaf->port;
	return 0;
}

long pdu_write(const struct pdu *p, uint8_t *out, size_t cap)
{
	const struct aper_leaf *leaf;
	size_t n = 0;

	if (p->lossless)
		return aper_write(p->m, out, cap);
	if (p->text.len > cap)
		return -ENOBUFS;
	memcpy(out, p->text.p, p->text.len);
	n = aper_leaves(p->m, &leaf);
	for (size_t i = 0; i < n; i++) {
		int err = patch(&leaf[i], out, p->text.len);

		if (err)
			return err;
	}
	return (long)p->text.len;
}
