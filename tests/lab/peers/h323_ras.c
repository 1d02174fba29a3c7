#include "h323_ras.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#include "RasMessage.h"
#include "aper.h"
#include "h323_call.h"
#include "h323_feature.h"
#include "h323_log.h"
#include "h323_tunnel.h"

#define RETRY_MS 1000
#define TRIES 6
#define BANDWIDTH 1280 /* 64 kbit/s both ways */

bool ras_quiet(const struct terminal *t)
{
	return !t->ras.len;
}

static void put(struct terminal *t, const uint8_t *data, size_t len, const struct sockaddr_in *to)
{
	if (t->o.ras_tunnel)
		tunnel_send(t, data, len);
	else
		sendto(t->ras.fd, data, len, 0, (const struct sockaddr *)to, sizeof(*to));
}

static bool post(struct terminal *t, const RasMessage_t *msg, const struct sockaddr_in *to, uint8_t *out, size_t *len)
{
	long n = aper_write_value(&asn_DEF_RasMessage, msg, out, sizeof(t->ras.request));

	if (n < 0) {
		terminal_fail(t, "a RAS message of ours cannot be encoded");
		return false;
	}
	*len = (size_t)n;
	put(t, out, *len, to);
	return true;
}

/* A request, to be sent again until its answer comes. */
static void ask(struct terminal *t, const RasMessage_t *msg, const char *name)
{
	if (!post(t, msg, &t->ras.gatekeeper, t->ras.request, &t->ras.len))
		return;
	log_sent(name, &asn_DEF_RasMessage, t->ras.request, t->ras.len);
	t->ras.tries = 1;
	t->ras.answered = RasMessage_PR_NOTHING;
	t->ras.again_ms = t->now_ms + RETRY_MS;
}

static void put_endpoint(const struct terminal *t, EndpointIdentifier_t *id)
{
	build_octets(id, t->ras.endpoint, 2 * t->ras.endpoint_len);
}

static GatekeeperIdentifier_t *gatekeeper_id(const struct terminal *t)
{
	GatekeeperIdentifier_t *id;

	if (!t->ras.gatekeeper_id_len)
		return NULL;
	id = build_make(sizeof(*id));
	build_octets(id, t->ras.gatekeeper_id, t->ras.gatekeeper_id_len);
	return id;
}

static void put_aliases(const struct terminal *t, void *list)
{
	build_add(list, build_alias(t->o.alias));
	if (t->o.number)
		build_add(list, build_alias(t->o.number));
}

static void discover(struct terminal *t)
{
	RasMessage_t msg = { .present = RasMessage_PR_gatekeeperRequest };
	GatekeeperRequest_t *r = &msg.choice.gatekeeperRequest;

	build_begin();
	r->requestSeqNum = ++t->ras.seq;
	build_h225_version(&r->protocolIdentifier);
	build_address(&r->rasAddress, &t->ras.local);
	build_terminal(&r->endpointType);
	r->endpointAlias = build_make(sizeof(*r->endpointAlias));
	put_aliases(t, &r->endpointAlias->list);
	r->featureSet = feature_set(t);
	t->ras.state = RAS_DISCOVERING;
	ask(t, &msg, "gatekeeperRequest");
}

static void register_at(struct terminal *t, bool lightweight)
{
	RasMessage_t msg = { .present = RasMessage_PR_registrationRequest };
	RegistrationRequest_t *r = &msg.choice.registrationRequest;
	VendorIdentifier_t *v;

	build_begin();
	r->requestSeqNum = ++t->ras.seq;
	build_h225_version(&r->protocolIdentifier);
	r->discoveryComplete = 1;
	build_add(&r->callSignalAddress.list, build_new_address(&t->call.local));
	build_add(&r->rasAddress.list, build_new_address(&t->ras.local));
	build_terminal(&r->terminalType);
	v = r->terminalType.vendor;
	r->endpointVendor = *v;
	r->gatekeeperIdentifier = gatekeeper_id(t);
	r->timeToLive = build_make(sizeof(*r->timeToLive));
	*r->timeToLive = t->o.time_to_live;
	r->keepAlive = build_bool(lightweight);
	r->willSupplyUUIEs = build_bool(false);
	r->maintainConnection = build_bool(false);
	if (lightweight) {
		r->endpointIdentifier = build_make(sizeof(*r->endpointIdentifier));
		put_endpoint(t, r->endpointIdentifier);
	} else {
		r->terminalAlias = build_make(sizeof(*r->terminalAlias));
		put_aliases(t, &r->terminalAlias->list);
		t->ras.state = RAS_REGISTERING;
		r->featureSet = feature_set(t);
	}
	t->ras.lightweight = lightweight;
	ask(t, &msg, lightweight ? "registrationRequest lightweight" : "registrationRequest");
}

