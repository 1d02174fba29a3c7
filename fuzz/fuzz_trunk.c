/* The far end of a trunk is hostile: frames of all kinds to a trunk with channels of its own under way, and a module
 * that answers, opens and closes. The input begins with an octet: who dialled, whether our connection is stuck, the
 * size of the pieces in which the rest arrives. Frames that are read are written back as they were. */
#include "metrics.h"
#include "transport.h"
#include "trunk.h"
#include "trunk_frame.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS 8u
#define OPENED 3u
#define LISTEN_PORT 1720u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct loop *loop;
	struct transport *t;
	struct realms *realms;
	struct pn_realm *realm;
	struct trunk *trunk;
	void *owner; /* of its connection; NULL: closed */
	size_t room;
} w;

static struct module *const module = (struct module *)&w.realms;
static struct module *const trunk_owner = (struct module *)&w.trunk;

/* ---- the network below: listeners, and the one connection ---- */

static void *net_listen(void *net, const struct pn_realm *r, const struct pn_addr *local, void *owner)
{
	(void)net, (void)r, (void)local, (void)owner;
	return &w.loop;
}

static void *net_connect(void *net, const struct pn_realm *r, const struct pn_addr *to, void *owner)
{
	(void)net, (void)r, (void)to;
	return w.owner = owner;
}

static long net_write(void *conn, const void *data, size_t len)
{
	size_t n = len < w.room ? len : w.room;

	(void)conn, (void)data;
	if (!w.owner)
		abort();
	w.room -= n;
	return (long)n;
}

static void net_want_write(void *conn, int on)
{
	(void)conn, (void)on;
}

static void net_close(void *sock_or_conn)
{
	if (sock_or_conn == w.owner)
		w.owner = NULL;
}

static const struct net_ops net = {
	.tcp_listen = net_listen, .tcp_connect = net_connect, .tcp_write = net_write,
	.tcp_want_write = net_want_write, .tcp_close = net_close,
};

/* ---- a module whose messages are an octet of length and what to do ---- */

static void open_one(void)
{
	static const struct pn_addr to = { .family = 4, .port = 5000, .ip = { 198, 51, 100, 5 } };
	uint64_t flow;

	flow_open(w.t, module, w.realm, PN_TCP, &to, &flow);
}

static long on_frame(struct module *m, const uint8_t *data, size_t len)
{
	(void)m, (void)len;
	return data[0] ? data[0] : 1;
}

static void on_message(struct module *m, const struct pn_msg *msg)
{
	static const uint8_t answer[40000];
	unsigned what = msg->len > 1 ? msg->data[1] : 0;

	(void)m;
	if (what & 1)
		flow_send(w.t, msg->flow, NULL, answer, sizeof(answer));
	if (what & 2)
		open_one();
	if (what & 4)
		flow_close(w.t, module, msg->flow);
}

static void on_flow_open(struct module *m, const struct pn_flow_info *f)
{
	(void)m;
	if (f->remote.port & 1)
		flow_send(w.t, f->flow, NULL, "hello", 5);
	if (f->remote.port & 2)
		flow_close(w.t, module, f->flow);
}

static void on_flow_closed(struct module *m, uint64_t flow, int err)
{
	(void)m, (void)flow, (void)err;
}

static const struct transport_events module_events = { on_frame, on_message, on_flow_open, on_flow_closed, NULL };

/* ---- the trunks' owner ---- */

static long trunk_frame_event(struct module *m, const uint8_t *data, size_t len)
{
	long n = trunk_frame_length(data, len);

	(void)m;
	for (size_t part = 0; part < len && part < 8; part++) {
		long early = trunk_frame_length(data, part);

		if (n > 0 && early && early != n)
			abort();
	}
	return n;
}

static void check_frame(const uint8_t *data, size_t len)
{
	static uint8_t again[TRUNK_FRAME];
	struct trunk_frame f;

	if (trunk_frame_read(data, len, &f) || f.reason == TRUNK_REASONS)
		return;
	if (trunk_frame_write(&f, again) != len || memcmp(again, data, len))
		abort();
}

static void trunk_message(struct module *m, const struct pn_msg *msg)
{
	(void)m;
	check_frame(msg->data, msg->len);
	trunk_input(w.trunk, msg->data, msg->len);
	if (trunk_channels(w.trunk) > CHANNELS || metric_get(M_TRUNK_CHANNELS) != (int64_t)trunk_channels(w.trunk))
		abort();
}

static void trunk_closed(struct module *m, uint64_t flow, int err)
{
	(void)m, (void)flow;
	trunk_down(w.trunk, err ? err : -ENETDOWN);
}

static void trunk_room(struct module *m, uint64_t flow)
{
	(void)m, (void)flow;
	trunk_drained(w.trunk);
}

static const struct transport_events trunk_events = { trunk_frame_event, trunk_message, on_flow_open, trunk_closed,
						      trunk_room };

static void on_broken(void *arg, int err)
{
	(void)arg;
	transport_trunk_close(w.t, trunk_line(w.trunk)->flow);
	trunk_down(w.trunk, err);
}

/* ---- */

static void begin(bool dialled)
{
	static const struct pn_addr far = { .family = 4, .port = 3478, .ip = { 198, 51, 100, 5 } };
	struct conf_realm wan = { .name = "wan", .side = PN_CORE, .dscp = -1, .uplink = true,
				  .addr4 = { .family = 4, .ip = { 10, 1, 0, 3 } } };
	struct conf c = { .realms = &wan, .n_realms = 1 };
	struct conf_listen l = { .transport = PN_TCP, .port = LISTEN_PORT };
	struct transport_conf tc = { .net = &net, .events = &module_events };
	struct trunk_conf trunk = { .max_channels = CHANNELS, .ping_ms = 15000, .broken = on_broken };
	struct transport_trunks tt = { .net = &trunk_net, .owner = trunk_owner, .events = &trunk_events };
	struct trunk_line line = { .remote = far, .dialled = dialled };
	const struct conf_listen *bad;

	tc.loop = trunk.loop = w.loop = loop_new_fake(1000);
	w.realms = realms_new();
	w.t = trunk.transport = transport_new(&tc);
	if (realms_apply(w.realms, &c))
		abort();
	line.realm = w.realm = realms_at(w.realms, 0);
	tt.uplink = w.trunk = trunk_new(&trunk);
	transport_set_trunks(w.t, &tt);
	if (transport_listen(w.t, module, w.realms, &l, 1, &bad) ||
	    transport_trunk_open(w.t, w.realm, &far, &line.flow))
		abort();
	net_on_connected(w.owner, &wan.addr4, 0);
	if (trunk_up(w.trunk, &line))
		abort();
	for (unsigned i = 0; i < OPENED; i++)
		open_one();
}

static void end(void)
{
	trunk_free(w.trunk);
	transport_free(w.t);
	loop_turn(w.loop);
	loop_free(w.loop);
	realms_free(w.realms);
	if (metric_get(M_TRUNK_CHANNELS))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece;

	if (!size)
		return 0;
	w.room = data[0] & 2 ? 0 : SIZE_MAX;
	begin(data[0] & 1);
	piece = (size_t)(data[0] >> 2) + 1;
	for (size_t at = 1; at < size && w.owner; at += piece) {
		net_on_data(w.owner, data + at, size - at < piece ? size - at : piece);
		loop_turn(w.loop);
		if (at % 64 == 1 && w.owner) {
			w.room = w.room ? w.room : 70000;
			net_on_writable(w.owner);
		}
	}
	end();
	return 0;
}
