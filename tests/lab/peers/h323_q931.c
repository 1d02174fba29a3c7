#include "h323_q931.h"

#include <string.h>

#define DISCRIMINATOR 0x08
#define USER_USER 0x7e
#define X208 0x05 /* what user information is: ASN.1 */

static size_t put(uint8_t *out, size_t at, uint8_t id, const void *value, uint8_t len)
{
	out[at] = id;
	out[at + 1] = len;
	memcpy(out + at + 2, value, len);
	return at + 2 + len;
}

size_t q931_write(const struct q931 *m, const char *display, uint8_t *out)
{
	size_t at = 5;

	memcpy(out, (uint8_t[]){ DISCRIMINATOR, 2, (uint8_t)((m->answering ? 0x80 : 0) | m->reference >> 8),
		(uint8_t)m->reference, m->type }, 5);
	if (m->type == Q931_SETUP)
		at = put(out, at, 0x04, "\x88\x93\xa5", 3); /* unrestricted, packet, H.221 */
	if (m->type == Q931_RELEASE_COMPLETE)
		at = put(out, at, 0x08, "\x80\x90", 2); /* normal call clearing */
	if (display)
		at = put(out, at, 0x28, display, (uint8_t)strlen(display));
	out[at] = USER_USER;
	out[at + 1] = (uint8_t)((m->user_len + 1) >> 8);
	out[at + 2] = (uint8_t)(m->user_len + 1);
	out[at + 3] = X208;
	memcpy(out + at + 4, m->user, m->user_len);
	return at + 4 + m->user_len;
}

bool q931_read(const uint8_t *p, size_t len, struct q931 *out)
{
	size_t at = 5, n;

	if (len < 5 || p[0] != DISCRIMINATOR || p[1] != 2)
		return false;
	*out = (struct q931){ .type = p[4], .answering = p[2] & 0x80,
		.reference = (uint16_t)((p[2] & 0x7f) << 8 | p[3]) };
	while (at < len) {
		uint8_t id = p[at];
		size_t head = id == USER_USER ? 3 : 2;

		if (id & 0x80) {
			at++;
			continue;
		}
		if (len - at < head)
			return false;
		n = id == USER_USER ? (size_t)p[at + 1] << 8 | p[at + 2] : p[at + 1];
		if (len - at - head < n)
			return false;
		if (id == USER_USER && n > 1 && p[at + 3] == X208) {
			out->user = p + at + 4;
			out->user_len = n - 1;
		}
		at += head + n;
	}
	return out->user;
}

const char *q931_name(uint8_t type)
{
	switch (type) {
	case Q931_ALERTING: return "alerting";
	case Q931_PROCEEDING: return "callProceeding";
	case Q931_SETUP: return "setup";
	case Q931_CONNECT: return "connect";
	case Q931_RELEASE_COMPLETE: return "releaseComplete";
	case Q931_FACILITY: return "facility";
	default: return "other Q.931";
	}
}
