#include "net.h"

#include "tcp.h"
#include "udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) ? -errno : 0;
}

static int set_dscp(int fd, int dscp, int family)
{
	if (dscp < 0)
		return 0;
	if (family == 6)
		return set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, dscp << 2);
	return set_int(fd, IPPROTO_IP, IP_TOS, dscp << 2);
}

static int set_device(int fd, const char *device)
{
	if (!device)
		return 0;
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) ? -errno : 0;
}

int net_mark(int fd, const struct pn_realm *realm, int family)
{
	int err = set_device(fd, realm->device);

	if (!err && realm->fwmark)
		err = set_int(fd, SOL_SOCKET, SO_MARK, (int)realm->fwmark);
	return err ? err : set_dscp(fd, realm->dscp, family);
}

static int set_up(int fd, const struct pn_realm *realm, int type, const struct pn_addr *local)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(local, &ss);
	int err = 0;

	if (local->family == 6)
		err = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (!err && type == SOCK_STREAM && local->port)
		err = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!err && type == SOCK_STREAM && !local->port)
		err = set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	if (!err)
		err = net_mark(fd, realm, local->family);
	if (!err && bind(fd, (struct sockaddr *)&ss, len))
		err = -errno;
	return err;
}

int net_socket(const struct pn_realm *realm, int type, const struct pn_addr *local)
{
	int fd = socket(local->family == 6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = set_up(fd, realm, type, local);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static void tune(void *sock, const struct pn_realm *realm)
{
	struct tuned *t = sock;

	net_mark(t->fd, realm, t->family);
}

const struct net_ops net_kernel = {
	.udp_bind = udp_bind,
	.udp_send = udp_send,
	.udp_close = udp_close,
	.tcp_listen = tcp_listen,
	.tcp_connect = tcp_connect,
	.tcp_write = tcp_write,
	.tcp_want_write = tcp_want_write,
	.tcp_close = tcp_close,
	.tune = tune,
};
