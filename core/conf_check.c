#include "conf_check.h"
#include <string.h>
#include <sys/un.h>

struct range {
	const char *attr;
	uint16_t first, last; /* 0: none */
};

static bool meet(const struct range *a, const struct range *b)
{
	return a->first && b->first && a->first <= b->last && b->first <= a->last;
}

/* ---- realms ---- */

static void check_name(const struct conf *c, size_t i, struct pn_conf_errors *e)
{
	const struct conf_realm *r = &c->realms[i];

	for (size_t k = 0; k < i && r->name; k++) {
		if (!c->realms[k].name || strcmp(c->realms[k].name, r->name))
			continue;
		conf_error(e, c->path, r->line, "realm \"%s\" again, after line %d: expected another name",
			   r->name, c->realms[k].line);
		return;
	}
}

/* Linux tells two sockets of one address apart only when both are bound to different devices. */
static bool told_apart(const struct conf_realm *a, const struct conf_realm *b)
{
	return a->device && b->device && strcmp(a->device, b->device);
}

static bool shared(const struct pn_addr *a, const struct pn_addr *b)
{
	return a->family && addr_same_ip(a, b);
}

/* An agent has one address as a rule: its ports tell inside from outside. */
static void check_disjoint(const struct conf *c, const struct conf_realm *wan, const struct conf_realm *o,
			   struct pn_conf_errors *e)
{
	const struct range ours[] = { { "media-ports", wan->media_first, wan->media_last },
				      { "tcp-ports", wan->tcp_first, wan->tcp_last },
				      { "aliases", wan->alias_first, wan->alias_last },
				      { "signalling-ports", c->gateway->signalling_first,
					c->gateway->signalling_last } };
	const struct range theirs[] = { { "media", o->media_first, o->media_last },
					{ "tcp-ports", o->tcp_first, o->tcp_last },
					{ "aliases", o->alias_first, o->alias_last } };

	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < 3; k++)
			if (meet(&ours[i], &theirs[k]))
				conf_error(e, c->path, wan->line,
					   "%s=\"%u-%u\" of <gateway>: expected ports outside of "
					   "%s=\"%u-%u\" of the realm on line %d, which has the same "
					   "address",
					   ours[i].attr, ours[i].first, ours[i].last, theirs[k].attr,
					   theirs[k].first, theirs[k].last, o->line);
}

static void check_address(const struct conf *c, size_t i, struct pn_conf_errors *e)
{
	const struct conf_realm *r = &c->realms[i];

	for (size_t k = 0; k < i; k++) {
		const struct conf_realm *o = &c->realms[k];
		bool v4 = shared(&r->addr4, &o->addr4), v6 = shared(&r->addr6, &o->addr6);

		if ((!v4 && !v6) || told_apart(r, o))
			continue;
		if (r->uplink) {
			check_disjoint(c, r, o, e);
			continue;
		}
		conf_error(e, c->path, r->line,
			   "address %s also of the realm on line %d: expected another one, or a device of "
			   "its own for each of the two realms",
			   addr_text(v4 ? &r->addr4 : &r->addr6), o->line);
		return;
	}
}

static void check_ranges(const struct conf *c, const struct conf_realm *r, struct pn_conf_errors *e)
{
	const struct range alias = { "aliases", r->alias_first, r->alias_last };
	const struct range other[] = { { r->uplink ? "media-ports" : "media", r->media_first, r->media_last },
				       { "tcp-ports", r->tcp_first, r->tcp_last } };

	for (size_t i = 0; i < 2; i++)
		if (meet(&alias, &other[i]))
			conf_error(e, c->path, r->line,
				   "aliases=\"%u-%u\" of <%s>: expected ports outside of %s=\"%u-%u\"",
				   alias.first, alias.last, r->uplink ? "gateway" : "realm", other[i].attr,
				   other[i].first, other[i].last);
}

/* The port for media and the one above it, on which RTCP of simple peers comes. */
static void check_pinhole(const struct conf *c, const struct conf_realm *r, struct pn_conf_errors *e)
{
	const struct range own = { "pinhole", r->pinhole, (uint16_t)(r->pinhole + 1) };
	const struct range other[] = { { "media", r->media_first, r->media_last },
				       { "tcp-ports", r->tcp_first, r->tcp_last },
				       { "aliases", r->alias_first, r->alias_last } };

	if (own.first && c->role == ROLE_AGENT)
		conf_error(e, c->path, r->line,
			   "pinhole=\"%u\" of <realm>: expected none, it belongs to the role \"gateway\"",
			   own.first);
	for (size_t i = 0; i < 3; i++)
		if (meet(&own, &other[i]))
			conf_error(e, c->path, r->line,
				   "pinhole=\"%u\" of <realm>: expected it and the port above it outside of "
				   "%s=\"%u-%u\"",
				   own.first, other[i].attr, other[i].first, other[i].last);
}

/* ---- listeners ---- */

