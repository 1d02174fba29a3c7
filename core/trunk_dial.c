#define LOG_SUBSYSTEM LOG_TRANSPORT

#include "trunk_dial.h"

#include "log.h"
#include "metrics.h"
#include "pinhole/client.h"
#include "random.h"
#include "trunk_frame.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS_MAX 16384u
#define PING_MS 15000u
#define REGISTER_MS 15000u /* for the registration, once the connection stands */
#define REFRESH_MS 300000u /* of it; the client takes half of its lifetime when that is less */
#define PAUSE_FIRST_MS 1000u
#define PAUSE_MAX_MS 60000u

struct trunk_dial {
	struct loop *loop;
	struct transport *transport;
	const struct uplinks *uplinks; /* NULL: no gateway; else to whom and as whom: */
	struct pn_realm *realm;
	struct pn_addr gateway;
	struct pinhole_login *login;
	struct trunk *trunk;
	uint64_t flow; /* 0: none */
	struct pinhole_client *client; /* of the connection that stands */
	uint64_t deadline_ms;          /* for its registration */
	struct timer timer;            /* what comes next: a dial, or the client's wish */
	uint32_t pause_ms;
	bool alarmed;
};

static void plan(struct trunk_dial *d, uint64_t after_ms)
{
	if (timer_start(d->loop, &d->timer, after_ms))
		log_error("trunk: no timer: out of memory: it stays down until a reload");
}

/* The connection is given up, if it is not gone already; the next one comes after a pause. */
static void fail(struct trunk_dial *d, const char *why)
{
	uint64_t flow = d->flow;
	bool stood = trunk_is_up(d->trunk);

	d->flow = 0;
	if (flow)
		transport_trunk_close(d->transport, flow);
	trunk_down(d->trunk, -ENETDOWN);
	metric_set(M_TRUNKS, 0);
	if (stood)
		metric_add(M_TRUNK_LOST, 1);
	pinhole_client_free(d->client);
	d->client = NULL;
	if (!d->alarmed)
		log_error("trunk to gateway %s: down: %s: what needs TCP has to wait", addr_text(&d->gateway), why);
	d->alarmed = true;
	plan(d, d->pause_ms + random_below(d->pause_ms / 4 + 1));
	d->pause_ms = d->pause_ms * 2 < PAUSE_MAX_MS ? d->pause_ms * 2 : PAUSE_MAX_MS;
}

static void on_broken(void *arg, int err)
{
	fail(arg, strerror(-err));
}

static void dial(struct trunk_dial *d)
{
	int err = transport_trunk_open(d->transport, d->realm, &d->gateway, &d->flow);

	if (err)
		fail(d, strerror(-err));
}

/* ---- registration ---- */

static void let_client_speak(struct trunk_dial *d)
{
	uint64_t now = loop_now(d->loop), next;
	uint8_t octets[MESSAGE_MAX];
	int n;

	while ((n = pinhole_client_output(d->client, now, octets, sizeof(octets))) > 0)
		flow_send(d->transport, d->flow, NULL, octets, (size_t)n);
	if (n == -ETIMEDOUT || (!trunk_is_up(d->trunk) && now >= d->deadline_ms)) {
		fail(d, "registration: no answer");
		return;
	}
	next = pinhole_client_next(d->client);
	if (!trunk_is_up(d->trunk) && next > d->deadline_ms)
		next = d->deadline_ms;
	if (next == UINT64_MAX)
		timer_stop(d->loop, &d->timer);
	else
		plan(d, next > now ? next - now : 0);
}

static void stand(struct trunk_dial *d)
{
	const struct trunk_line line = { .realm = d->realm, .flow = d->flow, .remote = d->gateway,
					 .dialled = true };

	if (trunk_is_up(d->trunk))
		return;
	if (trunk_up(d->trunk, &line)) {
		fail(d, strerror(ENOMEM));
		return;
	}
	metric_set(M_TRUNKS, 1);
	d->alarmed = false;
	d->pause_ms = PAUSE_FIRST_MS;
	log_info("trunk to gateway %s: stands", addr_text(&d->gateway));
}

