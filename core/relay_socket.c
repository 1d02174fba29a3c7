#include "relay_socket.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) ? -errno : 0;
}

/* Media larger than a path must be fragmented by whoever has to: a relay gets no second try. */
static int set_ipv4(int fd, int dscp)
{
	int err = set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);

	return err || dscp < 0 ? err : set_int(fd, IPPROTO_IP, IP_TOS, dscp << 2);
}

static int set_ipv6(int fd, int dscp)
{
	int err = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);

	if (!err)
		err = set_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
	return err || dscp < 0 ? err : set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, dscp << 2);
}

static int set_device(int fd, const char *device)
{
	if (!device)
		return 0;
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) ? -errno : 0;
}

static int prepare(int fd, const struct pn_addr *local, const struct socket_marking *m)
{
	int err = local->family == 4 ? set_ipv4(fd, m->dscp) : set_ipv6(fd, m->dscp);
	struct sockaddr_storage ss;
	socklen_t len;

	if (!err)
		err = set_device(fd, m->device);
	if (err)
		return err;
	len = addr_to_sockaddr(local, &ss);
	return bind(fd, (struct sockaddr *)&ss, len) ? -errno : 0;
}

static int new_socket(int family)
{
	int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static int set_mark(int fd, uint32_t fwmark)
{
	return fwmark ? set_int(fd, SOL_SOCKET, SO_MARK, (int)fwmark) : 0;
}

int relay_socket(const struct pn_addr *local, const struct socket_marking *m, bool *unmarked)
{
	int fd = new_socket(local->family), err;

	if (fd < 0)
		return fd;
	err = prepare(fd, local, m);
	if (err) {
		close(fd);
		return err;
	}
	*unmarked = set_mark(fd, m->fwmark);
	return fd;
}

/* The kernel asks for SO_REUSEPORT when a port is bound, and only then: before and after nobody else can have
 * the port. Until it is connected the new socket may be given anybody's packets. */
static int bind_beside(int first, int fd, const struct pn_addr *local, const struct socket_marking *m)
{
	int err = set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);

	if (err)
		return err;
	err = set_int(first, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!err)
		err = prepare(fd, local, m);
	set_int(first, SOL_SOCKET, SO_REUSEPORT, 0);
	set_int(fd, SOL_SOCKET, SO_REUSEPORT, 0);
	return err;
}

int relay_socket_connect(int fd, const struct pn_addr *to)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(to, &ss);

	return connect(fd, (struct sockaddr *)&ss, len) ? -errno : 0;
}

int relay_socket_twin(int first, const struct pn_addr *local, const struct socket_marking *m, int below)
{
	int fd = new_socket(local->family), err;

	if (fd < 0)
		return fd;
	set_mark(fd, m->fwmark); /* the route may depend on it; if it is refused, so it was to the first */
	err = fd < below ? bind_beside(first, fd, local, m) : -EMFILE;
	if (!err)
		err = relay_socket_connect(fd, local);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}
