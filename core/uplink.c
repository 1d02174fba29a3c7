#define LOG_SUBSYSTEM LOG_BINDING

#include "uplink_state.h"

#include "log.h"
#include "metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 100u /* changes of sockets and subscribers come in crowds */
#define MARGIN 3u    /* a lifetime of so many intervals: two answers may be lost */

/* ---- one socket ---- */

struct uplink *uplink_of_flow(const struct uplinks *u, uint64_t flow)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&u->by_flow, flow, n)))
		if (hash_entry(n, struct uplink, by_flow)->flow == flow)
			return hash_entry(n, struct uplink, by_flow);
	return NULL;
}

static void count_up(const struct uplinks *u)
{
	int64_t up = 0;

	for (const struct uplink *l = u->all; l; l = l->next)
		up += l->up;
	metric_set(M_UPLINKS, up);
}

static void transmit(struct uplink *l, const void *data, size_t len)
{
	int err;

	l->u->sending = true;
	err = flow_send(l->u->c.transport, l->flow, &l->to, data, len);
	l->u->sending = false;
	if (err)
		log_debug("uplink %s: request not sent: %s", addr_text(&l->local), strerror(-err));
}

static void wind(struct uplink *l)
{
	uint64_t next = pinhole_client_next(l->client), now = loop_now(l->u->c.loop);

	if (next == UINT64_MAX)
		timer_stop(l->u->c.loop, &l->timer);
	else if (timer_start(l->u->c.loop, &l->timer, next > now ? next - now : 0))
		log_error("uplink %s: not refreshed any more: out of memory", addr_text(&l->local));
}

/* The alarm: once until it is over. Calls inside go on. */
static void lost(struct uplink *l, int error)
{
	metric_add(M_UPLINK_LOST, 1);
	uplink_idle_lost(l);
	l->up = false;
	count_up(l->u);
	uplink_hold_end(l);
	if (l->told_down)
		return;
	l->told_down = true;
	if (error == -ETIMEDOUT)
		log_error("uplink %s: gateway %s does not answer: %s is cut off", addr_text(&l->local),
			  addr_text(&l->to), l->u->c.module_name(l->module));
	else
		log_error("uplink %s: gateway %s refuses network \"%s\": error %d: %s is cut off",
			  addr_text(&l->local), addr_text(&l->to), l->u->network, error,
			  l->u->c.module_name(l->module));
}

static void pump(struct uplink *l)
{
	uint8_t data[MESSAGE_MAX];
	int len;

	while ((len = pinhole_client_output(l->client, loop_now(l->u->c.loop), data, sizeof(data))) != 0) {
		if (len > 0)
			transmit(l, data, (size_t)len);
		else if (len == -ETIMEDOUT)
			lost(l, len);
		else
			break;
	}
	wind(l);
}

static void on_timer(struct timer *t)
{
	pump(t->arg);
}

static void stands(struct uplink *l, const char *how)
{
	struct uplinks *u = l->u;
	struct pinhole_client_info i;

	pinhole_client_info(l->client, &i);
	log_info("uplink %s: %s: %s at %s", addr_text(&l->local), u->c.module_name(l->module), how,
		 addr_text(&i.mapped));
	l->up = true;
	l->told_down = false;
	count_up(u);
	uplink_hold_end(l);
	if (u->on_open)
		u->on_open(u->on_open_arg);
}

static int outdate(struct pn_binding *b, void *arg)
{
	const struct uplink *l = arg;

	if (binding_owner(b) == l->module && binding_info(b)->alias_realm == l->u->who.realm)
		binding_outdated(b);
	return 0;
}

/* The gateway started anew, or was away for long: it knows no terminal of ours. What they tell us next is news
 * to it. */
static void forgotten(struct uplink *l)
{
	log_warn("uplink %s: gateway %s has forgotten us: %s: terminals are told there again", addr_text(&l->local),
		 addr_text(&l->to), l->u->c.module_name(l->module));
	bindings_each(l->u->c.bindings, outdate, l);
}

/* True: the datagram was an answer to it. */
static bool take_answer(struct uplink *l, const struct pn_msg *m)
{
	struct pinhole_client_info before, after;
	enum pinhole_event event;

	pinhole_client_info(l->client, &before);
	event = pinhole_client_input(l->client, m->now_ms, &m->remote, m->data, m->len);
	pinhole_client_info(l->client, &after);
	if (after.forgotten != before.forgotten || (event == PINHOLE_OPEN && l->told_down))
		forgotten(l);
	switch (event) {
	case PINHOLE_NOT_OURS:
		return false;
	case PINHOLE_OPEN:
		stands(l, "registered");
		break;
	case PINHOLE_KEPT:
		uplink_idle_kept(l, before.sent);
		break;
	case PINHOLE_MOVED:
		metric_add(M_UPLINK_MOVED, 1);
		uplink_idle_lost(l);
		stands(l, "moved");
		break;
	case PINHOLE_REFUSED:
		lost(l, after.error);
		break;
	default:
		break;
	}
	pump(l);
	return true;
}

bool uplinks_on_stun(void *arg, struct module *m, const struct pn_msg *msg)
{
	struct uplink *l = uplink_of_flow(arg, msg->flow);

	(void)m;
	return l && take_answer(l, msg);
}

void uplinks_redirect(void *arg, uint64_t flow, const struct module *m, const struct pn_realm *r,
		      struct pn_addr *to)
{
	struct uplinks *u = arg;
	struct uplink *l = u->sending || r != u->who.realm ? NULL : uplink_of_flow(u, flow);

