#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mgc.h"
#include "pass.h"

/* ---- addresses ---- */

/* An address or name is replaced by one of ours; a port alone by a port. */
static void put_ours(struct msg_item *i, const struct pn_addr *ours)
{
	struct mid mid = mid_of_addr(ours);

	if (i->mid.form == MID_PORT)
		mid = (struct mid){ .form = MID_PORT, .port = ours->port };
	if (i->mid.form == MID_IP || i->mid.form == MID_DOMAIN || i->mid.form == MID_PORT)
		msg_put_mid(i, &mid);
}

static void put_up(struct h248_pass *p, struct msg_item *i)
{
	const struct msg_command *c = &p->m->command[i->command];
	struct pn_addr alias = gateway_alias(p->gw);
	struct pn_addr named = i->mid.addr;

	if (i->kind == MSG_SC_ADDRESS) {
		if (c->root)
			gateway_listens(p->gw, &i->mid);
		put_ours(i, &alias);
		return;
	}
	/* a controller that it was sent to is shown by our own address; it is never followed */
	named.port = i->mid.port ? i->mid.port : p->local.port;
	if (mid_same(&i->mid, &p->gw->face) && p->gw->mgc_mid.form != MID_NONE) {
		msg_put_mid(i, &p->gw->mgc_mid);
	} else if (i->mid.form == MID_IP && p->gw->mgc.family) {
		struct mid mid = mid_of_addr(&p->gw->mgc);

		if (addr_same(&named, &p->local))
			msg_put_mid(i, &mid);
	}
}

static void follow(struct h248_pass *p, const struct msg_item *i)
{
	const struct msg_command *c = &p->m->command[i->command];
	const struct h248_route *r = gateway_route(p->gw);
	struct h248_tx *t = pass_tx_of(p, c)->t;
	struct h248 *h = p->h;
	struct pn_addr to;

	if (!r || mgc_of_mid(h, r, &i->mid, &p->from.to, &to)) {
		h->svc->count(h->host, H248_CNT_HANDOFFS_REFUSED);
		h->svc->log(h->host, PN_LOG_WARN,
			    "h248 %.*s: not sent to another controller: its address may not be "
			    "followed",
			    (int)p->gw->own_text.len, p->gw->own_text.p);
		return;
	}
	if (i->kind == MSG_SC_ADDRESS) {
		p->gw->mgc = to;
		return;
	}
	h->svc->count(h->host, H248_CNT_HANDOFFS);
	if (msg_tx_of(p->m, c)->kind == MSG_REQUEST && t)
		t->handoff = to;
	else
		p->gw->handoff = to;
}

static void put_down(struct h248_pass *p, struct msg_item *i)
{
	const struct msg_command *c = &p->m->command[i->command];

	if (pass_is_new(p, c, MSG_REQUEST) || pass_is_new(p, c, MSG_REPLY))
		follow(p, i);
	put_ours(i, &p->local);
}

void service_put(struct h248_pass *p)
{
	const struct mid *mid = &p->gw->shown;

	p->gw->version = p->way == H248_UP ? p->m->version : p->gw->version;
	p->gw->coding = p->way == H248_UP ? p->m->coding : p->gw->coding;
	if (p->way == H248_DOWN)
		mid = gateway_face(p->gw, &p->m->item[0].mid, &p->local);
	msg_put_mid(&p->m->item[0], mid);
	for (uint32_t i = 1; i < p->m->n_items; i++) {
		struct msg_item *item = &p->m->item[i];

		if (item->kind != MSG_SC_ADDRESS && item->kind != MSG_SC_MGC)
			continue;
		if (p->way == H248_UP)
			put_up(p, item);
		else
			put_down(p, item);
	}
}

/* ---- where a gateway's requests go ---- */

/* The ServiceChange on ROOT of a request that goes on, if there is one. */
static const struct msg_command *registration(const struct h248_pass *p)
{
	for (uint32_t i = 0; i < p->m->n_commands; i++) {
		const struct msg_command *c = &p->m->command[i];
		const struct msg_transaction *tx = msg_tx_of(p->m, c);

		if (c->verb == MSG_SERVICE_CHANGE && c->root && tx->kind == MSG_REQUEST &&
		    !tx->drop)
			return c;
	}
	return NULL;
}

static int another(struct h248_pass *p, const struct h248_route *r)
{
	struct pn_addr next;
	int err = softswitch_next(&r->mgcs, &p->gw->mgc, &next);

	if (err)
		return err;
	if (p->gw->mgc.family && !addr_same(&next, &p->gw->mgc))
		p->h->svc->count(p->h->host, H248_CNT_FAILOVERS);
	p->gw->mgc = next;
	return 0;
}

