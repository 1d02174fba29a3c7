#include "addr.h"
#include "pinhole/client_state.h"
#include <errno.h>

#define CHALLENGES 3u /* in a row: more is a gateway that never has enough */

/* ---- refusals ---- */

/* The nonce of a challenge or a success: for this socket, or for all CMPHs. */
static int take_nonce(struct pinhole_client *c, struct pn_str nonce, bool challenge)
{
	if (!challenge || c->conf.kind == PINHOLE_MEDIA)
		return login_set_nonce(c->conf.login, nonce);
	if (!nonce.len || nonce.len > MESSAGE_NONCE)
		return -EPROTO;
	memcpy(c->nonce, nonce.p, c->nonce_len = nonce.len);
	return 0;
}

/* Does this answer ask for (other) credentials that we have? */
static bool meets_challenge(struct pinhole_client *c, const struct message *m)
{
	bool stale = m->error.code == 438;

	if (c->conf.kind == PINHOLE_PLAIN || (!stale && m->error.code != 401) || ++c->challenges > CHALLENGES)
		return false;
	if (!stale && c->is_signed && str_eq(m->realm, pinhole_login_realm(c->conf.login)))
		return false; /* they know us, and not like this */
	return m->offers_sha256 && !login_set_realm(c->conf.login, m->realm) && !take_nonce(c, m->nonce, true);
}

static enum pinhole_event on_error(struct pinhole_client *c, uint64_t now_ms, const struct message *m)
{
	if (meets_challenge(c, m)) {
		c->sent = 0;
		c->due_ms = now_ms;
		return PINHOLE_NOTHING;
	}
	client_fail(c, now_ms, m->error.code);
	return PINHOLE_REFUSED;
}

/* ---- success ---- */

/* What the gateway has of the list; false: it has not got what it was sent. */
static bool on_part(struct pinhole_client *c, const struct message *m)
{
	struct client_list *l = &c->list;

	if (!l->id || !c->is_signed)
		return true;
	if (c->has_part) {
		l->at += c->part_n;
		l->part++;
		if (l->part < l->parts)
			return true;
		l->told = m->part.list == l->id;
		return l->told;
	}
	if (m->part.list != l->id) {
		c->forgotten += l->told;
		client_list_rewind(l);
	}
	return true;
}

static enum pinhole_event judge_change(struct pinhole_client *c, const struct message *m)
{
	struct pn_addr former = c->mapped;
	bool was_open = c->open;

	c->mapped = m->mapped;
	c->open = true;
	if (!was_open)
		return PINHOLE_OPEN;
	return addr_eq(&former, &m->mapped) ? PINHOLE_KEPT : PINHOLE_MOVED;
}

static enum pinhole_event set_peer(struct pinhole_client *c, const struct pn_addr *peer)
{
	if (addr_eq(&c->peer, peer))
		return PINHOLE_NOTHING;
	c->peer = *peer;
	return peer->family ? PINHOLE_JOINED : PINHOLE_UNJOINED;
}

static enum pinhole_event on_success(struct pinhole_client *c, uint64_t now_ms, const struct message *m)
{
	bool doubtful = c->sent > 1 && c->is_signed, listed = on_part(c, m);
	enum pinhole_event event, joined;

	if (!listed) {
		client_fail(c, now_ms, -EPROTO);
		return PINHOLE_REFUSED;
	}
	c->sent = 0;
	c->challenges = 0;
	c->error = 0;
	c->pause_ms = CLIENT_PAUSE_MS;
	c->answered_ms = now_ms;
	c->lifetime_s = m->lifetime_s;
	if (c->conf.kind == PINHOLE_REGISTER && m->nonce.len && !login_set_realm(c->conf.login, m->realm))
		take_nonce(c, m->nonce, false);
	event = judge_change(c, m);
	joined = c->conf.kind == PINHOLE_MEDIA ? set_peer(c, &m->peer_inner) : PINHOLE_NOTHING;
	/* A request that was sent twice may have been known from where it came first: tell the gateway anew. */
	c->wanted = c->wanted || (c->list.id && !c->list.told) || (event == PINHOLE_MOVED && doubtful);
	c->due_ms = c->wanted ? now_ms : client_refresh_at(c);
	return event == PINHOLE_KEPT && joined != PINHOLE_NOTHING ? joined : event;
}

/* ---- what comes in ---- */

/* An indication counts only when it is of the gateway (it has the key), for this socket, and later than all. */
static enum pinhole_event on_indication(struct pinhole_client *c, const struct message *m)
{
	const struct pn_addr none = { 0 };

	if (c->conf.kind != PINHOLE_MEDIA || m->stun.method == MESSAGE_CMPH || m->stun.method == MESSAGE_REGISTER)
		return PINHOLE_NOT_OURS;
	if (!addr_eq(&m->inner, &c->conf.inner) || m->order <= c->joined_order || !c->conf.login->realm_len ||
	    !stun_is_authentic(&m->stun, c->conf.login->key))
		return PINHOLE_NOTHING;
	c->joined_order = m->order;
	return set_peer(c, m->stun.method == MESSAGE_JOIN ? &m->peer_inner : &none);
}

/* RFC 8489 s.9.2.5: a success is signed, as the request was, and what is signed is so by the key. */
static bool is_credible(const struct pinhole_client *c, const struct message *m)
{
	if (c->conf.kind == PINHOLE_PLAIN)
		return true;
	if (m->stun.integrity && c->is_signed)
		return stun_is_authentic(&m->stun, c->conf.login->key);
	return m->stun.cls == STUN_ERROR;
}

enum pinhole_event pinhole_client_input(struct pinhole_client *c, uint64_t now_ms, const struct pn_addr *from,
					const void *data, size_t len)
{
	uint16_t method = c->conf.kind == PINHOLE_REGISTER ? MESSAGE_REGISTER : MESSAGE_CMPH;
	struct message m;
	int err;

	if (!addr_eq(from, &c->conf.gateway) || !stun_is(data, len))
		return PINHOLE_NOT_OURS;
	err = message_parse(data, len, &m);
	if (err == -EBADMSG || m.stun.cls == STUN_REQUEST)
		return PINHOLE_NOT_OURS;
	if (m.stun.cls == STUN_INDICATION)
		return err ? PINHOLE_NOTHING : on_indication(c, &m);
	if (m.stun.method != method)
		return PINHOLE_NOT_OURS;
	if (!c->sent || memcmp(m.stun.tid, c->tid, STUN_TID))
		return !memcmp(m.stun.tid, c->tid, STUN_TID) || !memcmp(m.stun.tid, c->former_tid, STUN_TID) ?
			       PINHOLE_NOTHING :
			       PINHOLE_NOT_OURS;
	if (err || !is_credible(c, &m))
		return PINHOLE_NOTHING;
	return m.stun.cls == STUN_ERROR ? on_error(c, now_ms, &m) : on_success(c, now_ms, &m);
}
