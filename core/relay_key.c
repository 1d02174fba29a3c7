#include "relay_key.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define SEARCHES_MAX 500u /* per second: a flood of RTCP must not cost more than it takes to drop it */

static uint64_t ip_hash(const struct pn_addr *a)
{
	struct pn_addr ip = *a;

	ip.port = 0;
	return addr_hash(&ip, 0);
}

void engine_shared_init(struct engine_shared *h)
{
	for (unsigned c = 0; c < 2; c++) {
		h->port[c].shared = h;
		h->port[c].component = (uint8_t)c;
		h->port[c].fd = -1;
	}
	hash_init(&h->sources);
	hash_init(&h->ips);
	hash_init(&h->lates);
}

void engine_shared_free(struct engine_shared *h)
{
	if (!h)
		return;
	for (unsigned c = 0; c < 2; c++)
		if (h->port[c].fd >= 0)
			close(h->port[c].fd);
	hash_free(&h->sources);
	hash_free(&h->ips);
	hash_free(&h->lates);
	free(h);
}

int engine_key_add(struct engine_shared *h, struct engine_key *k)
{
	int err = hash_put(&h->sources, &k->by_source, addr_hash(&k->source, 0));

	if (err || k->to.component != RELAY_RTP)
		return err;
	err = hash_put(&h->ips, &k->by_ip, ip_hash(&k->source));
	if (err)
		hash_del(&h->sources, &k->by_source);
	return err;
}

static void forget_late(struct engine_shared *h, struct engine_key *k)
{
	if (k->late.family)
		hash_del(&h->lates, &k->by_late);
	k->late.family = 0;
}

void engine_key_del(struct engine_shared *h, struct engine_key *k)
{
	hash_del(&h->sources, &k->by_source);
	if (k->to.component != RELAY_RTP)
		return;
	hash_del(&h->ips, &k->by_ip);
	forget_late(h, k);
}

static struct engine_key *key_of(const struct engine_shared *h, const struct pn_addr *from)
{
	uint64_t hash = addr_hash(from, 0);
	struct hash_node *n = NULL;

	while ((n = hash_find(&h->sources, hash, n))) {
		struct engine_key *k = hash_entry(n, struct engine_key, by_source);

		if (addr_eq(&k->source, from))
			return k;
	}
	return NULL;
}

/* ---- RTCP at the port above ---- */

static struct engine_key *late_of(const struct engine_shared *h, const struct pn_addr *from)
{
	uint64_t hash = addr_hash(from, 0);
	struct hash_node *n = NULL;

	while ((n = hash_find(&h->lates, hash, n))) {
		struct engine_key *k = hash_entry(n, struct engine_key, by_late);

		if (addr_eq(&k->late, from))
			return k;
	}
	return NULL;
}

static bool may_search(const struct engine *e, struct engine_shared *h)
{
	uint64_t now = e->now_us / 1000;

	if (now - h->budget_ms >= 1000) {
		h->budget_ms = now;
		h->searches = 0;
	}
	return h->searches++ < SEARCHES_MAX;
}

/* NULL also when several match: none can be told from the other. */
static struct engine_key *key_with(const struct engine_shared *h, const struct pn_addr *from, uint32_t ssrc)
{
	uint64_t hash = ip_hash(from);
	struct engine_key *found = NULL;
	struct hash_node *n = NULL;

	while ((n = hash_find(&h->ips, hash, n))) {
		struct engine_key *k = hash_entry(n, struct engine_key, by_ip);

		if (k->ssrc != ssrc || !addr_same_ip(&k->source, from))
			continue;
		if (found)
			return NULL;
		found = k;
	}
	return found;
}

static struct engine_key *key_above(const struct engine *e, struct engine_shared *h, const struct pn_addr *from,
				    const uint8_t *data, size_t len)
{
	struct engine_key *k = late_of(h, from);
	struct packet_facts facts;

	if (k)
		return k;
	rtp_classify(data, len, &facts);
	if (facts.class != PACKET_RTCP || !facts.ssrc || !may_search(e, h))
		return NULL;
	k = key_with(h, from, facts.ssrc);
	if (!k)
		return NULL;
	forget_late(h, k);
	if (hash_put(&h->lates, &k->by_late, addr_hash(from, 0)))
		return NULL;
	k->late = *from;
	return k;
}

/* ---- packets ---- */

static void unjoined(struct engine *e)
{
	engine_bump(&e->totals.rx, 1);
	engine_bump(&e->totals.unjoined, 1);
}

static void note_ssrc(struct engine_key *k, const uint8_t *data, size_t len)
{
	if (len >= 12 && data[0] >> 6 == 2 && (data[1] < 192 || data[1] > 223))
		k->ssrc = (uint32_t)data[8] << 24 | (uint32_t)data[9] << 16 | (uint32_t)data[10] << 8 | data[11];
}

/* RTCP that has no pinhole of its own leaves from where it came to. */
static struct engine_port *port_of(struct engine_stream *s, const struct engine_hop *to, bool above)
{
	struct engine_port *p = &s->port[to->side][to->component];
	const struct engine_leg *l = s->leg[to->side ? s->current : 0];

	if (above && p->shared && l && !l->path[RELAY_RTCP].rules.declared.family) {
		p->fd = p->shared->port[RELAY_RTCP].fd;
		p->local.port = p->shared->port[RELAY_RTCP].local.port;
	}
	return p;
}

void engine_parcel_in(struct engine *e, const struct engine_hop *to, const struct engine_parcel *parcel)
{
	struct engine_stream *s = engine_find(e, to->stream);

	if (parcel->kind == PARCEL_HOP) {
		engine_hop_in(e, to, parcel);
		return;
	}
	if (s)
		engine_input(e, port_of(s, to, parcel->kind == PARCEL_ABOVE), parcel->from, parcel->data,
			     parcel->len);
	else
		unjoined(e);
}

static void tell_stun(const struct engine *e, const struct engine_port *at, const struct engine_key *k,
		      const struct engine_parcel *parcel)
{
	struct relay_place place = { .realm = at->realm, .component = at->component };

	if (k) {
		place.stream = k->to.stream;
		place.side = k->to.side;
		place.component = k->to.component;
	}
	e->ops->stun(e->arg, &place, parcel);
}

void engine_shared_input(struct engine *e, struct engine_shared *h, unsigned component,
			 const struct pn_addr *from, const uint8_t *data, size_t len)
{
	struct engine_parcel parcel = { .from = from, .data = data, .len = len, .kind = PARCEL_SHARED };
	struct engine_key *k = component ? NULL : key_of(h, from);
	struct engine_hop to;

	if (rtp_is_stun(data, len)) {
		tell_stun(e, &h->port[component], k, &parcel);
		return;
	}
	if (component)
		k = key_above(e, h, from, data, len);
	if (!k) {
		unjoined(e);
		return;
	}
	to = k->to;
	if (component) {
		to.component = RELAY_RTCP;
		parcel.kind = PARCEL_ABOVE;
	} else if (to.component == RELAY_RTP) {
		note_ssrc(k, data, len);
	}
	if (to.thread == e->thread)
		engine_parcel_in(e, &to, &parcel);
	else if (e->ops->hop(e->arg, &to, &parcel))
		engine_bump(&e->totals.hop_full, 1);
}
