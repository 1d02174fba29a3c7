#include "mid.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* V4hex allows leading zeros, which inet_pton does not. */
static int read_ip4(struct pn_str s, struct pn_addr *out)
{
	struct pn_addr a = { .family = 4 };
	size_t at = 0;

	for (int i = 0; i < 4; i++) {
		unsigned v = 0, digits = 0;

		for (; at < s.len && isdigit((unsigned char)s.p[at]) && digits < 3; at++, digits++)
			v = v * 10 + (unsigned)(s.p[at] - '0');
		if (!digits || v > 255 || (i < 3 && (at >= s.len || s.p[at++] != '.')))
			return -EBADMSG;
		a.ip[i] = (uint8_t)v;
	}
	if (at != s.len)
		return -EBADMSG;
	*out = a;
	return 0;
}

static int read_ip(struct pn_str s, struct pn_addr *out)
{
	struct pn_addr a = { .family = 6 };
	char text[INET6_ADDRSTRLEN];

	if (!read_ip4(s, out))
		return 0;
	if (s.len >= sizeof(text))
		return -EBADMSG;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	if (strlen(text) != s.len || inet_pton(AF_INET6, text, a.ip) != 1)
		return -EBADMSG;
	*out = a;
	return 0;
}

static int read_port(struct pn_str s, uint16_t *out)
{
	unsigned v = 0;

	if (!s.len || s.len > 5)
		return -EBADMSG;
	for (size_t i = 0; i < s.len; i++) {
		if (!isdigit((unsigned char)s.p[i]))
			return -EBADMSG;
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	if (v > UINT16_MAX)
		return -EBADMSG;
	*out = (uint16_t)v;
	return 0;
}

/* What stands behind the closing bracket: nothing or ":port". */
static int read_tail(struct pn_str s, size_t at, uint16_t *port)
{
	*port = 0;
	if (at == s.len)
		return 0;
	if (s.p[at] != ':')
		return -EBADMSG;
	return read_port((struct pn_str){ s.p + at + 1, s.len - at - 1 }, port);
}

static int read_bracketed(struct pn_str s, char close, struct pn_str *inner, uint16_t *port)
{
	const char *end = memchr(s.p, close, s.len);

	if (!end || end == s.p + 1)
		return -EBADMSG;
	*inner = (struct pn_str){ s.p + 1, (size_t)(end - s.p) - 1 };
	return read_tail(s, (size_t)(end - s.p) + 1, port);
}

static bool all_of(struct pn_str s, const char *others)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.p[i]) && (!s.p[i] || !strchr(others, s.p[i])))
			return false;
	return s.len > 0 && s.len <= MID_NAME_MAX;
}

static int read_mtp(struct pn_str s, struct mid *m)
{
	const char *open = memchr(s.p, '{', s.len), *end = memchr(s.p, '}', s.len);
	const char *from, *to;

	if (!open || !end || end < open || end + 1 != s.p + s.len)
		return -EBADMSG;
	for (from = open + 1; from < end && isspace((unsigned char)*from);)
		from++;
	for (to = end; to > from && isspace((unsigned char)to[-1]);)
		to--;
	m->form = MID_MTP;
	m->name = (struct pn_str){ from, (size_t)(to - from) };
	return m->name.len <= MID_MTP_MAX && all_of(m->name, "") ? 0 : -EBADMSG;
}

static bool begins_mtp(struct pn_str s)
{
	return s.len > 4 && !strncasecmp(s.p, "MTP", 3) && memchr(s.p, '{', s.len);
}

int mid_parse(struct pn_str s, bool port_alone, struct mid *out)
{
	struct mid m = { 0 };
	struct pn_str inner;
	int err = -EBADMSG;

	if (!s.len)
		return -EBADMSG;
	if (s.p[0] == '[') {
		m.form = MID_IP;
		err = read_bracketed(s, ']', &inner, &m.port);
		err = err ? err : read_ip(inner, &m.addr);
	} else if (s.p[0] == '<') {
		m.form = MID_DOMAIN;
		err = read_bracketed(s, '>', &m.name, &m.port);
		err = err || !all_of(m.name, "-._") ? -EBADMSG : 0;
	} else if (begins_mtp(s)) {
		err = read_mtp(s, &m);
	} else if (port_alone && !read_port(s, &m.port)) {
		m.form = MID_PORT;
		err = 0;
	} else if (all_of(s, "*/_$@-.")) {
		m.form = MID_DEVICE;
		m.name = s;
		err = 0;
	}
	if (!err)
		*out = m;
	return err;
}

static int print_ip(const struct mid *m, char out[MID_TEXT_MAX])
{
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(m->addr.family == 6 ? AF_INET6 : AF_INET, m->addr.ip, ip, sizeof(ip));
	return snprintf(out, MID_TEXT_MAX, m->port ? "[%s]:%u" : "[%s]", ip, m->port);
}

int mid_print(const struct mid *m, char out[MID_TEXT_MAX])
{
	int n = -1, len = (int)m->name.len;

	switch (m->form) {
	case MID_IP:
		n = print_ip(m, out);
		break;
	case MID_DOMAIN:
		n = snprintf(out, MID_TEXT_MAX, m->port ? "<%.*s>:%u" : "<%.*s>", len, m->name.p,
			     m->port);
		break;
	case MID_DEVICE:
		n = snprintf(out, MID_TEXT_MAX, "%.*s", len, m->name.p);
		break;
	case MID_MTP:
		n = snprintf(out, MID_TEXT_MAX, "MTP{%.*s}", len, m->name.p);
		break;
	case MID_PORT:
		n = snprintf(out, MID_TEXT_MAX, "%u", m->port);
		break;
	case MID_NONE:
		break;
	}
	return n < 0 || n >= (int)MID_TEXT_MAX ? -ENOBUFS : n;
}

struct mid mid_of_addr(const struct pn_addr *a)
{
	struct mid m = { .form = MID_IP, .addr = *a, .port = a->port };

	m.addr.port = 0;
	return m;
}

bool mid_same(const struct mid *a, const struct mid *b)
{
	if (a->form != b->form || a->port != b->port || a->name.len != b->name.len)
		return false;
	if (a->form == MID_IP)
		return a->addr.family == b->addr.family && !memcmp(a->addr.ip, b->addr.ip, 16);
	return !a->name.len || !strncasecmp(a->name.p, b->name.p, a->name.len);
}
