#include "tpkt.h"

#include <errno.h>

#define VERSION 3u

long tpkt_frame(const uint8_t *data, size_t len)
{
	size_t whole;

	if (len && data[0] != VERSION)
		return -EPROTO;
	if (len < TPKT_HEADER)
		return 0;
	whole = (size_t)data[2] << 8 | data[3];
	return whole < TPKT_HEADER ? -EPROTO : (long)whole;
}

struct pn_str tpkt_payload(const uint8_t *data, size_t len)
{
	long whole = tpkt_frame(data, len);

	if (whole <= 0 || (size_t)whole != len)
		return (struct pn_str){ NULL, 0 };
	return (struct pn_str){ (const char *)data + TPKT_HEADER, len - TPKT_HEADER };
}

int tpkt_header(uint8_t out[TPKT_HEADER], size_t len)
{
	size_t whole = len + TPKT_HEADER;

	if (whole > TPKT_MAX)
		return -EMSGSIZE;
	out[0] = VERSION;
	out[1] = 0;
	out[2] = (uint8_t)(whole >> 8);
	out[3] = (uint8_t)whole;
	return 0;
}
