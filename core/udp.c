#include "udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAM_MAX 65536u
#define PER_WAKE 32 /* so that one busy socket leaves the others their turn */
#define RECEIVE_BUFFER 2097152

struct udp {
	struct tuned base; /* first: net.h */
	struct loop *loop;
	struct io io;
	void *owner;
	bool reading; /* on_ready runs and frees what was closed meanwhile */
};

static bool transient(int err)
{
	return err == ECONNREFUSED || err == EHOSTUNREACH || err == ENETUNREACH || err == EINTR;
}

/* False: nothing more is there. */
static bool read_one(struct udp *u)
{
	static uint8_t data[DATAGRAM_MAX]; /* one loop, one thread, no reader within a reader */
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct pn_addr from;
	ssize_t n = recvfrom(u->base.fd, data, sizeof(data), 0, (struct sockaddr *)&ss, &len);

	if (n < 0)
		return transient(errno);
	if (!addr_of_sockaddr((struct sockaddr *)&ss, &from))
		net_on_datagram(u->owner, &from, data, (size_t)n);
	return true;
}

static void on_ready(struct io *io, unsigned events)
{
	struct udp *u = io->arg;

	(void)events;
	u->reading = true;
	for (int i = 0; i < PER_WAKE && u->base.fd >= 0 && read_one(u); i++)
		;
	u->reading = false;
	if (u->base.fd < 0)
		free(u);
}

/* Of a group on the realm's network, and none of what others on this host joined elsewhere. */
static int join(int fd, const struct pn_realm *realm, const struct pn_addr *group)
{
	const struct pn_addr *own = realm_addr(realm, group->family);
	struct ip_mreqn r = { 0 };
	int none = 0;

	if (!own)
		return -EADDRNOTAVAIL;
	memcpy(&r.imr_multiaddr, group->ip, 4);
	memcpy(&r.imr_address, own->ip, 4);
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &none, sizeof(none)) ||
	    setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &r, sizeof(r)))
		return -errno;
	return 0;
}

void *udp_bind(void *loop, const struct pn_realm *realm, const struct pn_addr *local, void *owner)
{
	struct udp *u = calloc(1, sizeof(*u));
	int err, size = RECEIVE_BUFFER;

	if (!u)
		return NULL;
	u->loop = loop;
	u->owner = owner;
	u->io.fn = on_ready;
	u->io.arg = u;
	u->base.family = local->family;
	err = u->base.fd = net_socket(realm, SOCK_DGRAM, local);
	if (err < 0)
		goto fail;
	err = addr_is_group(local) ? join(u->base.fd, realm, local) : 0;
	if (err)
		goto shut;
	/* The kernel gives what it may; a smaller one still works. */
	setsockopt(u->base.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	err = io_start(u->loop, &u->io, u->base.fd, IO_READ);
	if (!err)
		return u;
shut:
	close(u->base.fd);
fail:
	free(u);
	errno = -err;
	return NULL;
}

int udp_send(void *sock, const struct pn_addr *to, const void *data, size_t len)
{
	struct udp *u = sock;
	struct sockaddr_storage ss;
	socklen_t n = addr_to_sockaddr(to, &ss);

	return sendto(u->base.fd, data, len, MSG_NOSIGNAL, (struct sockaddr *)&ss, n) < 0 ? -errno : 0;
}

void udp_close(void *sock)
{
	struct udp *u = sock;

	io_stop(u->loop, &u->io);
	close(u->base.fd);
	u->base.fd = -1;
	if (!u->reading)
		free(u);
}
