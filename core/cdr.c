#define LOG_SUBSYSTEM LOG_CDR
#include "cdr.h"
#include "log.h"
#include "metrics.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cdr {
	int fd;    /* -1: captured */
	bool torn; /* the last write was cut: its line is ended before the next begins */
	bool failing;
	void (*fn)(void *arg, const char *line);
	void *arg;
};

/* Non-blocking: a pipe without a reader must not stop the loop. */
static int open_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);

	return fd < 0 ? -errno : fd;
}

struct cdr *cdr_open(const char *path)
{
	struct cdr *c = calloc(1, sizeof(*c));
	int fd;

	if (!c)
		return NULL;
	fd = open_file(path);
	if (fd < 0) {
		free(c);
		errno = -fd;
		return NULL;
	}
	c->fd = fd;
	return c;
}

struct cdr *cdr_capture(void (*fn)(void *arg, const char *line), void *arg)
{
	struct cdr *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->fd = -1;
	c->fn = fn;
	c->arg = arg;
	return c;
}

int cdr_reopen(struct cdr *c, const char *path)
{
	int fd;

	if (c->fn)
		return 0;
	fd = open_file(path);
	if (fd < 0)
		return fd;
	close(c->fd);
	c->fd = fd;
	c->torn = c->failing = false;
	return 0;
}

void cdr_close(struct cdr *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}

/* Logged once per outage; the counter has them all. */
static int failed(struct cdr *c, int err)
{
	metric_add(M_CDR_FAILED, 1);
	if (!c->failing)
		log_error("cdr: record not written: %s", strerror(-err));
	c->failing = true;
	return err;
}

static int write_all(struct cdr *c, const char *text, size_t len)
{
	ssize_t n;

	do
		n = write(c->fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return failed(c, -errno);
	if ((size_t)n < len) {
		c->torn = c->torn || n > 0;
		return failed(c, -ENOSPC);
	}
	c->torn = c->failing = false;
	return 0;
}

int cdr_write(struct cdr *c, struct buf *line)
{
	struct buf out;
	int err;

	if (c->fn) {
		c->fn(c->arg, buf_text(line));
		return 0;
	}
	buf_init(&out, line->len + 2);
	err = c->torn ? buf_add(&out, "\n", 1) : 0;
	if (!err)
		err = buf_add(&out, line->p, line->len);
	if (!err)
		err = buf_add(&out, "\n", 1);
	err = err ? failed(c, err) : write_all(c, (const char *)out.p, out.len);
	buf_free(&out);
	return err;
}
