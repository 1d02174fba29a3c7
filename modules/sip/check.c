#include "check.h"

#include <errno.h>
#include <string.h>

static void fault(struct sip_msg *m, int status, const char *why)
{
	if (m->bad)
		return;
	m->bad = status;
	m->why = why;
}

static void check_counts(struct sip_msg *m)
{
	static const struct {
		enum sip_header id;
		const char *missing, *many;
	} rule[] = {
		{ SIP_VIA, "Missing Via", NULL },
		{ SIP_FROM, "Missing From", "More than one From" },
		{ SIP_TO, "Missing To", "More than one To" },
		{ SIP_CALL_ID, "Missing Call-ID", "More than one Call-ID" },
		{ SIP_CSEQ, "Missing CSeq", "More than one CSeq" },
		{ SIP_MAX_FORWARDS, NULL, "More than one Max-Forwards" },
		{ SIP_CONTENT_LENGTH, NULL, "More than one Content-Length" },
		{ SIP_CONTENT_TYPE, NULL, "More than one Content-Type" },
	};

	for (size_t i = 0; i < sizeof(rule) / sizeof(rule[0]); i++) {
		const struct sip_field *f = msg_field(m, rule[i].id);

		if (!f && rule[i].missing)
			fault(m, 400, rule[i].missing);
		if (f && rule[i].many && msg_next(m, f))
			fault(m, 400, rule[i].many);
	}
}

/* Every Via must be readable: the response goes by them. */
static void check_vias(struct sip_msg *m)
{
	const struct sip_field *f = msg_field(m, SIP_VIA);
	struct sip_via via;

	for (bool first = true; f; f = msg_next(m, f)) {
		struct pn_str rest = f->value, value;
		int more;

		while ((more = next_value(&rest, &value)) == 1) {
			if (via_parse(value, &via)) {
				fault(m, 400, "Malformed Via");
				return;
			}
			if (first)
				m->via = via;
			first = false;
		}
		if (more < 0 || first)
			fault(m, 400, "Malformed Via");
	}
}

static void check_cseq(struct sip_msg *m)
{
	struct pn_str v = msg_value(m, SIP_CSEQ), method;
	size_t n = 0;

	while (n < v.len && v.p[n] >= '0' && v.p[n] <= '9')
		n++;
	method = str_trim((struct pn_str){ v.p + n, v.len - n });
	if (str_u32((struct pn_str){ v.p, n }, &m->cseq) || m->cseq > INT32_MAX) {
		fault(m, 400, "Malformed CSeq");
		return;
	}
	if (!method.len || method.p == v.p + n)
		fault(m, 400, "Malformed CSeq");
	else if (!m->request) {
		m->method = method;
		m->kind = method_of(method);
	} else if (!str_eq(method, m->method))
		fault(m, 400, "CSeq method does not match");
}

static struct pn_str check_party(struct sip_msg *m, enum sip_header id, const char *why)
{
	struct pn_str value = msg_value(m, id), tag = str_of("");
	struct sip_name_addr n;
	struct sip_uri uri;

	if (!value.len)
		return tag;
	if (name_addr_parse(value, &n) || uri_parse(n.uri, &uri))
		fault(m, 400, why);
	else
		param_find(n.params, "tag", &tag);
	return tag;
}

static void check_parties(struct sip_msg *m)
{
	m->from = msg_value(m, SIP_FROM);
	m->to = msg_value(m, SIP_TO);
	m->call_id = msg_value(m, SIP_CALL_ID);
	m->from_tag = check_party(m, SIP_FROM, "Malformed From");
	m->to_tag = check_party(m, SIP_TO, "Malformed To");
	if (msg_field(m, SIP_CALL_ID) && !m->call_id.len)
		fault(m, 400, "Empty Call-ID");
}

/* One Contact value: a question mark needs the angle brackets (RFC 3261 20.10, RFC 4475 3.1.2.13).
 */
static bool contact_ok(struct pn_str value)
{
	struct sip_name_addr n;
	struct sip_uri uri;

	if (str_is(value, "*"))
		return true;
	if (name_addr_parse(value, &n) || uri_parse(n.uri, &uri))
		return false;
	return n.brackets || !memchr(n.uri.p, '?', n.uri.len);
}

static void check_values(struct sip_msg *m, enum sip_header id, bool contact, const char *why)
{
	for (const struct sip_field *f = msg_field(m, id); f; f = msg_next(m, f)) {
		struct pn_str rest = f->value, value;
		struct sip_name_addr n;
		int more;

		while ((more = next_value(&rest, &value)) == 1)
			if (contact ? !contact_ok(value) : name_addr_parse(value, &n) != 0)
				fault(m, 400, why);
		if (more < 0)
			fault(m, 400, why);
	}
}

static void check_max_forwards(struct sip_msg *m)
{
	const struct sip_field *f = msg_field(m, SIP_MAX_FORWARDS);
	uint32_t hops;

	if (f && (str_u32(f->value, &hops) || hops > 255))
		fault(m, 400, "Malformed Max-Forwards");
}

/* An IPv6 reference with more than one "::" or three colons is none (RFC 5118 4.10). */
static bool ip6_ok(struct pn_str host)
{
	if (host.p[0] != '[')
		return true;
	for (size_t i = 1; i + 1 < host.len; i++)
		if (host.p[i] == '\0' || !strchr("0123456789abcdefABCDEF:.", host.p[i]))
			return false;
	return host.len > 3 && !memmem(host.p, host.len, ":::", 3);
}

static void check_uri(struct sip_msg *m)
{
	static const char *const known[] = { "sip", "sips", "tel", "urn", "im", "pres" };
	struct sip_uri u = { 0 };
	bool bad = false, ok = false;

	for (size_t i = 0; i < m->uri.len; i++)
		bad = bad || strchr("\t <>\"", m->uri.p[i]);
	if (bad || uri_parse(m->uri, &u)) {
		fault(m, 400, "Malformed Request-URI");
		return;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		ok = ok || str_iis(u.scheme, known[i]);
	if (!ok)
		fault(m, 416, "Unsupported URI Scheme");
	else if (u.headers.len)
		fault(m, 400, "Header fields in Request-URI");
	else if (u.sip && !ip6_ok(u.host))
		fault(m, 400, "Malformed address in Request-URI");
	m->target = u;
}

static void check_request(struct sip_msg *m)
{
	check_uri(m);
	check_max_forwards(m);
	check_values(m, SIP_ROUTE, false, "Malformed Route");
	if (m->kind == SIP_CANCEL || m->kind == SIP_ACK)
		return;
	if (msg_field(m, SIP_PROXY_REQUIRE))
		fault(m, 420, "Bad Extension");
}

void msg_check(struct sip_msg *m)
{
	if (!str_iis(m->version, "SIP/2.0"))
		fault(m, 505, "Version Not Supported");
	check_counts(m);
	check_vias(m);
	check_cseq(m);
	check_parties(m);
	if (m->request)
		check_request(m);
	check_values(m, SIP_CONTACT, true, "Malformed Contact");
	check_values(m, SIP_RECORD_ROUTE, false, "Malformed Record-Route");
}
