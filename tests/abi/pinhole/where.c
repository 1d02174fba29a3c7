/* where ADDRESS PORT: which public address has a UDP socket of ours, says the gateway there? */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <postern/pinhole.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int ask(int fd, struct pn_pinhole *p, const struct sockaddr_in *gateway)
{
	char buf[PN_PINHOLE_BUFFER];
	int len;

	while ((len = pn_pinhole_output(p, now(), buf, sizeof(buf))) > 0)
		sendto(fd, buf, (size_t)len, 0, (const struct sockaddr *)gateway, sizeof(*gateway));
	return len;
}

static enum pn_pinhole_event hear(int fd, struct pn_pinhole *p)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	char buf[2048];
	ssize_t len;

	if (poll(&wait, 1, (int)(pn_pinhole_next(p) - now())) <= 0)
		return PN_PINHOLE_NOTHING;
	len = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &from_len);
	return len < 0 ? PN_PINHOLE_NOTHING : pn_pinhole_input(p, now(), (struct sockaddr *)&from, buf, (size_t)len);
}

int main(int argc, char **argv)
{
	struct sockaddr_in gateway = { .sin_family = AF_INET };
	struct pn_pinhole_conf conf = { .size = sizeof(conf), .kind = PN_PINHOLE_MEDIA,
					.gateway = (struct sockaddr *)&gateway };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_storage mapped;
	struct sockaddr_in public;
	struct pn_pinhole *p;

	if (argc != 3 || inet_pton(AF_INET, argv[1], &gateway.sin_addr) != 1)
		return 2;
	gateway.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	p = pn_pinhole_new(&conf, now());
	if (!p || fd < 0)
		return 2;
	do
		if (ask(fd, p, &gateway) == -ETIMEDOUT)
			return 1;
	while (hear(fd, p) != PN_PINHOLE_OPEN);
	pn_pinhole_mapped(p, &mapped);
	memcpy(&public, &mapped, sizeof(public));
	printf("%s:%u\n", inet_ntoa(public.sin_addr), ntohs(public.sin_port));
	pn_pinhole_free(p);
	return 0;
}
