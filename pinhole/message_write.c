#include "pinhole/message.h"
#include "pinhole/stun_out.h"

static const uint8_t sha256[4] = { 0, 2, 0, 0 }; /* RFC 8489 s.18.5, without parameters */
static const struct pn_str nothing = { NULL, 0 };

static void put_if(struct stun_out *o, uint16_t type, struct pn_str text)
{
	if (text.len)
		stun_put_text(o, type, text);
}

static void put_part(struct stun_out *o, const struct message_part *p)
{
	stun_put_u64(o, MESSAGE_PART, (uint64_t)p->list << 32 | (uint32_t)p->index << 16 | p->count);
}

static void put_seal(struct stun_out *o, const uint8_t *key)
{
	if (key)
		stun_put_integrity(o, key);
	stun_put_fingerprint(o);
}

int message_write(const struct message *m, const struct message_subscriber *list, size_t n, const uint8_t *key,
		  void *buf, size_t cap)
{
	struct stun_out o;

	stun_begin(&o, buf, cap, m->stun.cls, m->stun.method, m->stun.tid);
	put_if(&o, STUN_USERNAME, m->username);
	put_if(&o, STUN_REALM, m->realm);
	put_if(&o, STUN_NONCE, m->nonce);
	if (m->offers_sha256)
		stun_put(&o, STUN_PASSWORD_ALGORITHMS, sha256, sizeof(sha256));
	if (m->chooses_sha256)
		stun_put(&o, STUN_PASSWORD_ALGORITHM, sha256, sizeof(sha256));
	put_if(&o, MESSAGE_AGENT, m->agent);
	put_if(&o, MESSAGE_PROTOCOL, m->protocol);
	stun_put_addr(&o, MESSAGE_INNER, &m->inner, nothing);
	stun_put_addr(&o, MESSAGE_FINAL, &m->final, nothing);
	stun_put_addr(&o, MESSAGE_PEER_INNER, &m->peer_inner, nothing);
	if (m->order)
		stun_put_u64(&o, MESSAGE_ORDER, m->order);
	if (m->has_lifetime)
		stun_put_u32(&o, STUN_LIFETIME, m->lifetime_s);
	if (m->part.list)
		put_part(&o, &m->part);
	for (size_t i = 0; i < n; i++)
		stun_put_addr(&o, MESSAGE_SUBSCRIBER, &list[i].terminal, list[i].identity);
	put_seal(&o, key);
	return stun_end(&o);
}

int message_write_plain(const struct message *req, const struct pn_addr *mapped, void *buf, size_t cap)
{
	struct stun_out o;

	stun_begin(&o, buf, cap, STUN_SUCCESS, req->stun.method, req->stun.tid);
	stun_put_addr(&o, STUN_XOR_MAPPED_ADDRESS, mapped, nothing);
	return stun_end(&o);
}

int message_write_success(const struct message *req, const struct message *values, const uint8_t key[STUN_KEY],
			  void *buf, size_t cap)
{
	struct stun_out o;

	stun_begin(&o, buf, cap, STUN_SUCCESS, req->stun.method, req->stun.tid);
	stun_put_addr(&o, STUN_XOR_MAPPED_ADDRESS, &values->mapped, nothing);
	stun_put_u32(&o, STUN_LIFETIME, values->lifetime_s);
	put_if(&o, STUN_REALM, values->realm);
	put_if(&o, STUN_NONCE, values->nonce);
	if (values->part.list)
		put_part(&o, &values->part);
	stun_put_addr(&o, MESSAGE_PEER_INNER, &values->peer_inner, nothing);
	put_seal(&o, key);
	return stun_end(&o);
}

static const char *reason(int code)
{
	static const struct {
		int code;
		const char *text;
	} row[] = { { 400, "Bad Request" },   { 401, "Unauthenticated" },	 { 420, "Unknown Attribute" },
		    { 438, "Stale Nonce" },   { 486, "Allocation Quota Reached" }, { 500, "Server Error" } };

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		if (row[i].code == code)
			return row[i].text;
	return "";
}

static void put_unknown(struct stun_out *o, const struct message *req)
{
	uint8_t list[2 * MESSAGE_UNKNOWN];

	for (size_t i = 0; i < req->n_unknown; i++) {
		list[2 * i] = (uint8_t)(req->unknown[i] >> 8);
		list[2 * i + 1] = (uint8_t)req->unknown[i];
	}
	stun_put(o, STUN_UNKNOWN_ATTRIBUTES, list, 2 * req->n_unknown);
}

int message_write_error(const struct message *req, int code, struct pn_str realm, struct pn_str nonce,
			const uint8_t *key, void *buf, size_t cap)
{
	bool plain = message_is_plain(req);
	struct stun_out o;

	stun_begin(&o, buf, cap, STUN_ERROR, req->stun.method, req->stun.tid);
	stun_put_error(&o, code, plain ? "" : reason(code));
	if (code == 420)
		put_unknown(&o, req);
	if (code == 401 || code == 438) {
		stun_put_text(&o, STUN_REALM, realm);
		stun_put_text(&o, STUN_NONCE, nonce);
		stun_put(&o, STUN_PASSWORD_ALGORITHMS, sha256, sizeof(sha256));
	}
	if (!plain)
		put_seal(&o, key);
	return stun_end(&o);
}
