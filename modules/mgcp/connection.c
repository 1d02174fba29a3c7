#include "connection.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "connection_media.h"
#include "message.h"
#include "own.h"

struct mgcp_connection *connection_of(struct mgcp *g, const struct mgcp_transaction *t)
{
	if (!t->connection)
		return NULL;
	return g->svc->table_get(g->connection_by_id, &t->connection, sizeof(t->connection));
}

/* A connection id is unique within its endpoint (RFC 3435 2.1.3.2). NULL: too long, or no memory. */
static struct text name_key(const struct mgcp_gateway *gw, struct pn_str endpoint, struct pn_str connection)
{
	struct text key = { 0 };

	text_add(&key, (struct pn_str){ (const char *)&gw, sizeof(gw) });
	text_add(&key, endpoint);
	text_put(&key, "/");
	text_add(&key, connection);
	for (size_t i = sizeof(gw); i < key.len; i++)
		key.p[i] = (char)tolower((unsigned char)key.p[i]);
	return key;
}

/* A gateway that gives an id anew has forgotten what had it. */
static void name_put(struct mgcp_connection *c)
{
	struct mgcp *g = c->gw->g;
	struct text key = name_key(c->gw, c->endpoint, c->connection);
	struct mgcp_connection *other;

	if (!c->named && c->connection.len && !key.failed) {
		other = g->svc->table_get(g->connection_by_name, key.p, key.len);
		if (other)
			connection_end(other, PN_END_FAILED, 0);
		c->named = !g->svc->table_put(g->connection_by_name, key.p, key.len, c);
	}
	text_free(&key);
}

static void name_del(struct mgcp_connection *c)
{
	struct mgcp *g = c->gw->g;
	struct text key = name_key(c->gw, c->endpoint, c->connection);

	if (c->named && !key.failed)
		g->svc->table_del(g->connection_by_name, key.p, key.len);
	c->named = false;
	text_free(&key);
}

struct mgcp_connection *connection_named(struct mgcp_gateway *gw, struct pn_str endpoint,
					 struct pn_str connection)
{
	struct mgcp_connection *c;
	struct text key;

	if (!connection.len)
		return NULL;
	if (!mgcp_wildcard(endpoint)) {
		key = name_key(gw, endpoint, connection);
		c = key.failed ? NULL : gw->g->svc->table_get(gw->g->connection_by_name, key.p, key.len);
		text_free(&key);
		return c;
	}
	LIST_FOREACH(c, &gw->connections, of_gateway)
	if (str_ieq(c->connection, connection) && mgcp_covers(endpoint, c->endpoint))
		return c;
	return NULL;
}

/* ---- making one ---- */

static void set_endpoint_attr(struct mgcp_connection *c)
{
	char name[MGCP_NAME_LEN];
	int n = snprintf(name, sizeof(name), "%.*s@%.*s", (int)c->endpoint.len, c->endpoint.p,
			 (int)c->gw->alias.len, c->gw->alias.p);

	if (n > 0 && (size_t)n < sizeof(name))
		c->gw->g->svc->session_attr(c->session, PN_ATTR_TO,
					    (struct pn_str){ name, (size_t)n });
}

static void set_attrs(struct mgcp_connection *c, const struct mgcp_rx *rx)
{
	const struct pn_services *svc = c->gw->g->svc;
	char text[MGCP_ADDR_LEN];
	struct pn_str entity = mgcp_value(rx->msg, MGCP_P_ENTITY);

	if (!entity.len)
		entity = mgcp_domain_of(c->gw->g, rx->pn->remote, text);
	svc->session_attr(c->session, PN_ATTR_FROM, entity);
	set_endpoint_attr(c);
	svc->session_attr(c->session, PN_ATTR_CALL_ID, c->call);
}

static int session_for(struct mgcp_connection *c, const struct mgcp_rx *rx)
{
	struct mgcp *g = c->gw->g;
	char key[32];
	int n = snprintf(key, sizeof(key), "%" PRIx64, c->id);
	struct pn_session_args a = {
		.size = sizeof(a),
		.key = { key, (size_t)n },
		.correlation = c->call,
		.ingress = rx->pn->realm,
		.egress = c->gw->access,
		.peer_a = rx->pn->remote,
		.peer_b = gateway_pinhole(c->gw),
		.binding_b = c->gw->binding,
		.data = c,
		.unhurried = true,
	};

	c->session = g->svc->session_new(g->host, &a);
	if (!c->session)
		return -errno;
	set_attrs(c, rx);
	return 0;
}