int service_target(struct h248_pass *p, struct pn_addr *out)
{
	const struct h248_route *r = gateway_route(p->gw);
	const struct msg_command *c = registration(p);
	uint64_t now = p->h->svc->now_ms(p->h->host);
	struct h248_gateway *gw = p->gw;
	int err = 0;

	if (!r)
		return -ENOENT;
	if (c && c->method == MSG_SC_HANDOFF && gw->handoff.family) {
		*out = gw->handoff;
		gw->asked_ms = gw->asked_ms ? gw->asked_ms : now;
		return 0;
	}
	if (!gw->mgc.family || (c && c->method == MSG_SC_FAILOVER && !pass_tx_of(p, c)->again) ||
	    (c && gw->asked_ms && now >= gw->asked_ms + p->h->conf->failover_ms)) {
		err = another(p, r);
		gw->asked_ms = 0;
	}
	if (c && !gw->asked_ms)
		gw->asked_ms = now;
	*out = gw->mgc;
	return err;
}

/* ---- what it means ---- */

static bool ends_terminations(const struct msg_command *c)
{
	return c->method == MSG_SC_FORCED || c->method == MSG_SC_RESTART;
}

/* What is out of service has no calls any more, once the other side knows it. */
static void note_end(struct h248_pass *p, const struct msg_command *c)
{
	struct h248_tx *t = pass_tx_of(p, c)->t;
	uint32_t context = msg_action_of(p->m, c)->context;
	struct text list = { 0 };

	if (c->root || context == MSG_CONTEXT_NULL)
		context = MSG_CONTEXT_ALL;
	text_add(&list, t->ends);
	text_fmt(&list, "%u ", context);
	text_add(&list, c->root ? str_of("*") : c->term);
	text_put(&list, "\n");
	if (!list.failed)
		str_set(&t->ends, text_str(&list));
	text_free(&list);
}

static void end_noted(struct h248_pass *p, struct h248_tx *t)
{
	struct pn_str ends = t->ends;
	const char *at = ends.p, *stop;

	if (!ends.len)
		return;
	t->ends = (struct pn_str){ NULL, 0 };
	stop = ends.p + ends.len;
	while (at < stop) {
		const char *term = memchr(at, ' ', (size_t)(stop - at));
		const char *line_end = memchr(at, '\n', (size_t)(stop - at));

		if (!term || !line_end)
			break;
		call_subtract(p->gw, (uint32_t)strtoul(at, NULL, 10),
			      (struct pn_str){ term + 1, (size_t)(line_end - term) - 1 },
			      PN_END_FAILED);
		at = line_end + 1;
	}
	str_drop(&ends);
}

static void settle_request(struct h248_pass *p, const struct msg_command *c)
{
	struct h248_tx *t = pass_tx_of(p, c)->t;

	if (ends_terminations(c))
		note_end(p, c);
	if (p->way == H248_DOWN)
		return;
	p->h->svc->count(p->h->host, H248_CNT_SERVICE_CHANGES);
	if (c->root) {
		t->registers = true;
		t->method = c->method;
		if (c->method == MSG_SC_RESTART)
			transaction_replace_older(t);
	}
}

static int error_of(const struct h248_pass *p, uint32_t tx)
{
	int error = p->m->tx[tx].error;

	for (uint32_t i = 0; !error && i < p->m->n_actions; i++)
		if (p->m->action[i].transaction == tx)
			error = p->m->action[i].error;
	for (uint32_t i = 0; !error && i < p->m->n_commands; i++)
		if (p->m->action[p->m->command[i].action].transaction == tx)
			error = p->m->command[i].error;
	return error;
}

/* Has the reply named another place for what comes next? Then that was taken in put_down. */
static bool names_address(const struct h248_pass *p)
{
	for (uint32_t i = 1; i < p->m->n_items; i++)
		if (p->m->item[i].kind == MSG_SC_ADDRESS)
			return true;
	return false;
}

static void settle_reply(struct h248_pass *p, uint32_t index)
{
	struct h248_tx *t = p->tx[index].t;
	struct h248_hop from;

	if (!t || p->tx[index].again || p->m->tx[index].kind != MSG_REPLY)
		return;
	if (!error_of(p, index))
		end_noted(p, t);
	if (p->way == H248_UP) {
		if (t->handoff.family && !error_of(p, index))
			p->gw->handoff = t->handoff;
		return;
	}
	if (!t->registers)
		return;
	if (error_of(p, index)) {
		p->refused = true;
		return;
	}
	from = (struct h248_hop){ t->flow_in, t->peer_in };
	if (!names_address(p))
		p->gw->mgc = t->sent_to;
	if (addr_same(&p->gw->handoff, &t->sent_to))
		p->gw->handoff = (struct pn_addr){ 0 };
	gateway_accepted(p->gw, &from);
	p->remove = t->method == MSG_SC_FORCED;
}

void service_settle(struct h248_pass *p)
{
	for (uint32_t i = 0; i < p->m->n_commands; i++) {
		const struct msg_command *c = &p->m->command[i];

		if (c->verb == MSG_SERVICE_CHANGE && pass_is_new(p, c, MSG_REQUEST))
			settle_request(p, c);
	}
	for (uint32_t i = 0; i < p->m->n_tx; i++)
		settle_reply(p, i);
}