int ras_begin(struct terminal *t)
{
	socklen_t n = sizeof(t->ras.local);

	t->ras.fd = -1;
	if (!t->o.gatekeeper.sin_port)
		return 0;
	t->ras.local = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = t->o.address,
		.sin_port = htons((uint16_t)t->o.ras_port) };
	t->ras.gatekeeper = t->o.gatekeeper;
	t->ras.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (t->ras.fd < 0 || bind(t->ras.fd, (struct sockaddr *)&t->ras.local, sizeof(t->ras.local)) ||
	    getsockname(t->ras.fd, (struct sockaddr *)&t->ras.local, &n))
		return -errno;
	if (!t->o.forge)
		discover(t);
	return 0;
}

void ras_admit(struct terminal *t)
{
	RasMessage_t msg = { .present = RasMessage_PR_admissionRequest };
	AdmissionRequest_t *r = &msg.choice.admissionRequest;

	build_begin();
	r->requestSeqNum = ++t->ras.seq;
	r->callType.present = CallType_PR_pointToPoint;
	put_endpoint(t, &r->endpointIdentifier);
	if (t->call.calling) {
		r->destinationInfo = build_make(sizeof(*r->destinationInfo));
		build_add(&r->destinationInfo->list, build_alias(t->o.call));
	}
	put_aliases(t, &r->srcInfo.list);
	if (t->call.calling)
		r->srcCallSignalAddress = build_new_address(&t->call.local);
	r->bandWidth = BANDWIDTH;
	r->callReferenceValue = t->call.reference;
	build_octets(&r->conferenceID, t->call.conference, BUILD_GUID);
	r->answerCall = !t->call.calling;
	r->canMapAlias = build_bool(true);
	r->callIdentifier = call_identifier(t);
	r->gatekeeperIdentifier = gatekeeper_id(t);
	r->willSupplyUUIEs = build_bool(false);
	t->ras.state = RAS_ADMITTING;
	ask(t, &msg, "admissionRequest");
}

void ras_disengage(struct terminal *t)
{
	RasMessage_t msg = { .present = RasMessage_PR_disengageRequest };
	DisengageRequest_t *r = &msg.choice.disengageRequest;

	build_begin();
	r->requestSeqNum = ++t->ras.seq;
	put_endpoint(t, &r->endpointIdentifier);
	build_octets(&r->conferenceID, t->call.conference, BUILD_GUID);
	r->callReferenceValue = t->call.reference;
	r->disengageReason.present = DisengageReason_PR_normalDrop;
	r->callIdentifier = call_identifier(t);
	r->gatekeeperIdentifier = gatekeeper_id(t);
	r->answeredCall = build_bool(!t->call.calling);
	t->ras.disengaging = true;
	ask(t, &msg, "disengageRequest");
}

void ras_bandwidth(struct terminal *t, unsigned wanted)
{
	RasMessage_t msg = { .present = RasMessage_PR_bandwidthRequest };
	BandwidthRequest_t *r = &msg.choice.bandwidthRequest;

	build_begin();
	r->requestSeqNum = ++t->ras.seq;
	put_endpoint(t, &r->endpointIdentifier);
	build_octets(&r->conferenceID, t->call.conference, BUILD_GUID);
	r->callReferenceValue = t->call.reference;
	r->bandWidth = wanted;
	r->callIdentifier = call_identifier(t);
	r->gatekeeperIdentifier = gatekeeper_id(t);
	r->answeredCall = build_bool(!t->call.calling);
	ask(t, &msg, "bandwidthRequest");
}

void ras_locate(struct terminal *t)
{
	RasMessage_t msg = { .present = RasMessage_PR_locationRequest };
	LocationRequest_t *r = &msg.choice.locationRequest;

	t->located = true;
	build_begin();
	r->requestSeqNum = ++t->ras.seq;
	build_add(&r->destinationInfo.list, build_alias(t->o.locate));
	build_address(&r->replyAddress, &t->ras.local);
	r->canMapAlias = build_bool(true);
	r->gatekeeperIdentifier = gatekeeper_id(t);
	ask(t, &msg, "locationRequest");
}

