#include "trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du
#define ETHERNET 1u
#define FRAME_MAX 65536u
#define RAS_PORT 1719u
#define STREAM_MAX 65536u
#define LATER_MAX 16u
#define TCP_SYN 0x02u
#define TCP_ACK 0x10u

/* One direction of a connection. */
struct half {
	uint32_t next; /* sequence number */
	uint8_t octets[STREAM_MAX];
	size_t len;
	struct later {
		uint32_t seq;
		size_t len;
		uint8_t *data;
	} later[LATER_MAX]; /* came before what stands before it */
	size_t n_later;
};

struct connection {
	struct pn_addr opener, listener;
	struct half half[2]; /* what the opener sends, what it gets */
	bool answered;
};

struct reader {
	struct trace *t;
	struct connection *connection[TRACE_CONNECTIONS];
	unsigned frame;
};

struct segment {
	struct pn_addr from, to;
	uint32_t seq;
	uint8_t flags;
	const uint8_t *data;
	size_t len;
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static int add(struct reader *r, const struct trace_event *e, const uint8_t *data, size_t len)
{
	struct trace *t = r->t;
	struct trace_event *more = realloc(t->event, (t->n + 1) * sizeof(*more));
	uint8_t *copy = malloc(len ? len : 1);

	if (more)
		t->event = more;
	if (!more || !copy) {
		free(copy);
		return -ENOMEM;
	}
	if (len)
		memcpy(copy, data, len);
	t->event[t->n] = *e;
	t->event[t->n].frame = r->frame;
	t->event[t->n].data = copy;
	t->event[t->n++].len = len;
	return 0;
}

/* ---- TCP ---- */

static struct connection *connection_find(struct reader *r, const struct segment *s, size_t *at, bool *opener)
{
	for (size_t i = r->t->n_connections; i--;) {
		struct connection *c = r->connection[i];

		*at = i;
		*opener = addr_eq(&c->opener, &s->from) && addr_eq(&c->listener, &s->to);
		if (*opener || (addr_eq(&c->opener, &s->to) && addr_eq(&c->listener, &s->from)))
			return c;
	}
	return NULL;
}

static int begin(struct reader *r, const struct segment *s)
{
	struct connection *c;
	size_t at;
	bool opener;

	c = connection_find(r, s, &at, &opener);
	if (c && c->half[0].next == s->seq + 1) /* the same SYN again */
		return 0;
	if (r->t->n_connections == TRACE_CONNECTIONS)
		return -E2BIG;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->opener = s->from;
	c->listener = s->to;
	c->half[0].next = s->seq + 1;
	r->connection[r->t->n_connections++] = c;
	return 0;
}

/* H.323 has its messages in TPKTs (RFC 1006); their head is not kept. */
static int cut(struct reader *r, struct half *h, const struct trace_event *e)
{
	int err = 0;

	while (!err && h->len >= 4 && h->len >= get16(h->octets + 2)) {
		size_t len = get16(h->octets + 2);

		if (h->octets[0] != 3 || len < 4)
			return -EINVAL;
		err = add(r, e, h->octets + 4, len - 4);
		memmove(h->octets, h->octets + len, h->len - len);
		h->len -= len;
	}
	return err;
}

static int append(struct half *h, uint32_t seq, const uint8_t *data, size_t len)
{
	size_t known = h->next - seq;

	if (known >= len)
		return 0;
	if (h->len + len - known > STREAM_MAX)
		return -E2BIG;
	memcpy(h->octets + h->len, data + known, len - known);
	h->len += len - known;
	h->next = seq + (uint32_t)len;
	return 0;
}

static int keep(struct half *h, const struct segment *s)
{
	struct later *l = &h->later[h->n_later];

	if (h->n_later == LATER_MAX)
		return -E2BIG;
	l->data = malloc(s->len);
	if (!l->data)
		return -ENOMEM;
	memcpy(l->data, s->data, s->len);
	l->seq = s->seq;
	l->len = s->len;
	h->n_later++;
	return 0;
}

static int take_later(struct half *h)
{
	int err = 0;

	for (size_t i = 0; !err && i < h->n_later; i++)
		if ((int32_t)(h->later[i].seq - h->next) <= 0) {
			err = append(h, h->later[i].seq, h->later[i].data, h->later[i].len);
			free(h->later[i].data);
			h->later[i] = h->later[--h->n_later];
			i = SIZE_MAX;
		}
	return err;
}

static int payload(struct reader *r, const struct segment *s)
{
	struct trace_event e = { .kind = TRACE_TPKT, .from = s->from, .to = s->to };
	struct connection *c = connection_find(r, s, &e.connection, &e.opener);
	struct half *h;
	int err;

	if (!c || !s->len)
		return 0;
	h = &c->half[!e.opener];
	if ((int32_t)(s->seq - h->next) > 0)
		return keep(h, s);
	err = append(h, s->seq, s->data, s->len);
	if (!err)
		err = take_later(h);
	return err ? err : cut(r, h, &e);
}

/* A connection is there when it was answered. */
static int answered(struct reader *r, const struct segment *s)
{
	struct trace_event e = { .kind = TRACE_CONNECT };
	bool opener;
	struct connection *c = connection_find(r, s, &e.connection, &opener);

	if (!c || opener || c->answered)
		return 0;
	c->answered = true;
	c->half[1].next = s->seq + 1;
	e.from = c->opener;
	e.to = c->listener;
	return add(r, &e, NULL, 0);
}

static int tcp(struct reader *r, struct segment *s, const uint8_t *p, size_t len)
{
	size_t head = len >= 20 ? (size_t)(p[12] >> 4) * 4 : 0;

	if (head < 20 || head > len)
		return -EINVAL;
	s->from.port = get16(p);
	s->to.port = get16(p + 2);
	s->seq = get32(p + 4);
	s->flags = p[13];
	s->data = p + head;
	s->len = len - head;
	if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return begin(r, s);
	if (s->flags & TCP_SYN)
		return answered(r, s);
	return payload(r, s);
}

/* ---- packets ---- */

static int udp(struct reader *r, struct segment *s, const uint8_t *p, size_t len)
{
	struct trace_event e = { .kind = TRACE_DATAGRAM, .from = s->from, .to = s->to };

	if (len < 8)
		return -EINVAL;
	e.from.port = get16(p);
	e.to.port = get16(p + 2);
	if (e.from.port != RAS_PORT && e.to.port != RAS_PORT)
		return 0;
	return add(r, &e, p + 8, len - 8);
}

static int packet(struct reader *r, const uint8_t *p, size_t len)
{
	struct segment s = { .from = { .family = 4 }, .to = { .family = 4 } };
	size_t head, all;

	if (len < 34 || get16(p + 12) != 0x0800)
		return 0;
	p += 14;
	len -= 14;
	head = (size_t)(p[0] & 15) * 4;
	all = get16(p + 2);
	if (p[0] >> 4 != 4 || head < 20 || all < head || all > len)
		return -EINVAL;
	memcpy(s.from.ip, p + 12, 4);
	memcpy(s.to.ip, p + 16, 4);
	if (p[9] == 17)
		return udp(r, &s, p + head, all - head);
	return p[9] == 6 ? tcp(r, &s, p + head, all - head) : 0;
}

static int read_file(struct reader *r, FILE *f)
{
	static uint8_t frame[FRAME_MAX];
	uint32_t head[6], record[4];
	int err = 0;

	if (fread(head, sizeof(head), 1, f) != 1 || (head[0] != MAGIC && head[0] != MAGIC_NS) || head[5] != ETHERNET)
		return -EINVAL;
	while (!err && fread(record, sizeof(record), 1, f) == 1) {
		r->frame++;
		if (record[2] > FRAME_MAX || fread(frame, 1, record[2], f) != record[2])
			return -EINVAL;
		err = packet(r, frame, record[2]);
	}
	return err;
}

static void reader_free(struct reader *r)
{
	for (size_t i = 0; i < r->t->n_connections; i++) {
		for (int side = 0; side < 2; side++)
			for (size_t j = 0; j < r->connection[i]->half[side].n_later; j++)
				free(r->connection[i]->half[side].later[j].data);
		free(r->connection[i]);
	}
}

int trace_read(const char *path, struct trace *out)
{
	struct trace t = { 0 };
	struct reader r = { .t = &t };
	FILE *f = fopen(path, "rb");
	int err;

	if (!f)
		return -errno;
	err = read_file(&r, f);
	fclose(f);
	reader_free(&r);
	if (err) {
		trace_free(&t);
		return err;
	}
	*out = t;
	return 0;
}

void trace_free(struct trace *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->event[i].data);
	free(t->event);
	*t = (struct trace){ 0 };
}
