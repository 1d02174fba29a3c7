#include "h323_media.h"

#include "h323_hole.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#define RTP_HEADER 12
#define RTP_PAYLOAD 160 /* 20 ms of G.711 */
#define RTP_EVERY_MS 20
#define RTCP_EVERY_MS 500

static const uint8_t payload_type[MEDIA_MAX] = { 8, 31 }; /* PCMA, H.261 */

static int open_socket(struct sockaddr_in *at)
{
	socklen_t n = sizeof(*at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && (bind(fd, (struct sockaddr *)at, sizeof(*at)) || getsockname(fd, (struct sockaddr *)at, &n))) {
		close(fd);
		return -1;
	}
	return fd;
}

int media_open(struct media *m, struct in_addr address, uint16_t base, int n)
{
	m->n = n;
	for (int i = 0; i < n; i++) {
		struct media_stream *s = &m->stream[i];
		struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = address };

		at.sin_port = htons((uint16_t)(base + 2 * i));
		s->local_rtp = at;
		s->rtp = open_socket(&s->local_rtp);
		at.sin_port = htons((uint16_t)(base + 2 * i + 1));
		s->local_rtcp = at;
		s->rtcp = open_socket(&s->local_rtcp);
		if (s->rtp < 0 || s->rtcp < 0)
			return -EADDRINUSE;
		s->shown_rtp = s->local_rtp;
		s->shown_rtcp = s->local_rtcp;
		s->ssrc = (uint32_t)random();
		s->out = s->rtp;
	}
	return 0;
}

int media_split(struct media *m, struct in_addr address)
{
	m->split = true;
	for (int i = 0; i < m->n; i++) {
		struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr = address };

		m->stream[i].out = open_socket(&any);
		if (m->stream[i].out < 0)
			return -EADDRINUSE;
	}
	return 0;
}

void media_reset(struct media *m)
{
	for (int i = 0; i < m->n; i++) {
		struct media_stream *s = &m->stream[i];

		*s = (struct media_stream){ .rtp = s->rtp, .rtcp = s->rtcp, .out = s->out, .ssrc = s->ssrc + 1,
			.local_rtp = s->local_rtp, .local_rtcp = s->local_rtcp,
			.shown_rtp = s->shown_rtp, .shown_rtcp = s->shown_rtcp };
	}
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, 4);
}

static void send_rtp(const struct media *m, struct media_stream *s, uint8_t pt)
{
	uint8_t packet[RTP_HEADER + RTP_PAYLOAD] = { 0x80, pt, (uint8_t)(s->seq >> 8), (uint8_t)s->seq };
	size_t head = RTP_HEADER;

	put32(packet + 4, s->timestamp);
	put32(packet + 8, s->ssrc);
	memset(packet + head, m->mark, RTP_PAYLOAD);
	if (pt == 31)
		memset(packet + head, 0, 4); /* RFC 4587 4.1 */
	if (sendto(s->out, packet, sizeof(packet), 0, (struct sockaddr *)&s->rtp_to, sizeof(s->rtp_to)) > 0)
		s->rtp_sent++;
	s->seq++;
	s->timestamp += RTP_PAYLOAD;
}

/* A sender report without blocks, and who it is (RFC 3550 6.4.1, 6.5). */
static void send_rtcp(struct media_stream *s)
{
	uint8_t packet[28 + 16] = { 0x80, 200, 0, 6 };

	put32(packet + 4, s->ssrc);
	put32(packet + 16, s->timestamp);
	put32(packet + 20, s->rtp_sent);
	put32(packet + 24, s->rtp_sent * RTP_PAYLOAD);
	memcpy(packet + 28, (uint8_t[]){ 0x81, 202, 0, 3 }, 4);
	put32(packet + 32, s->ssrc);
	memcpy(packet + 36, (uint8_t[]){ 1, 3, 'l', 'a', 'b' }, 5);
	if (sendto(s->rtcp, packet, sizeof(packet), 0, (struct sockaddr *)&s->rtcp_to, sizeof(s->rtcp_to)) > 0)
		s->rtcp_sent++;
}

void media_tick(struct media *m, uint64_t now_ms)
{
	hole_tick(m);
	for (int i = 0; i < m->n; i++) {
		struct media_stream *s = &m->stream[i];

		if (s->sending && s->rtp_to.sin_port && now_ms >= s->next_rtp_ms) {
			send_rtp(m, s, payload_type[i]);
			s->next_rtp_ms = now_ms + RTP_EVERY_MS;
		}
		if (s->sending && !m->split && s->rtcp_to.sin_port && now_ms >= s->next_rtcp_ms) {
			send_rtcp(s);
			s->next_rtcp_ms = now_ms + RTCP_EVERY_MS;
		}
	}
}

static void hear(const struct media *m, struct media_stream *s, const uint8_t *p, size_t len,
		const struct sockaddr_in *from)
{
	if (len < RTP_HEADER || p[0] >> 6 != 2)
		return;
	s->rtp_received++;
	s->rtp_from = *from;
	if (p[len - 1] != m->mark)
		s->heard++;
	if (s->rtp_to.sin_port && (from->sin_port != s->rtp_to.sin_port ||
	    from->sin_addr.s_addr != s->rtp_to.sin_addr.s_addr))
		s->strange++;
}

void media_receive(struct media *m, int fd)
{
	uint8_t packet[2048];
	struct sockaddr_in from;
	socklen_t n = sizeof(from);
	ssize_t len;

	while ((len = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &n)) > 0)
		for (int i = 0; i < m->n && !hole_takes(m, fd, &from, packet, (size_t)len); i++) {
			if (fd == m->stream[i].rtp)
				hear(m, &m->stream[i], packet, (size_t)len, &from);
			else if (fd == m->stream[i].rtcp)
				m->stream[i].rtcp_received++;
		}
}

unsigned media_least_heard(const struct media *m)
{
	unsigned least = m->stream[0].heard;

	for (int i = 1; i < m->n; i++)
		least = m->stream[i].heard < least ? m->stream[i].heard : least;
	return least;
}
