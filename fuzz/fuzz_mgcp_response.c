/* One response to a command that waits for it: the first octet tells how it begins and which command it
 * is, the second how the response comes (mgcp_play.h). It is said again. */
#include <string.h>

#include "mgcp_play.h"

#define SDP "\r\nv=0\r\nc=IN IP4 192.0.2.30\r\nm=audio 4002 RTP/AVP 0\r\nm=video 4004 RTP/AVP 31\r\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	bool from_agent;
	const char *text;
} commands[] = {
	{ true, "CRCX 7 $@\2 MGCP 1.0\r\nC: A2\r\nM: sendrecv\r\n" SDP },
	{ true, "CRCX 7 aaln/1@\2 MGCP 1.0\r\nC: A2\r\nM: recvonly\r\n" },
	{ true, "MDCX 7 aaln/1@\2 MGCP 1.0\r\nC: A1\r\nI: F1\r\nM: inactive\r\n" SDP },
	{ true, "AUCX 7 aaln/1@\2 MGCP 1.0\r\nI: F1\r\nF: RC,LC,N\r\n" },
	{ true, "AUEP 7 *@\2 MGCP 1.0\r\n" },
	{ true, "DLCX 7 *@\2 MGCP 1.0\r\n" },
	{ true, "RQNT 7 $@\2 MGCP 1.0\r\nN: ca@[192.0.2.21]:2727\r\nX: 1\r\n" },
	{ false, "RSIP 7 *@\2 MGCP 1.0\r\nRM: forced\r\n" },
	{ false, "NTFY 7 aaln/1@\2 MGCP 1.0\r\nX: 1\r\nO: L/hd\r\n" },
	{ false, "DLCX 7 aaln/1@\2 MGCP 1.0\r\nC: A1\r\nI: F1\r\nE: 900\r\n" },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t i;
	unsigned how, side;

	if (size < 3)
		return 0;
	i = (data[0] >> 2) % ROWS(commands);
	side = commands[i].from_agent ? PLAY_CORE : 0;
	how = (data[1] & ~PLAY_CORE) | (side ^ PLAY_CORE);
	play_begin(data[0] & 1, true);
	play_receive(side, (const uint8_t *)commands[i].text, strlen(commands[i].text));
	play_receive(how, data + 2, size - 2);
	play_receive(how & ~PLAY_LATE, data + 2, size - 2);
	play_receive(side | PLAY_MEDIA, (const uint8_t *)"000 7\r\n", 7);
	play_end();
	return 0;
}
