/* postern-pinhole: makes and keeps a pinhole towards a gateway, and prints its public address. */
#include "pinhole_options.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DATAGRAM_MAX 65536
#define BATCH 64 /* datagrams of one side before the other has its turn */

enum { EXIT_OPEN, EXIT_NO_ANSWER, EXIT_USAGE };

struct run {
	struct pinhole_options options;
	struct pn_login *login;
	struct pn_pinhole *pinhole;
	struct sockaddr_storage inner;
	uint64_t until_ms; /* the first answer is awaited; 0: it came, or no end */
	bool opened;
	int fd, forward; /* the gateway's side, that of the program behind us (-1: none) */
};

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

static uint64_t clock_us(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t now_ms(void)
{
	return clock_us(CLOCK_MONOTONIC) / 1000;
}

static socklen_t length(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static const char *text_of(const struct sockaddr_storage *a)
{
	static char text[NI_MAXHOST + NI_MAXSERV + 4];
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getnameinfo((const struct sockaddr *)a, length(a), host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV | NI_DGRAM))
		return "none";
	snprintf(text, sizeof(text), a->ss_family == AF_INET ? "%s:%s" : "[%s]:%s", host, port);
	return text;
}

/* ---- start ---- */

/* Connected, so that the kernel chooses our address and lets in the gateway alone. */
static int open_socket(struct run *r)
{
	const struct pinhole_options *o = &r->options;
	socklen_t len = sizeof(r->inner);

	r->fd = socket(o->gateway.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r->fd < 0 || bind(r->fd, (const struct sockaddr *)&o->local, length(&o->local)) ||
	    connect(r->fd, (const struct sockaddr *)&o->gateway, length(&o->gateway)) ||
	    getsockname(r->fd, (struct sockaddr *)&r->inner, &len)) {
		fprintf(stderr, "postern-pinhole: %s: %s\n", text_of(&o->local), strerror(errno));
		return -1;
	}
	if (o->inner.ss_family)
		r->inner = o->inner;
	return 0;
}

/* Towards the program whose signalling passes through. */
static int open_forward(struct run *r)
{
	const struct sockaddr_storage *to = &r->options.forward;

	if (!to->ss_family)
		return 0;
	r->forward = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r->forward >= 0 && !bind(r->forward, (const struct sockaddr *)&r->options.via, length(&r->options.via)) &&
	    !connect(r->forward, (const struct sockaddr *)to, length(to)))
		return 0;
	fprintf(stderr, "postern-pinhole: %s: %s\n", text_of(to), strerror(errno));
	return -1;
}

static int open_login(struct run *r)
{
	const struct pinhole_options *o = &r->options;
	const struct pn_login_conf conf = { .size = sizeof(conf),
					    .network = o->network,
					    .agent = o->agent,
					    .secret = o->secret,
					    .secret_len = o->secret_len,
					    .wall_us = clock_us(CLOCK_REALTIME),
					    .now_ms = now_ms() };

	r->login = o->network ? pn_login_new(&conf) : NULL;
	return o->network && !r->login ? -1 : 0;
}

static int open_pinhole(struct run *r)
{
	const struct pinhole_options *o = &r->options;
	const struct pn_pinhole_conf conf = {
		.size = sizeof(conf),
		.kind = o->protocol ? PN_PINHOLE_REGISTER : PN_PINHOLE_MEDIA,
		.login = r->login,
		.gateway = (const struct sockaddr *)&o->gateway,
		.inner = o->network ? (const struct sockaddr *)&r->inner : NULL,
		.protocol = o->protocol,
		.lifetime_s = o->lifetime_s,
		.keep_ms = o->once ? 0 : o->keep_ms,
	};

	r->pinhole = pn_pinhole_new(&conf, now_ms());
	if (!r->pinhole)
		return -1;
	return o->protocol ? pn_pinhole_subscribers(r->pinhole, o->subscribers, o->n, now_ms()) : 0;
}

/* ---- work ---- */

static const char *reason(int error)
{
	static const struct {
		int code;
		const char *text;
	} row[] = { { 400, "400 bad request" },		 { 401, "401 the gateway knows no such network or secret" },
		    { 420, "420 unknown attribute" },	 { 438, "438 stale nonce" },
		    { 486, "486 a quota is full" },	 { 500, "500 server error" },
		    { -ETIMEDOUT, "no answer" } };

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		if (row[i].code == error)
			return row[i].text;
	return "an error of another kind";
}

static void tell(const struct run *r, const char *what)
{
	if (r->options.verbose)
		fprintf(stderr, "postern-pinhole: %s\n", what);
}

static void print_mapped(struct run *r)
{
	struct sockaddr_storage mapped;

	if (!pn_pinhole_mapped(r->pinhole, &mapped))
		return;
	puts(text_of(&mapped));
	fflush(stdout);
	r->opened = true;
}

/* Before the pinhole stood for the first time a failure is the end. */
static bool fails(const struct run *r)
{
	if (!r->opened || r->options.verbose)
		fprintf(stderr, "postern-pinhole: %s: %s\n", text_of(&r->options.gateway),
			reason(pn_pinhole_error(r->pinhole)));
	return !r->opened;
}