void ras_unregister(struct terminal *t)
{
	RasMessage_t msg = { .present = RasMessage_PR_unregistrationRequest };
	UnregistrationRequest_t *r = &msg.choice.unregistrationRequest;

	build_begin();
	r->requestSeqNum = ++t->ras.seq;
	build_add(&r->callSignalAddress.list, build_new_address(&t->call.local));
	r->endpointIdentifier = build_make(sizeof(*r->endpointIdentifier));
	put_endpoint(t, r->endpointIdentifier);
	t->ras.state = RAS_LEAVING;
	ask(t, &msg, "unregistrationRequest");
}

void ras_tick(struct terminal *t)
{
	struct ras *r = &t->ras;

	if (r->fd < 0)
		return;
	if (r->len && t->now_ms >= r->again_ms) {
		if (r->tries++ >= TRIES) {
			r->len = 0;
			r->state = RAS_GONE;
			terminal_fail(t, "the gatekeeper does not answer");
			return;
		}
		put(t, r->request, r->len, &r->gatekeeper);
		r->again_ms = t->now_ms + RETRY_MS;
	}
	if (!r->len && r->state == RAS_IDLE && r->refresh_ms && t->now_ms >= r->refresh_ms)
		register_at(t, true);
}

static void on_gatekeeper(struct terminal *t, const GatekeeperConfirm_t *c)
{
	struct sockaddr_in ras;

	if (c->gatekeeperIdentifier && (size_t)c->gatekeeperIdentifier->size <= sizeof(t->ras.gatekeeper_id)) {
		t->ras.gatekeeper_id_len = (size_t)c->gatekeeperIdentifier->size;
		memcpy(t->ras.gatekeeper_id, c->gatekeeperIdentifier->buf, t->ras.gatekeeper_id_len);
	}
	if (build_read_address(&c->rasAddress, &ras))
		t->ras.gatekeeper = ras;
	register_at(t, false);
}

/* Its endpointIdentifier is known to be ASCII. */
static void log_registered(const struct terminal *t)
{
	char id[sizeof(t->ras.endpoint) / sizeof(t->ras.endpoint[0]) + 1] = "";

	for (size_t i = 0; i < t->ras.endpoint_len; i++)
		id[i] = (char)(ntohs(t->ras.endpoint[i]) & 0x7f);
	log_event("registered", "\"endpoint\": \"%s\", \"ras\": \"%s\"", id, log_address(&t->ras.local));
}

static void on_registered(struct terminal *t, const RegistrationConfirm_t *c)
{
	size_t n = (size_t)c->endpointIdentifier.size / 2;

	if (n <= sizeof(t->ras.endpoint) / sizeof(t->ras.endpoint[0])) {
		memcpy(t->ras.endpoint, c->endpointIdentifier.buf, 2 * n);
		t->ras.endpoint_len = n;
	}
	t->ras.refresh_ms = c->timeToLive ? t->now_ms + *c->timeToLive * 1000 / 2 : 0;
	if (!t->ras.lightweight)
		log_registered(t);
	t->ras.state = RAS_IDLE;
}

static void on_admitted(struct terminal *t, const AdmissionConfirm_t *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET };

	t->ras.state = RAS_IDLE;
	t->call.admitted = true;
	build_read_address(&c->destCallSignalAddress, &to);
	call_admitted(t, &to);
}

static void report(struct terminal *t, long seq, bool unsolicited, const struct sockaddr_in *to)
{
	RasMessage_t msg = { .present = RasMessage_PR_infoRequestResponse };
	InfoRequestResponse_t *r = &msg.choice.infoRequestResponse;
	uint8_t out[sizeof(t->ras.request)];
	size_t len;

	build_begin();
	r->requestSeqNum = seq;
	build_terminal(&r->endpointType);
	put_endpoint(t, &r->endpointIdentifier);
	build_address(&r->rasAddress, &t->ras.local);
	build_add(&r->callSignalAddress.list, build_new_address(&t->call.local));
	r->needResponse = build_bool(false);
	r->unsolicited = build_bool(unsolicited);
	post(t, &msg, to, out, &len);
}

/* Who asks by IRQ hears that we live. */
static void on_info_request(struct terminal *t, const InfoRequest_t *q, const struct sockaddr_in *from)
{
	report(t, q->requestSeqNum, false, from);
}

void ras_forge(struct terminal *t)
{
	register_at(t, true);
	register_at(t, false);
	report(t, ++t->ras.seq, true, &t->ras.gatekeeper);
	ras_disengage(t);
	ras_unregister(t);
	t->ras.len = 0; /* once is enough, and no answer changes anything */
	t->ras.disengaging = false;
	t->ras.state = RAS_OFF;
}

