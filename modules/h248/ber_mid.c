#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ber_msg.h"

enum { CHOICE_IP4, CHOICE_IP6, CHOICE_DOMAIN, CHOICE_DEVICE, CHOICE_MTP };

static struct pn_str octets(const struct ber *e)
{
	return (struct pn_str){ (const char *)e->p + e->header, e->len };
}

static int read_port(const struct ber *e, uint16_t *out)
{
	struct ber port;
	uint32_t v = 0;
	int err = ber_find(ber_inside(e), BER_TAG(1), &port);

	if (err == -ENOENT) {
		*out = 0;
		return 0;
	}
	if (err || ber_u32(&port, &v) || v > UINT16_MAX)
		return -EBADMSG;
	*out = (uint16_t)v;
	return 0;
}

static int read_ip(const struct ber *e, size_t len, struct mid *m)
{
	struct ber address;

	if (ber_find(ber_inside(e), BER_TAG(0), &address) || address.len != len)
		return -EBADMSG;
	m->form = MID_IP;
	m->addr.family = len == 4 ? 4 : 6;
	memcpy(m->addr.ip, address.p + address.header, len);
	return read_port(e, &m->port);
}

static int read_name(const struct ber *e, struct mid *m)
{
	struct ber name;

	if (ber_find(ber_inside(e), BER_TAG(0), &name) || name.len > MID_NAME_MAX)
		return -EBADMSG;
	m->form = MID_DOMAIN;
	m->name = octets(&name);
	return read_port(e, &m->port);
}

int ber_mid_read(const struct ber *e, bool sc_address, struct mid *out, char hex[MID_MTP_MAX + 1])
{
	unsigned choice = (e->tag & 0x1f) - (sc_address ? 1u : 0u);
	struct mid m = { 0 };
	uint32_t port;
	int err = 0;

	if (sc_address && e->tag == BER_TAG(0)) {
		err = ber_u32(e, &port);
		m.form = MID_PORT;
		m.port = err ? 0 : (uint16_t)port;
		err = err || port > UINT16_MAX ? -EBADMSG : 0;
	} else if (choice == CHOICE_IP4 || choice == CHOICE_IP6) {
		err = read_ip(e, choice == CHOICE_IP4 ? 4 : 16, &m);
	} else if (choice == CHOICE_DOMAIN) {
		err = read_name(e, &m);
	} else if (choice == CHOICE_DEVICE && e->len && e->len <= MID_NAME_MAX) {
		m.form = MID_DEVICE;
		m.name = octets(e);
	} else if (choice == CHOICE_MTP && e->len >= 2 && e->len <= 4) {
		m.form = MID_MTP;
		for (size_t i = 0; i < e->len; i++)
			snprintf(hex + 2 * i, 3, "%02x", e->p[e->header + i]);
		m.name = (struct pn_str){ hex, 2 * e->len };
	} else {
		err = -EBADMSG;
	}
	if (!err)
		*out = m;
	return err;
}

static size_t put_octets(uint8_t *out, uint8_t tag, const void *p, size_t len)
{
	size_t n = ber_put_header(out, tag, len);

	memcpy(out + n, p, len);
	return n + len;
}

/* SEQUENCE { address or name, portNumber OPTIONAL } under a tag. */
static long put_pair(uint8_t *out, unsigned choice, const void *p, size_t len, uint16_t port)
{
	uint8_t body[MID_NAME_MAX + 2 * BER_HEADER_MAX + BER_INTEGER_MAX];
	size_t n = put_octets(body, BER_TAG(0), p, len);

	if (port)
		n += ber_put_u32(body + n, BER_TAG(1), port);
	return (long)put_octets(out, (uint8_t)(0xa0 | choice), body, n);
}

static long put_mtp(uint8_t *out, unsigned choice, struct pn_str hex)
{
	uint8_t raw[MID_MTP_MAX / 2];
	size_t n = 0;

	for (; 2 * n + 1 < hex.len && n < sizeof(raw); n++) {
		char two[3] = { hex.p[2 * n], hex.p[2 * n + 1], '\0' };

		raw[n] = (uint8_t)strtoul(two, NULL, 16);
	}
	return (long)put_octets(out, (uint8_t)(0x80 | choice), raw, n);
}

long ber_mid_write(const struct mid *mid, bool sc_address, uint8_t *out, size_t cap)
{
	unsigned shift = sc_address ? 1 : 0;

	if (cap < MID_NAME_MAX + 4 * BER_HEADER_MAX || mid->name.len > MID_NAME_MAX)
		return -ENOBUFS;
	switch (mid->form) {
	case MID_IP:
		return put_pair(out, (mid->addr.family == 4 ? CHOICE_IP4 : CHOICE_IP6) + shift,
				mid->addr.ip, mid->addr.family == 4 ? 4 : 16, mid->port);
	case MID_DOMAIN:
		return put_pair(out, CHOICE_DOMAIN + shift, mid->name.p, mid->name.len, mid->port);
	case MID_DEVICE:
		return (long)put_octets(out, (uint8_t)(0x80 | (CHOICE_DEVICE + shift)), mid->name.p,
					mid->name.len);
	case MID_MTP:
		return put_mtp(out, CHOICE_MTP + shift, mid->name);
	case MID_PORT:
		return sc_address ? (long)ber_put_u32(out, BER_TAG(0), mid->port) : -EINVAL;
	default:
		return -EINVAL;
	}
}
