#include "fakenet.h"

#include "buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_MAX (1u << 20)

enum sock_kind { SOCK_UDP, SOCK_LISTEN, SOCK_CONN, SOCK_HOST };

struct sock { /* a bound socket, a TCP listener, a connection, or a host that accepts */
	struct sock *next;
	struct fakenet *net;
	enum sock_kind kind;
	unsigned realm;
	struct pn_addr local, remote;
	void *owner;
	struct buf in; /* what Postern wrote to the host */
	struct sock *mate; /* Postern connected to itself: the other end */
	bool closed;
};

struct queue {
	struct packet *first, **last;
};

struct fakenet {
	struct loop *loop;
	struct sock *socks;
	struct queue sent, media;
	uint16_t next_port;
};

struct fakenet *fakenet_new(struct loop *l)
{
	struct fakenet *n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->loop = l;
	n->sent.last = &n->sent.first;
	n->media.last = &n->media.first;
	n->next_port = 50000;
	return n;
}

static void sock_free(struct sock *s)
{
	buf_free(&s->in);
	free(s);
}

void fakenet_free(struct fakenet *n)
{
	if (!n)
		return;
	fakenet_flush(n, NULL);
	fakenet_flush_media(n);
	while (n->socks) {
		struct sock *s = n->socks;
		n->socks = s->next;
		sock_free(s);
	}
	free(n);
}

static struct sock *sock_add(struct fakenet *n, enum sock_kind kind, unsigned realm, const struct pn_addr *local)
{
	struct sock *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->net = n;
	s->kind = kind;
	s->realm = realm;
	s->local = *local;
	buf_init(&s->in, STREAM_MAX);
	struct sock **at = &n->socks;
	while (*at)
		at = &(*at)->next;
	*at = s;
	return s;
}

static void sock_drop(struct sock *s)
{
	for (struct sock **at = &s->net->socks; *at; at = &(*at)->next)
		if (*at == s) {
			*at = s->next;
			sock_free(s);
			return;
		}
}

/* port 0 takes the first of that kind at that IP: an alias may have another */
static struct sock *sock_at(struct fakenet *n, enum sock_kind kind, unsigned realm, const struct pn_addr *local)
{
	for (struct sock *s = n->socks; s; s = s->next) {
		if (s->kind != kind || s->realm != realm || s->closed)
			continue;
		if (local->port ? addr_eq(&s->local, local) : addr_same_ip(&s->local, local))
			return s;
	}
	return NULL;
}

static struct sock *conn_of(struct fakenet *n, unsigned realm, const struct pn_addr *host)
{
	for (struct sock *s = n->socks; s; s = s->next)
		if (s->kind == SOCK_CONN && s->realm == realm && addr_eq(&s->remote, host))
			return s;
	return NULL;
}

/* ---- queues of packets ---- */

static void enqueue(struct queue *q, const struct packet *head, const void *data, size_t len)
{
	struct packet *p = malloc(sizeof(*p) + len);
	if (!p)
		return;
	*p = *head;
	p->next = NULL;
	p->len = len;
	memcpy(p->data, data, len);
	*q->last = p;
	q->last = &p->next;
}

static struct packet *dequeue(struct queue *q, unsigned realm, const struct pn_addr *to)
{
	for (struct packet **at = &q->first; *at; at = &(*at)->next) {
		struct packet *p = *at;
		if (p->realm != realm || !addr_eq(&p->to, to))
			continue;
		*at = p->next;
		if (!*at)
			q->last = at;
		return p;
	}
	return NULL;
}

static void flush(struct queue *q, const struct pn_addr *to)
{
	struct packet **at = &q->first;
	while (*at) {
		struct packet *p = *at;
		if (to && !addr_eq(&p->to, to)) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		free(p);
	}
	q->last = at;
}

struct packet *fakenet_take(struct fakenet *n, unsigned realm, const struct pn_addr *to)
{
	return dequeue(&n->sent, realm, to);
}

struct packet *fakenet_take_media(struct fakenet *n, unsigned realm, const struct pn_addr *to)
{
	return dequeue(&n->media, realm, to);
}

