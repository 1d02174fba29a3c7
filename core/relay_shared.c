#define LOG_SUBSYSTEM LOG_RELAY
#include "relay_shared.h"
#include "log.h"
#include "relay_state.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#define RECEIVE_BUFFER (4 << 20) /* of the media of many streams, and STUN that comes in floods */

/* ---- sockets ---- */

struct relay_shared *relay_shared_find(const struct relay *r, unsigned realm, const struct pn_addr *local)
{
	struct relay_shared *h = r->shared;

	while (h && (h->closing || h->realm != realm || !addr_eq(&h->local, local)))
		h = h->next;
	return h;
}

static struct relay_command *command_of(enum relay_command_kind kind, struct engine_shared *at,
					struct engine_key *key)
{
	struct relay_command *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->kind = kind;
	c->shared.at = at;
	c->shared.key = key;
	return c;
}

/* It was made before: nothing can fail. When the threads are gone what it is about just goes. */
static void order(struct relay *r, unsigned thread, struct relay_command *c)
{
	if (r->conf.threads && r->thread[thread]) {
		media_thread_post(r->thread[thread], c);
		return;
	}
	if (!r->conf.threads)
		relay_command_run(&r->engine, c);
	relay_command_free(c);
}

static int bind_one(struct relay *r, struct relay_shared *h, unsigned component)
{
	struct engine_port *p = &h->hot->port[component];
	int size = RECEIVE_BUFFER, err;

	p->realm = (uint16_t)h->realm;
	p->local = h->local;
	p->local.port = (uint16_t)(p->local.port + component);
	err = relay_bind(r, p);
	if (err) {
		p->local.family = 0;
		return err;
	}
	/* The kernel gives what it may; a smaller one still works. */
	if (p->fd >= 0 && setsockopt(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}

static void shared_free(struct relay *r, struct relay_shared *h)
{
	for (unsigned c = 0; h->hot && c < 2; c++)
		relay_unbind(r, &h->hot->port[c]);
	engine_shared_free(h->hot);
	hash_free(&h->keys);
	free(h->close);
	free(h);
}

static struct relay_shared *shared_new(struct relay *r, unsigned realm, const struct pn_addr *local)
{
	struct relay_shared *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->realm = realm;
	h->local = *local;
	hash_init(&h->keys);
	h->hot = calloc(1, sizeof(*h->hot));
	if (h->hot)
		engine_shared_init(h->hot);
	h->close = h->hot ? command_of(COMMAND_SHARED_CLOSE, h->hot, NULL) : NULL;
	if (h->close)
		return h;
	shared_free(r, h);
	return NULL;
}

static unsigned next_thread(const struct relay *r)
{
	unsigned n = 0;

	for (const struct relay_shared *h = r->shared; h; h = h->next)
		n++;
	return r->conf.threads ? n % r->conf.threads : 0;
}

int relay_shared_open(struct relay *r, unsigned realm, const struct pn_addr *local)
{
	struct relay_command open = { .kind = COMMAND_SHARED_OPEN };
	struct relay_shared *h;
	int err;

	if (realm >= RELAY_REALMS || local->port == UINT16_MAX)
		return -EINVAL;
	if (relay_shared_find(r, realm, local))
		return 0;
	h = shared_new(r, realm, local);
	if (!h)
		return -ENOMEM;
	h->thread = next_thread(r);
	err = bind_one(r, h, RELAY_RTP);
	if (!err)
		err = bind_one(r, h, RELAY_RTCP);
	open.shared.at = h->hot;
	if (!err)
		err = relay_do(r, h->thread, &open);
	if (err) {
		shared_free(r, h);
		return err;
	}
	h->next = r->shared;
	r->shared = h;
	log_info("relay: shared port %s", addr_text(local));
	return 0;
}

static void forget(struct relay *r, struct relay_shared *h)
{
	struct relay_shared **at = &r->shared;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
}

/* Its sockets go when its thread has no packet of them in hand. */
static void close_unused(struct relay *r, struct relay_shared *h)
{
	if (!h->closing || h->users)
		return;
	forget(r, h);
	if (!r->conf.threads)
		for (unsigned c = 0; c < 2; c++)
			relay_unbind(r, &h->hot->port[c]);
	order(r, h->thread, h->close);
	h->close = NULL;
	h->hot = NULL;
	shared_free(r, h);
}

void relay_shared_close(struct relay *r, unsigned realm, const struct pn_addr *local)
{
	struct relay_shared *h = relay_shared_find(r, realm, local);

	if (!h)
		return;
	h->closing = true;
	close_unused(r, h);
}

/* Both components are where the shared port is. */
static void share_ports(struct relay_stream *s, unsigned side, struct relay_shared *h)
{
	h->users++;
	s->shared[side] = h;
	for (unsigned c = 0; c < 2; c++) {
		struct engine_port *p = &s->hot.port[side][c];

		p->local = h->local;
		p->realm = (uint16_t)h->realm;
		p->fd = h->hot->port[RELAY_RTP].fd;
		p->shared = h->hot;
	}
}

int relay_shared_take(struct relay *r, struct relay_stream *s, const struct relay_end end[2])
{
	for (unsigned side = 2; side-- > 0;) {
		struct relay_shared *h;

		s->hot.tap[side] = end[side].tap;
		if (!end[side].shared)
			continue;
		h = relay_shared_find(r, end[side].realm, &end[side].rtp);
		if (!h)
			return -EADDRNOTAVAIL;
		share_ports(s, side, h);
		s->thread = (uint16_t)h->thread;
	}
	return 0;
}

void relay_shared_leave(struct relay *r, struct relay_shared *h)
{
	h->users--;
	close_unused(r, h);
}

void relay_shared_clear(struct relay *r)
{
	while (r->shared) {
		struct relay_shared *h = r->shared;

		r->shared = h->next;
		shared_free(r, h);
	}
}

bool relay_shared_input(struct relay *r, unsigned realm, const struct pn_addr *local,
			const struct pn_addr *from, const void *data, size_t len)
{
	for (struct relay_shared *h = r->shared; h; h = h->next) {
		for (unsigned c = 0; c < 2; c++) {
			if (h->realm != realm || !addr_eq(&h->hot->port[c].local, local))
				continue;
			engine_shared_input(&r->engine, h->hot, c, from, data, len);
			return true;
		}
	}
	return false;
}

/* ---- keys ---- */

static struct relay_key *key_find(const struct relay_shared *h, const struct pn_addr *source)
{
	uint64_t hash = addr_hash(source, 0);
	struct hash_node *n = NULL;

	while ((n = hash_find(&h->keys, hash, n))) {
		struct relay_key *k = hash_entry(n, struct relay_key, node);

		if (addr_eq(&k->source, source))
			return k;
	}
	return NULL;
}

static void key_free(struct relay_key *k)
{
	if (!k)
		return;
	free(k->hot);
	free(k->drop);
	free(k);
}

static struct relay_key *key_alloc(struct relay_shared *h, const struct engine_hop *to,
				   const struct pn_addr *source)
{
	struct relay_key *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->at = h;
	k->to = *to;
	k->source = *source;
	k->hot = calloc(1, sizeof(*k->hot));
	k->drop = k->hot ? command_of(COMMAND_KEY_DEL, h->hot, k->hot) : NULL;
	if (!k->drop) {
		key_free(k);
		return NULL;
	}
	k->hot->to = *to;
	k->hot->source = *source;
	return k;
}

static struct relay_key *key_new(struct relay *r, struct relay_shared *h, const struct engine_hop *to,
				 const struct pn_addr *source)
{
	struct relay_key *k = key_alloc(h, to, source);
	struct relay_command add = { .kind = COMMAND_KEY_ADD };

	if (!k || hash_put(&h->keys, &k->node, addr_hash(source, 0))) {
		key_free(k);
		return NULL;
	}
	add.shared.at = h->hot;
	add.shared.key = k->hot;
	if (!relay_do(r, h->thread, &add))
		return k;
	hash_del(&h->keys, &k->node);
	key_free(k);
	return NULL;
}

static void key_leave(struct relay *r, struct relay_key *k)
{
	if (--k->users)
		return;
	hash_del(&k->at->keys, &k->node);
	order(r, k->at->thread, k->drop);
	free(k);
}

static bool same_component(const struct engine_hop *a, const struct engine_hop *b)
{
	return a->stream == b->stream && a->side == b->side && a->component == b->component;
}

int relay_key_set(struct relay *r, struct relay_stream *s, unsigned leg, unsigned component,
		  const struct pn_addr *source)
{
	unsigned side = leg ? 1 : 0;
	struct relay_key **at = &s->leg[leg]->key[component], *old = *at, *k = NULL;
	struct engine_hop to = { s->hot.id, s->thread, (uint8_t)side, (uint8_t)component };

	if (old && addr_eq(&old->source, source))
		return 0;
	if (source->family) {
		k = key_find(s->shared[side], source);
		if (k && !same_component(&k->to, &to))
			return -EEXIST;
		if (!k)
			k = key_new(r, s->shared[side], &to, source);
		if (!k)
			return -ENOMEM;
		k->users++;
	}
	*at = k;
	if (old)
		key_leave(r, old);
	return 0;
}

void relay_keys_drop(struct relay *r, struct relay_stream *s, unsigned leg)
{
	for (unsigned c = 0; c < 2; c++) {
		struct relay_key *k = s->leg[leg] ? s->leg[leg]->key[c] : NULL;

		if (!k)
			continue;
		s->leg[leg]->key[c] = NULL;
		key_leave(r, k);
	}
}

/* ---- STUN ---- */

static const struct engine_port *place_port(const struct relay *r, const struct relay_place *from, int family)
{
	struct relay_stream *s;

	if (from->side > 1 || from->component > RELAY_RTCP)
		return NULL;
	if (from->stream) {
		s = relay_find(r, from->stream);
		if (s && s->shared[from->side])
			return &s->shared[from->side]->hot->port[RELAY_RTP];
		return s ? &s->hot.port[from->side][from->component] : NULL;
	}
	for (const struct relay_shared *h = r->shared; h; h = h->next)
		if (!h->closing && h->realm == from->realm && h->local.family == family)
			return &h->hot->port[from->component];
	return NULL;
}

int relay_local(struct relay *r, const struct relay_place *of, struct pn_addr *out)
{
	const struct engine_port *p = of->stream ? place_port(r, of, 0) : NULL;

	if (!p)
		return -ENOENT;
	*out = p->local;
	return 0;
}

int relay_stun_send(struct relay *r, const struct relay_place *from, const struct pn_addr *to, const void *data,
		    size_t len)
{
	const struct engine_port *p = place_port(r, from, to->family);
	struct sockaddr_storage ss;
	socklen_t ss_len;

	if (!p)
		return -ENOENT;
	if (p->local.family != to->family || !relay_reaches(r, p->realm, to))
		return -EPERM;
	if (!r->conf.threads) {
		r->conf.net->send(r->conf.net_arg, p->realm, &p->local, to, data, len);
		return 0;
	}
	ss_len = addr_to_sockaddr(to, &ss);
	return sendto(p->fd, data, len, 0, (struct sockaddr *)&ss, ss_len) < 0 ? -errno : 0;
}
