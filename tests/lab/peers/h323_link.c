#include "h323_link.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define TPKT_HEADER 4u

void link_init(struct link *l)
{
	l->listener = l->fd = -1;
	l->len = 0;
}

int link_listen(struct link *l, struct sockaddr_in *at)
{
	socklen_t n = sizeof(*at);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)at, sizeof(*at)) || listen(fd, 4) ||
	    getsockname(fd, (struct sockaddr *)at, &n)) {
		int err = -errno;

		close(fd);
		return err;
	}
	l->listener = fd;
	return 0;
}

static int begin(struct link *l, int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	l->fd = fd;
	l->len = 0;
	return 0;
}

int link_accept(struct link *l, struct sockaddr_in *peer)
{
	socklen_t n = sizeof(*peer);
	int fd = accept4(l->listener, (struct sockaddr *)peer, &n, SOCK_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (l->fd >= 0) {
		close(fd);
		return -EBUSY;
	}
	return begin(l, fd);
}

int link_connect(struct link *l, struct in_addr from, const struct sockaddr_in *to)
{
	struct sockaddr_in local = { .sin_family = AF_INET, .sin_addr = from };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) ||
	    connect(fd, (const struct sockaddr *)to, sizeof(*to))) {
		err = -errno;
		close(fd);
		return err;
	}
	return begin(l, fd);
}

int link_send(struct link *l, const uint8_t *payload, size_t len)
{
	uint8_t all[1 << 16];
	size_t n = len + TPKT_HEADER, done = 0;

	if (l->fd < 0)
		return -ENOTCONN;
	if (n > sizeof(all))
		return -EMSGSIZE;
	memcpy(all, (uint8_t[]){ 3, 0, (uint8_t)(n >> 8), (uint8_t)n }, TPKT_HEADER);
	memcpy(all + TPKT_HEADER, payload, len);
	while (done < n) {
		size_t piece = l->cut && l->cut < n - done ? l->cut : n - done;
		ssize_t sent = send(l->fd, all + done, piece, MSG_NOSIGNAL);

		if (sent < 0)
			return -errno;
		done += (size_t)sent;
	}
	return 0;
}

int link_receive(struct link *l, link_fn *fn, void *arg)
{
	ssize_t got = recv(l->fd, l->data + l->len, sizeof(l->data) - l->len, 0);
	size_t at = 0, n;

	if (got <= 0)
		return -ECONNRESET;
	l->len += (size_t)got;
	for (; l->fd >= 0 && l->len - at >= TPKT_HEADER; at += n) {
		n = (size_t)l->data[at + 2] << 8 | l->data[at + 3];
		if (l->data[at] != 3 || n < TPKT_HEADER)
			return -EPROTO;
		if (l->len - at < n)
			break;
		fn(arg, l->data + at + TPKT_HEADER, n - TPKT_HEADER);
	}
	if (l->fd < 0)
		return 0;
	l->len -= at;
	memmove(l->data, l->data + at, l->len);
	return 0;
}

void link_close(struct link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->len = 0;
}

void link_stop(struct link *l)
{
	link_close(l);
	if (l->listener >= 0)
		close(l->listener);
	l->listener = -1;
}