const struct packet *fakenet_left(struct fakenet *n, const struct pn_addr *to)
{
	for (const struct packet *p = n->sent.first; p; p = p->next)
		if (!to || addr_eq(&p->to, to))
			return p;
	return NULL;
}

const struct packet *fakenet_left_media(struct fakenet *n)
{
	return n->media.first;
}

void fakenet_flush(struct fakenet *n, const struct pn_addr *to)
{
	flush(&n->sent, to);
}

void fakenet_flush_media(struct fakenet *n)
{
	flush(&n->media, NULL);
}

/* ---- UDP ---- */

static void *udp_bind(void *net, const struct pn_realm *realm, const struct pn_addr *local, void *owner)
{
	if (sock_at(net, SOCK_UDP, realm->index, local)) {
		errno = EADDRINUSE;
		return NULL;
	}
	struct sock *s = sock_add(net, SOCK_UDP, realm->index, local);
	if (s)
		s->owner = owner;
	return s;
}

static int udp_send(void *sock, const struct pn_addr *to, const void *data, size_t len)
{
	struct sock *s = sock;
	struct packet head = { .realm = s->realm, .from = s->local, .to = *to };
	enqueue(&s->net->sent, &head, data, len);
	return 0;
}

static void udp_close(void *sock)
{
	sock_drop(sock);
}

int fakenet_deliver(struct fakenet *n, unsigned realm, const struct pn_addr *from, const struct pn_addr *to,
		    const void *data, size_t len)
{
	struct sock *s = sock_at(n, SOCK_UDP, realm, to);
	if (!s)
		return -ENOENT;
	/* A copy of just this size, so that the sanitizer sees a read past the end. */
	uint8_t *copy = malloc(len ? len : 1);
	if (!copy)
		return -ENOMEM;
	if (len)
		memcpy(copy, data, len);
	net_on_datagram(s->owner, from, copy, len);
	free(copy);
	return 0;
}

/* ---- TCP ---- */

static void *tcp_listen(void *net, const struct pn_realm *realm, const struct pn_addr *local, void *owner)
{
	if (sock_at(net, SOCK_LISTEN, realm->index, local)) {
		errno = EADDRINUSE;
		return NULL;
	}
	struct sock *s = sock_add(net, SOCK_LISTEN, realm->index, local);
	if (s)
		s->owner = owner;
	return s;
}

/* Postern connects to a listener of its own. */
static int meet(struct sock *s, struct sock *listener)
{
	struct sock *far = sock_add(s->net, SOCK_CONN, s->realm, &listener->local);
	if (!far)
		return -ENOMEM;
	far->remote = s->local;
	far->mate = s;
	s->mate = far;
	far->owner = net_on_accept(listener->owner, far, &far->local, &far->remote);
	if (far->owner)
		return 0;
	s->mate = NULL;
	sock_drop(far);
	return -ECONNRESET;
}

static void connected(void *arg)
{
	struct sock *s = arg;
	struct sock *host = sock_at(s->net, SOCK_HOST, s->realm, &s->remote);
	struct sock *own = sock_at(s->net, SOCK_LISTEN, s->realm, &s->remote);
	if (s->closed) {
		sock_drop(s);
		return;
	}
	int err = host ? 0 : own ? meet(s, own) : -ECONNREFUSED;
	net_on_connected(s->owner, &s->local, err);
}

/* What one end of Postern's connection to itself wrote reaches the other. */
static void carry(void *arg)
{
	struct sock *s = arg;
	struct buf b = s->in;
	buf_init(&s->in, STREAM_MAX);
	if (b.len && !s->mate->closed)
		net_on_data(s->mate->owner, b.p, b.len);
	buf_free(&b);
}

static void part(void *arg)
{
	struct sock *s = arg;
	if (s->closed)
		return;
	s->closed = true;
	net_on_closed(s->owner, 0);
}

