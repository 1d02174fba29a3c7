#include "sdp_doc.h"
#include <errno.h>

struct reader {
	struct sdp_doc *d;
	struct sdp_line line;
	unsigned block;
	int session_c;      /* field of the block's first c= */
	bool session_oneway; /* direction at session level */
	bool begun;         /* the block has a line */
	bool in_head;       /* nothing but i= since m= */
	struct sdp_m *m;    /* NULL at session level */
};

const struct sdp_conn *sdp_conn_of(const struct sdp_doc *d, const struct sdp_m *m)
{
	int at = m->own != SDP_NONE ? m->own : m->session;

	return at == SDP_NONE ? NULL : &d->field[at].conn;
}

bool sdp_block_foreign(const struct sdp_doc *d, unsigned block)
{
	bool any = false;

	for (size_t i = 0; i < d->n_media; i++) {
		if (d->media[i].block != block)
			continue;
		if (!d->media[i].foreign)
			return false;
		any = true;
	}
	return any;
}

static struct sdp_field *add_field(struct reader *r, enum sdp_what what)
{
	struct sdp_doc *d = r->d;
	struct sdp_field *f = &d->field[d->n_fields];

	if (d->n_fields == SDP_FIELDS_MAX)
		return NULL;
	d->n_fields++;
	*f = (struct sdp_field){ .what = what, .block = r->block, .value = r->line.value };
	f->line = (struct sdp_span){ r->line.at, r->line.next - r->line.at };
	f->media = r->m ? (int)(r->m - d->media) : SDP_NONE;
	return f;
}

static int read_drop(struct reader *r)
{
	struct sdp_doc *d = r->d;
	struct sdp_field *last = d->n_fields ? &d->field[d->n_fields - 1] : NULL;

	/* its line end stays away with it, so what follows needs none before */
	r->line.open = false;
	if (last && last->what == SDP_DROP && last->line.at + last->line.len == r->line.at) {
		last->line.len = r->line.next - last->line.at;
		return 0;
	}
	return add_field(r, SDP_DROP) ? 0 : -E2BIG;
}

static int read_c(struct reader *r)
{
	struct sdp_field *f = add_field(r, SDP_CONNECTION);
	int at = (int)r->d->n_fields - 1;

	if (!f)
		return -E2BIG;
	if (r->m && r->m->own == SDP_NONE)
		r->m->own = at;
	else if (!r->m && r->session_c == SDP_NONE)
		r->session_c = at;
	return sdp_conn_read(r->d->text, r->line.value, &f->conn);
}

/* RFC 8866 5.2 has six words; some stacks put blanks into the user name, so the last three count. */
static int read_o(struct reader *r)
{
	const char *text = r->d->text;
	struct sdp_span rest = r->line.value, word, last[3] = { 0 };
	struct sdp_field *f;
	unsigned n = 0;

	for (; sdp_word(text, &rest, &word); n++)
		last[n % 3] = word;
	if (n < 6)
		return -EBADMSG;
	f = add_field(r, SDP_ORIGIN);
	if (!f)
		return -E2BIG;
	word = last[n % 3];
	word.len = r->line.value.at + r->line.value.len - word.at;
	return sdp_conn_read(text, word, &f->conn);
}

static enum pn_media_kind kind_of(const char *text, struct sdp_span s)
{
	static const char *const name[] = { "audio", "video", "image", "text", "application",
					    "message" };

	for (unsigned i = 0; i < sizeof(name) / sizeof(*name); i++)
		if (sdp_is(text, s, name[i]))
			return (enum pn_media_kind)(PN_AUDIO + i);
	return PN_OTHER;
}

