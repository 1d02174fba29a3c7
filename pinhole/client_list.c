#include "pinhole/client_state.h"
#include "random.h"
#include <errno.h>
#include <stdlib.h>

/* Octets of one message for subscribers, and what all else takes at most: header, four names, nonce, password
 * algorithms, INNER-ADDRESS, ORDER, LIFETIME, PART, MESSAGE-INTEGRITY-SHA256, FINGERPRINT. */
#define ROOM 640u
#define ALL_ELSE (STUN_HEADER + 4 * (4 + MESSAGE_NAME + 1) + (4 + MESSAGE_NONCE + 1) + 16 + 24 + 12 + 8 + 12 + 36 + 8)

_Static_assert(ROOM + ALL_ELSE <= MESSAGE_MAX, "a part of a list does not fit");

static size_t octets(const struct message_subscriber *s)
{
	size_t len = (s->terminal.family == 4 ? 8 : 20) + s->identity.len;

	return 4 + ((len + 3) & ~(size_t)3);
}

size_t client_list_room(const struct client_list *l, size_t from)
{
	size_t n = 0, left = ROOM;

	while (from + n < l->n && octets(&l->each[from + n]) <= left)
		left -= octets(&l->each[from + n++]);
	return n;
}

void client_list_rewind(struct client_list *l)
{
	l->at = 0;
	l->part = 0;
	l->told = false;
}

void client_list_free(struct client_list *l)
{
	free(l->each);
	free(l->text);
	*l = (struct client_list){ 0 };
}

static bool is_valid(const struct message_subscriber *s)
{
	if (!s->terminal.family || !s->identity.len || s->identity.len > MESSAGE_IDENTITY)
		return false;
	for (size_t i = 0; i < s->identity.len; i++)
		if ((unsigned char)s->identity.p[i] < 0x20 || s->identity.p[i] == 0x7f)
			return false;
	return true;
}

/* Octets of all identities, at least 1; -EINVAL. */
static ssize_t measure(const struct message_subscriber *list, size_t n)
{
	size_t len = 1;

	for (size_t i = 0; i < n; i++) {
		if (!is_valid(&list[i]))
			return -EINVAL;
		len += list[i].identity.len;
	}
	return (ssize_t)len;
}

static uint16_t count_parts(const struct client_list *l)
{
	uint16_t parts = 0;
	size_t at = 0;

	do {
		at += client_list_room(l, at);
		parts++;
	} while (at < l->n);
	return parts;
}

static uint32_t new_id(uint32_t former)
{
	uint32_t id;

	do
		random_bytes(&id, sizeof(id));
	while (!id || id == former);
	return id;
}

int pinhole_client_subscribers(struct pinhole_client *c, const struct message_subscriber *list, size_t n,
			       uint64_t now_ms)
{
	struct client_list l = { .n = n };
	ssize_t len = n > PINHOLE_SUBSCRIBERS ? -E2BIG : measure(list, n);
	char *p;

	if (len < 0 || c->conf.kind != PINHOLE_REGISTER)
		return len < 0 ? (int)len : -EINVAL;
	l.each = calloc(n + 1, sizeof(*l.each));
	l.text = p = malloc((size_t)len);
	if (!l.each || !p) {
		client_list_free(&l);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		l.each[i] = list[i];
		l.each[i].identity.p = memcpy(p, list[i].identity.p, list[i].identity.len);
		p += list[i].identity.len;
	}
	l.parts = count_parts(&l);
	l.id = new_id(c->list.id);
	client_list_free(&c->list);
	c->list = l;
	c->has_part = false; /* what is under way is of the former list */
	pinhole_client_refresh(c, now_ms);
	return 0;
}