	(void)m;
	if (l && addr_eq(to, &l->to))
		l->used_ms = loop_now(u->c.loop);
}

/* ---- which sockets there are ---- */

static uint16_t port_of(const struct uplinks *u, const char *module)
{
	for (size_t i = 0; i < u->n_ports; i++)
		if (!strcmp(u->ports[i].module, module))
			return u->ports[i].port;
	return 0;
}

static void uplink_free(struct uplink *l)
{
	timer_stop(l->u->c.loop, &l->timer);
	uplink_hold_drop(l);
	pinhole_client_free(l->client);
	free(l->subscribers.list);
	free(l);
}

static void uplink_new(struct uplinks *u, struct module *m, uint64_t flow, const struct pn_addr *local,
		       const struct pn_addr *to)
{
	struct pinhole_client_conf c = { .kind = PINHOLE_REGISTER, .login = u->login, .gateway = *to,
					 .inner = *local, .protocol = str_of(u->c.module_name(m)),
					 .lifetime_s = (uint32_t)(u->idle_max_ms * MARGIN / 1000),
					 .keep_ms = u->idle_min_ms };
	struct uplink *l = calloc(1, sizeof(*l));

	if (!l)
		goto fail;
	*l = (struct uplink){ .u = u, .flow = flow, .module = m, .local = *local, .to = *to, .wanted = true,
			      .timer = { .fn = on_timer, .arg = l } };
	l->client = pinhole_client_new(&c, loop_now(u->c.loop));
	if (!l->client || hash_put(&u->by_flow, &l->by_flow, flow)) {
		uplink_free(l);
		goto fail;
	}
	uplink_idle_start(l);
	l->next = u->all;
	u->all = l;
	return;
fail:
	log_error("uplink %s: not registered: out of memory", addr_text(local));
}

static int on_socket(void *arg, struct module *m, uint64_t flow, const struct pn_addr *local)
{
	struct uplinks *u = arg;
	struct uplink *l = uplink_of_flow(u, flow);
	struct pn_addr to = u->who.gateway;

	to.port = port_of(u, u->c.module_name(m));
	if (!to.port || local->family != to.family)
		return 0;
	if (l && addr_eq(&l->to, &to))
		l->wanted = true;
	else if (!l)
		uplink_new(u, m, flow, local, &to);
	return 0;
}

struct uplink *uplink_meet(struct uplinks *u, struct module *m, uint64_t flow, const struct pn_addr *local)
{
	struct uplink *l;

	on_socket(u, m, flow, local);
	l = uplink_of_flow(u, flow);
	if (l)
		pump(l);
	return l;
}

static void drop(struct uplink *l)
{
	hash_del(&l->u->by_flow, &l->by_flow);
	uplink_free(l);
}

static void drop_unwanted(struct uplinks *u)
{
	for (struct uplink **at = &u->all; *at;) {
		struct uplink *l = *at;

		if (l->wanted) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		drop(l);
	}
	count_up(u);
}

static void look(struct timer *t)
{
	struct uplinks *u = t->arg;

	if (!u->login)
		return;
	for (struct uplink *l = u->all; l; l = l->next)
		l->wanted = false;
	transport_each_socket(u->c.transport, u->who.realm, on_socket, u);
	drop_unwanted(u);
	/* A socket that changed its way to the gateway was dropped; now it is new. */
	transport_each_socket(u->c.transport, u->who.realm, on_socket, u);
	uplink_subscribers(u);
	for (struct uplink *l = u->all; l; l = l->next)
		pump(l);
}

void uplinks_changed(void *arg)
{
	struct uplinks *u = arg;

	if (u->login && !u->look.slot && timer_start(u->c.loop, &u->look, LOOK_MS))
		log_error("uplink: changes are not told: out of memory");
}

void uplinks_end(struct uplinks *u)
{
	uint8_t data[MESSAGE_MAX];

	for (struct uplink *l = u->all; l; l = l->next) {
		int len = l->up ? pinhole_client_end(l->client, loop_now(u->c.loop), data, sizeof(data)) : 0;

		if (len > 0)
			transmit(l, data, (size_t)len);
		l->wanted = false;
	}
	drop_unwanted(u);
}

/* ---- questions and wishes ---- */

const struct uplink_who *uplink_who(const struct uplinks *u)
{
	return u->login ? &u->who : NULL;
}

struct pinhole_login *uplink_login(const struct uplinks *u)
{
	return u->login;
}

void uplink_on_open(struct uplinks *u, void (*fn)(void *arg), void *arg)
{
	u->on_open = fn;
	u->on_open_arg = arg;
}

void uplink_stale(struct uplinks *u)
{
	struct uplink *l = u->all;

	if (!l)
		return;
	pinhole_client_refresh(l->client, loop_now(u->c.loop));
	pump(l);
}

bool uplink_up(const struct uplinks *u)
{
	const struct uplink *l = u->all;

	while (l && l->up)
		l = l->next;
	return u->all && !l;
}

/* ---- life ---- */

struct uplinks *uplinks_new(const struct uplinks_conf *c)
{
	struct uplinks *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->c = *c;
	u->look = (struct timer){ .fn = look, .arg = u };
	hash_init(&u->by_flow);
	return u;
}

void uplinks_free(struct uplinks *u)
{
	if (!u)
		return;
	timer_stop(u->c.loop, &u->look);
	uplinks_end(u);
	uplink_who_forget(u);
	hash_free(&u->by_flow);
	free(u);
}
