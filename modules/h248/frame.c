#include "frame.h"

#include <errno.h>

#define VERSION 3
#define HEADER 4u

long frame_length(const uint8_t *data, size_t len)
{
	size_t total;

	if (len && data[0] != VERSION)
		return -EBADMSG;
	if (len < HEADER)
		return 0;
	total = data[2] * 256u + data[3];
	return total < HEADER ? -EBADMSG : (long)total;
}

int frame_write(uint8_t out[4], size_t len)
{
	size_t total = len + HEADER;

	if (total > UINT16_MAX)
		return -EMSGSIZE;
	out[0] = VERSION;
	out[1] = 0;
	out[2] = (uint8_t)(total >> 8);
	out[3] = (uint8_t)total;
	return 0;
}
