#include "traversal.h"

#include <Content.h>
#include <EnumeratedParameter.h>
#include <GenericData.h>
#include <IncomingCallIndication.h>
#include <ServiceControlSession.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feature.h"
#include "transaction.h"
#include "transport.h"
#include "traversal_ras.h"

#define RESEND_MS 1000u
#define SENDS_MAX 4u
#define CONNECT_MS 10000u /* from its answer to the Facility */
#define PARAMETER_CALL 1  /* IncomingCallIndication, H.460.18 */
#define INDICATION_LEN 40u

struct h323_traversal {
	LIST_ENTRY(h323_traversal) all;
	struct h323 *h;
	struct h323_terminal *terminal;
	uint8_t call[H323_GUID];
	uint16_t seq;
	struct pn_addr ours; /* where it is to connect */
	unsigned sends;
	bool answered;
	struct pn_timer *timer;
	void (*failed)(void *arg, int err);
	void *arg;
};

static long indication(const struct h323_traversal *v, uint8_t out[INDICATION_LEN])
{
	IncomingCallIndication_t i = { 0 };
	uint8_t ip[16];

	transport_write(&i.callSignallingAddress, ip, &v->ours);
	i.callID.guid = (OCTET_STRING_t){ .buf = (uint8_t *)(uintptr_t)v->call, .size = H323_GUID };
	return aper_write_value(&asn_DEF_IncomingCallIndication, &i, out, INDICATION_LEN);
}

static int send_indication(struct h323_traversal *v)
{
	struct pn_addr pinhole = terminal_pinhole(v->terminal);
	RasMessage_t m = { .present = RasMessage_PR_serviceControlIndication };
	ServiceControlIndication_t *sci = &m.choice.serviceControlIndication;
	struct ServiceControlIndication__genericData list = { 0 };
	struct GenericData__parameters parameters = { 0 };
	struct ServiceControlSession session = { 0 }, *sessions[] = { &session };
	struct Content content = { .present = Content_PR_raw };
	struct EnumeratedParameter one = { .content = &content }, *ones[] = { &one };
	struct GenericData data = { .parameters = &parameters }, *all[] = { &data };
	uint8_t raw[INDICATION_LEN];

	content.choice.raw.buf = raw;
	content.choice.raw.size = (int)indication(v, raw);
	one.id.present = data.id.present = GenericIdentifier_PR_standard;
	one.id.choice.standard = PARAMETER_CALL;
	data.id.choice.standard = FEATURE_SIGNALLING_TRAVERSAL;
	parameters.list.array = ones;
	parameters.list.count = parameters.list.size = 1;
	list.list.array = all;
	list.list.count = list.list.size = 1;
	session.reason.present = ServiceControlSession__reason_PR_open;
	sci->serviceControl.list.array = sessions;
	sci->serviceControl.list.count = sci->serviceControl.list.size = 1;
	sci->genericData = &list;
	sci->requestSeqNum = v->seq;
	v->sends++;
	return ras_send(v->h, &m, v->terminal->flow, &pinhole);
}

static void traversal_free(struct h323_traversal *v)
{
	LIST_REMOVE(v, all);
	v->h->svc->timer_free(v->timer);
	free(v);
}

static void fail(struct h323_traversal *v, int err)
{
	void (*failed)(void *arg, int err) = v->failed;
	void *arg = v->arg;

	v->h->svc->count(v->h->host, H323_CNT_TRAVERSALS_FAILED);
	traversal_free(v);
	failed(arg, err);
}

static void on_time(void *traversal)
{
	struct h323_traversal *v = traversal;

	if (v->answered || v->sends >= SENDS_MAX) {
		fail(v, -ETIMEDOUT);
		return;
	}
	send_indication(v);
	v->h->svc->timer_start(v->timer, RESEND_MS << (v->sends - 1));
}

static struct h323_traversal *find(const struct h323 *h, const struct pn_realm *realm,
				   const uint8_t call[H323_GUID])
{
	struct h323_traversal *v;

	LIST_FOREACH(v, &h->traversals, all)
	if (v->terminal->access == realm && !memcmp(v->call, call, H323_GUID))
		return v;
	return NULL;
}

int traversal_begin(struct h323_terminal *t, const uint8_t call[H323_GUID],
		    void (*failed)(void *arg, int err), void *arg, struct h323_traversal **out)
{
	struct pn_addr pinhole = terminal_pinhole(t);
	struct h323 *h = t->h;
	struct pn_addr ours = h323_listener(h, t->access, PN_TCP, pinhole.family);
	struct h323_traversal *v;

	if (!ours.family)
		return -EADDRNOTAVAIL;
	if (find(h, t->access, call))
		return -EEXIST;
	v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	*v = (struct h323_traversal){ .h = h, .terminal = t, .ours = ours, .failed = failed, .arg = arg };
	memcpy(v->call, call, H323_GUID);
	v->seq = transaction_own_seq(t);
	v->timer = h->svc->timer_new(h->host, on_time, v);
	if (!v->timer) {
		free(v);
		return -ENOMEM;
	}
	LIST_INSERT_HEAD(&h->traversals, v, all);
	h->svc->count(h->host, H323_CNT_TRAVERSALS);
	send_indication(v);
	h->svc->timer_start(v->timer, RESEND_MS);
	*out = v;
	return 0;
}

void *traversal_claim(struct h323 *h, const struct pn_msg *m, const uint8_t call[H323_GUID])
{
	struct h323_traversal *v = find(h, m->realm, call);
	struct pn_addr pinhole;
	void *arg;

	if (!v)
		return NULL;
	pinhole = terminal_pinhole(v->terminal);
	if (!addr_same_ip(&pinhole, &m->remote))
		return NULL;
	arg = v->arg;
	traversal_free(v);
	return arg;
}

void traversal_cancel(struct h323_traversal *v)
{
	if (v)
		traversal_free(v);
}

void traversals_of_terminal_end(struct h323_terminal *t)
{
	struct h323_traversal *v = LIST_FIRST(&t->h->traversals);

	while (v)
		if (v->terminal == t) {
			fail(v, -ENOTCONN);
			v = LIST_FIRST(&t->h->traversals); /* whoever was told may have ended others */
		} else {
			v = LIST_NEXT(v, all);
		}
}

/* Real endpoints answer without a result, which is consent. */
static bool consents(const struct ras_rx *rx)
{
	const ServiceControlResponse_t *r = &rx->msg->choice.serviceControlResponse;

	return rx->type == RasMessage_PR_serviceControlResponse &&
	       (!r->result || r->result->present == ServiceControlResponse__result_PR_started);
}

bool traversal_answered(struct h323_terminal *t, const struct ras_rx *rx)
{
	struct h323_traversal *v;

	LIST_FOREACH(v, &t->h->traversals, all)
	if (v->terminal == t && v->seq == rx->seq)
		break;
	if (!v)
		return false;
	if (!consents(rx)) {
		fail(v, -ECONNREFUSED);
	} else if (!v->answered) {
		v->answered = true;
		t->h->svc->timer_start(v->timer, CONNECT_MS);
	}
	return true;
}
