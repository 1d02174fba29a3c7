#include "parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static const struct {
	const char *name;
	enum sip_header id;
} headers[] = {
	{ "Via", SIP_VIA },
	{ "v", SIP_VIA },
	{ "From", SIP_FROM },
	{ "f", SIP_FROM },
	{ "To", SIP_TO },
	{ "t", SIP_TO },
	{ "Call-ID", SIP_CALL_ID },
	{ "i", SIP_CALL_ID },
	{ "CSeq", SIP_CSEQ },
	{ "Max-Forwards", SIP_MAX_FORWARDS },
	{ "Content-Length", SIP_CONTENT_LENGTH },
	{ "l", SIP_CONTENT_LENGTH },
	{ "Content-Type", SIP_CONTENT_TYPE },
	{ "c", SIP_CONTENT_TYPE },
	{ "Content-Encoding", SIP_CONTENT_ENCODING },
	{ "e", SIP_CONTENT_ENCODING },
	{ "Contact", SIP_CONTACT },
	{ "m", SIP_CONTACT },
	{ "Route", SIP_ROUTE },
	{ "Record-Route", SIP_RECORD_ROUTE },
	{ "Expires", SIP_EXPIRES },
	{ "Refer-To", SIP_REFER_TO },
	{ "r", SIP_REFER_TO },
	{ "Referred-By", SIP_REFERRED_BY },
	{ "b", SIP_REFERRED_BY },
	{ "Reply-To", SIP_REPLY_TO },
	{ "Proxy-Require", SIP_PROXY_REQUIRE },
	{ "Require", SIP_REQUIRE },
	{ "Session-Expires", SIP_SESSION_EXPIRES },
	{ "x", SIP_SESSION_EXPIRES },
	{ "Subscription-State", SIP_SUBSCRIPTION_STATE },
	{ "Retry-After", SIP_RETRY_AFTER },
	{ "Date", SIP_DATE },
	{ "Authentication-Info", SIP_AUTH_INFO },
	{ "Reason", SIP_REASON },
	{ "Timestamp", SIP_TIMESTAMP },
};

static const struct {
	const char *name;
	enum sip_method kind;
} methods[] = {
	{ "INVITE", SIP_INVITE }, { "ACK", SIP_ACK },           { "CANCEL", SIP_CANCEL },
	{ "BYE", SIP_BYE },       { "REGISTER", SIP_REGISTER }, { "OPTIONS", SIP_OPTIONS },
	{ "UPDATE", SIP_UPDATE }, { "PRACK", SIP_PRACK },       { "SUBSCRIBE", SIP_SUBSCRIBE },
	{ "NOTIFY", SIP_NOTIFY }, { "REFER", SIP_REFER },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct pn_str cut(const char *from, const char *to)
{
	return (struct pn_str){ from, (size_t)(to - from) };
}

enum sip_method method_of(struct pn_str name)
{
	for (size_t i = 0; i < COUNT(methods); i++)
		if (str_is(name, methods[i].name))
			return methods[i].kind;
	return SIP_ANY;
}

static enum sip_header header_of(struct pn_str name)
{
	for (size_t i = 0; i < COUNT(headers); i++)
		if (str_iis(name, headers[i].name))
			return headers[i].id;
	return SIP_OTHER;
}

static bool is_token(struct pn_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", c))
			return false;
	}
	return s.len > 0;
}

/* The end of the line that begins at p: behind its CRLF. NULL when there is none, or when a CR or
 * LF stands alone, which two parsers would read in two ways. */
static const char *line_end(const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p == '\n')
			return NULL;
		if (*p == '\r')
			return p + 1 < end && p[1] == '\n' ? p + 2 : NULL;
	}
	return NULL;
}

/* As line_end, but over the folded lines that follow. RFC 3261 7.3.1. */
static const char *field_end(const char *p, const char *end)
{
	do
		p = line_end(p, end);
	while (p && p < end && (*p == ' ' || *p == '\t'));
	return p;
}

static size_t count_lines(const char *p, const char *end)
{
	size_t n = 0;

	while ((p = memchr(p, '\n', (size_t)(end - p))) && ++p < end && ++n < SIP_FIELDS_MAX)
		if (*p == '\r')
			break;
	return n;
}

static void fault(struct sip_msg *m, int status, const char *why)
{
	if (m->bad)
		return;
	m->bad = status;
	m->why = why;
}

/* "SIP/2.0 200 OK"; the reason may be missing with its space (RFC 4475 3.1.1.13). */
static int status_line(struct sip_msg *m, struct pn_str line)
{
	uint32_t status;
	const char *end = line.p + line.len, *p = memchr(line.p, ' ', line.len);

	if (!p || end - p < 4 || str_u32((struct pn_str){ p + 1, 3 }, &status))
		return -EBADMSG;
	if (p + 4 < end && p[4] != ' ')
		return -EBADMSG;
	m->version = cut(line.p, p);
	m->status = (int)status;
	m->reason = p + 4 < end ? cut(p + 5, end) : cut(end, end);
	return status >= 100 && status < 700 ? 0 : -EBADMSG;
}