static void *tcp_connect(void *net, const struct pn_realm *realm, const struct pn_addr *to, void *owner)
{
	struct fakenet *n = net;
	struct pn_addr local = *realm_addr(realm, to->family);
	local.port = n->next_port++;
	struct sock *s = sock_add(n, SOCK_CONN, realm->index, &local);
	if (!s)
		return NULL;
	s->remote = *to;
	s->owner = owner;
	loop_defer(n->loop, connected, s);
	return s;
}

static long tcp_write(void *conn, const void *data, size_t len)
{
	struct sock *s = conn;
	int err = buf_add(&s->in, data, len);
	if (!err && s->mate)
		err = loop_defer(s->net->loop, carry, s);
	return err ? err : (long)len;
}

static void tcp_want_write(void *conn, int on)
{
	(void)conn;
	(void)on;
}

static void tcp_close(void *sock_or_conn)
{
	struct sock *s = sock_or_conn;
	s->closed = true;
	if (s->mate)
		loop_defer(s->net->loop, part, s->mate);
	if (s->kind == SOCK_LISTEN)
		sock_drop(s);
}

const struct net_ops fakenet_ops = {
	.udp_bind = udp_bind,
	.udp_send = udp_send,
	.udp_close = udp_close,
	.tcp_listen = tcp_listen,
	.tcp_connect = tcp_connect,
	.tcp_write = tcp_write,
	.tcp_want_write = tcp_want_write,
	.tcp_close = tcp_close,
};

int fakenet_listen(struct fakenet *n, unsigned realm, const struct pn_addr *host)
{
	return sock_add(n, SOCK_HOST, realm, host) ? 0 : -ENOMEM;
}

int fakenet_connect(struct fakenet *n, unsigned realm, const struct pn_addr *host, const struct pn_addr *to)
{
	struct sock *listener = sock_at(n, SOCK_LISTEN, realm, to);
	if (!listener)
		return -ECONNREFUSED;
	struct sock *s = sock_add(n, SOCK_CONN, realm, &listener->local);
	if (!s)
		return -ENOMEM;
	s->remote = *host;
	s->owner = net_on_accept(listener->owner, s, &s->local, host);
	if (s->owner)
		return 0;
	sock_drop(s);
	return -ECONNRESET;
}

int fakenet_stream(struct fakenet *n, unsigned realm, const struct pn_addr *host, const void *data, size_t len)
{
	struct sock *s = conn_of(n, realm, host);
	if (!s || s->closed)
		return -ENOTCONN;
	net_on_data(s->owner, data, len);
	return 0;
}

struct buf *fakenet_received(struct fakenet *n, unsigned realm, const struct pn_addr *host)
{
	struct sock *s = conn_of(n, realm, host);
	return s ? &s->in : NULL;
}

const struct pn_addr *fakenet_local(struct fakenet *n, unsigned realm, const struct pn_addr *host)
{
	struct sock *s = conn_of(n, realm, host);
	return s ? &s->local : NULL;
}

int fakenet_hangup(struct fakenet *n, unsigned realm, const struct pn_addr *host)
{
	struct sock *s = conn_of(n, realm, host);
	if (!s)
		return -ENOTCONN;
	if (!s->closed)
		net_on_closed(s->owner, 0);
	sock_drop(s);
	return 0;
}

bool fakenet_connected(struct fakenet *n, unsigned realm, const struct pn_addr *host)
{
	struct sock *s = conn_of(n, realm, host);
	return s && !s->closed;
}

/* ---- media ---- */

static int media_bind(void *net, unsigned realm, const struct pn_addr *local)
{
	(void)net;
	(void)realm;
	(void)local;
	return 0;
}

static void media_unbind(void *net, unsigned realm, const struct pn_addr *local)
{
	(void)net;
	(void)realm;
	(void)local;
}

static void media_send(void *net, unsigned realm, const struct pn_addr *local, const struct pn_addr *to,
		       const void *data, size_t len)
{
	struct fakenet *n = net;
	struct packet head = { .realm = realm, .from = *local, .to = *to };
	enqueue(&n->media, &head, data, len);
}

const struct relay_net fakenet_media_ops = { media_bind, media_unbind, media_send };