static void check_port(const struct conf *c, const struct conf_listen *l, struct pn_conf_errors *e)
{
	const struct conf_realm *r = &c->realms[l->realm];
	bool udp = l->transport == PN_UDP;
	const struct range taken[] = {
		{ "pinhole", r->pinhole, r->pinhole ? (uint16_t)(r->pinhole + 1) : 0 },
		{ "media", udp ? r->media_first : 0, r->media_last },
		{ "tcp-ports", udp ? 0 : r->tcp_first, r->tcp_last },
		{ "aliases", r->alias_first, r->alias_last },
	};

	for (size_t i = 0; i < 4; i++)
		if (taken[i].first && l->port >= taken[i].first && l->port <= taken[i].last)
			conf_error(e, c->path, l->line,
				   "port=\"%u\" of <listen>: expected one outside of %s=\"%u-%u\" of the "
				   "realm on line %d",
				   l->port, taken[i].attr, taken[i].first, taken[i].last, r->line);
}

static bool same_socket(const struct conf_listen *a, const struct conf_listen *b)
{
	return a->realm == b->realm && a->transport == b->transport && a->port == b->port &&
	       addr_same_ip(&a->group, &b->group);
}

/* The same listener before l, in this module or one above it. */
static const struct conf_listen *earlier(const struct conf *c, const struct conf_listen *l)
{
	for (size_t i = 0; i < c->n_modules; i++) {
		const struct conf_module *m = &c->modules[i];

		for (size_t k = 0; k < m->n_listens; k++) {
			if (&m->listens[k] == l)
				return NULL;
			if (same_socket(&m->listens[k], l))
				return &m->listens[k];
		}
	}
	return NULL;
}

static void check_listen(const struct conf *c, const struct conf_listen *l, struct pn_conf_errors *e)
{
	const struct conf_listen *first = earlier(c, l);

	check_port(c, l, e);
	if (first)
		conf_error(e, c->path, l->line,
			   "<listen> on %s port %u again, after line %d: expected another port or realm",
			   l->transport == PN_UDP ? "udp" : "tcp", l->port, first->line);
}

/* ---- all ---- */

static void check_module(const struct conf *c, size_t i, struct pn_conf_errors *e)
{
	const struct conf_module *m = &c->modules[i];

	for (size_t k = 0; k < i && m->name; k++) {
		if (!c->modules[k].name || strcmp(c->modules[k].name, m->name))
			continue;
		conf_error(e, c->path, m->line,
			   "module \"%s\" again, after line %d: expected each module once", m->name,
			   c->modules[k].line);
		break;
	}
	for (size_t k = 0; k < m->n_listens; k++)
		check_listen(c, &m->listens[k], e);
}

/* ---- networks, the gateway ---- */

static void check_network(const struct conf *c, size_t i, struct pn_conf_errors *e)
{
	const struct conf_network *n = &c->networks[i];

	if (c->role == ROLE_AGENT)
		conf_error(e, c->path, n->line,
			   "<network>: expected none, it belongs to the role \"gateway\"");
	else if (n->realm < c->n_realms && !c->realms[n->realm].pinhole)
		conf_error(e, c->path, n->line,
			   "<network>: expected pinhole= of the realm on line %d, for its media",
			   c->realms[n->realm].line);
	for (size_t k = 0; k < i && n->name; k++) {
		if (!c->networks[k].name || strcmp(c->networks[k].name, n->name))
			continue;
		conf_error(e, c->path, n->line,
			   "network \"%s\" again, after line %d: expected another name", n->name,
			   c->networks[k].line);
		break;
	}
}

static void check_role(const struct conf *c, struct pn_conf_errors *e)
{
	if (c->role == ROLE_AGENT && !c->gateway)
		conf_error(e, c->path, c->line,
			   "role=\"agent\" of <postern>: expected a <gateway> in it");
	if (c->role == ROLE_GATEWAY && c->gateway)
		conf_error(e, c->path, c->gateway->line,
			   "<gateway> in <postern>: expected role=\"agent\" of <postern>, which it belongs to");
	if (c->gateway && c->gateway->idle_min_ms > c->gateway->idle_max_ms)
		conf_error(e, c->path, c->gateway->line,
			   "idle-min of <gateway>: expected at most its idle-max");
}

void conf_check(const struct conf *c, struct pn_conf_errors *e)
{
	struct sockaddr_un un;

	if (c->control && strlen(c->control) >= sizeof(un.sun_path))
		conf_error(e, c->path, 0, "control socket %s: expected at most %zu characters", c->control,
			   sizeof(un.sun_path) - 1);
	for (size_t i = 0; i < c->n_realms; i++) {
		check_name(c, i, e);
		check_address(c, i, e);
		check_ranges(c, &c->realms[i], e);
		check_pinhole(c, &c->realms[i], e);
	}
	check_role(c, e);
	for (size_t i = 0; i < c->n_networks; i++)
		check_network(c, i, e);
	for (size_t i = 0; i < c->n_modules; i++)
		check_module(c, i, e);
}
