#include "parse.h"

#include <errno.h>
#include <string.h>

#define ID_MAX 999999999u
#define NAME_MAX_LEN 255u /* of a local name, and of a domain (3.2.1.3) */

static const struct {
	const char *name;
	enum mgcp_verb verb;
} verbs[] = {
	{ "EPCF", MGCP_EPCF }, { "CRCX", MGCP_CRCX }, { "MDCX", MGCP_MDCX },
	{ "DLCX", MGCP_DLCX }, { "RQNT", MGCP_RQNT }, { "NTFY", MGCP_NTFY },
	{ "AUEP", MGCP_AUEP }, { "AUCX", MGCP_AUCX }, { "RSIP", MGCP_RSIP },
};

static const struct {
	const char *name;
	enum mgcp_code code;
} params[] = {
	{ "K", MGCP_P_ACK },          { "C", MGCP_P_CALL },     { "I", MGCP_P_CONNECTION },
	{ "I2", MGCP_P_CONNECTION2 }, { "N", MGCP_P_ENTITY },   { "M", MGCP_P_MODE },
	{ "RM", MGCP_P_METHOD },      { "Z", MGCP_P_ENDPOINT }, { "Z2", MGCP_P_ENDPOINT2 },
	{ "E", MGCP_P_REASON },       { "F", MGCP_P_INFO },
};

/* The first line of rest without its end (LF, CRLF, or a bare CR as some stacks write). */
static bool next_line(struct pn_str *rest, struct pn_str *line)
{
	size_t n = 0;

	if (!rest->len)
		return false;
	while (n < rest->len && rest->p[n] != '\n' && rest->p[n] != '\r')
		n++;
	*line = (struct pn_str){ rest->p, n };
	if (n < rest->len && rest->p[n] == '\r')
		n++;
	if (n < rest->len && rest->p[n] == '\n')
		n++;
	rest->p += n;
	rest->len -= n;
	return true;
}

int mgcp_split(struct pn_str datagram, struct pn_str *out, size_t max)
{
	struct pn_str rest = datagram, line, one = { datagram.p, 0 };
	size_t n = 0;
	bool more;

	do {
		more = next_line(&rest, &line);
		if (more && !str_is(str_trim(line), ".")) {
			one.len = (size_t)(rest.p - one.p);
			continue;
		}
		if (str_trim(one).len) {
			if (n == max)
				return -E2BIG;
			out[n++] = one;
		}
		one = (struct pn_str){ rest.p, 0 };
	} while (more);
	return n ? (int)n : -EBADMSG;
}

/* The next word of a line, which ends at white space. */
static struct pn_str next_word(struct pn_str *rest)
{
	struct pn_str word;
	size_t n = 0;

	while (rest->len && (rest->p[0] == ' ' || rest->p[0] == '\t')) {
		rest->p++;
		rest->len--;
	}
	while (n < rest->len && rest->p[n] != ' ' && rest->p[n] != '\t')
		n++;
	word = (struct pn_str){ rest->p, n };
	rest->p += n;
	rest->len -= n;
	return word;
}

/* Takes ":port" off the end of place. */
static int split_port(struct pn_str place, struct pn_str *domain, uint16_t *port)
{
	size_t from = 0;
	uint32_t v;

	*domain = place;
	*port = 0;
	if (place.len && place.p[0] == '[') {
		const char *end = memchr(place.p, ']', place.len);

		if (!end)
			return -EBADMSG;
		from = (size_t)(end - place.p) + 1;
	} else {
		const char *colon = memchr(place.p, ':', place.len);

		from = colon ? (size_t)(colon - place.p) : place.len;
	}
	if (from == place.len)
		return 0;
	if (place.p[from] != ':' ||
	    str_u32((struct pn_str){ place.p + from + 1, place.len - from - 1 }, &v) || !v ||
	    v > 65535)
		return -EBADMSG;
	domain->len = from;
	*port = (uint16_t)v;
	return 0;
}