static void drop(struct mgcp_connection *c)
{
	str_drop(&c->endpoint);
	str_drop(&c->call);
	str_drop(&c->connection);
	free(c->before);
	free(c);
}

static int connection_new(struct mgcp_gateway *gw, const struct mgcp_rx *rx,
			  struct mgcp_connection **out)
{
	struct mgcp *g = gw->g;
	struct pn_addr pinhole = gateway_pinhole(gw);
	struct mgcp_connection *c;
	int err = g->svc->admit_session(g->host, gw->access, &pinhole, gw->binding);

	if (err)
		return err;
	if (g->n_connections >= g->conf->max_connections) {
		g->svc->count(g->host, MGCP_CNT_FULL);
		return -ENOSPC;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->gw = gw;
	c->id = ++g->next_session;
	TAILQ_INIT(&c->waits);
	err = str_set(&c->endpoint, rx->msg->endpoint.local);
	if (!err)
		err = str_set(&c->call, mgcp_value(rx->msg, MGCP_P_CALL));
	if (!err)
		err = g->svc->table_put(g->connection_by_id, &c->id, sizeof(c->id), c);
	if (err) {
		drop(c);
		return err;
	}
	err = session_for(c, rx);
	if (err) {
		g->svc->table_del(g->connection_by_id, &c->id, sizeof(c->id));
		drop(c);
		return err;
	}
	LIST_INSERT_HEAD(&gw->connections, c, of_gateway);
	g->n_connections++;
	g->svc->count(g->host, MGCP_CNT_CONNECTIONS);
	*out = c;
	return 0;
}

int connection_for(struct mgcp_gateway *gw, const struct mgcp_rx *rx, struct mgcp_transaction *t,
		   struct mgcp_connection **out)
{
	struct pn_str id = mgcp_value(rx->msg, MGCP_P_CONNECTION);
	struct mgcp_connection *c = NULL;
	int err = 0;

