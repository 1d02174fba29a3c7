/* Who we are to the gateway, and where each module speaks to it: what the configuration says. */
#include "uplink_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void forget_ports(struct uplinks *u)
{
	for (size_t i = 0; i < u->n_ports; i++)
		free(u->ports[i].module);
	free(u->ports);
	u->ports = NULL;
	u->n_ports = 0;
}

static int take_ports(struct uplinks *u, const struct conf *c)
{
	struct uplink_port *ports = calloc(c->n_modules + 1, sizeof(*ports));
	size_t n = 0;

	if (!ports)
		return -ENOMEM;
	forget_ports(u);
	u->ports = ports;
	for (size_t i = 0; i < c->n_modules; i++) {
		ports[n] = (struct uplink_port){ strdup(c->modules[i].name), c->modules[i].uplink_port };
		if (!ports[n].module)
			return -ENOMEM;
		u->n_ports = ++n;
	}
	return 0;
}

static void forget_who(struct uplinks *u)
{
	if (u->secret)
		explicit_bzero(u->secret, u->who.secret.len);
	free(u->secret);
	free(u->network);
	free(u->agent);
	u->network = u->agent = u->secret = NULL;
	u->who = (struct uplink_who){ .realm = NULL };
}

static int retire_login(struct uplinks *u)
{
	struct pinhole_login **list;

	if (!u->login)
		return 0;
	list = realloc(u->retired, (u->n_retired + 1) * sizeof(struct pinhole_login *));
	if (!list)
		return -ENOMEM;
	u->retired = list;
	list[u->n_retired++] = u->login;
	u->login = NULL;
	return 0;
}

static bool is_same(const struct uplinks *u, const struct conf_gateway *g, const struct pn_realm *r)
{
	const struct uplink_who *w = &u->who;

	return u->login && w->realm == r && addr_eq(&w->gateway, &g->address) && !strcmp(u->network, g->network) &&
	       !strcmp(u->agent, g->agent) && w->secret.len == g->secret.len &&
	       !memcmp(w->secret.p, g->secret.octets, g->secret.len);
}

static int take_who(struct uplinks *u, const struct conf_gateway *g, struct pn_realm *r)
{
	struct pinhole_login_conf c = { .wall_us = loop_wall(u->c.loop) * 1000, .now_ms = loop_now(u->c.loop) };

	u->network = strdup(g->network);
	u->agent = strdup(g->agent);
	u->secret = malloc(g->secret.len);
	if (!u->network || !u->agent || !u->secret)
		return -ENOMEM;
	memcpy(u->secret, g->secret.octets, g->secret.len);
	u->who = (struct uplink_who){ .realm = r, .gateway = g->address, .network = str_of(u->network),
				      .agent = str_of(u->agent), .secret = { u->secret, g->secret.len } };
	c.network = u->who.network;
	c.agent = u->who.agent;
	c.secret = u->who.secret;
	u->login = pinhole_login_new(&c);
	return u->login ? 0 : -errno;
}

void uplink_who_forget(struct uplinks *u)
{
	forget_ports(u);
	forget_who(u);
	pinhole_login_free(u->login);
	while (u->n_retired)
		pinhole_login_free(u->retired[--u->n_retired]);
	free(u->retired);
}

int uplinks_apply(struct uplinks *u, const struct conf *c, struct realms *realms)
{
	const struct conf_gateway *g = c->gateway;
	struct pn_realm *r = g ? realms_configured(realms, g->realm) : NULL;
	int err = take_ports(u, c);

	if (!err && !(g && is_same(u, g, r))) {
		uplinks_end(u);
		err = retire_login(u);
		if (!err)
			forget_who(u);
		if (!err && g)
			err = take_who(u, g, r);
	}
	if (err || !g)
		return err;
	u->idle_min_ms = g->idle_min_ms;
	u->idle_max_ms = g->idle_max_ms;
	for (struct uplink *l = u->all; l; l = l->next)
		uplink_idle_start(l);
	uplinks_changed(u);
	return 0;
}
