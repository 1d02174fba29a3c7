/* A load of H.323 calls, each on a TCP connection of its own.
 *
 *   h323load callee LOCAL TEMPLATES
 *   h323load caller LOCAL TARGET TEMPLATES RATE SECONDS HOLD_MS
 *   h323load caller LOCAL TARGET TEMPLATES live COUNT
 *
 * The callee answers calls. A caller makes RATE calls a second, each held for HOLD_MS, or COUNT calls that
 * stay until stdin ends; it reports when they are up. Addresses are IPv4 `address:port`, a caller's own port
 * does not count. TEMPLATES is a file of TPKTs in hexadecimal, one a line: Setup, CallProceeding, Connect,
 * ReleaseComplete. In them callIdentifier and conferenceID are sixteen octets that count up, of which a
 * call's number takes the first four. A Connect repeats the media address that the Setup proposed to receive
 * at. A call failed that is not answered, or not ended, within GIVE_UP_NS. Prints what load_report() says,
 * with the time from Setup to Connect. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

#define CONNS 32768u
#define IN_MAX 1024u
#define MESSAGE_MAX 512u
#define GIVE_UP_NS 5000000000u
#define LOOK_NS 200000000u /* between looks for calls that failed */
#define IN_FLIGHT_MAX 32u  /* of `live` */
#define EVENTS 256
#define TPKT_HEAD 4u
#define REFERENCE_AT 6u /* of a TPKT: its call reference */
#define TYPE_AT 8u
#define ANSWERING 0x80u

/* What follows the number of a call. */
static const uint8_t CALL_TAIL[] = "DEFGHIJKLMNO", CONFERENCE_TAIL[] = "defghijklmno";
#define TAIL (sizeof(CALL_TAIL) - 1)
/* What stands before the media address of the proposal to receive. */
static const uint8_t RECEIVE[] = { 0x4c, 0x20, 0x13, 0x80, 0x11, 0x14, 0x00, 0x01, 0x00 };
#define ADDRESS 6u /* octets of an address with its port */

enum type { SETUP = 0x05, CONNECT = 0x07, RELEASE_COMPLETE = 0x5a };
enum template { T_SETUP, T_PROCEEDING, T_CONNECT, T_RELEASE, TEMPLATES };
enum state { FREE, CONNECTING, CALLING, UP, ENDING };

struct message {
	uint8_t p[MESSAGE_MAX];
	size_t len;
};

struct conn {
	enum state state;
	uint32_t number;
	uint64_t since_ns; /* in this state */
	uint8_t in[IN_MAX];
	size_t n;
};

struct load {
	int epoll, listener;
	struct sockaddr_in local, target;
	struct message template[TEMPLATES];
	struct conn conn[CONNS]; /* by descriptor */
	int held[CONNS];         /* a ring of calls that are up, the first to end first */
	unsigned first_held, n_held;
	uint32_t next;
	unsigned long open;
	uint64_t hold_ns;
	bool stay;
	struct load_counts counts;
};

static void read_templates(struct load *l, const char *path)
{
	char line[2 * MESSAGE_MAX + 2];
	FILE *f = fopen(path, "r");
	unsigned v;

	for (int i = 0; i < TEMPLATES; i++) {
		struct message *m = &l->template[i];

		if (!f || !fgets(line, sizeof(line), f)) {
			fprintf(stderr, "h323load: %s: too few templates\n", path);
			exit(2);
		}
		for (const char *p = line; sscanf(p, "%2x", &v) == 1; p += 2)
			m->p[m->len++] = (uint8_t)v;
	}
	fclose(f);
}

static struct load *new_load(const char *local, const char *templates)
{
	struct load *l = calloc(1, sizeof(*l));
	struct rlimit limit = { CONNS, CONNS };

	setrlimit(RLIMIT_NOFILE, &limit);
	l->local = load_address(local);
	l->next = (uint32_t)getpid() << 16; /* not the calls of a run before */
	l->epoll = epoll_create1(0);
	l->listener = -1;
	read_templates(l, templates);
	return l;
}

static void watch(struct load *l, int op, int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	epoll_ctl(l->epoll, op, fd, &e);
}

static void enter(struct conn *c, enum state state)
{
	c->state = state;
	c->since_ns = load_now_ns();
}

