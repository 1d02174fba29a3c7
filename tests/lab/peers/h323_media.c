#include "h323_media.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#include "h323_hole.h"

#define RTP_HEADER 12
#define PAYLOAD_MAX 4000
#define FAX_PAYLOAD 40
#define FAX_EVERY_MS 20
#define RTCP_EVERY_MS 500
#define KEEPALIVE_TYPE 127
#define FIRST_KEEPALIVES 3 /* they may come too early */
#define FIRST_KEEPALIVE_MS 100
#define DOUBTED 4
#define SETTLE_MS 400
#define LOSE_AFTER 30 /* packets: the first keepalives are over */

static const uint8_t payload_type[MEDIA_MAX] = { 8, 31, 0 }; /* PCMA, H.261 */

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

static int open_stream(struct media *m, struct media_stream *s, struct in_addr address, struct in_addr claim,
		unsigned port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = address, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in next = at, any = at;

	next.sin_port = htons((uint16_t)(port + 1));
	any.sin_port = 0;
	s->rtp = open_socket(&at);
	s->rtcp = m->split ? -1 : open_socket(&next);
	s->out = m->split ? open_socket(&any) : s->rtp;
	if (s->rtp < 0 || s->out < 0 || (s->rtcp < 0 && !m->split))
		return -EADDRINUSE;
	s->local_rtp = at;
	s->local_rtcp = next;
	s->local_rtp.sin_addr = s->local_rtcp.sin_addr = claim;
	s->shown_rtp = s->local_rtp;
	s->shown_rtcp = s->local_rtcp;
	s->ssrc = (uint32_t)random();
	return 0;
}

int media_open(struct media *m, struct in_addr address, struct in_addr claim, unsigned base)
{
	for (unsigned i = 0; i < MEDIA_MAX; i++) {
		int err = open_stream(m, &m->stream[i], address, claim, base + 2 * i);

		if (err)
			return err;
	}
	media_reset(m);
	return 0;
}

void media_reset(struct media *m)
{
	for (int i = 0; i < MEDIA_MAX; i++) {
		struct media_stream *s = &m->stream[i];

		*s = (struct media_stream){ .rtp = s->rtp, .rtcp = s->rtcp, .out = s->out, .ssrc = s->ssrc + 1,
			.local_rtp = s->local_rtp, .local_rtcp = s->local_rtcp,
			.shown_rtp = s->shown_rtp, .shown_rtcp = s->shown_rtcp };
	}
	media_want(m, MEDIA_AUDIO, true);
	media_want(m, MEDIA_VIDEO, m->video);
}

void media_want(struct media *m, enum media_kind kind, bool wanted)
{
	m->stream[kind].wanted = wanted;
	m->stream[kind].used |= wanted;
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, 4);
}

static size_t rtp_header(const struct media_stream *s, uint8_t type, uint8_t *out)
{
	memcpy(out, (uint8_t[]){ 0x80, type, (uint8_t)(s->seq >> 8), (uint8_t)s->seq }, 4);
	put32(out + 4, s->timestamp);
	put32(out + 8, s->ssrc);
	return RTP_HEADER;
}

/* A sequence number and one primary packet (T.38 annex; UDPTL). */
static size_t udptl_header(const struct media_stream *s, uint8_t *out)
{
	memcpy(out, (uint8_t[]){ (uint8_t)(s->seq >> 8), (uint8_t)s->seq, FAX_PAYLOAD }, 3);
	return 3;
}

static void send_packet(const struct media *m, struct media_stream *s, enum media_kind kind)
{
	size_t body = kind == MEDIA_FAX ? FAX_PAYLOAD : 8 * m->frame_ms;
	uint8_t packet[RTP_HEADER + PAYLOAD_MAX];
	size_t head = kind == MEDIA_FAX ? udptl_header(s, packet) : rtp_header(s, payload_type[kind], packet);

	memset(packet + head, (int)m->mark, body);
	if (kind == MEDIA_VIDEO)
		memset(packet + head, 0, 4); /* RFC 4587 4.1 */
	if (sendto(s->out, packet, head + body, 0, (struct sockaddr *)&s->rtp_to, sizeof(s->rtp_to)) > 0) {
		s->rtp_sent++;
		s->rtp_octets += (unsigned)(head + body);
	}
	s->seq = (uint16_t)(s->seq + 1 + (s->rtp_sent == LOSE_AFTER ? m->lose : 0));
	s->timestamp += (uint32_t)body;
}

/* A sender report without blocks, and who it is (RFC 3550 6.4.1, 6.5). */
static void send_rtcp(struct media_stream *s, const struct sockaddr_in *to)
{
	uint8_t packet[28 + 16] = { 0x80, 200, 0, 6 };

	put32(packet + 4, s->ssrc);
	put32(packet + 16, s->timestamp);
	put32(packet + 20, s->rtp_sent);
	put32(packet + 24, s->rtp_octets);
	memcpy(packet + 28, (uint8_t[]){ 0x81, 202, 0, 3 }, 4);
	put32(packet + 32, s->ssrc);
	memcpy(packet + 36, (uint8_t[]){ 1, 3, 'l', 'a', 'b' }, 5);
	if (sendto(s->rtcp, packet, sizeof(packet), 0, (const struct sockaddr *)to, sizeof(*to)) > 0)
		s->rtcp_sent++;
}

