#include "captured.h"

#include "aper.h"

#include <FeatureSet.h>
#include <GenericData.h>
#include <GenericMessage.h>
#include <H323-UserInformation.h>
#include <MultimediaSystemControlMessage.h>
#include <OpenLogicalChannel.h>
#include <RasMessage.h>
#include <TransportAddress.h>
#include <errno.h>
#include <string.h>

#define BODY(name) H323_UU_PDU__h323_message_body_PR_##name
#define USER_USER 0x7eu
#define PARTS_MAX 16u
#define INNER_MAX 64u

/* itu-t recommendation h 460: what follows tells which */
static const uint8_t h460[] = { 0x00, 0x08, 0x83, 0x4c };

/* Where a value of a type stands in the octets. */
struct part {
	const struct asn_TYPE_descriptor_s *td;
	size_t at, len;
};

/* A message that an octet string of the user information holds. */
struct inner {
	const struct asn_TYPE_descriptor_s *td;
	OCTET_STRING_t *string;
};

/* ---- parts ---- */

/* The User-user element of a Q.931 message; len 0: it has none. */
static int user_information(const uint8_t *p, size_t len, struct part *out)
{
	size_t at = 5;

	*out = (struct part){ .td = &asn_DEF_H323_UserInformation };
	while (at < len) {
		size_t head = p[at] & 0x80 ? 1 : p[at] == USER_USER ? 3 : 2, n = 0;

		if (at + head > len)
			return -EBADMSG;
		if (head > 1)
			n = head == 3 ? (size_t)p[at + 1] << 8 | p[at + 2] : p[at + 1];
		if (n > len - at - head)
			return -EBADMSG;
		if (p[at] == USER_USER && n > 1) {
			out->at = at + head + 1;
			out->len = n - 1;
			return 0;
		}
		at += head + n;
	}
	return 0;
}

/* The H.245 messages of one TPKT, one behind the other. */
static int control_parts(const uint8_t *p, size_t len, struct part out[PARTS_MAX], size_t *n)
{
	size_t at = 0;

	for (*n = 0; at < len; (*n)++) {
		struct aper_message *m;

		if (*n == PARTS_MAX)
			return -E2BIG;
		if (aper_read(&asn_DEF_MultimediaSystemControlMessage, p + at, len - at, &m))
			return -EBADMSG;
		out[*n] = (struct part){ &asn_DEF_MultimediaSystemControlMessage, at, aper_consumed(m) };
		at += aper_consumed(m);
		aper_free(m);
	}
	return 0;
}

static int parts_of(const struct captured *m, struct part out[PARTS_MAX], size_t *n)
{
	int err;

	*n = 1;
	if (m->kind == CAPTURED_CONTROL)
		return control_parts(m->data, m->len, out, n);
	if (m->kind == CAPTURED_RAS) {
		out[0] = (struct part){ &asn_DEF_RasMessage, 0, m->len };
		return 0;
	}
	if (m->len < 5)
		return -EBADMSG;
	err = user_information(m->data, m->len, &out[0]);
	*n = out[0].len > 0;
	return err;
}

/* ---- addresses ---- */

static const void *h245_address(const H323_UserInformation_t *info)
{
	const struct H323_UU_PDU__h323_message_body *b = &info->h323_uu_pdu.h323_message_body;

	switch (b->present) {
	case BODY(setup):
		return b->choice.setup.h245Address;
	case BODY(callProceeding):
		return b->choice.callProceeding.h245Address;
	case BODY(alerting):
		return b->choice.alerting.h245Address;
	case BODY(progress):
		return b->choice.progress.h245Address;
	case BODY(connect):
		return b->choice.connect.h245Address;
	case BODY(facility):
		return b->choice.facility.h245Address;
	default:
		return NULL;
	}
}

static size_t add_inner(struct inner out[INNER_MAX], size_t n, const struct asn_TYPE_descriptor_s *td,
			OCTET_STRING_t **list, int count)
{
	for (int i = 0; i < count && n < INNER_MAX; i++)
		out[n++] = (struct inner){ td, list[i] };
	return n;
}

