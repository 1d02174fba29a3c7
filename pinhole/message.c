#include "pinhole/message.h"
#include <errno.h>

#define TEXT_MAX 763u /* octets of USERNAME, REALM and NONCE, RFC 8489 s.14.9 */

static const uint8_t sha256_alone[4] = { 0, 2, 0, 0 }; /* s.18.5 */

static size_t cur_len(struct cur c)
{
	return (size_t)(c.end - c.p);
}

/* Graphic ASCII, or with `spaces` all but control characters: it will stand in logs and tables. */
static bool is_clean(struct cur value, bool spaces)
{
	for (; value.p < value.end; value.p++)
		if (*value.p < (spaces ? 0x20 : 0x21) || *value.p == 0x7f || (!spaces && *value.p > 0x7f))
			return false;
	return true;
}

/* ---- a reader for each form of value; out is the field of *m that it is for ---- */

static int read_text(const struct message *m, struct cur value, void *out)
{
	struct pn_str text = { (const char *)value.p, cur_len(value) };

	(void)m;
	if (text.len > TEXT_MAX)
		return -EPROTO;
	memcpy(out, &text, sizeof(text));
	return 0;
}

static int read_name(const struct message *m, struct cur value, void *out)
{
	if (!cur_len(value) || cur_len(value) > MESSAGE_NAME || !is_clean(value, false))
		return -EPROTO;
	return read_text(m, value, out);
}

static int read_addr(const struct message *m, struct cur value, void *out)
{
	return stun_xor_addr(&m->stun, value, out) ? -EPROTO : 0;
}

/* Of a server that knows no XOR-MAPPED-ADDRESS, which counts more where both are. */
static int read_plain_addr(const struct message *m, struct cur value, void *out)
{
	struct cur better;

	if (stun_find(&m->stun, STUN_XOR_MAPPED_ADDRESS, &better))
		return 0;
	return stun_addr(value, out) ? -EPROTO : 0;
}

/* Of PASSWORD-ALGORITHMS and PASSWORD-ALGORITHM nothing but SHA-256 is of use. */
static int read_sha256(const struct message *m, struct cur value, void *out)
{
	bool is = cur_len(value) == 4 && !memcmp(value.p, sha256_alone, 4);

	(void)m;
	memcpy(out, &is, sizeof(is));
	return 0;
}

static int read_order(const struct message *m, struct cur value, void *out)
{
	uint64_t order;
	uint32_t high, low;

	(void)m;
	if (take_u32(&value, &high) || take_u32(&value, &low) || value.p != value.end)
		return -EPROTO;
	order = (uint64_t)high << 32 | low;
	memcpy(out, &order, sizeof(order));
	return 0;
}

static int read_lifetime(const struct message *m, struct cur value, void *out)
{
	(void)m;
	return take_u32(&value, out) || value.p != value.end ? -EPROTO : 0;
}

static int read_part(const struct message *m, struct cur value, void *out)
{
	struct message_part p;

	(void)m;
	if (take_u32(&value, &p.list) || take_u16(&value, &p.index) || take_u16(&value, &p.count) ||
	    value.p != value.end || (p.count ? p.index >= p.count : p.index != 0))
		return -EPROTO;
	memcpy(out, &p, sizeof(p));
	return 0;
}

static int read_error(const struct message *m, struct cur value, void *out)
{
	struct message_error error;

	(void)m;
	if (stun_error(value, &error.code, &error.reason))
		return -EPROTO;
	memcpy(out, &error, sizeof(error));
	return 0;
}

/* Address and identity in one value: where the address ends is in its family. */
static int read_subscriber(const struct message *m, struct cur value, void *out)
{
	size_t len = cur_len(value) > 1 && value.p[1] == 2 ? 20 : 8;
	struct message_subscriber s;
	struct cur addr;

	if (take(&value, len, &addr) || read_addr(m, addr, &s.terminal))
		return -EPROTO;
	if (!cur_len(value) || cur_len(value) > MESSAGE_IDENTITY || !is_clean(value, true))
		return -EPROTO;
	read_text(m, value, &s.identity);
	memcpy(out, &s, sizeof(s));
	return 0;
}

static int read_nothing(const struct message *m, struct cur value, void *out)
{
	(void)m;
	(void)value;
	(void)out;
	return 0;
}

