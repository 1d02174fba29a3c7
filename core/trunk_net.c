/* A trunk as a network of the transport. */
#include "trunk_state.h"

#include <errno.h>
#include <stdlib.h>

#define PORT_FIRST 49152u /* those that a connection gets shows that it has none of its own */
#define PORT_COUNT 16384u

struct listener {
	enum handle_kind kind;
};

/* The transport itself knows what it listens for. */
static void *listen_at(void *net, const struct pn_realm *realm, const struct pn_addr *local, void *owner)
{
	struct listener *l = calloc(1, sizeof(*l));

	(void)net, (void)realm, (void)local, (void)owner;
	if (l)
		l->kind = HANDLE_LISTENER;
	return l;
}

/* Ids rise, so that what still comes for a former channel finds none. */
static uint32_t next_id(struct trunk *t)
{
	do {
		t->last_id += 2;
		if (!t->last_id)
			t->last_id = 2;
	} while (channel_find(t, t->last_id));
	return t->last_id;
}

static void *connect_to(void *net, const struct pn_realm *realm, const struct pn_addr *to, void *owner)
{
	struct trunk *t = net;
	const struct pn_addr *local = realm_addr(realm, to->family);
	struct channel *c;

	if (!t->up || !local) {
		errno = local ? ENETDOWN : EADDRNOTAVAIL;
		return NULL;
	}
	c = channel_new(t, next_id(t));
	if (!c)
		return NULL;
	c->owner = owner;
	c->state = CHANNEL_OPENING;
	c->local = *local;
	c->local.port = (uint16_t)(PORT_FIRST + c->id / 2 % PORT_COUNT);
	trunk_send(t, &(struct trunk_frame){ .type = TRUNK_OPEN, .channel = c->id, .target = *to,
					     .source = c->local, .octets = TRUNK_WINDOW });
	return c;
}

static long write_to(void *conn, const void *data, size_t len)
{
	struct channel *c = conn;
	const uint8_t *p = data;
	size_t done = 0;

	while (c->state == CHANNEL_STANDING && done < len && c->credit && trunk_has_room(c->trunk)) {
		size_t n = len - done;

		n = n < c->credit ? n : c->credit;
		n = n < TRUNK_PAYLOAD ? n : TRUNK_PAYLOAD;
		trunk_send(c->trunk, &(struct trunk_frame){ .type = TRUNK_DATA, .channel = c->id,
							    .data = p + done, .len = n });
		c->credit -= (uint32_t)n;
		done += n;
	}
	return (long)done;
}

static void want_write(void *conn, int on)
{
	struct channel *c = conn;

	c->wants = on;
	channel_make_ready(c);
}

static void close_it(void *sock_or_conn)
{
	struct channel *c = sock_or_conn;

	if (c->kind == HANDLE_LISTENER) {
		free(sock_or_conn);
		return;
	}
	trunk_send(c->trunk, &(struct trunk_frame){ .type = TRUNK_CLOSE, .channel = c->id,
						    .reason = TRUNK_NORMAL });
	channel_free(c);
}

const struct net_ops trunk_net = {
	.tcp_listen = listen_at,
	.tcp_connect = connect_to,
	.tcp_write = write_to,
	.tcp_want_write = want_write,
	.tcp_close = close_it,
};