#define ADD_INNER(td, field) \
	((field) ? add_inner(out, n, &asn_DEF_##td, (field)->list.array, (field)->list.count) : n)

static size_t inner_of(H323_UserInformation_t *info, struct inner out[INNER_MAX])
{
	struct H323_UU_PDU__h323_message_body *b = &info->h323_uu_pdu.h323_message_body;
	size_t n = 0;

	n = ADD_INNER(MultimediaSystemControlMessage, info->h323_uu_pdu.h245Control);
	switch (b->present) {
	case BODY(setup):
		n = ADD_INNER(MultimediaSystemControlMessage, b->choice.setup.parallelH245Control);
		return ADD_INNER(OpenLogicalChannel, b->choice.setup.fastStart);
	case BODY(callProceeding):
		return ADD_INNER(OpenLogicalChannel, b->choice.callProceeding.fastStart);
	case BODY(alerting):
		return ADD_INNER(OpenLogicalChannel, b->choice.alerting.fastStart);
	case BODY(progress):
		return ADD_INNER(OpenLogicalChannel, b->choice.progress.fastStart);
	case BODY(connect):
		return ADD_INNER(OpenLogicalChannel, b->choice.connect.fastStart);
	case BODY(facility):
		return ADD_INNER(OpenLogicalChannel, b->choice.facility.fastStart);
	default:
		return n;
	}
}

/* at: where the message begins. h245: its h245Address; NULL. */
static int add_leaves(struct captured *m, const struct aper_message *from, size_t at, bool media, const void *h245)
{
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(from, &leaf);

	for (size_t i = 0; i < n; i++) {
		if (m->n == SPANS_MAX)
			return -E2BIG;
		if (leaf[i].at == APER_NOWHERE)
			return -ENOTSUP;
		m->span[m->n++] = (struct span){ .at = at + leaf[i].at,
						 .family = leaf[i].family,
						 .media = media,
						 .rtp = media && !strcmp(leaf[i].component, "mediaChannel"),
						 .h245 = h245 && leaf[i].where == h245 };
	}
	return 0;
}

static int add_inner_spans(struct captured *m, const struct aper_message *outer, size_t at, const struct inner *inner)
{
	long within = aper_offset(outer, inner->string->buf);
	struct aper_message *one;
	int err;

	if (within < 0)
		return -ENOTSUP;
	err = aper_read(inner->td, inner->string->buf, (size_t)inner->string->size, &one);
	if (err)
		return err;
	err = add_leaves(m, one, at + (size_t)within, true, NULL);
	aper_free(one);
	return err;
}

static int add_spans(struct captured *m, const struct part *part)
{
	bool signalling = m->kind == CAPTURED_SIGNALLING;
	struct inner inner[INNER_MAX];
	struct aper_message *outer;
	int err = aper_read(part->td, m->data + part->at, part->len, &outer);
	size_t n;

	if (err)
		return err;
	n = signalling ? inner_of(aper_root(outer), inner) : 0;
	err = add_leaves(m, outer, part->at, m->kind == CAPTURED_CONTROL,
			 signalling ? h245_address(aper_root(outer)) : NULL);
	for (size_t i = 0; !err && i < n; i++)
		err = add_inner_spans(m, outer, part->at, &inner[i]);
	aper_free(outer);
	return err;
}

int captured_read(struct captured *m, enum captured_kind kind, const uint8_t *data, size_t len)
{
	struct part part[PARTS_MAX];
	size_t n;
	int err;

	if (!len || len > CAPTURED_MAX)
		return -EBADMSG;
	m->kind = kind;
	m->n = 0;
	m->len = len;
	memmove(m->data, data, len);
	err = parts_of(m, part, &n);
	for (size_t i = 0; !err && i < n; i++)
		err = add_spans(m, &part[i]);
	m->type = kind == CAPTURED_SIGNALLING && len > 4 ? m->data[4] : 0;
	if (!err && kind == CAPTURED_RAS) {
		struct aper_message *ras;

		err = aper_read(&asn_DEF_RasMessage, m->data, len, &ras);
		m->type = err ? 0 : ((RasMessage_t *)aper_root(ras))->present;
		aper_free(err ? NULL : ras);
	}
	return err;
}

struct pn_addr captured_get(const struct captured *m, size_t span)
{
	const struct span *s = &m->span[span];
	size_t n = s->family == 4 ? 4 : 16;
	struct pn_addr a = { .family = s->family };

	memcpy(a.ip, m->data + s->at, n);
	a.port = (uint16_t)(m->data[s->at + n] << 8 | m->data[s->at + n + 1]);
	return a;
}

void captured_set(struct captured *m, size_t span, const struct pn_addr *a)
{
	const struct span *s = &m->span[span];
	size_t n = s->family == 4 ? 4 : 16;

	if (a->family != s->family)
		return;
	memcpy(m->data + s->at, a->ip, n);
	m->data[s->at + n] = (uint8_t)(a->port >> 8);
	m->data[s->at + n + 1] = (uint8_t)a->port;
}

/* ---- what may change ---- */

static bool is_traversal_id(const CapabilityIdentifier_t *id)
{
	return id->present == CapabilityIdentifier_PR_standard &&
	       (size_t)id->choice.standard.size > sizeof(h460) + 1 &&
	       !memcmp(id->choice.standard.buf, h460, sizeof(h460)) &&
	       (id->choice.standard.buf[4] == 18 || id->choice.standard.buf[4] == 19);
}

static bool is_traversal_feature(const struct GenericData *f)
{
	return f->id.present == GenericIdentifier_PR_standard &&
	       (f->id.choice.standard == 18 || f->id.choice.standard == 19);
}

/* Sets the list to NULL when nothing is left in it. */
#define STRIP(list_, is) \
	do { \
		int left = 0; \
		for (int i = 0; (list_) && i < (list_)->list.count; i++) \
			if (!(is)) \
				(list_)->list.array[left++] = (list_)->list.array[i]; \
		if (list_) \
			(list_)->list.count = left; \
		if (!left) \
			(list_) = NULL; \
	} while (0)

static void strip_features(struct FeatureSet **set)
{
	struct FeatureSet *s = *set;

	if (!s)
		return;
	STRIP(s->neededFeatures, is_traversal_feature(s->neededFeatures->list.array[i]));
	STRIP(s->desiredFeatures, is_traversal_feature(s->desiredFeatures->list.array[i]));
	STRIP(s->supportedFeatures, is_traversal_feature(s->supportedFeatures->list.array[i]));
	if (!s->neededFeatures && !s->desiredFeatures && !s->supportedFeatures)
		*set = NULL;
}

static void strip_channel(OpenLogicalChannel_t *o)
{
	STRIP(o->genericInformation, is_traversal_id(&o->genericInformation->list.array[i]->messageIdentifier));
}

static void strip_control(MultimediaSystemControlMessage_t *m)
{
	OpenLogicalChannelAck_t *a = &m->choice.response.choice.openLogicalChannelAck;

	if (m->present == MultimediaSystemControlMessage_PR_request &&
	    m->choice.request.present == RequestMessage_PR_openLogicalChannel)
		strip_channel(&m->choice.request.choice.openLogicalChannel);
	if (m->present == MultimediaSystemControlMessage_PR_response &&
	    m->choice.response.present == ResponseMessage_PR_openLogicalChannelAck)
		STRIP(a->genericInformation,
		      is_traversal_id(&a->genericInformation->list.array[i]->messageIdentifier));
}

static void strip_body(struct H323_UU_PDU__h323_message_body *b)
{
	switch (b->present) {
	case BODY(setup):
		b->choice.setup.h245Address = NULL;
		STRIP(b->choice.setup.supportedFeatures,
		      is_traversal_feature(b->choice.setup.supportedFeatures->list.array[i]));
		break;
	case BODY(callProceeding):
		b->choice.callProceeding.h245Address = NULL;
		strip_features(&b->choice.callProceeding.featureSet);
		break;
	case BODY(alerting):
		b->choice.alerting.h245Address = NULL;
		strip_features(&b->choice.alerting.featureSet);
		break;
	case BODY(connect):
		b->choice.connect.h245Address = NULL;
		strip_features(&b->choice.connect.featureSet);
		break;
	case BODY(facility):
		b->choice.facility.h245Address = NULL;
		strip_features(&b->choice.facility.featureSet);
		break;
	default:
		break;
	}
}

static void strip_ras(RasMessage_t *m)
{
	switch (m->present) {
	case RasMessage_PR_gatekeeperRequest:
		strip_features(&m->choice.gatekeeperRequest.featureSet);
		break;
	case RasMessage_PR_gatekeeperConfirm:
		strip_features(&m->choice.gatekeeperConfirm.featureSet);
		break;
	case RasMessage_PR_registrationRequest:
		strip_features(&m->choice.registrationRequest.featureSet);
		break;
	case RasMessage_PR_registrationConfirm:
		strip_features(&m->choice.registrationConfirm.featureSet);
		m->choice.registrationConfirm.timeToLive = NULL;
		break;
	default:
		break;
	}
}

static void strip(void *root, const struct asn_TYPE_descriptor_s *td)
{
	if (td == &asn_DEF_RasMessage)
		strip_ras(root);
	if (td == &asn_DEF_MultimediaSystemControlMessage)
		strip_control(root);
	if (td == &asn_DEF_OpenLogicalChannel)
		strip_channel(root);
	if (td == &asn_DEF_H323_UserInformation)
		strip_body(&((H323_UserInformation_t *)root)->h323_uu_pdu.h323_message_body);
}

static long bare_value(const struct asn_TYPE_descriptor_s *td, const uint8_t *p, size_t len, uint8_t *out, size_t cap);

static int bare_inner(struct aper_message *outer)
{
	static uint8_t text[CAPTURED_MAX];
	struct inner inner[INNER_MAX];
	size_t n = inner_of(aper_root(outer), inner);

	for (size_t i = 0; i < n; i++) {
		OCTET_STRING_t *s = inner[i].string;
		long len = bare_value(inner[i].td, s->buf, (size_t)s->size, text, sizeof(text));
		int err = len < 0 ? (int)len : aper_string_set(outer, s, text, (size_t)len);

		if (err)
			return err;
	}
	return 0;
}

/* -EOPNOTSUPP: we would not write what came. */
static long bare_value(const struct asn_TYPE_descriptor_s *td, const uint8_t *p, size_t len, uint8_t *out, size_t cap)
{
	const struct aper_leaf *leaf;
	struct aper_message *m;
	long n = aper_read(td, p, len, &m);
	size_t leaves;

	if (n)
		return n;
	n = aper_write(m, out, cap);
	if (n != (long)len || memcmp(out, p, len)) {
		aper_free(m);
		return -EOPNOTSUPP;
	}
	leaves = aper_leaves(m, &leaf);
	for (size_t i = 0; i < leaves; i++) {
		memset(leaf[i].ip, 0, leaf[i].family == 4 ? 4 : 16);
		*leaf[i].port = 0;
	}
	strip(aper_root(m), td);
	n = td == &asn_DEF_H323_UserInformation ? bare_inner(m) : 0;
	if (!n)
		n = aper_write(m, out, cap);
	aper_free(m);
	return n;
}

long captured_bare(const struct captured *m, uint8_t *out, size_t cap)
{
	struct part part[PARTS_MAX];
	size_t n, len = 0, tail;
	int err = parts_of(m, part, &n);

	for (size_t i = 0; !err && i < n; i++) {
		long one = bare_value(part[i].td, m->data + part[i].at, part[i].len, out + len, cap - len);

		if (one < 0)
			return one;
		len += (size_t)one;
	}
	if (err || m->kind != CAPTURED_SIGNALLING)
		return err ? err : (long)len;
	/* What stands around the user information, but for the element's length. */
	tail = n ? part[0].at + part[0].len : 5;
	if (len + m->len > cap)
		return -ENOBUFS;
	memcpy(out + len, m->data, n ? part[0].at - 3 : 5);
	len += n ? part[0].at - 3 : 5;
	memcpy(out + len, m->data + tail, m->len - tail);
	return (long)(len + m->len - tail);
}

/* ---- H.460.18 ---- */

static long *service_seq(RasMessage_t *m)
{
	if (m->present == RasMessage_PR_serviceControlIndication)
		return &m->choice.serviceControlIndication.requestSeqNum;
	if (m->present == RasMessage_PR_serviceControlResponse)
		return &m->choice.serviceControlResponse.requestSeqNum;
	return NULL;
}

long captured_service_seq(const struct captured *m)
{
	struct aper_message *ras;
	const long *at;
	long seq;

	if (m->kind != CAPTURED_RAS || aper_read(&asn_DEF_RasMessage, m->data, m->len, &ras))
		return -1;
	at = service_seq(aper_root(ras));
	seq = at ? *at : -1;
	aper_free(ras);
	return seq;
}

int captured_set_service_seq(struct captured *m, long seq)
{
	struct aper_message *ras;
	int err = aper_read(&asn_DEF_RasMessage, m->data, m->len, &ras);
	long *at = err ? NULL : service_seq(aper_root(ras));
	long n = -EBADMSG;

	if (err)
		return err;
	if (at) {
		*at = seq;
		n = aper_write(ras, m->data, sizeof(m->data));
	}
	aper_free(ras);
	return n < 0 ? (int)n : captured_read(m, CAPTURED_RAS, m->data, (size_t)n);
}

bool captured_is_traversal(const struct captured *m)
{
	const MultimediaSystemControlMessage_t *c;
	struct aper_message *control;
	bool is;

	if (m->kind != CAPTURED_CONTROL ||
	    aper_read(&asn_DEF_MultimediaSystemControlMessage, m->data, m->len, &control))
		return false;
	c = aper_root(control);
	is = c->present == MultimediaSystemControlMessage_PR_indication &&
	     c->choice.indication.present == IndicationMessage_PR_genericIndication &&
	     is_traversal_id(&c->choice.indication.choice.genericIndication.messageIdentifier);
	aper_free(control);
	return is;
}

/* ---- endpoints ---- */

static BMPString_t *endpoint_of(RasMessage_t *m)
{
	switch (m->present) {
	case RasMessage_PR_registrationRequest:
		return m->choice.registrationRequest.endpointIdentifier;
	case RasMessage_PR_registrationConfirm:
		return &m->choice.registrationConfirm.endpointIdentifier;
	case RasMessage_PR_unregistrationRequest:
		return m->choice.unregistrationRequest.endpointIdentifier;
	case RasMessage_PR_admissionRequest:
		return &m->choice.admissionRequest.endpointIdentifier;
	case RasMessage_PR_bandwidthRequest:
		return &m->choice.bandwidthRequest.endpointIdentifier;
	case RasMessage_PR_disengageRequest:
		return &m->choice.disengageRequest.endpointIdentifier;
	default:
		return NULL;
	}
}

size_t captured_endpoint(const struct captured *m, uint8_t *out, size_t cap)
{
	struct aper_message *ras;
	const BMPString_t *id;
	size_t n = 0;

	if (m->kind != CAPTURED_RAS || aper_read(&asn_DEF_RasMessage, m->data, m->len, &ras))
		return 0;
	id = endpoint_of(aper_root(ras));
	if (id && id->buf && (size_t)id->size <= cap) {
		n = (size_t)id->size;
		memcpy(out, id->buf, n);
	}
	aper_free(ras);
	return n;
}

int captured_set_endpoint(struct captured *m, const uint8_t *id, size_t len)
{
	struct aper_message *ras;
	int err = aper_read(&asn_DEF_RasMessage, m->data, m->len, &ras);
	BMPString_t *at = err ? NULL : endpoint_of(aper_root(ras));
	long n = -EBADMSG;

	if (err)
		return err;
	if (at && !aper_string_set(ras, at, id, len))
		n = aper_write(ras, m->data, sizeof(m->data));
	aper_free(ras);
	if (!at)
		return 0;
	return n < 0 ? (int)n : captured_read(m, CAPTURED_RAS, m->data, (size_t)n);
}
