#define LOG_SUBSYSTEM LOG_MEDIA
#include "log.h"
#include "media_pinhole_state.h"
#include "pinhole/message.h"
#include "random.h"
#include <errno.h>
#include <string.h>

/* ---- for streams ---- */

uint32_t media_pinholes_agent(struct media_pinholes *p, const struct pn_realm *r, const struct pn_addr *signalling)
{
	const struct pinhole_agent *a = signalling->family
		? p->conf.auth->network(p->conf.pinholes, r, signalling) : NULL;

	return a ? a->id : 0;
}

static const struct media_hole *find_owned(const struct media_pinholes *p, const struct media_owner *who,
					   const struct pn_addr *declared)
{
	const struct hole_agent *a = hole_agent_by_id(&p->table, who->agent);
	const struct media_hole *h = hole_at(&p->table, who->realm->index, declared);

	if (!a)
		return NULL;
	return h && h->agent == a ? h : hole_of_agent(&p->table, a, declared);
}

/* The pinhole itself, made by plain STUN from that IP. */
static const struct media_hole *find_named(const struct media_pinholes *p, const struct media_owner *who,
					   const struct pn_addr *declared)
{
	const struct media_hole *h = hole_at(&p->table, who->realm->index, declared);

	return h && !h->agent && addr_same_ip(&h->where, &who->ip) ? h : NULL;
}

/* What plain STUN says of inner addresses counts nothing beside an agent: all behind its NAT could say it. */
const struct media_hole *media_pinholes_find(struct media_pinholes *p, const struct media_owner *who,
					     const struct pn_addr *declared)
{
	const struct media_hole *h;

	if (!declared->family)
		return NULL;
	h = who->agent ? find_owned(p, who, declared) : NULL;
	if (h)
		return h->where.family ? h : NULL;
	if (!who->ip.family)
		return NULL;
	h = find_named(p, who, declared);
	return h || who->agent ? h : hole_plain(&p->table, who->realm->index, &who->ip, declared);
}

const struct media_hole *media_pinholes_by_id(struct media_pinholes *p, uint32_t id)
{
	return hole_by_id(&p->table, id);
}

int media_pinholes_join(struct media_pinholes *p, uint32_t id, uint32_t stream, unsigned side, unsigned component)
{
	struct media_hole *h = hole_by_id(&p->table, id);

	if (!h)
		return -ENOENT;
	if (!h->stream)
		hole_join(&p->table, h, stream, side, component);
	return h->stream == stream && h->side == side && h->component == component ? 0 : -EEXIST;
}

void media_pinholes_leave(struct media_pinholes *p, uint32_t id)
{
	struct media_hole *h = hole_by_id(&p->table, id);

	if (!h)
		return;
	media_pinholes_pair(p, id, 0);
	hole_leave(&p->table, h, loop_now(p->conf.loop));
}

/* ---- media that returns to its agent ---- */

static uint64_t next_order(struct media_pinholes *p)
{
	uint64_t now = loop_wall(p->conf.loop) * 1000;

	p->last_order = now > p->last_order ? now : p->last_order + 1;
	return p->last_order;
}

/* It may get lost: the answers to later CMPHs say it too. */
static void indicate(struct media_pinholes *p, const struct media_hole *h)
{
	const struct pn_realm *realm = realms_at(p->conf.realms, h->realm);
	struct pn_str network = str_of(h->agent->network);
	struct message m = {
		.stun = { .cls = STUN_INDICATION,
			  .method = h->peer_inner.family ? MESSAGE_JOIN : MESSAGE_UNJOIN },
		.inner = h->inner, .peer_inner = h->peer_inner, .order = next_order(p),
	};
	struct relay_place port = { .realm = h->realm };
	uint8_t key[PINHOLE_KEY], out[MESSAGE_MAX];
	int len;

	if (!h->where.family || !realm || p->conf.auth->key(p->conf.pinholes, realm, network, key))
		return;
	random_bytes(m.stun.tid, sizeof(m.stun.tid));
	len = message_write(&m, NULL, 0, key, out, sizeof(out));
	if (len > 0)
		relay_stun_send(p->conf.relay, &port, &h->where, out, (size_t)len);
}

static void set_peer(struct media_pinholes *p, struct media_hole *h, const struct media_hole *other)
{
	if (h->peer == (other ? other->id : 0))
		return;
	h->peer = other ? other->id : 0;
	h->peer_inner = other ? other->inner : (struct pn_addr){ 0 };
	indicate(p, h);
}

/* Whom it was paired with is so no more, unless that is `but`. */
static void part(struct media_pinholes *p, const struct media_hole *h, const struct media_hole *but)
{
	struct media_hole *former = h->peer ? hole_by_id(&p->table, h->peer) : NULL;

	if (former && former != but && former->peer == h->id)
		set_peer(p, former, NULL);
}

void media_pinholes_pair(struct media_pinholes *p, uint32_t id, uint32_t peer)
{
	struct media_hole *h = hole_by_id(&p->table, id), *other = peer ? hole_by_id(&p->table, peer) : NULL;

	if (!h || !h->agent)
		return;
	if (other && (other->agent != h->agent || other == h))
		other = NULL;
	part(p, h, other);
	set_peer(p, h, other);
	if (!other)
		return;
	part(p, other, h);
	set_peer(p, other, h);
}

/* ---- show ---- */

#define ROW_MAX 2048u /* no row is longer */

struct listing {
	struct media_pinholes *p;
	struct buf *out;
};

/* Where media for it arrives: at the other side's port of its stream. */
static void put_received(struct media_pinholes *p, const struct media_hole *h, struct buf *out)
{
	struct relay_place at = { .stream = h->stream, .side = !h->side, .component = h->component };
	struct pn_addr local;

	if (h->stream && !relay_local(p->conf.relay, &at, &local))
		json_addr(out, "received", &local);
	else
		json_addr(out, "received", NULL);
}

static int put_row(struct hash_node *n, void *arg)
{
	struct listing *l = arg;
	const struct media_hole *h = hash_entry(n, struct media_hole, by_id);
	const struct pn_realm *realm = realms_at(l->p->conf.realms, h->realm);

	if (l->out->max - l->out->len < ROW_MAX)
		return -ENOBUFS;
	json_open(l->out, NULL, '{');
	json_text(l->out, "realm", realm ? realm->info.name : NULL);
	json_text(l->out, "network", h->agent ? h->agent->network : NULL);
	json_text(l->out, "agent", h->agent ? h->agent->name : NULL);
	put_received(l->p, h, l->out);
	json_addr(l->out, "through", &h->where);
	json_addr(l->out, "final", h->final.family ? &h->final : &h->inner);
	json_addr(l->out, "inner", &h->inner);
	json_text(l->out, "media", !h->stream ? NULL : h->component == RELAY_RTCP ? "rtcp" : "rtp");
	json_num(l->out, "seen_ms", (int64_t)(loop_now(l->p->conf.loop) - h->seen_ms));
	return json_close(l->out, '}');
}

int media_pinholes_json(struct media_pinholes *p, struct buf *out)
{
	struct listing l = { p, out };
	int err = json_open(out, NULL, '[');

	if (!err)
		err = hash_each(&p->table.id, put_row, &l);
	return err ? err : json_close(out, ']');
}
