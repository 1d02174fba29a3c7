/* The inside end of the pinhole protocol against a gateway that sends anything. The input is a script: each step
 * is an octet that says what happens, and some are followed by a length and a message. Whatever comes, the
 * client never has two things to send at once, never sleeps for ever while nothing stands, and takes no address
 * but from whom it believes. */
#include "pinhole/client.h"
#include "pinhole/credential.h"
#include "pinhole/stun_out.h"
#include "random.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS 200u
#define SENDS 40u /* at one moment: challenges, and parts of a list */

struct play {
	struct pinhole_client *client;
	enum pinhole_kind kind;
	struct pn_addr gateway;
	uint64_t now_ms;
	uint8_t sent[MESSAGE_MAX]; /* the last request */
	int len;
};

static void check(bool good)
{
	if (!good)
		abort();
}

static void send_due(struct play *p)
{
	uint8_t text[MESSAGE_MAX];
	unsigned n = 0;
	int len;

	while ((len = pinhole_client_output(p->client, p->now_ms, text, sizeof(text))) > 0) {
		struct message m;

		check(!message_parse(text, (size_t)len, &m) && m.stun.cls == STUN_REQUEST && ++n < SENDS);
		memcpy(p->sent, text, (size_t)len);
		p->len = len;
	}
	check(pinhole_client_next(p->client) > p->now_ms);
}

static void take_message(struct play *p, const uint8_t *text, size_t len)
{
	struct pinhole_client_info info;
	enum pinhole_event event = pinhole_client_input(p->client, p->now_ms, &p->gateway, text, len);

	pinhole_client_info(p->client, &info);
	check(info.open == (info.mapped.family != 0));
	check(event != PINHOLE_OPEN || info.open);
	check(event != PINHOLE_REFUSED || info.error);
}

/* The fuzzer's attributes in an answer to the last request, signed with the right key by `how`. */
static void answer(struct play *p, uint8_t how, const uint8_t *attrs, size_t len)
{
	enum stun_class cls = how & 1 ? STUN_ERROR : STUN_SUCCESS;
	uint8_t text[STUN_MAX], key[STUN_KEY];
	struct stun_out o;
	struct message m;

	if (!p->len || message_parse(p->sent, (size_t)p->len, &m))
		return;
	credential_key(str_of("acme"), str_of("postern"), str_of("secret"), key);
	stun_begin(&o, text, sizeof(text), how & 2 ? STUN_INDICATION : cls, how & 16 ? MESSAGE_JOIN : m.stun.method,
		   m.stun.tid);
	if (len > o.cap - o.len)
		return;
	memcpy(o.p + o.len, attrs, len & ~(size_t)3);
	o.len += len & ~(size_t)3;
	if (how & 4)
		stun_put_integrity(&o, key);
	if (how & 8)
		stun_put_fingerprint(&o);
	if (stun_end(&o) > 0)
		take_message(p, text, (size_t)o.len);
}

static void subscribe(struct play *p, uint8_t n)
{
	struct message_subscriber list[256];

	for (size_t i = 0; i < n; i++)
		list[i] = (struct message_subscriber){ { "subscriber@example.net", 22 }, p->gateway };
	check(!pinhole_client_subscribers(p->client, list, n, p->now_ms) == (p->kind == PINHOLE_REGISTER));
}

static void step(struct play *p, uint8_t what, struct cur *in)
{
	struct cur text = { in->p, in->p };
	uint8_t len = 0;

	if (take_u8(in, &len) || take(in, len, &text))
		return;
	switch (what & 7) {
	case 0: p->now_ms = pinhole_client_next(p->client) == UINT64_MAX ? p->now_ms + 1000 :
									    pinhole_client_next(p->client); break;
	case 1: p->now_ms += len; break;
	case 2: take_message(p, text.p, len); break;
	case 3: pinhole_client_refresh(p->client, p->now_ms); break;
	case 4: pinhole_client_keep(p->client, len * 1000u); break;
	case 5: subscribe(p, len); break;
	case 6: answer(p, what >> 3, text.p, len); break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pinhole_login_conf who = { { "acme", 4 }, { "ag1", 3 }, { "secret", 6 }, 1, 1 };
	struct pinhole_client_conf conf = { .gateway = { 4, 0, 3478, { 192, 0, 2, 1 } },
					    .inner = { 4, 0, 40000, { 10, 1, 0, 3 } },
					    .protocol = { "sip", 3 }, .keep_ms = 15000 };
	struct cur in = { data, data + size };
	struct play p = { .now_ms = 1 };
	uint8_t what;

	random_fake(1);
	if (take_u8(&in, &what))
		return 0;
	conf.login = pinhole_login_new(&who);
	conf.kind = p.kind = (enum pinhole_kind)(what % 3);
	p.gateway = conf.gateway;
	p.client = pinhole_client_new(&conf, p.now_ms);
	check(p.client != NULL);
	send_due(&p);
	for (unsigned i = 0; i < STEPS && !take_u8(&in, &what) && (what & 7) != 7; i++) {
		step(&p, what, &in);
		send_due(&p);
	}
	pinhole_client_end(p.client, p.now_ms, p.sent, sizeof(p.sent));
	pinhole_client_free(p.client);
	pinhole_login_free(conf.login);
	return 0;
}
