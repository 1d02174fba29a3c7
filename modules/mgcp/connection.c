#include "connection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "message.h"
#include "own.h"

#define UNUSED_MS 3600000u /* a connection that nobody answers nor deletes */

struct mgcp_connection *connection_of(struct mgcp *g, const struct mgcp_transaction *t)
{
	if (!t->connection)
		return NULL;
	return g->svc->table_get(g->connection_by_id, &t->connection, sizeof(t->connection));
}

struct mgcp_connection *connection_named(struct mgcp_gateway *gw, struct pn_str endpoint,
					 struct pn_str connection)
{
	struct mgcp_connection *c;

	if (!connection.len)
		return NULL;
	LIST_FOREACH(c, &gw->connections, of_gateway)
	if (str_ieq(c->connection, connection) && mgcp_covers(endpoint, c->endpoint))
		return c;
	return NULL;
}

/* ---- making one ---- */

static void set_attrs(struct mgcp_connection *c, const struct mgcp_rx *rx)
{
	const struct pn_services *svc = c->gw->g->svc;
	char text[MGCP_ADDR_LEN], name[MGCP_NAME_LEN];
	struct pn_str entity = mgcp_value(rx->msg, MGCP_P_ENTITY);
	int n;

	if (!entity.len)
		entity = mgcp_domain_of(c->gw->g, rx->pn->remote, text);
	svc->session_attr(c->session, PN_ATTR_FROM, entity);
	n = snprintf(name, sizeof(name), "%.*s@%.*s", (int)c->endpoint.len, c->endpoint.p,
		     (int)c->gw->alias.len, c->gw->alias.p);
	if (n > 0 && (size_t)n < sizeof(name))
		svc->session_attr(c->session, PN_ATTR_TO, (struct pn_str){ name, (size_t)n });
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
	};

	c->session = g->svc->session_new(g->host, &a);
	if (!c->session)
		return -errno;
	g->svc->session_deadline(c->session, UNUSED_MS);
	set_attrs(c, rx);
	return 0;
}

static void drop(struct mgcp_connection *c)
{
	str_drop(&c->endpoint);
	str_drop(&c->call);
	str_drop(&c->connection);
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
		if (!err && t->verb == MGCP_MDCX)
			err = str_set(&c->connection, id);
	}
	if (err)
		return err;
	t->connection = c ? c->id : 0;
	*out = c;
	return 0;
}

/* ---- media ---- */

static bool is_quiet(struct pn_str mode)
{
	return !str_iis(mode, "sendrecv") && !str_iis(mode, "confrnce");
}

/* What a command says of its mode goes with the media of side A: a connection that may be silent
 * does not die of it. Returns whether it changed. */
static bool take_mode(struct mgcp_connection *c, const struct mgcp_msg *m)
{
	struct pn_str mode = mgcp_value(m, MGCP_P_MODE);
	bool before = c->quiet;

	if (m->command && mode.len)
		c->quiet = is_quiet(mode);
	return c->quiet != before;
}

static int media_of(struct mgcp_connection *c, const struct mgcp_msg *m, bool mode_changed,
		    struct pn_media list[MGCP_MEDIA_MAX])
{
	const struct pn_services *svc = c->gw->g->svc;
	int n;

	if (m->n_sdp)
		n = svc->sdp_scan(m->sdp[0].p, m->sdp[0].len, list, MGCP_MEDIA_MAX);
	else
		n = mode_changed
			    ? svc->media_declared(c->session, NULL, PN_SIDE_A, list, MGCP_MEDIA_MAX)
			    : 0;
	for (int i = 0; m->command && i < n; i++) {
		if (!m->n_sdp)
			list[i].flags &= ~PN_MEDIA_ONEWAY;
		if (c->quiet)
			list[i].flags |= PN_MEDIA_ONEWAY;
	}
	return n;
}

static void remember(struct mgcp_connection *c, const struct mgcp_transaction *t)
{
	int n = c->gw->g->svc->media_declared(c->session, NULL, PN_SIDE_A, c->before,
					      MGCP_MEDIA_MAX);

	c->n_before = n > 0 ? (size_t)n : 0;
	c->before_id = t->id_out;
}

int connection_declare(struct mgcp_connection *c, const struct mgcp_rx *rx,
		       struct mgcp_transaction *t)
{
	struct mgcp *g = c->gw->g;
	struct pn_media list[MGCP_MEDIA_MAX];
	bool mode_changed = take_mode(c, rx->msg);
	int n = media_of(c, rx->msg, mode_changed, list);
	struct pn_msg msg = *rx->pn;
	struct mgcp_wait *wait;

