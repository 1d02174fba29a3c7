#include "sdp_conn.h"
#include "addr.h"
#include <errno.h>
#include <string.h>

bool sdp_unspecified(const struct pn_addr *a)
{
	static const uint8_t zero[16];

	return a->family && !memcmp(a->ip, zero, sizeof(zero));
}

static void read_host(const char *text, struct sdp_conn *c)
{
	const char *p = text + c->host.at, *slash = memchr(p, '/', c->host.len);
	struct pn_str host = { p, slash ? (size_t)(slash - p) : c->host.len };

	if (sdp_is(text, c->host, "$"))
		c->form = SDP_WILD;
	else if (addr_parse(host, &c->addr))
		c->form = SDP_NAME;
	else
		c->form = SDP_LITERAL;
}

int sdp_conn_read(const char *text, struct sdp_span s, struct sdp_conn *out)
{
	struct sdp_conn c = { .form = SDP_ALIEN };
	struct sdp_span rest = s, more;

	if (!sdp_word(text, &rest, &c.net))
		return -EBADMSG;
	if (!sdp_is(text, c.net, "IN") && !sdp_is(text, c.net, "$")) {
		c.net.len = s.at + s.len - c.net.at;
		*out = c;
		return 0;
	}
	if (!sdp_word(text, &rest, &c.type) || !sdp_word(text, &rest, &c.host) ||
	    sdp_word(text, &rest, &more))
		return -EBADMSG;
	if (!sdp_is(text, c.type, "IP4") && !sdp_is(text, c.type, "IP6") &&
	    !sdp_is(text, c.type, "$"))
		return -EBADMSG;
	read_host(text, &c);
	*out = c;
	return 0;
}
