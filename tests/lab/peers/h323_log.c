#include "h323_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>

#include "aper.h"
#include "h323_media.h"

const char *log_address(const struct sockaddr_in *a)
{
	static char text[4][32];
	static unsigned next;
	char *p = text[next++ % 4], ip[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &a->sin_addr, ip, sizeof(ip));
	snprintf(p, sizeof(text[0]), "%s:%u", ip, ntohs(a->sin_port));
	return p;
}

void log_event(const char *event, const char *more, ...)
{
	struct timespec now;
	va_list ap;

	clock_gettime(CLOCK_REALTIME, &now);
	printf("{\"time\": %lld.%03ld, \"event\": \"%s\"", (long long)now.tv_sec, now.tv_nsec / 1000000, event);
	if (more) {
		printf(", ");
		va_start(ap, more);
		vprintf(more, ap);
		va_end(ap);
	}
	printf("}\n");
	fflush(stdout);
}

static void log_message(const char *event, const char *name, const struct aper_message *m)
{
	const struct aper_leaf *leaf;
	size_t n = aper_leaves(m, &leaf), len = 0;
	char list[2048] = "";

	for (size_t i = 0; i < n; i++) {
		struct sockaddr_in a = { .sin_family = AF_INET };

		if (leaf[i].family != 4 || len + 40 > sizeof(list))
			continue;
		memcpy(&a.sin_addr, leaf[i].ip, 4);
		a.sin_port = htons((uint16_t)*leaf[i].port);
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s\"%s\"", len ? ", " : "", log_address(&a));
	}
	log_event(event, "\"message\": \"%s\", \"addresses\": [%s]", name, list);
}

void log_received(const char *name, const struct aper_message *m)
{
	log_message("received", name, m);
}

void log_sent(const char *name, const struct asn_TYPE_descriptor_s *td, const uint8_t *data, size_t len)
{
	struct aper_message *m;

	if (aper_read(td, data, len, &m)) {
		log_event("sent", "\"message\": \"%s\"", name);
		return;
	}
	log_message("sent", name, m);
	aper_free(m);
}

static void log_stream(int session, const struct media_stream *s)
{
	log_event("media", "\"session\": %d, \"to\": \"%s\", \"rtcp_to\": \"%s\", \"from\": \"%s\", "
		"\"rtp_sent\": %u, \"rtp_octets\": %u, \"rtp_received\": %u, \"heard\": %u, \"strange\": %u, "
		"\"rtcp_sent\": %u, \"rtcp_received\": %u, \"kept\": %u, \"keeps_received\": %u",
		session, log_address(&s->rtp_to), log_address(&s->rtcp_to), log_address(&s->rtp_from), s->rtp_sent,
		s->rtp_octets, s->rtp_received, s->heard, s->strange, s->rtcp_sent, s->rtcp_received, s->kept,
		s->keeps_received);
}

void log_media(const struct media *m)
{
	for (int i = 0; i < MEDIA_MAX; i++)
		if (m->stream[i].used)
			log_stream(i + 1, &m->stream[i]);
}
