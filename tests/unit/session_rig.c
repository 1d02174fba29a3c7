#include "session_rig.h"
#include "hash.h"
#include "media_pinhole.h"
#include "metrics.h"
#include "random.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULE ((struct module *)the_rig) /* opaque to the core */

static struct rig *the_rig;

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	size_t at = strlen(the_rig->said);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(the_rig->said + at, sizeof(the_rig->said) - at, fmt, ap);
	va_end(ap);
}

/* ---- the module ---- */

static void on_rewrite(struct module *m, const struct pn_media_reply *reply)
{
	struct rig *r = the_rig;

	(void)m;
	r->rewrites++;
	r->reply = (struct rig_reply){ .err = reply->err, .n = reply->n, .arg = reply->arg };
	if (reply->n)
		memcpy(r->reply.adv, reply->advertise, reply->n * sizeof(*reply->advertise));
	if (reply->msg)
		snprintf(r->reply.text, sizeof(r->reply.text), "%.*s", (int)reply->msg->len,
			 (const char *)reply->msg->data);
	say("rewrite:%d ", reply->err);
	if (r->on_rewrite)
		r->on_rewrite(r, reply);
}

static int on_latch(struct module *m, struct pn_session *s, enum pn_side side, size_t stream,
		    const struct pn_addr *where)
{
	(void)m, (void)s, (void)where;
	say("latch:%c%zu ", side ? 'B' : 'A', stream);
	return the_rig->veto;
}

static void on_message(struct module *m, const struct pn_msg *msg)
{
	(void)m;
	say("message:%.*s%s ", (int)msg->len, (const char *)msg->data,
	    msg->flags & PN_MSG_HELD ? "" : "(new)");
	if (the_rig->on_message)
		the_rig->on_message(the_rig, msg);
}

static void on_timeout(struct module *m, struct pn_session *s, enum pn_timeout what)
{
	(void)m;
	say("timeout:%d ", what);
	if (the_rig->on_timeout)
		the_rig->on_timeout(the_rig, s, what);
}

static void on_free(struct module *m, struct pn_session *s, void *data)
{
	(void)m, (void)data;
	cr_expect(gt(sz, strlen(session_id(s)), 0));
	the_rig->frees++;
	say("free ");
}

static const char *name(const struct module *m)
{
	(void)m;
	return "sip";
}

static const struct session_events events = { on_rewrite, on_latch, on_message, on_timeout, on_free, name };

/* ---- the provider ---- */

static int request(void *arg, uint64_t token, const struct media_ask *ask)
{
	struct rig *r = arg;

	if (r->manners == RIG_REFUSE)
		return -ENOSPC;
	if (r->manners == RIG_NOW)
		return r->inner->request(r->inner_arg, token, ask);
	cr_assert(lt(sz, r->n_asked, RIG_ASKED));
	r->asked[r->n_asked].token = token;
	r->asked[r->n_asked].ask = *ask;
	r->asked[r->n_asked++].ask.declared = NULL;
	return 0;
}

static void release(void *arg, uint32_t stream)
{
	struct rig *r = arg;

	if (r->keep)
		r->kept = stream;
	else
		r->inner->release(r->inner_arg, stream);
}

static const struct media_provider provider = { request, release };

void rig_provide(struct rig *r, size_t i)
{
	int err = r->inner->request(r->inner_arg, r->asked[i].token, &r->asked[i].ask);

	if (err)
		media_done(r->sessions, r->asked[i].token, err, NULL);
}

/* ---- the network ---- */

static int net_bind(void *net, unsigned realm, const struct pn_addr *local)
{
	struct rig *r = net;

	(void)realm, (void)local;
	if (!r->busy)
		return 0;
	r->busy--;
	return -EADDRINUSE;
}

static void net_unbind(void *net, unsigned realm, const struct pn_addr *local)
{
	(void)net, (void)realm, (void)local;
}

static void net_send(void *net, unsigned realm, const struct pn_addr *local, const struct pn_addr *to,
		     const void *data, size_t len)
{
	struct rig *r = net;

	r->sent = (struct rig_packet){ .from = *local, .to = *to, .realm = realm };
	r->n_sent++;
	if (r->on_send)
		r->on_send(r, local, to, data, len);
}

static const struct relay_net net = { net_bind, net_unbind, net_send };

static int relay_latch(void *arg, uint32_t stream, unsigned side, unsigned branch, unsigned component,
		       const struct pn_addr *where, int moved)
{
	struct rig *r = arg;

	return sessions_on_latch(r->sessions, stream, side, branch, component, where, moved);
}