static const struct {
	uint16_t type;
	int (*read)(const struct message *m, struct cur value, void *out);
	size_t at; /* of the field in struct message */
} attrs[] = {
	{ STUN_MAPPED_ADDRESS, read_plain_addr, offsetof(struct message, mapped) },
	{ STUN_USERNAME, read_text, offsetof(struct message, username) },
	{ STUN_MESSAGE_INTEGRITY, read_nothing, 0 },
	{ STUN_ERROR_CODE, read_error, offsetof(struct message, error) },
	{ STUN_UNKNOWN_ATTRIBUTES, read_nothing, 0 },
	{ STUN_LIFETIME, read_lifetime, offsetof(struct message, lifetime_s) },
	{ STUN_REALM, read_text, offsetof(struct message, realm) },
	{ STUN_NONCE, read_text, offsetof(struct message, nonce) },
	{ STUN_PASSWORD_ALGORITHM, read_sha256, offsetof(struct message, chooses_sha256) },
	{ STUN_PASSWORD_ALGORITHMS, read_sha256, offsetof(struct message, offers_sha256) },
	{ STUN_XOR_MAPPED_ADDRESS, read_addr, offsetof(struct message, mapped) },
	{ MESSAGE_INNER, read_addr, offsetof(struct message, inner) },
	{ MESSAGE_FINAL, read_addr, offsetof(struct message, final) },
	{ MESSAGE_PEER_INNER, read_addr, offsetof(struct message, peer_inner) },
	{ MESSAGE_ORDER, read_order, offsetof(struct message, order) },
	{ MESSAGE_AGENT, read_name, offsetof(struct message, agent) },
	{ MESSAGE_PROTOCOL, read_name, offsetof(struct message, protocol) },
	{ MESSAGE_SUBSCRIBER, read_subscriber, offsetof(struct message, subscriber) },
	{ MESSAGE_PART, read_part, offsetof(struct message, part) },
};

#define ATTRS (sizeof(attrs) / sizeof(*attrs))

static void note_unknown(struct message *m, uint16_t type)
{
	if (type < 0x8000 && m->n_unknown < MESSAGE_UNKNOWN)
		m->unknown[m->n_unknown++] = type;
}

static int read_attrs(struct message *m)
{
	struct cur at = m->stun.attrs;
	struct stun_attr a;
	uint32_t seen = 0; /* bits by place in the table */
	int err = 0;

	while (stun_next(&at, &a)) {
		size_t i = 0;

		while (i < ATTRS && attrs[i].type != a.type)
			i++;
		if (i == ATTRS)
			note_unknown(m, a.type);
		else if (a.type == MESSAGE_SUBSCRIBER || !(seen & 1u << i))
			err = attrs[i].read(m, a.value, (char *)m + attrs[i].at) ? -EPROTO : err;
		if (i < ATTRS)
			seen |= 1u << i;
	}
	m->has_lifetime = stun_find(&m->stun, STUN_LIFETIME, &at);
	return err;
}

/* Does it have what its method and class cannot do without? */
static bool is_complete(const struct message *m)
{
	bool named = m->agent.len && m->inner.family && m->order;

	switch ((unsigned)m->stun.method << 2 | m->stun.cls) {
	case MESSAGE_CMPH << 2 | STUN_REQUEST:
		return message_is_plain(m) || named;
	case MESSAGE_REGISTER << 2 | STUN_REQUEST:
		return named && m->protocol.len;
	case MESSAGE_CMPH << 2 | STUN_SUCCESS:
		return m->mapped.family;
	case MESSAGE_REGISTER << 2 | STUN_SUCCESS:
		return m->mapped.family && m->has_lifetime;
	case MESSAGE_CMPH << 2 | STUN_ERROR:
	case MESSAGE_REGISTER << 2 | STUN_ERROR:
		return m->error.code;
	case MESSAGE_CMPH << 2 | STUN_INDICATION:
		return true;
	case MESSAGE_JOIN << 2 | STUN_INDICATION:
		return m->inner.family && m->peer_inner.family && m->order;
	case MESSAGE_UNJOIN << 2 | STUN_INDICATION:
		return m->inner.family && m->order;
	}
	return false;
}

int message_parse(const void *data, size_t len, struct message *out)
{
	struct message m = { 0 };
	int err;

	if (stun_parse(data, len, &m.stun))
		return -EBADMSG;
	if (m.stun.method != MESSAGE_CMPH &&
	    (m.stun.method < MESSAGE_REGISTER || m.stun.method > MESSAGE_UNJOIN || !m.stun.fingerprint))
		return -EBADMSG;
	err = read_attrs(&m);
	if (!err && m.n_unknown)
		err = -ENOTSUP;
	if (!err && !is_complete(&m))
		err = -EPROTO;
	*out = m;
	return err;
}

bool message_is_plain(const struct message *m)
{
	return m->stun.method == MESSAGE_CMPH && m->stun.cls == STUN_REQUEST && !m->agent.len && !m->username.len;
}

bool message_subscriber(const struct message *m, struct cur *at, struct message_subscriber *out)
{
	struct stun_attr a;

	while (stun_next(at, &a))
		if (a.type == MESSAGE_SUBSCRIBER && !read_subscriber(m, a.value, out))
			return true;
	return false;
}
