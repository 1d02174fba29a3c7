#include "ras_tunnel.h"

#include <errno.h>

#include <Content.h>
#include <EnumeratedParameter.h>
#include <GenericData.h>

#include "feature.h"
#include "link.h"
#include "ras.h"
#include "tpkt.h"
#include "uuie.h"

#define PARAMETER_RAS 1 /* RASMessage */

static bool is_standard(const struct GenericIdentifier *id, long number)
{
	return id->present == GenericIdentifier_PR_standard && id->choice.standard == number;
}

static void receive_one(struct h323 *h, const struct pn_msg *m, const struct EnumeratedParameter *p)
{
	struct pn_msg ras = *m;

	if (!is_standard(&p->id, PARAMETER_RAS) || !p->content || p->content->present != Content_PR_raw)
		return;
	ras.data = p->content->choice.raw.buf;
	ras.len = (size_t)p->content->choice.raw.size;
	ras_receive(h, &ras);
}

/* How many features of ours there are. */
static unsigned receive_all(struct h323 *h, const struct pn_msg *m, const H323_UU_PDU_t *uu)
{
	unsigned found = 0;

	for (int i = 0; uu->genericData && i < uu->genericData->list.count; i++) {
		const struct GenericData *f = uu->genericData->list.array[i];

		if (!is_standard(&f->id, FEATURE_RAS_TUNNEL))
			continue;
		found++;
		for (int j = 0; f->parameters && j < f->parameters->list.count; j++)
			receive_one(h, m, f->parameters->list.array[j]);
	}
	return found;
}

bool ras_tunnel_receive(struct h323 *h, struct call_link *l, const struct pn_msg *m, const struct q931_msg *q)
{
	struct uuie u = { 0 };
	bool found;

	if (q->call || q->type != Q931_FACILITY || !q->uu.p || !h->conf->traversal || !h323_is_access(h, l->realm))
		return false;
	if (pdu_counted(h, &u.pdu, uuie_read(q->uu, &u)))
		return false;
	l->ras = true; /* answers go by it at once */
	found = receive_all(h, m, u.uu) > 0;
	uuie_free(&u);
	return found;
}

bool ras_tunnel_is(struct h323 *h, uint64_t flow)
{
	const struct call_link *l = link_find(h, flow);

	return l && l->ras;
}

long ras_tunnel_wrap(struct pn_str ras, uint8_t *out, size_t cap)
{
	H323_UserInformation_t info = { 0 };
	struct H323_UU_PDU__genericData list = { 0 };
	struct GenericData__parameters parameters = { 0 };
	struct Content content = { .present = Content_PR_raw };
	struct EnumeratedParameter one = { .content = &content }, *ones[] = { &one };
	struct GenericData data = { .parameters = &parameters }, *all[] = { &data };
	uint8_t uu[H323_PDU_MAX];
	BOOLEAN_t tunnelling = 1;
	long n;

	content.choice.raw = (OCTET_STRING_t){ .buf = (uint8_t *)(uintptr_t)ras.p, .size = (int)ras.len };
	one.id.present = data.id.present = GenericIdentifier_PR_standard;
	one.id.choice.standard = PARAMETER_RAS;
	data.id.choice.standard = FEATURE_RAS_TUNNEL;
	parameters.list.array = ones;
	parameters.list.count = parameters.list.size = 1;
	list.list.array = all;
	list.list.count = list.list.size = 1;
	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_empty;
	info.h323_uu_pdu.h245Tunneling = &tunnelling;
	info.h323_uu_pdu.genericData = &list;
	n = aper_write_value(&asn_DEF_H323_UserInformation, &info, uu, sizeof(uu));
	if (n > 0 && cap > TPKT_HEADER)
		n = q931_write(Q931_FACILITY, 0, false, 0, (struct pn_str){ (const char *)uu, (size_t)n },
			       out + TPKT_HEADER, cap - TPKT_HEADER);
	if (n <= 0)
		return n ? n : -ENOBUFS;
	return tpkt_header(out, (size_t)n) ? -EMSGSIZE : n + (long)TPKT_HEADER;
}
