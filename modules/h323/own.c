#include "own.h"

#include <errno.h>
#include <string.h>

#include <CallIdentifier.h>
#include <H323-UserInformation.h>
#include <ReleaseCompleteReason.h>
#include <TransportAddress.h>

#include "q931.h"
#include "tpkt.h"
#include "transport.h"

/* itu-t recommendation h 2250 version 6 */
static uint8_t protocol[] = { 0x00, 0x08, 0x91, 0x4a, 0x00, 0x06 };

/* H.225.0 table 5; the first fits all others. */
static const struct {
	int err;
	uint8_t cause;
	ReleaseCompleteReason_PR reason;
} reasons[] = {
	{ -EPROTO, 31, ReleaseCompleteReason_PR_undefinedReason },
	{ -EACCES, 31, ReleaseCompleteReason_PR_callerNotRegistered },
	{ -EDQUOT, 34, ReleaseCompleteReason_PR_noBandwidth },
	{ -ENOSPC, 42, ReleaseCompleteReason_PR_gatewayResources },
	{ -ENOMEM, 42, ReleaseCompleteReason_PR_gatewayResources },
	{ -ENOBUFS, 42, ReleaseCompleteReason_PR_gatewayResources },
	{ -ENOENT, 20, ReleaseCompleteReason_PR_calledPartyNotRegistered },
	{ -EHOSTUNREACH, 3, ReleaseCompleteReason_PR_unreachableDestination },
	{ -ENETUNREACH, 3, ReleaseCompleteReason_PR_unreachableDestination },
	{ -ECONNREFUSED, 3, ReleaseCompleteReason_PR_unreachableDestination },
	{ -ETIMEDOUT, 3, ReleaseCompleteReason_PR_unreachableDestination },
	{ -ENOTCONN, 3, ReleaseCompleteReason_PR_unreachableDestination },
	{ -EADDRNOTAVAIL, 3, ReleaseCompleteReason_PR_unreachableDestination },
	{ -EBADMSG, 28, ReleaseCompleteReason_PR_badFormatAddress },
	{ -EEXIST, 3, ReleaseCompleteReason_PR_invalidCID },
	{ -ECANCELED, 16, ReleaseCompleteReason_PR_undefinedReason },
};

static size_t reason_of(int err)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].err == err)
			return i;
	return 0;
}

static void set_guid(struct CallIdentifier *c, uint8_t copy[H323_GUID], const uint8_t *guid)
{
	memset(copy, 0, H323_GUID);
	if (guid)
		memcpy(copy, guid, H323_GUID);
	c->guid = (OCTET_STRING_t){ .buf = copy, .size = H323_GUID };
}

static void emit(const struct own_to *to, enum q931_type type, uint8_t cause,
		 const H323_UserInformation_t *info)
{
	uint8_t uu[512];
	long n = aper_write_value(&asn_DEF_H323_UserInformation, info, uu, sizeof(uu));

	if (n < 0)
		return;
	n = q931_write(type, to->reference, to->answering, cause,
		       (struct pn_str){ (const char *)uu, (size_t)n }, to->link->h->out + TPKT_HEADER,
		       H323_PDU_MAX - TPKT_HEADER);
	call_send(to->link->h, to->link, n);
}

void own_release(const struct own_to *to, const uint8_t *guid, int err)
{
	H323_UserInformation_t info = { 0 };
	struct H323_UU_PDU__h323_message_body *body = &info.h323_uu_pdu.h323_message_body;
	ReleaseComplete_UUIE_t *r = &body->choice.releaseComplete;
	struct ReleaseCompleteReason reason = { .present = reasons[reason_of(err)].reason };
	struct CallIdentifier call = { 0 };
	BOOLEAN_t tunnelling = 0;
	uint8_t copy[H323_GUID];

	if (!to->link)
		return;
	set_guid(&call, copy, guid);
	body->present = H323_UU_PDU__h323_message_body_PR_releaseComplete;
	r->protocolIdentifier = (OBJECT_IDENTIFIER_t){ .buf = protocol, .size = sizeof(protocol) };
	r->reason = &reason;
	r->callIdentifier = &call;
	info.h323_uu_pdu.h245Tunneling = &tunnelling;
	emit(to, Q931_RELEASE_COMPLETE, reasons[reason_of(err)].cause, &info);
}

static struct own_to to_leg(const struct call_leg *leg)
{
	return (struct own_to){ leg->link, leg->call->reference, leg->side == PN_SIDE_A };
}

void own_release_leg(struct call_leg *leg, int err)
{
	const struct own_to to = to_leg(leg);

	own_release(&to, leg->call->has_id ? leg->call->id : NULL, err);
}

void own_start_h245(struct call_leg *leg, const struct pn_addr *at)
{
	H323_UserInformation_t info = { 0 };
	struct H323_UU_PDU__h323_message_body *body = &info.h323_uu_pdu.h323_message_body;
	Facility_UUIE_t *f = &body->choice.facility;
	const struct own_to to = to_leg(leg);
	const struct call *c = leg->call;
	struct CallIdentifier call = { 0 };
	struct TransportAddress address;
	BOOLEAN_t no = 0, no_multiple = 0, no_maintain = 0;
	uint8_t copy[H323_GUID], ip[16];

	if (!to.link)
		return;
	set_guid(&call, copy, c->has_id ? c->id : NULL);
	transport_write(&address, ip, at);
	body->present = H323_UU_PDU__h323_message_body_PR_facility;
	f->protocolIdentifier = (OBJECT_IDENTIFIER_t){ .buf = protocol, .size = sizeof(protocol) };
	f->reason.present = FacilityReason_PR_startH245;
	f->callIdentifier = &call;
	f->h245Address = &address;
	f->multipleCalls = &no_multiple;
	f->maintainConnection = &no_maintain;
	info.h323_uu_pdu.h245Tunneling = &no;
	emit(&to, Q931_FACILITY, 0, &info);
}