static int request_line(struct sip_msg *m, struct pn_str line)
{
	const char *end = line.p + line.len, *first = memchr(line.p, ' ', line.len), *last;

	last = first ? memrchr(line.p, ' ', line.len) : NULL;
	if (!first || last == first)
		return -EBADMSG;
	m->request = true;
	m->method = cut(line.p, first);
	m->kind = method_of(m->method);
	m->uri = cut(first + 1, last);
	m->version = cut(last + 1, end);
	if (m->version.len < 4 || !str_iis((struct pn_str){ m->version.p, 4 }, "SIP/"))
		fault(m, 400, "Malformed request line");
	return is_token(m->method) && m->uri.len ? 0 : -EBADMSG;
}

static int start_line(struct sip_msg *m, struct pn_str line)
{
	if (line.len > 4 && str_iis((struct pn_str){ line.p, 4 }, "SIP/"))
		return status_line(m, line);
	return request_line(m, line);
}

static void take_field(struct sip_msg *m, const char *p, const char *end)
{
	const char *colon = memchr(p, ':', (size_t)(end - p));
	struct sip_field *f = &m->field[m->n];
	struct pn_str name;

	if (!colon) {
		fault(m, 400, "Header field without colon");
		return;
	}
	name = str_trim(cut(p, colon));
	if (name.p != p || !is_token(name)) {
		fault(m, 400, "Malformed header field name");
		return;
	}
	f->id = header_of(name);
	f->name = name;
	f->value = str_trim(cut(colon + 1, end));
	f->line = cut(p, end);
	m->n++;
}

/* Returns where the body begins. */
static const char *take_fields(struct sip_msg *m, const char *p, const char *end, size_t max)
{
	while (p < end) {
		const char *next = field_end(p, end);

		if (!next) {
			fault(m, 400, "Header field not ended by CRLF");
			return end;
		}
		if (next - p == 2)
			return next;
		if (m->n == max) {
			fault(m, 400, "Too many header fields");
			return end;
		}
		take_field(m, p, next);
		p = next;
	}
	fault(m, 400, "Header fields not ended by an empty line");
	return end;
}

/* RFC 3261 18.3: what is behind Content-Length in a datagram is thrown away. */
static void take_body(struct sip_msg *m, const char *body, const char *end)
{
	const struct sip_field *f = msg_field(m, SIP_CONTENT_LENGTH);
	uint32_t length = 0;

	m->body = cut(body, end);
	m->len = (size_t)(end - m->data);
	if (!f)
		return;
	if (str_u32(f->value, &length))
		fault(m, 400, "Malformed Content-Length");
	else if (length > m->body.len)
		fault(m, 400, "Content-Length larger than message");
	else {
		m->len -= m->body.len - length;
		m->body.len = length;
	}
}

static int parse_into(struct sip_msg *m, const char *data, size_t len, size_t max)
{
	const char *end = data + len, *next = line_end(data, end);

	if (!next || start_line(m, cut(data, next - 2)))
		return -EBADMSG;
	m->data = data;
	m->len = len;
	take_body(m, take_fields(m, next, end, max), end);
	msg_check(m);
	return 0;
}

int msg_parse(const void *data, size_t len, bool copy, struct sip_msg **out)
{
	const char *p = data, *end = p + len;
	struct sip_msg *m;
	size_t max;

	while (end - p >= 2 && p[0] == '\r' && p[1] == '\n')
		p += 2;
	if (p == end)
		return -EBADMSG;
	max = count_lines(p, end);
	m = calloc(1, sizeof(*m) + max * sizeof(m->field[0]) + (copy ? (size_t)(end - p) : 0));
	if (!m)
		return -ENOMEM;
	len = (size_t)(end - p);
	if (copy) {
		m->copy = (char *)&m->field[max];
		memcpy(m->copy, p, len);
		p = m->copy;
	}
	if (parse_into(m, p, len, max)) {
		msg_free(m);
		return -EBADMSG;
	}
	*out = m;
	return 0;
}

void msg_free(struct sip_msg *m)
{
	free(m);
}

static const struct sip_field *field_from(const struct sip_msg *m, size_t i, enum sip_header id)
{
	for (; i < m->n; i++)
		if (m->field[i].id == id)
			return &m->field[i];
	return NULL;
}

const struct sip_field *msg_field(const struct sip_msg *m, enum sip_header id)
{
	return field_from(m, 0, id);
}

const struct sip_field *msg_next(const struct sip_msg *m, const struct sip_field *f)
{
	return field_from(m, (size_t)(f - m->field) + 1, f->id);
}

struct pn_str msg_value(const struct sip_msg *m, enum sip_header id)
{
	const struct sip_field *f = msg_field(m, id);

	return f ? f->value : str_of("");
}

size_t msg_at(const struct sip_msg *m, const char *p)
{
	return (size_t)(p - m->data);
}