	if (n <= 0)
		return n;
	if (t->verb == MGCP_MDCX && rx->msg->command)
		remember(c, t);
	wait = calloc(1, sizeof(*wait));
	if (!wait)
		return -ENOMEM;
	wait->part = rx->part;
	wait->t = t;
	t->wait = wait;
	c->declaring = wait;
	part_wait(rx->part);
	msg.data = (const uint8_t *)rx->msg->text.p;
	msg.len = rx->msg->text.len;
	g->svc->media_declare(c->session, NULL, rx->msg->command ? PN_SIDE_A : PN_SIDE_B, 0, list,
			      (size_t)n, &msg, wait);
	return 1;
}

/* The message that waited, once more. */
static void resume(struct mgcp *g, struct mgcp_wait *w)
{
	struct mgcp_msg m;
	struct mgcp_rx rx = { &w->msg, &m, w->part };
	const char *why;

	if (!w->t ||
	    mgcp_parse((struct pn_str){ (const char *)w->msg.data, w->msg.len }, &m, &why)) {
		part_drop(w->part);
	} else {
		w->t->wait = NULL;
		if (m.command)
			command_resume(g, &rx, w->t);
		else
			response_resume(g, &rx, w->t);
	}
	free((void *)w->msg.data);
	free(w);
}

static void run_queue(struct mgcp *g, uint64_t id)
{
	struct mgcp_connection *c;

	while ((c = g->svc->table_get(g->connection_by_id, &id, sizeof(id))) && !c->declaring &&
	       !TAILQ_EMPTY(&c->waits)) {
		struct mgcp_wait *w = TAILQ_FIRST(&c->waits);

		TAILQ_REMOVE(&c->waits, w, in_queue);
		resume(g, w);
	}
}

int connection_queue(struct mgcp_connection *c, const struct mgcp_rx *rx,
		     struct mgcp_transaction *t)
{
	struct mgcp_wait *w;
	uint8_t *copy;
	size_t n = 0;

	if (!c->declaring)
		return 0;
	TAILQ_FOREACH(w, &c->waits, in_queue)
	n++;
	if (n >= MGCP_PIGGYBACK_MAX)
		return -ENOBUFS;
	w = calloc(1, sizeof(*w));
	copy = malloc(rx->msg->text.len);
	if (!w || !copy) {
		free(w);
		free(copy);
		return -ENOBUFS;
	}
	memcpy(copy, rx->msg->text.p, rx->msg->text.len);
	*w = (struct mgcp_wait){ .part = rx->part, .t = t, .msg = *rx->pn };
	w->msg.data = copy;
	w->msg.len = rx->msg->text.len;
	t->wait = w;
	part_wait(rx->part);
	TAILQ_INSERT_TAIL(&c->waits, w, in_queue);
	return 1;
}

/* RFC 3435 2.4 for what the core says of media. */
static int code_of(int err, bool command)
{
	switch (err) {
	case -ETIMEDOUT:
		return 406;
	case -EADDRNOTAVAIL:
		return command ? 505 : 403;
	case -EBADMSG:
		return command ? 509 : 510;
	default:
		return 403;
	}
}

static void refuse(struct mgcp_connection *c, const struct mgcp_rx *rx, struct mgcp_transaction *t,
		   int err)
{
	bool command = rx->msg->command, create = t->verb == MGCP_CRCX;

	command_refuse(c->gw->g, rx->part, t, code_of(err, command));
	if (!create)
		return;
	if (!command) /* the gateway has it already */
		own_delete(c, 0);
	connection_end(c, PN_END_REFUSED, code_of(err, command));
}

void connection_rewrite(struct mgcp *g, const struct pn_media_reply *r)
{
	struct mgcp_connection *c = g->svc->session_data(r->session);
	struct mgcp_wait *wait = r->arg;
	struct mgcp_transaction *t = wait->t;
	struct mgcp_msg m;
	struct mgcp_rx rx = { r->msg, &m, wait->part };
	struct mgcp_shown shown = { r->advertise, r->n };
	const char *why;
	uint64_t id = c->id;

	c->declaring = NULL;
	free(wait);
	if (!rx.part) {
		run_queue(g, id); /* taken back: nobody waits for the outcome */
		return;
	}
	if (!t ||
	    mgcp_parse((struct pn_str){ (const char *)r->msg->data, r->msg->len }, &m, &why)) {
		part_drop(rx.part);
	} else {
		t->wait = NULL;
		if (r->err)
			refuse(c, &rx, t, r->err);
		else if (m.command)
			command_forward(g, &rx, t, shown);
		else
			response_forward(g, &rx, t, shown);
	}
	run_queue(g, id);
}

