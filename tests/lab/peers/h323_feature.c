#include "h323_feature.h"

#include <string.h>

#include <sys/socket.h>

#include "Content.h"
#include "EnumeratedParameter.h"
#include "FeatureDescriptor.h"
#include "GenericData.h"
#include "GenericParameter.h"
#include "RasMessage.h"
#include "aper.h"
#include "h323_call.h"
#include "h323_log.h"

#define RAS_TUNNEL 17
#define SIGNALLING_TRAVERSAL 18
#define INCOMING_CALL 1      /* the parameter of the indication */
#define INDICATION_IPV4 24   /* octets: a TransportAddress, a CallIdentifier (H.460.18 annex A) */

static void add_feature(FeatureSet_t *s, long id)
{
	FeatureDescriptor_t *f = build_make(sizeof(*f));

	f->id.present = GenericIdentifier_PR_standard;
	f->id.choice.standard = id;
	build_add(&s->supportedFeatures->list, f);
}

FeatureSet_t *feature_set(const struct terminal *t)
{
	FeatureSet_t *s;

	if (!t->o.traversal && !t->o.ras_tunnel)
		return NULL;
	s = build_make(sizeof(*s));
	s->supportedFeatures = build_make(sizeof(*s->supportedFeatures));
	add_feature(s, t->o.ras_tunnel ? RAS_TUNNEL : SIGNALLING_TRAVERSAL);
	return s;
}

static bool is_standard(const GenericIdentifier_t *id, long number)
{
	return id->present == GenericIdentifier_PR_standard && id->choice.standard == number;
}

/* The IncomingCallIndication; NULL. */
static const OCTET_STRING_t *find(const ServiceControlIndication_t *i)
{
	for (int k = 0; i->genericData && k < i->genericData->list.count; k++) {
		const GenericData_t *g = i->genericData->list.array[k];

		for (int n = 0; is_standard(&g->id, SIGNALLING_TRAVERSAL) && g->parameters &&
		     n < g->parameters->list.count; n++) {
			const EnumeratedParameter_t *p = g->parameters->list.array[n];

			if (is_standard(&p->id, INCOMING_CALL) && p->content && p->content->present == Content_PR_raw)
				return &p->content->choice.raw;
		}
	}
	return NULL;
}

static void respond(struct terminal *t, long seq, const struct sockaddr_in *to)
{
	RasMessage_t m = { .present = RasMessage_PR_serviceControlResponse };
	uint8_t out[256];
	long n;

	m.choice.serviceControlResponse.requestSeqNum = seq;
	n = aper_write_value(&asn_DEF_RasMessage, &m, out, sizeof(out));
	if (n > 0)
		sendto(t->ras.fd, out, (size_t)n, 0, (const struct sockaddr *)to, sizeof(*to));
}

void feature_indication(struct terminal *t, const ServiceControlIndication_t *i, const struct sockaddr_in *from)
{
	const OCTET_STRING_t *raw = find(i);
	struct sockaddr_in to = { .sin_family = AF_INET };

	if (!t->o.traversal || !raw || raw->size < INDICATION_IPV4 || raw->buf[0]) {
		terminal_fail(t, "an indication that is not understood");
		return;
	}
	respond(t, i->requestSeqNum, from);
	memcpy(&to.sin_addr, raw->buf + 1, 4);
	memcpy(&to.sin_port, raw->buf + 5, 2);
	log_event("indication", "\"to\": \"%s\"", log_address(&to));
	call_fetch(t, &to, raw->buf + 8);
}

static GenericParameter_t *new_parameter(long id, ParameterValue_PR kind)
{
	GenericParameter_t *p = build_make(sizeof(*p));

	p->parameterIdentifier.present = ParameterIdentifier_PR_standard;
	p->parameterIdentifier.choice.standard = id;
	p->parameterValue = build_make(sizeof(*p->parameterValue));
	p->parameterValue->present = kind;
	return p;
}

void feature_name_call(const struct terminal *t, IndicationMessage_t *i)
{
	static const char name[] = "\x00\x08\x83\x4c\x12\x00\x01"; /* itu-t recommendation h 460 18 version 1 */
	GenericMessage_t *g = &i->choice.genericIndication;
	GenericParameter_t *call = new_parameter(1, ParameterValue_PR_octetString);

	i->present = IndicationMessage_PR_genericIndication;
	g->messageIdentifier.present = CapabilityIdentifier_PR_standard;
	build_oid(&g->messageIdentifier.choice.standard, name, sizeof(name) - 1);
	g->subMessageIdentifier = build_make(sizeof(*g->subMessageIdentifier));
	*g->subMessageIdentifier = 1;
	g->messageContent = build_make(sizeof(*g->messageContent));
	build_octets(&call->parameterValue->choice.octetString, t->call.id, BUILD_GUID);
	build_add(&g->messageContent->list, call);
	if (!t->call.calling)
		build_add(&g->messageContent->list, new_parameter(2, ParameterValue_PR_logical));
}