int mgcp_name_parse(struct pn_str text, struct mgcp_name *out)
{
	struct mgcp_name n = { .place = text };

	for (size_t i = text.len; i-- > 0;)
		if (text.p[i] == '@') {
			n.local = (struct pn_str){ text.p, i };
			n.place = (struct pn_str){ text.p + i + 1, text.len - i - 1 };
			break;
		}
	if (!n.place.len || split_port(n.place, &n.domain, &n.port))
		return -EBADMSG;
	n.host = n.domain;
	if (n.host.p[0] == '[') {
		n.host.p++;
		n.host.len -= 2;
	}
	if (!n.host.len || n.local.len > NAME_MAX_LEN || n.domain.len > NAME_MAX_LEN)
		return -EBADMSG;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 127)
			return -EBADMSG;
	*out = n;
	return 0;
}

static bool is_verb(struct pn_str word)
{
	for (size_t i = 0; i < word.len; i++) {
		char c = word.p[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		      (i && c >= '0' && c <= '9')))
			return false;
	}
	return word.len == 4;
}

static int parse_id(struct pn_str word, struct mgcp_msg *m)
{
	m->id_text = word;
	if (word.len > 9 || str_u32(word, &m->id) || !m->id || m->id > ID_MAX) {
		m->id = 0;
		return -EBADMSG;
	}
	return 0;
}

static int parse_command(struct pn_str line, struct mgcp_msg *m, const char **why)
{
	struct pn_str name, version;

	m->command = true;
	m->verb_text = next_word(&line);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (str_iis(m->verb_text, verbs[i].name))
			m->verb = verbs[i].verb;
	*why = "transaction id is not a number from 1 to 999999999";
	if (parse_id(next_word(&line), m))
		return -EBADMSG;
	name = next_word(&line);
	version = next_word(&line);
	*why = "no protocol version";
	if (!str_iis(version, "MGCP") || !next_word(&line).len)
		return -EBADMSG;
	*why = "endpoint name is not local@domain";
	return mgcp_name_parse(name, &m->endpoint) || !m->endpoint.local.len ? -EBADMSG : 0;
}

static int parse_response(struct pn_str line, struct mgcp_msg *m, const char **why)
{
	struct pn_str code = next_word(&line);
	uint32_t v;

	*why = "neither a command nor a response";
	if (code.len != 3 || str_u32(code, &v))
		return -EBADMSG;
	m->code = (int)v;
	*why = "transaction id is not a number from 1 to 999999999";
	return parse_id(next_word(&line), m);
}

/* A line that begins with white space goes on with the one before. */
static int unfold(struct pn_str more, struct mgcp_msg *m)
{
	struct pn_str *value;

	if (!m->n_params)
		return -EBADMSG;
	value = &m->param[m->n_params - 1].value;
	if (!value->len)
		value->p = more.p;
	value->len = (size_t)(more.p + more.len - value->p);
	return 0;
}

static int parse_param(struct pn_str line, struct mgcp_msg *m)
{
	const char *colon = memchr(line.p, ':', line.len);
	struct mgcp_param *p = &m->param[m->n_params];
	struct pn_str name, value;

	if (line.p[0] == ' ' || line.p[0] == '\t')
		return unfold(str_trim(line), m);
	if (!colon || m->n_params == MGCP_PARAMS_MAX)
		return -EBADMSG;
	name = str_trim((struct pn_str){ line.p, (size_t)(colon - line.p) });
	value = (struct pn_str){ colon + 1, line.len - (size_t)(colon - line.p) - 1 };
	while (value.len && (value.p[0] == ' ' || value.p[0] == '\t')) {
		value.p++;
		value.len--;
	}
	while (value.len && (value.p[value.len - 1] == ' ' || value.p[value.len - 1] == '\t'))
		value.len--;
	*p = (struct mgcp_param){ MGCP_P_OTHER, name, value };
	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++)
		if (str_iis(name, params[i].name))
			p->code = params[i].code;
	m->n_params++;
	return 0;
}

