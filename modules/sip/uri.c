#include "uri.h"

#include <errno.h>
#include <string.h>

static const struct pn_str nothing;

static struct pn_str cut(const char *from, const char *to)
{
	return (struct pn_str){ from, (size_t)(to - from) };
}

static bool is_scheme(struct pn_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.",
			    s.p[i]) ||
		    !s.p[i])
			return false;
	return s.len > 0;
}

/* host[:port]; the port is 1..65535. */
static int hostport_parse(struct pn_str text, struct pn_str *host, uint16_t *port)
{
	const char *end = text.p + text.len, *colon;
	uint32_t number = 0;

	if (text.len && text.p[0] == '[') {
		const char *close = memchr(text.p, ']', text.len);

		if (!close)
			return -EBADMSG;
		colon = close + 1;
	} else {
		colon = memchr(text.p, ':', text.len);
		if (!colon)
			colon = end;
	}
	*host = str_trim(cut(text.p, colon));
	if (!host->len)
		return -EBADMSG;
	*port = 0;
	if (colon == end)
		return 0;
	if (*colon != ':')
		return -EBADMSG;
	if (str_u32(str_trim(cut(colon + 1, end)), &number) || number == 0 || number > 65535)
		return -EBADMSG;
	*port = (uint16_t)number;
	return 0;
}

static bool host_ok(struct pn_str host)
{
	for (size_t i = 0; i < host.len; i++) {
		unsigned char c = (unsigned char)host.p[i];

		if (c <= ' ' || c == 0x7f || strchr("<>\"@,;?/\\", c))
			return false;
	}
	return true;
}

/* What stands before '@'; a user part may hold ';' and '?' itself (RFC 4475 3.1.1.9). */
static void take_user(struct pn_str *rest, struct sip_uri *u)
{
	const char *at = memchr(rest->p, '@', rest->len), *colon;

	u->user = nothing;
	if (!at)
		return;
	u->user = cut(rest->p, at);
	colon = memchr(u->user.p, ':', u->user.len);
	if (colon)
		u->user.len = (size_t)(colon - u->user.p);
	rest->len -= (size_t)(at + 1 - rest->p);
	rest->p = at + 1;
}

int uri_parse(struct pn_str text, struct sip_uri *out)
{
	const char *colon = text.len ? memchr(text.p, ':', text.len) : NULL, *end, *p;
	struct sip_uri u = { 0 };
	struct pn_str rest;

	if (!colon || !is_scheme(cut(text.p, colon)))
		return -EBADMSG;
	end = text.p + text.len;
	u.scheme = cut(text.p, colon);
	u.sip = str_iis(u.scheme, "sip") || str_iis(u.scheme, "sips");
	rest = cut(colon + 1, end);
	if (!u.sip) {
		*out = u;
		return rest.len ? 0 : -EBADMSG;
	}
	take_user(&rest, &u);
	for (p = rest.p; p < end && *p != ';' && *p != '?'; p++)
		;
	u.hostport = cut(rest.p, p);
	if (hostport_parse(u.hostport, &u.host, &u.port) || !host_ok(u.host))
		return -EBADMSG;
	u.params = cut(p, end);
	p = memchr(u.params.p, '?', u.params.len);
	if (p) {
		u.headers = cut(p + 1, end);
		u.params.len = (size_t)(p - u.params.p);
	}
	*out = u;
	return 0;
}

/* Walks one octet, over a whole quoted string if it begins one; NULL when that never ends. */
static const char *step(const char *p, const char *end)
{
	if (*p != '"')
		return p + 1;
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p + 1 : NULL;
}

/* The first of the octets in `stop` outside of quotes; `end` when none; NULL: unbalanced quotes. */
static const char *find_outside(struct pn_str s, const char *stop)
{
	const char *p = s.p, *end = s.p + s.len;

	while (p && p < end && (*p == '\0' || !strchr(stop, *p)))
		p = step(p, end);
	return p;
}

int name_addr_parse(struct pn_str value, struct sip_name_addr *out)
{
	const char *end = value.p + value.len, *open = find_outside(value, "<"), *p;
	struct sip_name_addr n = { 0 };

	if (!value.len || !open)
		return -EBADMSG;
	if (open < end) {
		const char *close = memchr(open, '>', (size_t)(end - open));

		if (!close)
			return -EBADMSG;
		n.brackets = true;
		n.display = str_trim(cut(value.p, open));
		n.uri = str_trim(cut(open + 1, close));
		n.params = str_trim(cut(close + 1, end));
		if (n.params.len && n.params.p[0] != ';')
			return -EBADMSG;
	} else {
		p = find_outside(value, ";");
		if (!p)
			return -EBADMSG;
		n.uri = str_trim(cut(value.p, p));
		n.params = str_trim(cut(p, end));
	}
	if (!n.uri.len)
		return -EBADMSG;
	*out = n;
	return 0;
}

