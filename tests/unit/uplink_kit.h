/* A gateway and agents on one fake clock, with a NAT before each agent: both ends of registrations as they are,
 * over a network of this file. Modules are their names. */
#ifndef UNIT_UPLINK_KIT_H
#define UNIT_UPLINK_KIT_H

#include "binding.h"
#include "log.h"
#include "metrics.h"
#include "pinhole.h"
#include "uplink.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define AGENTS 3u
#define GATEWAY 0u /* node 0; agents are 1, 2, 3: inside 10.N.0.3, outside 198.51.100.1N */
#define NODES (AGENTS + 1)
#define SOCKETS 16u
#define WIRE 4096u

static char sip_name[] = "sip", mgcp_name[] = "mgcp";
#define SIP ((struct module *)sip_name)
#define MGCP ((struct module *)mgcp_name)

struct sock {
	struct node *node;
	void *owner;
	struct pn_addr local;
	uint16_t mapped; /* the NAT's port; 0: none yet */
};

struct node {
	unsigned nr;
	struct realms *realms;
	struct transport *transport;
	struct bindings *bindings;
	struct pinholes *pinholes; /* gateway */
	struct uplinks *uplinks;   /* agent */
	struct conf conf;
	struct conf_realm realm[2];
	struct conf_network network[2];
	struct conf_gateway gateway;
	struct conf_module module[2];
	struct conf_listen listen[2];
	struct sock sock[SOCKETS];
	bool cut;          /* nothing passes */
	char name[8];      /* of an agent */
	char heard[1024];  /* what its modules received */
	unsigned opened;   /* calls of on_open */
};

struct packet {
	struct pn_addr from, to;
	uint8_t data[1500];
	size_t len;
};

static struct {
	struct loop *loop;
	struct node node[NODES];
	struct packet wire[WIRE];
	size_t head, tail;
	uint16_t next_port;
	struct packet kept; /* the last datagram with credentials that came to the gateway */
	unsigned requests;  /* datagrams that came to it */
	void *collided;     /* the trunk whose address a pinhole got */
} world;

static struct pn_addr addr(const char *text)
{
	struct pn_addr a = { 0 };

	cr_assert(zero(int, addr_parse_port(str_of(text), 0, &a)), "%s", text);
	return a;
}

static struct pn_addr outside(const struct node *n)
{
	char text[32];

	snprintf(text, sizeof(text), "198.51.100.1%u", n->nr);
	return addr(text);
}

static void put_wire(const struct pn_addr *from, const struct pn_addr *to, const void *data, size_t len)
{
	struct packet *p = &world.wire[world.tail++ % WIRE];

	cr_assert(world.tail - world.head < WIRE, "a storm");
	cr_assert(len <= sizeof(p->data));
	*p = (struct packet){ .from = *from, .to = *to, .len = len };
	memcpy(p->data, data, len);
}

/* ---- the network below ---- */

static void *kit_bind(void *net, const struct pn_realm *r, const struct pn_addr *local, void *owner)
{
	struct node *n = net;

	(void)r;
	for (size_t i = 0; i < SOCKETS; i++) {
		if (n->sock[i].owner)
			continue;
		n->sock[i] = (struct sock){ .node = n, .owner = owner, .local = *local };
		return &n->sock[i];
	}
	errno = EMFILE;
	return NULL;
}

static int kit_send(void *sock, const struct pn_addr *to, const void *data, size_t len)
{
	struct sock *s = sock;
	struct pn_addr from = s->local;

	if (s->node->nr != GATEWAY) {
		if (!s->mapped)
			s->mapped = world.next_port++;
		from = outside(s->node);
		from.port = s->mapped;
	}
	if (!s->node->cut)
		put_wire(&from, to, data, len);
	return 0;
}

static void kit_close(void *sock)
{
	((struct sock *)sock)->owner = NULL;
}

static const struct net_ops kit_ops = { .udp_bind = kit_bind, .udp_send = kit_send, .udp_close = kit_close };

static struct sock *receiver(const struct pn_addr *to)
{
	for (size_t n = 0; n < NODES; n++)
		for (size_t i = 0; i < SOCKETS; i++) {
			struct sock *s = &world.node[n].sock[i];
			struct pn_addr ip = n == GATEWAY ? s->local : outside(&world.node[n]);

			if (s->owner && !s->node->cut && addr_same_ip(&ip, to) &&
			    to->port == (n == GATEWAY ? s->local.port : s->mapped))
				return s;
		}
	return NULL;
}

/* All that is under way arrives. */
static void run(void)
{
	while (world.head != world.tail) {
		struct packet *p = &world.wire[world.head++ % WIRE];
		struct sock *s = receiver(&p->to);

		if (s && s->node->nr == GATEWAY)
			world.requests++;
		if (s && s->node->nr == GATEWAY && memmem(p->data, p->len, "obMatJos2", 9))
			world.kept = *p;
		if (s)
			net_on_datagram(s->owner, &p->from, p->data, p->len);
		loop_turn(world.loop);
	}
}

