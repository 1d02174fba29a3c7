#include "gateway.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "endpoint.h"
#include "own.h"

#define PENDING_MS 30000u
#define CHALLENGE_MS 60000u /* how long the outcome of a challenge holds */
#define TOKEN_LEN 10u
#define TOKEN_TRIES 4u

/* Who it says it is, and from where. */
struct claim {
	struct mgcp *g;
	const struct mgcp_rx *rx;
	const struct mgcp_route *route;
	struct pn_str identity; /* the domain in lower case, with brackets, without a port */
	struct pn_str source;   /* its IP as text */
	bool literal;           /* the domain is an IP address */
	struct pn_addr claimed;
	char identity_text[MGCP_NAME_LEN], source_text[MGCP_ADDR_LEN];
};

static const struct pn_binding_info *info_of(const struct mgcp_gateway *gw)
{
	return gw->g->svc->binding_info(gw->binding);
}

struct pn_addr gateway_pinhole(const struct mgcp_gateway *gw)
{
	return info_of(gw)->pinhole;
}

uint64_t gateway_core_flow(const struct mgcp_gateway *gw, uint8_t family)
{
	const struct pn_binding_info *info = info_of(gw);

	if (info->alias_udp && info->alias_addr.family == family)
		return info->alias_udp;
	return gw->g->svc->flow_listener(gw->g->host, gw->core, PN_UDP, family);
}

const struct mgcp_route *gateway_route(const struct mgcp_gateway *gw)
{
	const struct mgcp_route *r = mgcp_route_from(gw->g, gw->access);

	return r && r->to == gw->core ? r : NULL;
}

struct mgcp_gateway *gateway_of_binding(struct mgcp *g, const struct pn_binding *b)
{
	return b ? g->svc->table_get(g->gateway_by_binding, &b, sizeof(b)) : NULL;
}

static void lower(struct pn_str s, char *out)
{
	for (size_t i = 0; i < s.len; i++)
		out[i] = (char)tolower((unsigned char)s.p[i]);
}

struct mgcp_gateway *gateway_of_alias(struct mgcp *g, const struct mgcp_rx *rx)
{
	struct pn_str host = rx->msg->endpoint.host;
	char text[MGCP_NAME_LEN];
	struct pn_addr to = rx->pn->local;
	struct pn_binding *b;
	int n;

	to.port = 0;
	n = g->svc->addr_print(&to, text, sizeof(text));
	b = n > 0 ? g->svc->binding_find(g->host, rx->pn->realm, PN_BY_ALIAS, text, (size_t)n, NULL)
		  : NULL;
	if (!b && host.len < sizeof(text)) {
		lower(host, text);
		b = g->svc->binding_find(g->host, rx->pn->realm, PN_BY_ALIAS, text, host.len, NULL);
	}
	return gateway_of_binding(g, b);
}

/* ---- making one ---- */

static uint64_t name_hash(struct pn_str a, struct pn_str b, uint64_t salt)
{
	uint64_t h = 14695981039346656037u ^ salt;

	for (size_t i = 0; i < a.len; i++)
		h = (h ^ (uint8_t)a.p[i]) * 1099511628211u;
	h = (h ^ 0xff) * 1099511628211u;
	for (size_t i = 0; i < b.len; i++)
		h = (h ^ (uint8_t)b.p[i]) * 1099511628211u;
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu;
	return h ^ h >> 33;
}

/* alias-domain with a token that the same gateway always gets: call agents are provisioned with it.
 */
static struct pn_str alias_name(const struct claim *c, uint64_t salt, char out[MGCP_NAME_LEN])
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	const char *pattern = c->g->conf->alias_domain, *token = strstr(pattern, "%t");
	struct pn_str realm = str_of(c->g->svc->realm_info(c->rx->pn->realm)->name), none = { 0 };
	uint64_t h = name_hash(c->identity, c->source, name_hash(realm, none, salt));
	char word[TOKEN_LEN + 1] = "";
	int n;

	for (unsigned i = 0; i < TOKEN_LEN; i++, h >>= 5)
		word[i] = letters[h & 31];
	n = snprintf(out, MGCP_NAME_LEN, "%.*s%s%s", (int)(token - pattern), pattern, word,
		     token + 2);
	lower((struct pn_str){ out, (size_t)n }, out);
	return (struct pn_str){ out, (size_t)n };
}

static struct pn_binding_args args_of(const struct claim *c, struct pn_str instance)
{
	return (struct pn_binding_args){
		.size = sizeof(struct pn_binding_args),
		.realm = c->rx->pn->realm,
		.identity = c->identity,
		.instance = instance,
		.claimed = c->claimed,
		.pinhole = c->rx->pn->remote,
		.flow = c->rx->pn->flow,
		.alias_realm = c->route->to,
		.expires_ms = PENDING_MS,
		.data = c->rx->msg->endpoint.place.p,
		.data_len = c->rx->msg->endpoint.place.len,
	};
}

