/* Q.931 as H.225.0 7.2 uses it: written by hand, since what it is tested against has its own. */
#ifndef LAB_H323_Q931_H
#define LAB_H323_Q931_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum q931_type {
	Q931_ALERTING = 0x01,
	Q931_PROCEEDING = 0x02,
	Q931_SETUP = 0x05,
	Q931_CONNECT = 0x07,
	Q931_RELEASE_COMPLETE = 0x5a,
	Q931_FACILITY = 0x62,
};

struct q931 {
	uint8_t type;
	uint16_t reference;
	bool answering; /* from the side that was called */
	const uint8_t *user; /* the H323-UserInformation */
	size_t user_len;
};

/* The octets of a message with what its type must have; out holds Q931_MAX. display may be NULL. */
#define Q931_MAX 40000u
size_t q931_write(const struct q931 *m, const char *display, uint8_t *out);
/* false: malformed, or without user information. */
bool q931_read(const uint8_t *p, size_t len, struct q931 *out);
const char *q931_name(uint8_t type);

#endif