static void on_answer(struct trunk_dial *d, const struct pn_msg *m)
{
	struct pinhole_client_info info;
	char why[64];

	trunk_heard(d->trunk);
	switch (pinhole_client_input(d->client, m->now_ms, &m->remote, m->data, m->len)) {
	case PINHOLE_OPEN:
	case PINHOLE_KEPT:
	case PINHOLE_MOVED:
		stand(d);
		break;
	case PINHOLE_REFUSED:
		pinhole_client_info(d->client, &info);
		snprintf(why, sizeof(why), "registration: refused with %d", info.error);
		fail(d, why);
		return;
	default:
		break;
	}
	if (d->flow)
		let_client_speak(d);
}

static void on_timer(struct timer *t)
{
	struct trunk_dial *d = t->arg;

	if (!d->uplinks)
		return;
	if (!d->flow)
		dial(d);
	else if (d->client)
		let_client_speak(d);
}

/* ---- events ---- */

void trunk_dial_opened(struct trunk_dial *d, const struct pn_flow_info *f)
{
	const struct pinhole_client_conf conf = {
		.kind = PINHOLE_REGISTER,
		.login = d->login,
		.gateway = d->gateway,
		.inner = f->local,
		.protocol = str_of(MESSAGE_TRUNK),
		.keep_ms = REFRESH_MS,
		.reliable = true,
	};
	uint64_t now = loop_now(d->loop);

	d->client = pinhole_client_new(&conf, now);
	if (!d->client) {
		fail(d, strerror(errno));
		return;
	}
	d->deadline_ms = now + REGISTER_MS;
	let_client_speak(d);
}

void trunk_dial_message(struct trunk_dial *d, const struct pn_msg *m)
{
	if (trunk_frame_is(m->data, m->len))
		trunk_input(d->trunk, m->data, m->len);
	else if (d->client)
		on_answer(d, m);
}

void trunk_dial_closed(struct trunk_dial *d, int err)
{
	d->flow = 0;
	fail(d, err ? strerror(-err) : "closed by the gateway");
}

/* ---- life ---- */

static void hang_up(struct trunk_dial *d)
{
	if (d->flow)
		transport_trunk_close(d->transport, d->flow);
	d->flow = 0;
	trunk_down(d->trunk, -ENETDOWN);
	pinhole_client_free(d->client);
	d->client = NULL;
	timer_stop(d->loop, &d->timer);
	metric_set(M_TRUNKS, 0);
}

void trunk_dial_to(struct trunk_dial *d, const struct uplinks *u)
{
	const struct uplink_who *who = u ? uplink_who(u) : NULL;

	d->uplinks = who ? u : NULL;
	if (who && d->login == uplink_login(u) && d->realm == who->realm && addr_eq(&d->gateway, &who->gateway))
		return;
	hang_up(d);
	d->login = who ? uplink_login(u) : NULL;
	if (!who)
		return;
	d->realm = who->realm;
	d->gateway = who->gateway;
	d->pause_ms = PAUSE_FIRST_MS;
	d->alarmed = false;
	dial(d);
}

struct trunk_dial *trunk_dial_new(struct loop *loop, struct transport *transport)
{
	struct trunk_dial *d = calloc(1, sizeof(*d));
	const struct trunk_conf conf = { .loop = loop, .transport = transport, .max_channels = CHANNELS_MAX,
					 .ping_ms = PING_MS, .broken = on_broken, .arg = d };

	if (!d)
		return NULL;
	d->loop = loop;
	d->transport = transport;
	d->timer.fn = on_timer;
	d->timer.arg = d;
	d->trunk = trunk_new(&conf);
	if (d->trunk)
		return d;
	free(d);
	return NULL;
}

void trunk_dial_free(struct trunk_dial *d)
{
	if (!d)
		return;
	hang_up(d);
	trunk_free(d->trunk);
	free(d);
}

struct trunk *trunk_dial_trunk(struct trunk_dial *d)
{
	return d->trunk;
}

uint64_t trunk_dial_flow(const struct trunk_dial *d)
{
	return d->flow;
}

int trunk_dial_json(const struct trunk_dial *d, struct buf *out)
{
	const struct uplink_who *who = d->uplinks ? uplink_who(d->uplinks) : NULL;

	if (!who)
		return 0;
	json_open(out, NULL, '{');
	json_str(out, "network", who->network);
	json_str(out, "agent", who->agent);
	json_addr(out, "remote", &d->gateway);
	json_text(out, "state", trunk_is_up(d->trunk) ? "up" : "down");
	json_num(out, "channels", (int64_t)trunk_channels(d->trunk));
	return json_close(out, '}');
}
