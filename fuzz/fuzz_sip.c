/* The whole SIP module on a small fake core. The input is a list of messages, each behind a control
 * octet and ended by FF FF; octet 01 in a message stands for the Via branch of the last request
 * that was sent, 02 for the user part of the last Contact, so that the fuzzer can answer and speak
 * in dialogs. What is sent must be a message itself and no longer than a datagram. */
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "sip_kit.h"

#define MESSAGES_MAX 24u
#define MESSAGE_MAX 9000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char branch[128], user[128];

static void take(const char *text, const char *mark, const char *stop, char out[128])
{
	const char *p = strstr(text, mark);
	size_t n;

	if (!p)
		return;
	p += strlen(mark);
	n = strcspn(p, stop);
	if (n >= 128)
		return;
	memcpy(out, p, n);
	out[n] = '\0';
}

static void check_sent(void)
{
	const struct fake_sent *s;

	while ((s = fake_take())) {
		struct sip_msg *m;

		if (s->len > 65535 || msg_parse(s->data, s->len, false, &m))
			abort();
		if (m->request) {
			take(s->data, "branch=", ";\r", branch);
			take(s->data, "\nContact: <sip:", "@>\r", user);
		}
		msg_free(m);
	}
}

static size_t fill(const uint8_t *in, size_t len, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 130 < MESSAGE_MAX; i++) {
		const char *text = in[i] == 1 ? branch : user;

		if (in[i] != 1 && in[i] != 2) {
			out[n++] = in[i];
			continue;
		}
		memcpy(out + n, text, strlen(text));
		n += strlen(text);
	}
	return n;
}

/* Bits of the control octet: 0 core, 1 the other terminal, 2 time passes after it, 3 media answers
 * late, 4 late media is there, 5 a timeout, 6 sending fails, 7 a keepalive is due. */
static void one_message(void *module, const uint8_t *in, size_t len)
{
	static uint8_t text[MESSAGE_MAX];
	uint8_t how = in[0];
	size_t n = fill(in + 1, len - 1, text);

	fake.late = (how & 8) != 0;
	fake.send_err = how & 64 ? -1 : 0;
	if (how & 1)
		fake_receive("core", "192.0.2.20", 5060, text, n);
	else
		fake_receive("access", how & 2 ? "203.0.113.8" : "203.0.113.7", 40001, text, n);
	check_sent();
	if (how & 16)
		fake_media_done();
	if (how & 32)
		fake_timeout(PN_TIMEOUT_MEDIA);
	if (how & 128 && fake_bindings() && fake_binding_info(0)->realm)
		postern_module.keepalive(module, fake_binding(0), text, sizeof(text));
	if (how & 4)
		fake_advance(700);
	check_sent();
}

static void run(const struct pn_conf *conf, const uint8_t *data, size_t size)
{
	void *module = fake_start(&postern_module, conf);
	char out[512];

	if (!module)
		abort();
	branch[0] = user[0] = '\0';
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
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	run(data[0] & 1 ? kit_conf_registrar() : kit_conf_route(), data + 1, size - 1);
	return 0;
}