	if (t->verb == MGCP_MDCX)
		c = connection_named(gw, rx->msg->endpoint.local, id);
	/* one that began before we did is taken in with its first description */
	if (!c && (t->verb == MGCP_CRCX || rx->msg->n_sdp)) {
		err = connection_new(gw, rx, &c);
		t->begins = !err;
		if (!err && t->verb == MGCP_MDCX && !str_set(&c->connection, id))
			name_put(c);
	}
	if (err)
		return err;
	t->connection = c ? c->id : 0;
	*out = c;
	return 0;
}

/* ---- what the gateway says ---- */

void connection_learn(struct mgcp_connection *c, const struct mgcp_msg *m)
{
	struct pn_str id = mgcp_value(m, MGCP_P_CONNECTION),
		      chosen = mgcp_value(m, MGCP_P_ENDPOINT);
	struct mgcp_name name;

	if (c->named)
		return;
	if (id.len && !c->connection.len)
		str_set(&c->connection, id);
	if (chosen.len && !mgcp_name_parse(chosen, &name) && name.local.len &&
	    !str_set(&c->endpoint, name.local))
		set_endpoint_attr(c);
	if (!mgcp_wildcard(c->endpoint)) /* a provisional response need not tell Z: */
		name_put(c);
}

void connection_answered(struct mgcp_connection *c, const struct mgcp_transaction *t)
{
	const struct pn_services *svc = c->gw->g->svc;

	connection_keep(c, t);
	if (c->answered || c->quiet || !connection_said(c, PN_SIDE_A) ||
	    !connection_said(c, PN_SIDE_B))
		return;
	c->answered = true;
	svc->session_answered(c->session);
}

void connection_failed(struct mgcp_connection *c, const struct mgcp_transaction *t,
		       enum pn_cause cause, int code)
{
	if (t->begins || code == 515)
		connection_end(c, cause, code);
	else
		connection_restore(c, t);
}

/* ---- ends ---- */

static bool in_scope(const struct mgcp_connection *c, const struct mgcp_scope *scope)
{
	struct pn_str rest = scope->connection, item;

	if (!mgcp_covers(scope->endpoint, c->endpoint))
		return false;
	if (scope->call.len && !str_ieq(scope->call, c->call))
		return false;
	if (!scope->connection.len)
		return true;
	while (mgcp_list_next(&rest, &item))
		if (str_ieq(item, c->connection))
			return true;
	return false;
}

/* The first that may be in the scope, and whether it is the only one. */
static struct mgcp_connection *first_of(struct mgcp_gateway *gw, const struct mgcp_scope *scope, bool *only)
{
	*only = scope->connection.len && !mgcp_wildcard(scope->endpoint) &&
		!memchr(scope->connection.p, ',', scope->connection.len);
	return *only ? connection_named(gw, scope->endpoint, scope->connection) :
		       LIST_FIRST(&gw->connections);
}

void connection_cancel(struct mgcp_gateway *gw, const struct mgcp_scope *scope)
{
	struct mgcp_connection *c, *next;
	bool only;

	for (c = first_of(gw, scope, &only); c; c = next) {
		struct mgcp_transaction *t;
		struct mgcp_part *part;
		uint64_t id = c->id;

		next = only ? NULL : LIST_NEXT(c, of_gateway);
		if (!in_scope(c, scope) || !connection_give_up(c, &part, &t))
			continue;
		gw->g->svc->media_cancel(c->session);
		if (t && part)
			command_refuse(gw->g, part, t, 407);
		else if (part)
			part_drop(part);
		if (t)
			connection_failed(c, t, PN_END_CANCELLED, 407);
		connection_run_queue(gw->g, id);
	}
}

void connection_delete(struct mgcp_gateway *gw, const struct mgcp_scope *scope)
{
	struct mgcp_connection *c, *next;
	bool only;

	for (c = first_of(gw, scope, &only); c; c = next) {
		next = only ? NULL : LIST_NEXT(c, of_gateway);
		if (in_scope(c, scope))
			connection_end(c, c->answered ? PN_END_NORMAL : PN_END_CANCELLED, 250);
	}
}

/* Found no more; what waits for its media is given up. */
static void detach(struct mgcp_connection *c)
{
	struct mgcp *g = c->gw->g;
	struct mgcp_transaction *t;
	struct mgcp_part *part;

	LIST_REMOVE(c, of_gateway);
	g->n_connections--;
	g->svc->table_del(g->connection_by_id, &c->id, sizeof(c->id));
	name_del(c);
	if (connection_give_up(c, &part, &t) && part)
		part_drop(part);
	c->gw = NULL;
}

void connection_end(struct mgcp_connection *c, enum pn_cause cause, int status)
{
	struct mgcp *g = c->gw->g;
	struct mgcp_transaction *t = NULL;
	struct mgcp_part *part = NULL;

	if (connection_give_up(c, &part, &t) && t)
		command_refuse(g, part, t, t->verb == MGCP_CRCX ? 407 : 515);
	else if (part)
		part_drop(part);
	detach(c);
	g->svc->session_end(c->session, cause, status);
	connection_flush_queue(c, g);
}

void connection_timeout(struct mgcp_connection *c, enum pn_timeout what)
{
	static const struct {
		enum pn_cause cause;
		int reason; /* RFC 3435 2.5 */
	} ends[] = {
		[PN_TIMEOUT_SIGNALLING] = { PN_END_TIMEOUT_SIGNALLING, 900 },
		[PN_TIMEOUT_ANSWER] = { PN_END_NO_ANSWER, 900 },
		[PN_TIMEOUT_MEDIA] = { PN_END_TIMEOUT_MEDIA, 902 },
		[PN_TIMEOUT_ADMIN] = { PN_END_ADMIN, 904 },
	};

	own_delete(c, ends[what].reason);
	connection_end(c, ends[what].cause, ends[what].reason);
}

void connection_free(struct mgcp_connection *c)
{
	if (c->gw)
		detach(c); /* the core ends all at once */
	connection_drop_queue(c);
	drop(c);
}
