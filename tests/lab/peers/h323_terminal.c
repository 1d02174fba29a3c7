/* h323_terminal --address IP [OPTION]...: one terminal, which calls or is called. See h323_options.c. */
#include "h323_terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "h323_act.h"
#include "h323_call.h"
#include "h323_control.h"
#include "h323_forge.h"
#include "h323_lines.h"
#include "h323_log.h"
#include "h323_options.h"
#include "h323_ras.h"
#include "h323_tunnel.h"

#define TICK_MS 5
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

static int begin(struct terminal *t)
{
	int err = media_open(&t->media, t->o.address, t->o.claim, t->o.media_port);

	link_init(&t->control.link);
	err = err ? err : call_begin(t);
	err = err ? err : tunnel_begin(t);
	err = err ? err : lines_begin(t);
	err = err ? err : ras_begin(t);
	if (!err && t->o.forge)
		forge(t);
	return err;
}

/* One step towards the end, each when the last one is done. */
static void leave(struct terminal *t)
{
	if (t->call.state != CALL_NONE)
		call_hang_up(t);
	if (!ras_quiet(t) || (!t->host && !lines_done(t)))
		return;
	if (t->ras.state == RAS_IDLE)
		ras_unregister(t);
	else
		t->done = true;
}

static void place(struct terminal *t)
{
	if (t->o.locate && !t->located)
		ras_locate(t);
	else
		call_place(t);
}

static void tick(struct terminal *t)
{
	bool may_call = t->o.gatekeeper.sin_port ? t->ras.state == RAS_IDLE && t->o.call : t->o.to.sin_port;

	t->now_ms = now_ms();
	ras_tick(t);
	call_tick(t);
	media_tick(&t->media, t->now_ms);
	if ((t->o.on_signal && !told_to_call) || (t->host && t->call.link->fd < 0))
		may_call = false;
	if (may_call && !t->placed && !t->leaving && ras_quiet(t))
		place(t);
	if (t->call.state == CALL_UP && t->o.packets &&
	    media_least_heard(&t->media) >= t->o.packets && media_sent_all(&t->media, t->now_ms) && act_all(t))
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
	p[1].fd = t->host ? -1 : t->call.link->listener;
	p[2].fd = t->host ? -1 : t->call.link->fd;
	p[3].fd = t->control.link.listener;
	p[4].fd = t->control.link.fd;
	for (int i = 0; i < MEDIA_MAX; i++) {
		p[5 + 2 * i].fd = t->media.stream[i].rtp;
		p[6 + 2 * i].fd = t->media.stream[i].rtcp;
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
	options_take(&t, argc, argv);
	t.now_ms = now_ms();
	err = begin(&t);
	if (err) {
		fprintf(stderr, "h323_terminal: %s\n", strerror(-err));
		return 2;
	}
	log_event("ready", "\"signalling\": \"%s\"", log_address(&t.call.local));
	while (!t.done)
		for (struct terminal *line = &t; line; line = line->next) {
			turn(line);
			tick(line);
		}
	log_event("done", "\"status\": %d", t.status);
	return t.status;
}