/* What is due is sent; true: all is over. */
static bool send_due(struct run *r)
{
	char data[PN_PINHOLE_BUFFER];
	int len;

	while ((len = pn_pinhole_output(r->pinhole, now_ms(), data, sizeof(data))) > 0)
		if (send(r->fd, data, (size_t)len, 0) < 0)
			tell(r, strerror(errno)); /* it is sent again in time */
	return len == -ETIMEDOUT && fails(r);
}

static bool take(struct run *r, const char *data, size_t len)
{
	const struct sockaddr *from = (const struct sockaddr *)&r->options.gateway;

	switch (pn_pinhole_input(r->pinhole, now_ms(), from, data, len)) {
	case PN_PINHOLE_OPEN:
	case PN_PINHOLE_MOVED:
		print_mapped(r);
		break;
	case PN_PINHOLE_KEPT: tell(r, "refreshed"); break;
	case PN_PINHOLE_JOINED: tell(r, "joined"); break;
	case PN_PINHOLE_UNJOINED: tell(r, "no longer joined"); break;
	case PN_PINHOLE_REFUSED: return fails(r);
	case PN_PINHOLE_NOT_OURS:
		if (r->forward >= 0 && send(r->forward, data, len, 0) < 0)
			tell(r, strerror(errno));
		break;
	default: break;
	}
	return false;
}

/* What came from both sides; true: all is over. */
static bool take_all(struct run *r)
{
	char data[DATAGRAM_MAX];
	ssize_t len;

	for (int n = 0; n < BATCH && (len = recv(r->fd, data, sizeof(data), MSG_TRUNC)) >= 0; n++)
		if ((size_t)len <= sizeof(data) && take(r, data, (size_t)len))
			return true;
	for (int n = 0; n < BATCH && r->forward >= 0 && (len = recv(r->forward, data, sizeof(data), MSG_TRUNC)) >= 0; n++)
		if ((size_t)len <= sizeof(data) && send(r->fd, data, (size_t)len, 0) < 0)
			tell(r, strerror(errno));
	return false;
}

/* With --once a list of subscribers may still be under way when the pinhole stands. */
static bool is_done(const struct run *r)
{
	return r->options.once && r->opened && pn_pinhole_next(r->pinhole) == UINT64_MAX;
}

static int wait_ms(const struct run *r)
{
	uint64_t now = now_ms(), next = pn_pinhole_next(r->pinhole);

	if (!r->opened && r->until_ms && r->until_ms < next)
		next = r->until_ms;
	if (next <= now)
		return 0;
	return next - now < 60000 ? (int)(next - now) : 60000;
}

static int work(struct run *r, const sigset_t *unblocked)
{
	while (!ended) {
		struct pollfd p[] = { { .fd = r->fd, .events = POLLIN }, { .fd = r->forward, .events = POLLIN } };
		int ms;

		if (send_due(r))
			return EXIT_NO_ANSWER;
		ms = wait_ms(r);
		if (ppoll(p, 2, &(struct timespec){ ms / 1000, ms % 1000 * 1000000L }, unblocked) < 0)
			continue;
		if (take_all(r))
			return EXIT_NO_ANSWER;
		if (is_done(r))
			return EXIT_OPEN;
		if (!r->opened && r->until_ms && now_ms() >= r->until_ms) {
			fprintf(stderr, "postern-pinhole: %s: no answer\n", text_of(&r->options.gateway));
			return EXIT_NO_ANSWER;
		}
	}
	return r->opened ? EXIT_OPEN : EXIT_NO_ANSWER;
}

/* A registration that only was to be seen stays until its lifetime ends; one that was kept is given back. */
static void give_back(struct run *r)
{
	char data[PN_PINHOLE_BUFFER];
	int len = r->options.once ? 0 : pn_pinhole_end(r->pinhole, now_ms(), data, sizeof(data));

	if (len > 0 && send(r->fd, data, (size_t)len, 0) < 0)
		tell(r, strerror(errno));
}

int main(int argc, char **argv)
{
	static struct run r = { .fd = -1, .forward = -1 };
	struct sigaction act = { .sa_handler = on_signal };
	sigset_t blocked, unblocked;
	int status = EXIT_USAGE;

	switch (pinhole_options_read(argc, argv, &r.options)) {
	case OPTIONS_DONE: return EXIT_OPEN;
	case OPTIONS_WRONG: return EXIT_USAGE;
	case OPTIONS_RUN: break;
	}
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &unblocked);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	r.until_ms = r.options.wait_ms ? now_ms() + r.options.wait_ms : 0;
	if (!open_socket(&r) && !open_forward(&r)) {
		if (open_login(&r) || open_pinhole(&r))
			fputs("postern-pinhole: network, agent, protocol and subscribers are plain text of at most 63, "
			      "a subscriber's identity of at most 255 characters\n", stderr);
		else
			status = work(&r, &unblocked);
		if (r.pinhole && r.options.protocol)
			give_back(&r);
	}
	pn_pinhole_free(r.pinhole);
	pn_login_free(r.login);
	return status;
}
