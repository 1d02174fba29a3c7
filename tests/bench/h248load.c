/* A load of H.248 terminations.
 *
 *   h248load gateway LOCAL MGC TEMPLATES            registers at MGC and answers as a media gateway
 *   h248load mgc LOCAL TEMPLATES RATE SECONDS       waits for it, then RATE triples of Add, Modify
 * and Subtract a second
 *
 * Addresses are IPv4 `address:port`. TEMPLATES is a file of messages in hexadecimal, one a line,
 * request and reply in turn: ServiceChange, Add, Modify, Subtract. In them MARK_ID, MARK_CONTEXT
 * and MARK_TERM stand for what changes; text has them in decimal digits. The low bits of an id say
 * which step of a triple it is, so that nobody needs to parse. One triple without an answer within
 * 2 s failed. Prints one JSON object: triples done and failed, median and 99th percentile of the
 * answer's time in us. */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

#define SLOTS 16384u
#define STEPS 3u
#define FIRST_ID 0x10000000u
#define MARK_ID 0x7e010101u
#define MARK_CONTEXT 0x7e020202u
#define MARK_TERM 0x7e030303u
#define DIGITS 10 /* of a mark in text */
#define GIVE_UP_NS 2000000000u
#define MESSAGE_MAX 2048u

struct message {
	uint8_t p[MESSAGE_MAX];
	size_t len;
};

struct templates {
	struct message request[1 + STEPS], reply[1 + STEPS];
	bool text;
};

struct slot {
	unsigned step; /* 0: free */
	uint32_t turn;
	uint64_t sent_ns;
};

struct load {
	int fd;
	struct sockaddr_in target;
	struct templates t;
	struct slot slot[SLOTS];
	uint32_t next;
	unsigned long open;
	struct load_counts counts;
};

static void read_message(FILE *f, struct message *m)
{
	char line[2 * MESSAGE_MAX + 2];
	unsigned v;

	if (!fgets(line, sizeof(line), f)) {
		fprintf(stderr, "h248load: too few templates\n");
		exit(2);
	}
	for (const char *p = line; sscanf(p, "%2x", &v) == 1; p += 2)
		m->p[m->len++] = (uint8_t)v;
}

static void read_templates(const char *path, struct templates *t)
{
	FILE *f = fopen(path, "r");

	if (!f) {
		perror(path);
		exit(2);
	}
	for (unsigned i = 0; i <= STEPS; i++) {
		read_message(f, &t->request[i]);
		read_message(f, &t->reply[i]);
	}
	t->text = t->request[0].p[0] != 0x30;
	fclose(f);
}

static void replace(const struct templates *t, struct message *m, uint32_t mark, uint32_t value)
{
	uint8_t want[DIGITS + 1], put[DIGITS + 1];
	size_t len = 4;
	uint8_t *at;

	if (t->text) {
		len = DIGITS;
		snprintf((char *)want, sizeof(want), "%010u", mark);
		snprintf((char *)put, sizeof(put), "%010u", value);
	} else {
		uint32_t a = htonl(mark), b = htonl(value);

		memcpy(want, &a, 4);
		memcpy(put, &b, 4);
	}
	while ((at = memmem(m->p, m->len, want, len)))
		memcpy(at, put, len);
}

static void send_message(int fd, const struct templates *t, const struct message *from, uint32_t id,
			 const struct sockaddr_in *to)
{
	struct message m = *from;

	replace(t, &m, MARK_ID, id);
	replace(t, &m, MARK_CONTEXT, (id - FIRST_ID) / 4 + 1);
	replace(t, &m, MARK_TERM, (id - FIRST_ID) / 4 + 1);
	sendto(fd, m.p, m.len, 0, (const struct sockaddr *)to, sizeof(*to));
}

/* The transaction id of a message: behind the first "=" of the text, else the second INTEGER of
 * four octets. 0: none. */
static uint32_t id_of(const struct message *m)
{
	static const uint8_t four[] = { 0x80, 4 };
	const uint8_t *at;
	uint32_t v;

	if (m->p[0] != 0x30) {
		at = memchr(m->p, '=', m->len);
		return at ? (uint32_t)strtoul((const char *)at + 1, NULL, 10) : 0;
	}
	at = memmem(m->p, m->len, four, 2);
	at = at ? memmem(at + 2, m->len - (size_t)(at + 2 - m->p), four, 2) : NULL;
	if (!at)
		return 0;
	memcpy(&v, at + 2, 4);
	return ntohl(v);
}