/* A name of its own is kept if nobody else has it; then an address, then a name of ours. */
static int put_new(const struct claim *c, struct pn_str instance, struct pn_binding **out)
{
	struct mgcp *g = c->g;
	struct pn_binding_args a = args_of(c, instance);
	struct pn_flow_info core = { .size = sizeof(core) };
	uint64_t flow = g->svc->flow_listener(g->host, c->route->to, PN_UDP, 4);
	char text[MGCP_NAME_LEN];
	int err = -EEXIST;

	if (!flow)
		flow = g->svc->flow_listener(g->host, c->route->to, PN_UDP, 6);
	if (!flow || g->svc->flow_info(g->host, flow, &core))
		return -ENOTCONN;
	if (!c->literal && !instance.len) {
		a.alias_kind = PN_ALIAS_NAME;
		a.alias_name = c->identity;
		err = g->svc->binding_put(g->host, &a, out);
	}
	if (err == -EEXIST && g->svc->realm_info(c->route->to)->alias_addresses) {
		a.alias_kind = PN_ALIAS_ADDRESS;
		a.alias_listen = 1u << PN_UDP;
		a.alias_port = core.local.port;
		return g->svc->binding_put(g->host, &a, out);
	}
	for (uint64_t salt = 0; err == -EEXIST && salt < TOKEN_TRIES; salt++) {
		a.alias_kind = PN_ALIAS_NAME;
		a.alias_name = alias_name(c, salt, text);
		err = g->svc->binding_put(g->host, &a, out);
	}
	return err;
}

static int set_alias(struct mgcp_gateway *gw)
{
	const struct pn_binding_info *info = info_of(gw);
	char text[MGCP_ADDR_LEN];
	struct pn_addr a = info->alias_addr;

	a.port = 0;
	return str_set(&gw->alias, a.family ? mgcp_domain_of(gw->g, a, text) : info->alias);
}

static int gateway_new(const struct claim *c, struct pn_str instance, struct mgcp_gateway **out)
{
	struct mgcp *g = c->g;
	struct mgcp_gateway *gw = calloc(1, sizeof(*gw));
	int err = gw ? put_new(c, instance, &gw->binding) : -ENOMEM;

	if (err) {
		free(gw);
		return err;
	}
	gw->g = g;
	gw->access = c->rx->pn->realm;
	gw->core = c->route->to;
	gw->flow = c->rx->pn->flow;
	TAILQ_INIT(&gw->endpoints);
	LIST_INIT(&gw->connections);
	LIST_INIT(&gw->transactions);
	err = str_set(&gw->domain, c->rx->msg->endpoint.place);
	if (!err)
		err = set_alias(gw);
	if (!err)
		err = g->svc->table_put(g->gateway_by_binding, &gw->binding, sizeof(gw->binding),
					gw);
	if (err) {
		g->svc->binding_remove(gw->binding);
		str_drop(&gw->domain);
		str_drop(&gw->alias);
		free(gw);
		return err;
	}
	LIST_INSERT_HEAD(&g->gateways, gw, all);
	*out = gw;
	return 0;
}

/* ---- who sent this ---- */

static int claim_of(struct claim *c, struct mgcp *g, const struct mgcp_rx *rx)
{
	const struct mgcp_name *name = &rx->msg->endpoint;
	struct pn_addr ip = rx->pn->remote;
	int n;

	memset(c, 0, sizeof(*c));
	c->g = g;
	c->rx = rx;
	c->route = mgcp_route_from(g, rx->pn->realm);
	if (!c->route)
		return -ENOENT;
	if (name->domain.len >= sizeof(c->identity_text))
		return -EACCES;
	c->literal = !g->svc->addr_parse(name->host, &c->claimed);
	if (c->literal) {
		c->claimed.port = 0;
		c->identity = mgcp_domain_of(g, c->claimed, c->identity_text);
		c->claimed.port = name->port;
	} else {
		lower(name->domain, c->identity_text);
		c->identity = (struct pn_str){ c->identity_text, name->domain.len };
	}
	ip.port = 0;
	n = g->svc->addr_print(&ip, c->source_text, sizeof(c->source_text));
	c->source = (struct pn_str){ c->source_text, n > 0 ? (size_t)n : 0 };
	return 0;
}

