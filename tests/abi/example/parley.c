/* Parley: the smallest protocol that shows what a module of Postern does. A message is a line of words,
 * a datagram of its own on UDP, ended by a line feed on TCP:
 *
 *   PING text           is answered with PONG text
 *   CALL id ip:port     a caller wants media sent to ip:port
 *   ANSWER id ip:port   the far end says where it wants its own
 *   BYE id              either end hangs up
 *   REFUSED id reason   our answer to a CALL that cannot be
 *
 * CALL and ANSWER pass with an address of Postern in place of the sender's, so the media does too.
 * docs/writing-a-module.md walks through this file. */
#include <errno.h>
#include <postern/module.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_OCTETS 1024
#define ID_MAX 64
#define ANSWER_MS 30000u

struct route {
	struct pn_realm *from, *to;
	struct pn_peer *next_hop;
};

struct parley { /* all that there is; a module keeps no globals */
	const struct pn_services *svc;
	struct pn_host *h;
	struct route *route; /* in force */
};

struct end { /* where one side of a call is talked to */
	uint64_t flow;
	struct pn_addr addr;
};

struct call { /* what we keep of a session */
	struct parley *p;
	char id[ID_MAX];
	struct end end[2]; /* by enum pn_side */
};

struct line { /* the words of a message; they point into it */
	struct pn_str verb, id, rest;
};

enum { PARLEY_CALLS, PARLEY_REFUSED };
static const struct pn_counter counters[] = {
	[PARLEY_CALLS] = { "parley_calls", "Calls that Parley passed on" },
	[PARLEY_REFUSED] = { "parley_refused", "Calls that Parley refused" },
};

/* ---- text ---- */

static struct pn_str take_word(struct pn_str *in)
{
	struct pn_str word = { in->p, 0 };

	while (word.len < in->len && in->p[word.len] != ' ')
		word.len++;
	in->p += word.len + (word.len < in->len);
	in->len -= word.len + (word.len < in->len);
	return word;
}

static struct line parse(const struct pn_msg *m)
{
	struct pn_str text = { (const char *)m->data, m->len };
	struct line l;

	while (text.len && (text.p[text.len - 1] == '\n' || text.p[text.len - 1] == '\r'))
		text.len--;
	l.verb = take_word(&text);
	l.id = take_word(&text);
	l.rest = text;
	return l;
}

static int is(struct pn_str word, const char *want)
{
	return word.len == strlen(want) && !memcmp(word.p, want, word.len);
}

/* "ip:port" */
static int parse_media(struct parley *p, struct pn_str text, struct pn_media *out)
{
	size_t colon = text.len;
	unsigned long port = 0;

	while (colon && text.p[colon - 1] != ':')
		colon--;
	for (size_t i = colon; i < text.len && port <= 65535; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -EBADMSG;
		port = port * 10 + (unsigned long)(text.p[i] - '0');
	}
	*out = (struct pn_media){ .size = sizeof(*out), .kind = PN_OTHER };
	if (!colon || !port || port > 65535 ||
	    p->svc->addr_parse((struct pn_str){ text.p, colon - 1 }, &out->rtp))
		return -EBADMSG;
	out->rtp.port = (uint16_t)port;
	return 0;
}

/* ---- sending ---- */

static void send_line(struct parley *p, const struct end *to, const char *verb, struct pn_str id,
		      const char *rest)
{
	char text[LINE_MAX_OCTETS];
	int n = snprintf(text, sizeof(text), "%s %.*s%s%s\n", verb, (int)id.len, id.p, *rest ? " " : "",
			 rest);
	int err = n < (int)sizeof(text) ? p->svc->flow_send(p->h, to->flow, &to->addr, text, (size_t)n) : -EMSGSIZE;

	if (err)
		p->svc->log(p->h, PN_LOG_WARN, "%.*s: %s not sent: %s", (int)id.len, id.p, verb,
			    strerror(-err));
}

static struct pn_str id_of(const struct call *c)
{
	return (struct pn_str){ c->id, strlen(c->id) };
}

static struct end sender_of(const struct pn_msg *m)
{
	return (struct end){ m->flow, m->remote };
}

/* ---- calls ---- */

static void refuse(struct parley *p, const struct pn_msg *m, struct pn_str id, int err)
{
	struct end to = sender_of(m);

	p->svc->count(p->h, PARLEY_REFUSED);
	send_line(p, &to, "REFUSED", id, err == -ENOSPC ? "full" : err == -EACCES ? "forbidden" : "impossible");
}

