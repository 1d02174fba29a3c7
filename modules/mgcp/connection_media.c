#include "connection_media.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "common/addr.h"
#include "message.h"
#include "own.h"

#define WAITS_MAX 16u /* messages behind one */

/* What held before an MDCX, for it may be refused. */
struct mgcp_before {
	uint32_t id; /* of the MDCX, as it left */
	bool quiet;
	struct pn_media said[MGCP_MEDIA_MAX]; /* by side A */
	size_t n;
};

/* ---- what is said ---- */

static bool is_quiet(struct pn_str mode)
{
	return !str_iis(mode, "sendrecv") && !str_iis(mode, "confrnce");
}

bool connection_said(struct mgcp_connection *c, enum pn_side side)
{
	struct pn_media list[MGCP_MEDIA_MAX];
	int n = c->gw->g->svc->media_declared(c->session, NULL, side, list, MGCP_MEDIA_MAX);

	for (int i = 0; i < n; i++)
		if (!(list[i].flags & PN_MEDIA_CLOSED))
			return true;
	return false;
}

/* A line that the far end closes while the gateway has it open is on hold: the call agent knows the
 * ports that we showed for it, and no MDCX need be answered with them again. */
static void keep_open(struct mgcp_connection *c, struct pn_media *list, int n)
{
	struct pn_media open[MGCP_MEDIA_MAX];
	int have = c->gw->g->svc->media_advertised(c->session, PN_SIDE_A, open, MGCP_MEDIA_MAX);

	for (int i = 0; i < n && i < have; i++)
		if ((list[i].flags & PN_MEDIA_CLOSED) &&
		    !(open[i].flags & (PN_MEDIA_CLOSED | PN_MEDIA_FOREIGN)))
			list[i].flags = (open[i].flags & PN_MEDIA_RTP) | PN_MEDIA_HOLD;
}

/* What side A said, so that it may be said again. Lines that only the gateway spoke of are on hold:
 * declared closed they would end. 0: it said nothing. */
static size_t said_before(struct mgcp_connection *c, struct pn_media list[MGCP_MEDIA_MAX])
{
	const struct pn_services *svc = c->gw->g->svc;
	int n = svc->media_declared(c->session, NULL, PN_SIDE_A, list, MGCP_MEDIA_MAX);
	bool any = false;

	for (int i = 0; i < n; i++)
		any = any || !(list[i].flags & PN_MEDIA_CLOSED);
	if (!any)
		return 0;
	keep_open(c, list, n);
	return (size_t)n;
}

/* A connection that may be silent does not die of it: what a command says of its mode goes with the
 * media of side A. */
static int media_of(struct mgcp_connection *c, const struct mgcp_msg *m, bool quiet,
		    struct pn_media list[MGCP_MEDIA_MAX])
{
	const struct pn_services *svc = c->gw->g->svc;
	int n = 0;

	if (m->n_sdp)
		n = svc->sdp_scan(m->sdp[0].p, m->sdp[0].len, list, MGCP_MEDIA_MAX);
	else if (quiet != c->quiet)
		n = (int)said_before(c, list);
	if (m->command && m->n_sdp && n > 0)
		keep_open(c, list, n);
	for (int i = 0; m->command && i < n; i++) {
		if (!m->n_sdp)
			list[i].flags &= ~PN_MEDIA_ONEWAY;
		if (quiet)
			list[i].flags |= PN_MEDIA_ONEWAY;
	}
	return n;
}

/* A far end of a family that the call agent's realm does not have cannot be reached. */
static bool reachable(const struct mgcp_connection *c, const struct pn_media *list, int n)
{
	const struct pn_realm_info *core = c->gw->g->svc->realm_info(c->gw->core);

	for (int i = 0; i < n; i++) {
		uint8_t family = list[i].rtp.family;

		if (list[i].flags & (PN_MEDIA_CLOSED | PN_MEDIA_FOREIGN | PN_MEDIA_HOLD))
			continue;
		if ((family == 4 && !core->addr4.family) || (family == 6 && !core->addr6.family))
			return false;
	}
	return true;
}

static int remember(struct mgcp_connection *c, const struct mgcp_transaction *t)
{
	if (!c->before)
		c->before = calloc(1, sizeof(*c->before));
	if (!c->before)
		return -ENOMEM;
	c->before->id = t->id_out;
	c->before->quiet = c->quiet;
	c->before->n = said_before(c, c->before->said);
	return 0;
}

static int declare(struct mgcp_connection *c, const struct mgcp_rx *rx, struct mgcp_transaction *t,
		   const struct pn_media *list, size_t n)
{
	struct mgcp_wait *wait = calloc(1, sizeof(*wait));
	struct pn_msg msg = *rx->pn;

	if (!wait)
		return -ENOMEM;
	*wait = (struct mgcp_wait){ .part = rx->part,
				    .t = t,
				    .provisional = !rx->msg->command && rx->msg->code < 200 };
	t->wait = wait;
	c->declaring = wait;
	part_wait(rx->part);
	msg.data = (const uint8_t *)rx->msg->text.p;
	msg.len = rx->msg->text.len;
	c->gw->g->svc->media_declare(c->session, NULL, rx->msg->command ? PN_SIDE_A : PN_SIDE_B, 0,
				     list, n, &msg, wait);
	return 1;
}

int connection_declare(struct mgcp_connection *c, const struct mgcp_rx *rx,
		       struct mgcp_transaction *t)
{
	struct pn_str mode = mgcp_value(rx->msg, MGCP_P_MODE);
	bool quiet = rx->msg->command && mode.len ? is_quiet(mode) : c->quiet;
	struct pn_media list[MGCP_MEDIA_MAX];
	int n = media_of(c, rx->msg, quiet, list);

