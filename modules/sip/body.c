/* Finding the session description in a body. */
#include <errno.h>
#include <string.h>

#include "parse.h"

static struct pn_str cut(const char *from, const char *to)
{
	return (struct pn_str){ from, (size_t)(to - from) };
}

/* The media type without parameters. */
static struct pn_str media_type(struct pn_str value)
{
	const char *semi = value.len ? memchr(value.p, ';', value.len) : NULL;

	return str_trim(semi ? cut(value.p, semi) : value);
}

static bool is_multipart(struct pn_str type)
{
	return type.len > 10 && str_iis((struct pn_str){ type.p, 10 }, "multipart/");
}

/* The value of a part's header field; parts have few, so a plain search serves. */
static struct pn_str part_field(struct pn_str head, const char *name)
{
	const char *p = head.p, *end = p + head.len, *eol;
	size_t n = strlen(name);

	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		while (eol + 1 < end && (eol[1] == ' ' || eol[1] == '\t')) {
			const char *more = memchr(eol + 1, '\n', (size_t)(end - eol - 1));

			eol = more ? more : end;
		}
		if ((size_t)(eol - p) > n && p[n] == ':' && str_iis(cut(p, p + n), name))
			return str_trim(cut(p + n + 1, eol));
	}
	return (struct pn_str){ NULL, 0 };
}

/* RFC 2046 5.1.1: "CRLF--boundary"; the CRLF belongs to the delimiter. NULL when none is left. */
static const char *find_delimiter(struct pn_str text, struct pn_str boundary)
{
	const char *p = text.p, *end = p + text.len;

	while ((p = memmem(p, (size_t)(end - p), boundary.p, boundary.len))) {
		bool dashes = p - text.p >= 2 && p[-1] == '-' && p[-2] == '-';

		if (dashes && (p - text.p == 2 || p[-3] == '\n'))
			return p - 2;
		p++;
	}
	return NULL;
}

static int take_part(struct pn_str part, struct sip_sdp *out)
{
	const char *gap = memmem(part.p, part.len, "\r\n\r\n", 4);
	struct pn_str head, encoding;

	if (!gap)
		return 0;
	head = cut(part.p, gap + 2);
	if (!str_iis(media_type(part_field(head, "Content-Type")), "application/sdp"))
		return 0;
	encoding = part_field(head, "Content-Transfer-Encoding");
	if (str_iis(encoding, "base64") || str_iis(encoding, "quoted-printable"))
		return -ENOTSUP;
	out->text = cut(gap + 4, part.p + part.len);
	out->length = part_field(head, "Content-Length");
	return 1;
}

static int multipart_sdp(struct pn_str body, struct pn_str type, struct sip_sdp *out)
{
	const char *semi = memchr(type.p, ';', type.len), *open, *next;
	struct pn_str boundary = { NULL, 0 };
	int found = 0;

	if (!semi || param_find(cut(semi, type.p + type.len), "boundary", &boundary))
		return -EBADMSG;
	if (boundary.len >= 2 && boundary.p[0] == '"')
		boundary = cut(boundary.p + 1, boundary.p + boundary.len - 1);
	if (!boundary.len)
		return -EBADMSG;
	open = find_delimiter(body, boundary);
	while (open && !found) {
		const char *end = body.p + body.len, *start = open + 2 + boundary.len;

		if (end - start >= 2 && start[0] == '-' && start[1] == '-')
			return 0;
		next = find_delimiter(cut(start, end), boundary);
		if (!next)
			return -EBADMSG;
		found = take_part(cut(start, next - start >= 2 ? next - 2 : next), out);
		open = next;
	}
	return open ? found : -EBADMSG;
}

int msg_sdp(const struct sip_msg *m, struct sip_sdp *out)
{
	struct pn_str value = msg_value(m, SIP_CONTENT_TYPE), type = media_type(value);
	struct pn_str encoding = msg_value(m, SIP_CONTENT_ENCODING);
	bool bare = !type.len && m->body.len > 4 && !memcmp(m->body.p, "v=0\r", 4);

	if (!m->body.len)
		return 0;
	if (is_multipart(type))
		return multipart_sdp(m->body, value, out);
	if (!str_iis(type, "application/sdp") && !bare)
		return 0;
	if (encoding.len && !str_iis(encoding, "identity"))
		return -ENOTSUP;
	*out = (struct sip_sdp){ .text = m->body };
	return 1;
}