/* The far end of a call that came in through m. */
static int find_far_end(struct parley *p, const struct pn_msg *m, struct end *out)
{
	const struct route *r = p->route;

	if (m->realm != r->from)
		return -EACCES;
	if (p->svc->peer_addr(r->next_hop, 0, &out->addr)) /* its name is not resolved yet */
		return -EHOSTUNREACH;
	return p->svc->flow_open(p->h, r->to, PN_UDP, &out->addr, &out->flow);
}

static struct pn_session *new_session(struct parley *p, const struct pn_msg *m, struct pn_str id,
				      const struct end *far)
{
	struct call *c = calloc(1, sizeof(*c));
	struct pn_session_args a = { .size = sizeof(a), .key = id, .correlation = id, .ingress = m->realm,
				     .egress = p->route->to, .peer_a = m->remote, .peer_b = far->addr,
				     .data = c };
	struct pn_session *s;

	if (!c) {
		errno = ENOMEM;
		return NULL;
	}
	c->p = p;
	memcpy(c->id, id.p, id.len);
	c->end[PN_SIDE_A] = sender_of(m);
	c->end[PN_SIDE_B] = *far;
	s = p->svc->session_new(p->h, &a);
	if (!s)
		free(c); /* errno says why */
	return s;
}

static void on_call(struct parley *p, const struct pn_msg *m, const struct line *l)
{
	struct pn_session *s = p->svc->session_find(p->h, l->id);
	struct pn_media media;
	struct end far;
	int err;

	if (parse_media(p, l->rest, &media) || !l->id.len || l->id.len >= ID_MAX) {
		p->svc->bad_input(p->h, m, "CALL: expected an id and ip:port");
		return;
	}
	if (s) /* sent again: the first one is still on its way, or was answered */
		return;
	err = p->svc->admit_session(p->h, m->realm, &m->remote, NULL);
	if (!err)
		err = find_far_end(p, m, &far);
	if (!err && !(s = new_session(p, m, l->id, &far)))
		err = -errno;
	if (err) {
		refuse(p, m, l->id, err);
		return;
	}
	p->svc->count(p->h, PARLEY_CALLS);
	p->svc->session_attr(s, PN_ATTR_CALL_ID, l->id);
	p->svc->session_deadline(s, ANSWER_MS);
	p->svc->media_declare(s, NULL, PN_SIDE_A, PN_DECLARE_OFFER, &media, 1, m, NULL);
}

static void on_answer(struct parley *p, const struct pn_msg *m, const struct line *l)
{
	struct pn_session *s = p->svc->session_find(p->h, l->id);
	struct pn_media media;

	if (parse_media(p, l->rest, &media)) {
		p->svc->bad_input(p->h, m, "ANSWER: expected an id and ip:port");
		return;
	}
	if (!s || m->realm != p->route->to)
		return;
	if (p->svc->media_pending(s)) { /* in order: behind what waits for its addresses */
		p->svc->media_hold(s, m, l->verb);
		return;
	}
	p->svc->media_declare(s, p->svc->branch_get(s, l->verb), PN_SIDE_B, PN_DECLARE_ANSWER, &media, 1, m,
			      NULL);
}

static void on_bye(struct parley *p, const struct pn_msg *m, const struct line *l)
{
	struct pn_session *s = p->svc->session_find(p->h, l->id);
	struct call *c = s ? p->svc->session_data(s) : NULL;

	if (!c)
		return;
	send_line(p, &c->end[m->realm == p->route->from ? PN_SIDE_B : PN_SIDE_A], "BYE", l->id, "");
	p->svc->session_end(s, PN_END_NORMAL, 0);
}

static void on_ping(struct parley *p, const struct pn_msg *m, const struct line *l)
{
	struct end to = sender_of(m);

	send_line(p, &to, "PONG", l->id, "");
}

/* ---- operations ---- */

static void on_message(void *self, const struct pn_msg *m)
{
	static const struct {
		const char *verb;
		void (*run)(struct parley *p, const struct pn_msg *m, const struct line *l);
	} verbs[] = { { "PING", on_ping }, { "CALL", on_call }, { "ANSWER", on_answer }, { "BYE", on_bye } };
	struct parley *p = self;
	struct line l = parse(m);

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (is(l.verb, verbs[i].verb)) {
			verbs[i].run(p, m, &l);
			return;
		}
	}
	p->svc->bad_input(p->h, m, "expected PING, CALL, ANSWER or BYE");
}

/* TCP: a message ends with its line feed. */
static long frame(void *self, const uint8_t *data, size_t len)
{
	const uint8_t *end = memchr(data, '\n', len);

	(void)self;
	if (!end)
		return len < LINE_MAX_OCTETS ? 0 : -EMSGSIZE;
	return end - data + 1;
}

