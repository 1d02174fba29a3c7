#define LOG_SUBSYSTEM LOG_MEDIA
#include "media_hold.h"
#include "log.h"
#include "metrics.h"
#include "media_wait.h"
#include "session_state.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct held *held_new(struct sessions *t, const struct pn_msg *m, struct pn_str key)
{
	size_t bytes = sizeof(struct held) + key.len + m->len;
	struct held *h;

	if (bytes > MEDIA_HELD_BYTES_MAX - t->held_bytes) {
		metric_add(M_HELD_OVERFLOW, 1);
		errno = ENOBUFS;
		return NULL;
	}
	h = malloc(bytes);
	if (!h)
		return NULL;
	*h = (struct held){ .msg = *m, .bytes = bytes, .key_len = key.len };
	if (key.len)
		memcpy(h->text, key.p, key.len);
	if (m->len)
		memcpy(h->text + key.len, m->data, m->len);
	h->msg.data = h->text + key.len;
	t->held_bytes += bytes;
	metric_add(M_MEDIA_HELD, 1);
	return h;
}

void held_free(struct sessions *t, struct held *h)
{
	if (!h)
		return;
	t->held_bytes -= h->bytes;
	free(h);
}

static void queue_add(struct held_queue *q, struct held *h)
{
	if (!q->head)
		q->tail = &q->head;
	*q->tail = h;
	q->tail = &h->next;
	q->count++;
}

static struct held *queue_take(struct held_queue *q)
{
	struct held *h = q->head;

	q->head = h->next;
	q->count--;
	return h;
}

void held_drop(struct pn_session *s)
{
	while (s->queue.head)
		held_free(s->t, queue_take(&s->queue));
}

static void deliver_next(struct pn_session *s)
{
	struct held *h = queue_take(&s->queue);

	h->msg.flags |= PN_MSG_HELD;
	h->msg.now_ms = loop_now(s->t->conf.loop);
	s->delivering = true;
	s->t->conf.events->message(s->owner, &h->msg);
	s->delivering = false;
	held_free(s->t, h);
}

void held_deliver(struct pn_session *s)
{
	while (s->queue.head && !s->wait && !s->ended)
		deliver_next(s);
}

void held_hand_back(struct pn_session *s)
{
	while (s->queue.head)
		deliver_next(s);
}

int media_pending(const struct pn_session *s)
{
	if (s->ended)
		return 0;
	return s->wait || (s->queue.head && !s->delivering);
}

static bool queued(const struct pn_session *s, struct pn_str key)
{
	for (const struct held *h = s->queue.head; h; h = h->next)
		if (str_eq((struct pn_str){ (const char *)h->text, h->key_len }, key))
			return true;
	return false;
}

int media_hold(struct pn_session *s, const struct pn_msg *m, struct pn_str key)
{
	struct held *h;

	if (!media_pending(s))
		return -ENOENT;
	if (queued(s, key) || media_wait_same(s, m))
		return -EALREADY;
	if (s->queue.count >= MEDIA_HELD_MAX) {
		metric_add(M_HELD_OVERFLOW, 1);
		log_debug("session %s: message not held: %u wait already", s->rec.id, s->queue.count);
		return -ENOBUFS;
	}
	h = held_new(s->t, m, key);
	if (!h)
		return -errno;
	queue_add(&s->queue, h);
	return 0;
}
