#include "module_fake_parts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_FLOW 1000u

enum state { NONE, AWAITED, OPEN };

static struct {
	enum state state;
	uint64_t flow;
	struct pn_realm *realm;
	struct pn_addr local, remote;
} conns[FAKE_CONNECTIONS];

static uint64_t next_flow;
static uint16_t next_port;

void fake_tcp_reset(void)
{
	memset(conns, 0, sizeof(conns));
	next_flow = FIRST_FLOW;
	next_port = 50000;
}

static size_t find(uint64_t flow)
{
	for (size_t i = 0; i < FAKE_CONNECTIONS; i++)
		if (conns[i].state && conns[i].flow == flow)
			return i;
	return FAKE_CONNECTIONS;
}

int fake_tcp_begin(struct pn_realm *r, const struct pn_addr *remote, uint64_t *flow, struct pn_addr *local)
{
	for (size_t i = 0; i < FAKE_CONNECTIONS; i++) {
		if (conns[i].state)
			continue;
		conns[i].state = AWAITED;
		conns[i].flow = next_flow++;
		conns[i].realm = r;
		conns[i].remote = *remote;
		conns[i].local = remote->family == 6 ? r->info.addr6 : r->info.addr4;
		conns[i].local.port = next_port++;
		*flow = conns[i].flow;
		*local = conns[i].local;
		return 0;
	}
	return -ENOSPC;
}

int fake_tcp_expect(struct pn_host *h, struct pn_realm *r, int family, const struct pn_addr *from,
		    uint64_t within_ms, uint64_t *flow, struct pn_addr *local)
{
	struct pn_addr anybody = fake_address(family == 6 ? "2001:db8::77" : "192.0.2.77", 40000);

	(void)h;
	(void)within_ms;
	if (from->family && from->family != family)
		return -EINVAL;
	return fake_tcp_begin(r, from->family ? from : &anybody, flow, local);
}

int fake_tcp_info(uint64_t flow, struct pn_flow_info *out)
{
	size_t i = find(flow);

	if (i == FAKE_CONNECTIONS)
		return -ENOENT;
	out->flow = flow;
	out->transport = PN_TCP;
	out->realm = conns[i].realm;
	out->local = conns[i].local;
	out->remote = conns[i].remote;
	return 0;
}

void fake_tcp_close(uint64_t flow)
{
	size_t i = find(flow);

	if (i < FAKE_CONNECTIONS)
		conns[i].state = NONE;
}

static void turn(void)
{
	fake_deferred();
	fake_sweep(0);
}

uint64_t fake_awaited(void)
{
	uint64_t first = 0;

	for (size_t i = 0; i < FAKE_CONNECTIONS; i++)
		if (conns[i].state == AWAITED && (!first || conns[i].flow < first))
			first = conns[i].flow;
	return first;
}

void fake_connected(uint64_t flow)
{
	struct pn_flow_info info = { .size = sizeof(info) };
	size_t i = find(flow);

	if (i == FAKE_CONNECTIONS || conns[i].state != AWAITED)
		return;
	conns[i].state = OPEN;
	fake_tcp_info(flow, &info);
	fake_module->on_flow_open(fake_self, &info);
	turn();
}

void fake_hangup(uint64_t flow, int err)
{
	size_t i = find(flow);

	if (i == FAKE_CONNECTIONS)
		return;
	conns[i].state = NONE;
	fake_module->on_flow_closed(fake_self, flow, err);
	turn();
}

uint64_t fake_connect(const char *realm, const char *ip, uint16_t port)
{
	struct pn_addr remote = fake_address(ip, port), local;
	uint64_t flow;

	if (fake_tcp_begin(fake_realm(realm), &remote, &flow, &local))
		return 0;
	conns[find(flow)].local.port = 1720;
	fake_connected(flow);
	return flow;
}

void fake_receive_by(uint64_t flow, const void *data, size_t len)
{
	size_t i = find(flow);
	struct pn_msg m = { .size = sizeof(m), .flow = flow, .transport = PN_TCP, .len = len, .now_ms = fake.now_ms };
	uint8_t *copy;

	if (i == FAKE_CONNECTIONS || conns[i].state != OPEN)
		return;
	copy = malloc(len ? len : 1); /* exact, so that a read past the end is seen */
	if (len)
		memcpy(copy, data, len);
	m.realm = conns[i].realm;
	m.local = conns[i].local;
	m.remote = conns[i].remote;
	m.data = copy;
	fake_module->on_message(fake_self, &m);
	turn();
	free(copy);
}

uint64_t fake_connection(size_t i)
{
	return i < FAKE_CONNECTIONS && conns[i].state == OPEN ? conns[i].flow : 0;
}