/* Descriptions are separated by an empty line; each begins with v= (RFC 3435 3.4, F.1.2). */
static int parse_bodies(struct pn_str rest, struct mgcp_msg *m)
{
	struct pn_str line, body = { rest.p, 0 };
	bool more;

	do {
		more = next_line(&rest, &line);
		if (more && str_trim(line).len) {
			if (!body.len)
				body.p = line.p;
			body.len = (size_t)(rest.p - body.p);
			continue;
		}
		if (body.len) {
			if (m->n_sdp == MGCP_SDP_MAX)
				return -EBADMSG;
			m->sdp[m->n_sdp++] = body;
		}
		body = (struct pn_str){ rest.p, 0 };
	} while (more);
	return 0;
}

int mgcp_parse(struct pn_str text, struct mgcp_msg *m, const char **why)
{
	struct pn_str rest = text, line, word;
	int err;

	memset(m, 0, offsetof(struct mgcp_msg, param));
	m->n_params = m->n_sdp = 0;
	do {
		*why = "nothing but white space";
		if (!next_line(&rest, &line))
			return -EBADMSG;
	} while (!str_trim(line).len);
	m->text = text;
	word = line;
	word = next_word(&word);
	err = is_verb(word) ? parse_command(line, m, why) : parse_response(line, m, why);
	while (!err && next_line(&rest, &line)) {
		if (!str_trim(line).len) {
			*why = "too many session descriptions";
			err = parse_bodies(rest, m);
			break;
		}
		*why = "a parameter line without a colon, or too many of them";
		err = parse_param(line, m);
	}
	return err;
}

struct pn_str mgcp_value(const struct mgcp_msg *m, enum mgcp_code code)
{
	for (size_t i = 0; i < m->n_params; i++)
		if (m->param[i].code == code)
			return m->param[i].value;
	return (struct pn_str){ NULL, 0 };
}

bool mgcp_wildcard(struct pn_str local)
{
	return local.len && (memchr(local.p, '*', local.len) || memchr(local.p, '$', local.len) ||
			     memchr(local.p, '[', local.len));
}

/* One term of the name, up to the next slash. */
static struct pn_str term(struct pn_str *rest)
{
	const char *slash = rest->len ? memchr(rest->p, '/', rest->len) : NULL;
	struct pn_str t = { rest->p, slash ? (size_t)(slash - rest->p) : rest->len };
	size_t skip = t.len + (slash ? 1 : 0);

	rest->p += skip;
	rest->len -= skip;
	return t;
}

/* "[2-12,15]", a range wildcard (E.5). */
static bool in_range(struct pn_str p, struct pn_str term)
{
	struct pn_str rest = p, item;
	uint32_t n, from, to;
	bool found = false;

	if (p.len < 2 || p.p[0] != '[' || p.p[p.len - 1] != ']' || str_u32(term, &n))
		return false;
	rest.p++;
	rest.len -= 2;
	while (mgcp_list_next(&rest, &item)) {
		const char *dash = memchr(item.p, '-', item.len);
		size_t len = dash ? (size_t)(dash - item.p) : item.len;

		if (str_u32((struct pn_str){ item.p, len }, &from))
			return false;
		to = from;
		if (dash && str_u32((struct pn_str){ dash + 1, item.len - len - 1 }, &to))
			return false;
		found |= n >= from && n <= to;
	}
	return found;
}

static bool term_covers(struct pn_str p, struct pn_str term)
{
	return memchr(p.p, '*', p.len) || memchr(p.p, '$', p.len) || str_ieq(p, term) ||
	       in_range(p, term);
}

bool mgcp_covers(struct pn_str pattern, struct pn_str local)
{
	while (pattern.len) {
		struct pn_str p = term(&pattern), l;

		/* "all" as the last term stands for all the terms that could follow (2.1.2) */
		if (!pattern.len && str_is(p, "*"))
			return true;
		if (!local.len)
			return false;
		l = term(&local);
		if (!term_covers(p, l))
			return false;
	}
	return !local.len;
}

bool mgcp_list_next(struct pn_str *rest, struct pn_str *item)
{
	const char *comma;
	size_t n;

	if (!rest->len)
		return false;
	comma = memchr(rest->p, ',', rest->len);
	n = comma ? (size_t)(comma - rest->p) : rest->len;
	*item = str_trim((struct pn_str){ rest->p, n });
	n += comma ? 1 : 0;
	rest->p += n;
	rest->len -= n;
	return true;
}
