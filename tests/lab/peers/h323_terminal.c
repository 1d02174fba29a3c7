/* h323_terminal --address IP [OPTION]...: one terminal, which calls or is called. See usage(). */
#include "h323_terminal.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "h323_call.h"
#include "h323_control.h"
#include "h323_log.h"
#include "h323_ras.h"

#define TICK_MS 5
#define RING_PACKETS 10 /* heard while it rings */
#define POLLS (5 + 2 * MEDIA_MAX)

static volatile sig_atomic_t told_to_end, told_to_call;

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		told_to_call = sig;
	else
		told_to_end = sig;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void terminal_fail(struct terminal *t, const char *why)
{
	log_event("failed", "\"why\": \"%s\"", why);
	t->status = 1;
	t->leaving = true;
}

void terminal_call_over(struct terminal *t)
{
	t->leaving |= t->placed;
}

static void usage(void)
{
	fprintf(stderr, "h323_terminal --address IP [--signal-port N] [--ras-port N] [--media-port N]\n"
		"  --alias NAME [--number DIGITS] [--mark OCTET] [--video] [--split-ports] [--ttl SECONDS]\n"
		"  [--gatekeeper IP:PORT] [--traversal] [--stun IP:PORT [--early-stun]]\n"
		"  [--call NAME | --to IP:PORT] [--packets N] [--on-signal]\n"
		"  [--fast] [--tunnel] [--h245-in-setup] [--early-h245 | --ring-back] [--start-h245]\n");
	exit(2);
}

static struct sockaddr_in parse_address(const char *text)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	char ip[INET_ADDRSTRLEN] = "";
	unsigned port;

	if (sscanf(text, "%15[0-9.]:%u", ip, &port) != 2 || inet_pton(AF_INET, ip, &a.sin_addr) != 1)
		usage();
	a.sin_port = htons((uint16_t)port);
	return a;
}

static unsigned number_of(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (end == text || *end || n > 65535)
		usage();
	return (unsigned)n;
}

static const struct option long_options[] = {
	{ "address", 1, NULL, 'a' }, { "signal-port", 1, NULL, 's' }, { "ras-port", 1, NULL, 'r' },
	{ "media-port", 1, NULL, 'm' }, { "alias", 1, NULL, 'n' }, { "number", 1, NULL, 'd' },
	{ "mark", 1, NULL, 'k' }, { "video", 0, NULL, 'v' }, { "ttl", 1, NULL, 'l' },
	{ "gatekeeper", 1, NULL, 'g' }, { "traversal", 0, NULL, 'x' }, { "call", 1, NULL, 'c' },
	{ "to", 1, NULL, 't' }, { "packets", 1, NULL, 'p' }, { "fast", 0, NULL, 'F' },
	{ "tunnel", 0, NULL, 'T' }, { "h245-in-setup", 0, NULL, 'S' }, { "early-h245", 0, NULL, 'E' },
	{ "start-h245", 0, NULL, 'H' }, { "on-signal", 0, NULL, 'U' },
	{ "split-ports", 0, NULL, 'P' }, { "ring-back", 0, NULL, 'B' }, { "stun", 1, NULL, 'N' },
	{ "early-stun", 0, NULL, 'L' }, { 0 },
};

static bool take_flag(struct terminal *t, int c)
{
	switch (c) {
	case 'v': t->media.n = MEDIA_MAX; break;
	case 'x': t->o.traversal = true; break;
	case 'F': t->o.fast = true; break;
	case 'T': t->o.tunnel = true; break;
	case 'S': t->o.h245_in_setup = true; break;
	case 'E': t->o.early_h245 = true; break;
	case 'B': t->o.early_h245 = t->o.ring_back = true; break;
	case 'H': t->o.start_h245 = true; break;
	case 'P': t->media.split = true; break;
	case 'L': t->media.early = true; break;
	case 'U': t->o.on_signal = true; break;
	default: return false;
	}
	return true;
}

static void take_value(struct terminal *t, int c, const char *value)
{
	switch (c) {
	case 'a':
		if (inet_pton(AF_INET, value, &t->o.address) != 1)
			usage();
		break;
	case 's': t->o.signal_port = (uint16_t)number_of(value); break;
	case 'r': t->o.ras_port = (uint16_t)number_of(value); break;
	case 'm': t->o.media_port = (uint16_t)number_of(value); break;
	case 'n': t->o.alias = value; break;
	case 'd': t->o.number = value; break;
	case 'k': t->media.mark = (uint8_t)number_of(value); break;
	case 'l': t->o.time_to_live = number_of(value); break;
	case 'g': t->o.gatekeeper = parse_address(value); break;
	case 'N': t->media.stun = parse_address(value); break;
	case 'c': t->o.call = value; break;
	case 't': t->o.to = parse_address(value); break;
	case 'p': t->o.packets = number_of(value); break;
	default: usage();
	}
}

