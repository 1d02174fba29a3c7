#define LOG_SUBSYSTEM LOG_MEDIA
#include "cmph_line.h"
#include "metrics.h"
#include "pinhole/client.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define QUOTA 486 /* error codes of the gateway, docs/pinhole-protocol.md */
#define UNAUTHORIZED 401
#define STALE 438

/* ---- the table ---- */

static uint64_t line_hash(uint32_t stream)
{
	return hash_bytes(&stream, sizeof(stream), 0);
}

struct line *line_find(const struct cmph *c, uint32_t stream)
{
	uint64_t hash = line_hash(stream);
	struct hash_node *n = NULL;

	while ((n = hash_find(&c->lines, hash, n))) {
		struct line *l = hash_entry(n, struct line, node);

		if (l->grant.stream == stream)
			return l;
	}
	return NULL;
}

static uint64_t now_ms(const struct line *l)
{
	return loop_now(l->c->conf.loop);
}

void line_free(struct line *l)
{
	if (!l)
		return;
	line_part(l);
	timer_stop(l->c->conf.loop, &l->timer);
	hash_del(&l->c->lines, &l->node);
	pinhole_client_free(l->hole[RELAY_RTP].client);
	pinhole_client_free(l->hole[RELAY_RTCP].client);
	free(l);
}

/* ---- answers to whoever waits ---- */

struct pn_addr line_inner(const struct line *l, unsigned component)
{
	struct pn_addr a = l->grant.local[l->side];

	a.port = (uint16_t)(a.port + component);
	return a;
}

static void show(struct line *l, struct pn_addr rtp, struct pn_addr rtcp)
{
	l->grant.advertise[l->side] = rtp;
	l->grant.advertise_rtcp[l->side] = rtcp;
}

/* The session may end by it, and the line with it: last thing to do. */
static void answer(struct line *l, int err)
{
	uint64_t token = l->token;
	struct media_grant g = l->grant;

	l->token = 0;
	if (token)
		media_done(*l->c->conf.sessions, token, err, &g);
}

static bool complain(struct line *l, unsigned *swallowed)
{
	return log_limit_pass(l->c->limit, l->realm->index, now_ms(l), swallowed);
}

/* ---- the exchange ---- */

static bool send_due(struct line *l, unsigned component)
{
	const struct relay_place from = { .realm = l->realm->index, .stream = l->grant.stream,
					  .side = (uint8_t)l->side, .component = (uint8_t)component };
	uint8_t buf[MESSAGE_MAX];
	int n;

	while ((n = pinhole_client_output(l->hole[component].client, now_ms(l), buf, sizeof(buf))) > 0) {
		int err = relay_stun_send(l->c->conf.relay, &from, &l->gateway, buf, (size_t)n);

		metric_add(M_CMPH_SENT, 1);
		if (err)
			log_debug("cmph %08x: not sent: %s", l->grant.stream, strerror(-err));
	}
	return n != -ETIMEDOUT;
}

static uint64_t next_due(const struct line *l)
{
	uint64_t a = pinhole_client_next(l->hole[RELAY_RTP].client);
	uint64_t b = pinhole_client_next(l->hole[RELAY_RTCP].client);

	return a < b ? a : b;
}

static void rearm(struct line *l)
{
	uint64_t due = next_due(l), now = now_ms(l);

	if (due == UINT64_MAX)
		timer_stop(l->c->conf.loop, &l->timer);
	else if (timer_start(l->c->conf.loop, &l->timer, due > now ? due - now : 0))
		log_error("cmph %08x: not refreshed: out of memory", l->grant.stream);
}

static void run(struct line *l)
{
	bool rtp = send_due(l, RELAY_RTP), rtcp = send_due(l, RELAY_RTCP);
	unsigned swallowed;

	rearm(l);
	if (rtp && rtcp)
		return;
	metric_add(M_CMPH_UNANSWERED, 1);
	if (complain(l, &swallowed))
		log_warn("cmph %08x: the gateway does not answer (%u more since last told)", l->grant.stream,
			 swallowed);
	answer(l, -ETIMEDOUT);
}

static void on_timer(struct timer *t)
{
	run(t->arg);
}

static int start_client(struct line *l, unsigned component, const struct pn_addr *final)
{
	struct cmph *c = l->c;
	struct pinhole_login *login = uplink_login(c->conf.uplinks);
	struct pinhole_client_conf conf = {
		.kind = PINHOLE_MEDIA, .login = login, .gateway = l->gateway, .inner = line_inner(l, component), .keep_ms = c->keep_ms,
	};

	if (!login)
		return -ENETDOWN;
	if (c->show_final && final->port)
		conf.final = *final;
	l->hole[component].client = pinhole_client_new(&conf, now_ms(l));
	return l->hole[component].client ? 0 : -errno;
}

static struct pn_addr rtcp_of(const struct pn_media *m)
{
	struct pn_addr a = m->rtcp.family ? m->rtcp : m->rtp;

	if (!m->rtcp.family && a.port && a.port < UINT16_MAX)
		a.port++;
	return a;
}

static int start_clients(struct line *l, const struct pn_media *declared)
{
	const struct pn_addr rtcp = rtcp_of(declared);
	int err = 0;

	if (!l->hole[RELAY_RTP].client)
		err = start_client(l, RELAY_RTP, &declared->rtp);
	if (!err && !l->hole[RELAY_RTCP].client)
		err = start_client(l, RELAY_RTCP, &rtcp);
	return err;
}