static void relay_final(void *arg, uint32_t stream)
{
	struct rig *r = arg;

	if (r->sessions)
		sessions_on_final(r->sessions, stream);
	port_provider_final(r->ports, stream);
}

static void relay_stun(void *arg, const struct relay_place *at, const struct pn_addr *from, const void *data,
		       size_t len)
{
	struct rig *r = arg;

	if (r->on_stun)
		r->on_stun(r, at, from, data, len);
	else
		media_pinholes_on_stun(r->holes, at, from, data, len);
}

static const struct relay_events relay_events = {
	.on_latch = relay_latch, .on_final = relay_final, .on_stun = relay_stun,
};

/* ---- what the signalling side knows of pinholes: the agent of RIG_AGENT ---- */

struct pinholes {
	struct pinhole_agent agent;
};

static struct pinholes signalling = { { 7, "acme", "ag1", NULL } };

static int hole_key(struct pinholes *p, const struct pn_realm *r, struct pn_str network, uint8_t key[PINHOLE_KEY])
{
	(void)p, (void)r;
	return credential_key(network, str_of("postern"), str_of("secret"), key);
}

static const char *hole_realm(const struct pinholes *p, const struct pn_realm *r)
{
	(void)p, (void)r;
	return "postern";
}

static const struct pinhole_agent *hole_nonce(struct pinholes *p, const struct pn_realm *r, struct pn_str network,
					      struct pn_str nonce, const struct pn_addr *from)
{
	(void)r, (void)network, (void)nonce, (void)from;
	return &p->agent;
}

static const struct pinhole_agent *hole_network(struct pinholes *p, const struct pn_realm *r, const struct pn_addr *a)
{
	struct pn_addr agent = rig_addr(RIG_AGENT);

	(void)r;
	return addr_eq(&agent, a) ? &p->agent : NULL;
}

static void on_hole(void *arg, const struct media_hole *h)
{
	struct rig *r = arg;

	sessions_on_hole(r->sessions, h);
}

static void start_holes(struct rig *r)
{
	static const struct media_pinhole_auth auth = { hole_key, hole_realm, hole_nonce, hole_network };
	static const struct media_pinhole_events on = { on_hole };

	r->holes = media_pinholes_new(&(struct media_pinhole_conf){
		.loop = r->loop, .realms = r->realms, .relay = r->relay, .pinholes = &signalling, .auth = &auth,
		.events = &on, .arg = r, .max_streams = 1000 });
	cr_assert(ne(ptr, r->holes, NULL));
}

static void binding_gone(void *arg, struct pn_binding *b)
{
	struct rig *r = arg;

	if (r->sessions)
		sessions_on_binding_gone(r->sessions, b);
}

static void on_line(void *arg, const char *line)
{
	struct rig *r = arg;

	snprintf(r->line, sizeof(r->line), "%s", line);
	r->lines++;
	say("cdr ");
}

/* ---- life ---- */

static void configure(struct rig *r)
{
	static char name[3][8] = { "access", "core", "dual" };
	static const char *const addr[3] = { "198.51.100.5", "192.0.2.5", "198.51.100.6" };

	for (int i = 0; i < 3; i++)
		r->realm[i] = (struct conf_realm){
			.name = name[i], .side = i == 1 ? PN_CORE : PN_ACCESS, .addr4 = rig_addr(addr[i]),
			.media_first = (uint16_t)(20000 + i * 10000), .media_last = (uint16_t)(29999 + i * 10000),
			.latch = i == 1 ? LATCH_OFF : LATCH_PEER, .latch_packets = 1,
			.peer_bits4 = 32, .peer_bits6 = 128, .dscp = -1,
		};
	r->realm[2].addr6 = rig_addr("2001:db8::6");
	r->conf.realms = r->realm;
	r->conf.n_realms = 3;
	r->conf.limits.sessions = 100;
	r->conf.limits.streams = 200;
	r->conf.media = (struct conf_media){
		.quarantine_ms = 1000, .request_ms = 3000, .idle_ms = 300000, .answer_ms = 180000,
		.session_ms = 86400000, .latch_window_ms = 3000, .latch_silence_ms = 2000,
	};
}