	if (n < 0)
		return n;
	if (rx->msg->command && !reachable(c, list, n))
		return -EADDRNOTAVAIL;
	if (rx->msg->command && !t->begins && (n || quiet != c->quiet) && remember(c, t))
		return -ENOMEM;
	c->quiet = quiet;
	return n ? declare(c, rx, t, list, (size_t)n) : 0;
}

void connection_keep(struct mgcp_connection *c, const struct mgcp_transaction *t)
{
	if (!c->before || c->before->id != t->id_out)
		return;
	free(c->before);
	c->before = NULL;
}

/* Nothing waits for the outcome. The first description of side A cannot be taken back, for the ports
 * have been shown: it is on hold until there is another one. */
void connection_restore(struct mgcp_connection *c, const struct mgcp_transaction *t)
{
	struct mgcp_before *b = c->before;
	struct mgcp_wait *wait;

	if (!b || b->id != t->id_out || c->declaring)
		return;
	c->before = NULL; /* what waits behind may have its own */
	c->quiet = b->quiet;
	if (!b->n) {
		b->n = said_before(c, b->said);
		for (size_t i = 0; i < b->n; i++)
			if (!(b->said[i].flags & PN_MEDIA_CLOSED))
				b->said[i].flags |= PN_MEDIA_HOLD;
	}
	wait = b->n ? calloc(1, sizeof(*wait)) : NULL;
	if (wait) {
		c->declaring = wait;
		c->gw->g->svc->media_declare(c->session, NULL, PN_SIDE_A, 0, b->said, b->n, NULL,
					     wait);
	}
	free(b);
}

/* ---- what is shown ---- */

size_t connection_shown(struct mgcp_connection *c, bool local, struct pn_media *list, size_t cap)
{
	const struct pn_services *svc = c->gw->g->svc;
	int n = local ? svc->media_advertised(c->session, PN_SIDE_A, list, cap)
		      : svc->media_declared(c->session, NULL, PN_SIDE_A, list, cap);

	return n > 0 ? (size_t)n : 0;
}

bool connection_is_remote(struct mgcp_connection *c, struct pn_str sdp)
{
	const struct pn_services *svc = c->gw->g->svc;
	struct pn_media list[MGCP_MEDIA_MAX], given[MGCP_MEDIA_MAX];
	int n = svc->sdp_scan(sdp.p, sdp.len, list, MGCP_MEDIA_MAX);
	int known = svc->media_advertised(c->session, PN_SIDE_B, given, MGCP_MEDIA_MAX);

	for (int i = 0; i < n && i < known; i++)
		if (list[i].rtp.family && addr_same(&list[i].rtp, &given[i].rtp))
			return true;
	return false;
}

/* ---- what waits ---- */

static void wait_free(struct mgcp_wait *w)
{
	free((void *)w->msg.data);
	free(w);
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
	wait_free(w);
}

void connection_run_queue(struct mgcp *g, uint64_t id)
{
	struct mgcp_connection *c;

	while ((c = g->svc->table_get(g->connection_by_id, &id, sizeof(id))) && !c->declaring &&
	       !TAILQ_EMPTY(&c->waits)) {
		struct mgcp_wait *w = TAILQ_FIRST(&c->waits);

		TAILQ_REMOVE(&c->waits, w, in_queue);
		resume(g, w);
	}
}

void connection_flush_queue(struct mgcp_connection *c, struct mgcp *g)
{
	struct mgcp_wait *w;

	while ((w = TAILQ_FIRST(&c->waits))) {
		TAILQ_REMOVE(&c->waits, w, in_queue);
		resume(g, w);
	}
}

void connection_drop_queue(struct mgcp_connection *c)
{
	struct mgcp_wait *w;

	while ((w = TAILQ_FIRST(&c->waits))) {
		TAILQ_REMOVE(&c->waits, w, in_queue);
		if (w->t)
			w->t->wait = NULL;
		part_drop(w->part);
		wait_free(w);
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
	if (n >= WAITS_MAX)
		return -ENOBUFS;
	w = calloc(1, sizeof(*w));
	copy = malloc(rx->msg->text.len);
	if (!w || !copy) {
		free(w);
		free(copy);
		return -ENOBUFS;
	}
	memcpy(copy, rx->msg->text.p, rx->msg->text.len);
	*w = (struct mgcp_wait){ .part = rx->part,
				 .t = t,
				 .provisional = !rx->msg->command && rx->msg->code < 200,
				 .msg = *rx->pn };
	w->msg.data = copy;
	w->msg.len = rx->msg->text.len;
	t->wait = w;
	part_wait(rx->part);
	TAILQ_INSERT_TAIL(&c->waits, w, in_queue);
	return 1;
}

bool connection_give_up(struct mgcp_connection *c, struct mgcp_part **part,
			struct mgcp_transaction **t)
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

/* ---- the core's answer ---- */

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
	bool command = rx->msg->command;
	int code = code_of(err, command);

	command_refuse(c->gw->g, rx->part, t, code);
	if (!command && t->verb == MGCP_CRCX) /* the gateway has it already */
		own_delete(c, 0);
	if (command || t->begins)
		connection_failed(c, t, PN_END_REFUSED, code);
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
	if (!rx.part) { /* taken back: nobody waits for the outcome */
	} else if (!t || mgcp_parse((struct pn_str){ (const char *)r->msg->data, r->msg->len }, &m,
				    &why)) {
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
	connection_run_queue(g, id);
}