int line_ask(struct line *l, uint64_t token, const struct pn_media *declared)
{
	struct cmph *c = l->c;
	uint32_t stream = l->grant.stream;
	int err = start_clients(l, declared);

	if (err)
		return err;
	l->token = token;
	if (c->early)
		show(l, line_inner(l, RELAY_RTP), line_inner(l, RELAY_RTCP));
	else if (l->hole[RELAY_RTP].mapped.family && l->hole[RELAY_RTCP].mapped.family)
		show(l, l->hole[RELAY_RTP].mapped, l->hole[RELAY_RTCP].mapped);
	run(l);
	l = line_find(c, stream);
	if (l && l->token && l->grant.advertise[l->side].family)
		answer(l, 0);
	return 0;
}

/* ---- what comes ---- */

static void on_open(struct line *l, unsigned component, const struct pinhole_client_info *info)
{
	struct hole *h = &l->hole[component];

	metric_add(h->mapped.family && !addr_eq(&h->mapped, &info->mapped) ? M_CMPH_MOVED : M_CMPH_OPEN, 1);
	log_debug("cmph %08x: component %u: pinhole %s", l->grant.stream, component, addr_text(&info->mapped));
	h->mapped = info->mapped;
	if (l->token && l->hole[RELAY_RTP].mapped.family && l->hole[RELAY_RTCP].mapped.family) {
		show(l, l->hole[RELAY_RTP].mapped, l->hole[RELAY_RTCP].mapped);
		answer(l, 0);
	}
}

/* Without a standing registration a CMPH comes too early: there is time to wait for the next one. */
static void on_refused(struct line *l, unsigned component, const struct pinhole_client_info *info)
{
	unsigned swallowed;

	metric_add(M_CMPH_REFUSED, 1);
	if (complain(l, &swallowed))
		log_warn("cmph %08x: component %u: refused by the gateway: %d (%u more since last told)",
			 l->grant.stream, component, info->error, swallowed);
	if (info->error == UNAUTHORIZED || info->error == STALE)
		uplink_stale(l->c->conf.uplinks);
	else
		answer(l, info->error == QUOTA ? -ENOSPC : -EADDRNOTAVAIL);
}

/* RFC 8489 s.5; it is STUN. */
static bool is_indication(const void *message)
{
	const uint8_t *data = message;

	return !(data[0] & 1) && (data[1] & 0x10);
}

void line_input(struct line *l, unsigned component, const struct pn_addr *from, const void *data, size_t len)
{
	struct cmph *c = l->c;
	struct pinhole_client *client = l->hole[component].client;
	uint32_t stream = l->grant.stream;
	struct pinhole_client_info info;
	enum pinhole_event ev;

	if (!client)
		return;
	ev = pinhole_client_input(client, now_ms(l), from, data, len);
	if (ev == PINHOLE_NOT_OURS)
		return;
	pinhole_client_info(client, &info);
	if (ev == PINHOLE_OPEN) /* after a failure */
		line_orphan(l);
	line_join(l, component, &info.peer, is_indication(data));
	rearm(l);
	if (ev == PINHOLE_OPEN || ev == PINHOLE_MOVED)
		on_open(l, component, &info);
	else if (ev == PINHOLE_REFUSED)
		on_refused(l, component, &info);
	l = line_find(c, stream);
	if (l)
		run(l);
}

void line_refresh(struct line *l)
{
	if (!l->hole[RELAY_RTP].client || !l->hole[RELAY_RTCP].client)
		return;
	pinhole_client_refresh(l->hole[RELAY_RTP].client, now_ms(l));
	pinhole_client_refresh(l->hole[RELAY_RTCP].client, now_ms(l));
	rearm(l);
}

/* ---- life ---- */

static struct line *line_make(struct cmph *c, const struct media_ask *ask, unsigned side)
{
	struct line *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->c = c;
	l->side = side;
	l->realm = ask->realm[side];
	l->timer.fn = on_timer;
	l->timer.arg = l;
	return l;
}

static int line_start(struct line *l, const struct media_ask *ask)
{
	struct pn_addr tap[2] = { { 0 }, { 0 } };
	const struct uplink_who *who = uplink_who(l->c->conf.uplinks);
	int err;

	if (!who)
		return -ENETDOWN;
	l->gateway = tap[l->side] = who->gateway;
	err = port_provider_open(l->c->conf.ports, ask, tap, &l->grant);
	if (err)
		return err;
	show(l, (struct pn_addr){ 0 }, (struct pn_addr){ 0 });
	err = hash_put(&l->c->lines, &l->node, line_hash(l->grant.stream));
	if (err)
		relay_close(l->c->conf.relay, l->grant.stream);
	return err;
}

struct line *line_open(struct cmph *c, uint64_t token, const struct media_ask *ask, unsigned side)
{
	struct line *l = line_make(c, ask, side);
	int err = l ? line_start(l, ask) : -ENOMEM;
	struct media_grant g;

	if (err) {
		free(l);
		errno = -err;
		return NULL;
	}
	g = l->grant;
	media_done(*c->conf.sessions, token, 0, &g);
	l = line_find(c, g.stream);
	if (!l) /* out of memory: the session gave it back at once, and knows */
		errno = ENOMEM;
	return l;
}