static void start_relay(struct rig *r)
{
	const struct relay_conf rc = {
		.loop = r->loop, .net = &net, .net_arg = r, .events = &relay_events, .arg = r,
		.max_streams = 1000,
	};

	r->relay = relay_new(&rc);
	cr_assert(ne(ptr, r->relay, NULL));
	for (unsigned i = 0; i < 3; i++) {
		const struct relay_realm what = { .dscp = -1, .reach = { .rest = REACH_ANY } };

		cr_assert(zero(int, relay_realm(r->relay, i, &what)));
	}
}

void rig_apply(struct rig *r)
{
	cr_assert(zero(int, realms_apply(r->realms, &r->conf)));
	realms_keep(r->realms);
	if (r->sessions)
		sessions_limits(r->sessions, &r->conf);
}

struct rig *rig_new(void)
{
	static const struct binding_events be = { .gone = binding_gone };
	struct rig *r = calloc(1, sizeof(*r));
	struct sessions_conf sc = { .provider = &provider, .provider_arg = r, .events = &events };

	cr_assert(ne(ptr, r, NULL));
	the_rig = r;
	metrics_reset();
	r->loop = loop_new_fake(1000);
	configure(r);
	r->realms = realms_new();
	rig_apply(r);
	r->access = realms_find(r->realms, "access");
	r->core = realms_find(r->realms, "core");
	r->dual = realms_find(r->realms, "dual");
	r->bindings = bindings_new(r->loop, &be, r);
	start_relay(r);
	start_holes(r);
	r->ports = port_provider_new(r->relay, &r->sessions, r->loop);
	r->inner = &port_provider_ops;
	r->inner_arg = r->ports;
	r->cdr = cdr_capture(on_line, r);
	sc.loop = r->loop;
	sc.realms = r->realms;
	sc.relay = r->relay;
	sc.holes = r->holes;
	sc.cdr = r->cdr;
	r->sessions = sessions_new(&sc);
	sessions_limits(r->sessions, &r->conf);
	return r;
}

void rig_free(struct rig *r)
{
	sessions_free(r->sessions);
	r->sessions = NULL;
	cr_expect(zero(i64, metric_get(M_SESSIONS)));
	relay_free(r->relay);
	media_pinholes_free(r->holes);
	port_provider_free(r->ports);
	bindings_free(r->bindings);
	realms_free(r->realms);
	cdr_close(r->cdr);
	loop_free(r->loop);
	free(r);
}

void rig_turn(struct rig *r)
{
	for (int i = 0; i < 3; i++)
		loop_turn(r->loop);
	cr_expect(zero(int, sessions_check_ports(r->sessions)));
}

/* ---- sessions ---- */

struct pn_session_args rig_args(struct rig *r, const char *key)
{
	return (struct pn_session_args){
		.size = sizeof(struct pn_session_args), .key = str_of(key), .ingress = r->access,
		.egress = r->core, .peer_a = rig_addr("198.51.100.7:5060"),
		.peer_b = rig_addr("192.0.2.20:5060"),
	};
}

struct pn_session *rig_session_args(struct rig *r, struct pn_session_args *a)
{
	return session_new(r->sessions, MODULE, a);
}

struct pn_session *rig_session(struct rig *r, const char *key)
{
	struct pn_session_args a = rig_args(r, key);
	struct pn_session *s = rig_session_args(r, &a);

	cr_assert(ne(ptr, s, NULL));
	return s;
}

/* ---- values ---- */

struct pn_addr rig_addr(const char *text)
{
	struct pn_addr a = { 0 };

	if (*text)
		cr_assert(zero(int, addr_parse_port(str_of(text), 0, &a)), "%s", text);
	return a;
}

struct pn_msg rig_msg(const char *text)
{
	return (struct pn_msg){
		.size = sizeof(struct pn_msg), .flow = 7, .remote = rig_addr("198.51.100.7:5060"),
		.data = (const uint8_t *)text, .len = strlen(text),
	};
}

static const struct {
	const char *word;
	unsigned flag;
} words[] = {
	{ "closed", PN_MEDIA_CLOSED }, { "hold", PN_MEDIA_HOLD }, { "mux", PN_MEDIA_RTCP_MUX },
	{ "foreign", PN_MEDIA_FOREIGN },
};

static const struct {
	const char *word;
	enum pn_media_kind kind;
} kinds[] = {
	{ "audio", PN_AUDIO }, { "video", PN_VIDEO }, { "image", PN_IMAGE }, { "message", PN_MESSAGE },
};

