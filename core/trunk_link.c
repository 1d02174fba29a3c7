#define LOG_SUBSYSTEM LOG_TRANSPORT

#include "trunk_link.h"

#include "log.h"
#include "metrics.h"
#include "pinhole/message.h"
#include "trunk_frame.h"

#include <errno.h>
#include <string.h>

#define PING_MS 30000u
#define REGISTER_MS 10000u /* a connection that has not registered by then is closed */
#define WATCH_MS 15000u    /* how often is looked whether its agent is still registered */
#define ANSWER_MAX 1500u
#define REQUESTS_MAX 16u   /* until it has registered: two do, and a nonce may be stale */

/* It ends itself: the connection is still there. */
static void end(struct trunk_link *l, const char *why)
{
	if (l->agent)
		log_info("trunk %s: ended: %s", addr_text(&l->remote), why);
	transport_trunk_close(l->transport, l->flow);
	l->over(l);
}

static void on_broken(void *arg, int err)
{
	end(arg, strerror(-err));
}

static void on_watch(struct timer *t)
{
	struct trunk_link *l = t->arg;

	if (!l->agent)
		end(l, "no registration");
	else if (!pinhole_agent(l->pinholes, l->agent) || loop_now(l->loop) >= l->until_ms)
		end(l, "its registration is over");
	else if (timer_start(l->loop, t, WATCH_MS))
		end(l, strerror(ENOMEM));
}

void trunk_link_lead(struct trunk_link *l)
{
	pinhole_set_trunk(l->pinholes, l->agent, l->trunk, &l->remote);
}

static int lead_first(struct trunk_link *l, uint32_t agent, const struct trunk_line *line)
{
	int err = trunk_up(l->trunk, line);

	if (!err)
		err = timer_start(l->loop, &l->watch, WATCH_MS);
	return err ? err : pinhole_set_trunk(l->pinholes, agent, l->trunk, &l->remote);
}

/* 0, or -errno: it cannot be. */
static int stand(struct trunk_link *l, uint32_t agent)
{
	const struct pinhole_agent *who = pinhole_agent(l->pinholes, agent);
	const struct trunk_line line = { .realm = l->realm, .flow = l->flow, .remote = l->remote };
	int err;

	if (agent == l->agent)
		return 0;
	err = who && !l->agent ? lead_first(l, agent, &line) : -EACCES;
	if (err) {
		pinhole_no_trunk(l->pinholes, agent);
		return err;
	}
	l->agent = agent;
	metric_add(M_TRUNKS, 1);
	log_info("trunk %s: agent %s of network %s", addr_text(&l->remote), who->agent, who->network);
	return 0;
}

/* As the answer says. */
static uint64_t lifetime_ms(const struct buf *answer)
{
	struct message m;

	return message_parse(answer->p, answer->len, &m) ? 0 : (uint64_t)m.lifetime_s * 1000;
}

static void on_request(struct trunk_link *l, const struct pn_msg *m)
{
	struct buf answer;
	int64_t agent;
	int err;

	trunk_heard(l->trunk);
	buf_init(&answer, ANSWER_MAX);
	agent = pinhole_trunk_request(l->pinholes, l->realm, &l->local, &l->remote, m->data, m->len, &answer);
	if (answer.len)
		flow_send(l->transport, l->flow, NULL, answer.p, answer.len);
	if (agent > 0)
		l->until_ms = m->now_ms + lifetime_ms(&answer);
	buf_free(&answer);
	err = agent > 0 ? stand(l, (uint32_t)agent) : (int)agent;
	if (err)
		end(l, strerror(-err));
}

void trunk_link_message(struct trunk_link *l, const struct pn_msg *m)
{
	if (!l->agent && ++l->requests > REQUESTS_MAX)
		end(l, "too many requests");
	else if (!trunk_frame_is(m->data, m->len))
		on_request(l, m);
	else if (l->agent)
		trunk_input(l->trunk, m->data, m->len);
	else
		end(l, "a frame before the registration");
}

int trunk_link_begin(struct trunk_link *l, const struct pn_flow_info *f)
{
	const struct trunk_conf conf = { .loop = l->loop, .transport = l->transport,
					 .max_channels = l->max_channels, .ping_ms = PING_MS,
					 .broken = on_broken, .arg = l };

	l->flow = f->flow;
	l->realm = f->realm;
	l->local = f->local;
	l->remote = f->remote;
	l->watch.fn = on_watch;
	l->watch.arg = l;
	l->trunk = trunk_new(&conf);
	if (l->trunk && !timer_start(l->loop, &l->watch, REGISTER_MS))
		return 0;
	trunk_free(l->trunk);
	l->trunk = NULL;
	return -ENOMEM;
}

void trunk_link_end(struct trunk_link *l, int err)
{
	timer_stop(l->loop, &l->watch);
	if (l->agent)
		metric_add(M_TRUNKS, -1);
	metric_add(l->agent ? M_TRUNK_LOST : M_TRUNK_REFUSED, 1);
	trunk_down(l->trunk, err ? err : -ECONNRESET);
	trunk_free(l->trunk);
}

int trunk_link_json(const struct trunk_link *l, struct buf *out)
{
	const struct pinhole_agent *who = pinhole_agent(l->pinholes, l->agent);

	if (!l->agent)
		return 0;
	json_open(out, NULL, '{');
	json_text(out, "network", who ? who->network : NULL);
	json_text(out, "agent", who ? who->agent : NULL);
	json_addr(out, "remote", &l->remote);
	json_text(out, "state", "up");
	json_num(out, "channels", (int64_t)trunk_channels(l->trunk));
	return json_close(out, '}');
}
