/* A load of RTP through a relay between two network namespaces.
 *
 *   rtpload NETNS-A ADDR-A NETNS-B ADDR-B RELAY-A RELAY-B PORTS PPS SECONDS
 *
 * ADDR are our own `address:port`, one socket each; RELAY are the addresses of the relay's two sides and
 * PORTS a file with its port pair of each session, one per line. Packets of 172 octets, as of G.711, are
 * spread evenly over time, sessions and both directions, PPS in all. Nobody sleeps on the sockets: waking
 * the load is no part of the relay's work; the kernel notes when a packet came. Prints one JSON object: packets sent
 * and received, and the median and 99th percentile of the way through in us. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PACKET 172
#define STAMP 12        /* where the time of sending stands */
#define BATCH 64
#define TICK_NS 100000u /* packets of one tick leave together */
#define SLOWEST_US 100000
#define DRAIN_NS 300000000u
#define BUFFER (4 << 20)

struct session {
	struct sockaddr_in to[2];
	uint16_t seq[2];
	uint32_t stamp;
};

struct load {
	int fd[2];
	struct session *session;
	size_t n;
	uint64_t pps, duration_ns, sent, received;
	uint32_t histogram[SLOWEST_US];
};

struct batch {
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	uint8_t data[BATCH][PACKET];
	char control[BATCH][CMSG_SPACE(sizeof(struct timespec))];
	unsigned n;
};

static uint64_t ns_of(const struct timespec *ts)
{
	return (uint64_t)ts->tv_sec * 1000000000u + (uint64_t)ts->tv_nsec;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ns_of(&ts);
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in address(const char *text)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	char ip[64];
	unsigned port = 0;

	if (sscanf(text, "%63[0-9.]:%u", ip, &port) < 1 || inet_pton(AF_INET, ip, &a.sin_addr) != 1) {
		fprintf(stderr, "rtpload: %s: an IPv4 address was expected\n", text);
		exit(2);
	}
	a.sin_port = htons((uint16_t)port);
	return a;
}

static int socket_in(const char *netns, const char *local)
{
	struct sockaddr_in a = address(local);
	char path[256];
	int size = BUFFER, on = 1, fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)))
		die(local);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	return fd;
}

static void read_sessions(struct load *l, const char *path, const char *const relay[2])
{
	FILE *f = fopen(path, "r");
	unsigned port[2];

	if (!f)
		die(path);
	while (fscanf(f, "%u %u", &port[0], &port[1]) == 2) {
		struct session *s;

		l->session = realloc(l->session, (l->n + 1) * sizeof(*l->session));
		if (!l->session)
			die("realloc");
		s = &l->session[l->n++];
		memset(s, 0, sizeof(*s));
		for (int side = 0; side < 2; side++) {
			s->to[side] = address(relay[side]);
			s->to[side].sin_port = htons((uint16_t)port[side]);
		}
	}
	fclose(f);
	if (!l->n) {
		fprintf(stderr, "rtpload: %s: no ports\n", path);
		exit(2);
	}
}

static void prepare(struct batch *b)
{
	for (unsigned i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){ b->data[i], PACKET };
		b->msg[i].msg_hdr = (struct msghdr){ .msg_iov = &b->iov[i], .msg_iovlen = 1 };
	}
}

/* ---- receiving ---- */

static void note(struct load *l, struct msghdr *m, const uint8_t *data)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	struct timespec came;
	uint64_t went, us;

	if (!c || c->cmsg_type != SO_TIMESTAMPNS)
		return;
	memcpy(&came, CMSG_DATA(c), sizeof(came));
	memcpy(&went, data + STAMP, sizeof(went));
	us = (ns_of(&came) - went) / 1000;
	l->received++;
	l->histogram[us < SLOWEST_US ? us : SLOWEST_US - 1]++;
}

