#include "tcp.h"

#include "metrics.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_MAX 65536u
#define READS_PER_WAKE 4 /* so that one busy connection leaves the others their turn */
#define ACCEPTS_PER_WAKE 16
#define BACKLOG 256
#define PAUSE_MS 200u /* of a listener when descriptors have run out */

struct tcp {
	struct tuned base; /* first: net.h */
	struct loop *loop;
	struct io io;
	struct timer pause;
	void *owner;
	bool listener, connecting, ended; /* ended: the far end sends no more */
	bool want_write;
	bool busy; /* on_ready runs and frees what was closed meanwhile */
};

static void shut(struct tcp *c)
{
	timer_stop(c->loop, &c->pause);
	io_stop(c->loop, &c->io);
	if (c->base.fd >= 0)
		close(c->base.fd);
	c->base.fd = -1;
}

static void tcp_free(struct tcp *c)
{
	shut(c);
	free(c);
}

static int watch(struct tcp *c)
{
	unsigned events = (c->ended || c->connecting ? 0 : IO_READ) |
			  (c->want_write || c->connecting ? IO_WRITE : 0);

	if (events)
		return io_start(c->loop, &c->io, c->base.fd, events);
	io_stop(c->loop, &c->io);
	return 0;
}

static struct pn_addr local_of(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct pn_addr a = { 0 };

	if (!getsockname(fd, (struct sockaddr *)&ss, &len))
		addr_of_sockaddr((struct sockaddr *)&ss, &a);
	return a;
}

static void set_options(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

/* ---- connections ---- */

static void lose(struct tcp *c, int err)
{
	shut(c);
	net_on_closed(c->owner, err);
}

static void finish_connect(struct tcp *c)
{
	int err = 0;
	socklen_t len = sizeof(err);
	struct pn_addr local = local_of(c->base.fd);

	if (getsockopt(c->base.fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	c->connecting = false;
	if (!err)
		err = -watch(c);
	if (err)
		shut(c);
	net_on_connected(c->owner, &local, -err);
}

/* False: nothing more is there, or the connection is over. */
static bool read_some(struct tcp *c)
{
	static uint8_t data[READ_MAX]; /* one loop, one thread, no reader within a reader */
	ssize_t n = recv(c->base.fd, data, sizeof(data), 0);

	if (n > 0) {
		net_on_data(c->owner, data, (size_t)n);
		return (size_t)n == sizeof(data);
	}
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			lose(c, -errno);
		return false;
	}
	c->ended = true;
	watch(c);
	net_on_eof(c->owner);
	return false;
}

static void on_connection(struct tcp *c, unsigned events)
{
	if (c->connecting) {
		finish_connect(c);
		return;
	}
	if (events & IO_READ)
		for (int i = 0; i < READS_PER_WAKE && c->base.fd >= 0 && read_some(c); i++)
			;
	if (events & IO_WRITE && c->base.fd >= 0)
		net_on_writable(c->owner);
}

/* ---- listeners ---- */

static void on_pause_over(struct timer *t)
{
	watch(t->arg);
}

static void take_breath(struct tcp *l)
{
	metric_add(M_TCP_REFUSED, 1);
	io_stop(l->loop, &l->io);
	timer_start(l->loop, &l->pause, PAUSE_MS);
}

static struct tcp *tcp_new(struct loop *loop, int fd, int family, void *owner);

static void accepted(struct tcp *l, int fd, const struct pn_addr *remote)
{
	struct pn_addr local = local_of(fd);
	struct tcp *c = tcp_new(l->loop, fd, l->base.family, NULL);

	if (!c) {
		close(fd);
		return;
	}
	set_options(fd);
	c->owner = net_on_accept(l->owner, c, &local, remote);
	if (!c->owner) {
		tcp_free(c);
		return;
	}
	if (watch(c)) {
		net_on_closed(c->owner, -ENOMEM);
		tcp_free(c);
	}
}

static bool accept_one(struct tcp *l)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct pn_addr remote;
	int fd = accept4(l->base.fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			take_breath(l);
		return errno == ECONNABORTED || errno == EINTR;
	}
	if (addr_of_sockaddr((struct sockaddr *)&ss, &remote))
		close(fd);
	else
		accepted(l, fd, &remote);
	return true;
}

static void on_listener(struct tcp *l)
{
	for (int i = 0; i < ACCEPTS_PER_WAKE && l->base.fd >= 0 && accept_one(l); i++)
		;
}

/* ---- both ---- */

static void on_ready(struct io *io, unsigned events)
{
	struct tcp *c = io->arg;

	c->busy = true;
	if (c->listener)
		on_listener(c);
	else
		on_connection(c, events);
	c->busy = false;
	if (c->base.fd < 0)
		free(c);
}

static struct tcp *tcp_new(struct loop *loop, int fd, int family, void *owner)
{
	struct tcp *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->base.fd = fd;
	c->base.family = family;
	c->loop = loop;
	c->owner = owner;
	c->io.fn = on_ready;
	c->io.arg = c;
	c->pause.fn = on_pause_over;
	c->pause.arg = c;
	return c;
}

/* fd or -errno in; NULL and errno. */
static struct tcp *tcp_of(struct loop *loop, int fd, int family, void *owner)
{
	struct tcp *c;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	c = tcp_new(loop, fd, family, owner);
	if (!c)
		close(fd);
	return c;
}

void *tcp_listen(void *loop, const struct pn_realm *realm, const struct pn_addr *local, void *owner)
{
	struct tcp *l = tcp_of(loop, net_socket(realm, SOCK_STREAM, local), local->family, owner);
	int err;

	if (!l)
		return NULL;
	l->listener = true;
	err = listen(l->base.fd, BACKLOG) ? -errno : watch(l);
	if (!err)
		return l;
	tcp_free(l);
	errno = -err;
	return NULL;
}

void *tcp_connect(void *loop, const struct pn_realm *realm, const struct pn_addr *to, void *owner)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(to, &ss);
	const struct pn_addr *local = realm_addr(realm, to->family);
	struct tcp *c;
	int err;

	if (!local) {
		errno = EADDRNOTAVAIL;
		return NULL;
	}
	c = tcp_of(loop, net_socket(realm, SOCK_STREAM, local), to->family, owner);
	if (!c)
		return NULL;
	set_options(c->base.fd);
	c->connecting = true;
	err = connect(c->base.fd, (struct sockaddr *)&ss, len) && errno != EINPROGRESS ? -errno : watch(c);
	if (!err)
		return c;
	tcp_free(c);
	errno = -err;
	return NULL;
}

long tcp_write(void *conn, const void *data, size_t len)
{
	struct tcp *c = conn;
	ssize_t n = send(c->base.fd, data, len, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return (long)n;
}

void tcp_want_write(void *conn, int on)
{
	struct tcp *c = conn;

	if (c->connecting || c->want_write == !!on)
		return;
	c->want_write = on;
	watch(c);
}

void tcp_close(void *sock_or_conn)
{
	struct tcp *c = sock_or_conn;

	shut(c);
	if (!c->busy)
		free(c);
}
