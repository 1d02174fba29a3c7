#include "resolve.h"

#include "addr.h"

#include <ares.h>
#include <errno.h>
#include <stdlib.h>

#define TRY_MS 2000
#define TRIES 2
#define ADDRS_MAX 32u
#define POLL_MIN_MS 10u

struct socket_watch {
	struct socket_watch *next;
	struct resolver *resolver;
	struct io io;
	ares_socket_t fd;
};

struct resolver {
	struct loop *loop;
	ares_channel channel;
	struct socket_watch *watches;
	struct timer timeout;
};

struct lookup {
	void (*fn)(void *arg, int err, const struct pn_addr *list, size_t n, uint32_t ttl_s);
	void *arg; /* fn NULL: cancelled */
	bool starting, done;
};

static void rearm(struct resolver *r)
{
	struct timeval tv, *left = ares_timeout(r->channel, NULL, &tv);
	uint64_t ms;

	if (!left) {
		timer_stop(r->loop, &r->timeout);
		return;
	}
	ms = (uint64_t)left->tv_sec * 1000 + (uint64_t)left->tv_usec / 1000;
	timer_start(r->loop, &r->timeout, ms < POLL_MIN_MS ? POLL_MIN_MS : ms);
}

static void on_timeout(struct timer *t)
{
	struct resolver *r = t->arg;

	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	rearm(r);
}

/* Processing may end this watch. */
static void on_ready(struct io *io, unsigned events)
{
	struct socket_watch *w = io->arg;
	struct resolver *r = w->resolver;
	ares_socket_t fd = w->fd;

	ares_process_fd(r->channel, events & IO_READ ? fd : ARES_SOCKET_BAD,
			events & IO_WRITE ? fd : ARES_SOCKET_BAD);
	rearm(r);
}

static struct socket_watch **find_watch(struct resolver *r, ares_socket_t fd)
{
	struct socket_watch **at = &r->watches;

	while (*at && (*at)->fd != fd)
		at = &(*at)->next;
	return at;
}

static void on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct resolver *r = arg;
	struct socket_watch **at = find_watch(r, fd), *w = *at;

	if (!readable && !writable) {
		if (!w)
			return;
		*at = w->next;
		io_stop(r->loop, &w->io);
		free(w);
		return;
	}
	if (!w) {
		w = calloc(1, sizeof(*w));
		if (!w)
			return; /* the lookup times out */
		w->resolver = r;
		w->fd = fd;
		w->io.fn = on_ready;
		w->io.arg = w;
		*at = w;
	}
	io_start(r->loop, &w->io, fd, (readable ? IO_READ : 0) | (writable ? IO_WRITE : 0));
}

struct resolver *resolver_new(struct loop *l)
{
	struct resolver *r = calloc(1, sizeof(*r));
	struct ares_options options = { .timeout = TRY_MS,
					.tries = TRIES,
					.sock_state_cb = on_socket,
					.sock_state_cb_data = r };

	if (!r)
		return NULL;
	r->loop = l;
	r->timeout.fn = on_timeout;
	r->timeout.arg = r;
	if (ares_library_init(ARES_LIB_INIT_ALL))
		goto fail;
	if (ares_init_options(&r->channel, &options,
			      ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB)) {
		ares_library_cleanup();
		goto fail;
	}
	return r;
fail:
	free(r);
	errno = ENOMEM;
	return NULL;
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	ares_destroy(r->channel);
	ares_library_cleanup();
	timer_stop(r->loop, &r->timeout);
	free(r);
}

int resolver_servers(struct resolver *r, const char *csv)
{
	return ares_set_servers_ports_csv(r->channel, csv) ? -EINVAL : 0;
}

static int error_of(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return 0;
	case ARES_ENODATA:
	case ARES_ENOTFOUND:
		return -ENOENT;
	case ARES_ETIMEOUT:
		return -ETIMEDOUT;
	case ARES_ENOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

static size_t collect(const struct ares_addrinfo *info, struct pn_addr *list, uint32_t *ttl_s)
{
	size_t n = 0;

	*ttl_s = 0;
	for (const struct ares_addrinfo_node *a = info->nodes; a && n < ADDRS_MAX; a = a->ai_next) {
		if (addr_of_sockaddr(a->ai_addr, &list[n]))
			continue;
		list[n++].port = 0;
		if (a->ai_ttl > 0 && (!*ttl_s || (uint32_t)a->ai_ttl < *ttl_s))
			*ttl_s = (uint32_t)a->ai_ttl;
	}
	return n;
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct lookup *l = arg;
	struct pn_addr list[ADDRS_MAX];
	uint32_t ttl_s = 0;
	size_t n = info ? collect(info, list, &ttl_s) : 0;
	int err = error_of(status);

	(void)timeouts;
	if (info)
		ares_freeaddrinfo(info);
	if (!err && !n)
		err = -ENOENT;
	if (l->fn && status != ARES_EDESTRUCTION)
		l->fn(l->arg, err, list, err ? 0 : n, ttl_s);
	l->done = true;
	if (!l->starting)
		free(l);
}

struct lookup *resolver_lookup(struct resolver *r, const char *name,
			       void (*fn)(void *arg, int err, const struct pn_addr *list, size_t n,
					  uint32_t ttl_s),
			       void *arg)
{
	struct ares_addrinfo_hints hints = { .ai_flags = ARES_AI_NOSORT,
					     .ai_family = AF_UNSPEC,
					     .ai_socktype = SOCK_DGRAM };
	struct lookup *l = calloc(1, sizeof(*l));

	if (!l) {
		fn(arg, -ENOMEM, NULL, 0, 0);
		return NULL;
	}
	l->fn = fn;
	l->arg = arg;
	l->starting = true;
	ares_getaddrinfo(r->channel, name, NULL, &hints, on_answer, l);
	l->starting = false;
	if (l->done) {
		free(l);
		return NULL;
	}
	rearm(r);
	return l;
}

void lookup_cancel(struct lookup *l)
{
	if (l)
		l->fn = NULL;
}
