#include "cmph_line.h"
#include <errno.h>
#include <stdlib.h>

#define COMPLAIN_MS 60000u

/* A registration stands again: the nonce of before is good for nothing. */
static int refresh_one(struct hash_node *n, void *arg)
{
	struct line *l = hash_entry(n, struct line, node);

	(void)arg;
	line_orphan(l);
	line_refresh(l);
	return 0;
}

static void on_open(void *arg)
{
	struct cmph *c = arg;

	hash_each(&c->lines, refresh_one, NULL);
}

struct cmph *cmph_new(const struct cmph_conf *conf)
{
	struct cmph *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->conf = *conf;
	c->limit = log_limit_new(COMPLAIN_MS, 1);
	hash_init(&c->lines);
	if (!c->limit) {
		cmph_free(c);
		return NULL;
	}
	uplink_on_open(conf->uplinks, on_open, c);
	return c;
}

/* The relay and the sessions are no more. */
static int free_one(struct hash_node *n, void *arg)
{
	struct line *l = hash_entry(n, struct line, node);

	(void)arg;
	l->hole[RELAY_RTP].joined = l->hole[RELAY_RTCP].joined = false;
	line_free(l);
	return 0;
}

void cmph_free(struct cmph *c)
{
	if (!c)
		return;
	uplink_on_open(c->conf.uplinks, NULL, NULL);
	hash_each(&c->lines, free_one, NULL);
	hash_free(&c->lines);
	log_limit_free(c->limit);
	free(c);
}

void cmph_apply(struct cmph *c, const struct conf *conf)
{
	const struct conf_gateway *g = conf->gateway;

	if (!g)
		return;
	c->early = g->cmph_early;
	c->local = g->media_local;
	c->show_final = g->show_final;
	c->keep_ms = g->keep_ms;
}

/* ---- the provider ---- */

static int request(void *arg, uint64_t token, const struct media_ask *ask)
{
	struct cmph *c = arg;
	bool at_gateway[2] = { ask->realm[0]->uplink, ask->realm[1]->uplink };
	struct line *l;

	if (!at_gateway[0] && !at_gateway[1])
		return port_provider_ops.request(c->conf.ports, token, ask);
	if (at_gateway[0] && at_gateway[1])
		return -EADDRNOTAVAIL;
	l = ask->stream ? line_find(c, ask->stream) : line_open(c, token, ask, at_gateway[1]);
	if (!l)
		return ask->stream ? -ENOENT : -errno;
	return ask->to == l->side ? line_ask(l, token, ask->declared) : 0;
}

static void release(void *arg, uint32_t stream)
{
	struct cmph *c = arg;

	line_free(line_find(c, stream));
	port_provider_ops.release(c->conf.ports, stream);
}

const struct media_provider cmph_ops = { request, release };

void cmph_on_stun(struct cmph *c, const struct relay_place *at, const struct pn_addr *from, const void *data,
		  size_t len)
{
	struct line *l = line_find(c, at->stream);

	if (l && at->side == l->side && at->component <= RELAY_RTCP)
		line_input(l, at->component, from, data, len);
}
