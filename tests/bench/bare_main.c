/* The least that a relay in userspace does: one epoll_wait, and a recvfrom and a sendto per packet.
 *
 *   bare_main LOCAL-A LOCAL-B REMOTE-A REMOTE-B SESSIONS
 *
 * Used and answers as relay_main does, but has no RTCP ports, learns nothing and checks nothing. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define READY_MAX 256

struct port {
	int fd;
	const struct port *other;
	struct sockaddr_in to;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in address(const char *text)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	char ip[64];
	unsigned port;

	if (sscanf(text, "%63[0-9.]:%u", ip, &port) != 2 || inet_pton(AF_INET, ip, &a.sin_addr) != 1) {
		fprintf(stderr, "bare_main: %s: address:port was expected\n", text);
		exit(2);
	}
	a.sin_port = htons((uint16_t)port);
	return a;
}

static void open_port(int epoll, struct port *p, const struct sockaddr_in *local)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = p };

	p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (p->fd < 0 || bind(p->fd, (const struct sockaddr *)local, sizeof(*local)))
		die("port");
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, p->fd, &ev))
		die("epoll");
}

static void open_session(int epoll, struct port pair[2], const struct sockaddr_in local[2],
			 const struct sockaddr_in remote[2], unsigned number)
{
	struct sockaddr_in at[2] = { local[0], local[1] };

	for (int side = 0; side < 2; side++) {
		at[side].sin_port = htons((uint16_t)(ntohs(local[side].sin_port) + 4 * number));
		pair[side].other = &pair[!side];
		pair[side].to = remote[side];
		open_port(epoll, &pair[side], &at[side]);
	}
	printf("%u %u\n", ntohs(at[0].sin_port), ntohs(at[1].sin_port));
}

static void relay_one(const struct port *p)
{
	static char buf[65536];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(p->fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);

	if (n >= 0 && sendto(p->other->fd, buf, (size_t)n, 0, (const struct sockaddr *)&p->other->to, len) < 0)
		perror("sendto");
}

int main(int argc, char **argv)
{
	struct sockaddr_in local[2], remote[2];
	struct epoll_event ready[READY_MAX];
	unsigned sessions;
	struct port *port;
	int epoll, n;

	if (argc != 6) {
		fprintf(stderr, "usage: bare_main LOCAL-A LOCAL-B REMOTE-A REMOTE-B SESSIONS\n");
		return 2;
	}
	for (int side = 0; side < 2; side++) {
		local[side] = address(argv[1 + side]);
		remote[side] = address(argv[3 + side]);
	}
	sessions = (unsigned)strtoul(argv[5], NULL, 10);
	port = calloc(2 * sessions + 1, sizeof(*port));
	epoll = epoll_create1(0);
	if (!port || epoll < 0)
		die("start");
	for (unsigned i = 0; i < sessions; i++)
		open_session(epoll, &port[2 * i], local, remote, i);
	puts("ready");
	fflush(stdout);
	while ((n = epoll_wait(epoll, ready, READY_MAX, -1)) >= 0)
		for (int i = 0; i < n; i++)
			relay_one(ready[i].data.ptr);
	free(port);
	return 0;
}