static bool receive(int fd, struct message *m, struct sockaddr_in *from, int flags)
{
	long n = load_receive(fd, m->p, sizeof(m->p), from, flags);

	m->len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static int gateway(char **arg)
{
	struct sockaddr_in mgc = load_address(arg[1]), from;
	struct templates t = { 0 };
	int fd = load_udp(arg[0]);
	/* not the id of a run before, which is remembered */
	uint32_t first = FIRST_ID + 4 * (uint32_t)getpid();
	bool registered = false;
	struct message m;

	read_templates(arg[2], &t);
	while (!load_over) {
		struct pollfd p = { fd, POLLIN, 0 };
		uint32_t id;

		if (!registered)
			send_message(fd, &t, &t.request[0], first, &mgc);
		if (poll(&p, 1, 500) <= 0 || !receive(fd, &m, &from, 0))
			continue;
		registered = true;
		id = id_of(&m);
		if (id >= FIRST_ID && (id & 3))
			send_message(fd, &t, &t.reply[id & 3], id, &from);
	}
	return 0;
}

/* ---- the controller ---- */

static void send_step(struct load *l, uint32_t slot)
{
	struct slot *s = &l->slot[slot];

	s->sent_ns = load_now_ns();
	send_message(l->fd, &l->t, &l->t.request[s->step],
		     FIRST_ID + 4 * (slot + SLOTS * s->turn) + s->step, &l->target);
}

static bool begin(struct load *l)
{
	uint32_t slot = l->next % SLOTS;

	if (l->slot[slot].step)
		return false;
	l->next++;
	l->open++;
	l->slot[slot].step = 1;
	l->slot[slot].turn = (l->slot[slot].turn + 1) % 1024;
	send_step(l, slot);
	return true;
}

static void end_slot(struct load *l, struct slot *s, bool well)
{
	s->step = 0;
	l->open--;
	l->counts.done += well;
	l->counts.failed += !well;
}

static void advance(struct load *l, const struct message *m)
{
	uint32_t id = id_of(m) - FIRST_ID, slot = id / 4 % SLOTS;
	struct slot *s = &l->slot[slot];

	if (!s->step || (id & 3) != s->step || id / 4 / SLOTS != s->turn)
		return;
	load_answered(&l->counts, s->sent_ns);
	if (s->step == STEPS) {
		end_slot(l, s, true);
		return;
	}
	s->step++;
	send_step(l, slot);
}

static void give_up(struct load *l, uint64_t before)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (l->slot[i].step && l->slot[i].sent_ns < before)
			end_slot(l, &l->slot[i], false);
}

static void await_gateway(struct load *l)
{
	struct message m;

	while (!load_over && !receive(l->fd, &m, &l->target, 0))
		;
	send_message(l->fd, &l->t, &l->t.reply[0], id_of(&m), &l->target);
}

static int mgc(char **arg)
{
	struct load *l = calloc(1, sizeof(*l));
	double rate = atof(arg[2]), seconds = atof(arg[3]);
	unsigned long want = (unsigned long)(rate * seconds), begun = 0;
	struct sockaddr_in from;
	struct message m;
	uint64_t start, looked = 0;

	l->fd = load_udp(arg[0]);
	read_templates(arg[1], &l->t);
	/* not the ids of a run before, which are answered from memory */
	for (unsigned i = 0; i < SLOTS; i++)
		l->slot[i].turn = (uint32_t)getpid() * 8 % 1024;
	await_gateway(l);
	start = load_now_ns();
	while (!load_over && load_now_ns() < start + (uint64_t)(seconds * 1e9) + GIVE_UP_NS) {
		struct pollfd p = { l->fd, POLLIN, 0 };
		uint64_t now = load_now_ns();
		unsigned long due = (unsigned long)((double)(now - start) / 1e9 * rate);

		if (now - looked > GIVE_UP_NS / 20) {
			give_up(l, now - GIVE_UP_NS);
			looked = now;
		}
		while (begun < due && begun < want && begin(l))
			begun++;
		if (begun >= want && !l->open)
			break;
		poll(&p, 1, 1);
		while (receive(l->fd, &m, &from, MSG_DONTWAIT))
			advance(l, &m);
	}
	l->counts.failed += l->open;
	load_report(&l->counts);
	free(l);
	return 0;
}

int main(int argc, char **argv)
{
	load_begin();
	if (argc == 5 && !strcmp(argv[1], "gateway"))
		return gateway(argv + 2);
	if (argc == 6 && !strcmp(argv[1], "mgc"))
		return mgc(argv + 2);
	fprintf(stderr, "usage: h248load gateway LOCAL MGC TEMPLATES\n"
			"       h248load mgc LOCAL TEMPLATES RATE SECONDS\n");
	return 2;
}
