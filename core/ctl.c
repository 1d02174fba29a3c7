#include "ctl.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LOG_SUBSYSTEM LOG_CTL
#include "log.h"

struct client {
	struct client *next;
	struct ctl *ctl;
	struct io io;
	struct timer idle;
	char line[CTL_LINE];
	size_t used;
	struct buf out;
	size_t sent;
	bool closing; /* after what is in out */
};

struct ctl {
	struct core *core;
	char *path;
	int fd;
	struct io io;
	struct client *clients;
	unsigned n_clients;
	void (*applied)(void *arg);
	void *applied_arg;
};

/* ---- clients ---- */

static void client_free(void *arg)
{
	struct client *k = arg;

	buf_free(&k->out);
	free(k);
}

static void client_close(struct client *k)
{
	struct loop *l = k->ctl->core->loop;
	struct client **p = &k->ctl->clients;
	int fd = k->io.fd;

	while (*p != k)
		p = &(*p)->next;
	*p = k->next;
	k->ctl->n_clients--;
	timer_stop(l, &k->idle);
	io_stop(l, &k->io);
	close(fd);
	if (loop_defer(l, client_free, k))
		client_free(k);
}

static void on_idle(struct timer *t)
{
	client_close(t->arg);
}

/* What is to be said, as far as the socket takes it. True when all of it is out. */
static bool flush(struct client *k)
{
	while (k->sent < k->out.len) {
		ssize_t n = send(k->io.fd, k->out.p + k->sent, k->out.len - k->sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return false;
		if (n < 0) {
			k->closing = true;
			break;
		}
		k->sent += (size_t)n;
	}
	buf_free(&k->out);
	k->sent = 0;
	return true;
}

static void run_line(struct client *k, const char *line)
{
	struct ctl *c = k->ctl;
	const struct conf *before = c->core->conf;

	if (ctl_run(c->core, line, &k->out))
		log_info("ctl %s: refused", line);
	else
		log_debug("ctl %s: done", line);
	if (buf_add(&k->out, "\n", 1))
		k->closing = true;
	if (c->core->conf != before && c->applied)
		c->applied(c->applied_arg);
}

/* One request after the other; the next one waits until the reply is out. */
static void serve(struct client *k)
{
	while (!k->closing && flush(k)) {
		char line[CTL_LINE + 1];
		char *end = memchr(k->line, '\n', k->used);
		size_t len = end ? (size_t)(end - k->line) : 0;

		if (!end)
			break;
		memcpy(line, k->line, len);
		line[len] = 0;
		k->used -= len + 1;
		memmove(k->line, end + 1, k->used);
		run_line(k, line);
	}
	if (!k->closing && k->used == sizeof(k->line) && !k->out.len) {
		static const char text[] = "{\"ok\":false,\"error\":\"request too long\"}\n";

		buf_add(&k->out, text, sizeof(text) - 1);
		k->closing = true;
	}
	flush(k);
}

static void receive(struct client *k)
{
	ssize_t n = recv(k->io.fd, k->line + k->used, sizeof(k->line) - k->used, MSG_DONTWAIT);

	if (n > 0)
		k->used += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
		k->closing = true;
}

static void on_client(struct io *io, unsigned events)
{
	struct client *k = io->arg;
	struct loop *l = k->ctl->core->loop;

	if ((events & IO_READ) && k->used < sizeof(k->line))
		receive(k);
	serve(k);
	if (k->closing && !k->out.len) {
		client_close(k);
		return;
	}
	timer_start(l, &k->idle, CTL_IDLE_MS);
	if (io_start(l, &k->io, k->io.fd, k->out.len ? IO_WRITE : IO_READ))
		client_close(k);
}

static void turn_away(int fd)
{
	static const char text[] = "{\"ok\":false,\"error\":\"too many clients\"}\n";

	if (send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("ctl: client turned away unheard: %s", strerror(errno));
	close(fd);
}

static void client_new(struct ctl *c, int fd)
{
	struct client *k = c->n_clients < CTL_CLIENTS ? calloc(1, sizeof(*k)) : NULL;

	if (!k) {
		turn_away(fd);
		return;
	}
	k->ctl = c;
	k->io = (struct io){ .fn = on_client, .arg = k, .fd = fd };
	k->idle = (struct timer){ .fn = on_idle, .arg = k };
	buf_init(&k->out, CTL_REPLY);
	k->next = c->clients;
	c->clients = k;
	c->n_clients++;
	timer_start(c->core->loop, &k->idle, CTL_IDLE_MS);
	if (io_start(c->core->loop, &k->io, fd, IO_READ))
		client_close(k);
}

static void on_accept(struct io *io, unsigned events)
{
	int fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd >= 0)
		client_new(io->arg, fd);
}

/* ---- the listener ---- */

static int make_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];

	if (!slash || slash == path)
		return 0;
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = 0;
	return mkdir(dir, 0755) && errno != EEXIST ? -errno : 0;
}

/* Removes what a dead daemon left. -EADDRINUSE when somebody answers, -EEXIST when it is no socket. */
static int clear_path(const struct sockaddr_un *un)
{
	struct stat st;
	int fd, err;

	if (lstat(un->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect(fd, (const struct sockaddr *)un, sizeof(*un)) && errno == ECONNREFUSED ? 0 : -EADDRINUSE;
	close(fd);
	if (!err && unlink(un->sun_path) && errno != ENOENT)
		err = -errno;
	return err;
}

static int bind_path(int fd, const struct sockaddr_un *un)
{
	mode_t old = umask(0117);
	int err = bind(fd, (const struct sockaddr *)un, sizeof(*un)) ? -errno : 0;

	umask(old);
	return err;
}

/* A listening socket, or -errno. */
static int open_socket(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(un.sun_path))
		return -ENAMETOOLONG;
	memcpy(un.sun_path, path, strlen(path) + 1);
	err = make_directory(path);
	if (!err)
		err = clear_path(&un);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = bind_path(fd, &un);
	if (!err && listen(fd, 16))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static void close_socket(struct ctl *c)
{
	if (c->fd < 0)
		return;
	io_stop(c->core->loop, &c->io);
	close(c->fd);
	if (unlink(c->path) && errno != ENOENT)
		log_warn("ctl %s: not removed: %s", c->path, strerror(errno));
	c->fd = -1;
}

int ctl_move(struct ctl *c, const char *path)
{
	char *copy;
	int fd, err;

	if (c->path && !strcmp(path, c->path))
		return 0;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	fd = open_socket(path);
	if (fd < 0) {
		free(copy);
		return fd;
	}
	close_socket(c);
	free(c->path);
	c->path = copy;
	c->fd = fd;
	c->io = (struct io){ .fn = on_accept, .arg = c, .fd = fd };
	err = io_start(c->core->loop, &c->io, fd, IO_READ);
	return err;
}

struct ctl *ctl_new(struct core *core, const char *path)
{
	struct ctl *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return NULL;
	c->core = core;
	c->fd = -1;
	err = ctl_move(c, path);
	if (!err)
		return c;
	ctl_free(c);
	errno = -err;
	return NULL;
}

void ctl_free(struct ctl *c)
{
	if (!c)
		return;
	while (c->clients)
		client_close(c->clients);
	close_socket(c);
	free(c->path);
	free(c);
}

void ctl_on_applied(struct ctl *c, void (*fn)(void *arg), void *arg)
{
	c->applied = fn;
	c->applied_arg = arg;
}
