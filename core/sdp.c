#include "sdp_doc.h"
#include <errno.h>

static unsigned flags_of(const struct sdp_m *m, const struct sdp_conn *c)
{
	unsigned flags = 0;

	if (m->foreign)
		flags |= PN_MEDIA_FOREIGN;
	if (m->rtp)
		flags |= PN_MEDIA_RTP;
	if (m->mux)
		flags |= PN_MEDIA_RTCP_MUX;
	if (m->oneway)
		flags |= PN_MEDIA_ONEWAY;
	if (m->rtp && m->rtcp != SDP_NONE)
		flags |= PN_MEDIA_RTCP_ATTR;
	if (!m->wild && m->number == 0)
		return flags | PN_MEDIA_CLOSED;
	if (m->wild || (c && c->form == SDP_WILD))
		return flags | PN_MEDIA_WILDCARD;
	if (c && c->form == SDP_LITERAL && sdp_unspecified(&c->addr))
		flags |= PN_MEDIA_HOLD;
	return flags;
}

/* a=rtcp gives a port, and an address only when it is another one than that of RTP. */
static struct pn_addr rtcp_of(const struct sdp_field *f, const struct pn_addr *rtp)
{
	struct pn_addr a = f->conn.form == SDP_ABSENT ? *rtp : f->conn.addr;

	if (!a.family || f->wild || !f->number)
		return (struct pn_addr){ 0 };
	a.port = f->number;
	return a;
}

static struct pn_media media_of(const struct sdp_doc *d, const struct sdp_m *m)
{
	const struct sdp_conn *c = sdp_conn_of(d, m);
	struct pn_media out = { .size = sizeof(out), .kind = m->kind, .flags = flags_of(m, c) };

	if (out.flags & (PN_MEDIA_CLOSED | PN_MEDIA_WILDCARD) || m->number < 0)
		return out;
	if (c && c->form == SDP_LITERAL) {
		out.rtp = c->addr;
		out.rtp.port = (uint16_t)m->number;
	}
	if (out.flags & PN_MEDIA_RTCP_ATTR)
		out.rtcp = rtcp_of(&d->field[m->rtcp], &out.rtp);
	return out;
}

int sdp_scan(const void *text, size_t len, struct pn_media *list, size_t cap)
{
	struct sdp_doc d;
	int err = sdp_read(text, len, &d);

	if (err)
		return err;
	if (d.n_media > cap)
		return -E2BIG;
	for (size_t i = 0; i < d.n_media; i++)
		list[i] = media_of(&d, &d.media[i]);
	return (int)d.n_media;
}