int next_value(struct pn_str *rest, struct pn_str *value)
{
	const char *p, *end, *begin;

	*rest = str_trim(*rest);
	if (!rest->len)
		return 0;
	begin = p = rest->p;
	end = p + rest->len;
	while (p < end && *p != ',') {
		const char *from = p;

		p = *p == '<' ? memchr(p, '>', (size_t)(end - p)) : step(p, end);
		if (!p)
			return -EBADMSG;
		if (*from == '<')
			p++;
	}
	*value = str_trim(cut(begin, p));
	*rest = p < end ? cut(p + 1, end) : cut(end, end);
	return value->len ? 1 : -EBADMSG;
}

int next_param(struct pn_str *rest, struct pn_str *name, struct pn_str *value)
{
	const char *end, *p, *eq;

	*rest = str_trim(*rest);
	if (!rest->len)
		return 0;
	if (rest->p[0] != ';')
		return -EBADMSG;
	end = rest->p + rest->len;
	p = find_outside(cut(rest->p + 1, end), ";");
	if (!p)
		return -EBADMSG;
	eq = memchr(rest->p + 1, '=', (size_t)(p - rest->p - 1));
	*name = str_trim(cut(rest->p + 1, eq ? eq : p));
	*value = eq ? str_trim(cut(eq + 1, p)) : cut(p, p);
	*rest = cut(p, end);
	return name->len ? 1 : -EBADMSG;
}

int param_find(struct pn_str params, const char *name, struct pn_str *value)
{
	struct pn_str n, v;

	while (next_param(&params, &n, &v) == 1) {
		if (!str_iis(n, name))
			continue;
		*value = v;
		return 0;
	}
	return -ENOENT;
}

static int take_token(struct pn_str *rest, char stop, struct pn_str *token)
{
	const char *p = rest->len ? memchr(rest->p, stop, rest->len) : NULL;

	if (!p)
		return -EBADMSG;
	*token = str_trim(cut(rest->p, p));
	rest->len -= (size_t)(p + 1 - rest->p);
	rest->p = p + 1;
	return token->len ? 0 : -EBADMSG;
}

/* "UDP host:port": the transport ends at white space. */
static int take_transport(struct pn_str *rest, struct pn_str *transport)
{
	size_t n = 0;

	*rest = str_trim(*rest);
	while (n < rest->len && !strchr(" \t\r\n;:", rest->p[n]))
		n++;
	*transport = cut(rest->p, rest->p + n);
	rest->p += n;
	rest->len -= n;
	*rest = str_trim(*rest);
	return n && rest->len ? 0 : -EBADMSG;
}

static int via_params(struct sip_via *v)
{
	struct pn_str rest = v->params, name, value;
	int more;

	while ((more = next_param(&rest, &name, &value)) == 1) {
		if (str_iis(name, "branch"))
			v->branch = value;
		else if (str_iis(name, "received"))
			v->received = value;
		else if (str_iis(name, "maddr"))
			v->maddr = value;
		else if (str_iis(name, "rport")) {
			v->has_rport = true;
			v->rport = value;
		}
	}
	return more;
}

int via_parse(struct pn_str value, struct sip_via *out)
{
	struct sip_via v = { .value = value };
	struct pn_str rest = value, protocol, version;
	const char *semi;

	if (take_token(&rest, '/', &protocol) || take_token(&rest, '/', &version) ||
	    take_transport(&rest, &v.transport))
		return -EBADMSG;
	if (!str_iis(protocol, "SIP") || !str_is(version, "2.0"))
		return -EBADMSG;
	semi = memchr(rest.p, ';', rest.len);
	v.sent_by = str_trim(cut(rest.p, semi ? semi : rest.p + rest.len));
	v.params = semi ? cut(semi, rest.p + rest.len) : cut(rest.p + rest.len, rest.p + rest.len);
	if (hostport_parse(v.sent_by, &v.host, &v.port) || !host_ok(v.host) || via_params(&v))
		return -EBADMSG;
	*out = v;
	return 0;
}
