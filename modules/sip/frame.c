#include "frame.h"

#include <errno.h>
#include <string.h>

/* The value of one header line, if it is Content-Length. */
static int take_length(const char *line, const char *eol, uint32_t *length)
{
	const char *colon = memchr(line, ':', (size_t)(eol - line));
	struct pn_str name;

	if (!colon)
		return 0;
	name = str_trim((struct pn_str){ line, (size_t)(colon - line) });
	if (!str_iis(name, "Content-Length") && !str_iis(name, "l"))
		return 0;
	return str_u32(str_trim((struct pn_str){ colon + 1, (size_t)(eol - colon - 1) }), length);
}

long frame_length(const uint8_t *data, size_t len)
{
	const char *p = (const char *)data, *end = p + len, *gap, *line, *eol;
	uint32_t length = 0;

	for (line = p; line < end && (*line == '\r' || *line == '\n'); line++)
		;
	gap = memmem(line, (size_t)(end - line), "\r\n\r\n", 4);
	if (!gap)
		return len > SIP_DATAGRAM ? -EMSGSIZE : 0;
	for (; line < gap; line = eol + 1) {
		eol = memchr(line, '\n', (size_t)(end - line));
		if (take_length(line, eol, &length))
			return -EBADMSG;
	}
	if (length > SIP_DATAGRAM || gap - p > (long)SIP_DATAGRAM)
		return -EMSGSIZE;
	if ((size_t)(end - gap) < 4 + (size_t)length)
		return 0;
	return gap - p + 4 + (long)length;
}
