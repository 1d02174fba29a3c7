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

int relay_socket(const struct pn_addr *local, const struct socket_marking *m, bool *unmarked)
{
	int fd = socket(local->family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = prepare(fd, local, m);
	if (err) {
		close(fd);
		return err;
	}
	*unmarked = m->fwmark && set_int(fd, SOL_SOCKET, SO_MARK, (int)m->fwmark);
	return fd;
}