/* The binding that this source may speak for; *other: the one of its name at another address. */
static struct pn_binding *find_own(const struct claim *c, struct pn_binding **other)
{
	struct mgcp *g = c->g;
	struct pn_realm *r = c->rx->pn->realm;
	struct pn_binding *b = NULL, *best = NULL;

	*other = NULL;
	while ((b = g->svc->binding_find(g->host, r, PN_BY_IDENTITY, c->identity.p, c->identity.len,
					 b))) {
		const struct pn_binding_info *info = g->svc->binding_info(b);

		if (addr_same(&info->pinhole, &c->rx->pn->remote))
			return b;
		if (str_eq(info->instance, c->source) ||
		    (!info->instance.len && addr_same_ip(&info->pinhole, &c->rx->pn->remote)))
			best = b;
		else if (!info->instance.len)
			*other = b;
	}
	return best;
}

/* A put on what is there: the port moves at once, another IP when a call agent accepts (rule 11).
 */
static int put_again(const struct claim *c, struct mgcp_gateway *gw)
{
	const struct pn_binding_info *info = info_of(gw);
	struct pn_binding_args a = args_of(c, info->instance);
	bool moves = !addr_same(&info->pinhole, &a.pinhole);
	struct pn_binding *b;
	int err;

	a.alias_realm = gw->core;
	err = c->g->svc->binding_put(c->g->host, &a, &b);
	if (!err)
		gw->flow = c->rx->pn->flow;
	if (!err && moves)
		gw->unproven_ms = c->g->svc->now_ms(c->g->host) + PENDING_MS;
	return err ? err : str_set(&gw->domain, c->rx->msg->endpoint.place);
}

/* The name is another one's. A restart is believed when the old pinhole is silent; a gateway that
 * merely got a new address notices that nobody answers, and restarts as disconnected (RFC
 * 3435 4.4.7). */
static int challenge(const struct claim *c, struct mgcp_gateway *gw, struct mgcp_gateway **out)
{
	uint64_t now = c->g->svc->now_ms(c->g->host);
	struct mgcp_challenge *ch = &gw->challenge;
	int err;

	if (c->rx->msg->verb != MGCP_RSIP)
		return -EACCES;
	if (!ch->from.family || now >= ch->until_ms ||
	    !addr_same_ip(&ch->from, &c->rx->pn->remote)) {
		if (ch->from.family && ch->state == MGCP_ASKING && now < ch->until_ms)
			return -EAGAIN;
		*ch = (struct mgcp_challenge){ c->rx->pn->remote, MGCP_ASKING, now + CHALLENGE_MS };
		return own_challenge(gw) ? -ENOSPC : -EAGAIN;
	}
	if (ch->state == MGCP_ASKING)
		return -EAGAIN;
	if (ch->state == MGCP_ALIVE)
		return gateway_new(c, c->source, out);
	err = put_again(c, gw);
	if (!err)
		*out = gw;
	return err;
}

int gateway_of_sender(struct mgcp *g, const struct mgcp_rx *rx, struct mgcp_gateway **out)
{
	struct pn_binding *b, *other;
	struct mgcp_gateway *gw;
	struct claim c;
	int err = claim_of(&c, g, rx);

	if (err)
		return err;
	b = find_own(&c, &other);
	gw = gateway_of_binding(g, b);
	/* a reload took its core away: it begins anew, when no call suffers by it */
	if (gw && gw->core != c.route->to &&
	    (rx->msg->verb == MGCP_RSIP || LIST_EMPTY(&gw->connections))) {
		g->svc->binding_remove(b);
		gw = NULL;
	}
	if (!gw && other && gateway_of_binding(g, other))
		return challenge(&c, gateway_of_binding(g, other), out);
	if (!gw) {
		struct pn_str none = { NULL, 0 };

		return gateway_new(&c, c.literal ? c.source : none, out);
	}
	if (rx->msg->verb == MGCP_RSIP || !addr_same(&info_of(gw)->pinhole, &rx->pn->remote) ||
	    !str_eq(gw->domain, rx->msg->endpoint.place))
		err = put_again(&c, gw);
	if (!err)
		*out = gw;
	return err;
}

void gateway_challenged(struct mgcp_gateway *gw, bool answered)
{
	if (gw->challenge.state == MGCP_ASKING)
		gw->challenge.state = answered ? MGCP_ALIVE : MGCP_SILENT;
}

/* ---- how long ---- */

