/* Which subscribers stand behind which socket: the bindings whose aliases lie in the gateway's realm. One with an
 * alias that is a socket of its own is behind that one, all others behind their module's listeners. */
#define LOG_SUBSYSTEM LOG_BINDING

#include "uplink_state.h"

#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIST_FIRST 16u

static int add(struct uplink_subscribers *s, struct pn_str identity, const struct pn_addr *terminal)
{
	if (s->n == PINHOLE_SUBSCRIBERS)
		return -E2BIG;
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : LIST_FIRST;
		struct message_subscriber *list = realloc(s->list, cap * sizeof(*list));

		if (!list)
			return -ENOMEM;
		s->list = list;
		s->cap = cap;
	}
	s->list[s->n++] = (struct message_subscriber){ identity, *terminal };
	return 0;
}

static int on_binding(struct pn_binding *b, void *arg)
{
	const struct pn_binding_info *i = binding_info(b);
	struct uplinks *u = arg;
	struct uplink *own = i->alias_udp ? uplink_of_flow(u, i->alias_udp) : NULL;

	if (i->state != PN_ACTIVE || i->alias_realm != u->who.realm || i->identity.len > MESSAGE_IDENTITY)
		return 0;
	if (own)
		return add(&own->subscribers, i->identity, &i->pinhole);
	for (struct uplink *l = u->all; l && !i->alias_udp; l = l->next) {
		int err = l->module == binding_owner(b) ? add(&l->subscribers, i->identity, &i->pinhole) : 0;

		if (err)
			return err;
	}
	return 0;
}

static uint64_t digest(const struct uplink_subscribers *s)
{
	uint64_t d = s->n;

	for (size_t i = 0; i < s->n; i++)
		d = addr_hash(&s->list[i].terminal, hash_bytes(s->list[i].identity.p, s->list[i].identity.len, d));
	return d;
}

static void tell(struct uplink *l, uint64_t now_ms)
{
	uint64_t d = digest(&l->subscribers);
	int err;

	if (d == l->told)
		return;
	err = pinhole_client_subscribers(l->client, l->subscribers.list, l->subscribers.n, now_ms);
	if (err)
		log_error("uplink %s: its subscribers are not told: %s", addr_text(&l->local), strerror(-err));
	else
		l->told = d;
}

void uplink_subscribers(struct uplinks *u)
{
	int err;

	for (struct uplink *l = u->all; l; l = l->next)
		l->subscribers.n = 0;
	err = bindings_each(u->c.bindings, on_binding, u);
	if (err)
		log_error("uplink: subscribers are not told: %s", strerror(-err));
	for (struct uplink *l = u->all; l && !err; l = l->next)
		tell(l, loop_now(u->c.loop));
}
