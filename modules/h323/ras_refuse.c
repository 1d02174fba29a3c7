#include "ras_refuse.h"

#include <errno.h>

/* Reasons of each reject by cause; the first row holds for causes that are not listed. */
static const struct {
	int why;
	GatekeeperRejectReason_PR grj;
	RegistrationRejectReason_PR rrj;
	AdmissionRejectReason_PR arj;
	LocationRejectReason_PR lrj;
} reasons[] = {
	{ 0, GatekeeperRejectReason_PR_undefinedReason, RegistrationRejectReason_PR_undefinedReason,
	  AdmissionRejectReason_PR_undefinedReason, LocationRejectReason_PR_undefinedReason },
	{ -ENOSPC, GatekeeperRejectReason_PR_resourceUnavailable,
	  RegistrationRejectReason_PR_resourceUnavailable, AdmissionRejectReason_PR_resourceUnavailable,
	  LocationRejectReason_PR_resourceUnavailable },
	{ -EDQUOT, GatekeeperRejectReason_PR_resourceUnavailable,
	  RegistrationRejectReason_PR_resourceUnavailable, AdmissionRejectReason_PR_requestDenied,
	  LocationRejectReason_PR_requestDenied },
	{ -EACCES, GatekeeperRejectReason_PR_terminalExcluded,
	  RegistrationRejectReason_PR_fullRegistrationRequired, AdmissionRejectReason_PR_callerNotRegistered,
	  LocationRejectReason_PR_notRegistered },
	{ -ENOENT, GatekeeperRejectReason_PR_undefinedReason,
	  RegistrationRejectReason_PR_fullRegistrationRequired,
	  AdmissionRejectReason_PR_calledPartyNotRegistered, LocationRejectReason_PR_notRegistered },
	{ -EINVAL, GatekeeperRejectReason_PR_undefinedReason, RegistrationRejectReason_PR_invalidRASAddress,
	  AdmissionRejectReason_PR_undefinedReason, LocationRejectReason_PR_undefinedReason },
	{ -EHOSTUNREACH, GatekeeperRejectReason_PR_resourceUnavailable,
	  RegistrationRejectReason_PR_resourceUnavailable, AdmissionRejectReason_PR_noRouteToDestination,
	  LocationRejectReason_PR_requestDenied },
	{ -ENETUNREACH, GatekeeperRejectReason_PR_resourceUnavailable,
	  RegistrationRejectReason_PR_resourceUnavailable,
	  AdmissionRejectReason_PR_calledPartyNotRegistered, LocationRejectReason_PR_notRegistered },
	{ -EEXIST, GatekeeperRejectReason_PR_undefinedReason, RegistrationRejectReason_PR_duplicateAlias,
	  AdmissionRejectReason_PR_undefinedReason, LocationRejectReason_PR_undefinedReason },
};

static size_t reason_of(int why)
{
	for (size_t i = 1; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].why == why)
			return i;
	return 0;
}

static const ProtocolIdentifier_t *version_of(const struct ras_rx *rx)
{
	return rx->type == RasMessage_PR_gatekeeperRequest
		       ? &rx->msg->choice.gatekeeperRequest.protocolIdentifier
		       : &rx->msg->choice.registrationRequest.protocolIdentifier;
}

static void discovery(const struct ras_rx *rx, int why, RasMessage_t *out)
{
	GatekeeperReject_t *r = &out->choice.gatekeeperReject;

	out->present = RasMessage_PR_gatekeeperReject;
	r->protocolIdentifier = *version_of(rx);
	r->rejectReason.present = reasons[reason_of(why)].grj;
}

static void registration(const struct ras_rx *rx, int why, RasMessage_t *out)
{
	RegistrationReject_t *r = &out->choice.registrationReject;

	out->present = RasMessage_PR_registrationReject;
	r->protocolIdentifier = *version_of(rx);
	r->rejectReason.present = reasons[reason_of(why)].rrj;
}

