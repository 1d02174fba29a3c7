#include "h323_traverse.h"

#include <string.h>

#include "GenericData.h"
#include "GenericMessage.h"
#include "GenericParameter.h"
#include "h323_log.h"

#define MEDIA_TRAVERSAL 19
#define PARAMETERS 1 /* TraversalParameters */

static const char identifier[] = "\x00\x08\x83\x4c\x13\x00\x01"; /* itu-t recommendation h 460 19 0 1 */

/* ---- the feature ---- */

bool traverse_put_feature(const struct terminal *t, void *list)
{
	struct GenericData *f;

	if (!t->o.traversal || (!t->call.calling && !t->call.traverses))
		return false;
	f = build_make(sizeof(*f));
	f->id.present = GenericIdentifier_PR_standard;
	f->id.choice.standard = MEDIA_TRAVERSAL;
	build_add(list, f);
	return true;
}

FeatureSet_t *traverse_feature_set(const struct terminal *t)
{
	FeatureSet_t *s = build_make(sizeof(*s));

	s->supportedFeatures = build_make(sizeof(*s->supportedFeatures));
	return traverse_put_feature(t, &s->supportedFeatures->list) ? s : NULL;
}

bool traverse_in_list(struct GenericData *const *list, int n)
{
	for (int i = 0; i < n; i++)
		if (list[i]->id.present == GenericIdentifier_PR_standard && list[i]->id.choice.standard == MEDIA_TRAVERSAL)
			return true;
	return false;
}

bool traverse_in_set(const FeatureSet_t *s)
{
	return s && s->supportedFeatures &&
		traverse_in_list(s->supportedFeatures->list.array, s->supportedFeatures->list.count);
}

/* ---- logical channels ---- */

static GenericMessage_t *new_message(void)
{
	GenericMessage_t *g = build_make(sizeof(*g));

	g->messageIdentifier.present = CapabilityIdentifier_PR_standard;
	build_oid(&g->messageIdentifier.choice.standard, identifier, sizeof(identifier) - 1);
	return g;
}

/* TraversalParameters with nothing but keepAlivePayloadType 127: six bits of what is there, seven of the number. */
static GenericMessage_t *new_payload_type(void)
{
	GenericMessage_t *g = new_message();
	GenericParameter_t *p = build_make(sizeof(*p));

	p->parameterIdentifier.present = ParameterIdentifier_PR_standard;
	p->parameterIdentifier.choice.standard = PARAMETERS;
	p->parameterValue = build_make(sizeof(*p->parameterValue));
	p->parameterValue->present = ParameterValue_PR_octetString;
	build_octets(&p->parameterValue->choice.octetString, "\x05\xfc", 2);
	g->messageContent = build_make(sizeof(*g->messageContent));
	build_add(&g->messageContent->list, p);
	return g;
}

void traverse_put_open(const struct terminal *t, OpenLogicalChannel_t *o)
{
	if (!t->o.traversal || (t->call.state != CALL_ADMITTING && !t->call.traverses))
		return;
	o->genericInformation = build_make(sizeof(*o->genericInformation));
	build_add(&o->genericInformation->list, new_message());
}

void traverse_put_answer(const struct terminal *t, OpenLogicalChannel_t *o)
{
	o->genericInformation = NULL;
	if (!t->call.traverses)
		return;
	o->genericInformation = build_make(sizeof(*o->genericInformation));
	build_add(&o->genericInformation->list, new_payload_type());
}

void traverse_put_ack(const struct terminal *t, OpenLogicalChannelAck_t *a)
{
	if (!t->call.traverses)
		return;
	a->genericInformation = build_make(sizeof(*a->genericInformation));
	build_add(&a->genericInformation->list, new_payload_type());
}

/* ---- TraversalParameters (H.460.19 annex) ---- */

struct bits {
	const uint8_t *p;
	size_t len, at; /* at counts bits */
};

static unsigned take(struct bits *b, unsigned n)
{
	unsigned v = 0;

	for (; n; n--, b->at++)
		v = v << 1 | (b->at / 8 < b->len ? b->p[b->at / 8] >> (7 - b->at % 8) & 1 : 0);
	return v;
}

static void align(struct bits *b)
{
	b->at = (b->at + 7) / 8 * 8;
}

/* A unicast iPAddress; sin_port 0: something else. */
static struct sockaddr_in take_address(struct bits *b)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	unsigned kind = take(b, 7); /* two alternatives with their extension bits, that of the address */

	align(b);
	a.sin_addr.s_addr = htonl(take(b, 32));
	a.sin_port = htons((uint16_t)take(b, 16));
	if (kind || b->at > 8 * b->len)
		a.sin_port = 0;
	return a;
}

static unsigned take_interval(struct bits *b)
{
	unsigned octets = take(b, 2) + 1;

	align(b);
	return take(b, 8 * octets) + 1;
}

/* Multiplexing was not agreed to: what names it is not read. */
static void read_parameters(struct media_stream *s, const OCTET_STRING_t *text)
{
	struct bits b = { .p = text->buf, .len = (size_t)text->size };
	unsigned extended_or_multiplexed = take(&b, 4);
	bool channel = take(&b, 1), type = take(&b, 1), interval = take(&b, 1);

	if (extended_or_multiplexed || !channel || !interval)
		return;
	s->keep_to = take_address(&b);
	if (type)
		take(&b, 7);
	s->keep_every_ms = UINT64_C(1000) * take_interval(&b);
	s->next_keep_ms = 0;
	log_event("keepalive", "\"to\": \"%s\", \"every_ms\": %llu", log_address(&s->keep_to),
		(unsigned long long)s->keep_every_ms);
}

/* Like a stack in the field does: the first parameter counts. */
static void read_message(struct media_stream *s, const GenericMessage_t *g)
{
	const CapabilityIdentifier_t *id = &g->messageIdentifier;
	const GenericParameter_t *p;

	if (id->present != CapabilityIdentifier_PR_standard ||
	    id->choice.standard.size != sizeof(identifier) - 1 ||
	    memcmp(id->choice.standard.buf, identifier, sizeof(identifier) - 1) != 0 ||
	    !g->messageContent || !g->messageContent->list.count)
		return;
	p = g->messageContent->list.array[0];
	if (p->parameterValue && p->parameterValue->present == ParameterValue_PR_octetString)
		read_parameters(s, &p->parameterValue->choice.octetString);
}

void traverse_learn(struct terminal *t, struct media_stream *s, const OpenLogicalChannel_t *o)
{
	for (int i = 0; t->call.traverses && o->genericInformation && i < o->genericInformation->list.count; i++)
		read_message(s, o->genericInformation->list.array[i]);
}
