#define LOG_SUBSYSTEM LOG_TRANSPORT

#include "trunk_state.h"

#include "log.h"
#include "metrics.h"

#include <errno.h>
#include <stdlib.h>

#define QUEUE_HIGH 131072u /* octets of the trunk's own queue past which DATA waits */
#define DEAD_PINGS 3u

/* ---- channels ---- */

static uint64_t id_hash(uint32_t id)
{
	return hash_bytes(&id, sizeof(id), 0);
}

struct channel *channel_find(const struct trunk *t, uint32_t id)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->channels, id_hash(id), n))) {
		struct channel *c = hash_entry(n, struct channel, by_id);

		if (c->id == id)
			return c;
	}
	return NULL;
}

struct channel *channel_new(struct trunk *t, uint32_t id)
{
	struct channel *c;

	if (t->channels.count >= t->conf.max_channels) {
		metric_add(M_TRUNK_CHANNELS_REFUSED, 1);
		errno = ENOSPC;
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->kind = HANDLE_CHANNEL;
	c->trunk = t;
	c->id = id;
	if (hash_put(&t->channels, &c->by_id, id_hash(id))) {
		free(c);
		errno = ENOMEM;
		return NULL;
	}
	metric_add(M_TRUNK_CHANNELS, 1);
	return c;
}

void channel_free(struct channel *c)
{
	if (c->is_ready)
		TAILQ_REMOVE(&c->trunk->ready, c, ready);
	hash_del(&c->trunk->channels, &c->by_id);
	metric_add(M_TRUNK_CHANNELS, -1);
	free(c);
}

void channel_make_ready(struct channel *c)
{
	if (!c->wants || !c->credit || c->is_ready)
		return;
	c->is_ready = true;
	TAILQ_INSERT_TAIL(&c->trunk->ready, c, ready);
}

/* The transport's side of it ends; the channel goes. */
static void lose(struct channel *c, int err)
{
	void *owner = c->owner;
	bool standing = c->state == CHANNEL_STANDING;

	channel_free(c);
	if (standing)
		net_on_closed(owner, err);
	else
		net_on_connected(owner, NULL, err ? err : -ECONNREFUSED);
}

/* ---- sending ---- */

void trunk_send(struct trunk *t, const struct trunk_frame *f)
{
	uint8_t octets[TRUNK_FRAME];

	flow_send(t->conf.transport, t->line.flow, NULL, octets, trunk_frame_write(f, octets));
}

bool trunk_has_room(const struct trunk *t)
{
	return flow_queued(t->conf.transport, t->line.flow) < QUEUE_HIGH;
}

static void refuse(struct trunk *t, uint32_t channel, enum trunk_reason reason)
{
	trunk_send(t, &(struct trunk_frame){ .type = TRUNK_REFUSED, .channel = channel, .reason = reason });
}

/* Each in its turn: who still has something to write goes to the end of the line. */
static void pump(struct trunk *t)
{
	struct channel *c;

	while ((c = TAILQ_FIRST(&t->ready)) && trunk_has_room(t)) {
		TAILQ_REMOVE(&t->ready, c, ready);
		c->is_ready = false;
		if (c->wants && c->credit)
			net_on_writable(c->owner);
	}
}

void trunk_drained(struct trunk *t)
{
	pump(t);
}

/* ---- frames: 0, or -EPROTO when the far end breaks the rules ---- */

static int on_open(struct trunk *t, const struct trunk_frame *f)
{
	struct pn_addr remote = t->line.remote;
	struct channel *c;

	if ((f->channel & 1) == t->line.dialled || f->octets > TRUNK_WINDOW_MAX || channel_find(t, f->channel))
		return -EPROTO;
	c = channel_new(t, f->channel);
	if (!c) {
		refuse(t, f->channel, TRUNK_LIMIT);
		return 0;
	}
	c->state = CHANNEL_ACCEPTING;
	c->credit = f->octets;
	if (t->line.dialled)
		remote.port = f->source.port;
	c->owner = transport_accept(t->conf.transport, t->line.realm, c, &f->target, &remote);
	if (!c->owner) {
		channel_free(c);
		refuse(t, f->channel, TRUNK_NOBODY);
		return 0;
	}
	c->state = CHANNEL_STANDING;
	trunk_send(t, &(struct trunk_frame){ .type = TRUNK_OPENED, .channel = c->id, .octets = TRUNK_WINDOW });
	channel_make_ready(c);
	pump(t);
	return 0;
}

static int on_opened(struct channel *c, const struct trunk_frame *f)
{
	if (c->state != CHANNEL_OPENING || f->octets > TRUNK_WINDOW_MAX)
		return -EPROTO;
	c->state = CHANNEL_STANDING;
	c->credit = f->octets;
	net_on_connected(c->owner, &c->local, 0);
	return 0;
}

static int on_refused(struct channel *c, const struct trunk_frame *f)
{
	if (c->state != CHANNEL_OPENING)
		return -EPROTO;
	lose(c, f->reason == TRUNK_LIMIT ? -ENOSPC : -ECONNREFUSED);
	return 0;
}

static int on_data(struct channel *c, const struct trunk_frame *f)
{
	struct trunk *t = c->trunk;

	if (c->state != CHANNEL_STANDING || c->ended)
		return -EPROTO;
	c->eaten += (uint32_t)f->len;
	net_on_data(c->owner, f->data, f->len);
	c = channel_find(t, f->channel); /* the data may have ended it */
	if (!c || c->eaten < TRUNK_WINDOW / 2)
		return 0;
	trunk_send(t, &(struct trunk_frame){ .type = TRUNK_CREDIT, .channel = c->id, .octets = c->eaten });
	c->eaten = 0;
	return 0;
}

static int on_credit(struct channel *c, const struct trunk_frame *f)
{
	struct trunk *t = c->trunk;

	if (c->state != CHANNEL_STANDING || f->octets > TRUNK_WINDOW_MAX - c->credit)
		return -EPROTO;
	c->credit += f->octets;
	channel_make_ready(c);
	pump(t);
	return 0;
}

static int on_eof(struct channel *c, const struct trunk_frame *f)
{
	(void)f;
	if (c->state != CHANNEL_STANDING || c->ended)
		return -EPROTO;
	c->ended = true;
	net_on_eof(c->owner);
	return 0;
}

static int on_close(struct channel *c, const struct trunk_frame *f)
{
	lose(c, f->reason == TRUNK_NORMAL ? 0 : -ECONNRESET);
	return 0;
}

static int (*const on_channel[TRUNK_TYPES])(struct channel *c, const struct trunk_frame *f) = {
	[TRUNK_OPENED] = on_opened, [TRUNK_REFUSED] = on_refused, [TRUNK_DATA] = on_data,
	[TRUNK_CREDIT] = on_credit, [TRUNK_EOF] = on_eof,	  [TRUNK_CLOSE] = on_close,
};

static int on_frame(struct trunk *t, const struct trunk_frame *f)
{
	struct channel *c;

	if (f->type == TRUNK_OPEN)
		return on_open(t, f);
	if (f->type == TRUNK_PING)
		trunk_send(t, &(struct trunk_frame){ .type = TRUNK_PONG, .data = f->data, .len = f->len });
	if (!on_channel[f->type])
		return 0;
	c = channel_find(t, f->channel);
	return c ? on_channel[f->type](c, f) : 0; /* none: it was closed here while this was on its way */
}

void trunk_input(struct trunk *t, const uint8_t *data, size_t len)
{
	struct trunk_frame f;
	int err;

	if (!t->up)
		return;
	trunk_heard(t);
	err = trunk_frame_read(data, len, &f) ? -EPROTO : on_frame(t, &f);
	if (!err)
		return;
	metric_add(M_TRUNK_BROKEN, 1);
	log_info("trunk %s: broken by %s", addr_text(&t->line.remote), trunk_type_name(data[0] & 0x7f));
	t->conf.broken(t->conf.arg, err);
}

/* ---- life ---- */

void trunk_heard(struct trunk *t)
{
	t->heard_ms = loop_now(t->conf.loop);
}

static void on_ping(struct timer *timer)
{
	struct trunk *t = timer->arg;
	uint64_t quiet = loop_now(t->conf.loop) - t->heard_ms, ping = t->conf.ping_ms;

	if (quiet >= DEAD_PINGS * ping ||
	    timer_start(t->conf.loop, timer, quiet < ping ? ping - quiet : ping)) {
		t->conf.broken(t->conf.arg, -ETIMEDOUT);
		return;
	}
	if (quiet >= ping)
		trunk_send(t, &(struct trunk_frame){ .type = TRUNK_PING });
}

struct trunk *trunk_new(const struct trunk_conf *c)
{
	struct trunk *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->conf = *c;
	hash_init(&t->channels);
	TAILQ_INIT(&t->ready);
	t->ping.fn = on_ping;
	t->ping.arg = t;
	return t;
}

void trunk_free(struct trunk *t)
{
	if (!t)
		return;
	trunk_down(t, -ENETDOWN);
	hash_free(&t->channels);
	free(t);
}

int trunk_up(struct trunk *t, const struct trunk_line *l)
{
	int err = timer_start(t->conf.loop, &t->ping, t->conf.ping_ms);

	if (err)
		return err;
	t->line = *l;
	t->last_id = l->dialled ? UINT32_MAX : 0; /* 2 below the first */
	t->up = true;
	trunk_heard(t);
	return 0;
}

static int lose_one(struct hash_node *n, void *arg)
{
	lose(hash_entry(n, struct channel, by_id), *(const int *)arg);
	return 0;
}

void trunk_down(struct trunk *t, int err)
{
	if (!t->up)
		return;
	t->up = false;
	timer_stop(t->conf.loop, &t->ping);
	hash_each(&t->channels, lose_one, &err);
}

void trunk_break(struct trunk *t, int err)
{
	if (t->up)
		t->conf.broken(t->conf.arg, err);
}

bool trunk_is_up(const struct trunk *t)
{
	return t->up;
}

const struct trunk_line *trunk_line(const struct trunk *t)
{
	return &t->line;
}

size_t trunk_channels(const struct trunk *t)
{
	return t->channels.count;
}
