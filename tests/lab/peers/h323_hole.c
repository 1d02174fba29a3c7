#include "h323_hole.h"

#include "postern/pinhole.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include <sys/socket.h>

#define KEEP_MS 3000 /* the lab's NATs forget soon */
#define PATIENCE_MS 10000
#define TICK_MS 5
#define HOLES (2 * MEDIA_MAX)

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The sockets of m in the order of streams, RTP before RTCP. */
static int socket_of(const struct media *m, int i)
{
	return i % 2 ? m->stream[i / 2].rtcp : m->stream[i / 2].rtp;
}

static bool is_due(const struct media *m, int i)
{
	return m->stream[i / 2].wanted && socket_of(m, i) >= 0 && !m->hole[i];
}

static int make(struct media *m)
{
	for (int i = 0; i < HOLES; i++) {
		struct media_stream *s = &m->stream[i / 2];
		const struct sockaddr_in *local = i % 2 ? &s->local_rtcp : &s->local_rtp;
		struct pn_pinhole_conf conf = { .size = sizeof(conf), .kind = PN_PINHOLE_MEDIA,
						.gateway = (struct sockaddr *)&m->stun, .keep_ms = KEEP_MS };

		if (!is_due(m, i))
			continue;
		if (m->early)
			conf.inner = (const struct sockaddr *)local;
		m->hole[i] = pn_pinhole_new(&conf, now_ms());
		if (!m->hole[i])
			return -errno;
	}
	return 0;
}

void hole_tick(struct media *m)
{
	char packet[PN_PINHOLE_BUFFER];
	int len;

	for (int i = 0; i < HOLES; i++)
		while (m->hole[i] &&
		       (len = pn_pinhole_output(m->hole[i], now_ms(), packet, sizeof(packet))) > 0)
			sendto(socket_of(m, i), packet, (size_t)len, 0, (struct sockaddr *)&m->stun, sizeof(m->stun));
}

static void show(struct media *m, int i)
{
	struct media_stream *s = &m->stream[i / 2];
	struct sockaddr_storage mapped;

	if (!m->early && pn_pinhole_mapped(m->hole[i], &mapped))
		memcpy(i % 2 ? &s->shown_rtcp : &s->shown_rtp, &mapped, sizeof(s->shown_rtp));
}

bool hole_takes(struct media *m, int fd, const struct sockaddr_in *from, const void *data, size_t len)
{
	for (int i = 0; i < HOLES; i++) {
		if (!m->hole[i] || socket_of(m, i) != fd)
			continue;
		if (pn_pinhole_input(m->hole[i], now_ms(), (const struct sockaddr *)from, data, len) ==
		    PN_PINHOLE_NOT_OURS)
			return false;
		show(m, i);
		return true;
	}
	return false;
}

static bool all_stand(const struct media *m)
{
	struct sockaddr_storage mapped;

	for (int i = 0; i < HOLES; i++)
		if (m->hole[i] && !pn_pinhole_mapped(m->hole[i], &mapped))
			return false;
	return true;
}

/* The terminal does nothing else meanwhile: it is what its next message waits for. */
static int wait_for_all(struct media *m)
{
	uint64_t until = now_ms() + PATIENCE_MS;

	while (!all_stand(m)) {
		struct pollfd p[HOLES];

		if (now_ms() >= until)
			return -ETIMEDOUT;
		hole_tick(m);
		for (int i = 0; i < HOLES; i++)
			p[i] = (struct pollfd){ .fd = socket_of(m, i), .events = POLLIN };
		if (poll(p, HOLES, TICK_MS) <= 0)
			continue;
		for (int i = 0; i < HOLES; i++)
			if (p[i].fd >= 0)
				media_receive(m, p[i].fd);
	}
	return 0;
}

int hole_punch(struct media *m)
{
	int err = m->stun.sin_port ? make(m) : 0;

	hole_tick(m);
	if (err || !m->stun.sin_port || m->early)
		return err;
	return wait_for_all(m);
}
