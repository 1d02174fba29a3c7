/* Messages that wait: copies, and the queue of those behind a declaration. */
#ifndef CORE_MEDIA_HOLD_H
#define CORE_MEDIA_HOLD_H

#include "postern/module.h"

struct sessions;

struct held {
	struct held *next;
	struct pn_msg msg; /* data points into this very object */
	size_t bytes, key_len;
	uint8_t text[];    /* key, then data */
};

struct held_queue {
	struct held *head, **tail;
	unsigned count;
};

/* A copy, counted in the table's held octets. NULL and errno: ENOBUFS past the cap, ENOMEM. */
struct held *held_new(struct sessions *t, const struct pn_msg *m, struct pn_str key);
void held_free(struct sessions *t, struct held *h);
void held_drop(struct pn_session *s);    /* the whole queue */
void held_deliver(struct pn_session *s); /* in order, until a new wait begins */
/* All of it in order: the session is over, and its module decides what a message means now. */
void held_hand_back(struct pn_session *s);

#endif