static void line_word(struct pn_media *m, const char *word)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(word, kinds[i].word))
			m->kind = kinds[i].kind;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(word, words[i].word))
			m->flags |= words[i].flag;
	if (!strcmp(word, "udp"))
		m->flags &= ~PN_MEDIA_RTP;
	if (strchr(word, '.') || strchr(word, ':'))
		m->rtp = rig_addr(word);
}

size_t rig_lines(const char *text, struct pn_media *list)
{
	char copy[1024], *rest = copy, *line, *word;
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	while (*text && (line = strsep(&rest, ";"))) {
		list[n] = (struct pn_media){ .size = sizeof(*list), .kind = PN_AUDIO, .flags = PN_MEDIA_RTP };
		while ((word = strsep(&line, " ")))
			line_word(&list[n], word);
		n++;
	}
	return n;
}

void rig_declare(struct rig *r, struct pn_session *s, struct pn_branch *b, enum pn_side side,
		 unsigned flags, const char *lines)
{
	struct pn_media list[MEDIA_LINES_MAX + 1];
	size_t n = rig_lines(lines, list);
	struct pn_msg m = rig_msg(lines);

	media_declare(s, b, side, flags, list, n, &m, r);
}

void rig_offer(struct rig *r, struct pn_session *s, enum pn_side side, const char *lines)
{
	rig_declare(r, s, NULL, side, PN_DECLARE_OFFER, lines);
}

void rig_answer(struct rig *r, struct pn_session *s, enum pn_side side, const char *lines)
{
	rig_declare(r, s, NULL, side, PN_DECLARE_ANSWER, lines);
}

static void show_line(const struct pn_media *m, char *out, size_t cap)
{
	char ip[ADDR_TEXT] = "-";
	struct pn_addr a = m->rtp;
	size_t at;

	a.port = 0;
	if (a.family)
		addr_print(&a, ip, sizeof(ip));
	at = (size_t)snprintf(out, cap, "%s%s", ip, m->rtp.port ? ":P" : "");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (m->flags & words[i].flag)
			at += (size_t)snprintf(out + at, cap - at, " %s", words[i].word);
}

const char *rig_shown(struct rig *r, struct pn_session *s, enum pn_side side)
{
	static char out[1024];
	struct pn_media list[RIG_LINES];
	int n = media_advertised(s, side, list, RIG_LINES);

	(void)r;
	out[0] = 0;
	for (int i = 0; i < n; i++) {
		size_t at = strlen(out);

		if (i)
			at += (size_t)snprintf(out + at, sizeof(out) - at, "; ");
		show_line(&list[i], out + at, sizeof(out) - at);
	}
	return out;
}

struct pn_addr rig_local(struct rig *r, struct pn_session *s, enum pn_side side, size_t line)
{
	struct pn_media list[RIG_LINES];
	int n = media_advertised(s, side, list, RIG_LINES);

	(void)r;
	cr_assert(lt(sz, line, (size_t)n));
	return list[line].rtp;
}

void rig_rtp(struct rig *r, struct pn_realm *realm, const char *from, struct pn_addr at, uint32_t ssrc)
{
	static uint16_t seq;
	uint8_t p[172] = { 0x80, 0 };
	struct pn_addr src = rig_addr(from);

	seq++;
	p[2] = (uint8_t)(seq >> 8);
	p[3] = (uint8_t)seq;
	p[8] = (uint8_t)(ssrc >> 24);
	p[9] = (uint8_t)(ssrc >> 16);
	p[10] = (uint8_t)(ssrc >> 8);
	p[11] = (uint8_t)ssrc;
	relay_input(r->relay, realm->index, &at, &src, p, sizeof(p));
}

/* A receiver report without blocks. */
void rig_rtcp(struct rig *r, struct pn_realm *realm, const char *from, struct pn_addr at, uint32_t ssrc)
{
	uint8_t p[8] = { 0x80, 201, 0, 1, (uint8_t)(ssrc >> 24), (uint8_t)(ssrc >> 16), (uint8_t)(ssrc >> 8),
			 (uint8_t)ssrc };
	struct pn_addr src = rig_addr(from);

	relay_input(r->relay, realm->index, &at, &src, p, sizeof(p));
}

void rig_release(struct rig *r)
{
	r->inner->release(r->inner_arg, r->kept);
}

size_t rig_ports(struct rig *r)
{
	size_t n = 0;

	for (unsigned i = 0; i < realms_count(r->realms); i++)
		for (int family = 4; family <= 6; family += 2) {
			struct port_pool *p = realm_ports(realms_at(r->realms, i), family);

			n += p ? port_taken(p) : 0;
		}
	return n;
}
