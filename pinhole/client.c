#include "pinhole/client_state.h"
#include "random.h"
#include <errno.h>
#include <stdlib.h>

/* RFC 8489 s.6.2.1 */
#define RTO_MS 500u
#define RC 7u
#define RM 16u
#define RELIABLE_MS 39500u /* s.6.2.2, Ti */
#define PAUSE_LAST_MS 32000u

static bool is_valid(const struct pinhole_client_conf *c)
{
	bool plain = c->kind == PINHOLE_PLAIN;

	if (!c->gateway.family || !c->gateway.port || (!plain && (!c->login || !c->inner.family)))
		return false;
	return c->kind != PINHOLE_REGISTER || (c->protocol.len && c->protocol.len <= MESSAGE_NAME);
}

struct pinhole_client *pinhole_client_new(const struct pinhole_client_conf *conf, uint64_t now_ms)
{
	struct pinhole_client *c;

	if (!is_valid(conf)) {
		errno = EINVAL;
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->conf = *conf;
	if (conf->kind == PINHOLE_REGISTER)
		c->conf.protocol.p = memcpy(c->protocol, conf->protocol.p, conf->protocol.len);
	buf_init(&c->request, MESSAGE_MAX);
	c->due_ms = now_ms;
	c->pause_ms = CLIENT_PAUSE_MS;
	return c;
}

void pinhole_client_free(struct pinhole_client *c)
{
	if (!c)
		return;
	client_list_free(&c->list);
	buf_free(&c->request);
	free(c);
}

void client_fail(struct pinhole_client *c, uint64_t now_ms, int error)
{
	c->sent = 0;
	c->challenges = 0;
	c->wanted = false;
	c->error = error;
	c->open = false;
	c->mapped = (struct pn_addr){ 0 };
	client_list_rewind(&c->list);
	c->due_ms = now_ms + c->pause_ms + random_below((uint32_t)c->pause_ms / 2);
	c->pause_ms = c->pause_ms < PAUSE_LAST_MS ? 2 * c->pause_ms : PAUSE_LAST_MS;
}

uint64_t client_refresh_at(const struct pinhole_client *c)
{
	uint64_t keep = c->conf.keep_ms, half = (uint64_t)c->lifetime_s * 500;

	if (!keep)
		return UINT64_MAX;
	return c->answered_ms + (half && half < keep ? half : keep);
}

/* ---- requests ---- */

static struct pn_str nonce_of(const struct pinhole_client *c)
{
	if (c->conf.kind == PINHOLE_MEDIA)
		return pinhole_login_nonce(c->conf.login);
	return (struct pn_str){ c->nonce, c->nonce_len };
}

/* Who we are, and proof of it as soon as the gateway told its realm and a nonce. */
static const uint8_t *add_login(const struct pinhole_client *c, struct message *m)
{
	const struct pinhole_login *l = c->conf.login;

	m->agent = login_agent(l);
	m->realm = pinhole_login_realm(l);
	m->nonce = nonce_of(c);
	if (!m->nonce.len || !m->realm.len) {
		m->realm = m->nonce = (struct pn_str){ NULL, 0 };
		return NULL;
	}
	m->username = login_network(l);
	m->offers_sha256 = m->chooses_sha256 = true;
	return l->key;
}

static void add_registration(const struct pinhole_client *c, struct message *m)
{
	const struct client_list *l = &c->list;

	m->protocol = c->conf.protocol;
	if (m->has_lifetime)
		return; /* the end */
	m->lifetime_s = c->conf.lifetime_s;
	m->has_lifetime = m->lifetime_s;
	if (!l->id || !m->nonce.len)
		return; /* the first request only asks for a nonce */
	m->part = (struct message_part){ l->id, l->told ? 0 : l->part, l->told ? 0 : l->parts };
}

static int write_request(struct pinhole_client *c, uint64_t now_ms, struct message *m, void *buf)
{
	const uint8_t *key = NULL;

	m->stun.cls = STUN_REQUEST;
	m->stun.method = c->conf.kind == PINHOLE_REGISTER ? MESSAGE_REGISTER : MESSAGE_CMPH;
	memcpy(m->stun.tid, c->tid, STUN_TID);
	m->inner = c->conf.inner;
	if (c->conf.kind != PINHOLE_PLAIN) {
		m->final = c->conf.final;
		m->order = login_order(c->conf.login, now_ms);
		key = add_login(c, m);
	}
	if (c->conf.kind == PINHOLE_REGISTER)
		add_registration(c, m);
	c->is_signed = key;
	c->has_part = m->part.count;
	c->part_n = c->has_part ? (uint32_t)client_list_room(&c->list, c->list.at) : 0;
	return message_write(m, c->part_n ? &c->list.each[c->list.at] : NULL, c->part_n, key, buf, MESSAGE_MAX);
}

static int begin(struct pinhole_client *c, uint64_t now_ms)
{
	struct message m = { 0 };
	uint8_t text[MESSAGE_MAX];
	int len;

	memcpy(c->former_tid, c->tid, STUN_TID);
	random_bytes(c->tid, STUN_TID);
	c->wanted = false;
	len = write_request(c, now_ms, &m, text);
	c->request.len = 0;
	return len < 0 ? len : buf_add(&c->request, text, (size_t)len);
}

static int send_request(struct pinhole_client *c, uint64_t now_ms, void *buf)
{
	unsigned n = ++c->sent;

	if (c->conf.reliable)
		c->due_ms = now_ms + RELIABLE_MS;
	else
		c->due_ms = now_ms + (n < RC ? RTO_MS << (n - 1) : RTO_MS * RM);
	memcpy(buf, c->request.p, c->request.len);
	return (int)c->request.len;
}

int pinhole_client_output(struct pinhole_client *c, uint64_t now_ms, void *buf, size_t cap)
{
	int err;

	if (cap < MESSAGE_MAX)
		return -EINVAL;
	if (now_ms < c->due_ms)
		return 0;
	if (c->sent == (c->conf.reliable ? 1 : RC)) {
		client_fail(c, now_ms, -ETIMEDOUT);
		return -ETIMEDOUT;
	}
	err = c->sent ? 0 : begin(c, now_ms);
	if (err) {
		client_fail(c, now_ms, err);
		return 0;
	}
	return send_request(c, now_ms, buf);
}

uint64_t pinhole_client_next(const struct pinhole_client *c)
{
	return c->due_ms;
}

/* ---- what the owner wants ---- */

void pinhole_client_info(const struct pinhole_client *c, struct pinhole_client_info *out)
{
	*out = (struct pinhole_client_info){
		.open = c->open,
		.mapped = c->mapped,
		.peer = c->peer,
		.lifetime_s = c->lifetime_s,
		.error = c->error,
		.sent = c->sent,
		.answered_ms = c->answered_ms,
		.forgotten = c->forgotten,
	};
}

void pinhole_client_keep(struct pinhole_client *c, uint64_t keep_ms)
{
	c->conf.keep_ms = keep_ms;
	if (c->open && !c->sent && !c->wanted)
		c->due_ms = client_refresh_at(c);
}

void pinhole_client_refresh(struct pinhole_client *c, uint64_t now_ms)
{
	c->wanted = true;
	if (!c->sent && now_ms < c->due_ms)
		c->due_ms = now_ms;
}

void pinhole_client_final(struct pinhole_client *c, const struct pn_addr *final)
{
	c->conf.final = *final;
}

int pinhole_client_end(struct pinhole_client *c, uint64_t now_ms, void *buf, size_t cap)
{
	struct message m = { .has_lifetime = true };
	int len;

	if (cap < MESSAGE_MAX || c->conf.kind != PINHOLE_REGISTER)
		return -EINVAL;
	if (!c->open)
		return 0;
	random_bytes(c->tid, STUN_TID);
	len = write_request(c, now_ms, &m, buf);
	c->due_ms = UINT64_MAX;
	return len;
}