/* A connection of its own begins; false: there is no room. */
static bool adopt(struct load *l, int fd, enum state state, uint32_t events)
{
	struct conn *c = &l->conn[fd];

	if ((unsigned)fd >= CONNS) {
		close(fd);
		return false;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	c->n = 0;
	enter(c, state);
	watch(l, EPOLL_CTL_ADD, fd, events);
	l->open++;
	return true;
}

static void drop(struct load *l, int fd)
{
	l->conn[fd].state = FREE;
	l->open--;
	close(fd);
}

static void put_number(struct message *m, const uint8_t *tail, const uint8_t *number)
{
	uint8_t *at = memmem(m->p, m->len, tail, TAIL);

	if (at)
		memcpy(at - 4, number, 4);
}

static void send_message(int fd, struct message *m, const uint8_t *number)
{
	put_number(m, CALL_TAIL, number);
	put_number(m, CONFERENCE_TAIL, number);
	/* a short message on a new connection: what does not fit is a failed call */
	if (send(fd, m->p, m->len, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
		perror("h323load: send");
}

/* The first whole message, NULL: none yet. */
static const uint8_t *whole(const struct conn *c, size_t *len)
{
	*len = c->n >= TPKT_HEAD ? (size_t)c->in[2] << 8 | c->in[3] : 0;
	return *len > TYPE_AT && *len <= c->n ? c->in : NULL;
}

typedef bool on_message(struct load *l, int fd, const uint8_t *p, size_t len);

/* false: the far end closed, or its message is none of ours. */
static bool take(struct load *l, int fd, on_message *on)
{
	struct conn *c = &l->conn[fd];
	ssize_t n = recv(fd, c->in + c->n, IN_MAX - c->n, MSG_DONTWAIT);
	const uint8_t *p;
	size_t len;

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	c->n += (size_t)n;
	while ((p = whole(c, &len))) {
		if (!on(l, fd, p, len))
			return false;
		c->n -= len;
		memmove(c->in, c->in + len, c->n);
	}
	return c->n < IN_MAX;
}

/* ---- the callee ---- */

static bool answer(struct load *l, int fd, const uint8_t *p, size_t len)
{
	const uint8_t *tail = memmem(p, len, CALL_TAIL, TAIL);
	const uint8_t *offered = memmem(p, len, RECEIVE, sizeof(RECEIVE));

	if (p[TYPE_AT] != SETUP)
		return p[TYPE_AT] != RELEASE_COMPLETE;
	if (!tail || !offered || (size_t)(p + len - offered) < sizeof(RECEIVE) + ADDRESS)
		return false;
	for (int i = T_PROCEEDING; i <= T_CONNECT; i++) {
		struct message m = l->template[i];
		uint8_t *repeated = memmem(m.p, m.len, RECEIVE, sizeof(RECEIVE));

		m.p[REFERENCE_AT] = p[REFERENCE_AT] | ANSWERING;
		m.p[REFERENCE_AT + 1] = p[REFERENCE_AT + 1];
		if (repeated)
			memcpy(repeated + sizeof(RECEIVE), offered + sizeof(RECEIVE), ADDRESS);
		send_message(fd, &m, tail - 4);
	}
	return true;
}

static void accept_all(struct load *l)
{
	int fd;

	while ((fd = accept4(l->listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
		adopt(l, fd, UP, EPOLLIN);
}

static int callee(char **arg)
{
	struct load *l = new_load(arg[0], arg[1]);
	struct epoll_event e[EVENTS];

	l->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(l->listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(l->listener, (struct sockaddr *)&l->local, sizeof(l->local)) || listen(l->listener, 4096)) {
		perror(arg[0]);
		return 1;
	}
	watch(l, EPOLL_CTL_ADD, l->listener, EPOLLIN);
	while (!load_over) {
		int n = epoll_wait(l->epoll, e, EVENTS, 500);

		for (int i = 0; i < n; i++) {
			if (e[i].data.fd == l->listener)
				accept_all(l);
			else if (!take(l, e[i].data.fd, answer))
				drop(l, e[i].data.fd);
		}
	}
	free(l);
	return 0;
}

/* ---- the caller ---- */

static void send_as(struct load *l, int fd, enum template which)
{
	struct conn *c = &l->conn[fd];
	struct message m = l->template[which];
	uint32_t number = htonl(c->number), reference = 1 + c->number % 0x7fff; /* 0 is no call */

	m.p[REFERENCE_AT] = (uint8_t)(reference >> 8);
	m.p[REFERENCE_AT + 1] = (uint8_t)reference;
	send_message(fd, &m, (const uint8_t *)&number);
}

static bool begin(struct load *l)
{
	struct sockaddr_in from = l->local;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	from.sin_port = 0;
	if (fd < 0)
		return false;
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){ 1 }, sizeof(int));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) ||
	    (connect(fd, (struct sockaddr *)&l->target, sizeof(l->target)) && errno != EINPROGRESS)) {
		close(fd);
		return false;
	}
	if (!adopt(l, fd, CONNECTING, EPOLLOUT))
		return false;
	l->conn[fd].number = ++l->next;
	return true;
}

static void finish(struct load *l, int fd, bool well)
{
	l->counts.done += well;
	l->counts.failed += !well;
	drop(l, fd);
}

static bool advance(struct load *l, int fd, const uint8_t *p, size_t len)
{
	struct conn *c = &l->conn[fd];

	(void)len;
	if (p[TYPE_AT] != CONNECT || c->state != CALLING)
		return p[TYPE_AT] != RELEASE_COMPLETE;
	load_answered(&l->counts, c->since_ns);
	enter(c, UP);
	l->held[(l->first_held + l->n_held++) % CONNS] = fd;
	return true;
}

static void on_event(struct load *l, const struct epoll_event *e)
{
	int fd = e->data.fd;
	struct conn *c = &l->conn[fd];

	if (c->state == CONNECTING && !(e->events & (EPOLLERR | EPOLLHUP))) {
		watch(l, EPOLL_CTL_MOD, fd, EPOLLIN);
		enter(c, CALLING);
		send_as(l, fd, T_SETUP);
	} else if (c->state != FREE && !take(l, fd, advance)) {
		finish(l, fd, c->state == ENDING);
	}
}

/* The calls that are held long enough. One that failed meanwhile is in the ring still. */
static void end_held(struct load *l, uint64_t now)
{
	while (l->n_held) {
		int fd = l->held[l->first_held];
		struct conn *c = &l->conn[fd];

		if (c->state == UP && now - c->since_ns < l->hold_ns)
			return;
		l->first_held = (l->first_held + 1) % CONNS;
		l->n_held--;
		if (c->state != UP)
			continue;
		send_as(l, fd, T_RELEASE);
		enter(c, ENDING);
	}
}

static void give_up(struct load *l, uint64_t before)
{
	for (int fd = 0; fd < (int)CONNS; fd++) {
		struct conn *c = &l->conn[fd];

		if (c->state != FREE && c->state != UP && c->since_ns < before)
			finish(l, fd, false);
	}
}

static void turn(struct load *l)
{
	struct epoll_event e[EVENTS];
	int n = epoll_wait(l->epoll, e, EVENTS, 1);

	for (int i = 0; i < n; i++)
		on_event(l, &e[i]);
	if (!l->stay)
		end_held(l, load_now_ns());
}

static void at_rate(struct load *l, double rate, double seconds)
{
	unsigned long want = (unsigned long)(rate * seconds), begun = 0, due;
	uint64_t start = load_now_ns(), looked = start, now;

	while (!load_over && (begun < want || l->open)) {
		now = load_now_ns();
		due = (unsigned long)((double)(now - start) / 1e9 * rate);
		for (; begun < due && begun < want; begun++)
			l->counts.failed += !begin(l);
		if (now - looked > LOOK_NS) {
			give_up(l, now - GIVE_UP_NS);
			looked = now;
		}
		turn(l);
	}
	load_report(&l->counts);
}

static void live(struct load *l, unsigned count)
{
	uint64_t end = load_now_ns() + 12 * (uint64_t)GIVE_UP_NS;

	l->stay = true;
	while (!load_over && l->n_held < count && load_now_ns() < end) {
		while (l->open < count && l->open < l->n_held + IN_FLIGHT_MAX && begin(l))
			;
		turn(l);
	}
	l->counts.done = l->n_held;
	l->counts.failed = count - l->n_held;
	load_report(&l->counts);
	while (!load_over && getchar() != EOF)
		;
}

static int caller(char **arg, bool stay)
{
	struct load *l = new_load(arg[0], arg[2]);

	l->target = load_address(arg[1]);
	if (stay) {
		live(l, (unsigned)strtoul(arg[4], NULL, 10));
	} else {
		l->hold_ns = strtoul(arg[5], NULL, 10) * 1000000u;
		at_rate(l, atof(arg[3]), atof(arg[4]));
	}
	free(l);
	return 0;
}

int main(int argc, char **argv)
{
	load_begin();
	if (argc == 4 && !strcmp(argv[1], "callee"))
		return callee(argv + 2);
	if (argc == 7 && !strcmp(argv[1], "caller") && !strcmp(argv[5], "live"))
		return caller(argv + 2, true);
	if (argc == 8 && !strcmp(argv[1], "caller"))
		return caller(argv + 2, false);
	fprintf(stderr, "usage: h323load callee LOCAL TEMPLATES\n"
			"       h323load caller LOCAL TARGET TEMPLATES RATE SECONDS HOLD_MS|live COUNT\n");
	return 2;
}
