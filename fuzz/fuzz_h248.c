/* The whole H.248 module on a small fake core. The input is a list of messages, each behind a
 * control octet and ended by FF FF; 01 in a message stands for the id of the last transaction that
 * was sent. Two gateways are registered before. What is sent must be a message itself, and a
 * datagram. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module_fake.h"
#include "msg.h"

#define MESSAGES_MAX 24u
#define MESSAGE_MAX 9000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct pn_module postern_module;

static char id[16];

static const struct pn_conf_attr mgc_attr = { "address", "192.0.2.20:2944", NULL };
static const struct pn_conf mgc = { .name = "mgc", .file = "f", .line = 3, .attrs = &mgc_attr };
static const struct pn_conf_attr to_attr = { "to", "core", NULL };
static const struct pn_conf_attr from_attr = { "from", "access", &to_attr };
static const struct pn_conf route = {
	.name = "route", .file = "f", .line = 2, .attrs = &from_attr, .children = &mgc
};
static const struct pn_conf module_conf = {
	.name = "module", .file = "f", .line = 1, .children = &route
};

static void check_sent(void)
{
	const struct fake_sent *s;

	while ((s = fake_take())) {
		struct msg *m = NULL;

		if (s->len > 65507 || msg_parse(s->data, s->len, &m))
			abort();
		if (m->n_tx && m->tx[0].kind == MSG_REQUEST)
			snprintf(id, sizeof(id), "%u", m->tx[0].id);
		msg_free(m);
	}
}

static size_t fill(const uint8_t *in, size_t len, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 16 < MESSAGE_MAX; i++) {
		if (in[i] != 1 || (len && in[0] == 0x30)) {
			out[n++] = in[i];
			continue;
		}
		memcpy(out + n, id, strlen(id));
		n += strlen(id);
	}
	return n;
}

/* Bits of the control octet: 0 from the core, 1 the other gateway, 2 time passes after it, 3 media
 * answers late, 4 late media is there, 5 a timeout, 6 sending fails, 7 a keepalive is due. */
static void one_message(void *module, const uint8_t *in, size_t len)
{
	static uint8_t text[MESSAGE_MAX];
	uint8_t how = in[0];
	size_t n = fill(in + 1, len - 1, text), who = how & 2 ? 1 : 0;

	fake.late = (how & 8) != 0;
	fake.send_err = how & 64 ? -1 : 0;
	if (!(how & 1))
		fake_receive("access", who ? "203.0.113.8" : "203.0.113.7", 40001, text, n);
	else if (fake_binding_used(who))
		fake_receive_alias(who, "192.0.2.20", 2944, text, n);
	check_sent();
	if (how & 16)
		fake_media_done();
	if (how & 32)
		fake_timeout(PN_TIMEOUT_MEDIA);
	if (how & 128 && fake_binding_used(0))
		postern_module.keepalive(module, fake_binding(0), text, sizeof(text));
	if (how & 4)
		fake_advance(7000);
	check_sent();
}

static void introduce(const char *ip, size_t binding)
{
	static const char ask[] = "!/2 [10.1.0.2]:2944\nT=1{C=-{SC=ROOT{SV{MT=RS,RE=\"901\"}}}}";
	static const char answer[] = "!/2 [192.0.2.20]:2944\nP=1{C=-{SC=ROOT}}";

	fake_receive("access", ip, 40001, ask, sizeof(ask) - 1);
	fake_receive_alias(binding, "192.0.2.20", 2944, answer, sizeof(answer) - 1);
	check_sent();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *module = fake_start(&postern_module, &module_conf);
	char out[512];

	if (!module)
		abort();
	id[0] = '\0';
	introduce("203.0.113.7", 0);
	introduce("203.0.113.8", 1);
	for (size_t n = 0; size > 1 && n < MESSAGES_MAX; n++) {
		const uint8_t *end = memmem(data, size, "\xff\xff", 2);
		size_t len = end ? (size_t)(end - data) : size;

		if (len > 1)
			one_message(module, data, len);
		data += end ? len + 2 : len;
		size -= end ? len + 2 : len;
	}
	fake_advance(80000);
	check_sent();
	if (postern_module.show(module, out, sizeof(out)) <= 0)
		abort();
	fake_stop();
	return 0;
}