/* What is not carried in UDP datagrams is foreign; all that is unknown is taken for UDP. */
static void judge_proto(struct sdp_m *m, const char *text, struct sdp_span proto)
{
	static const char *const foreign[] = { "TCP", "MSRP", "DCCP" };

	m->foreign = sdp_is(text, proto, "SIP");
	for (unsigned i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (sdp_begins(text, proto, foreign[i]))
			m->foreign = true;
	m->rtp = sdp_begins(text, proto, "RTP") || sdp_begins(text, proto, "UDP/TLS/RTP/");
}

static void read_port(struct sdp_m *m, const char *text)
{
	struct sdp_span first = m->port;

	for (uint32_t i = 0; i < first.len; i++)
		if (text[first.at + i] == '/')
			first.len = i;
	m->wild = sdp_is(text, first, "$");
	m->number = m->wild ? 0 : sdp_port(text, first);
	if (sdp_is(text, first, "-")) /* RFC 3108: a network without ports */
		m->foreign = true;
}

static int read_m(struct reader *r)
{
	struct sdp_doc *d = r->d;
	struct sdp_m *m = &d->media[d->n_media];
	struct sdp_span rest = r->line.value, kind, proto;

	if (d->n_media == SDP_MEDIA_MAX)
		return -E2BIG;
	*m = (struct sdp_m){ .block = r->block, .own = SDP_NONE, .rtcp = SDP_NONE };
	m->session = r->session_c;
	m->oneway = r->session_oneway;
	if (!sdp_word(d->text, &rest, &kind) || !sdp_word(d->text, &rest, &m->port) ||
	    !sdp_word(d->text, &rest, &proto))
		return -EBADMSG;
	m->kind = kind_of(d->text, kind);
	judge_proto(m, d->text, proto);
	read_port(m, d->text);
	d->n_media++;
	r->m = m;
	r->in_head = true;
	return 0;
}

static int read_rtcp(struct reader *r, struct sdp_span value)
{
	const char *text = r->d->text;
	struct sdp_span rest = value, look;
	struct sdp_field *f;
	int port;

	if (!r->m) /* RFC 3605 2.1: no meaning at session level */
		return read_drop(r);
	f = add_field(r, SDP_RTCP);
	if (!f)
		return -E2BIG;
	if (!sdp_word(text, &rest, &f->port))
		return -EBADMSG;
	f->wild = sdp_is(text, f->port, "$");
	port = f->wild ? 0 : sdp_port(text, f->port);
	if (port < 0)
		return port;
	f->number = (uint16_t)port;
	if (r->m->rtcp == SDP_NONE)
		r->m->rtcp = (int)r->d->n_fields - 1;
	look = rest;
	return sdp_word(text, &look, &value) ? sdp_conn_read(text, rest, &f->conn) : 0;
}

/* ICE is ended by dropping it; the others carry addresses or speak of ports that are not there now. */
static bool is_dropped(const char *text, struct sdp_span name, struct sdp_span value)
{
	static const char *const drop[] = { "candidate", "remote-candidates", "end-of-candidates",
					    "alt", "altc", "X-nat", "bundle-only", "source-filter" };
	struct sdp_span word;

	for (unsigned i = 0; i < sizeof(drop) / sizeof(*drop); i++)
		if (sdp_is(text, name, drop[i]))
			return true;
	if (sdp_is(text, name, "group"))
		return sdp_word(text, &value, &word) && sdp_is(text, word, "BUNDLE");
	return sdp_begins(text, name, "ice-");
}

/* RFC 8866 6.7: of the medium, or of all media of the block. */
static void read_direction(struct reader *r, struct sdp_span name)
{
	const char *text = r->d->text;
	bool oneway = sdp_is(text, name, "sendonly") || sdp_is(text, name, "recvonly") ||
		      sdp_is(text, name, "inactive");

	if (!oneway && !sdp_is(text, name, "sendrecv"))
		return;
	if (r->m)
		r->m->oneway = oneway;
	else
		r->session_oneway = oneway;
}

static int read_a(struct reader *r)
{
	const char *text = r->d->text;
	struct sdp_span rest = r->line.value, name, value;

	if (!sdp_word(text, &rest, &name))
		return 0;
	value = (struct sdp_span){ r->line.value.at + r->line.value.len, 0 };
	for (uint32_t i = 0; i < name.len; i++)
		if (text[name.at + i] == ':') {
			value.at = name.at + i + 1;
			name.len = i;
		}
	value.len = r->line.value.at + r->line.value.len - value.at;
	if (is_dropped(text, name, value))
		return read_drop(r);
	if (sdp_is(text, name, "rtcp"))
		return read_rtcp(r, value);
	if (sdp_is(text, name, "rtcp-mux") && r->m)
		r->m->mux = true;
	read_direction(r, name);
	return 0;
}

static void begin_block(struct reader *r)
{
	if (r->begun)
		r->block++;
	r->session_c = SDP_NONE;
	r->session_oneway = false;
	r->m = NULL;
}

static int read_line(struct reader *r)
{
	bool head = r->in_head && r->line.type == 'i';
	int err = 0;

	r->in_head = head;
	switch (r->line.type) {
	case 'v':
		begin_block(r);
		break;
	case 'o':
		err = read_o(r);
		break;
	case 'c':
		err = read_c(r);
		break;
	case 'm':
		err = read_m(r);
		break;
	case 'a':
		err = read_a(r);
		break;
	}
	r->begun = true;
	if (!err && r->m)
		r->m->tail = (struct sdp_place){ r->line.next, r->line.open };
	if (!err && r->in_head)
		r->m->head = r->m->tail;
	return err;
}

static const char *eol_of(const char *text, const struct sdp_line *l)
{
	if (l->next - l->at > 1 && text[l->next - 2] == '\r' && text[l->next - 1] == '\n')
		return "\r\n";
	return text[l->next - 1] == '\n' ? "\n" : "\r";
}

/* A medium on a network of another kind is foreign too; all others must have a port. */
static int judge_media(struct sdp_doc *d)
{
	for (size_t i = 0; i < d->n_media; i++) {
		struct sdp_m *m = &d->media[i];
		const struct sdp_conn *c = sdp_conn_of(d, m);

		if (c && c->form == SDP_ALIEN)
			m->foreign = true;
		if (m->number < 0 && !m->foreign)
			return -EBADMSG;
	}
	return 0;
}

int sdp_read(const void *text, size_t len, struct sdp_doc *d)
{
	struct reader r = { .d = d, .session_c = SDP_NONE };
	uint32_t pos = 0;

	if (len > SDP_TEXT_MAX)
		return -E2BIG;
	d->text = text;
	d->len = (uint32_t)len;
	d->eol = NULL;
	d->n_fields = d->n_media = 0;
	while (sdp_line_next(text, d->len, &pos, &r.line)) {
		int err;

		if (!d->eol && !r.line.open)
			d->eol = eol_of(text, &r.line);
		err = r.line.type == ' ' ? 0 : read_line(&r);
		if (err)
			return err;
	}
	if (!d->eol)
		d->eol = "\r\n";
	return judge_media(d);
}
