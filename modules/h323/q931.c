#include "q931.h"

#include <errno.h>
#include <string.h>

#define DISCRIMINATOR 0x08u /* Q.931 user-network call control messages */
#define UU_DISCRIMINATOR 0x05u /* X.208 and X.209 coded: ASN.1 */
#define SINGLE_OCTET 0x80u
#define CALL_FLAG 0x8000u
#define SHIFT 0x90u /* to another codeset (Q.931 4.5.3), for good or for the next element */
#define SHIFT_MASK 0xf0u
#define SHIFT_ONCE 0x08u
#define CODESET 0x07u
#define UU_HEAD 4u /* id, two octets of length, discriminator */

/* User-user has two octets of length in H.225.0 (7.2.2.31), everything else one. */
static int read_ie(struct pn_str rest, bool user_user, struct q931_ie *ie)
{
	const uint8_t *p = (const uint8_t *)rest.p;
	size_t head = user_user ? 3 : 2, len;

	ie->id = p[0];
	ie->user_user = user_user;
	if (p[0] & SINGLE_OCTET) {
		ie->whole = (struct pn_str){ rest.p, 1 };
		ie->value = (struct pn_str){ rest.p + 1, 0 };
		return 0;
	}
	if (rest.len < head)
		return -EBADMSG;
	len = head == 3 ? (size_t)p[1] << 8 | p[2] : p[1];
	if (len > rest.len - head)
		return -EBADMSG;
	ie->whole = (struct pn_str){ rest.p, head + len };
	ie->value = (struct pn_str){ rest.p + head, len };
	return 0;
}

/* In another codeset the same id is another element; but endpoints that know nothing of codesets take the first that
 * looks like it, so that one must not pass unread. */
static int read_next(const struct q931_msg *m, struct pn_str rest, unsigned codeset, struct q931_ie *ie)
{
	bool may_be = (uint8_t)rest.p[0] == Q931_USER_USER && (!codeset || !m->uu.p);
	int err = read_ie(rest, may_be, ie);

	return err && may_be && codeset ? read_ie(rest, false, ie) : err;
}

static void take_uu(struct q931_msg *m, const struct q931_ie *ie)
{
	if (!ie->user_user || m->uu.p || !ie->value.len ||
	    (uint8_t)ie->value.p[0] != UU_DISCRIMINATOR)
		return;
	m->uu = (struct pn_str){ ie->value.p + 1, ie->value.len - 1 };
	m->uu_ie = ie;
}

static bool is_shift(const struct q931_ie *ie)
{
	return (ie->id & SHIFT_MASK) == SHIFT;
}

/* The elements behind the head. */
static int parse_ies(struct q931_msg *m, struct pn_str rest)
{
	unsigned codeset = 0, locked = 0;

	while (rest.len) {
		struct q931_ie *ie = &m->ie[m->n_ies];

		if (m->n_ies == Q931_IES_MAX)
			return -E2BIG;
		if (read_next(m, rest, codeset, ie))
			return -EBADMSG;
		ie->codeset = (uint8_t)codeset;
		take_uu(m, ie);
		codeset = is_shift(ie) ? ie->id & CODESET : locked;
		if (is_shift(ie) && !(ie->id & SHIFT_ONCE))
			locked = codeset;
		m->n_ies++;
		rest.p += ie->whole.len;
		rest.len -= ie->whole.len;
	}
	return 0;
}

int q931_parse(struct pn_str text, struct q931_msg *m)
{
	const uint8_t *p = (const uint8_t *)text.p;
	uint16_t reference;

	memset(m, 0, offsetof(struct q931_msg, ie));
	m->n_ies = 0;
	m->uu = (struct pn_str){ NULL, 0 };
	m->uu_ie = NULL;
	m->text = text;
	/* H.225.0 7.2.2.2: the call reference has two octets */
	if (text.len < 5 || p[0] != DISCRIMINATOR || p[1] != 2)
		return -EBADMSG;
	reference = (uint16_t)(p[2] << 8 | p[3]);
	m->call = reference & (uint16_t)~CALL_FLAG;
	m->answering = reference & CALL_FLAG;
	m->type = p[Q931_TYPE_AT];
	return parse_ies(m, (struct pn_str){ text.p + 5, text.len - 5 });
}

const struct q931_ie *q931_find(const struct q931_msg *m, enum q931_element id)
{
	for (size_t i = 0; i < m->n_ies; i++)
		if (m->ie[i].id == id && !m->ie[i].codeset)
			return &m->ie[i];
	return NULL;
}

static uint8_t *put(uint8_t *at, struct pn_str s)
{
	if (s.len)
		memcpy(at, s.p, s.len);
	return at + s.len;
}

static uint8_t *put_uu(uint8_t *at, struct pn_str uu)
{
	*at++ = Q931_USER_USER;
	*at++ = (uint8_t)((uu.len + 1) >> 8);
	*at++ = (uint8_t)(uu.len + 1);
	*at++ = UU_DISCRIMINATOR;
	return put(at, uu);
}

long q931_replace_uu(const struct q931_msg *m, struct pn_str uu, uint8_t *out, size_t cap)
{
	struct pn_str old, before, after;
	uint8_t *at = out;

	if (!m->uu_ie)
		return -EINVAL;
	if (uu.len > UINT16_MAX - 1)
		return -EMSGSIZE;
	old = m->uu_ie->whole;
	before = (struct pn_str){ m->text.p, (size_t)(old.p - m->text.p) };
	after = (struct pn_str){ old.p + old.len, m->text.len - before.len - old.len };
	if (before.len + UU_HEAD + uu.len + after.len > cap)
		return -ENOBUFS;
	at = put(at, before);
	at = put_uu(at, uu);
	at = put(at, after);
	return at - out;
}

long q931_write(enum q931_type type, uint16_t call, bool answering, uint8_t cause, struct pn_str uu,
		uint8_t *out, size_t cap)
{
	uint16_t reference = (uint16_t)(call | (answering ? CALL_FLAG : 0));
	uint8_t *at = out;

	if (uu.len > UINT16_MAX - 1)
		return -EMSGSIZE;
	if (cap < 5 + 4 + UU_HEAD + uu.len)
		return -ENOBUFS;
	*at++ = DISCRIMINATOR;
	*at++ = 2;
	*at++ = (uint8_t)(reference >> 8);
	*at++ = (uint8_t)reference;
	*at++ = (uint8_t)type;
	if (cause) {
		*at++ = Q931_CAUSE;
		*at++ = 2;
		*at++ = 0x80; /* ITU-T coding, location user */
		*at++ = (uint8_t)(0x80 | cause);
	}
	if (uu.p)
		at = put_uu(at, uu);
	return at - out;
}
