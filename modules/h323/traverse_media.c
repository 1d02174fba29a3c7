#include "traverse_media.h"

#include <errno.h>
#include <string.h>

#include <EnumeratedParameter.h>
#include <FeatureSet.h>
#include <GenericData.h>
#include <GenericMessage.h>
#include <GenericParameter.h>
#include <ParameterValue.h>
#include <TraversalParameters.h>

#include "channel_address.h"
#include "feature.h"

#define PARAMETERS 1        /* TraversalParameters, in OLC */
#define TRAVERSAL_SERVER 2  /* mediaTraversalServer, in the feature */
#define INTERVAL_S 19u      /* between keepalives */
#define PARAMETERS_LEN 24u
#define BODY(name) H323_UU_PDU__h323_message_body_PR_##name

/* itu-t recommendation h 460 19 0 1 */
static uint8_t identifier[] = { 0x00, 0x08, 0x83, 0x4c, 0x13, 0x00, 0x01 };

static bool is_ours(const struct GenericMessage *m)
{
	const CapabilityIdentifier_t *id = &m->messageIdentifier;

	return id->present == CapabilityIdentifier_PR_standard &&
	       (size_t)id->choice.standard.size == sizeof(identifier) &&
	       !memcmp(id->choice.standard.buf, identifier, sizeof(identifier));
}

/* Returns how many are left. */
static int take_out(struct GenericMessage **list, int n)
{
	int left = 0;

	for (int i = 0; i < n; i++)
		if (!is_ours(list[i]))
			list[left++] = list[i];
	return left;
}

/* TraversalParameters with keepAliveChannel and keepAliveInterval. */
static long parameters(const struct pn_addr *ours, uint8_t out[PARAMETERS_LEN])
{
	struct H245TransportAddress address;
	TimeToLive_t interval = INTERVAL_S;
	TraversalParameters_t t = { .keepAliveChannel = &address, .keepAliveInterval = &interval };
	uint8_t ip[16];

	channel_address_write(&address, ip, ours);
	return aper_write_value(&asn_DEF_TraversalParameters, &t, out, PARAMETERS_LEN);
}

static struct GenericMessage *keepalive(struct pdu *p, const struct pn_addr *ours)
{
	struct GenericMessage *m = aper_alloc(p->m, sizeof(*m));
	struct GenericMessage__messageContent *content = aper_alloc(p->m, sizeof(*content));
	struct GenericParameter *one = aper_alloc(p->m, sizeof(*one));
	struct ParameterValue *value = aper_alloc(p->m, sizeof(*value));
	uint8_t *text = aper_alloc(p->m, PARAMETERS_LEN);

	if (!m || !content || !one || !value || !text)
		return NULL;
	m->messageIdentifier.present = CapabilityIdentifier_PR_standard;
	m->messageIdentifier.choice.standard = (OBJECT_IDENTIFIER_t){ .buf = identifier, .size = sizeof(identifier) };
	m->messageContent = content;
	one->parameterIdentifier.present = ParameterIdentifier_PR_standard;
	one->parameterIdentifier.choice.standard = PARAMETERS;
	one->parameterValue = value;
	value->present = ParameterValue_PR_octetString;
	value->choice.octetString = (OCTET_STRING_t){ .buf = text, .size = (int)parameters(ours, text) };
	return aper_list_add(p->m, &content->list, one) ? NULL : m;
}

int traverse_media_open(const struct call *c, enum pn_side side, struct pdu *p, OpenLogicalChannel_t *o,
			const struct pn_addr *ours)
{
	struct GenericMessage *m;

	if (!p->lossless)
		return 0;
	if (o->genericInformation) {
		o->genericInformation->list.count =
			take_out(o->genericInformation->list.array, o->genericInformation->list.count);
		if (!o->genericInformation->list.count)
			o->genericInformation = NULL;
	}
	if (!c->leg[call_other(side)].media_traverses || !ours->family)
		return 0;
	if (!o->genericInformation)
		o->genericInformation = aper_alloc(p->m, sizeof(*o->genericInformation));
	m = keepalive(p, ours);
	return m && o->genericInformation ? aper_list_add(p->m, &o->genericInformation->list, m) : -ENOMEM;
}

int traverse_media_ack(const struct pdu *p, OpenLogicalChannelAck_t *a)
{
	if (!p->lossless || !a->genericInformation)
		return 0;
	a->genericInformation->list.count =
		take_out(a->genericInformation->list.array, a->genericInformation->list.count);
	if (!a->genericInformation->list.count)
		a->genericInformation = NULL;
	return 0;
}

