/* RAS through the whole H.323 module on a small fake core. The input is a list of messages, each behind a
 * control octet and its length in two. So that the fuzzer gets past the first message of an exchange, a
 * message that decodes may be given the number or the endpointIdentifier that Postern sent last. What is sent
 * must decode. */
#include <stdlib.h>
#include <string.h>

#include "module_fake.h"
#include "ras.h"

#define MESSAGES_MAX 24u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct pn_module postern_module;

/* The control octet. */
enum { FROM_CORE = 1, OTHER = 2, LATER = 4, MUCH_LATER = 8, SEQ = 16, ENDPOINT = 32, FAILS = 64, KEEPALIVE = 128 };

static struct {
	long seq;
	uint8_t endpoint[256];
	size_t endpoint_len;
} last;

static const struct pn_conf *conf_of(bool route)
{
	static struct pn_conf_attr at[] = { { "address", "192.0.2.20", NULL } };
	static struct pn_conf external = { .name = "gatekeeper", .attrs = at };
	static struct pn_conf_attr from[] = { { "from", "access", &from[1] }, { "to", "core", NULL } };
	static struct pn_conf to = { .name = "route", .attrs = from, .children = &external };
	static struct pn_conf_attr in[] = { { "realm", "access", NULL } };
	static struct pn_conf embedded = { .name = "gatekeeper", .attrs = in };
	static struct pn_conf module[] = { { .name = "module", .children = &embedded },
					   { .name = "module", .children = &to } };

	return &module[route];
}

static void learn(const RasMessage_t *m)
{
	const BMPString_t *id = &m->choice.registrationConfirm.endpointIdentifier;

	if (m->present == RasMessage_PR_infoRequest)
		last.seq = m->choice.infoRequest.requestSeqNum;
	if (m->present == RasMessage_PR_serviceControlIndication)
		last.seq = m->choice.serviceControlIndication.requestSeqNum;
	if (m->present == RasMessage_PR_registrationConfirm && (size_t)id->size <= sizeof(last.endpoint)) {
		memcpy(last.endpoint, id->buf, (size_t)id->size);
		last.endpoint_len = (size_t)id->size;
	}
}

static void check(const void *octets, size_t len)
{
	struct aper_message *m;

	if (aper_read(&asn_DEF_RasMessage, octets, len, &m))
		abort();
	learn(aper_root(m));
	aper_free(m);
}

static void check_sent(void)
{
	const struct fake_sent *s;

	while ((s = fake_take()))
		check(s->data, s->len);
}

static BMPString_t *endpoint_in(RasMessage_t *m)
{
	switch (m->present) {
	case RasMessage_PR_registrationRequest:
		return m->choice.registrationRequest.endpointIdentifier;
	case RasMessage_PR_unregistrationRequest:
		return m->choice.unregistrationRequest.endpointIdentifier;
	case RasMessage_PR_admissionRequest:
		return &m->choice.admissionRequest.endpointIdentifier;
	case RasMessage_PR_bandwidthRequest:
		return &m->choice.bandwidthRequest.endpointIdentifier;
	case RasMessage_PR_disengageRequest:
		return &m->choice.disengageRequest.endpointIdentifier;
	case RasMessage_PR_infoRequestResponse:
		return &m->choice.infoRequestResponse.endpointIdentifier;
	default:
		return NULL;
	}
}

/* Gives the message what it cannot know. Returns its length; as it came when it does not decode. */
static size_t fill(uint8_t how, const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
	struct aper_message *m;
	BMPString_t *id;
	long n = -1;

	if (how & (SEQ | ENDPOINT) && !aper_read(&asn_DEF_RasMessage, in, len, &m)) {
		id = endpoint_in(aper_root(m));
		if (how & SEQ && last.seq)
			ras_set_seq(aper_root(m), last.seq);
		if (how & ENDPOINT && id && last.endpoint_len)
			aper_string_set(m, id, last.endpoint, last.endpoint_len);
		n = aper_write(m, out, cap);
		aper_free(m);
	}
	if (n > 0)
		return (size_t)n;
	memcpy(out, in, len);
	return len;
}

static void one_message(void *module, uint8_t how, const uint8_t *in, size_t len)
{
	static uint8_t text[H323_PDU_MAX];
	size_t n = fill(how, in, len, text, sizeof(text));

	fake.send_err = how & FAILS ? -1 : 0;
	if (how & FROM_CORE && fake_bindings() && fake_binding_used(0) && fake_binding_info(0)->alias_udp)
		fake_receive_alias(0, "192.0.2.20", H323_RAS_PORT, text, n);
	else
		fake_receive("access", "203.0.113.7", how & OTHER ? 40002 : 40001, text, n);
	check_sent();
	for (size_t i = 0; how & KEEPALIVE && i < fake_bindings(); i++)
		if (fake_binding_used(i)) {
			long k = postern_module.keepalive(module, fake_binding(i), text, sizeof(text));

			if (k > 0)
				check(text, (size_t)k);
		}
	if (how & (LATER | MUCH_LATER))
		fake_advance(how & LATER ? 1500 : 20000);
	check_sent();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char out[512];
	void *module;

	if (size < 1)
		return 0;
	fake_world.access_port = fake_world.core_port = H323_RAS_PORT;
	memset(&last, 0, sizeof(last));
	module = fake_start(&postern_module, conf_of(data[0] & 1));
	if (!module)
		abort();
	data++;
	size--;
	for (size_t n = 0; size > 3 && n < MESSAGES_MAX; n++) {
		size_t len = (size_t)data[1] << 8 | data[2];

		if (len > size - 3)
			len = size - 3;
		one_message(module, data[0], data + 3, len);
		data += 3 + len;
		size -= 3 + len;
	}
	fake_advance(200000);
	check_sent();
	if (postern_module.show(module, out, sizeof(out)) <= 0)
		abort();
	fake_stop();
	return 0;
}
