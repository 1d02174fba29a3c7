/* A load of MGCP connections.
 *
 *   mgcpload gateway LOCAL AGENT DOMAIN       registers by RSIP at AGENT and answers as a media
 * gateway mgcpload agent LOCAL TARGET NAME RATE SECONDS  RATE triples of CRCX, MDCX and DLCX a
 * second mgcpload agent LOCAL TARGET NAME live COUNT    COUNT connections that stay until a line
 * comes on stdin
 *
 * Addresses are IPv4 `address:port`. NAME is the endpoint to create connections on; `-` waits for
 * an RSIP and takes its sender and domain. The next command of a triple follows its answer at once;
 * one without an answer within 2 s failed. Prints one JSON object: triples done and failed, median
 * and 99th percentile of the answer's time in us. */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

#define SLOTS 16384u /* commands under way */
#define GIVE_UP_NS 2000000000u
#define LOOK_NS 100000000u /* between looks for what was not answered */
#define IN_FLIGHT_MAX 64u /* of `live` */

enum step { FREE, CRCX, MDCX, DLCX, DONE };

struct slot {
	enum step step;
	uint32_t id;
	uint64_t sent_ns;
	char endpoint[128], connection[40];
};

struct load {
	int fd;
	struct sockaddr_in target;
	char name[128];
	const char *address; /* that our descriptions show */
	struct slot slot[SLOTS];
	uint32_t next_id, next_call;
	unsigned long open;
	struct load_counts counts;
	bool stay;
};

static int describe(char *out, size_t cap, const char *ip, unsigned port)
{
	return snprintf(out, cap,
			"\r\nv=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %u "
			"RTP/AVP 0\r\n",
			ip, ip, port);
}

/* ---- the gateway ---- */

static void answer(int fd, const char *text, const struct sockaddr_in *from, const char *ip)
{
	static unsigned next;
	char verb[8], out[1024];
	unsigned id;
	int n;

	if (sscanf(text, "%4s %u", verb, &id) != 2 || !id || strlen(verb) != 4)
		return;
	if (!strcmp(verb, "CRCX")) {
		n = snprintf(out, sizeof(out), "200 %u OK\r\nI: %X\r\n", id, ++next);
		n += describe(out + n, sizeof(out) - (size_t)n, ip, 10000 + 2 * (next % 25000));
	} else {
		n = snprintf(out, sizeof(out), "%d %u OK\r\n", strcmp(verb, "DLCX") ? 200 : 250,
			     id);
	}
	sendto(fd, out, (size_t)n, 0, (const struct sockaddr *)from, sizeof(*from));
}

static int gateway(char **arg)
{
	int fd = load_udp(arg[0]);
	struct sockaddr_in agent = load_address(arg[1]), from;
	bool registered = false;
	int id = 1 + getpid(), answered; /* another one than a run before, which is remembered */
	char ip[32], text[4096];
	uint64_t asked = 0;

	snprintf(ip, sizeof(ip), "%.*s", (int)strcspn(arg[0], ":"), arg[0]);
	while (!load_over) {
		struct pollfd p = { fd, POLLIN, 0 };

		if (!registered && load_now_ns() - asked > 500000000u) {
			int n = snprintf(text, sizeof(text),
					 "RSIP %d *@%s MGCP 1.0\r\nRM: restart\r\n", id, arg[2]);

			sendto(fd, text, (size_t)n, 0, (struct sockaddr *)&agent, sizeof(agent));
			asked = load_now_ns();
		}
		if (poll(&p, 1, 200) <= 0 || load_receive(fd, text, sizeof(text), &from, 0) < 0)
			continue;
		if (sscanf(text, "200 %d", &answered) == 1 && answered == id)
			registered = true;
		answer(fd, text, &from, ip);
	}
	return 0;
}

/* ---- the call agent ---- */

static void send_step(struct load *l, struct slot *s, enum step step)
{
	static const char *const verb[] = { [CRCX] = "CRCX", [MDCX] = "MDCX", [DLCX] = "DLCX" };
	char text[1024];
	int n;

	s->step = step;
	s->id = ++l->next_id;
	if (s->id % SLOTS != (uint32_t)(s - l->slot)) /* the id tells the slot */
		s->id = l->next_id += (uint32_t)(s - l->slot) + SLOTS - s->id % SLOTS;
	n = snprintf(text, sizeof(text), "%s %u %s MGCP 1.0\r\nC: %x\r\n", verb[step], s->id,
		     s->endpoint, (unsigned)(s - l->slot) + 1);
	if (step != CRCX)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "I: %s\r\n", s->connection);
	if (step != DLCX)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "L: p:20, a:PCMU\r\nM: %s\r\n",
			      step == CRCX ? "recvonly" : "sendrecv");
	if (step == MDCX)
		n += describe(text + n, sizeof(text) - (size_t)n, l->address, 20000);
	s->sent_ns = load_now_ns();
	sendto(l->fd, text, (size_t)n, 0, (struct sockaddr *)&l->target, sizeof(l->target));
}

