/* Calls through the whole H.323 module on a small fake core: call signalling and H.245, on connections that come,
 * stand and go. The input is a list of steps, each an octet that says what and on which connection, a length in
 * two octets, and the payload of a TPKT. What is sent must be TPKTs that decode; at the end nothing may be left. */
#include <stdlib.h>
#include <string.h>

#include <H323-UserInformation.h>
#include <MultimediaSystemControlMessage.h>

#include "aper.h"
#include "module_fake.h"
#include "q931.h"
#include "tpkt.h"

#define STEPS_MAX 40u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct pn_module postern_module;

enum { CONNECT_ACCESS, CONNECT_CORE, MESSAGE, CONNECTED, HANGUP, ADVANCE, MEDIA_LATE, MEDIA_DONE, OPERATIONS };

static struct pn_conf_attr next_hop[] = { { "from", "access", &next_hop[1] },
					  { "to", "core", &next_hop[2] },
					  { "next-hop", "192.0.2.20:1720", NULL } };
static struct pn_conf route = { .name = "route", .attrs = next_hop };
static struct pn_conf module = { .name = "module", .children = &route };

static void check_h245(struct pn_str text)
{
	while (text.len) {
		struct aper_message *m;
		size_t used;

		if (aper_read(&asn_DEF_MultimediaSystemControlMessage, (const uint8_t *)text.p, text.len, &m))
			abort();
		used = aper_consumed(m);
		aper_free(m);
		text.p += used;
		text.len -= used;
	}
}

static void check(const struct fake_sent *s)
{
	struct pn_str text = tpkt_payload((const uint8_t *)s->data, s->len);
	struct aper_message *m;
	struct q931_msg q;

	if (!text.len)
		abort();
	if (text.p[0] != 0x08) { /* no H.245 message that passes begins so */
		check_h245(text);
		return;
	}
	if (q931_parse(text, &q))
		return;
	if (q.uu.p && aper_read(&asn_DEF_H323_UserInformation, (const uint8_t *)q.uu.p, q.uu.len, &m))
		abort();
	if (q.uu.p)
		aper_free(m);
}

static void message(unsigned which, const uint8_t *data, size_t len)
{
	uint8_t *tpkt = malloc(len + TPKT_HEADER);
	uint64_t flow = 0;

	for (size_t i = 0; i < FAKE_CONNECTIONS && !flow; i++)
		if (fake_connection(i) && !which--)
			flow = fake_connection(i);
	memcpy(tpkt + TPKT_HEADER, data, len);
	if (flow && !tpkt_header(tpkt, len))
		fake_receive_by(flow, tpkt, len + TPKT_HEADER);
	free(tpkt);
}

static void step(unsigned what, unsigned which, const uint8_t *data, size_t len)
{
	switch (what) {
	case CONNECT_ACCESS:
		fake_connect("access", "198.51.100.11", 40000);
		break;
	case CONNECT_CORE:
		fake_connect("core", "192.0.2.20", 33000);
		break;
	case MESSAGE:
		message(which, data, len);
		break;
	case CONNECTED:
		fake_connected(fake_awaited());
		break;
	case HANGUP:
		fake_hangup(which & 1 ? fake_awaited() : fake_connection(which), -111);
		break;
	case ADVANCE:
		fake_advance(1000ull << which);
		break;
	default:
		fake.late = what == MEDIA_LATE;
		if (!fake.late)
			fake_media_done();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fake_sent *s;

	fake_world.access_port = fake_world.core_port = 1720;
	if (!fake_start(&postern_module, &module))
		abort();
	for (unsigned i = 0; i < STEPS_MAX && size >= 3; i++) {
		size_t len = (size_t)data[1] << 8 | data[2];

		if (len > size - 3)
			len = size - 3;
		step(data[0] % OPERATIONS, data[0] / OPERATIONS, data + 3, len);
		while ((s = fake_take()))
			check(s);
		data += 3 + len;
		size -= 3 + len;
	}
	fake_timeout(PN_TIMEOUT_SIGNALLING);
	if (fake.sessions_begun != fake.sessions_ended)
		abort();
	fake_stop();
	return 0;
}
