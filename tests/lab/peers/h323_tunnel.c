#include "h323_tunnel.h"

#include "Content.h"
#include "EnumeratedParameter.h"
#include "GenericData.h"
#include "H323-UserInformation.h"
#include "aper.h"
#include "h323_q931.h"
#include "h323_ras.h"

#define RAS_TUNNEL 17
#define RAS_MESSAGE 1 /* the parameter */
#define SIGNALLING_PORT 1720

int tunnel_begin(struct terminal *t)
{
	struct sockaddr_in to = t->o.gatekeeper;

	to.sin_port = htons(SIGNALLING_PORT);
	return t->o.ras_tunnel ? link_connect(t->call.link, t->o.address, &to) : 0;
}

void tunnel_send(struct terminal *t, const uint8_t *ras, size_t len)
{
	static uint8_t user[Q931_MAX], out[Q931_MAX + 1024];
	struct q931 m = { .type = Q931_FACILITY, .user = user };
	H323_UserInformation_t info = { 0 };
	GenericData_t *f;
	EnumeratedParameter_t *p;
	long n;

	build_begin();
	f = build_make(sizeof(*f));
	p = build_make(sizeof(*p));
	f->id.present = p->id.present = GenericIdentifier_PR_standard;
	f->id.choice.standard = RAS_TUNNEL;
	p->id.choice.standard = RAS_MESSAGE;
	p->content = build_make(sizeof(*p->content));
	p->content->present = Content_PR_raw;
	build_octets(&p->content->choice.raw, ras, len);
	f->parameters = build_make(sizeof(*f->parameters));
	build_add(&f->parameters->list, p);
	info.h323_uu_pdu.h323_message_body.present = H323_UU_PDU__h323_message_body_PR_empty;
	info.h323_uu_pdu.h245Tunneling = build_bool(true);
	info.h323_uu_pdu.genericData = build_make(sizeof(*info.h323_uu_pdu.genericData));
	build_add(&info.h323_uu_pdu.genericData->list, f);
	n = aper_write_value(&asn_DEF_H323_UserInformation, &info, user, sizeof(user));
	if (n < 0) {
		terminal_fail(t, "a RAS message of ours cannot be wrapped");
		return;
	}
	m.user_len = (size_t)n;
	link_send(t->call.link, out, q931_write(&m, NULL, out));
}

static void receive_all(struct terminal *t, const GenericData_t *f)
{
	for (int i = 0; f->parameters && i < f->parameters->list.count; i++) {
		const EnumeratedParameter_t *p = f->parameters->list.array[i];

		if (p->id.present == GenericIdentifier_PR_standard && p->id.choice.standard == RAS_MESSAGE &&
		    p->content && p->content->present == Content_PR_raw)
			ras_give(t, p->content->choice.raw.buf, (size_t)p->content->choice.raw.size, &t->ras.gatekeeper);
	}
}

bool tunnel_receive(struct terminal *t, const H323_UU_PDU_t *pdu)
{
	bool found = false;

	for (int i = 0; t->o.ras_tunnel && pdu->genericData && i < pdu->genericData->list.count; i++) {
		const GenericData_t *f = pdu->genericData->list.array[i];

		if (f->id.present != GenericIdentifier_PR_standard || f->id.choice.standard != RAS_TUNNEL)
			continue;
		found = true;
		receive_all(t, f);
	}
	return found;
}