static bool begin(struct load *l)
{
	for (unsigned tries = 0; tries < 64; tries++) {
		struct slot *s = &l->slot[l->next_call++ % SLOTS];

		if (s->step != FREE)
			continue;
		snprintf(s->endpoint, sizeof(s->endpoint), "%s", l->name);
		l->open++;
		send_step(l, s, CRCX);
		return true;
	}
	return false;
}

static void finish(struct load *l, struct slot *s, bool well)
{
	s->step = well && l->stay ? DONE : FREE;
	l->counts.done += well;
	l->counts.failed += !well;
	l->open--;
}

static void give_up(struct load *l, uint64_t before_ns)
{
	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *s = &l->slot[i];

		if (s->step != FREE && s->step != DONE && s->sent_ns < before_ns)
			finish(l, s, false);
	}
}

static void copy_line(const char *text, const char *name, char *out, size_t cap)
{
	const char *at = strstr(text, name);

	if (at) {
		at += strlen(name);
		at += strspn(at, " ");
		snprintf(out, cap, "%.*s", (int)strcspn(at, "\r\n"), at);
	}
}

static void advance(struct load *l, const char *text)
{
	unsigned code, id;
	struct slot *s;

	if (sscanf(text, "%3u %u", &code, &id) != 2 || code < 200)
		return;
	s = &l->slot[id % SLOTS];
	if (s->id != id || s->step == FREE || s->step == DONE)
		return;
	if (code >= 300) {
		finish(l, s, false);
		return;
	}
	load_answered(&l->counts, s->sent_ns);
	if (s->step == CRCX) {
		copy_line(text, "\nI:", s->connection, sizeof(s->connection));
		copy_line(text, "\nZ:", s->endpoint, sizeof(s->endpoint));
		send_step(l, s, MDCX);
	} else if (s->step == MDCX && !l->stay) {
		send_step(l, s, DLCX);
	} else {
		finish(l, s, true);
	}
}

static void await_gateway(struct load *l)
{
	char text[4096], domain[96];
	struct sockaddr_in from;
	unsigned id;

	while (!load_over && load_receive(l->fd, text, sizeof(text), &from, 0) >= 0) {
		int n;

		if (sscanf(text, "RSIP %u *@%95s", &id, domain) != 2)
			continue;
		l->target = from;
		snprintf(l->name, sizeof(l->name), "aaln/1@%s", domain);
		n = snprintf(text, sizeof(text), "200 %u OK\r\n", id);
		sendto(l->fd, text, (size_t)n, 0, (struct sockaddr *)&from, sizeof(from));
		return;
	}
}

static void drain(struct load *l)
{
	struct sockaddr_in from;
	char text[4096];

	while (load_receive(l->fd, text, sizeof(text), &from, MSG_DONTWAIT) >= 0)
		advance(l, text);
}

static int agent(char **arg)
{
	struct load *l = calloc(1, sizeof(*l));
	bool live = !strcmp(arg[3], "live");
	double rate = live ? 0 : atof(arg[3]), seconds = live ? 60 : atof(arg[4]);
	unsigned long want = live ? strtoul(arg[4], NULL, 10) : (unsigned long)(rate * seconds),
		      begun = 0;
	uint64_t start, end, looked = 0;

	l->fd = load_udp(arg[0]);
	l->stay = live;
	l->target = load_address(arg[1]);
	snprintf(l->name, sizeof(l->name), "%s", arg[2]);
	l->address = strndup(arg[0], strcspn(arg[0], ":"));
	if (!strcmp(arg[2], "-"))
		await_gateway(l);
	start = load_now_ns();
	end = start + (uint64_t)(seconds * 1e9);
	while (!load_over && load_now_ns() < end + GIVE_UP_NS) {
		uint64_t now = load_now_ns();
		unsigned long room = l->open < IN_FLIGHT_MAX ? IN_FLIGHT_MAX - l->open : 0;
		unsigned long due =
			live ? begun + room : (unsigned long)((double)(now - start) / 1e9 * rate);
		struct pollfd p = { l->fd, POLLIN, 0 };

		if (now - looked > LOOK_NS) {
			give_up(l, now - GIVE_UP_NS);
			looked = now;
		}
		while (begun < due && begun < want && begin(l))
			begun++;
		if (begun >= want && !l->open)
			break;
		poll(&p, 1, 1);
		drain(l);
	}
	load_report(&l->counts);
	while (live && !load_over && getchar() != EOF && !load_over)
		;
	return 0;
}

int main(int argc, char **argv)
{
	load_begin();
	if (argc == 5 && !strcmp(argv[1], "gateway"))
		return gateway(argv + 2);
	if (argc == 7 && !strcmp(argv[1], "agent"))
		return agent(argv + 2);
	fprintf(stderr, "usage: mgcpload gateway LOCAL AGENT DOMAIN\n"
			"       mgcpload agent LOCAL TARGET NAME RATE SECONDS|live COUNT\n");
	return 2;
}