size_t connection_shown(struct mgcp_connection *c, bool local, struct pn_media *list, size_t cap)
{
	const struct pn_services *svc = c->gw->g->svc;
	int n = local ? svc->media_advertised(c->session, PN_SIDE_A, list, cap)
		      : svc->media_declared(c->session, NULL, PN_SIDE_A, list, cap);

	return n > 0 ? (size_t)n : 0;
}

/* ---- what the gateway says ---- */

static void learn(struct mgcp_connection *c, const struct mgcp_msg *m)
{
	struct pn_str id = mgcp_value(m, MGCP_P_CONNECTION),
		      chosen = mgcp_value(m, MGCP_P_ENDPOINT);
	struct mgcp_name name;

	if (id.len && !c->connection.len)
		str_set(&c->connection, id);
	if (chosen.len && !mgcp_name_parse(chosen, &name) && name.local.len)
		str_set(&c->endpoint, name.local);
}

/* An MDCX that the gateway refused changed nothing there. */
static void restore(struct mgcp_connection *c, const struct mgcp_transaction *t)
{
	struct mgcp_wait *wait;

	if (c->before_id != t->id_out || !c->n_before || c->declaring)
		return;
	wait = calloc(1, sizeof(*wait)); /* nothing waits for the outcome */
	if (!wait)
		return;
	c->declaring = wait;
	c->gw->g->svc->media_declare(c->session, NULL, PN_SIDE_A, 0, c->before, c->n_before, NULL,
				     wait);
}

void connection_answered(struct mgcp_connection *c, const struct mgcp_rx *rx,
			 struct mgcp_transaction *t)
{
	const struct pn_services *svc = c->gw->g->svc;
	struct pn_media list[MGCP_MEDIA_MAX];
	int code = rx->msg->code;

	if (code >= 100 && code < 300)
		learn(c, rx->msg);
	if (code >= 400) {
		if (t->verb == MGCP_CRCX || code == 515)
			connection_end(c, PN_END_REJECTED, code);
		else
			restore(c, t);
		return;
	}
	if (code < 200 || c->answered || c->quiet ||
	    svc->media_declared(c->session, NULL, PN_SIDE_A, list, MGCP_MEDIA_MAX) <= 0 ||
	    svc->media_declared(c->session, NULL, PN_SIDE_B, list, MGCP_MEDIA_MAX) <= 0)
		return;
	c->answered = true;
	svc->session_deadline(c->session, 0);
	svc->session_answered(c->session);
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

/* Takes out the message whose media is being made; the part and the transaction are the caller's.
 */
static bool give_up(struct mgcp_connection *c, struct mgcp_part **part, struct mgcp_transaction **t)
{
	struct mgcp_wait *w = c->declaring;

	if (!w)
		return false;
	c->declaring = NULL;
	*part = w->part;
	*t = w->t;
	if (w->t)
		w->t->wait = NULL;
	free(w);
	return true;
}

void connection_cancel(struct mgcp_gateway *gw, const struct mgcp_scope *scope)
{
	struct mgcp_connection *c, *next;

	for (c = LIST_FIRST(&gw->connections); c; c = next) {
		struct mgcp_transaction *t;
		struct mgcp_part *part;

		next = LIST_NEXT(c, of_gateway);
		if (!in_scope(c, scope) || !give_up(c, &part, &t))
			continue;
		gw->g->svc->media_cancel(c->session);
		if (t && part)
			command_refuse(gw->g, part, t, 407);
		else if (part)
			part_drop(part);
		run_queue(gw->g, c->id);
	}
}

void connection_delete(struct mgcp_gateway *gw, const struct mgcp_scope *scope)
{
	struct mgcp_connection *c, *next;

	for (c = LIST_FIRST(&gw->connections); c; c = next) {
		next = LIST_NEXT(c, of_gateway);
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
	if (give_up(c, &part, &t) && part)
		part_drop(part);
	c->gw = NULL;
}

void connection_end(struct mgcp_connection *c, enum pn_cause cause, int status)
{
	struct mgcp *g = c->gw->g;
	struct mgcp_wait *w;

	detach(c);
	g->svc->session_end(c->session, cause, status);
	while ((w = TAILQ_FIRST(&c->waits))) {
		TAILQ_REMOVE(&c->waits, w, in_queue);
		resume(g, w);
	}
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
	struct mgcp_wait *w;

	if (c->gw)
		detach(c); /* the core ends all at once */
	while ((w = TAILQ_FIRST(&c->waits))) {
		TAILQ_REMOVE(&c->waits, w, in_queue);
		if (w->t)
			w->t->wait = NULL;
		part_drop(w->part);
		free((void *)w->msg.data);
		free(w);
	}
	drop(c);
}
