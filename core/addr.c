#include "addr.h"
#include "buf.h"
#include "hash.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct block {
	uint8_t ip[16];
	uint8_t bits;
};

static size_t ip_len(const struct pn_addr *a)
{
	return a->family == 4 ? 4 : a->family == 6 ? 16 : 0;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(a, b, bits / 8))
		return false;
	return !rest || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

static bool in_blocks(const struct pn_addr *a, const struct block *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (same_bits(a->ip, list[i].ip, list[i].bits))
			return true;
	return false;
}

/* ---- text ---- */

int addr_parse(struct pn_str text, struct pn_addr *out)
{
	char z[INET6_ADDRSTRLEN + 1];
	struct pn_addr a = { 0 };
	bool bracket = text.len > 2 && text.p[0] == '[' && text.p[text.len - 1] == ']';

	if (bracket)
		text = (struct pn_str){ text.p + 1, text.len - 2 };
	if (!text.len || text.len >= sizeof(z) || memchr(text.p, 0, text.len))
		return -EINVAL;
	memcpy(z, text.p, text.len);
	z[text.len] = 0;
	if (!bracket && inet_pton(AF_INET, z, a.ip) == 1)
		a.family = 4;
	else if (inet_pton(AF_INET6, z, a.ip) == 1)
		a.family = 6;
	else
		return -EINVAL;
	*out = a;
	return 0;
}

/* Decimal digits alone, at most `max`; -EINVAL. */
static long parse_number(struct pn_str text, long max)
{
	long v = 0;

	if (!text.len)
		return -EINVAL;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -EINVAL;
		v = v * 10 + (text.p[i] - '0');
		if (v > max)
			return -EINVAL;
	}
	return v;
}

/* Where the ":port" begins, NULL when there is none. A bare IPv6 address has more than one colon. */
static const char *port_colon(struct pn_str text)
{
	const char *colon = memchr(text.p, ':', text.len);
	const char *close = memchr(text.p, ']', text.len), *end = text.p + text.len;

	if (close)
		return close + 1 < end ? close + 1 : NULL;
	if (colon && memchr(colon + 1, ':', (size_t)(end - colon - 1)))
		return NULL;
	return colon;
}

int addr_parse_port(struct pn_str text, uint16_t def, struct pn_addr *out)
{
	const char *colon = text.len ? port_colon(text) : NULL;
	struct pn_str ip = text;
	struct pn_addr a;
	long port = def;

	if (colon) {
		ip.len = (size_t)(colon - text.p);
		port = parse_number((struct pn_str){ colon + 1, text.len - ip.len - 1 }, 65535);
		if (*colon != ':' || port <= 0)
			return -EINVAL;
	}
	if (addr_parse(ip, &a))
		return -EINVAL;
	a.port = (uint16_t)port;
	*out = a;
	return 0;
}

int addr_print(const struct pn_addr *a, char *out, size_t cap)
{
	char ip[INET6_ADDRSTRLEN];
	int len;

	if (!ip_len(a) || !inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->ip, ip, sizeof(ip)))
		return -EINVAL;
	if (!a->port)
		len = snprintf(out, cap, "%s", ip);
	else
		len = snprintf(out, cap, a->family == 4 ? "%s:%u" : "[%s]:%u", ip, a->port);
	return (size_t)len < cap ? len : -ENOBUFS;
}

const char *addr_text(const struct pn_addr *a)
{
	static _Thread_local char text[8][ADDR_TEXT];
	static _Thread_local unsigned next;
	char *out = text[next++ % 8];

	return a && addr_print(a, out, ADDR_TEXT) > 0 ? out : "none";
}

/* ---- comparison ---- */

bool addr_same_ip(const struct pn_addr *a, const struct pn_addr *b)
{
	return a->family == b->family && !memcmp(a->ip, b->ip, ip_len(a));
}

bool addr_eq(const struct pn_addr *a, const struct pn_addr *b)
{
	return a->port == b->port && addr_same_ip(a, b);
}

bool addr_same_net(const struct pn_addr *a, const struct pn_addr *b, unsigned bits4, unsigned bits6)
{
	if (a->family != b->family || !ip_len(a))
		return false;
	return same_bits(a->ip, b->ip, a->family == 4 ? bits4 : bits6);
}

uint64_t addr_hash(const struct pn_addr *a, uint64_t seed)
{
	struct pn_addr key = { .family = a->family, .port = a->port };

	memcpy(key.ip, a->ip, ip_len(a));
	return hash_bytes(&key, sizeof(key), seed);
}

/* ---- sockaddr ---- */

socklen_t addr_to_sockaddr(const struct pn_addr *a, struct sockaddr_storage *out)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(a->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(a->port) };

	memset(out, 0, sizeof(*out));
	if (a->family == 4) {
		memcpy(&in.sin_addr, a->ip, 4);
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	if (a->family == 6) {
		memcpy(&in6.sin6_addr, a->ip, 16);
		memcpy(out, &in6, sizeof(in6));
		return sizeof(in6);
	}
	return 0;
}