static void take_options(struct terminal *t, int argc, char **argv)
{
	int c;

	t->o = (struct options){ .signal_port = 1720, .media_port = 16384, .alias = "terminal", .time_to_live = 60 };
	t->media.n = 1;
	t->media.mark = 0xa1;
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		if (!take_flag(t, c))
			take_value(t, c, optarg);
	if (!t->o.address.s_addr || optind != argc)
		usage();
}

static int begin(struct terminal *t)
{
	int err = media_open(&t->media, t->o.address, t->o.media_port, t->media.n);

	if (!err && t->media.split)
		err = media_split(&t->media, t->o.address);
	link_init(&t->control.link);
	err = err ? err : call_begin(t);
	return err ? err : ras_begin(t);
}

/* One step towards the end, each when the last one is done. */
static void leave(struct terminal *t)
{
	if (t->call.state != CALL_NONE)
		call_hang_up(t);
	if (!ras_quiet(t))
		return;
	if (t->ras.state == RAS_IDLE)
		ras_unregister(t);
	else
		t->done = true;
}

static void tick(struct terminal *t)
{
	bool may_call = t->o.gatekeeper.sin_port ? t->ras.state == RAS_IDLE && t->o.call : t->o.to.sin_port;

	t->now_ms = now_ms();
	ras_tick(t);
	media_tick(&t->media, t->now_ms);
	if (t->o.on_signal && !told_to_call)
		may_call = false;
	if (may_call && !t->placed && !t->leaving && ras_quiet(t))
		call_place(t);
	if (t->call.state == CALL_RINGING && media_least_heard(&t->media) >= RING_PACKETS)
		call_pick_up(t);
	if (t->call.state == CALL_UP && t->call.calling && t->o.packets &&
	    media_least_heard(&t->media) >= t->o.packets)
		call_hang_up(t);
	if (told_to_end)
		t->leaving = true;
	if (t->leaving)
		leave(t);
}

/* The order of the sockets of t in poll's table. */
static void gather(const struct terminal *t, struct pollfd *p)
{
	p[0].fd = t->ras.fd;
	p[1].fd = t->call.link.listener;
	p[2].fd = t->call.link.fd;
	p[3].fd = t->control.link.listener;
	p[4].fd = t->control.link.fd;
	for (int i = 0; i < MEDIA_MAX; i++) {
		p[5 + 2 * i].fd = i < t->media.n ? t->media.stream[i].rtp : -1;
		p[6 + 2 * i].fd = i < t->media.n ? t->media.stream[i].rtcp : -1;
	}
	for (int i = 0; i < POLLS; i++) {
		p[i].events = POLLIN;
		p[i].revents = 0;
	}
}

static void turn(struct terminal *t)
{
	static void (*const ready[])(struct terminal *) =
		{ ras_receive, call_accept, call_receive, control_accept, control_receive };
	struct pollfd p[POLLS], now[POLLS];

	gather(t, p);
	if (poll(p, POLLS, TICK_MS) <= 0)
		return;
	for (int i = 0; i < POLLS; i++) {
		gather(t, now); /* what was handled before may have closed it */
		if (!p[i].revents || p[i].fd != now[i].fd)
			continue;
		if (i < 5)
			ready[i](t);
		else
			media_receive(&t->media, p[i].fd);
	}
}

int main(int argc, char **argv)
{
	static struct terminal t;
	struct sigaction end = { .sa_handler = on_signal };
	int err;

	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGUSR1, &end, NULL);
	srandom((unsigned)(now_ms() ^ (uint64_t)getpid() << 16));
	take_options(&t, argc, argv);
	t.now_ms = now_ms();
	err = begin(&t);
	if (err) {
		fprintf(stderr, "h323_terminal: %s\n", strerror(-err));
		return 2;
	}
	log_event("ready", "\"signalling\": \"%s\"", log_address(&t.call.local));
	while (!t.done) {
		turn(&t);
		tick(&t);
	}
	log_event("done", "\"status\": %d", t.status);
	return t.status;
}