/* Lifetimes begin anew. Somebody else's claim may wait for an accept: it is put again as it is. */
static void refresh(struct mgcp_gateway *gw, const struct pn_addr *pinhole)
{
	const struct pn_services *svc = gw->g->svc;
	const struct mgcp_conf *conf = gw->g->conf;
	const struct pn_binding_info *info = info_of(gw);
	uint64_t life = conf->lifetime_ms, asked = 2 * conf->keepalive_ms * (conf->lost_after + 1);
	struct pn_binding_args a = {
		.size = sizeof(a),
		.realm = info->realm,
		.identity = info->identity,
		.instance = info->instance,
		.claimed = info->claimed,
		.pinhole = *pinhole,
		.flow = gw->flow,
		.alias_realm = info->alias_realm,
		.expires_ms = PENDING_MS,
		.data = info->data,
		.data_len = info->data_len,
	};
	struct pn_binding *b;

	if (conf->keepalive_ms && life < asked)
		life = asked;
	gw->refreshed_ms = svc->now_ms(gw->g->host);
	gw->unproven_ms = 0;
	gw->unanswered = 0;
	if (!svc->binding_put(gw->g->host, &a, &b))
		svc->binding_accept(gw->binding, life, life);
}

/* It moved to another IP: so does its media. */
static void media_follows(struct mgcp_gateway *gw)
{
	struct pn_addr pinhole = gateway_pinhole(gw);
	struct mgcp_connection *c;

	if (addr_same_ip(&gw->media_from, &pinhole))
		return;
	gw->media_from = pinhole;
	LIST_FOREACH(c, &gw->connections, of_gateway)
	gw->g->svc->session_peer(c->session, PN_SIDE_B, &pinhole);
}

void gateway_heard(struct mgcp_gateway *gw, const struct pn_addr *from)
{
	const struct pn_binding_info *info = info_of(gw);
	uint64_t now = gw->g->svc->now_ms(gw->g->host);

	if (!addr_same_ip(&info->pinhole, from))
		return;
	media_follows(gw);
	gw->unanswered = 0;
	if (gw->challenge.state == MGCP_SILENT)
		gw->challenge.from.family = 0; /* not any more */
	if (info->state == PN_ACTIVE && !info->probing && now >= gw->unproven_ms &&
	    now - gw->refreshed_ms >= gw->g->conf->lifetime_ms / 4)
		refresh(gw, &info->pinhole);
}

/* A command that is no registration needs no acceptance: the port that it came from is kept. */
static void gateway_answered(struct mgcp_gateway *gw, const struct mgcp_transaction *t)
{
	const struct pn_binding_info *info = info_of(gw);
	struct pn_addr pinhole = info->pinhole;

	if (addr_same_ip(&pinhole, &t->peer_in) && !info->probing)
		refresh(gw, &pinhole);
}

void gateway_accepted(struct mgcp_gateway *gw, const struct mgcp_transaction *t)
{
	const struct pn_binding_info *info = info_of(gw);
	bool first = info->state == PN_PENDING, here = addr_same_ip(&info->pinhole, &t->peer_in);
	struct pn_addr pinhole = here ? info->pinhole : t->peer_in;
	char from[MGCP_ADDR_LEN] = "";

	if (!first && t->verb != MGCP_RSIP) {
		gateway_answered(gw, t);
		return;
	}
	refresh(gw, &pinhole);
	if (!first)
		return;
	gw->g->svc->addr_print(&pinhole, from, sizeof(from));
	gw->g->svc->log(gw->g->host, PN_LOG_INFO, "gateway %.*s at %s is %.*s to its call agents",
			(int)gw->domain.len, gw->domain.p, from, (int)gw->alias.len, gw->alias.p);
}

/* Only a restart is a registration; another command's refusal ends what nothing else can make
 * active. */
void gateway_refused(struct mgcp_gateway *gw, const struct mgcp_transaction *t)
{
	const struct mgcp_transaction *other;

	if (t->verb != MGCP_RSIP) {
		if (info_of(gw)->state == PN_ACTIVE) {
			gateway_answered(gw, t);
			return;
		}
		LIST_FOREACH(other, &gw->transactions, of_gateway)
		if (other->from_gateway && other != t && other->state != MGCP_ANSWERED)
			return;
	}
	if (LIST_EMPTY(&gw->connections))
		gw->g->svc->binding_refuse(gw->binding);
}

void gateway_free(struct mgcp_gateway *gw)
{
	struct mgcp *g = gw->g;

	while (LIST_FIRST(&gw->connections))
		connection_end(LIST_FIRST(&gw->connections), PN_END_FAILED, 0);
	while (LIST_FIRST(&gw->transactions))
		transaction_end(g, LIST_FIRST(&gw->transactions));
	endpoints_free(gw);
	LIST_REMOVE(gw, all);
	g->svc->table_del(g->gateway_by_binding, &gw->binding, sizeof(gw->binding));
	str_drop(&gw->domain);
	str_drop(&gw->alias);
	str_drop(&gw->audited);
	free(gw);
}
