/* STUN messages and what the pinhole protocol reads in them: what is read is written and reads the same. */
#include "pinhole/credential.h"
#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SUBSCRIBERS 128u

static void check(bool good)
{
	if (!good)
		abort();
}

static void check_same(const struct message *a, const struct message *b)
{
	check(str_eq(a->agent, b->agent) && str_eq(a->protocol, b->protocol) && str_eq(a->nonce, b->nonce) &&
	      str_eq(a->realm, b->realm) && str_eq(a->username, b->username));
	check(!memcmp(&a->inner, &b->inner, sizeof(a->inner)) && !memcmp(&a->final, &b->final, sizeof(a->final)) &&
	      !memcmp(&a->peer_inner, &b->peer_inner, sizeof(a->peer_inner)));
	check(a->order == b->order && a->has_lifetime == b->has_lifetime && a->lifetime_s == b->lifetime_s);
	check(a->part.list == b->part.list &&
	      (!a->part.list || (a->part.index == b->part.index && a->part.count == b->part.count)));
}

/* Requests and indications are written again, with all that is known of them. */
static void write_again(const struct message *m)
{
	static const uint8_t key[STUN_KEY] = { 1 };
	struct message_subscriber list[SUBSCRIBERS];
	uint8_t text[STUN_MAX];
	struct cur at = m->stun.attrs;
	struct message again;
	size_t n = 0;
	int len;

	while (n < SUBSCRIBERS && message_subscriber(m, &at, &list[n]))
		n++;
	len = message_write(m, list, n, key, text, sizeof(text));
	if (len == -ENOBUFS)
		return;
	check(len > 0 && !message_parse(text, (size_t)len, &again) && stun_is_authentic(&again.stun, key));
	check_same(m, &again);
	at = again.stun.attrs;
	for (size_t i = 0; i < n; i++) {
		struct message_subscriber s;

		check(message_subscriber(&again, &at, &s) && str_eq(s.identity, list[i].identity));
	}
}

static void answer(const struct message *m)
{
	static const uint8_t key[STUN_KEY] = { 2 };
	static const int code[] = { 400, 401, 420, 438, 486, 500 };
	const struct pn_str realm = str_of("postern"), nonce = str_of("nonce");
	uint8_t text[MESSAGE_MAX];
	int len;

	for (size_t i = 0; i < sizeof(code) / sizeof(*code); i++) {
		bool plain = message_is_plain(m) && code[i] != 401 && code[i] != 438;

		len = message_write_error(m, code[i], realm, nonce, key, text, sizeof(text));
		check(len > 0 && (!plain || len <= (int)MESSAGE_PLAIN));
	}
	credential_judge(m, true, key);
}

/* Where FINGERPRINT stands at the end it is made right: no fuzzer guesses a CRC. */
static void seal(uint8_t *text, size_t size)
{
	static const uint8_t header[4] = { 0x80, 0x28, 0, 4 };
	uint32_t crc;

	if (size < STUN_HEADER + 8 || memcmp(text + size - 8, header, 4))
		return;
	crc = stun_fingerprint(text, size - 8);
	for (unsigned i = 0; i < 4; i++)
		text[size - 4 + i] = (uint8_t)(crc >> (24 - 8 * i));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	uint8_t data[STUN_MAX];
	struct message m;
	uint32_t tag;
	int err;

	if (size > sizeof(data))
		return 0;
	memcpy(data, input, size);
	seal(data, size);
	err = stun_frame(data, size);
	check(err <= 0 || err != (int)size || stun_is(data, size));
	err = message_parse(data, size, &m);
	if (err == -EBADMSG)
		return 0;
	nonce_tag(m.nonce, &tag);
	if (m.stun.cls == STUN_REQUEST)
		answer(&m);
	if (!err && (m.stun.cls == STUN_REQUEST || m.stun.cls == STUN_INDICATION))
		write_again(&m);
	return 0;
}