/* The media addresses are known: the message goes on with ours in place of the sender's. */
static void rewrite(void *self, const struct pn_media_reply *r)
{
	struct parley *p = self;
	struct call *c = p->svc->session_data(r->session);
	char where[64];

	if (r->err) {
		refuse(p, r->msg, id_of(c), r->err);
		p->svc->session_end(r->session, PN_END_REFUSED, 0);
		return;
	}
	p->svc->addr_print(&r->advertise[0].rtp, where, sizeof(where));
	if (r->side == PN_SIDE_A) {
		send_line(p, &c->end[PN_SIDE_B], "CALL", id_of(c), where);
		return;
	}
	p->svc->branch_choose(r->session, r->branch);
	p->svc->session_answered(r->session);
	p->svc->session_deadline(r->session, 0);
	send_line(p, &c->end[PN_SIDE_A], "ANSWER", id_of(c), where);
}

static void on_timeout(void *self, struct pn_session *s, enum pn_timeout what)
{
	struct parley *p = self;
	struct call *c = p->svc->session_data(s);

	send_line(p, &c->end[PN_SIDE_A], "BYE", id_of(c), "");
	send_line(p, &c->end[PN_SIDE_B], "BYE", id_of(c), "");
	p->svc->session_end(s, what == PN_TIMEOUT_MEDIA ? PN_END_TIMEOUT_MEDIA :
			       what == PN_TIMEOUT_ADMIN ? PN_END_ADMIN : PN_END_TIMEOUT_SIGNALLING, 0);
}

static void session_free(void *self, struct pn_session *s, void *data)
{
	(void)self, (void)s;
	free(data);
}

/* ---- configuration: <route from="realm" to="realm" next-hop="host[:port]"/> ---- */

static const char *attr(const struct pn_conf *at, const char *name)
{
	for (const struct pn_conf_attr *a = at->attrs; a; a = a->next)
		if (!strcmp(a->name, name))
			return a->value;
	return "";
}

static void route_free(struct parley *p, struct route *r)
{
	if (!r)
		return;
	if (r->next_hop)
		p->svc->peer_free(r->next_hop);
	free(r);
}

static struct pn_realm *find_realm(struct parley *p, const struct pn_conf *at, const char *name,
				   struct pn_conf_errors *e)
{
	struct pn_realm *r = p->svc->realm_find(p->h, attr(at, name));

	if (!r)
		p->svc->conf_error(e, at, "%s=\"%s\": expected the name of a realm", name, attr(at, name));
	return r;
}

static int prepare(void *self, const struct pn_conf *conf, struct pn_conf_errors *e, void **next)
{
	const struct pn_conf *at = conf->children; /* the schema saw to it that there is one */
	struct parley *p = self;
	struct route *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->from = find_realm(p, at, "from", e);
	r->to = find_realm(p, at, "to", e);
	r->next_hop = p->svc->peer_new(p->h, attr(at, "next-hop"), 7000);
	if (!r->next_hop)
		p->svc->conf_error(e, at, "next-hop=\"%s\": expected host[:port]", attr(at, "next-hop"));
	if (r->from && r->to && r->next_hop) {
		*next = r;
		return 0;
	}
	route_free(p, r);
	return -EINVAL;
}

static void commit(void *self, void *next)
{
	struct parley *p = self;

	route_free(p, p->route);
	p->route = next;
}

static void discard(void *self, void *next)
{
	route_free(self, next);
}

/* ---- life ---- */

static int init(const struct pn_services *svc, struct pn_host *h, void **self)
{
	struct parley *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->svc = svc;
	p->h = h;
	*self = p;
	return 0;
}

static void unload(void *self)
{
	struct parley *p = self;

	route_free(p, p->route);
	free(p);
}

static const char schema[] =
	"<grammar xmlns='http://relaxng.org/ns/structure/1.0' ns='urn:postern:config:1'>"
	" <start>"
	"  <element name='module'>"
	"   <element name='route'>"
	"    <attribute name='from'/><attribute name='to'/><attribute name='next-hop'/>"
	"   </element>"
	"  </element>"
	" </start>"
	"</grammar>";

__attribute__((visibility("default"))) const struct pn_module postern_module = {
	.size = sizeof(postern_module),
	.major = PN_ABI_MAJOR,
	.minor = PN_ABI_MINOR,
	.name = "parley",
	.schema = schema,
	.counters = counters,
	.n_counters = sizeof(counters) / sizeof(counters[0]),
	.init = init,
	.prepare = prepare,
	.commit = commit,
	.discard = discard,
	.frame = frame,
	.on_message = on_message,
	.rewrite = rewrite,
	.on_timeout = on_timeout,
	.session_free = session_free,
	.unload = unload,
	.default_route = "<route from=\"{from}\" to=\"{to}\" next-hop=\"{gateway}:7000\"/>",
};
