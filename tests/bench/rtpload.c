/* A load of RTP for a relay, as a wire would bring it.
 *
 *   rtpload NETNS TUN-A TUN-B FAR-A FAR-B RELAY-A RELAY-B PORTS PPS SECONDS BURST
 *
 * TUN are the relay's two interfaces in its namespace; we are the wire at their other end, so that what the
 * relay sends costs it as much as handing a packet to a network card does, and nobody's receiving. FAR are
 * the two far ends (address:port), RELAY the relay's addresses, and PORTS a file with its port pair of each
 * session, one per line. Packets of 172 octets, as of G.711, are spread evenly over time, sessions and both
 * directions, PPS in all.
 *
 * With a BURST of 0 each goes when it is due, and we take a whole core. Else BURST of them go at once, as a
 * network card that waits a little hands them over, and we sleep until the next are due: relay and load can
 * share a core.
 *
 * Prints one JSON object: packets sent and received; our CPU time in ns while we sent, which is the receiving
 * that the relay's kernel did for it unless that is steered to another core; and, without bursts, the median
 * and 99th percentile of the way through in us. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define RTP_OCTETS 172
#define SLOWEST_US 100000
#define DRAIN_NS 300000000u
#define TURN_MAX 16 /* packets read or written before the others' turn */

struct packet { /* as it is on the wire */
	struct iphdr ip;
	struct udphdr udp;
	uint8_t rtp[12];
	uint64_t went_ns;
	uint8_t rest[RTP_OCTETS - 12 - sizeof(uint64_t)];
} __attribute__((packed));

struct session {
	uint16_t port[2]; /* the relay's, network order */
	uint16_t seq[2];
};

struct load {
	int fd[2];
	struct packet packet[2]; /* of each direction, all but what differs */
	struct session *session;
	size_t n;
	uint64_t pps, duration_ns, burst, tried, sent, received, sending_ns;
	uint32_t histogram[SLOWEST_US];
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
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

static void enter(const char *netns)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
}

static int attach(const char *device)
{
	struct ifreq r = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", device);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &r))
		die(device);
	return fd;
}

static void read_sessions(struct load *l, const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned a, b;

	if (!f)
		die(path);
	while (fscanf(f, "%u %u", &a, &b) == 2) {
		l->session = realloc(l->session, (l->n + 1) * sizeof(*l->session));
		if (!l->session)
			die("realloc");
		l->session[l->n++] = (struct session){ .port = { htons((uint16_t)a), htons((uint16_t)b) } };
	}
	fclose(f);
	if (!l->n) {
		fprintf(stderr, "rtpload: %s: no ports\n", path);
		exit(2);
	}
}

static uint16_t checksum(const void *p, size_t len)
{
	const uint8_t *at = p;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(at[i] << 8 | at[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* UDP without a checksum: a network card would have checked it. */
static void make_packet(struct packet *p, const char *far, const char *relay)
{
	struct sockaddr_in from = address(far), to = address(relay);

	p->ip = (struct iphdr){ .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
				.tot_len = htons(sizeof(*p)), .saddr = from.sin_addr.s_addr,
				.daddr = to.sin_addr.s_addr };
	p->ip.check = checksum(&p->ip, sizeof(p->ip));
	p->udp.source = from.sin_port;
	p->udp.len = htons((uint16_t)(sizeof(*p) - sizeof(p->ip)));
	p->rtp[0] = 0x80;
	p->rtp[1] = 8;
	memset(p->rest, 0xd5, sizeof(p->rest));
}

static void send_one(struct load *l, size_t number, int side)
{
	struct session *s = &l->session[number];
	struct packet *p = &l->packet[side];
	uint16_t seq = htons(s->seq[side]);
	uint32_t stamp = htonl(s->seq[side]++ * 160u), ssrc = htonl((uint32_t)number * 2 + (uint32_t)side + 1);

	p->udp.dest = s->port[side];
	memcpy(p->rtp + 2, &seq, sizeof(seq));
	memcpy(p->rtp + 4, &stamp, sizeof(stamp));
	memcpy(p->rtp + 8, &ssrc, sizeof(ssrc));
	p->went_ns = now_ns();
	if (write(l->fd[side], p, sizeof(*p)) == (ssize_t)sizeof(*p))
		l->sent++;
}

static void send_up_to(struct load *l, uint64_t until)
{
	for (; l->tried < until; l->tried++)
		send_one(l, l->tried / 2 % l->n, (int)(l->tried % 2));
}

static void send_due(struct load *l, uint64_t elapsed_ns)
{
	uint64_t due = (elapsed_ns < l->duration_ns ? elapsed_ns : l->duration_ns) * l->pps / 1000000000u;

	send_up_to(l, due < l->tried + TURN_MAX ? due : l->tried + TURN_MAX);
}

static void send_burst(struct load *l)
{
	uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	send_up_to(l, l->tried + l->burst);
	l->sending_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
}

static bool receive_one(struct load *l, int fd)
{
	struct packet p;
	uint64_t us;

	if (read(fd, &p, sizeof(p)) != (ssize_t)sizeof(p))
		return false;
	us = (now_ns() - p.went_ns) / 1000;
	l->received++;
	l->histogram[us < SLOWEST_US ? us : SLOWEST_US - 1]++;
	return true;
}

static void receive(struct load *l)
{
	for (int side = 0; side < 2; side++)
		for (int i = 0; i < TURN_MAX && receive_one(l, l->fd[side]); i++)
			;
}

static void run_evenly(struct load *l)
{
	uint64_t start = now_ns(), elapsed_ns = 0;

	while (elapsed_ns < l->duration_ns + DRAIN_NS) {
		send_due(l, elapsed_ns);
		receive(l);
		elapsed_ns = now_ns() - start;
	}
}

static void sleep_until(uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* Late bursts are not made up for: the relay could not have kept up either. */
static void run_in_bursts(struct load *l)
{
	uint64_t interval_ns = l->burst * 1000000000u / l->pps, start = now_ns(), next = start;

	while (next < start + l->duration_ns) {
		send_burst(l);
		next += interval_ns;
		sleep_until(next);
		while (receive_one(l, l->fd[0]) || receive_one(l, l->fd[1]))
			;
	}
	sleep_until(next + DRAIN_NS);
	while (receive_one(l, l->fd[0]) || receive_one(l, l->fd[1]))
		;
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

	if (argc != 12) {
		fprintf(stderr, "usage: rtpload NETNS TUN-A TUN-B FAR-A FAR-B RELAY-A RELAY-B PORTS PPS SECONDS BURST\n");
		return 2;
	}
	enter(argv[1]);
	for (int side = 0; side < 2; side++) {
		l.fd[side] = attach(argv[2 + side]);
		make_packet(&l.packet[side], argv[4 + side], argv[6 + side]);
	}
	read_sessions(&l, argv[8]);
	l.pps = strtoull(argv[9], NULL, 10);
	l.duration_ns = (uint64_t)(strtod(argv[10], NULL) * 1e9);
	l.burst = strtoull(argv[11], NULL, 10);
	if (l.burst)
		run_in_bursts(&l);
	else
		run_evenly(&l);
	printf("{\"sent\": %llu, \"received\": %llu, \"sending_ns\": %llu, \"p50_us\": %u, \"p99_us\": %u}\n",
	       (unsigned long long)l.sent, (unsigned long long)l.received, (unsigned long long)l.sending_ns,
	       percentile(&l, 50), percentile(&l, 99));
	free(l.session);
	return 0;
}