static void receive(struct load *l, struct batch *b, int fd)
{
	int n = BATCH;

	while (n == BATCH) {
		for (unsigned i = 0; i < BATCH; i++) {
			b->msg[i].msg_hdr.msg_control = b->control[i];
			b->msg[i].msg_hdr.msg_controllen = sizeof(b->control[i]);
		}
		n = recvmmsg(fd, b->msg, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			if (b->msg[i].msg_len == PACKET)
				note(l, &b->msg[i].msg_hdr, b->data[i]);
	}
}

/* ---- sending ---- */

static void put32(uint8_t *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, sizeof(v));
}

static void flush(struct load *l, struct batch *b, int side)
{
	unsigned at = 0;

	while (at < b->n) {
		int n = sendmmsg(l->fd[side], b->msg + at, b->n - at, 0);

		if (n < 0 && errno != ENOBUFS && errno != EAGAIN)
			die("sendmmsg");
		at += n > 0 ? (unsigned)n : 0;
	}
	b->n = 0;
}

static void add(struct load *l, struct batch *b, size_t session, int side)
{
	struct session *s = &l->session[session];
	uint8_t *p = b->data[b->n];
	uint64_t now = now_ns(CLOCK_REALTIME);

	p[0] = 0x80;
	p[1] = 8;
	p[2] = (uint8_t)(s->seq[side] >> 8);
	p[3] = (uint8_t)s->seq[side]++;
	put32(p + 4, s->seq[side] * 160u);
	put32(p + 8, (uint32_t)(session * 2 + (size_t)side + 1));
	memcpy(p + STAMP, &now, sizeof(now));
	b->msg[b->n].msg_hdr.msg_name = &s->to[side];
	b->msg[b->n].msg_hdr.msg_namelen = sizeof(s->to[side]);
	if (++b->n == BATCH)
		flush(l, b, side);
	l->sent++;
}

static void sleep_until(uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

static void send_due(struct load *l, struct batch b[2], uint64_t due)
{
	static size_t session;

	while (l->sent + 2 <= due) {
		add(l, &b[0], session, 0);
		add(l, &b[1], session, 1);
		session = (session + 1) % l->n;
	}
	flush(l, &b[0], 0);
	flush(l, &b[1], 1);
}

static void run(struct load *l)
{
	static struct batch out[2], in;
	uint64_t start = now_ns(CLOCK_MONOTONIC), tick = start;

	prepare(&out[0]);
	prepare(&out[1]);
	prepare(&in);
	while (tick - start < l->duration_ns + DRAIN_NS) {
		if (tick - start < l->duration_ns)
			send_due(l, out, (tick - start + TICK_NS) * l->pps / 1000000000u);
		receive(l, &in, l->fd[0]);
		receive(l, &in, l->fd[1]);
		tick += TICK_NS;
		sleep_until(tick);
	}
}

static unsigned percentile(const struct load *l, unsigned percent)
{
	uint64_t want = l->received * percent / 100, seen = 0;
	unsigned us = 0;

	while (us < SLOWEST_US - 1 && (seen += l->histogram[us]) <= want)
		us++;
	return us;
}

int main(int argc, char **argv)
{
	static struct load l;

	if (argc != 10) {
		fprintf(stderr, "usage: rtpload NETNS-A ADDR-A NETNS-B ADDR-B RELAY-A RELAY-B PORTS PPS SECONDS\n");
		return 2;
	}
	read_sessions(&l, argv[7], (const char *const[]){ argv[5], argv[6] });
	l.pps = strtoull(argv[8], NULL, 10);
	l.duration_ns = (uint64_t)(strtod(argv[9], NULL) * 1e9);
	l.fd[0] = socket_in(argv[1], argv[2]);
	l.fd[1] = socket_in(argv[3], argv[4]);
	prctl(PR_SET_TIMERSLACK, 1);
	run(&l);
	printf("{\"sent\": %llu, \"received\": %llu, \"p50_us\": %u, \"p99_us\": %u}\n",
	       (unsigned long long)l.sent, (unsigned long long)l.received, percentile(&l, 50), percentile(&l, 99));
	free(l.session);
	return 0;
}
