/* One command: the first octet tells how it begins, the second how the command comes (mgcp_play.h). It is
 * said again, answered, and said again. */
#include "mgcp_play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t answer[] = "200 \1 OK\r\nK:\r\nZ: aaln/2@\2\r\nI: F2\r\n\r\nv=0\r\n"
				"c=IN IP4 10.0.0.3\r\nm=audio 5002 RTP/AVP 0\r\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned how;

	if (size < 3)
		return 0;
	how = data[1];
	play_begin(data[0] & 1, data[0] & 2);
	play_receive(how, data + 2, size - 2);
	play_receive(how & ~PLAY_LATE, data + 2, size - 2);
	play_receive(how & PLAY_CORE ? PLAY_LATE : PLAY_CORE, answer, sizeof(answer) - 1);
	play_receive((how & (PLAY_CORE | PLAY_OTHER)) | PLAY_MEDIA, data + 2, size - 2);
	play_end();
	return 0;
}