static void unregistration(const struct ras_rx *rx, int why, RasMessage_t *out)
{
	(void)rx;
	out->present = RasMessage_PR_unregistrationReject;
	out->choice.unregistrationReject.rejectReason.present =
		why == -EACCES ? UnregRejectReason_PR_notCurrentlyRegistered
			       : UnregRejectReason_PR_undefinedReason;
}

static void admission(const struct ras_rx *rx, int why, RasMessage_t *out)
{
	(void)rx;
	out->present = RasMessage_PR_admissionReject;
	out->choice.admissionReject.rejectReason.present = reasons[reason_of(why)].arj;
}

static void bandwidth(const struct ras_rx *rx, int why, RasMessage_t *out)
{
	BandwidthReject_t *r = &out->choice.bandwidthReject;

	(void)rx;
	out->present = RasMessage_PR_bandwidthReject;
	if (why == -EDQUOT)
		r->rejectReason.present = BandRejectReason_PR_insufficientResources;
	else if (why == -EACCES)
		r->rejectReason.present = BandRejectReason_PR_notBound;
	else if (why == -ENOENT)
		r->rejectReason.present = BandRejectReason_PR_invalidConferenceID;
	else
		r->rejectReason.present = BandRejectReason_PR_undefinedReason;
}

static void disengagement(const struct ras_rx *rx, int why, RasMessage_t *out)
{
	(void)rx;
	(void)why;
	out->present = RasMessage_PR_disengageReject;
	out->choice.disengageReject.rejectReason.present = DisengageRejectReason_PR_notRegistered;
}

static void location(const struct ras_rx *rx, int why, RasMessage_t *out)
{
	(void)rx;
	out->present = RasMessage_PR_locationReject;
	out->choice.locationReject.rejectReason.present = reasons[reason_of(why)].lrj;
}

static void unknown(const struct ras_rx *rx, int why, RasMessage_t *out)
{
	OCTET_STRING_t *what = aper_alloc(rx->pdu.m, sizeof(*what));

	(void)why;
	out->present = RasMessage_PR_unknownMessageResponse;
	out->choice.unknownMessageResponse.messageNotUnderstood = what;
	if (what)
		*what = (OCTET_STRING_t){ .buf = (uint8_t *)(uintptr_t)rx->pdu.text.p,
					  .size = (int)rx->pdu.text.len };
}

static const struct {
	RasMessage_PR type;
	void (*write)(const struct ras_rx *rx, int why, RasMessage_t *out);
} refusals[] = {
	{ RasMessage_PR_gatekeeperRequest, discovery },
	{ RasMessage_PR_registrationRequest, registration },
	{ RasMessage_PR_unregistrationRequest, unregistration },
	{ RasMessage_PR_admissionRequest, admission },
	{ RasMessage_PR_bandwidthRequest, bandwidth },
	{ RasMessage_PR_disengageRequest, disengagement },
	{ RasMessage_PR_locationRequest, location },
	{ RasMessage_PR_serviceControlIndication, unknown },
	{ RasMessage_PR_resourcesAvailableIndicate, unknown },
	{ RasMessage_PR_infoRequest, unknown },
};

int ras_refuse_write(const struct ras_rx *rx, int why, RasMessage_t *out)
{
	*out = (RasMessage_t){ 0 };
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].type == rx->type) {
			refusals[i].write(rx, why, out);
			ras_set_seq(out, rx->seq);
			return 0;
		}
	return -EINVAL;
}

void ras_refuse(struct h323 *h, const struct ras_rx *rx, int why)
{
	RasMessage_t m;
	int err = ras_refuse_write(rx, why, &m);

	if (!err)
		err = ras_reply(h, rx, &m);
	if (err && err != -EINVAL)
		h->svc->log(h->host, PN_LOG_WARN, "refusal not sent: error %d", -err);
}