static void advance(uint64_t ms)
{
	for (uint64_t step; ms; ms -= step) {
		step = ms < 100 ? ms : 100;
		run();
		loop_advance(world.loop, step);
	}
	run();
}

/* The NAT of an agent forgets all it knew. */
static __attribute__((unused)) void flush_nat(unsigned nr)
{
	for (size_t i = 0; i < SOCKETS; i++)
		world.node[nr].sock[i].mapped = 0;
}

/* ---- what lies above ---- */

static const char *module_of(const struct module *m)
{
	return (const char *)m;
}

static struct node *node_of(const struct pn_realm *r)
{
	for (size_t i = 0; i < NODES; i++)
		if (r->all == world.node[i].realms)
			return &world.node[i];
	return NULL;
}

static void on_message(struct module *m, const struct pn_msg *msg)
{
	struct node *n = node_of(msg->realm);
	size_t at = strlen(n->heard);

	snprintf(n->heard + at, sizeof(n->heard) - at, "%s<%.*s>", module_of(m), (int)msg->len,
		 (const char *)msg->data);
}

static const struct transport_events kit_events = { .message = on_message };

static bool on_stun(void *arg, struct module *m, const struct pn_msg *msg)
{
	struct node *n = arg;

	return n->uplinks ? uplinks_on_stun(n->uplinks, m, msg) : pinholes_on_stun(n->pinholes, m, msg);
}

static void on_heard(void *arg, const struct pn_realm *r, const struct pn_addr *from)
{
	struct node *n = arg;

	if (n->pinholes)
		pinholes_heard(n->pinholes, r, from);
}

static void on_redirect(void *arg, uint64_t flow, const struct module *m, const struct pn_realm *r,
			struct pn_addr *to)
{
	struct node *n = arg;

	if (n->uplinks)
		uplinks_redirect(n->uplinks, flow, m, r, to);
	else
		pinholes_redirect(n->pinholes, flow, m, r, to);
}

static bool on_hold(void *arg, uint64_t flow, struct module *m, const struct pn_realm *r,
		    const struct pn_addr *local, const struct pn_addr *to, const void *data, size_t len)
{
	struct node *n = arg;

	(void)r;
	return n->uplinks && uplinks_hold(n->uplinks, flow, m, local, to, data, len);
}

static void on_changed(void *arg)
{
	struct node *n = arg;

	if (n->uplinks)
		uplinks_changed(n->uplinks);
}

static void on_binding(void *arg, struct pn_binding *b)
{
	(void)b;
	on_changed(arg);
}

static void on_open(void *arg)
{
	((struct node *)arg)->opened++;
}

static struct pn_realm *realm_of(const struct node *n, unsigned index)
{
	return realms_configured(n->realms, index);
}

static void listen_on(struct node *n, struct module *m, unsigned index, uint16_t port)
{
	const struct conf_listen *bad;

	n->listen[index] = (struct conf_listen){ .realm = 0, .transport = PN_UDP, .port = port };
	cr_assert(zero(int, transport_listen(n->transport, m, n->realms, &n->listen[index], 1, &bad)));
}

static void node_new(struct node *n, unsigned nr)
{
	static const struct binding_events be = { .gone = on_binding, .changed = on_binding };
	struct transport_conf tc = { .loop = world.loop, .net = &kit_ops, .net_arg = n, .events = &kit_events };
	struct transport_pinholes hooks = { .stun = on_stun, .heard = on_heard, .redirect = on_redirect,
					    .hold = on_hold, .changed = on_changed, .arg = n };

	n->nr = nr;
	n->realms = realms_new();
	n->transport = transport_new(&tc);
	n->bindings = bindings_new(world.loop, &be, n);
	bindings_limits(n->bindings, 100000, 4000, 0);
	transport_set_pinholes(n->transport, &hooks);
	n->conf.realms = n->realm;
	n->conf.n_realms = 1;
}

static void set_secret(struct conf_secret *s, const char *text)
{
	*s = (struct conf_secret){ (uint8_t *)(uintptr_t)text, strlen(text) };
}

static void apply_gateway(struct node *n)
{
	cr_assert(zero(int, realms_apply(n->realms, &n->conf)));
	cr_assert(zero(int, pinholes_apply(n->pinholes, &n->conf, n->realms)));
}

static void on_moved(void *arg, struct module *m, const struct pn_realm *r, const struct pn_addr *from,
		     const struct pn_addr *to)
{
	bindings_move(((struct node *)arg)->bindings, m, r, from, to);
}

static void on_collided(void *arg, void *trunk)
{
	(void)arg;
	world.collided = trunk;
}

static void new_pinholes(struct node *n)
{
	struct pinholes_conf c = { .loop = world.loop, .transport = n->transport, .module_name = module_of,
				   .moved = on_moved, .collided = on_collided, .arg = n };

	pinholes_free(n->pinholes);
	n->pinholes = pinholes_new(&c);
	cr_assert(ne(ptr, n->pinholes, NULL));
}