/* The feature of H.460.19 with its parameter that says that we are the server. */
static int add_server(struct pdu *p, void *list)
{
	struct GenericData *f = aper_alloc(p->m, sizeof(*f));
	struct GenericData__parameters *all = aper_alloc(p->m, sizeof(*all));
	struct EnumeratedParameter *one = aper_alloc(p->m, sizeof(*one));

	if (!f || !all || !one)
		return -ENOMEM;
	f->id.present = one->id.present = GenericIdentifier_PR_standard;
	f->id.choice.standard = FEATURE_MEDIA_TRAVERSAL;
	one->id.choice.standard = TRAVERSAL_SERVER;
	f->parameters = all;
	return aper_list_add(p->m, &all->list, one) ? -ENOMEM : aper_list_add(p->m, list, f);
}

static bool is_standard(const struct GenericIdentifier *id, long number)
{
	return id->present == GenericIdentifier_PR_standard && id->choice.standard == number;
}

static bool is_feature(const struct GenericData *f)
{
	return is_standard(&f->id, FEATURE_SIGNALLING_TRAVERSAL) || is_standard(&f->id, FEATURE_MEDIA_TRAVERSAL);
}

/* A client says it without being a server itself. */
static bool is_client(struct GenericData *const *list, int n)
{
	for (int i = 0; i < n; i++) {
		const struct GenericData *f = list[i];
		bool server = false;

		if (!is_standard(&f->id, FEATURE_MEDIA_TRAVERSAL))
			continue;
		for (int k = 0; f->parameters && k < f->parameters->list.count; k++)
			server = server || is_standard(&f->parameters->list.array[k]->id, TRAVERSAL_SERVER);
		return !server;
	}
	return false;
}

void traverse_media_note(struct call *c, enum pn_side side, const struct uuie *u)
{
	const Setup_UUIE_t *s = &u->uu->h323_message_body.choice.setup;
	const struct FeatureSet *set = u->features ? *u->features : NULL;
	struct call_leg *leg = &c->leg[side];

	if (!c->h->conf->traversal || !h323_is_access(c->h, leg->realm))
		return;
	if (u->type == BODY(setup) && s->supportedFeatures)
		leg->media_traverses |= is_client(s->supportedFeatures->list.array, s->supportedFeatures->list.count);
	else if (set && set->supportedFeatures)
		leg->media_traverses |= is_client(set->supportedFeatures->list.array,
						  set->supportedFeatures->list.count);
}

static int setup_features(struct uuie *u, bool add)
{
	Setup_UUIE_t *s = &u->uu->h323_message_body.choice.setup;
	int left = 0;

	for (int i = 0; s->supportedFeatures && i < s->supportedFeatures->list.count; i++)
		if (!is_feature(s->supportedFeatures->list.array[i]))
			s->supportedFeatures->list.array[left++] = s->supportedFeatures->list.array[i];
	if (s->supportedFeatures)
		s->supportedFeatures->list.count = left;
	if (!left)
		s->supportedFeatures = NULL;
	if (!add)
		return 0;
	if (!s->supportedFeatures)
		s->supportedFeatures = aper_alloc(u->pdu.m, sizeof(*s->supportedFeatures));
	return s->supportedFeatures ? add_server(&u->pdu, &s->supportedFeatures->list) : -ENOMEM;
}

static int answer_features(struct uuie *u, bool add)
{
	struct FeatureSet **set = u->features;

	feature_remove(&u->pdu, set, FEATURE_SIGNALLING_TRAVERSAL);
	feature_remove(&u->pdu, set, FEATURE_MEDIA_TRAVERSAL);
	if (!add || u->type == BODY(facility))
		return 0;
	if (!*set)
		*set = aper_alloc(u->pdu.m, sizeof(**set));
	if (*set && !(*set)->supportedFeatures)
		(*set)->supportedFeatures = aper_alloc(u->pdu.m, sizeof(*(*set)->supportedFeatures));
	if (!*set || !(*set)->supportedFeatures)
		return -ENOMEM;
	return add_server(&u->pdu, &(*set)->supportedFeatures->list);
}

int traverse_media_features(const struct call *c, enum pn_side side, struct uuie *u)
{
	bool add = c->leg[call_other(side)].media_traverses;

	if (!u->pdu.lossless)
		return 0;
	if (u->type == BODY(setup))
		return setup_features(u, add);
	return u->features ? answer_features(u, add) : 0;
}