int addr_of_sockaddr(const struct sockaddr *sa, struct pn_addr *out)
{
	struct pn_addr a = { 0 };
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		a.family = 4;
		a.port = ntohs(in.sin_port);
		memcpy(a.ip, &in.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		a.port = ntohs(in6.sin6_port);
		a.family = IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) ? 4 : 6;
		if (a.family == 4)
			memcpy(a.ip, in6.sin6_addr.s6_addr + 12, 4);
		else
			memcpy(a.ip, &in6.sin6_addr, 16);
	} else {
		return -EAFNOSUPPORT;
	}
	*out = a;
	return 0;
}

/* ---- kinds ---- */

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

bool addr_is_special(const struct pn_addr *a)
{
	static const struct block v4[] = {
		{ { 0 }, 8 },             /* this network, unspecified */
		{ { 127 }, 8 },           /* loopback */
		{ { 169, 254 }, 16 },     /* link-local */
		{ { 224 }, 4 },           /* multicast */
		{ { 255, 255, 255, 255 }, 32 },
	};
	static const struct block v6[] = {
		{ { 0 }, 127 },                                         /* unspecified, loopback */
		{ { [10] = 0xff, [11] = 0xff }, 96 },                   /* v4-mapped */
		{ { 0xfe, 0x80 }, 10 },                                 /* link-local */
		{ { 0xff }, 8 },                                        /* multicast */
	};

	return a->family == 4 ? in_blocks(a, v4, ROWS(v4)) : in_blocks(a, v6, ROWS(v6));
}

bool addr_is_group(const struct pn_addr *a)
{
	return a->family == 4 && a->ip[0] >> 4 == 14;
}

bool addr_is_global(const struct pn_addr *a)
{
	static const struct block not4[] = {
		{ { 0 }, 8 },         { { 10 }, 8 },          { { 100, 64 }, 10 },
		{ { 127 }, 8 },       { { 169, 254 }, 16 },   { { 172, 16 }, 12 },
		{ { 192, 0, 0 }, 24 }, { { 192, 168 }, 16 },  { { 198, 18 }, 15 },
		{ { 224 }, 4 },       { { 240 }, 4 },
	};
	static const struct block is6[] = {
		{ { 0x20 }, 3 },                    /* global unicast */
		{ { 0, 0x64, 0xff, 0x9b }, 96 },    /* NAT64, RFC 6052 */
	};
	static const struct block not6[] = {
		{ { 0x20, 0x01 }, 23 },             /* protocol assignments, Teredo */
		{ { 0x20, 0x02 }, 16 },             /* 6to4 embeds any IPv4 address */
	};

	if (a->family == 4)
		return !in_blocks(a, not4, ROWS(not4));
	if (a->family != 6)
		return false;
	return in_blocks(a, is6, ROWS(is6)) && !in_blocks(a, not6, ROWS(not6));
}

/* ---- prefixes ---- */

static void clear_host_bits(struct prefix *p)
{
	for (size_t i = 0; i < sizeof(p->addr.ip); i++) {
		unsigned keep = p->bits > 8 * i ? p->bits - 8 * (unsigned)i : 0;

		if (keep < 8)
			p->addr.ip[i] &= (uint8_t)(0xff00u >> keep);
	}
}

int prefix_parse(struct pn_str text, struct prefix *out)
{
	const char *slash = text.len ? memchr(text.p, '/', text.len) : NULL;
	struct pn_str ip = text;
	struct prefix p;
	long bits;

	if (slash)
		ip.len = (size_t)(slash - text.p);
	if (addr_parse(ip, &p.addr))
		return -EINVAL;
	bits = (long)ip_len(&p.addr) * 8;
	if (slash)
		bits = parse_number((struct pn_str){ slash + 1, text.len - ip.len - 1 }, bits);
	if (bits < 0)
		return -EINVAL;
	p.bits = (uint8_t)bits;
	clear_host_bits(&p);
	*out = p;
	return 0;
}

bool prefix_has(const struct prefix *p, const struct pn_addr *a)
{
	return addr_same_net(&p->addr, a, p->bits, p->bits);
}

static int prefixes_add(struct prefixes *p, struct pn_str text)
{
	struct prefix *list = realloc(p->list, (p->n + 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	p->list = list;
	if (prefix_parse(text, &list[p->n]))
		return -EINVAL;
	p->n++;
	return 0;
}

int prefixes_parse(const char *text, struct prefixes *out)
{
	static const char separators[] = " \t\r\n,";
	struct prefixes p = { 0 };

	for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
		struct pn_str word = { text, strcspn(text, separators) };
		int err = prefixes_add(&p, word);

		if (err) {
			prefixes_free(&p);
			return err;
		}
		text += word.len;
	}
	*out = p;
	return 0;
}

bool prefixes_have(const struct prefixes *p, const struct pn_addr *a)
{
	for (size_t i = 0; i < p->n; i++)
		if (prefix_has(&p->list[i], a))
			return true;
	return false;
}

void prefixes_free(struct prefixes *p)
{
	if (!p)
		return;
	free(p->list);
	*p = (struct prefixes){ 0 };
}
