#include "trunk_frame.h"

#include "pinhole/stun.h"

#include <errno.h>
#include <string.h>

#define FRAME_BIT 0x80u
#define ADDR_OCTETS 20u /* family, zero, port, 16 octets of which IPv4 uses 4 */
#define OPEN_OCTETS (2 * ADDR_OCTETS + 4)

static const struct {
	const char *name;
	uint32_t min, max; /* octets of payload */
} rules[TRUNK_TYPES] = {
	[TRUNK_OPEN] = { "OPEN", OPEN_OCTETS, OPEN_OCTETS },
	[TRUNK_OPENED] = { "OPENED", 4, 4 },
	[TRUNK_REFUSED] = { "REFUSED", 2, 2 },
	[TRUNK_DATA] = { "DATA", 1, TRUNK_PAYLOAD },
	[TRUNK_CREDIT] = { "CREDIT", 4, 4 },
	[TRUNK_EOF] = { "EOF", 0, 0 },
	[TRUNK_CLOSE] = { "CLOSE", 2, 2 },
	[TRUNK_PING] = { "PING", 0, TRUNK_ECHO },
	[TRUNK_PONG] = { "PONG", 0, TRUNK_ECHO },
};

const char *trunk_type_name(enum trunk_type type)
{
	return type && type < TRUNK_TYPES ? rules[type].name : "?";
}

bool trunk_frame_is(const uint8_t *data, size_t len)
{
	return len && data[0] & FRAME_BIT;
}

long trunk_frame_length(const uint8_t *data, size_t len)
{
	size_t type, payload;

	if (!len)
		return 0;
	if (!trunk_frame_is(data, len))
		return stun_frame(data, len);
	type = data[0] & ~FRAME_BIT;
	if (!type || type >= TRUNK_TYPES)
		return -EBADMSG;
	if (len < 4)
		return 0;
	payload = (size_t)data[2] << 8 | data[3];
	if (payload < rules[type].min || payload > rules[type].max)
		return -EBADMSG;
	return (long)(TRUNK_HEADER + payload);
}

/* ---- reading ---- */

static bool is_zero(const uint8_t *p, size_t n)
{
	while (n && !*p)
		p++, n--;
	return !n;
}

static int take_addr(struct cur *c, struct pn_addr *out)
{
	struct pn_addr a = { 0 };
	struct cur ip;
	uint8_t zero;
	size_t n;

	if (take_u8(c, &a.family) || take_u8(c, &zero) || take_u16(c, &a.port) || take(c, sizeof(a.ip), &ip))
		return -EBADMSG;
	n = a.family == 4 ? 4 : 16;
	if ((a.family != 4 && a.family != 6) || zero || !is_zero(ip.p + n, sizeof(a.ip) - n))
		return -EBADMSG;
	memcpy(a.ip, ip.p, n);
	*out = a;
	return 0;
}

static int take_reason(struct cur *c, unsigned *out)
{
	uint16_t reason;

	if (take_u16(c, &reason))
		return -EBADMSG;
	*out = reason < TRUNK_REASONS ? reason : TRUNK_REASONS;
	return 0;
}

static int take_payload(struct cur *c, struct trunk_frame *f)
{
	switch (f->type) {
	case TRUNK_OPEN:
		return take_addr(c, &f->target) || take_addr(c, &f->source) ? -EBADMSG : take_u32(c, &f->octets);
	case TRUNK_OPENED:
	case TRUNK_CREDIT:
		return take_u32(c, &f->octets);
	case TRUNK_REFUSED:
	case TRUNK_CLOSE:
		return take_reason(c, &f->reason);
	default:
		f->data = c->p;
		f->len = (size_t)(c->end - c->p);
		return 0;
	}
}

int trunk_frame_read(const uint8_t *data, size_t len, struct trunk_frame *out)
{
	struct cur c = { data, data + len };
	struct trunk_frame f = { 0 };
	struct cur head;

	if (!trunk_frame_is(data, len) || trunk_frame_length(data, len) != (long)len)
		return -EBADMSG;
	f.type = data[0] & ~FRAME_BIT;
	if (take(&c, 4, &head) || head.p[1] || take_u32(&c, &f.channel))
		return -EBADMSG;
	if ((f.type == TRUNK_PING || f.type == TRUNK_PONG) != !f.channel || take_payload(&c, &f))
		return -EBADMSG;
	*out = f;
	return 0;
}

/* ---- writing ---- */

static uint8_t *put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static uint8_t *put_u32(uint8_t *p, uint32_t v)
{
	return put_u16(put_u16(p, (uint16_t)(v >> 16)), (uint16_t)v);
}

static uint8_t *put_addr(uint8_t *p, const struct pn_addr *a)
{
	*p++ = a->family;
	*p++ = 0;
	p = put_u16(p, a->port);
	memcpy(p, a->ip, sizeof(a->ip));
	return p + sizeof(a->ip);
}

static uint8_t *put_payload(uint8_t *p, const struct trunk_frame *f)
{
	switch (f->type) {
	case TRUNK_OPEN:
		return put_u32(put_addr(put_addr(p, &f->target), &f->source), f->octets);
	case TRUNK_OPENED:
	case TRUNK_CREDIT:
		return put_u32(p, f->octets);
	case TRUNK_REFUSED:
	case TRUNK_CLOSE:
		return put_u16(p, (uint16_t)f->reason);
	default:
		if (f->len)
			memcpy(p, f->data, f->len);
		return p + f->len;
	}
}

size_t trunk_frame_write(const struct trunk_frame *f, uint8_t out[TRUNK_FRAME])
{
	uint8_t *end = put_payload(out + TRUNK_HEADER, f);

	out[0] = (uint8_t)(FRAME_BIT | f->type);
	out[1] = 0;
	put_u16(out + 2, (uint16_t)(end - out - TRUNK_HEADER));
	put_u32(out + 4, f->channel);
	return (size_t)(end - out);
}