/* An empty packet with a source of its own, and the same for RTCP: at the next port until another one was said. */
static void send_keepalive(struct media_stream *s)
{
	struct media_stream keep = { .seq = (uint16_t)(100 + s->kept), .timestamp = 160 * s->kept };
	struct sockaddr_in control = s->keep_to;
	uint8_t packet[RTP_HEADER];
	size_t n = rtp_header(&keep, 0x80 | KEEPALIVE_TYPE, packet);

	if (sendto(s->rtp, packet, n, 0, (struct sockaddr *)&s->keep_to, sizeof(s->keep_to)) > 0)
		s->kept++;
	control.sin_port = htons((uint16_t)(ntohs(control.sin_port) + 1));
	if (s->rtcp_to.sin_port)
		control = s->rtcp_to;
	if (s->rtcp >= 0)
		send_rtcp(s, &control);
}

static void tick_keepalive(struct media_stream *s, uint64_t now_ms)
{
	if (!s->keep_to.sin_port || now_ms < s->next_keep_ms)
		return;
	send_keepalive(s);
	s->next_keep_ms = now_ms + (s->kept < FIRST_KEEPALIVES ? FIRST_KEEPALIVE_MS : s->keep_every_ms);
}

static bool is_done(const struct media *m, const struct media_stream *s)
{
	return m->mute || (m->send_max && s->rtp_sent >= m->send_max);
}

static void tick_packet(const struct media *m, struct media_stream *s, enum media_kind kind, uint64_t now_ms)
{
	if (now_ms < s->next_rtp_ms)
		return;
	send_packet(m, s, kind);
	s->next_rtp_ms = now_ms + (kind == MEDIA_FAX ? FAX_EVERY_MS : m->frame_ms);
}

void media_tick(struct media *m, uint64_t now_ms)
{
	hole_tick(m);
	for (int i = 0; i < MEDIA_MAX; i++) {
		struct media_stream *s = &m->stream[i];

		tick_keepalive(s, now_ms);
		if (!s->sending || is_done(m, s))
			continue;
		if (!s->began)
			s->next_rtp_ms = s->next_rtcp_ms = now_ms + m->late_ms;
		s->began = true;
		if (s->rtp_to.sin_port)
			tick_packet(m, s, (enum media_kind)i, now_ms);
		if (s->rtcp >= 0 && s->rtcp_to.sin_port && now_ms >= s->next_rtcp_ms) {
			send_rtcp(s, &s->rtcp_to);
			s->next_rtcp_ms = now_ms + RTCP_EVERY_MS;
		}
	}
}

static bool same(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

/* Some stacks go over to a new source only after they dropped a few packets of it. */
static bool believe(const struct media *m, struct media_stream *s, const struct sockaddr_in *from)
{
	if (!m->wary || same(from, &s->believed)) {
		s->doubtful = 0;
		return true;
	}
	if (s->doubtful++ < DOUBTED)
		return false;
	s->believed = *from;
	return true;
}

static void hear(const struct media *m, struct media_stream *s, const uint8_t *p, size_t len,
		const struct sockaddr_in *from)
{
	bool fax = s == &m->stream[MEDIA_FAX];

	if (!fax && (len < RTP_HEADER || p[0] >> 6 != 2))
		return;
	s->rtp_received++;
	if (!believe(m, s, from))
		return;
	s->rtp_from = *from;
	if (!fax && len == RTP_HEADER)
		s->keeps_received++;
	else if (p[len - 1] != m->mark)
		s->heard++;
	if (s->rtp_to.sin_port && !same(from, &s->rtp_to))
		s->strange++;
}

void media_receive(struct media *m, int fd)
{
	uint8_t packet[RTP_HEADER + PAYLOAD_MAX];
	struct sockaddr_in from;
	socklen_t n = sizeof(from);
	ssize_t len;

	while ((len = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &n)) > 0)
		for (int i = 0; i < MEDIA_MAX && !hole_takes(m, fd, &from, packet, (size_t)len); i++) {
			if (fd == m->stream[i].rtp)
				hear(m, &m->stream[i], packet, (size_t)len, &from);
			else if (fd == m->stream[i].rtcp)
				m->stream[i].rtcp_received++;
		}
}

unsigned media_least_heard(const struct media *m)
{
	unsigned least = UINT32_MAX;

	for (int i = 0; i < MEDIA_MAX; i++) {
		unsigned heard = m->stream[i].heard - m->stream[i].noted;

		if (m->stream[i].wanted && heard < least)
			least = heard;
	}
	return least;
}

void media_note(struct media *m)
{
	for (int i = 0; i < MEDIA_MAX; i++)
		m->stream[i].noted = m->stream[i].heard;
}

bool media_sent_all(const struct media *m, uint64_t now_ms)
{
	for (int i = 0; i < MEDIA_MAX; i++) {
		const struct media_stream *s = &m->stream[i];

		if (s->wanted && m->send_max && (s->rtp_sent < m->send_max || now_ms < s->next_rtp_ms + SETTLE_MS))
			return false;
	}
	return true;
}
