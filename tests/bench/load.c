#include "load.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define BUFFER (4 << 20)

volatile sig_atomic_t load_over;

static void on_signal(int signal)
{
	(void)signal;
	load_over = 1;
}

void load_begin(void)
{
	struct sigaction act = { .sa_handler = on_signal };

	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
}

uint64_t load_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct sockaddr_in load_address(const char *text)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	char ip[32];
	int port;

	if (sscanf(text, "%31[0-9.]:%d", ip, &port) != 2 ||
	    inet_pton(AF_INET, ip, &a.sin_addr) != 1) {
		fprintf(stderr, "%s: expected address:port\n", text);
		exit(2);
	}
	a.sin_port = htons((uint16_t)port);
	return a;
}

int load_udp(const char *local)
{
	struct sockaddr_in a = load_address(local);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = BUFFER;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a))) {
		perror(local);
		exit(1);
	}
	return fd;
}

long load_receive(int fd, void *out, size_t cap, struct sockaddr_in *from, int flags)
{
	socklen_t len = sizeof(*from);
	long n = recvfrom(fd, out, cap - 1, flags, (struct sockaddr *)from, &len);

	if (n >= 0)
		((char *)out)[n] = '\0';
	return n;
}

void load_answered(struct load_counts *c, uint64_t sent_ns)
{
	uint64_t us = (load_now_ns() - sent_ns) / 1000;

	c->histogram[us < LOAD_SLOWEST_US ? us : LOAD_SLOWEST_US]++;
}

void load_report(const struct load_counts *c)
{
	unsigned long all = 0, seen = 0;
	int median = -1, p99 = -1;

	for (int us = 0; us <= LOAD_SLOWEST_US; us++)
		all += c->histogram[us];
	for (int us = 0; us <= LOAD_SLOWEST_US; us++) {
		seen += c->histogram[us];
		if (median < 0 && seen * 2 >= all)
			median = us;
		if (p99 < 0 && seen * 100 >= all * 99)
			p99 = us;
	}
	printf("{\"done\":%lu,\"failed\":%lu,\"p50_us\":%d,\"p99_us\":%d}\n", c->done, c->failed,
	       median, p99);
	fflush(stdout);
}