static void gateway_new(void)
{
	struct node *n = &world.node[GATEWAY];

	node_new(n, GATEWAY);
	n->realm[0] = (struct conf_realm){ .name = (char *)"access", .side = PN_ACCESS, .pinhole = 3478, .dscp = -1 };
	n->realm[0].addr4 = addr("198.51.100.5");
	for (size_t i = 0; i < 2; i++) {
		n->network[i] = (struct conf_network){ .name = (char *)(i ? "other" : "acme"), .lifetime_ms = 60000,
						       .pinholes = 100, .subscribers = 1000 };
		set_secret(&n->network[i].secret, i ? "battery staple" : "correct horse");
	}
	n->conf.networks = n->network;
	n->conf.n_networks = 2;
	new_pinholes(n);
	apply_gateway(n);
	listen_on(n, SIP, 0, 5060);
	listen_on(n, MGCP, 1, 2427);
}

static void apply_agent(struct node *n)
{
	cr_assert(zero(int, realms_apply(n->realms, &n->conf)));
	cr_assert(zero(int, uplinks_apply(n->uplinks, &n->conf, n->realms)));
}

/* An agent of this network that speaks SIP. */
static struct node *agent_new(unsigned nr, const char *network, const char *secret)
{
	struct node *n = &world.node[nr];
	struct uplinks_conf c = { world.loop, NULL, NULL, module_of };
	char text[32];

	node_new(n, nr);
	c.transport = n->transport;
	c.bindings = n->bindings;
	n->uplinks = uplinks_new(&c);
	uplink_on_open(n->uplinks, on_open, n);
	n->realm[0] = (struct conf_realm){ .name = (char *)"wan", .side = PN_CORE, .uplink = true, .dscp = -1 };
	snprintf(text, sizeof(text), "10.%u.0.3", nr);
	n->realm[0].addr4 = addr(text);
	snprintf(n->name, sizeof(n->name), "ag%u", nr);
	n->gateway = (struct conf_gateway){ .address = addr("198.51.100.5:3478"), .network = (char *)(uintptr_t)network,
					    .agent = n->name, .idle_min_ms = 10000, .idle_max_ms = 20000 };
	set_secret(&n->gateway.secret, secret);
	n->module[0] = (struct conf_module){ .name = sip_name, .uplink_port = 5060 };
	n->module[1] = (struct conf_module){ .name = mgcp_name, .uplink_port = 2427 };
	n->conf.role = ROLE_AGENT;
	n->conf.gateway = &n->gateway;
	n->conf.modules = n->module;
	n->conf.n_modules = 2;
	apply_agent(n);
	listen_on(n, SIP, 0, 19900);
	return n;
}

static struct pn_binding *subscribe(struct node *n, struct module *m, const char *identity, const char *terminal)
{
	struct pn_binding_args a = { .size = sizeof(a), .realm = realm_of(n, 0), .identity = str_of(identity),
				     .pinhole = addr(terminal), .alias_realm = realm_of(n, 0), .expires_ms = 32000 };
	struct pn_binding *b = NULL;

	cr_assert(zero(int, binding_put(n->bindings, m, &a, &b)));
	binding_accept(b, 3600000, 3600000);
	return b;
}

static void setup(void)
{
	memset(&world, 0, sizeof(world));
	metrics_reset();
	world.next_port = 2000;
	world.loop = loop_new_fake(1000);
	gateway_new();
}

static void teardown(void)
{
	for (size_t i = 0; i < NODES; i++) {
		struct node *n = &world.node[i];

		if (!n->realms)
			continue;
		if (n->uplinks)
			uplinks_end(n->uplinks);
		bindings_free(n->bindings);
		transport_set_pinholes(n->transport, &(struct transport_pinholes){ .arg = NULL });
		pinholes_free(n->pinholes);
		uplinks_free(n->uplinks);
		transport_free(n->transport);
		loop_turn(world.loop);
		realms_free(n->realms);
	}
	loop_free(world.loop);
}

/* ---- what the tests ask ---- */

/* What the gateway knows, as text that strstr() searches. */
static const char *table(void)
{
	static char text[65536];
	struct buf b;

	buf_init(&b, sizeof(text));
	cr_assert(zero(int, pinholes_json(world.node[GATEWAY].pinholes, &b)));
	snprintf(text, sizeof(text), "%s", buf_text(&b));
	buf_free(&b);
	return text;
}

static bool shows(const char *what)
{
	return strstr(table(), what) != NULL;
}

static __attribute__((unused)) const char *whose(const char *at)
{
	const struct pn_addr a = addr(at);
	const struct node *n = &world.node[GATEWAY];
	const struct pinhole_agent *who = pinhole_network(n->pinholes, realm_of(n, 0), &a);

	return who ? who->agent : "nobody";
}

/* The gateway's SIP sends to where it thinks that a terminal is. */
static __attribute__((unused)) void gateway_sends(const char *to, const char *text)
{
	struct node *n = &world.node[GATEWAY];
	const struct pn_addr a = addr(to);
	uint64_t flow = flow_listener(n->transport, SIP, realm_of(n, 0), PN_UDP, 4);

	cr_assert(zero(int, flow_send(n->transport, flow, &a, text, strlen(text))));
	run();
}

#endif