static void refuse(struct terminal *t, const char *name)
{
	log_event("refused", "\"message\": \"%s\"", name);
	if (t->ras.state == RAS_ADMITTING) {
		t->ras.state = RAS_IDLE;
		call_refused(t);
	} else if (t->ras.disengaging || t->ras.state == RAS_LEAVING) {
		t->ras.state = t->ras.disengaging ? RAS_IDLE : RAS_GONE;
		t->ras.disengaging = false;
	} else if (t->ras.lightweight) {
		register_at(t, false);
	} else {
		terminal_fail(t, name);
	}
}

/* The sequence number is the first component of every answer. */
static bool answers(struct terminal *t, long seq)
{
	if (!t->ras.len || seq != t->ras.seq)
		return false;
	t->ras.len = 0;
	return true;
}

static void on_answer(struct terminal *t, const RasMessage_t *m)
{
	if (!answers(t, m->choice.gatekeeperConfirm.requestSeqNum))
		return;
	t->ras.answered = m->present;
	switch (m->present) {
	case RasMessage_PR_gatekeeperConfirm: on_gatekeeper(t, &m->choice.gatekeeperConfirm); break;
	case RasMessage_PR_registrationConfirm: on_registered(t, &m->choice.registrationConfirm); break;
	case RasMessage_PR_admissionConfirm: on_admitted(t, &m->choice.admissionConfirm); break;
	case RasMessage_PR_unregistrationConfirm: t->ras.state = RAS_GONE; break;
	case RasMessage_PR_disengageConfirm: t->ras.disengaging = false; break;
	case RasMessage_PR_bandwidthConfirm:
	case RasMessage_PR_bandwidthReject:
	case RasMessage_PR_locationConfirm:
	case RasMessage_PR_locationReject: break;
	default: refuse(t, "request"); break;
	}
}

static void on_message(struct terminal *t, const RasMessage_t *m, const struct sockaddr_in *from)
{
	switch (m->present) {
	case RasMessage_PR_infoRequest: on_info_request(t, &m->choice.infoRequest, from); break;
	case RasMessage_PR_requestInProgress: t->ras.again_ms = t->now_ms + m->choice.requestInProgress.delay; break;
	case RasMessage_PR_serviceControlIndication:
		feature_indication(t, &m->choice.serviceControlIndication, from);
		break;
	case RasMessage_PR_gatekeeperConfirm:
	case RasMessage_PR_gatekeeperReject:
	case RasMessage_PR_registrationConfirm:
	case RasMessage_PR_registrationReject:
	case RasMessage_PR_unregistrationConfirm:
	case RasMessage_PR_unregistrationReject:
	case RasMessage_PR_admissionConfirm:
	case RasMessage_PR_admissionReject:
	case RasMessage_PR_disengageConfirm:
	case RasMessage_PR_disengageReject:
	case RasMessage_PR_bandwidthConfirm:
	case RasMessage_PR_bandwidthReject:
	case RasMessage_PR_locationConfirm:
	case RasMessage_PR_locationReject: on_answer(t, m); break;
	default: break;
	}
}

static const char *name_of(RasMessage_PR present)
{
	static const char *const name[] = { "nothing", "gatekeeperRequest", "gatekeeperConfirm", "gatekeeperReject",
		"registrationRequest", "registrationConfirm", "registrationReject", "unregistrationRequest",
		"unregistrationConfirm", "unregistrationReject", "admissionRequest", "admissionConfirm",
		"admissionReject", "bandwidthRequest", "bandwidthConfirm", "bandwidthReject", "disengageRequest",
		"disengageConfirm", "disengageReject", "locationRequest", "locationConfirm", "locationReject" };

	if (present == RasMessage_PR_infoRequest)
		return "infoRequest";
	if (present == RasMessage_PR_serviceControlIndication)
		return "serviceControlIndication";
	return present < sizeof(name) / sizeof(name[0]) ? name[present] : "other RAS";
}

void ras_give(struct terminal *t, const uint8_t *data, size_t len, const struct sockaddr_in *from)
{
	struct aper_message *m = NULL;

	if (aper_read(&asn_DEF_RasMessage, data, len, &m)) {
		terminal_fail(t, "a RAS message that came cannot be decoded");
		return;
	}
	log_received(name_of(((RasMessage_t *)aper_root(m))->present), m);
	on_message(t, aper_root(m), from);
	aper_free(m);
}

void ras_receive(struct terminal *t)
{
	uint8_t data[8192];
	struct sockaddr_in from;
	socklen_t n = sizeof(from);
	ssize_t len = recvfrom(t->ras.fd, data, sizeof(data), 0, (struct sockaddr *)&from, &n);

	if (len > 0)
		ras_give(t, data, (size_t)len, &from);
}
